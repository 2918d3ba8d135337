//! Report and truth side by side.
//!
//! Owns: which requests are compared, and by how much the two differ. Refuses: sources (see `bank`, `audit`).
//! Invariant: both sides speak of the same requests: the truth's lines of requests whose answer a customer's process
//! lived to see, and nothing else is left out.

use super::audit::Stored;
use super::bank::TruthLine;
use nowait_report::Report;
use nowait_report::report::Latency;
use nowait_wire::Uuid;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// By how much report and truth may differ, as a share: 0.55 % is the histogram's, 0.2 % the wire's, the rest is what
/// a connection and two wake-ups add to a request as the customer sees it.
pub(super) const TOLERANCE_SHARE: f64 = 0.02;

/// Below so many answers a difference is shown and not judged: it is what a p95 needs (docs/report.md).
const JUDGED_COUNT_MIN: usize = 20;

/// If 95 of 100 wake-ups are not within this, the machine is too busy with other work for a judgement: a request has
/// three of them that the customer waits for and the bank does not see.
const WAKE_UP_MAX_NS: u64 = 2_000_000;

/// The runtime's timers wake at the next full millisecond; what is beyond it is the machine's.
const TIMER_GRANULARITY_NS: u64 = 1_000_000;

/// One quantile of one endpoint on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Sides {
    /// As NoWait measured it in the customers' processes, in nanoseconds; `null` if too few answers support it.
    pub reported_ns: Option<u64>,
    /// As the bank measured it.
    pub truth_ns: Option<u64>,
    /// How far the report is from the truth, as a share of the truth.
    pub difference_share: Option<f64>,
    /// Whether that is within the tolerance, give or take one place in the order of the answers: a single late
    /// wake-up moves what has that place. `null` if it is not judged.
    pub agrees: Option<bool>,
}

/// One endpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Truth {
    /// The route.
    pub endpoint: String,
    /// Answers that the report counts.
    pub reported_count: u64,
    /// Answers that the truth file has for the same requests.
    pub truth_count: u64,
    /// The median.
    pub p50: Sides,
    /// 95 of 100 were at most this long.
    pub p95: Sides,
}

/// All endpoints, and what was left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TruthTable {
    /// By endpoint.
    pub endpoints: Vec<Truth>,
    /// By how much report and truth may differ.
    pub tolerance_share: f64,
    /// Answers that the bank gave to processes that were killed before they saw them: in the truth file, in no report.
    pub unseen: u64,
    /// How late the machine woke the bank when its time was up, in nanoseconds: 95 of 100 times at most this.
    pub wake_up_p95_ns: u64,
    /// Whether the machine was too busy with other work for a judgement.
    pub is_machine_busy: bool,
}

/// Puts both sides together.
pub(super) fn compare(report: &Report, lines: &[TruthLine], stored: &HashMap<Uuid, Stored>) -> TruthTable {
    let mut seen: HashMap<(&str, &str), usize> = HashMap::new();
    let mut service_ns: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut unseen = 0;
    for line in lines {
        let answered = line.session.parse().ok().and_then(|session: Uuid| stored.get(&session));
        let answered = answered.and_then(|stored| stored.answered.get(&line.endpoint)).copied().unwrap_or(0);
        let before = seen.entry((&line.session, &line.endpoint)).or_default();
        *before += 1;
        // A customer asks one thing at a time: what it never saw can only be the last line.
        let known = service_ns.entry(&line.endpoint).or_default();
        if *before <= answered {
            known.push(line.service_ns);
        } else {
            unseen += 1;
        }
    }
    let wake_up_p95_ns = wake_up_p95_ns(lines);
    let is_machine_busy = wake_up_p95_ns > WAKE_UP_MAX_NS;
    let reported: HashMap<&str, &Latency> =
        report.requests.iter().map(|request| (request.name.as_str(), &request.figures.latency)).collect();
    let endpoints = service_ns.into_iter().map(|(endpoint, mut all)| {
        all.sort_unstable();
        let reported = reported.get(endpoint).copied().copied().unwrap_or_default();
        Truth {
            endpoint: endpoint.to_owned(),
            reported_count: reported.count,
            truth_count: all.len() as u64,
            p50: Sides::new(reported.p50_ns, &all, 50, is_machine_busy),
            p95: Sides::new(reported.p95_ns, &all, 95, is_machine_busy),
        }
    });
    let endpoints = endpoints.collect();
    TruthTable { endpoints, tolerance_share: TOLERANCE_SHARE, unseen, wake_up_p95_ns, is_machine_busy }
}

fn wake_up_p95_ns(lines: &[TruthLine]) -> u64 {
    let late = |line: &TruthLine| line.service_ns.saturating_sub(line.meant_ns + TIMER_GRANULARITY_NS);
    let mut late: Vec<u64> = lines.iter().map(late).collect();
    late.sort_unstable();
    rank(late.len(), 95).and_then(|rank| late.get(rank).copied()).unwrap_or_default()
}

