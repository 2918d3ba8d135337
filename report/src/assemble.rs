//! From cells, exits and ledgers to a [`Report`].
//!
//! Owns: grouping, ranking and every figure of a report. Refuses: shapes (see [`crate::report`]) and printing.
//! Invariant: the same input in any order gives the same report.

use crate::accounts;
use crate::budget::Budgets;
use crate::cell::{Cell, Cells};
use crate::cost;
use crate::histogram::Histogram;
use crate::report::{
    Exit, Figures, Frames, Hang, Journey, Latency, Outcomes, REPORT_VERSION, Report, Request, Scope, Screen,
    SessionAccount, Slice, Tap, Touchpoint,
};
use crate::version::VersionOrder;
use nowait_wire::{Kind, Os, Outcome};
use std::collections::{BTreeMap, BTreeSet};

/// The kinds that the ranking of touchpoints shows: what a customer sees. Settled, requests, journeys and steps
/// tell of the same seconds once more, so they have tables of their own or none.
const RANKED: [Kind; 5] = [Kind::Launch, Kind::Screen, Kind::Tap, Kind::Action, Kind::Hang];

/// Apdex calls a wait tolerable up to this many targets.
const APDEX_TOLERABLE_TARGETS: u64 = 4;

/// The names of [`Cell::statuses`].
const STATUS_CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// What a report is made of.
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
    /// Computes the report.
    #[must_use]
    pub fn new(input: &Input, budgets: &Budgets) -> Report {
        let groups = Groups::new(&input.cells);
        let ledger = accounts::ledger(&input.sessions);
        Report {
            report_version: REPORT_VERSION,
            scope: input.scope.clone(),
            touchpoints: touchpoints(&groups, budgets),
            screens: screens(&groups),
            taps: taps(&groups),
            journeys: journeys(&groups, budgets),
            steps: steps(&groups, budgets),
            requests: requests(&groups, budgets),
            hangs: hangs(&groups),
            frames: frames(&groups),
            exits: accounts::exits(&input.exits),
            cost: cost::cost(&input.sessions, &ledger),
            ledger,
        }
    }

    /// The touchpoints of one kind, in their order: the launches, for example.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Touchpoint> {
        self.touchpoints.iter().filter(move |touchpoint| touchpoint.kind == kind)
    }
}

/// Cells of one kind and name, over all slices and by slice.
#[derive(Default)]
struct Group<'a> {
    all: Cell,
    by_app_version: BTreeMap<VersionOrder<'a>, Cell>,
    by_os: BTreeMap<Os, Cell>,
}

struct Groups<'a>(BTreeMap<(Kind, &'a str), Group<'a>>);

