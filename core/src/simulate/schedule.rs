//! What happens next: a schedule of one seed, from an empty device to the day when everything has drained.
//!
//! Owns: the kinds of schedules, how often things happen, time. Refuses: how anything is done, and what must hold.
//! Invariant: everything that is chosen is drawn from the seed.

use super::app;
use super::chance::Chance;
use super::checks;
use super::damage;
use super::disk::Trouble;
use super::ending;
use super::network::Weather;
use super::power;
use super::process;
use super::world::{World, must, trace, with};
use crate::ManualClock;
use crate::consent::Consent;
use crate::upload::conditions::Conditions;
use nowait_wire::RemoteConfig;
use std::time::Duration;

/// Where processes are killed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kills {
    Never,
    /// At any step, so often in 1,000,000.
    Anywhere(u64),
    /// At steps of some names, after so many more of them.
    At {
        bucket: u64,
        after: u64,
    },
    /// So often in 1,000 at each of the first steps of every name: steps that are rare are not lost among those that are not.
    First(u64),
}

/// How many steps of a name are its first ones.
const FIRST: u64 = 4;

/// What kind of schedule this is.
#[derive(Debug)]
pub(super) struct Flavour {
    kills: Kills,
    /// How often something happens in the middle of a step, in 1,000,000.
    pub(super) meanwhile: u64,
    /// How often the customer decides, in 1,000.
    decides: u64,
    has_trouble: bool,
    is_stormy: bool,
    is_configured_from_afar: bool,
    processes_max: usize,
    pub(super) length: u64,
    /// Whether some batches are refused for what is in them.
    pub(super) has_poison: bool,
    /// Files and bytes of the spool, if fewer than the engine's own.
    pub(super) caps: Option<(usize, u64)>,
    /// The same of a customer who has not decided.
    pub(super) pending_caps: Option<(usize, u64)>,
    /// How often a bit turns over, in 1,000.
    pub(super) damages: u64,
    pub(super) has_power_cuts: bool,
    /// The release of the app.
    pub(super) release: u64,
    /// The version of the fold's rules in it.
    pub(super) rules: u16,
    /// What the app's configuration says of the customer's decision.
    pub(super) configured: Consent,
}

/// Names of steps that are chosen together.
const BUCKETS: u64 = 24;

fn bucket(name: &str) -> u64 {
    u64::from(crc32c::crc32c(name.as_bytes())) % BUCKETS
}

impl Flavour {
    pub(super) fn draw(chance: &mut Chance) -> Flavour {
        let kills = match chance.below(10) {
            0..2 => Kills::Never,
            2 => Kills::Anywhere(chance.pick(&[100, 1_000, 5_000])),
            3 => Kills::Anywhere(chance.pick(&[20_000, 60_000])),
            4..6 => Kills::First(chance.pick(&[10, 30, 100])),
            _ => Kills::At { bucket: chance.below(BUCKETS), after: chance.spread(1..60) },
        };
        let meanwhile = chance.pick(&[0, 0, 2_000, 10_000, 40_000]);
        let (has_tight_caps, has_tight_pending) = (chance.per_mille(250), chance.per_mille(250));
        Flavour {
            kills,
            meanwhile,
            decides: chance.pick(&[0, 0, 10, 60]),
            has_trouble: chance.per_mille(250),
            is_stormy: chance.per_mille(600),
            is_configured_from_afar: chance.per_mille(400),
            processes_max: chance.pick(&[1, 1, 2, 3]),
            length: chance.spread(10..120),
            has_poison: chance.per_mille(250),
            caps: has_tight_caps.then(|| (chance.within(4..12) as usize, chance.within(20_000..120_000))),
            pending_caps: has_tight_pending.then(|| (chance.within(3..6) as usize, 40_000)),
            damages: chance.pick(&[0, 0, 0, 0, 500, 1_000]),
            has_power_cuts: chance.per_mille(150),
            release: 1,
            rules: 1,
            configured: chance.pick(&[Consent::Granted, Consent::Granted, Consent::Pending]),
        }
    }

    /// Whether the process that takes this step dies there.
    pub(super) fn kills(&mut self, name: &str, times: u64, chance: &mut Chance) -> bool {
        match &mut self.kills {
            Kills::First(rate) => times <= FIRST && chance.per_mille(*rate),
            Kills::Never => false,
            Kills::Anywhere(rate) => chance.per_million(*rate),
            Kills::At { bucket: chosen, .. } if bucket(name) != *chosen => false,
            Kills::At { after, .. } if *after > 0 => {
                *after -= 1;
                false
            }
            Kills::At { after, .. } => {
                *after = chance.spread(1..400);
                true
            }
        }
    }

    fn has_kills(&self) -> bool {
        !matches!(self.kills, Kills::Never)
    }
}

/// Runs the schedule of the world that has begun.
pub(super) fn run() {
    trace(|world| format!("{:?}", world.flavour));
    let length = with(|world| world.flavour.length);
    for _ in 0..length {
        pick();
        if with(|world| world.chance.per_mille(700)) {
            pass(Duration::ZERO);
        }
        checks::always();
    }
    ending::run();
}

