//! Files as tools write them, and what is made of them.

use super::*;
use nowait_report::verdict::Subject;
use nowait_report::{Better, Budgets, CompareOptions, Comparison, Side, Unit, Verdict};

fn read(text: &str) -> RunFile {
    super::read("base/run.json", text, None).unwrap()
}

fn refused(text: &str) -> String {
    let error = super::read("base/run.json", text, None).unwrap_err();
    assert!(error.is_input());
    error.to_string()
}

/// Name, unit, direction and values of all series.
fn told(file: &RunFile) -> Vec<(&str, &Unit, Better, Vec<f64>)> {
    let values = |series: &Series| series.values.iter().map(|measured| measured.value).collect();
    file.series
        .iter()
        .map(|series| (series.name.as_str(), &series.metric.unit, series.metric.better, values(series)))
        .collect()
}

fn macrobenchmark(fingerprint: &str, model: &str, mode: &str, runs: &str) -> String {
    format!(
        r#"{{"context": {{"build": {{"brand": "acme", "model": "{model}", "fingerprint": "{fingerprint}", "version": {{"sdk": 34}}}},
        "compilationMode": "{mode}"}}, "benchmarks": [{{"name": "startup", "className": "com.bank.StartupBenchmark", "params": {{}},
        "metrics": {{"timeToInitialDisplayMs": {{"minimum": 1, "maximum": 2, "median": 1, "runs": {runs}}}}},
        "sampledMetrics": {{"frameOverrunMs": {{"P50": 1, "P99": 9, "runs": [[-8.5, -7.5], [-9.5]]}}}},
        "profilerOutputs": [{{"filename": "startup_iter000_2026-03-05-08-01-30.perfetto-trace"}}]}}]}}"#
    )
}

#[test]
fn androidx_files_of_every_generation() {
    let file = read(&macrobenchmark("acme/x:14/user", "One", "verify", "[412.5, 400]"));
    assert_eq!(
        told(&file),
        [
            (
                "StartupBenchmark.startup timeToInitialDisplayMs",
                &Unit::Nanoseconds,
                Better::Less,
                vec![412.5e6, 400e6]
            ),
            (
                "StartupBenchmark.startup frameOverrunMs",
                &Unit::Nanoseconds,
                Better::Less,
                vec![-8.5e6, -7.5e6, -9.5e6]
            ),
        ]
    );
    assert_eq!(
        (file.date.as_deref(), file.modes.as_slice()),
        (Some("2026-03-05"), &["compiled verify".to_owned()][..])
    );
    assert_eq!((file.devices[0].what.as_str(), file.devices[0].is_emulator), ("acme One, API 34", false));
    let micro = r#"{"context": {"build": {"model": "sdk_gphone64"}}, "benchmarks": [{"name": "parse", "className": "B", "metrics": {
        "timeNs": {"runs": [10.5, 11]}, "allocationCount": {"runs": [5]}, "frameCount": {"runs": [33]}}, "repeatIterations": 8}]}"#;
    let file = read(micro);
    assert!(file.devices[0].is_emulator);
    assert_eq!(
        told(&file),
        [
            ("B.parse allocationCount", &Unit::Count, Better::Less, vec![5.0]),
            ("B.parse frameCount", &Unit::Count, Better::Neither, vec![33.0]),
            ("B.parse timeNs", &Unit::Nanoseconds, Better::Less, vec![10.5, 11.0]),
        ]
    );
    // Of 2021: percentiles are metrics of their own, and there are no sampled ones.
    let old = r#"{"context": {}, "benchmarks": [{"name": "start", "metrics": {"frameTime90thPercentileMs": {"runs": [5, 6]}}}]}"#;
    assert_eq!(told(&read(old))[0].3, [5e6, 6e6]);
}

