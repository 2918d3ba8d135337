//! What one session did, event by event.
//!
//! Owns: the shapes. Refuses: whose session it was: no install, no customer, nothing that was typed is in it.
//! Invariant: events stand in the order in which they began.

use crate::zone::Zone;
use nowait_wire::{Kind, Network, Os, Outcome, Tier};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A session of an app, as far as its batches are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timeline {
    /// [`crate::report::REPORT_VERSION`].
    pub report_version: u32,
    /// Its id, as text.
    pub session: String,
    /// In which zone its moments are written.
    pub zone: Zone,
    /// The release of the app.
    pub app_version: String,
    /// The operating system family.
    #[schemars(schema_with = "crate::schema::os")]
    pub os: Os,
    /// The version of the system.
    pub os_version: String,
    /// The device model.
    pub device_model: String,
    /// How strong the device is.
    #[schemars(schema_with = "crate::schema::tier")]
    pub device_tier: Tier,
    /// The network of its first batch.
    #[schemars(schema_with = "crate::schema::network")]
    pub network: Network,
    /// The country, two letters; empty if it is not known.
    pub country: String,
    /// The app's own dimensions, sorted by key.
    pub dimensions: Vec<(String, String)>,
    /// What happened, the earliest first.
    pub events: Vec<Happening>,
    /// How many events there are before these.
    pub left_out: u64,
}

/// One event of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Happening {
    /// When it began, in milliseconds since 1970 UTC.
    pub started_unix_ms: u64,
    /// How long it took, in nanoseconds; 0 for what is a moment.
    pub duration_ns: u64,
    /// What it is.
    #[schemars(schema_with = "crate::schema::kind")]
    pub kind: Kind,
    /// What it is about; empty if that has no name.
    pub name: String,
    /// The screen on which it was; empty if there was none.
    pub screen: String,
    /// How it ended.
    #[schemars(schema_with = "crate::schema::outcome")]
    pub outcome: Outcome,
    /// First small value, by kind (see [`Kind`]).
    pub a: u64,
}
