//! The read API as an OpenAPI description.
//!
//! Owns: what every word of an address means, and the form of the description. Refuses: which addresses there are (see `api`).
//! Invariant: a word that an address takes is described, and a schema is that of the type which is serialised.

use super::Refusal;
use super::admin::{Removed, Wanted};
use super::api::{Answer, READS, Read};
use super::counters::Status;
use super::reads::Who;
use nowait_wire::{Network, Os, Tier};
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The version of the API, which its addresses begin with. Fields are added within a version; none is removed or changes its meaning.
const VERSION: &str = "1";

/// What it is, for who reads nothing else.
const ABOUT: &str = "What the collector knows of a bank's customers and their waits. Durations are integers of nanoseconds, moments \
    are milliseconds since 1970 UTC, shares are 0 to 1, and days are cut in the zone that `scope.zone` names. Every figure stands \
    beside the number of waits that it is of; `null` stands where there are too few for one. Within a version of the API fields are \
    added, and none is removed or changes its meaning.";

/// The read API, described as OpenAPI 3.1: what `GET /v1/openapi.json` answers.
#[must_use]
pub fn described() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut schemas = settings.into_generator();
    let mut paths: Map<String, Value> =
        READS.iter().map(|read| (read.path.to_owned(), json!({ "get": of(read, &mut schemas) }))).collect();
    let of_everybody = [
        ("/v1/reader", "Who asks", schemas.subschema_for::<Who>()),
        (
            "/v1/status",
            "What this process counted since it started, for admins",
            schemas.subschema_for::<Status>(),
        ),
    ];
    for (path, summary, schema) in of_everybody {
        let answer = json!({ "application/json": { "schema": schema } });
        let operation = json!({ "summary": summary, "responses": responses(&answer) });
        paths.insert(path.to_owned(), json!({ "get": operation }));
    }
    paths.extend(changes(&mut schemas));
    json!({
        "openapi": "3.1.0",
        "info": { "title": "NoWait collector, read API", "version": VERSION, "description": ABOUT },
        "security": [{ "token": [] }, { "session": [] }],
        "paths": paths,
        "components": components(&mut schemas),
    })
}

/// The addresses that an admin changes something with.
fn changes(schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let toml = json!({ "application/toml": { "schema": { "type": "string" } } });
    let of_json = |schema: Schema| json!({ "application/json": { "schema": schema } });
    let body = |content: &Value| json!({ "required": true, "content": content });
    // What is asked with may lack what an answer never does.
    let mut asked_with =
        SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None).into_generator();
    let wanted = of_json(asked_with.root_schema_for::<Wanted>());
    let went = of_json(schemas.subschema_for::<Removed>());
    let mut deleted = responses(&went);
    if let Value::Object(answers) = &mut deleted {
        let longer = json!({ "description": "It is being deleted, which takes longer than an answer may" });
        answers.insert("202".to_owned(), longer);
    }
    let paths = [
        (
            "/v1/budgets",
            json!({
                "get": { "summary": "The budgets that waits are judged by, as TOML", "responses": responses(&toml) },
                "put": {
                    "summary": "Judges by these budgets from now on, for admins; answers them",
                    "requestBody": body(&toml),
                    "responses": responses(&toml),
                },
            }),
        ),
        (
            "/v1/deletions",
            json!({ "post": {
                "summary": "Deletes what is known of a session, an installation or a release, for admins; without `sure` says \
                    what would go",
                "requestBody": body(&wanted),
                "responses": deleted,
            } }),
        ),
    ];
    paths.into_iter().map(|(path, item)| (path.to_owned(), item)).collect()
}

fn of(read: &Read, schemas: &mut SchemaGenerator) -> Value {
    let parameter = |word: &&str| {
        if read.required.contains(word) {
            parameter(word, true)
        } else {
            json!({ "$ref": place_of_word(word) })
        }
    };
    let parameters: Vec<Value> = read.words.iter().flat_map(|words| words.iter()).map(parameter).collect();
    let answer = match read.answer {
        Answer::Json(schema) => json!({ "application/json": { "schema": schema(schemas) } }),
        Answer::Other(media) => json!({ media: {} }),
    };
    json!({ "summary": read.summary, "parameters": parameters, "responses": responses(&answer) })
}

fn place_of_word(word: &str) -> String {
    format!("#/components/parameters/{word}")
}

/// A word as a parameter.
fn parameter(word: &str, is_required: bool) -> Value {
    let (description, schema) = word_described(word);
    json!({
        "name": word,
        "in": "query",
        "required": is_required,
        "description": description,
        "schema": schema,
    })
}

/// Why there may be no answer.
const REFUSALS: [(&str, &str); 5] = [
    ("400", "A word was not understood, or is not of this address"),
    ("401", "No read token, or a wrong one"),
    ("403", "The token's role does not see this"),
    ("404", "Nothing that was asked for ever sent anything; names the nearest"),
    (
        "503",
        "Too many questions at once, or this one took too long; the header `retry-after` says when to come back",
    ),
];

