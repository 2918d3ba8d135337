//! An app update meets what the version before left: its recorder, its spool, what the customer had decided.
//!
//! `testdata/layout-2` was written by the version before (recorder layout 2): in each folder eleven events in a batch, and in
//! the recorder twenty more, a breadcrumb, and a death in the foreground.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::*;
use nowait_core::testing::MemoryUpload;
use nowait_core::{Consent, Kind, replay};
use std::io::Read;
use std::path::{Path, PathBuf};

fn testdata(which: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/layout-2").join(which)
}

/// A device's folder as the version before left it.
fn left_by_the_version_before(which: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&testdata(which), folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let bytes = || std::fs::read(entry.path()).unwrap();
        match name.strip_suffix(".gz") {
            _ if entry.path().is_dir() => copy(&entry.path(), &to.join(name)),
            Some(name) => {
                let mut whole = Vec::new();
                flate2::read::GzDecoder::new(&*bytes()).read_to_end(&mut whole).unwrap();
                std::fs::write(to.join(name), whole).unwrap();
            }
            None => std::fs::write(to.join(name), bytes()).unwrap(),
        }
    }
}

#[test]
fn what_was_granted_is_delivered_with_its_install() {
    let folder = left_by_the_version_before("granted");
    let install = std::fs::read_to_string(folder.path().join("install")).unwrap();
    let upload = MemoryUpload::new();
    let (_, mut worker, _) = start(undecided(folder.path()), &upload);
    assert!(worker.flush().complete);
    assert_eq!(stored(&upload, "Pay.Confirm"), 30);
    let events = upload.events();
    let count = |kind| events.iter().filter(|(_, event)| event.kind == kind).count();
    assert_eq!((count(Kind::Breadcrumb), count(Kind::Exit)), (1, 1));
    assert!(upload.batches().iter().all(|batch| batch.context.install.to_string() == install));
    assert_balanced(&upload);
    worker.shutdown();
    assert_eq!(data_files(folder.path()), [""; 0], "and nothing of it is left");
}

#[test]
fn what_was_pending_stays_so() {
    let folder = left_by_the_version_before("pending");
    let upload = MemoryUpload::new();
    let (nowait, mut worker, _) = start(undecided(folder.path()), &upload);
    worker.flush();
    assert_eq!(upload.attempts(), 0);
    nowait.consent(Consent::Granted);
    assert!(worker.flush().complete);
    assert_eq!(stored(&upload, "Pay.Confirm"), 30);
    assert_balanced(&upload);
}

#[test]
fn what_is_refused_after_the_update_is_wiped() {
    let folder = left_by_the_version_before("granted");
    let upload = MemoryUpload::new();
    let refused = nowait_core::Config { consent: Consent::Refused, ..config(folder.path()) };
    let (_, mut worker, _) = start(refused, &upload);
    worker.flush();
    assert_eq!((upload.attempts(), data_files(folder.path()).len()), (0, 0));
}

#[test]
fn a_recorder_of_an_unknown_layout_is_set_aside_and_counted() {
    let folder = left_by_the_version_before("granted");
    let live = folder.path().join("live");
    let ring = live.join(&files(&live)[0]);
    let mut bytes = std::fs::read(&ring).unwrap();
    bytes[6] = 9;
    std::fs::write(&ring, &bytes).unwrap();
    let problem = replay(&bytes).unwrap_err();
    assert!(problem.is_recorder() && problem.to_string().contains("layout 9"), "{problem}");
    let upload = MemoryUpload::new();
    let (nowait, mut worker, _) = start(undecided(folder.path()), &upload);
    record(nowait, "a", 1);
    // Three starts may try to read a recorder; one that says of itself that it cannot be read is set aside at once.
    assert!(worker.shutdown().complete);
    assert_eq!(files(&folder.path().join("quarantine")).len(), 1);
    assert_eq!(stored(&upload, "Pay.Confirm"), 10, "the batch in the spool is whole");
    let ledger = upload.batches().last().unwrap().ledger.clone();
    assert_eq!(ledger.dropped[nowait_core::DropReason::Quarantined as usize], 1);
}

#[test]
fn a_recorder_can_be_replayed() {
    let folder = left_by_the_version_before("pending");
    let live = folder.path().join("live");
    let bytes = std::fs::read(live.join(&files(&live)[0])).unwrap();
    let replayed = replay(&bytes).unwrap();
    assert_eq!(replayed.events.iter().filter(|event| event.kind == Kind::Action).count(), 20);
    assert_eq!(replayed.events.last().unwrap().kind, Kind::Exit);
    assert!(replay(b"no recorder").unwrap_err().to_string().contains("NWRING"));
}
