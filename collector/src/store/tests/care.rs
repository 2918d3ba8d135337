//! Deletion, backup, examination and mending.

use super::*;

/// Six sessions of two installations and three releases.
fn six() -> Vec<Batch> {
    let versions = ["8.1.0", "8.2.0", "8.3.0"];
    let mut batches: Vec<Batch> =
        (0..6).map(|n| batch(n, 60, versions[n as usize % 3], Os::Ios, 3 + n * 30)).collect();
    for (n, batch) in batches.iter_mut().enumerate() {
        batch.context.install = Uuid::from_u64_pair(77, n as u64 / 3);
    }
    batches
}

fn stored(batches: &[Batch]) -> TempDir {
    let (folder, store) = fresh();
    for batch in batches {
        put(&store, batch);
    }
    folder
}

fn read(folder: &TempDir) -> Report {
    whole(&SqliteStore::open_read_only(folder.path()).unwrap(), "bank")
}

fn delete(folder: &TempDir, whose: Whose) -> Result<Deleted, Error> {
    SqliteStore::deletion(folder.path(), "bank", whose)?.run(|_, _| {})
}

#[test]
fn what_is_deleted_might_never_have_been_there() {
    let all = six();
    let session = all[1].id.session;
    for (whose, stays) in [
        (Whose::Session(session), [0, 2, 3, 4, 5].as_slice()),
        (Whose::Install(all[0].context.install), &[3, 4, 5]),
        (Whose::Version("8.2.0".into()), &[0, 2, 3, 5]),
    ] {
        let folder = stored(&all);
        let deleted = delete(&folder, whose.clone()).unwrap();
        assert_eq!((deleted.rebuilt.unwrap().batches, deleted.set_apart), (stays.len() as u64, 0), "{whose}");
        assert!(!deleted.is_in_log);
        let rest: Vec<Batch> = stays.iter().map(|at| all[*at].clone()).collect();
        let never = stored(&rest);
        assert_eq!(read(&folder), read(&never), "{whose}");
        let store = |folder: &TempDir| SqliteStore::open_read_only(folder.path()).unwrap();
        assert_eq!(store(&folder).contexts("bank").unwrap(), store(&never).contexts("bank").unwrap());
        let versions = store(&folder).app_versions("bank").unwrap();
        assert_eq!(versions, store(&never).app_versions("bank").unwrap());
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let file = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!file.windows(16).any(|bytes| bytes == session.as_bytes()), "{whose}");
        }
        // Once more: there is nothing of it.
        assert!(delete(&folder, whose).unwrap_err().is_no_data());
    }
}

#[test]
fn who_is_not_known_is_not_deleted_and_nothing_changes() {
    let folder = stored(&six());
    let before = std::fs::read(folder.path().join("nowait.db")).unwrap();
    for whose in [
        Whose::Session(Uuid::nil()),
        Whose::Install(Uuid::nil()),
        Whose::Version("9".into()),
        Whose::Version("(other)".into()),
    ] {
        let error = delete(&folder, whose.clone()).unwrap_err();
        assert!(error.is_no_data() && error.to_string().contains(&whose.to_string()), "{error}");
    }
    let tenant = SqliteStore::deletion(folder.path(), "shop", Whose::Version("8.2.0".into()));
    assert!(tenant.unwrap_err().is_no_data());
    assert_eq!(std::fs::read(folder.path().join("nowait.db")).unwrap(), before);
    let _store = SqliteStore::open(folder.path()).unwrap();
    let error = delete(&folder, Whose::Version("8.2.0".into())).unwrap_err();
    assert!(error.to_string().contains("another nowait process writes"), "{error}");
}

#[test]
fn rollups_whose_batches_are_gone_keep_a_session_and_lose_a_release() {
    let all = six();
    let folder = stored(&all);
    let mut retention = crate::store::retention::Retention::new(Keep::default());
    let conn = database(&folder);
    while retention.bite(&conn, NOW + 40 * DAY_MS).unwrap() {}
    drop(conn);
    let deleted = delete(&folder, Whose::Session(all[1].id.session)).unwrap();
    assert!(deleted.rebuilt.unwrap().since_unix_ms.is_some() && deleted.rebuilt.unwrap().batches == 0);
    assert_eq!(read(&folder).ledger.sessions, 6);
    delete(&folder, Whose::Version("8.3.0".into())).unwrap();
    assert_eq!(read(&folder).ledger.sessions, 4);
    let store = SqliteStore::open_read_only(folder.path()).unwrap();
    assert_eq!(store.app_versions("bank").unwrap(), ["8.1.0", "8.2.0"]);
}

