//! Batches on their way to a collector that runs.
//!
//! Owns: one exchange. Refuses: what a batch is. Invariant: an answer that did not come is no receipt.
#![allow(dead_code)]

use crate::running::Server;
use nowait_wire::{CONTENT_TYPE, Receipt};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

impl Server {
    /// Sends a batch on a connection of its own; `None` if the server went away meanwhile.
    pub(crate) fn send(&self, frame: &[u8]) -> Option<Receipt> {
        self.post("/v1/batches", CONTENT_TYPE, frame)
    }

    /// The same of what another channel tells.
    pub(crate) fn tell(&self, steps: &str) -> Option<Receipt> {
        self.post("/v1/steps", "application/json", steps.as_bytes())
    }

    fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Option<Receipt> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: {content_type}\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            self.address,
            self.key,
            body.len()
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split("\r\n\r\n").nth(1)?).ok()
    }
}
