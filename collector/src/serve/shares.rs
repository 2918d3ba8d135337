//! How many of what everybody needs one tenant may have.
//!
//! Owns: counting by tenant, and giving back when a [`Share`] is dropped. Refuses: waiting (see `desk`).
//! Invariant: where there are several tenants, none can take what all of them share.

use crate::limits::TENANT_PARTS;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A number of places for all, and for each tenant.
#[derive(Debug)]
pub(super) struct Shares {
    all: usize,
    each: usize,
    taken: Mutex<HashMap<String, usize>>,
}

/// A place; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    shares: Arc<Shares>,
    tenant: String,
}

impl Shares {
    /// So many places, for so many tenants.
    pub(super) fn new(all: usize, tenants: usize) -> Arc<Shares> {
        Arc::new(Shares { all, each: part(all, tenants), taken: Mutex::default() })
    }

    /// Whether [`Shares::take`] would fail now.
    pub(super) fn is_full_for(&self, tenant: &str) -> bool {
        self.is_full(&self.taken.lock().unwrap_or_else(PoisonError::into_inner), tenant)
    }

    /// A place for this tenant, if there is one.
    pub(super) fn take(self: &Arc<Shares>, tenant: &str) -> Option<Share> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_full(&taken, tenant) {
            return None;
        }
        *taken.entry(tenant.to_owned()).or_default() += 1;
        Some(Share { shares: Arc::clone(self), tenant: tenant.to_owned() })
    }

    fn is_full(&self, taken: &HashMap<String, usize>, tenant: &str) -> bool {
        taken.values().sum::<usize>() >= self.all
            || taken.get(tenant).is_some_and(|taken| *taken >= self.each)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.tenant) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.tenant);
            }
        }
    }
}

/// What one of so many tenants may have of `all`; at least one.
pub(super) fn part(all: usize, tenants: usize) -> usize {
    if tenants > 1 { (all / TENANT_PARTS).max(1) } else { all }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_several_tenants_leaves_the_half_to_the_others() {
        let shares = Shares::new(4, 2);
        let held: Vec<Share> = (0..3).filter_map(|_| shares.take("flood")).collect();
        assert_eq!(held.len(), 2);
        assert!(shares.is_full_for("flood") && !shares.is_full_for("bank"));
        let others = (shares.take("bank"), shares.take("bank"));
        assert!(others.0.is_some() && others.1.is_some() && shares.take("third").is_none());
        drop(held);
        assert!(shares.take("flood").is_some());
    }

    #[test]
    fn the_only_tenant_has_all() {
        let shares = Shares::new(4, 1);
        let held: Vec<Share> = (0..5).filter_map(|_| shares.take("bank")).collect();
        assert_eq!(held.len(), 4);
        drop(held);
        assert!(shares.taken.lock().unwrap().is_empty());
    }
}
