//! The latest releases side by side, as tables: small steps that nobody objects to add up.

use super::{About, Cell, Column, Row, Section, number, share, text};
use crate::report::{Report, Slice, Touchpoint};
use nowait_wire::Kind;

/// Releases that stand side by side: what an eye takes in, five months of two a month.
const RELEASES_MAX: usize = 10;

/// Touchpoints that are followed over them: those where customers lose the most time.
const TOUCHPOINTS_MAX: usize = 10;

/// How far each release is rolled out, and how the worst touchpoints went from one to the next.
#[must_use]
pub fn of_releases(report: &Report) -> Vec<Section> {
    [rollout(report), creep(report)].into_iter().filter(|section| !section.rows.is_empty()).collect()
}

fn latest(slices: &[Slice]) -> impl Iterator<Item = &Slice> {
    slices.iter().skip(slices.len().saturating_sub(RELEASES_MAX))
}

/// What share of all launches each release has.
fn rollout(report: &Report) -> Section {
    const COLUMNS: &[Column] = &[text("release"), number("launches"), number("share")];
    let n = |slice: &Slice| slice.figures.outcomes.total();
    let mut by_release: Vec<(&str, u64)> = Vec::new();
    for slice in report.of_kind(Kind::Launch).flat_map(|launch| &launch.by_app_version) {
        match by_release.iter_mut().find(|(release, _)| *release == slice.value) {
            Some((_, sum)) => *sum = sum.saturating_add(n(slice)),
            None => by_release.push((&slice.value, n(slice))),
        }
    }
    by_release.sort_by(|(one, _), (other, _)| crate::VersionOrder(one).cmp(&crate::VersionOrder(other)));
    let all = by_release.iter().fold(0_u64, |sum, (_, n)| sum.saturating_add(*n));
    let skipped = by_release.len().saturating_sub(RELEASES_MAX);
    let cells = by_release.into_iter().skip(skipped).map(|(release, n)| {
        vec![super::name(release), Cell::Count(n), share((all > 0).then(|| n as f64 / all as f64))]
    });
    Section { about: About::Releases, ..Section::new("rollout", COLUMNS).with(cells) }
}

/// The worst touchpoints, release by release.
fn creep(report: &Report) -> Section {
    const COLUMNS: &[Column] = &[
        text("touchpoint"),
        text("kind"),
        text("release"),
        number("n"),
        number("p50"),
        number("p75"),
        number("p95"),
        number("in_time"),
    ];
    let several = report.touchpoints.iter().filter(|touchpoint| touchpoint.by_app_version.len() > 1);
    let rows = several.take(TOUCHPOINTS_MAX).flat_map(|touchpoint| {
        let row = |slice: &Slice| Row::of(cells(touchpoint, slice)).about(touchpoint.kind, &touchpoint.name);
        latest(&touchpoint.by_app_version).map(row).collect::<Vec<_>>()
    });
    let rows = rows.collect();
    Section { about: About::Releases, rows, ..Section::new("creep", COLUMNS) }
}

fn cells(touchpoint: &Touchpoint, slice: &Slice) -> Vec<Cell> {
    let latency = &slice.figures.latency;
    let mut cells = vec![
        Cell::Text(touchpoint.label.clone()),
        Cell::Word("kind", touchpoint.kind.as_str()),
        super::name(&slice.value),
        Cell::Count(latency.count),
    ];
    cells.extend([latency.p50_ns, latency.p75_ns, latency.p95_ns].map(|ns| super::quantile(latency, ns)));
    cells.push(share(slice.figures.within_budget_share));
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Figures, Latency, Outcomes};

    fn touchpoint(kind: Kind, releases: usize) -> Touchpoint {
        let slice = |release: usize| Slice {
            value: format!("8.{release}.0"),
            figures: Figures {
                outcomes: Outcomes { done: release as u64, ..Outcomes::default() },
                latency: Latency { count: release as u64, ..Latency::default() },
                ..Figures::default()
            },
        };
        Touchpoint {
            kind,
            name: "x".into(),
            label: "X".into(),
            target_ns: 1,
            in_time_ns: 1,
            weight: 1.0,
            figures: Figures::default(),
            by_app_version: (1..=releases).map(slice).collect(),
            by_os: Vec::new(),
        }
    }

    #[test]
    fn the_latest_ten_stand_side_by_side_in_their_order() {
        let touchpoints = vec![touchpoint(Kind::Launch, 12), touchpoint(Kind::Action, 1)];
        let sections = of_releases(&Report { touchpoints, ..Report::default() });
        assert_eq!(sections.len(), 2);
        let [rollout, creep] = [&sections[0], &sections[1]];
        assert_eq!((rollout.rows.len(), creep.rows.len()), (10, 10), "one release is none beside another");
        assert_eq!(rollout.rows[0].cells[..2], [Cell::Text("8.3.0".into()), Cell::Count(3)]);
        assert_eq!(rollout.rows[9].cells[2], Cell::Share(12.0 / 78.0));
        assert_eq!(creep.rows[9].cells[2], Cell::Text("8.12.0".into()));
        assert_eq!(creep.rows[9].touchpoint.as_deref(), Some("launch:x"));
    }
}
