//! Whom waits happened to, not only how often: how many installs waited, and how many of them too long.
//!
//! Owns: [`People`], four mergeable sketches (HyperLogLog of the Apache DataSketches library), and their binary form. Refuses:
//! knowing who: a sketch cannot be asked whether somebody is in it, but to whoever holds the id of an install it tells whether
//! that could be, so it is treated like the batches it was made of.
//! Invariant: merging gives what adding everybody to one gives, in any order, within the error of a sketch.

use crate::bytes::{Reader, put};
use crate::error::Error;
use crate::limits::{PEOPLE_BYTES_MAX, PEOPLE_LG_K};
use crate::report::PeopleFigures;
use datasketches::hll::{HllSketch, HllType, HllUnion};
use nowait_wire::{Event, Kind, Outcome};

/// The version that [`People::to_bytes`] writes first.
const BYTES_VERSION: u8 = 1;

/// What installs are counted for.
const CLASSES: usize = 4;
const WAITED: usize = 0;
const BEYOND_TARGET: usize = 1;
const FAILED: usize = 2;
const GAVE_UP: usize = 3;

/// What happened to one install, a bit for each class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Happened(u8);

impl Happened {
    /// What this event is, where waits should be no longer than the target.
    #[must_use]
    pub fn of(event: &Event, target_ns: u64) -> Happened {
        let (has_failed, has_given_up) = match event.outcome {
            Outcome::Done => (false, false),
            Outcome::Failed | Outcome::NoResponse | Outcome::TimedOut | Outcome::Died => (true, false),
            Outcome::Abandoned => (false, true),
            Outcome::Interrupted | Outcome::AlreadyAnimating => return Happened::default(),
        };
        let is_late = event.duration_ns > target_ns;
        let bit = |class: usize, is_in: bool| u8::from(is_in) << class;
        Happened(
            bit(WAITED, true)
                | bit(BEYOND_TARGET, is_late)
                | bit(FAILED, has_failed)
                | bit(GAVE_UP, has_given_up),
        )
    }

    /// This and that.
    #[must_use]
    pub fn and(self, other: Happened) -> Happened {
        Happened(self.0 | other.0)
    }
}

/// Installs, by what happened to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct People {
    /// `None` for nobody.
    classes: [Option<HllSketch>; CLASSES],
}

impl People {
    /// Nobody.
    #[must_use]
    pub fn new() -> People {
        People::default()
    }

    /// Whether people are counted for events of this kind: those that the ranking of touchpoints shows. The others tell of the
    /// same people once more.
    #[must_use]
    pub const fn takes(kind: Kind) -> bool {
        matches!(kind, Kind::Launch | Kind::Screen | Kind::Tap | Kind::Action | Kind::Hang)
    }

    /// Adds that this happened to this install.
    pub fn add(&mut self, install: u128, happened: Happened) {
        self.add_within(install, happened, PEOPLE_LG_K);
    }

    /// The same in sketches of 2^`lg_k` registers. Merged with others they have as few as the coarsest of these.
    pub fn add_within(&mut self, install: u128, happened: Happened, lg_k: u8) {
        for (class, sketch) in self.classes.iter_mut().enumerate() {
            if happened.0 >> class & 1 == 0 {
                continue;
            }
            if sketch.is_none() {
                // Fails for a size that there is not, and ours is a constant.
                *sketch = HllSketch::new(lg_k, HllType::Hll4).ok();
            }
            if let Some(sketch) = sketch {
                sketch.update(install);
            }
        }
    }

    /// Adds everybody who is in `other`.
    pub fn merge(&mut self, other: &People) {
        for (mine, theirs) in self.classes.iter_mut().zip(&other.classes) {
            match (&mine, theirs) {
                (_, None) => {}
                (None, Some(theirs)) => *mine = Some(theirs.clone()),
                (Some(own), Some(theirs)) => {
                    if let Ok(mut both) = HllUnion::new(own.lg_config_k().min(theirs.lg_config_k())) {
                        both.update(own);
                        both.update(theirs);
                        *mine = Some(both.to_sketch(HllType::Hll4));
                    }
                }
            }
        }
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.classes.iter().all(Option::is_none)
    }

    /// The form for a store: version, the length and bytes of each sketch, a checksum. Nobody is no bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut out = vec![BYTES_VERSION];
        for sketch in &self.classes {
            let bytes = sketch.as_ref().map(HllSketch::serialize).unwrap_or_default();
            put(&mut out, bytes.len() as u64);
            out.extend(bytes);
        }
        out.extend(checksum(&out).to_le_bytes());
        out
    }

    /// Reads what [`People::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Error::is_unknown_version`] if a newer program wrote it, [`Error::is_corrupt`] for everything else that `to_bytes` could
    /// not have written.
    pub fn from_bytes(bytes: &[u8]) -> Result<People, Error> {
        if bytes.is_empty() {
            return Ok(People::new());
        }
        if bytes.len() > PEOPLE_BYTES_MAX {
            return Err(Error::corrupt("sketches of people are too long"));
        }
        // The library's reader is for what its writer wrote, so nothing else gets there.
        let (written, sum) = bytes
            .split_last_chunk::<8>()
            .ok_or_else(|| Error::corrupt("sketches of people are too short"))?;
        if checksum(written) != u64::from_le_bytes(*sum) {
            return Err(Error::corrupt("sketches of people have another checksum"));
        }
        let mut reader = Reader::new(written);
        match reader.byte()? {
            BYTES_VERSION => {}
            version => return Err(Error::version(version, BYTES_VERSION)),
        }
        let mut people = People::new();
        for class in &mut people.classes {
            let length = usize::try_from(reader.number()?).unwrap_or(usize::MAX);
            let bytes = reader.bytes(length)?;
            if !bytes.is_empty() {
                let sketch = HllSketch::deserialize(bytes);
                *class = Some(sketch.map_err(|_| Error::corrupt("a sketch of people cannot be read"))?);
            }
        }
        reader.end()?;
        Ok(people)
    }
}

