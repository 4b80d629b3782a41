//! The urgent log of one run of the kiosk, as the daemon's thread writes it, and what must hold of it.

use std::collections::VecDeque;
use std::time::Duration;

use kakou::base::{Epoch, Mono, Random, Seq, Stamp};
use kakou::daemon::alarms::{self, MainLog};
use kakou::daemon::{Recorder, Request};
use kakou::journal::{Journal, Note, Options, Reader, Recovery};
use kakou::ledger::{RecordId, Which};
use kakou::model::{Body, Cause, Entry};
use kakou::sim::disk::SimDisk;
use kakou::sync::{Action, Answer, Outbox, Settings};

use super::checks::{Check, Checked, Failure};
use super::hub::{Ask, Hub, Net, kiosk_key};
use super::kiosk::kiosk_id;
use super::planted::Plant;
use super::site::Site;

const SEGMENT: u64 = 4 * 1024;
/// How long the thread may be busy otherwise, in milliseconds.
const SLOW_MAX: u64 = 1_500;

/// The urgent log and what sends it.
pub struct Alarms {
    log: Recorder<SimDisk>,
    tail: Reader<SimDisk>,
    sender: Reader<SimDisk>,
    outbox: Outbox,
    raised: VecDeque<Request>,
    /// When the thread comes to it.
    write_at: Option<Mono>,
    retry_at: Mono,
    request: u64,
    /// Records that were looked at.
    seen: u64,
    random: Random,
}

impl Alarms {
    /// Takes the log up before anything is written into the main one.
    pub fn begin(site: &mut Site, journal: &Journal<SimDisk>, found: &Recovery, stamp: Stamp) -> Self {
        let mut random = site.chances.fork("alarms");
        let options = Options { segment_len: SEGMENT, ..Options::urgent(kiosk_id()) };
        let opened = Journal::open(site.urgent.clone(), options, Box::new(random.fork("entropy"))).unwrap();
        let (tail, sender) = (opened.0.reader(site.urgent.clone()), opened.0.reader(site.urgent.clone()));
        let mut found = found.clone();
        if site.plant == Some(Plant::ForgetsAlarms) {
            found.alarms.clear();
        }
        let main = MainLog { epoch: journal.epoch(), durable: journal.durable(), found: &found };
        let settings = Settings {
            retry_max: Duration::from_secs(20),
            request_max: Duration::from_secs(10),
            ..Settings::default()
        };
        Self {
            log: alarms::begin((opened.0, &opened.1), &main, stamp),
            tail,
            sender,
            outbox: Outbox::new(settings, random.fork("outbox")).without_heartbeats(),
            raised: VecDeque::new(),
            write_at: None,
            retry_at: site.now,
            request: 0,
            seen: 0,
            random,
        }
    }

    /// Hands over what is to be raised.
    pub fn raise(&mut self, site: &Site, raised: Vec<Request>) {
        if !raised.is_empty() {
            let slow = Duration::from_millis(self.random.below(SLOW_MAX));
            self.write_at.get_or_insert(site.now + slow);
        }
        self.raised.extend(raised);
    }

    /// The thread's turn, while `main` is the log that the recorder writes.
    pub fn turn(&mut self, site: &mut Site, main: Epoch) -> Result<(), Failure> {
        if self.write_at.is_some_and(|at| at <= site.now) {
            self.write_at = None;
            alarms::write(&mut self.log, self.raised.drain(..));
        } else if self.log.has_failed() && self.retry_at <= site.now {
            self.retry_at = site.now + Duration::from_secs(1);
            alarms::retry(&mut self.log);
        }
        self.look(site, main)
    }

    /// Whether nothing is under way and the hub has everything.
    pub fn is_at_rest(&self) -> bool {
        self.raised.is_empty() && !self.log.has_failed() && self.outbox.waiting() == 0
    }

    pub fn epoch(&self) -> Epoch {
        self.tail.epoch()
    }

