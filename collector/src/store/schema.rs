//! The tables, and the one place where their version is decided.
//!
//! Owns: the schema and how a database file comes to have it. Refuses: rows.
//! Invariant: a file whose `user_version` is newer than [`VERSION`] is left untouched, and an older one becomes this
//! one whole or not at all.

use crate::error::Error;
use rusqlite::Connection;

/// The schema that this program writes, kept in SQLite's `user_version`.
pub(super) const VERSION: i64 = STEPS.len() as i64;

/// What makes each version out of the one before it; version 0 is an empty file. New files and old ones take the same
/// way, so that their tables are the same. A step that was released is never changed: the next change is a new step.
const STEPS: [&str; 11] =
    [TABLES, COSTS, FACTS, LOG, REMOVAL, PEOPLE, SEGMENTS, STRATA, DIED, FEEDBACK, JOURNEYS];

/// Replaced by [`LOG`]. Every time is in milliseconds since 1970 UTC. Kinds, systems, tiers and networks are the numbers that
/// `nowait_wire` gives them. `batches.first` holds the bits of a u64. `batches.uptime_zero_unix_ms` is by the batch's first
/// anchor; where there are more, the frame has them.
const TABLES: &str = "
CREATE TABLE tenants (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE batches (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    session BLOB NOT NULL,
    first INTEGER NOT NULL,
    install BLOB NOT NULL,
    app_version TEXT NOT NULL,
    app_build TEXT NOT NULL,
    os INTEGER NOT NULL,
    os_version TEXT NOT NULL,
    device_model TEXT NOT NULL,
    device_tier INTEGER NOT NULL,
    network INTEGER NOT NULL,
    country TEXT NOT NULL,
    dimensions TEXT NOT NULL,
    received_unix_ms INTEGER NOT NULL,
    uptime_zero_unix_ms INTEGER NOT NULL,
    started_unix_ms INTEGER NOT NULL,
    ended_unix_ms INTEGER NOT NULL,
    events INTEGER NOT NULL,
    exits INTEGER NOT NULL,
    frame BLOB NOT NULL,
    UNIQUE (tenant, session, first)
) STRICT;
CREATE INDEX batches_by_start ON batches (tenant, started_unix_ms);
CREATE INDEX batches_with_exits ON batches (tenant, ended_unix_ms) WHERE exits > 0;

CREATE TABLE sessions (
    tenant INTEGER NOT NULL,
    session BLOB NOT NULL,
    app_version TEXT NOT NULL,
    os INTEGER NOT NULL,
    started_unix_ms INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    produced INTEGER NOT NULL,
    dropped_ring_full INTEGER NOT NULL,
    dropped_contended INTEGER NOT NULL,
    dropped_corrupt INTEGER NOT NULL,
    dropped_spool_evicted INTEGER NOT NULL,
    dropped_rejected INTEGER NOT NULL,
    dropped_spool_corrupt INTEGER NOT NULL,
    dropped_quarantined INTEGER NOT NULL,
    names_redacted INTEGER NOT NULL,
    names_overflowed INTEGER NOT NULL,
    signals_lost INTEGER NOT NULL,
    panics_caught INTEGER NOT NULL,
    ring_on_heap INTEGER NOT NULL,
    PRIMARY KEY (tenant, session)
) STRICT, WITHOUT ROWID;

CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    app_version TEXT NOT NULL,
    os INTEGER NOT NULL,
    device_tier INTEGER NOT NULL,
    network INTEGER NOT NULL,
    UNIQUE (tenant, kind, name, app_version, os, device_tier, network)
) STRICT;

CREATE TABLE hourly (
    tenant INTEGER NOT NULL,
    start_unix_ms INTEGER NOT NULL,
    series INTEGER NOT NULL,
    cell BLOB NOT NULL,
    PRIMARY KEY (tenant, start_unix_ms, series)
) STRICT, WITHOUT ROWID;

CREATE TABLE daily (
    tenant INTEGER NOT NULL,
    start_unix_ms INTEGER NOT NULL,
    series INTEGER NOT NULL,
    cell BLOB NOT NULL,
    PRIMARY KEY (tenant, start_unix_ms, series)
) STRICT, WITHOUT ROWID;
";

/// What a session cost the app ([`nowait_wire::Cost`]), 0 and empty in sessions of before; `produced_before_latest` was the
/// number of events that it had produced before its latest batch. Of two `cost_record` of a session, the later was the greater
/// in the order of its bytes. Replaced by [`LOG`].
const COSTS: &str = "
ALTER TABLE sessions ADD COLUMN cost_start_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN cost_worker_cpu_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN cost_sealed_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN cost_sent_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN produced_before_latest INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN cost_record BLOB NOT NULL DEFAULT x'';
";

