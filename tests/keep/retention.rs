//! Segments go only when the hub has signed for them long ago, the site no longer keeps them, and two clocks say so.

use std::time::Duration;

use kakou::base::{BootId, ClockTrust, Mono, Random, Seq, Wall};
use kakou::control::LinkAlarm;
use kakou::daemon::recorder::Chore;
use kakou::journal::reader::{self, logs};
use kakou::journal::verify::verify;
use kakou::journal::{Disk as _, Journal, Note, Reader, SigningKey};
use kakou::model::Body;
use kakou::sim::disk::{Fault, FaultKind, SimDisk};
use kakou::sync::packer::Packer;

use crate::place::{DAY, NOW, Place, kiosk, options, stamp};

#[test]
fn a_segment_goes_when_it_is_old_enough_and_the_hub_had_it_long_enough() {
    let mut old = Old::new();
    let segments = old.place.files(".seg");
    let dropped = old.work_off();
    assert_eq!(dropped.first().map(|(from, _)| *from), Some(1));
    assert!(
        dropped.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0),
        "oldest first, nothing left out: {dropped:?}"
    );
    let left = old.place.files(".seg");
    assert_eq!(
        left,
        segments[segments.len() - 2..],
        "all but the last complete one and the one being written"
    );
    assert_eq!(old.recorded(), dropped);
    let names: Vec<_> = old.place.files(".cosigned");
    assert_eq!(names.len(), 2, "receipts of what is gone go with it: {names:?}");
}

#[test]
fn everything_that_reads_works_with_older_segments_gone() {
    let mut old = Old::new();
    let before = old.place.recorder.note();
    let dropped = old.work_off();
    let first = dropped.last().unwrap().1 + 1;
    let disk = old.place.disk.clone();
    drop(old.place);
    let entropy = Box::new(Random::new(99));
    let (journal, recovery) = Journal::open(disk.clone(), options(), entropy).unwrap();
    assert!(recovery.ended.is_none() && recovery.gaps.is_empty(), "{recovery}");
    assert!(journal.note().size >= before.size + dropped.len() as u64);
    let log = *logs(&mut disk.clone()).unwrap().last().unwrap();
    let report = verify(&mut disk.clone(), log).unwrap();
    assert_eq!((report.findings, report.first), (vec![], first));
    assert_eq!(report.frontier.unwrap().root(), journal.note().root);
    let mut reader = Reader::open(disk.clone(), log).unwrap();
    assert_eq!(reader.first().unwrap(), first);
    let missing = reader.read(Seq::FIRST, 9, usize::MAX);
    assert!(matches!(missing, Err(reader::Error::Missing { from: 1, through }) if through == first - 1));
    assert_eq!(reader.read(Seq::new(first).unwrap(), 1, usize::MAX).unwrap().len(), 1);
    assert_eq!(reader.frontier(before.size).unwrap().root(), before.root);
    // A link that begins anew needs nothing of what is gone to state the tree, whatever the hub already has.
    let mut packer = Packer::new("gate-1".parse().unwrap(), log.epoch, SigningKey::from_seed(&[1; 32]));
    assert_eq!(packer.root_at(before.size, &mut reader).unwrap(), Some(before.root));
    let (boot, size) = (BootId([1; 16]), journal.note().size);
    assert!(packer.heartbeat(size, boot, Mono::ZERO, &[], &mut reader).is_ok());
}

/// Takes one condition away.
type Missing = fn(&mut Old);

