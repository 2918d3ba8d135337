//! One session, as tables.

use super::{Cell, Column, Section, condition, duration, name, number, text};
use crate::session::{Happening, Timeline};
use nowait_wire::{ExitReason, Kind};

/// All sections of a session: what is true of all of it, and what happened.
#[must_use]
pub fn of_session(timeline: &Timeline) -> Vec<Section> {
    vec![whole(timeline), events(timeline)]
}

/// What is true of all of it.
fn whole(timeline: &Timeline) -> Section {
    const COLUMNS: &[Column] = &[text("field"), text("value")];
    let texts = [
        ("release", Cell::Text(timeline.app_version.clone())),
        ("system", Cell::Text(format!("{} {}", timeline.os, timeline.os_version))),
        ("model", name(&timeline.device_model)),
        ("tier", condition::tier(timeline.device_tier)),
        ("network", condition::network(timeline.network)),
        ("country", name(&timeline.country)),
    ];
    let of_texts = texts.into_iter().map(|(field, cell)| vec![Cell::Word("column", field), cell]);
    let dimensions = timeline.dimensions.iter();
    let of_dimensions =
        dimensions.map(|(key, value)| vec![Cell::Text(key.clone()), Cell::Text(value.clone())]);
    Section::new("session", COLUMNS).with(of_texts.chain(of_dimensions))
}

/// What happened.
fn events(timeline: &Timeline) -> Section {
    const COLUMNS: &[Column] =
        &[text("moment"), text("kind"), text("name"), text("screen"), number("wait"), text("outcome")];
    let first = timeline.events.first().map_or(0, |event| event.started_unix_ms);
    let cells = |event: &Happening| {
        let is_wait = event.duration_ns > 0;
        vec![
            Cell::Text(moment(timeline, event, first)),
            Cell::Word("kind", event.kind.as_str()),
            told(event),
            name(&event.screen),
            duration(is_wait.then_some(event.duration_ns)),
            if is_wait { Cell::Word("outcome", event.outcome.as_str()) } else { Cell::None },
        ]
    };
    let section = Section::new("timeline", COLUMNS).with(timeline.events.iter().map(cells));
    Section { more: timeline.left_out, ..section }
}

/// The moment on the clock to the millisecond, with its date where that is another one than before.
fn moment(timeline: &Timeline, event: &Happening, first: u64) -> String {
    let ms = event.started_unix_ms;
    let clock = timeline.zone.clock(ms);
    let is_first_day = timeline.zone.day(ms) == timeline.zone.day(first);
    if ms != first && is_first_day { clock } else { format!("{} {clock}", timeline.zone.day(ms)) }
}

/// What an event is about, in a word.
fn told(event: &Happening) -> Cell {
    match event.kind {
        Kind::Lifecycle => Cell::Word("lifecycle", if event.a == 1 { "foreground" } else { "background" }),
        Kind::Exit => {
            let reason = u8::try_from(event.a).ok().and_then(ExitReason::from_u8);
            reason.map_or(Cell::None, |reason| Cell::Word("exit", reason.as_str()))
        }
        Kind::Request if event.a > 0 => Cell::Text(format!("{} ({})", event.name, event.a)),
        _ => name(&event.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::Zone;
    use nowait_wire::{Network, Os, Outcome, Tier};

    #[test]
    fn events_are_told_on_the_clock_of_the_bank_with_a_date_where_it_changes() {
        let event = |started_unix_ms, kind, a| Happening {
            started_unix_ms,
            duration_ns: 0,
            kind,
            name: "Home".into(),
            screen: String::new(),
            outcome: Outcome::Done,
            a,
        };
        // 23:59:59.500 in Shanghai, and a second later.
        let midnight = 1_772_726_400_000;
        let timeline = Timeline {
            report_version: 1,
            session: String::new(),
            zone: "Asia/Shanghai".parse().unwrap_or(Zone::UTC),
            app_version: "8.2.0".into(),
            os: Os::Ios,
            os_version: "19".into(),
            device_model: String::new(),
            device_tier: Tier::High,
            network: Network::Wifi,
            country: String::new(),
            dimensions: vec![("segment".into(), "retail".into())],
            events: vec![
                event(midnight - 1_500, Kind::Lifecycle, 1),
                event(midnight - 500, Kind::Breadcrumb, 0),
                event(midnight + 500, Kind::Exit, 1),
            ],
            left_out: 7,
        };
        let sections = of_session(&timeline);
        let events = &sections[1];
        let first = |row: usize| events.rows[row].cells[0].clone();
        assert_eq!(first(0), Cell::Text("2026-03-05 23:59:58.500".into()));
        assert_eq!(first(1), Cell::Text("23:59:59.500".into()));
        assert_eq!(first(2), Cell::Text("2026-03-06 00:00:00.500".into()));
        assert_eq!(events.rows[0].cells[2], Cell::Word("lifecycle", "foreground"));
        assert_eq!(events.rows[2].cells[2], Cell::Word("exit", "died_in_foreground"));
        assert_eq!((events.more, sections[0].rows.len()), (7, 7));
    }
}
