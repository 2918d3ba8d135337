//! The breadcrumb trail that most bank apps have today.
//!
//! Owns: one client without a server. Refuses: sending. Invariant: a crumb has a category and a message, and
//! nothing more: less would be no crumb, more would cost the peer more.

use crate::harness::Contestant;
use sentry_core::{Breadcrumb, Client, ClientOptions, Envelope, Hub, Transport, protocol};
use std::error::Error;
use std::sync::Arc;

/// Takes envelopes and forgets them.
struct Nowhere;

impl Transport for Nowhere {
    fn send_envelope(&self, _: Envelope) {}
}

/// A breadcrumb of Sentry.
pub(super) struct Sentry;

impl Sentry {
    pub(super) fn new() -> Result<Sentry, Box<dyn Error>> {
        // Without an address and a transport the client counts as switched off and keeps no crumb.
        let options = ClientOptions::new().dsn("https://key@localhost/1").transport(Arc::new(Nowhere));
        Hub::main().bind_client(Some(Arc::new(Client::with_options(options))));
        let sentry = Sentry;
        sentry.run(0, 1);
        let event = sentry_core::configure_scope(|scope| scope.apply_to_event(protocol::Event::default()));
        match event {
            Some(event) if event.breadcrumbs.len() == 1 => Ok(sentry),
            _ => Err("Sentry's scope keeps no breadcrumbs".into()),
        }
    }
}

impl Contestant for Sentry {
    fn name(&self) -> &'static str {
        "Sentry breadcrumb"
    }
    fn crate_name(&self) -> &'static str {
        "sentry-core"
    }
    fn leaves(&self) -> &'static str {
        "the last 100 in the thread's memory"
    }
    fn clock_reads(&self) -> usize {
        1
    }
    fn run(&self, _thread: usize, ops: usize) {
        for _ in 0..ops {
            sentry_core::add_breadcrumb(Breadcrumb {
                category: Some("ui.tap".into()),
                message: Some("Pay.Confirm".into()),
                ..Breadcrumb::default()
            });
        }
    }
}
