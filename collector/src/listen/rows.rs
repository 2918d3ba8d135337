//! A file of reviews or call notes: CSV with a header.
//!
//! Columns: `time` (RFC 3339, or a date with or without a time in the bank's zone), `rating` (1 to 5, or empty), `text`, `version` and
//! `channel`, and if it is there `product` (empty for the own one). Others are passed over, and said.
//!
//! Owns: the columns and what is wrong with a file. Refuses: guessing: what cannot be read is an error with its line and column, and
//! then nothing of the file is read.
//! Invariant: a text is scrubbed as it leaves its field; and no message holds what stands in one.

use crate::error::Error;
use crate::limits::{
    FEEDBACK_COLUMNS_MAX, FEEDBACK_FIELD_BYTES_MAX, FEEDBACK_FILE_BYTES_MAX, FEEDBACK_ROWS_MAX,
    FEEDBACK_TEXT_BYTES_MAX,
};
use crate::time::{self, DAY_MS};
use csv::{Position, ReaderBuilder, StringRecord};
use nowait_report::Zone;
use nowait_report::limits::LABEL_CHARS_MAX;
use nowait_scrub::{is_hidden, looks_personal, looks_personal_code, note};

/// Columns that a file has to have.
const NEEDED: [&str; 5] = ["time", "rating", "text", "version", "channel"];

const PRODUCT: &str = "product";

/// What most spreadsheets put before UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// One review, its text scrubbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// When it was said, in milliseconds since 1970 UTC.
    pub unix_ms: u64,
    /// From 1 to 5.
    pub stars: Option<u8>,
    /// What was said.
    pub text: String,
    /// The release; empty where nobody said it.
    pub version: String,
    /// Where it was said.
    pub channel: String,
    /// Whose product; empty for the own one.
    pub product: String,
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileRead {
    /// Its rows, in their order.
    pub reviews: Vec<Review>,
    /// Columns that nothing is read of.
    pub passed_over: Vec<String>,
    /// Rows in whose text something looked personal.
    pub scrubbed: u64,
}

/// Reads a file. `product` is whose its rows are that name none; `now_unix_ms` is before nobody can have said anything.
///
/// # Errors
/// [`Error::is_input`], naming line and column and what to do; never what stands there.
pub fn read(bytes: &[u8], zone: &Zone, now_unix_ms: u64, product: &str) -> Result<FileRead, Error> {
    if bytes.len() > FEEDBACK_FILE_BYTES_MAX {
        let size = bytes.len();
        return Err(Error::input(format!(
            "it has {size} bytes, at most {FEEDBACK_FILE_BYTES_MAX} are read: divide it, for example by month"
        )));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| no_utf8(bytes, error.valid_up_to()))?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut reader = ReaderBuilder::new().from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| wrong(&error))?.clone();
    let columns = Columns::of(&header)?;
    let product = key(product, looks_personal).map_err(|what| Error::input(format!("--product: {what}")))?;
    let mut file = FileRead { passed_over: columns.passed_over(&header), ..FileRead::default() };
    for record in reader.records() {
        let record = record.map_err(|error| wrong(&error))?;
        let row = Row { columns: &columns, record: &record };
        if file.reviews.len() == FEEDBACK_ROWS_MAX {
            return Err(row.wrong(
                "",
                &format!("the file has more than {FEEDBACK_ROWS_MAX} rows: divide it, for example by month"),
            ));
        }
        let (review, is_scrubbed) = row.review(zone, now_unix_ms, &product)?;
        file.scrubbed += u64::from(is_scrubbed);
        file.reviews.push(review);
    }
    Ok(file)
}

/// Where each column is.
struct Columns {
    needed: [usize; NEEDED.len()],
    product: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Columns, Error> {
        let wrong = |what: String| Error::input(format!("line 1: {what}"));
        if header.len() > FEEDBACK_COLUMNS_MAX {
            let what = format!("it has {} columns, at most {FEEDBACK_COLUMNS_MAX} are read", header.len());
            return Err(wrong(what));
        }
        if header.len() == 1 && header.iter().any(|name| name.contains([';', '\t'])) {
            return Err(wrong("its fields are not separated by commas: write it with commas".to_owned()));
        }
        let names: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
        let find = |wanted: &str| {
            let mut found = names.iter().enumerate().filter(|(_, name)| *name == wanted).map(|(at, _)| at);
            match (found.next(), found.next()) {
                (_, Some(_)) => Err(wrong(format!("there are two columns {wanted}: keep one of them"))),
                (found, None) => Ok(found),
            }
        };
        let mut needed = [0; NEEDED.len()];
        for (at, wanted) in needed.iter_mut().zip(NEEDED) {
            *at = find(wanted)?.ok_or_else(|| {
                wrong(format!(
                    "there is no column {wanted}; the first line names the columns: {}, and product if you like",
                    NEEDED.join(", ")
                ))
            })?;
        }
        Ok(Columns { needed, product: find(PRODUCT)? })
    }

