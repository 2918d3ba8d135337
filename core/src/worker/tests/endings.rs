//! What the system says of ended processes, joined with what these left: each once, by process and time.

use super::*;
use crate::limits::SYSTEM_EXITS_MAX;
use crate::record::Fact;
use crate::recover::{SystemExit, SystemExits};
use crate::ring::layout;
use nowait_wire::{ExitCause, NameId, RefuseReason};
use std::sync::atomic::{AtomicUsize, Ordering};

/// When the device of these tests was booted: 6 March 2026.
const BOOTED_MS: u64 = 1_772_800_000_000;
const OTHER_PROCESS: u32 = 7;

/// A system that remembers these ends.
#[derive(Clone, Default)]
struct System {
    exits: Vec<SystemExit>,
    asked: Arc<AtomicUsize>,
}

impl SystemExits for System {
    fn recent(&mut self) -> Vec<SystemExit> {
        // Relaxed: one thread does everything here.
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.exits.clone()
    }
}

/// An end of the process that these tests run in, this long after the boot.
fn ended(second: u64, cause: ExitCause) -> SystemExit {
    SystemExit { process: std::process::id(), ended_unix_ms: BOOTED_MS + second * 1_000, cause }
}

fn system(exits: impl Into<Vec<SystemExit>>) -> System {
    System { exits: exits.into(), ..System::default() }
}

/// The device's clock this long after its boot.
fn clock_at(second: u64) -> ManualClock {
    let clock = ManualClock::new(BOOTED_MS);
    clock.advance(Duration::from_secs(second));
    clock
}

/// A process that starts at this second; the system may be asked.
fn process(
    folder: &Path,
    clock: &ManualClock,
    system: Option<System>,
    upload: &MemoryUpload,
) -> (NoWait, ManualWorker) {
    let nowait = NoWait::on_clock(Clock::Manual(clock.clone()));
    if let Some(system) = system {
        nowait.system_exits(system);
    }
    let worker = testing::begin(nowait, config(folder, "1"), upload.clone(), Arc::new(RealDisk)).unwrap();
    (nowait, worker)
}

/// A process with the app in front that starts at this second and dies ten seconds later, as soon as somebody looks.
fn die(folder: &Path, second: u64) {
    let clock = clock_at(second);
    let (nowait, mut worker) = process(folder, &clock, None, &MemoryUpload::new());
    worker.turn();
    nowait.append(Fact::Foreground { at: clock.uptime_ns(), restored: false });
    clock.advance(Duration::from_secs(10));
    worker.turn();
}

/// Makes the dead recorders those of another process.
fn in_other_process(folder: &Path) {
    for path in recorders(folder) {
        let mut bytes = fs::read(&path).unwrap();
        let at = layout::Word::Process as usize * 8;
        bytes[at..at + 8].copy_from_slice(&layout::checked(u64::from(OTHER_PROCESS)).to_ne_bytes());
        fs::write(&path, bytes).unwrap();
    }
}

/// The causes of all exits that arrived, in the order of the ends.
fn causes(upload: &MemoryUpload) -> Vec<ExitCause> {
    let events = upload.events().into_iter().map(|(_, event)| event);
    let mut exits: Vec<Event> = events.filter(|event| event.kind == Kind::Exit).collect();
    exits.sort_by_key(Event::ended_uptime_ns);
    exits.iter().map(|exit| ExitCause::of(exit.b)).collect()
}

/// What a start at this second tells of those that died, when the system says this.
fn told(folder: &Path, second: u64, system: System) -> Vec<ExitCause> {
    let_go(folder, &[]);
    let upload = MemoryUpload::new();
    let (_, mut worker) = process(folder, &clock_at(second), Some(system), &upload);
    assert!(worker.shutdown().complete);
    causes(&upload)
}

#[test]
fn an_exit_tells_the_cause_by_the_word_of_the_system() {
    for cause in ExitCause::ALL {
        let folder = faulty::folder();
        die(folder.path(), 100);
        assert_eq!(told(folder.path(), 300, system([ended(111, *cause)])), [*cause]);
    }
}

#[test]
fn neither_another_process_nor_another_time_is_taken_for_it() {
    let other = |exit: SystemExit| SystemExit { process: OTHER_PROCESS, ..exit };
    for (exits, expected) in [
        (vec![other(ended(111, ExitCause::Crash))], ExitCause::Unknown),
        (vec![ended(104, ExitCause::Crash)], ExitCause::Unknown),
        // Told by a clock that is slewed.
        (vec![ended(106, ExitCause::Crash)], ExitCause::Crash),
        // Alive in the background without a word for an hour.
        (vec![ended(3_700, ExitCause::LowMemory)], ExitCause::LowMemory),
        // The number is used again later.
        (vec![ended(5_000, ExitCause::User), ended(111, ExitCause::Crash)], ExitCause::Crash),
        (vec![other(ended(111, ExitCause::User)), ended(112, ExitCause::Crash)], ExitCause::Crash),
        (vec![], ExitCause::Unknown),
    ] {
        let folder = faulty::folder();
        die(folder.path(), 100);
        assert_eq!(told(folder.path(), 9_000, system(exits.clone())), [expected], "{exits:?}");
    }
}

