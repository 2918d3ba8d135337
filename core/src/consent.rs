//! The customer's decision as one word: it is read by any thread with one load and changed with one compare-and-swap.
//!
//! The **generation** is the number of refusals so far. What is recorded or sealed carries the generation that it
//! belongs to, and what belongs to an earlier one was refused: it is never sent, whatever is decided later.
//!
//! Owns: what follows on what, and the bits that vouch for a word. Refuses: where the word lies (`shared`).
//! Invariant: no decision lowers the generation, and a refusal always raises it.

use crate::checked;
use crate::sync::uuid;

/// Whether the customer agreed to be measured. Nothing leaves the device before `Granted`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// Not asked yet: events are kept apart on the device, at most 256 KiB of them.
    #[default]
    Pending,
    /// Agreed: what was kept apart is delivered, and what comes from now on.
    Granted,
    /// Refused: everything on the device is wiped and nothing more is recorded.
    Refused,
}

/// What the customer decided, and how often they refused so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) consent: Consent,
    pub(crate) generation: u64,
}

/// Bits of the generation. A loop that refuses and grants ten million times a second needs a day for so many; then the
/// last refusal stands for good.
const GENERATION_BITS: u32 = 40;
const GENERATION_MAX: u64 = (1 << GENERATION_BITS) - 1;

/// Bits of the generation and the decision below the check.
const PAYLOAD_BITS: u32 = GENERATION_BITS + 2;

/// Generations from here on were drawn at random, because a lost file hides how many refusals there were.
const DRAWN_FROM: u64 = 1 << 32;

impl Decision {
    /// The customer was not asked yet.
    pub(crate) const FIRST: Decision = Decision { consent: Consent::Pending, generation: 0 };

    /// Not asked yet as far as anybody knows, in a generation that nothing on the disk belongs to.
    ///
    /// Not refused: that would never be asked again, and protects no more. In either case nothing is sent before the
    /// customer's next word, and nothing from before is sent after it.
    pub(crate) fn unknown() -> Decision {
        let (random, _) = uuid().as_u64_pair();
        let generation = DRAWN_FROM + random % (GENERATION_MAX - 2 * DRAWN_FROM);
        Decision { consent: Consent::Pending, generation }
    }

    /// What holds once the customer says this.
    pub(crate) fn then(self, consent: Consent) -> Decision {
        match (self.consent, consent) {
            (Consent::Refused, Consent::Refused) => self,
            (_, Consent::Refused) if self.generation < GENERATION_MAX => {
                Decision { consent, generation: self.generation + 1 }
            }
            (_, Consent::Refused) => Decision { consent, ..self },
            // There is no generation left that was not refused.
            (Consent::Refused, _) if self.generation >= GENERATION_MAX => self,
            _ => Decision { consent, ..self },
        }
    }

    /// Whether what belongs to this generation may be sent now.
    pub(crate) fn allows(self, generation: u64) -> bool {
        self.consent == Consent::Granted && self.generation == generation
    }

    /// The decision with the bits that vouch for it.
    pub(crate) fn to_word(self) -> u64 {
        let consent = match self.consent {
            Consent::Pending => 0,
            Consent::Granted => 1,
            Consent::Refused => 2,
        };
        checked::with_check(consent << GENERATION_BITS | self.generation.min(GENERATION_MAX), PAYLOAD_BITS, 0)
    }

    /// The decision of a word; `None` if it was never written or is damaged.
    pub(crate) fn from_word(word: u64) -> Option<Decision> {
        let payload = checked::number(word, PAYLOAD_BITS, 0)?;
        let consent = match payload >> GENERATION_BITS {
            0 => Consent::Pending,
            1 => Consent::Granted,
            2 => Consent::Refused,
            _ => return None,
        };
        Some(Decision { consent, generation: payload & GENERATION_MAX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_consent() -> impl Strategy<Value = Consent> {
        prop_oneof![Just(Consent::Pending), Just(Consent::Granted), Just(Consent::Refused)]
    }

    #[test]
    fn an_empty_word_is_no_decision() {
        assert_eq!(Decision::from_word(0), None);
        assert_eq!(Decision::from_word(u64::MAX), None);
    }

    #[test]
    fn a_refusal_begins_a_generation_and_nothing_else_does() {
        let refused = Decision::FIRST.then(Consent::Granted).then(Consent::Refused);
        assert_eq!(refused, Decision { consent: Consent::Refused, generation: 1 });
        assert_eq!(refused.then(Consent::Refused), refused);
        assert_eq!(refused.then(Consent::Granted), Decision { consent: Consent::Granted, generation: 1 });
        assert_eq!(refused.then(Consent::Pending), Decision { consent: Consent::Pending, generation: 1 });
        assert!(refused.then(Consent::Granted).allows(1) && !refused.then(Consent::Granted).allows(0));
        assert!(!refused.allows(1) && !Decision::FIRST.allows(0));
    }

    #[test]
    fn the_last_generation_is_never_granted_again_once_refused() {
        let last = Decision { consent: Consent::Granted, generation: GENERATION_MAX };
        let refused = last.then(Consent::Refused);
        assert_eq!(refused.consent, Consent::Refused);
        assert_eq!(refused.then(Consent::Granted), refused);
        assert_eq!(Decision::from_word(refused.to_word()), Some(refused));
    }

    proptest! {
        #[test]
        fn a_word_is_read_as_it_was_written(consent in any_consent(), generation in 0..=GENERATION_MAX) {
            let decision = Decision { consent, generation };
            prop_assert_eq!(Decision::from_word(decision.to_word()), Some(decision));
        }

        #[test]
        fn nothing_said_lowers_the_generation_or_revives_one(
            said in proptest::collection::vec(any_consent(), 0..40),
        ) {
            let mut decision = Decision::FIRST;
            for consent in said {
                let next = decision.then(consent);
                prop_assert!(next.generation >= decision.generation);
                prop_assert_eq!(next.consent, consent);
                if consent == Consent::Refused {
                    prop_assert!(!next.then(Consent::Granted).allows(decision.generation)
                        || decision.consent == Consent::Refused);
                }
                decision = next;
            }
        }
    }

    #[test]
    fn an_unknown_generation_is_no_count() {
        let unknown = Decision::unknown();
        assert_eq!(unknown.consent, Consent::Pending);
        assert!(unknown.generation >= DRAWN_FROM && unknown.generation < GENERATION_MAX - DRAWN_FROM);
        assert_ne!(unknown, Decision::unknown());
    }
}
