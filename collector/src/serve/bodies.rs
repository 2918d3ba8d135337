//! Bodies on their way in, and the memory for all of them.
//!
//! Owns: how many bytes of bodies are held, and whose body gives way when there is no room. Refuses: sockets and batches.
//! Invariant: a body counts by the bytes that came of it, never by the bytes it claims; and what gives way is the oldest body
//! of the tenant that holds most, so that no tenant's flood is paid for by another.

use crate::limits::ROOM_AFTER;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// All bodies that are held.
#[derive(Debug)]
pub(super) struct Bodies {
    bytes_max: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    bytes: usize,
    next_id: u64,
    /// By age: a later one has a larger id.
    bodies: BTreeMap<u64, Open>,
}

#[derive(Debug)]
struct Open {
    tenant: String,
    bytes: usize,
    since: Instant,
    is_whole: bool,
    cut: Arc<Notify>,
}

/// One body, from its first byte until it is answered for.
#[derive(Debug)]
pub(super) struct Arriving {
    bodies: Arc<Bodies>,
    id: u64,
    cut: Arc<Notify>,
}

/// Why there is no room for more of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRoom {
    /// Everything is held by others who may hold it.
    Full,
    /// It was the one to give way.
    Cut,
}

impl Bodies {
    pub(super) fn new(bytes_max: usize) -> Arc<Bodies> {
        Arc::new(Bodies { bytes_max, held: Mutex::default() })
    }

    /// A body of this tenant begins.
    pub(super) fn begin(self: &Arc<Bodies>, tenant: &str) -> Arriving {
        let cut = Arc::new(Notify::new());
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let id = held.next_id;
        held.next_id += 1;
        let (tenant, since) = (tenant.to_owned(), Instant::now());
        held.bodies.insert(id, Open { tenant, bytes: 0, since, is_whole: false, cut: Arc::clone(&cut) });
        Arriving { bodies: Arc::clone(self), id, cut }
    }
}

impl Arriving {
    /// So many bytes more are held.
    pub(super) fn hold(&self, bytes: usize) -> Result<(), NoRoom> {
        let now = Instant::now();
        let mut held = self.bodies.held.lock().unwrap_or_else(PoisonError::into_inner);
        while held.bytes + bytes > self.bodies.bytes_max {
            match held.first_to_give_way(now) {
                Some(id) if id != self.id => held.cut(id),
                _ => return Err(NoRoom::Full),
            }
        }
        let open = held.bodies.get_mut(&self.id).ok_or(NoRoom::Cut)?;
        open.bytes += bytes;
        held.bytes += bytes;
        Ok(())
    }

    /// All of it is here: it gives way to nobody any more.
    pub(super) fn is_whole_now(&self) {
        let mut held = self.bodies.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = held.bodies.get_mut(&self.id) {
            open.is_whole = true;
        }
    }

    /// Ready when it has to give way.
    pub(super) async fn cut(&self) {
        self.cut.notified().await;
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.bodies.held.lock().unwrap_or_else(PoisonError::into_inner).remove(self.id);
    }
}

impl Held {
    fn first_to_give_way(&self, now: Instant) -> Option<u64> {
        let may = |open: &&Open| {
            !open.is_whole && open.bytes > 0 && now.saturating_duration_since(open.since) >= ROOM_AFTER
        };
        let mut of_tenant: HashMap<&str, usize> = HashMap::new();
        for open in self.bodies.values().filter(may) {
            *of_tenant.entry(&open.tenant).or_default() += open.bytes;
        }
        let (most, _) = of_tenant.into_iter().max_by_key(|(tenant, bytes)| (*bytes, *tenant))?;
        self.bodies.iter().find(|(_, open)| may(open) && open.tenant == most).map(|(id, _)| *id)
    }

    fn cut(&mut self, id: u64) {
        if let Some(open) = self.remove(id) {
            open.cut.notify_one();
        }
    }

    fn remove(&mut self, id: u64) -> Option<Open> {
        let open = self.bodies.remove(&id)?;
        self.bytes = self.bytes.saturating_sub(open.bytes);
        Some(open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn the_oldest_body_of_who_holds_most_gives_way() {
        let bodies = Bodies::new(1000);
        let bank = bodies.begin("bank");
        bank.hold(10).unwrap();
        let flood: Vec<Arriving> = (0..9).map(|_| bodies.begin("flood")).collect();
        flood.iter().for_each(|body| body.hold(110).unwrap());
        let late = bodies.begin("bank");
        assert_eq!(late.hold(50), Err(NoRoom::Full), "young bodies are on their way");
        advance(ROOM_AFTER).await;
        let late = bodies.begin("bank");
        late.hold(50).unwrap();
        flood[0].cut().await;
        assert_eq!((flood[0].hold(1), flood[1].hold(1), bank.hold(1)), (Err(NoRoom::Cut), Ok(()), Ok(())));
        flood.iter().for_each(Arriving::is_whole_now);
        assert_eq!(late.hold(900), Err(NoRoom::Full), "what is whole stays");
        drop((flood, bank));
        assert_eq!((late.hold(900), late.hold(51)), (Ok(()), Err(NoRoom::Full)));
        drop(late);
        assert_eq!(bodies.held.lock().unwrap().bytes, 0);
    }
}
