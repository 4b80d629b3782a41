//! The list of past passages goes on when the journal begins a new log.

use std::path::Path;

use crate::passage::admitted;
use kakou::base::{Random, Seq, Wall};
use kakou::daemon::past::{Past, PastParts};
use kakou::journal::ended_keys::EndedKey;
use kakou::journal::view::Check;
use kakou::journal::{Disk, Journal, OpenLog, Options, View};
use kakou::model::{Blinder, Body, Draft, Passage, Person, Personal};
use kakou::platform::clock::Clock;
use kakou::sim::disk::SimDisk;
use kakou::web::Recent;
use tokio::sync::watch;

use crate::recorder::journal;

/// A passage of somebody called `name`; the profile can be found on the disk.
fn passage(journal: &mut Journal<SimDisk>, clock: &Clock, name: &str) {
    let passage = Passage { profile: "findable".parse().unwrap(), ..admitted(Seq::FIRST) };
    let person = Person { name: Some(kakou::base::Pii::new(name.to_owned())), ..Person::default() };
    let draft = Draft {
        lane: Some("gate".parse().unwrap()),
        body: Body::Passage(Box::new(passage)),
        personal: Some(Personal { people: vec![person], vehicle: None, note: None, picture: None }),
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
    let past = open(&disk, folder.path(), &log);
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

#[test]
fn whom_an_ended_log_was_about_is_forgotten_once_its_keys_are_destroyed() {
    let clock = Clock::new().unwrap();
    let (disk, folder) = (SimDisk::new(), tempfile::tempdir().unwrap());
    let mut journal = journal(&disk).0;
    let log = watch::Sender::new(journal.open_log());
    let past = open(&disk, folder.path(), &log);
    ["王小明", "李四"].iter().for_each(|name| passage(&mut journal, &clock, name));
    let names = || past.recent(9, None).unwrap().into_iter().map(|row| row.subject).collect::<Vec<_>>();
    assert!(names().iter().all(Option::is_some));
    let ended = journal.epoch();
    lose_the_root(&disk);
    journal.reopen().unwrap();
    passage(&mut journal, &clock, "欧阳建国");
    log.send_replace(journal.open_log());
    past.forget().unwrap();
    assert_eq!(names().iter().flatten().count(), 3, "its keys are held still");

    assert!(journal.destroy_ended_key(EndedKey { log: ended, number: 1 }, clock.stamp()).unwrap());
    past.forget().unwrap();
    let now = names();
    assert_eq!(now.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false], "{now:?}");
    let file = std::fs::read(folder.path().join("view.sqlite")).unwrap();
    let label = "王".as_bytes();
    assert!(!file.windows(label.len()).any(|window| window == label), "its bytes are gone too");
}

#[test]
fn the_view_is_written_only_when_somebody_looks_and_goes_on_after_any_damage() {
    let clock = Clock::new().unwrap();
    let (disk, folder) = (SimDisk::new(), tempfile::tempdir().unwrap());
    let mut journal = journal(&disk).0;
    let log = watch::Sender::new(journal.open_log());
    let past = open(&disk, folder.path(), &log);
    let file = folder.path().join("view.sqlite");
    ["王小明", "李四"].iter().for_each(|name| passage(&mut journal, &clock, name));
    assert_eq!(rows_in(&file), 0, "nobody has looked");
    assert_eq!(past.recent(9, None).unwrap().len(), 2);
    assert_eq!(rows_in(&file), 2);

    // Pages go bad under a kiosk that runs: whoever looks next sees everything all the same.
    for healed in 1..=3 {
        spoil(&file);
        let now = past.recent(9, None).unwrap();
        assert_eq!(now.len(), 2);
        assert!(now[1].subject.as_deref().unwrap().starts_with('王'), "{now:?}");
        assert!(folder.path().join(format!("view.sqlite.set-aside-{healed}")).exists());
    }
    // A card that fails again and again is left alone.
    spoil(&file);
    assert!(past.recent(9, None).unwrap_err().contains("again and again"));
    drop(past);
    assert_eq!(
        open(&disk, folder.path(), &log).recent(9, None).unwrap().len(),
        2,
        "the next start makes it anew"
    );
}

#[test]
fn the_weekly_look_finds_what_no_list_would_and_notes_when_it_was() {
    let clock = Clock::new().unwrap();
    let (disk, folder) = (SimDisk::new(), tempfile::tempdir().unwrap());
    let mut journal = journal(&disk).0;
    let log = watch::Sender::new(journal.open_log());
    let past = open(&disk, folder.path(), &log);
    let file = folder.path().join("view.sqlite");
    passage(&mut journal, &clock, "王小明");
    let now = Wall::EARLIEST;
    past.tend(now).unwrap();
    let aside = folder.path().join("view.sqlite.set-aside-1");
    overwrite(&file, root_of(&file, "passages_wall"));
    past.tend(Wall(now.0 + 6 * 86_400_000)).unwrap();
    assert!(!aside.exists(), "not before a week is over");
    past.tend(Wall(now.0 + 7 * 86_400_000)).unwrap();
    assert!(aside.exists());
    assert_eq!(past.recent(9, None).unwrap().len(), 1);
    past.rest();
    drop(past);
    let blinder = Blinder::new(&[1; 32]);
    let view = View::open(&file, blinder, Check::AsLeft).unwrap().0;
    assert_eq!(view.checked().unwrap(), Some(Wall(now.0 + 7 * 86_400_000)));
}

#[test]
fn a_view_of_another_journal_is_made_anew_from_every_log_that_is_here() {
    let clock = Clock::new().unwrap();
    let (disk, folder) = (SimDisk::new(), tempfile::tempdir().unwrap());
    let mut journal_here = journal(&disk).0;
    ["王小明", "李四"].iter().for_each(|name| passage(&mut journal_here, &clock, name));
    lose_the_root(&disk);
    journal_here.reopen().unwrap();
    passage(&mut journal_here, &clock, "欧阳建国");
    let log = watch::Sender::new(journal_here.open_log());

    // The card of another kiosk was in this one.
    let strange = SimDisk::new();
    let options = Options { ballast_len: 0, ..Options::new("gate-9".parse().unwrap()) };
    let mut other = Journal::open(strange.clone(), options, Box::new(Random::new(99))).unwrap().0;
    passage(&mut other, &clock, "赵六");
    let foreign = watch::Sender::new(other.open_log());
    assert_eq!(open(&strange, folder.path(), &foreign).recent(9, None).unwrap().len(), 1);

    let past = open(&disk, folder.path(), &log);
    let names: Vec<_> =
        past.recent(9, None).unwrap().into_iter().map(|row| row.subject.unwrap_or_default()).collect();
    // The first record of the old log is lost, and its personal parts open with the key that is still held.
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].starts_with('欧') && names[1].starts_with('李'), "{names:?}");
    assert!(folder.path().join("view.sqlite.set-aside-1").exists());
}

