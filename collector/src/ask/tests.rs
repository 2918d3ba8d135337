use super::*;
use nowait_wire::{Network, Os, Tier};
use proptest::prelude::*;

const NOW: u64 = 1_772_721_000_000;

fn ask(text: &str) -> Ask {
    Ask::from_query(text).unwrap()
}

fn refused(text: &str) -> String {
    let error = Ask::from_query(text).and_then(|ask| ask.question(NOW, &Zone::UTC)).unwrap_err();
    assert!(error.is_input(), "{text}");
    error.to_string()
}

#[test]
fn nothing_said_asks_for_everything() {
    assert_eq!(Ask::default().query(NOW, &Zone::UTC).unwrap(), Query::default());
    assert_eq!(ask("version=&os=&since=%20&base=&dimension="), Ask::default());
    let question = Ask::default().question(NOW, &Zone::UTC).unwrap();
    assert!(question.filter.is_empty() && question.releases.is_none());
}

#[test]
fn spans_are_widened_to_full_hours() {
    let query = ask("hours=1&os=iOS").query(NOW, &Zone::UTC).unwrap();
    assert_eq!(query.from_unix_ms(), time::parse("2026-03-05T13:00", NOW, &Zone::UTC).unwrap());
    assert_eq!(query.until_unix_ms(), time::parse("2026-03-05T15:00", NOW, &Zone::UTC).unwrap());
    assert_eq!(query.filter.os, Some(Os::Ios));
    let query = ask("since=-7d&until=now").query(NOW, &Zone::UTC).unwrap();
    assert_eq!(query.from_unix_ms(), time::parse("2026-02-26T14:00", NOW, &Zone::UTC).unwrap());
}

#[test]
fn what_is_not_understood_is_refused_by_its_name() {
    for (text, wanted) in [
        ("vresion=8", "the nearest is \"version\""),
        ("os=andriod", "os: \"andriod\" is no os; the nearest is \"android\"; write one of other, android"),
        ("tier=fast", "tier: "),
        ("network=5g", "write one of unknown, offline, wifi, cellular, wired"),
        ("country=Germany", "two letters, for example DE"),
        ("dimension=segment", "write KEY:VALUE"),
        ("dimension=:retail", "half empty"),
        ("dimension=a:1&dimension=a:2", "which no batch is"),
        ("model=Pixel%E2%80%AE8", "holds a character that nobody sees"),
        ("version=8&version=9", "version: it is said twice"),
        ("hours=0", "hours: \"0\" is none"),
        ("hours=1e3", "hours: "),
        ("hours=3&since=1d", "hours: leave it out"),
        ("since=noon", "since: \"noon\" is no time"),
        ("since=20260305", "for the date write 2026-03-05"),
        ("until=-1", "until: "),
        ("since=2026-03-05&until=2026-03-04", "is not earlier than until"),
        ("since=2026-03-05T14:20&until=2026-03-05T14:10", "is not earlier than until"),
        ("since=2026-03-05&until=2026-03-05", "is not earlier than until"),
        ("since=2026-03-06", "lies in the future"),
        ("base=8", "name both releases"),
        ("min_effect=5", "name base and head"),
        ("base=8&head=9&min_effect=-1", "min_effect: "),
    ] {
        assert!(refused(text).contains(wanted), "{text}: {}", refused(text));
    }
    assert!(refused(&format!("version={}", "8".repeat(400))).contains("400 bytes"));
    assert!(refused(&format!("version={}", "8".repeat(200))).contains("200 bytes"));
    // Words of a command line come by no address.
    let typed = Ask { base: "8".into(), head: "9".repeat(400), ..Ask::default() };
    assert!(typed.question(NOW, &Zone::UTC).unwrap_err().to_string().contains("400 bytes"));
    let many: Vec<String> = (0..9).map(|n| format!("dimension=k{n}:v")).collect();
    assert!(refused(&many.join("&")).contains("no batch has more than 8"));
}

#[test]
fn every_filter_is_understood_and_has_one_text() {
    let text = "dimension=segment:retail&dimension=login:face%26id&model=Pixel+8&country=de&network=WIFI&tier=low&os=ios\
        &version=8.2.0";
    let filter = ask(text).question(NOW, &Zone::UTC).unwrap().filter;
    let wanted = Filter {
        version: Some("8.2.0".into()),
        os: Some(Os::Ios),
        tier: Some(Tier::Low),
        network: Some(Network::Wifi),
        country: Some("DE".into()),
        model: Some("Pixel 8".into()),
        dimensions: vec![("login".into(), "face&id".into()), ("segment".into(), "retail".into())],
    };
    assert_eq!(filter, wanted);
    let canonical = "version=8.2.0&os=ios&tier=low&network=wifi&country=DE&model=Pixel+8&dimension=login%3Aface%26id\
        &dimension=segment%3Aretail";
    assert_eq!(filter.to_string(), canonical);
    assert_eq!(canonical.parse::<Filter>().unwrap(), wanted);
    assert_eq!(Filter::default().to_string(), "");
    assert!("tenant=bank".parse::<Filter>().is_err());
}

#[test]
fn a_page_is_a_hundred_rows_and_no_word_of_a_comparison() {
    let rows = |text: &str| ask(text).query(NOW, &Zone::UTC).unwrap().rows;
    assert_eq!((rows(""), rows("page=1")), (Rows::default(), Rows::default()));
    assert_eq!(rows("page=3"), Rows::page(3, 100));
    for (text, wanted) in
        [("page=0", "from 1 to 100"), ("page=x", "from 1"), ("page=2&base=8&head=9", "of a report")]
    {
        let error = ask(text).query(NOW, &Zone::UTC).unwrap_err();
        assert!(error.is_input() && error.to_string().contains(wanted), "{error}");
    }
}

#[test]
fn all_that_was_said_can_be_said_again() {
    let text = "tenant=bank&version=8&os=ios&tier=low&network=wifi&country=DE&model=m&hours=3&since=1d&until=now&base=1&head=2\
        &min_effect=5&dimension=a:1&dimension=b:2";
    let first = ask(text);
    assert_eq!(first.said().len(), 15);
    let mut again = form_urlencoded::Serializer::new(String::new());
    assert_eq!(ask(&again.extend_pairs(first.said()).finish()), first);
}

proptest! {
    #[test]
    fn no_words_make_it_panic_and_a_filter_survives_its_text(
        version in ".{0,20}", model in "[ -~é轉]{0,20}", key in "[a-z:=&%]{0,4}", value in ".{0,8}", since in "[0-9dThZ:+ -]{0,20}"
    ) {
        let ask = Ask { version, model, since, dimensions: vec![format!("{key}:{value}")], ..Ask::default() };
        if let Ok(question) = ask.question(NOW, &Zone::UTC) {
            prop_assert_eq!(&question.filter.to_string().parse::<Filter>().unwrap(), &question.filter);
        }
    }
}
