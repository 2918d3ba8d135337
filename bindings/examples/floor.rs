//! A library that does nothing but catch a panic: what Rust's standard library alone takes in an app (`scripts/android-sizes`).
//!
//! Owns: one function of C that may panic. Refuses: anything of NoWait.
//! Why unsafe: the name of a function that others link against is unsafe to give.
#![allow(unsafe_code)]

/// What `number` divided by `by` is; 0 if that panics.
// SAFETY: no other library that is linked with this one has a function of that name.
#[unsafe(no_mangle)]
pub extern "C" fn floor(number: u32, by: u32) -> u32 {
    std::panic::catch_unwind(|| number / by).unwrap_or_default()
}
