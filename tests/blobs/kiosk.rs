//! A kiosk's side of a picture without its threads: the lane's evidence, the recorder, the shelf, on one simulated disk.

use std::sync::Arc;

use kakou::base::{Mono, Pii, Random, Seq, Stamp, Wall};
use kakou::control::{JournalStatus, PictureStatus};
use kakou::daemon::evidence::{Evidence, FRESH};
use kakou::daemon::pictures::{self, Opened, Storing};
use kakou::daemon::recorder::{News, Recorder, Request, Waiter};
use kakou::daemon::runner::Append;
use kakou::engine::Ticket;
use kakou::journal::picture;
use kakou::journal::{Journal, Options, Recovery, Seal, Stored};
use kakou::model::{Body, Direction, Draft, Passage, Person, Personal, SubjectKind, Verdict};
use kakou::sim::disk::SimDisk;
use kakou::sync::blobs::Store;
use kakou::sync::blobs::named::forget_erased;
use kakou::vision::{Frame, Preview};
use kakou::web;
use tokio::sync::watch;

use crate::common::kiosk::{NOW, stamp};

#[path = "../common/passage.rs"]
mod passage;

pub struct Kiosk {
    pub disk: SimDisk,
    pub recorder: Recorder<SimDisk>,
    pub evidence: Evidence,
    pub storing: Storing<SimDisk>,
    pub camera: watch::Sender<Arc<web::Preview>>,
    pub status: watch::Receiver<PictureStatus>,
    journal: watch::Sender<JournalStatus>,
    tickets: u64,
}

/// The verdicts of which pictures are taken here.
pub const WANTED: [Verdict; 2] = [Verdict::TurnedBack, Verdict::Held];

impl Kiosk {
    /// Starts on `disk`, and finishes what was being erased.
    pub fn start(disk: &SimDisk, seed: u64) -> std::io::Result<(Self, Recovery)> {
        let options =
            Options { segment_len: 64 * 1024, ballast_len: 0, ..Options::new("east-1".parse().unwrap()) };
        let opened = Journal::open(disk.clone(), options, Box::new(Random::new(seed)));
        let (journal, recovery) = opened.map_err(std::io::Error::other)?;
        let mut store = Store::new(disk.clone());
        forget_erased(&mut disk.clone(), journal.epoch(), &recovery.erasing, &mut store)
            .map_err(std::io::Error::other)?;
        let (journal_status, seen) = watch::channel(JournalStatus::default());
        let Opened { shelf, storing, status, .. } = pictures::open(store, seen)?;
        let (camera, previews) = watch::channel(Arc::default());
        let entropy = Box::new(Random::new(seed + 77));
        let evidence = Evidence::new(WANTED.into(), previews, entropy, shelf);
        let recorder = Recorder::new(journal);
        let kiosk = Self {
            disk: disk.clone(),
            recorder,
            evidence,
            storing,
            camera,
            status,
            journal: journal_status,
            tickets: 0,
        };
        Ok((kiosk, recovery))
    }

    /// The camera sees stripes at `at`.
    pub fn see(&self, at: Mono) {
        self.camera.send_replace(Arc::new(preview(at)));
    }

    /// A verdict is recorded at `at`; what the recorder says of it. The picture waits for its thread.
    pub fn decide(&mut self, at: Mono, verdict: Verdict, personal: Option<Personal>) -> Vec<News> {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let body = Body::Passage(Box::new(Passage { verdict, ..passage::admitted(Seq::FIRST) }));
        let draft = Box::new(Draft { lane: Some("in-1".parse().unwrap()), body, personal });
        let mut append = Append { ticket: Some(ticket), draft };
        self.evidence.attach(at, &mut append);
        let answer = Some((Waiter::Lane("in-1".parse().unwrap()), ticket));
        let mut news = vec![];
        self.recorder.hand_in(Request { answer, draft: append.draft, stamp: self.stamp(at) }, &mut news);
        self.recorder.commit(&mut news);
        for said in &news {
            match said {
                News::Durable { ticket, .. } => self.evidence.durable(*ticket),
                News::Refused { ticket, .. } => self.evidence.not_recorded(*ticket),
                News::Inbox { .. } | News::Policy { .. } | News::Failed(_) | News::Restored => {}
            }
        }
        news
    }

