//! A device and a collector in one folder, and how to look at both.
//!
//! **Why unsafe.** What a thread acknowledges must outlive the kill of its process: a mapped file of counters.
//!
//! Owns: the folder, the spawning of children, the reading of what was delivered. Refuses: judging it.
#![allow(unsafe_code)]

use memmap2::MmapOptions;
use nowait_core::{Answer, Build, Config, Consent, Parcel, Upload, Uuid};
use nowait_wire::{Batch, Receipt, ReceiptStatus};
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// The variables by which a child knows what to do, and where.
pub(crate) const ROLE: &str = "NOWAIT_ROLE";
const BASE: &str = "NOWAIT_BASE";
const DEVICE: &str = "NOWAIT_DEVICE";
/// Which release of the app a child is; one of its own unless this says so.
pub(crate) const RELEASE: &str = "NOWAIT_RELEASE";

/// Threads that record in a child.
pub(crate) const THREADS: usize = 4;

/// What a session's threads acknowledge: the events of each, then the waits that each began.
pub(crate) const COUNTERS: usize = 2 * THREADS;

/// `device/` is what NoWait has on the phone; the rest is ours.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    root: PathBuf,
    device: PathBuf,
}

impl Base {
    /// A fresh one, in memory where the machine has a folder for that: the page cache survives a kill either way.
    pub(crate) fn fresh() -> (tempfile::TempDir, Base) {
        let memory = Path::new("/dev/shm");
        let folder =
            if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let base = Base { root: folder.path().to_owned(), device: folder.path().join("device") };
        base.make_folders();
        (folder, base)
    }

    /// The same collector, with the device somewhere else.
    pub(crate) fn with_device(&self, device: &Path) -> Base {
        Base { device: device.to_owned(), ..self.clone() }
    }

    /// The one that this child was given.
    pub(crate) fn from_environment() -> Base {
        let path = |name| PathBuf::from(std::env::var_os(name).expect("a child has a base"));
        Base { root: path(BASE), device: path(DEVICE) }
    }

    fn make_folders(&self) {
        for folder in ["acknowledged", "collected"] {
            fs::create_dir_all(self.root.join(folder)).unwrap();
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn device(&self) -> &Path {
        &self.device
    }

    /// Forgets everything: the next session is the first.
    pub(crate) fn clear(&self) {
        for entry in fs::read_dir(&self.root).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                fs::remove_dir_all(path).unwrap();
            }
        }
        self.make_folders();
    }

    pub(crate) fn command(&self, role: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(ROLE, role).env(BASE, &self.root).env(DEVICE, &self.device);
        command
    }

    pub(crate) fn spawn(&self, role: &str) -> Child {
        self.command(role).spawn().unwrap()
    }

    pub(crate) fn run(&self, role: &str) -> ExitStatus {
        self.spawn(role).wait().unwrap()
    }

    /// Starts once more, delivers all there is, and ends well.
    pub(crate) fn deliver(&self) {
        assert!(self.run("deliver").success(), "the next start could not deliver");
    }

    /// A release of its own for each process: two of one release that are killed over their start are enough to switch
    /// the SDK off for it, as they must (see `marker`).
    pub(crate) fn config(&self) -> Config {
        let release = std::env::var(RELEASE).unwrap_or_else(|_| std::process::id().to_string());
        let config = Config::new("http://127.0.0.1:1", "key", Build::new("1", release), &self.device);
        Config { consent: Consent::Granted, flush_interval: Duration::from_millis(100), ..config }
    }

    pub(crate) fn collector(&self) -> Collector {
        Collector { root: self.root.clone() }
    }

    /// The [`COUNTERS`] of a session's threads, in a file that its death leaves whole.
    pub(crate) fn acknowledged(&self, session: Uuid) -> &'static [AtomicU64] {
        let path = self.root.join("acknowledged").join(session.to_string());
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path).unwrap();
        file.set_len(4_096).unwrap();
        let map = MmapOptions::new().len(4_096).map_raw(&file).unwrap();
        let start = map.as_mut_ptr().cast::<AtomicU64>();
        std::mem::forget(map);
        // SAFETY: a page of zeroed, mapped bytes that is never unmapped; every bit pattern is an `AtomicU64`.
        unsafe { std::slice::from_raw_parts(start, COUNTERS) }
    }

    /// What every session acknowledged.
    pub(crate) fn all_acknowledged(&self) -> HashMap<Uuid, Vec<u64>> {
        let files = fs::read_dir(self.root.join("acknowledged")).unwrap().map(|entry| entry.unwrap().path());
        files
            .map(|path| {
                let bytes = fs::read(&path).unwrap();
                // A session that was killed before its counters had their length acknowledged nothing.
                let words = bytes.as_chunks::<8>().0.iter().chain([&[0; 8]; COUNTERS]).take(COUNTERS);
                let session = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
                (session, words.map(|word| u64::from_ne_bytes(*word)).collect())
            })
            .collect()
    }

    /// What the collector stored: each batch once.
    pub(crate) fn batches(&self) -> Vec<Batch> {
        let files = fs::read_dir(self.root.join("collected")).unwrap().map(|entry| entry.unwrap().path());
        files
            .filter(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('.'))
            .map(|path| nowait_wire::decode(&fs::read(path).unwrap()).unwrap())
            .collect()
    }

    /// Files of the device in one of its folders.
    pub(crate) fn device_files(&self, folder: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.device.join(folder)).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

/// A collector that writes what it is sent into a folder before it says so, and knows what it has.
pub(crate) struct Collector {
    root: PathBuf,
}

impl Upload for Collector {
    fn send(&mut self, parcel: Parcel<'_>) -> Option<Answer> {
        let id = nowait_wire::decode(parcel.body).ok()?.id.to_string();
        let unique = Uuid::new_v4();
        let stored = self.root.join("collected").join(&id);
        let known = stored.exists();
        if !known {
            let temporary = self.root.join("collected").join(format!(".{unique}"));
            fs::write(&temporary, parcel.body).ok()?;
            fs::rename(temporary, stored).ok()?;
        }
        let status = if known { ReceiptStatus::Duplicate } else { ReceiptStatus::Stored };
        let receipt = Receipt { batch: id, status, reason: String::new(), config: None };
        Some(Answer { status: 200, retry_after: None, body: serde_json::to_vec(&receipt).ok()? })
    }
}