pub fn open(disk: &SimDisk, folder: &Path, log: &watch::Sender<OpenLog>) -> Past<SimDisk> {
    let (blinder, clock) = (Blinder::new(&[1; 32]), Clock::new().unwrap());
    let now = Box::new(move || clock.stamp());
    let view = folder.join("view.sqlite");
    let parts = PastParts { view, blinder, disk: disk.clone(), now, ahead_minutes: 480 };
    Past::new(parts, log.subscribe()).unwrap()
}

fn rows_in(file: &Path) -> i64 {
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.query_row("SELECT count(*) FROM passages", [], |row| row.get(0)).unwrap()
}

/// Overwrites the pages of the passages on the card, and makes the running view read them again.
fn spoil(file: &Path) {
    overwrite(file, root_of(file, "passages"));
}

fn root_of(file: &Path, name: &str) -> usize {
    let connection = rusqlite::Connection::open(file).unwrap();
    // Everything into the file itself; another connection's write makes every cached page stale.
    connection.execute_batch("UPDATE meta SET value = value; PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
    let text = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    usize::try_from(connection.query_row(text, [name], |row| row.get::<_, i64>(0)).unwrap()).unwrap()
}

fn overwrite(file: &Path, page: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[(page - 1) * 4_096..][..4_096].fill(0x5A);
    std::fs::write(file, bytes).unwrap();
}