#[test]
fn other_tools() {
    let xcresult = r#"[{"testIdentifier": "LaunchTests/testLaunch()", "testRuns": [{"device": {"deviceId": "0000-1", "deviceName": "Anna's iPhone"},
        "testPlanConfiguration": {"configurationId": "1", "configurationName": "Default"}, "metrics": [
        {"displayName": "Duration (AppLaunch)", "identifier": "com.apple.dt.XCTMetric_OSSignpost-AppLaunch.duration", "unitOfMeasurement": "s",
         "measurements": [1.25, 1.5], "polarity": "prefers smaller", "baselineAverage": 0, "baselineName": ""},
        {"displayName": "Hitch Time Ratio", "unitOfMeasurement": "ms per s", "measurements": [0, 2]},
        {"displayName": "Frame Rate", "unitOfMeasurement": "fps", "measurements": [60], "polarity": "prefers larger"}]}]}]"#;
    let file = read(xcresult);
    assert_eq!(
        told(&file),
        [
            (
                "LaunchTests/testLaunch() AppLaunch duration",
                &Unit::Nanoseconds,
                Better::Less,
                vec![1.25e9, 1.5e9]
            ),
            (
                "LaunchTests/testLaunch() Hitch Time Ratio",
                &Unit::Other("ms/s".into()),
                Better::Less,
                vec![0.0, 2.0]
            ),
            ("LaunchTests/testLaunch() Frame Rate", &Unit::Other("fps".into()), Better::More, vec![60.0]),
        ]
    );
    assert!(!format!("{file:?}").contains("Anna"));
    let other_system = xcresult.replace("XCTMetric_OSSignpost", "XCTMetric_ApplicationLaunch");
    assert_eq!(told(&read(&other_system))[0].0, "LaunchTests/testLaunch() AppLaunch duration");
    let jmh = r#"[{"benchmark": "com.bank.cache.Get.hit", "mode": "thrpt", "jdkVersion": "21.0.1", "params": {"size": "10"},
        "primaryMetric": {"score": 2, "scoreError": 9, "scoreUnit": "ops/ms", "rawData": [[1, 2], [3]]}, "secondaryMetrics": {}},
        {"benchmark": "Get.miss", "mode": "sample", "primaryMetric": {"scoreUnit": "us/op", "rawDataHistogram": [[[[2.5, 2], [3.5, 1]]]]}}]"#;
    assert_eq!(
        told(&read(jmh)),
        [
            ("Get.hit[size=10] thrpt", &Unit::Other("ops/s".into()), Better::More, vec![1e3, 2e3, 3e3]),
            ("Get.miss sample", &Unit::Nanoseconds, Better::Less, vec![2.5e3, 2.5e3, 3.5e3]),
        ]
    );
    let hyperfine = r#"{"results": [{"command": "parse", "mean": 0.5, "times": [0.5, 0.001], "exit_codes": [0, 1], "memory_usage_byte": [1000, 10]}]}"#;
    let file = read(hyperfine);
    let failed: Vec<bool> = file.series[0].values.iter().map(|measured| measured.has_failed).collect();
    assert_eq!((told(&file)[0].3.as_slice(), failed.as_slice()), (&[5e8, 1e6][..], &[false, true][..]));
    assert_eq!((told(&file)[1].0, told(&file)[1].1), ("parse memory", &Unit::Bytes));
    let gradle = r#"{"date": "2026-03-05T10:00:00Z", "environment": {"operatingSystem": "Linux"}, "scenarios": [{"definition": {"name": "assemble"},
        "samples": [{"name": "total execution time", "unit": "ms"}], "iterations": [
        {"phase": "WARM_UP", "values": {"total execution time": 9000}}, {"phase": "MEASURE", "values": {"total execution time": 1500.5}}]}]}"#;
    let file = read(gradle);
    assert_eq!(told(&file)[0].0, "assemble total execution time");
    assert_eq!((told(&file)[0].3.as_slice(), file.date.as_deref()), (&[1500.5e6][..], Some("2026-03-05")));
    let criterion = r#"{"sampling_mode": "Linear", "iters": [2, 4], "times": [20, 44]}"#;
    let file = super::read("target/criterion/group/decode/new/sample.json", criterion, None).unwrap();
    assert_eq!((told(&file)[0].0, told(&file)[0].3.as_slice()), ("decode", &[10.0, 11.0][..]));
    assert_eq!(
        super::read("new/sample.json", criterion, Some("group/decode")).unwrap().series[0].name,
        "group/decode"
    );
}

#[test]
fn csv_long_and_wide() {
    let file = read(
        "metric,value,unit,better,run,failed,device,mode,date\nstart,1.5,ms,less,1,false,One,aot,2026-03-05\nstart,2.5,ms,less,2,true,One,aot,2026-03-05\nrate,9,,more,1,,,,\n",
    );
    assert_eq!(
        told(&file),
        [
            ("start", &Unit::Nanoseconds, Better::Less, vec![1.5e6]),
            ("start", &Unit::Nanoseconds, Better::Less, vec![2.5e6]),
            ("rate", &Unit::Other(String::new()), Better::More, vec![9.0]),
        ]
    );
    assert!(file.series[1].values[0].has_failed && file.series[1].run.as_deref() == Some("2"));
    assert_eq!((file.devices.len(), file.modes.len(), file.date.as_deref()), (1, 1, Some("2026-03-05")));
    let file = read("iteration,startup_ms,memory (MB),frameOverrunMs\n1,12.5,3,-1\n2,13.5,,-2\n");
    assert_eq!(
        told(&file),
        [
            ("startup_ms", &Unit::Nanoseconds, Better::Less, vec![12.5e6, 13.5e6]),
            ("memory (MB)", &Unit::Bytes, Better::Less, vec![3e6]),
            ("frameOverrunMs", &Unit::Nanoseconds, Better::Less, vec![-1e6, -2e6]),
        ]
    );
}

