//! Aligns the segments of the shared library to 16 KiB, as phones with such pages demand (Android 15 and later).
//! On Linux too, so that the alignment of what CI builds can be checked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if let Ok("android" | "linux") = std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,max-page-size=16384");
    }
}