#[test]
fn a_backup_under_load_is_whole_and_writes_over_nothing() {
    let (folder, store) = fresh();
    for batch in six() {
        put(&store, &batch);
    }
    let to = folder.path().join("backup.db");
    let is_done = std::sync::atomic::AtomicBool::new(false);
    let bytes = std::thread::scope(|scope| {
        let posting = scope.spawn(|| {
            for seed in 100.. {
                put(&store, &batch(seed, 200, "8.2.0", Os::Ios, 5));
                if is_done.load(std::sync::atomic::Ordering::Relaxed) && seed > 150 {
                    return seed - 99;
                }
            }
            0
        });
        let bytes = SqliteStore::backup(folder.path(), &to);
        is_done.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(posting.join().unwrap() > 50);
        bytes.unwrap()
    });
    assert_eq!(std::fs::metadata(&to).unwrap().len(), bytes);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let error = SqliteStore::backup(folder.path(), &to).unwrap_err();
    assert!(error.is_input() && error.to_string().contains("not written over"), "{error}");
    let error = SqliteStore::backup(folder.path(), &folder.path().join("none/x.db")).unwrap_err();
    assert!(error.is_store() && error.to_string().contains("none"), "{error}");
    let left = std::fs::read_dir(folder.path())
        .unwrap()
        .filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().ends_with(".part"));
    assert_eq!(left.count(), 0);
    // Restored as the manual says.
    let restored = tempfile::tempdir().unwrap();
    std::fs::copy(&to, restored.path().join("nowait.db")).unwrap();
    let store = SqliteStore::open(restored.path()).unwrap();
    assert!(whole(&store, "bank").ledger.sessions >= 6 && whole(&store, "bank").ledger.balanced);
    for batch in six() {
        assert_eq!(put(&store, &batch), Stored::Duplicate);
    }
}

#[test]
fn every_damaged_row_is_named_and_mended() {
    let folder = stored(&six());
    let sound = SqliteStore::examine(folder.path(), |_, _| {}).unwrap();
    assert!(sound.is_sound() && sound.rows > 100 && sound.set_apart.is_empty(), "{sound:?}");
    let before = read(&folder);
    let conn = database(&folder);
    conn.execute("UPDATE batches SET frame = zeroblob(40) WHERE id = 2", []).unwrap();
    conn.execute("UPDATE sessions SET account = x'ff' WHERE id = 3", []).unwrap();
    conn.execute("UPDATE cells SET cell = x'09' WHERE series = 1 AND period = 2", []).unwrap();
    conn.execute("UPDATE accounts SET accounts = x'' WHERE period = 0", []).unwrap();
    conn.execute("UPDATE people SET people = x'77' WHERE release = 0 AND period = 1", []).unwrap();
    drop(conn);
    let mut told = Vec::new();
    let found = SqliteStore::examine(folder.path(), |done, total| told.push((done, total))).unwrap();
    assert_eq!(told.last(), Some(&(found.rows, found.rows)));
    let of = |table: &str| found.damaged.iter().filter(|row| row.place.starts_with(table)).count();
    assert_eq!((of("batches 2"), of("sessions 3"), of("accounts 1/0/")), (1, 1, 6), "{found:?}");
    assert!(of("people 1/1/") > 0 && of("cells 1/2/") > 0 && found.malformed.is_empty() && found.more == 0);
    assert!(found.damaged.iter().all(|row| !row.why.is_empty()));
    let rebuilt = SqliteStore::mend(folder.path(), &found, |_, _| {}).unwrap();
    assert_eq!(rebuilt.batches, 5);
    // What was found is there no more: once is enough.
    assert_eq!(SqliteStore::mend(folder.path(), &found, |_, _| {}).unwrap().batches, 5);
    let after = SqliteStore::examine(folder.path(), |_, _| {}).unwrap();
    assert!(after.is_sound(), "{after:?}");
    assert_eq!(after.set_apart_count, found.damaged.len() as u64);
    let now = read(&folder);
    assert_eq!((now.ledger.sessions, before.ledger.sessions), (5, 6));
    assert!(now.uncounted.is_empty());
}

#[test]
fn of_a_malformed_file_all_that_can_be_read_is_saved() {
    let (folder, store) = fresh();
    let batches: Vec<Batch> = (0..120).map(|seed| batch(seed, 100, "8.2.0", Os::Ios, seed)).collect();
    for batch in &batches {
        put(&store, batch);
    }
    drop(store);
    let expected = read(&folder).ledger.sessions;
    // The page that holds a frame of the middle.
    let path = folder.path().join("nowait.db");
    let frame: Vec<u8> =
        database(&folder).query_row("SELECT frame FROM batches WHERE id = 60", [], |row| row.get(0)).unwrap();
    let mut file = std::fs::read(&path).unwrap();
    let at = file.windows(64).position(|bytes| bytes == &frame[..64]).unwrap();
    let page = at - at % 8_192;
    file[page..page + 200].fill(0xA5);
    std::fs::write(&path, file).unwrap();
    let found = SqliteStore::examine(folder.path(), |_, _| {}).unwrap();
    assert!(!found.is_sound() && !found.malformed.is_empty(), "{found:?}");
    assert!(found.rows > 200, "the other tables were read: {}", found.rows);
    let saved = SqliteStore::salvage(folder.path(), |_, _| {}).unwrap();
    assert!(SqliteStore::salvage(folder.path(), |_, _| {}).unwrap_err().is_input());
    let new = tempfile::tempdir().unwrap();
    std::fs::rename(saved, new.path().join("nowait.db")).unwrap();
    let found = SqliteStore::examine(new.path(), |_, _| {}).unwrap();
    assert!(found.is_sound(), "{found:?}");
    let sessions = read(&new).ledger.sessions;
    assert!(sessions > 100 && sessions < expected, "{sessions} of {expected}");
}
