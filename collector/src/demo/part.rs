//! What a process of the demo does to itself before it does anything else.
//!
//! Owns: the tie to the fleet's process, and the disk that is full. Refuses: root, mounts, quotas.
//! Invariant: no process of the demo outlives the demo.

use crate::Error;
use crate::cli::Finding;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The signal of a write beyond the file-size limit, on Linux.
const SIGXFSZ: i32 = 25;

/// Asks the system to end this process when the fleet's ends, however that ends.
///
/// # Errors
/// [`Error`] if the system refuses.
pub(super) fn end_with_parent() -> Result<(), Error> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .map_err(|error| Error::io(format!("the process cannot be tied to the demo: {error}")))?;
    Ok(())
}

/// What the collector of the demo is to be started with.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeArgs {
    /// The arguments of `nowait serve`
    #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
    args: Vec<String>,
}

/// Becomes `nowait serve`, tied to the fleet.
///
/// # Errors
/// [`Error`] if that cannot be; else this never returns.
pub fn serve(args: &ServeArgs) -> Result<Finding, Error> {
    end_with_parent()?;
    let failed = |error| Error::io(format!("the collector's process: {error}"));
    let program = std::env::current_exe().map_err(failed)?;
    Err(failed(Command::new(program).arg("serve").args(&args.args).exec()))
}

/// Waits for every child of this process, all of which were killed or have ended.
pub(super) fn wait_for_children() {
    // The error that ends it says that there is no child any more.
    while matches!(
        rustix::process::wait(rustix::process::WaitOptions::empty()),
        Ok(_) | Err(rustix::io::Errno::INTR)
    ) {}
}

/// Fills the disk, as far as this process can tell: from now on no file can be written. Call it inside a runtime.
///
/// # Errors
/// [`Error`] if the system refuses.
pub(super) fn fill_disk() -> Result<(), Error> {
    let failed = |error| Error::io(format!("the file-size limit cannot be set: {error}"));
    // With a handler the write fails with an error, as on a full disk; without one the process would be ended. The
    // handler stays when the stream of its signals is gone.
    let kind = tokio::signal::unix::SignalKind::from_raw(SIGXFSZ);
    drop(tokio::signal::unix::signal(kind).map_err(failed)?);
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    rustix::process::setrlimit(rustix::process::Resource::Fsize, none).map_err(|error| failed(error.into()))
}
