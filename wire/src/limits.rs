//! Every cap of the wire, with its reason: `docs/wire.md` repeats this table.
//!
//! Owns: the numbers. Refuses: enforcing them, which [`crate::encode`] and [`crate::decode`] do alike.
//! Invariant: whatever `encode` accepts, `decode` accepts.

/// Largest frame, in bytes: a phone on a slow uplink (64 kB/s) is done in 4 s, and the collector can
/// hold thousands of bodies at once.
pub const ENCODED_BYTES_MAX: usize = 256 * 1024;

/// Largest body after inflating, in bytes; a decoder allocates this much and no more for it.
pub const INFLATED_BYTES_MAX: usize = 1024 * 1024;

/// Most events of one batch: 512 KiB of ring slots, well above the 500 of a usual session.
pub const EVENTS_MAX: usize = 8192;

/// Most names of one batch, the reserved ones included: as many as a device's own table holds.
pub const NAMES_MAX: usize = 4096;

/// Longest name, in UTF-8 bytes: a route template or a screen class fits.
pub const NAME_BYTES_MAX: usize = 128;

/// Longest text of the context (versions, model, country, dimension keys and values), in UTF-8 bytes.
pub const TEXT_BYTES_MAX: usize = 128;

/// Most dimensions of one batch (design: at most 8 keys an app may declare).
pub const DIMENSIONS_MAX: usize = 8;

/// Most anchors of one batch: a batch spans seldom more than a few sleeps, and each anchor costs some eight bytes.
pub const ANCHORS_MAX: usize = 16;
