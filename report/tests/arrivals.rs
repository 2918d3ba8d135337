//! What arrives, as tables.

mod words;

use nowait_report::arrivals::{Arrivals, Counted, Lately, Reporting, Room, SetApart};
use nowait_report::section::{of_arrivals, of_refused};

const MINUTE_MS: u64 = 60_000;

#[test]
fn every_word_is_in_every_language() {
    let room = |what, is_beyond| Room { what, used: 1, most: 2, is_beyond };
    let arrivals = Arrivals {
        asked_unix_ms: 10 * MINUTE_MS,
        latest_unix_ms: Some(3 * MINUTE_MS),
        spans: Lately::ALL.map(|span| Reporting { span, sessions: Some(2), installs: None }).into(),
        room: vec![
            room(Counted::Names, true),
            room(Counted::Releases, false),
            room(Counted::Segments, false),
        ],
        set_apart: vec![SetApart { table: "cells".into(), why: "torn".into(), count: 1 }],
    };
    let mut sections = of_arrivals(&arrivals);
    let endings = [
        "wrong_key",
        "wrong_type",
        "too_large",
        "malformed",
        "unsupported",
        "incomplete",
        "too_slow",
        "busy",
        "over_share",
        "failed",
        "abandoned",
    ];
    sections.push(of_refused(&endings.map(|ending| (ending, 1))));
    assert_eq!(words::missing(&sections), Vec::<String>::new());
    assert_eq!(sections.iter().map(|section| section.rows.len()).collect::<Vec<_>>(), [4, 3, 1, 11]);
    assert_eq!(sections.first().and_then(|section| section.n), Some(7));
    // Nothing is said of what did not happen, and of devices where nothing is kept.
    assert_eq!(of_refused(&[("busy", 0)]).rows, []);
    let silent = Arrivals { latest_unix_ms: None, ..arrivals };
    assert_eq!(of_arrivals(&silent).first().map(|section| section.rows.len()), Some(0));
}
