//! Where a bank falls short of what its customers expect: the seven steps from experience to a gap, and from a gap to a target.
//!
//! 1 what customers experience, 2 what they expect, 3 satisfaction = experience - expectation, 4 importance, 5 weighted
//! satisfaction = satisfaction x importance, 6 the ideal and the gap = experience - ideal, 7 what became of a gap that was chosen.
//!
//! Owns: [`Gaps`] and [`Targets`]. Refuses: what an experience is (see `experience`).
//! Invariant: what touchpoints measure comes before what the bank says, and where a number is from stands beside it.

use crate::budget::{Budgets, Factor, Target};
use crate::experience::{self, Experience, ExperienceChange};
use crate::limits::RELEASES_OF_TARGET_MAX;
use crate::side::Side;
use crate::version::VersionOrder;
use nowait_wire::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Less than this nobody minds, in points of the scale: half a step of the whole numbers that customers are asked for.
const POINTS_MIN: f64 = 0.5;

/// The budgets file of the worked example, with what each key means.
pub const EXAMPLE_GAPS: &str = include_str!("../examples/gaps.toml");

/// Where an experience is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Touchpoints measure it.
    Measured,
    /// The bank says it in its budgets: nothing measures it, or not often enough yet.
    Bank,
    /// Nobody knows it.
    Unknown,
}

impl Origin {
    /// Its word, as in the JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Origin::Measured => "measured",
            Origin::Bank => "bank",
            Origin::Unknown => "unknown",
        }
    }
}

/// A touchpoint that measures a factor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeasuredBy {
    /// The kind of wait.
    #[schemars(schema_with = "crate::schema::kind")]
    pub kind: Kind,
    /// Its registered name.
    pub name: String,
    /// What people call it; the name unless the budgets say otherwise.
    pub label: String,
    /// How much it counts among those of its factor.
    pub weight: f64,
    /// How it went.
    #[serde(flatten)]
    pub experience: Experience,
}

/// One factor. Numbers are from 0 to 10, and differences of such; `null` where the bank did not say one of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FactorGap {
    /// The factor.
    pub name: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where the experience is from.
    pub origin: Origin,
    /// The experience; without waits and interval where the bank says it.
    #[serde(flatten)]
    pub experience: Experience,
    /// What customers expect.
    pub expectation: Option<f64>,
    /// experience - expectation.
    pub satisfaction: Option<f64>,
    /// How much it matters to them.
    pub importance: Option<f64>,
    /// satisfaction x importance.
    pub weighted_satisfaction: Option<f64>,
    /// The best that can be had.
    pub ideal: f64,
    /// experience - ideal.
    pub gap: Option<f64>,
    /// What measures it.
    pub touchpoints: Vec<MeasuredBy>,
}

/// All factors, ranked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gaps {
    /// What falls short first, by weighted satisfaction; then what does not, or of which that is not known, the widest gap first.
    pub factors: Vec<FactorGap>,
}

impl Gaps {
    /// The factors of these budgets, as these waits went.
    #[must_use]
    pub fn new(side: &Side, budgets: &Budgets) -> Gaps {
        let mut factors: Vec<FactorGap> =
            budgets.factors().iter().map(|factor| gap(factor, side, budgets)).collect();
        let below = |of: &FactorGap| of.weighted_satisfaction.unwrap_or(0.0).min(0.0);
        let gap = |of: &FactorGap| of.gap.unwrap_or(f64::INFINITY);
        factors
            .sort_by(|one, other| below(one).total_cmp(&below(other)).then(gap(one).total_cmp(&gap(other))));
        Gaps { factors }
    }
}

fn gap(factor: &Factor, side: &Side, budgets: &Budgets) -> FactorGap {
    let touchpoints: Vec<MeasuredBy> =
        factor.touchpoints.iter().map(|touchpoint| measured(touchpoint, side, budgets)).collect();
    let parts: Vec<(f64, Experience)> = touchpoints.iter().map(|of| (of.weight, of.experience)).collect();
    let measured = experience::mean(&parts);
    let (origin, experience) = match (measured.score, factor.experience) {
        (Some(_), _) => (Origin::Measured, measured),
        (None, Some(score)) => (Origin::Bank, Experience { score: Some(score), ..Experience::default() }),
        (None, None) => (Origin::Unknown, Experience::default()),
    };
    let less = |than: Option<f64>| experience.score.zip(than).map(|(score, than)| score - than);
    let satisfaction = less(factor.expectation);
    FactorGap {
        name: factor.name.clone(),
        owner: factor.owner.clone(),
        origin,
        experience,
        expectation: factor.expectation,
        satisfaction,
        importance: factor.importance,
        weighted_satisfaction: satisfaction
            .zip(factor.importance)
            .map(|(satisfaction, importance)| satisfaction * importance),
        ideal: factor.ideal,
        gap: less(Some(factor.ideal)),
        touchpoints,
    }
}

