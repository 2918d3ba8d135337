//! What other channels tell of a journey: a branch, a call centre, the web (`POST /v1/steps`).
//!
//! Owns: from the JSON of a request to the batch that it is stored as; `docs/channels.md` describes it for those who write it.
//! Refuses: HTTP, and joining a journey to the one in the app (a report does).
//! Invariant: a request is one batch, whose id follows from the channel and the id that the caller gave it: told again, it
//! is a duplicate. What is wrong is refused whole, and the reason names the field and repeats nothing of it.

mod fields;

use crate::error::Error;
use crate::limits::{
    AGE_MAX_MS, CHANNEL_BYTES_MAX, SKEW_TOLERATED_MS, STEP_ID_BYTES_MAX, STEPS_MAX, SUSPENSIONS_MAX,
};
use fields::Fields;
use nowait_report::limits::SPAN_PLAUSIBLE_NS_MAX;
use nowait_report::{CHANNEL, CHANNEL_OF_APP};
use nowait_wire::{
    Anchor, Batch, BatchId, Context, Continuation, Event, Facts, Flags, Kind, Ledger, NameId, Network, Os,
    Outcome, Tier, Uuid,
};
use serde_json::Value;

/// Under which the ids of callers become ids of sessions.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d3c_5c1e_9d0b_4c1f_8a52_70b1_0e5f_44d7);

/// What stands as the SDK of such a batch: who made it, and in which form.
const TOLD_BY: &str = "steps/1";

const MS_NS: u64 = 1_000_000;
const MS_US: u64 = 1_000;

/// The one journey of a request, as its events call it.
const JOURNEY: u64 = 1;

/// The batch of a request that arrived at `now_unix_ms`.
///
/// # Errors
/// [`Error::is_input`] if it is not what `docs/channels.md` says: which field, and why.
pub fn read(body: &[u8], now_unix_ms: u64) -> Result<Batch, Error> {
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        // Its own words repeat what they are about.
        Error::input(format!("the request: is no JSON at line {}, column {}", error.line(), error.column()))
    })?;
    let fields = Fields::of(String::new(), &value)?;
    let told = Told::read(&fields, now_unix_ms)?;
    fields.end()?;
    Ok(told.batch())
}

/// What a request tells.
struct Told<'j> {
    id: &'j str,
    channel: &'j str,
    journey: &'j str,
    continuation: Option<Continuation>,
    rating: Option<u64>,
    steps: Vec<Step<'j>>,
}

impl<'j> Told<'j> {
    fn read(fields: &Fields<'j>, now_unix_ms: u64) -> Result<Told<'j>, Error> {
        let id = fields.required("id", fields.text("id")?)?;
        if id.is_empty() || id.len() > STEP_ID_BYTES_MAX || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(
                fields.wrong("id", &format!("has to be 1 to {STEP_ID_BYTES_MAX} visible ASCII characters"))
            );
        }
        let channel = fields.required("channel", fields.text("channel")?)?;
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        if channel.is_empty() || channel.len() > CHANNEL_BYTES_MAX || !channel.bytes().all(is_plain) {
            let why = format!("has to be 1 to {CHANNEL_BYTES_MAX} of a to z, 0 to 9, _ and -");
            return Err(fields.wrong("channel", &why));
        }
        if channel == CHANNEL_OF_APP {
            return Err(fields.wrong("channel", "this one is the app's own"));
        }
        let journey = fields.name("journey")?;
        let continuation = fields.text("continuation")?.map(str::parse).transpose();
        let continuation =
            continuation.map_err(|_| fields.wrong("continuation", "is no continuation id, or misspelt"))?;
        let rating = fields.number("rating")?;
        if rating.is_some_and(|rating| !(1..=5).contains(&rating)) {
            return Err(fields.wrong("rating", "has to be 1 to 5"));
        }
        let mut steps = Vec::new();
        for step in fields.list("steps", STEPS_MAX)? {
            steps.push(Step::read(&step, now_unix_ms, steps.last())?);
            step.end()?;
        }
        let (Some(first), Some(last)) = (steps.first(), steps.last()) else {
            return Err(fields.wrong("steps", "is missing, or empty"));
        };
        if (last.ended_ms - first.began_ms).saturating_mul(MS_NS) > SPAN_PLAUSIBLE_NS_MAX {
            return Err(fields.wrong("steps", "take longer than a day"));
        }
        Ok(Told { id, channel, journey, continuation, rating, steps })
    }

