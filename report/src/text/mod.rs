//! Reports and comparisons as plain text for a terminal.
//!
//! Owns: what stands in which column. Refuses: colours, terminals, I/O and arithmetic on latencies.
//! Invariant: no line is longer than 110 characters unless the caller says otherwise ([`with_width`]), and a name can neither break a line nor hide or repaint anything.

mod check;
mod comparison;
mod gaps;
mod indicators;
mod listening;
mod markdown;
mod noise;
mod safe;
mod sections;
mod table;
mod trend;
pub mod units;
mod words;

pub use check::{check, limit_cells};
pub use comparison::comparison;
pub use gaps::{gaps, life};
pub use indicators::indicators;
pub use listening::listening;
pub use markdown::{check_markdown, markdown};
pub use noise::noise;
pub use safe::{safe, safe_lines};
pub use sections::{
    cell, daily, detail, how, journey, report, section, service, span, timeline, title, word,
};
pub use table::{WIDTH_MAX, with_width};
pub use trend::with_blocks;
pub use units::duration;
pub use words::{FigureWords, limit, limited, status, too_few, verdict};
