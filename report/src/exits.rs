//! How processes ended that were not meant to.
//!
//! Owns: grouping exits, and which of them are listed one by one. Refuses: joining an exit with its trail (a store does).
//! Invariant: groups count all exits; what is listed is bounded.

use crate::limits::{CRUMBS_LISTED_MAX, EXITS_LISTED_MAX};
use crate::report::{Exit, ExitGroup, Exits};
use nowait_wire::{ExitCause, ExitReason};
use std::cmp::Reverse;
use std::collections::BTreeMap;

impl Exit {
    /// The name of the last breadcrumb before the end; empty if there is none.
    #[must_use]
    pub fn last_crumb(&self) -> &str {
        self.trail.last().map_or("", |crumb| crumb.name.as_str())
    }

    /// Whether a customer saw it, or it kept the app from starting, and nobody meant it.
    #[must_use]
    pub fn is_abnormal(&self) -> bool {
        is_abnormal(self.reason, self.cause)
    }
}

impl ExitGroup {
    /// As [`Exit::is_abnormal`].
    #[must_use]
    pub fn is_abnormal(&self) -> bool {
        is_abnormal(self.reason, self.cause)
    }
}

/// Phones end processes in the background all day; and a customer may end an app, or an update.
fn is_abnormal(reason: ExitReason, cause: ExitCause) -> bool {
    reason != ExitReason::Background && !cause.is_meant()
}

impl Exits {
    /// Groups all exits, and lists the latest abnormal ones.
    #[must_use]
    pub fn of(all: &[Exit]) -> Exits {
        let mut groups: BTreeMap<_, u64> = BTreeMap::new();
        for exit in all {
            let last_crumb = exit.last_crumb();
            let group = (exit.reason, exit.cause, exit.app_version.as_str(), exit.os, last_crumb);
            *groups.entry(group).or_default() += 1;
        }
        let groups =
            groups.into_iter().map(|((reason, cause, app_version, os, last_crumb), count)| ExitGroup {
                reason,
                cause,
                app_version: app_version.to_owned(),
                os,
                last_crumb: last_crumb.to_owned(),
                count,
            });
        Exits::new(groups.collect(), all)
    }

    /// These groups, and the latest of these exits.
    #[must_use]
    pub fn new(mut groups: Vec<ExitGroup>, latest: &[Exit]) -> Exits {
        groups.sort_by_key(|group| Reverse(group.count));
        let count = groups.iter().fold(0, |sum: u64, group| sum.saturating_add(group.count));
        let mut listed: Vec<&Exit> = latest.iter().filter(|exit| exit.is_abnormal()).collect();
        listed.sort_by_key(|exit| (Reverse(exit.ended_unix_ms), exit.session.as_str()));
        let latest = listed.into_iter().take(EXITS_LISTED_MAX).map(shortened).collect();
        Exits { count, groups, latest }
    }
}

/// The exit with the end of its trail.
fn shortened(exit: &Exit) -> Exit {
    let skipped = exit.trail.len().saturating_sub(CRUMBS_LISTED_MAX);
    Exit { trail: exit.trail.iter().skip(skipped).cloned().collect(), ..exit.clone() }
}
