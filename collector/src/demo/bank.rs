//! The sample bank: a small HTTP server that really takes its time, and says how long.
//!
//! Each answer waits a seeded log-normal delay of its endpoint; the confirmation waits longer for release 8.2.0, and
//! some answers are errors. Every service time goes to the truth file, one JSON line each, measured from the arrival
//! of the request to the moment its answer is handed to the connection. Nothing of NoWait is in here.
//!
//! Owns: the endpoints, their delays, the truth file. Refuses: to know who measures it.
//! Invariant: an answer that a customer got has its line; a request that was cut off while the bank worked has none.

use super::random::Random;
use crate::Error;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::serve::ListenerExt;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The header that names the app's release.
pub(super) const VERSION_HEADER: &str = "x-app-version";
/// The header that names the session, so that truth and report can be told for the same requests.
pub(super) const SESSION_HEADER: &str = "x-session";

/// The release whose confirmation is slower.
pub(super) const SLOW_VERSION: &str = "8.2.0";
/// How much slower.
const SLOWDOWN: f64 = 1.6;
/// The share of answers that are 503.
const ERROR_SHARE: f64 = 0.015;

/// One touchpoint of the bank's server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Method and path: the route under which the app measures it.
    pub(super) route: &'static str,
    /// Half of its answers take less than this, in milliseconds. Large enough that what a loopback connection and a
    /// wake-up add (1 ms, on a machine with other work 5) stays below the 2 % by which report and truth may differ.
    median_ms: u32,
    /// The deviation of the logarithm of its delay, in hundredths.
    sigma_percent: u32,
}

macro_rules! endpoints {
    ($($name:ident = $route:literal, $median_ms:literal, $sigma_percent:literal;)+) => {
        $(pub(super) const $name: Endpoint =
            Endpoint { route: $route, median_ms: $median_ms, sigma_percent: $sigma_percent };)+
        const ENDPOINTS: &[&Endpoint] = &[$(&$name),+];
    };
}

endpoints! {
    LOGIN = "POST /login", 700, 25;
    HOME = "GET /home", 450, 20;
    ACCOUNTS = "GET /accounts", 400, 25;
    TRANSFER = "GET /transfer", 380, 20;
    PAYEES = "GET /payees", 420, 30;
    CONFIRM = "POST /confirm", 800, 22;
    RECEIPT = "GET /receipt", 360, 20;
    CARDS = "GET /cards", 420, 25;
    QR_PAY = "POST /qr-pay", 600, 25;
    BILLS = "GET /bills", 500, 30;
}

impl Endpoint {
    /// The method and the path.
    pub(super) fn parts(&self) -> (&'static str, &'static str) {
        self.route.split_once(' ').unwrap_or(("GET", self.route))
    }
}

/// One line of the truth file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TruthLine {
    /// The session that asked.
    pub(super) session: String,
    /// The endpoint's route. A customer asks one thing at a time, so lines of a session are in the order of its answers.
    pub(super) endpoint: String,
    /// The app's release.
    pub(super) build: String,
    /// The HTTP status it answered.
    pub(super) status: u16,
    /// From arrival to answer, in nanoseconds.
    pub(super) service_ns: u64,
    /// What the bank had meant it to take. It took longer by how late the machine woke the bank.
    pub(super) meant_ns: u64,
}

#[derive(Debug)]
struct Bank {
    seed: u64,
    /// Requests so far, by endpoint and release: the place in their stream of delays.
    asked: Mutex<HashMap<(usize, String), u64>>,
    truth: Mutex<File>,
}

/// Starts the bank on a thread of its own, which lives as long as this process.
///
/// # Errors
/// [`Error`] if the truth file cannot be made or there is no port or thread.
pub(super) fn start(seed: u64, truth: &Path) -> Result<SocketAddr, Error> {
    let file = File::create(truth)
        .map_err(|error| Error::io(format!("the truth file {} cannot be made: {error}", truth.display())))?;
    let bank = Bank { seed, asked: Mutex::default(), truth: Mutex::new(file) };
    let failed = |error| Error::io(format!("the sample bank cannot start on 127.0.0.1: {error}"));
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    // One thread with its own runtime: what the fleet does must not delay an answer.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let serve = move || {
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener)?.tap_io(|connection| {
                // Only costs time if it fails.
                let _ = connection.set_nodelay(true);
            });
            axum::serve(listener, Router::new().fallback(answer).with_state(Arc::new(bank))).await
        })
    };
    std::thread::Builder::new().name("bank".to_owned()).spawn(serve).map_err(failed)?;
    Ok(address)
}

async fn answer(State(bank): State<Arc<Bank>>, request: Request) -> (StatusCode, String) {
    let arrived = Instant::now();
    let route = format!("{} {}", request.method(), request.uri().path());
    let Some(index) = ENDPOINTS.iter().position(|endpoint| endpoint.route == route) else {
        return (StatusCode::NOT_FOUND, "{}".to_owned());
    };
    let build = header(request.headers(), VERSION_HEADER);
    let (delay, status) = bank.draw(index, &build);
    tokio::time::sleep(delay).await;
    let line = TruthLine {
        session: header(request.headers(), SESSION_HEADER),
        endpoint: route,
        build,
        status: status.as_u16(),
        service_ns: ns(arrived.elapsed()),
        meant_ns: ns(delay),
    };
    match bank.tell(&line) {
        Ok(()) => (status, r#"{"from":"the sample bank"}"#.to_owned()),
        // An answer without its line would be a number without truth: the app must see that something is wrong.
        Err(error) => (StatusCode::INSUFFICIENT_STORAGE, format!("the truth file: {error}")),
    }
}

fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

impl Bank {
    /// The delay and the status of the next answer of this endpoint for this release. They depend on the seed and on
    /// how many came before, not on who asks when.
    fn draw(&self, index: usize, build: &str) -> (Duration, StatusCode) {
        let nth = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let count = asked.entry((index, build.to_owned())).or_default();
            *count += 1;
            *count
        };
        let release = u64::from(number_of(build));
        let mut random = Random::new(self.seed, (nth << 8 | index as u64) ^ release << 32);
        let Some(endpoint) = ENDPOINTS.get(index) else { return (Duration::ZERO, StatusCode::NOT_FOUND) };
        let slow = **endpoint == CONFIRM && build == SLOW_VERSION;
        let median = f64::from(endpoint.median_ms) * if slow { SLOWDOWN } else { 1.0 };
        let delay_ms = random.log_normal(median, f64::from(endpoint.sigma_percent) / 100.0);
        let failed = random.chance(ERROR_SHARE);
        let status = if failed { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        (Duration::from_secs_f64(delay_ms / 1e3), status)
    }

    fn tell(&self, line: &TruthLine) -> std::io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.truth.lock().unwrap_or_else(PoisonError::into_inner).write_all(&text)
    }
}

/// A number for a release, so that each has its own delays.
fn number_of(text: &str) -> u32 {
    text.bytes().fold(17, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)))
}

/// Reads the truth file.
///
/// # Errors
/// [`Error`] naming the file, and the line if one is no truth.
pub(super) fn read_truth(path: &PathBuf) -> Result<Vec<TruthLine>, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::io(format!("the truth file {} cannot be read: {error}", path.display())))?;
    let lines = text.lines().enumerate().map(|(at, line)| {
        serde_json::from_str(line)
            .map_err(|error| Error::io(format!("{} line {}: {error}", path.display(), at + 1)))
    });
    lines.collect()
}
