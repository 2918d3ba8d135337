//! What customers say of the day elsewhere: a file of reviews, as a store exports it, and its import (`nowait import feedback`).
//!
//! Nobody reviews a demo, so the reviews are invented. What they say of a release is not: as many of those that speak of its payments complain
//! of waiting as payments were beyond their target in it.
//!
//! Owns: the file. Refuses: what becomes of it: it goes the way that a bank's goes.
//! Invariant: the same day and seed give the same reviews.

use super::random::Random;
use crate::Error;
use crate::time::now_unix_ms;
use nowait_report::Report;
use nowait_wire::Kind;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;

/// The file beside the day's report.
pub(super) const FILE: &str = "feedback.csv";

/// Reviews of the own product, and of another one.
const OWN: u64 = 320;
const OTHERS: u64 = 160;

/// The action that the customers of the demo pay with.
const PAYMENT: &str = "Pay.Confirm";

/// The stream of random numbers that is theirs.
const STREAM: u64 = 7_002;

/// Of this share of reviews of other products that speak of payments people complain.
const OTHERS_LATE: f64 = 0.3;

/// When they were written: during the last so many days.
const DAYS_MS: f64 = 5.0 * 24.0 * 3_600_000.0;

/// What is said of a payment that was quick, and of one that was not.
const QUICK: [&str; 4] = ["转账很快，好用", "轉賬秒到，讚", "Transfer was quick and easy", "支付很快，满意"];
const SLOW: [&str; 4] =
    ["转账太慢了，等了半天", "轉賬很慢，一直轉圈", "Transfer takes forever", "确认付款要等很久"];

/// What is said of the rest, each with its stars.
const REST: [(&str, u8); 8] = [
    ("登录方便，指纹很快", 5),
    ("登入總是失敗，驗證碼收不到", 1),
    ("Login works well, smooth app", 5),
    ("页面有点卡", 2),
    ("客服很耐心，谢谢", 5),
    ("信用卡还款页面简单", 4),
    ("网点排队等很久", 2),
    ("就这样吧", 3),
];

/// Writes the reviews of a day.
///
/// # Errors
/// [`Error`] if the file cannot be written.
pub(super) fn write(path: &Path, seed: u64, day: &Report) -> Result<(), Error> {
    let text = reviews(seed, &late_shares(day), now_unix_ms());
    std::fs::write(path, text)
        .map_err(|error| Error::io(format!("{} cannot be written: {error}", path.display())))
}

/// Which share of payments was beyond the target, by release.
fn late_shares(day: &Report) -> Vec<(&str, f64)> {
    let payments = day.touchpoints.iter().filter(|of| of.kind == Kind::Action && of.name == PAYMENT);
    let releases = payments.flat_map(|of| &of.by_app_version);
    releases.filter_map(|of| Some((of.value.as_str(), 1.0 - of.figures.within_budget_share?))).collect()
}

fn reviews(seed: u64, late_shares: &[(&str, f64)], now_unix_ms: u64) -> String {
    let mut random = Random::new(seed, STREAM);
    let mut text = String::from("time,rating,text,version,channel,product\n");
    for number in 0..OWN + OTHERS {
        let is_own = number < OWN;
        let release = late_shares.get(number as usize % late_shares.len().max(1)).copied();
        let (version, late) = if is_own { release.unwrap_or(("", 0.0)) } else { ("", OTHERS_LATE) };
        let (said, stars) = if random.chance(0.5) {
            let is_late = random.chance(late);
            let said = any(&mut random, if is_late { &SLOW } else { &QUICK });
            (said, if is_late { 2 } else { 4 + u8::from(random.chance(0.6)) })
        } else {
            any(&mut random, &REST)
        };
        let at = now_unix_ms.saturating_sub(random.between(0.0, DAYS_MS) as u64);
        let time = jiff::Timestamp::from_millisecond(at.cast_signed()).unwrap_or_default();
        let channel = any(&mut random, &["app_store", "google_play", "call_centre"]);
        let product = if is_own { "" } else { "Other Bank" };
        // A text goes on in memory.
        let _ = writeln!(text, "{time},{stars},\"{said}\",{version},{channel},{product}");
    }
    text
}

fn any<T: Copy + Default>(random: &mut Random, of: &[T]) -> T {
    of.get((random.unit() * of.len() as f64) as usize).copied().unwrap_or_default()
}

/// Imports the file, as a bank does while its collector runs.
///
/// # Errors
/// [`Error`] if the import failed, with what it said.
pub(super) async fn import(program: &Path, path: &Path, data: &Path) -> Result<(), Error> {
    let mut command = Command::new(program);
    command
        .args(["import", "feedback"])
        .arg(path)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let ended = command.output().await.map_err(|error| Error::io(format!("the import: {error}")))?;
    if ended.status.success() {
        return Ok(());
    }
    Err(Error::io(format!("the import failed: {}", String::from_utf8_lossy(&ended.stderr).trim())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nowait_report::Zone;

    #[test]
    fn a_slower_release_is_complained_of_more_in_a_file_that_can_be_read() {
        let now = 1_772_721_000_000;
        let text = reviews(1, &[("8.1.0", 0.1), ("8.2.0", 0.9)], now);
        assert_eq!(text, reviews(1, &[("8.1.0", 0.1), ("8.2.0", 0.9)], now));
        let file = crate::listen::read(text.as_bytes(), &Zone::UTC, now, "").unwrap();
        assert_eq!(file.reviews.len() as u64, OWN + OTHERS);
        let slow = |version: &str| {
            file.reviews.iter().filter(|of| of.version == version && SLOW.contains(&of.text.as_str())).count()
        };
        assert!(slow("8.2.0") > 3 * slow("8.1.0").max(1), "{} {}", slow("8.2.0"), slow("8.1.0"));
    }
}