/// One of these processes.
fn one_of(pids: &[usize]) -> Option<usize> {
    with(|world| (!pids.is_empty()).then(|| world.chance.pick(pids)))
}

fn pick() {
    let what = with(|world| world.chance.below(1_000));
    let decides = with(|world| world.flavour.decides);
    match what {
        0..550 => act(),
        550..640 => pass(with(|world| Duration::from_millis(world.chance.spread(1..20_000)))),
        640..700 => pass(with(|world| Duration::from_secs(world.chance.spread(20..1_200)))),
        700..710 => pass(with(|world| Duration::from_secs(world.chance.within(1_200..20_000)))),
        710..770 => ask(),
        770..830 => launch(),
        830..850 if with(|world| world.flavour.has_kills()) => kill(),
        850..890 => weather(),
        890..910 => conditions(),
        910..925 => configure(),
        925..945 => trouble(),
        945..950 => reboot(),
        950..965 => update(),
        965..970 => set_wall_clock(),
        970..976 => power::cut(),
        976..985 => power::write_back(),
        985.. => damage::happens(),
        _ => {}
    }
    if with(|world| world.chance.per_mille(decides)) {
        decide();
    }
}

pub(super) fn act() {
    let living = with(|world| world.living(|process| !process.is_over));
    match one_of(&living) {
        Some(pid) => app::act(pid),
        None => launch(),
    }
}

fn ask() {
    let started = with(|world| world.living(|process| process.commands.is_some() && !process.is_over));
    let Some(pid) = one_of(&started) else { return };
    let is_end = with(|world| world.chance.per_mille(200));
    let timeout = with(|world| world.chance.pick(&[1, 10, 60]));
    process::ask(pid, is_end, Duration::from_secs(timeout));
}

/// The app is started, perhaps beside others.
pub(super) fn launch() {
    let is_full = with(|world| world.living(|_| true).len() >= world.flavour.processes_max);
    if is_full {
        return;
    }
    let pid = process::launch();
    if with(|world| world.chance.per_mille(300)) {
        app::act(pid);
    }
    let decides = with(|world| world.flavour.decides > 0 && world.chance.per_mille(200));
    if decides && with(|world| world.processes[pid].is_alive) {
        process::decide(pid, with(World::any_consent));
    }
    if with(|world| world.processes[pid].is_alive) {
        process::start(pid);
    }
}

fn kill() {
    let living = with(|world| world.living(|_| true));
    if let Some(pid) = one_of(&living) {
        process::kill(pid);
    }
}

fn decide() {
    let living = with(|world| world.living(|process| !process.is_locked));
    if let Some(pid) = one_of(&living) {
        process::decide(pid, with(World::any_consent));
    }
}

impl World {
    fn any_consent(&mut self) -> Consent {
        self.chance.pick(&[Consent::Granted, Consent::Granted, Consent::Refused, Consent::Pending])
    }
}

fn weather() {
    with(|world| {
        if world.flavour.is_stormy {
            let any = [Weather::Good, Weather::Mixed, Weather::Mixed, Weather::Down, Weather::Busy];
            world.network.weather = world.chance.pick(&any);
        }
    });
    let is_long = with(|world| {
        world.flavour.is_stormy && world.network.weather == Weather::Down && world.chance.per_mille(500)
    });
    if is_long {
        outage();
    }
}

/// Nothing gets through for an hour or two, while the app is in front and has something to send.
fn outage() {
    let living = with(|world| world.living(|process| process.commands.is_some() && !process.is_over));
    let Some(pid) = one_of(&living) else { return };
    with(|world| world.stats.count("time", "long outages"));
    trace(|_| format!("a long outage, process {pid} in front"));
    let nowait = with(|world| world.processes[pid].nowait);
    super::world::run(pid, || nowait.conditions(Conditions::default()));
    app::comes_to_front(pid);
    if with(|world| world.processes[pid].is_alive) {
        app::measure(pid, 3);
    }
    if with(|world| world.processes[pid].is_alive) {
        process::ask(pid, false, Duration::from_secs(1));
    }
    // Nobody dies over it, and nobody interrupts it.
    with(|world| world.is_calm = true);
    pass(with(|world| Duration::from_secs(world.chance.within(1_200..7_200))));
    with(|world| world.is_calm = false);
}

fn conditions() {
    let living = with(|world| world.living(|process| !process.is_over));
    let Some(pid) = one_of(&living) else { return };
    let (nowait, conditions) = with(|world| {
        let bits = world.chance.pick(&[0, 0, 2, 1, 2 | 1 << 7, 3 | 1 << 5, 2 | 1 << 6, 3 | 1 << 4]);
        world.stats.count("conditions", &format!("{:?}", Conditions::from_bits(bits).network));
        (world.processes[pid].nowait, Conditions::from_bits(bits))
    });
    super::world::run(pid, || nowait.conditions(conditions));
}

