//! A journal on a simulated disk, and a hub that signs for its records.

use std::time::Duration;

use kakou::base::{BootId, ClockTrust, Epoch, Mono, Pii, Random, Seq, Stamp, Wall};
use kakou::daemon::keeper::{Hub, Keeper, Rules};
use kakou::daemon::recorder::Recorder;
use kakou::journal::{Disk as _, HubOpener, Journal, Note, Options, Reader, SigningKey, Witness};
use kakou::model::record::Crossing;
use kakou::model::{Body, Draft, Person, Personal};
use kakou::sim::disk::SimDisk;
use kakou::sync::wire::Head;

/// When everything here begins: 2026-11-22 10:00 in China.
pub const NOW: Wall = Wall(1_795_312_800_000);
pub const DAY: Duration = Duration::from_hours(24);

pub const HUB: &str = "kakou-hub";
pub const RULES: Rules = Rules {
    records: Duration::from_hours(24 * 90),
    personal: Duration::from_hours(24 * 14),
    ahead_minutes: 480,
};

pub struct Place {
    pub disk: SimDisk,
    pub recorder: Recorder<SimDisk>,
    pub epoch: Epoch,
    pub rules: Rules,
    pub is_enrolled: bool,
    pub own: SigningKey,
    pub hub: SigningKey,
    pub now: Stamp,
}

impl Place {
    pub fn new() -> Self {
        Self::on(SimDisk::new())
    }

    pub fn on(disk: SimDisk) -> Self {
        let entropy = Random::new(disk.operations() + 7);
        let (mut journal, _) = Journal::open(disk.clone(), options(), Box::new(entropy)).unwrap();
        journal.turn_key(&stamp(), None, RULES.ahead_minutes).unwrap();
        let (own, hub) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
        let epoch = journal.epoch();
        Self {
            disk,
            recorder: Recorder::new(journal),
            epoch,
            rules: RULES,
            is_enrolled: true,
            own,
            hub,
            now: stamp(),
        }
    }

    pub fn append(&mut self, count: u64) {
        for _ in 0..count {
            self.recorder.journal().append(draft(), self.now).unwrap();
        }
        self.recorder.journal().commit().unwrap();
    }

    /// Appends a record about somebody.
    pub fn append_person(&mut self, name: &str) {
        self.recorder.journal().append(personal(name), self.now).unwrap();
        self.recorder.journal().commit().unwrap();
    }

    pub fn wait(&mut self, span: Duration) {
        self.now.mono = self.now.mono + span;
        self.now.wall = self.now.wall + span;
    }

    pub fn reader(&mut self) -> Reader<SimDisk> {
        let disk = self.disk.clone();
        self.recorder.journal().reader(disk)
    }

    pub fn witness(&self) -> Witness {
        Witness { kiosk: kiosk(), own: self.own.verifying(), hub_name: HUB, hub: self.hub.verifying() }
    }

    pub fn keeper(&mut self) -> Keeper<SimDisk> {
        let hub = Hub { witness: self.witness(), seal_key: self.opener().public() };
        self.keeper_with(self.is_enrolled.then_some(hub))
    }

    pub fn keeper_with(&mut self, hub: Option<Hub>) -> Keeper<SimDisk> {
        Keeper::new(self.disk.clone(), &self.recorder.journal().open_log(), hub, self.rules)
    }

    /// What opens sealing keys at the hub.
    pub fn opener(&self) -> HubOpener {
        HubOpener::from_seed([3; 32])
    }

    /// What the hub signs about all records so far.
    pub fn receipt(&self) -> String {
        self.cosigned(&self.recorder.note())
    }

    pub fn cosigned(&self, note: &Note) -> String {
        let mut signed = note.sign(&self.own);
        signed.cosign(HUB, &self.hub, self.now.wall);
        signed.to_string()
    }

    /// What the hub answers when it has everything.
    pub fn head(&self) -> Head {
        let next = Seq::new(self.recorder.note().size + 1).unwrap();
        Head {
            next,
            root: String::new(),
            cosigned: Some(self.receipt()),
            wall: self.now.wall.0,
            ended: false,
        }
    }

    pub fn file(&self) -> String {
        format!("{}.cosigned", self.epoch)
    }

    pub fn kept(&self) -> Option<String> {
        self.disk.read(&self.file()).ok().map(|bytes| String::from_utf8(bytes).unwrap())
    }

    pub fn files(&self, end: &str) -> Vec<String> {
        self.disk.clone().list().unwrap().into_iter().filter(|file| file.ends_with(end)).collect()
    }
}

pub fn options() -> Options {
    Options { segment_len: 2_048, ballast_len: 0, ..Options::new(kiosk()) }
}

pub fn kiosk() -> kakou::base::KioskId {
    "gate-1".parse().unwrap()
}

pub fn stamp() -> Stamp {
    Stamp {
        boot: BootId([1; 16]),
        mono: Mono::from_millis(60_000),
        wall: NOW,
        trust: ClockTrust::Synced,
        max_error_ms: 0,
    }
}

pub fn draft() -> Draft {
    let body = Body::Crossed { arrival: Seq::FIRST, crossing: Crossing::Passed, counted: None };
    Draft { lane: Some("in-1".parse().unwrap()), body, personal: None }
}

pub fn personal(name: &str) -> Draft {
    let person = Person { name: Some(Pii::new(name.to_owned())), ..Person::default() };
    Draft {
        personal: Some(Personal { people: vec![person], vehicle: None, note: None, picture: None }),
        ..draft()
    }
}
