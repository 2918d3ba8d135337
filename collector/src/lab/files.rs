//! Which files a comparison is of.
//!
//! Owns: what the words of `nowait compare` name, and what is found in a folder. Refuses: what is in a file.
//! Invariant: every file that was named is read, or the error names it.

use crate::error::Error;
use crate::limits::{LAB_FILE_BYTES_MAX, LAB_FILES_MAX};
use std::fs;
use std::path::{Path, PathBuf};

/// Endings of files that are read from a folder.
const ENDINGS: [&str; 2] = ["json", "csv"];

/// How deep a folder is searched: criterion's are five deep.
const DEPTH_MAX: usize = 12;

/// What criterion writes beside the values of a benchmark.
const CRITERION_BESIDE: [&str; 3] = ["benchmark.json", "estimates.json", "tukey.json"];

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// A release of the collector.
    Release(String),
    /// Files of benchmarks, and what they are called together.
    Runs {
        /// The folder or the file.
        name: String,
        /// Where they are, sorted.
        paths: Vec<PathBuf>,
    },
}

/// What two or more words name: two sides, each a release, a file or a folder; or files of exactly two folders, as a shell makes them of
/// `base/*.json head/*.json`. A word with a slash or the ending of a file is a path; another one is a release, unless there is
/// such a file or folder and no collector was named (`names_collector`).
///
/// # Errors
/// [`Error::is_input`] if these are no two sides, or a file or folder is not there or empty.
pub fn split(words: &[String], names_collector: bool) -> Result<[Files; 2], Error> {
    if let [base, head] = words {
        let side = |word: &String| -> Result<Files, Error> {
            if !is_path(word, names_collector) {
                return Ok(Files::Release(word.clone()));
            }
            Ok(Files::Runs { name: word.clone(), paths: found(Path::new(word))? })
        };
        return Ok([side(base)?, side(head)?]);
    }
    let mut sides: Vec<(PathBuf, Vec<PathBuf>)> = Vec::new();
    for word in words {
        if !is_path(word, names_collector) {
            return Err(Error::input(format!(
                "{word:?} is no file: name two releases, two folders, or the files of two folders, for example base/*.json head/*.json"
            )));
        }
        let path = PathBuf::from(word);
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let found = found(&path)?;
        match sides.iter_mut().find(|(of, _)| *of == folder) {
            Some((_, paths)) => paths.extend(found),
            None => sides.push((folder, found)),
        }
    }
    let count = sides.len();
    let sides: [(PathBuf, Vec<PathBuf>); 2] = sides.try_into().map_err(|_| {
        Error::input(format!(
            "the files are of {count} folders: put those of BASE in one and those of HEAD in another, and name both, for example `nowait compare base head`"
        ))
    })?;
    Ok(sides.map(|(folder, paths)| Files::Runs { name: folder.display().to_string(), paths }))
}

fn is_path(word: &str, names_collector: bool) -> bool {
    let has_ending = ENDINGS.iter().any(|ending| word.to_ascii_lowercase().ends_with(&format!(".{ending}")));
    let has_slash = word.contains(['/', std::path::MAIN_SEPARATOR]);
    has_slash || has_ending || (!names_collector && Path::new(word).exists())
}

/// The file, or the files in the folder, sorted.
///
/// # Errors
/// [`Error::is_input`] if there is none.
pub fn found(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let shown = path.display();
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !path.is_dir() {
        return Err(Error::input(format!("{shown}: there is no such file or folder")));
    }
    let mut paths = Vec::new();
    walk(path, 0, &mut paths)?;
    paths.sort();
    if paths.is_empty() {
        return Err(Error::input(format!(
            "{shown}: there is no .json and no .csv file in it: did the benchmark run?"
        )));
    }
    Ok(paths)
}

fn walk(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::io(format!("{} cannot be read: {error}", folder.display()));
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        entries.push(entry.map_err(failed)?.path());
    }
    let is_named = |path: &PathBuf, name: &str| path.file_name().is_some_and(|file| file == name);
    let is_criterion = entries.iter().any(|path| is_named(path, "sample.json"));
    // Criterion keeps the run before, and the change between both, beside the run.
    let has_new = entries.iter().any(|path| is_named(path, "new"));
    for path in entries {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        let beside = CRITERION_BESIDE.iter().any(|name| is_named(&path, name)) || is_named(&path, "raw.csv");
        let before = ["base", "change", "report"].iter().any(|name| is_named(&path, name));
        if is_criterion && beside || has_new && before {
            continue;
        }
        // A link may lead anywhere, also back.
        if path.is_symlink() && path.is_dir() {
            continue;
        }
        if path.is_dir() {
            if depth >= DEPTH_MAX {
                return Err(Error::input(format!(
                    "{}: folders are nested more than {DEPTH_MAX} deep",
                    path.display()
                )));
            }
            walk(&path, depth + 1, paths)?;
        } else if path
            .extension()
            .is_some_and(|ending| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)))
        {
            paths.push(path);
        }
        if paths.len() > LAB_FILES_MAX {
            return Err(Error::input(format!(
                "{}: there are more than {LAB_FILES_MAX} files in it",
                folder.display()
            )));
        }
    }
    Ok(())
}

/// The text of a file.
pub(super) fn text(path: &Path) -> Result<String, Error> {
    let shown = path.display();
    let failed = |error: std::io::Error| Error::io(format!("{shown} cannot be read: {error}"));
    let bytes = fs::metadata(path).map_err(failed)?.len();
    if bytes > LAB_FILE_BYTES_MAX {
        return Err(Error::input(format!(
            "{shown}: it has {bytes} bytes, {LAB_FILE_BYTES_MAX} are read at most"
        )));
    }
    let bytes = fs::read(path).map_err(failed)?;
    let text = String::from_utf8(bytes).map_err(|_| Error::input(format!("{shown}: it is no UTF-8 text")))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
