//! What goes wrong when: drawn from the seed, begun and ended by the clock.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use kakou::base::{ClockTrust, Mono, Random};
use kakou::sim::camera;
use kakou::sim::disk::{Fault as DiskFault, FaultKind};
use kakou::sim::lines::Mechanics;
use kakou::sim::thermometer::Faults as ChipFaults;

use super::hub::Weather;
use super::lane::Manners;
use super::run::Run;

/// Ten years in milliseconds.
const TEN_YEARS: i64 = 10 * 365 * 86_400_000;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    Chip(usize, ChipFaults),
    Camera(usize, camera::Fault),
    Reader(usize, Manners),
    Boom(usize),
    /// This many disk operations fail.
    Disk(FaultKind, u64),
    /// The power goes before this disk operation from now on.
    CutAtDisk(u64),
    /// The power goes before this effect from now on.
    CutAtEffect(u64),
    Net(Weather),
    /// Records about persons can never be written.
    NoEntropy,
    /// The recorder takes nothing from the lanes.
    Full,
    /// A stranger's code is in view beside whatever is shown.
    Codes(usize),
    /// Somebody opens the boom by its key.
    Key(usize),
    /// The wall clock is this many milliseconds off, and trusted that far.
    Wall(i64, ClockTrust),
}

/// A fault and its time.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub from: Mono,
    pub until: Mono,
    pub fault: Fault,
    pub begun: bool,
}

/// The faults of one seed, within the first `stretch`.
pub fn draw(random: &mut Random, stretch: Duration) -> Vec<Window> {
    let count = 3 + random.below(7);
    let mut windows: Vec<Window> = (0..count).map(|_| window(random, stretch)).collect();
    windows.sort_by_key(|window| window.from);
    windows
}

fn window(random: &mut Random, stretch: Duration) -> Window {
    let end = Mono::ZERO + stretch;
    let from = Mono::from_millis(random.below(end.as_millis()));
    let until = (from + Duration::from_millis(3_000 + random.below(25_000))).min(end);
    Window { from, until, fault: fault(random), begun: false }
}

fn fault(random: &mut Random) -> Fault {
    let lane = random.below(2) as usize;
    match random.below(16) {
        0 | 1 => Fault::Chip(lane, chip(random)),
        2 => {
            let kinds = [camera::Fault::Black, camera::Fault::Blurred, camera::Fault::Dead];
            Fault::Camera(lane, *random.pick(&kinds).unwrap())
        }
        3 => Fault::Reader(lane, Manners { half_lines: 0.6, twice: 0.5, ..Manners::default() }),
        4 => Fault::Boom(lane),
        5 => Fault::Disk(FaultKind::Medium, 1 + random.below(4)),
        6 => Fault::Disk(FaultKind::Full, 1 + random.below(12)),
        7 | 8 => Fault::CutAtEffect(1 + random.below(120)),
        9 => Fault::CutAtDisk(random.below(12)),
        10 => Fault::Net(weather(random)),
        12 => Fault::NoEntropy,
        13 => Fault::Full,
        14 => Fault::Codes(lane),
        15 => Fault::Key(lane),
        _ => {
            let off = [TEN_YEARS, -TEN_YEARS, 3_600_000, -61_000];
            let trusts = [ClockTrust::None, ClockTrust::Rtc, ClockTrust::Synced];
            Fault::Wall(*random.pick(&off).unwrap(), *random.pick(&trusts).unwrap())
        }
    }
}

fn chip(random: &mut Random) -> ChipFaults {
    let sound = ChipFaults::default();
    match random.below(6) {
        0 => ChipFaults { dead_bus: true, ..sound },
        1 => ChipFaults { nak: 1.0, ..sound },
        2 => ChipFaults { nak: 0.4, flip: 0.3, ..sound },
        3 => ChipFaults { flip: 0.9, ..sound },
        4 => ChipFaults { stuck: true, ..sound },
        _ => ChipFaults { error_flag: true, ..sound },
    }
}

fn weather(random: &mut Random) -> Weather {
    let bad = Weather { lost: 0.3, twice: 0.5, delay_max: Duration::from_secs(3), ..Weather::FINE };
    match random.below(4) {
        0 => Weather { down: true, ..bad },
        1 => Weather { busy: true, ..bad },
        2 => Weather { lost: 0.9, ..bad },
        _ => bad,
    }
}

/// Lets a fault begin.
pub fn begin(run: &mut Run, fault: Fault) {
    run.site.say(&fault);
    let site = &mut run.site;
    let next = site.disk.operations();
    match fault {
        Fault::Chip(lane, faults) => site.hardware[lane].chip.set_faults(faults),
        Fault::Camera(lane, fault) => site.hardware[lane].scene.set_fault(Some(fault)),
        Fault::Reader(lane, manners) => site.manners[lane] = manners,
        Fault::Boom(lane) => run.world.set_mechanics(&site.hardware[lane].id, Mechanics::Stuck),
        // A disk has one fault at a time.
        Fault::Disk(..) | Fault::CutAtDisk(_) if site.disk_cut.is_some() => {}
        Fault::Disk(kind, count) => {
            site.disk.inject(Some(DiskFault { from: next, count, kind }));
            // Both logs lie on one card.
            let from = site.urgent.operations();
            site.urgent.inject(Some(DiskFault { from, count, kind }));
        }
        Fault::CutAtDisk(operations) => {
            let from = next + operations;
            site.disk_cut = Some(from);
            site.disk.inject(Some(DiskFault { from, count: u64::MAX / 2, kind: FaultKind::Power }));
        }
        Fault::CutAtEffect(effects) => site.power.cut_after(effects),
        Fault::Net(weather) => run.net.weather = weather,
        Fault::NoEntropy => site.dry.store(true, Relaxed),
        Fault::Full => site.full = true,
        Fault::Codes(lane) => {
            site.manners[lane].beside = 0.7;
            let stays = Duration::from_secs(20);
            site.hardware[lane].scene.present(b"https://example.org/poster", site.now, stays).unwrap();
        }
        Fault::Key(lane) => site.hardware[lane].open_by_key(),
        Fault::Wall(off, trust) => (site.wall_off, site.trust) = (off, trust),
    }
}

/// Ends a fault. A power cut that is on its way comes all the same.
pub fn end(run: &mut Run, fault: Fault) {
    let site = &mut run.site;
    match fault {
        Fault::Chip(lane, _) => site.hardware[lane].chip.set_faults(ChipFaults::default()),
        Fault::Camera(lane, _) => site.hardware[lane].scene.set_fault(None),
        Fault::Reader(lane, _) => site.manners[lane] = Manners::default(),
        Fault::Boom(lane) => run.world.set_mechanics(&site.hardware[lane].id, Mechanics::Sound),
        Fault::Disk(..) if site.disk_cut.is_none() => {
            site.disk.inject(None);
            site.urgent.inject(None);
        }
        Fault::Disk(..) | Fault::CutAtDisk(_) | Fault::CutAtEffect(_) => {}
        Fault::Net(_) => run.net.weather = Weather::FINE,
        Fault::NoEntropy => site.dry.store(false, Relaxed),
        Fault::Full => site.full = false,
        Fault::Codes(lane) => site.manners[lane].beside = 0.0,
        Fault::Key(_) => {}
        Fault::Wall(..) => (site.wall_off, site.trust) = (0, ClockTrust::Synced),
    }
}
