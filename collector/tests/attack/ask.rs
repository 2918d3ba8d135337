//! Questions that are not understood: each has an error with the nearest that is, and none an answer about everybody.
//!
//! Owns: what is asked of a store of 2,000 releases, and what must be said of it. Refuses: what an answer holds.
//! Invariant: a question that is not understood ends with 2, or 400 or 404, and says what was wrong in a few words.

use crate::attacked::{Answer, Attacked, ONE_TENANT};
use crate::said::{Fallen, nowait, nowait_with};
use nowait_collector::store::{Intake, SqliteStore, Store};
use nowait_wire::testing::session;
use std::path::Path;

/// A store of the tenant `bank` with these releases.
fn filled(folder: &Path, versions: usize) {
    let store = SqliteStore::open(folder).unwrap();
    let mut waiting = Vec::new();
    for seed in 0..versions {
        let mut batch = session(seed as u64, 6);
        batch.context.app_version = format!("8.{}.{}", seed / 40, seed % 40);
        let now = batch.anchors[0].wall_unix_ms;
        let frame = nowait_wire::encode(&batch).unwrap();
        waiting.push(store.append(Intake::new("bank", frame, batch, now, None)).unwrap());
        if waiting.len() == 200 {
            waiting.drain(..).for_each(|pending| _ = pending.wait().unwrap());
        }
    }
    waiting.into_iter().for_each(|pending| _ = pending.wait().unwrap());
    store.close();
}

/// What is asked, and what must be said of it.
const QUESTIONS: [(&[&str], &str); 26] = [
    (&["report", "--tenant", "nope"], "no tenant \"nope\"; known is: \"bank\""),
    (&["report", "--version", "9.9.9"], "no app version \"9.9.9\"; the nearest of 2000: \""),
    (&["report", "--version", "8.2.00"], "\"8.2.0\""),
    (&["report", "--version", ""], "it is empty"),
    (&["report", "--tenant", " "], "it is empty"),
    (&["report", "--since", "20260305"], "for the date write 2026-03-05"),
    (&["report", "--until", "1772721000"], "is no time"),
    (&["report", "--since", "2026-02-30"], "is no time"),
    (&["report", "--since", "2999-01-01"], "in the future"),
    (&["report", "--since", "2026-03-05", "--until", "2026-03-04"], "not earlier than until"),
    (&["report", "--since", "2026-03-05T14:20", "--until", "2026-03-05T14:10"], "not earlier than until"),
    (&["report", "--since", "1d", "--until", "-7d"], "not earlier than until"),
    (&["report", "--hours", "24", "--since", "2026-03-05"], "cannot be used with"),
    (&["report", "--hours", "0"], "whole number from 1"),
    (&["report", "--os", "andriod"], "nearest is \"android\""),
    (&["report", "--tier", "fast"], "write one of"),
    (&["report", "--country", "Germany"], "two letters"),
    (&["report", "--dimension", "segment"], "KEY=VALUE"),
    (&["report", "--dimension", "a=1", "--dimension", "a=2"], "which no batch is"),
    (&["report", "--url", "http://127.0.0.1:9", "--data", "elsewhere"], "cannot be used with"),
    (&["report", "--token", "t"], "--url"),
    (&["compare", "x", "y"], "no app version \"x\"; the nearest of 2000: \""),
    (&["compare", "8.2.0", "9.9.9"], "no app version \"9.9.9\""),
    (&["compare", "8.2.0", ""], "it is empty"),
    (&["compare", "8.2.0", "8.3.0", "--since", "1h"], "no waits of app version \"8.2.0\" in this span"),
    (&["compare", "8.2.0", "8.3.0", "--min-effect", "-5"], "per cent"),
];

/// A collector that serves a store of so many releases.
pub(crate) fn serving(versions: usize) -> Attacked {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    filled(&data, versions);
    Attacked::start_at(ONE_TENANT, "", folder, &data)
}

pub(crate) fn command_line() {
    let server = serving(2_000);
    let (data, url) = (server.data(), server.server.url());
    let data = data.to_str().unwrap();
    let mut fallen = Fallen::default();
    for (question, wanted) in QUESTIONS {
        let names_source = question.iter().any(|word| ["--url", "--data", "--token"].contains(word));
        for source in [["--data", data], ["--url", &url]].iter().take(if names_source { 1 } else { 2 }) {
            let args = if names_source { question.to_vec() } else { [question, source].concat() };
            let said = nowait(&args);
            fallen.unless(
                said.refuses(wanted),
                &format!("nowait {} {}", question.join(" "), source[0]),
                &said.all(),
            );
        }
    }
    fallen.end();
}

pub(crate) fn filters() {
    let server = serving(2);
    let data = server.data();
    let data = data.to_str().unwrap();
    let mut fallen = Fallen::default();
    for filter in [
        ["--tier", "low"],
        ["--network", "wifi"],
        ["--country", "DE"],
        ["--model", "Pixel 8"],
        ["--dimension", "a=b"],
    ] {
        let said = nowait(&["report", filter[0], filter[1], "--data", data]);
        // Answered, or refused as unknown: never an answer about everybody.
        let held = said.refuses("there is no ") || (said.0 == 0 && said.1.contains(filter[1]));
        fallen.unless(held, &format!("nowait report {}", filter.join(" ")), &said.all());
    }
    fallen.end();
}

pub(crate) fn addresses() {
    let server = serving(2_000);
    let mut fallen = Fallen::default();
    for (address, status, wanted) in [
        ("/v1/report?tenant=nope", 404, "known is: \\\"bank\\\""),
        ("/v1/report?version=9.9.9", 404, "the nearest of 2000"),
        ("/v1/report?since=20260305", 400, "write 2026-03-05"),
        ("/v1/report?since=2026-03-05&until=2026-03-04", 400, "not earlier than until"),
        ("/v1/report?since=2026-03-05T14:20&until=2026-03-05T14:10", 400, "not earlier than until"),
        ("/v1/report?since=2026-03-05T14:00:00+08:00", 400, "%2B"),
        ("/v1/report?hours=1&since=1d", 400, "leave"),
        ("/v1/report?vresion=8", 400, "nearest is \\\"version\\\""),
        ("/v1/report?version=8.2.0&version=8.3.0", 400, "said twice"),
        ("/v1/report?min_effect=5", 400, "name base and head"),
        ("/v1/report?base=8.2.0", 400, "name both releases"),
        ("/v1/compare?base=x&head=y", 404, "the nearest of 2000"),
        ("/plain?version=9.9.9", 404, "the nearest of 2000"),
    ] {
        let Answer { status: found, body, .. } = server.local(address);
        fallen.unless(
            found == status && body.contains(wanted) && body.len() < 600,
            &format!("GET {address}"),
            &body,
        );
    }
    fallen.end();
}

pub(crate) fn sources() {
    let server = serving(2);
    let (data, url) = (server.data(), server.server.url());
    let data = data.to_str().unwrap();
    let mut fallen = Fallen::default();
    // What is no contradiction: an environment that names a source, and a command line that names another.
    let env = [("NOWAIT_DATA", "/nowhere"), ("NOWAIT_READ_TOKEN", "token-of-another-collector")];
    for (source, env) in [(["--data", data], &env[..]), (["--url", &url], &env[..1])] {
        let said =
            nowait_with(&["report", source[0], source[1], "--version", "8.0.1", "--since=2020-01-01"], env);
        fallen.unless(said.0 == 0, &format!("NOWAIT_DATA=/nowhere nowait report {}", source[0]), &said.all());
    }
    fallen.end();
}
