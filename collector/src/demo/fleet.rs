//! The fleet: all customers through the day, and once more after it.
//!
//! Owns: the passing of the day. Refuses: what happens inside a process.
//! Invariant: after the day every installation was started once more, so that whatever is still on a device is
//! delivered, or the run says that it could not be.

use super::gate::Gate;
use super::plan::{Install, SESSION_SECONDS_MIN};
use super::process::{self, Collector, End, Run, World};
use crate::Error;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

/// Installations that deliver at the same time after the day.
const DELIVERIES_AT_ONCE: usize = 4;

/// What the progress bar shows.
#[derive(Clone, Debug)]
struct Watch {
    bar: ProgressBar,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    runs: u64,
    killed: u64,
    events: u64,
}

impl Watch {
    fn new(seconds: f64) -> Watch {
        let bar = ProgressBar::new((seconds * 1e3) as u64);
        let style = ProgressStyle::with_template("{prefix} [{wide_bar}] {percent:>3} %  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        bar.set_prefix("The day passes");
        Watch { bar, counts: Arc::default() }
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut counts);
        let Counts { runs, killed, events } = *counts;
        self.bar.set_message(format!("{runs} starts, {killed} kills, {events} waits"));
    }
}

/// Lets the customers live through a day of `seconds`, and returns every run.
///
/// # Errors
/// [`Error`] if a process or a port cannot be had.
pub(super) async fn pass(
    world: World,
    collector: &Collector,
    installs: Vec<Install>,
    seconds: f64,
) -> Result<Vec<Run>, Error> {
    let world = Arc::new(world);
    let watch = Watch::new(seconds);
    let mut living = JoinSet::new();
    let begin = Instant::now();
    for install in &installs {
        let gate = Gate::start(collector.address, &world.sent_bytes).await?;
        let (world, watch, install) = (Arc::clone(&world), watch.clone(), install.clone());
        living.spawn(async move { live(&world, &install, &gate, &watch, begin, seconds).await });
    }
    let clock = watch.bar.clone();
    let _ticking = Ticking(tokio::spawn(async move {
        loop {
            sleep(Duration::from_millis(100)).await;
            clock.set_position(begin.elapsed().as_millis() as u64);
        }
    }));
    let mut runs = Vec::new();
    while let Some(lived) = living.join_next().await {
        runs.extend(finished(lived)?);
    }
    watch.bar.set_prefix("What is left is sent");
    runs.extend(deliver(&world, collector, installs, &watch).await?);
    watch.bar.finish_and_clear();
    Ok(runs)
}

/// A task that ends with this value.
struct Ticking(tokio::task::JoinHandle<()>);

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One customer's day.
async fn live(
    world: &World,
    install: &Install,
    gate: &Gate,
    watch: &Watch,
    begin: Instant,
    seconds: f64,
) -> Result<Vec<Run>, Error> {
    let at = |seconds: f64| begin + Duration::from_secs_f64(seconds);
    let network = async {
        if let Some((from, until)) = install.offline {
            sleep_until(at(from)).await;
            gate.set_open(false);
            sleep_until(at(until)).await;
            gate.set_open(true);
        }
        std::future::pending().await
    };
    let sessions = async {
        let mut runs = Vec::new();
        sleep_until(at(install.begins)).await;
        for session in &install.sessions {
            let left = at(seconds).saturating_duration_since(Instant::now()).as_secs_f64();
            if left < SESSION_SECONDS_MIN {
                break;
            }
            let session = session.within(left);
            watch.count(|counts| counts.runs += 1);
            let told = Mutex::new(0);
            let run = process::run(world, install, Some(&session), gate, |run| {
                let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                watch.count(|counts| counts.events += run.recorded.total().saturating_sub(*told));
                *told = run.recorded.total();
            });
            let run = run.await?;
            watch.count(|counts| counts.killed += u64::from(run.end == End::Killed));
            runs.push(run);
            sleep(Duration::from_secs_f64(session.pause)).await;
        }
        Ok(runs)
    };
    tokio::select! {
        runs = sessions => runs,
        () = network => Ok(Vec::new()),
    }
}

/// Starts every installation once more, in the background, until nothing is left on it.
async fn deliver(
    world: &Arc<World>,
    collector: &Collector,
    installs: Vec<Install>,
    watch: &Watch,
) -> Result<Vec<Run>, Error> {
    let mut runs = Vec::new();
    let mut delivering = JoinSet::new();
    for install in installs {
        if delivering.len() >= DELIVERIES_AT_ONCE
            && let Some(delivered) = delivering.join_next().await
        {
            runs.push(finished(delivered)?);
        }
        watch.count(|counts| counts.runs += 1);
        let gate = Gate::start(collector.address, &world.sent_bytes).await?;
        let world = Arc::clone(world);
        delivering.spawn(async move { process::run(&world, &install, None, &gate, |_| {}).await });
    }
    while let Some(delivered) = delivering.join_next().await {
        runs.push(finished(delivered)?);
    }
    Ok(runs)
}

fn finished<T>(task: Result<Result<T, Error>, tokio::task::JoinError>) -> Result<T, Error> {
    task.map_err(|error| Error::io(format!("a customer's day broke off: {error}")))?
}
