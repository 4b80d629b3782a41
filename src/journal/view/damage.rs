//! Views that were damaged, cut, exchanged or left behind: set aside, made anew, and never a reason to refuse.

use std::fs;
use std::path::{Path, PathBuf};

use super::tests::{EPOCH, filled, key, log, stored};
use super::*;
use crate::base::{Random, Wall};
use crate::model::{Body, Passage};

const PAGE: usize = 4_096;

#[test]
fn twenty_overwritten_pages_cost_nothing_but_the_time_to_make_it_anew() {
    let (records, good) = large();
    let expected = good.view.recent(u32::MAX, None).unwrap();
    for seed in 0..12 {
        let cut = good.as_after_a_power_cut();
        let mut bytes = fs::read(cut.file()).unwrap();
        let (mut random, pages) = (Random::new(seed), bytes.len() / PAGE);
        assert!(pages > 60, "{pages} pages");
        for _ in 0..20 {
            let page = usize::try_from(random.below(pages as u64)).unwrap();
            bytes[page * PAGE..][..PAGE].fill_with(|| random.below(256).to_le_bytes()[0]);
        }
        fs::write(cut.file(), &bytes).unwrap();
        let (mut view, why) = cut.open();
        assert!(why.is_some(), "seed {seed}");
        assert_eq!(fs::read(cut.aside(1)).unwrap(), bytes, "what was found is kept");
        view.apply(EPOCH, 1, &records, &[key()]).unwrap();
        assert_eq!(view.recent(u32::MAX, None).unwrap(), expected, "seed {seed}");
        drop(view);
        assert_eq!(cut.open().1, None, "and it is said once");
    }
}

#[test]
fn a_file_cut_anywhere_is_made_anew() {
    let (records, good) = large();
    let whole = fs::read(good.as_after_a_power_cut().file()).unwrap().len();
    for length in [1, 15, 99, 100, 511, PAGE, PAGE + 1, whole / 2, whole - PAGE, whole - 1] {
        let cut = good.as_after_a_power_cut();
        fs::OpenOptions::new().write(true).open(cut.file()).unwrap().set_len(length as u64).unwrap();
        let (mut view, why) = cut.open();
        // SQLite takes what is shorter than a header for a file that is still empty.
        assert!(why.is_some() || (length < 512 && view.applied(EPOCH).unwrap() == 0), "{length} bytes");
        view.apply(EPOCH, 1, &records, &[key()]).unwrap();
        assert_eq!(view.applied(EPOCH).unwrap(), records.len() as u64, "{length} bytes");
    }
}

#[test]
fn pages_are_looked_at_only_after_a_run_that_did_not_end_in_order() {
    let (_, mut good) = large();
    let torn = good.as_after_a_power_cut();
    good.view.rest().unwrap();
    let rested = good.as_after_a_power_cut();
    for (copy, looks) in [(&torn, true), (&rested, false)] {
        overwrite(&copy.file(), copy.root_of("passages_wall"));
        assert_eq!(copy.open().1.is_some(), looks);
    }
    // Opened again, it is in use again: the next cut finds no note.
    let again = good.as_after_a_power_cut();
    let (view, _) = again.open();
    let torn = Place::copy(&again.file());
    overwrite(&torn.file(), torn.root_of("passages_wall"));
    assert!(torn.open().1.is_some());
    drop(view);
}

#[test]
fn whatever_is_written_takes_the_note_of_rest_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut view = filled(dir.path());
    let rested = |view: &View| -> i64 {
        let text = "SELECT count(*) FROM meta WHERE name = 'rested'";
        view.connection.query_row(text, [], |row| row.get(0)).unwrap()
    };
    let acts: [fn(&mut View); 3] = [
        |view| view.apply(EPOCH, 1, &log(), &[key()]).unwrap(),
        |view| assert_eq!(view.forget(EPOCH, 1).unwrap(), 0),
        |view| view.note_check(Wall(5)).unwrap(),
    ];
    for act in acts {
        view.rest().unwrap();
        assert_eq!(rested(&view), 1);
        act(&mut view);
        assert_eq!(rested(&view), 0);
    }
}

