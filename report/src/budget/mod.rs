//! Budgets: the longest wait that a touchpoint may cost, and how much it matters.
//!
//! What else a bank says of its touchpoints stands in the same file: limits (`limit`), what it expects of
//! them (`factor`), by which shares it looks at them (`indicator`), by which words reviews tell of them (`listening`), and what it
//! knows of some days (`mark`).
//!
//! Owns: the TOML form, the defaults by kind and their sources. Refuses: files (callers pass the text).
//! Invariant: every kind and name has a budget, because the defaults speak of every kind that can be late.

mod factor;
mod indicator;
mod limit;
mod listening;
mod mark;
mod place;
mod read;
mod tried;

pub(crate) use factor::{Factor, Target};
pub use indicator::DEFAULT_INDICATORS;
pub(crate) use indicator::{Indicator, Indicators};
pub(crate) use limit::{Limit, Objective};
pub use listening::DEFAULT_LISTENING;
pub(crate) use listening::Topic;
pub(crate) use mark::Mark;
pub use mark::MarkKind;
pub(crate) use place::Place;
pub use place::Stage;

use crate::error::Error;
use crate::limits::BUDGETS_BYTES_MAX;
use crate::verdict::Figure;
use factor::FactorEntry;
use indicator::IndicatorEntry;
use limit::LimitEntry;
use listening::ListeningEntry;
use mark::MarkEntry;
use nowait_wire::Kind;
use read::{known_kind, label, line_of, milliseconds, unreadable, weight};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// The budgets that apply where nothing else is said, with their sources as comments.
pub const DEFAULT_BUDGETS: &str = include_str!("../../default-budgets.toml");

/// The target of a kind that the defaults do not speak of, in nanoseconds: 1 s, Nielsen's limit for the flow of
/// thought. Only kinds that are no waits (frames, rage taps and the like) ever get it.
const TARGET_NS_OTHERWISE: u64 = 1_000_000_000;

/// What one touchpoint may cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// The longest wait that counts as in time, in nanoseconds; Apdex calls it T.
    pub target_ns: u64,
    /// How much its lost time counts in the ranking; 1 unless the file says otherwise.
    pub weight: f64,
    /// What people call it; its name unless the file says otherwise.
    pub label: String,
}

/// What a file says of a touchpoint or a kind; what it leaves out comes from the next wider rule.
#[derive(Clone, Debug, Default, PartialEq)]
struct Rule {
    target_ns: Option<u64>,
    weight: Option<f64>,
    label: Option<String>,
    place: Option<Place>,
}

impl Rule {
    /// Takes over what `newer` says.
    fn overlay(&mut self, newer: Rule) {
        self.target_ns = newer.target_ns.or(self.target_ns);
        self.weight = newer.weight.or(self.weight);
        self.label = newer.label.or(self.label.take());
        self.place = newer.place.or(self.place.take());
    }
}

/// Budgets by kind and name.
#[derive(Clone, Debug, PartialEq)]
pub struct Budgets {
    kinds: BTreeMap<Kind, Rule>,
    touchpoints: BTreeMap<(Kind, String), Rule>,
    limits: Vec<Limit>,
    factors: Vec<Factor>,
    indicators: Indicators,
    listening: Vec<Topic>,
    marks: Vec<Mark>,
    pinned: Option<String>,
    /// What was said beside the defaults.
    source: String,
}

impl Default for Budgets {
    /// The budgets of [`DEFAULT_BUDGETS`].
    fn default() -> Budgets {
        let mut budgets = Budgets::none();
        // The shipped files are parsed in a test, so there is no error to report here.
        let shipped = [DEFAULT_BUDGETS, DEFAULT_INDICATORS, DEFAULT_LISTENING];
        let shipped = shipped.into_iter().try_for_each(|text| budgets.overlay(text));
        debug_assert_eq!(shipped, Ok(()));
        budgets
    }
}

impl Budgets {
    fn none() -> Budgets {
        Budgets {
            kinds: BTreeMap::new(),
            touchpoints: BTreeMap::new(),
            limits: Vec::new(),
            factors: Vec::new(),
            indicators: Indicators::default(),
            listening: Vec::new(),
            marks: Vec::new(),
            pinned: None,
            source: String::new(),
        }
    }

    /// The limits that a release has to keep ([`Check`](crate::Check)), in the order of the file.
    pub(crate) fn limits(&self) -> &[Limit] {
        &self.limits
    }

    /// What makes customers' experience, as the bank sees it, in the order of the file.
    pub(crate) fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// How customers fare, as the bank looks at it: the shipped indicators and its own.
    pub(crate) fn indicators(&self) -> &Indicators {
        &self.indicators
    }

    /// By which words a review tells of what: the shipped dictionary and the bank's own.
    pub(crate) fn listening(&self) -> &[Topic] {
        &self.listening
    }

    /// Whether the file adds anything to the shipped dictionary.
    #[must_use]
    pub fn has_own_listening(&self) -> bool {
        self.listening != Budgets::default().listening
    }

