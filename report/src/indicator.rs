//! How customers fare: indicators on three levels (needs met, ease, enjoyment), each the share of something that went well.
//!
//! An indicator is a share of all that was counted in a span, and no sample of it, so it has no interval; whether a release changed
//! anything is for comparisons and targets to say. A level is ten times the mean of its indicators by the weights of their dimensions.
//!
//! Owns: the shares, levels, dimensions and months. Refuses: which indicators there are (see `budget`).
//! Invariant: an indicator and its touchpoints are counted by the same rule, so that the touchpoints add up to it.

use crate::budget::{Budgets, Indicator};
use crate::cell::{Cell, Cells, tells_waiting};
use crate::experience::{SCORE_MAX, waits_min};
use crate::limits::TOUCHPOINTS_OF_INDICATOR_LISTED;
use crate::side::is_compared;
use nowait_wire::{Kind, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A budgets file that changes the shipped indicators and adds one.
pub const EXAMPLE_INDICATORS: &str = include_str!("../examples/indicators.toml");

/// Words with a text for each.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal,)+ }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        $(#[$meta])*
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$of])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// Its word, as in the JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }
    };
}

words! {
    /// What an indicator tells of.
    Level {
        /// Customers get what they came for.
        Needs = "needs",
        /// It costs them little.
        Ease = "ease",
        /// They like it.
        Enjoyment = "enjoyment",
    }
}

words! {
    /// What an indicator weighs with.
    Dimension {
        /// It takes no longer than it must.
        Efficiency = "efficiency",
        /// Customers know what to do and what happens.
        Knowledge = "knowledge",
        /// It does what they do, when they do it.
        Control = "control",
        /// How it feels.
        Emotion = "emotion",
        /// It keeps their attention, and gives them its own.
        Attention = "attention",
        /// They can rely on it.
        Trust = "trust",
    }
}

words! {
    /// Which share an indicator is.
    #[schemars(rename = "IndicatorMeasure")]
    Measure {
        /// Of waits, those that were done; the others failed, had no answer or were given up.
        Done = "done",
        /// Of waits, those that were done within the target.
        InTime = "in_time",
        /// Of frames, those that were not presented after their deadline.
        Smooth = "smooth",
        /// Of taps, those that were no rage tap.
        Calm = "calm",
        /// Of ratings, those of 4 and 5.
        Liked = "liked",
    }
}

words! {
    /// What can be said of an indicator.
    #[schemars(rename = "IndicatorStatus")]
    Status {
        /// Its share is its target or more.
        Met = "met",
        /// It is less.
        Missed = "missed",
        /// Too little was counted.
        TooFew = "too_few_samples",
        /// Nobody said how much is good enough.
        NoTarget = "no_target",
    }
}

impl Measure {
    /// Whether it can be told of this kind.
    #[must_use]
    pub fn is_of(self, kind: Kind) -> bool {
        match self {
            Measure::Done | Measure::InTime => is_compared(kind),
            Measure::Smooth => kind == Kind::Frames,
            Measure::Calm => kind == Kind::Tap,
            Measure::Liked => kind == Kind::Rating,
        }
    }
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counted {
    part: u64,
    whole: u64,
}

impl Counted {
    fn add(&mut self, other: Counted) {
        self.part = self.part.saturating_add(other.part);
        self.whole = self.whole.saturating_add(other.whole);
    }

    fn share(self) -> Option<f64> {
        (self.whole >= waits_min()).then(|| self.part as f64 / self.whole as f64)
    }
}

/// One touchpoint of an indicator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TouchpointShare {
    /// The kind.
    #[schemars(schema_with = "crate::schema::kind")]
    pub kind: Kind,
    /// Its registered name.
    pub name: String,
    /// What people call it; the name unless the budgets say otherwise.
    pub label: String,
    /// How many were counted.
    pub counted: u64,
    /// The share that went well, 0 to 1; `null` if too few were counted.
    pub share: Option<f64>,
}

/// One indicator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IndicatorValue {
    /// Its name; of a shipped one there is a text in each language.
    pub name: String,
    /// What the bank calls it.
    pub label: Option<String>,
    /// What it tells of.
    pub level: Level,
    /// What it weighs with.
    pub dimension: Dimension,
    /// Which share it is.
    pub measure: Measure,
    /// How many were counted.
    pub counted: u64,
    /// The share that went well, 0 to 1; `null` below [`waits_min`].
    pub share: Option<f64>,
    /// The least that is good enough.
    pub target: Option<f64>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// What that says.
    pub status: Status,
    /// Its touchpoints, those first of which most did not go well, as many as are listed.
    pub touchpoints: Vec<TouchpointShare>,
}

