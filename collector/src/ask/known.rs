//! Names that there are, and what to say of one that there is not.
//!
//! Owns: the nearest few of what is known, by edit distance. Refuses: lists of everything, which nobody reads.
//! Invariant: an error about a name never grows with how many names there are.

use super::Filter;
use crate::error::Error;
use crate::limits::{NEAREST_AMONG_MAX, NEAREST_MAX, RELEASES_PER_TENANT_MAX, TENANTS_LISTED_MAX};
use crate::store::Store;

/// The nearest few of `known`, the nearest first; capitals make no difference.
fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    let mut found: Vec<(usize, &str)> = Vec::new();
    for name in known.into_iter().take(NEAREST_AMONG_MAX) {
        // Two texts are at least as far from each other as their lengths are.
        let least = name.chars().count().abs_diff(length);
        if found.len() == NEAREST_MAX && found.last().is_some_and(|(farthest, _)| least >= *farthest) {
            continue;
        }
        let entry = (strsim::osa_distance(&word, &name.to_lowercase()), name);
        let at = found.partition_point(|other| *other <= entry);
        found.insert(at, entry);
        found.truncate(NEAREST_MAX);
    }
    found.into_iter().map(|(_, name)| name).collect()
}

/// Names as they may stand in a message: quoted, and nothing in them is hidden.
fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

/// A message about a word that must be one of a few.
pub(crate) fn is_none_of<'a>(what: &str, word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let shown: String = word.chars().take(40).collect();
    match nearest(word, known).first() {
        Some(nearest) => format!("{shown:?} is no {what}; the nearest is {nearest:?}"),
        None => format!("{shown:?} is no {what}"),
    }
}

/// A message about a name that nobody ever sent under.
pub(crate) fn unknown(what: &str, word: &str, known: &[String]) -> Error {
    let shown: String = word.chars().take(40).collect();
    if known.is_empty() {
        return Error::no_data(format!(
            "there is no {what} {shown:?}: none has sent anything yet; is the app sending?"
        ));
    }
    let near = nearest(word, known.iter().map(String::as_str));
    let count = known.len();
    let of = if near.len() < count {
        format!("the nearest of {count}")
    } else {
        format!("known {}", if count == 1 { "is" } else { "are" })
    };
    Error::no_data(format!("there is no {what} {shown:?}; {of}: {}", listed(&near)))
}

/// The tenant that is meant: the one that was named, or the only one there is.
pub(crate) fn tenant_meant(store: &dyn Store, named: Option<&str>) -> Result<String, Error> {
    let tenants = store.tenants()?;
    match (named, tenants.as_slice()) {
        (Some(named), known) if known.iter().any(|tenant| tenant == named) => Ok(named.to_owned()),
        (Some(named), known) => Err(unknown("tenant", named, known)),
        (None, []) => Ok(String::new()),
        (None, [only]) => Ok(only.clone()),
        (None, several) => {
            let few: Vec<&str> = several.iter().take(TENANTS_LISTED_MAX).map(String::as_str).collect();
            let more = several.len() - few.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            Err(Error::input(format!("tenant: there are several, name one of {}{more}", listed(&few))))
        }
    }
}

/// Refuses what a filter says if nobody ever sent it.
pub(crate) fn filter_known(store: &dyn Store, tenant: &str, filter: &Filter) -> Result<(), Error> {
    if let Some(version) = &filter.version {
        version_known(store, tenant, version)?;
    }
    let words = [("country", &filter.country), ("device model", &filter.model)];
    let words = words.into_iter().filter_map(|(what, word)| word.clone().map(|word| (what, word)));
    let dimensions = filter.dimensions.iter().map(|(key, value)| ("dimension", format!("{key}:{value}")));
    for (what, word) in words.chain(dimensions) {
        let all = store.contexts(tenant)?;
        let known = match what {
            "country" => all.countries,
            "dimension" => all.dimensions,
            _ => all.device_models,
        };
        if !known.contains(&word) {
            return Err(unknown(what, &word, &known.into_iter().collect::<Vec<_>>()));
        }
    }
    Ok(())
}

/// Refuses a release that never sent anything, and one that is not kept apart.
fn version_known(store: &dyn Store, tenant: &str, version: &str) -> Result<(), Error> {
    let apart = store.app_versions(tenant)?;
    if apart.iter().any(|known| known == version) {
        return Ok(());
    }
    let all = store.contexts(tenant)?.app_versions;
    if all.contains(version) {
        let count = all.len();
        return Err(Error::no_data(format!(
            "app version {version:?} is one of {count}, more than the {RELEASES_PER_TENANT_MAX} that are kept apart: it is \
             counted in \"(other)\""
        )));
    }
    Err(unknown("app version", version, &all.into_iter().collect::<Vec<_>>()))
}

/// Why there are no waits of this release: it never sent any, or none in the span.
pub(crate) fn nothing_of(store: &dyn Store, tenant: &str, version: &str) -> Error {
    let in_span = || {
        Error::no_data(format!(
            "no waits of app version {version:?} in this span and filter; widen them, or name another release"
        ))
    };
    version_known(store, tenant, version).map_or_else(|error| error, |()| in_span())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_few_are_named_and_never_all() {
        let versions: Vec<String> = (0..2_000).map(|n| format!("8.{}.{}", n / 40, n % 40)).collect();
        let said = unknown("app version", "8.2.00", &versions).to_string();
        assert_eq!(
            said,
            "there is no app version \"8.2.00\"; the nearest of 2000: \"8.2.0\", \"8.2.10\", \"8.2.20\""
        );
        let few = ["bank".to_owned(), "shop".to_owned()];
        let said = unknown("tenant", "bnak", &few).to_string();
        assert_eq!(said, "there is no tenant \"bnak\"; known are: \"bank\", \"shop\"");
        assert!(unknown("tenant", "bank", &[]).to_string().contains("none has sent anything yet"));
    }

    #[test]
    fn a_message_hides_nothing_and_stays_short() {
        let known = ["\u{1b}[8m8.2.0".to_owned(), "8.2\u{202e}.0".to_owned()];
        let said = unknown("app version", &"x\u{1b}".repeat(1_000), &known).to_string();
        assert!(!said.chars().any(nowait_scrub::is_hidden) && said.len() < 300, "{said}");
    }
}
