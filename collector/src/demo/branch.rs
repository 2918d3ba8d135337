//! A branch of the bank: customers take tickets, are called and served, and its queue system tells of it (`POST /v1/steps`).
//!
//! Owns: the visits of the day and how they are told. Refuses: the app's customers; a branch knows nobody by name.
//! Invariant: the same seed gives the same visits, each of which is over before it is told.

use super::{http, random::Random};
use crate::Error;
use crate::time::now_unix_ms;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// Visits of a day.
pub(super) const VISITS: u64 = 12;

/// The stream of random numbers that is the branch's.
const STREAM: u64 = 7_001;

const MINUTE_MS: f64 = 60_000.0;

/// Tells every visit of the day.
///
/// # Errors
/// [`Error`] if one is not stored.
pub(super) async fn tell(collector: SocketAddr, app_key: &str, seed: u64) -> Result<(), Error> {
    let url = format!("http://{collector}/v1/steps");
    let mut random = Random::new(seed, STREAM);
    let client = http::client()?;
    for number in 0..VISITS {
        let visit = visit(&mut random, seed, number, now_unix_ms());
        let sent = client.post(&url).bearer_auth(app_key).header("content-type", "application/json");
        let sent = sent.body(visit.to_string()).send().await;
        let answer = sent.map_err(|error| Error::io(format!("{url}: {error}")))?;
        if !answer.status().is_success() {
            let (status, why) = (answer.status(), answer.text().await.unwrap_or_default());
            return Err(Error::io(format!("{url}: {status}: {why}")));
        }
    }
    Ok(())
}

/// A visit that has just ended: a counter, and for some an adviser.
fn visit(random: &mut Random, seed: u64, number: u64, now_unix_ms: u64) -> Value {
    let mut minutes = |median: f64| (random.log_normal(median, 0.5) * MINUTE_MS) as u64;
    let (queue, counter) = (minutes(6.0), minutes(4.0));
    let (walk, wait, adviser) = (minutes(1.0), minutes(5.0), minutes(12.0));
    let sees_adviser = random.chance(0.5);
    let has_left = random.chance(0.1);
    let whole = queue + counter + if sees_adviser { walk + wait + adviser } else { 0 };
    let ticket = now_unix_ms.saturating_sub(whole);
    let called = ticket + queue;
    let left = called + counter;
    let mut steps = vec![if has_left {
        json!({ "name": "Counter", "ticket_taken": ticket, "given_up": called })
    } else {
        json!({ "name": "Counter", "ticket_taken": ticket, "called": called, "done": left })
    }];
    if sees_adviser && !has_left {
        let again = left + walk;
        steps.push(json!({ "name": "Adviser", "ticket_taken": again, "called": again + wait, "done": again + wait + adviser }));
    }
    let rating = 5 - u64::from(queue > 8 * MINUTE_MS as u64) - u64::from(has_left) * 2;
    json!({
        "id": format!("demo-{seed}/{number}"),
        "channel": "branch",
        "journey": "open_account",
        "steps": steps,
        "rating": rating,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_visit_is_one_that_the_collector_takes() {
        let mut random = Random::new(1, STREAM);
        let now = 1_772_721_000_000;
        for number in 0..1_000 {
            let visit = visit(&mut random, 1, number, now);
            let batch = crate::steps::read(visit.to_string().as_bytes(), now);
            assert!(batch.is_ok(), "{visit}: {:?}", batch.err());
        }
    }
}