/// The place of a quantile, from 0, by nearest rank, as docs/report.md defines it.
fn rank(count: usize, percent: usize) -> Option<usize> {
    (count * percent).div_ceil(100).checked_sub(1)
}

impl Sides {
    fn new(reported_ns: Option<u64>, sorted: &[u64], percent: usize, is_machine_busy: bool) -> Sides {
        let place = rank(sorted.len(), percent);
        let truth = place.and_then(|place| sorted.get(place).copied()).filter(|_| reported_ns.is_some());
        let (Some(reported), Some(place), Some(truth_ns)) = (reported_ns, place, truth) else {
            return Sides { reported_ns, ..Sides::default() };
        };
        let low = sorted.get(place.saturating_sub(1)).copied().unwrap_or(truth_ns) as f64;
        let high = sorted.get(place + 1).copied().unwrap_or(truth_ns) as f64;
        let within = low * (1.0 - TOLERANCE_SHARE)..=high * (1.0 + TOLERANCE_SHARE);
        let is_judged = sorted.len() >= JUDGED_COUNT_MIN && !is_machine_busy;
        Sides {
            reported_ns,
            truth_ns: Some(truth_ns),
            difference_share: Some(reported as f64 / truth_ns.max(1) as f64 - 1.0),
            agrees: is_judged.then(|| within.contains(&(reported as f64))),
        }
    }
}

impl TruthTable {
    /// What is not as it must be, in words.
    pub(super) fn problems(&self, killed: u64) -> Vec<String> {
        let mut problems = Vec::new();
        if self.endpoints.is_empty() {
            problems.push("the bank was never asked".to_owned());
        }
        if self.unseen > killed {
            let unseen = self.unseen;
            problems.push(format!(
                "{unseen} answers of the bank are in no report, with {killed} processes killed"
            ));
        }
        for truth in &self.endpoints {
            let (endpoint, reported, known) = (&truth.endpoint, truth.reported_count, truth.truth_count);
            if reported != known {
                problems.push(format!("{endpoint}: {reported} answers reported, {known} in the truth file"));
            }
            for (name, sides) in [("p50", &truth.p50), ("p95", &truth.p95)] {
                if sides.agrees == Some(false) {
                    let off = sides.difference_share.unwrap_or_default() * 100.0;
                    let most = self.tolerance_share * 100.0;
                    problems.push(format!(
                        "{endpoint}: the {name} is {off:+.2} % off the truth, more than {most} %"
                    ));
                }
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(session: Uuid, service_ns: u64) -> TruthLine {
        let (endpoint, build) = ("GET /home".to_owned(), "8.1.0".to_owned());
        TruthLine {
            session: session.to_string(),
            endpoint,
            build,
            status: 200,
            service_ns,
            meant_ns: service_ns,
        }
    }

    #[test]
    fn what_a_killed_process_never_saw_is_left_out_and_counted() {
        let session = Uuid::from_u128(1);
        let answered = HashMap::from([("GET /home".to_owned(), 2)]);
        let stored = HashMap::from([(session, Stored { answered, ..Stored::default() })]);
        let lines = [line(session, 5), line(session, 7), line(session, 99)];
        let table = compare(&Report::default(), &lines, &stored);
        assert_eq!(table.unseen, 1);
        let [home] = table.endpoints.as_slice() else { panic!("{table:?}") };
        assert_eq!(home.truth_count, 2);
        assert_eq!(table.problems(1), ["GET /home: 0 answers reported, 2 in the truth file"]);
        assert_eq!(table.problems(0).len(), 2);
    }

    #[test]
    fn ranks_are_those_of_the_report() {
        assert_eq!(
            (rank(40, 50), rank(40, 95), rank(1, 50), rank(0, 50)),
            (Some(19), Some(37), Some(0), None)
        );
    }

    #[test]
    fn two_per_cent_and_one_place_are_forgiven_and_no_more() {
        let all: Vec<u64> = (1..=40).map(|n| n * 1_000).collect();
        let agrees = |reported| Sides::new(Some(reported), &all, 50, false).agrees;
        assert_eq!([18_600, 20_000, 21_400].map(agrees), [Some(false), Some(true), Some(true)]);
        assert_eq!([18_700, 21_430].map(agrees), [Some(true), Some(false)]);
        assert_eq!(Sides::new(Some(90_000), &all, 50, true).agrees, None);
        assert_eq!(Sides::new(Some(90_000), &all[..19], 50, false).agrees, None);
        assert_eq!(Sides::new(None, &all, 95, false).truth_ns, None);
    }
}
