//! What crosses the cold lane: the engine's own types where UniFFI can carry them, plain records where not.
//!
//! Owns: shapes. Refuses: defaults; the faces have them, in their own idiom.
//! Invariant: an error that comes from the host carries no text of the host.

use nowait_core::{
    Answer, Conditions, Consent, Delivery, ExitCause, Hold, Network, Os, Recorded, Roots, SystemExit, Tier,
};
use std::collections::HashMap;
use std::fmt;

/// Whether the customer agreed to be measured. Nothing leaves the device before `Granted`.
#[uniffi::remote(Enum)]
pub enum Consent {
    /// Not asked yet: events are kept apart on the device, bounded.
    Pending,
    /// Agreed.
    Granted,
    /// Refused: everything on the device is wiped and nothing more is recorded.
    Refused,
}

/// The operating system family.
#[uniffi::remote(Enum)]
pub enum Os {
    /// None of the others.
    Other,
    /// Android.
    Android,
    /// iOS and iPadOS.
    Ios,
    /// Linux: servers and tests.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

/// How strong the device is.
#[uniffi::remote(Enum)]
pub enum Tier {
    /// Not known.
    Unknown,
    /// An entry device.
    Low,
    /// A usual device.
    Mid,
    /// A strong device.
    High,
}

/// The kind of network.
#[uniffi::remote(Enum)]
pub enum Network {
    /// Not known.
    Unknown,
    /// No network.
    Offline,
    /// Wi-Fi.
    Wifi,
    /// A cellular network.
    Cellular,
    /// A cable.
    Wired,
}

/// What the host knows of network and power. See `nowait_core::Conditions` for what waits under which.
#[uniffi::remote(Record)]
pub struct Conditions {
    /// The network in use, `Offline` if the system says that there is none.
    pub network: Network,
    /// Whether the system calls it metered or expensive.
    pub metered: bool,
    /// Whether a data saver is on that covers this network.
    pub data_saver: bool,
    /// Whether a battery saver is on.
    pub battery_saver: bool,
    /// Whether the network is a foreign one.
    pub roaming: bool,
}

/// Under which conditions batches are held on the device, until a flush or until half of the room for them is taken;
/// while roaming, until a flush.
#[uniffi::remote(Record)]
pub struct Hold {
    /// On a metered network.
    pub metered: bool,
    /// With a data saver.
    pub data_saver: bool,
    /// With a battery saver.
    pub battery_saver: bool,
    /// While roaming.
    pub roaming: bool,
}

/// Which certificate authorities the default transport believes. Each entry is one certificate as DER, or any number of
/// them as PEM.
#[uniffi::remote(Enum)]
pub enum Roots {
    /// Those that Mozilla's Firefox believes, as of the build.
    Mozilla,
    /// These and no others: a bank's private authority.
    Only(Vec<Vec<u8>>),
    /// Mozilla's, and these.
    MozillaAnd(Vec<Vec<u8>>),
}

/// What became of what was told.
#[uniffi::remote(Enum)]
pub enum Recorded {
    /// It is in a file, whatever ends the process.
    Kept,
    /// It was taken, but a kill of the process would lose it: there is no file, or not yet.
    InMemory,
    /// It was not taken.
    Refused,
}

/// The device that the app runs on. What is not known stays empty or `Unknown`.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Device {
    /// The operating system family.
    pub os: Os,
    /// Its version, for example `15`.
    pub os_version: String,
    /// The model, for example `Pixel 8`.
    pub model: String,
    /// How strong it is.
    pub tier: Tier,
    /// ISO 3166-1 alpha-2 of the customer's region.
    pub country: String,
}

