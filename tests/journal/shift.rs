//! Sheets against another count of the same journals.

use kakou::base::{BootId, ClockTrust, LaneId, Mono, NoReading, Random, Seq, Stamp, Wall};
use kakou::journal::view::shift::{between, count};
use kakou::journal::{Disk, Journal, Options, Reader};
use kakou::model::leak::{Counted, Crossings};
use kakou::model::record::Crossing;
use kakou::model::record::Occupant;
use kakou::model::shift::{BarrierCounts, LaneKey, ShiftSheet};
use kakou::model::timeline::place_all;
use kakou::model::{
    Body, Direction, Draft, Entry, Passage, StepKind, StepOutcome, StepRecord, SubjectKind, Verdict,
};
use kakou::sim::disk::SimDisk;

use crate::view::passage;

#[test]
fn every_number_of_a_sheet_equals_a_recount_of_the_journal() {
    for seed in 0..30 {
        let mut random = Random::new(seed);
        let disk = SimDisk::new();
        let journal = write(&disk, &mut random, 400);
        let mut reader = journal.open_log().reader(disk.clone());
        let last = reader.durable().unwrap();
        let entries = all(&mut reader);
        let cut = Seq::new(1 + random.below(last.get() - 2)).unwrap();
        let whole = count(&mut reader, Seq::FIRST, None).unwrap();
        assert_eq!(whole.root, Some(journal.note().root), "seed {seed}");
        let early = count(&mut reader, Seq::FIRST, Some(cut)).unwrap();
        let late = count(&mut reader, cut.next(), None).unwrap();
        for (counted, from, through) in
            [(&whole, 1, last.get()), (&early, 1, cut.get()), (&late, cut.get() + 1, last.get())]
        {
            let part: Vec<&Entry> =
                entries.iter().filter(|entry| (from..=through).contains(&entry.seq.get())).collect();
            recount(&counted.sheet, &part, seed);
        }
        // Shifts that follow each other add up to the whole.
        let (first, second, both) = (early.sheet.total(), late.sheet.total(), whole.sheet.total());
        assert_eq!(first.subjects() + second.subjects() - second.taken_over, both.subjects(), "seed {seed}");
    }
}

#[test]
fn records_that_are_missing_are_told_and_everything_else_is_counted() {
    let disk = SimDisk::new();
    let journal = write(&disk, &mut Random::new(5), 60);
    let mut reader = journal.open_log().reader(disk.clone());
    let file = disk.clone().list().unwrap().into_iter().find(|file| file.ends_with(".seg")).unwrap();
    let bytes = disk.read(&file).unwrap();
    let third = bytes.windows(5).enumerate().filter(|(_, window)| window == b"KKF1\0").nth(4).unwrap().0;
    disk.flip(&file, third + 40, 1);
    let counted = count(&mut reader, Seq::FIRST, None).unwrap();
    let missing: u64 = counted.sheet.missing.iter().map(|(from, through)| through - from + 1).sum();
    assert!(missing >= 1, "{:?}", counted.sheet);
    assert_eq!(counted.sheet.records + missing, reader.durable().unwrap().get());
}

