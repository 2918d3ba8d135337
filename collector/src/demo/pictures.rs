//! Screenshots of the pages, for who looks at the day later.
//!
//! Owns: running whoever takes them. Refuses: taking them (`scripts/web/pictures`).
//! Invariant: a day without pictures went as well as one with them.

use super::process::appended;
use crate::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// The folder of the pictures, in that of the demo.
pub(super) const FOLDER: &str = "pictures";
/// What who takes them says.
pub(super) const LOG: &str = "pictures.log";

/// How long they may take, with a browser that is fetched first.
const TIMEOUT: Duration = Duration::from_secs(600);

/// Runs a shell command that finds the address of the page and the folder of the pictures in its environment; where the pictures are, or why
/// there are none.
pub(super) async fn take(command: &str, collector: SocketAddr, out: &Path) -> Result<String, Error> {
    let (log, folder) = (out.join(LOG), out.join(FOLDER));
    // The command may run in another folder.
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    let mut child = Command::new("sh")
        .args(["-c", command])
        .env("NOWAIT_PAGE", format!("http://{collector}"))
        .env("NOWAIT_PICTURES", &folder)
        .stdin(Stdio::null())
        .stdout(appended(&log)?)
        // What is installed for them is said to everybody.
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Error::io(format!("pictures: {command:?} cannot be started: {error}")))?;
    let why = match timeout(TIMEOUT, child.wait()).await {
        Ok(Ok(status)) if status.success() => {
            return Ok(format!("The pages as pictures: {}", folder.display()));
        }
        Ok(Ok(status)) => status.to_string(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("still at it after {} s", TIMEOUT.as_secs()),
    };
    Ok(format!("No pictures of the pages: {command:?}: {why}; see {}", log.display()))
}
