//! The first plain page: a report as HTML, without a line of script.
//!
//! Owns: which section shows what. Refuses: computing (every number is a field of the report) and HTTP.
//! Invariant: what the page shows is what the JSON and the command line say.

mod comparison;
mod html;
mod journeys;
mod login;
mod sections;
mod service;
mod verdict;

use crate::ask::Ask;
use crate::keys::Role;
use crate::limits::PAGE_CHOICES_MAX;
use html::Shown;
pub(crate) use journeys::journeys;
pub(crate) use login::login;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use nowait_report::text::span;
use nowait_report::{Comparison, Language, Report, Section};
pub(crate) use service::service;
pub(crate) use verdict::document;

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
    /// Who reads, if that is a browser that signed in.
    pub(crate) signed_in: Option<(&'a str, Role)>,
}

/// The whole document. The style carries the nonce, so that nothing else on the page can be one.
pub(crate) fn render(page: &Page, nonce: &str) -> String {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            (head("NoWait: where customers wait", nonce))
            body {
                header {
                    (signed_in(page))
                    nav {
                        a href="/plain/indicators" { "Indicators" }
                        " "
                        a href="/plain/gaps" { "Short of expectations" }
                        " "
                        a href="/plain/map" { "Touchpoint map" }
                        " "
                        a href="/plain/journeys" { "Journeys" }
                    }
                    h1 { "Where customers wait" }
                    p { (Shown(&scope(page.report))) }
                    @for (what, n) in &page.report.uncounted {
                        p { "Not counted: " (n) " " (Shown(what)) }
                    }
                }
                (form(page))
                main {
                    @if let Some(comparison) = page.comparison {
                        (comparison::comparison(comparison))
                    }
                    (sections::report(page.report))
                    (pages(page))
                }
            }
        }
    };
    document.into_string()
}

/// Tables that need no question: what a bank says of itself, or how to begin where it said nothing yet.
pub(crate) fn tables(title: &str, sections: &[Section], example: &str, nonce: &str) -> String {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            (head(&format!("NoWait: {title}"), nonce))
            body {
                header {
                    nav { a href="/plain" { "Where customers wait" } }
                    h1 { (title) }
                }
                main {
                    @for of in sections {
                        (sections::section(of, Language::En))
                    }
                    @if sections.is_empty() {
                        p { "Nothing is said yet. Write it into the file of --budgets:" }
                        pre { (example) }
                    }
                }
            }
        }
    };
    document.into_string()
}

/// What every page begins with.
fn head(title: &str, nonce: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            title { (title) }
            style nonce=(nonce) { (PreEscaped(STYLE)) }
        }
    }
}

/// Who reads, and the way out.
fn signed_in(page: &Page) -> Markup {
    html! {
        @if let Some((tenant, role)) = page.signed_in {
            form class="out" method="post" action="/logout" {
                "Signed in as " (role.word()) " of " (Shown(tenant))
                button type="submit" { "Sign out" }
            }
        }
    }
}

/// The way to the rows of each section that are not on this page.
fn pages(page: &Page) -> Markup {
    let here = page.ask.page.trim().parse().unwrap_or(1);
    let address = |number: usize| {
        let words = page.ask.said().into_iter().filter(|(name, _)| *name != "page");
        let mut text = form_urlencoded::Serializer::new(String::new());
        let text = text.extend_pairs(words).append_pair("page", &number.to_string()).finish();
        format!("/plain?{text}")
    };
    html! {
        @if !page.report.left_out.is_empty() {
            nav {
                @if here > 1 {
                    a href=(address(here - 1)) { "Rows before these" }
                    " "
                }
                a href=(address(here.saturating_add(1))) { "Rows behind these" }
            }
        }
    }
}

fn scope(report: &Report) -> String {
    let scope = &report.scope;
    if scope.until_unix_ms == 0 {
        return "Nothing has arrived yet.".to_owned();
    }
    let mut text = span(scope);
    for (column, value) in &scope.filters {
        text.push_str(&format!(", {column} {value}"));
    }
    text
}

/// The names of the words that the form has fields for; what else was said goes with it unseen.
const FIELDS: [&str; 7] = ["version", "os", "hours", "since", "until", "base", "head"];

fn form(page: &Page) -> Markup {
    let ask = page.ask;
    let versions: Vec<&str> = page.app_versions.iter().map(String::as_str).collect();
    html! {
        form method="get" action="/plain" {
            @for (name, word) in ask.said().into_iter().filter(|(name, _)| !FIELDS.contains(name) && *name != "page") {
                input type="hidden" name=(name) value=(word);
            }
            (select(("Release", "version"), &ask.version, &versions))
            (select(("System", "os"), &ask.os, &SYSTEMS))
            (input(("Last hours", "hours"), &ask.hours, "24"))
            (input(("Since (UTC)", "since"), &ask.since, "2026-03-05"))
            (input(("Until (UTC)", "until"), &ask.until, "2026-03-06"))
            (select(("Compare BASE", "base"), &ask.base, &versions))
            (select(("with HEAD", "head"), &ask.head, &versions))
            button type="submit" { "Show" }
        }
    }
}

