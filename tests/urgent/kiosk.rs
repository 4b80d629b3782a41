//! A kiosk with both its logs, and a hub that counts what it is asked.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use kakou::base::{BootId, ClockTrust, Epoch, KioskId, Mono, Random, Seq, Stamp, Wall};
use kakou::daemon::alarms::{self, MainLog};
use kakou::daemon::{News, Recorder, Request};
use kakou::journal::{Journal, Options, SigningKey};
use kakou::ledger::{Keys, Ledger, RecordId, Refused, Urgent, Which};
use kakou::model::{Body, Cause, Draft};
use kakou::sim::disk::{Fault, FaultKind, SimDisk};
use kakou::sync::wire::{Batch, Head};
use kakou::sync::{Action, Answer, Ask, Desk, Durable, Link, Series, Settings};

use crate::common::kiosk::NOW;

/// What outlives a kiosk's program.
#[derive(Clone)]
pub struct Disks {
    pub main: SimDisk,
    pub urgent: SimDisk,
}

impl Disks {
    pub fn new() -> Self {
        Self { main: SimDisk::new(), urgent: SimDisk::new() }
    }

    /// What a power cut leaves.
    pub fn crash(&self, random: &mut Random) -> Self {
        Self { main: self.main.crash(random), urgent: self.urgent.crash(random) }
    }
}

/// One run of a kiosk's program.
pub struct Kiosk {
    pub disks: Disks,
    pub main: Recorder<SimDisk>,
    pub urgent: Recorder<SimDisk>,
    pub now: Mono,
    boot: BootId,
    link: Link,
    desk: Desk<SimDisk>,
    pub news: Vec<News>,
}

pub fn name() -> KioskId {
    "east-1".parse().unwrap()
}

pub fn key() -> Arc<SigningKey> {
    Arc::new(SigningKey::from_seed(&[6; 32]))
}

/// The journal on a disk; `None` when the power goes meanwhile.
fn open(disk: &SimDisk, options: Options, run: u8) -> Option<(Journal<SimDisk>, kakou::journal::Recovery)> {
    // No two logs have the same epoch.
    let seed = u64::from(run) * 1_000_003 + options.segment_len;
    Journal::open(disk.clone(), options, Box::new(Random::new(seed))).ok()
}

impl Kiosk {
    /// Starts on what is there, as the daemon does. `None` when the power goes meanwhile.
    pub fn start(disks: &Disks, run: u8) -> Option<Self> {
        let options = Options { segment_len: 16 * 1024, ballast_len: 0, ..Options::new(name()) };
        let (main, recovery) = open(&disks.main, options, run)?;
        let urgent = open(&disks.urgent, Options { segment_len: 4 * 1024, ..Options::urgent(name()) }, run)?;
        let (boot, now) = (BootId([run; 16]), Mono::from_millis(1_000));
        let first = stamp(boot, now);
        let log = MainLog { epoch: main.epoch(), durable: main.durable(), found: &recovery };
        let urgent = alarms::begin((urgent.0, &urgent.1), &log, first);
        let mut kiosk = Self {
            disks: disks.clone(),
            main: Recorder::new(main),
            urgent,
            now,
            boot,
            link: Link::new(Settings::default(), Random::new(u64::from(run))),
            desk: Desk::new(name(), key(), disks.main.clone()).with_urgent(disks.urgent.clone()),
            news: vec![],
        };
        let drafts = recovery.drafts("0.1.0");
        drafts.into_iter().for_each(|draft| kiosk.hand_in(draft.body));
        kiosk.commit();
        Some(kiosk)
    }

    /// Records of one moment, as one group; then what is an alarm.
    pub fn record(&mut self, bodies: impl IntoIterator<Item = Body>) {
        self.now = self.now + Duration::from_millis(10);
        bodies.into_iter().for_each(|body| self.hand_in(body));
        self.commit();
    }

