//! A bank day on one machine: `nowait demo`.
//!
//! Real processes of customers ask a real, slow sample bank, NoWait measures them, a real `nowait serve` takes what
//! they deliver, and the day ends with the collector's report beside the truth that the bank wrote down.
//!
//! Owns: the order of the day. Refuses: figures of its own: every latency was measured by the SDK on work that
//! happened. Invariant: nothing runs on after the demo, however it ends.

mod audit;
mod bank;
mod branch;
mod counts;
mod customer;
mod day;
mod fleet;
mod gate;
mod guest;
mod http;
mod part;
mod pictures;
mod plan;
mod process;
mod random;
mod said;
mod truth;

pub use customer::{CustomerArgs, run as customer};
pub use day::{Asked, DAY_VERSION, DayLedger, DayReport, Processes, Traffic};
pub use guest::{Both, Guests};
pub use part::{ServeArgs, serve};
pub use truth::{Sides, Truth, TruthTable};

use crate::Error;
use crate::cli::Finding;
use bank::SLOW_VERSION;
use nowait_report::{Comparison, Report};
use plan::BASE_VERSION;
use process::{Collector, World};
use serde::de::DeserializeOwned;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How long the collector may take to answer with a report.
const REPORT_TIMEOUT: Duration = Duration::from_secs(60);

const EXAMPLES: &str = "Examples:
  nowait demo
  nowait demo --customers 4 --seconds 20 --seed 7

The figures are also in DIR/report.json (docs/demo.md). A slower release is what the day is about and no error.";

/// The options of `nowait demo`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// Installations of the app, each used by one customer
    #[arg(long, value_name = "N", default_value_t = 36, value_parser = clap::value_parser!(u32).range(1..=500))]
    customers: u32,
    /// How long the day is
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(5..=86_400))]
    seconds: u32,
    /// What everything that is random is drawn from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Where everything is kept; what an earlier demo left there is removed
    #[arg(long, value_name = "DIR", default_value = "target/demo")]
    out: PathBuf,
    /// A program in another language that walks through the same bank after the day; it finds NOWAIT_BANK,
    /// NOWAIT_COLLECTOR and NOWAIT_APP_KEY in its environment. May be given more than once
    #[arg(long, value_name = "COMMAND")]
    guest: Vec<String>,
    /// A program that takes pictures of the pages after the day; it finds NOWAIT_PAGE and NOWAIT_PICTURES, the folder for
    /// them, in its environment
    #[arg(long, value_name = "COMMAND")]
    pictures: Option<String>,
    /// Leave the collector and its page up until Ctrl-C [default: if somebody sits at a terminal]
    #[arg(long)]
    keep_serving: bool,
}

/// Lives through a day and reports it.
///
/// # Errors
/// [`Error`] if the day could not be lived through, was broken off, or did not go as it must: the ledger does not
/// balance, something acknowledged is lost, or report and truth differ by more than 2 %.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let failed = |error: std::io::Error| Error::io(format!("no runtime: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let ended = runtime.block_on(show(args));
    // Whoever is still alive after a day that broke off is killed with the runtime.
    drop(runtime);
    part::wait_for_children();
    ended
}

async fn show(args: &Args) -> Result<Finding, Error> {
    let mut interrupted = std::pin::pin!(interrupted()?);
    let lived = tokio::select! {
        biased;
        () = &mut interrupted => return Err(broken_off()),
        lived = live(args) => lived?,
    };
    let (day, collector) = lived;
    say(&day.text())?;
    let folder = args.out.join("store");
    let page = format!("http://{}/", collector.address);
    let json = args.out.join("report.json");
    let service = args.out.join("service.html");
    say(&format!("The same as a file: {}; a page to send by mail: {}\n", json.display(), service.display()))?;
    if let Some(command) = &args.pictures {
        note("pictures of the pages");
        let taken = tokio::select! {
            biased;
            () = &mut interrupted => return Err(broken_off()),
            taken = pictures::take(command, collector.address, &args.out) => taken?,
        };
        say(&format!("{taken}\n"))?;
    }
    let at_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if args.keep_serving || at_terminal {
        say(&format!("Open the page: {page} (Ctrl-C ends it)\n"))?;
        interrupted.await;
    }
    collector.stop().await?;
    say(&format!(
        "Open the page again: nowait serve --data {}, then http://127.0.0.1:4600/\n",
        folder.display()
    ))?;
    match day.problems.len() {
        0 => Ok(Finding::Fine),
        problems => {
            Err(Error::no_data(format!("the day did not go as it must: {problems} problems, named above")))
        }
    }
}

