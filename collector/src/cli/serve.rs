//! `nowait serve`: the collector as a process.

use super::progress::Progress;
use super::source::budgets;
use super::{Finding, escaped, print};
use crate::error::Error;
use crate::keys::{self, Keys};
use crate::limits::{BLOCKING_THREADS_MAX, CUT_TIMEOUT};
use crate::remote;
use crate::serve::{Config, ReadAccess, app, run as run_app};
use crate::store::{Keep, Policy, SqliteStore, Store};
use nowait_report::Zone;
use nowait_report::text::safe_lines;
use nowait_wire::RemoteConfig;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;

const EXAMPLES: &str = "Examples:
  nowait serve
  nowait serve --listen 127.0.0.1:4600 --data /var/lib/nowait --budgets budgets.toml
  nowait serve --listen 0.0.0.0:4600 --keys /etc/nowait/keys.toml   (needs a [[read_token]])
  nowait serve --keep batches=7d,hours=3d   (days stay at 400d, months for ever)
  nowait serve --zone Asia/Shanghai   (days from midnight to midnight there)
  nowait serve --remote-config remote.json   (docs/operate.md)

Ctrl-C or SIGTERM ends it: what is in flight is stored and answered first.";

/// The options of `nowait serve`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4600")]
    listen: SocketAddr,
    /// Where everything is kept; made if it is not there
    #[arg(long, value_name = "DIR", env = "NOWAIT_DATA", default_value = "nowait-data")]
    data: PathBuf,
    /// Who may send and read (TOML) [default: DIR/keys.toml, made if it is not there]
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Budgets of the reports (TOML) [default: those that the data folder was told last, or the built-in ones]
    #[arg(long, value_name = "FILE")]
    budgets: Option<PathBuf>,
    /// What all devices are asked to do from now on (JSON): enabled, sampled_per_mille, flush_interval_s, and a version
    /// that counts up [default: nothing]
    #[arg(long, value_name = "FILE")]
    remote_config: Option<PathBuf>,
    /// For how long batches, rollups by the hour and rollups by the day are kept: lengths like 30d, 2w, 36h, or forever. Rollups
    /// by the month stay for ever
    #[arg(long, value_name = "WHAT=LENGTH,...", default_value = Keep::DEFAULT)]
    keep: Keep,
    /// The time zone of the IANA database in which days and months are cut, for example Asia/Shanghai [default: that of the data
    /// folder, UTC for a new one]
    #[arg(long, value_name = "ZONE")]
    zone: Option<Zone>,
    /// Say where it listens, and that it stopped, as a line of JSON each
    #[arg(long)]
    json: bool,
}

/// Serves until it is told to stop.
///
/// # Errors
/// What could not be opened, and what to do.
pub fn run(args: &Args) -> Result<Finding, Error> {
    let budgets = args.budgets.as_deref().map(budgets).transpose()?;
    let remote = args.remote_config.as_deref().map(remote::read).transpose()?;
    let given = args.keys.as_deref().map(Keys::read).transpose()?;
    let progress = Progress::new("Opening");
    let policy = Policy { keep: args.keep, budgets, zone: args.zone.clone() };
    let store = SqliteStore::open_with(&args.data, policy, |done, total| progress.set(done, total))?;
    let store = Arc::new(store);
    drop(progress);
    let keys_path = args.keys.clone().unwrap_or_else(|| args.data.join(keys::FILE));
    let (keys, is_new) = match given {
        Some(keys) => (keys, false),
        None => Keys::read_or_create(&keys_path)?,
    };
    let read_access = read_access(args.listen, &keys, &keys_path)?;
    let config = Config { read_access, remote, ..Config::new(keys) };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .build();
    let runtime = runtime.map_err(|error| Error::io(format!("no runtime: {error}")))?;
    let served = runtime.block_on(async {
        let listener = TcpListener::bind(args.listen).await.map_err(|error| {
            Error::io(format!(
                "{} cannot be listened on: {error}: is a collector running already?",
                args.listen
            ))
        })?;
        let address = listener.local_addr().map_err(|error| Error::io(error.to_string()))?;
        let shutdown = shutdown()?;
        print(&safe_lines(&started(args, address, (&keys_path, is_new), remote.as_ref())))?;
        let app = app(Arc::<SqliteStore>::clone(&store), config);
        run_app(listener, app, shutdown).await;
        Ok::<_, Error>(())
    });
    // A report that does not stop ends with the process: its connection was cut.
    runtime.shutdown_timeout(CUT_TIMEOUT);
    served?;
    store.close();
    print(if args.json {
        "{\"state\":\"stopped\"}\n"
    } else {
        "nowait stopped; everything that was answered for is stored\n"
    })?;
    Ok(Finding::Fine)
}

/// Where to send, where to look, and where things are.
fn started(
    args: &Args,
    address: SocketAddr,
    (keys, is_new): (&Path, bool),
    remote: Option<&RemoteConfig>,
) -> String {
    let (batches, page) = (format!("http://{address}/v1/batches"), format!("http://{address}/"));
    if args.json {
        let (data, keys) = (args.data.display().to_string(), keys.display().to_string());
        let line = serde_json::json!({
            "state": "listening", "batches": batches, "page": page, "data": data, "keys": keys, "keys_made": is_new,
            "keep": args.keep.to_string(), "remote_config": remote
        });
        return format!("{}\n", escaped(&line.to_string()));
    }
    let asked =
        remote.map_or(String::new(), |remote| format!("asked of devices   {}\n", remote::words(remote)));
    let note = if is_new { "   (made now; give its key to your app)" } else { "" };
    format!(
        "nowait takes batches at {batches}\npage   {page}\ndata   {}\nkeys   {}{note}\nkeep   {}\n{asked}",
        args.data.display(),
        keys.display(),
        args.keep
    )
}

/// Without any token reports are for everybody on this machine; see docs/operate.md.
fn read_access(listen: SocketAddr, keys: &Keys, path: &Path) -> Result<ReadAccess, Error> {
    if listen.ip().is_loopback() {
        return Ok(ReadAccess::Local);
    }
    if keys.has_read_tokens() {
        return Ok(ReadAccess::Token);
    }
    Err(Error::input(format!(
        "--listen {listen} lets other machines in, and {path} has no [[read_token]]: make one with\n\n  \
         nowait token --keys {path}\n\nor listen on 127.0.0.1",
        path = path.display()
    )))
}

/// Ready on the first Ctrl-C or SIGTERM.
fn shutdown() -> Result<impl Future<Output = ()>, Error> {
    let failed = |error: std::io::Error| Error::io(format!("signals cannot be received: {error}"));
    #[cfg(unix)]
    let mut terminate =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(failed)?;
    #[cfg(unix)]
    let mut interrupt =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt()).map_err(failed)?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}
