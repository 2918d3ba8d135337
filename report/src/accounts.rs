//! What became of sessions: whether all they produced is accounted for, and what NoWait cost in them.
//!
//! Owns: [`Accounts`], the sum of the accounts of any number of sessions, and its binary form. Refuses: latencies of waits
//! (see [`crate::assemble`]), exits (see [`crate::exits`]).
//! Invariant: sessions are balanced one by one, so that one's surplus never hides another's loss; and the sum over
//! sessions is the same in any order, also where a session's account was replaced by a later one.

use crate::bytes::{Reader, put};
use crate::error::Error;
use crate::histogram::Histogram;
use crate::limits::ACCOUNTS_BYTES_MAX;
use crate::report::{FactsSummary, LedgerSummary, SessionAccount};
use nowait_wire::{Cost, DropReason, Facts, Ledger, RECORD_BUCKETS, RefuseReason};

/// The version that [`Accounts::to_bytes`] writes first.
const BYTES_VERSION: u8 = 2;

/// The last version whose histograms are not packed.
const VERSION_UNPACKED: u8 = 1;

/// What is counted, by its place in the list of counts. The order is that of the binary form: new ones go to the end.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    Sessions,
    Produced,
    Delivered,
    Missing,
    Surplus,
    Unbalanced,
    FactsSessions,
    FactsFolded,
    FactsUnbalanced,
    NamesRedacted,
    NamesOverflowed,
    SignalsLost,
    PanicsCaught,
    StartsFailed,
    RingsOnHeap,
    CostSessions,
    SealedSessions,
    SealedBytes,
    SentSessions,
    SentBytes,
    RecordNs,
    ReceivedSessions,
    ReceivedEvents,
    ReceivedBytes,
}

/// How many of them there are.
const COUNTS: usize = Of::ReceivedBytes as usize + 1;
/// The lists behind them: drop reasons, refuse reasons, buckets of the sampled calls.
const LISTS: usize = DropReason::ALL.len() + RefuseReason::ALL.len() + RECORD_BUCKETS;
/// The first drop reason.
const DROPPED: usize = COUNTS;
/// The first refuse reason.
const REFUSED: usize = DROPPED + DropReason::ALL.len();
/// The first bucket of the sampled calls.
const RECORD: usize = REFUSED + RefuseReason::ALL.len();

/// The accounts of any number of sessions, added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accounts {
    numbers: [u64; COUNTS + LISTS],
    start: Histogram,
    worker_cpu: Histogram,
}

impl Default for Accounts {
    fn default() -> Accounts {
        Accounts { numbers: [0; COUNTS + LISTS], start: Histogram::new(), worker_cpu: Histogram::new() }
    }
}

impl Accounts {
    /// No sessions.
    #[must_use]
    pub fn new() -> Accounts {
        Accounts::default()
    }

    /// The account of one session.
    #[must_use]
    pub fn of(session: &SessionAccount) -> Accounts {
        let SessionAccount { ledger, delivered, received_bytes } = session;
        let mut one = Accounts::new();
        one.set(Of::Sessions, 1);
        one.set_events(ledger, *delivered);
        one.set_facts(&ledger.facts);
        one.set(Of::NamesRedacted, ledger.names_redacted);
        one.set(Of::NamesOverflowed, ledger.names_overflowed);
        one.set(Of::SignalsLost, ledger.signals_lost);
        one.set(Of::PanicsCaught, ledger.panics_caught);
        one.set(Of::StartsFailed, ledger.starts_failed);
        one.set(Of::RingsOnHeap, u64::from(ledger.ring_on_heap));
        one.set_cost(&ledger.cost);
        if *received_bytes > 0 {
            one.set(Of::ReceivedSessions, 1);
            one.set(Of::ReceivedEvents, *delivered);
            one.set(Of::ReceivedBytes, *received_bytes);
        }
        one
    }

    fn set_events(&mut self, ledger: &Ledger, delivered: u64) {
        let accounted = delivered.saturating_add(ledger.dropped_total());
        self.set(Of::Produced, ledger.produced);
        self.set(Of::Delivered, delivered);
        self.set_list(DROPPED, &ledger.dropped);
        self.set(Of::Missing, ledger.produced.saturating_sub(accounted));
        self.set(Of::Surplus, accounted.saturating_sub(ledger.produced));
        self.set(Of::Unbalanced, u64::from(accounted != ledger.produced));
    }

