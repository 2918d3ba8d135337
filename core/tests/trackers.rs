//! Replays `core/testdata/*.script` (format: `core/testdata/README.md`) and throws arbitrary signals at the trackers.

use nowait_core::tracker::{Signal, Trackers};
use nowait_wire::{Event, Flags, Kind, NameId, Outcome};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Names in order of appearance, after the reserved ones.
struct Names(Vec<String>);

impl Names {
    fn new() -> Names {
        Names(NameId::RESERVED.iter().map(|name| (*name).to_owned()).collect())
    }

    fn id(&mut self, text: &str) -> NameId {
        let at = self.0.iter().position(|name| name == text).unwrap_or_else(|| {
            self.0.push(text.to_owned());
            self.0.len() - 1
        });
        NameId(u32::try_from(at).unwrap())
    }

    fn text(&self, id: NameId) -> &str {
        &self.0[id.0 as usize]
    }
}

/// The `key=value` words of a line.
struct Fields<'a>(HashMap<&'a str, &'a str>);

impl<'a> Fields<'a> {
    fn parse(words: impl Iterator<Item = &'a str>) -> Fields<'a> {
        Fields(words.map(|word| word.split_once('=').expect("key=value")).collect())
    }

    fn text(&self, key: &str) -> &'a str {
        self.0.get(key).unwrap_or_else(|| panic!("{key}= is missing"))
    }

    fn number(&self, key: &str) -> u64 {
        value(self.text(key))
    }

    fn time(&self, key: &str) -> u64 {
        ns(self.text(key))
    }

    fn outcome(&self) -> Outcome {
        self.0.get("outcome").map_or(Outcome::Done, |text| text.parse().expect("an outcome"))
    }
}

/// Milliseconds with up to six decimals, as nanoseconds.
fn ns(text: &str) -> u64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    assert!(part.len() <= 6, "more than six decimals: {text}");
    whole.parse::<u64>().unwrap() * 1_000_000 + format!("{part:0<6}").parse::<u64>().unwrap()
}

fn ms(ns: u64) -> String {
    let text = format!("{}.{:06}", ns / 1_000_000, ns % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `12`, `0x1f`, or `low|high` for two 32-bit halves.
fn value(text: &str) -> u64 {
    if let Some((low, high)) = text.split_once('|') {
        return value(low) | value(high) << 32;
    }
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).unwrap(),
        None => text.parse().unwrap(),
    }
}

fn signal(line: &str, names: &mut Names) -> Signal {
    let mut words = line.split_whitespace();
    let at = ns(words.next().unwrap());
    let verb = words.next().expect("a signal");
    let fields = Fields::parse(words);
    let mut name = |key: &str| names.id(fields.text(key));
    match verb {
        "process_started" => Signal::ProcessStarted { at, visible: fields.text("visible") == "true" },
        "foreground" => Signal::Foreground { at, restored: fields.text("restored") == "true" },
        "background" => Signal::Background { at },
        "touch_up" => Signal::TouchUp { at, target: name("target") },
        "touch_handled" => Signal::TouchHandled { at },
        "frame" => Signal::Frame { started: fields.time("started"), deadline: fields.time("deadline"), at },
        "navigation" => Signal::Navigation { at },
        "screen_created" => Signal::ScreenCreated { at, screen: name("screen") },
        "screen_shown" => Signal::ScreenShown { at, screen: name("screen") },
        "screen_ready" => Signal::ScreenReady { at, screen: name("screen") },
        "screen_left" => Signal::ScreenLeft { at, screen: name("screen") },
        "request_started" => Signal::RequestStarted { at, id: fields.number("id"), route: name("route") },
        "request_ended" => Signal::RequestEnded {
            at,
            id: fields.number("id"),
            status: u16::try_from(fields.number("status")).unwrap(),
            outcome: fields.outcome(),
        },
        "action_started" => Signal::ActionStarted { at },
        "action_ended" => Signal::ActionEnded { at },
        "main_ping" => Signal::MainPing { at },
        "main_pong" => Signal::MainPong { at },
        "journey_started" => Signal::JourneyStarted { at, id: fields.number("id"), journey: name("journey") },
        "step_started" => Signal::StepStarted { at, id: fields.number("id"), step: name("step") },
        "journey_ended" => Signal::JourneyEnded { at, id: fields.number("id"), outcome: fields.outcome() },
        "tick" => Signal::Tick { at },
        other => panic!("no such signal: {other}"),
    }
}

