//! Any file of reviews: see `fuzz/README.md`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nowait_collector::listen::{self, Listener};
use nowait_report::feedback::Polarity;
use nowait_report::{Budgets, Zone};
use std::sync::LazyLock;

static LISTENER: LazyLock<Listener> = LazyLock::new(|| Listener::new(&Budgets::default()));

/// 8 March 2026.
const NOW: u64 = 1_772_928_000_000;

/// What a name may not have either.
const DIGITS_RUN_MAX: usize = 5;

fuzz_target!(|data: &[u8]| {
    let file = match listen::read(data, &Zone::UTC, NOW, "") {
        Ok(file) => file,
        Err(error) => {
            let said = error.to_string();
            return assert!(error.is_input() && said.starts_with("line ") && said.len() < 400, "{said}");
        }
    };
    for review in &file.reviews {
        let digits = review.text.split(|c: char| !c.is_numeric()).map(|run| run.chars().count());
        assert!(digits.max().unwrap_or(0) <= DIGITS_RUN_MAX, "{:?}", review.text);
        assert!(!review.text.contains('@') && !review.text.contains('\u{200b}'), "{:?}", review.text);
    }
    let rows = file.reviews.len();
    let noted = LISTENER.note(file.reviews, true, |_, _| {});
    assert_eq!(noted.len(), rows);
    let mut ids: Vec<_> = noted.iter().map(|note| note.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), rows, "each row is one");
    for note in &noted {
        assert_eq!(note.tally.n(), 1);
        assert!(
            !note.under.is_empty() && note.under.iter().all(|(one, other)| one.len() + other.len() < 200)
        );
        let heard = LISTENER.hear(note.text.as_deref().unwrap_or_default());
        assert_eq!(heard.polarity == Polarity::Positive, note.tally.positive == 1);
    }
});
