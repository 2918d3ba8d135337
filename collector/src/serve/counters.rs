//! What the collector counts about itself.
//!
//! Owns: the numbers of `GET /v1/status`. Refuses: anything about customers.
//! Invariant: every request to `/v1/batches` and `/v1/steps` ends in exactly one of them, or in `panics_caught`.

use super::door::Figures;
use nowait_wire::RemoteConfig;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};

/// How a request to store a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Stored,
    Duplicate,
    WrongKey,
    WrongType,
    TooLarge,
    Malformed,
    Unsupported,
    /// The body broke off, or was not whole in time.
    Incomplete,
    /// The body came too slowly, or was the one to give way to others.
    TooSlow,
    /// A queue was full.
    Busy,
    /// The tenant had its part of what all share.
    OverShare,
    Failed,
    /// The connection ended before the store had the batch.
    Abandoned,
}

impl Ending {
    const ALL: [Ending; 13] = [
        Ending::Stored,
        Ending::Duplicate,
        Ending::WrongKey,
        Ending::WrongType,
        Ending::TooLarge,
        Ending::Malformed,
        Ending::Unsupported,
        Ending::Incomplete,
        Ending::TooSlow,
        Ending::Busy,
        Ending::OverShare,
        Ending::Failed,
        Ending::Abandoned,
    ];

    /// Its word, as in the JSON and in metrics.
    const fn as_str(self) -> &'static str {
        match self {
            Ending::Stored => "stored",
            Ending::Duplicate => "duplicate",
            Ending::WrongKey => "wrong_key",
            Ending::WrongType => "wrong_type",
            Ending::TooLarge => "too_large",
            Ending::Malformed => "malformed",
            Ending::Unsupported => "unsupported",
            Ending::Incomplete => "incomplete",
            Ending::TooSlow => "too_slow",
            Ending::Busy => "busy",
            Ending::OverShare => "over_share",
            Ending::Failed => "failed",
            Ending::Abandoned => "abandoned",
        }
    }
}

/// How a question to the page, a report or a comparison ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    Answered,
    /// The question could not be followed.
    Refused,
    /// Too many waited already.
    Busy,
    /// It took too long.
    Late,
    Failed,
    /// Nobody waited for the answer any more.
    Abandoned,
}

impl Read {
    const ALL: [Read; 6] =
        [Read::Answered, Read::Refused, Read::Busy, Read::Late, Read::Failed, Read::Abandoned];

    /// Its word, as in the JSON and in metrics.
    const fn as_str(self) -> &'static str {
        match self {
            Read::Answered => "answered",
            Read::Refused => "refused",
            Read::Busy => "busy",
            Read::Late => "late",
            Read::Failed => "failed",
            Read::Abandoned => "abandoned",
        }
    }
}

/// How an attempt to sign in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Login {
    SignedIn,
    WrongToken,
    /// Too many wrong tokens came before it.
    TooOften,
    /// No page of ours sent the form, or it was none.
    Refused,
}

impl Login {
    const ALL: [Login; 4] = [Login::SignedIn, Login::WrongToken, Login::TooOften, Login::Refused];

    /// Its word, as in the JSON and in metrics.
    const fn as_str(self) -> &'static str {
        match self {
            Login::SignedIn => "signed_in",
            Login::WrongToken => "wrong_token",
            Login::TooOften => "too_often",
            Login::Refused => "refused",
        }
    }
}

/// The numbers since this process started.
#[derive(Debug, Default)]
pub(super) struct Counters {
    endings: [AtomicU64; Ending::ALL.len()],
    reads: [AtomicU64; Read::ALL.len()],
    logins: [AtomicU64; Login::ALL.len()],
    unauthorized: AtomicU64,
    events_stored: AtomicU64,
    bytes_stored: AtomicU64,
    texts_redacted: AtomicU64,
    panics_caught: AtomicU64,
}

/// The JSON of `GET /v1/status`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Status {
    version: &'static str,
    batches_stored: u64,
    batches_duplicate: u64,
    rejected: Rejected,
    unanswered: Unanswered,
    reads: Reads,
    logins: Logins,
    /// `null` where no connection is known, which is in tests.
    connections: Option<Figures>,
    pub(super) events_stored: u64,
    pub(super) bytes_stored: u64,
    /// Names and other texts of stored batches that looked personal: the device should have replaced them.
    pub(super) texts_redacted: u64,
    pub(super) panics_caught: u64,
    /// What receipts ask of devices; `null` if nothing.
    #[schemars(schema_with = "remote_config")]
    remote_config: Option<RemoteConfig>,
}

/// The wire format's own type has no schema: it is the device's, too.
fn remote_config(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["object", "null"],
        "required": ["version", "enabled", "sampled_per_mille", "flush_interval_s"],
        "properties": {
            "version": { "type": "integer" },
            "enabled": { "type": "boolean" },
            "sampled_per_mille": { "type": "integer", "minimum": 0, "maximum": 1000 },
            "flush_interval_s": { "type": "integer", "minimum": 0 },
        },
    })
}

/// Batches that the device gives up, and requests that were not let in.
#[derive(Debug, Serialize, JsonSchema)]
struct Rejected {
    wrong_key: u64,
    wrong_type: u64,
    too_large: u64,
    malformed: u64,
    unsupported: u64,
}