/// One level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LevelValue {
    /// Which one.
    pub level: Level,
    /// 0 to 10; `null` if nothing measures it yet.
    pub score: Option<f64>,
    /// How many of its indicators are met.
    pub met: u64,
    /// How many are missed.
    pub missed: u64,
}

/// One dimension.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DimensionValue {
    /// Which one.
    pub dimension: Dimension,
    /// What its indicators weigh in their levels.
    pub weight: f64,
    /// 0 to 10; `null` if nothing measures it yet.
    pub score: Option<f64>,
    /// How many indicators it has.
    pub indicators: u64,
}

/// All of a span.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Experiences {
    /// The three levels.
    pub levels: Vec<LevelValue>,
    /// Their indicators, level by level, in the order of the budgets.
    pub indicators: Vec<IndicatorValue>,
    /// The six dimensions.
    pub dimensions: Vec<DimensionValue>,
}

impl Experiences {
    /// The indicators of these budgets over these cells.
    #[must_use]
    pub fn new(cells: &Cells, budgets: &Budgets) -> Experiences {
        let cells = by_touchpoint(cells);
        let of = budgets.indicators();
        let mut indicators: Vec<IndicatorValue> =
            of.all.iter().map(|indicator| value(indicator, &cells, budgets)).collect();
        indicators.sort_by_key(|indicator| indicator.level);
        let weight = |dimension: &Dimension| of.weights.get(dimension).copied().unwrap_or(1.0);
        let level = |level: &Level| {
            let all = || indicators.iter().filter(|indicator| indicator.level == *level);
            let has = |status| all().filter(|indicator| indicator.status == status).count() as u64;
            let score = score(all().map(|indicator| (weight(&indicator.dimension), indicator.share)));
            LevelValue { level: *level, score, met: has(Status::Met), missed: has(Status::Missed) }
        };
        let dimension = |dimension: &Dimension| {
            let all = || indicators.iter().filter(|indicator| indicator.dimension == *dimension);
            DimensionValue {
                dimension: *dimension,
                weight: weight(dimension),
                score: score(all().map(|indicator| (1.0, indicator.share))),
                indicators: all().count() as u64,
            }
        };
        Experiences {
            levels: Level::ALL.iter().map(level).collect(),
            dimensions: Dimension::ALL.iter().map(dimension).collect(),
            indicators,
        }
    }
}

/// A month of an indicator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MonthOfIndicator {
    /// The month, `2026-03`.
    pub month: String,
    /// How many were counted.
    pub counted: u64,
    /// The share that went well, 0 to 1; `null` if too few were counted.
    pub share: Option<f64>,
    /// What that says of the target that is set now.
    pub status: Status,
}

/// An indicator from month to month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IndicatorTrend {
    /// The indicator.
    pub name: String,
    /// What the bank calls it.
    pub label: Option<String>,
    /// The least share that is wanted now, 0 to 1; `null` in the JSON of a collector that did not tell, too.
    #[serde(default)]
    pub target: Option<f64>,
    /// The months, the earliest first.
    pub months: Vec<MonthOfIndicator>,
}

/// All indicators from month to month.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trends {
    /// Each of them, level by level.
    pub indicators: Vec<IndicatorTrend>,
}

impl Trends {
    /// Adds a month, which lies behind those that were added.
    pub fn add(&mut self, month: &str, of: Experiences) {
        for indicator in of.indicators {
            let IndicatorValue { name, label, counted, share, target, status, .. } = indicator;
            let month = MonthOfIndicator { month: month.to_owned(), counted, share, status };
            match self.indicators.iter_mut().find(|trend| trend.name == name) {
                Some(trend) => trend.months.push(month),
                None => self.indicators.push(IndicatorTrend { name, label, target, months: vec![month] }),
            }
        }
    }

    /// Takes away the months before the first one in which anything was counted.
    pub fn begin_with_data(&mut self) {
        let is_empty = |at: usize| {
            self.indicators.iter().all(|of| of.months.get(at).is_none_or(|month| month.counted == 0))
        };
        let months = self.indicators.iter().map(|of| of.months.len()).max().unwrap_or(0);
        let empty = (0..months).take_while(|at| is_empty(*at)).count();
        self.indicators.iter_mut().for_each(|of| _ = of.months.drain(..empty.min(of.months.len())));
    }
}