impl<'a> Groups<'a> {
    fn new(cells: &'a Cells) -> Groups<'a> {
        let mut groups: BTreeMap<(Kind, &str), Group<'_>> = BTreeMap::new();
        for (key, cell) in cells.iter() {
            let group = groups.entry((key.kind, &key.name)).or_default();
            group.all.merge(cell);
            group.by_app_version.entry(VersionOrder(&key.app_version)).or_default().merge(cell);
            group.by_os.entry(key.os).or_default().merge(cell);
        }
        Groups(groups)
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = (&'a str, &Group<'a>)> {
        self.0.iter().filter(move |(key, _)| key.0 == kind).map(|(key, group)| (key.1, group))
    }
}

fn touchpoints(groups: &Groups<'_>, budgets: &Budgets) -> Vec<Touchpoint> {
    let touchpoint = |kind: Kind, name: &str, group: &Group<'_>| {
        let budget = budgets.of(kind, name);
        let figures = |cell: &Cell| {
            let all = figures(cell, budget.target_ns);
            // A hang begins to exist at its target: how many kept to it says nothing.
            if kind == Kind::Hang { Figures { within_budget_share: None, apdex: None, ..all } } else { all }
        };
        let slice = |value: &str, cell: &Cell| Slice { value: value.to_owned(), figures: figures(cell) };
        Touchpoint {
            kind,
            name: name.to_owned(),
            label: budget.label,
            target_ns: budget.target_ns,
            weight: budget.weight,
            figures: figures(&group.all),
            by_app_version: group
                .by_app_version
                .iter()
                .map(|(version, cell)| slice(version.0, cell))
                .collect(),
            by_os: group.by_os.iter().map(|(os, cell)| slice(os.as_str(), cell)).collect(),
        }
    };
    let of_kind = |kind: Kind| groups.of(kind).map(move |(name, group)| touchpoint(kind, name, group));
    let mut all: Vec<Touchpoint> = RANKED.into_iter().flat_map(of_kind).collect();
    let cost = |touchpoint: &Touchpoint| touchpoint.figures.lost_ns as f64 * touchpoint.weight;
    all.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
    all
}

/// Outcomes of a cell, by name.
fn outcomes(cell: &Cell) -> Outcomes {
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
    let ended = answered.count().saturating_add(cell.unanswered().count());
    let satisfied = cell.done().count_at_most(target_ns) as f64;
    let tolerable = cell.done().count_at_most(target_ns.saturating_mul(APDEX_TOLERABLE_TARGETS)) as f64;
    Figures {
        outcomes: outcomes(cell),
        latency: latency(&answered),
        lost_ns: answered.excess_over(target_ns).saturating_add(cell.unanswered().excess_over(target_ns)),
        within_budget_share: share(answered.count_at_most(target_ns) as f64, ended),
        apdex: share((satisfied + tolerable) / 2.0, ended),
    }
}

fn screens(groups: &Groups<'_>) -> Vec<Screen> {
    let screen = |(name, group): (&str, &Group<'_>)| Screen {
        name: name.to_owned(),
        outcomes: outcomes(&group.all),
        shown: latency(group.all.part()),
        ready: latency(&group.all.latency()),
    };
    let mut all: Vec<Screen> = groups.of(Kind::Screen).map(screen).collect();
    all.sort_by_key(|screen| std::cmp::Reverse(screen.outcomes.total()));
    all
}

fn taps(groups: &Groups<'_>) -> Vec<Tap> {
    let rage: BTreeMap<&str, u64> =
        groups.of(Kind::RageTap).map(|(name, group)| (name, group.all.count())).collect();
    let tapped: BTreeMap<&str, &Group<'_>> = groups.of(Kind::Tap).collect();
    let targets: BTreeSet<&str> = tapped.keys().chain(rage.keys()).copied().collect();
    let none = Cell::new();
    let tap = |name: &str| {
        let cell = tapped.get(name).map_or(&none, |group| &group.all);
        Tap {
            name: name.to_owned(),
            outcomes: outcomes(cell),
            latency: latency(&cell.latency()),
            handled: latency(cell.part()),
            rage_taps: rage.get(name).copied().unwrap_or(0),
        }
    };
    let mut all: Vec<Tap> = targets.into_iter().map(tap).collect();
    all.sort_by_key(|tap| std::cmp::Reverse(tap.outcomes.total()));
    all
}

fn journey(kind: Kind, name: &str, cell: &Cell, budgets: &Budgets) -> Journey {
    let budget = budgets.of(kind, name);
    let outcomes = outcomes(cell);
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

fn journeys(groups: &Groups<'_>, budgets: &Budgets) -> Vec<Journey> {
    let journey = |(name, group): (&str, &Group<'_>)| journey(Kind::Journey, name, &group.all, budgets);
    let mut all: Vec<Journey> = groups.of(Kind::Journey).map(journey).collect();
    all.sort_by_key(|journey| std::cmp::Reverse(journey.outcomes.total()));
    all
}

fn steps(groups: &Groups<'_>, budgets: &Budgets) -> Vec<Journey> {
    let step = |(name, group): (&str, &Group<'_>)| journey(Kind::Step, name, &group.all, budgets);
    let mut all: Vec<Journey> = groups.of(Kind::Step).map(step).collect();
    all.sort_by_key(|step| std::cmp::Reverse((step.lost_ns, step.waiting_ns)));
    all
}

fn requests(groups: &Groups<'_>, budgets: &Budgets) -> Vec<Request> {
    let request = |(name, group): (&str, &Group<'_>)| {
        let statuses = STATUS_CLASSES.iter().zip(group.all.statuses()).filter(|(_, count)| *count > 0);
        let target_ns = budgets.of(Kind::Request, name).target_ns;
        Request {
            name: name.to_owned(),
            target_ns,
            figures: figures(&group.all, target_ns),
            statuses: statuses.map(|(class, count)| ((*class).to_owned(), count)).collect(),
        }
    };
    let mut all: Vec<Request> = groups.of(Kind::Request).map(request).collect();
    all.sort_by_key(|request| std::cmp::Reverse(request.figures.lost_ns));
    all
}

fn hangs(groups: &Groups<'_>) -> Vec<Hang> {
    let hang = |(screen, group): (&str, &Group<'_>)| {
        let durations = group.all.latency();
        Hang {
            screen: screen.to_owned(),
            latency: latency(&durations),
            total_ns: durations.sum_ns(),
            died: group.all.outcome(Outcome::Died),
        }
    };
    let mut all: Vec<Hang> = groups.of(Kind::Hang).map(hang).collect();
    all.sort_by_key(|hang| std::cmp::Reverse(hang.total_ns));
    all
}

fn frames(groups: &Groups<'_>) -> Vec<Frames> {
    let summary = |(screen, group): (&str, &Group<'_>)| {
        let sums = group.all.frames();
        Frames {
            screen: screen.to_owned(),
            visits: group.all.count(),
            frames: sums.frames,
            slow: sums.slow,
            slow_share: share(sums.slow as f64, sums.frames),
            frozen: sums.frozen,
            frozen_ns: sums.frozen_ms.saturating_mul(1_000_000),
        }
    };
    let mut all: Vec<Frames> = groups.of(Kind::Frames).map(summary).collect();
    all.sort_by_key(|frames| std::cmp::Reverse(frames.slow));
    all
}
