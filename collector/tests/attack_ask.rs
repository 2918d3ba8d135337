//! Attacks on what is asked and on what is shown, against the binary: every row says held or fell.
//!
//! `cargo test -p nowait-collector --test attack_ask -- --nocapture` prints the table.

mod running;

use nowait_collector::store::{Intake, SqliteStore, Store};
use nowait_report::Report;
use nowait_scrub::is_hidden;
use nowait_wire::testing::session;
use nowait_wire::{Batch, CONTENT_TYPE, Kind, NameId};
use running::{NOWAIT, Server};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const CARD: &str = "4111 1111 1111 1111";
const ESC: &str = "\u{1b}[8m";

/// The rows of one kind of attack; what fell is told at the end, when all of them had their turn.
#[derive(Default)]
struct Rows {
    fell: Vec<String>,
}

impl Rows {
    fn row(&mut self, attack: &str, held: bool, seen: &str) {
        println!("{}  {}", if held { "held" } else { "fell" }, attack.escape_debug());
        if !held {
            self.fell.push(format!("{}: {}", attack.escape_debug(), seen.escape_debug()));
        }
    }

    fn end(self) {
        assert!(self.fell.is_empty(), "fell:\n{}", self.fell.join("\n"));
    }
}

/// What a command said: exit code, standard output, standard error.
struct Said(i32, String, String);

fn nowait(args: &[&str]) -> Said {
    nowait_with(args, &[])
}

