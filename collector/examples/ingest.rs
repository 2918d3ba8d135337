//! How fast batches become durable: the whole way of a batch but the socket.
//!
//! Owns: a load like a fleet's: two releases, two systems, three tiers, two networks, the hours of one day.
//! Refuses: judging; `docs/operate.md` tells what it gave on which machine.
//!
//! `cargo run --release -p nowait-collector --example ingest -- [batches] [events a batch] [folder]`

use axum::body::Body;
use axum::http::{Request, StatusCode};
use nowait_collector::keys::Keys;
use nowait_collector::serve::{Config, app};
use nowait_collector::store::{Intake, Pending, Query, SqliteStore, Store, report};
use nowait_collector::time::{DAY_MS, HOUR_MS, now_unix_ms};
use nowait_report::Budgets;
use nowait_wire::testing::session;
use nowait_wire::{CONTENT_TYPE, Network, Os, Tier, Uuid};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower::ServiceExt;

type Failure = Box<dyn std::error::Error>;

const KEY: &str = "example-key-0123456789abcdef";

/// Batches that are on their way at once: as many as a busy collector has requests.
const AT_ONCE: usize = 128;

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let batches: usize = args.next().map_or(Ok(4_000), |word| word.parse())?;
    let events: usize = args.next().map_or(Ok(500), |word| word.parse())?;
    let temporary = std::env::temp_dir().join(format!("nowait-ingest-{}", std::process::id()));
    let folder = args.next().map_or(temporary, Into::into);
    println!("{batches} batches of {events} events, in {}", folder.display());
    let frames = frames(batches, events)?;
    let bytes: usize = frames.iter().map(Vec::len).sum();
    let total = (batches * events) as f64;
    println!("{:<22} {:>8.2} bytes an event", "frames", bytes as f64 / total);

    let at = folder.join("direct");
    let spent = measure(|| direct(&at, &frames))?;
    print_rate("decode, store, commit", total, spent);
    let stored = std::fs::metadata(at.join("nowait.db"))?.len();
    println!("{:<22} {:>8.2} bytes an event", "stored, with rollups", stored as f64 / total);
    let at_http = folder.join("http");
    let spent = measure(|| through_app(&at_http, &frames))?;
    print_rate("the same through app()", total, spent);

    let store = SqliteStore::open_read_only(&at)?;
    let started = Instant::now();
    let cells = store.cells("bank", &Query::default())?;
    println!("{:<22} {:>8.1} ms, {} series", "rollups of a day", ms(started.elapsed()), cells.len());
    let started = Instant::now();
    let report = report(&store, "bank", &Query::default(), &Budgets::default())?;
    println!(
        "{:<22} {:>8.1} ms, {} touchpoints",
        "whole report",
        ms(started.elapsed()),
        report.touchpoints.len()
    );
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn frames(batches: usize, events: usize) -> Result<Vec<Vec<u8>>, Failure> {
    let today = now_unix_ms() - DAY_MS;
    (0..batches)
        .map(|seed| {
            let mut batch = session(seed as u64 % 512, events);
            // As scattered over the index as random ids are.
            batch.id.session = Uuid::from_u64_pair((seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15), 7);
            let context = &mut batch.context;
            context.app_version = if seed % 4 == 0 { "8.1.0" } else { "8.2.0" }.into();
            context.os = if seed % 3 == 0 { Os::Ios } else { Os::Android };
            context.device_tier = [Tier::Low, Tier::Mid, Tier::High][seed / 2 % 3];
            context.network = if seed % 5 == 0 { Network::Wifi } else { Network::Cellular };
            // Most batches arrive within the hour, some are a day late.
            let late = if seed % 10 == 0 { seed as u64 / 10 % 24 } else { 0 };
            batch.anchors[0].wall_unix_ms = today + (23 - late) * HOUR_MS;
            Ok(nowait_wire::encode(&batch)?)
        })
        .collect()
}

fn direct(folder: &Path, frames: &[Vec<u8>]) -> Result<(), Failure> {
    let store = SqliteStore::open(folder)?;
    let mut pending: std::collections::VecDeque<Pending> = std::collections::VecDeque::new();
    for frame in frames {
        if pending.len() >= AT_ONCE
            && let Some(oldest) = pending.pop_front()
        {
            oldest.wait()?;
        }
        let batch = nowait_wire::decode(frame)?;
        pending.push_back(store.append(Intake::new("bank", frame.clone(), batch, now_unix_ms(), None))?);
    }
    pending.into_iter().try_for_each(|pending| pending.wait().map(|_| ()))?;
    store.close();
    Ok(())
}

fn through_app(folder: &Path, frames: &[Vec<u8>]) -> Result<(), Failure> {
    let keys = Keys::parse(&format!("[[app_key]]\ntenant = 'bank'\nkey = '{KEY}'\n"))?;
    let store = Arc::new(SqliteStore::open(folder)?);
    let app = app(Arc::<SqliteStore>::clone(&store), Config::new(keys));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut sent = tokio::task::JoinSet::new();
        for frame in frames {
            if sent.len() >= AT_ONCE {
                sent.join_next().await;
            }
            let request = Request::post("/v1/batches")
                .header("authorization", format!("Bearer {KEY}"))
                .header("content-type", CONTENT_TYPE)
                .body(Body::from(frame.clone()))?;
            let app = app.clone();
            sent.spawn(async move {
                let answer = app.oneshot(request).await;
                assert!(answer.is_ok_and(|answer| answer.status() == StatusCode::OK));
            });
        }
        while let Some(done) = sent.join_next().await {
            done?;
        }
        Ok::<_, Failure>(())
    })?;
    store.close();
    Ok(())
}

/// Time on the wall, and of all processors.
struct Spent {
    wall: Duration,
    processor: Option<Duration>,
}

fn measure(work: impl FnOnce() -> Result<(), Failure>) -> Result<Spent, Failure> {
    let (started, before) = (Instant::now(), processor_time());
    work()?;
    let processor = processor_time().zip(before).map(|(after, before)| after - before);
    Ok(Spent { wall: started.elapsed(), processor })
}

/// User and system time of this process so far, in hundredths of a second; Linux only.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 10))
}

fn print_rate(what: &str, events: f64, spent: Spent) {
    print!("{what:<22} {:>8.0} k events/s", events / spent.wall.as_secs_f64() / 1e3);
    if let Some(processor) = spent.processor {
        print!(", {:.0} k per core", events / processor.as_secs_f64() / 1e3);
    }
    println!();
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
