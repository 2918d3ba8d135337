//! The comparison against seeded simulations with a known truth: coverage, false alarms and power.
//!
//! Run with `--nocapture` to see the figures that docs/report.md quotes.

use nowait_report::{Cell, CellKey, Cells, CompareOptions, Comparison, Verdict};
use nowait_wire::{Event, Kind, NameId, Os, Outcome};

/// SplitMix64 (Steele, Lea and Flood, 2014): small, seeded, good enough for a simulation.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly spread over (0, 1).
    fn unit(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Box and Muller's standard normal.
    fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// Shapes that latencies have.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// One hump with a long tail, median 400 ms.
    LogNormal { sigma: f64 },
    /// A cache that hits six times in ten: two humps a factor of four apart.
    TwoHumps,
}

impl Shape {
    fn draw(self, random: &mut Random) -> f64 {
        match self {
            Shape::LogNormal { sigma } => 4e8 * (sigma * random.normal()).exp(),
            Shape::TwoHumps => {
                let middle = if random.unit() < 0.6 { 1e8 } else { 4e8 };
                middle * (0.3 * random.normal()).exp()
            }
        }
    }
}

fn key(name: &str, app_version: &str) -> CellKey {
    CellKey {
        kind: Kind::Screen,
        name: name.to_owned(),
        app_version: app_version.to_owned(),
        os: Os::Android,
    }
}

/// `n` waits, `factor` times as long as the shape has them, of which `failed_share` fail.
fn cell(random: &mut Random, n: usize, shape: Shape, factor: f64, failed_share: f64) -> Cell {
    let mut cell = Cell::new();
    for _ in 0..n {
        let mut event = Event::new(Kind::Screen, NameId(6));
        event.duration_ns = (shape.draw(random) * factor) as u64;
        if random.unit() < failed_share {
            event.outcome = Outcome::Failed;
        }
        cell.add(&event);
    }
    cell
}

fn cells(random: &mut Random, touchpoints: usize, n: usize, factor: f64) -> Cells {
    (0..touchpoints)
        .map(|at| {
            // Only the first touchpoint changes.
            let factor = if at == 0 { factor } else { 1.0 };
            let sigma = 0.5 + 0.02 * at as f64;
            (key(&format!("Screen{at}"), "x"), cell(random, n, Shape::LogNormal { sigma }, factor, 0.02))
        })
        .collect()
}

fn compare(base: &Cells, head: &Cells) -> Comparison {
    Comparison::new(("8.1.0", base), ("8.2.0", head), CompareOptions::default())
}

#[test]
fn intervals_cover_the_true_ratio() {
    const ROUNDS: usize = 1_000;
    let shapes = [Shape::LogNormal { sigma: 0.4 }, Shape::LogNormal { sigma: 1.0 }, Shape::TwoHumps];
    for (seed, (shape, n, truth)) in shapes
        .into_iter()
        .flat_map(|shape| [(shape, 60, 1.0), (shape, 300, 1.2), (shape, 1_500, 0.8)])
        .enumerate()
    {
        let mut random = Random(seed as u64);
        let mut covered = [0usize; 3];
        let mut bounded = [0usize; 3];
        for _ in 0..ROUNDS {
            let base = Cells::from_iter([(key("S", "x"), cell(&mut random, n, shape, 1.0, 0.0))]);
            let head = Cells::from_iter([(key("S", "x"), cell(&mut random, n, shape, truth, 0.0))]);
            let found = compare(&base, &head);
            for (at, change) in found.touchpoints[0].quantiles.iter().enumerate() {
                let (Some(low), Some(high)) = (change.ratio_low, change.ratio_high) else { continue };
                bounded[at] += 1;
                covered[at] += usize::from(low <= truth && truth <= high);
            }
        }
        let share = |at: usize| covered[at] as f64 / bounded[at] as f64;
        for at in (0..3).filter(|at| bounded[*at] > 0) {
            println!("coverage {shape:?} n {n} ratio {truth}: quantile {at} {:.3}", share(at));
        }
        for at in (0..3).filter(|at| bounded[*at] > 0) {
            // Three standard errors of a share of 0.95 over 1,000 rounds are 0.021.
            assert!(share(at) >= 0.929, "quantile {at} of {shape:?} at n {n}: {}", share(at));
        }
    }
}

