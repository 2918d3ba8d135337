//! How often a comparison is wrong, and how much it sees: of releases whose truth is known.
//!
//! `cargo test` runs a short form, which fails where a promise is broken by more than chance; `make calibrate` the whole table, with
//! what else people judge by beside it.

mod peers;
mod random;
mod table;
mod world;

use nowait_report::verdict::Figure;
use nowait_report::{Budgets, CompareOptions, Comparison, Verdict};
use peers::{PEERS, Peer};
use random::Random;
use std::process::ExitCode;
use table::{Promise, Row};
use world::{Session, side};

/// How often a row runs in each form.
const RUNS: u64 = 1_000;
const RUNS_SHORT: u64 = 120;

/// One run in so many shows what the peers say: a bootstrap takes longer than all else.
const PEERS_ONE_IN: u64 = 4;

/// Looks at a growing sample.
const LOOKS: usize = 14;

/// What was found in one run.
#[derive(Clone, Copy, Default)]
struct Run {
    slower: f64,
    faster: f64,
    covered: f64,
    peers: [[f64; 2]; PEERS.len()],
}

impl Run {
    fn add(&mut self, other: &Run) {
        self.slower += other.slower;
        self.faster += other.faster;
        self.covered += other.covered;
        for (mine, theirs) in self.peers.iter_mut().flatten().zip(other.peers.iter().flatten()) {
            *mine += theirs;
        }
    }
}

fn one(is: bool) -> f64 {
    f64::from(u8::from(is))
}

fn compare(base: &[Session], head: &[Session], options: CompareOptions) -> Comparison {
    Comparison::new(("BASE", &side(base)), ("HEAD", &side(head)), &Budgets::default(), options)
}

fn run(row: &Row, seed: u64, has_peers: bool) -> Run {
    let mut random = Random(seed);
    let (base, head) = (row.base.sessions(&mut random), row.head.sessions(&mut random));
    if let Promise::SameAtEveryLook(_) = row.promise {
        return looks(&base, &head);
    }
    // So wide that, with nothing found, each of four figures has an interval of 95 %.
    let error_share_max = if matches!(row.promise, Promise::Covered) { 0.2 } else { 0.05 };
    let found = compare(&base, &head, CompareOptions { error_share_max, ..CompareOptions::default() });
    let truth = row.head.factor / row.base.factor;
    let covers = found
        .touchpoints
        .first()
        .and_then(|touchpoint| touchpoint.figure(Figure::P75))
        .map(|p75| p75.low.is_none_or(|low| low <= truth) && p75.high.is_none_or(|high| high >= truth));
    let said = |peer: Peer| if has_peers { peer(&base, &head) } else { 0 };
    Run {
        slower: one(found.verdict == Verdict::Slower),
        faster: one(found.verdict == Verdict::Faster),
        covered: one(covers == Some(true)),
        peers: PEERS.map(|(_, peer)| {
            let said = said(peer);
            [one(said > 0), one(said < 0)]
        }),
    }
}

/// Whether anything is found at any look at more and more sessions.
fn looks(base: &[Session], head: &[Session]) -> Run {
    let options = CompareOptions { at_every_look: true, ..CompareOptions::default() };
    let mut run = Run::default();
    for look in 1..=LOOKS {
        let part = |sessions: &[Session]| sessions[..sessions.len() * look / LOOKS].to_vec();
        let verdict = compare(&part(base), &part(head), options).verdict;
        run.slower = run.slower.max(one(verdict == Verdict::Slower));
        run.faster = run.faster.max(one(verdict == Verdict::Faster));
    }
    run
}

/// All runs of a row, added up.
fn runs(row: &Row, runs: u64, has_peers: bool) -> Run {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let part = |thread: u64| {
        let mut sum = Run::default();
        for nth in (thread..runs).step_by(threads as usize) {
            let has_peers = has_peers && nth < runs / PEERS_ONE_IN;
            sum.add(&run(row, nth.wrapping_mul(0x5851_f42d_4c95_7f2d), has_peers));
        }
        sum
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads).map(|thread| scope.spawn(move || part(thread))).collect();
        let mut sum = Run::default();
        for part in parts {
            sum.add(&part.join().expect("a simulation does not end early"));
        }
        sum
    })
}

