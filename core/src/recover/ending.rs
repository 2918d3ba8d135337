//! What the operating system says of the ends of this app's processes, joined with what these left.
//!
//! Owns: which of the system's words belongs to which dead recorder. Refuses: asking the system (a host does) and telling.
//! Invariant: a word of the system is joined with one dead session, by process and time, and goes on belonging to it.

use super::dead::DeadRecorder;
use super::read::Session;
use crate::limits::{ENDED_EARLY_MS_MAX, SYSTEM_EXITS_MAX};
use crate::mix::mix;
use crate::ring::layout::Word;
use crate::shared::Shared;
use crate::sync::step;
use nowait_wire::{Anchor, Event, ExitCause, Kind};
use std::cell::OnceCell;
use std::cmp::Reverse;
use std::io;

/// How a process of this app ended, by the operating system's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemExit {
    /// The process's number in the system.
    pub process: u32,
    /// When, in milliseconds since 1970 UTC, by the wall clock as the device had it then.
    pub ended_unix_ms: u64,
    /// Why.
    pub cause: ExitCause,
}

/// Who can ask the operating system; see [`NoWait::system_exits`](crate::NoWait::system_exits).
pub trait SystemExits: Send {
    /// The ends of this app's processes that the system remembers, in any order: none where it cannot be asked. Of more than
    /// 32, the latest count. Called on NoWait's own thread, and only where a dead process left a recorder; may take its time.
    fn recent(&mut self) -> Vec<SystemExit>;
}

/// Bits of a mark.
const MARK_BITS: u32 = 40;

impl SystemExit {
    /// By which it is known once it is told: the process and the moment. Never 0.
    pub(crate) fn mark(&self) -> u64 {
        let both = mix(mix(u64::from(self.process)) ^ self.ended_unix_ms);
        (both & ((1 << MARK_BITS) - 1)).max(1)
    }
}

/// The join, for one adoption.
pub(crate) struct Endings<'a> {
    pub(crate) ask: &'a dyn Fn() -> Option<Vec<SystemExit>>,
    pub(crate) shared: &'a Shared,
    pub(crate) now: Anchor,
    /// What was answered.
    pub(crate) exits: OnceCell<Option<Vec<SystemExit>>>,
}

impl Endings<'_> {
    /// Says in the exit of a dead session what the system says of it.
    ///
    /// What is found is noted in the dead file first, then beside those that were told, and only then sealed: whoever goes on
    /// after a kill seals the same, and no other session has it.
    pub(super) fn join(&self, dead: &mut DeadRecorder<'_>, session: &mut Session) -> io::Result<()> {
        let (process, anchors) = (session.process, session.anchors.as_slice());
        let events = session.rest.iter_mut().flat_map(|batch| &mut batch.events);
        let Some(exit) = events.rev().find(|event| event.kind == Kind::Exit) else { return Ok(()) };
        let Some(process) = process else { return Ok(()) };
        let noted = match dead.word(Word::Ending)?.and_then(crate::ring::layout::number) {
            Some(noted) => noted,
            None => {
                let Some(exits) = self.exits.get_or_init(|| self.asked()) else { return Ok(()) };
                let found = self.found(exits, process, exit, anchors);
                let noted = found.map_or(0, |found| found.mark() | u64::from(found.cause as u8) << MARK_BITS);
                dead.store(Word::Ending, noted)?;
                step("ending noted");
                noted
            }
        };
        let (mark, cause) = (noted & ((1 << MARK_BITS) - 1), ExitCause::of(noted >> MARK_BITS));
        if mark != 0 {
            self.shared.tell_exit(mark, |told| self.is_remembered(told));
            step("ending told");
        }
        exit.b = u64::from(both(ExitCause::of(exit.b), cause) as u8);
        Ok(())
    }

    /// The latest ends that the system remembers; `None` where nobody can be asked.
    fn asked(&self) -> Option<Vec<SystemExit>> {
        let mut exits = (self.ask)()?;
        exits.sort_by_key(|exit| Reverse(exit.ended_unix_ms));
        exits.truncate(SYSTEM_EXITS_MAX);
        Some(exits)
    }

    /// Whether the system remembers the end that has this mark, so that somebody may ask whether it was told.
    fn is_remembered(&self, mark: u64) -> bool {
        let exits = self.exits.get_or_init(|| self.asked());
        exits.iter().flatten().any(|exit| exit.mark() == mark)
    }

    /// The end of this process that came first after its last sign of life, and is no other session's. Numbers of processes are
    /// used again, so that the number alone says nothing.
    fn found(
        &self,
        exits: &[SystemExit],
        process: u32,
        exit: &Event,
        anchors: &[Anchor],
    ) -> Option<SystemExit> {
        let earliest = self.alive_unix_ms(exit, anchors)?.saturating_sub(ENDED_EARLY_MS_MAX);
        let may_be = |exit: &&SystemExit| {
            exit.process == process
                && exit.ended_unix_ms >= earliest
                && !self.shared.is_exit_told(exit.mark())
        };
        exits.iter().filter(may_be).min_by_key(|exit| exit.ended_unix_ms).copied()
    }

    /// The time of day at the session's last sign of life. Where the wall clock was moved since, nobody knows whether before or after
    /// the end: the earlier of both.
    fn alive_unix_ms(&self, exit: &Event, anchors: &[Anchor]) -> Option<u64> {
        let alive = exit.ended_uptime_ns();
        let last = anchors.iter().rfind(|anchor| anchor.uptime_ns <= alive).or(anchors.first())?;
        let since_ns = alive.saturating_sub(last.uptime_ns);
        let then = last.wall_unix_ms.saturating_add(since_ns / NS_PER_MS);
        // Less than what it was then: the device was booted since.
        let ago_ns = self.now.boot_ns.checked_sub(last.boot_ns.saturating_add(since_ns));
        let now = ago_ns.map(|ago_ns| self.now.wall_unix_ms.saturating_sub(ago_ns / NS_PER_MS));
        Some(now.map_or(then, |now| now.min(then)))
    }
}

const NS_PER_MS: u64 = 1_000_000;

/// What ended a process that announced `own`, when the system says this. An exception explains what the system saw only the
/// outside of: an app's own handler may end the process itself.
fn both(own: ExitCause, system: ExitCause) -> ExitCause {
    match system {
        ExitCause::Unknown => own,
        ExitCause::Exited | ExitCause::Signal | ExitCause::Other if own == ExitCause::Crash => own,
        system => system,
    }
}
