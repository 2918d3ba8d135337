//! A place in a JSON document, which knows where it is.
//!
//! Owns: the errors about fields. Refuses: what fields mean.
//! Invariant: every error names the field by its path, for example `results[0].times[3]`.

use crate::error::Error;
use serde_json::Value;

/// The longest part of a value that an error repeats.
const SHOWN_CHARS: usize = 40;

/// A place.
#[derive(Clone, Debug)]
pub(super) struct At<'v> {
    value: &'v Value,
    path: String,
}

impl<'v> At<'v> {
    pub(super) fn whole(value: &'v Value) -> At<'v> {
        At { value, path: String::new() }
    }

    fn deeper(&self, value: &'v Value, step: &str) -> At<'v> {
        let dot = if self.path.is_empty() || step.starts_with('[') { "" } else { "." };
        At { value, path: format!("{}{dot}{step}", self.path) }
    }

    /// What is wrong here.
    pub(super) fn wrong(&self, what: &str) -> Error {
        let place = if self.path.is_empty() { "the file" } else { &self.path };
        Error::input(format!("{place}: {what}"))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.value.get(name).is_some()
    }

    pub(super) fn is_empty_list(&self) -> bool {
        self.value.as_array().is_some_and(Vec::is_empty)
    }

    /// A field that may be missing, or null.
    pub(super) fn maybe(&self, name: &str) -> Option<At<'v>> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(self.deeper(value, name))
    }

    pub(super) fn field(&self, name: &str) -> Result<At<'v>, Error> {
        self.maybe(name).ok_or_else(|| self.wrong(&format!("it has no {name}")))
    }

    /// The items of a list; none of anything else.
    pub(super) fn items(&self) -> impl Iterator<Item = At<'v>> {
        let items = self.value.as_array().map_or(&[][..], Vec::as_slice);
        items.iter().enumerate().map(|(at, value)| self.deeper(value, &format!("[{at}]")))
    }

    /// The items of what has to be a list.
    pub(super) fn list(&self) -> Result<Vec<At<'v>>, Error> {
        if !self.value.is_array() {
            return Err(self.wrong("it is no list"));
        }
        Ok(self.items().collect())
    }

    pub(super) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    /// The fields of an object, in order of their names.
    pub(super) fn fields(&self) -> Result<Vec<(&'v str, At<'v>)>, Error> {
        let fields = self.value.as_object().ok_or_else(|| self.wrong("it is no object"))?;
        Ok(fields.iter().map(|(name, value)| (name.as_str(), self.deeper(value, name))).collect())
    }

    pub(super) fn text(&self) -> Result<&'v str, Error> {
        self.value.as_str().ok_or_else(|| self.wrong("it is no text"))
    }

    /// A text that may be missing.
    pub(super) fn maybe_text(&self, name: &str) -> Result<Option<&'v str>, Error> {
        self.maybe(name).map(|at| at.text()).transpose()
    }

    pub(super) fn number(&self) -> Result<f64, Error> {
        match self.value {
            Value::Number(number) => number
                .as_f64()
                .filter(|number| number.is_finite())
                .ok_or_else(|| self.wrong("it is too large")),
            Value::String(text) => Err(self.wrong(&no_number(text))),
            _ => Err(self.wrong("it is no number")),
        }
    }

    /// Numbers in a list.
    pub(super) fn numbers(&self) -> Result<Vec<f64>, Error> {
        self.list()?.iter().map(At::number).collect()
    }

    /// Numbers in a list, or in lists in a list, one list behind the other.
    pub(super) fn numbers_within(&self) -> Result<Vec<f64>, Error> {
        let mut numbers = Vec::new();
        for item in self.list()? {
            if item.is_list() { numbers.extend(item.numbers()?) } else { numbers.push(item.number()?) }
        }
        Ok(numbers)
    }
}

/// What is said of a text where a number has to be.
pub(super) fn no_number(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN_CHARS).collect();
    let point = text.trim().replacen(',', ".", 1);
    if text.contains(',') && point.parse::<f64>().is_ok() {
        return format!("{shown:?} has a decimal comma: write {point}");
    }
    format!("{shown:?} is no number")
}
