//! Whether a form comes from a page of ours.
//!
//! Owns: what a browser says of that, and over what its cookie will travel. Refuses: what is in the form (see `login`).
//! Invariant: a form is taken only from a browser that says that a page of ours sent it. Only browsers set these headers, and no
//! page can change them; a program that has none of them has a token, and needs no form.

use super::access::{is_from_here, is_local};
use axum::extract::Request;
use axum::http::header::{self, HeaderName};

/// Why a form is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotOurs {
    /// Another site's page sent it, or nobody says which.
    Foreign,
    /// It came without TLS from another machine: the browser would not keep the cookie, and the token was there to be read.
    Plain,
}

/// Whether the cookie is to travel by TLS alone.
///
/// `Sec-Fetch-Site` decides where there is one: it needs no comparison of names, which proxies change. Browsers send it over TLS
/// and on this machine; elsewhere `Origin` has to be the host that was asked.
pub(super) fn is_secure(request: &Request) -> Result<bool, NotOurs> {
    let origin = only(request, &header::ORIGIN)?;
    match only(request, &HeaderName::from_static("sec-fetch-site"))? {
        Some("same-origin") => {}
        Some(_) => return Err(NotOurs::Foreign),
        None => {
            let asked = only(request, &header::HOST)?;
            let from = origin.and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
            if !from.zip(asked).is_some_and(|(from, asked)| from.eq_ignore_ascii_case(asked)) {
                return Err(NotOurs::Foreign);
            }
        }
    }
    match origin.and_then(|origin| origin.split_once("://")) {
        Some(("https", _)) => Ok(true),
        Some(("http", authority)) if is_local(authority) => Ok(false),
        Some(("http", _)) => Err(NotOurs::Plain),
        _ => Ok(!is_from_here(request)),
    }
}

/// The value of a header, if there is one; a second one is nobody's word.
fn only<'a>(request: &'a Request, name: &HeaderName) -> Result<Option<&'a str>, NotOurs> {
    let mut values = request.headers().get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| NotOurs::Foreign),
        _ => Err(NotOurs::Foreign),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn said(headers: &[(&str, &str)]) -> Result<bool, NotOurs> {
        let request = headers
            .iter()
            .fold(Request::post("/login"), |request, (name, value)| request.header(*name, *value));
        is_secure(&request.body(Body::empty()).unwrap())
    }

    const BANK: (&str, &str) = ("host", "nowait.bank.example");
    const SAME: (&str, &str) = ("sec-fetch-site", "same-origin");

    #[test]
    fn a_form_of_our_page_is_taken() {
        let own = ("origin", "https://nowait.bank.example");
        assert_eq!(said(&[BANK, own]), Ok(true));
        assert_eq!(said(&[BANK, own, SAME]), Ok(true));
        assert_eq!(said(&[("host", "127.0.0.1:4600"), own, SAME]), Ok(true), "a proxy changed the host");
        assert_eq!(said(&[BANK, SAME]), Ok(true), "no word of where: rather a cookie that is lost");
        for local in ["localhost:4600", "127.0.0.1:4600", "[::1]:4600"] {
            let origin = format!("http://{local}");
            assert_eq!(said(&[("host", local), ("origin", &origin)]), Ok(false), "{local}");
            assert_eq!(said(&[("host", local), SAME]), Ok(false), "{local}");
            assert_eq!(said(&[("host", local), SAME, ("x-forwarded-for", "192.0.2.1")]), Ok(true), "{local}");
        }
    }

    #[test]
    fn any_other_form_is_not() {
        let own = ("origin", "https://nowait.bank.example");
        for headers in [
            vec![BANK],
            vec![own],
            vec![BANK, ("origin", "https://evil.example")],
            vec![BANK, ("origin", "https://nowait.bank.example.evil.example")],
            vec![BANK, ("origin", "https://nowait.bank.example:8443")],
            vec![BANK, ("origin", "null")],
            vec![BANK, ("origin", "")],
            vec![BANK, own, ("sec-fetch-site", "cross-site")],
            vec![BANK, own, ("sec-fetch-site", "same-site")],
            vec![BANK, own, ("sec-fetch-site", "none")],
            vec![BANK, own, SAME, ("sec-fetch-site", "cross-site")],
            vec![BANK, own, ("origin", "https://evil.example")],
        ] {
            assert_eq!(said(&headers), Err(NotOurs::Foreign), "{headers:?}");
        }
        let plain = ("origin", "http://nowait.bank.example");
        assert_eq!(said(&[BANK, plain]), Err(NotOurs::Plain));
    }
}
