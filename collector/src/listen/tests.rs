use super::*;
use crate::limits::FEEDBACK_FILE_BYTES_MAX;
use nowait_report::Zone;
use nowait_report::feedback::{Polarity, Token};
use std::sync::LazyLock;

/// 8 March 2026.
const NOW: u64 = 1_772_928_000_000;
const HEAD: &str = "time,rating,text,version,channel\n";
/// Invented for these tests: nobody wrote any of them.
const REVIEWS: &str = include_str!("../../examples/reviews.csv");

static LISTENER: LazyLock<Listener> = LazyLock::new(|| Listener::new(&Budgets::default()));

fn shanghai() -> Zone {
    "Asia/Shanghai".parse().unwrap()
}

fn file(text: &str) -> Result<FileRead, crate::Error> {
    read(text.as_bytes(), &shanghai(), NOW, "")
}

fn error(text: &str) -> String {
    let error = file(text).unwrap_err();
    assert!(error.is_input());
    error.to_string()
}

#[test]
fn a_file_of_a_spreadsheet_is_read() {
    let text = "\u{feff}Time,product,text,id,rating,version,channel\r\n\
        2026-03-05,,\"慢，\n\"\"很\"\"慢\",17,2,8.2.0,app_store\r\n\
        2026-03-05T14:30:00+08:00,Other Bank,ok,18,,,call_centre\r\n";
    let FileRead { reviews, passed_over, scrubbed } = file(text).unwrap();
    assert_eq!((passed_over, scrubbed), (vec!["id".to_owned()], 0));
    let [one, other] = reviews.as_slice() else { panic!("{reviews:?}") };
    // Midnight in Shanghai.
    assert_eq!((one.unix_ms, one.stars, one.text.as_str()), (1_772_640_000_000, Some(2), "慢， \"很\"慢"));
    assert_eq!((other.unix_ms, other.stars, other.product.as_str()), (1_772_692_200_000, None, "Other Bank"));
    let theirs = read(text.as_bytes(), &shanghai(), NOW, "Theirs").unwrap();
    let products: Vec<&str> = theirs.reviews.iter().map(|review| review.product.as_str()).collect();
    assert_eq!(products, ["Theirs", "Other Bank"]);
}

#[test]
fn what_is_wrong_is_said_with_line_and_column_and_without_what_stands_there() {
    let row = |row: &str| error(&format!("{HEAD}2026-03-05,1,fine,8.2.0,app_store\n{row}\n"));
    for (found, wanted) in [
        (row("secret,1,x,8.2.0,web"), "line 3, time: it is none; write 2026-03-05"),
        (row("7d,1,x,8.2.0,web"), "line 3, time: it is none"),
        (row("2026-13-45,1,x,8.2.0,web"), "line 3, time: it is none"),
        (row("2026-05-05,1,x,8.2.0,web"), "line 3, time: it lies in the future"),
        (row("2026-03-05,6,x,8.2.0,web"), "line 3, rating: it is none; write 1, 2, 3, 4 or 5"),
        (row("2026-03-05,secret,x,8.2.0,web"), "line 3, rating: it is none"),
        (row("2026-03-05,1,x,8.2.0,"), "line 3, channel: it is empty"),
        (row("2026-03-05,1,x,8.2.0,4111 1111 1111 1111"), "line 3, channel: it looks like somebody's"),
        (row("2026-03-05,1,x,4111111111111111,web"), "line 3, version: it looks like somebody's"),
        (row("2026-03-05,1,x,8.2.0,(other)"), "line 3, channel: write it without brackets"),
        (row(&format!("2026-03-05,1,x,8.2.0,{}", "secret ".repeat(20))), "line 3, channel: it is longer"),
        (
            row(&format!("2026-03-05,1,{},8.2.0,web", "慢".repeat(6_000))),
            "line 3, text: it has 18000 bytes, at most 16384",
        ),
        (row("2026-03-05,1,x,y,8.2.0,web"), "line 3: it has 6 fields and the header 5"),
        (error("time,rating,text,version\n"), "line 1: there is no column channel; the first line names"),
        (error("time,rating,text,text,version,channel\n"), "line 1: there are two columns text"),
        (error("time;rating;text\n"), "line 1: its fields are not separated by commas"),
        (error(""), "line 1: there is no column time"),
    ] {
        assert!(found.contains(wanted), "{found}\n{wanted}");
        assert!(!found.contains("secret") && !found.contains("4111"), "{found}");
    }
    let long = vec![b'a'; FEEDBACK_FILE_BYTES_MAX + 1];
    assert!(read(&long, &Zone::UTC, NOW, "").unwrap_err().to_string().contains("divide it"));
}

