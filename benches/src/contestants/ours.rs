//! NoWait itself, through its public face, with a collector that stores nothing.
//!
//! Owns: one started NoWait for each row, so that rows do not share a ring. Refuses: any way in that an app has
//! not. Invariant: between blocks everything is sealed, synced to the disk and acknowledged, so that no fact of a
//! block meets a full ring.

use crate::harness::Contestant;
use nowait_core::{
    Action, Answer, Build, Config, Consent, Crumb, Error, Event, Fact, Kind, NOW, NameId, NoWait, Parcel,
    Upload,
};
use nowait_wire::{Receipt, ReceiptStatus, decode_header};
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Longest wait for the worker between two blocks; it needs some milliseconds.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(10);

/// What one operation does.
enum Op {
    Record(NameId),
    Span(Action),
    Crumb(Crumb),
    Tap(NameId),
    Frame(u64),
}

/// NoWait, doing one kind of operation.
pub(super) struct Ours {
    nowait: NoWait,
    op: Op,
    delivered: Arc<AtomicU64>,
}

impl Ours {
    /// A finished event, stamped with one clock read.
    pub(super) fn record(folder: &Path) -> Result<Ours, Error> {
        Ours::start(&folder.join("ours-record"), |nowait| Op::Record(nowait.name("Pay.Confirm")))
    }

    /// Begin and end of an action: two clock reads.
    pub(super) fn span(folder: &Path) -> Result<Ours, Error> {
        Ours::start(&folder.join("ours-span"), |nowait| Op::Span(nowait.action("Pay.Confirm")))
    }

    /// A breadcrumb.
    pub(super) fn crumb(folder: &Path) -> Result<Ours, Error> {
        Ours::start(&folder.join("ours-crumb"), |nowait| Op::Crumb(nowait.crumb("biometric.prompt")))
    }

    /// The raw signal that a face sends most often: a frame was presented. The face has its times from the system.
    pub(super) fn frame(folder: &Path) -> Result<Ours, Error> {
        Ours::start(&folder.join("ours-frame"), |nowait| Op::Frame(nowait.now_ns()))
    }

    /// A raw signal with a name: a finger was lifted.
    pub(super) fn tap(folder: &Path) -> Result<Ours, Error> {
        Ours::start(&folder.join("ours-tap"), |nowait| Op::Tap(nowait.name("Pay.Confirm")))
    }

    fn start(folder: &Path, op: impl FnOnce(NoWait) -> Op) -> Result<Ours, Error> {
        let config = Config::new("http://127.0.0.1", "bench", Build::new("1.0.0", "1"), folder);
        let config =
            Config { consent: Consent::Granted, flush_interval: Duration::from_secs(3_600), ..config };
        let delivered = Arc::new(AtomicU64::new(0));
        let nowait = NoWait::start_with(config, Acknowledge(Arc::clone(&delivered)))?;
        // Until the worker has the recorder's file, facts wait in a small queue.
        nowait.flush(SETTLE_TIMEOUT);
        Ok(Ours { nowait, op: op(nowait), delivered })
    }
}

impl Contestant for Ours {
    fn name(&self) -> &'static str {
        match self.op {
            Op::Record(_) => "**NoWait event**",
            Op::Span(_) => "**NoWait action, begin and end**",
            Op::Crumb(_) => "**NoWait breadcrumb**",
            Op::Tap(_) => "**NoWait tap signal**",
            Op::Frame(_) => "**NoWait frame signal**",
        }
    }
    fn crate_name(&self) -> &'static str {
        "nowait-core"
    }
    fn leaves(&self) -> &'static str {
        match self.op {
            Op::Record(_) => "an event in a mapped file; survives a kill",
            Op::Span(_) => {
                "two facts in a mapped file; survive a kill, and so does an action that was only begun"
            }
            Op::Crumb(_) | Op::Tap(_) | Op::Frame(_) => "a fact in a mapped file; survives a kill",
        }
    }
    fn clock_reads(&self) -> usize {
        self.stores()
    }
    fn stores(&self) -> usize {
        if matches!(self.op, Op::Span(_)) { 2 } else { 1 }
    }
    fn run(&self, _thread: usize, ops: usize) {
        match self.op {
            Op::Record(name) => {
                for _ in 0..ops {
                    let event =
                        Event { started_uptime_ns: self.nowait.now_ns(), ..Event::new(Kind::Action, name) };
                    black_box(self.nowait.record(&event));
                }
            }
            Op::Span(action) => (0..ops).for_each(|_| black_box(action.begin()).end()),
            Op::Crumb(crumb) => (0..ops).for_each(|_| _ = self.nowait.breadcrumb(black_box(crumb))),
            Op::Tap(target) => {
                for _ in 0..ops {
                    self.nowait.append(Fact::TouchUp { at: NOW, target: black_box(target) });
                }
            }
            Op::Frame(at) => {
                for _ in 0..ops {
                    // A call says which fact it tells; only the values come from elsewhere.
                    let at = black_box(at);
                    self.nowait.append(Fact::Frame { started: at, deadline: at, at });
                }
            }
        }
    }
    fn settle(&self) {
        let flushed = self.nowait.flush(SETTLE_TIMEOUT);
        assert!(flushed.complete, "the worker needed more than {SETTLE_TIMEOUT:?} for one block");
        let refused = self.nowait.ledger().facts.refused;
        assert!(refused.iter().all(|refused| *refused == 0), "a block met a full ring: {refused:?}");
    }
    fn delivered(&self) -> Option<u64> {
        // Relaxed: asked when nothing is under way any more.
        matches!(self.op, Op::Record(_) | Op::Span(_)).then(|| self.delivered.load(Ordering::Relaxed))
    }
}

/// Counts what it is sent and says that it is stored.
struct Acknowledge(Arc<AtomicU64>);

impl Upload for Acknowledge {
    fn send(&mut self, parcel: Parcel<'_>) -> Option<Answer> {
        let header = decode_header(parcel.body).ok()?;
        // Relaxed: asked when nothing is under way any more.
        self.0.fetch_add(header.events as u64, Ordering::Relaxed);
        let receipt = Receipt {
            batch: header.id.to_string(),
            status: ReceiptStatus::Stored,
            reason: String::new(),
            config: None,
        };
        Some(Answer { status: 200, retry_after: None, body: serde_json::to_vec(&receipt).ok()? })
    }
}
