//! `nowait listening`: what customers say elsewhere, by touchpoint and indicator, beside what they say of others.

use super::of_bank::OfBank;
use super::{Finding, print};
use crate::error::Error;
use crate::store::{self, KeptText, Store as _};
use nowait_report::Zone;
use nowait_report::feedback::Listening;
use nowait_report::rated::Explained;
use nowait_report::text::{self, safe};
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
    /// Print the latest N texts instead, of those that were kept (`nowait import feedback --keep-texts`); from a data folder alone
    #[arg(long, value_name = "N", conflicts_with_all = ["url", "json"], value_parser = clap::value_parser!(u32).range(1..=1_000))]
    texts: Option<u32>,
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
    let (of, given) = (&args.of, args.of.given()?);
    if let Some(most) = args.texts {
        return texts(of, most);
    }
    let listening: Listening = of.source.answer("/v1/listening", &of.ask(), given.as_ref(), |of| {
        store::listening(&of.store, &of.tenant, &of.query, &of.budgets)
    })?;
    // Of the app alone: a rating there has waits beside it.
    let rated: Explained = of.source.answer("/v1/listening/ratings", &of.ask(), given.as_ref(), |of| {
        store::rated(&of.store, &of.tenant, &of.query, &of.budgets)
    })?;
    let found = Found { listening, rated };
    of.print(&found, || text::listening(&found.listening, &found.rated))
}

/// Prints texts that were kept, the latest first. They are for who holds the folder: no address hands them out.
fn texts(of: &OfBank, most: u32) -> Result<Finding, Error> {
    let kept: Vec<String> = of.source.answer("", &of.ask(), None, |of| {
        let texts = of.store.feedback_texts(&of.tenant, &of.query, most as usize)?;
        Ok(texts.iter().map(|text| line(text, of.store.zone())).collect())
    })?;
    if kept.is_empty() {
        return Err(Error::no_data(
            "no text was kept in this span: they are only if a file is imported with --keep-texts",
        ));
    }
    print(&(kept.join("\n") + "\n"))?;
    Ok(Finding::Fine)
}

fn line(of: &KeptText, zone: &Zone) -> String {
    let stars = of.stars.map_or_else(|| "-".to_owned(), |stars| stars.to_string());
    let words =
        [&of.product, &of.version, &of.channel].map(|word| if word.is_empty() { "-" } else { word.as_str() });
    safe(&format!("{}  {stars}  {}  {}", zone.moment(of.unix_ms), words.join("  "), of.text)).into_owned()
}
