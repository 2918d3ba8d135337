//! What a bank knows beforehand of some days: on paydays many customers come, during maintenance their waits are no surprise.
//!
//! Owns: the TOML form of `[[mark]]`, and which hours of a date a mark lies on. Refuses: figures: a mark changes none.
//! Invariant: dates and times are on the bank's clock, so that no zone moves a mark to another day.

use super::read::{short, wrong};
use crate::error::Error;
use crate::limits::MARKS_MAX;
use jiff::civil::{Date, DateTime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use toml::Spanned;
use toml::value::Datetime;

/// What a mark is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// Salaries are paid.
    Payday,
    /// Systems are worked on.
    Maintenance,
}

impl MarkKind {
    const ALL: [MarkKind; 2] = [MarkKind::Payday, MarkKind::Maintenance];

    /// Its name in a budgets file, which is also the key of its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            MarkKind::Payday => "payday",
            MarkKind::Maintenance => "maintenance",
        }
    }
}

/// A mark of a bank.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    pub(crate) kind: MarkKind,
    pub(crate) name: String,
    when: When,
}

#[derive(Clone, Debug, PartialEq)]
enum When {
    /// On these days of each month; in a month that has no such day, on its last one.
    OfMonth(Vec<i8>),
    /// From one moment until another, which is not in it.
    Once(DateTime, DateTime),
}

