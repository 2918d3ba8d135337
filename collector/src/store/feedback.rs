//! What customers said elsewhere, as counts by day.
//!
//! Reviews come by file and not by batch: nothing of them is in the log, and no rollup can be made again without them. So they are
//! written once, by whoever imports, in a transaction of its own, which may be beside the writer of batches.
//!
//! Owns: the tables `feedback`, `feedback_rows` and `feedback_texts`. Refuses: what a review tells (see `listen`).
//! Invariant: a row that is counted is known by its hash for as long as its count is kept; all rows of a file are counted, or none.

use super::budget::{OTHER, count, takes};
use super::period::{Calendar, Period, hour_of};
use super::progress::Progress;
use super::read::Tenant;
use super::writer::number;
use super::{Query, settings};
use crate::ask::Filter;
use crate::error::Error;
use crate::limits::{FEEDBACK_CELLS_PER_DAY_MAX, FEEDBACK_ROWS_PER_TENANT_MAX, FEEDBACK_TEXTS_MAX};
use crate::listen::Noted;
use nowait_report::CHANNEL;
use nowait_report::feedback::{Feedback, FeedbackKey, Tally};
use rusqlite::{Connection, Row, params};
use std::collections::{BTreeMap, HashMap};

/// What became of the rows of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Counted now.
    pub counted: u64,
    /// Counted by an import before.
    pub known: u64,
    /// Of days that are kept no more.
    pub too_old: u64,
    /// Counted now under `(other)`, as the budget of their day does not reach.
    pub other: u64,
}

/// All tables, each by the day of its rows.
pub(super) const TABLES: [&str; 3] = ["feedback", "feedback_rows", "feedback_texts"];

/// A day and what is counted in it.
type Place = (u32, FeedbackKey);

/// Counts what was not counted yet, within the caller's transaction.
pub(super) fn write(conn: &Connection, tenant: i64, noted: &[Noted]) -> Result<Imported, Error> {
    let calendar = settings::calendar(conn)?;
    let first_day = u32::try_from(Progress::DaysFrom.read(conn)?).unwrap_or(u32::MAX);
    let mut imported = Imported::default();
    let mut sums: BTreeMap<Place, (Tally, u64)> = BTreeMap::new();
    for note in noted {
        let day = calendar.of_hour(Period::Day, hour_of(note.unix_ms));
        if day < first_day {
            imported.too_old += 1;
            continue;
        }
        let insert = "INSERT INTO feedback_rows (tenant, day, id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        if conn.prepare_cached(insert)?.execute(params![tenant, day, note.id.as_bytes()])? == 0 {
            imported.known += 1;
            continue;
        }
        imported.counted += 1;
        for (touchpoint, indicator) in &note.under {
            let key = FeedbackKey {
                product: note.product.clone(),
                version: note.version.clone(),
                channel: note.channel.clone(),
                touchpoint: touchpoint.clone(),
                indicator: indicator.clone(),
            };
            let (sum, rows) = sums.entry((day, key)).or_default();
            sum.merge(&note.tally);
            *rows += 1;
        }
        if let Some(text) = &note.text {
            keep_text(conn, tenant, day, note, text)?;
        }
    }
    within_budget(conn, tenant)?;
    let mut used = HashMap::new();
    for ((day, key), (tally, rows)) in sums {
        let is_of_all = key.touchpoint.is_empty() && key.indicator.is_empty();
        if !add(conn, &mut used, (tenant, day), key, &tally)? && is_of_all {
            imported.other += rows;
        }
    }
    Ok(imported)
}

/// Refuses what a tenant has no room for. It is asked when the rows are written, which the caller takes back.
fn within_budget(conn: &Connection, tenant: i64) -> Result<(), Error> {
    let of =
        |table: &str| count(conn, &format!("SELECT count(*) FROM {table} WHERE tenant = ?1"), &[&tenant]);
    if of("feedback_rows")? as u64 > FEEDBACK_ROWS_PER_TENANT_MAX {
        return Err(Error::input(format!(
            "it would be more than {FEEDBACK_ROWS_PER_TENANT_MAX} reviews; nothing was counted. Keep days for less long (serve --keep), \
             or remove some (nowait delete --feedback)"
        )));
    }
    if of("feedback_texts")? as u64 > FEEDBACK_TEXTS_MAX {
        return Err(Error::input(format!(
            "it would be more than {FEEDBACK_TEXTS_MAX} texts that are kept; nothing was counted. Import it without --keep-texts"
        )));
    }
    Ok(())
}

