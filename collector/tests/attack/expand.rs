//! Small frames that grow when they are read.
//!
//! Owns: what a frame may take once it is stored, in a report and after it. Refuses: many of them (see `budget`).
//! Invariant: a report of hostile frames takes no more memory than one of honest ones, but for a part that is said here.

use crate::attacked::{Attacked, KEY, ONE_TENANT, is_long};
use crate::said::nowait;
use nowait_collector::limits::READS_AT_ONCE_MAX;
use nowait_wire::testing::session;
use nowait_wire::{Batch, Event, ExitReason, Kind, NameId, Uuid};

/// What one report may take besides what the collector has anyway, in KiB: the goal for the largest there is.
const REPORT_KIB: u64 = 64 * 1024;

/// What all may take together, in KiB: four reports at once, which is how many are computed, and the writer with its cache of
/// pages (64 MiB) and three copies of what it makes rollups of (32 MiB each). It is well below the limit, so that what
/// grows is told as grown before it is told as dead.
const TOGETHER_KIB: u64 = 4 * REPORT_KIB + (64 + 3 * 32) * 1024;

/// Every way in which a tenant's figures are read.
pub(crate) const READ: [&str; 5] = [
    "/v1/report",
    "/plain",
    "/v1/report?tier=high",
    "/v1/report?since=2020-01-01&os=android",
    "/v1/compare?base=8.2.0&head=8.2.0",
];

/// The session that all of these pretend to be, but for its id.
pub(crate) fn stranger(seed: u64) -> Batch {
    let mut batch = session(1, 0);
    batch.id.session = Uuid::from_u64_pair(0xA77A_C000, seed);
    batch
}

/// Reads everything, as many at once as are computed at once, and checks that it is there.
pub(crate) fn read_all(server: &Attacked) {
    let readers = if is_long() { READS_AT_ONCE_MAX } else { 1 };
    for path in READ {
        let answers = std::thread::scope(|scope| {
            let all: Vec<_> = (0..readers).map(|_| scope.spawn(|| server.local(path).status)).collect();
            all.into_iter().map(|answer| answer.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(answers, vec![200; readers], "{path}");
    }
    let said = nowait(&["report", "--url", &server.server.url()]);
    assert_eq!(said.0, 0, "{}", said.2);
}

/// A collector that has stored and read something honest, and the most memory that this took.
pub(crate) fn used() -> (Attacked, u64) {
    let server = Attacked::start(ONE_TENANT);
    for seed in 0..20 {
        server.store(KEY, &session(seed, 400));
    }
    read_all(&server);
    let peak = server.peak_kib();
    (server, peak)
}

/// Checks its peak, where an honest fleet took so much.
pub(crate) fn takes_no_more(server: &Attacked, honest: u64) {
    let peak = server.peak_kib();
    assert!(peak < honest + TOGETHER_KIB, "{peak} kB, honestly {honest} kB");
}

/// Exits and breadcrumbs of one frame multiply: each exit has its trail.
pub(crate) fn exits() {
    let (server, honest) = used();
    let exit = Event { a: ExitReason::Foreground as u64, ..Event::new(Kind::Exit, NameId::NONE) };
    let crumb = Event::new(Kind::Breadcrumb, NameId::OTHER);
    for seed in 0..if is_long() { 500 } else { 60 } {
        let batch = Batch { events: [vec![exit; 4_096], vec![crumb; 4_096]].concat(), ..stranger(seed) };
        assert!(nowait_wire::encode(&batch).unwrap().len() < 400);
        server.store(KEY, &batch);
    }
    read_all(&server);
    let report = server.local("/v1/report").body;
    assert!(report.len() < 110_000, "{} bytes", report.len());
    takes_no_more(&server, honest);
}

/// Two waits of each name, as far apart as they can be: a histogram that is not sparse has all buckets between.
pub(crate) fn far_waits() {
    let (server, honest) = used();
    // Beyond belief, and just within it.
    for (seed, far) in
        (0..if is_long() { 50 } else { 12 }).zip([u64::MAX, 3_599_000_000_000].into_iter().cycle())
    {
        let mut batch = stranger(seed);
        batch.names.extend((0..4_090).map(|name| format!("n{name}")));
        let wait =
            |name: u32, duration_ns: u64| Event { duration_ns, ..Event::new(Kind::Action, NameId(6 + name)) };
        batch.events = (0..4_090).flat_map(|name| [wait(name, 1), wait(name, far)]).collect();
        server.store(KEY, &batch);
    }
    read_all(&server);
    read_all(&server);
    takes_no_more(&server, honest);
    let before = server.proc_status("VmRSS:");
    for _ in 0..if is_long() { 4 } else { 2 } {
        read_all(&server);
    }
    let after = server.proc_status("VmRSS:");
    // What an allocator keeps differs by a report from one time to the next; what is not given back would add up.
    assert!(after < before + REPORT_KIB, "{before} {after}");
}