#[test]
fn a_time_selects_records_as_well_as_their_times_are_known() {
    let disk = SimDisk::new();
    let options = Options { ballast_len: 0, ..Options::new("gate".parse().unwrap()) };
    let mut journal = Journal::open(disk.clone(), options, Box::new(Random::new(1))).unwrap().0;
    let noon = Wall(Wall::EARLIEST.0 + 86_400_000);
    // The kiosk starts an hour before noon with a clock of 1970, and learns the time at noon.
    for (minutes, trust) in
        [(-60, ClockTrust::None), (-30, ClockTrust::None), (0, ClockTrust::Synced), (30, ClockTrust::Synced)]
    {
        let wall = match trust {
            ClockTrust::Synced => Wall(noon.0 + minutes * 60_000),
            ClockTrust::None | ClockTrust::Rtc => Wall(0),
        };
        let mono = Mono::from_millis(u64::try_from(minutes + 60).unwrap() * 60_000);
        let stamp = Stamp { boot: BootId([1; 16]), mono, wall, trust, max_error_ms: 0 };
        journal.append(Draft { lane: None, body: Body::ClockMapped, personal: None }, stamp).unwrap();
    }
    journal.commit().unwrap();
    let mut reader = journal.open_log().reader(disk);
    let at = |minutes: i64| Wall(noon.0 + minutes * 60_000);
    let mut found = |from, to| {
        between(&mut reader, at(from), at(to)).unwrap().map(|(first, last)| (first.get(), last.get()))
    };
    assert_eq!(found(-45, 15), Some((2, 3)));
    assert_eq!(found(-90, -45), Some((1, 1)));
    assert_eq!(found(0, 30), Some((3, 3)), "the end does not belong to it");
    assert_eq!(found(31, 90), None);
}

/// Counts the same in another way: by asking of each arrival what was said about it.
fn recount(sheet: &ShiftSheet, part: &[&Entry], seed: u64) {
    let passages: Vec<(&Entry, &Passage)> = part
        .iter()
        .filter_map(|entry| {
            let Body::Passage(passage) = &entry.body else { return None };
            Some((*entry, passage.as_ref()))
        })
        .collect();
    let mut arrivals: Vec<Seq> = passages.iter().map(|(_, passage)| passage.arrival).collect();
    arrivals.sort_unstable();
    arrivals.dedup();
    let stamps: Vec<_> = part.iter().map(|entry| (entry.stamp, None)).collect();
    let placed = place_all(&stamps);
    let sure =
        |entry: &Entry| placed[part.iter().position(|other| other.seq == entry.seq).unwrap()].is_sure();
    let of = |arrival: Seq| passages.iter().filter(move |(_, passage)| passage.arrival == arrival);
    for lane in ["in-1", "car-1"] {
        for direction in [Direction::Inbound, Direction::Outbound] {
            let key: LaneKey = (Some(lane.parse().unwrap()), direction);
            let counts = sheet.lanes.get(&key).cloned().unwrap_or_default();
            let here =
                |entry: &Entry, passage: &Passage| entry.lane == key.0 && passage.direction == direction;
            let last: Vec<_> = arrivals
                .iter()
                .filter_map(|arrival| of(*arrival).next_back())
                .filter(|(entry, passage)| here(entry, passage))
                .collect();
            let number = |keep: &dyn Fn(&Entry, &Passage) -> bool| {
                last.iter().filter(|(entry, passage)| keep(entry, passage)).count() as u64
            };
            assert_eq!(
                counts.vehicles,
                number(&|_, passage| passage.subject == SubjectKind::Vehicle),
                "seed {seed}"
            );
            assert_eq!(counts.on_foot, number(&|_, passage| passage.subject == SubjectKind::Person));
            let seats: usize = last.iter().map(|(_, passage)| passage.occupants.len()).sum();
            assert_eq!(counts.people, counts.on_foot + seats as u64);
            for verdict in Verdict::ALL {
                assert_eq!(counts.with(verdict), number(&|_, passage| passage.verdict == verdict));
            }
            let was_referred = |passage: &Passage| {
                of(passage.arrival)
                    .any(|(_, other)| other.verdict == Verdict::Referred || other.follows.is_some())
            };
            assert_eq!(counts.referred, number(&|_, passage| was_referred(passage)));
            let open = number(&|_, passage| passage.verdict == Verdict::Referred);
            assert_eq!(counts.referrals_open(), open, "seed {seed}");
            let start = part[0].seq;
            let taken = |passage: &Passage| {
                of(passage.arrival).any(|(_, other)| other.follows.is_some_and(|seq| seq < start))
            };
            assert_eq!(counts.taken_over, number(&|_, passage| taken(passage)));
            assert_eq!(counts.unsure, number(&|entry, _| !sure(entry)), "seed {seed}");
            let waived: usize = last.iter().map(|(_, passage)| passage.steps.len()).sum();
            assert_eq!(counts.waivers.values().sum::<u64>(), waived as u64);
            let waiting = part.iter().filter(|entry| {
                let Body::Arrived { direction: way, .. } = entry.body else { return false };
                entry.lane == key.0 && way == direction && of(entry.seq).next().is_none()
            });
            assert_eq!(counts.waiting, waiting.count() as u64);
        }
    }
    let bodies = |keep: &dyn Fn(&Body) -> bool| part.iter().filter(|entry| keep(&entry.body)).count() as u64;
    let barrier = |pick: fn(&BarrierCounts) -> u64| sheet.barriers.values().map(pick).sum::<u64>();
    assert_eq!(barrier(|counts| counts.opened_by_hand), bodies(&|body| matches!(body, Body::OpenedByHand)));
    assert_eq!(barrier(|counts| counts.found_open), bodies(&|body| matches!(body, Body::FoundOpen)));
    let mut crossings = Crossings::default();
    sheet.barriers.values().for_each(|counts| crossings += &counts.crossings);
    let counted = |keep: &dyn Fn(u8, Option<u8>) -> bool| {
        bodies(
            &|body| matches!(body, Body::Crossed { counted: Some(Counted { beam, beside }), .. } if keep(*beam, *beside)),
        )
    };
    for beam in 0..3 {
        let says = |count: u8, at: u8| count == at || (at == 2 && count > 2);
        let alone = counted(&|seen, beside| beside.is_none() && says(seen, beam) && seen > 0);
        assert_eq!(crossings.beam[usize::from(beam)], alone, "seed {seed}");
        for beside in 0..3 {
            let both = counted(&|seen, other| {
                other.is_some_and(|other| says(other, beside) && seen + other > 0) && says(seen, beam)
            });
            assert_eq!(crossings.both[usize::from(beam)][usize::from(beside)], both, "seed {seed}");
        }
    }
    let failed = bodies(&|body| matches!(body, Body::DeviceHealth { fault: Some(_), .. }));
    assert_eq!(sheet.devices.values().map(|device| device.failures).sum::<u64>(), failed);
    assert_eq!(sheet.hand_overs.len() as u64, bodies(&|body| matches!(body, Body::HandOver { .. })));
    assert_eq!(sheet.unclean, bodies(&|body| matches!(body, Body::Booted { clean: false, .. })));
    assert_eq!(
        (sheet.records, sheet.first, sheet.last),
        (part.len() as u64, Some(part[0].seq), part.last().map(|entry| entry.seq))
    );
}