fn measured(touchpoint: &(Kind, String), side: &Side, budgets: &Budgets) -> MeasuredBy {
    let (kind, name) = touchpoint;
    let budget = budgets.of(*kind, name);
    MeasuredBy {
        kind: *kind,
        name: name.clone(),
        label: budget.label,
        weight: budget.weight,
        experience: experience::of_touchpoint(side, touchpoint, budgets),
    }
}

/// What became of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// It is reached: all of the interval of the release's experience lies at it or above.
    Met,
    /// The release goes better than the one since which the target is set, by more than chance.
    Better,
    /// Whatever the difference is, it is less than half a point.
    Same,
    /// The release goes worse, by more than chance.
    Worse,
    /// There may be a difference of half a point and more, or none.
    NoEvidence,
    /// Too few waits or sessions in one of both releases.
    TooFewSamples,
}

impl Progress {
    /// Its word, as in the JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Progress::Met => "met",
            Progress::Better => "better",
            Progress::Same => "same",
            Progress::Worse => "worse",
            Progress::NoEvidence => "no_evidence",
            Progress::TooFewSamples => "too_few_samples",
        }
    }
}

/// What a release did for a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseOfTarget {
    /// The release.
    pub version: String,
    /// How it went, with its own customers.
    #[serde(flatten)]
    pub experience: Experience,
    /// How much better than the release since which the target is set, with that one's customers.
    pub change: ExperienceChange,
    /// What that says.
    pub progress: Progress,
}

/// A gap that is to be closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TargetOfFactor {
    /// The factor.
    pub name: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The experience to reach.
    pub target: f64,
    /// The release since which it is one.
    pub since: String,
    /// How that one went.
    pub before: Experience,
    /// The releases after it, the latest first.
    pub releases: Vec<ReleaseOfTarget>,
}

/// All targets, in the order of the budgets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Targets {
    /// Each factor that has a target.
    pub targets: Vec<TargetOfFactor>,
}

impl Targets {
    /// The releases of which the sides are needed, out of those that there are: those since which there are targets, and the
    /// latest behind each.
    #[must_use]
    pub fn releases(budgets: &Budgets, known: &[String]) -> BTreeSet<String> {
        let of = |(_, target): (&Factor, &Target)| {
            let since = known.contains(&target.since).then(|| target.since.clone());
            since.into_iter().chain(latest_behind(target, known).map(str::to_owned)).collect::<Vec<_>>()
        };
        with_target(budgets).flat_map(of).collect()
    }

    /// Whether the waits of a touchpoint are needed.
    #[must_use]
    pub fn is_measured(budgets: &Budgets, kind: Kind, name: &str) -> bool {
        with_target(budgets).any(|(factor, _)| {
            factor.touchpoints.iter().any(|(of_kind, of_name)| (*of_kind, of_name.as_str()) == (kind, name))
        })
    }

    /// What became of the targets of these budgets; `known` are all releases, and `sides` those that are asked for.
    #[must_use]
    pub fn new(sides: &BTreeMap<String, Side>, budgets: &Budgets, known: &[String]) -> Targets {
        let targets = with_target(budgets).map(|(factor, target)| {
            let experience = |version: &str| {
                let Some(side) = sides.get(version) else { return Experience::default() };
                let of = |touchpoint: &(Kind, String)| {
                    let weight = budgets.of(touchpoint.0, &touchpoint.1).weight;
                    (weight, experience::of_touchpoint(side, touchpoint, budgets))
                };
                experience::mean(&factor.touchpoints.iter().map(of).collect::<Vec<_>>())
            };
            let release = |version: &str| {
                let sides = sides.get(&target.since).zip(sides.get(version));
                let change =
                    sides.map(|(base, head)| change(factor, [base, head], budgets)).unwrap_or_default();
                let experience = experience(version);
                let progress = progress(target.experience, experience, change);
                ReleaseOfTarget { version: version.to_owned(), experience, change, progress }
            };
            TargetOfFactor {
                name: factor.name.clone(),
                owner: factor.owner.clone(),
                target: target.experience,
                since: target.since.clone(),
                before: experience(&target.since),
                releases: latest_behind(target, known).map(release).collect(),
            }
        });
        Targets { targets: targets.collect() }
    }
}

