//! A real journal and the inbox's file on one disk whose power goes at any of its operations.

use kakou::base::{BootId, ClockTrust, Mono, Random, Seq, Stamp, Wall};
use kakou::journal::{Disk as _, Journal, Options, SigningKey};
use kakou::model::{Body, Outcome, Service};
use kakou::sim::disk::{Fault, FaultKind, SimDisk};
use kakou::sync::command::{Asked, Command, What};
use kakou::sync::inbox::{Action, Deed, Event, Identity, Inbox, LENGTH_MAX, Memory, Now, recall};

use crate::common::kiosk::NOW;

const FILE: &str = "inbox.bin";

/// What outlives every power cut: what the hub has, and what was done to the world.
struct Outside {
    hub: Vec<Vec<u8>>,
    deeds: Vec<(u64, Deed)>,
}

#[test]
fn whenever_the_power_goes_every_command_is_done_at_most_once_and_what_became_of_it_is_recorded_once() {
    let (mut cuts, mut interrupted) = (0, 0);
    for cut in 0.. {
        let mut was_cut = false;
        for seed in 0..4_u64 {
            let mut random = Random::new(seed << 32 | cut);
            let mut outside = Outside { hub: commands(), deeds: vec![] };
            let disk = SimDisk::new();
            power_goes_at(&disk, cut);
            was_cut |= !outside.run(&disk);
            // Once more a little later: while it looks at what the first cut left.
            let again = disk.crash(&mut random);
            power_goes_at(&again, 3 + random.below(25));
            outside.run(&again);
            let last = again.crash(&mut random);
            assert!(outside.run(&last), "without a cut it settles");
            interrupted += outside.check(&last, &format!("cut {cut}, seed {seed}"));
        }
        cuts += 1;
        if !was_cut {
            break;
        }
    }
    assert!(cuts > 100 && interrupted > 0, "{cuts} cuts, {interrupted} interrupted");
}

#[test]
fn with_the_file_gone_as_well_nothing_is_done_again_that_is_on_record() {
    for cut in 0..260 {
        let mut outside = Outside { hub: commands(), deeds: vec![] };
        let disk = SimDisk::new();
        power_goes_at(&disk, cut);
        outside.run(&disk);
        let mut left = disk.crash(&mut Random::new(cut));
        let taken = bodies(&left).iter().filter(|body| matches!(body, Body::Commanded { .. })).count();
        let before = outside.deeds.len();
        if left.list().unwrap().contains(&FILE.to_owned()) {
            left.remove(FILE).unwrap();
        }
        assert!(outside.run(&left));
        let on_record = u64::try_from(taken).unwrap();
        let again = outside.deeds[before..].iter().filter(|(number, _)| *number <= on_record);
        assert_eq!(again.count(), 0, "cut {cut}: {:?}", outside.deeds);
    }
}

impl Outside {
    /// Runs a kiosk on what is on `disk`; true when it has settled, false when the power went.
    fn run(&mut self, disk: &SimDisk) -> bool {
        let opened = Journal::open(disk.clone(), options(), Box::new(Random::new(5)));
        let Ok((mut journal, recovery)) = opened else { return false };
        let memory = match read(disk) {
            Ok(Some(bytes)) => Some(Memory::decode(&bytes).expect("replaced whole")),
            Ok(None) => None,
            Err(_) => return false,
        };
        let memory = match memory {
            Some(memory) => memory,
            None => match recall(&mut disk.clone(), identity().series()) {
                Ok(memory) => memory,
                Err(_) => return false,
            },
        };
        let recorded = (recovery.commanded, recovery.command_done);
        let mut inbox = Inbox::new(identity(), memory, recorded, Random::new(3));
        let mut mono = Mono::from_millis(1_000);
        for _ in 0..1_000 {
            let event = match inbox.next(&now(mono)) {
                Action::WaitUntil(until) => {
                    mono = until;
                    continue;
                }
                Action::Poll { after } => match self.hub.get(usize::try_from(after).unwrap()) {
                    Some(signed) => Event::Command(signed.clone()),
                    None => return true,
                },
                Action::Keep(bytes) => match keep(disk, &bytes) {
                    Ok(()) => Event::Kept,
                    Err(_) => return false,
                },
                Action::Record(draft) => {
                    let appended = journal.append(*draft, stamp(mono)).and_then(|_| journal.commit());
                    if appended.is_err() {
                        return false;
                    }
                    Event::Recorded
                }
                Action::Do(deed) => {
                    // On record for good: whatever a cut would leave now.
                    let number = (0..4).map(|seed| taken_last(&disk.crash(&mut Random::new(seed)))).min();
                    let number = number.flatten().expect("done before it is on record");
                    self.deeds.push((number, deed));
                    Event::Did(Outcome::Done)
                }
            };
            inbox.on(&now(mono), event);
        }
        panic!("never settles");
    }