#[test]
fn what_is_wrong_is_told_by_the_name_of_its_field() {
    for (text, said) in [
        ("[]", "no test measured anything"),
        ("{}", "no tool that is known"),
        ("{", "it is no JSON"),
        (r#"{"context": {}, "benchmarks": []}"#, "no benchmark ran"),
        (
            r#"{"context": {}, "benchmarks": [{"name": "x", "metrics": {}}]}"#,
            "benchmarks[0]: x has no metrics",
        ),
        (
            r#"{"context": {}, "benchmarks": [{"name": "x", "metrics": {"aMs": {"runs": [1, "12,5"]}}}]}"#,
            "aMs.runs[1]: \"12,5\" has a decimal comma: write 12.5",
        ),
        (
            r#"{"context": {}, "benchmarks": [{"name": "x", "metrics": {"aMs": {"median": 1}}}]}"#,
            "aMs: it has no runs",
        ),
        (
            r#"{"context": {}, "benchmarks": [{"name": "x", "metrics": {"aMs": {"runs": []}}}]}"#,
            "nothing was measured",
        ),
        (
            r#"{"results": [{"command": "x", "times": ["<duration>"]}]}"#,
            "results[0].times[0]: \"<duration>\" is no number",
        ),
        (r#"{"results": [{"command": "x", "mean": 1}]}"#, "results[0]: it has no times"),
        (
            r#"{"results": [{"command": "x", "times": [1], "exit_codes": [0, 0]}]}"#,
            "1 times and 2 exit codes",
        ),
        (r#"{"mean": {"point_estimate": 1}, "median": {}, "slope": null}"#, "sample.json"),
        (r#"{"iters": [0], "times": [1]}"#, "no iterations"),
        (r#"[{"testIdentifier": "T", "testRuns": [{"metrics": []}]}]"#, "nothing was measured"),
        ("Test Suite 'All tests' passed.\nExecuted 0 tests, with 0 failures", "no test ran"),
        ("startup_ms\n12,5\n", "line 2: it has 2 fields and the header 1: is there a decimal comma?"),
        ("startup_ms,x\n\"12,5\",1\n", "line 2, startup_ms: \"12,5\" has a decimal comma: write 12.5"),
        ("metric;value\na;1\n", "not separated by commas"),
        ("1,2\n3,4\n", "it has no header"),
        ("metric,value,colour\na,1,red\n", "there is no column \"colour\""),
        ("metric,value,kind\na,1,tap\n", "a wait is a time"),
        ("metric,value,kind,unit\na,1,tapp,ms\n", "\"tapp\" is none; write one of launch"),
        ("startup_ms\n", "nothing was measured"),
        ("metric,value,kind,unit\na,-1,tap,ms\n", "line 2, value: a wait is not less than nothing"),
        ("metric,value,unit\na,1e308,s\n", "a: a value is too large"),
        ("metric,value\na,nan\n", "line 2, value: \"nan\" is no number"),
    ] {
        let told = refused(text);
        assert!(told.starts_with("base/run.json: ") && told.contains(said), "{text}\n{told}");
    }
}

#[test]
fn what_was_measured_otherwise_is_named_before_any_verdict() {
    let of = |fingerprint, model, mode| read(&macrobenchmark(fingerprint, model, mode, "[1]"));
    let one = of("acme/x", "One", "verify");
    let all = |files: &[&RunFile]| -> Vec<RunFile> { files.iter().copied().cloned().collect() };
    let checked = |base: &[&RunFile], head: &[&RunFile]| {
        check([&all(base), &all(head)]).err().map(|error| error.to_string())
    };
    assert_eq!(checked(&[&one], &[&one]), None);
    let told = checked(&[&one], &[&of("acme/x", "Two", "verify")]).unwrap();
    assert!(
        told.contains("2 devices: acme One, API 34 (base/run.json), acme Two, API 34 (base/run.json)"),
        "{told}"
    );
    let told = checked(&[&one], &[&of("google/sdk_gphone64/emu64x", "One", "verify")]).unwrap();
    assert!(told.contains("an emulator and a device"), "{told}");
    let told = checked(&[&one], &[&of("acme/x", "One", "speed-profile")]).unwrap();
    assert!(told.contains("2 modes: compiled speed-profile") && told.contains("--allow-mixed"), "{told}");
    let mut later = one.clone();
    later.date = Some("2026-03-06".into());
    assert_eq!(checked(&[&one], &[&later]), None, "each side has one day");
    let told = checked(&[&one, &later], &[&one]).unwrap();
    assert!(
        told.contains("2 dates on one side: 2026-03-05 (base/run.json), 2026-03-06 (base/run.json)"),
        "{told}"
    );
    let phone = |id: &str| {
        let device = Device { what: id.into(), is_id: true, is_emulator: false };
        let mut file = one.clone();
        (file.devices, file.modes) = (vec![device], Vec::new());
        file
    };
    let told = checked(&[&phone("Anna-1")], &[&phone("Anna-2")]).unwrap();
    assert!(told.contains("2 devices") && !told.contains("Anna"), "{told}");
}

/// So many runs of a metric, each with values around a middle, as a CSV file.
fn runs(metric: &str, unit: &str, better: &str, runs: u32, values: u32, of: impl Fn(f64) -> f64) -> Side {
    let mut text = "metric,value,unit,better,run\n".to_owned();
    for run in 0..runs {
        for at in 0..values {
            // A run differs from the next by some, and its values by more.
            let noise = (f64::from(run * 7 % 5) - 2.0) * 0.002 + (f64::from(at * 13 % 11) - 5.0) * 0.004;
            text.push_str(&format!("{metric},{},{unit},{better},{run}\n", of(noise)));
        }
    }
    side(&[super::read("runs.csv", &text, None).unwrap()]).unwrap()
}

fn compared(base: &Side, head: &Side) -> Comparison {
    Comparison::new(("base", base), ("head", head), &Budgets::default(), CompareOptions::default())
}

#[test]
fn runs_are_what_a_verdict_stands_on() {
    let startup = |runs_: u32, values, middle: f64| {
        runs("startup", "ms", "less", runs_, values, |noise| middle * (1.0 + noise))
    };
    let found = compared(&startup(5, 7, 400.0), &startup(5, 7, 440.0));
    let metric = &found.touchpoints[0];
    assert_eq!((found.verdict, metric.base.waits, metric.base.sessions), (Verdict::Slower, 35, 5));
    let p75 = metric.primary().unwrap();
    assert!((p75.change - 1.1).abs() < 1e-6, "exact, not by buckets: {}", p75.change);
    assert_eq!(compared(&startup(5, 7, 440.0), &startup(5, 7, 400.0)).verdict, Verdict::Faster);
    assert_eq!(compared(&startup(5, 7, 400.0), &startup(5, 7, 400.0)).verdict, Verdict::Equivalent);
    // Five values are too few for p50, and one run says nothing of others: figures are shown all the same.
    for few in [startup(1, 35, 440.0), startup(1, 5, 440.0)] {
        let found = compared(&startup(5, 7, 400.0), &few);
        let p50 = found.touchpoints[0].primary().unwrap();
        assert_eq!((found.verdict, found.tests, p50.low), (Verdict::TooFewSamples, 0, None));
        assert!((p50.change - 1.1).abs() < 0.01, "{}", p50.change);
    }
}

#[test]
fn more_may_be_better_less_than_nothing_may_be_and_counts_are_no_ratio() {
    let rate = |middle: f64| runs("rate", "ops/s", "more", 5, 7, |noise| middle * (1.0 + noise));
    let found = compared(&rate(1e6), &rate(8e5));
    let p75 = found.touchpoints[0].primary().unwrap();
    assert_eq!(found.verdict, Verdict::Slower);
    assert!((p75.change - 0.8).abs() < 1e-9 && p75.low.unwrap() < 0.8 && p75.high.unwrap() > 0.8, "{p75:?}");
    assert!(p75.base < 1e6, "three quarters of the values are at least that: {}", p75.base);
    let overrun = |middle: f64| runs("overrun", "ms", "less", 5, 7, |noise| middle + 20.0 * noise);
    let found = compared(&overrun(-9.0), &overrun(1.0));
    let p75 = found.touchpoints[0].primary().unwrap();
    assert_eq!(found.verdict, Verdict::Slower);
    assert!((p75.change - 10e6).abs() < 1.0, "a difference in ns: {}", p75.change);
    assert_eq!(compared(&overrun(-9.0), &overrun(-8.0)).verdict, Verdict::Equivalent, "5 ms matter");
    let counts = |n: f64| runs("allocations", "count", "less", 3, 3, |_| n);
    assert_eq!(compared(&counts(12.0), &counts(13.0)).verdict, Verdict::Slower);
    assert_eq!(compared(&counts(12.0), &counts(12.0)).verdict, Verdict::Equivalent);
    let found = compared(&counts(0.0), &counts(0.0));
    assert!(found.touchpoints.is_empty() && found.not_judged.len() == 1);
    let neither = |n: f64| runs("frameCount", "count", "neither", 3, 3, |_| n);
    assert_eq!(compared(&neither(30.0), &neither(60.0)).not_judged[0].head, Some(60.0));
    let text = nowait_report::text::comparison(&compared(&overrun(-9.0), &overrun(1.0)));
    assert!(text.contains("+10.0 ms") && text.contains("METRICS"), "{text}");
}

#[test]
fn a_run_that_failed_is_no_fast_run() {
    let of = |failing: u32| {
        let mut text = "metric,value,unit,run,failed\n".to_owned();
        for run in 0..6 {
            for at in 0..10 {
                let has_failed = at < failing;
                let value = if has_failed { 1 } else { 400 + at + run };
                text.push_str(&format!("start,{value},ms,{run},{has_failed}\n"));
            }
        }
        side(&[super::read("runs.csv", &text, None).unwrap()]).unwrap()
    };
    assert_eq!(compared(&of(0), &of(3)).verdict, Verdict::Slower);
}

#[test]
fn waits_of_a_file_are_compared_as_those_of_a_release() {
    let of = |middle: u64| {
        let mut text = "metric,value,unit,kind,run\n".to_owned();
        for at in 0..400 {
            text.push_str(&format!("Pay,{},ms,tap,{}\n", middle + at * 7 % 40, at / 4));
        }
        side(&[super::read("waits.csv", &text, None).unwrap()]).unwrap()
    };
    let found = compared(&of(300).regardless_of_strata(), &of(400));
    assert_eq!((found.verdict, found.touchpoints[0].name.as_str()), (Verdict::Slower, "Pay"));
    assert!(matches!(found.touchpoints[0].subject, Subject::Waits { .. }));
    assert_eq!(found.touchpoints[0].base.sessions, 100);
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["touchpoints"][0]["kind"], "tap");
    assert_eq!(serde_json::from_value::<Comparison>(json).unwrap(), found);
}

#[test]
fn words_name_releases_files_and_folders() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, text) in
        [("base/b.json", "{}"), ("base/a.csv", ""), ("base/notes.txt", ""), ("head/a.json", "{}")]
    {
        std::fs::create_dir_all(path(name).parent().unwrap()).unwrap();
        std::fs::write(path(name), text).unwrap();
    }
    let words = |names: &[&str]| -> Vec<String> {
        names
            .iter()
            .map(
                |name| if name.contains('/') { path(name).display().to_string() } else { (*name).to_owned() },
            )
            .collect()
    };
    let split = |names: &[&str]| super::split(&words(names), false);
    assert_eq!(split(&["8.1.0", "8.2.0"]).unwrap()[1], Files::Release("8.2.0".into()));
    let Files::Runs { paths, .. } = &split(&["base/", "head/"]).unwrap()[0] else { panic!("a folder") };
    assert_eq!(paths, &[path("base/a.csv"), path("base/b.json")]);
    let sides = split(&["base/b.json", "base/a.csv", "head/a.json"]).unwrap();
    let counts = sides.map(|side| if let Files::Runs { paths, .. } = side { paths.len() } else { 0 });
    assert_eq!(counts, [2, 1]);
    for (names, said) in [
        (&["base/b.json", "base/a.csv", "8.1.0"][..], "is no file"),
        (&["base/b.json", "base/a.csv", "base/b.json"], "are of 1 folders"),
        (&["base/none.json", "head/"], "there is no such file"),
        (&["8.1.0", "head/none/"], "there is no such file"),
    ] {
        let told = split(names).unwrap_err().to_string();
        assert!(told.contains(said), "{told}");
    }
    // Criterion's folder: the run itself, and neither the one before nor the estimates.
    for name in [
        "new/sample.json",
        "new/estimates.json",
        "new/benchmark.json",
        "base/sample.json",
        "change/estimates.json",
    ] {
        let path = path("criterion/decode").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = if name.ends_with("sample.json") {
            r#"{"iters": [1], "times": [5]}"#
        } else {
            r#"{"full_id": "wire/decode"}"#
        };
        std::fs::write(path, text).unwrap();
    }
    let Files::Runs { paths, .. } = &split(&["criterion/", "head/"]).unwrap()[0] else { panic!("a folder") };
    assert_eq!(paths, &[path("criterion/decode/new/sample.json")]);
    assert_eq!(read_all(paths).unwrap()[0].series[0].name, "wire/decode");
}
