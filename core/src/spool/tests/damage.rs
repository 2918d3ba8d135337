//! Damaged files cost what they hold and nothing else, and files of the version before are read.

use super::*;
use crate::ring::account::Folded;

/// A file as the version before wrote it.
fn version_1(frame: &[u8], seal: &Seal) -> Vec<u8> {
    let mut bytes = frame.to_vec();
    bytes.extend_from_slice(b"NWSPOOL\x01");
    bytes.extend_from_slice(seal.session.as_bytes());
    bytes.extend_from_slice(&seal.first.to_le_bytes());
    bytes.extend_from_slice(&seal.next.to_le_bytes());
    bytes.extend_from_slice(&seal.events.to_le_bytes());
    bytes.extend_from_slice(&[seal.value as u8, u8::from(seal.last), u8::from(seal.split), 0]);
    let check = crc32c::crc32c(&bytes[frame.len()..]);
    bytes.extend_from_slice(&check.to_le_bytes());
    let check = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&check.to_le_bytes());
    bytes
}

fn write_version_1(folder: &Path, name: FileName, seal: &Seal) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(name.to_string()), version_1(&frame(seal.first), seal)).unwrap();
}

#[test]
fn files_of_the_version_before_are_of_the_first_generation() {
    let root = faulty::folder();
    let words = Words::new();
    let kinds = [
        seal(0),
        Seal { value: Value::Frames, ..seal(10) },
        Seal { value: Value::Exit, split: true, ..seal(20) },
        Seal { value: Value::Exit, last: true, ..seal(30) },
    ];
    for (sequence, kind) in (0..).zip(&kinds) {
        let name = FileName { sequence, events: kind.events, owner: session(8), of: None };
        write_version_1(&root.path().join(FOLDER), name, kind);
    }
    let mut spool = spool(root.path(), 1);
    spool.seal(&frame(40), seal(40), words.account()).unwrap();
    let entries = spool.entries(words.account()).unwrap();
    for (entry, kind) in entries.iter().zip(&kinds) {
        let value = if kind.last { Value::Account } else { kind.value };
        assert_eq!(entry.seal, Seal { value, ..*kind });
        assert_eq!(spool.read(entry).unwrap(), frame(kind.first));
    }
    assert_eq!(entries[4].seal, seal(40), "what is new comes after what is old");
    spool.wipe_older(|| 1).unwrap();
    assert_eq!(spool.len().unwrap(), 0);
}

#[test]
fn what_the_version_before_kept_apart_is_moved_whatever_kills_the_process() {
    for moment in 0.. {
        let root = faulty::folder();
        let pending = root.path().join("pending");
        let words = Words::new();
        let name = |sequence| FileName { sequence, events: 10, owner: session(8), of: None };
        write_version_1(&root.path().join(FOLDER), name(3), &seal(0));
        // One of them has the very name of a file of the other folder.
        for (sequence, first) in [(2, 10), (3, 20), (4, 30)] {
            write_version_1(&pending, name(sequence), &seal(first));
        }
        fs::write(pending.join(file::given_up(5, session(8))), "counted by its owner's recovery").unwrap();
        fs::write(pending.join(name(6).unfinished()), "half").unwrap();
        let disk = Arc::new(FaultyDisk::kills_at(moment));
        let done = faulty::until_killed(|| spool_on(disk, root.path(), 1).entries(words.account()));
        let mut next = spool(root.path(), 2);
        let entries = next.entries(words.account()).unwrap();
        let firsts: Vec<u64> = entries.iter().map(|entry| entry.seal.first).collect();
        assert_eq!(firsts, [0, 10, 20, 30], "{moment}");
        assert!(entries.iter().all(|entry| next.read(entry).unwrap() == frame(entry.seal.first)));
        assert!(!pending.exists(), "{moment}");
        assert_eq!(words.account().ledger(Folded::default()).dropped, [0; DropReason::ALL.len()]);
        // The note of a dead session finds the file that it was giving up.
        let dead = Words::new();
        dead.account().give_up_begin(DropReason::SpoolEvicted, 5, 10);
        next.finish_give_up(session(8), dead.account()).unwrap();
        assert_eq!(dead.dropped(DropReason::SpoolEvicted), 10);
        if done.is_some() {
            break;
        }
    }
}

#[test]
fn damage_to_a_file_costs_that_batch_and_is_counted() {
    for is_version_1 in [false, true] {
        let root = faulty::folder();
        let words = Words::new();
        let account = words.account();
        let mut sealing = spool(root.path(), 1);
        let kinds = [
            seal(0),
            Seal { value: Value::Frames, split: true, ..seal(10) },
            Seal { value: Value::Account, last: true, ..seal(20) },
        ];
        let mut paths = Vec::new();
        for kind in kinds {
            let entry = sealing.seal(&frame(kind.first), kind, account).unwrap();
            if is_version_1 {
                write_version_1(&root.path().join(FOLDER), entry.name, &kind);
            }
            paths.push(sealing.path(entry.name));
        }
        for (damaged, path) in paths.iter().enumerate() {
            let image = fs::read(path).unwrap();
            for bytes in damages(&image) {
                fs::write(path, &bytes).unwrap();
                // Looked at for the first time, and by one that has seen it whole.
                let mut fresh = spool(root.path(), 2);
                assert_costs_one(&mut fresh, &kinds, damaged, &words);
                assert!(!path.exists(), "nothing is tried for ever");
                fs::write(path, &image).unwrap();
                let whole = fresh.entries(account).unwrap();
                assert_eq!(whole.len(), kinds.len());
                fs::write(path, &bytes).unwrap();
                assert_costs_one(&mut fresh, &kinds, damaged, &words);
                assert!(!path.exists(), "nothing is tried for ever");
                fs::write(path, &image).unwrap();
            }
        }
    }
}

/// Every byte flipped, every length cut, and pages of zeros.
fn damages(image: &[u8]) -> Vec<Vec<u8>> {
    let flipped = (0..image.len()).map(|offset| {
        let mut bytes = image.to_vec();
        bytes[offset] ^= if offset % 2 == 0 { 0xFF } else { 1 << (offset % 8) };
        bytes
    });
    let cut = (0..image.len()).map(|length| image[..length].to_vec());
    let zeroed = [vec![0; image.len()], [&image[..50], &vec![0; image.len() - 50]].concat()];
    let long = [[image, &vec![0; 1_000]].concat(), vec![7; SPOOL_FILE_BYTES_MAX as usize + 1]];
    flipped.chain(cut).chain(zeroed).chain(long).collect()
}

/// Reads everything as a sender does: one batch is given up and counted, the others are whole.
fn assert_costs_one(spool: &mut Spool, kinds: &[Seal], damaged: usize, words: &Words) {
    let before = words.dropped(DropReason::SpoolCorrupt);
    for entry in spool.entries(words.account()).unwrap() {
        let kind =
            kinds.iter().position(|kind| *kind == entry.seal).expect("a footer is believed only whole");
        match spool.read(&entry) {
            Ok(read) => assert!(kind != damaged && read == frame(kinds[kind].first)),
            Err(error) => {
                assert_eq!((kind, error.kind()), (damaged, io::ErrorKind::InvalidData));
                spool.drop_entry(&entry, DropReason::SpoolCorrupt, words.account()).unwrap();
            }
        }
    }
    assert_eq!(spool.len().unwrap(), kinds.len() - 1, "the others are there");
    let lost = words.dropped(DropReason::SpoolCorrupt) - before;
    assert_eq!(lost, u64::from(kinds[damaged].events));
}
