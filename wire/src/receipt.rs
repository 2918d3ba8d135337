//! The collector's answer to a batch, as the JSON body of a 200.
//!
//! Owns: [`Receipt`] and [`RemoteConfig`], which travels with it. Refuses: HTTP.
//! Invariant: an answer of an older collector reads as one without what it did not know.

use serde::{Deserialize, Serialize};

/// The collector's word that a batch is stored, as the JSON body of a 200.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The batch it speaks of, as [`BatchId`](crate::BatchId) displays.
    pub batch: String,
    /// What became of it.
    pub status: ReceiptStatus,
    /// Why, where the status is `rejected`; short, without payload.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What the devices of this app are asked to do from now on, where the collector was given such a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<RemoteConfig>,
}

/// What a collector asks of the devices: whether to record at all, how many of them, how often to send.
///
/// A device keeps the one with the highest version that it has seen. Fields that are not given have their defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteConfig {
    /// Counted up by whoever edits it; the only field that must be given.
    pub version: u32,
    /// Whether NoWait records at all; `true` if not given.
    #[serde(default = "enabled_by_default")]
    pub enabled: bool,
    /// Of 1,000 sessions, how many record: 0 to [`Self::ALL_PER_MILLE`], which is taken if not given.
    #[serde(default = "all_per_mille")]
    pub sampled_per_mille: u16,
    /// How long a batch may wait to be sent, in seconds; 0, which is taken if not given, leaves it to the app.
    #[serde(default)]
    pub flush_interval_s: u32,
}

impl RemoteConfig {
    /// Every session is in the sample.
    pub const ALL_PER_MILLE: u16 = 1000;

    /// Whether every number is within its range: the collector starts with no other, and a device believes no other.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.sampled_per_mille <= Self::ALL_PER_MILLE
    }
}

fn enabled_by_default() -> bool {
    true
}

fn all_per_mille() -> u16 {
    RemoteConfig::ALL_PER_MILLE
}

/// What the collector did with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptStatus {
    /// Durably stored now.
    Stored,
    /// Durably stored before.
    Duplicate,
    /// Never to be stored: sending it again will not help.
    Rejected,
}
