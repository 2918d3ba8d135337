//! Channels: where a customer is served, in the app, a branch, a call centre or on the web.
//!
//! Owns: the dimension of a batch that says it. Refuses: which channels there are; a bank has its own.
//! Invariant: every batch is of one channel; one that does not say which is the app's.

use nowait_wire::Context;

/// The key of the dimension.
pub const CHANNEL: &str = "channel";

/// The channel of batches without that dimension, which devices send.
pub const CHANNEL_OF_APP: &str = "app";

/// The channel of a batch with this context.
#[must_use]
pub fn channel_of(context: &Context) -> &str {
    let told = context.dimensions.iter().find(|(key, _)| key == CHANNEL);
    told.map_or(CHANNEL_OF_APP, |(_, channel)| channel)
}