/// A choice; where there are too many to choose from, a field to write in.
fn select((label, name): (&str, &str), chosen: &str, choices: &[&str]) -> Markup {
    if choices.len() > PAGE_CHOICES_MAX {
        return input((label, name), chosen, choices.last().unwrap_or(&""));
    }
    html! {
        label {
            (label)
            select name=(name) {
                option value="" { "–" }
                @for choice in choices {
                    option value=(choice) selected[*choice == chosen] { (Shown(choice)) }
                }
            }
        }
    }
}

fn input((label, name): (&str, &str), value: &str, example: &str) -> Markup {
    html! {
        label {
            (label)
            input name=(name) placeholder=(Shown(example)) value=(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nowait_report::report::{Latency, ReceivedBytes, Slice, Tap, Touchpoint, Within};
    use nowait_wire::Kind;

    const EVIL: &str = "</td><script>alert(\"x\")</script>";

    #[test]
    fn nothing_that_came_from_outside_becomes_markup() {
        let touchpoint = Touchpoint {
            kind: Kind::Tap,
            name: EVIL.into(),
            label: EVIL.into(),
            target_ns: 1,
            in_time_ns: 1,
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
        let page =
            Page { ask: &ask, report: &report, comparison: None, app_versions: &versions, signed_in: None };
        let html = render(&page, "0");
        assert!(!html.contains("<script") && html.matches("&lt;script&gt;").count() >= 5, "{html}");
    }

    #[test]
    fn the_cost_is_there_if_any_session_measured_it() {
        let of = |report: &Report| {
            let ask = Ask::default();
            render(&Page { ask: &ask, report, comparison: None, app_versions: &[], signed_in: None }, "0")
        };
        let mut report = Report::default();
        assert!(!of(&report).contains("What NoWait cost"));
        report.cost.sessions = 1_234;
        report.cost.start = Latency { count: 1_200, p95_ns: Some(2_340_000), ..Latency::default() };
        report.cost.record.p50 = Some(Within { from_ns: 32, below_ns: Some(64) });
        report.cost.received =
            ReceivedBytes { sessions: 1_100, per_event: Some(4.768), ..ReceivedBytes::default() };
        let html = of(&report);
        for wanted in [
            "measured in 1,234 sessions",
            "<td>1,200</td><td>–</td><td>too few</td><td>2.34 ms</td>",
            "<td>&lt; 64 ns</td>",
            "<td>1,100</td><td>–</td><td>4.77 B</td>",
        ] {
            assert!(html.contains(wanted), "{wanted}: {html}");
        }
    }

    #[test]
    fn nothing_is_hidden_from_the_reader_and_nothing_grows_without_end() {
        let hidden = "8.2\u{202e}.0\u{1b}[8m";
        let slice = Slice { value: hidden.into(), figures: Default::default() };
        let mut touchpoint = Touchpoint {
            kind: Kind::Tap,
            name: hidden.into(),
            label: hidden.into(),
            target_ns: 1,
            in_time_ns: 1,
            weight: 1.0,
            figures: Default::default(),
            by_app_version: vec![slice; 2_000],
            by_os: Vec::new(),
        };
        touchpoint.figures.lost_ns = 1;
        let mut report = Report { touchpoints: vec![touchpoint; 300], ..Report::default() };
        report.left_out.insert("touchpoints".into(), 7);
        let versions: Vec<String> = (0..2_000).map(|n| format!("8.{n}{hidden}")).collect();
        let ask = Ask { country: "DE".into(), dimensions: vec!["a:b".into()], ..Ask::default() };
        let page =
            Page { ask: &ask, report: &report, comparison: None, app_versions: &versions, signed_in: None };
        let html = render(&page, "0");
        assert!(!html.contains(['\u{202e}', '\u{1b}']), "hidden");
        assert!(html.len() < 400_000, "{} bytes", html.len());
        assert!(
            html.contains("… and 1,975 more")
                && html.contains("… and 107 more")
                && html.contains("name=\"country\" value=\"DE\""),
            "{html}"
        );
        assert!(html.contains("type=\"hidden\" name=\"dimension\" value=\"a:b\""));
    }

    #[test]
    fn an_empty_store_has_a_page() {
        let page = Page {
            ask: &Ask::default(),
            report: &Report::default(),
            comparison: None,
            app_versions: &[],
            signed_in: None,
        };
        let html = render(&page, "0");
        assert!(html.contains("Nothing has arrived yet") && html.ends_with("</html>"));
    }
}