/// The facts' line of a session's ledger ([`nowait_wire::Facts`]) and its failed starts, 0 in sessions of before, and the
/// bytes of its batches. Rollups of before stay as they are: the cells in them say which form they have.
const FACTS: &str = "
ALTER TABLE sessions ADD COLUMN facts_folded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN refused_ring_full INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN refused_contended INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN refused_corrupt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN refused_quarantined INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN starts_failed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN received_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions DROP COLUMN produced_before_latest;
UPDATE sessions SET received_bytes = (SELECT coalesce(sum(length(frame)), 0) FROM batches
    WHERE batches.tenant = sessions.tenant AND batches.session = sessions.session);
";

/// The log of batches, and what is folded of it. Hours are numbered from 1970 UTC; periods and their starts are those of
/// [`super::period`].
///
/// A batch keeps the two times that place it, and which context and session it is of: each of those stands once. Batches are
/// numbered in the order of their arrival, and no number is used twice: `progress` says up to which one they are folded.
///
/// `cells`, `people`, `accounts` and `exit_groups` are the rollups, by release and system. `sessions` holds what a session's batches have
/// told so far and where it is counted, so that its next batch can take its place; both are empty until its first batch is
/// folded. `exits` says in which batches the exits are that a report lists.
///
/// Rollups of before are made again from the batches.
const LOG: &str = "
ALTER TABLE batches RENAME TO old_batches;
DROP INDEX batches_by_start;
DROP INDEX batches_with_exits;
DROP TABLE sessions;
DROP TABLE series;
DROP TABLE hourly;
DROP TABLE daily;
ALTER TABLE tenants ADD COLUMN first_hour INTEGER;
ALTER TABLE tenants ADD COLUMN end_hour INTEGER;

CREATE TABLE contexts (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    app_version TEXT NOT NULL,
    app_build TEXT NOT NULL,
    os INTEGER NOT NULL,
    os_version TEXT NOT NULL,
    device_model TEXT NOT NULL,
    device_tier INTEGER NOT NULL,
    network INTEGER NOT NULL,
    country TEXT NOT NULL,
    dimensions TEXT NOT NULL,
    UNIQUE (tenant, app_version, app_build, os, os_version, device_model, device_tier, network, country, dimensions)
) STRICT;

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant INTEGER NOT NULL,
    session BLOB NOT NULL,
    install BLOB NOT NULL,
    hour INTEGER,
    release INTEGER,
    account BLOB,
    UNIQUE (tenant, session)
) STRICT;

CREATE TABLE batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant INTEGER NOT NULL,
    session INTEGER NOT NULL,
    first INTEGER NOT NULL,
    context INTEGER NOT NULL,
    received_unix_ms INTEGER NOT NULL,
    uptime_zero_unix_ms INTEGER NOT NULL,
    first_hour INTEGER NOT NULL,
    last_hour INTEGER NOT NULL,
    events INTEGER NOT NULL,
    frame BLOB NOT NULL,
    UNIQUE (session, first)
) STRICT;

INSERT INTO contexts (tenant, app_version, app_build, os, os_version, device_model, device_tier, network, country, dimensions)
    SELECT DISTINCT tenant, app_version, app_build, os, os_version, device_model, device_tier, network, country, dimensions
    FROM old_batches;
INSERT INTO sessions (tenant, session, install)
    SELECT tenant, session, min(install) FROM old_batches GROUP BY tenant, session;
INSERT INTO batches (tenant, session, first, context, received_unix_ms, uptime_zero_unix_ms, first_hour, last_hour, events, frame)
    SELECT old.tenant, sessions.id, first, contexts.id, received_unix_ms, uptime_zero_unix_ms, started_unix_ms / 3600000,
        ended_unix_ms / 3600000, events, frame
    FROM old_batches AS old
    JOIN sessions ON sessions.tenant = old.tenant AND sessions.session = old.session
    JOIN contexts ON contexts.tenant = old.tenant AND contexts.app_version = old.app_version
        AND contexts.app_build = old.app_build AND contexts.os = old.os AND contexts.os_version = old.os_version
        AND contexts.device_model = old.device_model AND contexts.device_tier = old.device_tier
        AND contexts.network = old.network AND contexts.country = old.country AND contexts.dimensions = old.dimensions
    ORDER BY old.id;
DROP TABLE old_batches;
CREATE INDEX batches_by_hour ON batches (tenant, first_hour, last_hour, context);

CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (tenant, kind, name)
) STRICT;

CREATE TABLE releases (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    app_version TEXT NOT NULL,
    os INTEGER NOT NULL,
    UNIQUE (tenant, app_version, os)
) STRICT;