/// Ten times the weighted mean of the shares that are known.
fn score(shares: impl Iterator<Item = (f64, Option<f64>)>) -> Option<f64> {
    let known = shares.filter_map(|(weight, share)| Some((weight, share?)));
    let (sum, weights) =
        known.fold((0.0, 0.0), |(sum, weights), (weight, share)| (sum + weight * share, weights + weight));
    (weights > 0.0).then(|| SCORE_MAX * sum / weights)
}

/// Cells of all releases and systems together.
type ByTouchpoint<'c> = BTreeMap<(Kind, &'c str), Cell>;

fn by_touchpoint(cells: &Cells) -> ByTouchpoint<'_> {
    let mut all = ByTouchpoint::new();
    for (key, cell) in cells.iter() {
        all.entry((key.kind, key.name.as_str())).or_default().merge(cell);
    }
    all
}

fn value(indicator: &Indicator, cells: &ByTouchpoint, budgets: &Budgets) -> IndicatorValue {
    let is_meant = |(kind, name): &(Kind, &str)| {
        let mut of = indicator.of.iter();
        of.any(|(of_kind, of_name)| {
            of_kind == kind && of_name.as_deref().is_none_or(|of_name| of_name == *name)
        })
    };
    let mut sum = Counted::default();
    let mut touchpoints: Vec<(Counted, TouchpointShare)> = Vec::new();
    for ((kind, name), cell) in cells.iter().filter(|(touchpoint, _)| is_meant(touchpoint)) {
        let budget = budgets.of(*kind, name);
        let rage = cells.get(&(Kind::RageTap, *name));
        let counted = counted(indicator.measure, (*kind, cell), rage, budget.target_ns);
        sum.add(counted);
        if counted.whole > 0 {
            let of = TouchpointShare {
                kind: *kind,
                name: (*name).to_owned(),
                label: budget.label,
                counted: counted.whole,
                share: counted.share(),
            };
            touchpoints.push((counted, of));
        }
    }
    touchpoints.sort_by_key(|(counted, _)| Reverse(counted.whole - counted.part));
    touchpoints.truncate(TOUCHPOINTS_OF_INDICATOR_LISTED);
    let share = sum.share();
    IndicatorValue {
        name: indicator.name.clone(),
        label: indicator.label.clone(),
        level: indicator.level,
        dimension: indicator.dimension,
        measure: indicator.measure,
        counted: sum.whole,
        share,
        target: indicator.target,
        owner: indicator.owner.clone(),
        status: match (share, indicator.target) {
            (None, _) => Status::TooFew,
            (_, None) => Status::NoTarget,
            (Some(share), Some(target)) if share >= target => Status::Met,
            _ => Status::Missed,
        },
        touchpoints: touchpoints.into_iter().map(|(_, of)| of).collect(),
    }
}

