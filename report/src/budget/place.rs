//! Where a touchpoint is met in a customer's life with the bank, on which channel, and who answers for it.
//!
//! Owns: the stages. Refuses: figures.
//! Invariant: the stages have one order, from the first time a customer hears of the bank to the day they leave.

use super::read::{short, wrong};
use crate::channel::CHANNEL_OF_APP;
use crate::error::Error;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;

/// A stage of the life of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// They hear of the bank, look and compare.
    Learn,
    /// They become a customer: an account is opened.
    Open,
    /// They do their banking.
    Use,
    /// They need help.
    Support,
    /// They close an account, or go.
    Leave,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Stage; 5] = [Stage::Learn, Stage::Open, Stage::Use, Stage::Support, Stage::Leave];

    /// Its name in a budgets file, which is also the key of its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Stage::Learn => "learn",
            Stage::Open => "open",
            Stage::Use => "use",
            Stage::Support => "support",
            Stage::Leave => "leave",
        }
    }
}

/// What a budgets file says of the place of a touchpoint.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) stage: Stage,
    pub(crate) channel: String,
    pub(crate) owner: Option<String>,
}

/// The place of a touchpoint, if the file says its stage.
pub(super) fn place(
    text: &str,
    stage: Option<&Spanned<String>>,
    channel: Option<&Spanned<String>>,
    owner: Option<&Spanned<String>>,
) -> Result<Option<Place>, Error> {
    let given =
        |key: &str, given: Option<&Spanned<String>>| given.map(|given| short(text, key, given)).transpose();
    let (channel, owner) = (given("channel", channel)?, given("owner", owner)?);
    let Some(stage) = stage else {
        return Ok(None);
    };
    let known = Stage::ALL.into_iter().find(|known| known.as_str() == stage.get_ref());
    let stage = known.ok_or_else(|| {
        let stages = Stage::ALL.map(Stage::as_str).join(", ");
        wrong(
            text,
            stage,
            "stage",
            &format!("there is no stage \"{}\"; write one of {stages}", stage.get_ref()),
        )
    })?;
    Ok(Some(Place { stage, channel: channel.unwrap_or_else(|| CHANNEL_OF_APP.to_owned()), owner }))
}
