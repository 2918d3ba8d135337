//! Who keeps others from being served: reports, connections and bodies that never end.
//!
//! Owns: what one client may cost the others. Refuses: memory that a batch takes once it is stored (see `expand`).
//! Invariant: a device that behaves has its answer soon, whatever others do.

use crate::attacked::{
    A_TOKEN, ANOTHER_TENANT, Answer, Attacked, KEY, ONE_TENANT, OTHER_KEY, SOON, head, is_long,
};
use nowait_wire::testing::session;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A batch as a phone sends it.
pub(crate) fn frame(seed: u64) -> Vec<u8> {
    nowait_wire::encode(&session(seed, 100)).unwrap()
}

/// A device gets through, several times.
pub(crate) fn devices_are_served(server: &Attacked, key: &str) {
    for seed in 0..5 {
        let took = server.deliver(key, &frame(1_000 + seed));
        assert!(took < SOON, "a device waited {took:?}");
    }
}

pub(crate) fn reports_given_up() {
    let mut server = Attacked::start(ONE_TENANT);
    for seed in 0..40 {
        assert_eq!(server.post(KEY, &frame(seed)).status, 200);
    }
    let ask = format!("GET /v1/report HTTP/1.1\r\nhost: {}\r\n\r\n", server.address);
    let report = |server: &Attacked| server.local("/v1/report").status;
    assert_eq!(report(&server), 200);
    let before = server.proc_status("Threads:");
    let rounds = if is_long() { 100 } else { 10 };
    for _ in 0..rounds {
        // Some hang up at once, some while they wait, and all come again.
        let asked: Vec<TcpStream> = (0..60).map(|_| server.says(&ask)).collect();
        let threads = server.proc_status("Threads:");
        assert!(threads <= before + 8, "threads grow with what was given up: {before}, then {threads}");
        drop(asked);
    }
    let started = Instant::now();
    while report(&server) == 503 {
        assert!(started.elapsed() < SOON, "reports stay busy");
    }
    assert!(server.peak_kib() < 600_000, "{} kB", server.peak_kib());
    // Those that wait are told when to come back once there are too many.
    let asked: Vec<TcpStream> =
        (0..200).map(|_| server.says(&ask.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n"))).collect();
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
}

pub(crate) fn keyless_connections() {
    let server = Attacked::start(&format!("{ONE_TENANT}{A_TOKEN}"));
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
}

pub(crate) fn bodies_of_one_byte() {
    let server = Attacked::start(&format!("{ONE_TENANT}{A_TOKEN}"));
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
}

pub(crate) fn bodies_without_end() {
    let server = Attacked::start(&format!("{ONE_TENANT}{A_TOKEN}"));
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
    assert!(server.peak_kib() < 400_000, "{} kB", server.peak_kib());
    drop(held);
}

pub(crate) fn one_tenant_floods() {
    let server = Attacked::start(&format!("{ONE_TENANT}{ANOTHER_TENANT}{A_TOKEN}"));
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
}

pub(crate) fn clients_that_stay() {
    let mut server = Attacked::start(ONE_TENANT);
    let mut known = server.says(&head(KEY, 3).replace("connection: close\r\n", ""));
    known.write_all(b"abc").unwrap();
    assert_eq!(known.read(&mut [0; 64]).unwrap(), 64);
    let _held = [server.connect(), server.says("GET /v1/re"), server.says(&format!("{}x", head(KEY, 100)))];
    let took = server.end();
    assert!(took < Duration::from_secs(13), "it took {took:?} to end");
}
