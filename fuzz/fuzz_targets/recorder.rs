//! Any bytes as a dead process's recorder file: see `fuzz/README.md`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nowait_core::replay;

fuzz_target!(|data: &[u8]| {
    // The first byte chooses the layout: the present one, the one before, none. The rest is the file behind its first word.
    let Some((layout, rest)) = data.split_first() else { return };
    let mut file = [&b"NWRING"[..], &[3 - layout % 3, 0]].concat();
    file.extend_from_slice(rest);
    let Ok(replayed) = replay(&file) else { return };
    let names = replayed.names.len() as u32;
    // A damaged id has no text, and then the batch calls it `other`; nothing may hang on it.
    let _ = replayed.events.iter().filter(|event| event.name.0 < names).count();
    assert!(replayed.anchors.len() <= 16, "no more than a batch takes");
});
