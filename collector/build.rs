//! Says when the page has to be embedded again.

fn main() {
    // Where `make web` was not run it is not there, and the collector shows its plain page.
    println!("cargo::rerun-if-changed=web/dist");
}
