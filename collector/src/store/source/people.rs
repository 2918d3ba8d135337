//! Who was in the waits of a source: of all touchpoints, or of one.
//!
//! Owns: whether anybody knows, and how rollups and the tail become one. Refuses: rows (see the store's `people`).
//! Invariant: nobody is told where the span is not whole days.

use super::super::people;
use super::super::period::Period;
use super::Source;
use crate::error::Error;
use nowait_report::Crowd;
use nowait_wire::Kind;
use std::collections::HashMap;

/// People by kind and name.
pub(super) type PeopleOf = HashMap<(Kind, String), Crowd>;

impl Source<'_> {
    /// Whether anybody knows who waited: the span is whole days.
    pub(super) fn knows_people(&self) -> bool {
        self.plan.periods.iter().all(|(period, _)| *period != Period::Hour)
    }

    /// Whose people are meant: those of these releases; `None` if of everybody.
    fn releases_of_people(&self) -> Option<Vec<i64>> {
        let is_of_all = self.filter.is_empty() || self.segment.is_some();
        (!is_of_all).then(|| self.releases.keys().copied().collect())
    }

    /// Whether some of a day is in the span, which is whole days, or ends where there is no more data.
    fn is_day_in_span(&self, day: u32) -> bool {
        let first_hour = |day: u32| self.calendar.first_hour(Period::Day, day);
        first_hour(day) < self.plan.until && first_hour(day + 1) > self.plan.from
    }

    /// The people of each kind and name, and how many damaged rows there were; nobody knows where the span is not whole days.
    pub(super) fn people(&self) -> Result<(Option<PeopleOf>, u64), Error> {
        if !self.knows_people() {
            return Ok((None, 0));
        }
        let asked = self.releases_of_people();
        let releases = asked.as_deref();
        let (by_id, damaged) = people::read(self.conn, self.rows_of(), &self.plan, releases)?;
        let named = by_id.into_iter().filter_map(|(id, people)| Some((self.names.get(&id)?.clone(), people)));
        let mut all: PeopleOf = named.collect();
        if self.segment.is_some() {
            for (kind, name, people) in self.segment_tail.people(|month| self.has_month(month)) {
                all.entry((kind, name.to_owned())).or_default().add(people);
            }
            return Ok((Some(all), damaged));
        }
        for ((day, series, _), people) in &self.tail.people {
            if self.is_day_in_span(*day)
                && let Some(((_, kind), name)) = self.tail.series.all().get(*series as usize)
            {
                all.entry((*kind, name.clone())).or_default().add(people);
            }
        }
        Ok((Some(all), damaged))
    }

    /// Who waited in these periods, and on these days of what no rollup has yet.
    pub(super) fn people_of(
        &self,
        series: Option<i64>,
        place: (Kind, &str),
        periods: &[(Period, u32)],
        is_day: impl Fn(u32) -> bool,
    ) -> Result<(Crowd, u64), Error> {
        let asked = self.releases_of_people();
        let of_rollups =
            |series| people::of_series(self.conn, self.tenant.id, periods, asked.as_deref(), series);
        let (mut crowd, damaged) = series.map(of_rollups).transpose()?.unwrap_or_default();
        for ((day, series, _), people) in &self.tail.people {
            if self.is_in_tail(*series, place) && is_day(*day) && self.is_day_in_span(*day) {
                crowd.add(people);
            }
        }
        Ok((crowd, damaged))
    }
}
