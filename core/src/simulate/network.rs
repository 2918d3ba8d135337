//! The network and the collector: answers of every kind, some of them lost, and what is stored.
//!
//! Owns: what an exchange comes back with; what the collector has. Refuses: when an exchange may be (`checks` looks at each).
//! Invariant: the collector stores a batch once, and answers the same to the same batch for ever.

use super::checks;
use super::schedule;
use super::truth::Log;
use super::world::{World, must, step, trace, with};
use crate::limits::{BACKOFF_BASE, RETRY_AFTER_MAX, STOP_WAIT};
use crate::upload::{Answer, Parcel, Upload};
use nowait_wire::{Batch, BatchId, Receipt, ReceiptStatus, RemoteConfig};
use std::collections::BTreeMap;
use std::time::Duration;

/// Measured events with this in `b` make the collector refuse their batch.
pub(super) const POISON: u64 = 666;

/// How the network is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Weather {
    /// Every exchange gets through.
    #[default]
    Good,
    /// Anything may happen.
    Mixed,
    /// Nothing gets through.
    Down,
    /// The server is busy, and says how long to wait.
    Busy,
}

/// What happens to an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happens {
    Served,
    RequestLost,
    ResponseLost,
    Silence,
    HalfABody,
    NoReceipt,
    ReceiptOfAnother,
    CaptivePortal,
    Status(u16),
    Busy(u16, &'static str),
}

impl Happens {
    fn name(self) -> String {
        match self {
            Happens::Status(status) => format!("{status}"),
            Happens::Busy(status, after) => {
                format!("{status} retry-after {}", if after.is_empty() { "empty" } else { after })
            }
            other => format!("{other:?}"),
        }
    }
}

const MIXED: [Happens; 22] = [
    Happens::Served,
    Happens::Served,
    Happens::Served,
    Happens::Served,
    Happens::Served,
    Happens::RequestLost,
    Happens::ResponseLost,
    Happens::ResponseLost,
    Happens::Silence,
    Happens::HalfABody,
    Happens::NoReceipt,
    Happens::ReceiptOfAnother,
    Happens::CaptivePortal,
    Happens::Status(302),
    Happens::Status(400),
    Happens::Status(401),
    Happens::Status(404),
    Happens::Status(408),
    Happens::Status(413),
    Happens::Status(500),
    Happens::Busy(503, "120"),
    Happens::Busy(429, ""),
];

const BUSY: [Happens; 8] = [
    Happens::Status(503),
    Happens::Busy(503, "0"),
    Happens::Busy(503, "30"),
    Happens::Busy(429, "3600"),
    Happens::Busy(429, "99999999999999999999"),
    Happens::Busy(503, "-7"),
    Happens::Busy(503, "soon"),
    Happens::Busy(503, "Thu, 01 Jan 1998 00:00:00 GMT"),
];

/// Until when nobody may try again, on the boot clock of one start of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) boot: u64,
    pub(super) until_boot_ns: u64,
}

/// The network, the collector, and what was sent.
#[derive(Default)]
pub(super) struct Network {
    pub(super) weather: Weather,
    /// What is stored, each batch once.
    pub(super) stored: BTreeMap<BatchId, Batch>,
    /// What was sent under each id that was not refused, to compare with what comes later.
    sent: BTreeMap<BatchId, Batch>,
    /// Ids of batches that were refused for what is in them.
    pub(super) rejected: BTreeMap<BatchId, Batch>,
    /// What every receipt carries.
    pub(super) config: Option<RemoteConfig>,
    /// The highest version of it that there was: a device that has that takes no lower one.
    pub(super) newest_config: u32,
    /// What a process was told and has not noted yet.
    told: BTreeMap<usize, Option<Wait>>,
    /// What the processes have noted: one for all, and of each that cannot map what they share its own.
    pub(super) noted: BTreeMap<Option<usize>, Wait>,
    /// When exchanges settled nothing, on the boot clock.
    pub(super) failed_at: Vec<u64>,
    /// When exchanges settled something.
    pub(super) settled_at: Vec<u64>,
}

impl Network {
    /// A process has noted when to try again: for all, or only for itself.
    pub(super) fn retry_is_noted(&mut self, pid: usize, whose: Option<usize>) {
        match self.told.remove(&pid) {
            Some(Some(wait)) => {
                self.noted.insert(whose, wait);
            }
            Some(None) => {
                self.noted.remove(&whose);
            }
            None => {}
        }
    }
}

/// The shortest wait that an answer allows, which is no receipt.
fn shortest_wait(happens: Happens) -> Duration {
    let asked = match happens {
        Happens::Busy(_, "99999999999999999999") => RETRY_AFTER_MAX,
        Happens::Busy(_, after) => Duration::from_secs(after.parse().unwrap_or_default()),
        Happens::Status(401 | 404) => STOP_WAIT / 2,
        _ => Duration::ZERO,
    };
    asked.max(BACKOFF_BASE / 2)
}

impl World {
    fn happens(&mut self) -> Happens {
        match self.network.weather {
            Weather::Good => Happens::Served,
            Weather::Mixed => self.chance.pick(&MIXED),
            Weather::Down => self.chance.pick(&[Happens::RequestLost, Happens::Silence]),
            Weather::Busy => self.chance.pick(&BUSY),
        }
    }

