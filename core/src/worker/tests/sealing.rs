//! Killed on the way from events to a sealed batch, and what comes then: every event is delivered or counted, and once.

use super::*;
use crate::limits::SPOOL_FILES_MAX;
use crate::ring::account::Account;
use crate::ring::layout;
use crate::spool::{Seal, Spool, Value};
use crate::sync::AtomicU64;
use crate::upload::{Cancel, Parcel, Upload};
use nowait_wire::{DropReason, Ledger};

/// When all is sealed, and something is about to be sent.
const AFTER: &str = "batch read";

/// A process with an event, killed when a flush of it comes to this step of the engine.
fn die_sealing(disk: Arc<dyn Disk>, folder: &Path, step: &'static str) -> NoWait {
    die_sealing_after(|_| (), disk, folder, step)
}

/// The same after something else; `before` is told the generation of the session.
fn die_sealing_after(
    before: impl FnOnce(u64),
    disk: Arc<dyn Disk>,
    folder: &Path,
    step: &'static str,
) -> NoWait {
    let offline = MemoryUpload::new();
    offline.plan([const { None }; 8]);
    let nowait = NoWait::on_clock(Clock::Manual(ManualClock::new(0)));
    let mut worker = testing::begin(nowait, config(folder, "0"), offline, disk).unwrap();
    worker.turn();
    record(nowait, 1);
    before(nowait.engine.recorder.flight().unwrap().generation);
    assert!(faulty::until_step(step, || worker.flush()).is_none(), "{step} never came");
    nowait
}

fn record(nowait: NoWait, number: u64) {
    let event = Event { a: number, ..Event::new(Kind::Action, nowait.name("a")) };
    assert!(nowait.record(&event).is_taken());
}

fn spooled(folder: &Path) -> Vec<std::path::PathBuf> {
    let files = fs::read_dir(folder.join("spool")).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|ending| ending == "batch")).collect()
}

/// The next start delivers what there is: the numbers that arrived, and how many events the accounts say were dropped.
fn deliver_rest(folder: &Path, upload: &MemoryUpload) -> (Vec<u64>, u64) {
    let_go(folder, &[]);
    assert!(start(config(folder, "0"), upload).shutdown().complete);
    let mut latest: HashMap<Uuid, Ledger> = HashMap::new();
    for batch in upload.batches() {
        let ledger = latest.entry(batch.id.session).or_default();
        if batch.ledger.produced >= ledger.produced {
            *ledger = batch.ledger;
        }
    }
    let produced: u64 = latest.values().map(|ledger| ledger.produced).sum();
    let dropped: u64 = latest.values().map(Ledger::dropped_total).sum();
    assert_eq!(produced, upload.events().len() as u64 + dropped, "{latest:?}");
    let measured =
        |(_, event): (String, Event)| (event.kind == Kind::Action && event.a > 0).then_some(event.a);
    let mut numbers: Vec<u64> = upload.events().into_iter().filter_map(measured).collect();
    numbers.sort_unstable();
    (numbers, dropped)
}

/// Another process sends the batch at once; then the power is cut. The recorder may not know any more that the batch is
/// sealed, but where it was cut, so that no other events get its id.
#[test]
fn a_batch_that_was_sent_is_cut_the_same_way_after_a_power_cut() {
    for step in ["batch sealed", "sealed-to noted"] {
        let folder = faulty::folder();
        let disk = Arc::new(FaultyDisk::that_is_cut_off());
        let nowait = die_sealing(disk.clone(), folder.path(), step);
        record(nowait, 2);
        let mut upload = MemoryUpload::new();
        for path in spooled(folder.path()) {
            let frame = crate::spool::into_frame(fs::read(&path).unwrap()).unwrap();
            let parcel = Parcel {
                url: "",
                app_key: "",
                sent_unix_ms: 0,
                body: &frame,
                timeout: Duration::ZERO,
                cancel: Cancel::default(),
            };
            assert_eq!(upload.send(parcel).unwrap().status, 200);
            fs::remove_file(path).unwrap();
        }
        assert_eq!(upload.batches().len(), 1);
        disk.cut_off(Path::new(&recorders(folder.path())[0]));
        assert_eq!(deliver_rest(folder.path(), &upload), (vec![1, 2], 0), "{step}");
    }
}

/// Its recorder does not know that it is sealed, so that a recovery makes it again: it must not be counted as lost as well.
#[test]
fn a_damaged_batch_is_not_counted_before_its_recorder_knows_of_it() {
    for (step, is_known) in [("batch sealed", false), ("sealed-to noted", true)] {
        let folder = faulty::folder();
        die_sealing(Arc::new(RealDisk), folder.path(), step);
        let [path] = &spooled(folder.path())[..] else { panic!("one batch") };
        let mut bytes = fs::read(path).unwrap();
        let last = bytes.len() - 10;
        bytes[last] ^= 1;
        fs::write(path, bytes).unwrap();
        // A process that only sends finds it, too.
        let (numbers, dropped) = deliver_rest(folder.path(), &MemoryUpload::new());
        assert_eq!((numbers, dropped > 0), (if is_known { vec![] } else { vec![1] }, is_known), "{step}");
    }
}

const FILLER: Uuid = Uuid::from_u128(9);

/// Fills the spool with accounts.
fn fill(folder: &Path, generation: u64) {
    let mut spool = Spool::new(Arc::new(RealDisk), folder, FILLER, |_, _, _, _| true);
    let words: Vec<AtomicU64> = (0..layout::WORDS).map(|_| AtomicU64::new(0)).collect();
    for number in 0..SPOOL_FILES_MAX as u64 {
        let seal = Seal {
            session: FILLER,
            first: number,
            next: number,
            generation,
            events: 0,
            value: Value::Account,
            last: true,
            split: false,
            pending: false,
        };
        spool.seal(b"an account", seal, Account::new(&words)).unwrap();
    }
}

/// A batch for which there is no room, as all that is there is worth more, is delivered by a recovery or counted.
#[test]
fn a_batch_without_room_is_counted_once_whatever_kills_its_process() {
    for step in ["intent written", "batch sealed", "sealed-to noted", AFTER] {
        let folder = faulty::folder();
        die_sealing_after(
            |generation| fill(folder.path(), generation),
            Arc::new(RealDisk),
            folder.path(),
            step,
        );
        for path in spooled(folder.path()) {
            if path.to_str().unwrap().ends_with(&format!("-{}.batch", FILLER.simple())) {
                fs::remove_file(path).unwrap();
            }
        }
        let upload = MemoryUpload::new();
        let (numbers, dropped) = deliver_rest(folder.path(), &upload);
        let is_dropped = step == AFTER;
        assert_eq!((numbers, dropped > 0), (if is_dropped { vec![] } else { vec![1] }, is_dropped), "{step}");
        let evicted = upload
            .batches()
            .iter()
            .map(|batch| batch.ledger.dropped[DropReason::SpoolEvicted as usize])
            .max();
        assert_eq!(evicted, Some(dropped));
    }
}
