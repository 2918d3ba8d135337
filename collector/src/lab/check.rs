//! What speaks against comparing files with each other.
//!
//! Owns: which of them do not belong together. Refuses: verdicts: what is found here is told before one.
//! Invariant: nobody's name is repeated: a device is told by what it is, or only counted.

use super::run::{Device, RunFile};
use crate::error::Error;
use std::collections::BTreeMap;

/// Refuses files of several devices, of an emulator and a phone, compiled or run in several ways, or of several days on one side.
///
/// # Errors
/// [`Error::is_input`], naming all of it.
pub fn check(sides: [&[RunFile]; 2]) -> Result<(), Error> {
    let all = || sides.into_iter().flatten();
    let mut found = Vec::new();
    let devices = first_of(all().flat_map(|file| file.devices.iter().map(move |device| (device, file))));
    let emulators = devices.keys().filter(|device| device.is_emulator).count();
    if emulators > 0 && emulators < devices.len() {
        found.push(format!("an emulator and a device: {}", told(&devices, |device| device_told(device))));
    } else if devices.len() > 1 {
        found.push(format!("{} devices: {}", devices.len(), told(&devices, |device| device_told(device))));
    }
    let modes = first_of(all().flat_map(|file| file.modes.iter().map(move |mode| (mode, file))));
    if modes.len() > 1 {
        found.push(format!("{} modes: {}", modes.len(), told(&modes, |mode| (*mode).clone())));
    }
    for side in sides {
        let dates = first_of(side.iter().filter_map(|file| Some((file.date.as_ref()?, file))));
        if dates.len() > 1 {
            found.push(format!(
                "{} dates on one side: {}",
                dates.len(),
                told(&dates, |date| (*date).clone())
            ));
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Error::input(format!(
        "what differs between these files is not the build alone: {}; compare what was measured alike, or ask for it with --allow-mixed",
        found.join("; ")
    )))
}

/// Each value with the first file that has it.
fn first_of<'f, T: Ord>(values: impl Iterator<Item = (T, &'f RunFile)>) -> BTreeMap<T, &'f str> {
    let mut first = BTreeMap::new();
    for (value, file) in values {
        first.entry(value).or_insert(file.path.as_str());
    }
    first
}

fn told<T>(first: &BTreeMap<T, &str>, tell: impl Fn(&T) -> String) -> String {
    let each: Vec<String> =
        first.iter().take(4).map(|(value, path)| format!("{} ({path})", tell(value))).collect();
    each.join(", ") + if first.len() > 4 { ", …" } else { "" }
}

fn device_told(device: &Device) -> String {
    if device.is_id { "one whose name is not shown".to_owned() } else { device.what.clone() }
}
