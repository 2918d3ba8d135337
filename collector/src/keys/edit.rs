//! Changing the keys file: a read token is added or taken out.
//!
//! Owns: the change, and writing it. Refuses: what keys mean (see `keys`) and printing them (see `cli`).
//! Invariant: whatever interrupts a change, the file is the old one or the new one, both whole; it never gets more readers, and
//! keeps its owner and what people wrote into it.

use super::{Keys, Listed, Role, create_private, read_config};
use crate::error::Error;
use crate::limits::CONFIG_BYTES_MAX;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};
use uuid::Uuid;

/// The table of read tokens in the file.
const READ_TOKEN: &str = "read_token";

/// A token that was taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Which one it was.
    pub token: Listed,
    /// Whether there is none left, so that whoever comes straight from this machine reads.
    pub was_last: bool,
}

/// Draws a token of 244 random bits for a tenant's figures and adds it to a keys file. The tenant may be left out where only one
/// sends.
///
/// # Errors
/// [`Error::is_input`]: nothing was changed, and what to do.
pub fn add_token(path: &Path, tenant: Option<&str>, role: Role) -> Result<(String, Listed), Error> {
    change(path, |document, keys| {
        let tenant = sender(keys, tenant)?;
        let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let mut table = Table::new();
        for (name, word) in [("tenant", tenant.as_str()), ("token", &token), ("role", role.word())] {
            table.insert(name, value(word));
        }
        let item = document.entry(READ_TOKEN).or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        tables(item)?.push(table);
        let id = token.chars().take(super::ID_CHARS).collect();
        Ok((token, Listed { id, tenant, role }))
    })
}

/// Takes the token out whose first characters these are.
///
/// # Errors
/// [`Error::is_input`] if there is none or more than one, or if the file cannot be written: nothing was changed then.
pub fn revoke_token(path: &Path, id: &str) -> Result<Revoked, Error> {
    change(path, |document, keys| {
        let all = keys.read_tokens.iter().enumerate();
        let begin = all.filter(|(_, token)| token.entry.secret.starts_with(id));
        let found: Vec<usize> = begin.map(|(index, _)| index).collect();
        let index = match found.as_slice() {
            [index] if !id.is_empty() => *index,
            [] => {
                return Err(Error::input(format!(
                    "no read token has the id {id:?}: --list shows those of all"
                )));
            }
            _ => {
                let remedy = "take the one that is meant out of the file with an editor";
                return Err(Error::input(format!(
                    "{} read tokens have the id {id:?}: {remedy}",
                    found.len()
                )));
            }
        };
        let token = keys.listed().nth(index).ok_or_else(|| Error::input("the read token is gone"))?;
        take_out(document, index)?;
        Ok(Revoked { token, was_last: keys.read_tokens.len() == 1 })
    })
}

/// The tenant that is meant: one whose app may send, so that a slip of the pen is no token for nothing.
fn sender(keys: &Keys, tenant: Option<&str>) -> Result<String, Error> {
    let senders: Vec<&str> = keys.senders().into_iter().collect();
    let all = || senders.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    match (tenant, senders.as_slice()) {
        (Some(named), _) if senders.contains(&named) => Ok(named.to_owned()),
        (Some(named), _) => Err(Error::input(format!("no app key is of tenant {named:?}, but of {}", all()))),
        (None, [only]) => Ok((*only).to_owned()),
        (None, _) => Err(Error::input(format!("say which --tenant is meant: {}", all()))),
    }
}

fn tables(item: &mut Item) -> Result<&mut ArrayOfTables, Error> {
    item.as_array_of_tables_mut().ok_or_else(|| {
        Error::input(
            "its read tokens are not written as [[read_token]]: write them so, or change them by hand",
        )
    })
}