/// The answer, and what stands in its place.
fn responses(answer: &Value) -> Value {
    let refused = REFUSALS.map(|(status, _)| {
        (status.to_owned(), json!({ "$ref": format!("#/components/responses/{status}") }))
    });
    let answered = ("200".to_owned(), json!({ "description": "The answer", "content": answer }));
    Value::Object(refused.into_iter().chain([answered]).collect())
}

/// What more than one address takes and answers.
fn components(schemas: &mut SchemaGenerator) -> Value {
    let words: BTreeSet<&str> =
        READS.iter().flat_map(|read| read.words).flat_map(|words| words.iter().copied()).collect();
    let parameters: Map<String, Value> =
        words.into_iter().map(|word| (word.to_owned(), parameter(word, false))).collect();
    let schema = schemas.subschema_for::<Refusal>();
    let refusal = |(status, why): (&str, &str)| {
        let content = json!({ "application/json": { "schema": schema } });
        (status.to_owned(), json!({ "description": why, "content": content }))
    };
    let responses: Map<String, Value> = REFUSALS.map(refusal).into_iter().collect();
    let security = json!({
        "token": { "type": "http", "scheme": "bearer", "description": "A read token; see `nowait token`." },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-nowait",
            "description": "Of who signed in with one.",
        },
    });
    json!({
        "securitySchemes": security,
        "parameters": parameters,
        "responses": responses,
        "schemas": schemas.take_definitions(true),
    })
}

/// What a word means, and how it is written.
fn word_described(word: &str) -> (&'static str, Value) {
    let text = || json!({ "type": "string" });
    let one_of = |words: Vec<&str>| json!({ "type": "string", "enum": words });
    match word {
        "tenant" => ("Whose figures; needed only where there are several tenants", text()),
        "version" => ("Only this release of the app", text()),
        "os" => ("Only this operating system", one_of(Os::ALL.iter().map(|os| os.as_str()).collect())),
        "tier" => ("Only devices of this tier", one_of(Tier::ALL.iter().map(|tier| tier.as_str()).collect())),
        "network" => (
            "Only what was sealed on this network",
            one_of(Network::ALL.iter().map(|network| network.as_str()).collect()),
        ),
        "country" => ("Only this country, two letters of ISO 3166-1", text()),
        "model" => ("Only this device model", text()),
        "dimension" => (
            "Only where a dimension of the app has this value, `key:value`; may be said for several",
            json!({ "type": "array", "items": { "type": "string" } }),
        ),
        "factor" => (
            "Numbers of a factor that are tried out, `NAME:EXPERIENCE:EXPECTATION:IMPORTANCE:IDEAL`; may be said for several",
            json!({ "type": "array", "items": { "type": "string" } }),
        ),
        "hours" => {
            ("Only the last so many hours; instead of `since`", json!({ "type": "integer", "minimum": 1 }))
        }
        "since" => ("Only from this moment on: `7d`, `today`, `2026-03-05`, or an RFC 3339 time", text()),
        "until" => ("Only before this moment, written as `since` is", text()),
        "page" => (
            "Which rows of each section, by the hundred",
            json!({ "type": "integer", "minimum": 1, "default": 1 }),
        ),
        "touchpoint" => ("The touchpoint, `kind:name`", text()),
        "by" => (
            "By which field it is split: `tier`, `network`, `country`, `model`, or the key of a dimension",
            text(),
        ),
        "session" => ("The id of the session", json!({ "type": "string", "format": "uuid" })),
        "month" => ("The month, `2026-03`; the last whole one if it is not said", text()),
        "journey" => ("The name of the journey", text()),
        "base" => ("The release to compare with", text()),
        "head" => ("The release to judge", text()),
        "min_effect" => ("The least change that matters, in per cent", json!({ "type": "number" })),
        "every_look" => {
            ("`yes` where the verdict has to hold at every look at a rollout", one_of(vec!["yes", "no"]))
        }
        "strata" => (
            "What is held equal beside tier, network and system: `country`, `model`, or the key of a dimension",
            text(),
        ),
        _ => ("", text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The description beside the other documents.
    const WRITTEN: &str = include_str!("../../../docs/openapi.json");

    #[test]
    fn what_is_written_down_is_what_the_types_say() {
        let written: Value = serde_json::from_str(WRITTEN).unwrap();
        assert!(
            written == described(),
            "docs/openapi.json is of before: run `make openapi` and read what changed"
        );
    }

    #[test]
    fn every_word_and_every_reference_is_described() {
        let words = READS.iter().flat_map(|read| read.words).flat_map(|words| words.iter().copied());
        let taken: BTreeSet<&str> = words.collect();
        assert_eq!(taken, crate::ask::words().collect());
        for word in taken {
            assert_ne!(word_described(word).0, "", "{word}");
        }
        let described = described();
        let text = described.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let place = reference.split('"').next().unwrap();
            assert!(described.pointer(place).is_some(), "{place}");
        }
        let schemas = described["components"]["schemas"].as_object().unwrap();
        // A second type of one name would be told apart by a number, and who reads it would not know which is which.
        let numbered = schemas.keys().find(|name| name.ends_with(|last: char| last.is_ascii_digit()));
        assert_eq!(numbered, None);
    }
}
