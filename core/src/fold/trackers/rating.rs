//! Rating: what the customer said of a journey or a touchpoint.
//!
//! Owns: what becomes of it. Refuses: whether to ask (the app does, with the bank's leave), and words; a rating is a number.
//! Invariant: no event of a rating has another number than 1 to 5.
//!
//! It is nobody's wait, so it counts in the background too: a customer may answer on a notification. It belongs to the
//! journey that it names, which may have ended by then, else to the one under way.

use super::Trackers;
use super::place::Place;
use nowait_wire::{Event, Kind, NameId};
use std::ops::RangeInclusive;

/// A customer's answers, from the worst to the best: five, as the rating scales of both app stores have.
pub(crate) const RATINGS: RangeInclusive<u8> = 1..=5;

impl Trackers {
    pub(super) fn rated(&self, at: u64, id: u64, name: NameId, rating: u8) -> Option<Event> {
        let here = self.place();
        let place = Place { journey: if id == 0 { here.journey } else { id }, ..here };
        RATINGS
            .contains(&rating)
            .then(|| Event { a: u64::from(rating), ..place.event(Kind::Rating, name, at) })
    }
}