#[test]
fn equal_releases_are_told_apart_at_most_as_often_as_allowed() {
    const ROUNDS: usize = 600;
    let mut random = Random(42);
    let (mut slower, mut different) = (0, 0);
    for _ in 0..ROUNDS {
        let (base, head) = (cells(&mut random, 20, 200, 1.0), cells(&mut random, 20, 200, 1.0));
        let verdict = compare(&base, &head).verdict;
        slower += usize::from(verdict == Verdict::Slower);
        different += usize::from(verdict != Verdict::NoEvidence);
    }
    let share = |count: usize| count as f64 / ROUNDS as f64;
    println!(
        "equal releases, 20 screens x 200: slower {:.3}, different {:.3}",
        share(slower),
        share(different)
    );
    assert!(share(different) <= 0.05, "{different} of {ROUNDS}");
}

#[test]
fn a_slowdown_of_a_fifth_is_found() {
    const ROUNDS: usize = 200;
    for (n, needed) in [(300, 0.3), (600, 0.8), (1_000, 0.95)] {
        let mut random = Random(7);
        let (mut found, mut blamed_others) = (0, 0);
        for _ in 0..ROUNDS {
            let (base, head) = (cells(&mut random, 20, n, 1.0), cells(&mut random, 20, n, 1.2));
            let comparison = compare(&base, &head);
            let slow: Vec<&str> = comparison
                .touchpoints
                .iter()
                .filter(|change| change.verdict == Verdict::Slower)
                .map(|change| change.name.as_str())
                .collect();
            found += usize::from(slow.contains(&"Screen0"));
            blamed_others += usize::from(slow.iter().any(|name| *name != "Screen0"));
        }
        let share = |count: usize| count as f64 / ROUNDS as f64;
        println!(
            "20 % slower, 20 screens x {n}: found {:.3}, others blamed {:.3}",
            share(found),
            share(blamed_others)
        );
        assert!(share(found) >= needed, "n {n}: found {found} of {ROUNDS}");
        assert!(share(blamed_others) <= 0.05);
    }
}

#[test]
fn failures_are_a_regression_too() {
    let mut random = Random(3);
    let shape = Shape::LogNormal { sigma: 0.4 };
    let base = Cells::from_iter([(key("S", "x"), cell(&mut random, 1_000, shape, 1.0, 0.01))]);
    let head = Cells::from_iter([(key("S", "x"), cell(&mut random, 1_000, shape, 1.0, 0.06))]);
    let found = compare(&base, &head);
    assert_eq!(found.touchpoints[0].verdict, Verdict::NoEvidence);
    assert_eq!(found.touchpoints[0].failures.map(|failures| failures.verdict), Some(Verdict::Slower));
    assert!(found.is_regression());
    assert_eq!(compare(&head, &base).verdict, Verdict::Faster);
}

#[test]
fn few_samples_say_nothing() {
    let mut random = Random(4);
    let shape = Shape::LogNormal { sigma: 0.1 };
    let base = Cells::from_iter([(key("S", "x"), cell(&mut random, 49, shape, 1.0, 0.0))]);
    let head = Cells::from_iter([(key("S", "x"), cell(&mut random, 5_000, shape, 3.0, 0.0))]);
    let found = compare(&base, &head);
    assert_eq!(found.verdict, Verdict::TooFewSamples);
    assert_eq!(found.touchpoints[0].primary().and_then(|change| change.ratio_low), None);
    assert_eq!(compare(&Cells::new(), &Cells::new()).verdict, Verdict::TooFewSamples);
}

#[test]
fn a_change_too_small_to_matter_is_no_regression() {
    let mut random = Random(5);
    let shape = Shape::LogNormal { sigma: 0.3 };
    let base = Cells::from_iter([(key("S", "x"), cell(&mut random, 50_000, shape, 1.0, 0.0))]);
    let head = Cells::from_iter([(key("S", "x"), cell(&mut random, 50_000, shape, 1.03, 0.0))]);
    let found = compare(&base, &head);
    assert!(found.touchpoints[0].primary().and_then(|change| change.ratio_low) > Some(1.0));
    assert_eq!(found.verdict, Verdict::NoEvidence);
}
