//! The recipes of `docs/ci`: what they tell a shell, run by one.

mod running;
mod sending;

use nowait_wire::testing::session;
use running::{NOWAIT, Server};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn recipe(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ci").join(name)).unwrap()
}

/// The lines behind the one that ends with `begin`, as far as they are indented more, or until `end`.
fn shell_of(recipe: &str, begin: &str, end: Option<&str>) -> String {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut lines = recipe.lines().skip_while(|line| !line.trim_end().ends_with(begin));
    let outer = depth(lines.next().unwrap());
    let is_within = |line: &&str| match end {
        Some(end) => line.trim() != end,
        None => line.trim().is_empty() || depth(line) > outer,
    };
    let script: Vec<&str> = lines.take_while(is_within).map(str::trim).collect();
    assert!(script.len() > 1, "{recipe}");
    script.join("\n")
}

/// Runs a script as a CI does: each line has to succeed.
fn run(script: &str, folder: &Path, variables: &[(&str, &str)]) -> Output {
    let binaries = Path::new(NOWAIT).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-euc", script]).current_dir(folder).env("PATH", path).env_remove("NOWAIT_DATA");
    shell.envs(variables.iter().copied()).output().unwrap()
}

/// Files of benchmarks of two builds, of which the second takes so much longer.
fn benchmarks(folder: &Path, factor: f64) {
    for (side, middle) in [("base", 0.4), ("head", 0.4 * factor)] {
        fs::create_dir_all(folder.join(side)).unwrap();
        for run in 0..4 {
            let time = |at: u32| (middle + f64::from(run * 7 % 5 + at * 5 % 7) / 1e3).to_string();
            let times: Vec<String> = (0..8).map(time).collect();
            let text = format!(r#"{{"results": [{{"command": "start", "times": [{}]}}]}}"#, times.join(","));
            fs::write(folder.join(side).join(format!("run{run}.json")), text).unwrap();
        }
    }
}

#[test]
fn files_are_judged_in_github_actions_and_gitlab() {
    let recipes = [("github-actions.yml", "run: |"), ("gitlab-ci.yml", "- |")];
    for (name, begin) in recipes {
        let script = shell_of(&recipe(name), begin, None);
        for (factor, code) in [(1.2, 1), (1.0, 0)] {
            let folder = tempfile::tempdir().unwrap();
            benchmarks(folder.path(), factor);
            let summary = folder.path().join("summary.md");
            let variables = [("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())];
            let ended = run(&script, folder.path(), &variables);
            assert_eq!(ended.status.code(), Some(code), "{name}: {ended:?}");
            let html = fs::read_to_string(folder.path().join("nowait.html")).unwrap();
            assert!(html.contains("<svg") && html.contains("start"), "{name}");
            let told = if name.starts_with("github") { "summary.md" } else { "nowait.xml" };
            assert!(fs::read_to_string(folder.path().join(told)).unwrap().contains("start"), "{name}");
        }
    }
}

#[test]
fn a_release_is_checked_in_jenkins() {
    let script = shell_of(&recipe("Jenkinsfile"), "sh '''", Some("'''"));
    let folder = tempfile::tempdir().unwrap();
    let limits = |p75_ms: u32| {
        format!("[[limit]]\nkind = \"tap\"\nname = \"Home.Transfer\"\np75_ms = {p75_ms}\nowner = \"Home\"\n")
    };
    for (p75_ms, code) in [(1, 1), (60_000, 0)] {
        let folder = folder.path().join(p75_ms.to_string());
        fs::create_dir_all(&folder).unwrap();
        let budgets = folder.join("budgets.toml");
        fs::write(&budgets, limits(p75_ms)).unwrap();
        let data = folder.join("data");
        let server = Server::start(Command::new(NOWAIT), &data, &["--budgets", budgets.to_str().unwrap()]);
        for seed in 0..40 {
            server.send(&nowait_wire::encode(&session(seed, 400)).unwrap()).unwrap();
        }
        let url = server.url();
        let version = session(1, 1).context.app_version;
        let variables = [("NOWAIT_URL", url.as_str()), ("APP_VERSION", &version), ("NOWAIT_READ_TOKEN", "")];
        let ended = run(&script, &folder, &variables);
        assert_eq!(ended.status.code(), Some(code), "{ended:?}");
        let xml = fs::read_to_string(folder.join("nowait.xml")).unwrap();
        assert!(xml.contains("Home.Transfer p75"), "{xml}");
        assert!(fs::read_to_string(folder.join("nowait.html")).unwrap().contains("Limits of"));
    }
}
