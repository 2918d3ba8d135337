//! What a plausible app does: screens, taps, frames, requests, actions, journeys, trips to the background, and measured
//! events that each have a number of their own.
//!
//! Owns: the facts of one process and which of its instances are open. Refuses: what happens beside it (`schedule`).
//! Invariant: a number is recorded once, in one process.

use super::network::POISON;
use super::verdict::MEASURED;
use super::world::{World, run, trace, with};
use crate::nowait::{NOW, NoWait};
use crate::record::Fact;
use crate::ring::Reserved;
use crate::ring::flight::Flight;
use crate::ring::flight::Recorded;
use crate::ring::layout;
use crate::ring::slot::{self, Payload};
use crate::sync::AtomicU64;
use nowait_wire::{Event, Kind, NameId, Outcome};
use std::time::Duration;

const NAMES: [&str; 10] = [
    "Home",
    "Accounts",
    "Transfer",
    "Pay.Confirm",
    "GET /accounts/{id}",
    "POST /transfers",
    "Login",
    "biometric",
    "qr.scan",
    "balance",
];

/// A thread that is parked inside of a push: it has a position and nothing in it.
struct Parked {
    words: &'static [AtomicU64],
    position: u64,
    payload: Payload,
    number: u64,
}

/// The app in one process.
pub(super) struct App {
    names: Vec<NameId>,
    is_in_front: bool,
    screens: Vec<(u64, NameId)>,
    requests: Vec<u64>,
    actions: Vec<u64>,
    journeys: Vec<u64>,
    parked: Vec<Parked>,
}

impl App {
    pub(super) fn new(nowait: NoWait) -> App {
        App {
            names: NAMES.iter().take(6).map(|name| nowait.name(name)).collect(),
            is_in_front: false,
            screens: Vec::new(),
            requests: Vec::new(),
            actions: Vec::new(),
            journeys: Vec::new(),
            parked: Vec::new(),
        }
    }

    /// Its threads are gone.
    pub(super) fn forget(&mut self) {
        self.parked.clear();
    }
}

/// Appends a fact; `false` if the process died over it.
fn append(pid: usize, fact: Fact) -> bool {
    let nowait = with(|world| world.processes[pid].nowait);
    let recorded = run(pid, || nowait.append(fact));
    counted(pid, recorded);
    recorded.is_some()
}

/// Counts a fact that found no room; `None` if the process died over it.
fn counted(pid: usize, recorded: Option<Recorded>) {
    with(|world| {
        let Some(recorded) = recorded else {
            // Killed before the call told, and perhaps after the account counted: a trip to the background wakes the worker
            // even where the fact found no room.
            world.processes[pid].refused_perhaps += 1;
            return;
        };
        world.stats.count("facts", &format!("{recorded:?}"));
        let process = &mut world.processes[pid];
        let recorder = &process.nowait.engine.recorder;
        let is_refused =
            recorder.shared().is_some_and(|shared| shared.consent().consent == crate::Consent::Refused);
        if recorded == Recorded::Refused && recorder.is_on() && !is_refused {
            let word = recorder.shared().map(|shared| shared.consent_word());
            let is_open = |flight: &Flight| word.is_some_and(|word| flight.is_open_under(word));
            if recorder.flight().is_some_and(is_open) {
                process.refused += 1;
            } else {
                process.refused_perhaps += 1;
            }
        }
    });
}

/// Records measured events, each with a number of its own.
pub(super) fn measure(pid: usize, count: u64) {
    for _ in 0..count {
        let (nowait, number, event) = with(|world| world.measured(pid));
        let recorded = run(pid, || nowait.record(&event));
        counted(pid, recorded);
        let Some(recorded) = recorded else { return };
        with(|world| world.processes[pid].numbers.push((number, recorded)));
    }
}

impl World {
    fn measured(&mut self, pid: usize) -> (NoWait, u64, Event) {
        self.truth.numbers += 1;
        let number = self.truth.numbers;
        let is_poison = self.flavour.has_poison && self.chance.below(150) == 0;
        let now = self.clock.uptime_ns();
        let lasts = self.chance.spread(1..2_000_000_000).min(now);
        let process = &self.processes[pid];
        let names = &process.app.names;
        let name = names[number as usize % names.len()];
        let event = Event {
            started_uptime_ns: now - lasts,
            duration_ns: lasts,
            a: number,
            b: if is_poison { POISON } else { MEASURED },
            ..Event::new(Kind::Action, name)
        };
        (process.nowait, number, event)
    }

