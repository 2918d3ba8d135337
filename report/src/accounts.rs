//! What became of sessions: how they died, and whether all they produced is accounted for.
//!
//! Owns: grouping exits, summing ledgers. Refuses: latencies (see [`crate::assemble`]).
//! Invariant: sessions are balanced one by one, so that one's surplus never hides another's loss.

use crate::limits::{CRUMBS_LISTED_MAX, EXITS_LISTED_MAX};
use crate::report::{Exit, ExitGroup, Exits, FactsSummary, LedgerSummary, SessionAccount};
use nowait_wire::{DropReason, ExitReason, Facts, RefuseReason};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Groups all exits, and lists the latest ones that a customer saw or that kept the app from starting: phones end
/// processes in the background all day.
pub(crate) fn exits(all: &[Exit]) -> Exits {
    let mut groups: BTreeMap<_, u64> = BTreeMap::new();
    for exit in all {
        let last_crumb = exit.trail.last().map_or("", |crumb| crumb.name.as_str());
        *groups.entry((exit.reason, exit.app_version.as_str(), exit.os, last_crumb)).or_default() += 1;
    }
    let mut groups: Vec<ExitGroup> = groups
        .into_iter()
        .map(|((reason, app_version, os, last_crumb), count)| ExitGroup {
            reason,
            app_version: app_version.to_owned(),
            os,
            last_crumb: last_crumb.to_owned(),
            count,
        })
        .collect();
    groups.sort_by_key(|group| Reverse(group.count));
    let mut listed: Vec<&Exit> = all.iter().filter(|exit| exit.reason != ExitReason::Background).collect();
    listed.sort_by_key(|exit| (Reverse(exit.ended_unix_ms), exit.session.as_str()));
    let latest = listed.into_iter().take(EXITS_LISTED_MAX).map(shortened).collect();
    Exits { count: all.len() as u64, groups, latest }
}

/// The exit with the end of its trail.
fn shortened(exit: &Exit) -> Exit {
    let skipped = exit.trail.len().saturating_sub(CRUMBS_LISTED_MAX);
    Exit { trail: exit.trail.iter().skip(skipped).cloned().collect(), ..exit.clone() }
}

/// Sums the accounts of all sessions.
pub(crate) fn ledger(sessions: &[SessionAccount]) -> LedgerSummary {
    let mut summary =
        LedgerSummary { sessions: sessions.len() as u64, balanced: true, ..LedgerSummary::default() };
    for SessionAccount { ledger, delivered, .. } in sessions {
        let accounted = delivered.saturating_add(ledger.dropped_total());
        add(&mut summary.produced, ledger.produced);
        add(&mut summary.delivered, *delivered);
        add(&mut summary.dropped_total, ledger.dropped_total());
        for (reason, count) in DropReason::ALL.iter().zip(ledger.dropped).filter(|(_, count)| *count > 0) {
            add(summary.dropped.entry(reason.as_str().to_owned()).or_default(), count);
        }
        add(&mut summary.missing, ledger.produced.saturating_sub(accounted));
        add(&mut summary.surplus, accounted.saturating_sub(ledger.produced));
        if accounted != ledger.produced {
            summary.balanced = false;
            summary.sessions_unbalanced += 1;
        }
        add_facts(&mut summary.facts, &ledger.facts);
        add(&mut summary.names_redacted, ledger.names_redacted);
        add(&mut summary.names_overflowed, ledger.names_overflowed);
        add(&mut summary.signals_lost, ledger.signals_lost);
        add(&mut summary.panics_caught, ledger.panics_caught);
        add(&mut summary.starts_failed, ledger.starts_failed);
        summary.rings_on_heap += u64::from(ledger.ring_on_heap);
    }
    summary.balanced &= summary.facts.sessions_unbalanced == 0;
    summary
}

/// Adds the facts' line of one session, if it has one: a session without a single fact comes from an older NoWait.
fn add_facts(summary: &mut FactsSummary, facts: &Facts) {
    if *facts == Facts::default() {
        return;
    }
    summary.sessions += 1;
    add(&mut summary.appended, facts.appended());
    add(&mut summary.folded, facts.folded);
    add(&mut summary.refused_total, facts.refused_total());
    for (reason, count) in RefuseReason::ALL.iter().zip(facts.refused).filter(|(_, count)| *count > 0) {
        add(summary.refused.entry(reason.as_str().to_owned()).or_default(), count);
    }
    // Both sides come from one device, so only numbers beyond reason can disagree.
    let sum = facts.refused.iter().try_fold(facts.folded, |sum, count| sum.checked_add(*count));
    summary.sessions_unbalanced += u64::from(sum != Some(facts.appended()));
}

fn add(sum: &mut u64, n: u64) {
    *sum = sum.saturating_add(n);
}