/// Removes a table with the comment right above it. What stands above an empty line is about more, and goes to what follows.
fn take_out(document: &mut DocumentMut, index: usize) -> Result<(), Error> {
    let item = document.get_mut(READ_TOKEN).ok_or_else(|| Error::input("there is no [[read_token]]"))?;
    let all = tables(item)?;
    let removed = all.get(index).ok_or_else(|| Error::input("the read token is gone"))?;
    let position = removed.position();
    let above = removed.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or("");
    let kept = above.rfind("\n\n").and_then(|end| above.get(..=end)).unwrap_or("").to_owned();
    all.remove(index);
    if all.is_empty() {
        document.remove(READ_TOKEN);
    }
    if kept.trim().is_empty() {
        return Ok(());
    }
    let all = document.iter_mut().filter_map(|(_, item)| item.as_array_of_tables_mut());
    let behind = all.flat_map(ArrayOfTables::iter_mut).filter(|table| table.position() > position);
    if let Some(next) = behind.min_by_key(|table| table.position()) {
        let own = next.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or("").to_owned();
        next.decor_mut().set_prefix(kept + &own);
    } else {
        let own = document.trailing().as_str().unwrap_or("").to_owned();
        document.set_trailing(kept + &own);
    }
    Ok(())
}

/// Changes a keys file, unless what comes out could not be read again.
fn change<T>(
    path: &Path,
    edit: impl FnOnce(&mut DocumentMut, &Keys) -> Result<T, Error>,
) -> Result<T, Error> {
    // A link stays one: what it leads to is changed.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let within = |error: &Error| error.within(&path.display().to_string());
    // It is there before the old file is read: of two changes at once one is refused, and none is lost.
    let new = New::create(&path)?;
    let text = read_config(&path)?;
    let keys = Keys::parse(&text).map_err(|error| within(&error))?;
    let mut document: DocumentMut =
        text.parse().map_err(|_| within(&Error::input("it is no TOML that can be changed")))?;
    let done = edit(&mut document, &keys).map_err(|error| within(&error))?;
    let text = document.to_string();
    if text.len() as u64 > CONFIG_BYTES_MAX {
        return Err(within(&Error::input(format!("it would be longer than {CONFIG_BYTES_MAX} bytes"))));
    }
    Keys::parse(&text).map_err(|error| within(&error))?;
    new.replace(&text).map_err(|error| within(&Error::input(format!("it cannot be written: {error}"))))?;
    Ok(done)
}

/// The file that is about to take the place of another; removed unless it does.
struct New<'a> {
    old: &'a Path,
    path: PathBuf,
    file: File,
}

impl New<'_> {
    fn create(old: &Path) -> Result<New<'_>, Error> {
        let mut path = old.as_os_str().to_owned();
        path.push(".new");
        let path = PathBuf::from(path);
        match create_private(&path) {
            Ok(file) => Ok(New { old, path, file }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Error::input(format!(
                "{} is there: another `nowait token` is at work, or was interrupted; then remove it",
                path.display()
            ))),
            Err(error) => Err(Error::input(format!("{} cannot be written: {error}", path.display()))),
        }
    }

    fn replace(mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        keep_owner(self.old, &self.file)?;
        self.file.sync_all()?;
        fs::rename(&self.path, self.old)?;
        // The name is on disk when its folder is.
        #[cfg(unix)]
        if let Some(folder) = self.old.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

impl Drop for New<'_> {
    fn drop(&mut self) {
        // After the rename there is none of this name.
        let _ = fs::remove_file(&self.path);
    }
}

/// Root may change the file of the account that `serve` runs as, which has to read it afterwards; a group that was let read it
/// still is, and others are not.
#[cfg(unix)]
fn keep_owner(old: &Path, new: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let (old, own) = (fs::metadata(old)?, new.metadata()?);
    if (old.uid(), old.gid()) != (own.uid(), own.gid()) {
        fchown(new, Some(old.uid()), Some(old.gid()))?;
    }
    new.set_permissions(fs::Permissions::from_mode(0o600 | (old.mode() & 0o040)))
}

