//! The device's own scrubbing once more, on what arrived: whoever has an app key can send any text.
//!
//! Owns: which texts of a batch are held to which rule of `nowait_scrub`, and what stands in their place. Refuses: the rules.
//! Invariant: no text that looks personal is in what goes on to the store, neither in the batch nor in its frame.

use nowait_scrub::{REDACTED, looks_personal, looks_personal_code, target};
use nowait_wire::limits::NAMES_MAX;
use nowait_wire::{Batch, Context, Event, Kind, NameId, encode, quantise};
use std::collections::{HashMap, HashSet};

/// Replaces what looks personal, and returns how many texts that were; they are added to what the session's ledger says of names.
pub(super) fn clean(batch: &mut Batch) -> u64 {
    let redacted = context(&mut batch.context) + names(batch) + targets(batch);
    let told = &mut batch.ledger.names_redacted;
    *told = told.saturating_add(redacted);
    redacted
}

/// The frame of a cleaned batch.
///
/// Only a frame that was made to fit with a better deflater than ours can be too large now; it gives up its names, and then its
/// events.
pub(super) fn frame(batch: &mut Batch) -> Vec<u8> {
    // Frames of older versions were rounded otherwise; what is counted is what is stored.
    *batch = quantise(batch);
    let ways: [fn(&mut Batch); 3] = [|_| (), no_names, |batch| batch.events.clear()];
    for give_up in ways {
        give_up(batch);
        if let Ok(frame) = encode(batch) {
            return frame;
        }
    }
    Vec::new()
}

fn no_names(batch: &mut Batch) {
    batch.names.truncate(NameId::RESERVED.len());
    let is_reserved = |id: NameId| (id.0 as usize) < NameId::RESERVED.len();
    for event in &mut batch.events {
        for id in [&mut event.name, &mut event.screen] {
            *id = if is_reserved(*id) { *id } else { NameId::REDACTED };
        }
    }
}

/// Redacts a text that its rule calls personal; 1 if it did.
fn redact(text: &mut String, is_personal: fn(&str) -> bool) -> u64 {
    let redacts = is_personal(text);
    if redacts {
        REDACTED.clone_into(text);
    }
    redacts.into()
}

fn context(context: &mut Context) -> u64 {
    let Context {
        app_version, app_build, os_version, device_model, country, sdk_version, dimensions, ..
    } = context;
    let mut redacted = redact(country, looks_personal);
    for code in [app_version, app_build, os_version, device_model, sdk_version] {
        redacted += redact(code, looks_personal_code);
    }
    let before = redacted;
    for (key, value) in dimensions.iter_mut() {
        redacted += redact(key, looks_personal) + redact(value, looks_personal);
    }
    if redacted > before {
        dimensions.sort();
        // Two keys that look personal are both called `redacted` now.
        dimensions.dedup_by(|one, kept| one.0 == kept.0);
    }
    redacted
}

/// Empties the names that look personal; events call them [`NameId::REDACTED`].
fn names(batch: &mut Batch) -> u64 {
    let mut personal = Vec::new();
    for (at, name) in batch.names.iter_mut().enumerate().skip(NameId::RESERVED.len()) {
        if looks_personal(name) {
            name.clear();
            personal.push(at);
        }
    }
    if !personal.is_empty() {
        for event in &mut batch.events {
            for id in [&mut event.name, &mut event.screen] {
                if personal.binary_search(&(id.0 as usize)).is_ok() {
                    *id = NameId::REDACTED;
                }
            }
        }
    }
    personal.len() as u64
}

/// Takes numbers and single letters out of what was tapped; returns how many names told more than they may.
fn targets(batch: &mut Batch) -> u64 {
    let Batch { names, events, .. } = batch;
    let is_tap = |event: &&mut Event| matches!(event.kind, Kind::Tap | Kind::Settled | Kind::RageTap);
    let mut told: Vec<Option<NameId>> = vec![None; names.len()];
    let mut ids = HashMap::new();
    let mut renamed = Vec::new();
    for event in events.iter_mut().filter(is_tap) {
        let Some(known) = told.get_mut(event.name.0 as usize) else { continue };
        let id = *known.get_or_insert_with(|| target_of(event.name, names, &mut ids));
        if id != event.name {
            renamed.push(event.name);
            event.name = id;
        }
    }
    renamed.sort_unstable();
    renamed.dedup();
    // In its first order the dictionary still spells what the taps no longer do.
    if !renamed.is_empty() {
        let used: HashSet<NameId> = events.iter().flat_map(|event| [event.name, event.screen]).collect();
        for id in renamed.iter().filter(|id| !used.contains(id)) {
            if let Some(name) = names.get_mut(id.0 as usize) {
                name.clear();
            }
        }
    }
    renamed.len() as u64
}

