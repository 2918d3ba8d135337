//! Who may send, and who may read from afar, as what.
//!
//! Owns: what the keys file says, and the comparison of keys. Refuses: HTTP headers (see `serve`) and changing the file
//! (see `edit`).
//! Invariant: a comparison takes the same time wherever the first difference is, and keys are never printed.

mod edit;

pub use edit::{Revoked, add_token, revoke_token};

use crate::error::Error;
use crate::limits::{CONFIG_BYTES_MAX, KEYS_MAX};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// The name of the file that `nowait serve` makes in its data folder.
pub const FILE: &str = "keys.toml";

/// The shortest key that is taken, in bytes: 128 bits in base64.
const KEY_BYTES_MIN: usize = 22;

/// The longest key or tenant, in bytes.
const TEXT_BYTES_MAX: usize = 128;

/// How many characters of a token are its id, by which it is listed and revoked: of one that `nowait token` draws, 58 are left.
const ID_CHARS: usize = 6;

/// What somebody who reads may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees the figures of a tenant: the page, reports, comparisons, checks
    #[default]
    Viewer,
    /// Sees what the collector counts of itself, too, changes the budgets, which are of all tenants together, and deletes
    Admin,
    /// Sees `GET /metrics` and nothing else, for Prometheus
    Metrics,
}

impl Role {
    /// As the keys file writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Admin => "admin",
            Role::Metrics => "metrics",
        }
    }
}

/// A read token as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The first six characters of the token.
    pub id: String,
    /// Whose figures it opens.
    pub tenant: String,
    /// What its owner may do.
    pub role: Role,
}

/// The keys of all tenants.
#[derive(Clone, Default)]
pub struct Keys {
    app_keys: Vec<Entry>,
    read_tokens: Vec<Token>,
}

#[derive(Clone)]
struct Entry {
    secret: String,
    tenant: String,
}

#[derive(Clone)]
struct Token {
    entry: Entry,
    role: Role,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysFile {
    #[serde(default)]
    app_key: Vec<AppKey>,
    #[serde(default)]
    read_token: Vec<ReadToken>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppKey {
    tenant: String,
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadToken {
    tenant: String,
    token: String,
    #[serde(default)]
    role: Role,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({} app keys, {} read tokens)", self.app_keys.len(), self.read_tokens.len())
    }
}

impl Keys {
    /// Reads the text of a keys file.
    ///
    /// # Errors
    /// [`Error::is_input`], saying what is wrong without repeating a key.
    pub fn parse(text: &str) -> Result<Keys, Error> {
        // The parser's own message quotes the line, which may hold a key: only its place is told.
        let file: KeysFile = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
            let line = before.matches('\n').count() + 1;
            Error::input(format!(
                "line {line} is not as it must be: write [[app_key]] with tenant and key, \
                 or [[read_token]] with tenant, token and (if it is not viewer) role"
            ))
        })?;
        let app_keys =
            file.app_key.into_iter().map(|entry| Entry { secret: entry.key, tenant: entry.tenant });
        let tokens = file.read_token.into_iter().map(|token| Token {
            entry: Entry { secret: token.token, tenant: token.tenant },
            role: token.role,
        });
        let keys = Keys { app_keys: app_keys.collect(), read_tokens: tokens.collect() };
        keys.check()?;
        Ok(keys)
    }

    /// Reads a keys file.
    ///
    /// # Errors
    /// [`Error::is_input`], naming the file.
    pub fn read(path: &Path) -> Result<Keys, Error> {
        let text = read_config(path)?;
        Keys::parse(&text).map_err(|error| error.within(&path.display().to_string()))
    }