    fn batch(&self) -> Batch {
        let mut names: Vec<String> = NameId::RESERVED.iter().map(|name| (*name).to_owned()).collect();
        let mut id_of = |text: &str| {
            let known = names.iter().position(|name| name == text);
            let place = known.unwrap_or_else(|| {
                names.push(text.to_owned());
                names.len() - 1
            });
            NameId(u32::try_from(place).unwrap_or(NameId::OTHER.0))
        };
        let journey = id_of(self.journey);
        let mut events: Vec<Event> = self.steps.iter().map(|step| step.event(id_of(step.name))).collect();
        let whole = Step::whole(&self.steps);
        events.push(Event { kind: Kind::Journey, ..whole.event(journey) });
        let mark = |kind, at_ms: u64, a, b| Event {
            flags: Flags::IN_JOURNEY,
            started_uptime_ns: at_ms.saturating_mul(MS_NS),
            journey: JOURNEY,
            a,
            b,
            ..Event::new(kind, journey)
        };
        let continued =
            |continuation: Continuation| mark(Kind::HandOver, whole.began_ms, continuation.to_u64(), GOES_ON);
        events.extend(self.continuation.map(continued));
        events.extend(self.rating.map(|rating| mark(Kind::Rating, whole.ended_ms, rating, 0)));
        events.sort_by_key(|event| event.started_uptime_ns);
        let produced = events.len() as u64;
        let context = Context {
            install: Uuid::nil(),
            app_version: String::new(),
            app_build: String::new(),
            os: Os::Other,
            os_version: String::new(),
            device_model: String::new(),
            device_tier: Tier::Unknown,
            network: Network::Unknown,
            country: String::new(),
            sdk_version: TOLD_BY.to_owned(),
            dimensions: vec![(CHANNEL.to_owned(), self.channel.to_owned())],
        };
        let ended_ns = whole.ended_ms.saturating_mul(MS_NS);
        let facts = Facts { folded: produced, ..Facts::default() };
        Batch {
            id: BatchId {
                session: Uuid::new_v5(&NAMESPACE, format!("{} {}", self.channel, self.id).as_bytes()),
                first: 0,
            },
            context,
            // Such a batch has one clock: that of the day.
            anchors: vec![Anchor { uptime_ns: ended_ns, boot_ns: ended_ns, wall_unix_ms: whole.ended_ms }],
            ledger: Ledger { facts, produced, ..Ledger::default() },
            names,
            events,
        }
    }
}

/// Value `b` of a hand-over where the journey goes on.
const GOES_ON: u64 = 1;

/// A step that is over, in milliseconds of the day since 1970 UTC.
struct Step<'j> {
    name: &'j str,
    outcome: Outcome,
    began_ms: u64,
    ended_ms: u64,
    waiting_ms: u64,
    away_ms: u64,
}