    /// What the bank knows beforehand of some days, in the order of the file.
    pub(crate) fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// The touchpoints that have a place in a customer's life, by kind and name.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&(Kind, String), &Place)> {
        self.touchpoints.iter().filter_map(|(touchpoint, rule)| Some((touchpoint, rule.place.as_ref()?)))
    }

    /// Whether the file says anything of indicators that the shipped ones do not.
    #[must_use]
    pub fn has_own_indicators(&self) -> bool {
        self.indicators != Budgets::default().indicators
    }

    /// Whether touchpoints measure any of it.
    #[must_use]
    pub fn has_measured_factors(&self) -> bool {
        self.factors.iter().any(|factor| !factor.touchpoints.is_empty())
    }

    /// The limits of a touchpoint's quantiles: what each is called, and the most that it may be in nanoseconds.
    #[must_use]
    pub fn quantile_limits(&self, kind: Kind, name: &str) -> Vec<(&'static str, f64)> {
        let of_touchpoint = self.limits.iter().filter(|limit| limit.kind == kind && limit.name == name);
        let quantile = |limit: &Limit| match limit.objective {
            Objective::QuantileAtMost(Figure::P50, ns) => Some(("p50", ns as f64)),
            Objective::QuantileAtMost(Figure::P95, ns) => Some(("p95", ns as f64)),
            Objective::QuantileAtMost(_, ns) => Some(("p75", ns as f64)),
            Objective::InTimeAtLeast(_) | Objective::UnansweredAtMost(_) => None,
        };
        of_touchpoint.filter_map(quantile).collect()
    }

    /// Whether there is any limit to keep.
    #[must_use]
    pub fn has_limits(&self) -> bool {
        !self.limits.is_empty()
    }

    /// The release that every other one is compared with beside the one before it, if the file names one.
    #[must_use]
    pub fn pinned(&self) -> Option<&str> {
        self.pinned.as_deref()
    }

    /// Reads a budgets file on top of the defaults. `default-budgets.toml` shows the form.
    ///
    /// # Errors
    /// [`Error::is_budgets`], naming the line, the key and what to write instead.
    pub fn parse(text: &str) -> Result<Budgets, Error> {
        let mut budgets = Budgets::default();
        budgets.overlay(text)?;
        text.clone_into(&mut budgets.source);
        Ok(budgets)
    }

    /// The text that [`Budgets::parse`] read: it gives the same budgets again. Empty for the defaults.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The budget of this touchpoint: what is said of its kind and name, else of its kind.
    #[must_use]
    pub fn of(&self, kind: Kind, name: &str) -> Budget {
        let mut rule = self.kinds.get(&kind).cloned().unwrap_or_default();
        if let Some(named) = self.touchpoints.get(&(kind, name.to_owned())) {
            rule.overlay(named.clone());
        }
        Budget {
            target_ns: rule.target_ns.unwrap_or(TARGET_NS_OTHERWISE),
            weight: rule.weight.unwrap_or(1.0),
            label: rule.label.unwrap_or_else(|| name.to_owned()),
        }
    }

    fn overlay(&mut self, text: &str) -> Result<(), Error> {
        if text.len() > BUDGETS_BYTES_MAX {
            let size = text.len();
            let message = format!("budgets: the file has {size} bytes, at most {BUDGETS_BYTES_MAX} are read");
            return Err(Error::budgets(message));
        }
        let file: File = toml::from_str(text).map_err(|error| unreadable(text, &error))?;
        for (kind, entry) in file.kind {
            let rule = entry.rule(text)?;
            self.kinds.entry(known_kind(text, &kind)?).or_default().overlay(rule);
        }
        let mut named = BTreeMap::new();
        for entry in file.touchpoint {
            let kind = known_kind(text, &entry.kind)?;
            let line = line_of(text, entry.name.span().start);
            if let Some(first) = named.insert((kind, entry.name.get_ref().clone()), line) {
                let message = format!(
                    "budgets line {line}, name: {kind} \"{}\" already has a budget in line {first}: keep one of them",
                    entry.name.get_ref()
                );
                return Err(Error::budgets(message));
            }
            let key = (kind, entry.name.get_ref().clone());
            let rule = entry.rule(text)?;
            self.touchpoints.entry(key).or_default().overlay(rule);
        }
        for entry in file.limit {
            let limits = entry.limits(text)?;
            self.limits.extend(limits);
        }
        factor::add(text, file.factor, &mut self.factors)?;
        mark::add(text, file.mark, &mut self.marks)?;
        self.indicators.overlay(text, file.indicator, file.dimension)?;
        listening::overlay(text, file.listening, &self.indicators, &mut self.listening)?;
        self.pinned = file.pinned.or(self.pinned.take());
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    kind: BTreeMap<Spanned<String>, KindEntry>,
    #[serde(default)]
    touchpoint: Vec<TouchpointEntry>,
    #[serde(default)]
    limit: Vec<LimitEntry>,
    #[serde(default)]
    factor: Vec<FactorEntry>,
    #[serde(default)]
    indicator: Vec<IndicatorEntry>,
    #[serde(default)]
    listening: Vec<ListeningEntry>,
    #[serde(default)]
    mark: Vec<MarkEntry>,
    #[serde(default)]
    dimension: BTreeMap<Spanned<String>, Spanned<f64>>,
    pinned: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindEntry {
    target_ms: Option<Spanned<f64>>,
    weight: Option<Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TouchpointEntry {
    kind: Spanned<String>,
    name: Spanned<String>,
    label: Option<Spanned<String>>,
    target_ms: Option<Spanned<f64>>,
    weight: Option<Spanned<f64>>,
    stage: Option<Spanned<String>>,
    channel: Option<Spanned<String>>,
    owner: Option<Spanned<String>>,
}

impl KindEntry {
    fn rule(&self, text: &str) -> Result<Rule, Error> {
        Ok(Rule {
            target_ns: milliseconds(text, "target_ms", self.target_ms.as_ref())?,
            weight: weight(text, self.weight.as_ref())?,
            label: None,
            place: None,
        })
    }
}

impl TouchpointEntry {
    fn rule(&self, text: &str) -> Result<Rule, Error> {
        Ok(Rule {
            target_ns: milliseconds(text, "target_ms", self.target_ms.as_ref())?,
            weight: weight(text, self.weight.as_ref())?,
            label: label(text, self.label.as_ref())?,
            place: place::place(text, self.stage.as_ref(), self.channel.as_ref(), self.owner.as_ref())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let error = Budgets::parse(text).unwrap_err();
        assert!(error.is_budgets());
        error.to_string()
    }

    #[test]
    fn the_shipped_file_speaks_of_every_wait() {
        let mut shipped = Budgets::none();
        assert_eq!(shipped.overlay(DEFAULT_BUDGETS), Ok(()));
        let waits = [Kind::Launch, Kind::Screen, Kind::Tap, Kind::Settled, Kind::Hang, Kind::Request];
        for kind in waits.into_iter().chain([Kind::Action, Kind::Journey, Kind::Step]) {
            assert!(shipped.kinds.get(&kind).is_some_and(|rule| rule.target_ns.is_some()), "{kind}");
        }
        let cold = shipped.of(Kind::Launch, "cold");
        assert_eq!((cold.target_ns, cold.label.as_str(), cold.weight), (1_250_000_000, "Cold launch", 1.0));
    }

    #[test]
    fn a_file_changes_only_what_it_says() {
        let text = "kind.tap.weight = 2\n[[touchpoint]]\nkind = \"tap\"\nname = \"Pay\"\ntarget_ms = 80.5\n";
        let budgets = Budgets::parse(text).unwrap();
        let pay = budgets.of(Kind::Tap, "Pay");
        assert_eq!((pay.target_ns, pay.weight, pay.label.as_str()), (80_500_000, 2.0, "Pay"));
        assert_eq!(budgets.of(Kind::Tap, "Other").target_ns, 100_000_000);
        assert_eq!(budgets.of(Kind::Launch, "hot").label, "Hot launch");
    }

    #[test]
    fn the_example_of_marks_is_read() {
        let budgets = Budgets::parse(include_str!("../../examples/marks.toml")).unwrap();
        assert_eq!(budgets.marks().len(), 2);
    }

    #[test]
    fn errors_name_line_key_and_remedy() {
        let head = "[[touchpoint]]\nkind = \"tap\"\nname = \"Pay\"\n";
        let target = error(&format!("{head}target_ms = 0\n"));
        assert_eq!(
            target,
            "budgets line 4, target_ms: 0 is no time; write milliseconds above 0 and up to 3600000"
        );
        assert!(error(&format!("{head}target_ms = nan\n")).starts_with("budgets line 4, target_ms"));
        assert!(error(&format!("{head}weight = -1\n")).contains("line 4, weight: -1 is no weight"));
        assert!(error(&format!("{head}label = \"\"\n")).contains("line 4, label: write 1 to 80"));
        assert!(
            error(&format!("{head}{head}"))
                .contains("line 6, name: tap \"Pay\" already has a budget in line 3")
        );
        assert!(
            error("\n[kind.taps]\n").contains("line 2, kind: there is no kind \"taps\"; write one of launch")
        );
        let limit = "[[limit]]\nkind = \"tap\"\nname = \"Pay\"\n";
        assert!(error(limit).contains("line 3, limit: it limits nothing; write p50_ms"));
        assert!(error(&format!("{limit}p75_ms = -1\n")).contains("line 4, p75_ms: -1 is no time"));
        assert!(error(&format!("{limit}in_time_min = 95\n")).contains("line 4, in_time_min: 95 is no share"));
        assert!(
            error(&format!("{limit}p75_ms = 1\nexception_until = 10:00:00\n"))
                .contains("line 5, exception_until: it is no day")
        );
        assert!(error(&format!("{head}target = 1\n")).contains("line 4: unknown field `target`"));
        assert!(error("kind = \n").starts_with("budgets line 1: "));
        assert!(error(&"#".repeat(BUDGETS_BYTES_MAX + 1)).contains("bytes"));
    }
}