/// The day, and the collector that still runs.
async fn live(args: &Args) -> Result<(DayReport, Collector), Error> {
    prepare(&args.out)?;
    let program =
        std::env::current_exe().map_err(|error| Error::io(format!("this program's file: {error}")))?;
    let data = args.out.join("store");
    let app_key = app_key(&data)?;
    let truth = args.out.join("truth.jsonl");
    let bank = bank::start(args.seed, &truth)?;
    let collector = Collector::start(&program, &data, &args.out.join("collector.log")).await?;
    note(&format!(
        "collector http://{}/   sample bank http://{bank}/   files {}",
        collector.address,
        args.out.display()
    ));
    let seconds = f64::from(args.seconds);
    let asked = Asked { customers: args.customers as usize, seconds, seed: args.seed };
    let installs = plan::plan(args.seed, asked.customers, seconds);
    let sent_bytes = Arc::<AtomicU64>::default();
    let folder = args.out.clone();
    let (key_of_branch, own_program) = (app_key.clone(), program.clone());
    let world = World { program, bank, app_key, sent_bytes: Arc::clone(&sent_bytes), folder };
    let runs = fleet::pass(world.clone(), &collector, installs, seconds).await?;

    let at = |path: &str| format!("http://{}{path}", collector.address);
    let report: Report = get(&at("/v1/report")).await?;
    let comparison: Comparison =
        get(&at(&format!("/v1/compare?base={BASE_VERSION}&head={SLOW_VERSION}"))).await?;
    let stored = audit::read(&data)?;
    let truth = truth::compare(&report, &bank::read_truth(&truth)?, &stored);
    // Relaxed: a sum; every customer has ended.
    let sent_bytes = sent_bytes.load(Ordering::Relaxed);
    let mut day = DayReport::new(asked, (&runs, sent_bytes), &stored, truth, (report, comparison));
    if !args.guest.is_empty() {
        day.add_guests(guests(args, &world, &collector).await?);
    }
    write_json(&args.out.join("report.json"), &day)?;
    // After the day was held against the truth: a branch has none but what it tells.
    branch::tell(collector.address, &key_of_branch, args.seed).await?;
    let reviews = args.out.join(said::FILE);
    said::write(&reviews, args.seed, &day.report)?;
    said::import(&own_program, &reviews, &data).await?;
    let page = get_bytes(&at("/v1/service/file")).await?;
    let path = args.out.join("service.html");
    std::fs::write(&path, page)
        .map_err(|error| Error::io(format!("{} cannot be written: {error}", path.display())))?;
    Ok((day, collector))
}

/// Lets the guests walk, one after the other, and asks the collector for both systems.
async fn guests(args: &Args, world: &World, collector: &Collector) -> Result<Guests, Error> {
    let mut problems = Vec::new();
    for command in &args.guest {
        note(&format!("guest {command}"));
        problems.extend(guest::run(command, world, collector.address).await?);
    }
    let of = |os: &str| format!("http://{}/v1/report?os={os}", collector.address);
    Ok(Guests::new(&get(&of("android")).await?, &get(&of("ios")).await?, problems))
}

/// A fresh folder. Only what a demo makes is removed, so that a wrong --out costs nobody a file.
fn prepare(out: &Path) -> Result<(), Error> {
    let failed = |path: &Path, error: std::io::Error| {
        Error::io(format!("{}: {error}: choose another folder with --out", path.display()))
    };
    for name in ["installs", "store", pictures::FOLDER] {
        let path = out.join(name);
        if path.exists() {
            std::fs::remove_dir_all(&path).map_err(|error| failed(&path, error))?;
        }
    }
    for name in [
        "report.json",
        "service.html",
        said::FILE,
        "truth.jsonl",
        "collector.log",
        "customers.log",
        "guests.log",
        pictures::LOG,
    ] {
        let path = out.join(name);
        if path.exists() {
            std::fs::remove_file(&path).map_err(|error| failed(&path, error))?;
        }
    }
    let store = out.join("store");
    std::fs::create_dir_all(&store).map_err(|error| failed(&store, error))
}

/// Makes the collector's keys file, so that the customers' app can carry a key of it.
fn app_key(data: &Path) -> Result<String, Error> {
    let key = format!("{}{}", nowait_wire::Uuid::new_v4().simple(), nowait_wire::Uuid::new_v4().simple());
    let path = data.join(crate::keys::FILE);
    std::fs::write(&path, format!("[[app_key]]\ntenant = \"demo\"\nkey = \"{key}\"\n"))
        .map_err(|error| Error::io(format!("{} cannot be written: {error}", path.display())))?;
    Ok(key)
}

async fn get<T: DeserializeOwned>(url: &str) -> Result<T, Error> {
    let body = get_bytes(url).await?;
    serde_json::from_slice(&body).map_err(|error| Error::io(format!("{url}: {error}")))
}

async fn get_bytes(url: &str) -> Result<Vec<u8>, Error> {
    let failed = |error: String| Error::io(format!("{url}: {error}"));
    let response = http::client()?
        .get(url)
        .timeout(REPORT_TIMEOUT)
        .send()
        .await
        .map_err(|error| failed(error.to_string()))?;
    let status = response.status();
    let body = response.bytes().await.map_err(|error| failed(error.to_string()))?;
    if !status.is_success() {
        return Err(failed(format!("{status}: {}", String::from_utf8_lossy(&body))));
    }
    Ok(body.to_vec())
}

fn write_json(path: &Path, day: &DayReport) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::io(format!("{} cannot be written: {error}", path.display()));
    let text = serde_json::to_string_pretty(day).map_err(|error| failed(error.into()))?;
    std::fs::write(path, text + "\n").map_err(failed)
}

/// Ready on the first Ctrl-C, SIGTERM or hang-up.
fn interrupted() -> Result<impl Future<Output = ()>, Error> {
    let listen =
        |kind| signal(kind).map_err(|error| Error::io(format!("signals cannot be received: {error}")));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

fn broken_off() -> Error {
    Error::io("the day was broken off; nothing is left running")
}

fn say(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Error::io(format!("standard output cannot be written: {error}")))
}

/// For whoever watches; not part of the result.
fn note(text: &str) {
    // Nobody is left to be told that standard error is closed.
    let _ = writeln!(std::io::stderr(), "{text}");
}
