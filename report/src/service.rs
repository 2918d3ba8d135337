//! A month of service on one page: how fast, how right and how reliable it was, beside the month before.
//!
//! Owns: the measures of a month. Refuses: which months there are, and drawing.
//! Invariant: each measure is made of figures of the two reports alone, and is `null` where these have none.

use crate::report::{Rated, Report};
use nowait_wire::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Kinds of which a wait is in time or not, each of something that a customer sees.
const SEEN: [Kind; 4] = [Kind::Launch, Kind::Screen, Kind::Tap, Kind::Action];

/// A month of service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// The month, `2026-03`, in the zone of the scope.
    pub month: String,
    /// Its measures.
    pub measures: Vec<Measured>,
    /// Releases that the month before did not have, in the order of their versions.
    pub new_releases: Vec<String>,
    /// Its report.
    pub report: Report,
    /// The report of the month before.
    pub before: Report,
}

/// What is measured of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ServiceMeasure")]
pub enum Measure {
    /// Sessions that told of themselves.
    Sessions,
    /// Speed: launches, screens, taps and actions that were done within their target, as a share (0 to 1) of those that ended.
    InTime,
    /// Accuracy: actions and requests that were done, as a share of those that ended.
    Accurate,
    /// Reliability: sessions that did not die in the foreground or while starting, as a share of all.
    Reliable,
    /// Journeys that were done, as a share of all that began.
    Completed,
    /// Time of journeys in which the customer waited, as a share of all of it.
    Waiting,
    /// The mean of the ratings that customers gave, 1 to 5.
    Rating,
}

impl Measure {
    /// All of them, in the order in which they are read.
    pub const ALL: [Measure; 7] = [
        Measure::Sessions,
        Measure::InTime,
        Measure::Accurate,
        Measure::Reliable,
        Measure::Completed,
        Measure::Waiting,
        Measure::Rating,
    ];

    /// Its name, which is also the key of its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Measure::Sessions => "sessions",
            Measure::InTime => "in_time",
            Measure::Accurate => "accurate",
            Measure::Reliable => "reliable",
            Measure::Completed => "completed",
            Measure::Waiting => "waiting",
            Measure::Rating => "rating",
        }
    }

    /// Its value in a report, and how many it is of.
    fn of(self, report: &Report) -> (Option<f64>, u64) {
        match self {
            Measure::Sessions => (Some(report.ledger.sessions as f64), report.ledger.sessions),
            Measure::InTime => in_time(report),
            Measure::Accurate => accurate(report),
            Measure::Reliable => reliable(report),
            Measure::Completed => completed(report),
            Measure::Waiting => waiting(report),
            Measure::Rating => rating(&report.ratings),
        }
    }
}

/// A measure of a month beside that of the month before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ServiceMeasured")]
pub struct Measured {
    /// Which one.
    pub measure: Measure,
    /// Its value; `null` where there is nothing to measure.
    pub value: Option<f64>,
    /// How many waits, sessions, journeys or ratings it is of.
    pub n: u64,
    /// Its value in the month before.
    pub before: Option<f64>,
}

impl Service {
    /// A month and the one before it, each from its report with all of its rows.
    #[must_use]
    pub fn new(month: String, report: Report, before: Report) -> Service {
        let measures = Measure::ALL.map(|measure| {
            let (value, n) = measure.of(&report);
            Measured { measure, value, n, before: measure.of(&before).0 }
        });
        let had = releases(&before);
        let new_releases = releases(&report).into_iter().filter(|version| !had.contains(version)).collect();
        Service { month, measures: measures.into(), new_releases, report, before }
    }
}

/// The releases that a report tells of, in the order of their versions.
fn releases(report: &Report) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for slice in report.touchpoints.iter().flat_map(|touchpoint| &touchpoint.by_app_version) {
        if !slice.value.is_empty() && !all.contains(&slice.value) {
            all.push(slice.value.clone());
        }
    }
    all.sort_by(|one, other| crate::VersionOrder(one).cmp(&crate::VersionOrder(other)));
    all
}

fn share(part: f64, whole: u64) -> (Option<f64>, u64) {
    ((whole > 0).then(|| part / whole as f64), whole)
}

fn in_time(report: &Report) -> (Option<f64>, u64) {
    let seen = report.touchpoints.iter().filter(|touchpoint| SEEN.contains(&touchpoint.kind));
    let of = |(part, whole): (f64, u64), touchpoint: &crate::report::Touchpoint| {
        let ended = touchpoint.figures.outcomes.ended();
        (
            part + touchpoint.figures.within_budget_share.unwrap_or(0.0) * ended as f64,
            whole.saturating_add(ended),
        )
    };
    let (part, whole) = seen.fold((0.0, 0), of);
    share(part, whole)
}

fn accurate(report: &Report) -> (Option<f64>, u64) {
    let actions = report.of_kind(Kind::Action).map(|action| &action.figures);
    let all = actions.chain(report.requests.iter().map(|request| &request.figures));
    let (part, whole) = all.fold((0_u64, 0_u64), |(part, whole), figures| {
        (part.saturating_add(figures.outcomes.done), whole.saturating_add(figures.outcomes.ended()))
    });
    share(part as f64, whole)
}