#[cfg(not(unix))]
fn keep_owner(_: &Path, _: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::FILE;
    use super::*;
    use tempfile::TempDir;

    const KEY: &str = "[[app_key]] # the app's\ntenant = 'bank'\nkey = '0123456789abcdef0123456789'\n";

    fn file(text: &str) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn a_token_is_added_beside_what_people_wrote_and_taken_out_again() {
        let before = format!(
            "# Ours, do not lose.\n\n{KEY}\n# Ana\n[[read_token]]\ntenant='bank'\ntoken='{:a<26}'\n",
            ""
        );
        let (folder, path) = file(&before);
        let (token, listed) = add_token(&path, None, Role::Admin).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(&before) && text.contains("role = \"admin\""), "{text}");
        let keys = Keys::read(&path).unwrap();
        assert_eq!((keys.reader(&token), token.len()), (Some(("bank", Role::Admin)), 64));
        assert_eq!(keys.listed().last().unwrap(), listed);
        let revoked = revoke_token(&path, &listed.id).unwrap();
        assert_eq!(revoked, Revoked { token: listed, was_last: false });
        assert_eq!(fs::read_to_string(&path).unwrap(), before);
        assert!(revoke_token(&path, "aaaaaa").unwrap().was_last);
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("# Ours, do not lose.\n\n{KEY}"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn the_comment_of_the_whole_file_outlives_its_first_table() {
        let token = format!("[[read_token]]\ntenant='bank'\ntoken='{:a<26}'\n", "");
        for (before, after) in [
            (format!("# Ours.\n\n# Ana\n{token}{KEY}"), format!("# Ours.\n{KEY}")),
            (format!("{KEY}\n# People:\n\n# Ana\n{token}# end\n"), format!("{KEY}\n# People:\n# end\n")),
        ] {
            let (_folder, path) = file(&before);
            revoke_token(&path, "aaaaaa").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after);
        }
    }

    #[test]
    fn what_cannot_be_meant_changes_nothing() {
        let tokens = format!(
            "{KEY}[[read_token]]\ntenant='bank'\ntoken='{:a<26}'\n[[read_token]]\ntenant='bank'\ntoken='{:a<27}'\n",
            "", ""
        );
        let (folder, path) = file(&tokens);
        let errors = [
            add_token(&path, Some("bnak"), Role::Viewer).unwrap_err(),
            revoke_token(&path, "aaaaaa").unwrap_err(),
            revoke_token(&path, "").unwrap_err(),
            revoke_token(&path, "bbbbbb").unwrap_err(),
        ];
        for (error, wanted) in errors.iter().zip(["\"bank\"", "2 read tokens", "2 read tokens", "--list"]) {
            assert!(error.is_input() && error.to_string().contains(wanted), "{error}");
            assert!(!error.to_string().contains("aaaaaaa"), "no secret: {error}");
        }
        fs::write(folder.path().join("keys.toml.new"), "").unwrap();
        let error = add_token(&path, None, Role::Viewer).unwrap_err();
        assert!(error.to_string().contains("interrupted"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), tokens);
        assert!(folder.path().join("keys.toml.new").exists(), "it is another's");
    }

    #[test]
    fn tokens_that_are_written_in_another_way_are_left_to_people() {
        let token = format!("read_token = [{{ tenant = 'bank', token = '{:a<26}' }}]\n", "");
        let (_folder, path) = file(&format!("{token}{KEY}"));
        for error in [
            add_token(&path, None, Role::Viewer).unwrap_err(),
            revoke_token(&path, "aaaaaa").map(|_| ()).unwrap_err(),
        ] {
            assert!(error.to_string().contains("by hand"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_changed_file_has_no_new_readers_and_a_link_stays_one() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        for (before, after) in [(0o600, 0o600), (0o644, 0o640), (0o400, 0o600), (0o666, 0o640)] {
            let (folder, path) = file(KEY);
            fs::set_permissions(&path, fs::Permissions::from_mode(before)).unwrap();
            let link = folder.path().join("link.toml");
            symlink(&path, &link).unwrap();
            add_token(&link, Some("bank"), Role::Viewer).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert!(Keys::read(&path).unwrap().has_read_tokens());
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, after);
        }
    }
}