fn nowait_with(args: &[&str], env: &[(&str, &str)]) -> Said {
    let mut command = Command::new(NOWAIT);
    command.args(args).env_remove("NOWAIT_DATA").env_remove("NOWAIT_READ_TOKEN").envs(env.iter().copied());
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Said(output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

impl Said {
    /// An error of one screen that says this, prints no result and nothing that a terminal would follow.
    fn refuses(&self, wanted: &str) -> bool {
        let Said(code, out, err) = self;
        *code == 2 && out.is_empty() && err.contains(wanted) && err.len() < 1_500 && !hides(err)
    }

    fn all(&self) -> String {
        format!("{} {} {}", self.0, self.1, self.2)
    }
}

/// Whether a text holds anything but what a reader sees.
fn hides(text: &str) -> bool {
    text.chars().any(|c| c != '\n' && is_hidden(c))
}

impl Server {
    /// Status and body.
    fn ask(&self, head: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let (address, length) = (&self.address, body.len());
        let head =
            format!("{head}\r\nhost: {address}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    fn get(&self, path: &str) -> (u16, String) {
        self.ask(&format!("GET {path} HTTP/1.1"), b"")
    }

    fn post(&self, batch: &Batch) -> (u16, String) {
        let key = &self.key;
        let head = format!(
            "POST /v1/batches HTTP/1.1\r\nauthorization: Bearer {key}\r\ncontent-type: {CONTENT_TYPE}"
        );
        self.ask(&head, &nowait_wire::encode(batch).unwrap())
    }
}

/// A store of the tenant `default` with these releases.
fn filled(folder: &Path, versions: usize) {
    let store = SqliteStore::open(folder).unwrap();
    let mut waiting = Vec::new();
    for seed in 0..versions {
        let mut batch = session(seed as u64, 6);
        batch.context.app_version = format!("8.{}.{}", seed / 40, seed % 40);
        let now = batch.anchors[0].wall_unix_ms;
        let frame = nowait_wire::encode(&batch).unwrap();
        waiting.push(store.append(Intake::new("default", frame, batch, now, None)).unwrap());
        if waiting.len() == 200 {
            waiting.drain(..).for_each(|pending| _ = pending.wait().unwrap());
        }
    }
    waiting.into_iter().for_each(|pending| _ = pending.wait().unwrap());
    store.close();
}

/// What is asked, and what must be said of it.
const QUESTIONS: [(&[&str], &str); 26] = [
    (&["report", "--tenant", "nope"], "no tenant \"nope\"; known is: \"default\""),
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

#[test]
fn attack_questions_that_are_not_understood() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 2_000);
    let server = Server::start(folder.path());
    let (data, url) = (folder.path().to_str().unwrap(), server.url());
    let mut rows = Rows::default();
    for (question, wanted) in QUESTIONS {
        let names_source = question.iter().any(|word| ["--url", "--data", "--token"].contains(word));
        for source in [["--data", data], ["--url", &url]].iter().take(if names_source { 1 } else { 2 }) {
            let args = if names_source { question.to_vec() } else { [question, source].concat() };
            let said = nowait(&args);
            rows.row(
                &format!("nowait {} {}", question.join(" "), source[0]),
                said.refuses(wanted),
                &said.all(),
            );
        }
    }
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
        rows.row(&format!("nowait report {}", filter.join(" ")), held, &said.all());
    }
    for (address, status, wanted) in [
        ("/v1/report?tenant=nope", 404, "known is: \\\"default\\\""),
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
        ("/?version=9.9.9", 404, "the nearest of 2000"),
    ] {
        let (found, body) = server.get(address);
        rows.row(
            &format!("GET {address}"),
            found == status && body.contains(wanted) && body.len() < 600,
            &body,
        );
    }
    // What is no contradiction: an environment that names a source, and a command line that names another.
    let env = [("NOWAIT_DATA", "/nowhere"), ("NOWAIT_READ_TOKEN", "token-of-another-collector")];
    for (source, env) in [(["--data", data], &env[..]), (["--url", &url], &env[..1])] {
        let said =
            nowait_with(&["report", source[0], source[1], "--version", "8.2.0", "--since=2020-01-01"], env);
        rows.row(&format!("NOWAIT_DATA=/nowhere nowait report {}", source[0]), said.0 == 0, &said.all());
    }
    rows.end();
}

/// A collector of somebody else, which answers every question with this.
fn answering(status: &str, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len());
    let answer = format!("{head}connection: close\r\n\r\n{body}");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut asked = [0; 4_096];
            let _ = stream.read(&mut asked);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

/// A report in which every text is an attack.
fn hostile_report(text: &str) -> String {
    let mut report = serde_json::to_value(Report::default()).unwrap();
    report["scope"]["until_unix_ms"] = 1.into();
    report["scope"]["filters"] = serde_json::json!({ text: text });
    report["ledger"]["facts"]["sessions"] = 1.into();
    report["ledger"]["facts"]["refused_total"] = 1.into();
    report["ledger"]["facts"]["refused"] = serde_json::json!({ text: 1 });
    report["ledger"]["dropped_total"] = 1.into();
    report["ledger"]["dropped"] = serde_json::json!({ text: 1 });
    report["exits"]["latest"] = serde_json::json!([{
        "session": text, "reason": "died_in_foreground", "app_version": text, "os": "ios", "device_model": text,
        "ended_unix_ms": 1, "lived_ns": 1, "trail": [{ "name": text, "value": 1, "before_end_ms": 1 }]
    }]);
    report.to_string()
}

#[test]
fn attack_texts_that_reach_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path(), 2);
    let data = folder.path().to_str().unwrap();
    let mut rows = Rows::default();
    for hidden in [
        ESC,
        "\u{9b}8m",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{feff}",
        "\r",
        "\u{7}",
        "\u{7f}",
        "\u{e0041}",
    ] {
        let evil = format!("8.2{hidden}.0");
        for args in [
            vec!["compare", &evil, "y", "--data", data],
            vec!["report", "--version", &evil, "--data", data],
            vec!["report", "--tenant", &evil, "--data", data],
            vec!["report", "--since", &evil, "--data", data],
            vec!["report", "--dimension", &evil, "--data", data],
            vec!["report", "--data", &evil],
            vec!["report", "--url", &evil],
            vec!["report", &evil],
            vec!["reindex", "--data", &evil],
            vec!["serve", "--keys", &evil],
            vec!["replay", &evil],
            vec![&evil],
        ] {
            let said = nowait(&args);
            rows.row(
                &args.join(" "),
                said.0 == 2 && !said.2.is_empty() && !hides(&said.2) && !hides(&said.1),
                &said.all(),
            );
        }
        let reason = serde_json::json!({ "reason": format!("no{hidden}\nnowait: all is well") }).to_string();
        for (what, url) in [
            ("a foreign refusal", answering("400 Bad Request", reason)),
            ("a foreign report", answering("200 OK", hostile_report(&evil))),
        ] {
            for json in [&[][..], &["--json"]] {
                let said = nowait(&[&["report", "--url", &url], json].concat());
                let forged = said.2.lines().any(|line| line == "nowait: all is well");
                let whole = said.0 == 2 || said.1.contains("8.2");
                rows.row(
                    &format!("{what} {hidden} {}", json.concat()),
                    whole && !hides(&said.1) && !hides(&said.2) && !forged,
                    &said.all(),
                );
            }
        }
    }
    rows.end();
}