    pub fn stamp(&self, at: Mono) -> Stamp {
        Stamp { mono: at, ..stamp(Wall(NOW.0 + at.as_millis() as i64)) }
    }

    /// The records that are durable on `disk`.
    pub fn records(&mut self) -> Vec<Stored> {
        let mut reader = self.recorder.journal().reader(self.disk.clone());
        let (mut found, mut next) = (vec![], Seq::FIRST);
        while let Ok(read) = reader.read(next, usize::MAX, usize::MAX) {
            if read.is_empty() {
                break;
            }
            found.extend(read);
            next = Seq::new(found.len() as u64 + 1).unwrap();
        }
        found
    }

    /// The last record, and the passage in it.
    pub fn last_passage(&mut self) -> (Stored, Passage) {
        let stored = self.records().pop().unwrap();
        let Body::Passage(passage) = stored.entry().unwrap().body else { panic!("no passage") };
        (stored, *passage)
    }

    pub fn fill_disk(&self, mark: kakou::control::RoomMark) {
        self.journal.send_modify(|status| status.disk.mark = mark);
    }
}

/// Who it is about.
pub fn wang() -> Option<Personal> {
    let person = Person { name: Some(Pii::new("王小明".to_owned())), ..Person::default() };
    Some(Personal { people: vec![person], ..Personal::default() })
}

/// What a camera sees: stripes, which nobody could miss in a file.
pub fn preview(at: Mono) -> web::Preview {
    let luma = (0..320 * 240).map(|pixel| if pixel / 320 % 16 < 8 { 255 } else { 9 }).collect();
    let Preview { at, width, height, bmp, .. } = Preview::of(&Frame::new(320, 240, luma, at).unwrap(), &[]);
    web::Preview { at, width, height, bmp, outlines: vec![] }
}

fn at(ms: u64) -> Mono {
    Mono::from_millis(ms)
}

#[test]
fn a_picture_is_sealed_named_by_its_record_and_opens_only_with_what_is_in_the_box() {
    let (mut kiosk, _) = Kiosk::start(&SimDisk::new(), 1).unwrap();
    kiosk.see(at(9_000));
    let news = kiosk.decide(at(10_000), Verdict::TurnedBack, wang());
    assert!(matches!(news[..], [News::Durable { .. }]), "{news:?}");
    let (stored, passage) = kiosk.last_passage();
    let named = passage.picture.unwrap();
    assert!(kiosk.disk.read(&named.sha256.to_string()).is_err(), "the record is first, the file comes after");
    assert!(kiosk.storing.turn());
    let sealed = kiosk.disk.read(&named.sha256.to_string()).unwrap();
    assert_eq!((sealed.len(), picture::name_of(&sealed)), (named.length as usize, named.sha256));
    let personal = kiosk.recorder.journal().sealer().open_box(&stored.seal).unwrap();
    let key = personal.picture.unwrap();
    assert_eq!(picture::open(key.expose(), &sealed).unwrap(), preview(at(9_000)).bmp);
    assert_eq!(personal.people, wang().unwrap().people, "what else it says of them is untouched");
    // Neither the picture nor its key is anywhere on the disk in the clear, nor in what everybody may read.
    use kakou::journal::Disk;
    for file in kiosk.disk.clone().list().unwrap() {
        let bytes = kiosk.disk.read(&file).unwrap();
        let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        assert!(!holds(&[255; 24]) && !holds(&[9; 24]) && !holds(&key.expose().0), "{file}");
    }
    assert!(!stored.public.windows(32).any(|window| window == key.expose().0));
}

