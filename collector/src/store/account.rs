//! The account of one session, as far as its batches have told it.
//!
//! Owns: which of two accounts is the later, and the binary form. Refuses: sums over sessions (see `nowait_report::Accounts`).
//! Invariant: the accounts of a session's batches give the same in any order.

use crate::error::Error;
use crate::limits::{COST_PLAUSIBLE_MAX, COUNT_PLAUSIBLE_MAX};
use nowait_report::SessionAccount;
use nowait_report::bytes::{Reader, put};
use nowait_wire::{Cost, DropReason, Facts, Ledger, RECORD_BUCKETS, RefuseReason};

/// Numbers of an account in its binary form. New ones go to the end: what an older program wrote has zeros there.
const NUMBERS: usize = COSTS + 5 + RECORD_BUCKETS;
/// Where the drop reasons begin, behind delivered, received bytes and eight counts.
const DROPPED: usize = 10;
const REFUSED: usize = DROPPED + DropReason::ALL.len();
const COSTS: usize = REFUSED + RefuseReason::ALL.len();

/// The account of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Account(pub(super) SessionAccount);

impl Account {
    /// What one batch tells. Whether its ledger can be true: one that cannot tells nothing, and the batch counts
    /// as produced and delivered.
    pub(super) fn of(ledger: &Ledger, events: u64, bytes: u64) -> (Account, bool) {
        let is_plausible = is_plausible(ledger);
        let ledger =
            if is_plausible { ledger.clone() } else { Ledger { produced: events, ..Ledger::default() } };
        (Account(SessionAccount { ledger, delivered: events, received_bytes: bytes }), is_plausible)
    }

    /// Adds what another batch of the same session tells. A ledger is cumulative, and batches arrive in any order: the larger
    /// number is the later one.
    pub(super) fn add(&mut self, other: &Account) {
        let (mine, theirs) = (&mut self.0, &other.0);
        mine.delivered = mine.delivered.saturating_add(theirs.delivered);
        mine.received_bytes = mine.received_bytes.saturating_add(theirs.received_bytes);
        let sampled = |cost: &Cost| (cost.record_samples(), cost.record_ns_sum, cost.record_ns_buckets);
        let later = sampled(&mine.ledger.cost).max(sampled(&theirs.ledger.cost));
        let (own, others) = (numbers(mine), numbers(theirs));
        let mut both = own;
        for (number, other) in both.iter_mut().zip(others).skip(2) {
            *number = other.max(*number);
        }
        *mine = account(&both);
        (mine.ledger.cost.record_ns_sum, mine.ledger.cost.record_ns_buckets) = (later.1, later.2);
    }

    /// A word in which each bit says whether a number is not 0, then those that are not, as LEB128.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let numbers = numbers(&self.0);
        let bits =
            numbers.iter().enumerate().fold(0_u64, |bits, (at, number)| bits | u64::from(*number > 0) << at);
        let mut out = Vec::new();
        for number in std::iter::once(bits).chain(numbers.into_iter().filter(|number| *number > 0)) {
            put(&mut out, number);
        }
        out
    }

    /// Reads what [`Account::to_bytes`] wrote.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Account, Error> {
        read(bytes).map(Account).ok_or_else(|| Error::store("the account of a session is damaged"))
    }
}

/// `None` for what [`Account::to_bytes`] could not have written.
fn read(bytes: &[u8]) -> Option<SessionAccount> {
    let mut reader = Reader::new(bytes);
    let bits = reader.number().ok().filter(|bits| bits >> NUMBERS == 0)?;
    let mut numbers = [0; NUMBERS];
    for (at, number) in numbers.iter_mut().enumerate() {
        if bits >> at & 1 == 1 {
            *number = reader.number().ok().filter(|number| *number > 0)?;
        }
    }
    reader.end().ok()?;
    Some(account(&numbers))
}

/// Whether one session of one app can have told this.
fn is_plausible(ledger: &Ledger) -> bool {
    let all = numbers(&SessionAccount { ledger: ledger.clone(), delivered: 0, received_bytes: 0 });
    let (counts, costs) = all.split_at(COSTS);
    counts.iter().all(|count| *count <= COUNT_PLAUSIBLE_MAX)
        && costs.iter().all(|cost| *cost <= COST_PLAUSIBLE_MAX)
}

