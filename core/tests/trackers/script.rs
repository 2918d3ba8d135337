//! The format of `core/testdata/*.script` (see its README) and the replay of one.

use nowait_core::Fact;
use nowait_core::trackers::{Presence, Trackers};
use nowait_wire::{Event, Flags, Kind, NameId, Outcome};
use std::collections::HashMap;
use std::fmt::Write as _;

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

/// The fact that a line says; `slept` is how long the device slept so far.
fn fact(line: &str, names: &mut Names, slept: u64) -> Fact {
    let mut words = line.split_whitespace();
    let at = ns(words.next().unwrap());
    let verb = words.next().expect("a fact");
    let fields = Fields::parse(words);
    let mut name = |key: &str| names.id(fields.text(key));
    let id = || fields.number("id");
    match verb {
        "process_started" => Fact::ProcessStarted { at, visible: fields.text("visible") == "true" },
        "main_idle" => Fact::MainIdle { at },
        "foreground" => Fact::Foreground { at, restored: fields.text("restored") == "true" },
        "background" => Fact::Background { at },
        "touch_up" => Fact::TouchUp { at, target: name("target") },
        "touch_handled" => Fact::TouchHandled { at },
        "frame" => Fact::Frame { started: fields.time("started"), deadline: fields.time("deadline"), at },
        "navigation" => Fact::Navigation { at },
        "screen_created" => Fact::ScreenCreated { at, id: id(), screen: name("screen") },
        "screen_shown" => Fact::ScreenShown { at, id: id(), screen: name("screen") },
        "screen_ready" => Fact::ScreenReady { at, id: id(), screen: name("screen") },
        "screen_left" => Fact::ScreenLeft { at, id: id() },
        "request_started" => Fact::RequestStarted { at, id: id(), route: name("route") },
        "request_ended" => Fact::RequestEnded {
            at,
            id: id(),
            status: u16::try_from(fields.number("status")).unwrap(),
            outcome: fields.outcome(),
        },
        "action_started" => Fact::ActionStarted { at, id: id(), action: name("action") },
        "action_ended" => Fact::ActionEnded { at, id: id(), outcome: fields.outcome() },
        "main_ping" => Fact::MainPing { at },
        "main_pong" => Fact::MainPong { at },
        "journey_started" => Fact::JourneyStarted { at, id: id(), journey: name("journey") },
        "step_started" => Fact::StepStarted { at, id: id(), step: name("step") },
        "journey_ended" => Fact::JourneyEnded { at, id: id(), outcome: fields.outcome() },
        "rated" => {
            let rating = u8::try_from(fields.number("rating")).unwrap();
            let id = fields.0.get("id").map_or(0, |text| value(text));
            Fact::Rated { at, id, name: name("name"), rating }
        }
        "handed_over" => Fact::HandedOver { at, id: id(), continuation: fields.number("continuation") },
        "breadcrumb" => {
            let number = fields.0.get("number").map_or(0, |text| value(text));
            Fact::Breadcrumb { at, name: name("name"), number }
        }
        "tick" => {
            let boot_ns = fields.0.get("boot").map_or(at + slept, |text| ns(text));
            let wall_unix_ms = fields.0.get("wall").map_or(0, |text| value(text));
            Fact::Tick { at, boot_ns, wall_unix_ms }
        }
        other => panic!("no such fact: {other}"),
    }
}

/// What the app measured itself: `AT measured KIND …` with the words of an event; `AT` is its end.
fn measured(line: &str, names: &mut Names) -> Option<Fact> {
    let mut words = line.split_whitespace();
    let at = ns(words.next()?);
    let words = (words.next()? == "measured").then_some(words)?;
    let event = event(words, names);
    assert_eq!(event.ended_uptime_ns(), at, "it ends at its time: {line}");
    Some(Fact::Measured(event))
}

/// An event of these words; what they leave out is zero, `done` or no name.
fn event<'a>(mut words: impl Iterator<Item = &'a str>, names: &mut Names) -> Event {
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

/// `! WORD …`: something that is no fact. Gives back the line as it really went.
fn remark(line: &str, trackers: &mut Trackers, sink: &mut impl FnMut(Event)) -> String {
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["!", "died", at] => trackers.died(ns(at), sink),
        ["!", "refused"] => trackers.facts_were_refused(),
        ["!", "presence", _] => {
            let presence = match trackers.presence() {
                Presence::Starting => "starting",
                Presence::InFront => "in_front",
                Presence::Background => "background",
            };
            return format!("! presence {presence}");
        }
        _ => panic!("no such remark: {line}"),
    }
    line.to_owned()
}

/// The script as written, and the script as it really went, both in normal form.
pub(crate) fn replay(script: &str) -> (Vec<String>, Vec<String>) {
    let (mut names, mut trackers) = (Names::new(), Trackers::new());
    let (mut written, mut real) = (Vec::new(), Vec::new());
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.as_bytes()[0] {
            b'#' => real.push(line.to_owned()),
            b'>' => {
                let event = event(line.split_whitespace().skip(1), &mut names);
                written.push(line_of(&event, &names));
                continue;
            }
            b'=' => real.push(format!("= lost {}", trackers.lost())),
            b'!' => {
                let mut events = Vec::new();
                real.push(remark(line, &mut trackers, &mut |event| events.push(event)));
                real.extend(events.iter().map(|event| line_of(event, &names)));
            }
            _ => {
                real.push(line.to_owned());
                let fact =
                    measured(line, &mut names).unwrap_or_else(|| fact(line, &mut names, trackers.slept_ns()));
                assert_eq!(Fact::from_words(&fact.to_words()), Some(fact));
                trackers.fact(&fact, &mut |event: Event| real.push(line_of(&event, &names)));
            }
        }
        written.push(line.to_owned());
    }
    (written, real)
}
