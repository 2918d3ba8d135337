//! What the collector says about its own work: one line per incident, on standard error.
//!
//! Owns: the form `nowait <what> key=value …`. Refuses: payload, keys, addresses of clients, and a line per request.
//! Invariant: a closed standard error harms nothing.

use std::io::Write;

/// Writes one line. `what` is a word or two; `facts` are values the collector itself made.
pub(crate) fn line(what: &str, facts: &[(&str, &dyn std::fmt::Display)]) {
    let mut text = format!("nowait {what}");
    for (key, value) in facts {
        let value = value.to_string().replace(['\n', '\r'], " ");
        text.push_str(&format!(" {key}={value:?}"));
    }
    // Nobody is left to be told that the log is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
}
