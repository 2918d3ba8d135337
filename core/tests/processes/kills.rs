//! kill -9, thousands of times, at random moments of a life that does nothing but record.

use crate::base::{Base, THREADS};
use crate::child::{name_of, wait_of};
use nowait_core::{Event, Kind, Outcome, Uuid};
use nowait_wire::Batch;
use std::collections::{HashMap, HashSet};
use std::thread;
use std::time::Duration;

/// Kills in plain `cargo test`; `make deaths` sets another number.
const KILLS: u64 = 300;

/// Most kills before somebody looks: the next starts then recover, and are killed over it. A recorder that three
/// starts died over is put into quarantine, so the look must come as the third at the latest.
const KILLS_PER_LOOK_MAX: u64 = 3;

/// Longest life of a child.
const LIFE_MAX: Duration = Duration::from_millis(16);

/// What the kills cost.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) kills: u64,
    pub(crate) sessions: u64,
    pub(crate) acknowledged: u64,
    pub(crate) recovered: u64,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) unreadable: u64,
    pub(crate) exits: u64,
    /// Waits whose begin was acknowledged.
    pub(crate) begun: u64,
    /// Those of them that ended with their process.
    pub(crate) died: u64,
}

pub(crate) fn nothing_acknowledged_is_lost() {
    let kills =
        std::env::var("NOWAIT_KILLS").map_or(KILLS, |kills| kills.parse().expect("NOWAIT_KILLS is a number"));
    let (_folder, base) = Base::fresh();
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let mut tally = Tally::default();
    while tally.kills < kills {
        for _ in 0..=next(KILLS_PER_LOOK_MAX) {
            let mut child = base.spawn("record");
            thread::sleep(Duration::from_micros(next(LIFE_MAX.as_micros() as u64)));
            child.kill().unwrap();
            child.wait().unwrap();
            tally.kills += 1;
        }
        base.deliver();
        look(&base, &mut tally);
        base.clear();
    }
    println!(
        "deaths: {} kills, {} sessions; {} acknowledged, {} of them read back, {} lost, {} doubled, {} unreadable rings, \
         {} exits; {} waits begun, {} of them died with their process",
        tally.kills,
        tally.sessions,
        tally.acknowledged,
        tally.recovered,
        tally.lost,
        tally.doubled,
        tally.unreadable,
        tally.exits,
        tally.begun,
        tally.died
    );
    assert_eq!((tally.lost, tally.doubled, tally.unreadable), (0, 0, 0));
    assert!(
        tally.acknowledged > kills && tally.begun > kills && tally.died > 0 && tally.exits == tally.sessions,
        "the children did not get to record"
    );
}

/// Compares what was acknowledged with what the collector has.
pub(crate) fn look(base: &Base, tally: &mut Tally) {
    let mut by_session: HashMap<Uuid, Vec<Batch>> = HashMap::new();
    for batch in base.batches() {
        by_session.entry(batch.id.session).or_default().push(batch);
    }
    tally.unreadable += (base.device_files("quarantine").len() + base.device_files("live").len()) as u64;
    for (session, acknowledged) in base.all_acknowledged() {
        let batches = by_session.remove(&session).unwrap_or_default();
        tally.sessions += 1;
        tally.exits += events(&batches).filter(|(_, event)| event.kind == Kind::Exit).count() as u64;
        let (acknowledged, begun) = acknowledged.split_at(THREADS);
        let waits: Vec<String> = (0..THREADS).map(wait_of).collect();
        let mut delivered = HashSet::new();
        let mut ended = [0; THREADS];
        for (text, event) in events(&batches).filter(|(_, event)| event.kind == Kind::Action) {
            if let Some(thread) = waits.iter().position(|wait| wait == text) {
                ended[thread] += 1;
                tally.died += u64::from(event.outcome == Outcome::Died);
                continue;
            }
            assert_eq!(*text, name_of(event.journey as usize, event.a), "every event has its own name");
            tally.doubled += u64::from(!delivered.insert((event.journey as usize, event.a)));
        }
        for (thread, acknowledged) in acknowledged.iter().enumerate() {
            let found =
                (0..*acknowledged).filter(|number| delivered.contains(&(thread, *number))).count() as u64;
            tally.acknowledged += acknowledged;
            tally.recovered += found;
            tally.lost += acknowledged - found;
        }
        for (begun, ended) in begun.iter().zip(ended) {
            // One may be begun and not acknowledged by the kill.
            assert!((*begun..=begun + 1).contains(&ended), "{begun} begun, {ended} ended");
            tally.begun += begun;
        }
        let facts = acknowledged.iter().chain(begun).sum();
        assert_balanced(&batches, facts);
    }
}

fn events(batches: &[Batch]) -> impl Iterator<Item = (&String, &Event)> {
    batches
        .iter()
        .flat_map(|batch| batch.events.iter().map(|event| (&batch.names[event.name.0 as usize], event)))
}

/// Produced = delivered + dropped, and nothing was dropped; appended = folded + refused, and what was acknowledged is folded.
fn assert_balanced(batches: &[Batch], acknowledged: u64) {
    let delivered: u64 = batches.iter().map(|batch| batch.events.len() as u64).sum();
    let last = batches.iter().map(|batch| &batch.ledger).max_by_key(|ledger| ledger.produced);
    let Some(ledger) = last else { return assert_eq!(acknowledged, 0) };
    assert_eq!((ledger.produced, ledger.dropped_total()), (delivered, 0), "{ledger:?}");
    assert!(ledger.facts.folded >= acknowledged, "{acknowledged} acknowledged: {ledger:?}");
    assert_eq!(ledger.signals_lost, 0, "every wait found room in its table");
}
