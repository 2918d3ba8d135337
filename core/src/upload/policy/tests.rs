//! The policy over every answer that a network has in store.

use super::*;
use nowait_wire::Uuid;
use proptest::prelude::*;

/// Sun, 06 Nov 1994 08:49:37 GMT, which is RFC 9110's own example of a date.
const WALL_UNIX_MS: u64 = 784_111_777_000;

const PORTAL: &str = "<html><body>Free Wi-Fi! Sign in</body></html>";

fn id() -> BatchId {
    BatchId { session: Uuid::from_u128(7), first: 42 }
}

fn receipt(batch: &str, status: &str) -> String {
    format!(r#"{{"batch":"{batch}","status":"{status}"}}"#)
}

fn ours(status: &str) -> String {
    receipt(&id().to_string(), status)
}

fn exchange(answer: Option<&Answer>) -> Exchange<'_> {
    Exchange { batch: id(), divisible: false, answer, failures: 0, wall_unix_ms: WALL_UNIX_MS, jitter: 1 }
}

fn decided(status: u16, body: &str) -> Next {
    let answer = Answer { status, retry_after: None, body: body.as_bytes().to_vec() };
    decide(&exchange(Some(&answer))).next
}

/// What is decided when the server also says `Retry-After`.
fn asked(status: u16, retry_after: &str) -> Next {
    let answer = Answer { status, retry_after: Some(retry_after.to_owned()), body: Vec::new() };
    decide(&exchange(Some(&answer))).next
}

fn waits(next: Next) -> bool {
    matches!(next, Next::Wait(wait) if (BACKOFF_BASE / 2..=BACKOFF_BASE).contains(&wait))
}

fn stops(next: Next) -> bool {
    matches!(next, Next::Stop(wait) if (STOP_WAIT / 2..=STOP_WAIT).contains(&wait))
}

