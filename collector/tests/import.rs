//! `nowait import` and `nowait listening` as people run them.

mod house;

use axum::http::StatusCode;
use house::{House, frame};
use nowait_report::feedback::Listening;
use nowait_report::rated::{Explained, Explains};
use nowait_report::section::{of_explained, of_listening};
use nowait_wire::testing::session;
use nowait_wire::{Event, Kind, NameId, Uuid};
use std::path::Path;
use std::process::{Command, Output};

const HEAD: &str = "time,rating,text,version,channel,product\n";

fn nowait(words: &[&str], data: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nowait"));
    command.env_remove("NOWAIT_DATA").args(words).arg("--data").arg(data).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(if output.status.success() { &output.stdout } else { &output.stderr })
        .into_owned()
}

/// A folder in which a tenant has sent something, and whose collector still runs.
async fn house() -> House {
    let house = House::new(|_| {});
    assert!(house.post(frame(&session(1, 50))).await.status.is_success());
    house
}

/// Imports a file of this text.
fn import(house: &House, text: impl AsRef<[u8]>, more: &[&str]) -> Output {
    let beside = tempfile::tempdir().unwrap();
    let path = beside.path().join("reviews.csv");
    std::fs::write(&path, text).unwrap();
    nowait(&[&["import", "feedback", path.to_str().unwrap()], more].concat(), house.folder.path())
}

#[tokio::test]
async fn nothing_personal_reaches_the_disk_and_no_text_that_was_not_to_be_kept() {
    const PERSONAL: [&str; 6] = [
        "4111 1111 1111 1111",
        "13800138000",
        "11010519491231002X",
        "tai.man@example.com",
        "880023456789",
        "A123456(7)",
    ];
    let rows: String = (1..)
        .zip(PERSONAL)
        .map(|(day, number)| format!("2026-03-0{day},1,\"marmalade {number} 转账很慢\",8.2.0,app_store,\n"))
        .collect();
    let holds = |house: &House, wanted: &str| {
        std::fs::read_dir(house.folder.path()).unwrap().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(wanted.len()).any(|found| found == wanted.as_bytes())
        })
    };
    for keeps in [false, true] {
        let house = house().await;
        let more: &[&str] = if keeps { &["--keep-texts"] } else { &[] };
        let output = import(&house, format!("{HEAD}{rows}"), more);
        assert!(output.status.success(), "{}", said(&output));
        assert!(
            said(&output).contains("6 counted\n6 had something personal in their text"),
            "{}",
            said(&output)
        );
        assert_eq!(holds(&house, "marmalade"), keeps);
        assert!(holds(&house, "transfer"), "what it tells of is counted");
        for number in PERSONAL {
            assert!(!holds(&house, number), "{number}");
        }
        let texts = nowait(&["listening", "--texts", "2"], house.folder.path());
        assert_eq!(texts.status.success(), keeps);
        if keeps {
            let latest = "2026-03-06 00:00  1  -  8.2.0  app_store  marmalade redacted) 转账很慢";
            assert_eq!((said(&texts).lines().count(), said(&texts).lines().next()), (2, Some(latest)));
        } else {
            assert!(said(&texts).contains("no text was kept"), "{}", said(&texts));
        }
    }
}

#[tokio::test]
async fn a_file_is_counted_whole_or_not_at_all_and_once() {
    let house = house().await;
    let good = "2026-03-05,1,转账太慢,8.2.0,app_store,\n2026-03-05,5,hello,8.2.0,web,Other Bank\n";
    let output = import(&house, format!("{HEAD}{good}2026-03-05,9,x,8.2.0,web,\n"), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("reviews.csv: line 4, rating: it is none; write 1, 2, 3, 4 or 5"),
        "{}",
        said(&output)
    );
    let empty = nowait(&["listening"], house.folder.path());
    assert!(said(&empty).contains("No review was imported"), "{}", said(&empty));
    let output = import(&house, format!("{HEAD}{good}"), &[]);
    assert!(
        said(&output).ends_with("reviews.csv: 2 counted\n1 have no word of your dictionary\n"),
        "{}",
        said(&output)
    );
    let output = import(&house, format!("{HEAD}{good}"), &[]);
    assert!(said(&output).contains("0 counted\n2 had been counted before"), "{}", said(&output));
    let found = nowait(&["listening", "--json"], house.folder.path());
    let found: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(
        (&found["products"][0]["name"], &found["products"][0]["opinion"]["n"]),
        (&"".into(), &1.into())
    );
    assert_eq!(found["products"][1]["name"], "Other Bank");
    assert_eq!(found["touchpoints"][0]["name"], "transfer");
    assert_eq!(found["indicators"][0]["name"], "tasks_in_time");
    // The collector takes in batches as before.
    assert!(house.post(frame(&session(2, 50))).await.status.is_success());
}