/// An expected event; what the line leaves out is zero, `done` or no name.
fn expected(line: &str, names: &mut Names) -> Event {
    let mut words = line.split_whitespace().skip(1);
    let kind: Kind = words.next().unwrap().parse().expect("a kind");
    let fields = Fields::parse(words);
    let mut name = |key: &str| fields.0.get(key).map_or(NameId::NONE, |text| names.id(text));
    let number = |key: &str| fields.0.get(key).map_or(0, |text| value(text));
    let journey = number("journey");
    Event {
        outcome: fields.outcome(),
        flags: if journey == 0 { Flags::NONE } else { Flags::IN_JOURNEY },
        screen: name("screen"),
        started_uptime_ns: fields.time("start"),
        duration_ns: fields.time("duration"),
        journey,
        a: number("a"),
        b: number("b"),
        ..Event::new(kind, name("name"))
    }
}

/// An event as a line of a script.
fn line_of(event: &Event, names: &Names) -> String {
    let mut line = format!("> {}", event.kind);
    for (key, id) in [("name", event.name), ("screen", event.screen)] {
        if id != NameId::NONE {
            write!(line, " {key}={}", names.text(id)).unwrap();
        }
    }
    write!(line, " start={} duration={}", ms(event.started_uptime_ns), ms(event.duration_ns)).unwrap();
    if event.outcome != Outcome::Done {
        write!(line, " outcome={}", event.outcome).unwrap();
    }
    if event.journey != 0 || event.flags != Flags::NONE {
        assert_eq!(event.flags, Flags::IN_JOURNEY, "the flag and the journey go together");
        write!(line, " journey={}", event.journey).unwrap();
    }
    for (key, number) in [("a", event.a), ("b", event.b)] {
        match (event.kind, number) {
            (_, 0) => {}
            (Kind::Frames, _) => write!(line, " {key}={}|{}", number as u32, number >> 32).unwrap(),
            (Kind::FrameTimes, _) => write!(line, " {key}={number:#018x}").unwrap(),
            _ => write!(line, " {key}={number}").unwrap(),
        }
    }
    line
}

/// The script as written, and the script as it really went, both in normal form.
fn replay(script: &str) -> (Vec<String>, Vec<String>) {
    let (mut names, mut trackers) = (Names::new(), Trackers::new());
    let (mut written, mut real) = (Vec::new(), Vec::new());
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.as_bytes()[0] {
            b'#' => {
                written.push(line.to_owned());
                real.push(line.to_owned());
            }
            b'>' => {
                let event = expected(line, &mut names);
                written.push(line_of(&event, &names));
            }
            b'=' => {
                written.push(line.to_owned());
                real.push(format!("= lost {}", trackers.lost()));
            }
            _ => {
                written.push(line.to_owned());
                real.push(line.to_owned());
                let signal = signal(line, &mut names);
                trackers.signal(&signal, &mut |event: Event| real.push(line_of(&event, &names)));
            }
        }
    }
    (written, real)
}

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
        let (written, real) = replay(&script);
        if written != real {
            writeln!(report, "{}\n{}", path.display(), difference(&written, &real)).unwrap();
        }
    }
    assert!(report.is_empty(), "scripts that went otherwise:\n\n{report}");
}

mod properties {
    use super::*;
    use nowait_core::tracker::limits::*;
    use proptest::prelude::*;

