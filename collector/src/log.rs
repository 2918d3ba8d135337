//! What the collector says about its own work: one line per incident, on standard error.
//!
//! Owns: the form `nowait WHAT key="value" …`, and how often one kind of incident is told. Refuses: payload, keys,
//! addresses of clients, a line per request, and whatever other crates would like to say.
//! Invariant: an incident that goes on costs lines at growing intervals, and a closed standard error harms nothing.

use crate::limits::{LOG_QUIET_MAX, LOG_QUIET_MIN};
use std::collections::HashMap;
use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Makes the `tracing` events of this crate lines on standard error. A process that has a subscriber keeps it.
pub(crate) fn install() {
    let _ = tracing_subscriber::registry().with(Lines::default()).try_init();
}

/// Writes events as lines.
#[derive(Debug, Default)]
struct Lines {
    /// How each kind of incident, told from its place in the code, goes on.
    paces: Mutex<HashMap<Identifier, Pace>>,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        // What other crates say may hold what clients sent.
        metadata.target().starts_with(env!("CARGO_CRATE_NAME"))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let now = Instant::now();
        let untold = {
            let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
            paces.entry(event.metadata().callsite()).or_insert_with(|| Pace::new(now)).tell(now)
        };
        let Some(untold) = untold else {
            return;
        };
        let mut line = Line::default();
        event.record(&mut line);
        if untold > 0 {
            line.fact("untold", &untold.to_string());
        }
        // Nobody is left to be told that the log is gone.
        let _ = writeln!(std::io::stderr(), "nowait {}{}", line.what, line.facts);
    }
}

/// How often one kind of incident is told.
#[derive(Debug)]
struct Pace {
    /// The moment of the last line; `None` before the first.
    told_at: Option<Instant>,
    seen_at: Instant,
    /// For how long after a line there is none.
    quiet: std::time::Duration,
    untold: u64,
}

impl Pace {
    fn new(now: Instant) -> Pace {
        Pace { told_at: None, seen_at: now, quiet: LOG_QUIET_MIN, untold: 0 }
    }

    /// Whether this incident gets a line, and how many before it got none.
    fn tell(&mut self, now: Instant) -> Option<u64> {
        let is_over = now.saturating_duration_since(self.seen_at) >= LOG_QUIET_MAX;
        self.seen_at = now;
        if is_over {
            self.quiet = LOG_QUIET_MIN;
        } else if let Some(told_at) = self.told_at {
            if now.saturating_duration_since(told_at) < self.quiet {
                self.untold += 1;
                return None;
            }
            self.quiet = (self.quiet * 2).min(LOG_QUIET_MAX);
        }
        self.told_at = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}

/// The text of one event.
#[derive(Debug, Default)]
struct Line {
    what: String,
    facts: String,
}

impl Line {
    /// Quoted and escaped: a value is never two lines, and moves no terminal.
    fn fact(&mut self, key: &str, value: &str) {
        let _ = write!(self.facts, " {key}={:?}", value.replace(['\n', '\r'], " "));
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.fact(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let value = format!("{value:?}");
        match field.name() {
            "message" => self.what = value,
            name => self.fact(name, &value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_incident_that_goes_on_is_told_at_growing_intervals() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        // Ten a second for a minute.
        let told: Vec<(u64, u64)> = (0..600)
            .filter_map(|n| Some((n / 10, pace.tell(start + Duration::from_millis(n * 100))?)))
            .collect();
        assert_eq!(told, [(0, 0), (1, 9), (3, 19), (7, 39), (15, 79), (31, 159)]);
        let later = start + Duration::from_secs(60) + LOG_QUIET_MAX;
        assert_eq!(pace.tell(later), Some(289), "it had been over");
        assert_eq!(pace.tell(later + Duration::from_millis(500)), None);
        assert_eq!(pace.tell(later + LOG_QUIET_MIN), Some(1), "a new one begins as the first did");
    }

    #[test]
    fn a_line_says_what_happened_and_quotes_what_it_does_not_know() {
        let mut line = Line { what: "not stored".into(), ..Line::default() };
        line.fact("why", "a \"disk\"\nthat is \u{1b}[8mfull\u{202e}");
        assert_eq!(line.facts, " why=\"a \\\"disk\\\" that is \\u{1b}[8mfull\\u{202e}\"");
    }
}