#[tokio::test]
async fn the_dictionary_is_that_of_a_file_or_of_the_collector() {
    let house = house().await;
    let budgets = house.folder.path().join("bank.toml");
    std::fs::write(
        &budgets,
        "[[listening]]\nname = \"gold\"\nlabel = \"Gold accounts\"\nwords = [\"marmalade\"]\n",
    )
    .unwrap();
    let (row, budgets) = ("2026-03-05,1,marmalade,8.2.0,web,\n", budgets.to_str().unwrap());
    let output = import(&house, format!("{HEAD}{row}"), &["--budgets", budgets]);
    assert!(said(&output).ends_with("1 counted\n"), "{}", said(&output));
    let shown = nowait(&["listening", "--budgets", budgets], house.folder.path());
    assert!(said(&shown).contains("Gold accounts"), "{}", said(&shown));
    let broken = import(&house, [0xff, 0xfe, 0, 0], &[]);
    assert!(said(&broken).contains("iconv -f UTF-16"), "{}", said(&broken));
}

#[tokio::test]
async fn the_tables_are_those_of_the_terminal_the_page_and_the_plain_page() {
    let house = house().await;
    let empty = house.get("/v1/listening/sections").await.json();
    assert!(empty["example"].as_str().unwrap().starts_with("time,rating,text,version,channel"));
    assert!(house.get("/plain/listening").await.text().contains("time,rating,text,version,channel"));
    let reviews = include_str!("../examples/reviews.csv");
    assert!(said(&import(&house, reviews, &[])).contains("48 counted"));
    let listening: Listening = serde_json::from_slice(&house.get("/v1/listening").await.body).unwrap();
    assert_eq!(listening.products.iter().map(|of| of.opinion.n).collect::<Vec<_>>(), [44, 4]);
    let json = house.get("/v1/listening/sections").await.json();
    assert_eq!(json["sections"], serde_json::to_value(of_listening(&listening)).unwrap());
    assert!(json.get("example").is_none());
    let (plain, shown) =
        (house.get("/plain/listening").await, said(&nowait(&["listening"], house.folder.path())));
    for title in ["By indicator", "By touchpoint", "By release"]
        .map(|end| format!("What customers say, {}", end.to_lowercase()))
    {
        assert!(plain.text().contains(&title) && shown.contains(&title.to_uppercase()), "{title}\n{shown}");
    }
    let release = house.get("/v1/listening?version=8.1.0").await.json();
    assert_eq!(release["products"][0]["opinion"]["n"], 14);
    for (address, wanted) in
        [("os=ios", "os: reviews do not say it"), ("page=2", "page"), ("month=2026-03", "month")]
    {
        let refused = house.get(&format!("/v1/listening?{address}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.text().contains(wanted), "{}", refused.text());
    }
}

/// Sessions whose payments wait long in every second one, and are rated lower then, by a batch of their own.
async fn raters(house: &House) {
    for number in 0..60 {
        let mut batch = session(number, 50);
        batch.id.session = Uuid::from_u128(u128::from(number) << 64 | 7);
        let late = number % 2 == 0;
        let (journey, rating) = (batch.names.len() as u32, if late { 2 - number % 4 / 2 } else { 5 });
        batch.names.push("Pay".into());
        let at = batch.events[10].started_uptime_ns;
        let pay = Event {
            started_uptime_ns: at,
            duration_ns: 90_000_000_000,
            journey: 900,
            a: if late { 80_000_000 } else { 1_000_000 },
            ..Event::new(Kind::Journey, NameId(journey))
        };
        batch.events = vec![pay];
        assert!(house.post(frame(&batch)).await.status.is_success());
        batch.id.first += 500;
        batch.events = vec![Event {
            started_uptime_ns: at + 100_000_000_000,
            journey: 900,
            a: rating,
            ..Event::new(Kind::Rating, NameId(journey))
        }];
        assert!(house.post(frame(&batch)).await.status.is_success());
    }
}

#[tokio::test]
async fn ratings_stand_beside_the_waits_of_their_session() {
    let house = house().await;
    let none = house.get("/v1/listening/ratings").await.json();
    assert_eq!(none["places"], serde_json::json!([]));
    raters(&house).await;
    let found: Explained = serde_json::from_slice(&house.get("/v1/listening/ratings").await.body).unwrap();
    let n: Vec<u64> = found.groups.iter().map(|group| group.ratings.n).collect();
    assert_eq!((n, found.untied), (vec![30, 0, 30, 0], 0));
    assert_eq!(found.waiting.explains, Explains::Yes);
    assert_eq!((found.waiting.better.mean, found.waiting.worse.mean), (Some(5.0), Some(1.5)));
    assert_eq!(found.failing.explains, Explains::TooFew);
    let sections = house.get("/v1/listening/ratings/sections").await.json();
    assert_eq!(sections["sections"], serde_json::to_value(of_explained(&found)).unwrap());
    // Decoded, not from rollups, it says the same of those that are meant.
    let tiers: u64 = {
        let mut sum = 0;
        for tier in ["low", "mid", "high", "unknown"] {
            let part: Explained =
                serde_json::from_slice(&house.get(&format!("/v1/listening/ratings?tier={tier}")).await.body)
                    .unwrap();
            sum += part.groups.iter().map(|group| group.ratings.n).sum::<u64>();
        }
        sum
    };
    assert_eq!(tiers, 60);
    let shown = said(&nowait(&["listening"], house.folder.path()));
    assert!(
        shown.contains("DOES WAITING EXPLAIN THE RATING?") && shown.contains("waiting beyond target  yes"),
        "{shown}"
    );
}
