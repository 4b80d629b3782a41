//! The list of past passages goes on when the journal begins a new log.

use kakou::base::{PolicyId, Seq, Wall};
use kakou::daemon::past::{Past, PastParts};
use kakou::journal::{Disk, Journal};
use kakou::model::{
    Blinder, Body, Class, Decider, Direction, Draft, Passage, Person, Personal, SubjectKind, Verdict,
};
use kakou::platform::clock::Clock;
use kakou::sim::disk::SimDisk;
use kakou::web::Recent;
use tokio::sync::watch;

use crate::recorder::journal;

/// A passage of somebody called `name`; the profile can be found on the disk.
fn passage(journal: &mut Journal<SimDisk>, clock: &Clock, name: &str) {
    let passage = Passage {
        arrival: Seq::FIRST,
        follows: None,
        subject: SubjectKind::Person,
        direction: Direction::Inbound,
        class: Class::Resident,
        verdict: Verdict::Admitted,
        reasons: vec![],
        decided_by: Decider::Policy,
        profile: "findable".parse().unwrap(),
        policy: PolicyId([3; 16]),
        notice: None,
        steps: vec![],
        occupants: vec![],
        took_ms: 1,
    };
    let person = Person { name: Some(kakou::base::Pii::new(name.to_owned())), ..Person::default() };
    let draft = Draft {
        lane: Some("gate".parse().unwrap()),
        body: Body::Passage(Box::new(passage)),
        personal: Some(Personal { people: vec![person], vehicle: None }),
    };
    journal.append(draft, clock.stamp()).unwrap();
    journal.commit().unwrap();
}

/// Damages the first record of the log, so that its root is lost.
fn lose_the_root(disk: &SimDisk) {
    let files = disk.clone().list().unwrap();
    let (file, at) = files
        .iter()
        .find_map(|file| {
            let bytes = disk.read(file).ok()?;
            Some((file, bytes.windows(8).position(|window| window == b"findable")?))
        })
        .unwrap();
    disk.flip(file, at, 1);
}

#[test]
fn the_view_follows_a_new_log_without_a_restart() {
    let clock = Clock::new().unwrap();
    let (disk, folder) = (SimDisk::new(), tempfile::tempdir().unwrap());
    let mut journal = journal(&disk).0;
    let log = watch::Sender::new(journal.open_log());
    let parts = PastParts {
        view: folder.path().join("view.sqlite"),
        blinder: Blinder::new(&[1; 32]),
        disk: disk.clone(),
    };
    let past = Past::new(parts, log.subscribe()).unwrap();
    let names = || -> Vec<_> {
        past.recent(9, None).unwrap().into_iter().map(|row| row.subject.unwrap_or_default()).collect()
    };
    ["王小明", "李四"].iter().for_each(|name| passage(&mut journal, &clock, name));
    assert_eq!(names().len(), 2);
    // One more that nobody has looked at yet: it must not be lost with the old log.
    passage(&mut journal, &clock, "赵六");
    let old = journal.epoch();
    lose_the_root(&disk);
    journal.reopen().unwrap();
    assert_ne!(journal.epoch(), old, "a log whose root is lost ends");
    passage(&mut journal, &clock, "欧阳建国");
    log.send_replace(journal.open_log());
    let now = names();
    assert_eq!(now.len(), 4, "{now:?}");
    assert!(now[0].starts_with("欧"), "its personal part opens, and it is the latest: {now:?}");
    assert!(past.recent(9, None).unwrap().iter().all(|row| row.wall > Wall(0)));
}
