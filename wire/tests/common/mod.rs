//! Arbitrary valid batches, for all property tests.

use nowait_wire::{
    Anchor, Batch, BatchId, Context, Cost, DropReason, Event, Facts, Flags, Kind, Ledger, NameId, Network,
    Os, Outcome, RECORD_BUCKETS, RefuseReason, Tier, Uuid, limits,
};
use proptest::prelude::*;

/// Mostly small, sometimes of any size.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 0u64..4, 3 => 0u64..100_000, 3 => any::<u64>().prop_map(|n| n >> (n % 64)), 1 => Just(u64::MAX)]
}

fn uuid() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

/// Any text without NUL; `\PC` is every character that is not a control character.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-zA-Z0-9./{} ]{0,24}", 1 => "\\PC{0,20}", 1 => "[\u{1}-\u{7f}]{128}"]
}

fn context() -> impl Strategy<Value = Context> {
    let texts = prop::array::uniform6(text());
    let dimensions = prop::collection::btree_map(text(), text(), 0..=limits::DIMENSIONS_MAX);
    let enums = (0..Os::ALL.len(), 0..Tier::ALL.len(), 0..Network::ALL.len());
    (uuid(), texts, dimensions, enums).prop_map(|(install, texts, dimensions, (os, tier, network))| {
        let [app_version, app_build, os_version, device_model, country, sdk_version] = texts;
        Context {
            install,
            app_version,
            app_build,
            os: Os::ALL[os],
            os_version,
            device_model,
            device_tier: Tier::ALL[tier],
            network: Network::ALL[network],
            country,
            sdk_version,
            dimensions: dimensions.into_iter().collect(),
        }
    })
}

fn cost() -> impl Strategy<Value = Cost> {
    let numbers = prop::array::uniform5(number());
    let buckets = prop::collection::vec(number(), RECORD_BUCKETS);
    (numbers, buckets).prop_map(|(numbers, buckets)| {
        let [start_ns, worker_cpu_ns, sealed_bytes, sent_bytes, record_ns_sum] = numbers;
        let record_ns_buckets = buckets.try_into().expect("as many as there are buckets");
        Cost { start_ns, worker_cpu_ns, sealed_bytes, sent_bytes, record_ns_sum, record_ns_buckets }
    })
}

fn ledger() -> impl Strategy<Value = Ledger> {
    let counts = prop::array::uniform7(number());
    let dropped = prop::collection::vec(number(), DropReason::ALL.len());
    let refused = prop::collection::vec(number(), RefuseReason::ALL.len());
    (counts, dropped, refused, any::<bool>(), cost()).prop_map(|(counts, dropped, refused, on_heap, cost)| {
        let [produced, folded, names_redacted, names_overflowed, signals_lost, panics_caught, starts_failed] =
            counts;
        let dropped = dropped.try_into().expect("as many as there are reasons");
        let refused = refused.try_into().expect("as many as there are reasons");
        Ledger {
            facts: Facts { folded, refused },
            produced,
            dropped,
            names_redacted,
            names_overflowed,
            signals_lost,
            panics_caught,
            starts_failed,
            ring_on_heap: on_heap,
            cost,
        }
    })
}

fn event(names: u32) -> impl Strategy<Value = Event> {
    let what = (0..Kind::ALL.len(), 0..Outcome::ALL.len(), any::<u16>());
    let numbers = (number(), number(), number(), number(), number());
    (what, 0..names, 0..names, numbers).prop_map(|((kind, outcome, flags), name, screen, numbers)| {
        let (started_uptime_ns, duration_ns, journey, a, b) = numbers;
        Event {
            kind: Kind::ALL[kind],
            outcome: Outcome::ALL[outcome],
            flags: Flags(flags),
            name: NameId(name),
            screen: NameId(screen),
            started_uptime_ns,
            duration_ns,
            journey,
            a,
            b,
        }
    })
}

/// As many as may be, sorted by uptime, with any times on the other two clocks.
fn anchors() -> impl Strategy<Value = Vec<Anchor>> {
    let anchor = (number(), number(), number()).prop_map(|(uptime_ns, boot_ns, wall_unix_ms)| Anchor {
        uptime_ns,
        boot_ns,
        wall_unix_ms,
    });
    prop::collection::vec(anchor, 1..=limits::ANCHORS_MAX).prop_map(|mut anchors| {
        anchors.sort_by_key(|anchor| anchor.uptime_ns);
        anchors
    })
}

/// Any valid batch of at most this many events.
pub(crate) fn batch(events_max: usize) -> impl Strategy<Value = Batch> {
    let names = prop::collection::vec(text(), 0..40);
    let parts = (uuid(), number(), context(), anchors(), ledger(), names);
    parts.prop_flat_map(move |(session, first, context, anchors, ledger, own)| {
        let mut names: Vec<String> = NameId::RESERVED.iter().map(|name| (*name).to_string()).collect();
        names.extend(own);
        let events = prop::collection::vec(event(names.len() as u32), 0..=events_max);
        events.prop_map(move |mut events| {
            events.sort_by_key(|event| event.started_uptime_ns);
            Batch {
                id: BatchId { session, first },
                context: context.clone(),
                anchors: anchors.clone(),
                ledger: ledger.clone(),
                names: names.clone(),
                events,
            }
        })
    })
}
