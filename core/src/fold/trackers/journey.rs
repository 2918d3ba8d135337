//! Journey and step: a banking task, its touchpoints, and how their time splits.
//!
//! Owns: the journeys under way and the meter of waiting, away and sleep. Refuses: to know what makes a customer wait.
//! Invariant: waiting + away <= duration; the rest is acting.
//!
//! A trip to the background does not end a journey (a customer who fetches a code from another app comes back):
//! it is its away time. Journeys and steps last on the boot clock, which runs while the device sleeps: 25 minutes in
//! a pocket are absence, though the uptime clock stood still. Sleep is away, wherever the app was: nobody waits for a
//! sleeping device or works on it.

use super::limits::{JOURNEY_NS_MAX, JOURNEYS_MAX, US};
use super::place::{Begun, Limit, Place, told_by_app};
use super::table::Table;
use nowait_wire::{Event, Kind, NameId, Outcome};
use serde::{Deserialize, Serialize};

const LIMIT: Limit = Limit::timed_out(JOURNEY_NS_MAX);

/// What the customer does at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Acting,
    Waiting,
    Away,
}

/// Nanoseconds spent since the process began: on the uptime clock waiting, on the boot clock away, and asleep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Spent {
    waiting: u64,
    away: u64,
    asleep: u64,
}

impl Spent {
    fn since(&self, begin: &Spent) -> Spent {
        Spent {
            waiting: self.waiting.saturating_sub(begin.waiting),
            away: self.away.saturating_sub(begin.away),
            asleep: self.asleep.saturating_sub(begin.asleep),
        }
    }
}

/// A journey or a step that is under way, with the meter as it was at its begin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Stretch {
    begun: Begun,
    begin: Spent,
}

impl Stretch {
    fn close(&self, kind: Kind, at: u64, outcome: Outcome, now: &Spent) -> Event {
        let spent = now.since(&self.begin);
        let mut event = self.begun.event(kind);
        let lasted = at.saturating_sub(self.begun.at).saturating_add(spent.asleep);
        LIMIT.close_after(&mut event, lasted, outcome);
        let away = spent.away.min(event.duration_ns);
        let waiting = spent.waiting.min(event.duration_ns - away);
        (event.a, event.b) = (waiting / US, away / US);
        event
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct UnderWay {
    journey: Stretch,
    step: Option<Stretch>,
}

impl UnderWay {
    fn id(&self) -> u64 {
        self.journey.begun.place.journey
    }

    /// When the limit ends on the uptime clock, if the device sleeps no more.
    fn due(&self, now: &Spent) -> u64 {
        let asleep = now.since(&self.journey.begin).asleep;
        self.journey.begun.at.saturating_add(LIMIT.ns.saturating_sub(asleep))
    }

    /// The last step shares the fate of its journey, so that a report shows where customers give up.
    fn close(&self, at: u64, outcome: Outcome, now: &Spent, mut ended: impl FnMut(Event)) {
        let journey = self.journey.close(Kind::Journey, at, outcome, now);
        if let Some(step) = self.step {
            ended(step.close(Kind::Step, at, journey.outcome, now));
        }
        ended(journey);
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Journeys {
    under_way: Table<UnderWay, JOURNEYS_MAX>,
    spent: Spent,
    /// Up to when on the uptime clock.
    now: u64,
}

impl Journeys {
    pub(super) const fn new() -> Journeys {
        Journeys { under_way: Table::new(), spent: Spent { waiting: 0, away: 0, asleep: 0 }, now: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// The journey begun last among those under way; 0 for none.
    pub(super) fn current(&self) -> u64 {
        self.under_way.iter().next_back().map_or(0, UnderWay::id)
    }

    pub(super) fn due(&self) -> u64 {
        self.under_way.iter().map(|journey| journey.due(&self.spent)).min().unwrap_or(u64::MAX)
    }

    /// The latest moment that the meter has seen.
    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// The customer did `mode` until `at`.
    pub(super) fn pass(&mut self, at: u64, mode: Mode) {
        let passed = at.saturating_sub(self.now);
        self.now = self.now.max(at);
        match mode {
            Mode::Acting => {}
            Mode::Waiting => self.spent.waiting = self.spent.waiting.saturating_add(passed),
            Mode::Away => self.spent.away = self.spent.away.saturating_add(passed),
        }
    }

    /// The device slept for so long just now. Journeys whose limit ended in the sleep expire, in the order of time.
    pub(super) fn sleep(&mut self, ns: u64, mut ended: impl FnMut(Event)) {
        let mut left = ns;
        // Each round but the last ends a journey.
        for _ in 0..=JOURNEYS_MAX {
            let part = left.min(self.due().saturating_sub(self.now));
            self.spent.away = self.spent.away.saturating_add(part);
            self.spent.asleep = self.spent.asleep.saturating_add(part);
            left -= part;
            if left == 0 {
                break;
            }
            self.expire(self.now, &mut ended);
        }
    }

    /// False when the table is full. One that is under way was told twice.
    #[must_use]
    pub(super) fn started(&mut self, at: u64, id: u64, name: NameId, screen: NameId) -> bool {
        if id == 0 || self.under_way.iter().any(|journey| journey.id() == id) {
            return true;
        }
        let begun = Begun { name, place: Place { screen, journey: id }, at };
        self.under_way.push(UnderWay { journey: Stretch { begun, begin: self.spent }, step: None })
    }

    /// Begins a step and gives back the one that it ends.
    pub(super) fn step(&mut self, at: u64, id: u64, name: NameId, screen: NameId) -> Option<Event> {
        let journey = self.under_way.iter_mut().find(|journey| journey.id() == id)?;
        let begun = Begun { name, place: Place { screen, journey: id }, at };
        let ended = journey.step.replace(Stretch { begun, begin: self.spent });
        ended.map(|step| step.close(Kind::Step, at, Outcome::Done, &self.spent))
    }

    /// That it goes on elsewhere, where it is known by this number. It goes on here too, until it is ended: the customer
    /// may turn back.
    pub(super) fn handed_over(&self, at: u64, id: u64, continuation: u64, screen: NameId) -> Option<Event> {
        let UnderWay { journey: Stretch { begun, .. }, .. } =
            self.under_way.iter().find(|journey| journey.id() == id)?;
        let place = Place { screen, ..begun.place };
        Some(Event { a: continuation, ..place.event(Kind::HandOver, begun.name, at) })
    }

    pub(super) fn ended(&mut self, at: u64, id: u64, outcome: Outcome, ended: impl FnMut(Event)) {
        if let Some(journey) = self.under_way.take(|journey| journey.id() == id) {
            journey.close(at, told_by_app(outcome), &self.spent, ended);
        }
    }

    /// Ends the oldest journey whose limit ends at `due`; its step ends with it.
    pub(super) fn expire(&mut self, due: u64, ended: impl FnMut(Event)) {
        let Journeys { under_way, spent, .. } = self;
        if let Some(journey) = under_way.take(|journey| journey.due(spent) <= due) {
            journey.close(due, Outcome::TimedOut, spent, ended);
        }
    }

    pub(super) fn end_all(&mut self, at: u64, outcome: Outcome, mut ended: impl FnMut(Event)) {
        while let Some(journey) = self.under_way.take(|_| true) {
            journey.close(at, outcome, &self.spent, &mut ended);
        }
    }
}
