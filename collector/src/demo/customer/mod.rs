//! One customer: a process of its own with NoWait inside.
//!
//! Owns: how the process starts, lives through a session and ends. Refuses: to know of other customers.
//! Invariant: whatever it does to NoWait goes through the public interface of `nowait_core`.

mod app;
pub(super) mod note;
mod walk;

use super::random::Random;
use super::{http, part};
use crate::Error;
use crate::cli::Finding;
use app::{App, Bank};
use note::{Note, Orders};
use nowait_core::{Build, Config, Consent, Fact, NOW, NoWait};
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;

/// How long a session that ends may take to send what it has.
const END: Duration = Duration::from_secs(3);
/// How long a start in the background may try to deliver what is left.
const DELIVERY: Duration = Duration::from_secs(30);

/// What the fleet decides for one run of one customer's app.
#[derive(Clone, Debug, clap::Args)]
pub struct CustomerArgs {
    /// The sample bank
    #[arg(long)]
    pub(super) bank: String,
    /// The collector, or the gate in front of it
    #[arg(long)]
    pub(super) collector: String,
    /// The app key
    #[arg(long)]
    pub(super) app_key: String,
    /// NoWait's folder of this installation
    #[arg(long)]
    pub(super) folder: PathBuf,
    /// The app's release
    #[arg(long)]
    pub(super) app_version: String,
    /// What this run draws its numbers from
    #[arg(long)]
    pub(super) seed: u64,
    /// When the process was started, on the uptime clock
    #[arg(long)]
    pub(super) started_uptime_ns: u64,
    /// How long the customer stays, in seconds; 0 delivers what earlier runs left and ends
    #[arg(long)]
    pub(super) seconds: f64,
    /// The disk is full: no file can be written
    #[arg(long)]
    pub(super) full_disk: bool,
    /// The customer is asked for consent in the middle of this run, and agrees
    #[arg(long)]
    pub(super) asks_consent: bool,
}

/// Lives one run of a customer's app.
///
/// # Errors
/// [`Error`] if the process could not become what it should be; nothing of it depends on the collector.
pub fn run(args: &CustomerArgs) -> Result<Finding, Error> {
    part::end_with_parent()?;
    let failed = |error: std::io::Error| Error::io(format!("the customer's process: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    if args.full_disk {
        let _guard = runtime.enter();
        part::fill_disk()?;
    }
    let orders = Orders::follow().map_err(failed)?;
    let config = Config {
        consent: if args.asks_consent { Consent::Pending } else { Consent::Granted },
        dimensions: vec![("segment".to_owned(), segment(args.seed).to_owned())],
        ..Config::new(&args.collector, &args.app_key, Build::new(&args.app_version, "1"), &args.folder)
    };
    let nowait =
        NoWait::start(config).map_err(|error| Error::io(format!("NoWait does not start: {error}")))?;
    let visible = args.seconds > 0.0;
    nowait.append(Fact::ProcessStarted { at: args.started_uptime_ns, visible });
    let note = Note::new(nowait);
    if !visible {
        note.end(deliver(nowait));
        return Ok(Finding::Fine);
    }
    let bank = Bank { client: http::client()?, url: args.bank.clone(), version: args.app_version.clone() };
    let app = App::new(nowait, Random::new(args.seed, 0), note, orders, bank);
    let app = runtime.block_on(live(app, args))?;
    app.into_note().end(nowait.shutdown(END).batches_left);
    Ok(Finding::Fine)
}

/// Which customers these are: one in four is served by a banker of their own.
fn segment(seed: u64) -> &'static str {
    if seed.is_multiple_of(4) { "private" } else { "retail" }
}

/// From the first frame until the customer puts the phone away.
async fn live(mut app: App, args: &CustomerArgs) -> Result<App, Error> {
    app.watch().map_err(|error| Error::io(format!("the customer's watchdog: {error}")))?;
    app.tell(Fact::Foreground { at: NOW, restored: false });
    let until = Instant::now() + Duration::from_secs_f64(args.seconds);
    if args.asks_consent {
        let half = Instant::now() + Duration::from_secs_f64(args.seconds / 2.0);
        walk::walk(&mut app, &args.app_version, half).await;
        app.nowait.consent(Consent::Granted);
    }
    walk::walk(&mut app, &args.app_version, until).await;
    app.leave();
    Ok(app)
}

/// Delivers what is left; how many batches could not be.
fn deliver(nowait: NoWait) -> usize {
    let until = Instant::now() + DELIVERY;
    while !nowait.flush(END).complete && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(200));
    }
    nowait.shutdown(END).batches_left
}
