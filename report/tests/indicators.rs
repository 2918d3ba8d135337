//! What is told of indicators, in every language.

mod words;

use nowait_report::indicator::{Experiences, Status, Trends};
use nowait_report::section::{of_experiences, of_trends};
use nowait_report::text::{WIDTH_MAX, indicators};
use nowait_report::{Budgets, Cell, CellKey, Cells, Language};
use nowait_wire::{Event, Kind, NameId, Os, Outcome};

fn found() -> (Experiences, Trends) {
    let mut cells = Cells::new();
    for n in 0..200 {
        for (kind, name) in [(Kind::Tap, "Pay.Confirm"), (Kind::Journey, "transfer"), (Kind::Screen, "")] {
            let outcome = if n % 4 == 0 { Outcome::Failed } else { Outcome::Done };
            let event = Event { duration_ns: 50_000_000, outcome, ..Event::new(kind, NameId::NONE) };
            let mut cell = Cell::new();
            cell.add(&event);
            let key = CellKey { kind, name: name.into(), app_version: "8.2.0".into(), os: Os::Ios };
            cells.merge(key, &cell);
        }
    }
    let text = "[[indicator]]\nname = \"own\"\nlevel = \"needs\"\ndimension = \"knowledge\"\nmeasure = \"done\"\n\
        of = [{ kind = \"tap\", name = \"Pay.Confirm\" }]\n[[indicator]]\nname = \"tasks_done\"\nowner = \"Payments\"\n";
    let budgets = Budgets::parse(text).unwrap();
    let mut trends = Trends::default();
    trends.add("2026-02", Experiences::new(&Cells::new(), &budgets));
    trends.add("2026-03", Experiences::new(&cells, &budgets));
    (Experiences::new(&cells, &budgets), trends)
}

#[test]
fn the_tables_can_be_said_in_every_language() {
    let (of, trends) = found();
    let mut sections = of_experiences(&of);
    sections.extend(of_trends(&trends));
    assert_eq!(sections.len(), 4);
    assert_eq!(words::missing(&sections), Vec::<String>::new());
    for status in Status::ALL.iter().filter(|status| **status != Status::TooFew) {
        let key = format!("status.{}", status.as_str());
        assert!(Language::ALL.iter().all(|language| language.word(&key).is_some()), "{key}");
    }
}

#[test]
fn the_terminal_shows_each_with_its_touchpoints() {
    let (of, trends) = found();
    let text = indicators(&of, &trends);
    assert!(text.lines().all(|line| line.chars().count() <= WIDTH_MAX), "{text}");
    for wanted in
        ["Needs met", "75.0 %", "78.0 %", "missed", "Payments", "no target", "2026-02", "missing 50"]
    {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}
