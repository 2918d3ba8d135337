//! How a value of the file is read, and what is said of one that cannot be.
//!
//! Owns: the bounds of values and the words of their errors. Refuses: what the values are for.
//! Invariant: an error names the line, the key and what to write instead.

use crate::error::Error;
use crate::experience::SCORE_MAX;
use crate::limits::{LABEL_CHARS_MAX, TARGET_MS_MAX, WEIGHT_MAX};
use nowait_wire::Kind;
use std::str::FromStr;
use toml::Spanned;

/// The line of a byte offset, counted from 1.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

pub(super) fn wrong<T>(text: &str, at: &Spanned<T>, key: &str, what: &str) -> Error {
    Error::budgets(format!("budgets line {}, {key}: {what}", line_of(text, at.span().start)))
}

/// What the TOML reader itself refused: its words, our line.
pub(super) fn unreadable(text: &str, error: &toml::de::Error) -> Error {
    let line = error.span().map_or(1, |span| line_of(text, span.start));
    Error::budgets(format!("budgets line {line}: {}", error.message().replace('\n', "; ")))
}

pub(super) fn known_kind(text: &str, kind: &Spanned<String>) -> Result<Kind, Error> {
    Kind::from_str(kind.get_ref()).map_err(|_| {
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        let what = format!("there is no kind \"{}\"; write one of {}", kind.get_ref(), known.join(", "));
        wrong(text, kind, "kind", &what)
    })
}

/// Milliseconds as nanoseconds.
pub(super) fn milliseconds(
    text: &str,
    key: &str,
    given: Option<&Spanned<f64>>,
) -> Result<Option<u64>, Error> {
    let Some(given) = given else { return Ok(None) };
    let ms = *given.get_ref();
    // Written so that "not a number" fails too.
    if !(ms > 0.0 && ms <= TARGET_MS_MAX) {
        let what = format!("{ms} is no time; write milliseconds above 0 and up to {TARGET_MS_MAX}");
        return Err(wrong(text, given, key, &what));
    }
    Ok(Some((ms * 1e6).round() as u64))
}

pub(super) fn share(text: &str, key: &str, given: Option<&Spanned<f64>>) -> Result<Option<f64>, Error> {
    let Some(given) = given else { return Ok(None) };
    if !(0.0..=1.0).contains(given.get_ref()) {
        let what = format!("{} is no share; write a number from 0 to 1", given.get_ref());
        return Err(wrong(text, given, key, &what));
    }
    Ok(Some(*given.get_ref()))
}

pub(super) fn weight(text: &str, weight: Option<&Spanned<f64>>) -> Result<Option<f64>, Error> {
    let Some(given) = weight else { return Ok(None) };
    if !(0.0..=WEIGHT_MAX).contains(given.get_ref()) {
        let what = format!("{} is no weight; write a number from 0 to {WEIGHT_MAX}", given.get_ref());
        return Err(wrong(text, given, "weight", &what));
    }
    Ok(Some(*given.get_ref()))
}

pub(super) fn label(text: &str, label: Option<&Spanned<String>>) -> Result<Option<String>, Error> {
    label.map(|given| short(text, "label", given)).transpose()
}

/// A text that fits into a column of a table.
pub(super) fn short(text: &str, key: &str, given: &Spanned<String>) -> Result<String, Error> {
    let chars = given.get_ref().chars().count();
    if chars == 0 || chars > LABEL_CHARS_MAX || given.get_ref().chars().any(char::is_control) {
        let what = format!("write 1 to {LABEL_CHARS_MAX} characters without line breaks");
        return Err(wrong(text, given, key, &what));
    }
    Ok(given.get_ref().clone())
}

/// A number on the scale from 0 to 10 on which experience, expectation and importance are told.
pub(super) fn score(text: &str, key: &str, given: Option<&Spanned<f64>>) -> Result<Option<f64>, Error> {
    let Some(given) = given else { return Ok(None) };
    if !(0.0..=SCORE_MAX).contains(given.get_ref()) {
        let what = format!("{} is none; write a number from 0 to {SCORE_MAX}", given.get_ref());
        return Err(wrong(text, given, key, &what));
    }
    Ok(Some(*given.get_ref()))
}
