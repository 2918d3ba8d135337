//! The cold lane: what an app says seldom. Each call may take a lock, allocate, or wait; none belongs on a main
//! thread.
//!
//! Owns: start and everything that carries text. Refuses: logic; each function is one call of the engine.
//! Invariant: before a start, and after a failed one, every function does nothing and says so in what it returns.

use crate::guard::guard;
use crate::types::{Flushed, Parcel, SelfReport, StartConfig, StartError, Transport};
use nowait_core::{Answer, Build, Config, Consent, Device, DropReason, Network, NoWait, Upload};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Held during a start, so that two at once make one engine.
static STARTING: Mutex<()> = Mutex::new(());

/// Starts NoWait for this process: once; both lanes work from then on. With `transport`, batches leave through the
/// host's HTTP stack, else through NoWait's own.
#[uniffi::export]
pub fn start(config: StartConfig, transport: Option<Box<dyn Transport>>) -> Result<(), StartError> {
    guard(Err(StartError::Internal), || {
        let _only = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        if NoWait::global().is_some() {
            return Err(StartError::AlreadyStarted);
        }
        let config = translate(config);
        let nowait = match transport {
            Some(transport) => NoWait::start_with(config, HostUpload(transport))?,
            None => start_alone(config)?,
        };
        nowait.install();
        Ok(())
    })
}

#[cfg(feature = "http")]
fn start_alone(config: Config) -> Result<NoWait, StartError> {
    Ok(NoWait::start(config)?)
}

#[cfg(not(feature = "http"))]
fn start_alone(_: Config) -> Result<NoWait, StartError> {
    Err(StartError::Transport("nowait: this build has no transport of its own; give one to start".to_owned()))
}

fn translate(config: StartConfig) -> Config {
    let device = config.device;
    Config {
        device: Device {
            os: device.os,
            os_version: device.os_version,
            model: device.model,
            tier: device.tier,
            country: device.country,
        },
        dimensions: config.dimensions.into_iter().collect(),
        flush_interval: Duration::from_millis(config.flush_interval_ms),
        consent: config.consent,
        ..Config::new(
            config.endpoint,
            config.app_key,
            Build::new(config.app_version, config.app_build),
            PathBuf::from(config.folder),
        )
    }
}

/// The host's transport as the engine sees it: whatever goes wrong in it is no answer.
pub(crate) struct HostUpload(pub(crate) Box<dyn Transport>);

impl Upload for HostUpload {
    fn send(&mut self, parcel: nowait_core::Parcel<'_>) -> Option<Answer> {
        let headers = parcel.headers().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let parcel = Parcel {
            url: parcel.url.to_owned(),
            headers,
            body: parcel.body.to_vec(),
            timeout_ms: u64::try_from(parcel.timeout.as_millis()).unwrap_or(u64::MAX),
        };
        guard(None, || self.0.send(parcel).ok())
    }
}

/// Registers names in bulk: their ids for the hot lane, in the same order; empty if NoWait is not started.
/// A name that looks personal gets the id of `redacted`, one beyond the table the id of `other`.
#[uniffi::export]
pub fn register_names(names: Vec<String>) -> Vec<u32> {
    guard(Vec::new(), || {
        let Some(nowait) = NoWait::global() else { return Vec::new() };
        names.iter().map(|name| nowait.name(name).0).collect()
    })
}

/// Takes the customer's decision and remembers it on the device. Does nothing before a start, whose config has it.
#[uniffi::export]
pub fn consent(decision: Consent) {
    guard((), || {
        if let Some(nowait) = NoWait::global() {
            nowait.consent(decision);
        }
    });
}

/// Tells the network, and whether to go easy on it (metered, Low Data mode, battery saver).
#[uniffi::export]
pub fn network(kind: Network, constrained: bool) {
    guard((), || {
        if let Some(nowait) = NoWait::global() {
            nowait.network(kind, constrained);
        }
    });
}

/// Seals and sends everything; waits at most this many milliseconds. Not complete if NoWait is not started.
#[uniffi::export]
pub fn flush(timeout_ms: u64) -> Flushed {
    ask(|nowait| nowait.flush(Duration::from_millis(timeout_ms)))
}

/// Ends the session for good: nothing more is recorded; waits at most this many milliseconds for the last batches.
#[uniffi::export]
pub fn shutdown(timeout_ms: u64) -> Flushed {
    ask(|nowait| nowait.shutdown(Duration::from_millis(timeout_ms)))
}

fn ask(work: impl FnOnce(NoWait) -> nowait_core::Flushed) -> Flushed {
    guard(Flushed::default(), || {
        let flushed = NoWait::global().map(work).unwrap_or_default();
        Flushed { complete: flushed.complete, batches_left: flushed.batches_left as u64 }
    })
}

/// This session's account so far; nothing if NoWait is not started.
#[uniffi::export]
pub fn self_report() -> Option<SelfReport> {
    guard(None, || {
        let nowait = NoWait::global()?;
        let ledger = nowait.ledger();
        let reasons = DropReason::ALL.iter().map(|reason| reason.as_str().to_owned());
        Some(SelfReport {
            session: nowait.session().to_string(),
            produced: ledger.produced,
            dropped: reasons.zip(ledger.dropped).collect(),
            names_redacted: ledger.names_redacted,
            names_overflowed: ledger.names_overflowed,
            signals_lost: ledger.signals_lost,
            panics_caught: ledger.panics_caught,
            ring_on_heap: ledger.ring_on_heap,
        })
    })
}