    pub fn hand_in(&mut self, body: Body) {
        let lane = matches!(body, Body::OpenedByHand | Body::FoundOpen).then(|| "gate".parse().unwrap());
        let draft = Box::new(Draft { lane, body, personal: None });
        let stamp = stamp(self.boot, self.now);
        self.main.hand_in(Request { answer: None, draft, stamp }, &mut self.news);
    }

    pub fn commit(&mut self) {
        self.main.commit(&mut self.news);
        self.raise();
    }

    /// Tries what has failed again.
    pub fn retry(&mut self) {
        self.now = self.now + Duration::from_secs(1);
        self.main.retry(&mut self.news);
        alarms::retry(&mut self.urgent);
        self.raise();
    }

    fn raise(&mut self) {
        let raised = self.main.take_alarms();
        // The power goes for both.
        if !raised.is_empty() && !is_off(&self.disks.main) {
            alarms::write(&mut self.urgent, raised);
        }
    }

    /// Looks how much room there is.
    pub fn survey(&mut self) {
        let stamp = stamp(self.boot, self.now);
        self.main.survey(&stamp);
        self.raise();
    }

    /// Sends what the urgent log holds, and nothing else.
    pub fn send_urgent(&mut self, hub: &mut Hub) {
        while hub.ledger.head(&name(), self.urgent.epoch()).unwrap().0.get()
            <= self.urgent.durable().unwrap().get()
        {
            let before = hub.requests;
            self.send(hub, 1);
            assert!(hub.requests > before);
        }
    }

    /// Sends what the link wants sent, until it rests or `requests` were made.
    pub fn send(&mut self, hub: &mut Hub, requests: u64) {
        let most = hub.requests + requests;
        while hub.requests < most {
            let durable = Durable {
                main: self.main.durable().map_or(0, Seq::get),
                urgent: self.urgent.durable().map_or(0, Seq::get),
            };
            let live = [(Series::Main, self.main.epoch()), (Series::Urgent, self.urgent.epoch())];
            for (series, epoch) in live {
                if self.link.live(series) != Some(epoch) {
                    let closed = self.desk.take_up(series, epoch).unwrap();
                    self.link.take_up(series, epoch, &closed);
                }
            }
            let (Some(log), action) = self.link.next(self.now, durable) else { return };
            assert!(!matches!(action, Action::WaitUntil(_)));
            let answer = match self.desk.prepare(log, durable, action, stamp(self.boot, self.now)) {
                Ok(ask) => {
                    let answer = hub.answer(log, &ask);
                    self.desk.understand(log, &ask, answer)
                }
                Err(answer) => answer,
            };
            self.link.on_answer(self.now, NOW, answer);
        }
    }

    /// The records that are on the medium and are alarms.
    pub fn alarms(&mut self) -> Vec<(RecordId, Cause)> {
        let (epoch, disk) = (self.main.epoch(), self.disks.main.clone());
        let mut reader = self.main.journal().reader(disk);
        let read = reader.read(Seq::FIRST, usize::MAX, usize::MAX).unwrap();
        let entries = read.iter().map(|stored| stored.entry().unwrap());
        let id = |seq| RecordId { kiosk: name(), epoch, seq };
        entries.filter_map(|entry| Some((id(entry.seq), Cause::of(&entry.body)?))).collect()
    }
}

pub fn stamp(boot: BootId, mono: Mono) -> Stamp {
    let wall = NOW + Duration::from_millis(mono.as_millis());
    Stamp { boot, mono, wall, trust: ClockTrust::Synced, max_error_ms: 12 }
}

/// From now on the medium fails.
pub fn break_down(disk: &SimDisk) {
    let (from, count) = (disk.operations(), u64::MAX / 2);
    disk.inject(Some(Fault { from, count, kind: FaultKind::Medium }));
}

