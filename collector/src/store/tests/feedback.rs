//! Reviews: counted once, whole files, within their budget, for as long as days are kept.

use super::*;
use crate::limits::FEEDBACK_CELLS_PER_DAY_MAX;
use crate::listen::Noted;
use nowait_report::feedback::{Feedback, Polarity, Tally};

/// A review of this moment, told from others by its number.
fn note(unix_ms: u64, number: u128) -> Noted {
    Noted {
        unix_ms,
        product: String::new(),
        version: "8.2.0".into(),
        channel: "app_store".into(),
        tally: Tally::one(Some(2), Polarity::Negative),
        under: vec![(String::new(), String::new()), ("transfer".into(), String::new())],
        id: Uuid::from_u128(number),
        text: None,
    }
}

/// A folder with a tenant in it.
fn stored() -> TempDir {
    let (folder, store) = fresh();
    put(&store, &batch(1, 60, "8.2.0", Os::Ios, 3));
    folder
}

fn import(folder: &TempDir, noted: &[Noted]) -> Result<Imported, Error> {
    SqliteStore::import(folder.path())?.write("bank", noted)
}

fn feedback(folder: &TempDir, query: &Query) -> Feedback {
    SqliteStore::open_read_only(folder.path()).unwrap().feedback("bank", query).unwrap()
}

/// All that is counted under everything.
fn reviews(feedback: &Feedback) -> u64 {
    let of_all =
        |key: &nowait_report::feedback::FeedbackKey| key.touchpoint.is_empty() && key.indicator.is_empty();
    feedback.iter().filter(|(key, _)| of_all(key)).map(|(_, tally)| tally.n()).sum()
}

#[test]
fn a_row_is_counted_once_whoever_imports_it_again() {
    let folder = stored();
    let two = [note(START, 1), note(START + DAY_MS, 2)];
    assert_eq!(import(&folder, &two).unwrap(), Imported { counted: 2, ..Imported::default() });
    let three = [note(START, 1), note(START + DAY_MS, 2), note(START + DAY_MS, 3)];
    assert_eq!(import(&folder, &three).unwrap(), Imported { counted: 1, known: 2, ..Imported::default() });
    let all = feedback(&folder, &Query::default());
    assert_eq!((reviews(&all), all.iter().count()), (3, 2));
    let day = Query::default().from(START + DAY_MS).until(START + 2 * DAY_MS);
    assert_eq!(reviews(&feedback(&folder, &day)), 2);
    assert!(import(&folder, &[]).is_ok());
    let error = SqliteStore::import(folder.path()).unwrap().write("shop", &two).unwrap_err();
    assert!(error.is_no_data(), "{error}");
}

#[test]
fn an_import_is_beside_the_collector_and_all_of_it_or_nothing() {
    let (folder, store) = fresh();
    put(&store, &batch(1, 60, "8.2.0", Os::Ios, 3));
    let mut beside = SqliteStore::import(folder.path()).unwrap();
    assert_eq!(beside.write("bank", &[note(START, 1)]).unwrap().counted, 1);
    put(&store, &batch(2, 60, "8.2.0", Os::Ios, 4));
    // The second row cannot be written, and the first is not there either.
    let refuse = "CREATE TRIGGER no BEFORE INSERT ON feedback_rows \
        WHEN new.id = x'00000000000000000000000000000003' BEGIN SELECT raise(ABORT, 'no'); END";
    database(&folder).execute_batch(refuse).unwrap();
    assert!(beside.write("bank", &[note(START, 2), note(START, 3)]).is_err());
    assert_eq!(reviews(&store.feedback("bank", &Query::default()).unwrap()), 1);
    assert_eq!(whole(&store, "bank").ledger.sessions, 2);
}

#[test]
fn what_is_beyond_the_budget_of_a_day_is_counted_together() {
    let folder = stored();
    let of = |number: u128| Noted { version: format!("8.{number}.0"), ..note(START, number) };
    // Two counts each.
    let many: Vec<Noted> = (0..FEEDBACK_CELLS_PER_DAY_MAX as u128).map(of).collect();
    let imported = import(&folder, &many).unwrap();
    assert_eq!((imported.counted, imported.other), (many.len() as u64, many.len() as u64 / 2));
    let all = feedback(&folder, &Query::default());
    assert_eq!(reviews(&all), many.len() as u64, "none is lost");
    assert_eq!(all.iter().count(), FEEDBACK_CELLS_PER_DAY_MAX + 2);
    let theirs = Noted { product: "Other Bank".into(), ..note(START, u128::MAX) };
    import(&folder, &[theirs]).unwrap();
    let others = feedback(&folder, &Query::default());
    assert!(others.iter().any(|(key, _)| key.product == "(other)"), "and is not taken for the own product's");
}