    fn passed_over(&self, header: &StringRecord) -> Vec<String> {
        let is_read = |at: usize| self.needed.contains(&at) || self.product == Some(at);
        let names = header.iter().enumerate().filter(|(at, _)| !is_read(*at)).map(|(_, name)| name.trim());
        names
            .map(|name| if looks_personal(name) { nowait_scrub::REDACTED } else { name }.to_owned())
            .collect()
    }
}

/// A line, whose fields have names.
struct Row<'r> {
    columns: &'r Columns,
    record: &'r StringRecord,
}

impl Row<'_> {
    fn wrong(&self, column: &str, what: &str) -> Error {
        let line = self.record.position().map_or(0, Position::line);
        let column = if column.is_empty() { String::new() } else { format!(", {column}") };
        Error::input(format!("line {line}{column}: {what}"))
    }

    fn review(&self, zone: &Zone, now_unix_ms: u64, product: &str) -> Result<(Review, bool), Error> {
        let [time, rating, text, version, channel] =
            self.columns.needed.map(|at| self.record.get(at).unwrap_or_default());
        // First of all, and nothing below sees what stood there.
        if text.len() > FEEDBACK_TEXT_BYTES_MAX {
            let what = format!(
                "it has {} bytes, at most {FEEDBACK_TEXT_BYTES_MAX} are read: shorten it",
                text.len()
            );
            return Err(self.wrong("text", &what));
        }
        let (text, pieces) = note(text);
        let of = self.columns.product.and_then(|at| self.record.get(at)).unwrap_or_default().trim();
        let field = |column: &str, given: &str, is_personal: fn(&str) -> bool| {
            key(given, is_personal).map_err(|what| self.wrong(column, &what))
        };
        let channel = field("channel", channel, looks_personal)?;
        if channel.is_empty() {
            return Err(self.wrong(
                "channel",
                "it is empty; say where it was said, for example app_store or call_centre",
            ));
        }
        let review = Review {
            unix_ms: self.time(time.trim(), zone, now_unix_ms)?,
            stars: self.stars(rating.trim())?,
            text,
            version: field("version", version, looks_personal_code)?,
            channel,
            product: if of.is_empty() { product.to_owned() } else { field(PRODUCT, of, looks_personal)? },
        };
        Ok((review, pieces > 0))
    }

    fn time(&self, word: &str, zone: &Zone, now_unix_ms: u64) -> Result<u64, Error> {
        let write = "write 2026-03-05, 2026-03-05T14:30 or 2026-03-05T14:30:00+08:00";
        let is_date = word.get(..10).is_some_and(|date| {
            date.bytes()
                .enumerate()
                .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() })
        });
        let found = if is_date { time::parse(word, now_unix_ms, zone).ok() } else { None };
        let unix_ms = found.ok_or_else(|| self.wrong("time", &format!("it is none; {write}")))?;
        // A file may come from where the clock is ahead.
        if unix_ms > now_unix_ms.saturating_add(DAY_MS) {
            return Err(self.wrong("time", "it lies in the future: is the clock here right?"));
        }
        Ok(unix_ms)
    }

    fn stars(&self, word: &str) -> Result<Option<u8>, Error> {
        match word.as_bytes() {
            [] => Ok(None),
            [digit @ b'1'..=b'5'] => Ok(Some(digit - b'0')),
            _ => Err(self.wrong("rating", "it is none; write 1, 2, 3, 4 or 5, or leave it empty")),
        }
    }
}

/// A short field that reviews are counted by. It is refused and not replaced: where it looks personal, columns are mixed up.
fn key(given: &str, is_personal: fn(&str) -> bool) -> Result<String, String> {
    let given = given.trim();
    if given.len() > FEEDBACK_FIELD_BYTES_MAX || given.chars().count() > LABEL_CHARS_MAX {
        return Err(format!(
            "it is longer than {FEEDBACK_FIELD_BYTES_MAX} bytes; is it in the right column?"
        ));
    }
    if given.chars().any(is_hidden) || given.starts_with('(') {
        return Err("write it without brackets at its beginning and without hidden characters".to_owned());
    }
    if is_personal(given) {
        return Err("it looks like somebody's number or address; is it in the right column?".to_owned());
    }
    Ok(given.to_owned())
}

fn no_utf8(bytes: &[u8], at: usize) -> Error {
    let line = 1 + bytes.iter().take(at).filter(|byte| **byte == b'\n').count();
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let from = if is_utf16 { "UTF-16" } else { "GB18030" };
    Error::input(format!(
        "line {line}: it is not UTF-8: save it as \"CSV UTF-8\", or convert it: iconv -f {from} -t UTF-8 FILE > utf8.csv{}",
        if is_utf16 { "" } else { " (BIG5 for traditional characters)" }
    ))
}

fn wrong(error: &csv::Error) -> Error {
    let line = error.position().map_or(1, Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => Error::input(format!(
            "line {line}: it has {len} fields and the header {expected_len}: put a text with commas in quotes"
        )),
        _ => Error::input(format!("line {line}: it is no CSV")),
    }
}
