//! The arithmetic of NoWait: from histograms to the sentence "customers wait here, since this release".
//!
//! Owns: histograms, cells, budgets, reports, comparisons and their text. `docs/report.md` defines every figure.
//! Refuses: I/O, databases, clocks, random numbers.
//! Invariant: **report knows no database**; the same input gives the same output, in any order.
#![forbid(unsafe_code)]

pub mod aa;
mod accounts;
pub mod arrivals;
mod assemble;
mod boundary;
mod buckets;
pub mod budget;
pub mod bytes;
pub mod cell;
mod channel;
pub mod check;
mod compare;
pub mod confidence;
mod cost;
mod curve;
pub mod daily;
pub mod detail;
mod error;
mod estimate;
mod exits;
pub mod experience;
pub mod feedback;
mod figures;
mod floor;
pub mod gaps;
pub mod histogram;
pub mod indicator;
mod interval;
pub mod journey_map;
pub mod life;
pub mod limits;
pub mod metric;
mod mix;
mod pair;
mod people;
pub mod rated;
pub mod report;
mod runs;
mod schema;
pub mod section;
pub mod service;
pub mod session;
mod shape;
mod side;
mod spread;
mod steps;
pub mod text;
mod top;
pub mod verdict;
mod version;
pub mod words;
mod zone;

pub use accounts::Accounts;
pub use arrivals::Arrivals;
pub use assemble::{Builder, Group, Input};
pub use budget::{Budget, Budgets};
pub use cell::{Cell, CellKey, Cells};
pub use channel::{CHANNEL, CHANNEL_OF_APP, channel_of};
pub use check::Check;
pub use daily::Daily;
pub use detail::{Detail, RealWait, Split, Times};
pub use error::Error;
pub use gaps::{Gaps, Targets};
pub use histogram::Histogram;
pub use journey_map::{JourneyMap, Told, Walks};
pub use metric::{Better, Measured, Metric, Unit};
pub use people::{Crowd, Happened, People};
pub use report::{Crumb, Exit, ExitGroup, Exits, Report, Scope, SessionAccount};
pub use section::{Section, sections};
pub use service::Service;
pub use session::{Happening, Timeline};
pub use side::{Side, Stratum, TouchpointPlace};
pub use top::Rows;
pub use verdict::{CompareOptions, Comparison, Verdict};
pub use version::VersionOrder;
pub use words::Language;
pub use zone::Zone;
