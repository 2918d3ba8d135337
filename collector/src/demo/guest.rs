//! Programs in other languages that walk through the same bank: the phones of the demo.
//!
//! They come after the day, whose figures are then made and stay as they are, and send to the same collector.
//!
//! Owns: starting them, and their waits beside each other by system. Refuses: building them (`scripts/demo-guests`).
//! Invariant: a guest that fails is a problem of the day; one that is not there is none.

use super::process::{World, appended, run_shell};
use crate::Error;
use nowait_report::Report;
use nowait_report::report::LedgerSummary;
use nowait_report::text::units::{count, duration_or_none};
use nowait_wire::Kind;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

/// How long one guest may take: its journey takes some five seconds.
const GUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// One touchpoint as both systems have it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Both {
    /// The kind of wait.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Waits under Android.
    pub android_count: u64,
    /// Their mean, in nanoseconds.
    pub android_mean_ns: Option<u64>,
    /// Waits under iOS.
    pub ios_count: u64,
    /// Their mean, in nanoseconds.
    pub ios_mean_ns: Option<u64>,
}

/// What the guests left at the collector.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Guests {
    /// What went wrong; empty if nothing did.
    pub problems: Vec<String>,
    /// Their waits, by kind and name.
    pub touchpoints: Vec<Both>,
    /// Events that the guests produced.
    pub produced: u64,
    /// Events of theirs in the collector's store.
    pub delivered: u64,
    /// Whether produced = delivered + dropped in every session of theirs.
    pub balanced: bool,
}

/// Runs one guest: a shell command that finds the bank, the collector and the app key in its environment.
/// Why it failed, if it did.
pub(super) async fn run(
    command: &str,
    world: &World,
    collector: SocketAddr,
) -> Result<Option<String>, Error> {
    let log = world.folder.join("guests.log");
    let (bank, collector) = (format!("http://{}", world.bank), format!("http://{collector}"));
    let environment = [
        ("NOWAIT_BANK", bank.as_ref()),
        ("NOWAIT_COLLECTOR", collector.as_ref()),
        ("NOWAIT_APP_KEY", world.app_key.as_ref()),
    ];
    let said = (appended(&log)?.into(), appended(&log)?.into());
    let failed = run_shell(("guest", command), &environment, said, GUEST_TIMEOUT).await?;
    Ok(failed.map(|why| format!("guest {command:?}: {why}; see {}", log.display())))
}

impl Guests {
    /// Puts the reports of both systems beside each other.
    pub(super) fn new(android: &Report, ios: &Report, problems: Vec<String>) -> Guests {
        let mut touchpoints = BTreeMap::new();
        for (report, is_ios) in [(android, false), (ios, true)] {
            let waits = report
                .touchpoints
                .iter()
                .map(|touchpoint| (touchpoint.kind, &touchpoint.name, touchpoint.figures.latency));
            let requests =
                report.requests.iter().map(|request| (Kind::Request, &request.name, request.figures.latency));
            for (kind, name, latency) in waits.chain(requests) {
                let both = touchpoints.entry((kind, name.clone())).or_insert_with(|| Both {
                    kind,
                    name: name.clone(),
                    android_count: 0,
                    android_mean_ns: None,
                    ios_count: 0,
                    ios_mean_ns: None,
                });
                if is_ios {
                    (both.ios_count, both.ios_mean_ns) = (latency.count, latency.mean_ns);
                } else {
                    (both.android_count, both.android_mean_ns) = (latency.count, latency.mean_ns);
                }
            }
        }
        let sum = |of: fn(&LedgerSummary) -> u64| of(&android.ledger) + of(&ios.ledger);
        Guests {
            problems,
            touchpoints: touchpoints.into_values().collect(),
            produced: sum(|ledger| ledger.produced),
            delivered: sum(|ledger| ledger.delivered),
            balanced: android.ledger.balanced && ios.ledger.balanced,
        }
    }

    /// The table, and whether all of it arrived.
    pub(super) fn text(&self) -> String {
        let mut out =
            "BOTH PHONES   from Kotlin, from the sample app for Android, and from Swift; n and mean\n"
                .to_owned();
        let _ = writeln!(
            out,
            "{:<24}{:<10}{:>5}{:>11}{:>7}{:>11}",
            "touchpoint", "kind", "n", "Android", "n", "iOS"
        );
        for both in &self.touchpoints {
            let _ = writeln!(
                out,
                "{:<24}{:<10}{:>5}{:>11}{:>7}{:>11}",
                both.name,
                both.kind.as_str(),
                count(both.android_count),
                duration_or_none(both.android_mean_ns),
                count(both.ios_count),
                duration_or_none(both.ios_mean_ns)
            );
        }
        let balance = if self.balanced { "balances in every session" } else { "DOES NOT BALANCE" };
        let _ = writeln!(out, "produced {}, delivered {}   {balance}", self.produced, self.delivered);
        for problem in &self.problems {
            let _ = writeln!(out, "- {problem}");
        }
        out.push('\n');
        out
    }
}
