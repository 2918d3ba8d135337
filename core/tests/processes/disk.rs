//! Disks that refuse: full when NoWait starts, full later, read-only, not there. Over a quota: see `quota`.
//!
//! Mounting needs root; without it these tests say so and prove nothing.

use crate::base::Base;
use crate::child::{record, start_whatever_the_disk_says};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Events that a child records on a disk in trouble.
pub(crate) const EVENTS: u64 = 1_000;

/// A mounted file system that is unmounted with the value.
pub(crate) struct Mount(pub(crate) PathBuf);

impl Mount {
    pub(crate) fn new(base: &Base, arguments: &[&str]) -> Option<Mount> {
        let point = base.root().join("mounted");
        fs::create_dir_all(&point).unwrap();
        let status = Command::new("mount").args(arguments).arg(&point).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success()).then(|| Mount(point))
    }

    fn remount(&self, option: &str) {
        let option = format!("remount,{option}");
        assert!(Command::new("mount").args(["-o", &option]).arg(&self.0).status().unwrap().success());
    }

    fn fill(&self) {
        // As large as it gets; the error is the point.
        let _ = fs::write(self.0.join("junk"), vec![1_u8; 32 << 20]);
    }

    fn empty(&self) {
        fs::remove_file(self.0.join("junk")).unwrap();
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

pub(crate) fn not_tested(what: &str) {
    println!("disk: {what}: not tested here, it needs root and a kernel that can mount it");
}

pub(crate) fn tmpfs() {
    let (_folder, base) = Base::fresh();
    match Mount::new(&base, &["-t", "tmpfs", "-o", "size=2m", "nowait-test"]) {
        Some(mount) => every_trouble(&base, &mount, "tmpfs"),
        None => not_tested("tmpfs"),
    }
}

pub(crate) fn ext4() {
    let (_folder, base) = Base::fresh();
    let image = base.root().join("image");
    fs::File::create(&image).unwrap().set_len(8 << 20).unwrap();
    let made = Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image).stderr(Stdio::null()).status();
    let mount = made
        .is_ok_and(|status| status.success())
        .then(|| Mount::new(&base, &["-o", "loop", image.to_str().unwrap()]))
        .flatten();
    match mount {
        Some(mount) => every_trouble(&base, &mount, "ext4"),
        None => not_tested("ext4"),
    }
}

fn every_trouble(base: &Base, mount: &Mount, kind: &str) {
    let trouble = |name: &str| base.with_device(&mount.0.join(name));
    // Full at the start.
    mount.fill();
    check(&trouble("a"), "start_full", true, &format!("{kind}, full at the start"));
    mount.empty();
    // Room for the file, not for what comes later.
    let base = trouble("b");
    check(&base, "fill", false, &format!("{kind}, full later"));
    mount.empty();
    // Read-only.
    mount.remount("ro");
    check(&trouble("c"), "start_full", true, &format!("{kind}, read-only"));
    mount.remount("rw");
}

/// Runs a child on a disk in trouble: it must end well, deliver everything and say where its recorder was.
pub(crate) fn check(base: &Base, role: &str, on_heap: bool, what: &str) {
    let before = delivered(base).0;
    let status = base.run(role);
    assert!(status.success(), "{what}: {status:?}");
    let (after, heap) = delivered(base);
    assert_eq!((after - before, heap), (EVENTS as usize, on_heap), "{what}");
    println!("disk: {what}: {EVENTS} of {EVENTS} delivered, recorder on the heap: {on_heap}");
    for file in fs::read_dir(base.root().join("collected")).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
}

pub(crate) fn delivered(base: &Base) -> (usize, bool) {
    let batches = base.batches();
    let events = batches.iter().map(|batch| batch.events.len()).sum();
    (events, batches.iter().any(|batch| batch.ledger.ring_on_heap))
}

/// The child's side: what a disk refuses from the start.
pub(crate) fn start_and_record(base: &Base) {
    let nowait = start_whatever_the_disk_says(base);
    (0..EVENTS).for_each(|number| assert!(record(nowait, 0, number).is_taken()));
    assert!(nowait.shutdown(Duration::from_secs(30)).complete);
}

/// The child's side: the disk fills while it records.
pub(crate) fn fill_and_go_on(base: &Base) {
    let nowait = start_whatever_the_disk_says(base);
    (0..EVENTS / 2).for_each(|number| assert!(record(nowait, 0, number).is_taken()));
    let _ = fs::write(base.device().parent().unwrap().join("junk"), vec![1_u8; 32 << 20]);
    (EVENTS / 2..EVENTS).for_each(|number| assert!(record(nowait, 0, number).is_taken()));
    assert!(nowait.shutdown(Duration::from_secs(30)).complete);
}

pub(crate) fn back_to_the_file_at_the_next_start() {
    let (_folder, base) = Base::fresh();
    // A file where the folder should be.
    fs::write(base.device(), "in the way").unwrap();
    check(&base, "start_full", true, "no folder to be had");
    fs::remove_file(base.device()).unwrap();
    check(&base, "start_full", false, "the folder is back");
}
