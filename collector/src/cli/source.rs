//! Where a command gets its figures from: a data folder, or a collector that is running somewhere.
//!
//! Owns: the options that name the source and the slice. Refuses: printing.
//! Invariant: the same question gives the same values from both.

use super::progress::Progress;
use crate::ask::{Ask, Question};
use crate::error::Error;
use crate::keys::read_config;
use crate::limits::ANSWER_BYTES_MAX;
use crate::store::{self, Query, SqliteStore, Store};
use crate::time::now_unix_ms;
use nowait_report::text::safe;
use nowait_report::{Budgets, Zone};
use reqwest::{StatusCode, Url};
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a collector may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// The data folder if none is named.
const DATA: &str = "nowait-data";

/// Where from, and which slice.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Source {
    /// The data folder of `nowait serve`, which may be running [env: NOWAIT_DATA] [default: nowait-data]
    // Not by clap's `env`: a folder in the environment is a default, and no contradiction of --url.
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    data: Option<PathBuf>,
    /// Ask a running collector instead, for example http://127.0.0.1:4600
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The read token for --url, where the collector wants one [env: NOWAIT_READ_TOKEN]
    // Not by clap's `env` either: a token in the environment asks for no --url.
    #[arg(long, value_name = "TOKEN", requires = "url", value_parser = word)]
    token: Option<String>,
    /// Whose figures, where there are several tenants
    #[arg(long, value_name = "NAME", value_parser = word)]
    tenant: Option<String>,
    /// Only this operating system: android, ios, linux, macos, windows, other
    #[arg(long, value_name = "OS", value_parser = word)]
    os: Option<String>,
    /// Only devices of this tier: low, mid, high, unknown
    #[arg(long, value_name = "TIER", value_parser = word)]
    tier: Option<String>,
    /// Only on this network: wifi, cellular, wired, offline, unknown
    #[arg(long, value_name = "NETWORK", value_parser = word)]
    network: Option<String>,
    /// Only this country, two letters of ISO 3166-1, for example DE
    #[arg(long, value_name = "COUNTRY", value_parser = word)]
    country: Option<String>,
    /// Only this device model, for example "Pixel 8"
    #[arg(long, value_name = "MODEL", value_parser = word)]
    model: Option<String>,
    /// Only where a dimension of the app has this value, for example segment=retail; may be said for several dimensions
    #[arg(long = "dimension", value_name = "KEY=VALUE", value_parser = dimension)]
    dimensions: Vec<String>,
    /// Only the last so many hours
    #[arg(long, value_name = "N", value_parser = word, conflicts_with_all = ["since", "until"])]
    hours: Option<String>,
    /// Only from this moment on: 2026-03-05, 2026-03-05T14:00, 2026-03-05T14:00:00+08:00, now, today, yesterday, 7d or 24h (ago), or
    /// milliseconds since 1970
    #[arg(long, value_name = "TIME", value_parser = word, allow_hyphen_values = true)]
    since: Option<String>,
    /// Only before this moment
    #[arg(long, value_name = "TIME", value_parser = word, allow_hyphen_values = true)]
    until: Option<String>,
}

/// A data folder that is asked.
pub(super) struct Local {
    pub(super) store: SqliteStore,
    pub(super) tenant: String,
    pub(super) question: Question,
    pub(super) query: Query,
    pub(super) budgets: Arc<Budgets>,
}

impl Source {
    /// The question that the options ask.
    pub(super) fn ask(&self) -> Ask {
        let word = |word: &Option<String>| word.clone().unwrap_or_default();
        Ask {
            tenant: word(&self.tenant),
            os: word(&self.os),
            tier: word(&self.tier),
            network: word(&self.network),
            country: word(&self.country),
            model: word(&self.model),
            dimensions: self.dimensions.clone(),
            hours: word(&self.hours),
            since: word(&self.since),
            until: word(&self.until),
            ..Ask::default()
        }
    }

    /// The answer of a data folder through `local`, or of the collector at `path`. A folder is judged by the budgets that are
    /// given, else by its own.
    pub(super) fn answer<T: DeserializeOwned>(
        &self,
        path: &str,
        ask: &Ask,
        given: Option<&Budgets>,
        local: impl FnOnce(&Local) -> Result<T, Error>,
    ) -> Result<T, Error> {
        // What cannot be asked is told before anything is opened.
        let now_unix_ms = now_unix_ms();
        ask.question(now_unix_ms, &Zone::UTC)?;
        let _progress = Progress::new("Reading");
        match &self.url {
            Some(url) => {
                let token = self.token.clone().or_else(|| std::env::var("NOWAIT_READ_TOKEN").ok());
                fetch(url, path, ask, token.as_deref().filter(|token| !token.trim().is_empty()))
            }
            None => {
                let store = SqliteStore::open_read_only(&self.folder())?;
                let question = ask.question(now_unix_ms, store.zone())?;
                let tenant = store::tenant_meant(&store, question.tenant.as_deref())?;
                let budgets = given.map_or_else(|| store.budgets(), |given| Arc::new(given.clone()));
                local(&Local { tenant, query: question.query(), question, budgets, store })
            }
        }
    }

