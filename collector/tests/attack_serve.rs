//! Attacks on a real `nowait serve`: who reads without a token, and who keeps others from being served.
//!
//! Each prints whether it held. `NOWAIT_ATTACK=long` runs the long forms.
#![cfg(target_os = "linux")]

mod attack;

use attack::{
    A_TOKEN, ANOTHER_TENANT, Answer, KEY, ONE_TENANT, OTHER_KEY, Server, head, is_long, row, until,
};
use nowait_wire::testing::session;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Within this a device has its answer, whatever others do. It is told from the outside, of a debug build on a busy machine.
const SOON: Duration = Duration::from_secs(4);

const READ: [&str; 4] = ["/", "/v1/report", "/v1/compare?base=8.2.0&head=8.2.0", "/v1/status"];

fn frame(seed: u64) -> Vec<u8> {
    nowait_wire::encode(&session(seed, 100)).unwrap()
}

/// A device gets through, several times.
fn devices_are_served(server: &Server, key: &str) {
    for seed in 0..5 {
        let took = server.deliver(key, &frame(1_000 + seed));
        assert!(took < SOON, "a device waited {took:?}");
    }
}

#[test]
fn attack_reading_trusts_no_header() {
    row("reading: behind a proxy that says nothing, a token is asked for", || {
        let server = Server::start(&format!("{ONE_TENANT}{A_TOKEN}"));
        assert_eq!(server.post(KEY, &frame(1)).status, 200);
        let local = format!("127.0.0.1:{}", server.port());
        for path in READ {
            // What stock nginx sends for `proxy_pass http://127.0.0.1:PORT`.
            let proxied =
                server.says(&format!("GET {path} HTTP/1.0\r\nHost: {local}\r\nConnection: close\r\n\r\n"));
            assert_eq!(Answer::read(proxied).unwrap().status, 401, "{path}");
            for host in [local.as_str(), "localhost", "[::1]", "bank.example"] {
                let answer = server.get(path, &[("host", host), ("x-forwarded-for", "127.0.0.1")]);
                assert_eq!(
                    (answer.status, server.get(path, &[("host", host)]).status),
                    (401, 401),
                    "{path} {host}"
                );
            }
            assert_eq!(server.read(path).status, 200, "{path}");
        }
    });
    row("reading: without any token, only straight from this machine", || {
        let server = Server::start(ONE_TENANT);
        assert_eq!(server.post(KEY, &frame(1)).status, 200);
        for path in READ {
            assert_eq!(server.get(path, &[("host", &server.address)]).status, 200, "{path}");
            assert_eq!(server.get(path, &[("host", "rebound.example")]).status, 401, "{path}");
            let old = format!("GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", server.address);
            assert_eq!(Answer::read(server.says(&old)).unwrap().status, 401, "{path}");
            let absolute = format!("http://rebound.example{path}");
            assert_eq!(server.get(&absolute, &[("host", "localhost")]).status, 401, "{absolute}");
            for header in ["Forwarded", "X-Forwarded-Host", "X-Real-IP", "Via", "CF-Connecting-IP"] {
                let answer = server.get(path, &[("host", "localhost"), (header, "127.0.0.1")]);
                assert_eq!(answer.status, 401, "{path} {header}");
            }
        }
    });
}

/// Runs nginx with a configuration while `attack` runs.
fn within_nginx(server: &Server, config: &str, attack: impl FnOnce()) {
    let path = server.folder.path().join("nginx.conf");
    let folder = server.folder.path().display();
    let whole = format!(
        "daemon off; master_process off; pid {folder}/pid; error_log {folder}/nginx.log;\n\
         events {{}}\nhttp {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; \
         fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n{config}\n}}\n"
    );
    std::fs::write(&path, whole).unwrap();
    let nginx = Command::new("nginx").arg("-c").arg(&path).stderr(Stdio::null()).spawn();
    let Ok(mut nginx) = nginx else {
        return println!("not run: nginx is not installed");
    };
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(attack));
    nginx.kill().unwrap();
    nginx.wait().unwrap();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The configuration that docs/operate.md shows, with our ports and without a certificate.
