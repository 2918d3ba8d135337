"""DuckDB with the month that the collector's store has: a peer of `make bench-store`, which calls this.

Owns: DuckDB's two tables, and its questions. Refuses: making events (see `store/duck.rs`) and installing DuckDB (see
`scripts/duckdb`).
Invariant: a figure is of one process that asks one question of one table, warm: it asks once before it times.

    duck.py version                        prints which DuckDB it is, and how it is run
    duck.py fill FOLDER ROWS.csv           makes both tables, a file each, and prints their bytes
    duck.py ask FOLDER TABLE QUESTION N    asks N times, and prints each time and the process's peak of memory
"""

import json
import sys
import time
from pathlib import Path

import duckdb

# As many as the machine of the published runs has cores.
THREADS = 2

# The columns that the question needs; numbers and types as the wire has them. A row comes in the order of arrival.
COLUMNS = {
    "time_ms": "BIGINT",
    "kind": "UTINYINT",
    "name": "VARCHAR",
    "release": "VARCHAR",
    "os": "UTINYINT",
    "tier": "UTINYINT",
    "duration_ns": "UBIGINT",
    "outcome": "UTINYINT",
    # Whether the outcome is a latency: those are in the quantiles, and the others in the count alone.
    "is_latency": "BOOLEAN",
}

# Frame-time classes, breadcrumbs, exits and lifecycle changes, which no touchpoint counts.
IS_COUNTED = "kind NOT IN (6, 13, 14, 15)"

# A day's counts by bucket, each 2^(1/64) wide as the store's own; without one, what is no latency; the lowest for 0 ns.
ROLLUPS = f"""
CREATE TABLE rollups AS
SELECT (time_ms // 86400000)::USMALLINT AS day, kind, name, release, os,
    CASE WHEN NOT is_latency THEN NULL WHEN duration_ns = 0 THEN -2
        ELSE (ceil(log2(duration_ns) * 64) - 1)::SMALLINT END AS bucket,
    count(*)::UINTEGER AS n
FROM rows.rows WHERE {IS_COUNTED} GROUP BY ALL ORDER BY day, kind, name, release, os, bucket
"""

ASK = {
    "rows": """
SELECT kind, name, count(*) AS n, quantile_disc(duration_ns, [0.5, 0.75, 0.95]) FILTER (is_latency) AS quantiles
FROM rows WHERE {counted} AND {where} GROUP BY kind, name ORDER BY kind, name
""",
    "rollups": """
WITH buckets AS (SELECT kind, name, bucket, sum(n) AS n FROM rollups WHERE {where} GROUP BY kind, name, bucket),
sums AS (
    SELECT *, sum(n) FILTER (bucket IS NOT NULL) OVER (PARTITION BY kind, name ORDER BY bucket NULLS FIRST) AS upto,
        sum(n) FILTER (bucket IS NOT NULL) OVER (PARTITION BY kind, name) AS total
    FROM buckets)
SELECT kind, name, sum(n) AS n, [pow(2, (min(bucket) FILTER (upto >= 0.5 * total) + 0.5) / 64),
    pow(2, (min(bucket) FILTER (upto >= 0.75 * total) + 0.5) / 64),
    pow(2, (min(bucket) FILTER (upto >= 0.95 * total) + 0.5) / 64)] AS quantiles
FROM sums GROUP BY kind, name ORDER BY kind, name
""",
}

WHERE = {"report": "true", "one release": "release = '8.3.0'", "one tier": "tier = 1"}


def open_one(folder, table, read_only):
    """A database with this table alone, so that its file is what the table takes."""
    conn = duckdb.connect(str(Path(folder) / f"{table}.duckdb"), read_only=read_only)
    conn.execute(f"SET threads = {THREADS}")
    return conn


def fill(folder, csv):
    """Both tables; the rollups are made of the rows."""
    with open_one(folder, "rows", False) as conn:
        types = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
        read = f"read_csv('{csv}', header = false, auto_detect = false, delim = '\t', columns = {{{types}}})"
        conn.execute(f"CREATE TABLE rows AS SELECT * FROM {read}")
        conn.execute("CHECKPOINT")
    with open_one(folder, "rollups", False) as conn:
        conn.execute(f"ATTACH '{Path(folder) / 'rows.duckdb'}' AS rows (READ_ONLY)")
        conn.execute(ROLLUPS)
        conn.execute("CHECKPOINT")
    size = lambda table: (Path(folder) / f"{table}.duckdb").stat().st_size
    return {"rows_bytes": size("rows"), "rollups_bytes": size("rollups")}


def ask(folder, table, question, times):
    """One question, some times; the first answer is not timed."""
    sql = ASK[table].format(where=WHERE[question], counted=IS_COUNTED)
    with open_one(folder, table, True) as conn:
        answer = conn.execute(sql).fetchall()
        ms = []
        for _ in range(times):
            begin = time.perf_counter()
            conn.execute(sql).fetchall()
            ms.append((time.perf_counter() - begin) * 1e3)
    return {
        "ms": ms,
        "peak_kib": peak_kib(),
        "touchpoints": len(answer),
        "events": int(sum(row[2] for row in answer)),
    }


def peak_kib():
    """The most memory that this process has had; 0 where nobody says."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def main(words):
    if words == ["version"]:
        return f"{duckdb.__version__} with {THREADS} threads"
    if words[:1] == ["fill"] and len(words) == 3:
        return fill(words[1], words[2])
    if words[:1] == ["ask"] and len(words) == 5:
        return ask(words[1], words[2], words[3], int(words[4]))
    sys.exit(__doc__)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