    /// What holds at the end; how many commands were interrupted.
    fn check(&self, disk: &SimDisk, story: &str) -> usize {
        let bodies = bodies(disk);
        let mut taken = vec![];
        let mut done = vec![];
        for body in &bodies {
            if let Body::Commanded { number, .. } = body {
                taken.push(*number);
            }
            if let Body::CommandDone { number, outcome, .. } = body {
                done.push((*number, *outcome));
            }
        }
        let all: Vec<u64> = (1..=self.hub.len() as u64).collect();
        assert_eq!(taken, all, "{story}: each taken once and in order");
        assert_eq!(done.iter().map(|(number, _)| *number).collect::<Vec<_>>(), all, "{story}");
        let times = |number| self.deeds.iter().filter(|(of, _)| *of == number).count();
        for (number, outcome) in &done {
            match (number, outcome) {
                (2 | 5, Outcome::Done) => assert_eq!(times(*number), 1, "{story}"),
                (2 | 5, Outcome::Interrupted) => assert!(times(*number) <= 1, "{story}"),
                (4, Outcome::Done) => assert!(times(4) >= 1, "{story}"),
                (1 | 3, Outcome::Done) => assert_eq!(times(*number), 0, "{story}"),
                other => panic!("{story}: {other:?}"),
            }
        }
        let memory = Memory::decode(&read(disk).unwrap().unwrap()).unwrap();
        let in_force = memory.in_force();
        assert_eq!(in_force.notice.as_ref().map(|notice| notice.number), Some(12), "{story}");
        assert_eq!(in_force.out_of_service.len(), 1, "{story}");
        done.iter().filter(|(_, outcome)| *outcome == Outcome::Interrupted).count()
    }
}

fn power_goes_at(disk: &SimDisk, cut: u64) {
    let from = disk.operations() + cut;
    disk.inject(Some(Fault { from, count: u64::MAX - from, kind: FaultKind::Power }));
}

/// Replaces the file whole, as the kiosk does.
fn keep(disk: &SimDisk, bytes: &[u8]) -> std::io::Result<()> {
    const NEW: &str = "inbox.bin.new";
    let mut disk = disk.clone();
    if disk.list()?.contains(&NEW.to_owned()) {
        disk.remove(NEW)?;
    }
    disk.create(NEW, bytes.len() as u64)?;
    disk.write_at(NEW, 0, bytes)?;
    disk.sync(NEW)?;
    disk.rename(NEW, FILE)?;
    disk.sync_dir()
}

fn read(disk: &SimDisk) -> std::io::Result<Option<Vec<u8>>> {
    let mut disk = disk.clone();
    if !disk.list()?.contains(&FILE.to_owned()) {
        return Ok(None);
    }
    let mut bytes = vec![0; LENGTH_MAX];
    let read = disk.read_at(FILE, 0, &mut bytes)?;
    bytes.truncate(read);
    Ok(Some(bytes))
}

/// What is on record.
fn bodies(disk: &SimDisk) -> Vec<Body> {
    let calm = disk.killed();
    let opened = Journal::open(calm.clone(), options(), Box::new(Random::new(9)));
    let mut reader = opened.unwrap().0.reader(calm);
    let stored = reader.read(Seq::FIRST, usize::MAX, usize::MAX).unwrap_or_default();
    stored.iter().map(|stored| stored.entry().unwrap().body).collect()
}

/// The command that was taken last, if nothing on record says what became of it.
fn taken_last(disk: &SimDisk) -> Option<u64> {
    let about = |body: &Body| matches!(body, Body::Commanded { .. } | Body::CommandDone { .. });
    let Some(Body::Commanded { number, .. }) = bodies(disk).into_iter().rev().find(about) else {
        return None;
    };
    Some(number)
}

fn commands() -> Vec<Vec<u8>> {
    let lane = What::LaneService { lane: "in-1".parse().unwrap(), service: Service::Out };
    let notice = What::Notice { number: 12, text: "第12号通告".to_owned() };
    let all = [notice, What::RenewKey, lane, What::SendNow, What::RenewKey];
    let command = |(number, what): (u64, &What)| Command {
        kiosk: identity().kiosk,
        series: identity().series(),
        number,
        issued: NOW,
        not_after: None,
        asked: Asked::from(what),
        by: "王站长".to_owned(),
        reason: "演练".to_owned(),
    };
    (1..).zip(&all).map(|each| command(each).sign(&hub()).unwrap()).collect()
}

/// Small, so that whole disks are copied quickly; several segments are begun.
fn options() -> Options {
    Options { segment_len: 2 * 1024, ballast_len: 0, ..Options::new(identity().kiosk) }
}

fn identity() -> Identity {
    Identity {
        kiosk: "east-1".parse().unwrap(),
        own: SigningKey::from_seed(&[2; 32]).verifying(),
        hub: hub().verifying(),
        lanes: vec!["in-1".parse().unwrap()],
    }
}

fn hub() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn now(mono: Mono) -> Now {
    Now { mono, wall: NOW, trust: ClockTrust::Synced, passed: Wall(0) }
}

fn stamp(mono: Mono) -> Stamp {
    Stamp { boot: BootId([1; 16]), mono, wall: NOW, trust: ClockTrust::Synced, max_error_ms: 0 }
}