    /// A signal without its time, from small sets of names and ids so that they meet.
    fn any_signal() -> impl Strategy<Value = Signal> {
        let name = || (6u32..10).prop_map(NameId);
        let (id, at) = (1u64..6, 0);
        let outcome = prop::sample::select(Outcome::ALL);
        prop_oneof![
            1 => any::<bool>().prop_map(move |visible| Signal::ProcessStarted { at, visible }),
            2 => any::<bool>().prop_map(move |restored| Signal::Foreground { at, restored }),
            2 => Just(Signal::Background { at }),
            4 => name().prop_map(move |target| Signal::TouchUp { at, target }),
            4 => Just(Signal::TouchHandled { at }),
            8 => (0..900 * MS, 0..40 * MS).prop_map(move |(started, deadline)| {
                Signal::Frame { started, deadline, at }
            }),
            1 => Just(Signal::Navigation { at }),
            3 => name().prop_map(move |screen| Signal::ScreenCreated { at, screen }),
            3 => name().prop_map(move |screen| Signal::ScreenShown { at, screen }),
            3 => name().prop_map(move |screen| Signal::ScreenReady { at, screen }),
            2 => name().prop_map(move |screen| Signal::ScreenLeft { at, screen }),
            3 => (id.clone(), name()).prop_map(move |(id, route)| Signal::RequestStarted { at, id, route }),
            3 => (id.clone(), any::<u16>(), outcome.clone()).prop_map(move |(id, status, outcome)| {
                Signal::RequestEnded { at, id, status, outcome }
            }),
            1 => Just(Signal::ActionStarted { at }),
            1 => Just(Signal::ActionEnded { at }),
            4 => Just(Signal::MainPing { at }),
            2 => Just(Signal::MainPong { at }),
            2 => (id.clone(), name()).prop_map(move |(id, journey)| {
                Signal::JourneyStarted { at, id, journey }
            }),
            2 => (id.clone(), name()).prop_map(move |(id, step)| Signal::StepStarted { at, id, step }),
            2 => (id, outcome).prop_map(move |(id, outcome)| Signal::JourneyEnded { at, id, outcome }),
            1 => Just(Signal::Tick { at }),
        ]
    }

    /// The same signal at `now`; a frame keeps how long it took and when it was due.
    fn moved(signal: Signal, now: u64) -> Signal {
        let mut signal = signal;
        match &mut signal {
            Signal::Frame { started, deadline, at } => {
                (*deadline, *at) = (now.saturating_sub(*deadline), now);
                *started = now.saturating_sub(*started);
            }
            Signal::ProcessStarted { at, .. }
            | Signal::Foreground { at, .. }
            | Signal::Background { at }
            | Signal::TouchUp { at, .. }
            | Signal::TouchHandled { at }
            | Signal::Navigation { at }
            | Signal::ScreenCreated { at, .. }
            | Signal::ScreenShown { at, .. }
            | Signal::ScreenReady { at, .. }
            | Signal::ScreenLeft { at, .. }
            | Signal::RequestStarted { at, .. }
            | Signal::RequestEnded { at, .. }
            | Signal::ActionStarted { at }
            | Signal::ActionEnded { at }
            | Signal::MainPing { at }
            | Signal::MainPong { at }
            | Signal::JourneyStarted { at, .. }
            | Signal::StepStarted { at, .. }
            | Signal::JourneyEnded { at, .. }
            | Signal::Tick { at } => *at = now,
        }
        signal
    }

    /// Steps of every size that a rule may care about.
    fn any_step() -> impl Strategy<Value = u64> {
        prop_oneof![
            8 => 1..50 * MS,
            4 => 1..600 * MS,
            2 => 1..4 * SECOND,
            1 => 1..70 * SECOND,
        ]
    }

    /// Signals in the order of their times, all at different times.
    fn in_order() -> impl Strategy<Value = Vec<Signal>> {
        prop::collection::vec((any_step(), any_signal()), 1..200).prop_map(|steps| {
            let mut now = SECOND;
            let next = |(step, signal)| {
                now += step;
                moved(signal, now)
            };
            steps.into_iter().map(next).collect()
        })
    }

    /// Signals in any order, some twice, some at the ends of the clock.
    fn in_disorder() -> impl Strategy<Value = Vec<Signal>> {
        let wild = prop_oneof![1 => Just(0), 1 => Just(u64::MAX), 1 => any::<u64>(), 9 => 0..100 * SECOND];
        let late = prop_oneof![6 => Just(0), 3 => 0..30 * MS, 1 => 0..5 * SECOND];
        let place = prop_oneof![30 => late.prop_map(Err), 1 => wild.prop_map(Ok)];
        prop::collection::vec((any_step(), place, any_signal(), 0..8u8), 1..200).prop_map(|steps| {
            let mut now = SECOND;
            let mut signals = Vec::new();
            for (step, place, signal, dice) in steps {
                now += step;
                let at = place.unwrap_or_else(|late| now.saturating_sub(late));
                signals.push(moved(signal, at));
                if dice == 0 {
                    signals.push(moved(signal, at));
                }
            }
            signals
        })
    }

    fn run(signals: &[Signal]) -> Vec<Event> {
        let (mut trackers, mut events) = (Trackers::new(), Vec::new());
        signals.iter().for_each(|signal| trackers.signal(signal, &mut |event| events.push(event)));
        events
    }

