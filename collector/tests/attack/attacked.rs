//! A collector within its memory limit, and those who attack it: sockets, and no manners.
//!
//! Owns: how an attacked collector is started and measured, and what clients say. Refuses: what must come of it.
//! Invariant: every collector that a row starts has the memory limit, and its peak is known when it is gone.

use crate::limit;
use crate::running::{NOWAIT, Server};
use nowait_wire::Batch;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub(crate) const KEY: &str = "bank-key-0123456789abcdefghi";
pub(crate) const OTHER_KEY: &str = "shop-key-0123456789abcdefghi";
pub(crate) const TOKEN: &str = "bank-token-0123456789abcdefg";

/// One tenant that sends.
pub(crate) const ONE_TENANT: &str =
    "[[app_key]]\ntenant = \"bank\"\nkey = \"bank-key-0123456789abcdefghi\"\n";

/// A second one.
pub(crate) const ANOTHER_TENANT: &str =
    "[[app_key]]\ntenant = \"shop\"\nkey = \"shop-key-0123456789abcdefghi\"\n";

/// Somebody who reads.
pub(crate) const A_TOKEN: &str =
    "[[read_token]]\ntenant = \"bank\"\ntoken = \"bank-token-0123456789abcdefg\"\nrole = \"admin\"\n";

/// Within this a device has its answer, whatever others do. It is told from the outside, of a debug build on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(4);

/// The largest peak of the collectors of this row, in KiB; 0 if there was none.
static PEAK_KIB: AtomicU64 = AtomicU64::new(0);

/// The peak since this was asked before.
pub(crate) fn peak_kib() -> Option<u64> {
    Some(PEAK_KIB.swap(0, Ordering::Relaxed)).filter(|peak| *peak > 0)
}

/// Whether the long forms are wanted.
pub(crate) fn is_long() -> bool {
    std::env::var("NOWAIT_ATTACK").is_ok_and(|form| form == "long")
}

/// The binary to attack: ours, or one that `NOWAIT_ATTACKED` names, for a look at what an older one does.
pub(crate) fn binary() -> String {
    std::env::var("NOWAIT_ATTACKED").unwrap_or_else(|_| NOWAIT.to_owned())
}

fn raise_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
}

/// A running collector with a folder of its own, and a way to talk to it.
pub(crate) struct Attacked {
    pub(crate) server: Server,
    pub(crate) folder: TempDir,
    client: Client,
}

impl Attacked {
    /// With this keys file; if it is empty, with one of the collector's own making.
    pub(crate) fn start(keys: &str) -> Attacked {
        Attacked::start_within(keys, "")
    }

    /// `limits` are words of a shell, run before.
    pub(crate) fn start_within(keys: &str, limits: &str) -> Attacked {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Attacked::start_at(keys, limits, folder, &data)
    }

    pub(crate) fn start_at(keys: &str, limits: &str, folder: TempDir, data: &Path) -> Attacked {
        raise_files();
        if !keys.is_empty() {
            std::fs::create_dir_all(data).unwrap();
            std::fs::write(data.join("keys.toml"), keys).unwrap();
        }
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("{} {limits} exec \"$@\"", limit::words()), "sh", &binary()])
            .stderr(log);
        let server = Server::start(command, data, &[]);
        let client = Client { address: server.address.clone() };
        Attacked { server, folder, client }
    }

    /// The data folder, unless it is elsewhere.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The database, for whoever can write the disk.
    pub(crate) fn database(&self) -> rusqlite::Connection {
        let database = rusqlite::Connection::open(self.data().join("nowait.db")).unwrap();
        database.busy_timeout(Duration::from_secs(10)).unwrap();
        database
    }

    /// A figure of the operating system about the process.
    pub(crate) fn proc_status(&self, name: &str) -> u64 {
        self.figure(name).unwrap()
    }

    fn figure(&self, name: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// The most memory that it has had, in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        let peak = self.proc_status("VmHWM:");
        PEAK_KIB.fetch_max(peak, Ordering::Relaxed);
        peak
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Asks it to end, and says how long that took.
    pub(crate) fn end(&mut self) -> Duration {
        self.peak_kib();
        let started = Instant::now();
        let child = &mut self.server.child;
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0));
        started.elapsed()
    }
}

impl Deref for Attacked {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Attacked {
    fn drop(&mut self) {
        PEAK_KIB.fetch_max(self.figure("VmHWM:").unwrap_or(0), Ordering::Relaxed);
    }
}

/// Somebody who knows an address.
pub(crate) struct Client {
    pub(crate) address: String,
}

impl Client {
    pub(crate) fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// A connection that has said this and waits.
    pub(crate) fn says(&self, words: &str) -> TcpStream {
        let mut stream = self.connect();
        stream.write_all(words.as_bytes()).unwrap();
        stream
    }

    /// A whole exchange in HTTP/1.1.
    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        Answer::read(self.says(&format!("GET {path} HTTP/1.1\r\nconnection: close\r\n{lines}\r\n"))).unwrap()
    }

    /// The same straight from this machine.
    pub(crate) fn local(&self, path: &str) -> Answer {
        self.get(path, &[("host", &self.address)])
    }

    /// The same with a token.
    pub(crate) fn read(&self, path: &str) -> Answer {
        self.get(path, &[("host", &self.address), ("authorization", &format!("Bearer {TOKEN}"))])
    }

    /// Sends a batch on a connection of its own.
    pub(crate) fn post(&self, key: &str, frame: &[u8]) -> Answer {
        let mut stream = self.says(&head(key, frame.len()));
        stream.write_all(frame).unwrap();
        Answer::read(stream).unwrap()
    }

    /// Sends a batch that is taken.
    pub(crate) fn store(&self, key: &str, batch: &Batch) {
        let answer = self.post(key, &nowait_wire::encode(batch).unwrap());
        assert!(answer.status == 200 && answer.body.contains("\"stored\""), "{answer:?}");
    }

    /// As a device does it: again until there is an answer of 200. How long it took.
    pub(crate) fn deliver(&self, key: &str, frame: &[u8]) -> Duration {
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
}

/// The head of a batch that claims to have so many bytes.
pub(crate) fn head(key: &str, bytes: usize) -> String {
    format!(
        "POST /v1/batches HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-type: {}\r\n\
         content-length: {bytes}\r\nconnection: close\r\n\r\n",
        nowait_wire::CONTENT_TYPE
    )
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Reads until the other side closes; `None` if it said nothing.
    pub(crate) fn read(mut stream: TcpStream) -> Option<Answer> {
        let mut bytes = Vec::new();
        // A reset after the answer is the end as well.
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() })
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Waits until this is so.
pub(crate) fn until(what: &str, within: Duration, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < within, "not within {within:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
