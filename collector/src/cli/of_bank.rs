//! The options of a command that holds figures against what a bank says of itself.
//!
//! Owns: whose figures, the bank's file, and whether they are wanted as JSON. Refuses: figures and words.

use super::source::{self, Source, word};
use super::terminal::print_text;
use super::{Finding, print_json};
use crate::ask::Ask;
use crate::error::Error;
use nowait_report::Budgets;
use serde::Serialize;
use std::path::PathBuf;

/// Whose figures, and what they are held against.
#[derive(Debug, clap::Args)]
pub(super) struct OfBank {
    #[command(flatten)]
    pub(super) source: Source,
    /// Only this release of the app
    #[arg(long, value_name = "VERSION", value_parser = word)]
    version: Option<String>,
    /// What the bank says (TOML) [default: what the data folder was told last]; a running collector has its own
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    budgets: Option<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

impl OfBank {
    /// The question that the options ask.
    pub(super) fn ask(&self) -> Ask {
        Ask { version: self.version.clone().unwrap_or_default(), ..self.source.ask() }
    }

    /// What the bank says in a file, if one is named.
    pub(super) fn given(&self) -> Result<Option<Budgets>, Error> {
        self.budgets.as_deref().map(source::budgets).transpose()
    }

    /// Prints what was found as it was asked for.
    pub(super) fn print(
        &self,
        found: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<Finding, Error> {
        if self.json {
            print_json(found)?
        } else {
            print_text(text)?
        }
        Ok(Finding::Fine)
    }
}