#[test]
fn nothing_goes_while_one_condition_is_missing() {
    let cases: [(&str, Missing); 10] = [
        ("the site keeps records longer", |old| old.place.rules.records = DAY * 92),
        ("the clock is not trusted now", |old| old.place.now.trust = ClockTrust::None),
        ("the kiosk's clock is ten years behind", |old| {
            old.place.now.wall = Wall(NOW.0 - 10 * 365 * 86_400_000);
        }),
        ("the hub has not answered in this run", |old| old.answer = None),
        ("the hub was restored from an older backup", |old| old.answer = Some(3)),
        ("the hub's clock stands still", |old| old.signed = NOW),
        ("the hub's clock is ten years behind", |old| old.signed = Wall(NOW.0 - 10 * 365 * 86_400_000)),
        ("the receipt of the segment is gone", |old| {
            let name = old.place.files(".cosigned").into_iter().find(|file| file.contains("-0000")).unwrap();
            old.place.disk.remove(&name).unwrap();
        }),
        ("the receipt of the segment is another one's", |old| {
            let names = old.place.files(".cosigned");
            let name = names.iter().find(|file| file.contains("-0000")).unwrap();
            old.place.disk.flip(name, 3, 1);
        }),
        ("the receipt of the segment is over fewer records", |old| {
            let name = old.place.files(".cosigned").into_iter().find(|file| file.contains("-0000")).unwrap();
            let now = std::mem::replace(&mut old.place.now, stamp());
            let part = Note::new(&kiosk(), old.place.epoch, &old.place.reader().frontier(2).unwrap());
            let text = old.place.cosigned(&part);
            old.place.now = now;
            old.place.disk.remove(&name).unwrap();
            old.place.disk.create(&name, text.len() as u64).unwrap();
            old.place.disk.write_at(&name, 0, text.as_bytes()).unwrap();
            old.place.disk.sync(&name).unwrap();
        }),
    ];
    for (what, alter) in cases {
        let mut old = Old::new();
        let segments = old.place.files(".seg").len();
        alter(&mut old);
        assert_eq!(old.work_off(), [], "{what}");
        assert_eq!(old.place.files(".seg").len(), segments, "{what}");
    }
}

#[test]
fn a_clock_ten_years_ahead_drops_nothing_even_when_it_is_trusted() {
    // Records of today, which the hub has; then one of the two clocks jumps.
    let years = Duration::from_hours(24 * 365 * 10);
    for (kiosk, hub) in [(years, Duration::ZERO), (Duration::ZERO, years)] {
        let mut old = Old::young();
        old.place.now.wall = NOW + kiosk;
        old.signed = NOW + hub;
        assert_eq!(old.work_off(), []);
    }
}

#[test]
fn records_of_an_untrusted_time_are_spoken_for_by_later_ones() {
    let untrusted = |from: usize, through: usize| {
        let mut old = Old::with(|segment| match (from..=through).contains(&segment) {
            true => ClockTrust::None,
            false => ClockTrust::Rtc,
        });
        old.work_off().len()
    };
    let all = untrusted(99, 99);
    assert_eq!(untrusted(0, 1), all, "a later one speaks for them");
    assert_eq!(untrusted(0, 99), 0, "nobody does");
}

#[test]
fn a_hub_that_asks_for_what_was_dropped_raises_an_alarm_until_it_no_longer_does() {
    let mut old = Old::new();
    let through = old.work_off().last().unwrap().1;
    let mut keeper = old.place.keeper();
    let mut head = old.place.head();
    head.next = Seq::new(3).unwrap();
    keeper.hear(old.place.epoch, &head);
    assert_eq!(keeper.status().alarm, Some(LinkAlarm::Dropped { from: 3, through }));
    head.next = Seq::new(through + 1).unwrap();
    keeper.hear(old.place.epoch, &head);
    assert_eq!(keeper.status().alarm, None);
}

#[test]
fn a_power_cut_at_any_operation_of_a_drop_leaves_a_whole_log_that_says_what_went() {
    let mut cuts = 0;
    for cut in 0.. {
        let mut old = Old::new();
        let chores = old.chores();
        assert_eq!(chores.len(), 1);
        let from = old.place.disk.operations() + cut;
        old.place.disk.inject(Some(Fault { from, count: u64::MAX - from, kind: FaultKind::Power }));
        old.place.recorder.chore(&chores[0], old.place.now, &mut vec![]);
        let done = old.place.disk.operations() <= from;
        for seed in 0..6 {
            let left = old.place.disk.crash(&mut Random::new(seed));
            whole_after(&left, cut);
        }
        cuts += 1;
        if done {
            break;
        }
    }
    assert!(cuts > 5, "{cuts} cuts");
}