/// How many of a touchpoint went well. `part` is at most `whole`.
fn counted(measure: Measure, (kind, cell): (Kind, &Cell), rage: Option<&Cell>, target_ns: u64) -> Counted {
    let of = |part: u64, whole: u64| Counted { part: part.min(whole), whole };
    match measure {
        Measure::Done | Measure::InTime => {
            let done = cell.outcome(Outcome::Done);
            let others =
                [Outcome::Failed, Outcome::NoResponse, Outcome::TimedOut, Outcome::Died, Outcome::Abandoned];
            let whole = others.iter().fold(done, |sum, outcome| sum.saturating_add(cell.outcome(*outcome)));
            // Of journeys and steps the time that the app made the customer wait is told of done and failed ones together;
            // those that failed are taken as the longest, as the worst that can be meant.
            let in_time =
                if tells_waiting(kind) { cell.part() } else { cell.done() }.count_at_most(target_ns);
            of(if measure == Measure::Done { done } else { in_time.min(done) }, whole)
        }
        Measure::Smooth => {
            let frames = cell.frames();
            of(frames.frames.saturating_sub(frames.slow), frames.frames)
        }
        Measure::Calm => {
            let taps = cell.count();
            of(taps.saturating_sub(rage.map_or(0, Cell::taps)), taps)
        }
        Measure::Liked => {
            let [one, two, three, four, five] = cell.ratings();
            let sum = |of: &[u64]| of.iter().fold(0_u64, |sum, n| sum.saturating_add(*n));
            of(sum(&[four, five]), sum(&[one, two, three, four, five]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellKey;
    use nowait_wire::{Event, NameId, Os};

    fn add(cells: &mut Cells, kind: Kind, name: &str, ms: u64, outcome: Outcome, n: u64) {
        let key = CellKey { kind, name: name.to_owned(), app_version: "8.2.0".to_owned(), os: Os::Android };
        for _ in 0..n {
            let event = Event { duration_ns: ms * 1_000_000, outcome, ..Event::new(kind, NameId::NONE) };
            cells.add(key.clone(), &event);
        }
    }

    fn of<'e>(found: &'e Experiences, name: &str) -> &'e IndicatorValue {
        found.indicators.iter().find(|indicator| indicator.name == name).unwrap()
    }

    fn taps() -> Cells {
        let mut cells = Cells::new();
        add(&mut cells, Kind::Tap, "Pay", 50, Outcome::Done, 80);
        add(&mut cells, Kind::Tap, "Pay", 50, Outcome::Abandoned, 20);
        add(&mut cells, Kind::Tap, "Home", 500, Outcome::Done, 100);
        add(&mut cells, Kind::Request, "GET /", 10, Outcome::Done, 196);
        add(&mut cells, Kind::Request, "GET /", 10, Outcome::Failed, 4);
        cells
    }

    #[test]
    fn an_indicator_is_a_share_and_its_touchpoints_add_up_to_it() {
        let found = Experiences::new(&taps(), &Budgets::default());
        let in_time = of(&found, "taps_in_time");
        assert_eq!((in_time.counted, in_time.share, in_time.status), (200, Some(0.4), Status::Missed));
        let touchpoints: Vec<(&str, u64, Option<f64>)> =
            in_time.touchpoints.iter().map(|of| (of.name.as_str(), of.counted, of.share)).collect();
        assert_eq!(
            touchpoints,
            [("Home", 100, Some(0.0)), ("Pay", 100, Some(0.8))],
            "what lacks most comes first"
        );
        let answered = of(&found, "requests_answered");
        assert_eq!((answered.share, answered.status), (Some(0.98), Status::Missed));
        assert_eq!(of(&found, "tasks_done").status, Status::TooFew);
        assert_eq!(of(&found, "taps_calm").share, Some(1.0));
    }

    #[test]
    fn a_level_is_the_mean_of_its_indicators_by_the_weights_of_their_dimensions() {
        let level = |text: &str| {
            let found = Experiences::new(&taps(), &Budgets::parse(text).unwrap());
            found.levels.iter().find(|of| of.level == Level::Ease).unwrap().score
        };
        let more = "[[indicator]]\nname = \"answers\"\nlevel = \"ease\"\ndimension = \"trust\"\nmeasure = \"done\"\n\
            of = [{ kind = \"request\", name = \"GET /\" }]\n";
        let near =
            |found: Option<f64>, wanted: f64| assert!((found.unwrap() - wanted).abs() < 1e-9, "{found:?}");
        near(level(""), 4.0);
        near(level(more), 6.9);
        near(level(&format!("dimension.trust = 3\n{more}")), 8.35);
        near(level(&format!("dimension.trust = 0\n{more}")), 4.0);
        let found = Experiences::new(&taps(), &Budgets::default());
        assert!(found.dimensions.iter().any(|of| of.dimension == Dimension::Knowledge && of.indicators == 0));
    }

    #[test]
    fn what_failed_of_journeys_is_never_in_time() {
        let mut cells = Cells::new();
        let journey = |cells: &mut Cells, outcome, n| add(cells, Kind::Journey, "transfer", 1, outcome, n);
        journey(&mut cells, Outcome::Done, 30);
        journey(&mut cells, Outcome::Failed, 30);
        let found = Experiences::new(&cells, &Budgets::default());
        assert_eq!(of(&found, "tasks_in_time").share, Some(0.5));
        assert_eq!(of(&found, "tasks_done").share, Some(0.5));
    }

    #[test]
    fn a_trend_begins_with_the_first_month_that_has_anything() {
        let (mut trends, budgets) = (Trends::default(), Budgets::default());
        for (month, cells) in [("2026-01", Cells::new()), ("2026-02", taps()), ("2026-03", Cells::new())] {
            trends.add(month, Experiences::new(&cells, &budgets));
        }
        trends.begin_with_data();
        let of = trends.indicators.iter().find(|of| of.name == "taps_in_time").unwrap();
        let months: Vec<(&str, Option<f64>)> =
            of.months.iter().map(|month| (month.month.as_str(), month.share)).collect();
        assert_eq!(months, [("2026-02", Some(0.4)), ("2026-03", None)]);
    }
}