fn is_off(disk: &SimDisk) -> bool {
    use kakou::journal::Disk as _;
    disk.clone().sync_dir().is_err_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// The real ledger, and what its HTTP face makes of it.
pub struct Hub {
    pub ledger: Ledger,
    pub requests: u64,
    pub is_down: bool,
    /// Everything that changed something, to be applied again by a hub that is restored from a backup.
    pub history: Vec<(Epoch, Ask)>,
}

impl Hub {
    pub fn new() -> Self {
        let mut ledger = Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap();
        ledger.add_token(&[1; 32], Some(&name()), NOW).unwrap();
        ledger.enrol(&[1; 32], None, key().verifying(), NOW).unwrap();
        Self { ledger, requests: 0, is_down: false, history: vec![] }
    }

    pub fn answer(&mut self, epoch: Epoch, ask: &Ask) -> Result<Head, Answer> {
        self.requests += 1;
        if self.is_down {
            return Err(Answer::Lost("no route".to_owned()));
        }
        let (ledger, kiosk) = (&mut self.ledger, name());
        let done = match ask {
            Ask::Head => Ok(()),
            Ask::Heartbeat(note) => ledger.heartbeat(&kiosk, epoch, note, NOW).map(drop),
            Ask::Entries { from, body } => {
                let batch = Batch::decode(body).unwrap();
                ledger.apply(&kiosk, epoch, *from, &batch.note, &batch.entries, NOW).map(drop)
            }
            Ask::End(statement) => ledger.end(&kiosk, epoch, statement, NOW),
            Ask::Salvage { .. } | Ask::Hole(_) => panic!("nothing is lost here"),
        };
        match done {
            Ok(()) => {}
            Err(Refused::Gap { next }) => return Err(Answer::Rewind(next)),
            Err(refused) => return Err(Answer::Refused(refused.to_string())),
        }
        self.history.push((epoch, ask.clone()));
        let (next, root, cosigned) = self.ledger.head(&kiosk, epoch).unwrap();
        let ended = self.ledger.has_ended(&kiosk, epoch).unwrap();
        Ok(Head { next, root: BASE64.encode(&root), ended, cosigned, wall: NOW.0 })
    }

    /// Goes back to how it was when only the first `kept` requests had come.
    pub fn restore(&mut self, kept: usize) {
        let history: Vec<(Epoch, Ask)> = self.history.drain(..kept).collect();
        *self = Self { requests: self.requests, ..Self::new() };
        for (epoch, ask) in &history {
            self.answer(*epoch, ask).unwrap();
        }
    }

    /// Every alarm, oldest first.
    pub fn urgent(&self) -> Vec<Urgent> {
        let mut all = self.ledger.urgent(Which::All, 1_000).unwrap();
        all.reverse();
        all
    }

    /// Their kinds.
    pub fn kinds(&self) -> Vec<Cause> {
        self.urgent().into_iter().map(|alarm| alarm.kind).collect()
    }
}

/// Each record that is an alarm is one alarm at the hub, and the hub shows no other but those that stand `alone`.
pub fn each_alarm_once(kiosk: &mut Kiosk, hub: &Hub, alone: &[Cause]) -> Result<(), String> {
    let recorded = kiosk.alarms();
    let shown = hub.urgent();
    for (id, kind) in &recorded {
        let same = shown.iter().filter(|alarm| alarm.record.as_ref() == Some(id)).collect::<Vec<_>>();
        match same[..] {
            [alarm] if alarm.kind == *kind && alarm.has_record => {}
            _ => return Err(format!("record {} is {kind:?} and shown as {same:?}", id.seq)),
        }
    }
    let mut others: Vec<Cause> = shown
        .iter()
        .filter(|alarm| !recorded.iter().any(|(id, _)| alarm.record.as_ref() == Some(id)))
        .map(|alarm| alarm.kind)
        .collect();
    others.sort();
    if others == alone { Ok(()) } else { Err(format!("shown without a record: {others:?}")) }
}

pub fn wall(ms: i64) -> Wall {
    Wall(NOW.0 + ms)
}
