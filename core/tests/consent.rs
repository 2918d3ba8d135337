//! The customer's decision: it survives a kill when the call returns, every process sees it, and nothing of a refused
//! time is ever sent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::*;
use nowait_core::testing::{self, MemoryUpload};
use nowait_core::{Consent, Event, Kind, ManualClock, NoWait, Recorded, Uuid};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn installs(upload: &MemoryUpload) -> Vec<Uuid> {
    let mut installs: Vec<Uuid> = upload.batches().iter().map(|batch| batch.context.install).collect();
    installs.dedup();
    installs
}

#[test]
fn pending_is_kept_granted_delivers_refused_wipes() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, _) = start(undecided(folder.path()), &upload);
    record(nowait, "before", 5);
    assert!(!worker.flush().complete);
    assert_eq!((upload.attempts(), files(&folder.path().join("spool")).len()), (0, 1));
    assert_eq!(nowait.consent(Consent::Granted), Recorded::Kept);
    record(nowait, "after", 2);
    assert!(worker.flush().complete);
    assert_eq!((stored(&upload, "before"), stored(&upload, "after")), (5, 2));

    nowait.consent(Consent::Refused);
    assert!(!nowait.record(&Event::new(Kind::Action, nowait.name("refused"))).is_taken());
    assert_eq!(worker.turn(), None, "nothing is due until the customer decides again");
    assert_eq!(data_files(folder.path()), [""; 0]);
    drop(worker);
    let (nowait, mut worker, _) = start(undecided(folder.path()), &upload);
    assert!(!nowait.record(&Event::new(Kind::Action, nowait.name("still refused"))).is_taken());
    assert!(worker.flush().complete);
    assert_eq!(data_files(folder.path()), [""; 0], "a refusal outlives the process");
    assert_eq!(upload.events().len(), 7);
    assert_balanced(&upload);
}

/// Another process agreed and recorded after the first refusal: the second one wipes again, in whichever process it is told.
#[test]
fn a_second_refusal_wipes_what_another_process_recorded_in_between() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let spool =
        || files(&folder.path().join("spool")).into_iter().filter(|name| name.ends_with(".batch")).count();
    let (one, mut first, _) = start(undecided(folder.path()), &upload);
    one.consent(Consent::Refused);
    first.turn();
    let (two, mut second, _) = start(undecided(folder.path()), &upload);
    two.consent(Consent::Granted);
    second.turn();
    record(two, "between", 3);
    upload.plan([None]);
    assert!(!second.flush().complete);
    assert_eq!(spool(), 1);
    one.consent(Consent::Refused);
    first.turn();
    assert_eq!(spool(), 0, "what was recorded in between is refused as well");
}

/// A power cut took back a refusal and the grant after it: what was sealed since is of no generation that there is, and must
/// not stand in the way of everything else.
#[test]
fn a_batch_of_a_generation_that_was_lost_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let shared = folder.path().join("shared");
    let (nowait, mut worker, _) = start(undecided(folder.path()), &upload);
    nowait.consent(Consent::Granted);
    worker.turn();
    let before = std::fs::read(&shared).unwrap();
    nowait.consent(Consent::Refused);
    worker.turn();
    nowait.consent(Consent::Granted);
    worker.turn();
    record(nowait, "lost", 3);
    upload.plan([None]);
    assert!(!worker.flush().complete);
    drop(worker);
    std::fs::remove_file(&shared).unwrap();
    std::fs::write(&shared, before).unwrap();
    let (nowait, mut worker, _) = start(undecided(folder.path()), &upload);
    record(nowait, "after", 2);
    assert!(worker.flush().complete);
    assert_eq!((stored(&upload, "lost"), stored(&upload, "after")), (0, 2));
}

/// The refusal comes while an upload hangs, and the process is killed before the worker hears of it.
#[test]
fn a_refusal_during_a_hanging_exchange_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let started: Arc<Mutex<Option<NoWait>>> = Arc::default();
    let handle = Arc::clone(&started);
    let said = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&said);
    let upload = Meanwhile::new(move |_, parcel| {
        assert!(!parcel.cancel.is_cancelled());
        let nowait = handle.lock().unwrap().unwrap();
        notes.lock().unwrap().push(nowait.consent(Consent::Refused));
        assert!(parcel.cancel.is_cancelled(), "an exchange under way is broken off");
        panic!("killed here");
    });
    let clock = ManualClock::new(1_800_000_000_000);
    let config = undecided(folder.path());
    let (nowait, mut worker) = testing::start(config.clone(), upload.clone(), clock).unwrap();
    *started.lock().unwrap() = Some(nowait);
    nowait.consent(Consent::Granted);
    record(nowait, "a", 5);
    let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| worker.flush()));
    assert!(killed.is_err());
    assert_eq!(*said.lock().unwrap(), [Recorded::Kept]);
    die(folder.path(), worker);

    let after = MemoryUpload::new();
    let (_, mut worker, _) = start(config, &after);
    worker.flush();
    assert_eq!(after.attempts(), 0, "the disk knows of the refusal");
    assert_eq!(data_files(folder.path()), [""; 0]);
}

