//! Units as tools write them, and the one that a figure is kept in.
//!
//! Owns: the list. Refuses: which way is better. Invariant: the same quantity has one unit, whatever tool wrote it.

use nowait_report::Unit;

/// A unit that is known, and how many of it one is; else the unit itself, as it was written.
pub(super) fn unit(written: &str) -> (Unit, f64) {
    let trimmed = written.trim();
    match trimmed {
        "ns" | "nanoseconds" | "ns/op" => (Unit::Nanoseconds, 1.0),
        "us" | "µs" | "μs" | "microseconds" | "us/op" => (Unit::Nanoseconds, 1e3),
        "ms" | "milliseconds" | "ms/op" => (Unit::Nanoseconds, 1e6),
        "s" | "sec" | "seconds" | "s/op" => (Unit::Nanoseconds, 1e9),
        "min" | "minutes" | "min/op" => (Unit::Nanoseconds, 60e9),
        "B" | "By" | "bytes" => (Unit::Bytes, 1.0),
        "kB" | "KB" => (Unit::Bytes, 1e3),
        "MB" => (Unit::Bytes, 1e6),
        "GB" => (Unit::Bytes, 1e9),
        "KiB" | "kib" => (Unit::Bytes, 1024.0),
        "MiB" => (Unit::Bytes, 1024.0 * 1024.0),
        "1" | "count" | "counts" | "hitches" | "frames" | "allocations" => (Unit::Count, 1.0),
        "ms per s" | "ms/s" => (Unit::Other("ms/s".to_owned()), 1.0),
        "ops/s" => (Unit::Other("ops/s".to_owned()), 1.0),
        "ops/ms" => (Unit::Other("ops/s".to_owned()), 1e3),
        "ops/us" => (Unit::Other("ops/s".to_owned()), 1e6),
        "ops/ns" => (Unit::Other("ops/s".to_owned()), 1e9),
        "ops/min" => (Unit::Other("ops/s".to_owned()), 1.0 / 60.0),
        other => (Unit::Other(other.to_owned()), 1.0),
    }
}

/// The unit that the end of a metric's name says, as androidx and headers of CSV files do: `startupMs`, `startup_ms`, `startup (ms)`.
pub(super) fn unit_of_name(name: &str) -> (Unit, f64) {
    const ENDS: [(&str, &str); 13] = [
        ("Ns", "ns"),
        ("Us", "us"),
        ("Ms", "ms"),
        ("Sec", "s"),
        ("Seconds", "s"),
        ("Kb", "KiB"),
        ("Mb", "MiB"),
        ("Bytes", "B"),
        ("Uws", "µW·s"),
        ("Uw", "µW"),
        ("Percent", "%"),
        ("Count", "count"),
        ("Hz", "Hz"),
    ];
    let name = name.trim();
    if let Some((_, written)) = name.strip_suffix([')', ']']).and_then(|name| name.rsplit_once(['(', '['])) {
        return unit(written);
    }
    if let Some((_, written)) = name.rsplit_once('_')
        && !matches!(unit(written), (Unit::Other(_) | Unit::Count, _))
    {
        return unit(written);
    }
    let end = ENDS.iter().find(|(end, _)| name.ends_with(end));
    end.map_or((Unit::Other(String::new()), 1.0), |(_, written)| unit(written))
}