#[test]
fn an_entry_missing_in_an_index_is_found_by_the_weekly_look() {
    let dir = tempfile::tempdir().unwrap();
    let (view, path) = (filled(dir.path()), dir.path().join("view.sqlite"));
    assert_eq!(View::examine(&path, &view.blinder).unwrap(), None);
    let hide = "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'passages_wall'; \
                PRAGMA writable_schema = RESET;";
    let saved: (String, String, i64, String) = view
        .connection
        .query_row(
            "SELECT name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = 'passages_wall'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .unwrap();
    view.connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false).unwrap();
    view.connection.execute_batch(hide).unwrap();
    view.connection.execute_batch("UPDATE passages SET wall = wall + 1").unwrap();
    view.connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
    let (name, table, root, sql) = saved;
    let back = "INSERT INTO sqlite_schema VALUES ('index', ?1, ?2, ?3, ?4)";
    view.connection.execute(back, params![name, table, root, sql]).unwrap();
    view.connection.execute_batch("PRAGMA writable_schema = RESET").unwrap();
    let found = View::examine(&path, &view.blinder).unwrap().unwrap();
    assert!(found.contains("passages_wall"), "{found}");
    drop(view);
    assert_eq!(
        View::open(&path, Blinder::new(&[1; 32]), Check::Pages).unwrap().1,
        None,
        "the quick look does not"
    );
}

#[test]
fn a_whole_look_is_due_every_week_and_the_file_says_when_it_was() {
    const DAY: i64 = 86_400_000;
    let dir = tempfile::tempdir().unwrap();
    let mut view = filled(dir.path());
    let start = Wall::EARLIEST;
    assert_eq!((view.checked().unwrap(), view.check_is_due(start).unwrap()), (None, true));
    view.note_check(start).unwrap();
    drop(view);
    let view = View::open(&dir.path().join("view.sqlite"), Blinder::new(&[1; 32]), Check::AsLeft).unwrap().0;
    assert_eq!(view.checked().unwrap(), Some(start));
    for (days, due) in [(0, false), (6, false), (7, true), (-6, false), (-7, true), (-20_000, true)] {
        assert_eq!(view.check_is_due(Wall(start.0 + days * DAY)).unwrap(), due, "{days} days");
    }
}

#[test]
fn only_the_latest_few_files_are_kept_and_none_lends_its_log_to_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("view.sqlite");
    for round in 1..=6_u64 {
        let mut view = filled(dir.path());
        assert!(path.with_extension("sqlite-wal").exists());
        view.remake().unwrap();
        assert_eq!(view.recent(9, None).unwrap(), vec![], "round {round}");
        let mut kept: Vec<u64> = file::aside(&path).unwrap().into_iter().map(|(number, _)| number).collect();
        kept.sort_unstable();
        kept.dedup();
        let expected: Vec<u64> = (round.saturating_sub(2).max(1)..=round).collect();
        assert_eq!(kept, expected);
    }
}

fn passage(arrival: u64) -> Passage {
    tests::passage(arrival, crate::model::SubjectKind::Person, crate::model::Verdict::Admitted)
}

/// A view's file in a folder of its own.
struct Place(tempfile::TempDir);

/// An open view, and where it lies.
struct Filled {
    place: Place,
    view: View,
}

/// A view of a few thousand records.
fn large() -> (Vec<Stored>, Filled) {
    let arrived = |_| Body::Arrived {
        subject: crate::model::SubjectKind::Person,
        direction: crate::model::Direction::Inbound,
    };
    let body = |number: u64| {
        if number % 2 == 1 { arrived(number) } else { Body::Passage(Box::new(passage(number - 1))) }
    };
    let records: Vec<Stored> = (1..=3_000).map(|number| stored(number, body(number), None)).collect();
    let place = Place(tempfile::tempdir().unwrap());
    let mut view = place.open().0;
    for (index, batch) in records.chunks(BATCH).enumerate() {
        view.apply(EPOCH, (index * BATCH) as u64 + 1, batch, &[]).unwrap();
    }
    forget::empty_log(&view.connection).unwrap();
    (records, Filled { place, view })
}

impl Filled {
    /// What the card holds when the power goes now.
    fn as_after_a_power_cut(&self) -> Place {
        Place::copy(&self.place.file())
    }
}

impl Place {
    fn copy(file: &Path) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::copy(file, place.file()).unwrap();
        let log = file.with_extension("sqlite-wal");
        if log.exists() {
            fs::copy(log, place.file().with_extension("sqlite-wal")).unwrap();
        }
        place
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("view.sqlite")
    }

    fn aside(&self, number: u64) -> PathBuf {
        self.0.path().join(format!("view.sqlite.set-aside-{number}"))
    }

    fn open(&self) -> (View, Option<String>) {
        View::open(&self.file(), Blinder::new(&[1; 32]), Check::AsLeft).unwrap()
    }

    /// The page where a table or index begins. Nothing reads an index when a view is opened.
    fn root_of(&self, name: &str) -> usize {
        let connection =
            Connection::open_with_flags(self.file(), rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let text = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
        usize::try_from(connection.query_row(text, [name], |row| row.get::<_, i64>(0)).unwrap()).unwrap()
    }
}

fn overwrite(file: &Path, page: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[(page - 1) * PAGE..][..PAGE].fill(0x5A);
    fs::write(file, bytes).unwrap();
}
