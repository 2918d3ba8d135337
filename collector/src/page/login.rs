//! The page that asks for a token.
//!
//! Owns: the form. Refuses: what a token is, and where the form may lead (see `serve`). Invariant: it tells nothing of what is stored.

use super::head;
use maud::{DOCTYPE, html};

/// The whole document; `next` is where a browser goes once it is signed in.
pub(crate) fn login(next: &str, refused: Option<&str>, nonce: &str) -> String {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            (head("NoWait: sign in", nonce))
            body {
                header {
                    h1 { "Sign in" }
                    p { "With a read token. Whoever runs the collector makes one: " code { "nowait token" } }
                }
                main {
                    @if let Some(refused) = refused {
                        p class="bad" role="alert" { (refused) }
                    }
                    form method="post" action="/login" {
                        input type="hidden" name="next" value=(next);
                        label {
                            "Read token"
                            input type="password" name="token" autocomplete="current-password" required autofocus;
                        }
                        button type="submit" { "Sign in" }
                    }
                    // A link on another site's page comes without the cookie, one on ours with it.
                    p { "Signed in already? " a href=(next) { "Go on" } }
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
        let html = login("/?os=\"><script>x</script>", Some("<b>"), "0");
        assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
    }
}
