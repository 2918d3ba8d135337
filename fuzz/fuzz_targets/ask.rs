//! Any question, as an address, as a time and as words of a command line: see `fuzz/README.md`.
#![no_main]

use clap::Parser;
use libfuzzer_sys::fuzz_target;
use nowait_collector::ask::{Ask, Filter};
use nowait_report::Zone;
use nowait_collector::cli::{compare, report};
use nowait_collector::time;

/// 2026-03-05, 14:30 UTC.
const NOW: u64 = 1_772_721_000_000;
/// After the last moment that the calendar knows.
const END: u64 = 253_402_207_201_000;

#[derive(Parser)]
enum Words {
    Report(report::Args),
    Compare(compare::Args),
}

fn question(ask: &Ask) {
    let question = match ask.question(NOW, &Zone::UTC) {
        Ok(question) => question,
        Err(error) => return assert!(error.is_input() && error.to_string().len() < 4_096, "{error}"),
    };
    let filter = &question.filter;
    assert_eq!(
        filter.to_string().parse::<Filter>().as_ref().ok(),
        Some(filter),
        "a filter survives its text"
    );
    assert!(filter.dimensions.is_sorted_by(|left, right| left.0 < right.0));
    if let (Some(from), Some(until)) = (question.from_unix_ms, question.until_unix_ms) {
        assert!(from < until && from <= NOW && until < END);
    }
    let query = question.query();
    assert!(query.from_unix_ms() < query.until_unix_ms());
    // What was said can be said again.
    let again: Vec<(String, String)> =
        ask.said().into_iter().map(|(name, word)| (name.to_owned(), word.to_owned())).collect();
    assert_eq!(Ask::try_from(again).and_then(|ask| ask.question(NOW, &Zone::UTC)).ok(), Some(question));
}

fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match which % 4 {
        0 => match Ask::from_query(text) {
            Ok(ask) => question(&ask),
            Err(error) => assert!(error.is_input() && error.to_string().len() < 4_096, "{error}"),
        },
        1 => match time::parse(text, NOW, &Zone::UTC) {
            Ok(unix_ms) => assert!(unix_ms < END),
            Err(error) => assert!(error.is_input()),
        },
        2 => {
            if let Ok(filter) = text.parse::<Filter>() {
                assert_eq!(filter.to_string().parse::<Filter>().ok(), Some(filter));
            }
        }
        _ => match Words::try_parse_from(["nowait"].into_iter().chain(text.split('\0'))) {
            Ok(Words::Report(args)) => question(&args.ask()),
            Ok(Words::Compare(args)) => question(&args.ask()),
            Err(_) => {}
        },
    }
});
