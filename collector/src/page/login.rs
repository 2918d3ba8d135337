//! The page that asks for a token.
//!
//! Owns: the form. Refuses: what a token is, and where the form may lead (see `serve`). Invariant: it tells nothing of what is stored.

use super::head;
use maud::{DOCTYPE, html};
use nowait_report::Language;
use nowait_report::text::word;

/// What each language calls itself.
const LANGUAGES: [(Language, &str); 3] =
    [(Language::En, "English"), (Language::ZhHans, "简体中文"), (Language::ZhHant, "繁體中文")];

/// The whole document; `next` is where a browser goes once it is signed in.
pub(crate) fn login(next: &str, refused: Option<&str>, language: Language, nonce: &str) -> String {
    let text = |key: &str| word("login", key, language);
    let in_language = |language: Language| {
        let words = [("next", next), ("lang", language.tag())];
        format!("/login?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(words).finish())
    };
    let document = html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            (head(&format!("NoWait: {}", text("title")), nonce))
            body {
                header {
                    nav {
                        @for (other, name) in LANGUAGES {
                            a href=(in_language(other)) lang=(other.tag()) { (name) } " "
                        }
                    }
                    h1 { (text("title")) }
                    p { (text("who")) " " code { "nowait token" } }
                }
                main {
                    @if let Some(refused) = refused {
                        p class="bad" role="alert" { (refused) }
                    }
                    form method="post" action="/login" {
                        input type="hidden" name="next" value=(next);
                        input type="hidden" name="lang" value=(language.tag());
                        label {
                            (text("token"))
                            input type="password" name="token" autocomplete="current-password" required autofocus;
                        }
                        button type="submit" { (text("sign_in")) }
                    }
                    // A link on another site's page comes without the cookie, one on ours with it.
                    p { (text("already")) " " a href=(next) { (text("go_on")) } }
                }
            }
        }
    };
    document.into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_came_from_outside_becomes_markup() {
        for language in Language::ALL {
            let html = login("/?os=\"><script>x</script>", Some("<b>"), language, "0");
            assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
        }
    }

    #[test]
    fn it_is_in_the_language_that_is_asked_for_and_leads_to_the_others() {
        let html = login("/gaps?lang=zh-Hant", None, Language::ZhHant, "0");
        for wanted in ["<html lang=\"zh-Hant\"", "登入", "/login?next=%2Fgaps%3Flang%3Dzh-Hant&amp;lang=en"]
        {
            assert!(html.contains(wanted), "{wanted}: {html}");
        }
        assert!(!html.contains("Sign in"), "{html}");
    }
}