fn all(reader: &mut Reader<SimDisk>) -> Vec<Entry> {
    let records = reader.read(Seq::FIRST, usize::MAX, usize::MAX).unwrap();
    records.iter().map(|stored| stored.entry().unwrap()).collect()
}

/// A made-up day: arrivals, verdicts, referrals that end or do not, waivers, devices, restarts.
fn write(disk: &SimDisk, random: &mut Random, records: u64) -> Journal<SimDisk> {
    let options = Options { segment_len: 32 * 1024, ballast_len: 0, ..Options::new("gate".parse().unwrap()) };
    let mut journal = Journal::open(disk.clone(), options, Box::new(Random::new(1))).unwrap().0;
    let (mut waiting, mut referred): (Vec<Known>, Vec<Known>) = (vec![], vec![]);
    let (mut boot, mut mono, mut trust) = (1_u8, 0, ClockTrust::None);
    for _ in 0..records {
        mono += 1_000;
        let lane: LaneId = ["in-1", "car-1"][usize::from(random.chance(0.5))].parse().unwrap();
        let (lane, body, then) = match random.below(21) {
            0 => (lane, Body::OpenedByHand, None),
            1 => (lane, Body::FoundOpen, None),
            2 => (lane, Body::HandOver { attendant: "li".parse().unwrap(), open: None }, None),
            3 => {
                let fault = random.chance(0.5).then_some(NoReading::Timeout);
                (lane, Body::DeviceHealth { device: "brow".parse().unwrap(), fault }, None)
            }
            4 => {
                (boot, mono, trust) = (boot + 1, 0, ClockTrust::None);
                (
                    lane,
                    Body::Booted { version: "1".to_owned(), recovered: None, clean: random.chance(0.5) },
                    None,
                )
            }
            5 => {
                trust = ClockTrust::Synced;
                (lane, Body::ClockMapped, None)
            }
            20 => {
                let [beam, behind] = [0, 0].map(|_| u8::try_from(random.below(4)).unwrap());
                let counted = Counted { beam, beside: random.chance(0.7).then_some(behind) };
                let counted = random.chance(0.9).then_some(counted);
                (lane, Body::Crossed { arrival: Seq::FIRST, crossing: Crossing::Passed, counted }, None)
            }
            6..=11 => {
                let direction = if random.chance(0.5) { Direction::Inbound } else { Direction::Outbound };
                let subject = if random.chance(0.5) { SubjectKind::Person } else { SubjectKind::Vehicle };
                (lane, Body::Arrived { subject, direction }, Some((subject, direction)))
            }
            12..=16 if !waiting.is_empty() => decide(random, &mut waiting, &mut referred, &journal, None),
            _ if !referred.is_empty() => {
                let (seq, lane, earlier) = referred.swap_remove(0);
                waiting.push((earlier.arrival, lane, earlier));
                decide(random, &mut waiting, &mut referred, &journal, Some(seq))
            }
            _ => (lane, Body::Stopped, None),
        };
        let wall = if trust == ClockTrust::Synced { Wall(Wall::EARLIEST.0 + mono) } else { Wall(mono) };
        let mono = Mono::from_millis(mono.unsigned_abs());
        let stamp = Stamp { boot: BootId([boot; 16]), mono, wall, trust, max_error_ms: 0 };
        let seq = journal.append(Draft { lane: Some(lane.clone()), body, personal: None }, stamp).unwrap();
        if let Some((subject, direction)) = then {
            let arrived = Passage { direction, ..passage(seq.get(), subject, Verdict::Admitted) };
            waiting.push((seq, lane, arrived));
        }
        journal.commit().unwrap();
    }
    journal
}

