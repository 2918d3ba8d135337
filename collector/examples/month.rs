//! A month of a bank's customers in a new data folder, the last day of which was yesterday: what the page is tested over where a
//! day that was measured is too short. `cargo run --package nowait-collector --example month -- DIR`
//!
//! Its waits are drawn, not measured, and its reviews are invented: nothing that is said of NoWait may stand on it.

use nowait_collector::listen::{self, Listener};
use nowait_collector::store::{Intake, SqliteStore, Store as _};
use nowait_collector::time::{DAY_MS, now_unix_ms};
use nowait_report::{Budgets, Zone};
use nowait_wire::testing::session;
use nowait_wire::{Network, Os, Tier, Uuid};
use std::error::Error;
use std::path::Path;

const DAYS: u64 = 30;
const SESSIONS_A_DAY: u64 = 40;
const EVENTS: usize = 60;
const REVIEWS_A_DAY: u64 = 18;

/// Releases that come one after the other, each for so many days the newest.
const DAYS_OF_RELEASE: u64 = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name the folder that is to be made")?;
    let store = SqliteStore::open(Path::new(&folder))?;
    let today = now_unix_ms() / DAY_MS * DAY_MS;
    let mut stored = Vec::new();
    for number in 0..DAYS * SESSIONS_A_DAY {
        let (day, of_day) = (number / SESSIONS_A_DAY, number % SESSIONS_A_DAY);
        let mut batch = session(number, EVENTS);
        batch.id.session = Uuid::from_u128(u128::from(number) << 64 | 1);
        let context = &mut batch.context;
        context.install = Uuid::from_u128(u128::from(number % 97 + 1) << 64);
        let newest = day / DAYS_OF_RELEASE;
        context.app_version = format!("8.{}.0", newest.saturating_sub(u64::from(of_day % 3 == 0)));
        context.os = if of_day % 2 == 0 { Os::Android } else { Os::Ios };
        context.device_tier = Tier::ALL[(of_day % 3) as usize + 1];
        context.network = [Network::Wifi, Network::Cellular][(of_day % 2) as usize];
        context.dimensions =
            vec![("segment".into(), ["retail", "private"][(of_day % 4 / 3) as usize].into())];
        // Customers come from seven in the morning to eleven at night.
        let hour = 7 + of_day * 16 / SESSIONS_A_DAY;
        let at = today - (DAYS - day) * DAY_MS + hour * 3_600_000;
        let shift = at.wrapping_sub(batch.anchors[0].wall_unix_ms);
        for anchor in &mut batch.anchors {
            anchor.wall_unix_ms = anchor.wall_unix_ms.wrapping_add(shift);
        }
        let frame = nowait_wire::encode(&batch)?;
        let decoded = nowait_wire::decode(&frame)?;
        stored.push(store.append(Intake::new("demo", frame, decoded, at + 60_000, None))?);
        if stored.len() == 200 {
            stored.drain(..).try_for_each(|pending| pending.wait().map(drop))?;
        }
    }
    stored.into_iter().try_for_each(|pending| pending.wait().map(drop))?;
    store.close();
    reviews(Path::new(&folder), today)
}

/// What customers said in each of its days, of the own product and of another one: the later the release, the better.
fn reviews(folder: &Path, today: u64) -> Result<(), Box<dyn Error>> {
    let mut text = String::from("time,rating,text,version,channel,product\n");
    for number in 0..DAYS * REVIEWS_A_DAY {
        let (day, of_day) = (number / REVIEWS_A_DAY, number % REVIEWS_A_DAY);
        let time = written(today - (DAYS - day) * DAY_MS + of_day * 1_000)?;
        let is_good = number * 7 % 10 < 3 + day * 5 / DAYS;
        let (said, stars) =
            if is_good { ("转账很快，流畅", 5) } else { ("Transfers are slow, and the app lags", 2) };
        let (version, product) = if of_day % 3 == 0 {
            (String::new(), "Other Bank")
        } else {
            (format!("8.{}.0", day / DAYS_OF_RELEASE), "")
        };
        let channel = ["app_store", "call_centre"][(of_day % 2) as usize];
        text += &format!("{time},{stars},\"{said}\",{version},{channel},{product}\n");
    }
    let file = listen::read(text.as_bytes(), &Zone::UTC, now_unix_ms(), "")?;
    let noted = Listener::new(&Budgets::default()).note(file.reviews, false, |_, _| {});
    SqliteStore::import(folder)?.write("demo", &noted)?;
    Ok(())
}

fn written(unix_ms: u64) -> Result<String, Box<dyn Error>> {
    Ok(jiff::Timestamp::from_millisecond(unix_ms.try_into()?)?.to_string())
}
