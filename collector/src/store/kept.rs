//! Comparisons that are asked for again, as pages are reloaded and tools ask once for each form.
//!
//! Owns: the last few, each with its question and the state of the store that it is of. Refuses: making them.
//! Invariant: **what is given out again is what would be made again**: nothing was written since before it was read.

use super::{Query, Store};
use crate::error::Error;
use crate::limits::COMPARISONS_KEPT_MAX;
use nowait_report::{Budgets, CompareOptions, Comparison};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// The last comparisons.
#[derive(Debug, Default)]
pub struct Comparisons {
    kept: Mutex<VecDeque<Kept>>,
}

#[derive(Debug, PartialEq)]
struct Question {
    tenant: String,
    query: Query,
    base: String,
    head: String,
    options: CompareOptions,
}

#[derive(Debug)]
struct Kept {
    question: Question,
    changes: u64,
    budgets: Arc<Budgets>,
    comparison: Arc<Comparison>,
}

impl Comparisons {
    /// BASE against HEAD within the rest of the query, by these budgets; see [`compare`](super::compare).
    ///
    /// # Errors
    /// As [`compare`](super::compare).
    pub fn compare(
        &self,
        store: &dyn Store,
        tenant: &str,
        query: &Query,
        (base, head): (&str, &str),
        budgets: &Arc<Budgets>,
        options: CompareOptions,
    ) -> Result<Arc<Comparison>, Error> {
        // Looked at first: what is written while it is made makes it another one.
        let changes = store.changes()?;
        let question = Question {
            tenant: tenant.to_owned(),
            query: query.clone(),
            base: base.to_owned(),
            head: head.to_owned(),
            options,
        };
        let is_of_now = |kept: &Kept| kept.changes == changes && Arc::ptr_eq(&kept.budgets, budgets);
        let is_same = |kept: &&Kept| is_of_now(kept) && kept.question == question;
        let found = self.kept().iter().find(is_same).map(|kept| Arc::clone(&kept.comparison));
        if let Some(comparison) = found {
            return Ok(comparison);
        }
        let made = super::compare(store, tenant, query, (base, head), budgets, options)?;
        let comparison = Arc::new(made);
        let mut kept = self.kept();
        kept.retain(is_of_now);
        kept.truncate(COMPARISONS_KEPT_MAX - 1);
        kept.push_front(Kept {
            question,
            changes,
            budgets: Arc::clone(budgets),
            comparison: Arc::clone(&comparison),
        });
        Ok(comparison)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, VecDeque<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
