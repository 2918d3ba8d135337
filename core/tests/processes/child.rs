//! The roles that this program plays as a child.

use crate::base::Base;
use crate::{disk, endings, neighbours, quota, rest, start, system_calls};
use nowait_core::{Event, Kind, NoWait, Recorded};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

/// Plays one role to its end; some have none but a kill.
pub(crate) fn play(role: &str) {
    let base = Base::from_environment();
    match role {
        "deliver" => deliver(&base),
        "record" => record_until_killed(&base),
        "fork" => neighbours::fork_and_die(&base),
        "share" => neighbours::share(&base),
        "removed" => neighbours::go_on_without_a_file(&base),
        "truncated" => neighbours::go_on_with_a_shorter_file(&base),
        "fill" => disk::fill_and_go_on(&base),
        "rest" => rest::measure(&base),
        "start_full" => disk::start_and_record(&base),
        "watched" => start::start_watched(&base),
        "early" => start::record_at_once(&base),
        "has_file" => quota::record_into_a_file(&base),
        "quota_blocks" | "quota_writes" | "quota_zeros" => quota::record_over_quota(&base, role),
        "quiet" => system_calls::record_under_a_filter(&base, false),
        "loud" => system_calls::record_under_a_filter(&base, true),
        ending => endings::record_and_die(&base, ending),
    }
}

pub(crate) fn start(base: &Base) -> NoWait {
    NoWait::start_with(base.config(), base.collector()).unwrap()
}

/// Starts, and returns when the flight recorder has its file: only from then on is an event acknowledged.
pub(crate) fn start_with_file(base: &Base) -> NoWait {
    let nowait = start(base);
    while nowait.ledger().ring_on_heap {
        thread::yield_now();
    }
    nowait
}

/// Starts, and returns when the worker is up, whatever the disk gave it.
pub(crate) fn start_whatever_the_disk_says(base: &Base) -> NoWait {
    let nowait = start(base);
    nowait.flush(Duration::from_secs(10));
    nowait
}

/// A whole session that records nothing of its own.
fn deliver(base: &Base) {
    let nowait = start(base);
    let flushed = nowait.shutdown(Duration::from_secs(60));
    assert!(flushed.complete, "{flushed:?}");
}

/// Every thread has its own names, so that the table grows while the process dies: a new one every 40 events.
pub(crate) fn name_of(thread: usize, number: u64) -> String {
    format!("thread.{thread}.name.{}", (number / 40).min(239))
}

/// Records the next event of a thread: what became of it.
pub(crate) fn record(nowait: NoWait, thread: usize, number: u64) -> Recorded {
    let name = nowait.name(&name_of(thread, number));
    let event = Event {
        started_uptime_ns: nowait.now_ns(),
        journey: thread as u64,
        a: number,
        ..Event::new(Kind::Action, name)
    };
    nowait.record(&event)
}

/// Four threads record, name and leave crumbs as fast as they can; a fifth has everything sealed and sent all the
/// time, so that kills meet every step of the pipeline. An event is acknowledged once `record` said that it is kept.
fn record_until_killed(base: &Base) {
    let nowait = start_with_file(base);
    let acknowledged = base.acknowledged(nowait.session());
    thread::scope(|scope| {
        for (thread, counter) in acknowledged.iter().enumerate() {
            scope.spawn(move || {
                let crumb = nowait.crumb("crumb");
                let mut number = 0;
                loop {
                    if record(nowait, thread, number) == Recorded::Kept {
                        number += 1;
                        counter.store(number, Ordering::Release);
                    }
                    nowait.breadcrumb(crumb);
                }
            });
        }
        loop {
            nowait.flush(Duration::from_millis(20));
        }
    });
}

/// Records this many events on each of four threads, all acknowledged.
pub(crate) fn record_some(base: &Base, nowait: NoWait, events: u64) {
    let acknowledged = base.acknowledged(nowait.session());
    thread::scope(|scope| {
        for (thread, acknowledged) in acknowledged.iter().enumerate() {
            scope.spawn(move || {
                for number in 0..events {
                    assert_eq!(record(nowait, thread, number), Recorded::Kept);
                    acknowledged.store(number + 1, Ordering::Release);
                }
            });
        }
    });
}
