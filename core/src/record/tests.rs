//! Which of the facts that wait in memory travel, whatever the customer decides while threads are parked over them.

use super::{Fact, Under};
use crate::config::{Build, Config};
use crate::consent::Consent;
use crate::disk::RealDisk;
use crate::disk::faulty;
use crate::nowait::NoWait;
use crate::ring::flight::Recorded;
use crate::testing::{self, ManualWorker, MemoryUpload};
use crate::{Clock, ManualClock};
use nowait_wire::{Event, Kind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

fn config(folder: &Path, consent: Consent) -> Config {
    Config { consent, ..Config::new("http://127.0.0.1:1", "key", Build::new("1", "1"), folder) }
}

fn waiting() -> NoWait {
    NoWait::on_clock(Clock::Manual(ManualClock::new(0)))
}

fn begin(nowait: NoWait, config: Config, upload: &MemoryUpload) -> ManualWorker {
    testing::begin(nowait, config, upload.clone(), Arc::new(RealDisk)).unwrap()
}

fn record(nowait: NoWait, name: &str) -> Recorded {
    nowait.record(&Event::new(Kind::Action, nowait.name(name)))
}

/// A thread has read the decision and is parked: what it goes on with later.
fn park(nowait: NoWait, name: &str) -> impl FnOnce() -> Recorded + use<> {
    let fact = Fact::Measured(Event::new(Kind::Action, nowait.name(name))).to_words();
    let under: Under = nowait.engine.recorder.told_under().expect("nobody has refused yet");
    move || nowait.engine.recorder.early.append(&fact, under)
}

/// What was delivered, in the order of its names.
fn delivered(worker: &mut ManualWorker, upload: &MemoryUpload) -> Vec<String> {
    assert!(worker.flush().complete);
    let last = upload.batches().last().map(|batch| batch.ledger.clone()).unwrap_or_default();
    assert_eq!(last.produced, upload.events().len() as u64 + last.dropped_total());
    let mut names: Vec<String> = upload.events().into_iter().map(|(name, _)| name).collect();
    names.sort();
    names
}

#[test]
fn a_thread_parked_over_a_refusal_tells_the_next_session_nothing() {
    let folder = faulty::folder();
    let upload = MemoryUpload::new();
    let nowait = waiting();
    let mut worker = begin(nowait, config(folder.path(), Consent::Granted), &upload);
    let parked = park(nowait, "before");
    nowait.consent(Consent::Refused);
    nowait.consent(Consent::Granted);
    assert_eq!(record(nowait, "after"), Recorded::InMemory);
    worker.turn();
    assert_eq!(parked(), Recorded::InMemory);
    record(nowait, "later");
    assert_eq!(delivered(&mut worker, &upload), ["after", "later"]);
}

#[test]
fn a_thread_parked_over_another_processes_refusal_tells_the_next_session_nothing() {
    let folder = faulty::folder();
    let upload = MemoryUpload::new();
    let [nowait, other] = [(); 2].map(|()| waiting());
    let mut worker = begin(nowait, config(folder.path(), Consent::Granted), &upload);
    let _other_worker = begin(other, config(folder.path(), Consent::Pending), &upload);
    let parked = [park(nowait, "before"), park(nowait, "before as well")];
    for (refused, parked) in parked.into_iter().enumerate() {
        other.consent(Consent::Refused);
        if refused == 1 {
            worker.turn();
        }
        other.consent(Consent::Granted);
        parked();
        record(nowait, "after");
        worker.turn();
    }
    assert_eq!(delivered(&mut worker, &upload), ["after"], "the first one was refused after all");
}

#[test]
fn a_thread_parked_over_a_refusal_before_the_start_tells_no_session_anything() {
    let folder = faulty::folder();
    let upload = MemoryUpload::new();
    let nowait = waiting();
    let parked = park(nowait, "parked");
    record(nowait, "before");
    nowait.consent(Consent::Refused);
    assert_eq!(record(nowait, "refused"), Recorded::Refused);
    nowait.consent(Consent::Granted);
    let granted = park(nowait, "granted and parked");
    record(nowait, "after");
    let mut worker = begin(nowait, config(folder.path(), Consent::Pending), &upload);
    parked();
    granted();
    assert_eq!(delivered(&mut worker, &upload), ["after", "granted and parked"]);
}

/// The decision is not known before the file is there; then it is seen whether one stood all the time.
#[test]
fn what_is_told_before_the_start_while_an_older_refusal_stands_goes_nowhere() {
    for said in [None, Some(Consent::Granted)] {
        for configured in [Consent::Pending, Consent::Granted] {
            let folder = faulty::folder();
            let upload = MemoryUpload::new();
            let before = waiting();
            drop(begin(before, config(folder.path(), Consent::Refused), &upload));
            let nowait = waiting();
            record(nowait, "before");
            let parked = park(nowait, "parked");
            said.map(|consent| nowait.consent(consent));
            record(nowait, "since");
            let mut worker = begin(nowait, config(folder.path(), configured), &upload);
            parked();
            let since: &[&str] = if said.is_some() { &["since"] } else { &[] };
            assert_eq!(delivered(&mut worker, &upload), since, "{said:?} {configured:?}");
        }
    }
}

#[test]
fn a_start_that_is_configured_refused_records_nothing_from_then_on() {
    let folder = faulty::folder();
    let nowait = waiting();
    assert_eq!(record(nowait, "before"), Recorded::InMemory);
    nowait.engine.start(config(folder.path(), Consent::Refused)).unwrap();
    assert_eq!(record(nowait, "after"), Recorded::Refused);
    let said = waiting();
    said.consent(Consent::Granted);
    said.engine.start(config(folder.path(), Consent::Refused)).unwrap();
    assert_eq!(record(said, "what the customer says counts more"), Recorded::InMemory);
}

/// The worker looks for early facts also late in a turn, when the session that it has may be over.
#[test]
fn what_is_told_after_a_grant_waits_for_the_session_that_follows() {
    let folder = faulty::folder();
    let upload = MemoryUpload::new();
    let nowait = waiting();
    let mut worker = begin(nowait, config(folder.path(), Consent::Granted), &upload);
    worker.turn();
    nowait.consent(Consent::Refused);
    nowait.consent(Consent::Granted);
    assert_eq!(record(nowait, "after"), Recorded::InMemory);
    nowait.engine.recorder.take_over_early();
    assert_eq!(delivered(&mut worker, &upload), ["after"]);
}

/// The worker forgets what a refusal left, and meanwhile the customer agrees.
#[test]
fn what_is_told_after_a_grant_is_not_forgotten_with_what_was_refused() {
    let folder = faulty::folder();
    let upload = MemoryUpload::new();
    let nowait = waiting();
    let mut worker = begin(nowait, config(folder.path(), Consent::Granted), &upload);
    let recorder = &nowait.engine.recorder;
    let parked = park(nowait, "before");
    nowait.consent(Consent::Refused);
    parked();
    let refused = recorder.shared().unwrap().consent();
    nowait.consent(Consent::Granted);
    record(nowait, "after");
    recorder.forget_refused(recorder.early_end(), refused);
    assert_eq!(delivered(&mut worker, &upload), ["after"]);
}

/// A process that was started while a refusal stood has no session, and its worker sleeps until it is woken.
#[test]
fn what_is_told_after_another_processes_grant_wakes_a_worker_without_a_session() {
    let folder = faulty::folder();
    let upload = MemoryUpload::new();
    let [nowait, other] = [(); 2].map(|()| waiting());
    let mut worker = begin(nowait, config(folder.path(), Consent::Refused), &upload);
    let _other_worker = begin(other, config(folder.path(), Consent::Pending), &upload);
    assert_eq!(worker.turn(), None, "it sleeps until it is woken");
    assert_eq!(record(nowait, "refused"), Recorded::Refused);
    other.consent(Consent::Granted);
    assert_eq!(record(nowait, "after"), Recorded::InMemory);
    let recorder = &nowait.engine.recorder;
    // Relaxed: this thread stored it.
    let woken_for = recorder.woken_for.load(Ordering::Relaxed);
    assert_eq!(woken_for, recorder.shared().unwrap().consent_word());
    assert_eq!(delivered(&mut worker, &upload), ["after"]);
}