fn keep_text(conn: &Connection, tenant: i64, day: u32, note: &Noted, text: &str) -> Result<(), Error> {
    let stars = (1_u8..).zip(note.tally.stars).find(|(_, n)| *n > 0).map(|(stars, _)| stars);
    let insert = "INSERT INTO feedback_texts (tenant, day, unix_ms, product, version, channel, stars, text) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let of =
        params![tenant, day, number(note.unix_ms), note.product, note.version, note.channel, stars, text];
    conn.prepare_cached(insert)?.execute(of)?;
    Ok(())
}

/// Adds some to a count, or to that of all others where there is no room for it: whether there was.
///
/// What is beyond the budget loses product, release and channel, but for whether the product is the own one, and keeps what the dictionary
/// says: so there are at most as many of these as it has words for, twice.
fn add(
    conn: &Connection,
    used: &mut HashMap<(i64, u32), usize>,
    (tenant, day): (i64, u32),
    key: FeedbackKey,
    tally: &Tally,
) -> Result<bool, Error> {
    let add = "UPDATE feedback SET one = one + ?8, two = two + ?9, three = three + ?10, four = four + ?11, five = five + ?12, \
        unrated = unrated + ?13, negative = negative + ?14, neutral = neutral + ?15, positive = positive + ?16 \
        WHERE tenant = ?1 AND day = ?2 AND product = ?3 AND version = ?4 AND channel = ?5 AND touchpoint = ?6 AND indicator = ?7";
    if change(conn, add, (tenant, day), &key, tally)? > 0 {
        return Ok(true);
    }
    let is_within = takes(used, (tenant, day), FEEDBACK_CELLS_PER_DAY_MAX, || {
        count(conn, "SELECT count(*) FROM feedback WHERE tenant = ?1 AND day = ?2", &[&tenant, &day])
    })?;
    let key = if is_within {
        key
    } else {
        let other = || OTHER.to_owned();
        let product = if key.product.is_empty() { String::new() } else { other() };
        FeedbackKey { product, version: other(), channel: other(), ..key }
    };
    if is_within || change(conn, add, (tenant, day), &key, tally)? == 0 {
        let insert = "INSERT INTO feedback (tenant, day, product, version, channel, touchpoint, indicator, one, two, three, four, five, \
            unrated, negative, neutral, positive) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
        change(conn, insert, (tenant, day), &key, tally)?;
    }
    Ok(is_within)
}

fn change(
    conn: &Connection,
    sql: &str,
    (tenant, day): (i64, u32),
    key: &FeedbackKey,
    tally: &Tally,
) -> Result<usize, Error> {
    let FeedbackKey { product, version, channel, touchpoint, indicator } = key;
    let [one, two, three, four, five] = tally.stars.map(number);
    let of = params![
        tenant,
        day,
        product,
        version,
        channel,
        touchpoint,
        indicator,
        one,
        two,
        three,
        four,
        five,
        number(tally.unrated),
        number(tally.negative),
        number(tally.neutral),
        number(tally.positive)
    ];
    Ok(conn.prepare_cached(sql)?.execute(of)?)
}

/// What was said in the days of a question.
pub(super) fn read(conn: &Connection, tenant: Tenant, query: &Query) -> Result<Feedback, Error> {
    let (version, channel) = meant(&query.filter)?;
    let days = days(&settings::calendar(conn)?, query);
    let select = "SELECT product, version, channel, touchpoint, indicator, sum(one), sum(two), sum(three), sum(four), sum(five), \
        sum(unrated), sum(negative), sum(neutral), sum(positive) FROM feedback \
        WHERE tenant = ?1 AND day >= ?2 AND day < ?3 AND (?4 IS NULL OR product <> '' OR version = ?4) AND (?5 IS NULL OR channel = ?5) \
        GROUP BY product, version, channel, touchpoint, indicator";
    let mut select = conn.prepare_cached(select)?;
    let mut rows = select.query(params![tenant.id, days.0, days.1, version, channel])?;
    let mut feedback = Feedback::default();
    while let Some(row) = rows.next()? {
        let (key, tally) = counted(row)?;
        feedback.add(key, &tally);
    }
    Ok(feedback)
}

/// The first day of a question and the first after it: days are counted whole.
fn days(calendar: &Calendar, query: &Query) -> (u32, u32) {
    let of = |hour: u32| calendar.of_hour(Period::Day, hour);
    (of(query.first_hour()), of(query.end_hour().saturating_sub(1)).saturating_add(1))
}

