//! The fold: what the worker makes of the recorded facts.
//!
//! Owns: the trackers. Refuses: clocks, storage, the network.
//! Invariant: the events are a function of the facts and of their order, and of nothing else.

pub mod trackers;
