//! JSON Schemas of the words of the wire format, which stand in reports as texts.
//!
//! Owns: which words each has. Refuses: every other schema: types derive their own.
//! Invariant: a word that the wire format learns is in its schema.

use nowait_wire::{ExitCause, ExitReason, Kind, Network, Os, Outcome, Tier};
use schemars::{Schema, SchemaGenerator, json_schema};

fn one_of(words: impl Iterator<Item = &'static str>) -> Schema {
    let words: Vec<&str> = words.collect();
    json_schema!({ "type": "string", "enum": words })
}

pub(crate) fn kind(_: &mut SchemaGenerator) -> Schema {
    one_of(Kind::ALL.iter().map(|kind| kind.as_str()))
}

pub(crate) fn outcome(_: &mut SchemaGenerator) -> Schema {
    one_of(Outcome::ALL.iter().map(|outcome| outcome.as_str()))
}

pub(crate) fn os(_: &mut SchemaGenerator) -> Schema {
    one_of(Os::ALL.iter().map(|os| os.as_str()))
}

pub(crate) fn tier(_: &mut SchemaGenerator) -> Schema {
    one_of(Tier::ALL.iter().map(|tier| tier.as_str()))
}

pub(crate) fn network(_: &mut SchemaGenerator) -> Schema {
    one_of(Network::ALL.iter().map(|network| network.as_str()))
}

pub(crate) fn exit_reason(_: &mut SchemaGenerator) -> Schema {
    one_of(ExitReason::ALL.iter().map(|reason| reason.as_str()))
}

pub(crate) fn exit_cause(_: &mut SchemaGenerator) -> Schema {
    one_of(ExitCause::ALL.iter().map(|cause| cause.as_str()))
}