    /// Reads the keys file of a data folder; makes one for the tenant `default` if there is none, for the owner's
    /// eyes only. The second value says whether it was made.
    ///
    /// # Errors
    /// [`Error::is_input`], naming the file.
    pub fn read_or_create(path: &Path) -> Result<(Keys, bool), Error> {
        let text = format!(
            "# Who may send batches to this collector. Apps carry the key: it names a tenant and is no secret of\n\
             # weight. Make read tokens with `nowait token` before you serve on more than this machine.\n\n\
             [[app_key]]\ntenant = \"default\"\nkey = \"{}{}\"\n",
            Uuid::new_v4().simple(),
            Uuid::new_v4().simple()
        );
        let written = create_private(path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        match written {
            Ok(()) => Ok((Keys::read(path)?, true)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok((Keys::read(path)?, false)),
            Err(error) => Err(Error::input(format!("{} cannot be written: {error}", path.display()))),
        }
    }

    /// The tenant whose app carries this key.
    #[must_use]
    pub fn tenant_of_app_key(&self, key: &str) -> Option<&str> {
        find(self.app_keys.iter().map(|entry| (entry, entry.tenant.as_str())), key)
    }

    /// The tenant whose figures this token opens, and what its owner may do.
    #[must_use]
    pub fn reader(&self, token: &str) -> Option<(&str, Role)> {
        let tokens = self.read_tokens.iter();
        find(tokens.map(|token| (&token.entry, (token.entry.tenant.as_str(), token.role))), token)
    }

    /// The read tokens, in the order of the file.
    pub fn listed(&self) -> impl Iterator<Item = Listed> + '_ {
        self.read_tokens.iter().map(|token| Listed {
            id: token.entry.secret.chars().take(ID_CHARS).collect(),
            tenant: token.entry.tenant.clone(),
            role: token.role,
        })
    }

    /// Whether anybody may read from afar.
    #[must_use]
    pub fn has_read_tokens(&self) -> bool {
        !self.read_tokens.is_empty()
    }

    /// The tenants that may send.
    #[must_use]
    pub fn senders(&self) -> BTreeSet<&str> {
        self.app_keys.iter().map(|entry| entry.tenant.as_str()).collect()
    }

    /// The tenants whose figures may be read with a token.
    #[must_use]
    pub fn readers(&self) -> BTreeSet<&str> {
        self.read_tokens.iter().map(|token| token.entry.tenant.as_str()).collect()
    }

    fn check(&self) -> Result<(), Error> {
        if self.app_keys.is_empty() {
            return Err(Error::input("there is no [[app_key]]: nobody could send"));
        }
        let entries = || self.app_keys.iter().chain(self.read_tokens.iter().map(|token| &token.entry));
        if entries().count() > KEYS_MAX {
            return Err(Error::input(format!("there are more than {KEYS_MAX} keys and tokens")));
        }
        for (index, entry) in entries().enumerate() {
            if !(KEY_BYTES_MIN..=TEXT_BYTES_MAX).contains(&entry.secret.len()) {
                return Err(Error::input(format!(
                    "a key or token of tenant {:?} has {} bytes: {KEY_BYTES_MIN} to {TEXT_BYTES_MAX} are taken",
                    entry.tenant,
                    entry.secret.len()
                )));
            }
            if entry.tenant.is_empty() || entry.tenant.len() > TEXT_BYTES_MAX {
                return Err(Error::input("a tenant is empty or too long"));
            }
            if entries().take(index).any(|other| other.secret == entry.secret) {
                return Err(Error::input(format!(
                    "a key or token of tenant {:?} is there twice",
                    entry.tenant
                )));
            }
        }
        Ok(())
    }
}

/// Reads a small text file that a person wrote.
///
/// # Errors
/// [`Error::is_input`], naming the file.
pub(crate) fn read_config(path: &Path) -> Result<String, Error> {
    let mut text = String::new();
    let length = std::fs::File::open(path)
        .and_then(|file| file.take(CONFIG_BYTES_MAX + 1).read_to_string(&mut text))
        .map_err(|error| Error::input(format!("{} cannot be read: {error}", path.display())))?;
    if length as u64 > CONFIG_BYTES_MAX {
        return Err(Error::input(format!("{} is longer than {CONFIG_BYTES_MAX} bytes", path.display())));
    }
    Ok(text)
}

/// Makes a file that only its owner may read; fails if there is one.
fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// What the entry with this secret is of. Looks at every entry, whether or not one was found.
fn find<'a, T>(entries: impl Iterator<Item = (&'a Entry, T)>, secret: &str) -> Option<T> {
    let mut found = None;
    for (entry, of) in entries {
        if bool::from(entry.secret.as_bytes().ct_eq(secret.as_bytes())) {
            found = Some(of);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "[[app_key]]\ntenant = 'bank'\nkey = '0123456789abcdef0123456789'\n\
        [[read_token]]\ntenant = 'bank'\ntoken = 'abcdef0123456789abcdef01234'\n";

    #[test]
    fn keys_and_tokens_do_not_stand_in_for_each_other() {
        let keys = Keys::parse(TWO).unwrap();
        assert_eq!((keys.senders(), keys.readers()), (BTreeSet::from(["bank"]), BTreeSet::from(["bank"])));
        assert_eq!(keys.tenant_of_app_key("0123456789abcdef0123456789"), Some("bank"));
        assert_eq!(keys.reader("0123456789abcdef0123456789"), None);
        assert_eq!(keys.reader("abcdef0123456789abcdef01234"), Some(("bank", Role::Viewer)));
        for wrong in ["", "0123456789abcdef012345678", "0123456789abcdef01234567890"] {
            assert_eq!(keys.tenant_of_app_key(wrong), None);
        }
    }

    #[test]
    fn who_is_no_admin_by_the_file_is_a_viewer() {
        let token = "abcdef0123456789abcdef01234";
        for (line, role) in
            [("", Role::Viewer), ("role = 'viewer'", Role::Viewer), ("role = 'admin'", Role::Admin)]
        {
            let keys = Keys::parse(&format!("{TWO}{line}\n")).unwrap();
            assert_eq!(keys.reader(token), Some(("bank", role)), "{line}");
            let listed = Listed { id: "abcdef".into(), tenant: "bank".into(), role };
            assert_eq!(keys.listed().collect::<Vec<_>>(), [listed]);
        }
        assert!(Keys::parse(&format!("{TWO}role = 'root'\n")).unwrap_err().is_input());
    }

    #[test]
    fn a_refusal_never_repeats_a_key() {
        for text in [
            "[[app_key]]\ntenant = 'bank'\nkey = 'sesame'\n",
            "[[app_key]]\ntenant = 'bank'\nkey = 'sesame\n",
            "[[app_key]]\ntenant = 'bank'\nkeys = 'sesame'\n",
            "[[read_token]]\ntenant = 'bank'\ntoken = 'sesame'\n",
            &format!("{TWO}{TWO}"),
        ] {
            let error = Keys::parse(text).unwrap_err();
            assert!(error.is_input());
            assert!(!error.to_string().contains("sesame") && !error.to_string().contains("0123"), "{error}");
        }
    }

    #[test]
    fn a_new_file_is_private_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let (keys, is_new) = Keys::read_or_create(&path).unwrap();
        assert!(is_new && !keys.has_read_tokens());
        assert!(!Keys::read_or_create(&path).unwrap().1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
