//! A collector as a process, and what an attacker needs: sockets, and no manners.
#![allow(dead_code, missing_docs, unreachable_pub)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const KEY: &str = "bank-key-0123456789abcdefghi";
pub const OTHER_KEY: &str = "shop-key-0123456789abcdefghi";
pub const TOKEN: &str = "bank-token-0123456789abcdefg";

/// One tenant that sends.
pub const ONE_TENANT: &str = "[[app_key]]\ntenant = 'bank'\nkey = 'bank-key-0123456789abcdefghi'\n";

/// A second one.
pub const ANOTHER_TENANT: &str = "[[app_key]]\ntenant = 'shop'\nkey = 'shop-key-0123456789abcdefghi'\n";

/// Somebody who reads.
pub const A_TOKEN: &str = "[[read_token]]\ntenant = 'bank'\ntoken = 'bank-token-0123456789abcdefg'\n";

/// Attacks count seconds and connections: two at once would be one attack of another kind.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs one row of the table, and says whether it held.
pub fn row(name: &str, attack: impl FnOnce()) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    raise_files();
    let started = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(attack));
    let word = if outcome.is_ok() { "held" } else { "fell" };
    println!("{word}  {name}  ({:.1} s)", started.elapsed().as_secs_f64());
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// Whether the long forms are wanted.
pub fn is_long() -> bool {
    std::env::var("NOWAIT_ATTACK").is_ok_and(|form| form == "long")
}

/// The binary to attack: ours, or one that `NOWAIT_ATTACKED` names, for a look at what an older one does.
fn attacked() -> String {
    std::env::var("NOWAIT_ATTACKED").unwrap_or_else(|_| env!("CARGO_BIN_EXE_nowait").to_owned())
}

fn raise_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
}

/// A running collector; killed when the attack ends however it ends.
pub struct Server {
    pub child: Child,
    pub address: String,
    pub folder: TempDir,
}

impl Server {
    pub fn start(keys: &str) -> Server {
        Server::start_within(keys, "")
    }

    /// `limits` are words of a shell, run before.
    pub fn start_within(keys: &str, limits: &str) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Server::start_at(keys, limits, folder, &data)
    }

    pub fn start_at(keys: &str, limits: &str, folder: TempDir, data: &Path) -> Server {
        std::fs::write(folder.path().join("keys.toml"), keys).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut child = Command::new("sh")
            .args(["-c", &format!("{limits} exec \"$@\""), "sh", &attacked()])
            .args(["serve", "--json", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .arg("--keys")
            .arg(folder.path().join("keys.toml"))
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let listening: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = listening["page"].as_str().unwrap().trim_start_matches("http://").trim_end_matches('/');
        Server { child, address: address.to_owned(), folder }
    }

    pub fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        stream
    }

    /// A connection that has said this and waits.
    pub fn says(&self, words: &str) -> TcpStream {
        let mut stream = self.connect();
        stream.write_all(words.as_bytes()).unwrap();
        stream
    }

    /// A whole exchange in HTTP/1.1.
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        Answer::read(self.says(&format!("GET {path} HTTP/1.1\r\nconnection: close\r\n{lines}\r\n"))).unwrap()
    }

    /// The same with a token.
    pub fn read(&self, path: &str) -> Answer {
        self.get(path, &[("host", &self.address), ("authorization", &format!("Bearer {TOKEN}"))])
    }

    /// Sends a batch on a connection of its own.
    pub fn post(&self, key: &str, frame: &[u8]) -> Answer {
        let mut stream = self.says(&head(key, frame.len()));
        stream.write_all(frame).unwrap();
        Answer::read(stream).unwrap()
    }

    /// As a device does it: again until there is an answer of 200. How long it took.
    pub fn deliver(&self, key: &str, frame: &[u8]) -> Duration {
        let started = Instant::now();
        let tried = || {
            let mut stream = TcpStream::connect(&self.address).ok()?;
            stream.set_read_timeout(Some(Duration::from_secs(40))).ok()?;
            stream
                .write_all(head(key, frame.len()).as_bytes())
                .and_then(|()| stream.write_all(frame))
                .ok()?;
            Answer::read(stream).filter(|answer| answer.status == 200)
        };
        while tried().is_none() {
            assert!(started.elapsed() < Duration::from_secs(60), "no answer in a minute");
        }
        started.elapsed()
    }

    /// A figure of the operating system about the process.
    pub fn proc_status(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Asks it to end, and says how long that took.
    pub fn end(&mut self) -> Duration {
        let started = Instant::now();
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        started.elapsed()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The head of a batch that claims to have so many bytes.
pub fn head(key: &str, bytes: usize) -> String {
    format!(
        "POST /v1/batches HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: {}\r\n\
         content-length: {bytes}\r\nconnection: close\r\n\r\n",
        nowait_wire::CONTENT_TYPE
    )
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    /// Reads until the other side closes; `None` if it said nothing.
    pub fn read(mut stream: TcpStream) -> Option<Answer> {
        let mut bytes = Vec::new();
        // A reset after the answer is the end as well.
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() })
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Waits until this is so.
pub fn until(what: &str, within: Duration, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < within, "not within {within:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