    /// The collector takes a batch; its receipt.
    fn store(&mut self, batch: &Batch) -> Receipt {
        let network = &mut self.network;
        let id = batch.id;
        let mut receipt = Receipt {
            batch: id.to_string(),
            status: ReceiptStatus::Duplicate,
            reason: String::new(),
            config: network.config,
        };
        if network.stored.contains_key(&id) {
            return receipt;
        }
        if batch.events.iter().any(|event| event.b == POISON) {
            network.rejected.insert(id, batch.clone());
            // Half of it comes under the same id, with less in it.
            network.sent.remove(&id);
            receipt.status = ReceiptStatus::Rejected;
            return receipt;
        }
        network.stored.insert(id, batch.clone());
        receipt.status = ReceiptStatus::Stored;
        receipt
    }

    fn same_content(&mut self, batch: &Batch) {
        // What a power cut, or damage, has left of a session may be less than what was sent of it.
        let may_differ = |log: &Log| log.harm.is_some() || log.is_recovered_by_two;
        if self.truth.session(batch.id.session).is_some_and(may_differ)
            || self.network.rejected.contains_key(&batch.id)
        {
            return;
        }
        let has_told_time = self.truth.session(batch.id.session).is_some_and(Log::has_tick);
        let before = self.network.sent.entry(batch.id).or_insert_with(|| batch.clone());
        // One that died before its first tick has no anchor, and perhaps no context: those of whoever finds it stand in.
        let is_same = if has_told_time {
            before == batch
        } else {
            (&before.events, &before.names, &before.ledger) == (&batch.events, &batch.names, &batch.ledger)
        };
        must(is_same, "one id, one content", || {
            format!("batch {} was\n{before:?}\nand is\n{batch:?}", batch.id)
        });
    }
}

/// The way out of one process.
pub(super) struct SimulatedUpload {
    pub(super) pid: usize,
}

impl Upload for SimulatedUpload {
    fn send(&mut self, parcel: Parcel<'_>) -> Option<Answer> {
        let batch = nowait_wire::decode(parcel.body);
        must(batch.is_ok(), "what is sent can be read", || format!("{batch:?}"));
        let batch = batch.ok()?;
        checks::exchange_begins(self.pid, &batch);
        let (happens, takes_ms) = with(|world| {
            world.same_content(&batch);
            let happens = world.happens();
            world.stats.count("exchanges", &happens.name());
            let slow = if world.is_calm { 200 } else { 20_000 };
            (happens, world.chance.spread(20..slow))
        });
        trace(|_| format!("exchange of {} with {} events: {}", batch.id, batch.events.len(), happens.name()));
        step("exchange begun");
        let wait = if happens == Happens::Silence { parcel.timeout } else { Duration::from_millis(takes_ms) };
        if wait_for_answer(self.pid, wait.min(parcel.timeout), &parcel) {
            with(|world| world.stats.count("exchanges", "cancelled"));
            // The collector may have it all the same.
            with(|world| {
                if happens == Happens::Served {
                    world.store(&batch);
                }
                world.tell(self.pid, Some(BACKOFF_BASE / 2));
            });
            return None;
        }
        let answer = with(|world| {
            let (answer, wait) = world.answer(happens, &batch);
            world.tell(self.pid, wait);
            answer
        });
        step("exchange over");
        answer
    }
}

/// The exchange takes its time; whether it is cancelled.
fn wait_for_answer(pid: usize, wait: Duration, parcel: &Parcel<'_>) -> bool {
    let mut left = wait;
    while !left.is_zero() {
        let look = left.min(Duration::from_millis(500));
        schedule::pass_meanwhile(look);
        left -= look;
        checks::cancelled_after_refusal(pid, parcel.cancel.is_cancelled());
        if parcel.cancel.is_cancelled() {
            return true;
        }
    }
    false
}

fn text(status: u16, body: &str) -> Answer {
    Answer { status, retry_after: None, body: body.as_bytes().to_vec() }
}

fn json(receipt: &Receipt) -> String {
    serde_json::to_string(receipt).expect("a receipt is JSON")
}

impl World {
    /// A process is told how long to wait at least; nothing if the exchange settled something.
    fn tell(&mut self, pid: usize, wait: Option<Duration>) {
        let now = self.boot_ns();
        let times = if wait.is_some() { &mut self.network.failed_at } else { &mut self.network.settled_at };
        times.push(now);
        let wait = wait.map(|wait| Wait { boot: self.boots, until_boot_ns: now + wait.as_nanos() as u64 });
        self.network.told.insert(pid, wait);
    }

    /// What comes back, and how long to wait if that is no receipt for this batch.
    fn answer(&mut self, happens: Happens, batch: &Batch) -> (Option<Answer>, Option<Duration>) {
        let answer = match happens {
            Happens::RequestLost | Happens::Silence => None,
            Happens::CaptivePortal => Some(text(200, "<html>Please log in</html>")),
            Happens::Status(status) => Some(text(status, "")),
            Happens::Busy(status, after) => {
                Some(Answer { retry_after: Some(after.to_owned()), ..text(status, "") })
            }
            Happens::NoReceipt => {
                self.store(batch);
                Some(text(200, ""))
            }
            Happens::ReceiptOfAnother => {
                let other = BatchId { session: self.chance.uuid(), first: 1 };
                let receipt = Receipt { batch: other.to_string(), ..self.store(batch) };
                Some(text(200, &json(&receipt)))
            }
            Happens::Served | Happens::ResponseLost | Happens::HalfABody => {
                let receipt = self.store(batch);
                let status = if receipt.status == ReceiptStatus::Rejected { 422 } else { 200 };
                let body = json(&receipt);
                match happens {
                    Happens::ResponseLost => None,
                    Happens::HalfABody => Some(text(status, &body[..body.len() / 2])),
                    _ => {
                        self.stats.count("receipts", &format!("{:?}", receipt.status));
                        return (Some(text(status, &body)), None);
                    }
                }
            }
        };
        (answer, Some(shortest_wait(happens)))
    }
}