    fn name(&mut self, pid: usize) -> NameId {
        let text = self.chance.pick(&NAMES);
        let process = &mut self.processes[pid];
        let name = process.nowait.name(text);
        if !process.app.names.contains(&name) {
            process.app.names.push(name);
        }
        name
    }
}

/// Time that the app itself takes: nobody else runs.
fn wait_ms(range: std::ops::Range<u64>) {
    with(|world| {
        let ms = world.chance.within(range);
        world.clock.advance(Duration::from_millis(ms));
    });
}

/// Does something that an app does.
pub(super) fn act(pid: usize) {
    let what = with(|world| world.chance.below(100));
    match what {
        0..20 => measure(pid, with(|world| world.chance.spread(1..40))),
        20..32 => tap(pid),
        32..45 => screen(pid),
        45..55 => request(pid),
        55..62 => action(pid),
        62..70 => journey(pid),
        70..74 => hang(pid),
        74..78 => frames(pid, with(|world| world.chance.spread(2..300))),
        78..84 => {
            let name = with(|world| world.name(pid));
            append(pid, Fact::Breadcrumb { at: NOW, name, number: what });
        }
        84..94 => trip(pid),
        94..96 => measure(pid, with(|world| world.chance.within(200..700))),
        96..98 => park(pid),
        98..99 => flood(pid),
        _ => {
            append(pid, Fact::ProcessStarted { at: 0, visible: what % 2 == 0 });
            append(pid, Fact::MainIdle { at: NOW });
        }
    }
    unpark(pid);
}

fn tap(pid: usize) {
    let target = with(|world| world.name(pid));
    let taps = with(|world| world.chance.spread(1..5));
    for _ in 0..taps {
        append(pid, Fact::TouchUp { at: NOW, target });
        wait_ms(1..200);
        append(pid, Fact::TouchHandled { at: NOW });
    }
    frames(pid, taps % 3);
}

fn frames(pid: usize, count: u64) {
    for _ in 0..count {
        wait_ms(8..24);
        let now = with(|world| world.clock.uptime_ns());
        if !append(pid, Fact::Frame { started: now.saturating_sub(9_000_000), deadline: now, at: NOW }) {
            return;
        }
    }
}

fn screen(pid: usize) {
    let (nowait, screen) = with(|world| (world.processes[pid].nowait, world.name(pid)));
    let left = with(|world| {
        let app = &mut world.processes[pid].app;
        if app.screens.len() > 2 { Some(app.screens.remove(0)) } else { None }
    });
    if let Some((id, _)) = left {
        append(pid, Fact::ScreenLeft { at: NOW, id });
    }
    let id = nowait.next_id();
    append(pid, Fact::Navigation { at: NOW });
    append(pid, Fact::ScreenCreated { at: NOW, id, screen });
    wait_ms(1..300);
    append(pid, Fact::ScreenShown { at: NOW, id, screen });
    if with(|world| world.chance.per_mille(700)) {
        wait_ms(1..900);
        append(pid, Fact::ScreenReady { at: NOW, id, screen });
    }
    with(|world| world.processes[pid].app.screens.push((id, screen)));
}

/// Ends the oldest of these, or begins one.
fn request(pid: usize) {
    let (nowait, route) = with(|world| (world.processes[pid].nowait, world.name(pid)));
    let open = with(|world| take(world, |app| &mut app.requests, pid));
    match open {
        Some(id) => {
            append(pid, Fact::RequestEnded { at: NOW, id, status: 200, outcome: Outcome::Done });
        }
        None => {
            let id = nowait.next_id();
            append(pid, Fact::RequestStarted { at: NOW, id, route });
            with(|world| world.processes[pid].app.requests.push(id));
        }
    }
}

fn action(pid: usize) {
    let (nowait, action) = with(|world| (world.processes[pid].nowait, world.name(pid)));
    match with(|world| take(world, |app| &mut app.actions, pid)) {
        Some(id) => {
            append(pid, Fact::ActionEnded { at: NOW, id, outcome: Outcome::Done });
        }
        None => {
            let id = nowait.next_id();
            append(pid, Fact::ActionStarted { at: NOW, id, action });
            with(|world| world.processes[pid].app.actions.push(id));
        }
    }
}

