//! stub
use crate::batch::Value;
use crate::disk::{Disk, Lock};
use crate::ledger::Account;
use nowait_wire::{DropReason, Uuid};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seal { pub(crate) session: Uuid, pub(crate) first: u64, pub(crate) next: u64, pub(crate) events: u32, pub(crate) value: Value, pub(crate) last: bool, pub(crate) split: bool, pub(crate) generation: u64, pub(crate) pending: bool }
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry { pub(crate) sequence: u64, pub(crate) bytes: u64, pub(crate) seal: Seal, pub(crate) path: PathBuf }
pub(crate) enum Room { Enough, Made, None }
#[derive(Debug)]
pub(crate) struct Spool {}
impl Spool {
    pub(crate) fn open(_disk: Arc<dyn Disk>, _folder: &Path, _owner: Uuid) -> io::Result<Spool> { todo!() }
    pub(crate) fn is_there(&self) -> bool { todo!() }
    pub(crate) fn len(&self) -> io::Result<usize> { todo!() }
    pub(crate) fn entries(&self, _a: Account<'_>) -> io::Result<Vec<Entry>> { todo!() }
    pub(crate) fn seal(&mut self, _f: &[u8], _s: Seal, _a: Account<'_>) -> io::Result<()> { todo!() }
    pub(crate) fn make_room(&mut self, _b: u64, _s: &Seal, _a: Account<'_>) -> io::Result<Room> { todo!() }
    pub(crate) fn read(&self, _e: &Entry) -> io::Result<Vec<u8>> { todo!() }
    pub(crate) fn delivered(&self, _e: &Entry) -> io::Result<()> { todo!() }
    pub(crate) fn split(&mut self, _e: &Entry, _f: &[u8], _a: Account<'_>) -> io::Result<()> { todo!() }
    pub(crate) fn drop_entry(&self, _e: &Entry, _r: DropReason, _a: Account<'_>) -> io::Result<()> { todo!() }
    pub(crate) fn wipe_older(&self, _g: u64) -> io::Result<()> { todo!() }
    pub(crate) fn upload_lock(&self) -> io::Result<Option<Lock>> { todo!() }
}
pub(crate) fn finish_give_up(_d: &dyn Disk, _f: &Path, _o: Uuid, _a: Account<'_>) {}
pub(crate) fn remove_leftovers(_d: &dyn Disk, _f: &Path, _o: Uuid) {}
