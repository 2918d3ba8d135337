//! Months of a bank's customers, as frames that wait to be stored.
//!
//! Owns: who sent what when. Refuses: storing it.
//! Invariant: the same number of sessions and events gives the same frames.

use indicatif::ProgressBar;
use nowait_wire::testing::session;
use nowait_wire::{Batch, Event, ExitReason, Kind, NameId, Network, Os, Tier, Uuid};

/// The days that a load covers.
pub(crate) const DAYS: u64 = 30;

/// When they begin: 1 March 2026 UTC.
pub(crate) const BEGIN_UNIX_MS: u64 = 1_772_323_200_000;

pub(crate) const DAY_MS: u64 = 24 * 3_600_000;

/// Different sessions; each is sent many times, as another session at another moment.
const SHAPES: u64 = 400;

/// Names in front of those that a session brings: the reserved ones.
const NAMES_RESERVED: usize = 6;

/// What a load is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Load {
    pub(crate) sessions: u64,
    pub(crate) events_per_session: usize,
    pub(crate) releases: u64,
    /// Names of its own for each session, so many of them in all; 0 for those of the bank.
    pub(crate) names: u64,
    /// Whether each session ended abnormally, with its trail.
    pub(crate) has_exits: bool,
}

impl Load {
    pub(crate) fn events(&self) -> u64 {
        self.sessions * self.events_per_session as u64
    }

    /// The frame of each session and when it arrives, the earliest first.
    pub(crate) fn frames(&self, progress: &ProgressBar) -> Result<Vec<(u64, Vec<u8>)>, nowait_wire::Error> {
        let shapes: Vec<Batch> = (0..SHAPES.min(self.sessions)).map(|seed| self.shape(seed)).collect();
        progress.set_length(self.sessions);
        let frame = |at: u64| {
            progress.inc(1);
            let batch = self.placed(&shapes[(at % SHAPES) as usize], at);
            Ok((batch.anchors[0].wall_unix_ms + 1_000, nowait_wire::encode(&batch)?))
        };
        (0..self.sessions).map(frame).collect()
    }

    fn shape(&self, seed: u64) -> Batch {
        let mut batch = session(seed, self.events_per_session);
        if self.has_exits {
            let (first, end) = (batch.events[0].started_uptime_ns, batch.anchors[0].uptime_ns);
            batch.events.truncate(self.events_per_session - 13);
            batch.events.push(Event {
                started_uptime_ns: first,
                duration_ns: end - first,
                a: ExitReason::Background as u64 + (seed % 3),
                ..Event::new(Kind::Exit, NameId::NONE)
            });
            let crumb = |n: u64| Event {
                started_uptime_ns: end - (13 - n) * 1_000_000_000,
                a: n,
                ..Event::new(Kind::Breadcrumb, NameId(NAMES_RESERVED as u32 + n as u32 % 4))
            };
            batch.events.extend((0..12).map(crumb));
            batch.events.sort_by_key(|event| event.started_uptime_ns);
        }
        batch
    }

    /// A shape as the session number `at`.
    fn placed(&self, shape: &Batch, at: u64) -> Batch {
        let mut batch = shape.clone();
        batch.id.session =
            Uuid::from_u128(u128::from(at.wrapping_mul(0x9E37_79B9_7F4A_7C15)) << 64 | u128::from(at));
        let context = &mut batch.context;
        context.install = Uuid::from_u128(
            u128::from((at % (self.sessions / 4).max(1)).wrapping_mul(0xD134_2543_DE82_EF95)) << 64,
        );
        let day = at * DAYS / self.sessions;
        // A release in each share of the days, taken up over some days.
        let newest = day * self.releases / DAYS;
        context.app_version = format!("8.{}.0", newest.saturating_sub(at % (self.releases / DAYS + 3)));
        context.os = if at.is_multiple_of(2) { Os::Android } else { Os::Ios };
        context.device_tier = Tier::ALL[(at % 7 % 3) as usize];
        context.network = Network::ALL[(at % 5 % 3) as usize];
        context.country = ["DE", "HK", "SG", "GB"][(at % 11 % 4) as usize].into();
        context.dimensions = vec![("segment".into(), ["retail", "private"][(at % 13 % 2) as usize].into())];
        if self.names > 0 {
            for (n, name) in batch.names.iter_mut().enumerate().skip(NAMES_RESERVED) {
                *name = format!("Screen{}.Part", (at * 31 + n as u64) % self.names);
            }
        }
        let (from, to) = (day * self.sessions / DAYS, (day + 1) * self.sessions / DAYS);
        let of_day = (at - from.min(at)) * DAY_MS / (to - from).max(1);
        let moment = BEGIN_UNIX_MS + day * DAY_MS + of_day.min(DAY_MS - 1);
        let shift = moment.wrapping_sub(batch.anchors[0].wall_unix_ms);
        for anchor in &mut batch.anchors {
            anchor.wall_unix_ms = anchor.wall_unix_ms.wrapping_add(shift);
        }
        batch
    }
}
