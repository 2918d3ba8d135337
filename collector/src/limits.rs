//! Every cap of the collector, with its reason: `docs/operate.md` repeats this table.
//!
//! Owns: the numbers. Refuses: the code that applies them, and the limits inside a frame
//! (see [`nowait_wire::limits`]).
//! Invariant: no client, however it behaves, costs more memory, time or files than these allow.

use std::time::Duration;

/// Largest request body, in bytes: the largest frame there is.
pub const BODY_BYTES_MAX: usize = nowait_wire::limits::ENCODED_BYTES_MAX;

/// Bytes of bodies that are held at once, those on their way included. A body counts by what came of it: a thousand that bring
/// a byte each take a thousand bytes of this.
pub const BODIES_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Batches that are being decoded or wait for the store's word at once.
pub const INGEST_AT_ONCE_MAX: usize = 256;

/// Where there are several tenants, each may have one of so many parts of what all of them share: one that floods us leaves
/// the other half to the others.
pub const TENANT_PARTS: usize = 2;

/// Reports that are being computed at once: each takes a thread and a connection to the store. Of those that are read from rollups as
/// many at once as there are cores, less one for ingest.
pub const READS_AT_ONCE_MAX: usize = 4;

/// Threads that wait for the disk: one for each report, and some for the probes of readiness. A report gives its place back a moment
/// before its thread, so that those who hang up and come again would have more and more of them.
pub const BLOCKING_THREADS_MAX: usize = READS_AT_ONCE_MAX + 4;

/// Questions that are answered from batches at once: one takes every core and up to 200 MiB.
pub const DECODERS_MAX: usize = 1;

/// How often a question that waits for its turn looks whether anybody still waits for the answer.
pub const TURN_LOOK_EVERY: Duration = Duration::from_millis(5);

/// Reports that wait for their turn, are being computed or being sent; the next ones are told to come back.
pub const READS_WAITING_MAX: usize = 32;

/// How long a report may take, its wait included; the command line gives up at the same time.
pub const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// An answer is sent in pieces of so many bytes: the next one leaves memory when the one before has left us.
pub const ANSWER_PIECE_BYTES: usize = 64 * 1024;

/// How long a client may take to read a piece of an answer: 6 kB/s, as slow as a body may come.
pub const ANSWER_PIECE_TIMEOUT: Duration = Duration::from_secs(10);

/// Open connections. A phone keeps one for a second or two. When all are taken, a connection that waits for its client
/// makes room for the next one.
pub const CONNECTIONS_MAX: usize = 1024;

/// Connections that are always possible, however few files the process may open.
pub const CONNECTIONS_MIN: usize = 8;

/// Files that are not connections: the database, its log and its shared memory for the writer and for each report (19),
/// SQLite's temporary files (5), the runtime's and standard ones (12), and some air.
pub const FILES_RESERVED: usize = 40;

/// A peer (an address; of IPv6, a network of 64 bits) that has more than one of so many parts of the connections is the first
/// to make room. This machine is no peer: a proxy on it speaks for everybody.
pub const PEER_PARTS: usize = 8;

/// How long a connection or a body is safe from making room for another: a client on a slow network needs this long
/// to say anything.
pub const ROOM_AFTER: Duration = Duration::from_secs(1);

/// Largest head of a request, in bytes: twenty times what a device sends.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;

/// How long a client may take to send the head of its next request; an idle connection is closed after it.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a client may take to send a body: 256 KiB at 9 kB/s, the slowest uplink worth waiting for.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The time in which a body that is not yet whole has to grow by [`BODY_WINDOW_BYTES_MIN`].
pub const BODY_WINDOW: Duration = Duration::from_secs(5);

/// What a body has to grow by in each [`BODY_WINDOW`], in bytes: 1 KiB a second, a ninth of the slowest uplink.
pub const BODY_WINDOW_BYTES_MIN: usize = 5 * 1024;

/// How long one connection may live; a client that reads its answers too slowly is gone after it.
pub const CONNECTION_TIMEOUT: Duration = Duration::from_secs(600);

/// How long requests in flight may take to finish after a shutdown was asked for.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long work that was told to stop may take to do so after the drain, before the process ends without it.
pub const CUT_TIMEOUT: Duration = Duration::from_secs(2);

