//! Who notices what a lying card lost in silence: the hub, and the kiosk as soon as it reaches the hub.

use kakou::base::{Epoch, Mono, Random, Seq, Wall};
use kakou::journal::{Frontier, Note, SigningKey, Stored};
use kakou::ledger::{AlarmKind, Keys, Ledger, Refused};
use kakou::sync::{Action, Answer, Outbox, Settings};

use crate::stores::{Acknowledged, Log, options};

const NOW: Wall = Wall(1_795_312_800_000);
const TOKEN: [u8; 32] = [1; 32];
/// How long the kiosk is watched after its start.
const WATCHED_MS: u64 = 180_000;

/// What the hub had of the log when the power went.
#[derive(Clone, Copy, Debug)]
pub enum Had {
    /// Every record.
    Records,
    /// One record, and a heartbeat over all.
    Heartbeat,
}

impl Had {
    pub const BOTH: [Self; 2] = [Self::Records, Self::Heartbeat];
}

/// What is known at the hub and at the kiosk some minutes after it started again.
#[derive(Debug)]
pub struct Told {
    /// The alarms of the hub.
    pub alarms: Vec<AlarmKind>,
    /// Whether the kiosk says that the hub holds more than it does.
    pub forked: bool,
}

impl Told {
    /// Whether somebody says that records are lost.
    pub fn of_a_loss(&self) -> bool {
        let loss = |kind: &AlarmKind| matches!(kind, AlarmKind::Shrunk | AlarmKind::Fork | AlarmKind::Hole);
        self.forked || self.alarms.iter().any(loss)
    }
}

/// Lets the kiosk start again with `log` and its real outbox send to a hub that had so much of it before.
pub fn after_the_start(had: Had, acknowledged: &Acknowledged, log: &Log) -> Told {
    let mut ledger = Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap();
    let key = SigningKey::from_seed(&[5; 32]);
    ledger.add_token(&TOKEN, Some(&options().kiosk), NOW).unwrap();
    ledger.enrol(&TOKEN, None, key.verifying(), NOW).unwrap();
    let before = Kiosk { key: &key, epoch: acknowledged.epoch.unwrap(), records: &acknowledged.records };
    let sent = match had {
        Had::Records => acknowledged.records.len(),
        Had::Heartbeat => 1,
    };
    before.post(&mut ledger, Seq::FIRST, sent).unwrap();
    before.beat(&mut ledger, "00", 1_000).unwrap();
    assert_eq!(ledger.alarms(9).unwrap(), [], "nothing is wrong before the cut");
    let after = Kiosk { key: &key, epoch: log.epoch, records: &log.grown };
    let forked = after.run(&mut ledger);
    Told { alarms: ledger.alarms(9).unwrap().into_iter().map(|alarm| alarm.kind).collect(), forked }
}

/// The sending side of a kiosk with so many records.
struct Kiosk<'a> {
    key: &'a SigningKey,
    epoch: Epoch,
    records: &'a [Stored],
}

impl Kiosk<'_> {
    /// Sends what the outbox asks for; returns whether the outbox says that the hub holds more.
    fn run(&self, ledger: &mut Ledger) -> bool {
        let mut outbox = Outbox::new(Settings::default(), Random::new(1));
        let mut now = Mono::ZERO;
        while now < Mono::from_millis(WATCHED_MS) {
            let answer = match outbox.next(now, self.records.len() as u64) {
                Action::Head => Ok(ledger.head(&options().kiosk, self.epoch).map(|(next, ..)| next).unwrap()),
                Action::Post { from, max_entries, .. } => self.post(ledger, from, max_entries),
                Action::Heartbeat => self.beat(ledger, "01", now.as_millis()),
                Action::WaitUntil(until) => {
                    now = until;
                    continue;
                }
                action @ (Action::Salvage { .. } | Action::Hole { .. } | Action::End { .. }) => {
                    panic!("{action:?} of a log without damage")
                }
            };
            let answer = match answer {
                Ok(next) => Answer::Next(next),
                Err(refused) => Answer::Refused(refused.to_string()),
            };
            outbox.on_answer(now, NOW, answer);
        }
        outbox.forked()
    }

    fn post(&self, ledger: &mut Ledger, from: Seq, max: usize) -> Result<Seq, Refused> {
        let first = usize::try_from(from.get()).unwrap() - 1;
        let end = first.saturating_add(max).min(self.records.len());
        let note = self.note(end).sign(self.key).to_string();
        let applied =
            ledger.apply(&options().kiosk, self.epoch, from, &note, &self.records[first..end], NOW)?;
        Ok(applied.next)
    }

    fn beat(&self, ledger: &mut Ledger, boot: &str, ms: u64) -> Result<Seq, Refused> {
        let note = self.note(self.records.len()).with_extension(&format!("beat {boot} {ms}"));
        let beat = note.sign(self.key).to_string();
        ledger.heartbeat(&options().kiosk, self.epoch, &beat, NOW).map(|(next, ..)| next)
    }

    fn note(&self, size: usize) -> Note {
        let mut frontier = Frontier::new();
        self.records[..size].iter().for_each(|stored| frontier.push(stored.leaf_hash()));
        Note::new(&options().kiosk, self.epoch, &frontier)
    }
}
