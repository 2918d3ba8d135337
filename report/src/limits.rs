//! Every cap of this crate, with its reason.
//!
//! Owns: numbers. Refuses: the code that applies them.
//! Invariant: no input, however made, costs more memory or time than these allow.

/// The most buckets a histogram can hold: 64 octaves of `u64` nanoseconds times 64, and the one that holds 1 ns.
pub const BUCKETS_MAX: usize = 64 * 64 + 1;

/// The longest binary form of a histogram that is read, in bytes: a bucket takes at most 2 bytes of gap and
/// 10 of count, and five 10-byte numbers stand before them.
pub const HISTOGRAM_BYTES_MAX: usize = 1 + 5 * 10 + BUCKETS_MAX * 12;

/// The longest binary form of a cell that is read, in bytes: five histograms and two short lists of numbers.
pub const CELL_BYTES_MAX: usize = 6 * HISTOGRAM_BYTES_MAX + 256;

/// The longest binary form of accounts that is read, in bytes: two histograms and some fifty numbers.
pub const ACCOUNTS_BYTES_MAX: usize = 2 * HISTOGRAM_BYTES_MAX + 1_024;

/// Rows of one section of a report, unless more are asked for: what a page can show and a person will read.
pub const ROWS_LISTED: usize = 100;

/// Most rows of one section that can be asked for at once; the next ones are another page.
pub const ROWS_LISTED_MAX: usize = 1_000;

/// Touchpoints of a comparison that are listed, worse ones first; the others are counted. Ten times what an app has.
pub const COMPARED_LISTED_MAX: usize = 1_000;

/// Releases of a touchpoint that are listed one by one, the latest; the others are one row together. Two a month for a year.
pub const VERSIONS_LISTED_MAX: usize = 24;

/// Days of a touchpoint that are listed, the latest: as long as a collector keeps days by default, a year and what is before it to compare.
pub const DAYS_LISTED_MAX: usize = 400;

/// Days beside a row of the ranking, the latest: four weeks and their like before, as narrow as a column.
pub const DAYS_OF_TREND_MAX: usize = 30;

/// Hours of a touchpoint that are listed, the latest: four weeks, twice what a collector keeps by default.
pub const HOURS_LISTED_MAX: usize = 28 * 24;

/// Real waits of a touchpoint that are listed: as many as somebody looks into.
pub const REAL_WAITS_LISTED: usize = 10;

/// The longest budgets file that is read, in bytes: a thousand touchpoints with long labels fit.
pub const BUDGETS_BYTES_MAX: usize = 256 * 1024;

/// The largest target of a budget, in milliseconds: an hour. More than that is a slip of the unit.
pub const TARGET_MS_MAX: f64 = 3_600_000.0;

/// The largest weight of a touchpoint: above this one touchpoint would hide all others.
pub const WEIGHT_MAX: f64 = 1_000.0;

/// The longest label of a touchpoint, in characters: one column of a table.
pub const LABEL_CHARS_MAX: usize = 80;

/// Abnormal exits listed one by one in a report, the latest ones; groups count all of them.
pub const EXITS_LISTED_MAX: usize = 20;

/// Breadcrumbs kept of each listed exit, the last ones: what led to it, not the whole day.
pub const CRUMBS_LISTED_MAX: usize = 10;

/// Registers of a sketch of people, as a power of two: a standard error of 0.8 %, 8 KiB once some thousand people are in it.
pub const PEOPLE_LG_K: u8 = 14;

/// The same of the people of a segment (see the collector's store): 1.6 %, 2 KiB.
pub const PEOPLE_OF_SEGMENT_LG_K: u8 = 12;

/// The longest binary form of sketches of people that is read, in bytes: four of them, with the registers that overflow.
pub const PEOPLE_BYTES_MAX: usize = 4 * (2 << PEOPLE_LG_K);

/// The longest wait that is believed, in nanoseconds: an hour. Nobody looks at a screen for longer until it comes.
pub const WAIT_PLAUSIBLE_NS_MAX: u64 = 3_600_000_000_000;

/// The longest action, journey, step or visit of a screen that is believed, in nanoseconds: a day.
pub const SPAN_PLAUSIBLE_NS_MAX: u64 = 24 * WAIT_PLAUSIBLE_NS_MAX;

/// Factors of experience in a budgets file: a questionnaire has six, and nobody ranks more than this by importance.
pub const FACTORS_MAX: usize = 24;

/// Marks in a budgets file: paydays and two maintenances a week for a year.
pub const MARKS_MAX: usize = 100;

/// Touchpoints that one factor is measured by: more than a screen of them is no factor any more.
pub const TOUCHPOINTS_OF_FACTOR_MAX: usize = 32;

/// Releases since a target was set that it is told for, the latest: each is read as one side of a comparison.
pub const RELEASES_OF_TARGET_MAX: usize = 4;

/// Indicators of a budgets file and the shipped ones: nobody looks at more.
pub const INDICATORS_MAX: usize = 64;

/// Touchpoints of an indicator that are listed, those first that lack most of it: what a person mends before looking again.
pub const TOUCHPOINTS_OF_INDICATOR_LISTED: usize = 10;

/// Months of a trend: a year, so that the same season is in it once more.
pub const MONTHS_OF_TREND: usize = 12;

/// Hand-overs, and visits that came with an id, that one journey map joins; the others are counted. A bank with a hundred branches has
/// some thousand a day.
pub const HAND_OVERS_MAX: usize = 50_000;

/// Steps of a journey on its channels that are kept apart; a journey has some ten. The others are one, `(other)`.
pub const STEPS_OF_JOURNEY_MAX: usize = 100;

/// Channels of a journey that are kept apart; the others are one, `(other)`.
pub const CHANNELS_MAX: usize = 16;

/// Ratings on each side of a comparison of means, and of a mean beside it: of fewer the interval is as wide as a star and a half.
pub const RATINGS_COMPARED_MIN: u64 = 20;

/// Journeys and touchpoints whose ratings are kept apart; an app asks at some ten. The others are one of their kind, `(other)`.
pub const RATED_PLACES_MAX: usize = 100;

/// Entries of the dictionary by which reviews are read: a bank has some twenty errands, and eight indicators.
pub const LISTENING_ENTRIES_MAX: usize = 64;

/// Words of one entry: what customers call one thing in three scripts, and some that mistype it.
pub const LISTENING_WORDS_MAX: usize = 200;

/// The longest word of the dictionary, in characters: some words of English.
pub const LISTENING_WORD_CHARS_MAX: usize = 32;
