//! `nowait completions` and `nowait man`: what shells and `man` know of the commands.
//!
//! Owns: where they go. Refuses: their words, which are those of the help.
//! Invariant: they are made of the same definition that reads the command line.

use super::{Finding, print};
use crate::error::Error;
use clap::Command;
use clap_complete::Shell;
use std::path::{Path, PathBuf};

/// The options of `nowait completions`.
#[derive(Debug, clap::Args)]
#[command(
    after_long_help = "Example:\n  nowait completions bash > ~/.local/share/bash-completion/completions/nowait"
)]
pub struct CompletionsArgs {
    /// The shell to make them for
    #[arg(value_enum)]
    shell: Shell,
}

/// The options of `nowait man`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Example:\n  nowait man --dir ~/.local/share/man/man1 && man nowait-compare")]
pub struct ManArgs {
    /// Write a page for each command into this folder; without it the first page is printed
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

/// Prints the completions of a command.
///
/// # Errors
/// If they cannot be printed.
pub fn completions(mut command: Command, args: &CompletionsArgs) -> Result<Finding, Error> {
    let mut out = Vec::new();
    clap_complete::generate(args.shell, &mut command, "nowait", &mut out);
    print(&String::from_utf8_lossy(&out))?;
    Ok(Finding::Fine)
}

/// Prints the page of a command, or writes those of all its commands.
///
/// # Errors
/// If they cannot be written, naming the folder.
pub fn man(command: Command, args: &ManArgs) -> Result<Finding, Error> {
    match &args.dir {
        Some(folder) => {
            clap_mangen::generate_to(command, folder).map_err(|error| unwritable(folder, &error))?
        }
        None => {
            let mut out = Vec::new();
            let page = clap_mangen::Man::new(command).render(&mut out);
            page.map_err(|error| Error::io(format!("the page cannot be made: {error}")))?;
            print(&String::from_utf8_lossy(&out))?;
        }
    }
    Ok(Finding::Fine)
}

fn unwritable(folder: &Path, error: &std::io::Error) -> Error {
    Error::io(format!("{} cannot be written: {error}; name a folder that is there", folder.display()))
}