#[test]
fn what_is_not_utf8_says_how_to_convert_it() {
    let mut gbk = format!("{HEAD}2026-03-05,1,").into_bytes();
    gbk.extend([0xc2, 0xfd, b',', b'8', b',', b'w', b'\n']);
    let of = |bytes: &[u8]| read(bytes, &Zone::UTC, NOW, "").unwrap_err().to_string();
    assert!(
        of(&gbk).contains("line 2: it is not UTF-8") && of(&gbk).contains("iconv -f GB18030 -t UTF-8"),
        "{}",
        of(&gbk)
    );
    assert!(of(&[0xff, 0xfe, b't', 0]).contains("iconv -f UTF-16"));
}

#[test]
fn chinese_is_cut_into_words_and_english_at_what_stands_between() {
    let words = |text: &str| -> Vec<String> {
        let cut = LISTENER.segmenter.cut(text);
        cut.into_iter()
            .map(|token| if let Token::Word(word) = token { word } else { "|".to_owned() })
            .collect()
    };
    assert_eq!(words("银行卡很卡"), ["银行卡", "很卡"]);
    assert_eq!(words("轉數快秒到，讚"), ["轉數快", "秒到", "|", "讚"]);
    assert_eq!(words("It ISN’T fast-ish. Log in!"), ["it", "isn't", "fast", "ish", "|", "log", "in", "|"]);
    assert_eq!(words("QR扫码"), ["qr", "扫码"]);
}

#[test]
fn the_same_word_in_both_scripts_and_in_english_says_the_same() {
    let heard = ["转账太慢", "轉賬太慢", "Transfers are slow"].map(|text| LISTENER.hear(text));
    for of in &heard {
        assert_eq!(*of, heard[0]);
        assert!(of.touchpoints.contains("transfer") && of.indicators.contains("tasks_in_time"));
        assert_eq!(of.polarity, Polarity::Negative);
    }
    let card = LISTENER.hear("我的银行卡丢了");
    assert!(card.touchpoints.contains("cards") && !card.indicators.contains("frames_smooth"), "{card:?}");
    assert_eq!(LISTENER.hear("一点都不卡").polarity, Polarity::Positive);
    assert_eq!(LISTENER.hear("不好用").polarity, Polarity::Negative);
}

/// How often the polarity is that of the stars, of those invented reviews that are told apart by both. docs/report.md repeats it.
#[test]
fn polarity_agrees_with_stars_as_often_as_the_documents_say() {
    let reviews = file(REVIEWS).unwrap().reviews;
    let (mut same, mut other, mut neither) = (0, 0, 0);
    for review in &reviews {
        let liked = match review.stars {
            Some(1 | 2) => Polarity::Negative,
            Some(4 | 5) => Polarity::Positive,
            _ => continue,
        };
        match LISTENER.hear(&review.text).polarity {
            Polarity::Neutral => neither += 1,
            polarity if polarity == liked => same += 1,
            _ => other += 1,
        }
    }
    assert_eq!((same, other, neither), (37, 1, 4));
}

fn noted(text: &str, keeps_texts: bool) -> Vec<Noted> {
    LISTENER.note(file(text).unwrap().reviews, keeps_texts, |_, _| {})
}

#[test]
fn a_row_is_known_again_in_another_file_and_two_alike_are_two() {
    let row = "2026-03-05,5,好,8.2.0,app_store\n";
    let ids = |text: &str| noted(text, false).into_iter().map(|note| note.id).collect::<Vec<_>>();
    let [one, two] = ids(&format!("{HEAD}{row}{row}"))[..] else { panic!() };
    assert_ne!(one, two);
    let later = ids(&format!("{HEAD}2026-03-06,5,好,8.2.0,app_store\n{row}{row}{row}"));
    assert_eq!((later.len(), later[1], later[2]), (4, one, two));
    // Where a field ends makes a difference.
    let ab = ids(&format!("{HEAD}2026-03-05,,a,bc,d\n2026-03-05,,a,b,cd\n"));
    assert_ne!(ab[0], ab[1]);
}

#[test]
fn a_text_is_kept_only_if_it_is_asked_for_and_then_scrubbed() {
    let text = format!("{HEAD}2026-03-05,1,\"Card 4111 1111 1111 1111, mail a.b@example.com\",8.2.0,web\n");
    assert_eq!(file(&text).unwrap().scrubbed, 1);
    let of = |keeps: bool| noted(&text, keeps).remove(0).text;
    assert_eq!((of(false), of(true).as_deref()), (None, Some("Card redacted, mail redacted")));
}