#[test]
fn of_several_processes_each_has_its_own() {
    let folder = faulty::folder();
    die(folder.path(), 100);
    in_other_process(folder.path());
    die(folder.path(), 101);
    let other = SystemExit { process: OTHER_PROCESS, ..ended(112, ExitCause::LowMemory) };
    let system = system([ended(112, ExitCause::NotResponding), other]);
    assert_eq!(told(folder.path(), 300, system.clone()), [ExitCause::LowMemory, ExitCause::NotResponding]);
    // Relaxed: as above.
    assert_eq!(system.asked.load(Ordering::Relaxed), 1, "once, whatever died");
}

/// Numbers of processes are used again, and a wall clock that was moved can put an older end behind a newer session.
#[test]
fn what_was_told_of_one_session_is_told_of_no_other() {
    for again in [false, true] {
        let folder = faulty::folder();
        let words = system([ended(111, ExitCause::Crash)]);
        die(folder.path(), 100);
        if again {
            assert_eq!(told(folder.path(), 150, words.clone()), [ExitCause::Crash]);
        }
        // This one's clock was an hour behind when it died.
        let clock = clock_at(200);
        clock.set_wall_unix_ms(BOOTED_MS - 3_600_000);
        let (_, mut worker) = process(folder.path(), &clock, None, &MemoryUpload::new());
        worker.turn();
        let mut causes = told(folder.path(), 300, words);
        causes.sort_unstable();
        let expected = [ExitCause::Unknown, ExitCause::Crash];
        assert_eq!(causes, expected[..if again { 1 } else { 2 }], "{again}");
    }
}

#[test]
fn what_the_system_forgot_makes_room_for_what_comes() {
    let folder = faulty::folder();
    for number in 0..2 * SYSTEM_EXITS_MAX as u64 {
        let second = 100 * number;
        die(folder.path(), second);
        let last = ended(second + 11, ExitCause::Crash);
        let old = (0..SYSTEM_EXITS_MAX as u64)
            .map(|n| ended(second.saturating_sub(100 * n) + 11, ExitCause::Crash));
        assert_eq!(told(folder.path(), second + 50, system(old.collect::<Vec<_>>())), [ExitCause::Crash]);
        let shared = Shared::open(Arc::new(RealDisk), folder.path()).unwrap();
        assert!(shared.is_exit_told(last.mark()), "{number}");
    }
}

#[test]
fn a_wall_clock_that_was_moved_after_the_last_sign_of_life_hides_nothing() {
    for hours in [-3_i64, 3] {
        let folder = faulty::folder();
        die(folder.path(), 100);
        let_go(folder.path(), &[]);
        let moved = |unix_ms: u64| unix_ms.saturating_add_signed(hours * 3_600_000);
        // It was moved, then the process ended, then the app was started again.
        let exit = ended(200, ExitCause::Freezer);
        let exit = SystemExit { ended_unix_ms: moved(exit.ended_unix_ms), ..exit };
        let clock = clock_at(300);
        clock.set_wall_unix_ms(moved(clock.wall_unix_ms()));
        let upload = MemoryUpload::new();
        let (_, mut worker) = process(folder.path(), &clock, Some(system([exit])), &upload);
        assert!(worker.shutdown().complete);
        assert_eq!(causes(&upload), [ExitCause::Freezer], "{hours}");
    }
}

/// Killed between any two steps, or between two starts: whoever goes on says the same of it.
#[test]
fn whatever_kills_a_recovery_the_next_one_tells_the_same_once() {
    for step in ["ending noted", "ending told", "recovered batch sealed", "recovered sealed-to noted"] {
        let folder = faulty::folder();
        die(folder.path(), 100);
        let_go(folder.path(), &[]);
        let words = system([ended(111, ExitCause::NativeCrash)]);
        let clock = clock_at(200);
        let killed = faulty::until_step(step, || {
            let (_, mut worker) = process(folder.path(), &clock, Some(words), &MemoryUpload::new());
            worker.turn();
        });
        assert!(killed.is_none(), "{step} never came");
        // By now the system says something else.
        let later = system([ended(111, ExitCause::NativeCrash), ended(112, ExitCause::User)]);
        let causes = told(folder.path(), 300, later.clone());
        let native = causes.iter().filter(|cause| **cause == ExitCause::NativeCrash).count();
        assert_eq!(native, 1, "{step}: {causes:?}");
        let shared = Shared::open(Arc::new(RealDisk), folder.path()).unwrap();
        assert!(shared.is_exit_told(ended(111, ExitCause::NativeCrash).mark()), "{step}");
    }
}