/// The release of the own product and the channel that are meant.
///
/// # Errors
/// [`Error::is_input`] for what no review says.
fn meant(filter: &Filter) -> Result<(Option<&str>, Option<&str>), Error> {
    let known = |key: &str| key == CHANNEL;
    let stray = filter.words().into_iter().find(|(name, word)| match *name {
        "version" => false,
        _ => !word.split_once(':').is_some_and(|(key, _)| known(key)),
    });
    if let Some((name, _)) = stray {
        return Err(Error::input(format!("{name}: reviews do not say it; leave it out")));
    }
    let channel = filter.dimensions.iter().find(|(key, _)| known(key)).map(|(_, value)| value.as_str());
    Ok((filter.version.as_deref(), channel))
}

fn counted(row: &Row) -> Result<(FeedbackKey, Tally), rusqlite::Error> {
    let key = FeedbackKey {
        product: row.get(0)?,
        version: row.get(1)?,
        channel: row.get(2)?,
        touchpoint: row.get(3)?,
        indicator: row.get(4)?,
    };
    let stars = [row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?, row.get(9)?];
    let (unrated, negative, neutral, positive) = (row.get(10)?, row.get(11)?, row.get(12)?, row.get(13)?);
    Ok((key, Tally { stars, unrated, negative, neutral, positive }))
}

/// A text that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptText {
    /// When it was said, in milliseconds since 1970 UTC.
    pub unix_ms: u64,
    /// Whose product; empty for the own one.
    pub product: String,
    /// The release.
    pub version: String,
    /// Where it was said.
    pub channel: String,
    /// From 1 to 5.
    pub stars: Option<u8>,
    /// What was said, scrubbed.
    pub text: String,
}

/// The latest texts of the days of a question, at most `most`.
pub(super) fn texts(
    conn: &Connection,
    tenant: Tenant,
    query: &Query,
    most: usize,
) -> Result<Vec<KeptText>, Error> {
    let (version, channel) = meant(&query.filter)?;
    let days = days(&settings::calendar(conn)?, query);
    let select = "SELECT unix_ms, product, version, channel, stars, text FROM feedback_texts \
        WHERE tenant = ?1 AND day >= ?2 AND day < ?3 AND (?4 IS NULL OR product <> '' OR version = ?4) AND (?5 IS NULL OR channel = ?5) \
        ORDER BY unix_ms DESC, id DESC LIMIT ?6";
    let mut select = conn.prepare_cached(select)?;
    let text = |row: &Row| {
        let (unix_ms, product, version) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(KeptText {
            unix_ms,
            product,
            version,
            channel: row.get(3)?,
            stars: row.get(4)?,
            text: row.get(5)?,
        })
    };
    let rows =
        select.query_map(params![tenant.id, days.0, days.1, version, channel, number(most as u64)], text)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many reviews of a tenant are counted.
pub(super) fn known(conn: &Connection, tenant: i64) -> Result<usize, Error> {
    count(conn, "SELECT count(*) FROM feedback_rows WHERE tenant = ?1", &[&tenant])
}

/// Removes all of a tenant.
pub(super) fn remove(conn: &Connection, tenant: i64) -> Result<(), Error> {
    for table in TABLES {
        conn.execute(&format!("DELETE FROM {table} WHERE tenant = ?1"), [tenant])?;
    }
    Ok(())
}

/// Removes what is counted of a release of the own app. Its rows stay known: no import of the same file brings it back.
pub(super) fn remove_version(conn: &Connection, tenant: i64, version: &str) -> Result<(), Error> {
    for table in ["feedback", "feedback_texts"] {
        let delete = format!("DELETE FROM {table} WHERE tenant = ?1 AND product = '' AND version = ?2");
        conn.execute(&delete, params![tenant, version])?;
    }
    Ok(())
}

/// Removes days of a tenant before this one, so many rows at most, and says how many it did. The rows by which reviews are known go last, so
/// that none is counted twice.
pub(super) fn remove_before(
    conn: &Connection,
    tenant: i64,
    first_day: i64,
    most: usize,
) -> Result<usize, Error> {
    let mut left = most;
    for (table, key) in [
        ("feedback", "tenant, day, product, version, channel, touchpoint, indicator"),
        ("feedback_texts", "id"),
        ("feedback_rows", "tenant, day, id"),
    ] {
        let delete = format!(
            "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE tenant = ?1 AND day < ?2 LIMIT ?3)"
        );
        let rows = params![tenant, first_day, number(left as u64)];
        left = left.saturating_sub(conn.prepare_cached(&delete)?.execute(rows)?);
    }
    Ok(most - left)
}