/// A record about somebody, where, and who they are.
type Known = (Seq, LaneId, Passage);

type Then = Option<(SubjectKind, Direction)>;

/// A verdict on the one who waits longest, or the second one on a referral.
fn decide(
    random: &mut Random,
    waiting: &mut Vec<Known>,
    referred: &mut Vec<Known>,
    journal: &Journal<SimDisk>,
    follows: Option<Seq>,
) -> (LaneId, Body, Then) {
    let at = if follows.is_some() { waiting.len() - 1 } else { 0 };
    let (arrival, lane, passage) = waiting.remove(at);
    let verdict = *random.pick(&Verdict::ALL).unwrap();
    let seats = if passage.subject == SubjectKind::Vehicle { random.below(4) } else { 0 };
    let occupant = Occupant {
        class: passage.class,
        verdict,
        reasons: vec![],
        steps: vec![],
        grounds: None,
        apart: None,
    };
    let waived = StepOutcome::Waived { by: "li".parse().unwrap(), reason: "infant".parse().unwrap() };
    let steps = vec![StepRecord { kind: StepKind::Temperature, outcome: waived, id: None }];
    let steps = if random.chance(0.4) { steps } else { vec![] };
    let occupants = vec![occupant; usize::try_from(seats).unwrap()];
    let passage = Passage { arrival, follows, verdict, steps, occupants, ..passage };
    if verdict == Verdict::Referred {
        let next = journal.durable().map_or(Seq::FIRST, Seq::next);
        referred.push((next, lane.clone(), passage.clone()));
    }
    (lane, Body::Passage(Box::new(passage)), None)
}