fn with_target(budgets: &Budgets) -> impl Iterator<Item = (&Factor, &Target)> {
    budgets.factors().iter().filter_map(|factor| Some((factor, factor.target.as_ref()?)))
}

/// The latest releases behind the one since which a target is set, the latest first; `known` is in the order of versions.
fn latest_behind<'k>(target: &Target, known: &'k [String]) -> impl Iterator<Item = &'k str> {
    let behind = known.iter().rev().map(String::as_str);
    let since = target.since.clone();
    behind
        .take_while(move |version| VersionOrder(version) > VersionOrder(&since))
        .take(RELEASES_OF_TARGET_MAX)
}

fn change(factor: &Factor, sides: [&Side; 2], budgets: &Budgets) -> ExperienceChange {
    let of = |touchpoint: &(Kind, String)| {
        let weight = budgets.of(touchpoint.0, &touchpoint.1).weight;
        (weight, experience::change_of_touchpoint(sides, touchpoint, budgets))
    };
    experience::mean_change(&factor.touchpoints.iter().map(of).collect::<Vec<_>>())
}

fn progress(target: f64, experience: Experience, change: ExperienceChange) -> Progress {
    if experience.low.is_some_and(|low| low >= target) {
        return Progress::Met;
    }
    match (change.points, change.low, change.high) {
        (None, ..) => Progress::TooFewSamples,
        (_, Some(low), Some(high)) if low > -POINTS_MIN && high < POINTS_MIN => Progress::Same,
        (_, Some(low), _) if low > 0.0 => Progress::Better,
        (_, _, Some(high)) if high < 0.0 => Progress::Worse,
        _ => Progress::NoEvidence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experience::tests::taps;

    /// The example of the method, in numbers that the bank says itself.
    #[test]
    fn the_worked_example_comes_out_as_it_is_printed() {
        let budgets = Budgets::parse(EXAMPLE_GAPS).unwrap();
        let gaps = Gaps::new(&Side::new(), &budgets);
        let of = |name: &str| gaps.factors.iter().find(|factor| factor.name == name).unwrap();
        for (name, experience, satisfaction) in [
            ("Price", 7.0, Some(0.0)),
            ("Brand", 7.0, Some(0.0)),
            ("Service", 6.0, None),
            ("Product", 6.0, Some(-1.0)),
            ("Convenience", 5.0, Some(-2.0)),
            ("Relationship", 4.0, None),
        ] {
            let factor = of(name);
            assert_eq!(
                (factor.experience.score, factor.satisfaction),
                (Some(experience), satisfaction),
                "{name}"
            );
            assert_eq!(factor.gap, Some(experience - 10.0), "{name}");
            assert_eq!(factor.origin, Origin::Bank, "{name}");
        }
        let convenience = of("Convenience");
        assert_eq!(convenience.importance, Some(9.0));
        assert_eq!(convenience.weighted_satisfaction, Some(-18.0));
        assert_eq!((convenience.ideal, convenience.gap), (10.0, Some(-5.0)));
        let names: Vec<&str> = gaps.factors.iter().map(|factor| factor.name.as_str()).collect();
        assert_eq!(
            names,
            ["Convenience", "Relationship", "Service", "Product", "Price", "Brand"],
            "how much the others matter is not said, so that they follow by gap"
        );
    }

    #[test]
    fn what_goes_better_than_expected_is_not_the_first_to_be_mended() {
        let text = "[[factor]]\nname = \"Fine\"\nexperience = 9\nexpectation = 7\nimportance = 9\n\
            [[factor]]\nname = \"Open\"\nexperience = 6\n\
            [[factor]]\nname = \"Short\"\nexperience = 8\nexpectation = 9\nimportance = 1\n";
        let gaps = Gaps::new(&Side::new(), &Budgets::parse(text).unwrap());
        let names: Vec<&str> = gaps.factors.iter().map(|factor| factor.name.as_str()).collect();
        assert_eq!(names, ["Short", "Open", "Fine"]);
    }

    fn budgets(more: &str) -> Budgets {
        let text = format!(
            "[[factor]]\nname = \"Speed\"\nmeasured_by = [{{ kind = \"tap\", name = \"Pay\" }}]\nexperience = 2\n\
             expectation = 9\nimportance = 8\n{more}"
        );
        Budgets::parse(&text).unwrap()
    }

    #[test]
    fn what_is_measured_comes_before_what_the_bank_says() {
        let of = |side: &Side| Gaps::new(side, &budgets("")).factors.remove(0);
        let measured = of(&taps(100, |_| 8));
        assert_eq!((measured.origin, measured.experience.score), (Origin::Measured, Some(8.0)));
        assert_eq!((measured.satisfaction, measured.weighted_satisfaction), (Some(-1.0), Some(-8.0)));
        assert_eq!(measured.touchpoints[0].experience.waits, 1_000);
        let few = of(&taps(4, |_| 8));
        assert_eq!((few.origin, few.experience.score), (Origin::Bank, Some(2.0)));
        assert_eq!(few.touchpoints[0].experience.waits, 40, "and the page can say how many there are");
        let nothing = Budgets::parse("[[factor]]\nname = \"Speed\"\nexpectation = 9\n").unwrap();
        let unknown = Gaps::new(&Side::new(), &nothing).factors.remove(0);
        assert_eq!((unknown.origin, unknown.satisfaction, unknown.gap), (Origin::Unknown, None, None));
    }

    #[test]
    fn after_each_release_a_target_is_met_better_same_or_worse() {
        let budgets = budgets("target = 7\nsince = \"8.1.0\"\n");
        let known: Vec<String> =
            ["8.0.0", "8.1.0", "8.2.0", "8.3.0", "8.9.0", "8.10.0", "8.11.0"].map(String::from).into();
        let wanted: Vec<String> = Targets::releases(&budgets, &known).into_iter().collect();
        assert_eq!(
            wanted,
            ["8.1.0", "8.10.0", "8.11.0", "8.3.0", "8.9.0"],
            "the latest four, and the one before"
        );
        let sides = BTreeMap::from([
            ("8.1.0".to_owned(), taps(300, |session| 4 + session % 3)),
            ("8.3.0".to_owned(), taps(300, |session| 2 + session % 3)),
            ("8.9.0".to_owned(), taps(300, |session| 4 + (session + 1) % 3)),
            ("8.10.0".to_owned(), taps(300, |session| 5 + session % 3)),
            ("8.11.0".to_owned(), taps(300, |session| 7 + session % 3)),
        ]);
        let found = Targets::new(&sides, &budgets, &known).targets.remove(0);
        let said: Vec<(&str, Progress)> =
            found.releases.iter().map(|release| (release.version.as_str(), release.progress)).collect();
        assert_eq!(
            said,
            [
                ("8.11.0", Progress::Met),
                ("8.10.0", Progress::Better),
                ("8.9.0", Progress::Same),
                ("8.3.0", Progress::Worse)
            ]
        );
        let latest = &found.releases[0];
        assert!(latest.change.low.unwrap() > 2.5 && latest.change.high.unwrap() < 3.5, "{latest:?}");
        assert_eq!(found.before.waits, 3_000);
    }

    #[test]
    fn a_target_that_cannot_be_told_says_so() {
        let budgets = budgets("target = 9.5\nsince = \"8.1.0\"\n");
        let known = ["8.1.0".to_owned(), "8.2.0".to_owned()];
        let progress = |base: Side, head: Side| {
            let sides = BTreeMap::from([("8.1.0".to_owned(), base), ("8.2.0".to_owned(), head)]);
            Targets::new(&sides, &budgets, &known).targets[0].releases[0].progress
        };
        let uneven = |session: u64| if session.is_multiple_of(2) { 1 } else { 9 };
        assert_eq!(progress(taps(10, uneven), taps(10, uneven)), Progress::NoEvidence);
        assert_eq!(progress(taps(300, uneven), taps(2, uneven)), Progress::TooFewSamples);
        assert_eq!(progress(Side::new(), taps(300, uneven)), Progress::TooFewSamples);
    }
}
