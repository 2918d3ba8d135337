//! Screenshots of the pages, for who looks at the day later.
//!
//! Owns: running whoever takes them. Refuses: taking them (`scripts/web/pictures`).
//! Invariant: a day without pictures went as well as one with them.

use super::process::{appended, run_shell};
use crate::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

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
    let page = format!("http://{collector}");
    let environment = [("NOWAIT_PAGE", page.as_ref()), ("NOWAIT_PICTURES", folder.as_os_str())];
    // What is installed for them is said to everybody.
    let said = (appended(&log)?.into(), Stdio::inherit());
    Ok(match run_shell(("pictures:", command), &environment, said, TIMEOUT).await? {
        None => format!("The pages as pictures: {}", folder.display()),
        Some(why) => format!("No pictures of the pages: {command:?}: {why}; see {}", log.display()),
    })
}
