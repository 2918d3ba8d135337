//! The rows, and how they are run.
//!
//! Owns: the list of attacks and the line that each prints. Refuses: what an attack does.
//! Invariant: every row prints one line; what it measured stands there only if a collector ran in it.

use crate::attacked::{is_long, peak_kib};
use crate::{ask, budget, damage, expand, fairness, health, limit, reading, scrub, terminal};
use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::Instant;

/// One attack.
struct Row {
    /// What it is an attack on, as in the issue that found it.
    kind: &'static str,
    attack: &'static str,
    run: fn(),
    /// Says why it cannot be run here, if that is so.
    lacks: fn() -> Option<&'static str>,
}

const fn row(kind: &'static str, attack: &'static str, run: fn()) -> Row {
    Row { kind, attack, run, lacks: || None }
}

const fn row_with(lacks: fn() -> Option<&'static str>, row: Row) -> Row {
    Row { lacks, ..row }
}

/// All of them. The first one makes sure that the others say something.
const ROWS: [Row; 31] = [
    row("memory limit", "a process that takes more than 1 GiB dies", limit::more_than_there_is),
    row("reading trusts a header", "a proxy that says nothing, with a token", reading::with_a_token),
    row("reading trusts a header", "any header and name, without a token", reading::without_a_token),
    row_with(
        reading::lacks_nginx,
        row("reading trusts a header", "nginx, stock and as documented", reading::through_nginx),
    ),
    row_with(
        reading::lacks_caddy,
        row("reading trusts a header", "Caddy, stock and as documented", reading::through_caddy),
    ),
    row("caps after expansion", "4,096 exits and 4,096 breadcrumbs in 287 bytes", expand::exits),
    row("caps after expansion", "4,090 names of two far waits in 17.8 kB", expand::far_waits),
    row("no budget per tenant", "245,400 series in 30 batches", budget::series),
    row("no budget per tenant", "2,000 releases", budget::releases),
    row("a permit that outlives nothing", "reports that nobody waits for", fairness::reports_given_up),
    row("no fairness", "connections that nobody has shown a key on", fairness::keyless_connections),
    row("no fairness", "bodies of one byte, with a key", fairness::bodies_of_one_byte),
    row("no fairness", "large bodies that stop before their end", fairness::bodies_without_end),
    row("no fairness", "a tenant that floods, and another one", fairness::one_tenant_floods),
    row("no fairness", "clients that stay when it ends", fairness::clients_that_stay),
    row("health is a guess", "a database that is locked", health::a_locked_database),
    row_with(health::lacks_small_disk, row("health is a guess", "a full disk", health::a_full_disk)),
    row("shared fate", "damaged rows of one tenant, two that post", damage::rows_of_one_tenant),
    row("no way out", "a flipped byte in a frame with an exit", damage::a_flipped_byte),
    row("figures of a stranger", "9.2e18 events, a wait of 584 years", damage::figures_of_a_stranger),
    row("clients are trusted to scrub", "personal texts in every place", scrub::texts),
    row("clients are trusted to scrub", "taps that spell a PIN", scrub::taps),
    row("texts reach the terminal", "hidden characters in words of a command", terminal::words),
    row("texts reach the terminal", "hidden characters from another collector", terminal::answers),
    row("file rights", "a new data folder, where everything is allowed", damage::file_rights),
    row("file rights", "a database of another program", damage::a_foreign_database),
    row("questions not understood", "on the command line", ask::command_line),
    row("questions not understood", "filters that must not be ignored", ask::filters),
    row("questions not understood", "in addresses", ask::addresses),
    row("questions not understood", "sources that contradict the environment", ask::sources),
    row("out of file descriptors", "64 of them, 120 connections", health::few_files),
];

/// Runs the rows that hold a word of the command line, all of them if there is none.
pub(crate) fn run() -> ExitCode {
    if let Some(code) = limit::if_asked() {
        return code;
    }
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let name = |row: &Row| format!("{}: {}", row.kind, row.attack);
    let is_chosen = |row: &&Row| words.is_empty() || words.iter().any(|word| name(row).contains(word));
    println!(
        "attacks on nowait serve with 1 GiB of memory, {} forms",
        if is_long() { "long" } else { "short" }
    );
    let (mut held, mut fell, mut not_run) = (0, 0, 0);
    for row in ROWS.iter().filter(is_chosen) {
        let name = name(row);
        if let Some(why) = (row.lacks)() {
            not_run += 1;
            println!("not run  {name}: {why}");
            continue;
        }
        let started = Instant::now();
        let held_it = catch_unwind(row.run).is_ok();
        (held, fell) = if held_it { (held + 1, fell) } else { (held, fell + 1) };
        let peak = peak_kib().map_or_else(String::new, |peak| format!(", {} MB", peak / 1_000));
        let took = started.elapsed().as_secs_f64();
        println!("{}     {name}  ({took:.1} s{peak})", if held_it { "held" } else { "fell" });
    }
    println!("{held} held, {fell} fell, {not_run} not run");
    if fell > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
