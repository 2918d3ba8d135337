//! How often a comparison is wrong, and how much it sees: of releases whose truth is known.
//!
//! `cargo test` runs a short form that fails where a promise is broken by more than chance; `make calibrate` the whole table.

mod random;
mod world;

use nowait_report::{Budgets, CompareOptions, Comparison, Verdict};
use random::Random;
use world::{World, side};

fn verdicts(base: World, head: World, rounds: u64) -> [f64; 5] {
    let mut counts = [0u64; 5];
    let threads = 2;
    let all: Vec<[u64; 5]> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || {
                    let mut counts = [0u64; 5];
                    for round in (thread..rounds).step_by(threads as usize) {
                        let mut random = Random(round * 7919 + 1);
                        let (base, head) =
                            (side(&base.sessions(&mut random)), side(&head.sessions(&mut random)));
                        let found = Comparison::new(
                            ("a", &base),
                            ("b", &head),
                            &Budgets::default(),
                            CompareOptions::default(),
                        );
                        let at = match found.verdict {
                            Verdict::Slower => 0,
                            Verdict::Faster => 1,
                            Verdict::Equivalent => 2,
                            Verdict::NoEvidence => 3,
                            Verdict::TooFewSamples => 4,
                        };
                        counts[at] += 1;
                        if std::env::var("WHY").is_ok() && at < 2 {
                            for t in &found.touchpoints {
                                for f in &t.figures {
                                    if matches!(f.verdict, Verdict::Slower | Verdict::Faster) {
                                        println!(
                                            "why {:?} {:?} sessions {}/{}",
                                            f.figure, f.verdict, t.base.sessions, t.head.sessions
                                        );
                                    }
                                }
                            }
                        }
                    }
                    counts
                })
            })
            .collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    });
    for of in all {
        for (sum, n) in counts.iter_mut().zip(of) {
            *sum += n;
        }
    }
    counts.map(|n| n as f64 / rounds as f64)
}

fn main() {
    let rounds: u64 = std::env::var("ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let plain = World::default();
    let correlated = |correlation, touchpoints| World { session_max: 50, correlation, touchpoints, ..plain };
    let rows: Vec<(&str, World, World)> = vec![
        ("A/A independent 500", plain, plain),
        ("A/A corr 0.3", correlated(0.3, 1), correlated(0.3, 1)),
        ("A/A corr 0.6", correlated(0.6, 1), correlated(0.6, 1)),
        ("A/A corr 0.3 x20", correlated(0.3, 20), correlated(0.3, 20)),
        ("A/A corr 0.6 x20", correlated(0.6, 20), correlated(0.6, 20)),
        (
            "A/A failing 4 %",
            World { failing: 0.04, session_max: 50, ..plain },
            World { failing: 0.04, session_max: 50, ..plain },
        ),
        ("mix 30->39 n 500", World { low_end: 0.30, ..plain }, World { low_end: 0.39, ..plain }),
        (
            "mix 30->39 n 2000",
            World { low_end: 0.30, waits: 2000, ..plain },
            World { low_end: 0.39, waits: 2000, ..plain },
        ),
        (
            "slower 10 %, mix 60->30 n 2000",
            World { low_end: 0.60, waits: 2000, ..plain },
            World { low_end: 0.30, factor: 1.1, waits: 2000, ..plain },
        ),
        (
            "slowest 10 % given up n 2000",
            World { waits: 2000, ..plain },
            World { gives_up: true, waits: 2000, ..plain },
        ),
        (
            "slowest 10 % x 1.5 n 2000",
            World { waits: 2000, ..plain },
            World { tail_factor: 1.5, waits: 2000, ..plain },
        ),
        ("+5 % n 2000", World { waits: 2000, ..plain }, World { factor: 1.05, waits: 2000, ..plain }),
        ("+8 % n 2000", World { waits: 2000, ..plain }, World { factor: 1.08, waits: 2000, ..plain }),
        ("+5 % n 10000", World { waits: 10000, ..plain }, World { factor: 1.05, waits: 10000, ..plain }),
        (
            "frames +10 % n 2000",
            World { waits: 2000, frame_ns: Some(16.7e6), ..plain },
            World { factor: 1.1, waits: 2000, frame_ns: Some(16.7e6), ..plain },
        ),
    ];
    let only = std::env::var("ONLY").unwrap_or_default();
    for (name, base, head) in rows.into_iter().filter(|row| row.0.contains(only.as_str())) {
        let found = verdicts(base, head, rounds);
        println!(
            "{name:34} slower {:5.1} faster {:5.1} equivalent {:5.1} none {:5.1} few {:5.1}",
            found[0] * 100.0,
            found[1] * 100.0,
            found[2] * 100.0,
            found[3] * 100.0,
            found[4] * 100.0
        );
    }
}
