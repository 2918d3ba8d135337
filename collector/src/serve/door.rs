//! The connections there are, and who of them makes room when there are too many.
//!
//! Owns: slots, what each connection is doing, which one is closed for another. Refuses: sockets and HTTP (see `run`).
//! Invariant: a new connection is refused only if every other one is being worked for or has just come: one that waits for
//! its client makes room, the ones without a key first.

use crate::limits::{PEER_PARTS, ROOM_AFTER};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

/// How long a connection that was told to go may take; its task only has to be woken.
const GOING: Duration = Duration::from_secs(1);

/// How long to wait before looking again whether a connection may be told to go.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// All connections.
#[derive(Debug)]
pub(super) struct Door {
    slots: Arc<Semaphore>,
    slots_max: usize,
    open: Mutex<HashMap<u64, Open>>,
    next_id: AtomicU64,
    closed_for_room: AtomicU64,
    refused: AtomicU64,
    accepts_failed: AtomicU64,
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Its client has to say something, or to read what was said.
    Idle,
    /// Its client sends a body.
    Body,
    /// We have to answer.
    Work,
}

#[derive(Debug)]
struct Open {
    peer: Option<IpAddr>,
    phase: Phase,
    since: Instant,
    is_known: bool,
    is_going: bool,
    go: Arc<Notify>,
}

/// One connection's place; it is free again when the last of these is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    door: Arc<Door>,
    id: u64,
    peer: Option<IpAddr>,
    is_within_machine: bool,
    go: Arc<Notify>,
    _slot: OwnedSemaphorePermit,
}

/// The part of `GET /v1/status` about connections.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Figures {
    open: usize,
    slots: usize,
    /// Closed so that another one could come.
    closed_for_room: u64,
    /// Closed at once, as none could make room.
    refused: u64,
    /// The system gave none, mostly for want of files.
    accepts_failed: u64,
}

impl Door {
    pub(super) fn new(slots_max: usize) -> Arc<Door> {
        Arc::new(Door {
            slots: Arc::new(Semaphore::new(slots_max)),
            slots_max,
            open: Mutex::default(),
            next_id: AtomicU64::new(0),
            closed_for_room: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            accepts_failed: AtomicU64::new(0),
        })
    }

    /// A seat for a connection between these addresses; `None` if no other one can make room.
    pub(super) async fn enter(self: &Arc<Door>, peer: IpAddr, local: Option<IpAddr>) -> Option<Arc<Seat>> {
        let slot = self.slot().await;
        let Some(slot) = slot else {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        let go = Arc::new(Notify::new());
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let open = Open {
            peer: counted(peer),
            phase: Phase::Idle,
            since: Instant::now(),
            is_known: false,
            is_going: false,
            go: Arc::clone(&go),
        };
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(id, open);
        let is_within_machine = peer.is_loopback() && local.is_some_and(|local| local.is_loopback());
        Some(Arc::new(Seat {
            door: Arc::clone(self),
            id,
            peer: counted(peer),
            is_within_machine,
            go,
            _slot: slot,
        }))
    }

    /// A free slot, or that of a connection that makes room; `None` if for some time none may be told to.
    async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        let deadline = Instant::now() + ROOM_AFTER + LOOK_AGAIN;
        loop {
            if let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() {
                return Some(slot);
            }
            let wait = if self.make_room() { GOING } else { LOOK_AGAIN };
            match timeout(wait, Arc::clone(&self.slots).acquire_owned()).await {
                Ok(slot) => return slot.ok(),
                Err(_) if Instant::now() >= deadline => return None,
                Err(_) => {}
            }
        }
    }

    /// Tells one connection to go, if there is one that may be told.
    pub(super) fn make_room(&self) -> bool {
        let now = Instant::now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(id) = first_to_go(&open, self.slots_max / PEER_PARTS, now) else {
            return false;
        };
        if let Some(open) = open.get_mut(&id) {
            open.is_going = true;
            open.go.notify_one();
            self.closed_for_room.fetch_add(1, Ordering::Relaxed);
        }
        true
    }

    /// Tells those to go that were opened and never had anything of us: a browser that connects ahead would keep the process.
    pub(super) fn dismiss_strangers(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for open in open.values().filter(|open| open.phase == Phase::Idle && !open.is_known) {
            open.go.notify_one();
        }
    }

    /// Tells all of them to go, and waits until they have.
    pub(super) async fn close(&self) {
        for open in self.open.lock().unwrap_or_else(PoisonError::into_inner).values() {
            open.go.notify_one();
        }
        let all = u32::try_from(self.slots_max).unwrap_or(u32::MAX);
        let _ = timeout(GOING, self.slots.acquire_many(all)).await;
    }

    pub(super) fn count_failed_accept(&self) {
        self.accepts_failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn figures(&self) -> Figures {
        Figures {
            open: self.open.lock().unwrap_or_else(PoisonError::into_inner).len(),
            slots: self.slots_max,
            closed_for_room: self.closed_for_room.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            accepts_failed: self.accepts_failed.load(Ordering::Relaxed),
        }
    }
}

impl Seat {
    /// The connection does something else from now on.
    pub(super) fn is_now(&self, phase: Phase) {
        self.change(|open| (open.phase, open.since) = (phase, Instant::now()));
    }

    /// Its client has shown a key or a token, or reads from this machine.
    pub(super) fn is_known_now(&self) {
        self.change(|open| open.is_known = true);
    }

