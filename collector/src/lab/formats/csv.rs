//! CSV with a header.
//!
//! Long: a row a value, with the columns `metric` and `value`, and if they are there `unit`, `better` (`less`, `more` or `neither`),
//! `run` (values of one run are not independent), `failed` (`true` or `false`), `device`, `mode` and `date`. With `kind` (`launch`,
//! `screen`, `tap` …) the value is a wait at the touchpoint `metric`, which can be compared with a release.
//! Wide: a row a run, and each column a metric, whose unit is the end of its name: `startup_ms`, `startup (ms)`, `startupMs`.
//!
//! Owns: its columns. Refuses: guessing: a field that is no number is an error with its line and column.
//! Invariant: commas separate fields, and decimals have a point.

use super::json::no_number;
use crate::error::Error;
use crate::lab::run::{Device, RunFile, Series};
use crate::lab::units::{unit, unit_of_name};
use csv::{ReaderBuilder, StringRecord};
use nowait_report::{Better, Measured, Metric, Unit};
use nowait_wire::Kind;
use std::str::FromStr;

/// Columns of the long form.
const COLUMNS: [&str; 10] =
    ["metric", "value", "kind", "unit", "better", "run", "failed", "device", "mode", "date"];

pub(super) fn read(path: &str, text: &str) -> Result<RunFile, Error> {
    let mut file = RunFile::of(path);
    let mut reader = ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| wrong(&error))?.clone();
    if header.len() == 1 && header.iter().any(|name| name.contains([';', '\t'])) {
        return Err(Error::input(
            "its fields are not separated by commas: write it with commas, and decimals with a point",
        ));
    }
    if header.iter().all(|name| name.parse::<f64>().is_ok()) {
        return Err(Error::input(
            "line 1: it has no header: write the names of the columns, for example metric,value,unit",
        ));
    }
    let is_long = header.iter().any(|name| name == "value");
    if is_long && let Some(stray) = header.iter().find(|name| !COLUMNS.contains(name)) {
        return Err(Error::input(format!(
            "line 1: there is no column {stray:?}; write some of {}",
            COLUMNS.join(", ")
        )));
    }
    for record in reader.records() {
        let record = record.map_err(|error| wrong(&error))?;
        let row = Row { header: &header, record: &record };
        if is_long { row.read_long(&mut file)? } else { row.read_wide(&mut file)? }
    }
    Ok(file)
}

/// A line, whose fields have names.
struct Row<'r> {
    header: &'r StringRecord,
    record: &'r StringRecord,
}

impl Row<'_> {
    fn wrong(&self, column: &str, what: &str) -> Error {
        let line = self.record.position().map_or(0, csv::Position::line);
        Error::input(format!("line {line}, {column}: {what}"))
    }

    /// A field that says something.
    fn said(&self, column: &str) -> Option<&str> {
        let at = self.header.iter().position(|name| name == column)?;
        self.record.get(at).filter(|word| !word.is_empty())
    }

    fn number(&self, column: &str, word: &str) -> Result<f64, Error> {
        let number = word.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| self.wrong(column, &no_number(word)))
    }

    fn read_long(&self, file: &mut RunFile) -> Result<(), Error> {
        let (unit, factor) = unit(self.said("unit").unwrap_or_default());
        let better = match self.said("better") {
            None | Some("less") => Better::Less,
            Some("more") => Better::More,
            Some("neither") => Better::Neither,
            Some(word) => {
                return Err(self.wrong("better", &format!("{word:?} is none; write less, more or neither")));
            }
        };
        let has_failed = match self.said("failed") {
            None | Some("false" | "0") => false,
            Some("true" | "1") => true,
            Some(word) => return Err(self.wrong("failed", &format!("{word:?} is none; write true or false"))),
        };
        let value = self.said("value").ok_or_else(|| self.wrong("value", "it is empty"))?;
        let value = self.number("value", value)? * factor;
        let name = self.said("metric").ok_or_else(|| self.wrong("metric", "it is empty"))?;
        let kind = self.said("kind").map(|word| self.kind(word, &unit)).transpose()?;
        if kind.is_some() && value < 0.0 {
            return Err(self.wrong("value", "a wait is not less than nothing"));
        }
        file.add_to(Series {
            name: name.to_owned(),
            kind,
            metric: Metric { unit, better },
            values: vec![Measured { value, has_failed }],
            run: self.said("run").map(str::to_owned),
        })?;
        if let Some(device) = self.said("device") {
            file.add_device(Device { what: device.to_owned(), is_id: true, is_emulator: false });
        }
        if let Some(mode) = self.said("mode") {
            file.add_mode(mode.to_owned());
        }
        if let Some(date) = self.said("date") {
            file.date_from(date);
        }
        Ok(())
    }

    fn kind(&self, word: &str, unit: &Unit) -> Result<Kind, Error> {
        if *unit != Unit::Nanoseconds {
            return Err(self.wrong("unit", "a wait is a time: write ns, us, ms or s"));
        }
        Kind::from_str(word).map_err(|_| {
            let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
            self.wrong("kind", &format!("{word:?} is none; write one of {}", known.join(", ")))
        })
    }

    fn read_wide(&self, file: &mut RunFile) -> Result<(), Error> {
        for (column, word) in self.header.iter().zip(self.record) {
            // What a run did not measure is empty; and which run it was is no metric.
            if word.is_empty() || ["run", "iteration"].contains(&column) {
                continue;
            }
            let (unit, factor) = unit_of_name(column);
            let value = self.number(column, word)? * factor;
            file.add(column, &Metric { unit, better: Better::Less }, [Measured::of(value)])?;
        }
        Ok(())
    }
}

fn wrong(error: &csv::Error) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => Error::input(format!(
            "line {line}: it has {len} fields and the header {expected_len}: is there a decimal comma? Write a point"
        )),
        _ => Error::input(format!("line {line}: it is no CSV: {error}")),
    }
}
