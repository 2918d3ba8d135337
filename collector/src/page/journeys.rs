//! The journeys without a script: all of them, or one step by step. Owns: the way from one to another. Refuses: figures.
//! Invariant: a link has all words of the question but which journey it is about.

use super::html::Shown;
use super::{head, sections};
use crate::ask::Ask;
use maud::{DOCTYPE, html};
use nowait_report::{Language, Section};

/// The whole document; `names` are those of the journeys, and what a person calls each.
pub(crate) fn journeys(ask: &Ask, names: &[(&str, &str)], tables: &[Section], nonce: &str) -> String {
    let of = |name: &str| {
        let words = ask.said().into_iter().filter(|(word, _)| *word != "journey").chain([("journey", name)]);
        format!(
            "/plain/journeys?{}",
            form_urlencoded::Serializer::new(String::new()).extend_pairs(words).finish()
        )
    };
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            (head("NoWait: journeys", nonce))
            body {
                header {
                    nav { a href="/plain" { "Where customers wait" } " " a href="/plain/journeys" { "All journeys" } }
                    h1 { "Journeys" }
                    nav { @for (name, label) in names { a href=(of(name)) { (Shown(label)) } " " } }
                }
                main {
                    @for table in tables { (sections::section(table, Language::En)) }
                    @if tables.is_empty() { p { "Nobody began a journey in this span." } }
                }
            }
        }
    };
    document.into_string()
}