    /// Sends what the outbox wants sent.
    pub fn send(&mut self, site: &mut Site, net: &mut Net) {
        let durable = self.log.durable().map_or(0, Seq::get);
        let ask = match self.outbox.next(site.now, durable) {
            Action::WaitUntil(_) => return,
            Action::Head => Ask::Head,
            Action::Post { from, max_entries, max_bytes } => {
                let entries = self.sender.read(from, max_entries, max_bytes).unwrap();
                let size = from.get() - 1 + entries.len() as u64;
                let tree = self.sender.frontier(size).unwrap();
                let note = Note::new(&kiosk_id(), self.epoch(), &tree).sign(&kiosk_key()).to_string();
                let body = kakou::sync::wire::Batch { note, entries }.encode().unwrap();
                Ask::Entries { from, body }
            }
            Action::Heartbeat | Action::Salvage { .. } | Action::Hole { .. } | Action::End { .. } => {
                panic!("an urgent log has no heartbeats, and nothing is ever lost on this disk")
            }
        };
        site.requests += 1;
        self.request = site.requests;
        net.send(site.now, self.request, ask);
    }

    /// Takes the hub's answer to request `id`; one to another request than the present one reaches nobody.
    pub fn heard(&mut self, site: &Site, id: u64, answer: Answer) {
        if id == self.request {
            self.request = 0;
            self.outbox.on_answer(site.now, site.wall(), answer);
        }
    }

    /// Looks at each new record of the urgent log.
    fn look(&mut self, site: &mut Site, main: Epoch) -> Result<(), Failure> {
        let durable = self.log.durable().map_or(0, Seq::get);
        while self.seen < durable {
            let from = Seq::new(self.seen + 1).unwrap();
            let read = self.tail.read(from, usize::MAX, usize::MAX).unwrap();
            assert!(!read.is_empty());
            for stored in read {
                self.seen += 1;
                let entry = stored.entry().unwrap();
                site.say(&("alarm", &entry.body));
                let said = an_alarm_follows_its_record(&entry.body, main, &site.entries);
                site.fail(Check::AlarmFollowsRecord, said)?;
            }
        }
        Ok(())
    }
}

/// Delivers what is due about the urgent log.
pub fn exchange(
    net: &mut Net,
    hub: &mut Hub,
    site: &Site,
    mut alarms: Option<&mut Alarms>,
) -> Result<(), Failure> {
    let answers = net.step(site.now, site.true_wall(), hub);
    let answers = answers.or_else(|what| site.fail(Check::AlarmsAreToldOnce, Err(what)).map(|()| vec![]))?;
    for (id, answer) in answers {
        if let Some(alarms) = &mut alarms {
            alarms.heard(site, id, answer);
        }
    }
    Ok(())
}

/// `alarm` is durable; `recorded` is the main log as far as somebody was told that it is.
pub fn an_alarm_follows_its_record(alarm: &Body, main: Epoch, recorded: &[Entry]) -> Checked {
    let Body::Alarm { kind, epoch, seq } = alarm else { return Err(format!("{alarm:?} is no alarm")) };
    let Some(seq) = seq.filter(|_| *epoch == Some(main) && *kind != Cause::Begun) else { return Ok(()) };
    match recorded.get(seq.get() as usize - 1).map(|entry| Cause::of(&entry.body)) {
        Some(Some(cause)) if cause == *kind => Ok(()),
        found => Err(format!("{kind:?} points to record {seq}, which is {found:?}")),
    }
}

/// At rest: each record that is an alarm is shown once, and nothing else is; what stands alone only where records could
/// not be written.
pub fn each_alarm_is_told_once(hub: &Hub, recorded: &[Entry], failures: u32) -> Checked {
    let shown = hub.ledger.urgent(Which::All, 10_000).map_err(|error| error.to_string())?;
    let id = |seq| RecordId { kiosk: hub.kiosk.clone(), epoch: hub.epoch, seq };
    let alarms: Vec<(RecordId, Cause)> =
        recorded.iter().filter_map(|entry| Some((id(entry.seq), Cause::of(&entry.body)?))).collect();
    for (record, kind) in &alarms {
        let same: Vec<_> = shown.iter().filter(|alarm| alarm.record.as_ref() == Some(record)).collect();
        if !matches!(same[..], [alarm] if alarm.kind == *kind && alarm.has_record) {
            return Err(format!("record {} is {kind:?} and shown as {same:?}", record.seq));
        }
    }
    let known = |record: &RecordId| alarms.iter().any(|(known, _)| known == record);
    let other = shown.iter().find(|alarm| match &alarm.record {
        Some(record) => !known(record),
        None => failures == 0 && alarm.kind != Cause::DiskLow,
    });
    other.map_or(Ok(()), |alarm| Err(format!("shown, and never happened: {alarm:?}")))
}