/// How old the word of the last commit may be before readiness asks for a new one, which writes a page.
pub const PROBE_AFTER: Duration = Duration::from_secs(10);

/// How long a commit may take until the store counts as not ready: the longest checkpoint of a slow disk.
pub const COMMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long readiness waits for a probe of the store: what asks gives up after some seconds.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// What a probe writes after a failure, in bytes: a largest body has room then.
pub const PROBE_BYTES: usize = BODY_BYTES_MAX;

/// How long an incident of a kind that was just told is only counted; it doubles with each line.
pub const LOG_QUIET_MIN: Duration = Duration::from_secs(1);

/// The longest time for which incidents of a kind are only counted. After as long without any, the next one is new.
pub const LOG_QUIET_MAX: Duration = Duration::from_secs(600);

/// Batches that wait for the writer; when it is full the answer is 503. A second of work at 100,000 events/s.
pub const QUEUE_BATCHES_MAX: usize = 256;

/// Batches of one transaction: enough to spread one fsync thin, few enough for an answer within a second.
pub const GROUP_BATCHES_MAX: usize = 256;

/// What `Retry-After` says when a queue or a share is full, in seconds: the queue is empty again by then.
pub const RETRY_AFTER_BUSY_S: u64 = 2;

/// What `Retry-After` says when the store failed, in seconds: a full disk takes a person to mend.
pub const RETRY_AFTER_FAILED_S: u64 = 60;

/// What `Retry-After` says when a device is newer than this collector, in seconds: an upgrade takes a working day,
/// and a device that asks every hour meanwhile costs nothing.
pub const RETRY_AFTER_UNSUPPORTED_S: u64 = 3_600;

/// A device whose wall clock differs from ours by less than this when it sends is taken to be right: the
/// difference is as likely the network's. Sentry's Relay draws the line at 55 s.
pub const SKEW_TOLERATED_MS: u64 = 60_000;

/// Events that claim to be older than this when they arrive come from a broken clock and count as arrived now;
/// no spool is kept that long.
pub const AGE_MAX_MS: u64 = 90 * 24 * 3_600_000;

/// The longest service report as a file, in bytes: what every mail program takes.
pub const SERVICE_BYTES_MAX: usize = 500_000;

/// Events of one session that are handed out at once, the latest: a day of a customer who uses the app all the time.
pub const SESSION_EVENTS_MAX: usize = 5_000;

/// Values of a field that stand apart when a touchpoint is split by it: what a table can show.
pub const VALUES_SPLIT_MAX: usize = 64;

/// Batches that are decoded for the longest waits of a touchpoint, the latest: a tenth of a second.
pub const LONGEST_BATCHES_MAX: usize = 2_000;

/// Batches that are looked through for these: where a filter means few, more would take longer than the figures do.
pub const LONGEST_ROWS_MAX: usize = 100_000;

/// Keys and tokens in one keys file: each request compares with all of them, in constant time.
pub const KEYS_MAX: usize = 256;

/// Longest form of the login page, in bytes: a token, where to go next, and their escapes with much to spare.
pub const LOGIN_BYTES_MAX: usize = 8 * 1024;

/// The longest body that says what is to be deleted: an id or a release, and whose.
pub const DELETION_BYTES_MAX: usize = 8 * 1024;

/// Longest address to which a browser goes on after it signed in, in bytes: every word of a question at its longest is rarer than
/// a browser that takes no more.
pub const NEXT_BYTES_MAX: usize = 2_000;

/// Browsers of a tenant that are signed in at once; then the one that was not used for longest has to sign in again. A bank's
/// product owners and testers, each with two.
pub const SIGN_INS_PER_TENANT_MAX: usize = 256;

/// How long a browser stays signed in without asking for anything: a forgotten one in a meeting room.
pub const SIGN_IN_IDLE_MAX: Duration = Duration::from_secs(30 * 60);

/// How long a browser stays signed in at most: a working day.
pub const SIGN_IN_LIFE_MAX: Duration = Duration::from_secs(12 * 3_600);

/// Wrong tokens in a row at the login page that a peer (see [`PEER_PARTS`]) is forgiven: a slip of the hand, not a list.
pub const LOGIN_PEER_FAILURES_MAX: u32 = 5;

