//! How many files this process may have open, and so how many connections.
//!
//! Owns: raising the soft limit to the hard one, and the sum. Refuses: connections (see `door`).
//! Invariant: with every connection there may be taken, the database can still open what it needs.

use crate::limits::{CONNECTIONS_MAX, CONNECTIONS_MIN, FILES_RESERVED};

/// How many connections there may be.
pub(super) fn connections_max() -> usize {
    connections_within(files_max())
}

fn connections_within(files: Option<u64>) -> usize {
    let files = files.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX);
    files.saturating_sub(FILES_RESERVED).clamp(CONNECTIONS_MIN, CONNECTIONS_MAX)
}

/// The limit on open files, after it was raised as far as this process may.
#[cfg(unix)]
fn files_max() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = (CONNECTIONS_MAX + FILES_RESERVED) as u64;
    let raised = limit.maximum.map_or(wanted, |hard| hard.min(wanted));
    if limit.current.is_some_and(|soft| soft < raised)
        && setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum: limit.maximum }).is_ok()
    {
        return Some(raised);
    }
    limit.current
}

#[cfg(not(unix))]
fn files_max() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_database_needs_is_left_to_it() {
        assert_eq!(connections_within(Some(64)), 24);
        assert_eq!(connections_within(Some(10)), CONNECTIONS_MIN);
        assert_eq!(connections_within(Some(1024)), 984);
        assert_eq!(connections_within(Some(u64::MAX)), CONNECTIONS_MAX);
        assert_eq!(connections_within(None), CONNECTIONS_MAX);
    }
}