/// The people of many cells, on the way to a figure.
#[derive(Debug, Default)]
pub struct Crowd {
    classes: [Option<HllUnion>; CLASSES],
}

impl Crowd {
    /// Nobody.
    #[must_use]
    pub fn new() -> Crowd {
        Crowd::default()
    }

    /// Adds everybody who is in a cell. Cheaper than [`People::merge`] where there are many, as nothing is packed in between.
    pub fn add(&mut self, people: &People) {
        for (mine, theirs) in self.classes.iter_mut().zip(&people.classes) {
            if let Some(theirs) = theirs {
                union(mine, theirs);
            }
        }
    }

    /// How many they are.
    pub(crate) fn figures(&self) -> PeopleFigures {
        // A sketch that was merged forgets the order in which it was filled: the estimate without it is always the same.
        let of = |class: usize| {
            let union = self.classes.get(class).and_then(Option::as_ref);
            union.map_or(0, |union| union.composite_estimate().round() as u64)
        };
        let waited = of(WAITED);
        // Each is estimated on its own, and a part is never more than all.
        let part = |class: usize| of(class).min(waited);
        PeopleFigures {
            waited,
            beyond_target: part(BEYOND_TARGET),
            failed: part(FAILED),
            gave_up: part(GAVE_UP),
        }
    }
}

fn union(into: &mut Option<HllUnion>, sketch: &HllSketch) {
    if into.is_none() {
        // Fails for a size that there is not, and ours is a constant.
        *into = HllUnion::new(PEOPLE_LG_K).ok();
    }
    if let Some(into) = into {
        into.update(sketch);
    }
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nowait_wire::NameId;

    const TARGET_NS: u64 = 1_000;

    fn event(outcome: Outcome, duration_ns: u64) -> Event {
        Event { outcome, duration_ns, ..Event::new(Kind::Action, NameId::OTHER) }
    }

    /// Customers of whom every tenth waits too long, every twentieth fails and every fiftieth gives up.
    fn people(installs: std::ops::Range<u128>) -> People {
        let mut people = People::new();
        for install in installs {
            let id = install.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
            let mut happened = Happened::of(&event(Outcome::Interrupted, 9_999), TARGET_NS);
            let duration_ns = if install % 10 == 0 { 1_001 } else { 1_000 };
            happened = happened.and(Happened::of(&event(Outcome::Done, duration_ns), TARGET_NS));
            if install % 20 == 0 {
                happened = happened.and(Happened::of(&event(Outcome::Died, 10), TARGET_NS));
            }
            people.add(id, happened);
            if install % 50 == 0 {
                people.add(id, Happened::of(&event(Outcome::Abandoned, 10), TARGET_NS));
            }
        }
        people
    }

    fn figures(people: &People) -> PeopleFigures {
        let mut crowd = Crowd::default();
        crowd.add(people);
        crowd.add(people);
        crowd.figures()
    }

    #[test]
    fn a_few_are_counted_exactly_and_somebody_twice_is_one() {
        let mut few = people(0..100);
        few.merge(&people(50..200));
        few.merge(&People::new());
        let expected = PeopleFigures { waited: 200, beyond_target: 20, failed: 10, gave_up: 4 };
        assert_eq!(figures(&few), expected);
        assert_eq!(figures(&People::from_bytes(&few.to_bytes()).unwrap()), expected);
        assert_eq!(figures(&People::new()), PeopleFigures::default());
        assert!(People::new().to_bytes().is_empty());
    }

    #[test]
    fn a_million_are_counted_within_two_per_cent_however_they_are_shared_out() {
        let whole = people(0..1_000_000);
        let mut parts = People::new();
        for day in 0..25 {
            let of_day = people(day * 40_000..day * 40_000 + 45_000);
            parts.merge(&People::from_bytes(&of_day.to_bytes()).unwrap());
        }
        let off = |found: u64, of: f64| (found as f64 / of - 1.0).abs();
        for people in [&whole, &parts] {
            let figures = figures(people);
            assert!(off(figures.waited, 1_000_000.0) < 0.02, "{figures:?}");
            assert!(off(figures.beyond_target, 100_000.0) < 0.02, "{figures:?}");
            assert!(off(figures.failed, 50_000.0) < 0.02, "{figures:?}");
            assert!(off(figures.gave_up, 20_000.0) < 0.02, "{figures:?}");
        }
        assert!(whole.to_bytes().len() < PEOPLE_BYTES_MAX);
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let bytes = people(0..3_000).to_bytes();
        for at in (0..bytes.len()).step_by(97) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 4;
            assert!(People::from_bytes(&damaged).is_err(), "{at}");
        }
        assert!(People::from_bytes(&bytes[..40]).is_err());
        assert!(People::from_bytes(&[7; 3]).is_err());
    }
}
