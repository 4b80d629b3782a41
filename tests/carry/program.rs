//! The program itself: a stick from a kiosk beside which the journal is being written, to a hub, and back.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use kakou::hub::Hub;
use kakou::journal::VerifyingKey;
use kakou::platform::disk::DirDisk;
use kakou::platform::entropy::OsEntropy;
use kakou::sync::enrolment::{Enrolment, Grant, PublicKey};

use super::common::kiosk::{Log, NOW};
use super::fixtures::{hub as keys_hub, written};

/// A kiosk's and a hub's folders, and a stick.
pub struct Folders {
    root: tempfile::TempDir,
    /// The kiosk runs: nobody else may write its journal.
    writer: DirDisk,
}

impl Folders {
    pub fn new(count: usize) -> Self {
        Self::with(|disk| written(disk, "east-1", count, &keys_hub()))
    }

    /// A kiosk whose journal `fill` writes.
    pub fn with(fill: impl FnOnce(&DirDisk) -> Log) -> Self {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        for folder in ["hub", "kiosk", "stick"] {
            std::fs::create_dir(path(folder)).unwrap();
        }
        std::fs::write(path("hub/hub.secret"), [1; 32]).unwrap();
        let disk = DirDisk::open(&path("kiosk/journal")).unwrap();
        let log = fill(&disk);
        std::fs::write(path("kiosk/log.key"), [log.kiosk.as_str().len() as u8; 32]).unwrap();
        let hub = Hub::open(&path("hub"), Arc::new(|| NOW), Box::new(OsEntropy::new())).unwrap();
        let (kiosk, key) = (log.kiosk.clone(), VerifyingKey(log.key.verifying().0));
        let keys = hub.keys();
        let grant = Grant {
            kiosk: kiosk.clone(),
            seal_key: PublicKey(keys.seal_key()),
            pass_keys: vec![PublicKey(keys.pass_key().0)],
            note_key: PublicKey(keys.note_key().0),
            command_key: None,
        };
        let enrolment = Enrolment::new("https://hub.example:8443", None, grant);
        std::fs::write(path("kiosk/hub.toml"), enrolment.to_text().unwrap()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let enrolled = hub.write(move |ledger| {
            ledger.add_token(&[9; 32], Some(&kiosk), NOW).unwrap();
            ledger.enrol(&[9; 32], None, key, NOW).unwrap()
        });
        runtime.block_on(enrolled).unwrap();
        Self { root, writer: disk }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn kakou(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kakou"));
        let Output { status, stdout, stderr } =
            command.args(arguments).current_dir(self.root.path()).output().unwrap();
        let said = [stdout, stderr].concat();
        (status.success(), String::from_utf8(said).unwrap())
    }

    fn files(&self, folder: &str) -> Vec<String> {
        let names = std::fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<_> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn a_stick_goes_to_the_hub_and_the_receipt_comes_back_beside_a_running_kiosk() {
    let place = Folders::new(60);
    assert!(place.writer.is_writer());
    let carry = ["journal", "carry", "--dir", "kiosk/journal"];
    let (well, said) = place.kakou(&[&carry[..], &["--out", "stick"]].concat());
    assert!(well && said.contains("records 1 to 60"), "{said}");
    let epoch: String = said.split_whitespace().nth(1).unwrap().chars().take(8).collect();
    let file = format!("stick/kakou-east-1-{epoch}-1.kkp");
    assert_eq!(place.files("stick").len(), 1, "{said}");
    let (well, said) = place.kakou(&["hub", "carry", "--data", "hub", &file]);
    assert!(well && said.contains("新收 60 条，已有 0 条") && said.contains("60 records are new"), "{said}");
    let (well, said) = place.kakou(&["hub", "carry", "--data", "hub", &file]);
    assert!(well && said.contains("新收 0 条，已有 60 条"), "{said}");
    let receipt = ["--receipt", "stick/east-1.receipt.json"];
    let (well, said) = place.kakou(&[&carry[..], &receipt].concat());
    assert!(well && said.contains("the hub has records up to 60"), "{said}");
    let (well, said) = place.kakou(&[&carry[..], &["--out", "stick/again.kkp"]].concat());
    assert!(well && said.contains("there is nothing to carry"), "{said}");
    let (well, said) = place.kakou(&[&carry[..], &["--out", "stick/again.kkp", "--from", "50"]].concat());
    assert!(well && said.contains("records 50 to 60"), "{said}");
    assert_eq!(place.files("stick").len(), 3);
    // Nothing but the kept note is new in the journal's folder.
    let others = place.files("kiosk/journal").into_iter().filter(|file| !file.ends_with(".seg"));
    assert_eq!(others.filter(|file| file.contains("cosigned")).count(), 1);
    assert!(place.kakou(&["journal", "verify", "--dir", "kiosk/journal"]).0);
}

#[test]
fn what_cannot_be_taken_is_said_in_plain_words_and_fails() {
    let place = Folders::new(60);
    let carry = ["journal", "carry", "--dir", "kiosk/journal", "--out", "stick/late.kkp", "--from", "31"];
    assert!(place.kakou(&carry).0);
    let (well, said) = place.kakou(&["hub", "carry", "--data", "hub", "stick/late.kkp"]);
    assert!(!well && said.contains("需从第 1 条起：kakou journal carry --epoch"), "{said}");
    assert!(said.contains("needs records from 1 on"), "{said}");
    std::fs::write(place.path("stick/cut.kkp"), &std::fs::read(place.path("stick/late.kkp")).unwrap()[..900])
        .unwrap();
    let (well, said) = place.kakou(&["hub", "carry", "--data", "hub", "stick/cut.kkp"]);
    assert!(
        !well && said.contains("文件在第 900 字节处中断") && said.contains("cut off at byte 900"),
        "{said}"
    );
    std::fs::write(place.path("stick/photo.kkp"), b"\xFF\xD8\xFF a photograph").unwrap();
    let (well, said) = place.kakou(&["hub", "carry", "--data", "hub", "stick/photo.kkp"]);
    assert!(!well && said.contains("这不是卡口的离线文件"), "{said}");
    std::fs::remove_file(place.path("kiosk/hub.toml")).unwrap();
    let (well, said) = place.kakou(&carry);
    assert!(!well && said.contains("not enrolled"), "{said}");
}