    pub(super) fn is_known(&self) -> bool {
        let open = self.door.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(&self.id).is_some_and(|open| open.is_known)
    }

    /// Whether both ends are loopback addresses.
    pub(super) fn is_within_machine(&self) -> bool {
        self.is_within_machine
    }

    /// Whom the connection counts for; nobody, if it is from this machine.
    pub(super) fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    pub(super) fn door(&self) -> &Door {
        &self.door
    }

    /// The connection has to go.
    pub(super) fn go(&self) {
        self.go.notify_one();
    }

    /// Ready when the connection has to go.
    pub(super) async fn told_to_go(&self) {
        self.go.notified().await;
    }

    fn change(&self, change: impl FnOnce(&mut Open)) {
        let mut open = self.door.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = open.get_mut(&self.id) {
            change(open);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.door.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

/// Whom a connection counts for. Nobody, if it is from this machine: a proxy speaks for everybody.
fn counted(peer: IpAddr) -> Option<IpAddr> {
    match peer.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            Some(IpAddr::V6(Ipv6Addr::from(network)))
        }
        address => Some(address),
    }
}

/// Those of a peer with too many first, then those without a key, then by what they do, then by age.
fn first_to_go(open: &HashMap<u64, Open>, peer_max: usize, now: Instant) -> Option<u64> {
    let mut of_peer: HashMap<IpAddr, usize> = HashMap::new();
    for peer in open.values().filter_map(|open| open.peer) {
        *of_peer.entry(peer).or_default() += 1;
    }
    let is_many = |open: &Open| open.peer.and_then(|peer| of_peer.get(&peer)).is_some_and(|n| *n > peer_max);
    let may_go = |open: &Open| match open.phase {
        Phase::Idle => !open.is_going,
        Phase::Body => !open.is_going && now.saturating_duration_since(open.since) >= ROOM_AFTER,
        Phase::Work => false,
    };
    open.iter()
        .filter(|(_, open)| may_go(open))
        .min_by_key(|(id, open)| (!is_many(open), open.is_known, open.phase, open.since, **id))
        .map(|(id, _)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn far(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    async fn enter(door: &Arc<Door>, peer: IpAddr) -> Arc<Seat> {
        advance(Duration::from_millis(1)).await;
        door.enter(peer, Some(HERE)).await.unwrap()
    }

    /// Ends a connection's task when it is told to go; says so.
    fn sit(seat: Arc<Seat>) -> tokio::task::JoinHandle<u64> {
        tokio::spawn(async move {
            seat.told_to_go().await;
            seat.id
        })
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_idle_one_without_a_key_makes_room() {
        let door = Door::new(3);
        let (device, idle, late) =
            (enter(&door, HERE).await, enter(&door, HERE).await, enter(&door, HERE).await);
        device.is_known_now();
        let id = idle.id;
        let task = sit(idle);
        let next = enter(&door, HERE).await;
        assert_eq!(task.await.unwrap(), id);
        let working = [&device, &late, &next];
        working.iter().for_each(|seat| seat.is_now(Phase::Work));
        assert!(door.enter(HERE, None).await.is_none(), "all are worked for");
        device.is_now(Phase::Body);
        next.is_now(Phase::Body);
        assert!(
            !next.is_known() && device.is_known() && !door.make_room(),
            "bodies that have just begun stay"
        );
        let (id, began) = (next.id, Instant::now());
        let task = sit(next);
        let last = enter(&door, HERE).await;
        assert_eq!(task.await.unwrap(), id);
        assert!(began.elapsed() >= ROOM_AFTER);
        assert!(last.is_within_machine());
        door.dismiss_strangers();
        last.told_to_go().await;
        let stays = timeout(GOING, late.told_to_go()).await.is_err()
            && timeout(GOING, device.told_to_go()).await.is_err();
        assert!(stays, "who is worked for, and who is known");
        let figures = door.figures();
        assert_eq!((figures.open, figures.closed_for_room, figures.refused), (3, 2, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_with_too_many_makes_room_before_anybody_else() {
        let door = Door::new(16);
        let old = enter(&door, far(1)).await;
        let mut many = Vec::new();
        for _ in 0..3 {
            let seat = enter(&door, far(2)).await;
            seat.is_known_now();
            many.push(seat);
        }
        let here: Vec<_> = {
            let mut here = Vec::new();
            for _ in 0..12 {
                here.push(enter(&door, HERE).await);
            }
            here
        };
        let id = many[0].id;
        let task = sit(many.remove(0));
        let _next = enter(&door, far(3)).await;
        assert_eq!(task.await.unwrap(), id);
        // Two are not too many: now the oldest one without a key goes, wherever it came from.
        let id = old.id;
        let task = sit(old);
        let _another = enter(&door, far(4)).await;
        assert_eq!((task.await.unwrap(), here.len()), (id, 12));
    }

    #[test]
    fn a_peer_is_an_address_or_a_network_and_never_this_machine() {
        let parse = |text: &str| counted(text.parse().unwrap());
        assert_eq!(parse("2001:db8::1:2"), parse("2001:db8::ffff"));
        assert_ne!(parse("2001:db8:0:1::1"), parse("2001:db8::1"));
        assert_eq!(parse("::ffff:192.0.2.1"), Some(far(1)));
        for here in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(parse(here), None, "{here}");
        }
    }
}
