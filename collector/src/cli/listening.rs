//! `nowait listening`: what customers say elsewhere, by touchpoint and indicator, beside what they say of others.

use super::Finding;
use super::of_bank::OfBank;
use crate::error::Error;
use crate::store;
use nowait_report::feedback::Listening;
use nowait_report::rated::Explained;
use nowait_report::text;
use serde::Serialize;

const EXAMPLES: &str = "Reviews and call notes come by `nowait import feedback`. --version and --dimension channel=NAME choose some of them, and whole days.

Examples:
  nowait listening --data nowait-data --since 30d
  nowait listening --version 8.2.0 --dimension channel=app_store
  nowait listening --url http://127.0.0.1:4600 --json

Words in bank.toml:
  [[listening]]
  name = \"transfer\"                                    # a shipped entry, or one of your own
  touchpoint = { kind = \"journey\", name = \"Transfer\" } # as your app calls it
  words = [\"wire\"]                                     # beside the shipped ones";

/// The options of `nowait listening`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    of: OfBank,
}

/// Both, in the JSON.
#[derive(Debug, Serialize)]
struct Found {
    #[serde(flatten)]
    listening: Listening,
    rated: Explained,
}

/// Prints what customers say.
///
/// # Errors
/// What could not be read, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let (of, budgets) = (&args.of, args.of.budgets()?);
    let listening: Listening = of.source.answer("/v1/listening", &of.ask(), |store, question| {
        let tenant = store::tenant_meant(store, question.tenant.as_deref())?;
        store::listening(store, &tenant, &question.query(), &budgets)
    })?;
    // Of the app alone: a rating there has waits beside it.
    let rated: Explained = of.source.answer("/v1/listening/ratings", &of.ask(), |store, question| {
        let tenant = store::tenant_meant(store, question.tenant.as_deref())?;
        store::rated(store, &tenant, &question.query(), &budgets)
    })?;
    let found = Found { listening, rated };
    of.print(&found, || text::listening(&found.listening, &found.rated))
}
