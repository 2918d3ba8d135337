//! Who uses the two releases: whether their customers differ by more than chance.
//!
//! Owns: the test of sample ratios. Refuses: what a comparison does about it (see `pair`).
//! Invariant: equal mixes are told apart in one of 1,000 comparisons.

use crate::side::{Side, Stratum};
use crate::verdict::MixChange;
use statrs::distribution::{ChiSquared, ContinuousCDF};
use std::collections::BTreeMap;

/// The chance that equal mixes are told apart, over all fields: so rare that a warning is worth a look (Fabijan and others,
/// Diagnosing sample ratio mismatch in online controlled experiments, KDD 2019).
const ERROR_SHARE: f64 = 0.001;

/// What a stratum is of, and its value.
type Field = (&'static str, fn(&Stratum) -> &'static str);

const FIELDS: [Field; 3] = [
    ("tier", |stratum| stratum.tier.as_str()),
    ("network", |stratum| stratum.network.as_str()),
    ("os", |stratum| stratum.os.as_str()),
];

/// The values whose shares of sessions differ by more than chance, larger changes first.
pub(crate) fn changes(base: &Side, head: &Side) -> Vec<MixChange> {
    let mut changes: Vec<MixChange> = FIELDS.iter().flat_map(|field| of_field(*field, base, head)).collect();
    let size = |change: &MixChange| (change.head_share - change.base_share).abs();
    changes.sort_by(|one, other| size(other).total_cmp(&size(one)));
    changes
}

fn of_field((field, value): Field, base: &Side, head: &Side) -> Vec<MixChange> {
    let mut counts: BTreeMap<&str, [f64; 2]> = BTreeMap::new();
    for (at, side) in [base, head].into_iter().enumerate() {
        for (stratum, sessions) in &side.strata {
            counts.entry(value(stratum)).or_default()[at] += f64::from(*sessions);
        }
    }
    let [of_base, of_head] = [0, 1].map(|at| counts.values().map(|count| count[at]).sum::<f64>());
    if counts.len() < 2 || of_base == 0.0 || of_head == 0.0 {
        return Vec::new();
    }
    let all = of_base + of_head;
    let statistic: f64 = (counts.values())
        .flat_map(|[base, head]| {
            [(base, of_base), (head, of_head)].map(|(found, of)| {
                let expected = (base + head) * of / all;
                (found - expected).powi(2) / expected
            })
        })
        .sum();
    let error_share = ERROR_SHARE / FIELDS.len() as f64;
    let degrees = (counts.len() - 1) as f64;
    if ChiSquared::new(degrees).is_ok_and(|chi| chi.sf(statistic) >= error_share) {
        return Vec::new();
    }
    let told = |(value, [base, head]): (&str, [f64; 2])| MixChange {
        field: field.to_owned(),
        value: value.to_owned(),
        base_share: base / of_base,
        head_share: head / of_head,
    };
    counts.into_iter().map(told).collect()
}
