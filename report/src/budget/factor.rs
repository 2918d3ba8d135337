//! Factors: what makes customers' experience as the bank sees it, what it expects of each, and how much that matters.
//!
//! Owns: the TOML form of `[[factor]]`. Refuses: what is measured and how far it is from what was expected (see `gaps`).
//! Invariant: a target is of something that touchpoints measure, and says since which release it is one.

use super::read::{known_kind, score, short, wrong};
use crate::error::Error;
use crate::experience::SCORE_MAX;
use crate::limits::{FACTORS_MAX, TOUCHPOINTS_OF_FACTOR_MAX};
use crate::side;
use nowait_wire::Kind;
use serde::Deserialize;
use toml::Spanned;

/// One factor. Numbers are from 0 to 10.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Factor {
    pub(crate) name: String,
    /// The touchpoints that measure it; none where the bank has to say the experience.
    pub(crate) touchpoints: Vec<(Kind, String)>,
    /// What the bank found itself, by asking its customers for example.
    pub(crate) experience: Option<f64>,
    pub(crate) expectation: Option<f64>,
    pub(crate) importance: Option<f64>,
    /// The best that can be had; 10 unless the file says otherwise.
    pub(crate) ideal: f64,
    pub(crate) owner: Option<String>,
    pub(crate) target: Option<Target>,
}

