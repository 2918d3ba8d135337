//! A release against its limits as text: what is broken first.

use super::safe::safe_lines;
use super::table::{Table, cut, width_max};
use super::units::{NONE, count};
use super::words::{limit, limit_figure, limited, status};
use crate::check::{Check, LimitCheck, Status};

/// All limits.
#[must_use]
pub fn check(check: &Check) -> String {
    let title = format!("NoWait check   {}   on {}", check.version, check.day);
    let mut out = format!("{}\n\n{}\n\n", cut(&title, width_max()), sentence(check));
    const COLUMNS: [&str; 9] =
        ["touchpoint", "<kind", "<figure", "<limit", "is", "<interval", "n", "<status", "<owner"];
    let table = Table::new("LIMITS", &COLUMNS).fill(&check.limits, |_, of| vec![limit_cells(of)]);
    out.push_str(&table.render());
    out.push_str(
        "A limit is broken if the whole interval (95 %, of sessions) lies beyond it; 50 waits are needed to say so.\n\
         in time: done within the target of the touchpoint.\n",
    );
    safe_lines(&out).into_owned()
}

/// The check in one line.
pub(super) fn sentence(check: &Check) -> String {
    let of = |wanted| check.limits.iter().filter(|limit| limit.status == wanted).count() as u64;
    let all = [
        (Status::Broken, "broken"),
        (Status::Excepted, "excepted"),
        (Status::Unsure, "beyond by chance or not"),
        (Status::TooFewSamples, "with too few waits"),
        (Status::Kept, "kept"),
    ];
    let told = all.into_iter().map(|(status, word)| (of(status), word)).filter(|(n, _)| *n > 0);
    let parts: Vec<String> = told.map(|(n, word)| format!("{} {word}", count(n))).collect();
    let verdict = if check.has(Status::Broken) {
        "BROKEN"
    } else if check.limits.iter().all(|limit| limit.status == Status::TooFewSamples) {
        "TOO FEW"
    } else {
        "KEPT"
    };
    let parts = if parts.is_empty() { "no limit is set".to_owned() } else { parts.join(", ") };
    format!("CHECK   {verdict}   ({parts})")
}

/// A limit as the cells of a table: touchpoint, kind, figure, limit, what it is, interval, waits, status, owner.
#[must_use]
pub fn limit_cells(of: &LimitCheck) -> Vec<String> {
    let (value, interval) = limited(of);
    vec![
        of.name.clone(),
        of.kind.to_string(),
        limit_figure(of),
        limit(of),
        value,
        interval,
        count(of.waits),
        status(of),
        of.owner.clone().unwrap_or_else(|| NONE.to_owned()),
    ]
}
