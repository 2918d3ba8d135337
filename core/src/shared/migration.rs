//! What the version before kept in files of their own is taken over once: the decision and the installation's id.
//!
//! Every step may be the last before a kill, and any number of processes may be at it: all of them come to the same
//! words, and the files go only after those are safe. (`pending/` is moved by `spool`.)

use super::{Shared, Word};
use crate::consent::{Consent, Decision};
use crate::disk::is_absent;
use std::io;
use std::sync::atomic::Ordering;

const INSTALL: &str = "install";
const CONSENT: &str = "consent";

/// Files as short as these are read whole.
const BYTES_MAX: u64 = 64;

/// What the folder holds before the shared file says anything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    /// Files of the version before.
    install: bool,
    consent: bool,
    /// Batches or recorders, of whichever version.
    used: bool,
}

impl Shared {
    pub(super) fn before(&self) -> io::Result<Before> {
        let names = match self.disk.list(&self.folder) {
            Err(error) if is_absent(&error) => Vec::new(),
            names => names?,
        };
        let has = |name: &str| names.iter().any(|found| found == name);
        let before =
            Before { install: has(INSTALL), consent: has(CONSENT), used: has("spool") || has("live") };
        // Relaxed: nothing is found by it.
        self.old_files.store(before.install || before.consent, Ordering::Relaxed);
        Ok(before)
    }

    /// The decision of a folder whose shared file has none: that of the version before, or none.
    pub(super) fn first_decision(&self, before: Before) -> io::Result<Decision> {
        if self.load(Word::Magic) != 0 {
            // The file was there, and its decision is damaged.
            return Ok(Decision::unknown());
        }
        if before.consent {
            return match self.read_text(CONSENT) {
                Ok(text) if text == "granted" => Ok(Decision::FIRST.then(Consent::Granted)),
                Ok(text) if text == "refused" => Ok(Decision::FIRST.then(Consent::Refused)),
                Ok(_) => Ok(Decision::FIRST),
                // Another process has taken it over and removed it: its word is there, and this one is not used.
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Decision::unknown()),
                Err(error) => Err(error),
            };
        }
        // Batches and recorders without the file that says whose they are: it was lost, and with it how often the
        // customer has refused.
        Ok(if before.used && !before.install { Decision::unknown() } else { Decision::FIRST })
    }

    /// Takes over the installation's id, which belongs to the time before any refusal.
    pub(super) fn take_over_install(&self, before: Before) -> io::Result<()> {
        if before.install {
            match self.read_text(INSTALL).map(|text| text.parse()) {
                Ok(Ok(id)) => {
                    self.keep_install(0, id);
                }
                Ok(Err(_)) => {}
                // Another process has taken it over.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        // What a process left that died over a refusal.
        self.forget_install();
        Ok(())
    }

    fn read_text(&self, name: &str) -> io::Result<String> {
        let bytes = self.disk.read(&self.folder.join(name), BYTES_MAX)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// Removes the files, once the words that came of them are safe.
    pub(super) fn remove_files_before(&self) -> io::Result<()> {
        // Relaxed: only the worker asks.
        if !self.old_files.load(Ordering::Relaxed) {
            return Ok(());
        }
        for name in [CONSENT, INSTALL] {
            match self.disk.remove(&self.folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        // Relaxed: as above.
        self.old_files.store(false, Ordering::Relaxed);
        Ok(())
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::disk::RealDisk;
    use crate::disk::faulty::{self, FaultyDisk};
    use nowait_wire::Uuid;
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    const PENDING: Decision = Decision::FIRST;
    const GRANTED: Decision = Decision { consent: Consent::Granted, generation: 0 };
    const REFUSED: Decision = Decision { consent: Consent::Refused, generation: 1 };

    /// A process of the app.
    fn process(folder: &Path) -> Shared {
        Shared::open(Arc::new(RealDisk), folder).unwrap()
    }

    /// What the version before leaves: a decision, an id, batches.
    fn folder_before(consent: Option<&str>, install: Option<Uuid>) -> tempfile::TempDir {
        let folder = faulty::folder();
        fs::create_dir(folder.path().join("spool")).unwrap();
        if let Some(consent) = consent {
            fs::write(folder.path().join("consent"), consent).unwrap();
        }
        if let Some(id) = install {
            fs::write(folder.path().join("install"), id.to_string()).unwrap();
        }
        folder
    }

    #[test]
    fn the_version_before_is_taken_over_whatever_kills_the_process() {
        let id = Uuid::new_v4();
        let cases = [
            (Some("granted"), Some(id), GRANTED),
            (Some("refused"), None, REFUSED),
            (Some("refused"), Some(id), REFUSED),
            (None, Some(id), PENDING),
            (Some("gran"), Some(id), PENDING),
        ];
        for (consent, install, expected) in cases {
            for moment in 0.. {
                let folder = folder_before(consent, install);
                let disk = Arc::new(FaultyDisk::kills_at(moment));
                let done = faulty::until_killed(|| {
                    Shared::open(disk, folder.path()).and_then(|shared| shared.sync())
                });
                let next = process(folder.path());
                assert_eq!(next.consent(), expected, "{consent:?} {moment}");
                if expected.consent != Consent::Refused {
                    assert_eq!(next.install_id(0), id);
                }
                next.sync().unwrap();
                assert!(!folder.path().join("install").exists() && !folder.path().join("consent").exists());
                next.decide(Consent::Refused);
                next.decide(Consent::Granted);
                assert_ne!(process(folder.path()).install_id(1), id, "the old id is not taken over again");
                if done.is_some() {
                    break;
                }
            }
        }
    }

    #[test]
    fn a_failing_operation_of_a_migration_forgets_nothing() {
        let id = Uuid::new_v4();
        for (consent, expected) in [("granted", GRANTED), ("refused", REFUSED)] {
            for operation in 0.. {
                let folder = folder_before(Some(consent), Some(id));
                let disk = Arc::new(FaultyDisk::fails_at(operation));
                let opened = Shared::open(disk.clone(), folder.path());
                let is_over = opened.and_then(|shared| shared.sync()).is_ok() && !disk.has_happened();
                let next = process(folder.path());
                assert_eq!(next.consent(), expected, "{operation}");
                if expected == GRANTED {
                    assert_eq!(next.install_id(0), id, "{operation}");
                }
                if is_over {
                    break;
                }
            }
        }
    }

    #[test]
    fn processes_that_start_at_once_take_over_the_same() {
        let id = Uuid::new_v4();
        for _ in 0..50 {
            let folder = folder_before(Some("granted"), Some(id));
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        let shared = process(folder.path());
                        assert_eq!(shared.consent(), GRANTED);
                        assert_eq!(shared.install_id(0), id);
                        shared.sync().unwrap();
                    });
                }
            });
        }
    }
}