fn documented(server: &Server, port: u16) -> String {
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operate.md")).unwrap();
    let shown = docs.split("```nginx\n").nth(1).unwrap().split("```").next().unwrap();
    let lines = shown.lines().filter(|line| !line.trim_start().starts_with("ssl_"));
    let config: String = lines.map(|line| format!("{line}\n")).collect();
    assert!(config.contains("127.0.0.1:4600") && config.contains("listen 443 ssl;"), "{config}");
    config
        .replace("127.0.0.1:4600", &server.address)
        .replace("listen 443 ssl;", &format!("listen 127.0.0.1:{port};"))
}

#[test]
fn attack_reading_through_nginx() {
    row("reading: through nginx, stock and as documented", || {
        let server = Server::start(&format!("{ONE_TENANT}{A_TOKEN}"));
        let (stock, shown) = (free_port(), free_port());
        let config = format!(
            "server {{ listen 127.0.0.1:{stock}; location / {{ proxy_pass http://{}; }} }}\n{}",
            server.address,
            documented(&server, shown)
        );
        within_nginx(&server, &config, || {
            for port in [stock, shown] {
                let mut through = Server {
                    child: Command::new("true").spawn().unwrap(),
                    address: format!("127.0.0.1:{port}"),
                    folder: tempfile::tempdir().unwrap(),
                };
                through.child.wait().unwrap();
                until("nginx listens", SOON, || TcpStream::connect(&through.address).is_ok());
                assert_eq!(through.post(KEY, &frame(1)).status, 200);
                for path in READ {
                    for host in ["localhost", "127.0.0.1", "bank.example"] {
                        assert_eq!(through.get(path, &[("host", host)]).status, 401, "{port} {path} {host}");
                    }
                    assert_eq!(through.read(path).status, 200, "{port} {path}");
                }
                assert_eq!(through.get("/readyz", &[("host", "bank.example")]).status, 200);
            }
        });
    });
}