/// Whether any text of this JSON holds the other one.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own.contains(text),
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(fields) => fields.iter().any(|(name, field)| name.contains(text) || holds(field, text)),
        _ => false,
    }
}

/// One way in which a client sends a text that no device would.
type Smuggle = fn(&mut Batch, &str);

#[test]
fn attack_clients_that_do_not_scrub() {
    let ways: [(&str, Smuggle); 9] = [
        ("name", |batch, text| {
            let at = batch.events[0].name.0.max(NameId::RESERVED.len() as u32) as usize;
            batch.names[at] = text.into();
        }),
        ("every name", |batch, text| batch.names.iter_mut().skip(6).for_each(|name| *name = text.into())),
        ("version", |batch, text| batch.context.app_version = text.into()),
        ("build", |batch, text| batch.context.app_build = text.into()),
        ("model", |batch, text| batch.context.device_model = text.into()),
        ("OS version", |batch, text| batch.context.os_version = text.into()),
        ("country", |batch, text| batch.context.country = text.into()),
        ("dimension key", |batch, text| batch.context.dimensions[0].0 = text.into()),
        ("dimension value", |batch, text| batch.context.dimensions[0].1 = text.into()),
    ];
    let texts = [
        CARD,
        "4111-1111-1111-1111",
        "GB82 WEST 1234 5698 7654 32",
        "tai.man@example.com",
        "+852 9123 4567",
        ESC,
        "a\u{202e}b",
    ];
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let mut rows = Rows::default();
    for (seed, (way, smuggle)) in ways.iter().enumerate() {
        for (nth, text) in texts.iter().enumerate() {
            let mut batch = session((seed * 100 + nth) as u64, 60);
            smuggle(&mut batch, text);
            batch.context.dimensions.sort();
            let (status, body) = server.post(&batch);
            rows.row(
                &format!("{text} as {way} is taken"),
                status == 200 && body.contains("\"stored\""),
                &body,
            );
        }
    }
    let said = nowait(&["report", "--data", folder.path().to_str().unwrap(), "--json"]).1;
    let (_, page) = server.get("/");
    let versions = serde_json::from_str::<Report>(&said).unwrap();
    rows.row("what was redacted is counted", versions.ledger.names_redacted >= 63, &said);
    drop(server);
    let mut files = Vec::new();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        files.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    for text in texts {
        let stored = files.windows(text.len()).any(|bytes| bytes == text.as_bytes());
        let shown = holds(&serde_json::from_str(&said).unwrap(), text) || page.contains(text);
        rows.row(
            &format!("{text} is nowhere"),
            !stored && !shown,
            &format!("stored {stored}, shown {shown}"),
        );
    }
    // Frames are deflated: what they hold is what the rollups are made of again.
    let again = nowait(&["reindex", "--data", folder.path().to_str().unwrap()]);
    let after = nowait(&["report", "--data", folder.path().to_str().unwrap(), "--json"]).1;
    rows.row("nor in a frame", again.0 == 0 && after == said, &again.all());
    rows.end();
}

#[test]
fn attack_taps_that_spell_a_pin() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let mut rows = Rows::default();
    let keypads = [
        ["pin_key_4", "pin_key_0", "pin_key_7"],
        ["keyA", "key_b", "key-c"],
        ["btnSeven", "btn_four", "btn.ONE"],
    ];
    for (seed, keys) in keypads.iter().enumerate() {
        let mut batch = session(seed as u64, 60);
        let first = batch.names.len() as u32;
        batch.names.extend(keys.map(String::from));
        for (event, at) in batch.events.iter_mut().zip(0..) {
            event.kind = [Kind::Tap, Kind::Settled, Kind::RageTap][at % 3];
            event.name = NameId(first + at as u32 % 3);
        }
        let (status, body) = server.post(&batch);
        let report: Value = serde_json::from_str(&server.get("/v1/report").1).unwrap();
        let told = keys.iter().any(|key| holds(&report, key));
        rows.row(&keys.join(" "), status == 200 && !told && report["taps"][0]["name"].is_string(), &body);
    }
    rows.end();
}
