//! Starts that die, and what the ledgers say of them in the end; a flush that waits for another process.

mod endings;
mod sealing;

use crate::Clock;
use crate::ManualClock;
use crate::config::{Build, Config};
use crate::consent::Consent;
use crate::disk::faulty::{self, FaultyDisk};
use crate::disk::{Disk, RealDisk};
use crate::nowait::NoWait;
use crate::shared::Shared;
use crate::testing::{self, ManualWorker, MemoryUpload};
use crossbeam::channel::bounded;
use nowait_wire::{Event, Kind, Uuid};
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn config(folder: &Path, release: &str) -> Config {
    let build = Build::new("1", release);
    Config { consent: Consent::Granted, ..Config::new("http://127.0.0.1:1", "key", build, folder) }
}

/// A process that starts and has something to tell.
fn start_on(disk: Arc<dyn Disk>, config: Config, upload: &MemoryUpload) -> ManualWorker {
    let nowait = NoWait::on_clock(Clock::Manual(ManualClock::new(0)));
    let mut worker = testing::begin(nowait, config, upload.clone(), disk).unwrap();
    worker.turn();
    assert!(nowait.record(&Event::new(Kind::Action, nowait.name("a"))).is_taken());
    worker
}

fn start(config: Config, upload: &MemoryUpload) -> ManualWorker {
    start_on(Arc::new(RealDisk), config, upload)
}

/// What a kill leaves: in one process the locks of its recorders would be held for ever, a copy's are free.
fn let_go(folder: &Path, kept: &[String]) {
    for path in recorders(folder).into_iter().filter(|path| !kept.contains(path)) {
        let copy = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, copy).unwrap();
    }
}

fn recorders(folder: &Path) -> Vec<String> {
    let Ok(files) = fs::read_dir(folder.join("live")) else { return Vec::new() };
    files.map(|file| file.unwrap().path().to_str().unwrap().to_owned()).collect()
}

/// How many starts died, as all sessions together say.
fn told(upload: &MemoryUpload) -> u64 {
    let mut told: HashMap<Uuid, u64> = HashMap::new();
    for batch in upload.batches() {
        let of_session = told.entry(batch.id.session).or_default();
        *of_session = batch.ledger.starts_failed.max(*of_session);
    }
    told.into_values().sum()
}

/// A start of NoWait that dies before it has a recorder.
fn die_early(folder: &Path) {
    drop(Shared::open(Arc::new(RealDisk), folder).unwrap().begin_start(config(folder, "0").release_hash()));
}

#[test]
fn a_start_that_died_is_told_once_whatever_kills_who_tells_it() {
    for step in [
        "start begun",
        "session begun",
        "failed starts being told",
        "failed starts told",
        "failed starts known as told",
        "recovered batch sealed",
        "start ended",
    ] {
        for has_neighbour in [false, true] {
            let folder = faulty::folder();
            let upload = MemoryUpload::new();
            let mut neighbour = has_neighbour.then(|| start(config(folder.path(), "0"), &upload));
            let kept = recorders(folder.path());
            die_early(folder.path());
            let killed = faulty::until_step(step, || start(config(folder.path(), "1"), &upload));
            let is_started = killed.is_some();
            drop(killed);
            let_go(folder.path(), &kept);
            if let Some(neighbour) = &mut neighbour {
                // It adopts what the dead process left before the next start can look into it.
                assert!(neighbour.flush().complete);
            }
            let deaths = 1 + u64::from(!is_started && step != "start ended");
            assert!(start(config(folder.path(), "2"), &upload).shutdown().complete);
            assert!(start(config(folder.path(), "2"), &upload).shutdown().complete);
            assert_eq!(told(&upload), deaths, "{step} {has_neighbour}");
        }
    }
}

#[test]
fn a_nowait_that_stays_off_says_so() {
    let folder = faulty::folder();
    for deaths in 0..=2 {
        let nowait = NoWait::on_clock(Clock::Manual(ManualClock::new(0)));
        let config = config(folder.path(), "0");
        let worker = testing::begin(nowait, config, MemoryUpload::new(), Arc::new(RealDisk)).unwrap();
        assert_eq!(nowait.delivery().is_off, deaths == 2, "after {deaths} starts that died");
        // Before its first turn is over, so that its marker stands.
        drop(worker);
    }
}

/// What lies on the heap alone is lost by a kill, so that a later start tells it.
#[test]
fn a_start_that_died_is_not_told_where_a_kill_would_lose_it() {
    let folder = faulty::folder();
    let upload = MemoryUpload::new();
    die_early(folder.path());
    let worker = start_on(Arc::new(FaultyDisk::without_recorders()), config(folder.path(), "1"), &upload);
    drop(worker);
    assert!(start(config(folder.path(), "2"), &upload).shutdown().complete);
    assert_eq!(told(&upload), 1);
}

/// A turn that comes early, as after a wake-up that was on its way already, is no reason to stop waiting for a recovery.
#[test]
fn a_flush_waits_for_the_recovery_of_another_process_however_often_it_turns() {
    let folder = faulty::folder();
    let upload = MemoryUpload::new();
    let mut worker = start(config(folder.path(), "0"), &upload);
    let recovery = RealDisk.try_lock(&folder.path().join("adoption"), true).unwrap().unwrap();
    let (done, answer) = bounded(1);
    worker.worker.flush(Duration::from_secs(60), done);
    (0..3).for_each(|_| _ = worker.turn());
    assert!(answer.try_recv().is_err(), "answered while another process recovers");
    drop(recovery);
    (0..3).for_each(|_| _ = worker.turn());
    assert!(answer.try_recv().unwrap().complete);
}

/// A batch of a process that was killed before it could send it: its file's name, and what is in it.
fn batch_of_another() -> (String, Vec<u8>) {
    let folder = faulty::folder();
    let upload = MemoryUpload::new();
    upload.plan([None]);
    assert_eq!(start(config(folder.path(), "0"), &upload).flush().batches_left, 1);
    let mut files = fs::read_dir(folder.path().join("spool")).unwrap().map(|file| file.unwrap().path());
    let path = files.find(|path| path.extension().is_some_and(|ending| ending == "batch")).unwrap();
    (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())
}

#[test]
fn a_flush_sends_what_another_process_seals_at_any_moment_of_it() {
    let (name, bytes) = batch_of_another();
    for operation in 0.. {
        let folder = faulty::folder();
        let spool = folder.path().join("spool");
        let (path, bytes) = (spool.join(&name), bytes.clone());
        let seals = move || fs::create_dir_all(&spool).and_then(|()| fs::write(&path, &bytes)).unwrap();
        let disk = Arc::new(FaultyDisk::meddled_with_at(operation, seals));
        let upload = MemoryUpload::new();
        let mut worker = start_on(disk.clone(), config(folder.path(), "0"), &upload);
        assert!(worker.flush().complete, "sealed before operation {operation}");
        if !disk.has_happened() {
            break;
        }
    }
}