fn numbers(account: &SessionAccount) -> [u64; NUMBERS] {
    let SessionAccount { ledger, delivered, received_bytes } = account;
    let Ledger {
        facts,
        produced,
        dropped,
        names_redacted,
        names_overflowed,
        signals_lost,
        panics_caught,
        starts_failed,
        ring_on_heap,
        cost,
    } = ledger;
    let counts = [
        *delivered,
        *received_bytes,
        *produced,
        *names_redacted,
        *names_overflowed,
        *signals_lost,
        *panics_caught,
        *starts_failed,
        u64::from(*ring_on_heap),
        facts.folded,
    ];
    let costs = [cost.start_ns, cost.worker_cpu_ns, cost.sealed_bytes, cost.sent_bytes, cost.record_ns_sum];
    let all =
        counts.into_iter().chain(*dropped).chain(facts.refused).chain(costs).chain(cost.record_ns_buckets);
    let mut numbers = [0; NUMBERS];
    numbers.iter_mut().zip(all).for_each(|(number, from)| *number = from);
    numbers
}

fn account(numbers: &[u64; NUMBERS]) -> SessionAccount {
    let mut next = numbers.iter().copied();
    let mut number = || next.next().unwrap_or(0);
    let (delivered, received_bytes) = (number(), number());
    let mut ledger = Ledger {
        produced: number(),
        names_redacted: number(),
        names_overflowed: number(),
        signals_lost: number(),
        panics_caught: number(),
        starts_failed: number(),
        ring_on_heap: number() > 0,
        facts: Facts { folded: number(), ..Facts::default() },
        ..Ledger::default()
    };
    ledger.dropped.iter_mut().chain(&mut ledger.facts.refused).for_each(|count| *count = number());
    ledger.cost = Cost {
        start_ns: number(),
        worker_cpu_ns: number(),
        sealed_bytes: number(),
        sent_bytes: number(),
        record_ns_sum: number(),
        ..Cost::default()
    };
    ledger.cost.record_ns_buckets.iter_mut().for_each(|count| *count = number());
    SessionAccount { ledger, delivered, received_bytes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0..64u32).prop_map(|(bits, shift)| bits >> shift)
    }

    prop_compose! {
        fn any_account()(numbers in prop::collection::vec(prop_oneof![Just(0), number()], NUMBERS)) -> Account {
            let mut all = [0; NUMBERS];
            all.copy_from_slice(&numbers);
            all[8] = u64::from(all[8] > 0);
            Account(account(&all))
        }
    }

    proptest! {
        #[test]
        fn it_comes_back_and_junk_is_refused_or_whole(written in any_account(), junk in any::<Vec<u8>>()) {
            let bytes = written.to_bytes();
            prop_assert_eq!(Account::from_bytes(&bytes).unwrap(), written);
            prop_assert!(Account::from_bytes(&bytes[..bytes.len() - 1]).is_err());
            prop_assert!(Account::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
            if let Ok(read) = Account::from_bytes(&junk) {
                prop_assert_eq!(Account::from_bytes(&read.to_bytes()).unwrap(), read);
            }
        }

        #[test]
        fn batches_in_any_order_give_one_account(all in prop::collection::vec(any_account(), 3), order in Just([0, 1, 2]).prop_shuffle()) {
            let sum = |order: [usize; 3]| {
                let mut sum = Account::default();
                order.iter().for_each(|at| sum.add(&all[*at]));
                sum
            };
            prop_assert_eq!(sum(order), sum([0, 1, 2]));
        }
    }

    #[test]
    fn a_ledger_that_cannot_be_true_tells_nothing() {
        let mut ledger = Ledger { produced: COUNT_PLAUSIBLE_MAX, ..Ledger::default() };
        let (account, is_plausible) = Account::of(&ledger, 50, 400);
        assert!(is_plausible && account.0.ledger == ledger);
        ledger.produced += 1;
        let (account, is_plausible) = Account::of(&ledger, 50, 400);
        assert_eq!((is_plausible, account.0.ledger.produced, account.0.delivered), (false, 50, 50));
    }
}