/// After this time one wrong token of a peer is forgiven.
pub const LOGIN_PEER_FORGIVEN_AFTER: Duration = Duration::from_secs(30);

/// Wrong tokens in a row at the login page that all together are forgiven; behind a proxy all are one machine.
pub const LOGIN_FAILURES_MAX: u32 = 60;

/// After this time one wrong token of all together is forgiven.
pub const LOGIN_FORGIVEN_AFTER: Duration = Duration::from_secs(1);

/// Peers whose wrong tokens are remembered; then the one is forgotten that is forgiven next.
pub const LOGIN_PEERS_MAX: usize = 1_024;

/// The shortest flush interval that a remote configuration may ask for, in seconds: below it every batch is a few events,
/// and phones wake up for each.
pub const FLUSH_INTERVAL_MIN_S: u64 = 10;

/// The longest flush interval that a remote configuration may ask for, in seconds: a day. More is a slip of the unit.
pub const FLUSH_INTERVAL_MAX_S: u64 = 24 * 3_600;

/// Largest keys, budgets or remote configuration file that is read, in bytes.
pub const CONFIG_BYTES_MAX: u64 = 256 * 1024;

/// Largest answer of a collector that the command line reads, in bytes: thousands of touchpoints fit.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Files of benchmarks on one side of a comparison.
pub const LAB_FILES_MAX: usize = 1_000;

/// Largest file of a benchmark, in bytes: androidx's of a hundred benchmarks with 35 runs has 2 MB.
pub const LAB_FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Metrics of benchmarks on one side of a comparison.
pub const LAB_SERIES_MAX: usize = 10_000;

/// Values of benchmarks on one side of a comparison: 16 MB.
pub const LAB_VALUES_MAX: usize = 1_000_000;

/// Comparisons that are kept for whoever asks again: a page, its reload and the forms of a merge request. One with as many
/// touchpoints as are listed takes some 2 MB.
pub const COMPARISONS_KEPT_MAX: usize = 8;

/// Connections for reading that the store keeps open between reports.
pub const READERS_KEPT_MAX: usize = READS_AT_ONCE_MAX;

/// Exits of one batch that are looked at: a session dies once, and twice only where a power cut took back that it had been told.
pub const EXITS_PER_BATCH_MAX: usize = 2;

/// The longest span that can be asked for in hours: a hundred years.
pub const HOURS_MAX: u64 = 876_600;

/// Longest word of a question, in bytes: a dimension's key and value, as long as a batch can hold them, and the sign between.
pub const WORD_BYTES_MAX: usize = 2 * nowait_wire::limits::TEXT_BYTES_MAX + 1;

/// Known names that an error offers instead of one that is not known: one of three is what was meant, or none.
pub const NEAREST_MAX: usize = 3;

/// Known names among which the nearest are looked for: a tenth of a second of comparing texts, and more releases than a
/// store keeps apart.
pub const NEAREST_AMONG_MAX: usize = 20_000;

/// Tenants that are listed to somebody who named none.
pub const TENANTS_LISTED_MAX: usize = 10;

/// Rows of one table of the page. A bank's app has some hundred screens, and the JSON lists more.
pub const PAGE_ROWS_MAX: usize = 200;

/// Touchpoints of the page that are broken down by release and system: the ones that matter most.
pub const PAGE_BROKEN_DOWN_MAX: usize = 20;

/// Releases or systems below one touchpoint of the page: as many as a report lists, with the row of all before them.
pub const PAGE_SLICES_MAX: usize = nowait_report::limits::VERSIONS_LISTED_MAX + 1;

/// Releases that the page's form offers to choose from; with more, one is written.
pub const PAGE_CHOICES_MAX: usize = 100;

/// Names of one kind each that a tenant keeps apart; what comes beyond them is counted under one name. An app has some
/// hundred, and a build that writes numbers into its names is found out by this many.
pub const SERIES_PER_TENANT_MAX: usize = 10_000;

/// Releases, by operating system, that a tenant keeps apart; what comes beyond them is counted as one. Ten years of two a
/// month on two systems.
pub const RELEASES_PER_TENANT_MAX: usize = 500;

