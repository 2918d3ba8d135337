//! The roles that this program plays as a child.

use crate::base::{Base, THREADS};
use crate::{disk, endings, marker, neighbours, quota, rest, start, system_calls};
use nowait_core::{Event, Fact, Kind, NOW, NoWait, Outcome, Recorded};
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
        "marked" => marker::play(&base),
        "watched" => start::start_watched(&base),
        "early" => start::record_at_once(&base),
        "has_file" => quota::record_into_a_file(&base),
        "quota_blocks" | "quota_writes" | "quota_zeros" => quota::record_over_quota(&base, role),
        "quiet" => system_calls::record_under_a_filter(&base, false),
        "loud" => system_calls::record_under_a_filter(&base, true),
        "awake" => system_calls::record_beside_a_busy_worker(&base),
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

/// The action that a thread begins and has not ended: see [`Waits`].
pub(crate) fn wait_of(thread: usize) -> String {
    format!("wait.{thread}")
}

/// Waits of a thread: it begins one after the other, and always leaves the last two open.
struct Waits {
    nowait: NoWait,
    action: nowait_core::NameId,
    open: [u64; 2],
    begun: u64,
}

impl Waits {
    fn new(nowait: NoWait, thread: usize) -> Waits {
        Waits { nowait, action: nowait.name(&wait_of(thread)), open: [0; 2], begun: 0 }
    }

    /// Begins one more, if there is room for it; how many were begun so far.
    fn begin(&mut self) -> u64 {
        let id = self.nowait.next_id();
        let begin = Fact::ActionStarted { at: NOW, id, action: self.action };
        if self.nowait.append(begin) == Recorded::Kept {
            let [oldest, last] = self.open;
            self.open = [last, id];
            self.begun += 1;
            let end = Fact::ActionEnded { at: NOW, id: oldest, outcome: Outcome::Done };
            // An end that was refused would leave it open, and the table has room for so many.
            while self.begun > 2 && !self.nowait.append(end).is_taken() {
                thread::yield_now();
            }
        }
        self.begun
    }
}

/// Four threads record, name, wait and leave crumbs as fast as they can; a fifth has everything sealed and sent all the
/// time, so that kills meet every step of the pipeline. A fact is acknowledged once it is said to be kept.
fn record_until_killed(base: &Base) {
    let nowait = start_with_file(base);
    let (events, waits) = base.acknowledged(nowait.session()).split_at(THREADS);
    nowait.append(Fact::Foreground { at: NOW, restored: false });
    thread::scope(|scope| {
        for (thread, (events, waits)) in events.iter().zip(waits).enumerate() {
            scope.spawn(move || {
                let crumb = nowait.crumb("crumb");
                let mut open = Waits::new(nowait, thread);
                let mut number = 0;
                loop {
                    if record(nowait, thread, number) == Recorded::Kept {
                        number += 1;
                        events.store(number, Ordering::Release);
                    }
                    nowait.breadcrumb(crumb);
                    if number % 4 == 0 {
                        waits.store(open.begin(), Ordering::Release);
                    }
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
    let acknowledged = &base.acknowledged(nowait.session())[..THREADS];
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

/// Begins this many waits that nobody ends, all acknowledged.
pub(crate) fn begin_some(base: &Base, nowait: NoWait, waits: u64) {
    let acknowledged = &base.acknowledged(nowait.session())[THREADS..];
    let mut open = Waits::new(nowait, 0);
    while open.begun < waits {
        acknowledged[0].store(open.begin(), Ordering::Release);
    }
}
