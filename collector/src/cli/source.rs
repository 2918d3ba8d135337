//! Where a command gets its figures from: a data folder, or a collector that is running somewhere.
//!
//! Owns: the options that name the source and the slice. Refuses: printing.
//! Invariant: the same question gives the same values from both.

use crate::ask::Ask;
use crate::error::Error;
use crate::keys::read_config;
use crate::limits::ANSWER_BYTES_MAX;
use crate::store::SqliteStore;
use crate::time::now_unix_ms;
use nowait_report::Budgets;
use reqwest::{StatusCode, Url};
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a collector may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Where from, and which slice.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Source {
    /// The data folder of `nowait serve`, which may be running
    #[arg(long, value_name = "DIR", env = "NOWAIT_DATA", default_value = "nowait-data")]
    data: PathBuf,
    /// Ask a running collector instead, for example http://127.0.0.1:4600
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The read token for --url, where the collector wants one
    #[arg(long, value_name = "TOKEN", env = "NOWAIT_READ_TOKEN", hide_env_values = true, requires = "url")]
    token: Option<String>,
    /// Whose figures, where there are several tenants
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    tenant: String,
    /// Only this operating system: android, ios, linux, macos, windows, other
    #[arg(long, value_name = "OS", default_value = "", hide_default_value = true)]
    os: String,
    /// Only the last so many hours
    #[arg(long, value_name = "N", default_value = "", hide_default_value = true)]
    hours: String,
    /// Only from this moment on (UTC): 2026-03-05, 2026-03-05T14:00, or milliseconds since 1970
    #[arg(long, value_name = "TIME", default_value = "", hide_default_value = true)]
    since: String,
    /// Only before this moment (UTC)
    #[arg(long, value_name = "TIME", default_value = "", hide_default_value = true)]
    until: String,
}

impl Source {
    /// The question that the options ask.
    pub(super) fn ask(&self) -> Ask {
        Ask {
            tenant: self.tenant.clone(),
            os: self.os.clone(),
            hours: self.hours.clone(),
            since: self.since.clone(),
            until: self.until.clone(),
            ..Ask::default()
        }
    }

    /// The answer of a data folder through `local`, or of the collector at `path`.
    pub(super) fn answer<T: DeserializeOwned>(
        &self,
        path: &str,
        ask: &Ask,
        local: impl FnOnce(&SqliteStore) -> Result<T, Error>,
    ) -> Result<T, Error> {
        // What cannot be asked is told before anything is opened.
        ask.query(now_unix_ms())?;
        ask.options()?;
        match &self.url {
            Some(url) => fetch(url, path, ask, self.token.as_deref()),
            None => local(&SqliteStore::open_read_only(&self.data)?),
        }
    }
}

/// The budgets of a file, or the defaults.
pub(super) fn budgets(path: Option<&Path>) -> Result<Budgets, Error> {
    let Some(path) = path else {
        return Ok(Budgets::default());
    };
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
    Err(Error::input(format!("{base} refused with {status}: {reason}")))
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
