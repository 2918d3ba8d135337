//! Texts of a stranger on their way to a terminal.
//!
//! Owns: words of a command and answers of another collector that hold what nobody sees. Refuses: the page, which is HTML.
//! Invariant: nothing that `nowait` prints holds a character that a terminal follows or a reader does not see.

use crate::ask::serving;
use crate::said::{Fallen, hides, nowait};
use nowait_report::Report;
use std::io::{Read, Write};
use std::net::TcpListener;

/// What conceals, turns round or takes no room: commands of a terminal, marks of direction, tags.
const HIDDEN: [&str; 10] = [
    "\u{1b}[8m",
    "\u{9b}8m",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\u{feff}",
    "\r",
    "\u{7}",
    "\u{7f}",
    "\u{e0041}",
];

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

pub(crate) fn words() {
    let server = serving(2);
    let data = server.data();
    let data = data.to_str().unwrap();
    let mut fallen = Fallen::default();
    for hidden in HIDDEN {
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
            fallen.unless(
                said.0 == 2 && !said.2.is_empty() && !hides(&said.2) && !hides(&said.1),
                &args.join(" "),
                &said.all(),
            );
        }
    }
    fallen.end();
}

pub(crate) fn answers() {
    let mut fallen = Fallen::default();
    for hidden in HIDDEN {
        let evil = format!("8.2{hidden}.0");
        let reason = serde_json::json!({ "reason": format!("no{hidden}\nnowait: all is well") }).to_string();
        for (what, url) in [
            ("a foreign refusal", answering("400 Bad Request", reason)),
            ("a foreign report", answering("200 OK", hostile_report(&evil))),
        ] {
            for json in [&[][..], &["--json"]] {
                let said = nowait(&[&["report", "--url", &url], json].concat());
                let forged = said.2.lines().any(|line| line == "nowait: all is well");
                let whole = said.0 == 2 || said.1.contains("8.2");
                fallen.unless(
                    whole && !hides(&said.1) && !hides(&said.2) && !forged,
                    &format!("{what} {hidden} {}", json.concat()),
                    &said.all(),
                );
            }
        }
    }
    fallen.end();
}