/// How NoWait is started. See `nowait_core::Config` for what each field means and its limits.
#[derive(Clone, Debug, uniffi::Record)]
pub struct StartConfig {
    /// The collector, for example `https://telemetry.bank.example`.
    pub endpoint: String,
    /// Identifies the app to the collector; printable ASCII.
    pub app_key: String,
    /// The version that customers see, for example `8.2.0`.
    pub app_version: String,
    /// The build number or commit.
    pub app_build: String,
    /// The folder that NoWait has to itself.
    pub folder: String,
    /// The device.
    pub device: Device,
    /// The app's own dimensions, at most 8.
    pub dimensions: HashMap<String, String>,
    /// How often events are sealed and sent, in milliseconds; at least 100, at most a day.
    pub flush_interval_ms: u64,
    /// What the customer decided, if the app keeps that itself; else `Pending`.
    pub consent: Consent,
    /// Under which conditions batches wait; none for what the engine chooses.
    pub hold: Option<Hold>,
    /// Whom the default transport believes; `Mozilla` with a transport of the host's.
    pub roots: Roots,
    /// Keys of which one must be on the collector's certificate path, as `sha256/` and Base64: none, or at least two,
    /// one of them a backup. None with a transport of the host's.
    pub pins: Vec<String>,
}

/// Why NoWait could not start. The message names the setting and what to do, and holds no value of it.
#[derive(Debug, uniffi::Error)]
#[uniffi(flat_error)]
pub enum StartError {
    /// A setting is not usable; the message names it.
    Config(nowait_core::Error),
    /// The system gave no thread.
    Thread(nowait_core::Error),
    /// There is no way to send: the default transport cannot be had, or is not in this build and none was given.
    Transport(String),
    /// NoWait runs in this process already, or did; it starts once.
    AlreadyStarted,
    /// A defect of NoWait, caught.
    Internal,
}

impl From<nowait_core::Error> for StartError {
    fn from(error: nowait_core::Error) -> StartError {
        if error.is_started() {
            StartError::AlreadyStarted
        } else if error.is_config() {
            StartError::Config(error)
        } else if error.is_thread() {
            StartError::Thread(error)
        } else {
            StartError::Transport(error.to_string())
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Config(error) | StartError::Thread(error) => error.fmt(f),
            StartError::Transport(problem) => f.write_str(problem),
            StartError::AlreadyStarted => {
                f.write_str("nowait: already started; a process starts NoWait once")
            }
            StartError::Internal => f.write_str("nowait: a defect of NoWait was caught; please report it"),
        }
    }
}

impl std::error::Error for StartError {}

/// A sealed batch on its way out: an HTTP POST.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Parcel {
    /// Where to.
    pub url: String,
    /// Every header it needs, by name in lower case; what the HTTP stack adds of its own is fine.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
    /// How long the whole exchange may take, in milliseconds.
    pub timeout_ms: u64,
}

/// What came back over HTTP.
#[uniffi::remote(Record)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The `retry-after` header, as it came.
    pub retry_after: Option<String>,
    /// The first bytes of the body: 16 KiB are enough for any receipt.
    pub body: Vec<u8>,
}

/// Why the host has no answer. One cause on purpose: nothing that the host's HTTP stack says passes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Error)]
pub enum TransportError {
    /// No network, a timeout, a cancelled call, or an exception of any kind.
    NoAnswer,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer")
    }
}

impl std::error::Error for TransportError {}

impl From<uniffi::UnexpectedUniFFICallbackError> for TransportError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> TransportError {
        TransportError::NoAnswer
    }
}

/// The host's own HTTP stack.
#[uniffi::export(callback_interface)]
pub trait Transport: Send + Sync {
    /// Sends the parcel with POST and returns the answer, whatever its status; must not retry or follow redirects.
    /// Called from NoWait's own thread, one parcel at a time; may block until the parcel's timeout, and should look at
    /// [`exchange_is_cancelled`](crate::cold::exchange_is_cancelled) meanwhile.
    fn send(&self, parcel: Parcel) -> Result<Answer, TransportError>;
}

