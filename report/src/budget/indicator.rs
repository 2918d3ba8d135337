//! Indicators: which shares tell how customers fare, what is good enough, and who answers for it.
//!
//! Owns: the TOML form of `[[indicator]]` and `[dimension]`, and the shipped ones. Refuses: the shares (see `indicator`).
//! Invariant: an indicator knows its level, its dimension and what it is of.

use super::read::{known_kind, share, short, weight, wrong};
use crate::error::Error;
use crate::indicator::{Dimension, Level, Measure};
use crate::limits::{INDICATORS_MAX, TOUCHPOINTS_OF_FACTOR_MAX};
use nowait_wire::Kind;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// The indicators that come with the product, with their sources as comments.
pub const DEFAULT_INDICATORS: &str = include_str!("../../default-indicators.toml");

/// One indicator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Indicator {
    pub(crate) name: String,
    /// What people call it, if the bank says it.
    pub(crate) label: Option<String>,
    pub(crate) level: Level,
    pub(crate) dimension: Dimension,
    pub(crate) measure: Measure,
    /// Kinds of waits, each with the name of one touchpoint, or all.
    pub(crate) of: Vec<(Kind, Option<String>)>,
    /// The least share that is good enough, 0 to 1.
    pub(crate) target: Option<f64>,
    pub(crate) owner: Option<String>,
}

/// All indicators and what their dimensions weigh.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Indicators {
    pub(crate) all: Vec<Indicator>,
    pub(crate) weights: BTreeMap<Dimension, f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IndicatorEntry {
    name: Spanned<String>,
    label: Option<Spanned<String>>,
    level: Option<Spanned<String>>,
    dimension: Option<Spanned<String>>,
    measure: Option<Spanned<String>>,
    of: Option<Vec<OfEntry>>,
    target: Option<Spanned<f64>>,
    owner: Option<Spanned<String>>,
    shown: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfEntry {
    kind: Spanned<String>,
    name: Option<Spanned<String>>,
}

impl Indicators {
    /// Adds what a file says to what there is.
    pub(super) fn overlay(
        &mut self,
        text: &str,
        entries: Vec<IndicatorEntry>,
        weights: BTreeMap<Spanned<String>, Spanned<f64>>,
    ) -> Result<(), Error> {
        for (name, given) in weights {
            let dimension = one_of(text, "dimension", &name, Dimension::ALL, Dimension::as_str)?;
            self.weights.insert(dimension, weight(text, Some(&given))?.unwrap_or(1.0));
        }
        let mut said: Vec<&str> = Vec::new();
        for entry in &entries {
            let name = entry.name.get_ref().as_str();
            if said.contains(&name) {
                let what = format!("there is an indicator {name:?} already: keep one of them");
                return Err(wrong(text, &entry.name, "name", &what));
            }
            said.push(name);
            let known = self.all.iter().position(|indicator| indicator.name == name);
            let before = known.and_then(|at| self.all.get(at)).cloned();
            let indicator = entry.indicator(text, before.as_ref())?;
            match known {
                Some(at) if entry.shown == Some(false) => _ = self.all.remove(at),
                Some(at) => self.all.iter_mut().skip(at).take(1).for_each(|of| *of = indicator.clone()),
                None if entry.shown == Some(false) => {
                    return Err(wrong(text, &entry.name, "shown", "there is no such indicator to take away"));
                }
                None if self.all.len() == INDICATORS_MAX => {
                    let what = format!("at most {INDICATORS_MAX} are read");
                    return Err(wrong(text, &entry.name, "indicator", &what));
                }
                None => self.all.push(indicator),
            }
        }
        Ok(())
    }
}

impl IndicatorEntry {
    /// What it says, and of what it does not what `before` had.
    fn indicator(&self, text: &str, before: Option<&Indicator>) -> Result<Indicator, Error> {
        let level = said(text, "level", self.level.as_ref(), Level::ALL, Level::as_str)?;
        let dimension = said(text, "dimension", self.dimension.as_ref(), Dimension::ALL, Dimension::as_str)?;
        let measure = said(text, "measure", self.measure.as_ref(), Measure::ALL, Measure::as_str)?;
        let missing = |key: &str| wrong(text, &self.name, key, "a new indicator has to say it");
        let measure = measure.or(before.map(|of| of.measure)).ok_or_else(|| missing("measure"))?;
        let of = match (&self.of, before) {
            (Some(of), _) => self.touchpoints(text, of, measure)?,
            (None, Some(before)) if before.measure == measure => before.of.clone(),
            (None, _) => return Err(missing("of")),
        };
        let label = self.label.as_ref().map(|label| short(text, "label", label)).transpose()?;
        let owner = self.owner.as_ref().map(|owner| short(text, "owner", owner)).transpose()?;
        Ok(Indicator {
            name: short(text, "name", &self.name)?,
            label: label.or_else(|| before.and_then(|of| of.label.clone())),
            level: level.or(before.map(|of| of.level)).ok_or_else(|| missing("level"))?,
            dimension: dimension.or(before.map(|of| of.dimension)).ok_or_else(|| missing("dimension"))?,
            measure,
            of,
            target: share(text, "target", self.target.as_ref())?.or(before.and_then(|of| of.target)),
            owner: owner.or_else(|| before.and_then(|of| of.owner.clone())),
        })
    }

    fn touchpoints(
        &self,
        text: &str,
        of: &[OfEntry],
        measure: Measure,
    ) -> Result<Vec<(Kind, Option<String>)>, Error> {
        if of.is_empty() || of.len() > TOUCHPOINTS_OF_FACTOR_MAX {
            let what = format!("name 1 to {TOUCHPOINTS_OF_FACTOR_MAX} kinds or touchpoints");
            return Err(wrong(text, &self.name, "of", &what));
        }
        let touchpoint = |entry: &OfEntry| {
            let kind = known_kind(text, &entry.kind)?;
            if !measure.is_of(kind) {
                let known: Vec<&str> =
                    Kind::ALL.iter().filter(|kind| measure.is_of(**kind)).map(|kind| kind.as_str()).collect();
                let what =
                    format!("{} is not told of {kind}; write one of {}", measure.as_str(), known.join(", "));
                return Err(wrong(text, &entry.kind, "kind", &what));
            }
            Ok((kind, entry.name.as_ref().map(|name| name.get_ref().clone())))
        };
        of.iter().map(touchpoint).collect()
    }
}

fn said<T: Copy>(
    text: &str,
    key: &str,
    word: Option<&Spanned<String>>,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<Option<T>, Error> {
    word.map(|word| one_of(text, key, word, all, name)).transpose()
}

/// The one of these that a word names.
fn one_of<T: Copy>(
    text: &str,
    key: &str,
    word: &Spanned<String>,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, Error> {
    all.iter().copied().find(|one| name(*one) == word.get_ref()).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|one| name(*one)).collect();
        let what = format!("there is no {key} {:?}; write one of {}", word.get_ref(), known.join(", "));
        wrong(text, word, key, &what)
    })
}

