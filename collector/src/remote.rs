//! What every device is asked to do from now on: the file of `nowait serve --remote-config`.
//!
//! Owns: reading that file, and saying what is wrong with it. Refuses: sending it (see `serve`), and any choice of its own.
//! Invariant: what is handed out was read whole and every number in it is within its range.

use crate::error::Error;
use crate::keys::read_config;
use crate::limits::{FLUSH_INTERVAL_MAX_S, FLUSH_INTERVAL_MIN_S};
use nowait_wire::RemoteConfig;
use serde::Deserialize;
use std::path::Path;

/// The file as it is written. Wide numbers, so that one out of range is told from one that is no number.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u64,
    enabled: Option<bool>,
    sampled_per_mille: Option<u64>,
    flush_interval_s: Option<u64>,
}

/// Reads the text of the file. A word that is not known is refused: a misspelt kill switch must not pass for one.
///
/// # Errors
/// [`Error::is_input`], naming the field and what to write instead.
pub fn parse(text: &str) -> Result<RemoteConfig, Error> {
    let file: File = serde_json::from_str(text).map_err(|error| {
        Error::input(format!(
            "{error}: write a JSON object with version and, if needed, enabled, sampled_per_mille, flush_interval_s"
        ))
    })?;
    let version = u32::try_from(file.version).ok().filter(|version| *version > 0);
    let version = version.ok_or_else(|| {
        let found = file.version;
        Error::input(format!("version: {found} is none; write 1 or more, and more with each change"))
    })?;
    let sampled = file.sampled_per_mille.unwrap_or(RemoteConfig::ALL_PER_MILLE.into());
    let sampled_per_mille = u16::try_from(sampled).ok().filter(|share| *share <= RemoteConfig::ALL_PER_MILLE);
    let sampled_per_mille = sampled_per_mille.ok_or_else(|| {
        let most = RemoteConfig::ALL_PER_MILLE;
        Error::input(format!("sampled_per_mille: {sampled} is no share; write 0 to {most}"))
    })?;
    let interval = file.flush_interval_s.unwrap_or(0);
    let is_known = interval == 0 || (FLUSH_INTERVAL_MIN_S..=FLUSH_INTERVAL_MAX_S).contains(&interval);
    let flush_interval_s = u32::try_from(interval).ok().filter(|_| is_known);
    let flush_interval_s = flush_interval_s.ok_or_else(|| {
        Error::input(format!(
            "flush_interval_s: {interval} is out of range; write {FLUSH_INTERVAL_MIN_S} to {FLUSH_INTERVAL_MAX_S}, or 0 \
             to leave it to the app"
        ))
    })?;
    Ok(RemoteConfig { version, enabled: file.enabled.unwrap_or(true), sampled_per_mille, flush_interval_s })
}

/// Reads the file.
///
/// # Errors
/// [`Error::is_input`], naming the file.
pub fn read(path: &Path) -> Result<RemoteConfig, Error> {
    parse(&read_config(path)?).map_err(|error| error.within(&path.display().to_string()))
}

/// What the file asks for, in a few words.
pub(crate) fn words(config: &RemoteConfig) -> String {
    let RemoteConfig { version, enabled, sampled_per_mille, flush_interval_s } = *config;
    if !enabled {
        return format!("version {version}: no device records");
    }
    let interval = match flush_interval_s {
        0 => "as often as the app says".to_owned(),
        seconds => format!("every {seconds} s"),
    };
    format!("version {version}: {sampled_per_mille} of 1,000 devices record, and send {interval}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let error = parse(text).unwrap_err();
        assert!(error.is_input());
        error.to_string()
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let text = r#"{"version":7,"enabled":false,"sampled_per_mille":250,"flush_interval_s":300}"#;
        let all = RemoteConfig { version: 7, enabled: false, sampled_per_mille: 250, flush_interval_s: 300 };
        assert_eq!(parse(text).unwrap(), all);
        let least = RemoteConfig { version: 1, enabled: true, sampled_per_mille: 1000, flush_interval_s: 0 };
        assert_eq!(parse("{\"version\":1}\n").unwrap(), least);
        // As the devices read it.
        assert_eq!(serde_json::from_str::<RemoteConfig>("{\"version\":1}").unwrap(), least);
        assert_eq!(
            words(&least),
            "version 1: 1000 of 1,000 devices record, and send as often as the app says"
        );
        assert_eq!(words(&all), "version 7: no device records");
    }

    #[test]
    fn errors_name_the_field_and_the_remedy() {
        assert!(error("").contains("write a JSON object with version"));
        assert!(error("[]").contains("write a JSON object with version"));
        assert!(error(r#"{"enabled":false}"#).contains("missing field `version`"));
        assert!(error(r#"{"version":1,"enable":false}"#).contains("unknown field `enable`"));
        assert!(error(r#"{"version":1,"enabled":"no"}"#).contains("expected a boolean"));
        assert!(error(r#"{"version":0}"#).starts_with("version: 0 is none; write 1 or more"));
        assert!(error(r#"{"version":4294967296}"#).starts_with("version: 4294967296 is none"));
        assert_eq!(
            error(r#"{"version":1,"sampled_per_mille":1001}"#),
            "sampled_per_mille: 1001 is no share; write 0 to 1000"
        );
        for interval in ["9", "86401", "99999999999"] {
            let said = error(&format!(r#"{{"version":1,"flush_interval_s":{interval}}}"#));
            assert_eq!(
                said,
                format!(
                    "flush_interval_s: {interval} is out of range; write 10 to 86400, or 0 to leave it to the app"
                )
            );
        }
    }

    #[test]
    fn an_error_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("remote.json");
        assert!(read(&path).unwrap_err().to_string().contains("remote.json cannot be read"));
        std::fs::write(&path, "{}").unwrap();
        let said = read(&path).unwrap_err().to_string();
        assert!(said.contains("remote.json: missing field `version`"), "{said}");
    }
}