impl Mark {
    /// The hours of a date on which it lies, 0 to 23 and the end behind them; `None` if on none.
    pub(crate) fn hours_of(&self, date: Date) -> Option<Range<u8>> {
        match &self.when {
            When::OfMonth(days) => {
                let is_on = days.iter().any(|day| (*day).min(date.days_in_month()) == date.day());
                is_on.then_some(0..24)
            }
            When::Once(from, until) => {
                let (begin, end) = (date.at(0, 0, 0, 0), date.tomorrow().ok()?.at(0, 0, 0, 0));
                if *from >= end || *until <= begin {
                    return None;
                }
                let first = if *from <= begin { 0 } else { from.hour() };
                let is_full = until.minute() == 0 && until.second() == 0 && until.subsec_nanosecond() == 0;
                let last = if *until >= end { 24 } else { until.hour() + i8::from(!is_full) };
                Some(u8::try_from(first).ok()?..u8::try_from(last).ok()?)
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MarkEntry {
    name: Spanned<String>,
    kind: Spanned<String>,
    days: Option<Spanned<Vec<i64>>>,
    from: Option<Spanned<Datetime>>,
    until: Option<Spanned<Datetime>>,
}

/// Adds the marks of a file to those that there are.
pub(super) fn add(text: &str, entries: Vec<MarkEntry>, marks: &mut Vec<Mark>) -> Result<(), Error> {
    for entry in entries {
        if marks.len() == MARKS_MAX {
            return Err(wrong(text, &entry.name, "mark", &format!("at most {MARKS_MAX} are read")));
        }
        marks.push(entry.mark(text)?);
    }
    Ok(())
}

impl MarkEntry {
    fn mark(&self, text: &str) -> Result<Mark, Error> {
        let known = MarkKind::ALL.into_iter().find(|kind| kind.as_str() == self.kind.get_ref());
        let kind = known.ok_or_else(|| {
            let kinds = MarkKind::ALL.map(MarkKind::as_str).join(" or ");
            let what = format!("there is no mark of kind \"{}\"; write {kinds}", self.kind.get_ref());
            wrong(text, &self.kind, "kind", &what)
        })?;
        let when = match (&self.days, &self.from, &self.until) {
            (Some(days), None, None) => days_of_month(text, days)?,
            (None, Some(from), Some(until)) => once(text, from, until)?,
            _ => {
                let what = "say when: days = [10, 25] of each month, or from and until";
                return Err(wrong(text, &self.name, "mark", what));
            }
        };
        Ok(Mark { kind, name: short(text, "name", &self.name)?, when })
    }
}

fn days_of_month(text: &str, given: &Spanned<Vec<i64>>) -> Result<When, Error> {
    let days: Option<Vec<i8>> = given
        .get_ref()
        .iter()
        .map(|day| i8::try_from(*day).ok().filter(|day| (1..=31).contains(day)))
        .collect();
    let days = days.filter(|days| !days.is_empty() && days.len() <= 31);
    days.map(When::OfMonth).ok_or_else(|| {
        wrong(
            text,
            given,
            "days",
            "write days of a month from 1 to 31, for example [10, 25]; 31 is its last day",
        )
    })
}

fn once(text: &str, from: &Spanned<Datetime>, until: &Spanned<Datetime>) -> Result<When, Error> {
    let (begin, end) = (clock(text, "from", from)?, clock(text, "until", until)?);
    if begin >= end {
        return Err(wrong(
            text,
            until,
            "until",
            "it has to lie behind from; what it names is not in the mark",
        ));
    }
    Ok(When::Once(begin, end))
}

/// A date, which is its midnight, or a date and a time on the bank's clock.
fn clock(text: &str, key: &str, given: &Spanned<Datetime>) -> Result<DateTime, Error> {
    let said = given.get_ref();
    let read = said.date.filter(|_| said.offset.is_none()).and_then(|date| {
        let year = i16::try_from(date.year).ok()?;
        let date = Date::new(year, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?).ok()?;
        let (hour, minute) = said.time.map_or((0, 0), |time| (time.hour, time.minute));
        Some(date.at(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0))
    });
    read.ok_or_else(|| {
        let what = "write a date, or a date and a time on the bank's clock, for example 2026-03-07T22:00:00";
        wrong(text, given, key, what)
    })
}

#[cfg(test)]
mod tests {
    use crate::budget::Budgets;
    use crate::limits::MARKS_MAX;
    use jiff::civil::date;

    const PAYDAY: &str = "[[mark]]\nname = \"Salaries\"\nkind = \"payday\"\n";

    #[test]
    fn a_payday_is_every_month_and_maintenance_is_once() {
        let text = format!(
            "{PAYDAY}days = [10, 31]\n[[mark]]\nname = \"Core\"\nkind = \"maintenance\"\n\
            from = 2026-03-07T22:00:00\nuntil = 2026-03-09T04:30:00\n"
        );
        let budgets = Budgets::parse(&text).unwrap();
        let [salaries, core] = budgets.marks() else { panic!("{:?}", budgets.marks()) };
        assert_eq!(salaries.hours_of(date(2026, 3, 10)), Some(0..24));
        assert_eq!(salaries.hours_of(date(2026, 2, 28)), Some(0..24), "the last day of a shorter month");
        assert_eq!(salaries.hours_of(date(2026, 3, 30)), None);
        let of = |day| core.hours_of(date(2026, 3, day));
        assert_eq!([of(6), of(7), of(8), of(9), of(10)], [None, Some(22..24), Some(0..24), Some(0..5), None]);
        // What a date says is its midnight, and until is not in it.
        let text = text.replace("T22:00:00", "").replace("T04:30:00", "");
        let budgets = Budgets::parse(&text).unwrap();
        let of = |day| budgets.marks()[1].hours_of(date(2026, 3, day));
        assert_eq!([of(6), of(7), of(8), of(9)], [None, Some(0..24), Some(0..24), None]);
    }

    #[test]
    fn errors_name_line_key_and_remedy() {
        let error = |text: &str| Budgets::parse(text).unwrap_err().to_string();
        assert!(error(PAYDAY).contains("line 2, mark: say when: days = [10, 25]"));
        assert!(
            error(&format!("{PAYDAY}days = [0]\n"))
                .contains("line 4, days: write days of a month from 1 to 31")
        );
        assert!(error(&format!("{PAYDAY}days = []\n")).contains("line 4, days"));
        assert!(
            error(&format!("{PAYDAY}days = [1]\nfrom = 2026-03-07\n")).contains("line 2, mark: say when")
        );
        let span = |from: &str, until: &str| error(&format!("{PAYDAY}from = {from}\nuntil = {until}\n"));
        assert!(span("2026-03-07", "2026-03-07").contains("line 5, until: it has to lie behind from"));
        assert!(span("22:00:00", "2026-03-07").contains("line 4, from: write a date"));
        assert!(span("2026-03-07T22:00:00Z", "2026-03-09").contains("line 4, from: write a date"));
        let kind = PAYDAY.replace("payday", "holiday");
        assert!(
            error(&kind)
                .contains("line 3, kind: there is no mark of kind \"holiday\"; write payday or maintenance")
        );
        let many = format!("{PAYDAY}days = [1]\n").repeat(MARKS_MAX + 1);
        assert!(error(&many).contains("mark: at most 100 are read"));
        assert!(error(&PAYDAY.replace("Salaries", "")).contains("line 2"));
    }
}
