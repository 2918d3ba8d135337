//! The first plain page: a report as HTML, without a line of script.
//!
//! Owns: which section shows what. Refuses: computing (every number is a field of the report) and HTTP.
//! Invariant: what the page shows is what the JSON and the command line say.

mod html;
mod sections;

use crate::ask::Ask;
use html::{element, escape};
use nowait_report::text::units::moment;
use nowait_report::{Comparison, Report};

const STYLE: &str = include_str!("style.css");

/// The operating systems that the form offers.
const SYSTEMS: [&str; 6] = ["android", "ios", "linux", "macos", "windows", "other"];

/// What a page is made of.
pub(crate) struct Page<'a> {
    /// What was asked.
    pub(crate) ask: &'a Ask,
    /// The answer.
    pub(crate) report: &'a Report,
    /// Two releases side by side, if they were asked for.
    pub(crate) comparison: Option<&'a Comparison>,
    /// The releases there are.
    pub(crate) app_versions: &'a [String],
}

/// The whole document. The style carries the nonce, so that nothing else on the page can be one.
pub(crate) fn render(page: &Page, nonce: &str) -> String {
    let mut out = String::with_capacity(32 * 1024);
    out.push_str("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    out.push_str("<title>NoWait: where customers wait</title>");
    out.push_str(&format!("<style nonce=\"{nonce}\">{STYLE}</style></head><body>"));
    out.push_str("<header><h1>Where customers wait</h1>");
    element(&mut out, "p", &scope(page.report));
    out.push_str("</header>");
    form(&mut out, page);
    out.push_str("<main>");
    if let Some(comparison) = page.comparison {
        sections::comparison(&mut out, comparison);
    }
    sections::report(&mut out, page.report);
    out.push_str("</main></body></html>");
    out
}

fn scope(report: &Report) -> String {
    let scope = &report.scope;
    if scope.until_unix_ms == 0 {
        return "Nothing has arrived yet.".to_owned();
    }
    let mut text = format!("{} to {} UTC", moment(scope.from_unix_ms), moment(scope.until_unix_ms));
    for (column, value) in &scope.filters {
        text.push_str(&format!(", {column} {value}"));
    }
    text
}

fn form(out: &mut String, page: &Page) {
    let ask = page.ask;
    let versions: Vec<&str> = page.app_versions.iter().map(String::as_str).collect();
    out.push_str("<form method=\"get\" action=\"/\">");
    if let Some(tenant) = ask.tenant() {
        out.push_str("<input type=\"hidden\" name=\"tenant\" value=\"");
        escape(out, tenant);
        out.push_str("\">");
    }
    select(out, ("Release", "version"), &ask.version, &versions);
    select(out, ("System", "os"), &ask.os, &SYSTEMS);
    input(out, ("Last hours", "hours"), &ask.hours, "24");
    input(out, ("Since (UTC)", "since"), &ask.since, "2026-03-05");
    input(out, ("Until (UTC)", "until"), &ask.until, "2026-03-06");
    select(out, ("Compare BASE", "base"), &ask.base, &versions);
    select(out, ("with HEAD", "head"), &ask.head, &versions);
    out.push_str("<button type=\"submit\">Show</button></form>");
}

fn select(out: &mut String, (label, name): (&str, &str), chosen: &str, choices: &[&str]) {
    out.push_str(&format!("<label>{label}<select name=\"{name}\"><option value=\"\">–</option>"));
    for choice in choices {
        out.push_str("<option value=\"");
        escape(out, choice);
        out.push_str(if *choice == chosen { "\" selected>" } else { "\">" });
        escape(out, choice);
        out.push_str("</option>");
    }
    out.push_str("</select></label>");
}

fn input(out: &mut String, (label, name): (&str, &str), value: &str, example: &str) {
    out.push_str(&format!("<label>{label}<input name=\"{name}\" placeholder=\"{example}\" value=\""));
    escape(out, value);
    out.push_str("\"></label>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use nowait_report::report::{Latency, ReceivedBytes, Tap, Touchpoint, Within};
    use nowait_wire::Kind;

    const EVIL: &str = "</td><script>alert(\"x\")</script>";

    #[test]
    fn nothing_that_came_from_outside_becomes_markup() {
        let touchpoint = Touchpoint {
            kind: Kind::Tap,
            name: EVIL.into(),
            label: EVIL.into(),
            target_ns: 1,
            weight: 1.0,
            figures: Default::default(),
            by_app_version: Vec::new(),
            by_os: Vec::new(),
        };
        let tap = Tap {
            name: EVIL.into(),
            outcomes: Default::default(),
            latency: Default::default(),
            handled: Default::default(),
            rage_taps: 0,
        };
        let report = Report { touchpoints: vec![touchpoint], taps: vec![tap], ..Report::default() };
        let ask = Ask { tenant: EVIL.into(), since: EVIL.into(), ..Ask::default() };
        let versions = [EVIL.to_owned()];
        let page = Page { ask: &ask, report: &report, comparison: None, app_versions: &versions };
        let html = render(&page, "0");
        assert!(!html.contains("<script") && html.matches("&lt;script&gt;").count() >= 5, "{html}");
    }

    #[test]
    fn the_cost_is_there_if_any_session_measured_it() {
        let of = |report: &Report| {
            let ask = Ask::default();
            render(&Page { ask: &ask, report, comparison: None, app_versions: &[] }, "0")
        };
        let mut report = Report::default();
        assert!(!of(&report).contains("NoWait cost"));
        report.cost.sessions = 1_234;
        report.cost.start = Latency { count: 1_200, p95_ns: Some(2_340_000), ..Latency::default() };
        report.cost.record.p50 = Some(Within { from_ns: 32, below_ns: Some(64) });
        report.cost.received =
            ReceivedBytes { sessions: 1_100, per_event: Some(4.768), ..ReceivedBytes::default() };
        report.cost.dropped_share = Some(0.0123);
        let html = of(&report);
        for wanted in [
            "Measured in 1,234 sessions",
            "<td>1,200</td><td>–</td><td>–</td><td>2.34 ms</td>",
            "<td>&lt; 64 ns</td>",
            "<td>1,100</td><td>–</td><td>4.77 B</td>",
            "1.2 % were dropped",
        ] {
            assert!(html.contains(wanted), "{wanted}: {html}");
        }
    }

    #[test]
    fn an_empty_store_has_a_page() {
        let page =
            Page { ask: &Ask::default(), report: &Report::default(), comparison: None, app_versions: &[] };
        let html = render(&page, "0");
        assert!(html.contains("Nothing has arrived yet") && html.ends_with("</html>"));
    }
}
