//! The cold lane: what an app says seldom. A start, a flush and a shutdown may take a lock, allocate, or wait; none of
//! them belongs on a main thread.
//!
//! Owns: start and everything that carries more than numbers. Refuses: logic; each function is one call of the engine.
//! Invariant: every function works before a start: what it says waits in the engine, and what it asks is answered.

use crate::engine::engine;
use crate::guard::guard;
use crate::types::{
    Continuation, Flushed, Parcel, SelfReport, StartConfig, StartError, SystemExits, Transport,
};
use nowait_core::{
    Answer, Build, Cancel, Conditions, Config, Consent, Delivery, Device, DropReason, NoWait, Recorded,
    RefuseReason, SpkiPin, SystemExit, Upload,
};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Starts NoWait for this process: once. With `transport`, batches leave through the host's HTTP stack, else through
/// NoWait's own.
#[uniffi::export]
pub fn start(config: StartConfig, transport: Option<Box<dyn Transport>>) -> Result<(), StartError> {
    guard(Err(StartError::Internal), || {
        let config = translate(config)?;
        match transport {
            Some(transport) => engine().begin(config, HostUpload(transport))?,
            None => start_alone(engine(), config)?,
        }
        Ok(())
    })
}

#[cfg(feature = "http")]
fn start_alone(engine: NoWait, config: Config) -> Result<(), StartError> {
    Ok(engine.begin_with_http(config)?)
}

#[cfg(not(feature = "http"))]
fn start_alone(_: NoWait, _: Config) -> Result<(), StartError> {
    Err(StartError::Transport("nowait: this build has no transport of its own; give one to start".to_owned()))
}

fn translate(config: StartConfig) -> Result<Config, StartError> {
    let device = config.device;
    let defaults = Config::new(
        config.endpoint,
        config.app_key,
        Build::new(config.app_version, config.app_build),
        PathBuf::from(config.folder),
    );
    Ok(Config {
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
        hold: config.hold.unwrap_or(defaults.hold),
        roots: config.roots,
        pins: config.pins.iter().map(|pin| pin.parse::<SpkiPin>()).collect::<Result<_, _>>()?,
        ..defaults
    })
}

/// The host's transport as the engine sees it: whatever goes wrong in it is no answer.
pub(crate) struct HostUpload(pub(crate) Box<dyn Transport>);

/// Whether to break off the exchange under way; there is one at a time.
static EXCHANGE: Mutex<Cancel> = Mutex::new(Cancel::never());

fn set_exchange(cancel: Cancel) {
    *EXCHANGE.lock().unwrap_or_else(PoisonError::into_inner) = cancel;
}

impl Upload for HostUpload {
    fn send(&mut self, parcel: nowait_core::Parcel<'_>) -> Option<Answer> {
        let headers = parcel.headers().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let for_host = Parcel {
            url: parcel.url.to_owned(),
            headers,
            body: parcel.body.to_vec(),
            timeout_ms: u64::try_from(parcel.timeout.as_millis()).unwrap_or(u64::MAX),
        };
        set_exchange(parcel.cancel);
        let answer = guard(None, || self.0.send(for_host).ok());
        set_exchange(Cancel::never());
        answer
    }
}

/// Whether the transport must break off the exchange under way and answer nothing, because the customer refused: ask
/// every 50 ms or so. Cheap, from any thread.
#[uniffi::export]
pub fn exchange_is_cancelled() -> bool {
    guard(false, || EXCHANGE.lock().unwrap_or_else(PoisonError::into_inner).is_cancelled())
}

/// Takes who can ask the system how processes of the app ended: before [`start`], which recovers what dead ones left. Each
/// word of the system is told once, in the exit of the process that it is about.
#[uniffi::export]
pub fn system_exits(system: Box<dyn SystemExits>) {
    guard((), || engine().system_exits(HostSystem(system)));
}

/// The host's way to the system as the engine sees it: whatever goes wrong in it, nothing is known.
struct HostSystem(Box<dyn SystemExits>);

impl nowait_core::SystemExits for HostSystem {
    fn recent(&mut self) -> Vec<SystemExit> {
        guard(Vec::new(), || self.0.recent())
    }
}

/// Takes the customer's decision: what became of it. Touches no file operation, so it may be called on a main thread.
#[uniffi::export]
pub fn consent(decision: Consent) -> Recorded {
    guard(Recorded::Refused, || engine().consent(decision))
}

/// Tells how network and power are.
#[uniffi::export]
pub fn conditions(now: Conditions) {
    guard((), || engine().conditions(now));
}

/// Seals and sends everything; waits at most this many milliseconds. Not complete if NoWait is not started.
#[uniffi::export]
pub fn flush(timeout_ms: u64) -> Flushed {
    ask(|engine| engine.flush(Duration::from_millis(timeout_ms)))
}

/// Ends the session for good: nothing more is recorded; waits at most this many milliseconds for the last batches.
#[uniffi::export]
pub fn shutdown(timeout_ms: u64) -> Flushed {
    ask(|engine| engine.shutdown(Duration::from_millis(timeout_ms)))
}

fn ask(work: impl FnOnce(NoWait) -> nowait_core::Flushed) -> Flushed {
    guard(Flushed::default(), || {
        let flushed = work(engine());
        Flushed { complete: flushed.complete, batches_left: flushed.batches_left as u64 }
    })
}

/// This session's account, as of the engine's latest turn; none only if a defect of NoWait was caught.
#[uniffi::export]
pub fn self_report() -> Option<SelfReport> {
    guard(None, || {
        let ledger = engine().ledger();
        Some(SelfReport {
            session: engine().session().to_string(),
            facts_folded: ledger.facts.folded,
            facts_refused: by_reason(RefuseReason::ALL, RefuseReason::as_str, ledger.facts.refused),
            produced: ledger.produced,
            dropped: by_reason(DropReason::ALL, DropReason::as_str, ledger.dropped),
            names_redacted: ledger.names_redacted,
            names_overflowed: ledger.names_overflowed,
            signals_lost: ledger.signals_lost,
            panics_caught: ledger.panics_caught,
            ring_on_heap: ledger.ring_on_heap,
        })
    })
}

/// How delivery stands: why nothing arrives, if nothing does; none only if a defect of NoWait was caught.
#[uniffi::export]
pub fn delivery() -> Option<Delivery> {
    guard(None, || Some(engine().delivery()))
}

/// Whether this is the moment to ask the customer for a rating: they agreed to be measured, and nobody asked for so many milliseconds, in
/// any process or run of the app. True counts as having asked; false also if a defect of NoWait was caught.
#[uniffi::export]
pub fn may_ask(every_ms: u64) -> bool {
    guard(false, || engine().may_ask(Duration::from_millis(every_ms)))
}

/// A random id for a journey that goes on elsewhere, to be told as `handed_over`; none only if a defect of NoWait was caught.
#[uniffi::export]
pub fn draw_continuation() -> Option<Continuation> {
    guard(None, || {
        let drawn = nowait_core::draw_continuation();
        Some(Continuation { number: drawn.to_u64(), text: drawn.to_string() })
    })
}

fn by_reason<Reason: Copy, const N: usize>(
    reasons: &[Reason],
    text: fn(Reason) -> &'static str,
    counts: [u64; N],
) -> HashMap<String, u64> {
    reasons.iter().map(|reason| text(*reason).to_owned()).zip(counts).collect()
}

/// The text of a name's id, for a test of an app; empty if there is no such name.
#[uniffi::export]
pub fn name_text(name: u32) -> String {
    guard(String::new(), || engine().name_text(nowait_core::NameId(name)).unwrap_or_default())
}
