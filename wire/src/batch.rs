//! The batch: events that were drained together, and all that is true of every one of them.
//!
//! Owns: the value that [`crate::encode`] turns into bytes and [`crate::decode`] gives back.
//! Refuses: compression, files, sockets.
//! Invariant: a batch id names one content for ever, so that sending it twice stores it once.

use crate::event::{Event, UnknownName, numbered};
use crate::ledger::Ledger;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The identity of a batch: the session and the position of its first event in that session's ring.
///
/// It is derived, not drawn, so that a process that dies between sealing a batch and noting that it did
/// gives the same events the same id at the next start, and the collector stores them once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BatchId {
    /// The session (one process run) that recorded the events.
    pub session: Uuid,
    /// Position of the first event, counted from 0 over the session.
    pub first: u64,
}

impl core::fmt::Display for BatchId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{}", self.session, self.first)
    }
}

impl core::str::FromStr for BatchId {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let (session, first) = text.split_once('.').ok_or(UnknownName)?;
        Ok(BatchId {
            session: session.parse().map_err(|_| UnknownName)?,
            first: first.parse().map_err(|_| UnknownName)?,
        })
    }
}

numbered! {
    /// The operating system family, in OpenTelemetry's spelling of `os.type` where it has one.
    Os {
        /// None of the others.
        Other = 0 "other",
        /// Android.
        Android = 1 "android",
        /// iOS and iPadOS.
        Ios = 2 "ios",
        /// Linux: servers, tests and the demo.
        Linux = 3 "linux",
        /// macOS.
        MacOs = 4 "macos",
        /// Windows.
        Windows = 5 "windows",
    }
}

numbered! {
    /// How strong the device is, in three classes that the face decides (memory and cores).
    Tier {
        /// Not known.
        Unknown = 0 "unknown",
        /// An entry device.
        Low = 1 "low",
        /// A usual device.
        Mid = 2 "mid",
        /// A strong device.
        High = 3 "high",
    }
}

numbered! {
    /// The network at the moment the batch was sealed.
    Network {
        /// Not known.
        Unknown = 0 "unknown",
        /// No network.
        Offline = 1 "offline",
        /// Wi-Fi.
        Wifi = 2 "wifi",
        /// A cellular network.
        Cellular = 3 "cellular",
        /// A cable.
        Wired = 4 "wired",
    }
}

/// What is true of every event of a batch: the slice it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// A random id of this installation; wiped when consent is refused.
    pub install: Uuid,
    /// The release, for example `8.2.0`.
    pub app_version: String,
    /// The build number or commit.
    pub app_build: String,
    /// The operating system family.
    pub os: Os,
    /// Its version, for example `15`.
    pub os_version: String,
    /// The device model, for example `Pixel 8`.
    pub device_model: String,
    /// How strong the device is.
    pub device_tier: Tier,
    /// The network when the batch was sealed.
    pub network: Network,
    /// ISO 3166-1 alpha-2, or empty.
    pub country: String,
    /// The version of NoWait that sealed the batch.
    pub sdk_version: String,
    /// The app's own dimensions, as (key, value), sorted by key.
    pub dimensions: Vec<(String, String)>,
}

/// One moment on three clocks, so that the collector can place uptimes in the day.
///
/// The uptime clock stands still while the device sleeps, so a session needs one anchor at least after each sleep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The uptime clock, in nanoseconds; rounded down to a whole millisecond on its way, as starts are.
    pub uptime_ns: u64,
    /// The boot clock, which runs in sleep, in nanoseconds; rounded like the uptime. Only its differences mean
    /// something. Versions 1 and 2 did not send it: there it is the uptime.
    pub boot_ns: u64,
    /// The device's wall clock, in milliseconds since 1970 UTC.
    pub wall_unix_ms: u64,
}

/// A sealed set of events with what is true of all of them.
///
/// `events[i].name` and `.screen` are indices into `names`, except that the reserved ids keep their meaning:
/// `names[0..6]` are always [`NameId::RESERVED`](crate::NameId::RESERVED).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Who it is.
    pub id: BatchId,
    /// What is true of every event.
    pub context: Context,
    /// Places the uptimes in the day: 1 to [`ANCHORS_MAX`](crate::limits::ANCHORS_MAX), sorted by uptime.
    pub anchors: Vec<Anchor>,
    /// The session's account when this batch was sealed.
    pub ledger: Ledger,
    /// The dictionary.
    pub names: Vec<String>,
    /// The events, sorted by start.
    pub events: Vec<Event>,
}

impl Batch {
    /// The anchor that places this uptime in the day: the latest one that is not after it, else the first.
    ///
    /// `None` only if there is no anchor at all, which [`crate::encode`] and [`crate::decode`] refuse.
    #[must_use]
    pub fn anchor_at(&self, uptime_ns: u64) -> Option<&Anchor> {
        let after = self.anchors.partition_point(|anchor| anchor.uptime_ns <= uptime_ns);
        self.anchors.get(after.saturating_sub(1))
    }
}
