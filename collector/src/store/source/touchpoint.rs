//! One touchpoint out of the rollups, by day and by hour.
//!
//! Owns: which days and hours of a touchpoint are read. Refuses: figures, and questions that rollups do not know (see `detail`).
//! Invariant: a day is told from its own rollup only if the question asks for all of it.

use super::super::Query;
use super::super::people;
use super::super::period::{Calendar, Period, unix_ms};
use super::super::progress;
use super::super::segments::{self, Segment};
use super::{Release, Source};
use crate::error::Error;
use jiff::civil::Date;
use nowait_report::limits::{DAYS_LISTED_MAX, HOURS_LISTED_MAX};
use nowait_report::{Cell, Crowd, People, Times};
use nowait_wire::Kind;
use rusqlite::params;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

impl Source<'_> {
    /// The waits of a touchpoint, and how many damaged rows there were.
    pub(in crate::store) fn times(
        &self,
        query: &Query,
        (kind, name): (Kind, &str),
    ) -> Result<(Times, u64), Error> {
        let (mut times, mut damaged) = (Times::default(), 0);
        let kept = progress::kept(self.conn)?;
        let hours = self.listed_hours(&kept);
        let days = self.listed_days(&kept);
        let series = self.series_of((kind, name));
        if let Some(series) = series {
            for place in &self.plan.periods {
                damaged += self.cells_of_series(self.tenant.id, series, *place, |release, cell| {
                    times.add(&release.app_version, release.os, cell);
                })?;
            }
            for day in days.clone() {
                damaged += self.add_day(series, day, query, |date, release, cell| {
                    times.add_day(date, &release.app_version, cell);
                })?;
            }
            for hour in hours.clone() {
                damaged +=
                    self.cells_of_series(self.tenant.id, series, (Period::Hour, hour), |_, cell| {
                        times.add_hour(unix_ms(hour), cell);
                    })?;
            }
        }
        self.add_tail(&mut times, (kind, name), (days.clone(), hours));
        if self.knows_people() && People::takes(kind) {
            let place = (kind, name);
            let (all, damaged_people) = self.people_of(series, place, &self.plan.periods, |_| true)?;
            times.set_people(all);
            damaged += damaged_people;
            for day in days.filter(|day| self.is_whole(*day, query)) {
                // A damaged row of a day is in that of its month, which was counted.
                let (of_day, _) = self.people_of(series, place, &[(Period::Day, day)], |of| of == day)?;
                if let Some(date) = Calendar::date_of_day(day) {
                    times.set_people_of_day(date, of_day);
                }
            }
        }
        Ok((times, damaged))
    }

    /// The waits of each of these touchpoints by day, where the question asks for that day, and how many damaged rows there were.
    pub(in crate::store) fn days(
        &self,
        query: &Query,
        places: &[(Kind, &str)],
    ) -> Result<(Vec<BTreeMap<Date, Cell>>, u64), Error> {
        let (mut all, mut damaged) = (vec![BTreeMap::<Date, Cell>::new(); places.len()], 0);
        let days = self.listed_days(&progress::kept(self.conn)?);
        let numbers: HashMap<(Kind, &str), usize> =
            places.iter().enumerate().map(|(number, place)| (*place, number)).collect();
        for (series, (kind, name)) in &self.names {
            let Some(of) = numbers.get(&(*kind, name.as_str())).and_then(|number| all.get_mut(*number))
            else {
                continue;
            };
            for day in days.clone() {
                damaged += self.add_day(*series, day, query, |date, _, cell| {
                    of.entry(date).or_default().merge(cell);
                })?;
            }
        }
        for ((hour, series, _), cell) in &self.tail.cells {
            let of_series = self.tail.series.all().get(*series as usize);
            let number = of_series.and_then(|((_, kind), name)| numbers.get(&(*kind, name.as_str())));
            let day = self.calendar.of_hour(Period::Day, *hour);
            if let Some(of) = number.and_then(|number| all.get_mut(*number))
                && let Some(date) = Calendar::date_of_day(day).filter(|_| days.contains(&day))
                && self.is_in_span(*hour)
            {
                of.entry(date).or_default().merge(cell);
            }
        }
        Ok((all, damaged))
    }

    /// The hours that are told one by one.
    fn listed_hours(&self, kept: &[u32; 3]) -> Range<u32> {
        let listed = u32::try_from(HOURS_LISTED_MAX).unwrap_or(u32::MAX);
        let from = self.plan.until.saturating_sub(listed);
        self.plan.from.max(from).max(kept.first().copied().unwrap_or(0))..self.plan.until
    }

    /// The days that are told one by one.
    fn listed_days(&self, kept: &[u32; 3]) -> Range<u32> {
        if self.plan.from >= self.plan.until {
            return 0..0;
        }
        let day_of = |hour: u32| self.calendar.of_hour(Period::Day, hour);
        let end = day_of(self.plan.until - 1) + 1;
        let listed = u32::try_from(DAYS_LISTED_MAX).unwrap_or(u32::MAX);
        let from = day_of(self.plan.from).max(end.saturating_sub(listed));
        from.max(kept.get(Period::Day as usize).copied().unwrap_or(0))..end
    }

    /// Whether the question asks for all hours of a day.
    fn is_whole(&self, day: u32, query: &Query) -> bool {
        self.calendar.first_hour(Period::Day, day) >= query.first_hour()
            && self.calendar.first_hour(Period::Day, day + 1) <= query.end_hour()
    }

    /// Adds a day from its rollup, or from the hours of it that are asked for.
    fn add_day(
        &self,
        series: i64,
        day: u32,
        query: &Query,
        mut add: impl FnMut(Date, &Release, &Cell),
    ) -> Result<u64, Error> {
        let Some(date) = Calendar::date_of_day(day) else { return Ok(0) };
        let mut add = |release: &Release, cell: &Cell| add(date, release, cell);
        if self.is_whole(day, query) {
            return self.cells_of_series(self.tenant.id, series, (Period::Day, day), add);
        }
        let first = self.calendar.first_hour(Period::Day, day).max(self.plan.from);
        let end = self.calendar.first_hour(Period::Day, day + 1).min(self.plan.until);
        let mut damaged = 0;
        for hour in first..end {
            damaged += self.cells_of_series(self.tenant.id, series, (Period::Hour, hour), &mut add)?;
        }
        Ok(damaged)
    }

    /// The waits of a touchpoint that the rollups of a segment have, and who had them.
    pub(in crate::store) fn of_segment(
        &self,
        segment: &(i64, Segment),
        place: (Kind, &str),
    ) -> Result<(Cell, Crowd), Error> {
        let (mut sum, Some(series)) = (Cell::new(), self.series_of(place)) else {
            return Ok((Cell::new(), Crowd::new()));
        };
        for id in segments::counted_by(self.conn, self.tenant.id, segment)? {
            for period in &self.plan.periods {
                self.cells_of_series(-id, series, *period, |_, cell| sum.merge(cell))?;
            }
        }
        let (crowd, _) = people::of_series(self.conn, -segment.0, &self.plan.periods, None, series)?;
        Ok((sum, crowd))
    }

    fn series_of(&self, (kind, name): (Kind, &str)) -> Option<i64> {
        let found = self.names.iter().find(|(_, (of, named))| *of == kind && named == name);
        found.map(|(series, _)| *series)
    }

    /// Whether this is the number of a touchpoint in the tail.
    pub(super) fn is_in_tail(&self, series: u32, (kind, name): (Kind, &str)) -> bool {
        let found = self.tail.series.all().get(series as usize);
        found.is_some_and(|((_, of), named)| *of == kind && named == name)
    }

    /// Hands over the cells of a series in a period of a tenant or of what stands for a segment, and says how many damaged ones it
    /// met.
    fn cells_of_series(
        &self,
        rows_of: i64,
        series: i64,
        (period, start): (Period, u32),
        mut add: impl FnMut(&Release, &Cell),
    ) -> Result<u64, Error> {
        let select = "SELECT release, cell FROM cells WHERE tenant = ?1 AND period = ?2 AND start = ?3 AND series = ?4";
        let mut select = self.conn.prepare_cached(select)?;
        let mut rows = select.query(params![rows_of, period as u8, start, series])?;
        let mut damaged = 0;
        while let Some(row) = rows.next()? {
            let Some(release) = self.releases.get(&row.get(0)?) else { continue };
            match Cell::from_bytes(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?) {
                Ok(cell) => add(release, &cell),
                Err(_) => damaged += 1,
            }
        }
        Ok(damaged)
    }

    /// Adds what no rollup has yet.
    fn add_tail(&self, times: &mut Times, place: (Kind, &str), (days, hours): (Range<u32>, Range<u32>)) {
        for ((hour, series, release), cell) in &self.tail.cells {
            let is_meant = self.is_in_tail(*series, place);
            let release = self.tail.releases.all().get(*release as usize);
            let Some(((_, os), app_version)) = release.filter(|_| is_meant && self.is_in_span(*hour)) else {
                continue;
            };
            times.add(app_version, *os, cell);
            let day = self.calendar.of_hour(Period::Day, *hour);
            if let Some(date) = Calendar::date_of_day(day).filter(|_| days.contains(&day)) {
                times.add_day(date, app_version, cell);
            }
            if hours.contains(hour) {
                times.add_hour(unix_ms(*hour), cell);
            }
        }
    }
}
