//! What is told of gaps and targets, in every language.

mod words;

use nowait_report::gaps::{EXAMPLE_GAPS, Progress, Targets};
use nowait_report::section::{of_gaps, of_targets};
use nowait_report::{Budgets, Gaps, Language, Side};

#[test]
fn the_tables_can_be_said_in_every_language() {
    let budgets = Budgets::parse(EXAMPLE_GAPS).unwrap();
    let known = ["8.1.0".to_owned(), "8.2.0".to_owned()];
    let mut sections = of_gaps(&Gaps::new(&Side::new(), &budgets));
    sections.extend(of_targets(&Targets::new(&[].into(), &budgets, &known)));
    assert_eq!(sections.len(), 2);
    assert_eq!(words::missing(&sections), Vec::<String>::new());
    let all = [
        Progress::Met,
        Progress::Better,
        Progress::Same,
        Progress::Worse,
        Progress::NoEvidence,
        Progress::TooFewSamples,
    ];
    for progress in all {
        let key = format!("progress.{}", progress.as_str());
        assert!(Language::ALL.iter().all(|language| language.word(&key).is_some()), "{key}");
    }
    for origin in ["measured", "bank", "unknown"] {
        assert!(Language::ALL.iter().all(|language| language.word(&format!("origin.{origin}")).is_some()));
    }
}