    /// The facts' line, if there is one: a session without a single fact comes from an older NoWait.
    fn set_facts(&mut self, facts: &Facts) {
        if *facts == Facts::default() {
            return;
        }
        self.set(Of::FactsSessions, 1);
        self.set(Of::FactsFolded, facts.folded);
        self.set_list(REFUSED, &facts.refused);
        // Both sides come from one device, so only numbers beyond reason can disagree.
        let sum = facts.refused.iter().try_fold(facts.folded, |sum, count| sum.checked_add(*count));
        self.set(Of::FactsUnbalanced, u64::from(sum != Some(facts.appended())));
    }

    fn set_cost(&mut self, cost: &Cost) {
        if *cost == Cost::default() {
            return;
        }
        self.set(Of::CostSessions, 1);
        // No call and no thread takes 0 ns: that session could not tell.
        self.start.record_n(cost.start_ns, u64::from(cost.start_ns > 0));
        self.worker_cpu.record_n(cost.worker_cpu_ns, u64::from(cost.worker_cpu_ns > 0));
        self.set(Of::SealedSessions, u64::from(cost.sealed_bytes > 0));
        self.set(Of::SealedBytes, cost.sealed_bytes);
        self.set(Of::SentSessions, u64::from(cost.sent_bytes > 0));
        self.set(Of::SentBytes, cost.sent_bytes);
        self.set(Of::RecordNs, cost.record_ns_sum);
        self.set_list(RECORD, &cost.record_ns_buckets);
    }

    /// Adds everything that `other` holds.
    pub fn merge(&mut self, other: &Accounts) {
        for (mine, theirs) in self.numbers.iter_mut().zip(other.numbers) {
            *mine = mine.saturating_add(theirs);
        }
        self.start.merge(&other.start);
        self.worker_cpu.merge(&other.worker_cpu);
    }

    /// Puts the later account of a session in the place of its earlier one.
    pub fn replace(&mut self, earlier: &Accounts, later: &Accounts) {
        for (mine, theirs) in self.numbers.iter_mut().zip(earlier.numbers) {
            *mine = mine.saturating_sub(theirs);
        }
        self.start.take_out(&earlier.start);
        self.worker_cpu.take_out(&earlier.worker_cpu);
        self.merge(later);
    }

    /// How many sessions there are.
    #[must_use]
    pub fn sessions(&self) -> u64 {
        self.at(Of::Sessions)
    }

    pub(crate) fn at(&self, of: Of) -> u64 {
        self.numbers[of as usize]
    }

    pub(crate) fn start(&self) -> &Histogram {
        &self.start
    }

    pub(crate) fn worker_cpu(&self) -> &Histogram {
        &self.worker_cpu
    }

    fn dropped(&self) -> &[u64] {
        &self.numbers[DROPPED..REFUSED]
    }

    fn refused(&self) -> &[u64] {
        &self.numbers[REFUSED..RECORD]
    }

    /// The sampled calls of all sessions, as one cost.
    pub(crate) fn record(&self) -> Cost {
        let mut all = Cost { record_ns_sum: self.at(Of::RecordNs), ..Cost::default() };
        all.record_ns_buckets.copy_from_slice(&self.numbers[RECORD..]);
        all
    }

    fn set(&mut self, of: Of, number: u64) {
        self.numbers[of as usize] = number;
    }

    fn set_list(&mut self, first: usize, list: &[u64]) {
        self.numbers[first..first + list.len()].copy_from_slice(list);
    }