#[test]
fn only_wanted_verdicts_take_one_and_only_of_somebody_who_is_still_there() {
    let (mut kiosk, _) = Kiosk::start(&SimDisk::new(), 1).unwrap();
    let now = at(60_000);
    let fresh = at(60_000 - FRESH.as_millis() as u64);
    let table = [
        ("an ordinary admission", Some(now), Verdict::Admitted, wang(), false),
        ("a verdict that is not wanted", Some(now), Verdict::Referred, wang(), false),
        ("no camera", None, Verdict::Held, wang(), false),
        ("a picture that is too old", Some(at(60_000 - 2_001)), Verdict::Held, wang(), false),
        ("a picture from a time to come", Some(at(60_001)), Verdict::Held, wang(), false),
        ("no place for the key", Some(now), Verdict::Held, None, false),
        ("the oldest that counts", Some(fresh), Verdict::Held, wang(), true),
        ("the newest", Some(now), Verdict::TurnedBack, wang(), true),
    ];
    for (what, seen, verdict, personal, taken) in table {
        kiosk.camera.send_replace(Arc::new(seen.map(preview).unwrap_or_default()));
        kiosk.decide(now, verdict, personal);
        let (stored, passage) = kiosk.last_passage();
        assert_eq!(passage.picture.is_some(), taken, "{what}");
        let key = match &stored.seal {
            Seal::None => None,
            seal @ (Seal::Boxed { .. } | Seal::Erased { .. }) => {
                kiosk.recorder.journal().sealer().open_box(seal).unwrap().picture
            }
        };
        assert_eq!(key.is_some(), taken, "{what}");
    }
    assert_eq!(kiosk.status.borrow().not_taken, 0, "none of these was missed");
}

#[test]
fn a_record_that_cannot_be_written_leaves_no_picture_and_no_place_taken() {
    use kakou::sim::disk::{Fault, FaultKind};
    let (mut kiosk, _) = Kiosk::start(&SimDisk::new(), 1).unwrap();
    // More personal data than a box holds: the record is refused, for good.
    let person = Person { name: Some(Pii::new("x".repeat(70_000))), ..Person::default() };
    let too_much = Personal { people: vec![person], ..Personal::default() };
    for _ in 0..20 {
        kiosk.see(at(1_000));
        let news = kiosk.decide(at(1_000), Verdict::Held, Some(too_much.clone()));
        assert!(matches!(news[..], [News::Refused { .. }]), "{news:?}");
    }
    kiosk.decide(at(1_000), Verdict::Held, wang());
    assert!(kiosk.last_passage().1.picture.is_some(), "twenty refused ones took no place");
    assert!(kiosk.storing.turn());
    // A journal that fails keeps its records, and their pictures wait with them.
    let faults = Fault { from: kiosk.disk.operations(), count: 1, kind: FaultKind::Medium };
    kiosk.disk.inject(Some(faults));
    let news = kiosk.decide(at(1_500), Verdict::Held, wang());
    assert!(matches!(news[..], [News::Failed(_)]), "{news:?}");
    let files = |kiosk: &Kiosk| {
        let mut store = Store::new(kiosk.disk.clone());
        store.names("").unwrap().len()
    };
    assert_eq!(files(&kiosk), 1);
    let mut news = vec![];
    kiosk.recorder.retry(&mut news);
    let durable = news.iter().find_map(|news| match news {
        News::Durable { ticket, .. } => Some(*ticket),
        News::Refused { .. }
        | News::Inbox { .. }
        | News::Policy { .. }
        | News::Failed(_)
        | News::Restored => None,
    });
    kiosk.evidence.durable(durable.unwrap());
    assert!(kiosk.storing.turn());
    assert_eq!(files(&kiosk), 2);
}

#[test]
fn a_disk_below_its_mark_takes_no_more_pictures_and_still_all_records() {
    let (mut kiosk, _) = Kiosk::start(&SimDisk::new(), 1).unwrap();
    kiosk.see(at(1_000));
    kiosk.fill_disk(kakou::control::RoomMark::Low);
    kiosk.decide(at(1_000), Verdict::Held, wang());
    assert_eq!((kiosk.last_passage().1.picture, kiosk.status.borrow().not_taken), (None, 1));
    kiosk.fill_disk(kakou::control::RoomMark::Ample);
    kiosk.decide(at(1_000), Verdict::Held, wang());
    assert!(kiosk.last_passage().1.picture.is_some());
}

#[test]
fn an_arrival_has_no_picture() {
    let (mut kiosk, _) = Kiosk::start(&SimDisk::new(), 1).unwrap();
    kiosk.see(at(1_000));
    let body = Body::Arrived { subject: SubjectKind::Person, direction: Direction::Inbound };
    let draft = Box::new(Draft { lane: None, body, personal: wang() });
    let mut append = Append { ticket: Some(Ticket(1)), draft: draft.clone() };
    kiosk.evidence.attach(at(1_000), &mut append);
    assert_eq!(append.draft, draft);
}