    fn limit(kind: Kind) -> u64 {
        match kind {
            Kind::Launch => LAUNCH_NS_MAX,
            Kind::Screen => SCREEN_NS_MAX,
            Kind::Tap => TAP_NS_MAX,
            Kind::Settled => SETTLED_NS_MAX,
            Kind::Hang => HANG_NS_MAX,
            Kind::Request => REQUEST_NS_MAX,
            Kind::Journey | Kind::Step => JOURNEY_NS_MAX,
            _ => u64::MAX,
        }
    }

    fn check_bounds(event: &Event) {
        assert!(event.duration_ns <= limit(event.kind), "{event:?}");
        assert_eq!(event.flags.contains(Flags::IN_JOURNEY), event.journey != 0, "{event:?}");
        if matches!(event.kind, Kind::Journey | Kind::Step) {
            assert!(event.a + event.b <= event.duration_ns / US, "{event:?}");
        }
        let by_tracker = matches!(event.kind, Kind::Screen | Kind::Tap | Kind::Settled | Kind::Hang);
        if by_tracker && matches!(event.outcome, Outcome::TimedOut | Outcome::NoResponse) {
            assert_eq!(event.duration_ns, limit(event.kind), "{event:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

        #[test]
        fn disorder_neither_panics_nor_breaks_a_bound(signals in in_disorder()) {
            run(&signals).iter().for_each(check_bounds);
        }

        #[test]
        fn no_answer_spans_the_background(signals in in_order()) {
            let trips: Vec<u64> = signals
                .iter()
                .filter(|signal| matches!(signal, Signal::Background { .. }))
                .map(Signal::at)
                .collect();
            for event in run(&signals) {
                check_bounds(&event);
                let goes_on = matches!(event.kind, Kind::Journey | Kind::Step);
                let is_answer = event.outcome.is_latency() || event.outcome == Outcome::AlreadyAnimating;
                if is_answer && !goes_on && event.kind != Kind::RageTap {
                    let ended = event.ended_uptime_ns();
                    let spanned = trips.iter().find(|trip| event.started_uptime_ns < **trip && **trip < ended);
                    prop_assert_eq!(spanned, None, "{:?}", event);
                }
            }
        }

        #[test]
        fn a_wait_ends_at_most_once(signals in in_order()) {
            let events = run(&signals);
            let count = |kind: Kind, at: u64| {
                events.iter().filter(|event| event.kind == kind && event.started_uptime_ns == at).count()
            };
            let total = |kind: Kind| events.iter().filter(|event| event.kind == kind).count();
            let mut created = 0;
            for signal in &signals {
                let at = signal.at();
                match signal {
                    Signal::TouchUp { .. } => {
                        prop_assert!(count(Kind::Tap, at) <= 1);
                        prop_assert!(count(Kind::Settled, at) <= 1);
                        prop_assert!(count(Kind::RageTap, at) <= 1);
                    }
                    Signal::RequestStarted { .. } => prop_assert!(count(Kind::Request, at) <= 1),
                    Signal::JourneyStarted { .. } => prop_assert!(count(Kind::Journey, at) <= 1),
                    Signal::StepStarted { .. } => prop_assert!(count(Kind::Step, at) <= 1),
                    Signal::MainPing { .. } => prop_assert!(count(Kind::Hang, at) <= 1),
                    Signal::ProcessStarted { .. } | Signal::Foreground { .. } => {
                        prop_assert!(count(Kind::Launch, at) <= 1);
                    }
                    Signal::ScreenCreated { .. } => created += 1,
                    _ => {}
                }
            }
            prop_assert!(total(Kind::Screen) <= created);
            prop_assert_eq!(total(Kind::Frames), total(Kind::FrameTimes));
        }

        /// Ticks decide nothing: with many of them, the same events come, only sooner.
        #[test]
        fn ticks_change_nothing_but_the_moment(signals in in_order()) {
            let mut ticked = Vec::new();
            let mut now = SECOND;
            for signal in &signals {
                while signal.at() - now > 700 * MS {
                    now += 700 * MS;
                    ticked.push(Signal::Tick { at: now });
                }
                now = signal.at();
                ticked.push(*signal);
            }
            prop_assert_eq!(run(&signals), run(&ticked));
        }
    }
}
