//! The command line as somebody asks it, and the questions of one row.
//!
//! Owns: what a command printed, and all that fell in a row. Refuses: the questions.
//! Invariant: a row of many questions asks all of them before it falls, and names those that fell.

use crate::attacked::binary;
use nowait_scrub::is_hidden;
use std::process::{Command, Stdio};

/// What fell of the questions of one row.
#[derive(Default)]
pub(crate) struct Fallen(Vec<String>);

impl Fallen {
    /// Notes what was seen, unless it held.
    pub(crate) fn unless(&mut self, held: bool, question: &str, seen: &str) {
        if !held {
            self.0.push(format!("{}: {}", question.escape_debug(), seen.escape_debug()));
        }
    }

    pub(crate) fn end(self) {
        assert!(self.0.is_empty(), "{} fell:\n{}", self.0.len(), self.0.join("\n"));
    }
}

/// What a command said: exit code, standard output, standard error.
pub(crate) struct Said(pub(crate) i32, pub(crate) String, pub(crate) String);

pub(crate) fn nowait(args: &[&str]) -> Said {
    nowait_with(args, &[])
}

pub(crate) fn nowait_with(args: &[&str], env: &[(&str, &str)]) -> Said {
    let mut command = Command::new(binary());
    command.args(args).env_remove("NOWAIT_DATA").env_remove("NOWAIT_READ_TOKEN").envs(env.iter().copied());
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Said(output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

impl Said {
    /// An error of one screen that says this, prints no result and nothing that a terminal would follow.
    pub(crate) fn refuses(&self, wanted: &str) -> bool {
        let Said(code, out, err) = self;
        *code == 2 && out.is_empty() && err.contains(wanted) && err.len() < 1_500 && !hides(err)
    }

    pub(crate) fn all(&self) -> String {
        format!("{} {} {}", self.0, self.1, self.2)
    }
}

/// Whether a text holds anything but what a reader sees.
pub(crate) fn hides(text: &str) -> bool {
    text.chars().any(|c| c != '\n' && is_hidden(c))
}
