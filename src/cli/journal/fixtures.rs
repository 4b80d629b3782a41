//! A kiosk's state folder to test with: a journal, the log's key, an enrolment, a countersigned note.

use std::io::Write;
use std::path::PathBuf;

use super::Where;
use crate::base::{BootId, ClockTrust, Mono, Pii, Random, Stamp, Wall};
use crate::journal::{Journal, Options, SigningKey, VerifyingKey, cosigned};
use crate::model::{Body, Draft, Person, Personal};
use crate::platform::disk::DirDisk;
use crate::sync::enrolment::{Enrolment, Grant, PublicKey};
use crate::sync::wire::HUB_NOTE_NAME;

/// When everything there was recorded.
pub const STAMP: Stamp = Stamp {
    boot: BootId([1; 16]),
    mono: Mono(5),
    wall: Wall(1_790_000_000_000),
    trust: ClockTrust::Synced,
    max_error_ms: 0,
};

/// A folder that vanishes with it.
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// Without anything in it but an empty journal directory.
    pub fn empty() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(folder.0.path().join("journal")).unwrap();
        folder
    }

    /// With `count` records of a kiosk that has a key.
    pub fn with(count: u64) -> Self {
        let folder = Self::empty();
        folder.write(count);
        std::fs::write(folder.state("log.key"), [1; 32]).unwrap();
        folder
    }

    pub fn at(&self) -> Where {
        Where { dir: self.state("journal") }
    }

    pub fn state(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub fn journal(&self) -> Journal<DirDisk> {
        let disk = DirDisk::open(&self.state("journal")).unwrap();
        let options =
            Options { segment_len: 2_048, ballast_len: 0, ..Options::new("gate-1".parse().unwrap()) };
        Journal::open(disk, options, Box::new(Random::new(1))).unwrap().0
    }

    /// Appends `count` records, the first of them sealed, and ends in order.
    pub fn write(&self, count: u64) {
        let mut journal = self.journal();
        for number in 0..count {
            let wang = Person { name: Some(Pii::new("王小明".to_owned())), ..Person::default() };
            let personal = (number == 0).then(|| Personal {
                people: vec![wang],
                vehicle: None,
                note: None,
                picture: None,
            });
            journal.append(Draft { lane: None, body: Body::Stopped, personal }, STAMP).unwrap();
            journal.commit().unwrap();
        }
        journal.close().unwrap();
    }

    /// Appends one record.
    pub fn append(&self, body: Body) {
        let mut journal = self.journal();
        journal.append(Draft { lane: None, body, personal: None }, STAMP).unwrap();
        journal.close().unwrap();
    }

    /// Lets the hub countersign what is there now, and keeps that.
    pub fn cosign(&self) {
        let grant = Grant {
            kiosk: "gate-1".parse().unwrap(),
            seal_key: PublicKey([4; 32]),
            pass_keys: vec![],
            note_key: PublicKey(hub().verifying().0),
            command_key: None,
        };
        let enrolment = Enrolment::new("https://hub.example", None, grant);
        std::fs::write(self.state("hub.toml"), enrolment.to_text().unwrap()).unwrap();
        let journal = self.journal();
        let mut note = journal.note().sign(&SigningKey::from_seed(&[1; 32]));
        note.cosign(HUB_NOTE_NAME, &hub(), Wall::from_secs(1_790_000_100));
        let file = self.state("journal").join(cosigned::file_of(journal.epoch()));
        std::fs::write(file, note.to_string()).unwrap();
    }

    /// The segments, oldest first.
    pub fn segments(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.state("journal")).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|end| end == "seg"));
        files.sort();
        files
    }

    /// Flips a bit in the record that is the first in a segment.
    pub fn damage(&self, segment: usize) {
        let file = &self.segments()[segment];
        let mut bytes = std::fs::read(file).unwrap();
        let frame = bytes.windows(5).position(|window| window == b"KKF1\0").unwrap();
        bytes[frame + 40] ^= 1;
        std::fs::write(file, bytes).unwrap();
    }
}

pub fn hub() -> SigningKey {
    SigningKey::from_seed(&[2; 32])
}

pub fn kiosk_key() -> VerifyingKey {
    SigningKey::from_seed(&[1; 32]).verifying()
}

/// What is said, and whether it is good; never a person's name.
pub fn said(what: impl FnOnce(&mut Vec<u8>) -> anyhow::Result<bool>) -> (bool, String) {
    let mut out = Vec::new();
    let good = what(&mut out).unwrap();
    out.flush().unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains('王'), "{text}");
    (good, text)
}
