//! Exits, with what led to them and what ended them.

use super::*;
use nowait_wire::ExitCause;

#[test]
fn an_exit_comes_with_its_trail() {
    let (_folder, store) = fresh();
    let mut dead = batch(1, 0, "8.2.0", Os::Android, 5);
    dead.names.push("pay.pressed".into());
    let crumb = NameId(dead.names.len() as u32 - 1);
    let end = dead.anchors[0].uptime_ns;
    dead.events = vec![
        Event {
            started_uptime_ns: end - 60_000_000_000,
            duration_ns: 60_000_000_000,
            a: ExitReason::Foreground as u64,
            ..Event::new(Kind::Exit, NameId::NONE)
        },
        Event { started_uptime_ns: end - 2_000_000_000, a: 7, ..Event::new(Kind::Breadcrumb, crumb) },
    ];
    put(&store, &dead);
    put(&store, &batch(2, 40, "8.2.0", Os::Android, 6));
    let all = exits(&store, &Query::default());
    let [exit] = all.latest.as_slice() else { panic!("{all:?}") };
    assert_eq!((exit.reason, exit.session.as_str()), (ExitReason::Foreground, &*dead.id.session.to_string()));
    assert_eq!(exit.trail.len(), 1);
    assert_eq!((exit.trail[0].name.as_str(), exit.trail[0].value), ("pay.pressed", 7));
    assert!(exit.trail[0].before_end_ms.abs_diff(2_000) <= 300, "{exit:?}");
    let later = Query::default().from(START + 7 * HOUR_MS);
    assert_eq!(exits(&store, &later).count, 0);
}

#[test]
fn a_frame_of_exits_and_breadcrumbs_takes_no_more_than_an_honest_one() {
    let (_folder, store) = fresh();
    let mut dead = batch(1, 0, "8.2.0", Os::Android, 5);
    let exit = Event { a: ExitReason::Foreground as u64, ..Event::new(Kind::Exit, NameId::NONE) };
    let crumb = Event::new(Kind::Breadcrumb, NameId::OTHER);
    dead.events = [vec![exit; 4_096], vec![crumb; 4_096]].concat();
    put(&store, &dead);
    let all = exits(&store, &Query::default());
    assert_eq!((all.count, all.latest.len(), all.latest[0].trail.len()), (2, 2, 10));
}

/// A session that died in the foreground.
fn dead(seed: u64, cause: u64) -> Batch {
    let mut dead = batch(seed, 0, "8.2.0", Os::Android, 5);
    dead.context.country = "CH".into();
    let exit = Event { a: ExitReason::Foreground as u64, b: cause, ..Event::new(Kind::Exit, NameId::NONE) };
    dead.events = vec![Event { started_uptime_ns: dead.anchors[0].uptime_ns, ..exit }];
    dead
}

fn causes(exits: &Exits) -> Vec<(ExitCause, u64)> {
    let mut causes: Vec<_> = exits.groups.iter().map(|group| (group.cause, group.count)).collect();
    causes.sort_unstable();
    causes
}

#[test]
fn exits_of_different_causes_are_different_things() {
    let (folder, store) = fresh();
    // The last is a number of a later version.
    let told =
        [ExitCause::Crash as u64, 1, 1, ExitCause::User as u64, ExitCause::NotResponding as u64, 0, 200];
    for (seed, cause) in told.into_iter().enumerate() {
        put(&store, &dead(seed as u64 + 1, cause));
    }
    let expected = [
        (ExitCause::Unknown, 1),
        (ExitCause::Crash, 3),
        (ExitCause::NotResponding, 1),
        (ExitCause::User, 1),
        (ExitCause::Other, 1),
    ];
    let of_country =
        Query { filter: Filter { country: Some("CH".into()), ..Filter::default() }, ..Query::default() };
    let all = exits(&store, &Query::default());
    assert_eq!((causes(&all), all.count), (expected.to_vec(), 7));
    assert!(all.latest.iter().all(|exit| exit.cause != ExitCause::User), "nobody's fault: {:?}", all.latest);
    assert_eq!(all.latest.len(), 6);
    assert_eq!(causes(&exits(&store, &of_country)), expected);
    // The rollups say the same, and what a version of before wrote into them has no cause.
    store.close();
    drop(store);
    let conn = database(&folder);
    let count = "SELECT count(*) FROM exit_groups WHERE period = 0 AND tenant > 0";
    let rows: u64 = conn.query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(rows, expected.len() as u64);
    let update = "UPDATE exit_groups SET reason = reason & 255 WHERE reason >> 8 = ?1";
    conn.execute("DELETE FROM exit_groups WHERE reason < 256", []).unwrap();
    conn.execute(update, [ExitCause::Other as u8]).unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    assert_eq!(
        causes(&exits(&store, &Query::default())),
        [expected[0], expected[1], expected[2], expected[3]]
    );
}