#[cfg(test)]
mod tests {
    use crate::budget::Budgets;
    use crate::indicator::{Dimension, Level};

    #[test]
    fn the_example_is_one() {
        let budgets = Budgets::parse(crate::indicator::EXAMPLE_INDICATORS).unwrap();
        assert!(budgets.has_own_indicators() && !Budgets::default().has_own_indicators());
        assert!(budgets.indicators().all.iter().any(|of| of.name == "transfers"));
    }

    fn error(text: &str) -> String {
        Budgets::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_file_changes_what_it_says_of_a_shipped_one_and_adds_others() {
        let shipped = Budgets::default();
        let all = |budgets: &Budgets| budgets.indicators().all.len();
        assert!(Level::ALL.iter().all(|level| shipped.indicators().all.iter().any(|of| of.level == *level)));
        let text = "dimension.trust = 3\n[[indicator]]\nname = \"tasks_done\"\ntarget = 0.9\nowner = \"Payments\"\n\
            [[indicator]]\nname = \"taps_calm\"\nshown = false\n\
            [[indicator]]\nname = \"help\"\nlabel = \"Help found\"\nlevel = \"needs\"\ndimension = \"knowledge\"\n\
            measure = \"done\"\nof = [{ kind = \"journey\", name = \"help\" }]\n";
        let budgets = Budgets::parse(text).unwrap();
        assert_eq!(all(&budgets), all(&shipped), "one less, one more");
        let of = |name: &str| budgets.indicators().all.iter().find(|of| of.name == name).cloned();
        let tasks = of("tasks_done").unwrap();
        assert_eq!(
            (tasks.target, tasks.owner.as_deref(), tasks.level),
            (Some(0.9), Some("Payments"), Level::Needs)
        );
        assert_eq!(of("taps_calm"), None);
        assert_eq!(of("help").unwrap().target, None);
        assert_eq!(budgets.indicators().weights.get(&Dimension::Trust), Some(&3.0));
    }

    #[test]
    fn errors_name_line_key_and_remedy() {
        let head = "[[indicator]]\nname = \"help\"\n";
        let whole = format!("{head}level = \"needs\"\ndimension = \"trust\"\n");
        for (text, wanted) in [
            (format!("{head}levels = 1\n"), "line 3: unknown field `levels`"),
            (
                format!("{head}level = \"need\"\n"),
                "line 3, level: there is no level \"need\"; write one of needs, ease, enjoyment",
            ),
            (
                format!("{head}measure = \"fast\"\n"),
                "line 3, measure: there is no measure \"fast\"; write one of done, in_time",
            ),
            (head.to_owned(), "line 2, measure: a new indicator has to say it"),
            (format!("{whole}measure = \"done\"\n"), "line 2, of: a new indicator has to say it"),
            (format!("{whole}measure = \"done\"\nof = []\n"), "line 2, of: name 1 to 32"),
            (
                format!("{whole}measure = \"smooth\"\nof = [{{ kind = \"tap\" }}]\n"),
                "line 6, kind: smooth is not told of tap; write one of frames",
            ),
            (format!("{head}target = 90\n"), "line 2, measure"),
            (
                "[[indicator]]\nname = \"tasks_done\"\ntarget = 90\n".to_owned(),
                "line 3, target: 90 is no share",
            ),
            ("[[indicator]]\nname = \"tasks_done\"\nmeasure = \"smooth\"\n".to_owned(), "line 2, of: a new"),
            (
                "[[indicator]]\nname = \"tasks_done\"\n[[indicator]]\nname = \"tasks_done\"\n".to_owned(),
                "line 4, name: there is an",
            ),
            (
                "dimension.speed = 1\n".to_owned(),
                "line 1, dimension: there is no dimension \"speed\"; write one of efficiency",
            ),
            ("dimension.trust = -1\n".to_owned(), "line 1, weight: -1 is no weight"),
            (
                format!("{whole}measure = \"done\"\nof = [{{ kind = \"tap\" }}]\nshown = false\n"),
                "line 2, shown: there is no such",
            ),
        ] {
            let error = error(&text);
            assert!(error.contains(wanted), "{error}\n{wanted}");
        }
    }
}
