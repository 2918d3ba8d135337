//! Every cap of the device engine, with its reason.
//!
//! Owns: numbers. Refuses: behaviour; the module that enforces a cap names it from here.
//! Invariant: no queue, file, string or list of this crate grows beyond a number on this page.
//!
//! Under shuttle the recorder is small, so that a few events make it full.

use std::time::Duration;

/// Events the ring holds before it refuses: 256 KiB, and at a heavy 100 events/s still 40 s without a drain.
pub const RING_SLOTS: usize = if cfg!(shuttle) { 8 } else { 4_096 };

/// Breadcrumbs kept for an exit: what a developer reads before a crash is the last screenful or two.
pub const CRUMB_SLOTS: usize = if cfg!(shuttle) { 4 } else { 128 };

/// Events that wait in memory until the recorder's file is mapped: some milliseconds, in which an app starts. A power
/// of two.
pub const EARLY_EVENTS_MAX: usize = if cfg!(shuttle) { 8 } else { 256 };

/// One call of `record` in so many is timed: two clock readings of 30 ns then cost a quarter of a nanosecond a call.
/// A power of two.
pub const RECORD_SAMPLED_ONE_IN: u64 = 256;

/// Names an app may register. Apps of banks have some hundreds of screens, routes and targets.
pub const NAMES_MAX: usize = if cfg!(shuttle) { 8 } else { 1_024 };

/// Bytes of one name, UTF-8: what fits a 128-byte record beside its commit word.
pub const NAME_BYTES_MAX: usize = 120;

/// Bytes of the session's context in the ring file, so that it fits the header page.
pub const CONTEXT_BYTES_MAX: usize = 3_072;

/// Bytes of one text of the context (version, model …): longer ones are cut.
pub const CONTEXT_TEXT_BYTES_MAX: usize = 64;

/// Dimensions an app may declare (design §5).
pub const DIMENSIONS_MAX: usize = 8;

/// Events in one batch: a usual session, some 2.5 KiB sealed. Larger ones save little on the wire, and what sealing
/// takes from the heap for a moment, the C library keeps for good.
pub const BATCH_EVENTS_MAX: usize = if cfg!(shuttle) { RING_SLOTS / 2 } else { 512 };

/// Times a producer tries to reserve a slot before it refuses: every failed try means that another thread
/// succeeded, so 64 in a row is a stampede no phone has the cores for; the work stays bounded.
pub const RESERVE_TRIES_MAX: usize = 64;

/// Signals that may wait while another thread works the trackers: microseconds' worth, so 256 is generous.
pub const SIGNAL_QUEUE_MAX: usize = 256;

/// Bytes of sealed batches kept on disk: some weeks offline, and small beside any app's own cache.
pub const SPOOL_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Sealed files kept on disk: keeps the folder quick to list.
pub const SPOOL_FILES_MAX: usize = 512;

/// Bytes kept while consent is pending: a first session or two, no more before the customer was asked.
pub const PENDING_BYTES_MAX: u64 = 256 * 1024;

/// Files kept while consent is pending.
pub const PENDING_FILES_MAX: usize = 32;

/// Bytes of one sealed file that is read back: the wire's own cap and a footer; anything larger is not ours.
pub const SPOOL_FILE_BYTES_MAX: u64 = 300 * 1024;

/// Files in the quarantine: enough to study, not enough to matter.
pub const QUARANTINE_FILES_MAX: usize = 4;

/// Most that a counter of a dead session can say and be believed: 10,000 a second for ten years.
pub const COUNTER_MAX: u64 = 1 << 42;

/// Attempts to read a dead process's ring before it is put into quarantine (design §7).
pub const RECOVER_ATTEMPTS_MAX: u64 = 3;

/// Dead rings read at one start, so that a crash loop cannot make starts slower and slower.
pub const RECOVER_FILES_MAX: usize = 16;

/// Batches sent in one turn of the crank; then the worker pauses, so that a backlog is drained politely.
pub const UPLOADS_PER_TURN_MAX: usize = 8;

/// The pause between two such turns while there is a backlog.
pub const UPLOAD_PAUSE: Duration = Duration::from_millis(250);

/// How long one upload may take: a mobile network's worst case; the batch stays on disk meanwhile.
pub const UPLOAD_TIMEOUT: Duration = Duration::from_secs(20);

/// How often a transport asks whether its exchange is cancelled: a refusal takes effect within a blink, and twenty
/// looks a second are nothing beside a radio that is on.
pub const CANCEL_LOOK: Duration = Duration::from_millis(50);

/// How long a transport waits for a connection to close in order after its exchange; it is cut off then.
pub const CLOSE_TIMEOUT: Duration = Duration::from_millis(50);

/// Bytes of an answer that are read: a receipt has less than 500.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// First step of the back-off; half of it is the shortest wait. A network that comes back takes about that long.
pub const BACKOFF_BASE: Duration = Duration::from_secs(2);

/// Longest step of the back-off: the flush interval. Waiting longer would only make data older, and twelve to
/// twenty-four attempts an hour are no load.
pub const BACKOFF_MAX: Duration = Duration::from_secs(300);

/// Longest wait a server may ask for with Retry-After: a mistyped date must not silence an app for good.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3_600);

/// The wait, before jitter, after an answer that a person has to mend (an unknown app key or address).
pub const STOP_WAIT: Duration = Duration::from_secs(3_600);

/// Time between two turns of the crank in the foreground: limits of trackers expire this exactly.
pub const TICK: Duration = Duration::from_secs(1);

/// Bytes of the spool from which on batches are no longer held for a data or battery saver, so that nothing has to be
/// evicted: half of what it may hold. What is sent then is only what is over this.
pub const HELD_SPOOL_BYTES: u64 = SPOOL_BYTES_MAX / 2;

/// The longest flush interval, the app's or a remote one: a device that is used once a day should be heard that day.
pub const FLUSH_INTERVAL_MAX: Duration = Duration::from_secs(24 * 3_600);

/// Bytes of the app's own root certificates: Mozilla's whole list as PEM has some 230 kB.
pub const ROOTS_BYTES_MAX: usize = 512 * 1024;

/// Pins an app may set: a key, its backup, and both of the years before and after.
pub const PINS_MAX: usize = 16;

/// Bytes of the collector's address: what any HTTP stack takes.
pub const ENDPOINT_BYTES_MAX: usize = 2_048;
