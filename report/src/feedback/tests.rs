use super::*;
use crate::budget::Budgets;

/// Blanks part words, and signs part sentences: enough for these texts, in which Chinese words stand apart.
fn cut(text: &str) -> Vec<Token> {
    let parts = text.split_whitespace().flat_map(|part| {
        let word = part.trim_end_matches([',', '.', '，', '。']);
        let end = (word.len() < part.len()).then_some(Token::Break);
        std::iter::once(Token::Word(word.to_lowercase())).chain(end)
    });
    parts.collect()
}

fn read(text: &str) -> (Vec<String>, Vec<String>, Polarity) {
    let dictionary = Dictionary::new(&Budgets::default(), &cut);
    let tokens = cut(text);
    let heard = dictionary.read(&tokens);
    let owned = |of: &std::collections::BTreeSet<&str>| of.iter().map(|name| (*name).to_owned()).collect();
    (owned(&heard.touchpoints), owned(&heard.indicators), heard.polarity)
}

#[test]
fn a_review_tells_of_touchpoints_and_indicators() {
    assert_eq!(
        read("转账 太慢 了"),
        (vec!["transfer".into()], vec!["tasks_in_time".into()], Polarity::Negative)
    );
    assert_eq!(
        read("轉賬 很快 ， 讚"),
        (vec!["transfer".into()], vec!["tasks_in_time".into()], Polarity::Positive)
    );
    assert_eq!(
        read("Transfers fail, the app freezes"),
        (vec!["transfer".into()], vec!["frames_smooth".into(), "tasks_done".into()], Polarity::Negative)
    );
    assert_eq!(read("晚上 去 散步"), (vec![], vec![], Polarity::Neutral));
    // The longest counts: this is not about accounts.
    assert_eq!(read("open an account").0, ["opening"]);
    assert_eq!(read("银行卡 在 哪里").1, [""; 0], "a card is no lag");
}

#[test]
fn a_negation_turns_the_word_behind_it_round() {
    for (text, polarity) in [
        ("not good", Polarity::Negative),
        ("not very good", Polarity::Negative),
        ("not slow", Polarity::Positive),
        ("it isn't bad", Polarity::Positive),
        ("不 慢", Polarity::Positive),
        ("一点 都 不 卡", Polarity::Positive),
        ("没有 不 好", Polarity::Positive),
        ("not now, good", Polarity::Positive),
        ("not slow but good", Polarity::Positive),
        ("not that one could call it good", Polarity::Positive),
        ("fast and slow", Polarity::Neutral),
        ("", Polarity::Neutral),
    ] {
        assert_eq!(read(text).2, polarity, "{text}");
    }
}

fn feedback(of: &[(&str, &str, u8, Polarity, u64)]) -> Feedback {
    let budgets = Budgets::default();
    let dictionary = Dictionary::new(&budgets, &cut);
    let mut feedback = Feedback::default();
    for (product, text, stars, polarity, n) in of {
        let tokens = cut(text);
        for (touchpoint, indicator) in counted_under(&dictionary.read(&tokens)) {
            let key = FeedbackKey {
                product: (*product).to_owned(),
                touchpoint: touchpoint.to_owned(),
                indicator: indicator.to_owned(),
                ..FeedbackKey::default()
            };
            (0..*n).for_each(|_| feedback.add(key.clone(), &Tally::one(Some(*stars), *polarity)));
        }
    }
    feedback
}

#[test]
fn a_review_counts_once_in_everything_that_it_tells_of() {
    let both = feedback(&[("", "transfer slow transfer slow laggy", 1, Polarity::Negative, 3)]);
    let found = Listening::new(&both, &Budgets::default());
    assert_eq!(found.products.first().unwrap().opinion.n, 3);
    assert_eq!((found.touchpoints.len(), found.indicators.len(), found.unheard), (1, 2, 0));
    assert!(found.indicators.iter().all(|of| of.own.n == 3 && of.touchpoints.len() == 1));
    assert_eq!(found.touchpoints.first().unwrap().own.n, 3);
    let none = Listening::new(&feedback(&[("", "hello", 5, Polarity::Neutral, 2)]), &Budgets::default());
    assert_eq!((none.unheard, none.indicators.len(), none.touchpoints.len()), (2, 0, 0));
    assert!(Listening::new(&Feedback::default(), &Budgets::default()).is_empty());
}

#[test]
fn the_own_product_stands_beside_others_with_an_interval_and_not_of_few() {
    let of = |own_praise: u64, own_blame: u64| {
        let sides = feedback(&[
            ("", "transfer fast", 5, Polarity::Positive, own_praise),
            ("", "transfer slow", 2, Polarity::Negative, own_blame),
            ("Other Bank", "transfer fast", 4, Polarity::Positive, 48),
            ("Other Bank", "transfer slow", 2, Polarity::Negative, 32),
        ]);
        Listening::new(&sides, &Budgets::default()).indicators.first().unwrap().clone()
    };
    // Newcombe 1998, table II (a): 56/70 - 48/80 gives 0.0524 to 0.3339.
    let ahead = of(56, 14);
    assert_eq!(ahead.ahead.standing, Standing::Ahead);
    assert!((ahead.ahead.low.unwrap() - 0.0524).abs() < 5e-5, "{ahead:?}");
    assert_eq!((ahead.own.praise_share, ahead.own.stars_mean), (Some(0.8), Some(4.4)));
    assert_eq!(of(14, 56).ahead.standing, Standing::Behind);
    assert_eq!(of(42, 28).ahead.standing, Standing::NoEvidence);
    let few = of(25, 24);
    assert_eq!(
        (few.ahead.standing, few.own.praise_share, few.own.stars_mean),
        (Standing::TooFew, None, None)
    );
    assert!(few.others.praise_share.is_some());
}
