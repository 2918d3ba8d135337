//! Under which conditions customers wait: a value is a word of ours where it is one of those that we know.

use super::{Cell, name};
use crate::channel::CHANNEL;
use nowait_wire::{Network, Tier};
use std::str::FromStr;

/// What a field is called.
pub(super) fn field(of: &str) -> Cell {
    match of {
        "tier" => Cell::Word("column", "tier"),
        "network" => Cell::Word("column", "network"),
        "country" => Cell::Word("column", "country"),
        "model" => Cell::Word("column", "model"),
        "os" => Cell::Word("column", "system"),
        CHANNEL => Cell::Word("column", "channel"),
        _ => Cell::Text(of.to_owned()),
    }
}

/// The value of a field.
pub(super) fn value(field: &str, value: &str) -> Cell {
    match field {
        "tier" => Tier::from_str(value).map_or_else(|_| name(value), tier),
        "network" => Network::from_str(value).map_or_else(|_| name(value), network),
        CHANNEL if !value.is_empty() => channel(value),
        _ => name(value),
    }
}

/// A tier of devices.
pub(super) fn tier(tier: Tier) -> Cell {
    Cell::Word("tier", tier.as_str())
}

/// A network.
pub(super) fn network(network: Network) -> Cell {
    Cell::Word("network", network.as_str())
}

/// A word where we have one: a bank calls its channels as it likes.
pub(super) fn channel(channel: &str) -> Cell {
    const KNOWN: [&str; 4] = ["app", "branch", "call_centre", "web"];
    let known = KNOWN.into_iter().find(|known| *known == channel);
    known.map_or_else(|| Cell::Text(channel.to_owned()), |known| Cell::Word("channel", known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;

    #[test]
    fn what_is_known_is_a_word_in_every_language_and_what_is_not_stands_as_it_is() {
        let tiers = Tier::ALL.iter().map(|of| value("tier", of.as_str()));
        let networks = Network::ALL.iter().map(|of| value("network", of.as_str()));
        let fields = ["tier", "network", "country", "model", "os", CHANNEL].map(field);
        for cell in tiers.chain(networks).chain(fields).chain([value(CHANNEL, "branch")]) {
            let Cell::Word(group, key) = cell else { panic!("{cell:?}") };
            for language in Language::ALL {
                assert!(language.word(&format!("{group}.{key}")).is_some(), "{group}.{key}");
            }
        }
        assert_eq!(value("segment", "high"), Cell::Text("high".into()), "the bank's own words are its own");
        assert_eq!(value("tier", "best"), Cell::Text("best".into()));
        assert_eq!((value("tier", ""), value(CHANNEL, "")), (Cell::None, Cell::None));
        assert_eq!(field("segment"), Cell::Text("segment".into()));
    }
}
