//! One journey, step by step and across channels, as tables.

use super::condition::channel;
use super::{Cell, Column, Section, duration, number, quantile, share, text};
use crate::journey_map::{Channel, HandOvers, JourneyMap, Moment, PeakEnd, Step};

/// All sections of a journey that have something to say, in the order in which they are read.
#[must_use]
pub fn of_journey(map: &JourneyMap) -> Vec<Section> {
    let all = [
        steps(&map.steps),
        times(&map.steps),
        peak_end(map.peak_end.as_ref()),
        channels(&map.channels),
        hand_overs(&map.hand_overs),
    ];
    all.into_iter().filter(|section| !section.rows.is_empty()).collect()
}

/// How far customers come, and how it felt.
fn steps(steps: &[Step]) -> Section {
    const COLUMNS: &[Column] = &[
        text("step"),
        text("channel"),
        number("emotion"),
        number("reached"),
        number("left_here"),
        number("failed_here"),
        number("died"),
        number("went_on"),
        number("rating"),
    ];
    let cells = |step: &Step| {
        let left = &step.left;
        vec![
            Cell::Text(step.label.clone()),
            channel(&step.channel),
            score(step.moment),
            Cell::Count(step.reached),
            Cell::Count(left.abandoned.saturating_add(left.timed_out).saturating_add(left.interrupted)),
            Cell::Count(left.failed),
            Cell::Count(left.died),
            Cell::Count(step.went_on),
            score(step.rating_mean),
        ]
    };
    Section::new("journey_steps", COLUMNS).with(steps.iter().map(cells))
}

/// Where the time goes, and what the emotion is made of.
fn times(steps: &[Step]) -> Section {
    const COLUMNS: &[Column] = &[
        text("step"),
        text("channel"),
        number("waiting"),
        number("acting"),
        number("away"),
        number("waiting_p75"),
        number("target"),
        number("in_time"),
        number("step_done"),
        number("rage_taps"),
        number("retries"),
    ];
    let cells = |step: &Step| {
        let of_visits = |part: u64| share((step.visits() > 0).then(|| part as f64 / step.visits() as f64));
        let mean = |sum_ns: u64| duration(sum_ns.checked_div(step.visits()));
        vec![
            Cell::Text(step.label.clone()),
            channel(&step.channel),
            mean(step.waiting_ns),
            mean(step.acting_ns),
            mean(step.away_ns),
            quantile(&step.waiting, step.waiting.p75_ns),
            Cell::DurationNs(step.target_ns),
            of_visits(step.measured.in_time),
            of_visits(step.measured.done),
            Cell::Count(step.rage_taps),
            Cell::Count(step.retries),
        ]
    };
    Section::new("step_times", COLUMNS).with(steps.iter().map(cells))
}

fn peak_end(found: Option<&PeakEnd>) -> Section {
    const COLUMNS: &[Column] = &[text("what"), number("emotion"), text("step"), text("channel")];
    let of = |word, moment: &Moment| {
        let step = Cell::Text(moment.label.clone());
        vec![Cell::Word("peak_end", word), Cell::Score(moment.moment), step, channel(&moment.channel)]
    };
    let alone = |word, value| vec![Cell::Word("peak_end", word), Cell::Score(value), Cell::None, Cell::None];
    let mut rows = Vec::new();
    if let Some(found) = found {
        rows.extend([of("worst", &found.worst), of("last", &found.last), alone("mean", found.mean)]);
        rows.push(alone("remembered", found.remembered));
        if let Some(mended) = found.mended {
            rows.push(alone("worst_mended", mended.moment));
            rows.push(alone("mean_mended", mended.mean));
            rows.push(alone("remembered_mended", mended.remembered));
        }
    }
    Section::new("peak_end", COLUMNS).with(rows)
}

fn channels(channels: &[Channel]) -> Section {
    const COLUMNS: &[Column] = &[
        text("channel"),
        number("begun"),
        number("done"),
        number("failed"),
        number("died"),
        number("waiting"),
        number("acting"),
        number("away"),
        number("waiting_p75"),
        number("continued"),
        number("rating"),
    ];
    let cells = |of: &Channel| {
        let mean = |sum_ns: u64| duration(sum_ns.checked_div(of.waiting.count));
        let begun = of.outcomes.total();
        vec![
            channel(&of.channel),
            Cell::Count(begun),
            share((begun > 0).then(|| of.outcomes.done as f64 / begun as f64)),
            Cell::Count(of.outcomes.failed),
            Cell::Count(of.outcomes.died),
            mean(of.waiting_ns),
            mean(of.acting_ns),
            mean(of.away_ns),
            quantile(&of.waiting, of.waiting.p75_ns),
            Cell::Count(of.continued),
            score(of.rating_mean),
        ]
    };
    Section::new("journey_channels", COLUMNS).with(channels.iter().map(cells))
}

fn hand_overs(found: &HandOvers) -> Section {
    const COLUMNS: &[Column] = &[text("what"), number("value")];
    if *found == HandOvers::default() {
        return Section::new("hand_overs", COLUMNS);
    }
    let counts = [
        ("handed_over", Cell::Count(found.handed_over)),
        ("joined", Cell::Count(found.joined)),
        ("joined_done", Cell::Count(found.joined_done)),
        ("between", duration(found.between_ns.checked_div(found.joined))),
        ("unknown", Cell::Count(found.unknown)),
        ("used_again", Cell::Count(found.used_again)),
        ("expired", Cell::Count(found.expired)),
    ];
    let rows = counts.into_iter().map(|(word, cell)| vec![Cell::Word("hand_over", word), cell]);
    Section::new("hand_overs", COLUMNS).with(rows)
}

fn score(score: Option<f64>) -> Cell {
    score.map_or(Cell::None, Cell::Score)
}
