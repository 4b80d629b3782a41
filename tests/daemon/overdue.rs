//! Whoever has not come out in time is recorded once and raises one alarm, through restarts and power cuts.

use std::path::Path;

use crate::passage::admitted;
use crate::past::open;
use crate::recorder::journal;
use kakou::base::{BootId, ClockTrust, Epoch, Mono, Pii, Random, Seq, Stamp, Wall};
use kakou::control::OverdueStatus;
use kakou::daemon::overdue::{OverdueWatch, Stays};
use kakou::daemon::past::Past;
use kakou::daemon::{Recorder, Request};
use kakou::model::{Body, Cause, Direction, Draft, Overdue, Passage, Person, Personal, StayLimit};
use kakou::sim::disk::SimDisk;
use tokio::sync::watch;

const NAME: &str = "欧阳建国";

#[test]
fn whoever_is_overdue_is_recorded_once_and_raises_one_alarm_however_often_somebody_looks() {
    let mut post = Post::new();
    let entry = post.passes(Direction::Inbound, Some(2), at(1, 1));
    assert_eq!(post.look(at(1, 2)), (counted(0), 0));
    assert_eq!(post.look(at(1, 3)), (counted(1), 1));
    assert_eq!(post.look(at(1, 4)), (counted(1), 0), "it is on its way");
    post.commit();
    let alarms = post.recorder.take_alarms();
    assert_eq!(alarms.len(), 1);
    let Body::Alarm { kind: Cause::Overdue, epoch, seq: Some(seq) } = alarms[0].draft.body else {
        panic!("{:?}", alarms[0].draft.body)
    };
    assert_eq!((epoch, alarms[0].draft.personal.is_some()), (Some(post.epoch()), false));
    assert_eq!(alarms[0].draft.lane, Some("gate".parse().unwrap()));
    let said = Body::Overdue { log: post.epoch(), entry, vehicles: 0, people: 1 };
    assert_eq!(post.record(seq), (said, false), "and nothing in it says who that is");
    assert_eq!(post.look(at(1, 5)), (counted(1), 0));

    post.restart();
    assert_eq!(post.look(at(2, 1)), (counted(1), 0), "a restart is no news");
    post.passes(Direction::Outbound, None, at(2, 2));
    assert_eq!(post.look(at(2, 3)), (counted(0), 0), "out again");
    post.passes(Direction::Inbound, Some(2), at(2, 4));
    assert_eq!(post.look(at(2, 7)), (counted(1), 1), "the next stay is another one");
}

#[test]
fn what_a_power_cut_kept_from_the_record_is_recorded_after_it() {
    let mut post = Post::new();
    let entry = post.passes(Direction::Inbound, Some(2), at(1, 1));
    assert_eq!(post.look(at(1, 4)).1, 1);
    // Handed in, and never durable.
    post.restart();
    assert_eq!(post.look(at(2, 1)), (OverdueStatus::Counted(Overdue { certain: 0, perhaps: 1 }), 0));
    assert_eq!(post.look(at(2, 2)).1, 1, "at the latest once it ran so long again");
    post.commit();
    assert_eq!(post.recorder.take_alarms().len(), 1);
    let last = post.recorder.durable().unwrap();
    let said = Body::Overdue { log: post.epoch(), entry, vehicles: 0, people: 1 };
    assert_eq!(post.record(last).0, said);
}

#[test]
fn records_that_cannot_be_read_are_said_and_accuse_nobody() {
    let mut watch = OverdueWatch::default();
    let (status, drafts) = watch.take(Err("the card is gone".to_owned()));
    assert_eq!((status, drafts), (OverdueStatus::Unreadable, vec![]));
}

const fn counted(certain: u64) -> OverdueStatus {
    OverdueStatus::Counted(Overdue { certain, perhaps: 0 })
}

/// So many hours after a boot, by a clock that nobody vouches for.
fn at(boot: u8, hours: u64) -> Stamp {
    let mono = Mono::from_millis(hours * 3_600_000);
    Stamp { boot: BootId([boot; 16]), mono, wall: Wall(0), trust: ClockTrust::None, max_error_ms: 0 }
}

struct Post {
    disk: SimDisk,
    recorder: Recorder<SimDisk>,
    past: Past<SimDisk>,
    watch: OverdueWatch,
    folder: tempfile::TempDir,
}

impl Post {
    fn new() -> Self {
        let (disk, folder) = (SimDisk::new(), tempfile::tempdir().unwrap());
        let (recorder, past) = parts(&disk, folder.path());
        Self { disk, recorder, past, watch: OverdueWatch::default(), folder }
    }

    /// A power cut: only what is durable is left, and a new program looks at it.
    fn restart(&mut self) {
        self.disk = self.disk.crash(&mut Random::new(3));
        (self.recorder, self.past) = parts(&self.disk, self.folder.path());
        self.watch = OverdueWatch::default();
    }

    fn epoch(&self) -> Epoch {
        self.recorder.epoch()
    }

    /// Somebody passes, and that is durable.
    fn passes(&mut self, direction: Direction, hours: Option<u16>, stamp: Stamp) -> Seq {
        let stay = hours.map(|hours| StayLimit { hours, until: None, back_by: None });
        let passage = Passage { direction, stay, ..admitted(Seq::FIRST) };
        let person = Person {
            name: Some(Pii::new(NAME.to_owned())),
            phone: Some(Pii::new("13812345678".to_owned())),
            ..Person::default()
        };
        let personal = Some(Personal { people: vec![person], ..Personal::default() });
        self.hand_in(
            Draft { lane: Some("gate".parse().unwrap()), body: Body::Passage(Box::new(passage)), personal },
            stamp,
        );
        self.commit();
        self.recorder.durable().unwrap()
    }

    fn hand_in(&mut self, draft: Draft, stamp: Stamp) {
        self.recorder.hand_in(Request { answer: None, draft: Box::new(draft), stamp }, &mut Vec::new());
    }

    fn commit(&mut self) {
        self.recorder.commit(&mut Vec::new());
    }

    /// Looks, and hands in what is to be recorded: what the screens show, and how many records.
    fn look(&mut self, now: Stamp) -> (OverdueStatus, usize) {
        let (status, drafts) = self.watch.take(self.past.overstays(&now));
        let count = drafts.len();
        drafts.into_iter().for_each(|draft| self.hand_in(draft, now));
        (status, count)
    }

    /// A record, and whether its bytes say a name.
    fn record(&mut self, seq: Seq) -> (Body, bool) {
        let mut reader = self.recorder.journal().open_log().reader(self.disk.clone());
        let stored = reader.read(seq, 1, usize::MAX).unwrap().remove(0);
        let named = stored.public.windows(NAME.len()).any(|window| window == NAME.as_bytes());
        (stored.entry().unwrap().body, named)
    }
}

fn parts(disk: &SimDisk, folder: &Path) -> (Recorder<SimDisk>, Past<SimDisk>) {
    let mut recorder = Recorder::new(journal(disk).0);
    let log = watch::Sender::new(recorder.journal().open_log());
    let past = open(disk, folder, &log);
    (recorder, past)
}