    /// Both lines of the ledger.
    pub(crate) fn ledger(&self) -> LedgerSummary {
        let by_reason = |names: Vec<&'static str>, counts: &[u64]| {
            let told = names.into_iter().zip(counts).filter(|(_, count)| **count > 0);
            told.map(|(reason, count)| (reason.to_owned(), *count)).collect()
        };
        let total = |counts: &[u64]| counts.iter().fold(0, |sum: u64, count| sum.saturating_add(*count));
        let facts = FactsSummary {
            sessions: self.at(Of::FactsSessions),
            appended: self.at(Of::FactsFolded).saturating_add(total(self.refused())),
            folded: self.at(Of::FactsFolded),
            refused: by_reason(
                RefuseReason::ALL.iter().map(|reason| reason.as_str()).collect(),
                self.refused(),
            ),
            refused_total: total(self.refused()),
            sessions_unbalanced: self.at(Of::FactsUnbalanced),
        };
        LedgerSummary {
            sessions: self.sessions(),
            produced: self.at(Of::Produced),
            delivered: self.at(Of::Delivered),
            dropped: by_reason(
                DropReason::ALL.iter().map(|reason| reason.as_str()).collect(),
                self.dropped(),
            ),
            dropped_total: total(self.dropped()),
            missing: self.at(Of::Missing),
            surplus: self.at(Of::Surplus),
            balanced: self.at(Of::Unbalanced) == 0 && self.at(Of::FactsUnbalanced) == 0,
            sessions_unbalanced: self.at(Of::Unbalanced),
            facts,
            names_redacted: self.at(Of::NamesRedacted),
            names_overflowed: self.at(Of::NamesOverflowed),
            signals_lost: self.at(Of::SignalsLost),
            panics_caught: self.at(Of::PanicsCaught),
            starts_failed: self.at(Of::StartsFailed),
            rings_on_heap: self.at(Of::RingsOnHeap),
        }
    }

    /// The compact form for a store, versioned.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![BYTES_VERSION, self.numbers.len() as u8];
        for number in self.numbers {
            put(&mut out, number);
        }
        self.start.put(&mut out);
        self.worker_cpu.put(&mut out);
        out
    }

    /// Reads what [`Accounts::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Error::is_unknown_version`] if a newer program wrote it, [`Error::is_corrupt`] for everything else that
    /// `to_bytes` could not have written.
    pub fn from_bytes(bytes: &[u8]) -> Result<Accounts, Error> {
        if bytes.len() > ACCOUNTS_BYTES_MAX {
            return Err(Error::corrupt("accounts are too long"));
        }
        let mut reader = Reader::new(bytes);
        let get = match reader.byte()? {
            VERSION_UNPACKED => Histogram::get_unpacked,
            BYTES_VERSION => Histogram::get,
            version => return Err(Error::version(version, BYTES_VERSION)),
        };
        let mut all = Accounts::new();
        if usize::from(reader.byte()?) != all.numbers.len() {
            return Err(Error::corrupt("accounts have other numbers than their version"));
        }
        for number in &mut all.numbers {
            *number = reader.number()?;
        }
        all.start = get(&mut reader)?;
        all.worker_cpu = get(&mut reader)?;
        reader.end()?;
        Ok(all)
    }
}

impl<'a> FromIterator<&'a SessionAccount> for Accounts {
    fn from_iter<I: IntoIterator<Item = &'a SessionAccount>>(sessions: I) -> Accounts {
        let mut all = Accounts::new();
        sessions.into_iter().for_each(|session| all.merge(&Accounts::of(session)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn session() -> impl Strategy<Value = SessionAccount> {
        let numbers = prop::collection::vec(0..1u64 << 40, 12);
        numbers.prop_map(|n| {
            let mut ledger = Ledger { produced: n[0], ..Ledger::default() };
            ledger.dropped[1] = n[1] % 9;
            ledger.facts = Facts { folded: n[2] % 3, refused: [n[3] % 2, 0, n[4] % 2, 0] };
            ledger.names_redacted = n[5] % 3;
            ledger.ring_on_heap = n[6] % 2 == 1;
            ledger.cost.start_ns = n[7] % 5 * 1_000_000;
            ledger.cost.worker_cpu_ns = n[8];
            ledger.cost.record_ns_buckets[2] = n[9] % 4;
            let delivered = if n[10] % 3 == 0 { n[0] } else { n[10] };
            SessionAccount { ledger, delivered, received_bytes: n[11] % 2 * 500 }
        })
    }

    proptest! {
        #[test]
        fn a_replaced_account_is_as_if_the_later_one_had_come_alone(
            others in prop::collection::vec(session(), 0..5), earlier in session(), later in session(),
        ) {
            let others: Accounts = others.iter().collect();
            let (earlier, later) = (Accounts::of(&earlier), Accounts::of(&later));
            let mut replaced = others.clone();
            replaced.merge(&earlier);
            replaced.replace(&earlier, &later);
            let mut alone = others;
            alone.merge(&later);
            prop_assert_eq!(replaced.numbers, alone.numbers);
            prop_assert_eq!(replaced.worker_cpu.sum_ns(), alone.worker_cpu.sum_ns());
            let buckets = |all: &Accounts| all.worker_cpu.buckets().collect::<Vec<_>>();
            prop_assert_eq!(buckets(&replaced), buckets(&alone));
            // What is exact no more is still a histogram that can be read.
            prop_assert_eq!(Accounts::from_bytes(&replaced.to_bytes()), Ok(replaced));
        }

        #[test]
        fn junk_is_refused_or_whole(all in prop::collection::vec(session(), 0..5), junk in any::<Vec<u8>>(), at in 0..60usize) {
            let all: Accounts = all.iter().collect();
            let bytes = all.to_bytes();
            prop_assert!(Accounts::from_bytes(&bytes[..at.min(bytes.len() - 1)]).is_err());
            prop_assert_eq!(Accounts::from_bytes(&bytes), Ok(all));
            if let Ok(read) = Accounts::from_bytes(&junk) {
                prop_assert_eq!(Accounts::from_bytes(&read.to_bytes()), Ok(read));
            }
        }
    }
}