/// What went is on record, and nothing else is missing.
fn whole_after(left: &SimDisk, cut: u64) {
    let (journal, recovery) = Journal::open(left.clone(), options(), Box::new(Random::new(5))).unwrap();
    assert!(recovery.ended.is_none() && recovery.gaps.is_empty(), "cut {cut}: {recovery}");
    let log = *logs(&mut left.clone()).unwrap().last().unwrap();
    let report = verify(&mut left.clone(), log).unwrap();
    assert_eq!(report.findings, Vec::<String>::new(), "cut {cut}");
    let mut reader = journal.reader(left.clone());
    let first = reader.first().unwrap();
    let said = recorded(&mut reader);
    assert!(
        first == 1 || said.iter().any(|(_, through)| *through == first - 1),
        "cut {cut}: {first} {said:?}"
    );
}

/// A kiosk whose first segments are old and were signed for long ago.
struct Old {
    place: Place,
    /// The record that the hub says it expects; `None`: it has not answered in this run.
    answer: Option<u64>,
    /// The hub's time when it signs last.
    signed: Wall,
}

impl Old {
    fn new() -> Self {
        Self::with(|_| ClockTrust::Synced)
    }

    /// Five segments, signed for at once; then 91 days.
    fn with(trust: impl Fn(usize) -> ClockTrust) -> Self {
        let mut old = Self::filled(trust);
        old.place.wait(DAY * 91);
        old.signed = old.place.now.wall;
        old
    }

    fn young() -> Self {
        Self::filled(|_| ClockTrust::Synced)
    }

    fn filled(trust: impl Fn(usize) -> ClockTrust) -> Self {
        let mut place = Place::new();
        while place.files(".seg").len() < 5 {
            place.now.trust = trust(place.files(".seg").len() - 1);
            place.append(1);
        }
        place.append(1);
        place.now.trust = ClockTrust::Synced;
        let mut keeper = place.keeper();
        keeper.hear(place.epoch, &place.head());
        assert!(keeper.turn(&place.now).is_empty(), "nothing is old yet");
        let signed = place.now.wall;
        Self { place, answer: Some(u64::MAX), signed }
    }

    /// What the keeper asks for in a new run, after the hub has signed for one more record.
    fn chores(&mut self) -> Vec<Chore> {
        let trust = self.place.now.trust;
        self.place.append(1);
        let now = self.place.now;
        self.place.now.wall = self.signed;
        let mut head = self.place.head();
        self.place.now = now;
        let mut keeper = self.place.keeper();
        if let Some(answer) = self.answer {
            head.next = Seq::new(answer.min(head.next.get())).unwrap();
            keeper.hear(self.place.epoch, &head);
        } else {
            // As an earlier run heard it.
            let mut earlier = self.place.keeper();
            earlier.hear(self.place.epoch, &head);
            earlier.finish();
            keeper = self.place.keeper();
        }
        assert_eq!(trust, self.place.now.trust);
        let drops = |chore: &Chore| matches!(chore, Chore::Drop(_));
        keeper.turn(&self.place.now).into_iter().filter(drops).collect()
    }

    /// Does what the keeper asks for until it asks for nothing; returns the records that went.
    fn work_off(&mut self) -> Vec<(u64, u64)> {
        let mut dropped = vec![];
        loop {
            let chores = self.chores();
            let [chore @ Chore::Drop(segment)] = chores.as_slice() else { return dropped };
            dropped.push(segment.records());
            self.place.recorder.chore(chore, self.place.now, &mut vec![]);
        }
    }

    fn recorded(&mut self) -> Vec<(u64, u64)> {
        recorded(&mut self.place.reader())
    }
}

/// What the log says that was dropped.
fn recorded(reader: &mut Reader<SimDisk>) -> Vec<(u64, u64)> {
    let first = Seq::new(reader.first().unwrap()).unwrap();
    let records = reader.read(first, usize::MAX, usize::MAX).unwrap();
    let mut said = Vec::new();
    for stored in &records {
        if let Body::SegmentsDropped { from, through } = stored.entry().unwrap().body {
            said.push((from.get(), through.get()));
        }
    }
    said
}