#[test]
fn a_refusal_after_a_shutdown_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, _) = start(undecided(folder.path()), &upload);
    record(nowait, "a", 5);
    worker.shutdown();
    drop(worker);
    assert_eq!(nowait.consent(Consent::Refused), Recorded::Kept);
    let (_, mut worker, _) = start(undecided(folder.path()), &upload);
    worker.flush();
    assert_eq!((upload.attempts(), data_files(folder.path()).len()), (0, 0));
}

#[test]
fn a_refusal_during_the_first_of_twelve_exchanges_stops_the_other_eleven() {
    let folder = tempfile::tempdir().unwrap();
    let started: Arc<Mutex<Option<NoWait>>> = Arc::default();
    let handle = Arc::clone(&started);
    let upload = Meanwhile::new(move |_, _| {
        handle.lock().unwrap().unwrap().consent(Consent::Refused);
    });
    let clock = ManualClock::new(1_800_000_000_000);
    let (nowait, mut worker) = testing::start(undecided(folder.path()), upload.clone(), clock).unwrap();
    *started.lock().unwrap() = Some(nowait);
    for _ in 0..12 {
        record(nowait, "a", 5);
        worker.flush();
    }
    assert_eq!(
        files(&folder.path().join("spool")).iter().filter(|name| name.ends_with(".batch")).count(),
        12
    );
    nowait.consent(Consent::Granted);
    worker.flush();
    assert_eq!(upload.upload.attempts(), 1);
}

/// Two processes of one app: what one is told, the other obeys before its next exchange and its next fact.
#[test]
fn a_refusal_in_one_process_stops_another() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (MemoryUpload::new(), MemoryUpload::new());
    let (one, mut one_worker, _) = start(config(folder.path()), &first);
    let (other, mut other_worker, _) = start(undecided(folder.path()), &second);
    one_worker.turn();
    record(other, "a", 5);
    assert_eq!(one.consent(Consent::Refused), Recorded::Kept);
    assert_eq!(other.record(&Event::new(Kind::Action, other.name("b"))), Recorded::Refused);
    other_worker.flush();
    one_worker.flush();
    assert_eq!((first.attempts(), second.attempts()), (0, 0));
    assert_eq!(data_files(folder.path()), [""; 0], "each has wiped what it had in use");
}

#[test]
fn a_grant_after_a_refusal_begins_a_new_session_with_a_new_install() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, _) = start(config(folder.path()), &upload);
    record(nowait, "a", 8);
    assert!(worker.flush().complete);
    let first = nowait.session();
    nowait.consent(Consent::Refused);
    record_refused(nowait, 10);
    worker.turn();
    nowait.consent(Consent::Granted);
    // Before the worker has opened the new recorder, nothing is safe yet.
    assert_eq!(nowait.record(&Event::new(Kind::Action, nowait.name("b"))), Recorded::InMemory);
    worker.turn();
    record(nowait, "b", 7);
    assert!(worker.shutdown().complete);
    assert_ne!(nowait.session(), first);
    assert_eq!((stored(&upload, "a"), stored(&upload, "b")), (8, 8));
    let installs = installs(&upload);
    assert_eq!(installs.len(), 2);
    assert!(installs.iter().all(|install| !install.is_nil()), "{installs:?}");
    assert_balanced(&upload);
}

fn record_refused(nowait: NoWait, events: u64) {
    for _ in 0..events {
        assert_eq!(nowait.record(&Event::new(Kind::Action, nowait.name("no"))), Recorded::Refused);
    }
}