#[test]
fn attack_reports_that_nobody_waits_for() {
    row("reports: what is asked and given up takes no thread, and no end of time", || {
        let mut server = Server::start(ONE_TENANT);
        for seed in 0..40 {
            assert_eq!(server.post(KEY, &frame(seed)).status, 200);
        }
        let ask = format!("GET /v1/report HTTP/1.1\r\nhost: {}\r\n\r\n", server.address);
        let report = |server: &Server| server.get("/v1/report", &[("host", &server.address)]).status;
        assert_eq!(report(&server), 200);
        let before = server.proc_status("Threads:");
        let rounds = if is_long() { 100 } else { 10 };
        for _ in 0..rounds {
            // Some hang up at once, some while they wait, and all come again.
            let asked: Vec<TcpStream> = (0..60).map(|_| server.says(&ask)).collect();
            assert!(server.proc_status("Threads:") <= before + 8, "threads grow with what was given up");
            drop(asked);
        }
        let started = Instant::now();
        while report(&server) == 503 {
            assert!(started.elapsed() < SOON, "reports stay busy");
        }
        assert!(server.proc_status("VmHWM:") < 600_000, "{} kB", server.proc_status("VmHWM:"));
        // Those that wait are told when to come back once there are too many.
        let asked: Vec<TcpStream> = (0..200)
            .map(|_| server.says(&ask.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n")))
            .collect();
        for stream in asked {
            let answer = Answer::read(stream).unwrap();
            assert!(
                answer.status == 200 || answer.status == 503 && answer.head.contains("retry-after"),
                "{answer:?}"
            );
        }
        let _asked: Vec<TcpStream> = (0..60).map(|_| server.says(&ask)).collect();
        let took = server.end();
        assert!(took < Duration::from_secs(13), "it took {took:?} to end");
    });
}

#[test]
fn attack_connections_of_strangers() {
    row("fairness: connections that nobody has shown a key on", || {
        let server = Server::start(&format!("{ONE_TENANT}{A_TOKEN}"));
        let forms = [
            "",
            "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n",
            "GET /v1/report HTTP/1.1\r\nhost: x\r\n\r\n",
            "POST /v1/batches HT",
            "GET /livez HTTP/1.1\r\nhost: x\r\nconnection: keep-alive\r\n\r\n",
        ];
        for form in forms {
            let hold = |_| {
                let mut stream = server.connect();
                // It may have been closed to make room, which is what we want.
                let _ = stream.write_all(form.as_bytes());
                stream
            };
            let _held: Vec<TcpStream> = (0..1_100).map(hold).collect();
            devices_are_served(&server, KEY);
            assert_eq!(server.read("/v1/report").status, 200, "{form:?}");
        }
        let connections = server.read("/v1/status").json()["connections"].clone();
        assert!(connections["closed_for_room"].as_u64() > Some(0), "{connections}");
        assert_eq!(connections["refused"], 0);
    });
}

#[test]
fn attack_bodies_that_do_not_come() {
    row("fairness: bodies of one byte, with a key", || {
        let server = Server::start(&format!("{ONE_TENANT}{A_TOKEN}"));
        let slow = format!("{}x", head(KEY, 200_000));
        let first = server.says(&slow);
        let held: Vec<TcpStream> = (0..600).map(|_| server.says(&slow)).collect();
        devices_are_served(&server, KEY);
        let started = Instant::now();
        assert_eq!(Answer::read(first).unwrap().status, 408);
        assert!(started.elapsed() < Duration::from_secs(10));
        drop(held);
        // More than there are connections.
        let hold = |_| {
            let mut stream = server.connect();
            let _ = stream.write_all(slow.as_bytes());
            stream
        };
        let _held: Vec<TcpStream> = (0..1_100).map(hold).collect();
        devices_are_served(&server, KEY);
        let status = server.read("/v1/status").json();
        assert!(status["unanswered"]["too_slow"].as_u64() > Some(0), "{status}");
    });
}

#[test]
fn attack_memory_for_bodies() {
    row("fairness: large bodies that stop before their end", || {
        let server = Server::start(&format!("{ONE_TENANT}{A_TOKEN}"));
        let slow = head(KEY, 262_144);
        let part = vec![7; 262_143];
        let held: Vec<TcpStream> = (0..400)
            .map(|_| {
                let mut stream = server.says(&slow);
                let _ = stream.write_all(&part);
                stream
            })
            .collect();
        devices_are_served(&server, KEY);
        assert!(server.proc_status("VmHWM:") < 400_000, "{} kB", server.proc_status("VmHWM:"));
        drop(held);
    });
}

#[test]
fn attack_one_tenant_floods() {
    row("fairness: a tenant that floods, and another one", || {
        let server = Server::start(&format!("{ONE_TENANT}{ANOTHER_TENANT}{A_TOKEN}"));
        let slow = format!("{}x", head(OTHER_KEY, 200_000));
        let held: Vec<TcpStream> = (0..300).map(|_| server.says(&slow)).collect();
        devices_are_served(&server, KEY);
        drop(held);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for sender in 0..150 {
                let (server, is_over) = (&server, &is_over);
                scope.spawn(move || {
                    let mut seed = sender * 1_000_000;
                    while !is_over.load(Ordering::Relaxed) {
                        seed += 1;
                        let Ok(mut stream) = TcpStream::connect(&server.address) else { continue };
                        let frame = frame(seed);
                        let _ = stream.write_all(head(OTHER_KEY, frame.len()).as_bytes());
                        let _ = stream.write_all(&frame);
                        let _ = Answer::read(stream);
                    }
                });
            }
            let served = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                for seed in 0..if is_long() { 200 } else { 10 } {
                    let started = Instant::now();
                    let answer = server.post(KEY, &frame(seed));
                    assert!(
                        answer.status == 200 && started.elapsed() < SOON,
                        "{answer:?} {:?}",
                        started.elapsed()
                    );
                }
            }));
            is_over.store(true, Ordering::Relaxed);
            if let Err(panic) = served {
                std::panic::resume_unwind(panic);
            }
        });
    });
}

