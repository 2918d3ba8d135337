//! A collector that runs as people run it.
//!
//! Owns: starting `nowait serve`, and its end with the test. Refuses: talking to it (see `sending`).
//! Invariant: when it is there it listens, and its process ends with it.
#![allow(dead_code)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The binary.
pub(crate) const NOWAIT: &str = env!("CARGO_BIN_EXE_nowait");

/// A running collector; killed when the test ends however it ends.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: String,
    /// The first key of the file in its folder.
    pub(crate) key: String,
}

impl Server {
    /// By a command that runs the binary with the words that are added to it, these options among them.
    pub(crate) fn start(mut command: Command, folder: &Path, more: &[&str]) -> Server {
        // What tests send is of March 2026, and older than anything is kept by default.
        command.args(["serve", "--keep", "batches=forever,hours=forever,days=forever"]);
        command.args(["--listen", "127.0.0.1:0", "--data"]).arg(folder).args(more);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let address = first.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        let page = lines.next().unwrap().unwrap();
        assert!(page.contains(&format!("http://{address}/")), "{page}");
        let keys = std::fs::read_to_string(folder.join("keys.toml")).unwrap();
        let key = keys.split("key = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        Server { child, address, key }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
