//! A month of service as one HTML file that needs nothing beside it, in every language: for a mail, a printer, a file.
//!
//! Owns: its words that are no table, and how a language is chosen without a script. Refuses: figures (see `nowait_report`).
//! Invariant: no script, no request; and it is never longer than [`SERVICE_BYTES_MAX`](crate::limits::SERVICE_BYTES_MAX).

use super::STYLE;
use super::html::Shown;
use super::sections::section;
use jiff::civil::Date;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use nowait_report::section::of_service;
use nowait_report::text::span;
use nowait_report::{Language, Service};

/// A language is shown if its button is the one that is chosen.
const CHOICE: &str = "
fieldset { border: 0; padding: 0; margin: 0 0 1rem; font-size: .85rem; color: var(--soft); }
fieldset label { display: inline; margin-right: 1rem; }
fieldset input { width: auto; }
body:has(#en:not(:checked)) main[lang=en], body:has(#zh-Hans:not(:checked)) main[lang=zh-Hans],
body:has(#zh-Hant:not(:checked)) main[lang=zh-Hant] { display: none; }
@media print { fieldset { display: none; } body { max-width: none; font-size: 9pt; padding: 0; } section { break-inside: avoid; }
  .wide { overflow: visible; } }
";

/// The whole document, which opens in this language.
pub(crate) fn service(service: &Service, first: Language) -> String {
    let document = html! {
        (DOCTYPE)
        html lang=(first.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "NoWait: " (service.month) }
                style { (PreEscaped(STYLE)) (PreEscaped(CHOICE)) }
            }
            body {
                fieldset {
                    @for language in Language::ALL {
                        input type="radio" name="language" id=(language.tag()) checked[language == first];
                        label for=(language.tag()) lang=(language.tag()) { (named(language)) }
                    }
                }
                @for language in Language::ALL {
                    main lang=(language.tag()) { (month(service, language)) }
                }
            }
        }
    };
    document.into_string()
}

/// A language in itself.
fn named(language: Language) -> &'static str {
    match language {
        Language::En => "English",
        Language::ZhHans => "简体中文",
        Language::ZhHant => "繁體中文",
    }
}

fn month(service: &Service, language: Language) -> Markup {
    let title = language.word("section.service").unwrap_or_default();
    html! {
        h1 { (title) ": " (Shown(&month_named(&service.month, language))) }
        p { (span(&service.report.scope)) }
        @for of in &of_service(service) {
            (section(of, language))
        }
    }
}

/// A month as people say it.
fn month_named(month: &str, language: Language) -> String {
    let Ok(date) = format!("{month}-01").parse::<Date>() else { return month.to_owned() };
    match language {
        Language::En => date.strftime("%B %Y").to_string(),
        Language::ZhHans | Language::ZhHant => format!("{}年{}月", date.year(), date.month()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nowait_report::Report;

    #[test]
    fn it_is_one_file_in_three_languages_that_loads_nothing() {
        let service = Service::new("2026-03".into(), Report::default(), Report::default());
        let html = super::service(&service, Language::ZhHans);
        for text in [
            "March 2026",
            "2026年3月",
            "<main lang=\"zh-Hant\">",
            "id=\"zh-Hans\" checked",
            "default-src 'none'",
        ] {
            assert!(html.contains(text), "{text}");
        }
        for text in ["<script", "src=", "href=", "url("] {
            assert!(!html.contains(text), "{text}");
        }
        assert_eq!(html.matches(" checked").count(), 1);
    }
}
