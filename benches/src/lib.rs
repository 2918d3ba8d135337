//! What both benchmarks need: `nowait-benches` (the recorder beside its peers) and `nowait-bench-store` (the collector's store).
//!
//! They are two programs, as each measures with the allocator of what it measures.

pub mod machine;
pub mod used;