    /// Whether a collector or its folder was named with an option.
    pub(super) fn is_named(&self) -> bool {
        self.data.is_some() || self.url.is_some()
    }

    /// The first of the options that was said, as it is written: those of a slice are called as their words are.
    pub(super) fn said(&self) -> Option<String> {
        let of_source = [("data", self.data.is_some()), ("url", self.url.is_some())];
        let of_source = of_source.into_iter().find(|(_, is_said)| *is_said).map(|(name, _)| name);
        let name = of_source.or(self.ask().said().first().map(|(name, _)| *name))?;
        Some(format!("--{name}"))
    }

    /// Whether a running collector is asked.
    pub(super) fn is_remote(&self) -> bool {
        self.url.is_some()
    }

    /// The data folder, to be read by more than one question.
    pub(super) fn local(&self) -> Result<SqliteStore, Error> {
        if self.url.is_some() {
            return Err(Error::input(
                "--url: a release beside files is read from a data folder; name it with --data",
            ));
        }
        SqliteStore::open_read_only(&self.folder())
    }

    fn folder(&self) -> PathBuf {
        let from_env = || std::env::var_os("NOWAIT_DATA").filter(|data| !data.is_empty()).map(PathBuf::from);
        self.data.clone().or_else(from_env).unwrap_or_else(|| DATA.into())
    }
}

/// A word that says something. An empty one is most often a variable of a script that was not set, and would ask for everything.
pub(super) fn word(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("it is empty; leave the option out, or say a value".to_owned());
    }
    Ok(text.to_owned())
}

/// A dimension as an address says it.
fn dimension(text: &str) -> Result<String, String> {
    let write = "write KEY=VALUE, for example segment=retail";
    match text.split_once('=') {
        None => Err(format!("it has no value; {write}")),
        Some((key, value)) if key.trim().is_empty() || value.trim().is_empty() => {
            Err(format!("it is half empty; {write}"))
        }
        Some((key, _)) if key.contains(':') => Err("a key with a colon cannot be asked for".to_owned()),
        Some((key, value)) => Ok(format!("{key}:{value}")),
    }
}

/// The budgets of a file.
pub(super) fn budgets(path: &Path) -> Result<Budgets, Error> {
    Budgets::parse(&read_config(path)?)
        .map_err(|error| Error::from(error).within(&path.display().to_string()))
}

fn fetch<T: DeserializeOwned>(base: &str, path: &str, ask: &Ask, token: Option<&str>) -> Result<T, Error> {
    let url = Url::parse(base).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let mut url = url
        .and_then(|url| url.join(path).ok())
        .ok_or_else(|| Error::input(format!("--url {base:?}: write http://HOST:PORT or https://HOST")))?;
    url.query_pairs_mut().extend_pairs(ask.said());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::io(format!("no runtime: {error}")))?;
    let (status, body) = runtime.block_on(get(url, token)).map_err(|error| error.within(base))?;
    if status == StatusCode::OK {
        return serde_json::from_slice(&body).map_err(|error| {
            Error::io(format!(
                "{base}: the answer is not what this nowait reads ({error}): use the same version"
            ))
        });
    }
    let said: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
    let reason = said.as_ref().and_then(|said| said.get("reason")?.as_str()).unwrap_or("no reason given");
    // From another machine: it may not begin a line of its own.
    Err(Error::input(format!("{base} refused with {status}: {}", safe(reason))))
}

async fn get(url: Url, token: Option<&str>) -> Result<(StatusCode, Vec<u8>), Error> {
    // An error means that this process has a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let failed = |error: reqwest::Error| {
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(deeper) = cause {
            text.push_str(&format!(": {deeper}"));
            cause = deeper.source();
        }
        Error::io(format!("no answer ({text}): is the collector running there?"))
    };
    let client = reqwest::Client::builder().timeout(ANSWER_TIMEOUT).build().map_err(failed)?;
    let mut request = client.get(url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let mut response = request.send().await.map_err(failed)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES_MAX {
            return Err(Error::io(format!("the answer is longer than {ANSWER_BYTES_MAX} bytes")));
        }
    }
    Ok((response.status(), body))
}
