//! How delivery stands: what whoever built an app asks when nothing arrives.
//!
//! Owns: what the last exchange came to and why none may begin, as two words that the worker writes and any thread reads.
//! Refuses: to outlive the process, and to say it in a language: the faces do.
//! Invariant: reading it disturbs nobody; the worker waits for no reader.

use crate::consent::Consent;
use crate::sync::{AtomicU64, Ordering};
use std::sync::atomic::AtomicU8;

/// How delivery stands; see [`NoWait::delivery`](crate::NoWait::delivery).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The customer's decision in force.
    pub consent: Consent,
    /// Exchanges with the collector that this process had so far.
    pub exchanges: u32,
    /// The HTTP status of the last one, if it was answered.
    pub status: Option<u16>,
    /// Whether the last one ended with the collector's receipt that the batch is stored.
    pub is_delivered: bool,
    /// Whether the collector's remote configuration switches NoWait off.
    pub is_switched_off: bool,
    /// Whether this session is none of the sample that the remote configuration asks for.
    pub is_left_out: bool,
    /// Whether NoWait stays off in this process, because its last starts died.
    pub is_off: bool,
    /// Whether batches wait for other conditions of network and power; see [`Hold`](crate::Hold).
    pub is_held: bool,
}

/// What the worker notes of it.
#[derive(Debug)]
pub(crate) struct Standing {
    /// Status of the last exchange (0 without an answer), whether it delivered, and how many there were.
    exchange: AtomicU64,
    flags: AtomicU8,
}

const DELIVERED: u64 = 1 << 16;
const COUNT_SHIFT: u32 = 32;
const OFF: u8 = 1;
const LEFT_OUT: u8 = 1 << 1;

impl Standing {
    pub(crate) fn new() -> Standing {
        Standing { exchange: AtomicU64::new(0), flags: AtomicU8::new(0) }
    }

    /// One exchange is over.
    pub(crate) fn exchanged(&self, status: Option<u16>, is_delivered: bool) {
        // Relaxed: one word that only the worker writes, and a label to whoever reads it.
        let count =
            (self.exchange.load(Ordering::Relaxed) >> COUNT_SHIFT).saturating_add(1).min(u64::from(u32::MAX));
        let delivered = if is_delivered { DELIVERED } else { 0 };
        let word = count << COUNT_SHIFT | delivered | u64::from(status.unwrap_or_default());
        // Relaxed: see above.
        self.exchange.store(word, Ordering::Relaxed);
    }

    /// NoWait stays off.
    pub(crate) fn set_off(&self) {
        self.set(OFF, true);
    }

    /// Whether the session is none of the sample.
    pub(crate) fn set_left_out(&self, is_left_out: bool) {
        self.set(LEFT_OUT, is_left_out);
    }

    fn set(&self, flag: u8, on: bool) {
        // Relaxed: see `exchanged`.
        let _ = if on {
            self.flags.fetch_or(flag, Ordering::Relaxed)
        } else {
            self.flags.fetch_and(!flag, Ordering::Relaxed)
        };
    }

    /// All of it, with what others know.
    pub(crate) fn delivery(&self, consent: Consent, is_switched_off: bool, is_held: bool) -> Delivery {
        // Relaxed: see `exchanged`.
        let (word, flags) = (self.exchange.load(Ordering::Relaxed), self.flags.load(Ordering::Relaxed));
        Delivery {
            consent,
            exchanges: (word >> COUNT_SHIFT) as u32,
            status: Some(word as u16).filter(|status| *status != 0),
            is_delivered: word & DELIVERED != 0,
            is_switched_off,
            is_left_out: flags & LEFT_OUT != 0,
            is_off: flags & OFF != 0,
            is_held,
        }
    }
}
