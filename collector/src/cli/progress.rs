//! What a command that takes a while shows meanwhile.
//!
//! Owns: the form of it. Refuses: results (see `print`).
//! Invariant: it is drawn on standard error, only if that is a terminal, and nothing of it is left when the work is done.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// How often it moves: often enough to be seen moving.
const TICK: Duration = Duration::from_millis(120);

/// A sign of life; dropping it takes it away.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Says what is being done, until it is known how much of it there is.
    pub(super) fn new(what: &'static str) -> Progress {
        // Hides itself where standard error is no terminal.
        let bar = ProgressBar::no_length();
        let style = ProgressStyle::with_template("{spinner} {prefix} {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_prefix(what);
        bar.enable_steady_tick(TICK);
        Progress(bar)
    }

    /// So much of so much is done.
    pub(super) fn set(&self, done: u64, total: u64) {
        if self.0.length() != Some(total) {
            let style = ProgressStyle::with_template("{prefix} [{wide_bar}] {pos} of {len}, {eta} left");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            self.0.set_style(style.progress_chars("=> "));
            self.0.set_length(total);
        }
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