#[test]
fn nobody_is_asked_where_nobody_died() {
    let folder = faulty::folder();
    let words = system([]);
    assert_eq!(told(folder.path(), 100, words.clone()), []);
    assert_eq!(told(folder.path(), 200, words.clone()), []);
    // Relaxed: as above.
    assert_eq!(words.asked.load(Ordering::Relaxed), 0);
}

/// A host whose question panics.
struct Panics;

impl SystemExits for Panics {
    fn recent(&mut self) -> Vec<SystemExit> {
        panic!("a defect of the host")
    }
}

#[test]
fn a_system_that_cannot_be_asked_costs_the_cause_and_nothing_else() {
    let folder = faulty::folder();
    die(folder.path(), 100);
    let_go(folder.path(), &[]);
    let upload = MemoryUpload::new();
    let nowait = NoWait::on_clock(Clock::Manual(clock_at(200)));
    nowait.system_exits(Panics);
    let begun = testing::begin(nowait, config(folder.path(), "1"), upload.clone(), Arc::new(RealDisk));
    assert!(begun.unwrap().shutdown().complete);
    assert_eq!(causes(&upload), [ExitCause::Unknown]);
    let ledger = upload.batches().pop().unwrap().ledger;
    assert_eq!((ledger.panics_caught, ledger.facts.refused[RefuseReason::Quarantined as usize]), (1, 0));
}

#[test]
fn an_exception_that_nobody_caught_is_the_cause_unless_the_system_knows_better() {
    let at = |second: u64| second * 1_000_000_000;
    let crash = |second| Fact::Crashed { at: at(second), name: NameId::OTHER };
    let touch = |second| Fact::TouchUp { at: at(second), target: NameId::NONE };
    for (facts, system_says, expected) in [
        (vec![crash(110)], None, ExitCause::Crash),
        (vec![crash(110)], Some(ExitCause::Unknown), ExitCause::Crash),
        // The app's own handler ended the process.
        (vec![crash(110)], Some(ExitCause::Exited), ExitCause::Crash),
        (vec![crash(110)], Some(ExitCause::Signal), ExitCause::Crash),
        (vec![crash(110)], Some(ExitCause::NativeCrash), ExitCause::NativeCrash),
        // Somebody kept it from the system: the customer went on.
        (vec![crash(100), touch(111)], None, ExitCause::Unknown),
        (vec![crash(100), touch(110)], None, ExitCause::Crash),
        (vec![], None, ExitCause::Unknown),
    ] {
        let folder = faulty::folder();
        // Facts of a later moment than the clock's are told now.
        die_at(folder.path(), &facts);
        let exits: Vec<SystemExit> = system_says.into_iter().map(|cause| ended(121, cause)).collect();
        assert_eq!(told(folder.path(), 300, system(exits)), [expected], "{facts:?} {system_says:?}");
    }
}

/// A process that lives from second 90 to 112 and tells these facts at their times.
fn die_at(folder: &Path, facts: &[Fact]) {
    let clock = clock_at(90);
    let (nowait, mut worker) = process(folder, &clock, None, &MemoryUpload::new());
    worker.turn();
    clock.advance(Duration::from_secs(22));
    facts.iter().for_each(|fact| _ = nowait.append(*fact));
    worker.turn();
}

/// The class of the exception is the last that is known of a crash.
#[test]
fn the_trail_of_a_crash_ends_with_the_class_of_the_exception() {
    let folder = faulty::folder();
    let clock = clock_at(90);
    let (nowait, mut worker) = process(folder.path(), &clock, None, &MemoryUpload::new());
    worker.turn();
    nowait.breadcrumb(nowait.crumb("transfer.sent"));
    nowait.append(Fact::Crashed {
        at: clock.uptime_ns(),
        name: nowait.name("java.lang.IllegalStateException"),
    });
    worker.turn();
    drop(worker);
    let_go(folder.path(), &[]);
    let upload = MemoryUpload::new();
    let (_, mut next) = process(folder.path(), &clock_at(300), None, &upload);
    assert!(next.shutdown().complete);
    let named: Vec<_> = upload.events().into_iter().map(|(name, event)| (event.kind, name)).collect();
    let last = named.iter().rposition(|(kind, _)| *kind == Kind::Exit).unwrap();
    assert_eq!(named[last - 1], (Kind::Breadcrumb, "java.lang.IllegalStateException".to_owned()));
}