fn configure() {
    with(|world| {
        if !world.flavour.is_configured_from_afar {
            return;
        }
        let newest = world.network.newest_config;
        // Now and then from a collector that lags behind.
        let version = if world.chance.per_mille(300) { newest.saturating_sub(1) } else { newest + 1 };
        world.network.newest_config = newest.max(version);
        world.network.config = Some(RemoteConfig {
            version,
            enabled: world.chance.per_mille(700),
            sampled_per_mille: world.chance.pick(&[1_000, 1_000, 500, 0]),
            flush_interval_s: world.chance.pick(&[0, 60, 600]),
        });
        world.stats.count("remote configurations", if version > newest { "newer" } else { "older" });
    });
}

fn trouble() {
    with(|world| {
        if !world.flavour.has_trouble {
            return;
        }
        let any = [
            Trouble::Nothing,
            Trouble::Nothing,
            Trouble::Failing(20),
            Trouble::Failing(300),
            Trouble::Full(0),
            Trouble::Full(20_000),
            Trouble::Full(600_000),
            Trouble::Unmappable,
        ];
        world.disk.trouble = world.chance.pick(&any);
        world.truth.had_trouble |= world.disk.trouble != Trouble::Nothing;
    });
}

/// The device is started again: every process is gone, and its clocks begin anew.
pub(super) fn reboot() {
    for pid in with(|world| world.living(|_| true)) {
        process::kill(pid);
    }
    with(|world| {
        let wall = world.clock.wall_unix_ms() + world.chance.spread(10_000..1_000_000);
        world.clock = ManualClock::new(wall);
        world.boots += 1;
        world.network.failed_at.clear();
        world.network.settled_at.clear();
        world.stats.count("time", "restarts of the device");
    });
}

fn update() {
    with(|world| {
        world.flavour.release += 1;
        world.stats.count("processes", "updates of the app");
        if world.chance.per_mille(500) {
            world.flavour.rules += 1;
            world.stats.count("processes", "updates of the rules");
        }
    });
}

fn set_wall_clock() {
    with(|world| {
        let days = world.chance.within(0..60);
        world.clock.set_wall_unix_ms(1_800_000_000_000 + days * 86_400_000);
        world.stats.count("time", "wall clock set");
    });
}

/// Turns that one stretch of time may take: more is a worker that spins.
const TURNS_MAX: usize = 5_000;

/// Time passes: workers wake when it is their time. Without time, those that are due have their turn.
pub(super) fn pass(time: Duration) {
    let until = with(|world| world.clock.uptime_ns()).saturating_add(time.as_nanos() as u64);
    for turns in 0.. {
        must(turns < TURNS_MAX, "wake-ups are bounded", || format!("{turns} turns in {time:?}"));
        let next = with(|world| {
            let now = world.clock.uptime_ns();
            let wakes = |pid: &usize| {
                let process = &world.processes[*pid];
                let at = if process.is_woken { Some(now) } else { process.wakes_at };
                at.filter(|at| *at <= until).map(|at| (at.max(now), *pid))
            };
            let asleep = world.living(|process| process.is_asleep() && !world.is_running(process.pid));
            let next = asleep.iter().filter_map(wakes).min();
            world.clock.advance(Duration::from_nanos(next.map_or(until, |(at, _)| at).saturating_sub(now)));
            next
        });
        match next {
            Some((_, pid)) => process::turn(pid),
            None => return,
        }
    }
}

/// Time passes while a process is at an exchange.
pub(super) fn pass_meanwhile(time: Duration) {
    let (is_calm, is_deep, chosen) =
        with(|world| (world.is_calm, world.stack.len() > 2, world.chance.below(10)));
    if is_calm || is_deep || chosen < 5 {
        with(|world| world.clock.advance(time));
        return;
    }
    if chosen < 8 {
        meanwhile();
    }
    pass(time);
}

/// Something happens in the middle of a step: in another thread of the same process, or in another one.
pub(super) fn meanwhile() {
    let what = with(|world| world.chance.below(100));
    let free = with(|world| world.living(|process| !process.is_locked && !process.is_over));
    let Some(pid) = one_of(&free) else { return };
    trace(|_| "meanwhile:".to_owned());
    let decides = with(|world| world.flavour.decides > 0);
    match what {
        0..40 => app::measure(pid, with(|world| world.chance.spread(1..10))),
        40..50 => app::act(pid),
        50..65 if decides => process::decide(pid, with(World::any_consent)),
        65..85 => {
            let asleep =
                with(|world| world.living(|process| process.is_asleep() && !world.is_running(process.pid)));
            if let Some(pid) = one_of(&asleep) {
                process::turn(pid);
            }
        }
        85..90 if with(|world| world.flavour.has_kills()) => process::kill(pid),
        90..94 => conditions(),
        94..98 => ask(),
        _ => {}
    }
    with(|world| world.stats.count("meanwhile", "something happened"));
}
