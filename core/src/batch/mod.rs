//! Folded events become a batch with its own small dictionary.
//!
//! Owns: choosing the names a batch needs, and sorting.
//! Refuses: bytes (`wire` encodes) and files (`spool` keeps).
//! Invariant: every name id of a batch points into its own dictionary.

use crate::ring::header::Intent;
use nowait_wire::{Batch, BatchId, Context, Event, NameId, Uuid};

/// Makes the batch of an intent from its events; `text` is asked once for each name that they use.
pub(crate) fn make(
    session: Uuid,
    context: Context,
    intent: Intent,
    mut events: Vec<Event>,
    text: &dyn Fn(NameId) -> Option<String>,
) -> Batch {
    // A stable sort: events that began together keep the order in which they were recorded.
    events.sort_by_key(|event| event.started_uptime_ns);
    let mut dictionary = Dictionary::new();
    for event in &mut events {
        event.name = dictionary.id(event.name, text);
        event.screen = dictionary.id(event.screen, text);
    }
    Batch {
        id: BatchId { session, first: intent.first },
        context: Context { network: intent.network, ..context },
        anchors: intent.anchors,
        ledger: intent.ledger,
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
