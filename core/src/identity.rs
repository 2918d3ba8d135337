//! The two small facts that outlive a process: the installation's random id and the customer's decision.
//!
//! Owns: the files `install` and `consent`. Refuses: device ids, advertising ids, anything not drawn at random.
//! Invariant: after a refusal no file that identifies this installation is left.

use crate::config::Consent;
use nowait_wire::Uuid;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

const INSTALL: &str = "install";
const CONSENT: &str = "consent";

/// This installation's id, drawn if there is none yet; [`keep_install_id`] makes it last.
pub(crate) fn install_id(folder: &Path) -> Uuid {
    kept_install_id(folder).unwrap_or_else(Uuid::new_v4)
}

fn kept_install_id(folder: &Path) -> Option<Uuid> {
    fs::read_to_string(folder.join(INSTALL)).ok()?.trim().parse().ok()
}

/// Keeps the id that was drawn at the first start. Apart from drawing it, because it syncs a file and the first
/// start is on the app's own thread.
pub(crate) fn keep_install_id(folder: &Path, id: Uuid) {
    if kept_install_id(folder).is_none() {
        // On a full disk the next start draws another id: one customer counts as two, and nothing else is lost.
        let _ = write_whole(folder, INSTALL, &id.to_string());
    }
}

/// The decision in force: what the app says, else what the customer last said.
pub(crate) fn consent(folder: &Path, configured: Consent) -> Consent {
    if configured != Consent::Pending {
        return configured;
    }
    match fs::read_to_string(folder.join(CONSENT)).as_deref().map(str::trim) {
        Ok("granted") => Consent::Granted,
        Ok("refused") => Consent::Refused,
        _ => Consent::Pending,
    }
}

/// Remembers the customer's decision.
///
/// # Errors
/// Whatever the file system says; the decision then holds for this process only.
pub(crate) fn remember_consent(folder: &Path, consent: Consent) -> io::Result<()> {
    match consent {
        Consent::Granted => write_whole(folder, CONSENT, "granted"),
        Consent::Refused => {
            remove(&folder.join(INSTALL))?;
            write_whole(folder, CONSENT, "refused")
        }
        Consent::Pending => remove(&folder.join(CONSENT)),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Replaces a file whole: a kill leaves the old or the new content.
fn write_whole(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let temporary = folder.join(format!(".{name}-{}", Uuid::new_v4().simple()));
    let written = fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_data()))
        .and_then(|()| fs::rename(&temporary, folder.join(name)));
    written.inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })
}
