//! A shift as its attendant sees it: found by sign-in, counted from the journal, with the note of the one before.

use kakou::base::{AttendantId, Pii};
use kakou::journal::{Journal, Seal};
use kakou::model::{Body, Direction, Draft, OpenItems, Personal, SubjectKind};
use kakou::platform::clock::Clock;
use kakou::sim::disk::SimDisk;
use kakou::web::Recent;
use tokio::sync::watch;

use crate::recorder::journal;

const NOTE: &str = "王小明在二号岗亭等家属";

#[test]
fn whoever_is_on_duty_sees_their_own_shift_first_and_the_note_that_was_left() {
    let (disk, folder) = (SimDisk::new(), tempfile::tempdir().unwrap());
    let mut journal = journal(&disk).0;
    let (li, zhou): (AttendantId, AttendantId) = ("li".parse().unwrap(), "zhou".parse().unwrap());
    let duty = |attendant: &AttendantId, signed_in| Body::Attendance {
        attendant: attendant.clone(),
        signed_in,
        post: None,
    };
    let arrived = || Body::Arrived { subject: SubjectKind::Person, direction: Direction::Inbound };
    append(&mut journal, duty(&li, true), None);
    append(&mut journal, arrived(), None);
    let open = OpenItems { referred: 1, cases: Some(3), ..OpenItems::default() };
    append(&mut journal, Body::HandOver { attendant: li.clone(), open: Some(open) }, Some(NOTE));
    append(&mut journal, duty(&zhou, true), None);
    append(&mut journal, duty(&li, false), None);
    append(&mut journal, arrived(), None);
    append(&mut journal, arrived(), None);
    let log = watch::Sender::new(journal.open_log());
    let past = crate::past::open(&disk, folder.path(), &log);

    let own = past.shift(&zhou, 0).unwrap().unwrap();
    assert_eq!((&own.attendant, own.ended, own.has_earlier), (&zhou, None, true));
    assert_eq!((own.sheet.total().waiting, own.sheet.last), (2, journal.durable()));
    assert!(own.root.is_some());
    let notes: Vec<_> = own.notes.iter().map(|note| (&note.by, note.text.clone())).collect();
    assert_eq!(notes, [(&li, Some(Pii::new(NOTE.to_owned())))]);
    assert_eq!(own.notes[0].open, Some(open));
    assert_eq!(past.last_hand_over().unwrap().as_ref(), own.notes.first());

    let earlier = past.shift(&zhou, 1).unwrap().unwrap();
    assert_eq!((&earlier.attendant, earlier.has_earlier), (&li, false));
    assert!(earlier.ended.is_some());
    assert_eq!((earlier.sheet.total().waiting, earlier.sheet.hand_overs.len()), (1, 1));
    assert_eq!(past.shift(&zhou, 2).unwrap(), None);
    // Li has signed out: the latest shift of anybody comes first.
    assert_eq!(past.shift(&li, 0).unwrap().unwrap().attendant, zhou);

    let everywhere =
        std::fs::read_dir(folder.path()).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let holds = |bytes: &[u8]| bytes.windows(NOTE.len()).any(|window| window == NOTE.as_bytes());
    assert!(!everywhere.into_iter().any(|bytes| holds(&bytes)), "the note is in no file of the view");
    let mut reader = journal.open_log().reader(disk);
    let records = reader.read(kakou::base::Seq::FIRST, 100, usize::MAX).unwrap();
    assert!(records.iter().all(|record| !holds(&record.public)), "and in no public part");
    let sealed = records.iter().filter(|record| matches!(record.seal, Seal::Boxed { .. }));
    assert_eq!(sealed.count(), 1);
}

fn append(journal: &mut Journal<SimDisk>, body: Body, note: Option<&str>) {
    let personal = note.map(|note| Personal { note: Some(Pii::new(note.to_owned())), ..Personal::default() });
    journal.append(Draft { lane: None, body, personal }, Clock::new().unwrap().stamp()).unwrap();
    journal.commit().unwrap();
}