/// A gap that is to be closed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    /// The experience to reach.
    pub(crate) experience: f64,
    /// The release that customers used when the target was set: what comes after it is held against it.
    pub(crate) since: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactorEntry {
    name: Spanned<String>,
    #[serde(default)]
    measured_by: Vec<TouchpointOf>,
    experience: Option<Spanned<f64>>,
    expectation: Option<Spanned<f64>>,
    importance: Option<Spanned<f64>>,
    ideal: Option<Spanned<f64>>,
    owner: Option<Spanned<String>>,
    target: Option<Spanned<f64>>,
    since: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TouchpointOf {
    kind: Spanned<String>,
    name: Spanned<String>,
}

/// Adds the factors of a file to those that there are.
pub(super) fn add(text: &str, entries: Vec<FactorEntry>, factors: &mut Vec<Factor>) -> Result<(), Error> {
    for entry in entries {
        let factor = entry.factor(text)?;
        if factors.iter().any(|known| known.name == factor.name) {
            let what = format!("there is a factor {:?} already: keep one of them", factor.name);
            return Err(wrong(text, &entry.name, "name", &what));
        }
        if factors.len() == FACTORS_MAX {
            return Err(wrong(text, &entry.name, "factor", &format!("at most {FACTORS_MAX} are read")));
        }
        factors.push(factor);
    }
    Ok(())
}

impl FactorEntry {
    fn factor(&self, text: &str) -> Result<Factor, Error> {
        let touchpoints =
            self.measured_by.iter().map(|of| of.touchpoint(text)).collect::<Result<Vec<_>, _>>()?;
        if touchpoints.len() > TOUCHPOINTS_OF_FACTOR_MAX {
            let what = format!("at most {TOUCHPOINTS_OF_FACTOR_MAX} touchpoints measure a factor");
            return Err(wrong(text, &self.name, "measured_by", &what));
        }
        for (at, (kind, name)) in touchpoints.iter().enumerate() {
            if touchpoints.iter().take(at).any(|before| before == &(*kind, name.clone())) {
                let what = format!("{kind} \"{name}\" is there twice: keep one of them");
                return Err(wrong(text, &self.name, "measured_by", &what));
            }
        }
        let target = self.target(text)?;
        if touchpoints.is_empty() && target.is_some() {
            let what = "nothing measures it, so that no release can reach a target; write measured_by";
            return Err(wrong(text, &self.name, "target", what));
        }
        Ok(Factor {
            name: short(text, "name", &self.name)?,
            touchpoints,
            experience: score(text, "experience", self.experience.as_ref())?,
            expectation: score(text, "expectation", self.expectation.as_ref())?,
            importance: score(text, "importance", self.importance.as_ref())?,
            ideal: score(text, "ideal", self.ideal.as_ref())?.unwrap_or(SCORE_MAX),
            owner: self.owner.as_ref().map(|owner| short(text, "owner", owner)).transpose()?,
            target,
        })
    }

    fn target(&self, text: &str) -> Result<Option<Target>, Error> {
        match (score(text, "target", self.target.as_ref())?, &self.since) {
            (Some(experience), Some(since)) => {
                Ok(Some(Target { experience, since: short(text, "since", since)? }))
            }
            (None, None) => Ok(None),
            (Some(_), None) => {
                let what = "say since which release it is one, for example since = \"8.1.0\"";
                Err(wrong(text, &self.name, "target", what))
            }
            (None, Some(since)) => Err(wrong(
                text,
                since,
                "since",
                "it is of a target; write one, for example target = 8, or leave it out",
            )),
        }
    }
}

impl TouchpointOf {
    fn touchpoint(&self, text: &str) -> Result<(Kind, String), Error> {
        let kind = known_kind(text, &self.kind)?;
        if !side::is_compared(kind) {
            let known: Vec<&str> = side::COMPARED.iter().map(|kind| kind.as_str()).collect();
            let what =
                format!("of {kind} nobody can say which were in time; write one of {}", known.join(", "));
            return Err(wrong(text, &self.kind, "kind", &what));
        }
        Ok((kind, self.name.get_ref().clone()))
    }
}

#[cfg(test)]
mod tests {
    use crate::budget::Budgets;
    use crate::limits::{FACTORS_MAX, TOUCHPOINTS_OF_FACTOR_MAX};

    fn error(text: &str) -> String {
        Budgets::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_line_key_and_remedy() {
        let head = "[[factor]]\nname = \"Pay\"\n";
        let tap = "{ kind = \"tap\", name = \"Pay\" }";
        assert!(error(&format!("{head}expected = 7\n")).contains("line 3: unknown field `expected`"));
        for key in ["experience", "expectation", "importance", "ideal"] {
            for value in ["11", "-1", "nan"] {
                let error = error(&format!("{head}{key} = {value}\n"));
                assert!(
                    error.contains(&format!("line 3, {key}: ")) && error.ends_with("from 0 to 10"),
                    "{error}"
                );
            }
        }
        assert!(error(&format!("{head}{head}")).contains("line 4, name: there is a factor \"Pay\" already"));
        assert!(error("[[factor]]\nname = \"\"\n").contains("line 2, name: write 1 to 80 characters"));
        assert!(
            error(&format!("{head}target = 8\nsince = \"8.1.0\"\n")).contains("target: nothing measures it")
        );
        assert!(
            error(&format!("{head}measured_by = [{tap}]\ntarget = 8\n"))
                .contains("line 2, target: say since which release")
        );
        assert!(error(&format!("{head}since = \"8.1.0\"\n")).contains("line 3, since: it is of a target"));
        assert!(error(&format!("{head}measured_by = [{{ kind = \"hang\", name = \"Pay\" }}]\n")).contains(
            "line 3, kind: of hang nobody can say which were in time; write one of launch, screen"
        ));
        assert!(
            error(&format!("{head}measured_by = [{tap}, {tap}]\n")).contains("tap \"Pay\" is there twice")
        );
    }

    #[test]
    fn what_is_listed_has_an_end() {
        let of = |n: usize| -> String { (0..n).map(|n| format!("[[factor]]\nname = \"{n}\"\n")).collect() };
        assert_eq!(Budgets::parse(&of(FACTORS_MAX)).unwrap().factors().len(), FACTORS_MAX);
        assert!(error(&of(FACTORS_MAX + 1)).contains("factor: at most 24 are read"));
        let taps: Vec<String> = (0..=TOUCHPOINTS_OF_FACTOR_MAX)
            .map(|n| format!("{{ kind = \"tap\", name = \"{n}\" }}"))
            .collect();
        let text = format!("[[factor]]\nname = \"Pay\"\nmeasured_by = [{}]\n", taps.join(", "));
        assert!(error(&text).contains("measured_by: at most 32 touchpoints"));
    }
}