CREATE TABLE cells (
    tenant INTEGER NOT NULL,
    period INTEGER NOT NULL,
    start INTEGER NOT NULL,
    series INTEGER NOT NULL,
    release INTEGER NOT NULL,
    cell BLOB NOT NULL,
    PRIMARY KEY (tenant, period, start, series, release)
) STRICT, WITHOUT ROWID;

CREATE TABLE people (
    tenant INTEGER NOT NULL,
    period INTEGER NOT NULL,
    start INTEGER NOT NULL,
    release INTEGER NOT NULL,
    series INTEGER NOT NULL,
    people BLOB NOT NULL,
    PRIMARY KEY (tenant, period, start, release, series)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    tenant INTEGER NOT NULL,
    period INTEGER NOT NULL,
    start INTEGER NOT NULL,
    release INTEGER NOT NULL,
    accounts BLOB NOT NULL,
    PRIMARY KEY (tenant, period, start, release)
) STRICT, WITHOUT ROWID;

CREATE TABLE exit_groups (
    tenant INTEGER NOT NULL,
    period INTEGER NOT NULL,
    start INTEGER NOT NULL,
    release INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    last_crumb TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (tenant, period, start, release, reason, last_crumb)
) STRICT, WITHOUT ROWID;

CREATE TABLE exits (
    tenant INTEGER NOT NULL,
    ended_unix_ms INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    release INTEGER NOT NULL,
    PRIMARY KEY (tenant, ended_unix_ms, batch)
) STRICT, WITHOUT ROWID;

CREATE TABLE uncounted (
    tenant INTEGER NOT NULL,
    period INTEGER NOT NULL,
    start INTEGER NOT NULL,
    what TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (tenant, period, start, what)
) STRICT, WITHOUT ROWID;

CREATE TABLE progress (
    name TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    found_unix_ms INTEGER NOT NULL,
    tenant INTEGER,
    place TEXT NOT NULL,
    why TEXT NOT NULL,
    content BLOB
) STRICT;
";

/// What removing a batch looks up: the exits that it holds, and whether another one has its context.
const REMOVAL: &str = "
CREATE INDEX exits_by_batch ON exits (batch);
CREATE INDEX batches_by_context ON batches (context);
";

/// People by row id: a table without one moves a row of more than a quarter of a page to pages of its own, and many sketches
/// are that long. A fifth of the table was empty space.
const PEOPLE: &str = "
ALTER TABLE people RENAME TO old_people;
CREATE TABLE people (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    period INTEGER NOT NULL,
    start INTEGER NOT NULL,
    release INTEGER NOT NULL,
    series INTEGER NOT NULL,
    people BLOB NOT NULL,
    UNIQUE (tenant, period, start, release, series)
) STRICT;
INSERT INTO people (tenant, period, start, release, series, people)
    SELECT tenant, period, start, release, series, people FROM old_people
    ORDER BY tenant, period, start, release, series;
DROP TABLE old_people;
";

/// One rollup more for each tier, network, country and dimension (see [`super::segments`]): its rows are in `cells`, `people`,
/// `accounts`, `exit_groups` and `uncounted` under the negative of its id as their tenant. `sessions.segments` holds in which of them
/// a session is counted, as LEB128. Months with data that is folded already have none.
const SEGMENTS: &str = "
CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    field INTEGER NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (tenant, field, value)
) STRICT;
ALTER TABLE sessions ADD COLUMN segments BLOB;
INSERT INTO progress (name, number)
    SELECT 'segments_from', (strftime('%Y', hour * 3600, 'unixepoch') - 1970) * 12 + strftime('%m', hour * 3600, 'unixepoch')
    FROM (SELECT max(end_hour) - 1 AS hour FROM tenants) WHERE hour IS NOT NULL;
INSERT INTO progress (name, number) SELECT 'segments_to', number FROM progress WHERE name = 'folded_to';
";

/// The cells of tiers and networks lie in those of strata. What segments have is of before, and begins anew; `nowait reindex`
/// makes it of the batches.
///
/// Comparisons read a sample of the sessions of a release. Session ids are random: those whose first byte is below 16 are one in
/// 16, and no flag has to say so.
const STRATA: &str = "
DELETE FROM cells WHERE tenant < 0;
DELETE FROM people WHERE tenant < 0;
DELETE FROM accounts WHERE tenant < 0;
DELETE FROM exit_groups WHERE tenant < 0;
DELETE FROM uncounted WHERE tenant < 0;
DELETE FROM segments;
DELETE FROM progress WHERE name LIKE 'segments%';
UPDATE sessions SET segments = NULL WHERE segments IS NOT NULL;
INSERT INTO progress (name, number)
    SELECT 'segments_from', (strftime('%Y', hour * 3600, 'unixepoch') - 1970) * 12 + strftime('%m', hour * 3600, 'unixepoch')
    FROM (SELECT max(end_hour) - 1 AS hour FROM tenants) WHERE hour IS NOT NULL;
