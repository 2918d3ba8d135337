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

/// Below so many answers a difference is shown and not judged: one late wake-up of a loaded machine could decide it.
/// It is also what a p95 needs.
const JUDGED_COUNT_MIN: u64 = 20;

/// One endpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Truth {
    /// The route.
    pub endpoint: String,
    /// Answers that the report counts.
    pub reported_count: u64,
    /// Answers that the truth file has for the same requests.
    pub truth_count: u64,
    /// The median, as NoWait measured it in the customers' processes, in nanoseconds.
    pub reported_p50_ns: Option<u64>,
    /// The median, as the bank measured it.
    pub truth_p50_ns: Option<u64>,
    /// How far the report is from the truth, as a share of the truth; `null` if there are too few answers.
    pub difference_p50_share: Option<f64>,
    /// 95 of 100 were at most this long, as NoWait measured it; `null` below 20 answers.
    pub reported_p95_ns: Option<u64>,
    /// The same, as the bank measured it.
    pub truth_p95_ns: Option<u64>,
    /// How far the report is from the truth.
    pub difference_p95_share: Option<f64>,
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
    let reported: HashMap<&str, &Latency> =
        report.requests.iter().map(|request| (request.name.as_str(), &request.figures.latency)).collect();
    let endpoints = service_ns.into_iter().map(|(endpoint, mut all)| {
        all.sort_unstable();
        truth(endpoint, &all, reported.get(endpoint).copied().copied().unwrap_or_default())
    });
    TruthTable { endpoints: endpoints.collect(), tolerance_share: TOLERANCE_SHARE, unseen }
}

fn truth(endpoint: &str, sorted: &[u64], reported: Latency) -> Truth {
    let difference = |reported: Option<u64>, truth: Option<u64>| {
        let truth = truth.filter(|truth| *truth > 0)?;
        Some(reported? as f64 / truth as f64 - 1.0)
    };
    let (p50, p95) = (quantile(sorted, 50), quantile(sorted, 95));
    Truth {
        endpoint: endpoint.to_owned(),
        reported_count: reported.count,
        truth_count: sorted.len() as u64,
        reported_p50_ns: reported.p50_ns,
        truth_p50_ns: p50,
        difference_p50_share: difference(reported.p50_ns, p50),
        reported_p95_ns: reported.p95_ns,
        truth_p95_ns: p95,
        difference_p95_share: difference(reported.p95_ns, p95),
    }
}

/// By nearest rank, as docs/report.md defines it.
fn quantile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
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
            if known < JUDGED_COUNT_MIN {
                continue;
            }
            for (name, share) in [("p50", truth.difference_p50_share), ("p95", truth.difference_p95_share)] {
                if let Some(share) = share.filter(|share| share.abs() > self.tolerance_share) {
                    let (off, most) = (share * 100.0, self.tolerance_share * 100.0);
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
        TruthLine { session: session.to_string(), endpoint, build, status: 200, service_ns }
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
        assert_eq!((home.truth_count, home.truth_p50_ns, home.truth_p95_ns), (2, Some(5), Some(7)));
        assert_eq!(table.problems(1), ["GET /home: 0 answers reported, 2 in the truth file"]);
        assert_eq!(table.problems(0).len(), 2);
    }

    #[test]
    fn ranks_are_those_of_the_report() {
        let all: Vec<u64> = (1..=40).collect();
        assert_eq!(quantile(&all, 50), Some(20));
        assert_eq!(quantile(&all, 95), Some(38));
        assert_eq!(quantile(&[], 50), None);
    }
}