fn reliable(report: &Report) -> (Option<f64>, u64) {
    let died = report.exits.groups.iter().filter(|group| group.is_abnormal());
    let died = died.fold(0_u64, |sum, group| sum.saturating_add(group.count));
    let sessions = report.ledger.sessions;
    share(sessions.saturating_sub(died) as f64, sessions)
}

fn completed(report: &Report) -> (Option<f64>, u64) {
    let (part, whole) = report.journeys.iter().fold((0_u64, 0_u64), |(part, whole), journey| {
        (part.saturating_add(journey.outcomes.done), whole.saturating_add(journey.outcomes.total()))
    });
    share(part as f64, whole)
}

fn waiting(report: &Report) -> (Option<f64>, u64) {
    let (mut waited, mut whole, mut n) = (0.0, 0.0, 0_u64);
    for journey in &report.journeys {
        waited += journey.waiting_ns as f64;
        whole += journey.waiting_ns as f64 + journey.acting_ns as f64 + journey.away_ns as f64;
        n = n.saturating_add(journey.duration.count);
    }
    ((whole > 0.0).then(|| waited / whole), n)
}

fn rating(ratings: &[Rated]) -> (Option<f64>, u64) {
    let n = ratings.iter().fold(0_u64, |sum, rated| sum.saturating_add(rated.count()));
    let sum: f64 = ratings.iter().filter_map(|rated| Some(rated.mean()? * rated.count() as f64)).sum();
    share(sum, n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{ExitGroup, Figures, Journey, Outcomes, Slice, Touchpoint};
    use nowait_wire::{ExitCause, ExitReason, Os};

    fn touchpoint(kind: Kind, done: u64, failed: u64, in_time: f64, versions: &[&str]) -> Touchpoint {
        let outcomes = Outcomes { done, failed, ..Outcomes::default() };
        let figures = Figures { outcomes, within_budget_share: Some(in_time), ..Figures::default() };
        let slice = |version: &&str| Slice { value: (*version).to_owned(), figures: Figures::default() };
        Touchpoint {
            kind,
            name: "x".into(),
            label: "x".into(),
            target_ns: 1,
            in_time_ns: 1,
            weight: 1.0,
            figures,
            by_app_version: versions.iter().map(slice).collect(),
            by_os: Vec::new(),
        }
    }

    #[test]
    fn a_month_is_measured_by_what_its_report_says() {
        let touchpoints = vec![
            touchpoint(Kind::Action, 90, 10, 0.8, &["8.9.0", "8.10.0"]),
            touchpoint(Kind::Screen, 300, 0, 0.5, &["8.10.0", "8.11.0"]),
            // A hang is in no time.
            touchpoint(Kind::Hang, 50, 0, 0.0, &[]),
        ];
        let mut report = Report { touchpoints, ..Report::default() };
        report.ledger.sessions = 200;
        let group = |reason, cause, count| ExitGroup {
            reason,
            cause,
            app_version: String::new(),
            os: Os::Ios,
            last_crumb: String::new(),
            count,
        };
        report.exits.groups = vec![
            group(ExitReason::Foreground, ExitCause::Unknown, 1),
            group(ExitReason::Foreground, ExitCause::Crash, 2),
            // Nobody's fault.
            group(ExitReason::Foreground, ExitCause::User, 40),
            group(ExitReason::Background, ExitCause::LowMemory, 90),
        ];
        report.ratings = vec![Rated { name: "pay".into(), counts: [0, 0, 0, 2, 2] }];
        let journey = |done, abandoned, waiting_ns, acting_ns| Journey {
            outcomes: Outcomes { done, abandoned, ..Outcomes::default() },
            waiting_ns,
            acting_ns,
            ..Journey::default()
        };
        report.journeys = vec![journey(6, 2, 10, 20), journey(2, 0, 5, 5)];
        let before = Report {
            touchpoints: vec![touchpoint(Kind::Action, 10, 0, 0.9, &["8.9.0"])],
            ..Report::default()
        };
        let service = Service::new("2026-03".into(), report, before);
        let of = |measure: Measure| service.measures.iter().find(|of| of.measure == measure).unwrap();
        assert_eq!((of(Measure::InTime).value, of(Measure::InTime).n), (Some(230.0 / 400.0), 400));
        assert_eq!(of(Measure::InTime).before, Some(0.9));
        assert_eq!(of(Measure::Accurate).value, Some(0.9));
        assert_eq!(of(Measure::Reliable).value, Some(197.0 / 200.0));
        assert_eq!((of(Measure::Completed).value, of(Measure::Completed).before), (Some(0.8), None));
        assert_eq!(of(Measure::Waiting).value, Some(15.0 / 40.0));
        assert_eq!((of(Measure::Rating).value, of(Measure::Rating).n), (Some(4.5), 4));
        assert_eq!(service.new_releases, ["8.10.0", "8.11.0"]);
        let nothing = Service::new("2026-03".into(), Report::default(), Report::default());
        assert!(nothing.measures.iter().all(|of| of.n == 0 && of.value.is_none_or(|value| value == 0.0)));
    }
}