fn journey(pid: usize) {
    let (nowait, name) = with(|world| (world.processes[pid].nowait, world.name(pid)));
    match with(|world| take(world, |app| &mut app.journeys, pid)) {
        Some(id) => {
            append(pid, Fact::StepStarted { at: NOW, id, step: name });
            wait_ms(1..2_000);
            append(pid, Fact::JourneyEnded { at: NOW, id, outcome: Outcome::Done });
        }
        None => {
            let id = nowait.next_id();
            append(pid, Fact::JourneyStarted { at: NOW, id, journey: name });
            with(|world| world.processes[pid].app.journeys.push(id));
        }
    }
}

/// The oldest open instance, half of the times.
fn take(world: &mut World, of: impl Fn(&mut App) -> &mut Vec<u64>, pid: usize) -> Option<u64> {
    let takes = world.chance.per_mille(500);
    let open = of(&mut world.processes[pid].app);
    (takes && !open.is_empty()).then(|| open.remove(0))
}

fn hang(pid: usize) {
    append(pid, Fact::MainPing { at: NOW });
    wait_ms(10..450);
    append(pid, Fact::MainPing { at: NOW });
    wait_ms(10..450);
    append(pid, Fact::MainPong { at: NOW });
}

/// To the front or to the background; the device may sleep there.
fn trip(pid: usize) {
    let leaves = with(|world| {
        let app = &mut world.processes[pid].app;
        app.is_in_front = !app.is_in_front;
        !app.is_in_front
    });
    trace(|_| format!("process {pid} goes to the {}", if leaves { "background" } else { "front" }));
    if leaves {
        append(pid, Fact::Background { at: NOW });
        with(|world| {
            if world.chance.per_mille(300) {
                let minutes = world.chance.spread(1..600);
                world.clock.sleep(Duration::from_secs(60 * minutes));
                world.stats.count("time", "sleeps");
            }
        });
    } else {
        append(pid, Fact::Foreground { at: NOW, restored: true });
    }
}

/// Whoever is in the background comes to the front.
pub(super) fn comes_to_front(pid: usize) {
    if with(|world| world.processes[pid].is_alive && !world.processes[pid].app.is_in_front) {
        trip(pid);
    }
}

/// More facts than the ring holds.
fn flood(pid: usize) {
    with(|world| world.stats.count("floods", "of the ring"));
    for _ in 0..crate::limits::RING_SLOTS + 50 {
        if !append(pid, Fact::TouchHandled { at: NOW }) {
            return;
        }
    }
}

/// A thread is parked in the middle of a push.
fn park(pid: usize) {
    let (nowait, number, event) = with(|world| world.measured(pid));
    with(|world| {
        let recorder = &nowait.engine.recorder;
        let word = recorder.shared().map(|shared| shared.consent_word());
        let flight = recorder.flight().filter(|flight| word.is_some_and(|word| flight.is_open_under(word)));
        let (Some(flight), true) = (flight, recorder.is_on()) else { return };
        let Ok(Reserved { position, .. }) = flight.ring.reserve() else { return };
        let words = flight.memory.words;
        let payload = Fact::Measured(event).to_words();
        world.truth.parked(words, position);
        world.processes[pid].app.parked.push(Parked { words, position, payload, number });
        world.stats.count("threads", "parked");
    });
}

/// A thread that was parked goes on, perhaps.
fn unpark(pid: usize) {
    with(|world| {
        let goes_on = world.is_calm || world.chance.per_mille(300);
        let process = &mut world.processes[pid];
        if !goes_on || !process.is_alive || process.is_doomed || process.app.parked.is_empty() {
            return;
        }
        let Parked { words, position, payload, number } = process.app.parked.remove(0);
        let slots = layout::slots(words, layout::FACTS);
        slot::write(&slots[position as usize % slots.len()], position, &payload);
        let is_kept = world.truth.unparked(words, position, payload);
        let recorded = if is_kept { Recorded::Kept } else { Recorded::InMemory };
        world.processes[pid].numbers.push((number, recorded));
        world.stats.count("threads", "unparked");
    });
}

/// Every thread that was parked goes on.
pub(super) fn unpark_all(pid: usize) {
    while with(|world| world.processes[pid].is_alive && !world.processes[pid].app.parked.is_empty()) {
        unpark(pid);
    }
}