#[test]
fn a_start_refused_and_then_granted_has_an_install_of_its_own() {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let upload = MemoryUpload::new();
        let refused = nowait_core::Config { consent: Consent::Refused, ..config(folder.path()) };
        let (nowait, mut worker, _) = start(refused, &upload);
        record_refused(nowait, 3);
        worker.turn();
        nowait.consent(Consent::Granted);
        worker.turn();
        record(nowait, "a", 5);
        assert!(worker.shutdown().complete);
        assert_eq!(stored(&upload, "a"), 5);
        ids.extend(installs(&upload));
    }
    assert!(ids.len() == 2 && ids[0] != ids[1] && ids.iter().all(|id| !id.is_nil()), "{ids:?}");
}

#[test]
fn refused_and_granted_while_nobody_looked_sends_nothing_from_before() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, _) = start(undecided(folder.path()), &upload);
    record(nowait, "before", 5);
    worker.flush();
    record(nowait, "before", 5);
    nowait.consent(Consent::Refused);
    nowait.consent(Consent::Granted);
    worker.turn();
    record(nowait, "after", 5);
    assert!(worker.shutdown().complete);
    assert_eq!((stored(&upload, "before"), stored(&upload, "after")), (0, 5));
    assert_balanced(&upload);
}

/// Accounts go last: the one that says what became of the others must not be what makes room.
#[test]
fn a_pending_spool_that_overflows_has_an_exact_account() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, _) = start(undecided(folder.path()), &upload);
    for _ in 0..40 {
        record(nowait, "a", 10);
        worker.flush();
    }
    worker.shutdown();
    drop(worker);
    nowait.consent(Consent::Granted);
    let (_, mut worker, _) = start(undecided(folder.path()), &upload);
    assert!(worker.flush().complete);
    let ledger =
        upload.batches().iter().map(|batch| batch.ledger.clone()).max_by_key(|l| l.produced).unwrap();
    let delivered = stored(&upload, "a") as u64;
    assert_eq!(ledger.produced, 400);
    assert!((200..400).contains(&delivered), "{delivered}");
    assert_balanced(&upload);
}

#[test]
fn a_decision_before_the_start_is_the_first_thing_that_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let nowait = NoWait::waiting();
    record(nowait, "a", 3);
    assert_eq!(nowait.consent(Consent::Refused), Recorded::InMemory);
    nowait.begin(undecided(folder.path()), upload.clone()).unwrap();
    nowait.flush(Duration::from_secs(10));
    assert_eq!(nowait.record(&Event::new(Kind::Action, nowait.name("a"))), Recorded::Refused);
    nowait.shutdown(Duration::from_secs(10));
    assert_eq!(upload.attempts(), 0);
    let (_, mut worker, _) = start(undecided(folder.path()), &upload);
    assert_eq!(worker.turn(), None, "refused");
}

#[test]
fn a_refusal_before_the_start_counts_whatever_is_said_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let upload = MemoryUpload::new();
    let (nowait, mut worker, _) = start(undecided(folder.path()), &upload);
    record(nowait, "of an earlier session", 5);
    worker.shutdown();
    let nowait = NoWait::waiting();
    record(nowait, "before", 1);
    assert_eq!(nowait.consent(Consent::Refused), Recorded::InMemory);
    assert!(!nowait.record(&Event::new(Kind::Action, nowait.name("refused"))).is_taken());
    assert_eq!(nowait.consent(Consent::Granted), Recorded::InMemory);
    record(nowait, "after", 1);
    nowait.begin(undecided(folder.path()), upload.clone()).unwrap();
    assert!(nowait.shutdown(Duration::from_secs(30)).complete);
    let names: Vec<String> = upload.events().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["after"], "what came before the refusal is sent by nobody");
}

#[test]
fn who_agreed_is_asked_for_a_rating_once_in_a_time() {
    const DAY: Duration = Duration::from_secs(86_400);
    let folder = tempfile::tempdir().unwrap();
    let (nowait, mut worker, clock) = start(undecided(folder.path()), &MemoryUpload::new());
    worker.turn();
    assert!(!nowait.may_ask(DAY), "nobody agreed yet");
    nowait.consent(Consent::Granted);
    assert_eq!([nowait.may_ask(DAY), nowait.may_ask(DAY)], [true, false]);
    clock.advance(DAY - Duration::from_secs(1));
    assert!(!nowait.may_ask(DAY));
    clock.advance(Duration::from_secs(1));
    assert!(nowait.may_ask(DAY));
    nowait.consent(Consent::Refused);
    clock.advance(2 * DAY);
    assert!(!nowait.may_ask(DAY), "what nobody may measure is not asked");
}
