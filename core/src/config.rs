//! What an app decides once, before it starts NoWait.
//!
//! Owns: settings, their defaults and their checks. Refuses: anything that may change while the app runs.
//! Invariant: a `Config` that passed [`Config::check`] starts wherever a thread can be had.

use crate::error::Error;
use crate::limits::{CONTEXT_TEXT_BYTES_MAX, DIMENSIONS_MAX};
use crate::scrub;
use nowait_wire::{Context, Network, Os, Tier, Uuid};
use std::path::PathBuf;
use std::time::Duration;

/// Whether the customer agreed to be measured. Nothing leaves the device before `Granted`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// Not asked yet: events are kept apart on the device, at most 256 KiB of them.
    #[default]
    Pending,
    /// Agreed: what was kept apart is delivered, and what comes from now on.
    Granted,
    /// Refused: everything on the device is wiped and nothing more is recorded.
    Refused,
}

/// The release of the app that is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// The version that customers see, for example `8.2.0`. Reports compare by it.
    pub version: String,
    /// The build number or commit, for example `48211`.
    pub number: String,
}

impl Build {
    /// A build of this version and number.
    pub fn new(version: impl Into<String>, number: impl Into<String>) -> Build {
        Build { version: version.into(), number: number.into() }
    }
}

/// The device that the app runs on. What is not known stays at its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The operating system family. Default: the one this was compiled for.
    pub os: Os,
    /// Its version, for example `15`. Default: empty.
    pub os_version: String,
    /// The model, for example `Pixel 8`. Default: empty.
    pub model: String,
    /// How strong it is. Default: unknown.
    pub tier: Tier,
    /// ISO 3166-1 alpha-2 of the customer's region. Default: empty.
    pub country: String,
}

impl Default for Device {
    fn default() -> Device {
        let os = match std::env::consts::OS {
            "android" => Os::Android,
            "ios" => Os::Ios,
            "linux" => Os::Linux,
            "macos" => Os::MacOs,
            "windows" => Os::Windows,
            _ => Os::Other,
        };
        Device {
            os,
            os_version: String::new(),
            model: String::new(),
            tier: Tier::Unknown,
            country: String::new(),
        }
    }
}

/// How NoWait is started. Make one with [`Config::new`] and change what differs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The collector, for example `https://telemetry.bank.example`. `http` is for tests on the same machine.
    pub endpoint: String,
    /// Identifies the app to the collector. Not a secret: it ships in the app.
    pub app_key: String,
    /// The release of the app.
    pub build: Build,
    /// The folder that NoWait has to itself: at most 6 MiB. Made if missing.
    ///
    /// Choose app data without backup, never a cache folder: removing the files while the app runs is noticed and
    /// does no harm, but whoever *truncates* the recorder's file takes memory away that is in use, and the system then
    /// ends the process (SIGBUS). No library can promise otherwise of a mapped file.
    pub folder: PathBuf,
    /// The device. Default: only the operating system family is known.
    pub device: Device,
    /// The app's own dimensions, such as `("segment", "retail")`: at most 8, scrubbed like names. Default: none.
    pub dimensions: Vec<(String, String)>,
    /// How often events are sealed and sent. Default: 30 s; at least 100 ms.
    pub flush_interval: Duration,
    /// What the customer decided, if the app keeps that itself. Default: pending, and the last call of
    /// [`NoWait::consent`](crate::NoWait::consent) is remembered on the device.
    pub consent: Consent,
}

/// The shortest flush interval: below it the worker would do nothing but sync files.
const FLUSH_INTERVAL_MIN: Duration = Duration::from_millis(100);

impl Config {
    /// A config with every default. `folder` is the app's choice because nothing else belongs on its disk.
    pub fn new(
        endpoint: impl Into<String>,
        app_key: impl Into<String>,
        build: Build,
        folder: impl Into<PathBuf>,
    ) -> Config {
        Config {
            endpoint: endpoint.into(),
            app_key: app_key.into(),
            build,
            folder: folder.into(),
            device: Device::default(),
            dimensions: Vec::new(),
            flush_interval: Duration::from_secs(30),
            consent: Consent::Pending,
        }
    }

    /// Checks what can be checked without the network.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let host = self.endpoint.strip_prefix("https://").or_else(|| self.endpoint.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.starts_with('/')) {
            return Err(Error::config("endpoint", "must be an address like https://telemetry.bank.example"));
        }
        if self.app_key.is_empty() || !self.app_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::config("app_key", "must be printable ASCII without spaces, and not empty"));
        }
        if self.build.version.is_empty() {
            return Err(Error::config("build.version", "must not be empty: reports compare releases by it"));
        }
        if self.folder.as_os_str().is_empty() {
            return Err(Error::config("folder", "must be a folder that NoWait has to itself"));
        }
        if self.dimensions.len() > DIMENSIONS_MAX {
            let problem =
                format!("holds {} entries; at most {DIMENSIONS_MAX} are kept", self.dimensions.len());
            return Err(Error::config("dimensions", problem));
        }
        let mut keys: Vec<&str> = self.dimensions.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        let declared = keys.len();
        keys.dedup();
        if keys.len() < declared {
            return Err(Error::config("dimensions", "holds a key twice"));
        }
        if self.flush_interval < FLUSH_INTERVAL_MIN {
            return Err(Error::config("flush_interval", "must be at least 100 ms"));
        }
        Ok(())
    }

    /// Where batches go.
    pub(crate) fn url(&self) -> String {
        format!("{}/v1/batches", self.endpoint.trim_end_matches('/'))
    }

    /// What is true of every event of this session.
    pub(crate) fn context(&self, install: Uuid) -> Context {
        let mut dimensions: Vec<(String, String)> =
            self.dimensions.iter().map(|(key, value)| (clean(key), clean(value))).collect();
        dimensions.sort();
        // Two keys that look personal are both called `redacted` now.
        dimensions.dedup_by(|one, kept| one.0 == kept.0);
        Context {
            install,
            app_version: cut(&self.build.version),
            app_build: cut(&self.build.number),
            os: self.device.os,
            os_version: cut(&self.device.os_version),
            device_model: cut(&self.device.model),
            device_tier: self.device.tier,
            network: Network::Unknown,
            country: cut(&self.device.country),
            sdk_version: env!("CARGO_PKG_VERSION").to_owned(),
            dimensions,
        }
    }
}

/// A dimension's text as it may travel.
fn clean(text: &str) -> String {
    if scrub::looks_personal(text) { "redacted".to_owned() } else { cut(text) }
}

/// A text without control characters, which no version or model has and the wire refuses, cut between characters
/// at [`CONTEXT_TEXT_BYTES_MAX`] bytes.
fn cut(text: &str) -> String {
    let mut text: String = text.chars().filter(|c| !c.is_control()).collect();
    text.truncate(text.floor_char_boundary(CONTEXT_TEXT_BYTES_MAX));
    text
}
