//! The sampled calls of `record` of a session, as one column.
//!
//! Owns: the binary form of their number, their sum and their buckets. Refuses: the other costs, which have columns.
//! Invariant: of two of these of one session, the later is the greater in the order of its bytes, so that SQLite's
//! `max()` keeps it whole, whatever came first: the number of samples stands first and only grows.

use nowait_wire::Cost;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

/// The part of a cost that lies in the column; everything else in it is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sampled(pub(super) Cost);

impl Sampled {
    /// Each number as a byte that says how many follow, and these, the most significant first: shorter numbers are
    /// smaller ones. Zeros at the end are left out, so that a session without samples takes no room.
    fn to_bytes(&self) -> Vec<u8> {
        let numbers = [self.0.record_samples(), self.0.record_ns_sum];
        let (mut out, mut used) = (Vec::new(), 0);
        for number in numbers.into_iter().chain(self.0.record_ns_buckets) {
            let zeros = (number.leading_zeros() / u8::BITS) as usize;
            let bytes = number.to_be_bytes();
            out.push((bytes.len() - zeros) as u8);
            out.extend(bytes.iter().skip(zeros));
            if number > 0 {
                used = out.len();
            }
        }
        out.truncate(used);
        out
    }

    /// `None` for what [`Sampled::to_bytes`] could not have written.
    fn from_bytes(mut bytes: &[u8]) -> Option<Sampled> {
        let mut cost = Cost::default();
        let mut samples = 0;
        let numbers = [&mut samples, &mut cost.record_ns_sum].into_iter().chain(&mut cost.record_ns_buckets);
        for number in numbers {
            let Some((length, rest)) = bytes.split_first() else {
                break;
            };
            let (digits, rest) = rest.split_at_checked(usize::from(*length))?;
            let mut whole = [0; size_of::<u64>()];
            let zeros = whole.len().checked_sub(digits.len())?;
            for (to, from) in whole.iter_mut().skip(zeros).zip(digits) {
                *to = *from;
            }
            *number = u64::from_be_bytes(whole);
            bytes = rest;
        }
        (bytes.is_empty() && samples == cost.record_samples()).then_some(Sampled(cost))
    }
}

impl ToSql for Sampled {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.to_bytes().into())
    }
}

impl FromSql for Sampled {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Sampled> {
        Sampled::from_bytes(value.as_blob()?)
            .ok_or_else(|| FromSqlError::Other("the sampled calls of a session are damaged".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nowait_wire::RECORD_BUCKETS;
    use proptest::prelude::*;

    fn sampled(record_ns_sum: u64, record_ns_buckets: [u64; RECORD_BUCKETS]) -> Sampled {
        Sampled(Cost { record_ns_sum, record_ns_buckets, ..Cost::default() })
    }

    fn number() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0..64u32).prop_map(|(bits, shift)| bits >> shift)
    }

    proptest! {
        #[test]
        fn it_comes_back_and_junk_is_refused_or_whole(
            sum in number(), buckets in prop::array::uniform16(number()), junk in any::<Vec<u8>>(),
        ) {
            let written = sampled(sum, buckets);
            prop_assert_eq!(Sampled::from_bytes(&written.to_bytes()), Some(written.clone()));
            prop_assert_eq!(Sampled::from_bytes(&[&written.to_bytes()[..], &[0; 19]].concat()), None);
            if let Some(read) = Sampled::from_bytes(&junk) {
                prop_assert_eq!(Sampled::from_bytes(&read.to_bytes()), Some(read));
            }
        }

        #[test]
        fn the_later_is_the_greater(
            sum in 0..1u64 << 40, buckets in prop::array::uniform16(0..1u64 << 40), at in 0..RECORD_BUCKETS, more in 1..1u64 << 40,
        ) {
            let early = sampled(sum, buckets);
            let mut late = sampled(sum + more, buckets);
            late.0.record_ns_buckets[at] += more;
            prop_assert!(late.to_bytes() > early.to_bytes());
            prop_assert!(early.to_bytes() > sampled(0, [0; RECORD_BUCKETS]).to_bytes() || early.0.record_samples() == 0);
        }
    }

    #[test]
    fn a_session_without_samples_takes_no_room() {
        assert!(Sampled::default().to_bytes().is_empty());
        assert_eq!(Sampled::from_bytes(&[]), Some(Sampled::default()));
    }
}
