//! The fields of a JSON object, asked for one by one.
//!
//! Owns: what is said of a field that is missing, of another type or not known: which one, and never what it held.
//! Refuses: what the fields mean.
//! Invariant: a field that nobody asked for is refused, so that a misspelt one is not passed over.

use crate::error::Error;
use nowait_wire::limits::NAME_BYTES_MAX;
use serde_json::{Map, Value};
use std::cell::RefCell;

/// An object at a place of the request; the whole of it is at ``.
pub(super) struct Fields<'j> {
    place: String,
    object: &'j Map<String, Value>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'j> Fields<'j> {
    pub(super) fn of(place: String, value: &'j Value) -> Result<Fields<'j>, Error> {
        let Some(object) = value.as_object() else {
            let what = if place.is_empty() { "the request" } else { &place };
            return Err(Error::input(format!("{what}: has to be an object")));
        };
        Ok(Fields { place, object, asked: RefCell::default() })
    }

    /// Where a field of it stands in the request.
    pub(super) fn at(&self, field: &str) -> String {
        if self.place.is_empty() { field.to_owned() } else { format!("{}.{field}", self.place) }
    }

    pub(super) fn wrong(&self, field: &str, why: &str) -> Error {
        Error::input(format!("{}: {why}", self.at(field)))
    }

    /// What a field holds; `null` is as if it were not there.
    fn value(&self, field: &'static str) -> Option<&'j Value> {
        self.asked.borrow_mut().push(field);
        self.object.get(field).filter(|value| !value.is_null())
    }

    pub(super) fn required<T>(&self, field: &str, value: Option<T>) -> Result<T, Error> {
        value.ok_or_else(|| self.wrong(field, "is missing"))
    }

    pub(super) fn text(&self, field: &'static str) -> Result<Option<&'j str>, Error> {
        let text = |value: &'j Value| value.as_str().ok_or_else(|| self.wrong(field, "has to be a text"));
        self.value(field).map(text).transpose()
    }

    /// A text that can be a name of the wire.
    pub(super) fn name(&self, field: &'static str) -> Result<&'j str, Error> {
        let name = self.required(field, self.text(field)?)?;
        if name.trim().is_empty() || name.len() > NAME_BYTES_MAX {
            return Err(self.wrong(field, &format!("has to have 1 to {NAME_BYTES_MAX} bytes")));
        }
        if name.chars().any(char::is_control) {
            return Err(self.wrong(field, "must not hold control characters"));
        }
        Ok(name)
    }

    pub(super) fn number(&self, field: &'static str) -> Result<Option<u64>, Error> {
        let number =
            |value: &Value| value.as_u64().ok_or_else(|| self.wrong(field, "has to be a whole number"));
        self.value(field).map(number).transpose()
    }

    /// The objects of a list, none if it is not there.
    pub(super) fn list(&self, field: &'static str, most: usize) -> Result<Vec<Fields<'j>>, Error> {
        let Some(value) = self.value(field) else { return Ok(Vec::new()) };
        let list = value.as_array().ok_or_else(|| self.wrong(field, "has to be a list"))?;
        if list.len() > most {
            return Err(self.wrong(field, &format!("{} are more than {most}", list.len())));
        }
        let each = list.iter().enumerate();
        each.map(|(nth, value)| Fields::of(format!("{}[{nth}]", self.at(field)), value)).collect()
    }

    /// Refuses what nobody asked for. A name that was made up may be anything, so it is not repeated.
    pub(super) fn end(&self) -> Result<(), Error> {
        let asked = self.asked.borrow();
        if self.object.keys().all(|key| asked.contains(&key.as_str())) {
            return Ok(());
        }
        let what = if self.place.is_empty() { "the request" } else { &self.place };
        Err(Error::input(format!("{what}: has a field that is not one of {}", asked.join(", "))))
    }
}
