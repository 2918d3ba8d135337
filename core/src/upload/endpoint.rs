//! Which addresses of a collector are taken.
//!
//! Owns: reading an endpoint as far as safety asks. Refuses: resolving and connecting.
//! Invariant: an endpoint without TLS stays on the device. What several HTTP stacks would read as several hosts is
//! refused: the host that was checked must be the host that is connected to.

use crate::limits::ENDPOINT_BYTES_MAX;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What an endpoint says about the way to the collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Whether it is `https`.
    pub(crate) is_tls: bool,
    /// Whether it is an address of this very device: `localhost`, 127.0.0.0/8, `[::1]`.
    pub(crate) is_loopback: bool,
}

/// Reads an endpoint.
///
/// # Errors
/// What is wrong with it, to be said after "endpoint".
pub(crate) fn parse(text: &str) -> Result<Endpoint, &'static str> {
    const SHAPE: &str = "must be an address like https://telemetry.bank.example";
    let after = |scheme: &str| {
        let (head, rest) = text.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let (is_tls, rest) = match (after("https://"), after("http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return Err(SHAPE),
    };
    if text.len() > ENDPOINT_BYTES_MAX {
        return Err("is too long: at most 2,048 bytes are taken");
    }
    if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("must be ASCII without spaces; write a name with other letters in its xn-- form");
    }
    if rest.contains(['?', '#', '\\', '@']) {
        return Err("must have no user, query or fragment");
    }
    let authority = rest.split('/').next().unwrap_or_default();
    let is_loopback = is_loopback(authority).ok_or(SHAPE)?;
    if !is_tls && !is_loopback {
        return Err("must be https: http is taken for this device itself only (localhost, 127.0.0.1, [::1])");
    }
    Ok(Endpoint { is_tls, is_loopback })
}

/// Whether this `host` or `host:port` is this device; `None` if it is no host.
fn is_loopback(authority: &str) -> Option<bool> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        let host: Ipv6Addr = host.parse().ok()?;
        let port = port.strip_prefix(':').or(port.is_empty().then_some("443"))?;
        return is_port(port).then(|| host.is_loopback());
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let is_host = !host.is_empty()
        && !host.starts_with(['.', '-'])
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    let is_loopback = match host.parse::<Ipv4Addr>() {
        Ok(address) => address.is_loopback(),
        // Whatever else a resolver takes for an address ("127.1") is a name here, and so not this device.
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    };
    (is_host && is_port(port)).then_some(is_loopback)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_goes_anywhere_and_http_stays_on_the_device() {
        for (text, is_tls, is_loopback) in [
            ("https://telemetry.bank.example", true, false),
            ("https://telemetry.bank.example/", true, false),
            ("https://telemetry.bank.example:8443/nowait/eu", true, false),
            ("HTTPS://Telemetry.Bank.Example", true, false),
            ("https://xn--bnk-qla.example", true, false),
            ("https://my_service.internal", true, false),
            ("https://10.1.2.3:8443", true, false),
            ("https://[2001:db8::1]:8443", true, false),
            ("https://localhost:4600", true, true),
            ("http://localhost", false, true),
            ("http://LocalHost:4600", false, true),
            ("http://127.0.0.1:4600", false, true),
            ("http://127.255.255.254/path", false, true),
            ("http://[::1]:4600", false, true),
            ("http://[0:0:0:0:0:0:0:1]", false, true),
        ] {
            assert_eq!(parse(text), Ok(Endpoint { is_tls, is_loopback }), "{text}");
        }
    }

    #[test]
    fn http_to_anywhere_else_is_refused_and_says_so() {
        for text in [
            "http://telemetry.bank.example",
            "http://10.0.2.2:4600",
            "http://192.168.0.1",
            "http://0.0.0.0:4600",
            "http://128.0.0.1",
            "http://127.1",
            "http://2130706433",
            "http://0x7f000001",
            "http://127.0.0.1.bank.example",
            "http://localhost.bank.example",
            "http://localhost.",
            "http://[::ffff:127.0.0.1]",
            "http://[::]",
            "HTTP://bank.example",
        ] {
            assert!(parse(text).unwrap_err().contains("must be https"), "{text}");
        }
    }

    #[test]
    fn what_may_be_read_in_two_ways_is_refused() {
        for text in [
            "",
            "https",
            "https:/",
            "https://",
            "https:///path",
            "https://:443",
            "ftp://bank.example",
            "telemetry.bank.example",
            "//bank.example",
            " https://bank.example",
            "https://bank.example ",
            "https://bank.example\n",
            "https://bänk.example",
            "https://bank.example?key=1",
            "https://bank.example#top",
            "https://user:secret@bank.example",
            "http://localhost@bank.example",
            "http://localhost\\@bank.example",
            "http://bank.example\\localhost",
            "http://localhost:80:90",
            "http://localhost:",
            "http://localhost:0",
            "http://localhost:+80",
            "http://localhost:65536",
            "http://[::1",
            "http://[::1]80",
            "http://[fe80::1%25lo]",
            "http://::1",
            "https://%6cocalhost",
            "https://-bank.example",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&format!("https://bank.example/{}", "x".repeat(ENDPOINT_BYTES_MAX))).is_err());
    }
}