#[test]
fn counts_and_what_they_are_known_by_go_with_their_day() {
    let folder = stored();
    let noted: Vec<Noted> = (0..60).map(|day| note(START + day * DAY_MS, day.into())).collect();
    let kept = Noted { text: Some("slow".into()), ..note(START, 99) };
    import(&folder, &noted).unwrap();
    import(&folder, &[kept]).unwrap();
    let now = START + 60 * DAY_MS;
    kept::round(&folder, "batches=1d,hours=1d,days=30d", now);
    // From 1 March on, as days go by whole months.
    let rest = reviews(&feedback(&folder, &Query::default()));
    assert!((30..60).contains(&rest), "{rest}");
    let rows = |table: &str| -> u64 {
        database(&folder).query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!((rows("feedback_rows"), rows("feedback_texts")), (rest, 0));
    let again = import(&folder, &noted).unwrap();
    assert_eq!((again.counted, again.known, again.too_old), (0, rest, 60 - rest));
}

#[test]
fn filters_are_of_what_a_review_says() {
    let folder = stored();
    let theirs = Noted { product: "Other Bank".into(), version: "1.0".into(), ..note(START, 3) };
    let call = Noted { channel: "call_centre".into(), version: String::new(), ..note(START, 2) };
    import(&folder, &[note(START, 1), call, theirs]).unwrap();
    let of = |words: &str| Query::of(words.parse().unwrap());
    let n = |words: &str| reviews(&feedback(&folder, &of(words)));
    assert_eq!((n(""), n("version=8.2.0"), n("version=9.0.0")), (3, 2, 1), "a release is of the own product");
    assert_eq!(n("dimension=channel:call_centre"), 1);
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    for words in ["os=ios", "dimension=segment:retail", "country=HK"] {
        let error = store.feedback("bank", &of(words)).unwrap_err();
        assert!(error.is_input() && error.to_string().contains("reviews do not say it"), "{error}");
    }
}

#[test]
fn texts_are_there_only_if_they_were_kept_the_latest_first() {
    let folder = stored();
    let with =
        |day: u64, text: &str| Noted { text: Some(text.into()), ..note(START + day * DAY_MS, day.into()) };
    import(&folder, &[with(1, "slow"), with(2, "slower"), note(START, 9)]).unwrap();
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    let texts = |most: usize| store.feedback_texts("bank", &Query::default(), most).unwrap();
    assert_eq!(texts(10).iter().map(|text| text.text.as_str()).collect::<Vec<_>>(), ["slower", "slow"]);
    assert_eq!((texts(1).len(), texts(1)[0].stars), (1, Some(2)));
}

#[test]
fn what_is_deleted_is_gone_and_no_import_of_the_same_file_brings_a_release_back() {
    let folder = stored();
    let noted = [
        Noted { text: Some("so very slow".into()), ..note(START, 1) },
        Noted { version: "8.1.0".into(), ..note(START, 2) },
    ];
    import(&folder, &noted).unwrap();
    let delete = |whose: Whose| SqliteStore::deletion(folder.path(), "bank", whose)?.run(|_, _| {});
    assert!(delete(Whose::Version("8.2.0".into())).unwrap().rebuilt.is_some());
    assert_eq!(reviews(&feedback(&folder, &Query::default())), 1);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!file.windows(12).any(|bytes| bytes == b"so very slow"));
    }
    assert_eq!(import(&folder, &noted).unwrap().known, 2);
    let all = delete(Whose::Feedback).unwrap();
    assert!(all.rebuilt.is_none() && feedback(&folder, &Query::default()).is_empty());
    assert!(delete(Whose::Feedback).unwrap_err().is_no_data());
    assert_eq!(import(&folder, &noted).unwrap().counted, 2);
}
