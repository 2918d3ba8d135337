//! The histogram against exact computation on the sorted durations.

use nowait_report::histogram::{Histogram, bucket_bounds_ns, bucket_index, supports_quantile};
use proptest::prelude::*;

/// Half a bucket on the logarithmic scale: 2^(1/128) - 1.
const HALF_BUCKET: f64 = 0.0055;

/// Durations as they come: whole ranges, hot spots, zero, and up to 52 days, so that no sum reaches its limit.
fn duration() -> impl Strategy<Value = u64> {
    prop_oneof![
        8 => 1_000_000u64..5_000_000_000,
        2 => 0u64..200,
        2 => any::<u64>().prop_map(|n| n >> 12),
        1 => Just(100_000_000u64),
        1 => (0u32..53).prop_map(|shift| 1 << shift),
    ]
}

fn durations() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(duration(), 1..400)
}

fn histogram_of(durations: &[u64]) -> Histogram {
    let mut all = Histogram::new();
    durations.iter().for_each(|ns| all.record(*ns));
    all
}

#[test]
fn buckets_are_those_of_opentelemetry() {
    assert_eq!(bucket_index(0), None);
    assert_eq!(bucket_index(1), Some(-1));
    assert_eq!(bucket_index(2), Some(63));
    assert_eq!(bucket_index(3), Some(101));
    assert_eq!(bucket_index(u64::MAX), Some(64 * 64 - 1));
    for octave in 0..64 {
        let power = 1u64 << octave;
        assert_eq!(bucket_index(power), Some(octave * 64 - 1), "a power of two ends its bucket");
        if octave > 7 {
            assert_eq!(bucket_index(power + 1), Some(octave * 64), "and the next number begins another");
        }
    }
}

#[test]
fn an_empty_histogram_says_nothing() {
    let empty = Histogram::new();
    assert_eq!((empty.count(), empty.sum_ns(), empty.excess_over(0), empty.count_at_most(0)), (0, 0, 0, 0));
    assert_eq!(
        (empty.min_ns(), empty.max_ns(), empty.mean_ns(), empty.quantile_ns(0.5)),
        (None, None, None, None)
    );
    assert_eq!(Histogram::from_bytes(&empty.to_bytes()), Ok(empty));
}

#[test]
fn sums_stop_at_their_limit() {
    let mut full = Histogram::new();
    full.record_n(u64::MAX, u64::MAX);
    full.record_n(u64::MAX, 5);
    let copy = full.clone();
    full.merge(&copy);
    assert_eq!((full.count(), full.sum_ns()), (u64::MAX, u64::MAX));
    assert_eq!(full.quantile_ns(0.5), Some(u64::MAX));
}

#[test]
fn quantiles_need_one_duration_beyond_them() {
    for (q, needed) in [(0.5, 2), (0.75, 4), (0.95, 20), (0.99, 100)] {
        assert!(supports_quantile(needed, q) && !supports_quantile(needed - 1, q), "{q}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_value_lies_in_its_bucket(value in duration().prop_filter("zero has none", |v| *v > 0)) {
        let index = bucket_index(value).expect("not zero");
        let (lower, upper) = bucket_bounds_ns(index);
        let slack = value as f64 * 1e-15;
        prop_assert!(lower - slack <= value as f64 && value as f64 <= upper + slack);
        prop_assert!((upper / lower - 2f64.powf(1.0 / 64.0)).abs() < 1e-12);
    }

    #[test]
    fn quantiles_are_within_half_a_bucket(values in durations(), q in 0.0f64..=1.0) {
        let mut sorted = values.clone();
        sorted.sort_unstable();
        let all = histogram_of(&values);
        for q in [q, 0.5, 0.75, 0.95, 0.99, 0.0, 1.0] {
            let rank = ((q * sorted.len() as f64 * (1.0 - 1e-9)).ceil() as usize).clamp(1, sorted.len());
            let exact = sorted[rank - 1] as f64;
            let estimate = all.quantile_ns(q).expect("not empty") as f64;
            prop_assert!((estimate - exact).abs() <= exact * HALF_BUCKET + 0.5, "q {q}: {estimate} for {exact}");
        }
    }

    #[test]
    fn totals_are_exact(values in durations()) {
        let all = histogram_of(&values);
        let sum = values.iter().fold(0u64, |sum, v| sum.saturating_add(*v));
        prop_assert_eq!(all.count(), values.len() as u64);
        prop_assert_eq!(all.sum_ns(), sum);
        prop_assert_eq!(all.min_ns(), values.iter().min().copied());
        prop_assert_eq!(all.max_ns(), values.iter().max().copied());
    }

    #[test]
    fn time_beyond_a_target_is_within_half_a_bucket(values in durations(), target in duration()) {
        let all = histogram_of(&values);
        let over = || values.iter().filter(|v| **v > target);
        let exact: f64 = over().map(|v| (v - target) as f64).sum();
        // Those in the target's own bucket are in time.
        let touched: f64 = values.iter().filter(|v| bucket_index(**v) >= bucket_index(target)).map(|v| *v as f64).sum();
        let estimate = all.excess_over(target) as f64;
        prop_assert!((estimate - exact).abs() <= touched * 2.0 * HALF_BUCKET + values.len() as f64, "{estimate} for {exact}");
    }

    #[test]
    fn counts_within_a_target_are_off_by_one_bucket_at_most(values in durations(), target in duration()) {
        let exact = values.iter().filter(|v| **v <= target).count() as u64;
        let unsure = values.iter().filter(|v| bucket_index(**v) == bucket_index(target)).count() as u64;
        prop_assert!(histogram_of(&values).count_at_most(target).abs_diff(exact) <= unsure);
    }

    #[test]
    fn merging_is_recording_everything(a in durations(), b in durations()) {
        let mut merged = histogram_of(&a);
        merged.merge(&histogram_of(&b));
        let mut other_way = histogram_of(&b);
        other_way.merge(&histogram_of(&a));
        let both: Vec<u64> = a.iter().chain(&b).copied().collect();
        prop_assert_eq!(&merged, &histogram_of(&both));
        prop_assert_eq!(merged, other_way);
    }

    #[test]
    fn bytes_come_back(values in durations(), n in 1u64..1_000_000) {
        let mut all = histogram_of(&values);
        all.record_n(values[0], n);
        prop_assert_eq!(Histogram::from_bytes(&all.to_bytes()), Ok(all));
    }

    #[test]
    fn damaged_bytes_are_refused_or_whole(values in durations(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = histogram_of(&values).to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = Histogram::from_bytes(&bytes) {
            prop_assert_eq!(Histogram::from_bytes(&read.to_bytes()), Ok(read));
        }
        prop_assert!(Histogram::from_bytes(&bytes[..at]).is_err());
    }

    #[test]
    fn any_bytes_are_survived(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Histogram::from_bytes(&bytes);
        if let Some(version) = bytes.first_mut() {
            *version = 1 + *version % 2;
            let _ = Histogram::from_bytes(&bytes);
        }
    }
}