/// Batches that the device will send again.
#[derive(Debug, Serialize, JsonSchema)]
struct Unanswered {
    incomplete: u64,
    too_slow: u64,
    busy: u64,
    over_share: u64,
    failed: u64,
    abandoned: u64,
}

/// Questions to the page, reports and comparisons.
#[derive(Debug, Serialize, JsonSchema)]
struct Reads {
    answered: u64,
    refused: u64,
    unauthorized: u64,
    busy: u64,
    late: u64,
    failed: u64,
    abandoned: u64,
}

/// Attempts to sign in.
#[derive(Debug, Serialize, JsonSchema)]
struct Logins {
    signed_in: u64,
    wrong_token: u64,
    too_often: u64,
    refused: u64,
}

// The numbers are independent of each other and of everything else: relaxed is enough.
impl Counters {
    pub(super) fn count(&self, ending: Ending) {
        if let Some(count) = self.endings.get(ending as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What a batch brought that was stored.
    pub(super) fn count_stored(&self, events: usize, bytes: usize, redacted: u64) {
        self.events_stored.fetch_add(events as u64, Ordering::Relaxed);
        self.bytes_stored.fetch_add(bytes as u64, Ordering::Relaxed);
        self.texts_redacted.fetch_add(redacted, Ordering::Relaxed);
    }

    pub(super) fn count_read(&self, read: Read) {
        if let Some(count) = self.reads.get(read as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn count_login(&self, login: Login) {
        if let Some(count) = self.logins.get(login as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Somebody wanted to read without a token.
    pub(super) fn count_unauthorized(&self) {
        self.unauthorized.fetch_add(1, Ordering::Relaxed);
    }

    /// Requests to store a batch, by how they ended.
    pub(super) fn batches(&self) -> Vec<(&'static str, u64)> {
        Ending::ALL.map(|ending| (ending.as_str(), self.ended(ending))).to_vec()
    }

    /// Batches that were not taken, by the word of `not_taken.WORD`.
    pub(super) fn not_taken(&self) -> Vec<(&'static str, u64)> {
        let is_taken = |ending: &Ending| matches!(ending, Ending::Stored | Ending::Duplicate);
        let others = Ending::ALL.into_iter().filter(|ending| !is_taken(ending));
        others.map(|ending| (ending.as_str(), self.ended(ending))).collect()
    }

    /// Questions, by how they ended; those without a right to ask are `unauthorized`.
    pub(super) fn reads(&self) -> Vec<(&'static str, u64)> {
        let reads = Read::ALL.into_iter().map(|read| (read.as_str(), self.read(read)));
        reads.chain([("unauthorized", self.unauthorized.load(Ordering::Relaxed))]).collect()
    }

    /// Attempts to sign in, by how they ended.
    pub(super) fn logins(&self) -> Vec<(&'static str, u64)> {
        Login::ALL.map(|login| (login.as_str(), self.login(login))).to_vec()
    }

    fn ended(&self, ending: Ending) -> u64 {
        self.endings.get(ending as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    fn read(&self, read: Read) -> u64 {
        self.reads.get(read as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    fn login(&self, login: Login) -> u64 {
        self.logins.get(login as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    pub(super) fn count_panic(&self) {
        self.panics_caught.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn status(&self, remote_config: Option<RemoteConfig>, connections: Option<Figures>) -> Status {
        let (read, login) = (|read| self.read(read), |login| self.login(login));
        let of = |ending| self.ended(ending);
        Status {
            version: env!("CARGO_PKG_VERSION"),
            batches_stored: of(Ending::Stored),
            batches_duplicate: of(Ending::Duplicate),
            rejected: Rejected {
                wrong_key: of(Ending::WrongKey),
                wrong_type: of(Ending::WrongType),
                too_large: of(Ending::TooLarge),
                malformed: of(Ending::Malformed),
                unsupported: of(Ending::Unsupported),
            },
            unanswered: Unanswered {
                incomplete: of(Ending::Incomplete),
                too_slow: of(Ending::TooSlow),
                busy: of(Ending::Busy),
                over_share: of(Ending::OverShare),
                failed: of(Ending::Failed),
                abandoned: of(Ending::Abandoned),
            },
            reads: Reads {
                answered: read(Read::Answered),
                refused: read(Read::Refused),
                unauthorized: self.unauthorized.load(Ordering::Relaxed),
                busy: read(Read::Busy),
                late: read(Read::Late),
                failed: read(Read::Failed),
                abandoned: read(Read::Abandoned),
            },
            logins: Logins {
                signed_in: login(Login::SignedIn),
                wrong_token: login(Login::WrongToken),
                too_often: login(Login::TooOften),
                refused: login(Login::Refused),
            },
            connections,
            events_stored: self.events_stored.load(Ordering::Relaxed),
            bytes_stored: self.bytes_stored.load(Ordering::Relaxed),
            texts_redacted: self.texts_redacted.load(Ordering::Relaxed),
            panics_caught: self.panics_caught.load(Ordering::Relaxed),
            remote_config,
        }
    }
}
