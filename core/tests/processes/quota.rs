//! Folders over their quota: by a filter in the kernel, which every Linux has, and by real quotas where they can be had.
//!
//! Real ones need root, and a kernel with quotas of tmpfs or the programs that make a btrfs; without them these tests
//! say so and prove nothing. The filter always proves: the calls that a quota refuses answer as it would.

use crate::base::Base;
use crate::child::{record, start_with_file};
use crate::disk::{EVENTS, Mount, check, delivered, not_tested};
use crate::system_calls::install_filter;
use libc::{BPF_ABS, BPF_JEQ, BPF_JGT, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, sock_filter};
use nowait_core::{Answer, NoWait, Parcel, Recorded, Upload, Uuid};
use nowait_wire::{Receipt, ReceiptStatus};
use std::fs::{self, File};
use std::io::{IoSlice, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The child's role, what is refused, what `fallocate` answers, and whether writes are over quota too.
const REFUSALS: [(&str, &str, i32, bool); 3] = [
    ("quota_blocks", "no blocks for the recorder", libc::EDQUOT, false),
    ("quota_writes", "no blocks, no writes", libc::EDQUOT, true),
    ("quota_zeros", "no writes, and no call for blocks", libc::EOPNOTSUPP, true),
];

pub(crate) fn by_filter() {
    for (role, what, ..) in REFUSALS {
        let (_folder, base) = Base::fresh();
        check(&base, role, true, &format!("over quota by filter, {what}"));
        let half: Vec<_> = files(base.device()).into_iter().filter(|path| is_half_written(path)).collect();
        assert!(half.is_empty(), "{what}: left half-written: {half:?}");
        assert_file_is_back(&base, what);
    }
}

/// All delivered, by a next start that has room: it must have its file while it runs.
fn assert_file_is_back(base: &Base, what: &str) {
    assert!(base.run("has_file").success(), "{what}: no file at the next start");
    assert_eq!(delivered(base).0, EVENTS as usize, "{what}: the next start");
    assert!(base.device_files("live").is_empty(), "{what}: a clean end leaves no recorder");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Files that may be empty: of three it counts who holds their lock, and the shared one another process may have mapped.
const EMPTY: [&str; 4] = ["adoption", "shared", "starting", "upload.lock"];

/// A recorder without its owner, a batch whose rename never came, a file whose write never came.
fn is_half_written(path: &Path) -> bool {
    if EMPTY.iter().any(|name| path.ends_with(name)) {
        return false;
    }
    let is_named = |name: &str| path.file_name().unwrap().to_str().unwrap().starts_with(name);
    path.parent().unwrap().ends_with("live") || is_named(".") || fs::metadata(path).unwrap().len() == 0
}

/// The child's side: over quota before NoWait starts, in every thread.
pub(crate) fn record_over_quota(base: &Base, role: &str) {
    let (_, _, fallocate, writes) = REFUSALS.into_iter().find(|refusal| refusal.0 == role).unwrap();
    refuse(fallocate, writes);
    let refused = fs::write(base.root().join("junk"), "junk").is_err();
    assert_eq!(refused, writes, "the filter");
    let nowait = NoWait::start_with(base.config(), Vectored(base.root().join("collected"))).unwrap();
    nowait.flush(Duration::from_secs(30));
    (0..EVENTS).for_each(|number| assert!(record(nowait, 0, number).is_taken()));
    assert!(nowait.shutdown(Duration::from_secs(30)).complete);
}

/// The child's side: the disk has room again.
pub(crate) fn record_into_a_file(base: &Base) {
    let nowait = start_with_file(base);
    assert_eq!(base.device_files("live").len(), 1);
    (0..EVENTS).for_each(|number| assert_eq!(record(nowait, 0, number), Recorded::Kept));
    assert!(nowait.shutdown(Duration::from_secs(30)).complete);
}

/// From here on `fallocate`, and if wanted every `write` and `pwrite64` but to the standard streams, fails in this
/// thread and those it starts. What a collector needs, `writev` among it, goes on.
fn refuse(fallocate: i32, writes: bool) {
    let statement = |code: u32, k: u32| sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let jump =
        |how: u32, k: u32, jt: u8, jf: u8| sock_filter { code: (BPF_JMP | how | BPF_K) as u16, jt, jf, k };
    let load = |offset: u32| statement(BPF_LD | BPF_W | BPF_ABS, offset);
    let error = |errno: i32| statement(BPF_RET | BPF_K, libc::SECCOMP_RET_ERRNO | errno as u32);
    // Where the number of the call and the low half of its first argument, a descriptor, stand in what a filter sees.
    let (number, descriptor) = (0, if cfg!(target_endian = "little") { 16 } else { 20 });
    let over_quota =
        if writes { error(libc::EDQUOT) } else { statement(BPF_RET | BPF_K, libc::SECCOMP_RET_ALLOW) };
    install_filter(&[
        load(number),
        jump(BPF_JEQ, libc::SYS_fallocate as u32, 6, 0),
        jump(BPF_JEQ, libc::SYS_write as u32, 1, 0),
        jump(BPF_JEQ, libc::SYS_pwrite64 as u32, 0, 2),
        load(descriptor),
        jump(BPF_JGT, libc::STDERR_FILENO as u32, 1, 0),
        statement(BPF_RET | BPF_K, libc::SECCOMP_RET_ALLOW),
        over_quota,
        error(fallocate),
    ]);
}

/// The collector of `base`, but with the one system call for writing that is left.
struct Vectored(PathBuf);

impl Upload for Vectored {
    fn send(&mut self, parcel: Parcel<'_>) -> Option<Answer> {
        let id = nowait_wire::decode(parcel.body).ok()?.id.to_string();
        let temporary = self.0.join(format!(".{}", Uuid::new_v4()));
        let mut left = parcel.body;
        let mut file = File::create(&temporary).ok()?;
        while !left.is_empty() {
            let written = file.write_vectored(&[IoSlice::new(left)]).ok()?;
            left = left.get(written..)?;
        }
        fs::rename(temporary, self.0.join(&id)).ok()?;
        let receipt =
            Receipt { batch: id, status: ReceiptStatus::Stored, reason: String::new(), config: None };
        Some(Answer { status: 200, retry_after: None, body: serde_json::to_vec(&receipt).ok()? })
    }
}

/// A user's quota, which tmpfs has since Linux 6.6 where the kernel was built with it.
pub(crate) fn of_a_user() {
    /// A user that nobody is.
    const USER: u32 = 65_534;
    let (_folder, base) = Base::fresh();
    let options = "size=8m,mode=777,usrquota,usrquota_block_hardlimit=200k";
    let Some(mount) = Mount::new(&base, &["-t", "tmpfs", "-o", options, "nowait-test"]) else {
        return not_tested("a user's quota on tmpfs");
    };
    open_to_all(base.root());
    let device = base.with_device(&mount.0.join("device"));
    let program = base.root().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = Command::new(&program);
    command.envs(device.command("start_full").get_envs().filter_map(|(name, value)| Some((name, value?))));
    let status = command.uid(USER).gid(USER).status().unwrap();
    assert!(status.success(), "over quota: {status:?}");
    assert_eq!(delivered(&base), (EVENTS as usize, true));
    println!("disk: tmpfs, over a user's quota: {EVENTS} of {EVENTS} delivered, recorder on the heap: true");
}

fn open_to_all(folder: &Path) {
    for folder in [folder.to_owned(), folder.join("collected"), folder.join("acknowledged")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    }
}

/// A subvolume's quota, which every btrfs has. It copies on write, so blocks once allocated are not kept: a recorder
/// mapped there would be a SIGBUS when the quota is reached later, and must be on the heap from the start.
pub(crate) fn of_a_subvolume() {
    let (_folder, base) = Base::fresh();
    let image = base.root().join("image");
    // The smallest that mkfs.btrfs makes; a hole until it is written.
    File::create(&image).unwrap().set_len(128 << 20).unwrap();
    let run = |program: &str, arguments: &[&str], path: &Path| {
        let command = &mut Command::new(program);
        let status = command.args(arguments).arg(path).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    let mount = run("mkfs.btrfs", &["--force"], &image)
        .then(|| Mount::new(&base, &["-o", "loop", image.to_str().unwrap()]))
        .flatten();
    let Some(mount) = mount.filter(|mount| run("btrfs", &["quota", "enable"], &mount.0)) else {
        return not_tested("a subvolume's quota on btrfs");
    };
    let limit = |bytes: &str| assert!(run("btrfs", &["qgroup", "limit", bytes], &mount.0), "limit {bytes}");
    let device = base.with_device(&mount.0.join("device"));
    limit("200k");
    check(&device, "start_full", true, "btrfs, over its quota at the start");
    limit("4m");
    check(&base.with_device(&mount.0.join("later")), "fill", true, "btrfs, over its quota later");
}