#[test]
fn a_receipt_for_this_batch_lets_it_go() {
    for status in [200, 201, 202, 299] {
        assert_eq!(decided(status, &ours("stored")), Next::Delivered);
        assert_eq!(decided(status, &ours("duplicate")), Next::Delivered);
    }
    let padded = format!("\r\n{}\n", ours("stored"));
    assert_eq!(decided(200, &padded), Next::Delivered, "JSON may have space around it");
    let more = ours("stored").replace('{', r#"{"reason":"","added in 2031":[{}],"#);
    assert_eq!(decided(200, &more), Next::Delivered, "a later collector may say more");
}

#[test]
fn a_refusal_by_the_collector_splits_a_batch_once_and_then_gives_it_up() {
    let none = receipt("", "rejected");
    let refusals = [200, 400, 413, 415, 422].map(|status| (status, ours("rejected")));
    let nameless = [400, 413, 415].map(|status| (status, none.clone()));
    for (status, body) in refusals.into_iter().chain(nameless) {
        let answer = Answer { status, retry_after: Some("60".to_owned()), body: body.into_bytes() };
        let whole = Exchange { divisible: true, ..exchange(Some(&answer)) };
        assert_eq!(decide(&whole).next, Next::Split, "{status}");
        assert_eq!(decide(&exchange(Some(&answer))).next, Next::DeadLetter, "{status}");
    }
}

#[test]
fn whatever_is_not_the_collectors_word_for_this_batch_keeps_it() {
    let another = "00000000-0000-0000-0000-000000000007.43";
    let half = ours("stored");
    let half = &half[..half.len() - 1];
    let doubled = ours("stored").repeat(2);
    let unknown = ours("queued");
    let shouted = ours("stored").to_uppercase();
    let endless = format!("{}{}", ours("stored"), " ".repeat(ANSWER_BYTES_MAX));
    let nested = "[".repeat(ANSWER_BYTES_MAX);
    for (status, body, what) in [
        (200, "", "2xx without a receipt"),
        (200, "ok", "a proxy's own 200"),
        (204, "", "2xx that cannot have one"),
        (206, half, "a part of it"),
        (200, half, "half a body"),
        (200, &doubled, "two bodies"),
        (200, &unknown, "a status of a later version"),
        (200, &shouted, "no JSON of ours"),
        (200, &endless, "a body that is too long"),
        (200, &nested, "a body that wants a deep stack"),
        (200, &receipt(another, "stored"), "a receipt of another id"),
        (200, &receipt(another, "duplicate"), "a receipt of another id"),
        (200, &receipt(another, "rejected"), "a refusal of another id"),
        (200, &receipt("", "stored"), "a receipt of no id"),
        (200, &receipt("", "rejected"), "a refusal of no id, without a status that says so"),
        (400, &receipt(another, "rejected"), "a refusal of another id"),
        (413, &receipt(another, "rejected"), "a refusal of another id"),
        (422, &receipt("", "rejected"), "a refusal of no id, with a status that our collector does not use"),
        (400, &ours("stored"), "a receipt that its status denies"),
        (500, &ours("stored"), "a receipt that its status denies"),
        (503, &ours("rejected"), "a refusal that its status denies"),
        (200, PORTAL, "a captive portal"),
        (302, PORTAL, "a captive portal's redirect"),
        (511, PORTAL, "a captive portal that says so"),
        (301, "", "a redirect"),
        (307, "", "a redirect"),
        (308, "", "a redirect"),
        (304, "", "a cache"),
        (400, "", "a gateway's 400"),
        (400, PORTAL, "a gateway's 400"),
        (402, "", "a brother of 400"),
        (407, "", "a proxy that wants a password"),
        (408, "", "the body did not arrive in time"),
        (409, "", "a brother of 400"),
        (411, "", "a brother of 400"),
        (413, "<html>", "a gateway's 413"),
        (415, "", "a gateway's 415"),
        (421, "", "a gateway's 421"),
        (422, "", "a gateway's 422"),
        (425, "", "too early"),
        (429, "", "too many requests"),
        (431, "", "a gateway's 431"),
        (451, "", "not for legal reasons either"),
        (499, "", "a gateway's own number"),
        (500, "", "a defect there"),
        (501, "", "a version that it does not know yet"),
        (502, "<html>", "a gateway without its collector"),
        (503, "", "a full queue"),
        (504, "", "a gateway's patience"),
        (507, "", "a full disk"),
        (520, "", "a content network's own number"),
        (599, "", "nobody's number"),
        (0, "", "no status at all"),
        (100, "", "no final status"),
        (999, "", "no status of HTTP"),
    ] {
        assert!(waits(decided(status, body)), "{what}: {status} gives {:?}", decided(status, body));
        let answer = Answer { status, retry_after: None, body: body.as_bytes().to_vec() };
        let divisible = decide(&Exchange { divisible: true, ..exchange(Some(&answer)) });
        assert!(waits(divisible.next), "{what}: a batch that could be split is kept as well");
    }
}

#[test]
fn no_answer_keeps_it() {
    // Silence, a TLS failure, a reset and a lost 2xx all look like this from here.
    assert!(waits(decide(&exchange(None)).next));
}

#[test]
fn an_unknown_key_or_address_keeps_it_and_asks_seldom() {
    for status in [401, 403, 404, 405, 410] {
        for body in ["", PORTAL, &ours("rejected"), &receipt("", "rejected"), &ours("stored")] {
            assert!(stops(decided(status, body)), "{status} {body}");
        }
    }
    assert_eq!(asked(401, "7200"), Next::Stop(Duration::from_secs(7_200)), "the server may ask for more");
    assert!(stops(asked(401, "60")), "but not for less");
}

#[test]
fn retry_after_makes_a_wait_longer_and_never_shorter() {
    let day = RETRY_AFTER_MAX;
    for status in [200, 302, 408, 413, 425, 429, 500, 501, 502, 503, 504, 511] {
        for (text, wait) in [
            ("120", Duration::from_secs(120)),
            (" 120\t", Duration::from_secs(120)),
            ("007", Duration::from_secs(7)),
            ("86400", day),
            ("86401", day),
            ("99999999999", day),
            ("99999999999999999999999999999999", day),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Duration::from_secs(60)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", Duration::from_secs(60)),
            ("Sun Nov  6 08:50:37 1994", Duration::from_secs(60)),
            ("Sat, 06 Nov 2094 08:49:37 GMT", day),
        ] {
            assert_eq!(asked(status, text), Next::Wait(wait), "{status} {text}");
        }
        for text in [
            "0",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1983 08:49:37 GMT",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "",
            " ",
            "-5",
            "+5",
            "1.5",
            "1e9",
            "0x10",
            "soon",
            "120 s",
            "120, 60",
            "٣٠",
            "Sun, 06 Nov 1994 08:50:37 CET",
            "Sun, 06 Nov 2094 08:49:37 GMT",
            "Sun, 31 Feb 1994 08:50:37 GMT",
            "1994-11-06T08:50:37Z",
        ] {
            assert!(waits(asked(status, text)), "{status} {text:?}");
        }
    }
}

#[test]
fn a_date_far_from_a_wrong_clock_is_no_more_than_a_day() {
    let answer = Answer {
        status: 503,
        retry_after: Some("Sun, 06 Nov 1994 08:49:37 GMT".into()),
        ..Answer::default()
    };
    let at = |wall_unix_ms| decide(&Exchange { wall_unix_ms, ..exchange(Some(&answer)) }).next;
    assert_eq!(at(0), Next::Wait(RETRY_AFTER_MAX), "a device that believes in 1970");
    assert!(waits(at(u64::MAX)), "a device that believes in the end of time");
    assert!(waits(at(4_000_000_000_000)), "a device that is years ahead");
}

/// Attempts in ten minutes, the first included, at the worst or best luck with the jitter.
fn attempts(answer: Option<&Answer>, jitter: impl Fn(u64) -> u64) -> u32 {
    let (mut now, mut failures) = (Duration::ZERO, 0);
    while now < Duration::from_secs(600) {
        let jitter = jitter(u64::from(failures));
        let Next::Wait(wait) = decide(&Exchange { failures, jitter, ..exchange(answer) }).next else {
            panic!()
        };
        now += wait;
        failures += 1;
    }
    failures
}

#[test]
fn a_server_that_says_zero_is_asked_eleven_times_in_ten_minutes_at_most() {
    let past = "Sun, 06 Nov 1983 08:49:37 GMT";
    for text in [Some("0"), Some(past), None] {
        let answer = Answer { status: 503, retry_after: text.map(str::to_owned), body: Vec::new() };
        for seed in 0..2_000 {
            let attempts = attempts(Some(&answer), |n| seed << 8 | n);
            assert!((9..=11).contains(&attempts), "{text:?} {seed}: {attempts}");
        }
    }
    assert!(attempts(None, |n| n) <= 11, "ten minutes of silence");
}

#[test]
fn waits_are_spread_between_half_of_a_doubling_ceiling_and_the_whole() {
    for failures in [0, 1, 2, 3, 7, 8, 40, u32::MAX] {
        let ceiling = BACKOFF_BASE.saturating_mul(1 << failures.min(16)).min(BACKOFF_MAX);
        let waits: Vec<Duration> = (0..1_000).map(|jitter| backoff(failures, jitter)).collect();
        let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
        assert!((ceiling / 2..ceiling * 51 / 100).contains(least), "{failures}: {least:?}");
        assert!((ceiling * 99 / 100..=ceiling).contains(most), "{failures}: {most:?}");
    }
}

#[test]
fn a_receipt_may_carry_a_configuration_and_a_bad_one_costs_no_receipt() {
    let with = |status: u16, batch: &str, is: &str, config: &str| {
        let body = format!(r#"{{"batch":"{batch}","status":"{is}","config":{config}}}"#);
        let answer = Answer { status, retry_after: None, body: body.into_bytes() };
        let decision = decide(&exchange(Some(&answer)));
        (decision.next, decision.config.map(|config| config.version))
    };
    let (id, good) = (id().to_string(), r#"{"version":3,"enabled":false}"#);
    assert_eq!(with(200, &id, "stored", good), (Next::Delivered, Some(3)));
    assert_eq!(with(200, &id, "duplicate", good), (Next::Delivered, Some(3)));
    assert_eq!(with(413, &id, "rejected", good), (Next::DeadLetter, Some(3)));
    assert_eq!(with(413, "", "rejected", good), (Next::DeadLetter, None), "not for this batch by name");
    for (status, batch) in [(200, "another.1"), (503, &id), (401, &id)] {
        assert_eq!(with(status, batch, "stored", good).1, None, "{status} {batch}");
    }
    for bad in [
        "null",
        "7",
        "\"3\"",
        "[]",
        "{}",
        r#"{"version":-1}"#,
        r#"{"version":3,"sampled_per_mille":1001}"#,
        r#"{"version":3,"sampled_per_mille":70000}"#,
        r#"{"version":3,"flush_interval_s":86401}"#,
        r#"{"version":3,"enabled":"no"}"#,
    ] {
        assert_eq!(with(200, &id, "stored", bad), (Next::Delivered, None), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_answer_panics_and_no_wait_leaves_its_bounds(
        status: u16,
        retry_after in proptest::option::of(".{0,40}"),
        body in proptest::collection::vec(any::<u8>(), 0..400),
        failures: u32,
        wall_unix_ms: u64,
        jitter: u64,
        divisible: bool,
    ) {
        let answer = Answer { status, retry_after, body };
        let exchange = Exchange { batch: id(), divisible, answer: Some(&answer), failures, wall_unix_ms, jitter };
        match decide(&exchange).next {
            Next::Wait(wait) => prop_assert!((BACKOFF_BASE / 2..=RETRY_AFTER_MAX).contains(&wait)),
            Next::Stop(wait) => prop_assert!((STOP_WAIT / 2..=RETRY_AFTER_MAX).contains(&wait)),
            next => prop_assert!(false, "{next:?} without a receipt"),
        }
    }
}
