//! The on-device engine of NoWait: raw signals in, sealed batches out.

pub mod tracker;