INSERT INTO progress (name, number) SELECT 'segments_to', number FROM progress WHERE name = 'folded_to';
CREATE INDEX sessions_sampled ON sessions (release, session) WHERE session < x'10';
";

/// No table changes: cells tell apart how long those had waited that died, and a program that does not know such cells must not take
/// them for damaged ones. Cells of before stay as they are: they say which form they have.
const DIED: &str = "";

/// What customers said elsewhere, as counts ([`super::feedback`]). Days are numbered from 1970-01-01, and are those of the zone in which they
/// were counted. An empty product is the own one, an empty touchpoint and an empty indicator are all of them. `feedback_rows` has a hash of
/// each row that is counted, and `feedback_texts` something only if texts were to be kept.
const FEEDBACK: &str = "
CREATE TABLE feedback (
    tenant INTEGER NOT NULL,
    day INTEGER NOT NULL,
    product TEXT NOT NULL,
    version TEXT NOT NULL,
    channel TEXT NOT NULL,
    touchpoint TEXT NOT NULL,
    indicator TEXT NOT NULL,
    one INTEGER NOT NULL,
    two INTEGER NOT NULL,
    three INTEGER NOT NULL,
    four INTEGER NOT NULL,
    five INTEGER NOT NULL,
    unrated INTEGER NOT NULL,
    negative INTEGER NOT NULL,
    neutral INTEGER NOT NULL,
    positive INTEGER NOT NULL,
    PRIMARY KEY (tenant, day, product, version, channel, touchpoint, indicator)
) STRICT, WITHOUT ROWID;

CREATE TABLE feedback_rows (
    tenant INTEGER NOT NULL,
    day INTEGER NOT NULL,
    id BLOB NOT NULL,
    PRIMARY KEY (tenant, day, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE feedback_texts (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    day INTEGER NOT NULL,
    unix_ms INTEGER NOT NULL,
    product TEXT NOT NULL,
    version TEXT NOT NULL,
    channel TEXT NOT NULL,
    stars INTEGER,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX feedback_texts_by_day ON feedback_texts (tenant, day);
";

/// What a batch tells of journeys, beside it ([`super::journey_events`]). Batches of before have no row until `nowait reindex`.
const JOURNEYS: &str = "
CREATE TABLE journey_events (
    batch INTEGER PRIMARY KEY,
    events BLOB NOT NULL
) STRICT;
";

/// Brings an empty or older file to the tables that this program knows, in one transaction.
pub(super) fn prepare(conn: &mut Connection) -> Result<(), Error> {
    let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found = version(&tx)?;
    if (0..VERSION).contains(&found) {
        for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(STEPS.len())) {
            tx.execute_batch(step)?;
        }
        tx.pragma_update(None, "user_version", VERSION)?;
    }
    tx.commit()?;
    check(conn)
}

/// Makes sure that this program knows the tables of the file.
pub(super) fn check(conn: &Connection) -> Result<(), Error> {
    refuse_a_strangers_file(conn)?;
    match version(conn)? {
        VERSION => Ok(()),
        found if found > VERSION => Err(Error::newer_schema(found, VERSION)),
        found if found > 0 => Err(Error::store(format!(
            "the store has schema version {found}, this nowait reads version {VERSION}: \
             stop the older program, and `nowait serve` or `nowait reindex` of this one brings it up to date"
        ))),
        _ => Err(Error::store("the database is no NoWait store: it has no schema version")),
    }
}

/// A file with tables but without ours is of another program, whatever its version says: it is left untouched.
pub(super) fn refuse_a_strangers_file(conn: &Connection) -> Result<(), Error> {
    let count = |condition: &str| -> Result<u64, Error> {
        let select = format!("SELECT count(*) FROM sqlite_schema WHERE type = 'table' {condition}");
        Ok(conn.query_row(&select, [], |row| row.get(0))?)
    };
    let ours = count("AND name IN ('tenants', 'batches')")?;
    if ours < 2 && (version(conn)? != 0 || count("")? > 0) {
        return Err(Error::store(
            "the database is no NoWait store but another program's: it was left as it is; use another folder",
        ));
    }
    Ok(())
}

fn version(conn: &Connection) -> Result<i64, Error> {
    Ok(conn.pragma_query_value(None, "user_version", |row| row.get(0))?)
}
