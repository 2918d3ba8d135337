//! Journey and step: a banking task, its touchpoints, and how their time splits.
//!
//! Owns: the journeys under way and the meter of waiting and away. Refuses: to know what makes a customer wait.
//! Invariant: waiting + away <= duration; the rest is acting.
//!
//! A trip to the background does not end a journey (a customer who fetches a code from another app comes back):
//! it is its away time.

use super::limits::{JOURNEY_NS_MAX, JOURNEYS_MAX, US};
use super::place::{Limit, Place, told_by_app};
use super::table::Table;
use nowait_wire::{Event, Kind, NameId, Outcome};

const LIMIT: Limit = Limit::timed_out(JOURNEY_NS_MAX);

/// What the customer does at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    #[default]
    Acting,
    Waiting,
    Away,
}

/// Time spent waiting and away since the process began, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Meter {
    read_at: u64,
    waiting: u64,
    away: u64,
}

impl Meter {
    /// Adds the time up to `at`, during which the customer did `mode`.
    fn advance(&mut self, at: u64, mode: Mode) {
        let passed = at.saturating_sub(self.read_at);
        self.read_at = self.read_at.max(at);
        match mode {
            Mode::Acting => {}
            Mode::Waiting => self.waiting = self.waiting.saturating_add(passed),
            Mode::Away => self.away = self.away.saturating_add(passed),
        }
    }
}

/// A journey or a step that is under way, with the meter as it was at its begin.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    event: Event,
    begin: Meter,
}

impl Stretch {
    fn close(mut self, at: u64, outcome: Outcome, now: &Meter) -> Event {
        LIMIT.close(&mut self.event, at, outcome);
        let duration = self.event.duration_ns;
        let away = now.away.saturating_sub(self.begin.away).min(duration);
        let waiting = now.waiting.saturating_sub(self.begin.waiting).min(duration - away);
        (self.event.a, self.event.b) = (waiting / US, away / US);
        self.event
    }
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    journey: Stretch,
    step: Option<Stretch>,
}

impl UnderWay {
    fn id(&self) -> u64 {
        self.journey.event.journey
    }

    fn due(&self) -> u64 {
        LIMIT.due(self.journey.event.started_uptime_ns)
    }

    /// The last step shares the fate of its journey, so that a report shows where customers give up.
    fn close(self, at: u64, outcome: Outcome, now: &Meter, mut ended: impl FnMut(Event)) {
        let journey = self.journey.close(at, outcome, now);
        if let Some(step) = self.step {
            ended(step.close(at, journey.outcome, now));
        }
        ended(journey);
    }
}

#[derive(Debug)]
pub(super) struct Journeys {
    under_way: Table<UnderWay, JOURNEYS_MAX>,
    meter: Meter,
}

impl Journeys {
    pub(super) fn new() -> Journeys {
        Journeys { under_way: Table::new(), meter: Meter::default() }
    }

    /// The journey begun last among those under way; 0 for none.
    pub(super) fn current(&self) -> u64 {
        self.under_way.iter().next_back().map_or(0, UnderWay::id)
    }

    pub(super) fn due(&self) -> u64 {
        self.under_way.iter().map(UnderWay::due).min().unwrap_or(u64::MAX)
    }

    /// The customer did `mode` until `at`.
    pub(super) fn pass(&mut self, at: u64, mode: Mode) {
        self.meter.advance(at, mode);
    }

    /// False when the table is full.
    #[must_use]
    pub(super) fn started(&mut self, at: u64, id: u64, name: NameId, screen: NameId) -> bool {
        if id == 0 || self.under_way.iter().any(|journey| journey.id() == id) {
            return true;
        }
        let event = Place { screen, journey: id }.event(Kind::Journey, name, at);
        self.under_way.push(UnderWay { journey: Stretch { event, begin: self.meter }, step: None })
    }

    /// Begins a step and gives back the one that it ends.
    pub(super) fn step(&mut self, at: u64, id: u64, name: NameId, screen: NameId) -> Option<Event> {
        let journey = self.under_way.iter_mut().find(|journey| journey.id() == id)?;
        let event = Place { screen, journey: id }.event(Kind::Step, name, at);
        let ended = journey.step.replace(Stretch { event, begin: self.meter });
        ended.map(|step| step.close(at, Outcome::Done, &self.meter))
    }

    pub(super) fn ended(&mut self, at: u64, id: u64, outcome: Outcome, ended: impl FnMut(Event)) {
        if let Some(journey) = self.under_way.take(|journey| journey.id() == id) {
            journey.close(at, told_by_app(outcome), &self.meter, ended);
        }
    }

    /// Ends the oldest journey whose limit ends at `due`; its step ends with it.
    pub(super) fn expire(&mut self, due: u64, ended: impl FnMut(Event)) {
        if let Some(journey) = self.under_way.take(|journey| journey.due() <= due) {
            journey.close(due, Outcome::TimedOut, &self.meter, ended);
        }
    }
}
