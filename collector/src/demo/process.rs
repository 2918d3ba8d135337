//! The processes of the day: the collector and one for each run of a customer's app.
//!
//! Owns: starting, following, killing. Refuses: the plan (see `plan`) and what a customer does.
//! Invariant: a process is dead when the value that stands for it is gone.

use super::counts::Counts;
use super::customer::note::Said;
use super::gate::Gate;
use super::plan::{Install, Session};
use crate::Error;
use nowait_core::Clock;
use std::ffi::OsStr;
use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep_until, timeout};

/// How much longer than planned a run may take before it counts as hung: a loaded machine takes its time.
const GRACE: Duration = Duration::from_secs(60);
/// How long the collector may take to start, and to stop.
const COLLECTOR_TIMEOUT: Duration = Duration::from_secs(30);

/// What all customers share.
#[derive(Clone, Debug)]
pub(super) struct World {
    /// The program that every process is.
    pub(super) program: PathBuf,
    pub(super) bank: SocketAddr,
    pub(super) app_key: String,
    /// Bytes that customers sent towards the collector, over all gates.
    pub(super) sent_bytes: Arc<AtomicU64>,
    /// Where installations and logs are kept.
    pub(super) folder: PathBuf,
}

/// The collector's process.
#[derive(Debug)]
pub(super) struct Collector {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Collector {
    /// Starts `nowait serve` on a free port.
    ///
    /// # Errors
    /// [`Error`] if it does not say where it listens; its log says why.
    pub(super) async fn start(program: &Path, data: &Path, log: &Path) -> Result<Collector, Error> {
        let failed = |why: String| Error::io(format!("`nowait serve`: {why}; see {}", log.display()));
        let mut child = Command::new(program)
            .args(["demo-serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(appended(log)?)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let mut lines =
            BufReader::new(child.stdout.take().ok_or_else(|| failed("no output".into()))?).lines();
        let find = async {
            while let Ok(Some(line)) = lines.next_line().await {
                let address = line.split_whitespace().find_map(|word| word.strip_prefix("http://"));
                if let Some(address) = address.and_then(|text| text.split('/').next()?.parse().ok()) {
                    return Some(address);
                }
            }
            None
        };
        let address = timeout(COLLECTOR_TIMEOUT, find).await.ok().flatten();
        let address = address.ok_or_else(|| failed("it did not say where it listens".into()))?;
        // What it says later is nobody's business, but a closed pipe would be its.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Collector { child, address })
    }

    /// Ends it as an operator would, and waits.
    ///
    /// # Errors
    /// [`Error`] if it ends badly or not at all.
    pub(super) async fn stop(mut self) -> Result<(), Error> {
        let failed = |why: String| Error::io(format!("`nowait serve` did not end well: {why}"));
        let pid = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id.try_into().ok()?));
        let pid = pid.ok_or_else(|| failed("it had ended before".into()))?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)
            .map_err(|error| failed(error.to_string()))?;
        match timeout(COLLECTOR_TIMEOUT, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(failed(status.to_string())),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => Err(failed(format!("it runs {} s after SIGTERM", COLLECTOR_TIMEOUT.as_secs()))),
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By itself, with so many batches left on the device.
    Ended { batches_left: usize },
    /// By our SIGKILL.
    Killed,
    /// In a way that nobody planned.
    Failed(String),
}

/// One run of a customer's app, as the fleet saw it from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) install: usize,
    /// The session's id, if the process lived long enough to tell it.
    pub(super) session: Option<String>,
    /// What the process recorded, as far as it told before it ended.
    pub(super) recorded: Counts,
    pub(super) on_heap: bool,
    /// Whether the network was gone for a part of it.
    pub(super) offline: bool,
    pub(super) full_disk: bool,
    /// Whether it was started only to deliver.
    pub(super) delivery: bool,
    pub(super) end: End,
}

/// Runs a customer's app once: for a session, or to deliver what earlier ones left.
///
/// # Errors
/// [`Error`] if the process cannot be started; what happens to it later is in the [`Run`].
pub(super) async fn run(
    world: &World,
    install: &Install,
    session: Option<&Session>,
    gate: &Gate,
    is_due: impl Fn(&Run),
) -> Result<Run, Error> {
    let log = world.folder.join("customers.log");
    let mut child = command(world, install, session, gate, appended(&log)?)
        .spawn()
        .map_err(|error| Error::io(format!("customer {} cannot be started: {error}", install.number)))?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (Some(mut orders), Some(stdout)) = (stdin, stdout) else {
        return Err(Error::io("a customer's process has no pipes"));
    };
    let mut run = Run {
        install: install.number,
        session: None,
        recorded: Counts::default(),
        on_heap: false,
        offline: false,
        full_disk: session.is_some_and(|session| session.full_disk),
        delivery: session.is_none(),
        end: End::Failed(format!("it ended without a word; see {}", log.display())),
    };
    let mut lines = BufReader::new(stdout).lines();
    let mut network = gate.watch();
    network.mark_changed();
    let seconds = session.map_or(0.0, |session| session.seconds);
    let hung = Instant::now() + Duration::from_secs_f64(seconds) + GRACE;
    let kill = session.and_then(|session| session.killed_after);
    let kill = kill.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
    let (mut walking, mut killed) = (false, false);
    loop {
        tokio::select! {
            line = lines.next_line() => match line.ok().flatten() {
                Some(line) => {
                    hear(&mut run, &mut walking, &line);
                    is_due(&run);
                }
                None => break,
            },
            Ok(()) = network.changed() => {
                let open = *network.borrow_and_update();
                run.offline |= !open;
                tell_network(&mut orders, open).await;
            }
            () = sleep_until(kill.unwrap_or(hung)), if kill.is_some() && walking && !killed => {
                // The pipe is read to its end: the last line says what was acknowledged.
                killed = true;
                let _ = child.start_kill();
            }
            () = sleep_until(hung) => {
                run.end = End::Failed(format!("it still runs {} s after its time", GRACE.as_secs()));
                let _ = child.start_kill();
                break;
            }
        }
    }
    let status =
        child.wait().await.map_err(|error| Error::io(format!("a customer's end is not known: {error}")))?;
    // It may have ended by itself just before.
    if killed && status.signal() == Some(rustix::process::Signal::KILL.as_raw()) {
        run.end = End::Killed;
    } else if !status.success() && !matches!(run.end, End::Failed(_)) {
        run.end = End::Failed(format!("{status}; see {}", log.display()));
    }
    Ok(run)
}

fn hear(run: &mut Run, is_walking: &mut bool, line: &str) {
    match Said::parse(line) {
        Some(Said::Session { id }) => run.session = Some(id),
        Some(Said::Recorded { counts, walking, on_heap }) => {
            run.recorded = counts;
            *is_walking = walking;
            // In the first moments the flight recorder may still be on its way: the last word counts.
            run.on_heap = on_heap;
        }
        Some(Said::Ended { batches_left }) => run.end = End::Ended { batches_left },
        None => run.end = End::Failed(format!("it said {line:?}")),
    }
}

async fn tell_network(orders: &mut ChildStdin, open: bool) {
    let line: &[u8] = if open { b"online\n" } else { b"offline\n" };
    // A process that ends in this moment needs no order any more.
    let _ = orders.write_all(line).await;
}

fn command(world: &World, install: &Install, session: Option<&Session>, gate: &Gate, log: File) -> Command {
    let mut command = Command::new(&world.program);
    command
        .arg("demo-customer")
        .arg(format!("--bank=http://{}", world.bank))
        .arg(format!("--collector=http://{}", gate.address()))
        .arg(format!("--app-key={}", world.app_key))
        .arg(format!("--folder={}", folder(world, install).display()))
        .arg(format!("--app-version={}", install.version))
        .arg(format!("--seed={}", session.map_or(0, |session| session.seed)))
        .arg(format!("--seconds={}", session.map_or(0.0, |session| session.seconds)));
    if session.is_some_and(|session| session.full_disk) {
        command.arg("--full-disk");
    }
    if session.is_some_and(|session| session.asks_consent) {
        command.arg("--asks-consent");
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .process_group(0)
        .kill_on_drop(true)
        // Last, so that the launch begins here.
        .arg(format!("--started-uptime-ns={}", Clock::System.uptime_ns()));
    command
}

fn folder(world: &World, install: &Install) -> PathBuf {
    world.folder.join("installs").join(format!("{:03}", install.number))
}

/// Runs a command of the shell that finds these in its environment, for so long at most: why it failed, if it did.
///
/// # Errors
/// [`Error`] if it cannot be started; `what` says what it was for.
pub(super) async fn run_shell(
    (what, command): (&str, &str),
    environment: &[(&str, &OsStr)],
    (stdout, stderr): (Stdio, Stdio),
    most: Duration,
) -> Result<Option<String>, Error> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Error::io(format!("{what} {command:?} cannot be started: {error}")))?;
    Ok(match timeout(most, child.wait()).await {
        Ok(Ok(status)) => (!status.success()).then(|| status.to_string()),
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("it still ran after {} s", most.as_secs())),
    })
}

pub(super) fn appended(log: &Path) -> Result<File, Error> {
    File::options()
        .create(true)
        .append(true)
        .open(log)
        .map_err(|error| Error::io(format!("{} cannot be written: {error}", log.display())))
}
