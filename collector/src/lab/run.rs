//! What a benchmark file says, whatever tool wrote it.
//!
//! Owns: the plain values. Refuses: formats.
//! Invariant: values are finite, in the unit of their metric, and in the order in which they were measured.

use crate::error::Error;
use nowait_report::{Measured, Metric};
use nowait_wire::Kind;
use std::collections::HashMap;

/// One file: one run of a benchmark, or several that belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFile {
    /// The file, as it was named.
    pub path: String,
    /// What was measured.
    pub series: Vec<Series>,
    /// What it was measured on, as far as the file says.
    pub devices: Vec<Device>,
    /// Under which conditions that change figures, as far as the file says: how code was compiled, which runtime.
    pub modes: Vec<String>,
    /// The day on which it began, `YYYY-MM-DD`, as far as the file says.
    pub date: Option<String>,
    /// Where each series is.
    places: HashMap<(String, Option<Kind>, Metric, Option<String>), usize>,
}

/// A metric of a benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The benchmark, its parameters and the metric; or the touchpoint.
    pub name: String,
    /// Of waits at a touchpoint, as a release has them: their kind.
    pub kind: Option<Kind>,
    /// Its unit, and which way is better.
    pub metric: Metric,
    /// What was measured.
    pub values: Vec<Measured>,
    /// The run that they are of, where the file tells several apart.
    pub run: Option<String>,
}

/// A device. Its name is not kept: it is often a person's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Device {
    /// What tells it from others of the same run: the model and system, or an id. It is shown where it says what it is.
    pub what: String,
    /// Whether `what` is an id, which nobody is shown.
    pub is_id: bool,
    /// Whether it is an emulator or simulator, as far as the file says.
    pub is_emulator: bool,
}

impl RunFile {
    /// The file with nothing in it yet.
    pub(super) fn of(path: &str) -> RunFile {
        RunFile { path: path.to_owned(), ..RunFile::default() }
    }

    /// Adds values of a metric, behind those that it has.
    pub(super) fn add(
        &mut self,
        name: &str,
        metric: &Metric,
        values: impl IntoIterator<Item = Measured>,
    ) -> Result<(), Error> {
        self.add_to(Series {
            name: name.to_owned(),
            kind: None,
            metric: metric.clone(),
            values: values.into_iter().collect(),
            run: None,
        })
    }

    /// Adds a series, behind the one that it goes on with.
    pub(super) fn add_to(&mut self, series: Series) -> Result<(), Error> {
        if series.values.iter().any(|measured| !measured.value.is_finite()) {
            return Err(Error::input(format!("{}: a value is too large", series.name)));
        }
        let Series { name, kind, metric, values, run } = series;
        let next = self.series.len();
        let place = *self.places.entry((name.clone(), kind, metric.clone(), run.clone())).or_insert(next);
        match self.series.get_mut(place) {
            Some(known) => known.values.extend(values),
            None => self.series.push(Series { name, kind, metric, values, run }),
        }
        Ok(())
    }

    pub(super) fn add_device(&mut self, device: Device) {
        if !self.devices.contains(&device) {
            self.devices.push(device);
        }
    }

    pub(super) fn add_mode(&mut self, mode: String) {
        if !self.modes.contains(&mode) {
            self.modes.push(mode);
        }
    }

    /// Takes the day out of a text that has one, unless it is known.
    pub(super) fn date_from(&mut self, text: &str) {
        if self.date.is_none() {
            self.date = date_in(text);
        }
    }
}

/// The first `YYYY-MM-DD` of a text that is a day.
fn date_in(text: &str) -> Option<String> {
    let starts = text.char_indices().map(|(at, _)| at);
    starts
        .filter_map(|at| text.get(at..at + 10))
        .find(|ten| ten.parse::<jiff::civil::Date>().is_ok())
        .map(str::to_owned)
}
