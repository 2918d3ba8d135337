//! From cells, exits and ledgers to a [`Report`], one touchpoint after another.
//!
//! Owns: [`Builder`], ranking and every figure of a report. Refuses: shapes (see [`crate::report`]) and printing.
//! Invariant: the same input in any order of touchpoints gives the same report; and of a touchpoint that is not among the
//! rows that are asked for, it keeps at most a name.

use crate::accounts::Accounts;
use crate::budget::Budgets;
use crate::cell::{Cell, Cells};
use crate::confidence::Confidence;
use crate::cost;
use crate::estimate::in_time_ns;
use crate::histogram::Histogram;
use crate::limits::VERSIONS_LISTED_MAX;
use crate::people::{Crowd, People};
use crate::report::{
    Exit, Exits, Figures, Frames, Hang, Journey, Latency, Lost, Outcomes, REPORT_VERSION, Rated, Report,
    Request, Scope, Screen, SessionAccount, Slice, Tap, Touchpoint,
};
use crate::top::{Rows, Top};
use crate::version::VersionOrder;
use nowait_wire::{Kind, Os, Outcome};
use std::collections::BTreeMap;

/// The kinds that the ranking of touchpoints shows: what a customer sees. Settled, requests, journeys and steps
/// tell of the same seconds once more, so they have tables of their own or none.
const RANKED: [Kind; 5] = [Kind::Launch, Kind::Screen, Kind::Tap, Kind::Action, Kind::Hang];

/// What the row of all releases before the listed ones is called.
const EARLIER: &str = "(earlier)";

/// Apdex calls a wait tolerable up to this many targets.
const APDEX_TOLERABLE_TARGETS: u64 = 4;

/// The names of [`Cell::statuses`].
const STATUS_CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// What a small report is made of.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// What was asked for.
    pub scope: Scope,
    /// The rollups of that slice.
    pub cells: Cells,
    /// Its abnormal exits.
    pub exits: Vec<Exit>,
    /// The account of each of its sessions.
    pub sessions: Vec<SessionAccount>,
}

impl Report {
    /// Computes the report of an input that is in memory whole, with as many rows as there are.
    #[must_use]
    pub fn new(input: &Input, budgets: &Budgets) -> Report {
        let mut builder = Builder::new(input.scope.clone(), budgets, Rows::ALL);
        let mut cells = input.cells.iter().peekable();
        while let Some((first, cell)) = cells.next() {
            let mut touchpoint = Group::default();
            touchpoint.add(&first.app_version, first.os, cell);
            while let Some((key, cell)) =
                cells.next_if(|(key, _)| (key.kind, &key.name) == (first.kind, &first.name))
            {
                touchpoint.add(&key.app_version, key.os, cell);
            }
            builder.add(first.kind, &first.name, &touchpoint);
        }
        builder.finish(&input.sessions.iter().collect(), Exits::of(&input.exits), BTreeMap::new())
    }

    /// The touchpoints of one kind, in their order: the launches, for example.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Touchpoint> {
        self.touchpoints.iter().filter(move |touchpoint| touchpoint.kind == kind)
    }
}

/// All cells of one kind and name, over all slices and by slice.
#[derive(Debug, Default)]
pub struct Group {
    /// Of everybody; `None` as long as nobody said.
    people: Option<Crowd>,
    by_app_version: BTreeMap<String, Cell>,
    by_os: BTreeMap<Os, Cell>,
}

impl Group {
    /// Adds a cell of this kind and name, of this release and system.
    pub fn add(&mut self, app_version: &str, os: Os, cell: &Cell) {
        match self.by_app_version.get_mut(app_version) {
            Some(of_version) => of_version.merge(cell),
            None => {
                self.by_app_version.insert(app_version.to_owned(), cell.clone());
            }
        }
        self.by_os.entry(os).or_default().merge(cell);
    }

    /// Adds people to whom it happened. A group to which none were added says that it does not know.
    pub fn add_people(&mut self, people: &People) {
        self.people.get_or_insert_default().add(people);
    }

    /// Says who was in all of its cells.
    pub fn set_people(&mut self, people: Crowd) {
        self.people = Some(people);
    }