/// Tiers, networks, countries and values of dimensions of a tenant that have rollups of their own; a question about another one is
/// answered from batches. A bank has some 20, and a dimension that numbers its customers is found out by this many.
pub const SEGMENTS_PER_TENANT_MAX: usize = 64;

/// Sessions of a release that a comparison looks at one by one: how much waits of one session are alike is known to 3 % from so many.
pub const SESSIONS_SAMPLED: usize = 2_000;

/// Sessions of a release that a comparison with a filter goes through to find so many that are meant.
pub const SESSIONS_LOOKED_AT_MAX: usize = 20_000;

/// Names of a tenant beyond which its segments have no rollups: each name has a cell in each of them. Ten times what an app has.
pub const SEGMENT_SERIES_MAX: usize = 2_000;

/// How long the waits of a batch may wait for the rollups of segments: a question about one reads what they lack from batches.
pub const SEGMENTS_AFTER: Duration = Duration::from_secs(60);

/// Events whose waits are not yet in the rollups of segments: a question about one reads them from their batches, 0.5 s.
pub const SEGMENTS_EVENTS_MAX: usize = 2_000_000;

/// Memory for waits that are not yet in the rollups of segments, in bytes.
pub const SEGMENTS_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Rollup cells of a tenant in one hour, day or month, and cells of a question that is answered from its batches; from then on
/// names are kept apart and releases are not. A report reads some months of them within 0.2 s.
pub const CELLS_PER_PERIOD_MAX: usize = 20_000;

/// Groups of abnormal exits of a tenant in one hour, day or month; from then on the last breadcrumb is left out of them.
pub const EXIT_GROUPS_PER_PERIOD_MAX: usize = 2_000;

/// Events that are stored and not yet in a rollup: a report reads them from their batches, 50 ms. They are as many only where some
/// hundred thousand come each second.
pub const UNFOLDED_EVENTS_MAX: usize = 500_000;

/// Memory for cells that are stored and not yet in a rollup, in bytes: some 40,000 names that were seen once, or a second of an honest
/// fleet with much to spare. The writer makes rollups of them then, with two copies of them; a report takes as many from the log,
/// which leaves it the other half of its 64 MiB, and says how many events it left out.
pub const UNFOLDED_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The write-ahead log is emptied from this size on, in bytes, although somebody reads: four times what it takes where nobody
/// does, so that few commits wait for it.
pub const WAL_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// How long the writer holds still for those who read from the write-ahead log, so that it can be emptied: two reports
/// of everything, one after the other, where too few cores are shared by four. Batches that come meanwhile wait as long.
pub const WAL_WAIT: Duration = Duration::from_secs(2);

/// How long the writer leaves a log alone that it could not empty: a read that stays costs a tenth of the writer's time.
pub const WAL_AGAIN_AFTER: Duration = Duration::from_secs(20);

/// How long a batch waits for the rollups at least: what comes meanwhile changes the same rows.
pub const UNFOLDED_AFTER: Duration = Duration::from_secs(1);

/// How many times as long as its last write of rollups the writer waits with the next one: they take a fifth of its time at most,
/// as long as less than [`UNFOLDED_EVENTS_MAX`] come meanwhile.
pub const UNFOLDED_PARTS: u32 = 4;

/// Batches of one step of catching up, at most [`UNFOLDED_EVENTS_MAX`] events: the bound of its memory.
pub const UNFOLDED_BATCHES_MAX: usize = 4_096;

/// How long the writer waits after the rollups could not be written, doubled each time up to this.
pub const FOLD_AGAIN_AFTER_MAX: Duration = Duration::from_secs(60);

/// The largest count of one session that is believed: a thousand events a second for eleven days.
pub const COUNT_PLAUSIBLE_MAX: u64 = 1_000_000_000;

/// The largest cost of one session that is believed, in nanoseconds or bytes: eleven days of one core.
pub const COST_PLAUSIBLE_MAX: u64 = 1_000_000_000_000_000;

/// Events that no rollup has yet and that a report reads from their batches, unless their cells take more than
/// [`UNFOLDED_BYTES_MAX`]; the others are said to be missing. More than this lie there only while a store is brought up to date,
/// or where its rollups cannot be written.
pub const UNFOLDED_READ_MAX: usize = 4 * UNFOLDED_EVENTS_MAX;

