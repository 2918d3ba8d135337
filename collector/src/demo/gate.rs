//! The network of one customer: a gate on 127.0.0.1 in front of the collector that can be shut.
//!
//! Owns: one listener, its connections, and how many bytes go in. Refuses: to read what passes.
//! Invariant: while the gate is shut nothing passes, and what was passing is cut.

use crate::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A gate, open at first. It stands as long as its runtime.
#[derive(Debug)]
pub(super) struct Gate {
    address: SocketAddr,
    open: watch::Sender<bool>,
}

impl Gate {
    /// A gate in front of `to`, which adds what goes in to `sent_bytes`.
    ///
    /// # Errors
    /// [`Error`] if there is no port.
    pub(super) async fn start(to: SocketAddr, sent_bytes: &Arc<AtomicU64>) -> Result<Gate, Error> {
        let failed = |error| Error::io(format!("no port on 127.0.0.1 for a customer's network: {error}"));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (open, is_open) = watch::channel(true);
        let sent_bytes = Arc::clone(sent_bytes);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(pass(connection, to, is_open.clone(), Arc::clone(&sent_bytes)));
            }
        });
        Ok(Gate { address, open })
    }

    /// Where customers find it.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens or shuts it.
    pub(super) fn set_open(&self, open: bool) {
        self.open.send_replace(open);
    }

    /// Whether it is shut, now and as it changes.
    pub(super) fn watch(&self) -> watch::Receiver<bool> {
        self.open.subscribe()
    }
}

async fn pass(
    mut near: TcpStream,
    to: SocketAddr,
    mut is_open: watch::Receiver<bool>,
    sent_bytes: Arc<AtomicU64>,
) {
    if !*is_open.borrow() {
        return;
    }
    let Ok(mut far) = TcpStream::connect(to).await else { return };
    let (mut near_in, mut near_out) = near.split();
    let (mut far_in, mut far_out) = far.split();
    let there = async {
        let mut buffer = [0; 8_192];
        loop {
            let read = near_in.read(&mut buffer).await?;
            let Some(sent) = buffer.get(..read).filter(|sent| !sent.is_empty()) else {
                return far_out.shutdown().await;
            };
            // Relaxed: a sum that is read after the day.
            sent_bytes.fetch_add(read as u64, Ordering::Relaxed);
            far_out.write_all(sent).await?;
        }
    };
    let back = async {
        tokio::io::copy(&mut far_in, &mut near_out).await?;
        near_out.shutdown().await
    };
    tokio::select! {
        // A broken connection is what a gate is for: nobody needs to know how it broke.
        _ = async { tokio::try_join!(there, back) } => {}
        _ = is_open.wait_for(|open| !open) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[tokio::test]
    async fn a_shut_gate_cuts_what_passes_and_lets_nothing_in() {
        let echo = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let to = echo.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = echo.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut back) = connection.split();
                    tokio::io::copy(&mut from, &mut back).await
                });
            }
        });
        let sent_bytes = Arc::default();
        let gate = Gate::start(to, &sent_bytes).await.unwrap();
        let mut byte = [7];
        let mut open = TcpStream::connect(gate.address()).await.unwrap();
        open.write_all(&byte).await.unwrap();
        open.read_exact(&mut byte).await.unwrap();
        gate.set_open(false);
        assert!(open.read_exact(&mut byte).await.is_err());
        let mut shut = TcpStream::connect(gate.address()).await.unwrap();
        // The write may still find room; no answer ever comes.
        let _ = shut.write_all(&byte).await;
        assert!(shut.read_exact(&mut byte).await.is_err());
        assert_eq!(sent_bytes.load(Ordering::Relaxed), 1, "what never went in is not counted");
    }
}
