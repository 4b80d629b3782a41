//! A kiosk's pictures and a hub's, with a line between them that can be cut at every request.

use std::collections::BTreeMap;
use std::time::Duration;

use kakou::base::{BlobId, KioskId, Mono, Random};
use kakou::journal::picture::{self, Sealed, name_of};
use kakou::sim::disk::SimDisk;
use kakou::sync::blobs::intake::{Held, NotTaken};
use kakou::sync::blobs::store::Unread;
use kakou::sync::blobs::{Action, Answer, Intake, QUOTA, Queue, Records, Store};

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Arrives,
    /// The hub never gets it.
    Lost,
    /// The hub acts on it, and its answer is lost.
    AnswerLost,
}

/// What a record at the hub says of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    Long(u32),
    Erased,
}

pub struct Way {
    pub kiosk: KioskId,
    pub disk: SimDisk,
    pub store: Store<SimDisk>,
    pub queue: Queue,
    pub hub_disk: SimDisk,
    pub intake: Intake<SimDisk>,
    pub named: BTreeMap<BlobId, Named>,
    pub now: Mono,
    /// Requests so far.
    pub asked: u64,
    /// Bytes that were sent so far.
    pub sent: u64,
    loaded: Vec<u8>,
}

impl Way {
    pub fn new() -> Self {
        Self::with_quota(QUOTA)
    }

    pub fn with_quota(quota: u64) -> Self {
        let (disk, hub_disk) = (SimDisk::new(), SimDisk::new());
        Self {
            kiosk: "east-1".parse().unwrap(),
            store: Store::new(disk.clone()),
            disk,
            queue: Queue::new(Random::new(1)),
            intake: Intake::open(Store::new(hub_disk.clone()), quota).unwrap(),
            hub_disk,
            named: BTreeMap::new(),
            now: Mono::from_millis(1_000),
            asked: 0,
            sent: 0,
            loaded: vec![],
        }
    }

    /// A picture is taken and stored, and its record is at the hub.
    pub fn take(&mut self, seed: u64, length: usize) -> Sealed {
        let mut plain = vec![0; length];
        Random::new(seed).fill(&mut plain);
        let sealed = picture::seal(&plain, &mut Random::new(seed + 1_000)).unwrap();
        self.store.keep("", &sealed.picture.sha256, &sealed.bytes).unwrap();
        self.named.insert(sealed.picture.sha256, Named::Long(sealed.picture.length));
        self.queue.take_up([sealed.picture.sha256]);
        sealed
    }

    /// The kiosk starts again: it knows what lies on its disk.
    pub fn restart_kiosk(&mut self) {
        self.queue = Queue::new(Random::new(self.asked));
        let found = self.store.list().unwrap();
        self.queue.take_up(found.iter().map(|found| found.blob));
        self.loaded.clear();
    }

    pub fn restart_hub(&mut self) {
        self.intake = Intake::open(Store::new(self.hub_disk.clone()), QUOTA).unwrap();
    }

    /// Does everything there is to do, and lets time pass, until nothing is left or an hour is over.
    pub fn run(&mut self, fate: impl Fn(u64) -> Fate) {
        let end = self.now + Duration::from_hours(1);
        while self.now < end {
            match self.step(&fate) {
                Some(until) if self.queue.waiting() == 0 => return assert!(until > self.now),
                Some(until) => self.now = until,
                None => self.now = self.now + Duration::from_millis(50),
            }
        }
    }

    /// One step; or until when there is nothing to do.
    pub fn step(&mut self, fate: &impl Fn(u64) -> Fate) -> Option<Mono> {
        let answer = match self.queue.next(self.now, Records::Sent) {
            Action::WaitUntil(until) => return Some(until),
            Action::Forget(blob) => {
                self.store.forget("", &blob).unwrap();
                Answer::Forgotten
            }
            Action::Ask(blob) => match self.store.load("", &blob) {
                Ok(bytes) => {
                    self.loaded = bytes;
                    self.request(fate, |way| way.ask(&blob))
                }
                Err(Unread::Missing) => Answer::Missing,
                Err(Unread::Damaged) => {
                    self.store.set_aside("", &blob).unwrap();
                    Answer::Damaged
                }
                Err(error) => panic!("{error}"),
            },
            Action::Put { blob, at, length } => {
                let rest = &self.loaded[at as usize..];
                let chunk = rest[..rest.len().min(length)].to_vec();
                self.sent += chunk.len() as u64;
                self.request(fate, |way| way.put(&blob, at, &chunk))
            }
        };
        self.queue.on_answer(self.now, answer);
        None
    }

    fn request(&mut self, fate: &impl Fn(u64) -> Fate, serve: impl FnOnce(&mut Self) -> Answer) -> Answer {
        let number = self.asked;
        self.asked += 1;
        match fate(number) {
            Fate::Lost => Answer::Lost("cut".to_owned()),
            Fate::Arrives => serve(self),
            Fate::AnswerLost => {
                serve(self);
                Answer::Lost("cut".to_owned())
            }
        }
    }

    pub fn ask(&mut self, blob: &BlobId) -> Answer {
        match self.named.get(blob) {
            None => Answer::Unknown,
            Some(Named::Erased) => Answer::Unwanted,
            Some(Named::Long(length)) => said(self.intake.held(&self.kiosk, blob, *length).unwrap()),
        }
    }

    pub fn put(&mut self, blob: &BlobId, at: u32, chunk: &[u8]) -> Answer {
        let length = match self.named.get(blob) {
            None => return Answer::Unknown,
            Some(Named::Erased) => return Answer::Unwanted,
            Some(Named::Long(length)) => *length,
        };
        match self.intake.put((&self.kiosk, blob, length), at, chunk, self.now) {
            Ok(held) => said(held),
            Err(NotTaken::At(bytes)) => Answer::At(bytes),
            Err(NotTaken::Mixed(_)) => Answer::Mixed,
            Err(error @ NotTaken::Quota { .. }) => Answer::Full(error.to_string()),
            Err(NotTaken::Busy) => Answer::Busy { retry_after: None },
            Err(error) => Answer::Refused(error.to_string()),
        }
    }

    /// Nothing is at the hub under a name but what has that hash; nothing is gone here that is not there.
    pub fn check(&mut self, taken: &[Sealed]) {
        for Sealed { picture, bytes, .. } in taken {
            let there = self.hub_disk.read(&format!("east-1.{}", picture.sha256));
            let here = self.disk.read(&picture.sha256.to_string());
            if let Ok(there) = &there {
                assert_eq!(name_of(there), picture.sha256, "evidence is what its record says");
            }
            let wanted = matches!(self.named[&picture.sha256], Named::Long(_));
            assert!(
                !wanted || there.is_ok() || here.is_ok_and(|here| here == *bytes),
                "a picture is nowhere"
            );
        }
    }
}

fn said(held: Held) -> Answer {
    match held {
        Held::Whole(_) => Answer::Whole,
        Held::Part(bytes) => Answer::At(bytes),
    }
}
