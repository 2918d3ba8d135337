//! What an app decides once, before it starts NoWait.
//!
//! Owns: settings, their defaults and their checks. Refuses: anything that may change while the app runs.
//! Invariant: a `Config` that passed [`Config::check`] starts wherever a thread can be had.

use crate::consent::Consent;
use crate::error::Error;
use crate::limits::{CONTEXT_TEXT_BYTES_MAX, DIMENSIONS_MAX, FLUSH_INTERVAL_MAX};
use crate::upload::conditions::Hold;
use crate::upload::endpoint;
use crate::upload::trust::{self, Roots, SpkiPin};
use nowait_scrub::{REDACTED, looks_personal, looks_personal_code};
use nowait_wire::{Context, Network, Os, Tier, Uuid};
use std::path::PathBuf;
use std::time::Duration;

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
    /// The collector, for example `https://telemetry.bank.example`. `http` is taken for this very device only
    /// (`localhost`, 127.0.0.0/8, `[::1]`), whatever the transport.
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
    /// How often events are sealed and sent while the app is in front; they are sent on its way to the background as
    /// well. Default: 5 minutes, because the recorder's file survives a kill, so that waiting costs only freshness. At
    /// least 100 ms, at most a day.
    pub flush_interval: Duration,
    /// What the customer decided, if the app keeps that itself. Default: pending, and the last call of
    /// [`NoWait::consent`](crate::NoWait::consent) is remembered on the device.
    pub consent: Consent,
    /// Whom the default transport believes: see [`Roots`]. Default: Mozilla's list.
    pub roots: Roots,
    /// Keys of which one must be on the collector's verified certificate path (server, intermediate or root). At least
    /// two, because one must be a backup. Default: none, any certificate that `roots` vouch for is believed.
    pub pins: Vec<SpkiPin>,
    /// Under which conditions of the device batches wait. Default: see [`Hold`].
    pub hold: Hold,
}

/// The flush interval if the app does not choose one.
const FLUSH_INTERVAL: Duration = Duration::from_secs(300);

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
            flush_interval: FLUSH_INTERVAL,
            consent: Consent::Pending,
            roots: Roots::default(),
            pins: Vec::new(),
            hold: Hold::default(),
        }
    }

    /// Checks what can be checked without the network.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let endpoint =
            endpoint::parse(&self.endpoint).map_err(|problem| Error::config("endpoint", problem))?;
        if self.app_key.is_empty() || !self.app_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::config("app_key", "must be printable ASCII without spaces, and not empty"));
        }
        if self.build.version.is_empty() {
            return Err(Error::config("build.version", "must not be empty: reports compare releases by it"));
        }
        if self.folder.as_os_str().is_empty() {
            return Err(Error::config("folder", "must be a folder that NoWait has to itself"));
        }
        self.check_dimensions()?;
        if !(FLUSH_INTERVAL_MIN..=FLUSH_INTERVAL_MAX).contains(&self.flush_interval) {
            return Err(Error::config("flush_interval", "must be at least 100 ms and at most a day"));
        }
        self.roots.check()?;
        trust::check_pins(&self.pins)?;
        if !self.pins.is_empty() && !endpoint.is_tls {
            return Err(Error::config(
                "pins",
                "need an https endpoint: without TLS there is no key to check",
            ));
        }
        Ok(())
    }

    fn check_dimensions(&self) -> Result<(), Error> {
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
        Ok(())
    }

    /// Checks that nothing is asked for that only the default transport would do: a pin that nobody looks at is worse
    /// than none.
    pub(crate) fn check_for_own_transport(&self) -> Result<(), Error> {
        let problem =
            "is of the default transport only: the host's own transport has its own trust store and pins";
        if self.roots != Roots::Mozilla {
            return Err(Error::config("roots", problem));
        }
        if !self.pins.is_empty() {
            return Err(Error::config("pins", problem));
        }
        Ok(())
    }

    /// Where batches go.
    pub(crate) fn url(&self) -> String {
        format!("{}/v1/batches", self.endpoint.trim_end_matches('/'))
    }

    /// Tells one release of the app from another, for the marker around a start.
    pub(crate) fn release_hash(&self) -> u64 {
        let of = |text: &str| u64::from(crc32c::crc32c(text.as_bytes()));
        of(&self.build.version) << 32 | of(&self.build.number)
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
            app_version: code(&self.build.version),
            app_build: code(&self.build.number),
            os: self.device.os,
            os_version: code(&self.device.os_version),
            device_model: code(&self.device.model),
            device_tier: self.device.tier,
            network: Network::Unknown,
            country: clean(&self.device.country),
            sdk_version: env!("CARGO_PKG_VERSION").to_owned(),
            dimensions,
        }
    }
}

/// A text of the app as it may travel.
fn clean(text: &str) -> String {
    if looks_personal(text) { REDACTED.to_owned() } else { cut(text) }
}

/// A version, a build or a model as it may travel.
fn code(text: &str) -> String {
    let text = cut(text);
    if looks_personal_code(&text) { REDACTED.to_owned() } else { text }
}

/// A text without control characters, which no version or model has and the wire refuses, cut between characters
/// at [`CONTEXT_TEXT_BYTES_MAX`] bytes.
fn cut(text: &str) -> String {
    let mut text: String = text.chars().filter(|c| !c.is_control()).collect();
    text.truncate(text.floor_char_boundary(CONTEXT_TEXT_BYTES_MAX));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Config {
        Config::new("https://telemetry.bank.example", "key", Build::new("8.2.0", "1"), "/data/nowait")
    }

    #[test]
    fn what_is_new_keeps_a_config_easy() {
        let config = Config { hold: Hold { metered: true, ..Hold::default() }, ..good() };
        assert!(config.check().is_ok() && config.check_for_own_transport().is_ok());
        assert_eq!(config.flush_interval, Duration::from_secs(300));
        assert_eq!(config.url(), "https://telemetry.bank.example/v1/batches");
    }

    #[test]
    fn an_unusable_config_says_which_field_and_why() {
        let pins: Vec<SpkiPin> = [1, 2].map(|n| SpkiPin::sha256([n; 32])).into();
        for (config, problem) in [
            (
                Config { endpoint: "http://telemetry.bank.example".to_owned(), ..good() },
                "config.endpoint must be https",
            ),
            (
                Config { endpoint: "telemetry.bank.example".to_owned(), ..good() },
                "config.endpoint must be an address",
            ),
            (Config { pins: pins[..1].to_vec(), ..good() }, "config.pins has one key: also pin a backup"),
            (
                Config { pins: pins.clone(), endpoint: "http://127.0.0.1:4600".to_owned(), ..good() },
                "config.pins need an https endpoint",
            ),
            (Config { roots: Roots::Only(Vec::new()), ..good() }, "config.roots"),
            (Config { flush_interval: Duration::from_secs(86_401), ..good() }, "config.flush_interval"),
        ] {
            let error = config.check().unwrap_err();
            assert!(error.is_config() && error.to_string().contains(problem), "{error}");
        }
        assert!(Config { pins, ..good() }.check().is_ok());
    }

    #[test]
    fn a_pin_or_root_that_nobody_would_look_at_is_refused() {
        let pins: Vec<SpkiPin> = [1, 2].map(|n| SpkiPin::sha256([n; 32])).into();
        let pinned = Config { pins, ..good() }.check_for_own_transport().unwrap_err();
        assert!(pinned.to_string().contains("config.pins is of the default transport"), "{pinned}");
        let roots = Config { roots: Roots::Only(vec![vec![0x30]]), ..good() };
        assert!(roots.check_for_own_transport().is_err());
    }
}