#[test]
fn attack_a_store_that_cannot_write() {
    row("health: what the last commit said, and life apart", || {
        let server = Server::start(ONE_TENANT);
        assert_eq!(server.post(KEY, &frame(1)).status, 200);
        let status = |path: &str| server.get(path, &[("host", "x")]).status;
        assert_eq!((status("/readyz"), status("/healthz"), status("/livez")), (200, 200, 200));
        let disk = rusqlite::Connection::open(server.folder.path().join("data/nowait.db")).unwrap();
        disk.execute_batch("BEGIN IMMEDIATE").unwrap();
        let frame = frame(2);
        let mut waits = server.says(&head(KEY, frame.len()));
        waits.write_all(&frame).unwrap();
        until("not ready", Duration::from_secs(9), || status("/readyz") == 503);
        assert_eq!((status("/healthz"), status("/livez")), (503, 200));
        let answer = Answer::read(waits).unwrap();
        assert!(answer.status == 503 && answer.head.contains("retry-after: 60"), "{answer:?}");
        let ready = server.get("/readyz", &[("host", "x")]);
        assert!(
            ready.status == 503 && ready.body.contains("locked") && ready.head.contains("retry-after"),
            "{ready:?}"
        );
        disk.execute_batch("ROLLBACK").unwrap();
        assert_eq!(server.post(KEY, &frame).status, 200);
        assert_eq!((status("/readyz"), status("/healthz")), (200, 200));
    });
}

/// A small disk that is unmounted at the end.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<SmallDisk> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then_some(SmallDisk(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn attack_a_full_disk() {
    row("health: a full disk, with few lines in the log", || {
        let Some(disk) = SmallDisk::mount() else {
            return println!("not run: no tmpfs can be mounted here");
        };
        let server = Server::start_at(ONE_TENANT, "", tempfile::tempdir().unwrap(), disk.0.path());
        let status = |path: &str| server.get(path, &[("host", "x")]).status;
        assert_eq!((server.post(KEY, &frame(1)).status, status("/readyz")), (200, 200));
        let ballast = disk.0.path().join("ballast");
        let _ = std::fs::write(&ballast, vec![0; 8 << 20]);
        let full = (0..300).map(|seed| server.post(KEY, &frame(100 + seed)).status);
        let failed = full.filter(|status| *status == 503).count();
        assert!(failed > 100, "{failed}");
        let started = Instant::now();
        let long = Duration::from_secs(if is_long() { 40 } else { 1 });
        while started.elapsed() < long {
            assert_eq!((status("/readyz"), status("/healthz"), status("/livez")), (503, 503, 200));
            std::thread::sleep(Duration::from_millis(100));
        }
        let log = server.log();
        assert!(log.contains("nowait not stored why=") && log.lines().count() < 12, "{log}");
        std::fs::remove_file(ballast).unwrap();
        assert_eq!((server.post(KEY, &frame(2)).status, status("/readyz")), (200, 200));
    });
}

#[test]
fn attack_out_of_files() {
    row("files: 64 of them, and twice as many connections", || {
        let server = Server::start_within(&format!("{ONE_TENANT}{A_TOKEN}"), "ulimit -n 64;");
        assert_eq!(server.post(KEY, &frame(1)).status, 200);
        let rounds = if is_long() { 50 } else { 3 };
        for _ in 0..rounds {
            let held: Vec<TcpStream> = (0..120).map(|_| server.connect()).collect();
            devices_are_served(&server, KEY);
            assert_eq!(server.read("/v1/report").status, 200);
            drop(held);
        }
        assert!(server.log().lines().count() < 8, "{}", server.log());
        let connections = server.read("/v1/status").json()["connections"].clone();
        assert!(connections["slots"].as_u64() < Some(32), "{connections}");
    });
}

#[test]
fn attack_an_end_with_clients_that_stay() {
    row("end: connections of every kind do not keep it", || {
        let mut server = Server::start(ONE_TENANT);
        let mut known = server.says(&head(KEY, 3).replace("connection: close\r\n", ""));
        known.write_all(b"abc").unwrap();
        assert_eq!(known.read(&mut [0; 64]).unwrap(), 64);
        let _held =
            [server.connect(), server.says("GET /v1/re"), server.says(&format!("{}x", head(KEY, 100)))];
        let took = server.end();
        assert!(took < Duration::from_secs(13), "it took {took:?} to end");
    });
}
