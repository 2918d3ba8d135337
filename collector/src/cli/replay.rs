//! `nowait replay FILE`: the events of a recorder file, as the next start of the app would deliver them.
//!
//! Owns: reading the files, and what stands in which column. Refuses: the fold (`nowait_core` runs the same one as on
//! the device).
//! Invariant: no file makes it panic, and one that cannot be read is named and keeps no other from being shown.

use super::progress::Progress;
use super::{Finding, print, print_json};
use crate::error::Error;
use nowait_core::Replay;
use nowait_report::Zone;
use nowait_report::text::safe;
use nowait_report::text::units::{NONE, count, duration};
use nowait_wire::{
    Anchor, Context, Event, ExitCause, ExitReason, Facts, Flags, Kind, Ledger, NameId, Outcome, Uuid,
};
use serde::Serialize;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Most bytes of a recorder file, whichever version wrote it: eight times what one has.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

const EXAMPLES: &str = "A recorder file is what a process of the app left in NoWait's folder: live/*.ring, or quarantine/*. It is only read.
Shown are the events that are in no batch yet, and how the session ended; what was sealed before lies in the spool.

Examples:
  nowait replay files/nowait/live/cb345ec2-0c95-42b7-8f55-8023cfccf367.ring
  nowait replay --json live/*.ring | jq '.[].events[] | select(.outcome == \"died\")'";

/// The options of `nowait replay`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// Recorder files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Print the events as JSON
    #[arg(long)]
    json: bool,
}

/// Prints what the files hold.
///
/// # Errors
/// Which files could not be read, and why; the others are printed before.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let (mut told, mut failed) = (Vec::new(), Vec::new());
    let progress = Progress::new("Reading");
    for (path, done) in args.files.iter().zip(1..) {
        match read(path) {
            Ok(file) => told.push(file),
            Err(error) => failed.push(error),
        }
        progress.set(done, args.files.len() as u64);
    }
    drop(progress);
    if args.json {
        print_json(&told)?;
    } else {
        let texts: Vec<String> = told.iter().map(Told::text).collect();
        print(&texts.join("\n"))?;
    }
    let messages: Vec<String> = failed.iter().map(ToString::to_string).collect();
    if messages.is_empty() { Ok(Finding::Fine) } else { Err(Error::input(messages.join("\nnowait: "))) }
}

/// What one file tells.
#[derive(Debug, Serialize)]
struct Told {
    file: String,
    /// From the file, else from its name.
    session: Option<Uuid>,
    context: Option<Context>,
    anchors: Vec<Anchor>,
    ledger: Ledger,
    events: Vec<ToldEvent>,
}

/// One event with its texts.
#[derive(Debug, Serialize)]
struct ToldEvent {
    /// When it began, in milliseconds since 1970 UTC; `null` if nothing in the file says what time it was.
    started_unix_ms: Option<u64>,
    started_uptime_ns: u64,
    kind: Kind,
    name: String,
    screen: String,
    duration_ns: u64,
    outcome: Outcome,
    /// The id of the journey; 0 for none.
    journey: u64,
    flags: Vec<&'static str>,
    a: u64,
    b: u64,
}

fn read(path: &Path) -> Result<Told, Error> {
    let place = path.display().to_string();
    let place = safe(&place);
    let failed = |error: std::io::Error| Error::input(format!("{place} cannot be read: {error}"));
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Error::input(format!(
            "{place} is no recorder file: it has more than {FILE_BYTES_MAX} bytes; give one of live/*.ring"
        )));
    }
    let replay = nowait_core::replay(&bytes).map_err(|error| {
        let hint = if bytes.starts_with(b"NWRING") {
            "take the nowait of the release whose SDK wrote it"
        } else {
            "give one of live/*.ring, not packed"
        };
        // Every message of this program begins with its name already.
        Error::input(format!("{place}: {}; {hint}", error.to_string().trim_start_matches("nowait: ")))
    })?;
    Ok(Told::new(path, replay))
}

impl Told {
    fn new(path: &Path, replay: Replay) -> Told {
        let Replay { session, context, anchors, names, events, ledger } = replay;
        let by_name = || path.file_name()?.to_str()?.split('.').next()?.parse().ok();
        let events = events.iter().map(|event| ToldEvent::new(event, &names, &anchors)).collect();
        Told {
            file: path.display().to_string(),
            session: session.or_else(by_name),
            context,
            anchors,
            ledger,
            events,
        }
    }

    fn text(&self) -> String {
        let mut out = format!("{}\n", safe(&self.file));
        let session =
            self.session.map_or_else(|| "not known: damaged".to_owned(), |session| session.to_string());
        let _ = writeln!(out, "session  {session}");
        if let Some(context) = &self.context {
            let Context { app_version, app_build, os, os_version, device_model, sdk_version, .. } = context;
            let system = format!("{os} {os_version} {device_model}");
            let system = system.split_whitespace().collect::<Vec<_>>().join(" ");
            let app = format!("{app_version} ({app_build}) on {system}, SDK {sdk_version}");
            let _ = writeln!(out, "app      {}", safe(&app));
        }
        let Ledger { facts, produced, .. } = &self.ledger;
        // The layout before had no such line.
        if *facts != Facts::default() {
            let _ = writeln!(
                out,
                "facts    appended {} = folded {} + refused {}",
                count(facts.appended()),
                count(facts.folded),
                count(facts.refused_total())
            );
        }
        let _ = writeln!(
            out,
            "events   produced {}, dropped {}, in no batch yet {}",
            count(*produced),
            count(self.ledger.dropped_total()),
            count(self.events.len() as u64)
        );
        out.push_str(&table(&self.events));
        out
    }
}

impl ToldEvent {
    fn new(event: &Event, names: &[String], anchors: &[Anchor]) -> ToldEvent {
        let text = |id: NameId| {
            let reserved = NameId::RESERVED.get(id.0 as usize).map(|text| (*text).to_owned());
            names.get(id.0 as usize).cloned().or(reserved).unwrap_or_else(|| format!("#{}", id.0))
        };
        let flags = [(Flags::RECOVERED, "recovered"), (Flags::IN_JOURNEY, "in_journey")];
        ToldEvent {
            started_unix_ms: unix_ms(anchors, event.started_uptime_ns),
            started_uptime_ns: event.started_uptime_ns,
            kind: event.kind,
            name: text(event.name),
            screen: text(event.screen),
            duration_ns: event.duration_ns,
            outcome: event.outcome,
            journey: event.journey,
            flags: flags
                .iter()
                .filter(|(flag, _)| event.flags.contains(*flag))
                .map(|(_, text)| *text)
                .collect(),
            a: event.a,
            b: event.b,
        }
    }

    fn time(&self) -> String {
        let Some(ms) = self.started_unix_ms else {
            return format!("uptime {}", duration(self.started_uptime_ns));
        };
        format!("{}:{:02}.{:03}", Zone::UTC.moment(ms), ms / 1_000 % 60, ms % 1_000)
    }

    /// What the two small values say, by kind.
    fn rest(&self) -> String {
        let (low, high) = (|n: u64| n & 0xFFFF_FFFF, |n: u64| n >> 32);
        let us = |n: u64| duration(n.saturating_mul(1_000));
        let said = match self.kind {
            Kind::Screen if self.a > 0 => format!("shown after {}", us(self.a)),
            Kind::Tap if self.a > 0 => format!("handled after {}", us(self.a)),
            Kind::Frames => format!("frames {}, slow {}, frozen {}", low(self.a), high(self.a), low(self.b)),
            Kind::Request if self.a > 0 => format!("status {}", self.a),
            Kind::Journey | Kind::Step => format!("waiting {}, away {}", us(self.a), us(self.b)),
            Kind::RageTap => format!("{} taps", self.a),
            Kind::Rating => format!("{} of 5", self.a),
            Kind::HandOver => {
                if self.b == 0 { "goes on elsewhere" } else { "came from elsewhere" }.to_owned()
            }
            Kind::Breadcrumb if self.a > 0 => format!("number {}", self.a),
            Kind::Exit => {
                let reason = u8::try_from(self.a).ok().and_then(ExitReason::from_u8);
                let reason = reason.map_or(NONE, ExitReason::as_str);
                match ExitCause::of(self.b) {
                    ExitCause::Unknown => reason.to_owned(),
                    cause => format!("{reason}: {cause}"),
                }
            }
            Kind::Lifecycle => if self.a == 1 { "foreground" } else { "background" }.to_owned(),
            _ => String::new(),
        };
        let recovered = if self.flags.contains(&"recovered") { "recovered" } else { "" };
        [said.as_str(), recovered].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }

    fn cells(&self) -> [String; 8] {
        let journey = if self.journey > 0 { self.journey.to_string() } else { NONE.to_owned() };
        let lasted =
            |kind| !matches!(kind, Kind::Breadcrumb | Kind::Lifecycle | Kind::Rating | Kind::HandOver);
        let duration = if lasted(self.kind) { duration(self.duration_ns) } else { NONE.to_owned() };
        let or_none = |text: &str| if text.is_empty() { NONE.to_owned() } else { safe(text).into_owned() };
        let (kind, outcome) = (self.kind.to_string(), self.outcome.to_string());
        [
            self.time(),
            kind,
            or_none(&self.name),
            or_none(&self.screen),
            duration,
            outcome,
            journey,
            self.rest(),
        ]
    }
}

/// The moment of an uptime in the day: by the latest anchor that is not after it, else by the first.
fn unix_ms(anchors: &[Anchor], uptime_ns: u64) -> Option<u64> {
    let after = anchors.partition_point(|anchor| anchor.uptime_ns <= uptime_ns);
    let anchor = anchors.get(after.saturating_sub(1))?;
    let (uptime_ms, anchor_ms) = (uptime_ns / 1_000_000, anchor.uptime_ns / 1_000_000);
    Some(anchor.wall_unix_ms.saturating_add(uptime_ms).saturating_sub(anchor_ms))
}

fn table(events: &[ToldEvent]) -> String {
    const HEAD: [&str; 8] = ["UTC", "kind", "name", "screen", "duration", "outcome", "journey", "what else"];
    let rows = [HEAD.map(str::to_owned)].into_iter().chain(events.iter().map(ToldEvent::cells));
    let rows: Vec<[String; 8]> = rows.collect();
    let mut widths = [0; HEAD.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (index, (cell, width)) in row.iter().zip(widths).enumerate() {
            // Numbers stand to the right.
            if matches!(index, 4 | 6) {
                let _ = write!(line, "{cell:>width$}  ");
            } else {
                let _ = write!(line, "{cell:<width$}  ");
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