/// Exits of all releases, the latest, among which a report of one release looks for those that it lists.
pub const EXITS_LOOKED_AT_MAX: usize = 10_000;

/// Threads that decode the batches of one question.
pub const SLICE_THREADS_MAX: usize = 8;

/// The shortest time for which anything may be kept, in milliseconds: a day. A device whose receipt was lost sends again within
/// hours, and its batch is known for as long as it is kept.
pub const KEEP_MIN_MS: u64 = 24 * 3_600_000;

/// How often the writer looks for what is older than it is kept.
pub const UPKEEP_EVERY: Duration = Duration::from_secs(600);

/// The pause between two bites of removing: batches that wait meanwhile come first, and 10,000 rows go in a second.
pub const BITE_PAUSE: Duration = Duration::from_millis(10);

/// Rows that one bite removes: 2 ms without optimisation, about what a commit of batches takes.
pub const BITE_ROWS_MAX: usize = 128;

/// Pages that one bite gives back to the disk: half a megabyte.
pub const BITE_PAGES_MAX: u32 = 64;

/// Free pages are given back where they are more than one of so many parts of the file; fewer take the next batches.
pub const FREE_PARTS: i64 = 16;

/// Damaged rows that one examination names and one mending sets apart; the others are counted, and found again by the next.
pub const DAMAGED_MAX: usize = 10_000;

/// Damaged rows that are printed, and words of SQLite about its file: the first ones tell what kind of damage it is.
pub const DAMAGED_SHOWN_MAX: usize = 50;

/// Pages of a report's sections that can be asked for: as many as a tenant can have names.
pub const PAGES_MAX: usize = SERIES_PER_TENANT_MAX / nowait_report::limits::ROWS_LISTED;

/// The longest id of a request of `POST /v1/steps`, in bytes: a UUID, or a branch, a day and a ticket.
pub const STEP_ID_BYTES_MAX: usize = 64;

/// The longest name of a channel, in bytes: `call_centre`, and some air.
pub const CHANNEL_BYTES_MAX: usize = 32;

/// Steps of one request: a visit to a branch has a handful.
pub const STEPS_MAX: usize = 64;

/// How often one step can be suspended: a customer who is sent away for a paper comes back once or twice.
pub const SUSPENSIONS_MAX: usize = 16;

/// Events of a session that a journey, or what its ratings are of, is read from. A long day of a customer has some thousand.
pub const SESSION_EVENTS_READ_MAX: usize = 20_000;

/// Largest file of reviews, in bytes: [`FEEDBACK_ROWS_MAX`] of them with three hundred bytes each. It is in memory at once.
pub const FEEDBACK_FILE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Reviews of one file: one transaction takes them all, and batches wait for it meanwhile, a second.
pub const FEEDBACK_ROWS_MAX: usize = 200_000;

/// Columns of a file of reviews: exports of stores and call centres have some thirty.
pub const FEEDBACK_COLUMNS_MAX: usize = 256;

/// The longest text of a review, in bytes: five thousand Chinese characters, longer than any store takes; the note of a long call.
pub const FEEDBACK_TEXT_BYTES_MAX: usize = 16 * 1024;

/// The longest version, channel or product of a review, in bytes: as long as a batch may write its version.
pub const FEEDBACK_FIELD_BYTES_MAX: usize = nowait_wire::limits::TEXT_BYTES_MAX;

/// Reviews of a tenant that are known again, in the days that are kept: 200 MB. A bank has some ten thousand a month.
pub const FEEDBACK_ROWS_PER_TENANT_MAX: u64 = 5_000_000;

/// Counts of reviews of a tenant in one day; from then on products, releases and channels are counted together. A day has some hundred:
/// some releases and channels, each by twenty touchpoints and indicators.
pub const FEEDBACK_CELLS_PER_DAY_MAX: usize = 5_000;

/// Texts of reviews of a tenant that are kept, where they are asked for: more than anybody reads, 50 MB.
pub const FEEDBACK_TEXTS_MAX: u64 = 100_000;

/// The latest sessions of a tenant that are looked through for who reports: those of two weeks of a bank with 70,000 a day. Of a
/// larger one the longer spans are not told.
pub const SESSIONS_COUNTED_MAX: usize = 1_000_000;
