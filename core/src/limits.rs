//! Every cap of the device engine, with its reason.
//!
//! Owns: numbers. Refuses: behaviour; the module that enforces a cap names it from here.
//! Invariant: no queue, file, string or list of this crate grows beyond a number on this page.
//!
//! Under a model checker the recorder is small, so that a few facts make it full.

use std::time::Duration;

/// Facts the ring holds before it refuses: 256 KiB. The worker is woken at every half: 17 s of frames at 120 Hz, and as much
/// room again for what comes while it is at an exchange with the collector. A power of two.
pub const RING_SLOTS: usize = if cfg!(shuttle) { 8 } else { 4_096 };

/// Events that wait in the recorder's file for their batch: 64 KiB, two batches, so that one can be sealed while the next fills.
pub const EVENT_SLOTS: usize = if cfg!(shuttle) { 16 } else { 1_024 };

/// Most events that one fact can make: a trip to the background ends every wait that the tables hold (asserted in `fold`).
pub const EVENTS_PER_FACT_MAX: u64 = if cfg!(shuttle) { 6 } else { 192 };

/// Facts folded between two checkpoints: half a millisecond of work, beside which a checkpoint of 20 µs does not count.
pub const FACTS_PER_CHECKPOINT_MAX: u64 = 1_024;

/// Bytes of a checkpoint: the fullest state of all trackers, every wait open, and the fullest trail (asserted in
/// `fold::checkpoint`).
pub const CHECKPOINT_BYTES_MAX: usize = if cfg!(shuttle) { 4 } else { 24 } * 1_024;

/// Bytes of the note of the batch that is about to be made: all anchors, the whole ledger.
pub const INTENT_BYTES_MAX: usize = 1_024;

/// Breadcrumbs kept for an exit: what a developer reads before a crash is the last screenful or two.
pub const CRUMBS_MAX: usize = 128;

/// Difference of two clocks that is worth an anchor of its own, in milliseconds: a sleep, or a wall clock that was moved, not
/// one that is slewed. Events are placed this exactly.
pub const ANCHOR_DRIFT_MS: u64 = 1_000;

/// How far ahead of the last fact an event that the app measured itself may begin: longer than any sleep of the worker.
/// Beyond it, its time is from another clock.
pub const MEASURED_AHEAD_NS_MAX: u64 = 24 * 3_600 * 1_000_000_000;

/// Facts that wait in memory until the recorder's file is mapped: before a start, and some milliseconds of it. A power
/// of two.
pub const EARLY_FACTS_MAX: usize = if cfg!(shuttle) { 8 } else { 256 };

/// Sessions of one process. A customer who refuses and agrees again begins a new one, and its memory stays mapped as long as
/// the process lives; who changes their mind more often is recorded again from the next start on.
pub const SESSIONS_MAX: usize = 4;

/// One call in so many is timed: two clock readings of 30 ns then cost a quarter of a nanosecond a call.
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

/// Dimensions an app may declare: what a bank slices by fits, and each multiplies what a report can ask for.
pub const DIMENSIONS_MAX: usize = 8;

/// Events in one batch: a usual session, some 2.5 KiB sealed. Larger ones save little on the wire, and what sealing
/// takes from the heap for a moment, the C library keeps for good.
pub const BATCH_EVENTS_MAX: usize = if cfg!(shuttle) { 4 } else { 512 };

/// Times a producer tries to reserve a slot before it refuses: every failed try means that another thread
/// succeeded, so 64 in a row is a stampede no phone has the cores for; the work stays bounded.
pub const RESERVE_TRIES_MAX: usize = 64;

/// Words of the file that all processes of the app share: a page of every device, and far more than is used.
pub const SHARED_WORDS: usize = if cfg!(any(loom, shuttle)) { 16 } else { 512 };

/// Starts in a row that may die in the same version of the app before it goes without NoWait: after the first one the
/// remote configuration is gone, so the second one is ours.
pub const STARTS_FAILED_MAX: u8 = 2;

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

/// Locks of files that a forked child lets go of: the recorder's, one for each dead recorder that is read, and some of
/// a moment (start, upload).
pub const LOCKS_MAX: usize = RECOVER_FILES_MAX + 8;

/// Files in the quarantine: enough to study, not enough to matter.
pub const QUARANTINE_FILES_MAX: usize = 4;

/// Most that a counter of a dead session can say and be believed: 10,000 a second for ten years.
pub const COUNTER_MAX: u64 = 1 << 42;

/// Attempts to read a dead process's ring before it is put into quarantine.
pub const RECOVER_ATTEMPTS_MAX: u64 = 3;

/// Dead rings read at one start, so that a crash loop cannot make starts slower and slower.
pub const RECOVER_FILES_MAX: usize = 16;

/// Ends of processes that the system tells and that are looked at: Android remembers 16 of an app.
pub const SYSTEM_EXITS_MAX: usize = 32;

/// How long before a dead session's last sign of life the system may say that it ended, in milliseconds: both are told by the wall
/// clock, which is slewed between two anchors (see [`ANCHOR_DRIFT_MS`]).
pub const ENDED_EARLY_MS_MAX: u64 = 5_000;

/// The pause between two exchanges while there is a backlog: it is drained politely.
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

/// How soon the worker looks again at what another process of the app, or a thread that is parked in the middle of a fact,
/// is busy with, while somebody waits for a flush: nobody notices so much, and twenty looks a second are bearable for
/// as long as an exchange may take.
pub const BUSY_PAUSE: Duration = Duration::from_millis(50);

/// How soon a start tries again to read the file that its processes share: until then nothing is recorded into files, and
/// a disk that fails for a moment should not cost more than a minute.
pub const UNREADABLE_PAUSE: Duration = Duration::from_secs(60);

/// How often a NoWait that the collector switched off asks whether it is on again.
pub const PROBE_INTERVAL: Duration = Duration::from_secs(24 * 3_600);

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
