//! Any file of a benchmark: see `fuzz/README.md`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nowait_collector::lab;
use nowait_report::{Budgets, CompareOptions, Comparison, Verdict, text};

fuzz_target!(|data: &[u8]| {
    let Ok(file) = std::str::from_utf8(data) else { return };
    let file = match lab::read("base/run.json", file, None) {
        Ok(file) => file,
        Err(error) => {
            return assert!(error.is_input() && error.to_string().starts_with("base/run.json: "), "{error}");
        }
    };
    assert!(file.series.iter().flat_map(|series| &series.values).all(|measured| measured.value.is_finite()));
    let files = [file.clone(), file.clone(), file];
    // A file with two devices is refused, whatever it is compared with.
    let _ = lab::check([&files, &files]);
    let Ok(side) = lab::side(&files) else { return };
    let found = Comparison::new(("a", &side), ("b", &side), &Budgets::default(), CompareOptions::default());
    assert!(!matches!(found.verdict, Verdict::Slower | Verdict::Faster), "{found:?}");
    assert!(!text::comparison(&found).is_empty() && text::markdown(&found).lines().count() <= 60);
    let json = serde_json::to_string(&found).unwrap_or_default();
    assert!(serde_json::from_str::<Comparison>(&json).is_ok());
});
