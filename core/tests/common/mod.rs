//! A device in a folder, a collector in memory, and a worker that a test turns.
#![allow(dead_code, reason = "each test program uses some of it")]

use nowait_core::testing::{self, ManualWorker, MemoryUpload};
use nowait_core::{
    Answer, Build, Config, Consent, Event, Fact, Kind, ManualClock, NOW, NoWait, Parcel, Upload,
};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A config whose customer has agreed.
pub(crate) fn config(folder: &Path) -> Config {
    let build = Build::new("8.2.0", "1");
    Config { consent: Consent::Granted, ..Config::new("http://127.0.0.1:1", "key", build, folder) }
}

/// The same for a customer who is asked by the test.
pub(crate) fn undecided(folder: &Path) -> Config {
    Config { consent: Consent::Pending, ..config(folder) }
}

pub(crate) fn start(config: Config, upload: &MemoryUpload) -> (NoWait, ManualWorker, ManualClock) {
    let clock = ManualClock::new(1_800_000_000_000);
    let (nowait, worker) = testing::start(config, upload.clone(), clock.clone()).unwrap();
    (nowait, worker, clock)
}

/// Records events of this name; all of them are taken.
pub(crate) fn record(nowait: NoWait, name: &str, events: u64) {
    let name = nowait.name(name);
    for n in 0..events {
        let event = Event {
            started_uptime_ns: nowait.now_ns(),
            duration_ns: n,
            a: n,
            ..Event::new(Kind::Action, name)
        };
        assert!(nowait.record(&event).is_taken());
    }
}

pub(crate) fn foreground(nowait: NoWait) {
    nowait.append(Fact::Foreground { at: NOW, restored: false });
}

pub(crate) fn background(nowait: NoWait) {
    nowait.append(Fact::Background { at: NOW });
}

pub(crate) fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Every file below a folder, but for the few that hold no event.
pub(crate) fn data_files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for name in files(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            found.extend(data_files(&path).into_iter().map(|inner| format!("{name}/{inner}")));
        } else if !["shared", "starting", "adoption", "upload.lock"].contains(&name.as_str()) {
            found.push(name);
        }
    }
    found
}

/// How many actions of this name the collector has.
pub(crate) fn stored(upload: &MemoryUpload, name: &str) -> usize {
    upload.events().iter().filter(|(text, event)| text == name && event.kind == Kind::Action).count()
}

/// Produced = delivered + dropped, and appended = folded + refused, over all sessions that reached the collector.
pub(crate) fn assert_balanced(upload: &MemoryUpload) {
    let batches = upload.batches();
    let mut sessions: Vec<_> = batches.iter().map(|batch| batch.id.session).collect();
    sessions.sort();
    sessions.dedup();
    let (mut produced, mut dropped) = (0, 0);
    for session in sessions {
        let of_session = batches.iter().filter(|batch| batch.id.session == session);
        produced += of_session.clone().map(|batch| batch.ledger.produced).max().unwrap();
        dropped += of_session.map(|batch| batch.ledger.dropped_total()).max().unwrap();
    }
    let delivered: usize = batches.iter().map(|batch| batch.events.len()).sum();
    assert_eq!(produced, delivered as u64 + dropped, "produced = delivered + dropped");
}

/// Leaves the folder as a killed process would: the worker stops and its lock on the recorder is gone.
pub(crate) fn die(folder: &Path, worker: ManualWorker) {
    drop(worker);
    // In one process the lock would be held for ever: a copy of the file is what a kill leaves behind.
    for name in files(&folder.join("live")) {
        let path = folder.join("live").join(name);
        let copy = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, copy).unwrap();
    }
}

/// What a test does in the middle of an exchange, told how many came before.
type During = Box<dyn FnMut(usize, &Parcel<'_>) + Send>;

/// A collector in memory that lets a test act while an exchange is under way.
#[derive(Clone)]
pub(crate) struct Meanwhile {
    pub(crate) upload: MemoryUpload,
    during: Arc<Mutex<During>>,
}

impl Meanwhile {
    pub(crate) fn new(during: impl FnMut(usize, &Parcel<'_>) + Send + 'static) -> Meanwhile {
        Meanwhile { upload: MemoryUpload::new(), during: Arc::new(Mutex::new(Box::new(during))) }
    }
}

impl Upload for Meanwhile {
    fn send(&mut self, parcel: Parcel<'_>) -> Option<Answer> {
        let before = self.upload.attempts();
        (self.during.lock().unwrap())(before, &parcel);
        self.upload.send(parcel)
    }
}
