//! Replays `core/testdata/*.script` (format: `core/testdata/README.md`) and throws arbitrary facts at the trackers.

mod facts;
mod properties;
mod script;
mod state;

use std::fmt::Write as _;
use std::path::PathBuf;

fn scripts() -> Vec<(PathBuf, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "script"));
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// Lines of the two forms side by side, as far as they differ, with the signal they follow.
fn difference(written: &[String], real: &[String]) -> String {
    let mut text = String::new();
    let (mut w, mut r) = (written.iter().peekable(), real.iter().peekable());
    let is_event = |line: &&String| line.starts_with('>');
    let mut signal = "";
    loop {
        let (wanted, got): (Vec<_>, Vec<_>) = (
            std::iter::from_fn(|| w.next_if(is_event)).collect(),
            std::iter::from_fn(|| r.next_if(is_event)).collect(),
        );
        if wanted != got {
            writeln!(text, "  after: {signal}").unwrap();
            wanted.iter().for_each(|line| writeln!(text, "    expected {line}").unwrap());
            got.iter().for_each(|line| writeln!(text, "    came     {line}").unwrap());
        }
        match (w.next(), r.next()) {
            (Some(wanted), Some(got)) if wanted != got => {
                writeln!(text, "  at the end\n    expected {wanted}\n    came     {got}").unwrap();
            }
            (Some(wanted), _) => signal = wanted,
            (None, _) => return text,
        }
    }
}

#[test]
fn scripts_give_the_events_that_they_say() {
    let scripts = scripts();
    assert!(!scripts.is_empty(), "no scripts found");
    let mut report = String::new();
    for (path, script) in scripts {
        let (written, real) = script::replay(&script);
        if written != real {
            writeln!(report, "{}\n{}", path.display(), difference(&written, &real)).unwrap();
        }
    }
    assert!(report.is_empty(), "scripts that went otherwise:\n\n{report}");
}