/// Whether a promise holds, but for what chance explains once in a thousand rows.
fn holds(promise: Promise, found: &Run, runs: f64) -> bool {
    let slack = |share: f64| 3.1 * (share * (1.0 - share) / runs).sqrt();
    let is_at_most = |count: f64, share: f64| count / runs <= share + slack(share);
    match promise {
        Promise::Same(share) | Promise::SameAtEveryLook(share) => {
            is_at_most(found.slower + found.faster, share)
        }
        Promise::Slower(share) => found.slower / runs >= share - slack(share),
        Promise::NotFaster(share) => is_at_most(found.faster, share),
        Promise::Covered => {
            let covered = found.covered / runs;
            covered >= 0.93 - slack(0.93) && covered <= 0.97 + slack(0.97)
        }
        Promise::Shown => true,
    }
}

fn line(row: &Row, found: &Run, runs: f64, has_peers: bool) -> String {
    let per_cent = |count: f64| format!("{:.1}", 100.0 * count / runs);
    let ours = match row.promise {
        Promise::Covered => format!("{} covered", per_cent(found.covered)),
        _ => format!("{} / {}", per_cent(found.slower), per_cent(found.faster)),
    };
    let goal = match row.promise {
        Promise::Same(share) | Promise::SameAtEveryLook(share) => format!("≤ {} together", 100.0 * share),
        Promise::Slower(share) => format!("slower ≥ {}", 100.0 * share),
        Promise::NotFaster(share) => format!("faster ≤ {}", 100.0 * share),
        Promise::Covered => "93 to 97".to_owned(),
        Promise::Shown => "–".to_owned(),
    };
    let mut cells = vec![row.what.clone(), ours, goal];
    if has_peers {
        let is_told = !matches!(row.promise, Promise::Covered | Promise::SameAtEveryLook(_))
            && row.base.touchpoints == 1;
        let told = |[slower, faster]: [f64; 2]| {
            let [slower, faster] = [slower, faster].map(|count| per_cent(count * PEERS_ONE_IN as f64));
            if is_told { format!("{slower} / {faster}") } else { "–".to_owned() }
        };
        cells.extend(found.peers.map(told));
    }
    format!("| {} |", cells.join(" | "))
}

fn print_table(rows: &[Row], count: u64, has_peers: bool) -> Vec<String> {
    let mut head = vec!["of 100 runs: said slower / faster", "NoWait", "goal"];
    if has_peers {
        head.extend(PEERS.map(|(name, _)| name));
    }
    println!("| {} |\n|{}", head.join(" | "), "---|".repeat(head.len()));
    let mut broken = Vec::new();
    for row in rows {
        let found = runs(row, count, has_peers);
        println!("{}", line(row, &found, count as f64, has_peers));
        if !holds(row.promise, &found, count as f64) {
            broken.push(row.what.clone());
        }
    }
    println!();
    broken
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    if words.any(|word| word == "--list") {
        return ExitCode::SUCCESS;
    }
    let is_long = std::env::var_os("NOWAIT_CALIBRATE").is_some();
    let rules: Vec<Row> = table::rules().into_iter().filter(|row| is_long || row.is_short).collect();
    let count = if is_long { RUNS } else { RUNS_SHORT };
    println!("comparisons of releases whose truth is known, {count} runs a row\n");
    let mut broken = print_table(&rules, count, is_long);
    if is_long {
        println!("{} runs a row:\n", RUNS / 5);
        broken.extend(print_table(&table::power(), RUNS / 5, true));
    }
    if broken.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("broken by more than chance: {}", broken.join("; "));
    ExitCode::FAILURE
}