/// A random id by which a journey is known where it goes on.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Continuation {
    /// As a fact has it.
    pub number: u64,
    /// As a person or a machine elsewhere reads it: for a link, a QR code, or to be read out.
    pub text: String,
}

/// What a flush achieved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct Flushed {
    /// Whether nothing is left on the device.
    pub complete: bool,
    /// Batches that wait on the device.
    pub batches_left: u64,
}

/// How delivery stands in this process; see `nowait_core::Delivery` for what each field means.
#[uniffi::remote(Record)]
pub struct Delivery {
    /// The customer's decision in force.
    pub consent: Consent,
    /// Exchanges with the collector so far.
    pub exchanges: u32,
    /// The HTTP status of the last one, if it was answered.
    pub status: Option<u16>,
    /// Whether the last one ended with the receipt for its batch.
    pub is_delivered: bool,
    /// Whether the remote configuration switches NoWait off.
    pub is_switched_off: bool,
    /// Whether this session is none of the sample.
    pub is_left_out: bool,
    /// Whether NoWait stays off because its last starts died.
    pub is_off: bool,
    /// Whether batches wait for other conditions of network and power.
    pub is_held: bool,
}

/// What NoWait says about itself: this session's account. Facts told = folded + refused; events produced = delivered +
/// dropped.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SelfReport {
    /// The id of the session, which every batch of it carries; nil before a start.
    pub session: String,
    /// Facts that were told and taken.
    pub facts_folded: u64,
    /// Facts that were told and will never be taken, by reason (`ring_full`, `contended` …); every reason is there.
    pub facts_refused: HashMap<String, u64>,
    /// Events that came of them.
    pub produced: u64,
    /// Events that will never be delivered, by reason (`spool_evicted`, `rejected` …); every reason is there.
    pub dropped: HashMap<String, u64>,
    /// Names replaced by `redacted`.
    pub names_redacted: u64,
    /// Names that found the table full.
    pub names_overflowed: u64,
    /// Waits that nobody watched, because too many were open.
    pub signals_lost: u64,
    /// Panics that a boundary of NoWait caught.
    pub panics_caught: u64,
    /// Whether the flight recorder is on the heap, because its file could not be had, or, in the first milliseconds
    /// after a start, is not there yet.
    pub ring_on_heap: bool,
}

/// What ended a process of the app, by the system's word. See `nowait_core::ExitCause`.
#[uniffi::remote(Enum)]
pub enum ExitCause {
    /// The system does not say.
    Unknown,
    /// An exception that nobody caught.
    Crash,
    /// A crash in native code.
    NativeCrash,
    /// The main thread did not answer for too long.
    NotResponding,
    /// The system needed its memory.
    LowMemory,
    /// The customer ended it.
    User,
    /// The app was updated or removed.
    Update,
    /// It was frozen in the background and could not be woken properly.
    Freezer,
    /// A signal whose reason the system does not tell.
    Signal,
    /// It ended itself.
    Exited,
    /// A permission was taken away from it.
    Permission,
    /// It used too much of the processor, the battery or the disk.
    Resources,
    /// Another process that it depended on ended.
    Dependency,
    /// It did not come up.
    Initialization,
    /// Something else that the system did.
    Other,
}

/// How a process of the app ended, by the system's word.
#[uniffi::remote(Record)]
pub struct SystemExit {
    /// The process's number in the system.
    pub process: u32,
    /// When, in milliseconds since 1970 UTC, by the wall clock as the device had it then.
    pub ended_unix_ms: u64,
    /// Why.
    pub cause: ExitCause,
}

/// Who can ask the system how processes of the app ended.
#[uniffi::export(callback_interface)]
pub trait SystemExits: Send + Sync {
    /// The ends that the system remembers, in any order; none if it cannot be asked. Called on NoWait's own thread, where a dead
    /// process left something; may take its time. Must not throw.
    fn recent(&self) -> Vec<SystemExit>;
}
