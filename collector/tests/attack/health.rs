//! What the machine runs out of: a disk, a lock, files.
//!
//! Owns: what health says meanwhile, and how many lines the log has of it. Refuses: attackers who send something.
//! Invariant: when there is room again, the next batch is stored.

use crate::attacked::{A_TOKEN, Answer, Attacked, KEY, ONE_TENANT, head, is_long, until};
use crate::fairness::{devices_are_served, frame};
use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) fn a_locked_database() {
    let server = Attacked::start(ONE_TENANT);
    assert_eq!(server.post(KEY, &frame(1)).status, 200);
    let status = |path: &str| server.get(path, &[("host", "x")]).status;
    assert_eq!((status("/readyz"), status("/healthz"), status("/livez")), (200, 200, 200));
    let disk = server.database();
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

pub(crate) fn lacks_small_disk() -> Option<&'static str> {
    SmallDisk::mount().is_none().then_some("no small file system can be mounted")
}

pub(crate) fn a_full_disk() {
    let disk = SmallDisk::mount().unwrap();
    let server = Attacked::start_at(ONE_TENANT, "", tempfile::tempdir().unwrap(), disk.0.path());
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
}

pub(crate) fn few_files() {
    let server = Attacked::start_within(&format!("{ONE_TENANT}{A_TOKEN}"), "ulimit -n 64;");
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
}