/// The name that a tap on this one may say; a new one is added to the dictionary.
fn target_of(id: NameId, names: &mut Vec<String>, ids: &mut HashMap<String, NameId>) -> NameId {
    let text = names.get(id.0 as usize).map_or("", String::as_str);
    if (id.0 as usize) < NameId::RESERVED.len() || text.is_empty() {
        return id;
    }
    let kept = match target(text) {
        None => return NameId::NONE,
        Some(kept) if kept == text => return id,
        Some(kept) => kept.into_owned(),
    };
    if ids.is_empty() {
        for (at, name) in (0..).zip(names.iter()) {
            ids.entry(name.clone()).or_insert(NameId(at));
        }
    }
    if let Some(known) = ids.get(&kept) {
        return *known;
    }
    if names.len() >= NAMES_MAX {
        return NameId::OTHER;
    }
    let new = NameId(names.len() as u32);
    names.push(kept.clone());
    ids.insert(kept, new);
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use nowait_wire::decode;
    use nowait_wire::testing::session;

    const CARD: &str = "4111 1111 1111 1111";

    /// Cleans the batch as it would arrive, and gives its texts as the store would read them again.
    fn cleaned(mut batch: Batch) -> (u64, Batch) {
        batch = decode(&encode(&batch).unwrap()).unwrap();
        let redacted = clean(&mut batch);
        let frame = frame(&mut batch);
        assert_eq!(decode(&frame).unwrap(), batch);
        (redacted, batch)
    }

    #[test]
    fn a_batch_of_a_device_stays_as_it_is() {
        for seed in 0..20 {
            let batch = decode(&encode(&session(seed, 400)).unwrap()).unwrap();
            assert_eq!(cleaned(batch.clone()), (0, batch));
        }
    }

    #[test]
    fn every_text_is_looked_at_and_what_is_personal_is_gone() {
        let fields: [fn(&mut Batch) -> &mut String; 9] = [
            |batch| &mut batch.context.app_version,
            |batch| &mut batch.context.app_build,
            |batch| &mut batch.context.os_version,
            |batch| &mut batch.context.device_model,
            |batch| &mut batch.context.country,
            |batch| &mut batch.context.sdk_version,
            |batch| &mut batch.context.dimensions[1].0,
            |batch| &mut batch.context.dimensions[0].1,
            |batch| &mut batch.names[7],
        ];
        for (at, field) in fields.iter().enumerate() {
            for text in
                [CARD, "tai.man@example.com", "+852 9123 4567", "s\u{1b}[8m", "s\u{202e}x", "s\u{200b}x"]
            {
                let mut batch = session(1, 200);
                *field(&mut batch) = text.into();
                batch.context.dimensions.sort();
                let (redacted, batch) = cleaned(batch);
                assert_eq!((redacted, batch.ledger.names_redacted), (1, 1), "{at} {text:?}");
                assert!(!format!("{batch:?}").contains(&format!("{text:?}")), "{at} {text:?}");
            }
        }
    }

    #[test]
    fn events_of_a_personal_name_are_counted_under_redacted() {
        let mut batch = session(1, 200);
        let id = batch.events.iter().map(|event| event.name).find(|id| id.0 >= 6).unwrap();
        batch.names[id.0 as usize] = CARD.into();
        let of = |batch: &Batch, id| batch.events.iter().filter(|event| event.name == id).count();
        let before = of(&batch, id);
        let (_, batch) = cleaned(batch);
        assert_eq!((of(&batch, id), of(&batch, NameId::REDACTED)), (0, before));
    }

    #[test]
    fn two_personal_keys_become_one() {
        let mut batch = session(1, 10);
        batch.context.dimensions = vec![("123456789".into(), "a".into()), ("223456789".into(), CARD.into())];
        let (redacted, batch) = cleaned(batch);
        assert_eq!(redacted, 3);
        assert_eq!(batch.context.dimensions, [(REDACTED.to_owned(), "a".to_owned())]);
    }

    #[test]
    fn taps_do_not_spell_what_was_typed() {
        let mut batch = session(1, 100);
        let first = batch.names.len() as u32;
        batch.names.extend(["pin_key_4", "pin_key_0", "btnSeven", "7", "Pay.Confirm"].map(String::from));
        for (event, at) in batch.events.iter_mut().zip(0..) {
            event.kind = if at % 10 == 9 { Kind::Screen } else { Kind::Tap };
            event.name = NameId(first + at % 5);
        }
        let (redacted, batch) = cleaned(batch);
        assert_eq!(redacted, 4);
        let name = |event: &Event| batch.names[event.name.0 as usize].as_str();
        let taps: Vec<&str> = batch.events.iter().filter(|event| event.kind == Kind::Tap).map(name).collect();
        assert!(taps.iter().all(|name| ["pin_key", "btn", "", "Pay.Confirm"].contains(name)), "{taps:?}");
        // A screen of the same name is no tap.
        assert!(
            batch
                .events
                .iter()
                .filter(|event| event.kind == Kind::Screen)
                .all(|screen| name(screen) == "Pay.Confirm")
        );
        assert!(!batch.names.iter().any(|name| name.contains("key_")), "{:?}", batch.names);
    }

    #[test]
    fn a_full_dictionary_and_a_frame_that_does_not_fit_are_no_way_around() {
        let mut batch = session(1, 100);
        batch.names.extend((batch.names.len()..NAMES_MAX).map(|n| format!("key_{n}")));
        batch.events.iter_mut().for_each(|event| (event.kind, event.name) = (Kind::Tap, NameId(4_000)));
        let mut full = batch.clone();
        assert_eq!((clean(&mut full), full.events[0].name), (1, NameId::OTHER));
        // Names of noise, more than a frame holds.
        let mut seed = 1_u64;
        for name in batch.names.iter_mut().skip(6) {
            let mut letter = || {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                char::from_u32(0x4E00 + (seed >> 33) as u32 % 20_000).unwrap()
            };
            *name = (0..42).map(|_| letter()).collect();
        }
        assert!(encode(&batch).unwrap_err().is_too_large());
        let small = frame(&mut batch);
        assert_eq!(decode(&small).unwrap().names.len(), 6);
    }
}
