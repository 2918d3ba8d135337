//! Drained events become a batch with its own small dictionary.
//!
//! Owns: choosing the names a batch needs, sorting, and what a batch is worth when space runs out.
//! Refuses: bytes (`wire` encodes) and files (`spool` keeps).
//! Invariant: every name id of a batch points into its own dictionary.

use crate::ring::Drained;
use nowait_wire::{Anchor, Batch, BatchId, Context, Event, Kind, Ledger, NameId, Uuid};

/// What is lost with a batch, least first: the spool gives up frames before waits before exits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Value {
    /// Frame summaries and lifecycle marks only.
    Frames = 0,
    /// At least one wait.
    Waits = 1,
    /// How a process ended.
    Exit = 2,
}

impl Value {
    /// What these events are worth together: as much as the most valuable of them.
    pub(crate) fn of(events: &[Event]) -> Value {
        events.iter().map(Value::of_one).max().unwrap_or(Value::Frames)
    }

    fn of_one(event: &Event) -> Value {
        match event.kind {
            Kind::Frames | Kind::FrameTimes | Kind::Lifecycle => Value::Frames,
            Kind::Exit => Value::Exit,
            _ => Value::Waits,
        }
    }

    /// The value with this number; unknown ones are worth a wait.
    pub(crate) fn from_u8(number: u8) -> Value {
        match number {
            0 => Value::Frames,
            2 => Value::Exit,
            _ => Value::Waits,
        }
    }
}

/// What a batch says beside its events.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) session: Uuid,
    pub(crate) context: Context,
    pub(crate) anchor: Anchor,
    pub(crate) ledger: Ledger,
}

/// Makes a batch of drained events; `text` is asked once for each name that they use.
pub(crate) fn make(drained: Drained, facts: Facts, text: &dyn Fn(NameId) -> Option<String>) -> Batch {
    let mut events = drained.events;
    // A stable sort: events that began together keep the order in which they were recorded.
    events.sort_by_key(|event| event.started_uptime_ns);
    let mut dictionary = Dictionary::new();
    for event in &mut events {
        event.name = dictionary.id(event.name, text);
        event.screen = dictionary.id(event.screen, text);
    }
    Batch {
        id: BatchId { session: facts.session, first: drained.first },
        context: facts.context,
        anchors: vec![facts.anchor],
        ledger: facts.ledger,
        names: dictionary.names,
        events,
    }
}

/// The names of one batch, in order of first use behind the reserved ones.
struct Dictionary {
    names: Vec<String>,
    /// Device id → batch id; 0 for not used yet (0 itself is reserved and maps to itself).
    ids: Vec<u32>,
}

impl Dictionary {
    fn new() -> Dictionary {
        Dictionary {
            names: NameId::RESERVED.iter().map(|text| (*text).to_owned()).collect(),
            ids: Vec::new(),
        }
    }

    fn id(&mut self, device: NameId, text: &dyn Fn(NameId) -> Option<String>) -> NameId {
        let index = device.0 as usize;
        if index < NameId::RESERVED.len() {
            return device;
        }
        if let Some(known) = self.ids.get(index).filter(|known| **known != 0) {
            return NameId(*known);
        }
        // A damaged id of a recovered event has no text: it must not take the batch with it.
        let Some(text) = text(device) else { return NameId::OTHER };
        if self.ids.len() <= index {
            // Bounded by the table of names, which knows this id.
            self.ids.resize(index + 1, 0);
        }
        let id = self.names.len() as u32;
        if let Some(known) = self.ids.get_mut(index) {
            *known = id;
        }
        self.names.push(text);
        NameId(id)
    }
}