    /// Whether nothing was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_os.is_empty()
    }

    /// All waits together.
    pub(crate) fn all(&self) -> Cell {
        let mut all = Cell::new();
        self.by_os.values().for_each(|cell| all.merge(cell));
        all
    }
}

/// Makes a report of groups that come one after another, in any order.
#[derive(Debug)]
pub struct Builder<'b> {
    budgets: &'b Budgets,
    scope: Scope,
    touchpoints: Top<Touchpoint>,
    screens: Top<Screen>,
    taps: Top<Tap>,
    /// By target, whether it has taps, and how many rage taps.
    targets: BTreeMap<String, (bool, u64)>,
    journeys: Top<Journey>,
    steps: Top<Journey>,
    requests: Top<Request>,
    ratings: Top<Rated>,
    hangs: Top<Hang>,
    frames: Top<Frames>,
}

impl<'b> Builder<'b> {
    /// A report of nothing yet, of which each section will have these rows.
    #[must_use]
    pub fn new(scope: Scope, budgets: &'b Budgets, rows: Rows) -> Builder<'b> {
        Builder {
            budgets,
            scope,
            touchpoints: Top::new(rows),
            screens: Top::new(rows),
            taps: Top::new(rows),
            targets: BTreeMap::new(),
            journeys: Top::new(rows),
            steps: Top::new(rows),
            requests: Top::new(rows),
            ratings: Top::new(rows),
            hangs: Top::new(rows),
            frames: Top::new(rows),
        }
    }

    /// Adds all that there is of this kind and name.
    pub fn add(&mut self, kind: Kind, name: &str, group: &Group) {
        let budgets = self.budgets;
        let all = &group.all();
        if RANKED.contains(&kind) {
            let touchpoint = touchpoint(kind, name, all, group, budgets);
            let lost = touchpoint.figures.lost_ns as f64 * touchpoint.weight;
            self.touchpoints.add(lost, (kind as u8, name), touchpoint);
        }
        match kind {
            Kind::Screen => self.screens.add(all.count() as f64, (0, name), screen(name, all)),
            Kind::Tap => {
                self.targets.entry(name.to_owned()).or_default().0 = true;
                self.taps.add(all.count() as f64, (0, name), tap(name, all));
            }
            Kind::RageTap => self.targets.entry(name.to_owned()).or_default().1 = all.count(),
            Kind::Journey => {
                self.journeys.add(all.count() as f64, (0, name), journey(kind, name, all, budgets));
            }
            Kind::Step => {
                let step = journey(kind, name, all, budgets);
                // Where nothing was lost, the longest waiting comes first.
                let rank = step.lost_ns as f64 + step.waiting_ns as f64 / u64::MAX as f64;
                self.steps.add(rank, (0, name), step);
            }
            Kind::Request => {
                let request = request(name, all, budgets);
                self.requests.add(request.figures.lost_ns as f64, (0, name), request);
            }
            Kind::Rating => {
                let rated = Rated { name: name.to_owned(), counts: all.ratings() };
                self.ratings.add(rated.count() as f64, (0, name), rated);
            }
            Kind::Hang => {
                let hang = hang(name, all);
                self.hangs.add(hang.total_ns as f64, (0, name), hang);
            }
            Kind::Frames => {
                let frames = frames(name, all);
                self.frames.add(frames.slow as f64, (0, name), frames);
            }
            _ => {}
        }
    }

    /// The report, with the accounts and exits of the same slice, and what stands in none of its figures: how many there are
    /// of what.
    #[must_use]
    pub fn finish(mut self, accounts: &Accounts, exits: Exits, uncounted: BTreeMap<String, u64>) -> Report {
        for (name, _) in self.targets.iter().filter(|(_, (has_taps, _))| !has_taps) {
            self.taps.add(0.0, (0, name), tap(name, &Cell::new()));
        }
        let ledger = accounts.ledger();
        let left_out = [
            ("touchpoints", self.touchpoints.left_out()),
            ("screens", self.screens.left_out()),
            ("taps", self.taps.left_out()),
            ("journeys", self.journeys.left_out()),
            ("steps", self.steps.left_out()),
            ("requests", self.requests.left_out()),
            ("ratings", self.ratings.left_out()),
            ("hangs", self.hangs.left_out()),
            ("frames", self.frames.left_out()),
        ];
        let left_out = left_out.into_iter().filter(|(_, rows)| *rows > 0);
        Report {
            report_version: REPORT_VERSION,
            scope: self.scope,
            uncounted,
            left_out: left_out.map(|(section, rows)| (section.to_owned(), rows)).collect(),
            touchpoints: self.touchpoints.rows(),
            screens: self.screens.rows(),
            taps: taps(self.taps, &self.targets),
            journeys: self.journeys.rows(),
            steps: self.steps.rows(),
            requests: self.requests.rows(),
            ratings: self.ratings.rows(),
            hangs: self.hangs.rows(),
            frames: self.frames.rows(),
            exits,
            cost: cost::cost(accounts, &ledger),
            ledger,
        }
    }
}
/// Outcomes of a cell, by name.
pub(crate) fn outcomes_of(cell: &Cell) -> Outcomes {
    Outcomes {
        done: cell.outcome(Outcome::Done),
        failed: cell.outcome(Outcome::Failed),
        no_response: cell.outcome(Outcome::NoResponse),
        timed_out: cell.outcome(Outcome::TimedOut),
        interrupted: cell.outcome(Outcome::Interrupted),
        already_animating: cell.outcome(Outcome::AlreadyAnimating),
        abandoned: cell.outcome(Outcome::Abandoned),
        died: cell.outcome(Outcome::Died),
    }
}

/// The distribution of a histogram, as far as its durations support it.
pub(crate) fn latency(durations: &Histogram) -> Latency {
    Latency {
        count: durations.count(),
        mean_ns: durations.mean_ns(),
        p50_ns: durations.supported_quantile_ns(0.5),
        p75_ns: durations.supported_quantile_ns(0.75),
        p95_ns: durations.supported_quantile_ns(0.95),
        p99_ns: durations.supported_quantile_ns(0.99),
        max_ns: durations.max_ns(),
    }
}

fn share(part: f64, all: u64) -> Option<f64> {
    (all > 0).then(|| part / all as f64)
}

fn figures(cell: &Cell, target_ns: u64) -> Figures {
    let answered = cell.latency();
    let ended = [cell.unanswered(), cell.died()]
        .into_iter()
        .fold(answered.count(), |sum, of| sum.saturating_add(of.count()));
    let satisfied = cell.done().count_at_most(target_ns) as f64;
    let tolerable = cell.done().count_at_most(target_ns.saturating_mul(APDEX_TOLERABLE_TARGETS)) as f64;
    let lost = Lost::of(cell, target_ns);
    Figures {
        outcomes: outcomes_of(cell),
        latency: latency(&answered),
        lost_ns: lost.total_ns(),
        lost: Some(lost),
        within_budget_share: share(satisfied, ended),
        apdex: share((satisfied + tolerable) / 2.0, ended),
        people: None,
        confidence: None,
    }
}

fn screen(name: &str, all: &Cell) -> Screen {
    Screen {
        name: name.to_owned(),
        outcomes: outcomes_of(all),
        shown: latency(all.part()),
        ready: latency(&all.latency()),
    }
}

/// A target without its rage taps, which are told apart.
fn tap(name: &str, all: &Cell) -> Tap {
    Tap {
        name: name.to_owned(),
        outcomes: outcomes_of(all),
        latency: latency(&all.latency()),
        handled: latency(all.part()),
        rage_taps: 0,
    }
}

/// The rows of taps with their rage taps.
fn taps(taps: Top<Tap>, targets: &BTreeMap<String, (bool, u64)>) -> Vec<Tap> {
    let rage = |tap: Tap| Tap { rage_taps: targets.get(&tap.name).map_or(0, |target| target.1), ..tap };
    taps.rows().into_iter().map(rage).collect()
}

fn journey(kind: Kind, name: &str, cell: &Cell, budgets: &Budgets) -> Journey {
    let budget = budgets.of(kind, name);
    let outcomes = outcomes_of(cell);
    let duration = cell.latency();
    let (waiting_ns, away_ns) = (cell.part().sum_ns(), cell.away_ns());
    Journey {
        name: name.to_owned(),
        label: budget.label,
        target_ns: budget.target_ns,
        outcomes,
        completion_share: share(outcomes.done as f64, outcomes.total()),
        duration: latency(&duration),
        waiting: latency(cell.part()),
        waiting_ns,
        acting_ns: duration.sum_ns().saturating_sub(waiting_ns).saturating_sub(away_ns),
        away_ns,
        lost_ns: cell.part().excess_over(budget.target_ns),
    }
}

fn request(name: &str, all: &Cell, budgets: &Budgets) -> Request {
    let statuses = STATUS_CLASSES.iter().zip(all.statuses()).filter(|(_, count)| *count > 0);
    let target_ns = budgets.of(Kind::Request, name).target_ns;
    Request {
        name: name.to_owned(),
        target_ns,
        figures: figures(all, target_ns),
        statuses: statuses.map(|(class, count)| ((*class).to_owned(), count)).collect(),
    }
}

fn hang(screen: &str, all: &Cell) -> Hang {
    let durations = all.latency();
    Hang {
        screen: screen.to_owned(),
        latency: latency(&durations),
        total_ns: durations.sum_ns(),
        died: all.outcome(Outcome::Died),
    }
}

fn frames(screen: &str, all: &Cell) -> Frames {
    let sums = all.frames();
    Frames {
        screen: screen.to_owned(),
        visits: all.count(),
        frames: sums.frames,
        slow: sums.slow,
        slow_share: share(sums.slow as f64, sums.frames),
        frozen: sums.frozen,
        frozen_ns: sums.frozen_ms.saturating_mul(1_000_000),
    }
}

/// The figures of waits of one kind, and of whom they were.
pub(crate) fn figures_of(kind: Kind, cell: &Cell, target_ns: u64, people: Option<&Crowd>) -> Figures {
    let all = figures(cell, target_ns);
    // A hang begins to exist at its target: how many kept to it says nothing.
    let all =
        if kind == Kind::Hang { Figures { within_budget_share: None, apdex: None, ..all } } else { all };
    let people = people.map(Crowd::figures);
    let confidence = people.and_then(|people| Confidence::of(cell, all.within_budget_share, people.waited));
    Figures { people, confidence, ..all }
}

pub(crate) fn touchpoint(kind: Kind, name: &str, all: &Cell, group: &Group, budgets: &Budgets) -> Touchpoint {
    let budget = budgets.of(kind, name);
    let figures = |cell: &Cell, people: Option<&Crowd>| figures_of(kind, cell, budget.target_ns, people);
    // How many people of each release are late is a question about that release: two in three sketches would be merged for it.
    let slice = |value: &str, cell: &Cell| Slice { value: value.to_owned(), figures: figures(cell, None) };
    let by_os = group.by_os.iter().map(|(os, cell)| slice(os.as_str(), cell)).collect();
    Touchpoint {
        kind,
        name: name.to_owned(),
        label: budget.label,
        target_ns: budget.target_ns,
        in_time_ns: in_time_ns(budget.target_ns),
        weight: budget.weight,
        figures: figures(all, group.people.as_ref()),
        by_app_version: by_app_version(group, slice),
        by_os,
    }
}

/// The latest releases, oldest first; what came before them is one row, and the first.
fn by_app_version(group: &Group, slice: impl Fn(&str, &Cell) -> Slice) -> Vec<Slice> {
    let mut versions: Vec<(&String, &Cell)> = group.by_app_version.iter().collect();
    versions.sort_by_key(|(version, _)| VersionOrder(version));
    let earlier = versions.len().saturating_sub(VERSIONS_LISTED_MAX);
    let mut slices = Vec::new();
    if earlier > 0 {
        let mut together = Cell::new();
        versions.iter().take(earlier).for_each(|(_, cell)| together.merge(cell));
        slices.push(slice(EARLIER, &together));
    }
    slices.extend(versions.into_iter().skip(earlier).map(|(version, cell)| slice(version, cell)));
    slices
}