impl<'j> Step<'j> {
    fn read(fields: &Fields<'j>, now_unix_ms: u64, before: Option<&Step>) -> Result<Step<'j>, Error> {
        let name = fields.name("name")?;
        let moment = |field| {
            let at = fields.number(field)?;
            if at.is_some_and(|at| at > now_unix_ms.saturating_add(SKEW_TOLERATED_MS)) {
                return Err(fields.wrong(field, "lies in the future"));
            }
            if at.is_some_and(|at| at < now_unix_ms.saturating_sub(AGE_MAX_MS)) {
                return Err(fields.wrong(field, "is too long ago, or not in milliseconds since 1970"));
            }
            Ok(at)
        };
        let began = [
            ("ticket_taken", moment("ticket_taken")?),
            ("called", moment("called")?),
            ("served", moment("served")?),
        ];
        let ends = [
            ("done", Outcome::Done, moment("done")?),
            ("failed", Outcome::Failed, moment("failed")?),
            ("given_up", Outcome::Abandoned, moment("given_up")?),
        ];
        let mut ends = ends.into_iter().filter_map(|(field, outcome, at)| Some((field, outcome, at?)));
        let (Some((end, outcome, ended_ms)), None) = (ends.next(), ends.next()) else {
            return Err(
                fields.wrong("done", "one of done, failed and given_up has to be there, and only one")
            );
        };
        let (began, [.., called, served]) =
            (began.iter().find_map(|(field, at)| at.map(|at| (*field, at))), began);
        let Some((first, began_ms)) = began else {
            return Err(fields.wrong("ticket_taken", "is missing, and so are called and served"));
        };
        // Each no earlier than the one before it.
        let mut latest = (first, began_ms);
        for (field, at) in [called, served, (end, Some(ended_ms))] {
            if let Some(at) = at {
                if at < latest.1 {
                    return Err(fields.wrong(field, &format!("is before {}", latest.0)));
                }
                latest = (field, at);
            }
        }
        if before.is_some_and(|before| began_ms < before.ended_ms) {
            return Err(fields.wrong(first, "is before the end of the step before"));
        }
        let called_ms = called.1.or(served.1).unwrap_or(ended_ms);
        let (away_ms, away_waiting_ms) = suspended(fields, (began_ms, ended_ms), called_ms)?;
        let waiting_ms = (called_ms - began_ms).saturating_sub(away_waiting_ms);
        Ok(Step { name, outcome, began_ms, ended_ms, waiting_ms, away_ms })
    }

    /// All of them as one: from the first to the last. What lies between two of them is nobody's handling, and away.
    fn whole(steps: &[Step<'j>]) -> Step<'j> {
        let (mut whole, mut last_ms) = (
            Step { name: "", outcome: Outcome::Done, began_ms: 0, ended_ms: 0, waiting_ms: 0, away_ms: 0 },
            None,
        );
        for step in steps {
            let between_ms = step.began_ms.saturating_sub(last_ms.unwrap_or(step.began_ms));
            whole.began_ms = if last_ms.is_none() { step.began_ms } else { whole.began_ms };
            whole.waiting_ms += step.waiting_ms;
            whole.away_ms += step.away_ms + between_ms;
            (whole.ended_ms, whole.outcome) = (step.ended_ms, step.outcome);
            last_ms = Some(step.ended_ms);
        }
        whole
    }

    fn event(&self, name: NameId) -> Event {
        Event {
            outcome: self.outcome,
            flags: Flags::IN_JOURNEY,
            started_uptime_ns: self.began_ms.saturating_mul(MS_NS),
            duration_ns: (self.ended_ms - self.began_ms).saturating_mul(MS_NS),
            journey: JOURNEY,
            a: self.waiting_ms.saturating_mul(MS_US),
            b: self.away_ms.saturating_mul(MS_US),
            ..Event::new(Kind::Step, name)
        }
    }
}

/// How long a step was suspended, and how long of that before the customer was called.
fn suspended(fields: &Fields, step: (u64, u64), called_ms: u64) -> Result<(u64, u64), Error> {
    let (mut all_ms, mut waiting_ms, mut latest) = (0, 0, step.0);
    for span in fields.list("suspended", SUSPENSIONS_MAX)? {
        let from = span.required("from", span.number("from")?)?;
        let until = span.required("until", span.number("until")?)?;
        if from < latest || until < from || until > step.1 {
            return Err(span.wrong("from", "has to lie in the step, in order, and before until"));
        }
        span.end()?;
        all_ms += until - from;
        waiting_ms += until.min(called_ms).saturating_sub(from.min(called_ms));
        latest = until;
    }
    Ok((all_ms, waiting_ms))
}

#[cfg(test)]
mod tests;
