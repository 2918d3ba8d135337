//! The touchpoints of a bank over the life of its customers: from the first look to the day they leave.
//!
//! Owns: the worst of each touchpoint. Refuses: which touchpoint belongs where (the budgets say).
//! Invariant: what nobody placed is not on the map, and every stage is, also one without a touchpoint.

use crate::assemble::{figures_of, latency};
use crate::budget::{Budgets, Stage};
use crate::cell::{Cell, Cells};
use crate::report::Latency;
use nowait_wire::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The budgets file of an example, with what each key means.
pub const EXAMPLE_LIFE: &str = include_str!("../examples/life.toml");

/// The stages with their touchpoints.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LifeMap {
    /// In the order of a customer's life; empty if the budgets place nothing.
    pub stages: Vec<StageOfLife>,
}

/// A stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageOfLife {
    /// Which one.
    pub stage: Stage,
    /// Its touchpoints, the most lost time first.
    pub touchpoints: Vec<Placed>,
}

/// A touchpoint on the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Placed {
    /// The kind of wait.
    #[schemars(schema_with = "crate::schema::kind")]
    pub kind: Kind,
    /// Its registered name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Where it is met: `app`, `branch` and so on.
    pub channel: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// How long customers waited; of a journey or a step the part of it in which they waited.
    pub waits: Latency,
    /// Time beyond the target, in nanoseconds, summed.
    pub lost_ns: u64,
    /// Waits that were done within the target, as a share (0 to 1) of those that ended; `null` for journeys, steps and hangs.
    pub within_budget_share: Option<f64>,
}

impl LifeMap {
    /// The touchpoints that these budgets place, as these waits went.
    #[must_use]
    pub fn new(cells: &Cells, budgets: &Budgets) -> LifeMap {
        let mut placed: Vec<(Stage, Placed)> = budgets
            .places()
            .map(|((kind, name), place)| {
                let mut all = Cell::new();
                let meant = cells.iter().filter(|(key, _)| key.kind == *kind && key.name == *name);
                meant.for_each(|(_, cell)| all.merge(cell));
                let (channel, owner) = (place.channel.clone(), place.owner.clone());
                (place.stage, of(*kind, name, &all, budgets, channel, owner))
            })
            .collect();
        if placed.is_empty() {
            return LifeMap::default();
        }
        placed.sort_by(|(_, one), (_, other)| {
            other.lost_ns.cmp(&one.lost_ns).then_with(|| one.name.cmp(&other.name))
        });
        let stage = |stage: Stage| StageOfLife {
            stage,
            touchpoints: placed
                .iter()
                .filter(|(of, _)| *of == stage)
                .map(|(_, placed)| placed.clone())
                .collect(),
        };
        LifeMap { stages: Stage::ALL.map(stage).into() }
    }
}

fn of(
    kind: Kind,
    name: &str,
    cell: &Cell,
    budgets: &Budgets,
    channel: String,
    owner: Option<String>,
) -> Placed {
    let budget = budgets.of(kind, name);
    let figures = figures_of(kind, cell, budget.target_ns, None);
    // Of a journey and a step only the time counts in which the customer waits.
    let is_waiting = matches!(kind, Kind::Journey | Kind::Step);
    let waits = if is_waiting { latency(cell.part()) } else { figures.latency };
    let lost_ns = if is_waiting { cell.part().excess_over(budget.target_ns) } else { figures.lost_ns };
    Placed {
        kind,
        name: name.to_owned(),
        label: budget.label,
        channel,
        owner,
        waits,
        lost_ns,
        within_budget_share: if is_waiting { None } else { figures.within_budget_share },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::CellKey;
    use nowait_wire::{Event, NameId, Os};

    fn cells() -> Cells {
        let mut cells = Cells::new();
        let mut add = |kind: Kind, name: &str, version: &str, duration_ms: u64, a: u64| {
            let key = CellKey { kind, name: name.into(), app_version: version.into(), os: Os::Ios };
            let event = Event::new(kind, NameId::OTHER);
            cells.add(key, &Event { duration_ns: duration_ms * 1_000_000, a, ..event });
        };
        for (version, ms) in [("8.1.0", 500), ("8.2.0", 1_500), ("8.2.0", 3_000)] {
            add(Kind::Action, "Pay.Confirm", version, ms, 0);
        }
        // Twelve minutes of a visit, of which seven in the queue.
        add(Kind::Step, "Counter", "", 12 * 60_000, 7 * 60_000_000);
        cells
    }

    #[test]
    fn each_stage_has_its_touchpoints_with_their_worst_wait() {
        let budgets = Budgets::parse(EXAMPLE_LIFE).unwrap();
        let map = LifeMap::new(&cells(), &budgets);
        assert_eq!(map.stages.len(), 5);
        let of = |stage: Stage| &map.stages.iter().find(|of| of.stage == stage).unwrap().touchpoints;
        let pay = of(Stage::Use).iter().find(|of| of.name == "Pay.Confirm").unwrap();
        assert_eq!((pay.waits.count, pay.waits.max_ns), (3, Some(3_000_000_000)));
        assert_eq!((pay.channel.as_str(), pay.owner.as_deref()), ("app", Some("Payments")));
        assert_eq!(pay.within_budget_share, Some(1.0 / 3.0));
        let counter = of(Stage::Open).iter().find(|of| of.name == "Counter").unwrap();
        assert_eq!((counter.channel.as_str(), counter.waits.max_ns), ("branch", Some(420_000_000_000)));
        assert_eq!(counter.within_budget_share, None);
        assert_eq!(LifeMap::new(&cells(), &Budgets::default()).stages, []);
    }

    #[test]
    fn what_cannot_be_followed_is_refused_with_what_to_write() {
        let said = |line: &str| {
            let text = format!("[[touchpoint]]\nkind = \"tap\"\nname = \"Pay\"\n{line}\n");
            Budgets::parse(&text).unwrap_err().to_string()
        };
        let none = said("stage = \"using\"");
        assert_eq!(
            none,
            "budgets line 4, stage: there is no stage \"using\"; write one of learn, open, use, support, leave"
        );
        assert!(said("stage = \"use\"\nowner = \"\"").contains("line 5, owner: write 1 to 80"));
        assert!(said("channel = \"a\\nb\"").contains("line 4, channel: write 1 to 80"));
    }
}
