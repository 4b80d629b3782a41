//! The kiosk's process in virtual time: lanes, recorder and outbox, as the daemon wires them, on one thread.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use kakou::base::{BootId, ClockTrust, KioskId, LaneId, Mono, Random, Seq, Stamp, Wall};
use kakou::control::{Command, LaneStatus};
use kakou::daemon::{Append, News, Recorder, Request, unresolved};
use kakou::drivers::barrier::End;
use kakou::engine::{ClockWatch, Ticket};
use kakou::journal::reader::logs;
use kakou::journal::{Journal, Note, Options, Reader, Stored};
use kakou::model::{Body, Draft, Entry, StepOutcome, Verdict};
use kakou::sim::disk::SimDisk;
use kakou::sync::{Action, Answer, Outbox};

use super::checks::{self, Check, Checked, Failure, Handed, Openings};
use super::hardware::Hardware;
use super::hub::{Ask, Net, kiosk_key};
use super::lane::{Lane, Manners};
use super::pins::{Power, Purpose};
use super::place::BEGINS;
use super::planted::Plant;

/// From a line's change to the kiosk's acting on it: debouncing and a turn.
const KNOWN_WITHIN: Duration = Duration::from_millis(300);
const SEGMENT: u64 = 16 * 1024;

/// What outlives the kiosk's process, and what the checks know of its past.
pub struct Site {
    pub now: Mono,
    pub hardware: Vec<Hardware>,
    pub manners: Vec<Manners>,
    pub disk: SimDisk,
    /// The disk operation before which the power goes.
    pub disk_cut: Option<u64>,
    pub power: Power,
    /// How far the kiosk's wall clock is off, in milliseconds.
    pub wall_off: i64,
    pub trust: ClockTrust,
    /// When a time service comes by, if the clock waits for one.
    pub sync_at: Option<Mono>,
    /// Whether a clock ever claimed to be synced and was not: then no interval can be promised.
    pub lied: bool,
    pub cameras: bool,
    pub plant: Option<Plant>,
    /// Everything that somebody was told is durable.
    pub told: Vec<Stored>,
    pub entries: Vec<Entry>,
    /// Handed in and not yet seen in the log.
    pub handed: VecDeque<Handed>,
    pub openings: Vec<Openings>,
    pub requests: u64,
    pub failures: u32,
    pub refused: u32,
    pub verbose: bool,
}

impl Site {
    /// The wall time that the kiosk believes in.
    pub fn wall(&self) -> Wall {
        Wall(self.true_wall().0 + self.wall_off)
    }

    pub fn true_wall(&self) -> Wall {
        BEGINS + Duration::from_millis(self.now.as_millis())
    }

    fn stamp(&self, boot: BootId) -> Stamp {
        Stamp { boot, mono: self.now, wall: self.wall(), trust: self.trust, max_error_ms: 20 }
    }

    pub fn fail(&self, check: Check, outcome: Checked) -> Result<(), Failure> {
        outcome.map_err(|what| Failure { check, at: self.now, what })
    }

    pub fn say(&self, what: &dyn std::fmt::Debug) {
        if self.verbose {
            eprintln!("{} {what:?}", self.now);
        }
    }

    /// Takes the next record of the log, as its reader gives it.
    fn learn(&mut self, stored: Stored) -> Result<(), Failure> {
        let entry = stored.entry().map_err(|error| error.to_string());
        let entry = match entry {
            Ok(entry) => entry,
            Err(what) => return self.fail(Check::NothingLostOrDoubled, Err(what)),
        };
        self.say(&entry.body);
        let last = self.told.len() as u64;
        let next = checks::nothing_is_lost_or_doubled(&mut self.handed, last, &entry);
        self.fail(Check::NothingLostOrDoubled, next)?;
        self.fail(Check::OrderIsKept, checks::order_is_kept(self.entries.last(), &entry))?;
        if let Some(passage) = checks::passage(&entry.body) {
            self.fail(Check::NoOpenStep, checks::no_admission_has_an_open_step(passage))?;
        }
        if let Body::Crossed { arrival, .. } = entry.body {
            let lane = self.hardware.iter().position(|lane| Some(&lane.id) == entry.lane.as_ref());
            lane.into_iter().for_each(|lane| self.openings[lane].crossed(arrival));
        }
        self.told.push(stored);
        self.entries.push(entry);
        Ok(())
    }

    fn of_lane(entries: &[Entry], lane: &LaneId) -> Vec<Entry> {
        entries.iter().filter(|entry| entry.lane.as_ref() == Some(lane)).cloned().collect()
    }
}

/// Random numbers by which a crash keeps nothing of what was not synced; the test below holds them to it.
fn nothing_survives() -> Random {
    let keeps_nothing = |seed: &u64| {
        let mut random = Random::new(*seed);
        random.unit();
        random.below(4) == 0
    };
    Random::new((0..).find(keeps_nothing).unwrap_or_default())
}

/// Everything in the log that is on the medium itself and would survive the worst power cut.
pub fn medium(disk: &SimDisk) -> Vec<Stored> {
    let mut left = disk.crash(&mut nothing_survives());
    let Some(log) = logs(&mut left).ok().and_then(|logs| logs.last().copied()) else { return vec![] };
    let read = |mut reader: Reader<SimDisk>| reader.read(Seq::FIRST, usize::MAX, usize::MAX);
    Reader::open(left, log).and_then(read).unwrap_or_default()
}

#[test]
fn nothing_unsynced_survives() {
    use kakou::journal::Disk;
    let mut disk = SimDisk::new();
    disk.create("a", 4_096).unwrap();
    disk.sync("a").unwrap();
    disk.sync_dir().unwrap();
    disk.write_at("a", 0, &[7; 4_096]).unwrap();
    let left = disk.crash(&mut nothing_survives());
    assert_eq!(left.read("a").unwrap(), [0; 4_096]);
}

pub fn kiosk_id() -> KioskId {
    "east-1".parse().unwrap()
}

/// One run of the kiosk's process.
pub struct Kiosk {
    pub lanes: Vec<Lane>,
    pub recorder: Recorder<SimDisk>,
    pub outbox: Outbox,
    boot: BootId,
    tail: Reader<SimDisk>,
    sender: Reader<SimDisk>,
    /// News on its way to lanes, in order.
    mail: VecDeque<(Mono, News)>,
    tickets: BTreeMap<(LaneId, Ticket), Body>,
    watch: ClockWatch,
    watch_at: Mono,
    commit_at: Option<Mono>,
    retry_at: Mono,
    request: u64,
    random: Random,
}

impl Kiosk {
    /// Starts on what the last run left. `None` when the power went meanwhile.
    pub fn boot(site: &mut Site, seal_key: &[u8; 32], random: &mut Random) -> Result<Option<Self>, Failure> {
        let options = Options { kiosk: kiosk_id(), segment_len: SEGMENT, ballast_len: 8 * 1024 };
        let mut random = random.fork("boot");
        let mut boot = [0; 16];
        random.fill(&mut boot);
        let entropy = Box::new(random.fork("entropy"));
        let opened = Journal::open(site.disk.clone(), options, entropy);
        if site.disk_cut.is_some_and(|cut| site.disk.operations() > cut) {
            return Ok(None);
        }
        let (mut journal, recovery) = opened.unwrap();
        let (mut tail, sender) = (journal.reader(site.disk.clone()), journal.reader(site.disk.clone()));
        let found = tail.read(Seq::FIRST, usize::MAX, usize::MAX).unwrap();
        site.fail(Check::AcknowledgedIsDurable, checks::acknowledged_is_durable(&site.told, &found))?;
        for stored in found.into_iter().skip(site.told.len()) {
            site.learn(stored)?;
        }
        site.handed.clear();
        let key = journal.sealer().key_opened(seal_key).unwrap();
        let mut drafts = recovery.drafts("0.1.0");
        drafts.push(Draft { lane: None, body: key, personal: None });
        drafts.extend(recovery.open_arrivals.iter().filter_map(unresolved::draft));
        let mut appends = Vec::new();
        let mut lanes = Vec::new();
        for (hardware, openings) in site.hardware.iter().zip(&mut site.openings) {
            openings.restart(&Site::of_lane(&site.entries, &hardware.id));
            lanes.push(Lane::start(hardware, &site.power, site.now, &mut random, &mut appends));
        }
        let settings = kakou::sync::Settings {
            retry_max: Duration::from_secs(20),
            request_max: Duration::from_secs(10),
            ..kakou::sync::Settings::default()
        };
        let mut kiosk = Self {
            lanes,
            recorder: Recorder::new(journal),
            outbox: Outbox::new(settings, random.fork("outbox")),
            boot: BootId(boot),
            tail,
            sender,
            mail: VecDeque::new(),
            tickets: BTreeMap::new(),
            watch: ClockWatch::default(),
            watch_at: site.now,
            commit_at: None,
            retry_at: site.now,
            request: 0,
            random,
        };
        drafts.into_iter().for_each(|draft| kiosk.hand_in(site, None, Box::new(draft)));
        Ok(Some(kiosk))
    }

    pub fn statuses(&self, now: Mono) -> Vec<LaneStatus> {
        self.lanes.iter().map(|lane| lane.runner.status(now)).collect()
    }

    /// Whether nothing is under way inside.
    pub fn is_quiet(&self) -> bool {
        self.mail.is_empty() && self.commit_at.is_none() && !self.recorder.has_failed()
    }

    /// Everything that happens at one moment. Ends early when the power goes.
    pub fn turn(&mut self, site: &mut Site, commands: &[Command]) -> Result<(), Failure> {
        for index in 0..self.lanes.len() {
            self.lane(site, index, commands)?;
        }
        self.deliver(site)?;
        if self.watch_at <= site.now {
            self.watch_at = site.now + Duration::from_secs(1);
            let mapped = self.watch.step(&site.stamp(self.boot)).filter(|_| site.power.spend());
            mapped.into_iter().for_each(|draft| self.hand_in(site, None, Box::new(draft)));
        }
        if site.power.spend() {
            self.record(site)?;
        }
        Ok(())
    }

    fn lane(&mut self, site: &mut Site, index: usize, commands: &[Command]) -> Result<(), Failure> {
        let now = site.now;
        let stamp = site.stamp(self.boot);
        let manners = site.manners[index];
        let seen = self.lanes[index].look(&mut site.hardware[index], now, manners, site.cameras);
        for observation in seen {
            let mut appends = Vec::new();
            self.lanes[index].observe(&stamp, observation, &mut appends);
            self.settle(site, index, appends)?;
        }
        let id = site.hardware[index].id.clone();
        for command in commands.iter().filter(|command| command.lane == id) {
            let mut appends = Vec::new();
            let done = self.lanes[index].runner.command(now, command, &mut appends);
            site.say(&(&command.act, &done));
            site.refused += u32::from(done.is_err());
            self.settle(site, index, appends)?;
        }
        if site.plant == Some(Plant::ClosesOnBeam)
            && self.lanes[index].blocked.is_some_and(|since| now.since(since) > KNOWN_WITHIN)
        {
            self.lanes[index].urge.towards(End::Closed);
        }
        self.expire(site, index)
    }

    fn expire(&mut self, site: &mut Site, index: usize) -> Result<(), Failure> {
        let runner = &mut self.lanes[index].runner;
        let due = runner.deadline().is_some_and(|at| at <= site.now);
        if due && site.plant != Some(Plant::ForgetsDeadlines) {
            let mut appends = Vec::new();
            runner.expire(site.now, &mut appends);
            self.settle(site, index, appends)?;
        }
        Ok(())
    }

    /// Looks at what a call into a lane has done: first its outputs, then its records.
    fn settle(&mut self, site: &mut Site, index: usize, appends: Vec<Append>) -> Result<(), Failure> {
        let edges = std::mem::take(&mut *site.hardware[index].edges.lock().unwrap());
        for edge in edges {
            match edge {
                Purpose::Open => {
                    let there = medium(&site.disk);
                    let there: Vec<Entry> = there.iter().filter_map(|stored| stored.entry().ok()).collect();
                    let there = Site::of_lane(&there, &site.hardware[index].id);
                    let opens = site.openings[index].barrier_opens_on_a_durable_unused_verdict(&there);
                    site.fail(Check::OpensOnDurableVerdict, opens)?;
                }
                Purpose::Close => {
                    let blocked = self.lanes[index].blocked;
                    let free = checks::never_closes_on_a_blocked_beam(site.now, blocked, KNOWN_WITHIN);
                    site.fail(Check::NeverClosesOnBlockedBeam, free)?;
                }
                Purpose::Lamp => {}
            }
        }
        for append in appends {
            self.append(site, index, append)?;
        }
        Ok(())
    }

    fn append(&mut self, site: &mut Site, index: usize, append: Append) -> Result<(), Failure> {
        if !site.power.spend() {
            return Ok(());
        }
        let Append { ticket, mut draft } = append;
        let lane = &mut self.lanes[index];
        if matches!(draft.body, Body::Arrived { .. }) {
            lane.samples = 0;
        }
        if let Some(passage) = checks::passage(&draft.body) {
            site.fail(Check::BelowRestsOnSamples, checks::below_rests_on_samples(passage, lane.samples))?;
            if site.plant == Some(Plant::OpensOnDecision) && passage.verdict.opens_barrier() {
                lane.urge.towards(End::Open);
            }
        }
        if site.plant == Some(Plant::AdmitsWithOpenStep) {
            open_a_step(&mut draft.body);
        }
        let answer = ticket.map(|ticket| (site.hardware[index].id.clone(), ticket));
        if let Some((lane, ticket)) = answer.clone() {
            self.tickets.insert((lane.clone(), ticket), draft.body.clone());
            if site.plant == Some(Plant::AnswersBeforeCommit) {
                let seq = Seq::new((site.told.len() + site.handed.len()) as u64 + 1).unwrap();
                self.mail.push_back((site.now, News::Durable { lane, ticket, seq }));
            }
        }
        if site.plant == Some(Plant::LosesRecords) && matches!(draft.body, Body::Crossed { .. }) {
            site.handed.push_back((site.stamp(self.boot), *draft));
            return Ok(());
        }
        if site.plant == Some(Plant::DoublesRecords) && matches!(draft.body, Body::Crossed { .. }) {
            let (stamp, draft) = (site.stamp(self.boot), draft.clone());
            self.recorder.hand_in(Request { answer: None, draft, stamp });
        }
        self.hand_in(site, answer, draft);
        Ok(())
    }

    fn hand_in(&mut self, site: &mut Site, answer: Option<(LaneId, Ticket)>, draft: Box<Draft>) {
        let mut stamp = site.stamp(self.boot);
        if site.plant == Some(Plant::OrdersByWallClock) {
            stamp.mono = Mono::from_millis(stamp.wall.0.try_into().unwrap());
        }
        site.handed.push_back((stamp, (*draft).clone()));
        self.recorder.hand_in(Request { answer, draft, stamp });
        let pause = Duration::from_millis(self.random.below(60));
        self.commit_at.get_or_insert(site.now + pause);
    }

    /// Brings lanes the news that is due.
    fn deliver(&mut self, site: &mut Site) -> Result<(), Failure> {
        while self.mail.front().is_some_and(|(at, _)| *at <= site.now) {
            let Some((_, news)) = self.mail.pop_front() else { break };
            if !site.power.spend() {
                return Ok(());
            }
            let mut each = Vec::new();
            match news {
                News::Durable { lane, ticket, seq } => {
                    let body = self.tickets.remove(&(lane.clone(), ticket));
                    let there = site.entries.get(seq.get() as usize - 1).map(|entry| &entry.body);
                    let right = body.is_some() && body.as_ref() == there;
                    let outcome = if right { Ok(()) } else { Err(format!("answer for {seq} is wrong")) };
                    site.fail(Check::AcknowledgedIsDurable, outcome)?;
                    let index = site.hardware.iter().position(|hardware| hardware.id == lane).unwrap();
                    self.lanes[index].runner.durable(site.now, ticket, seq, &mut each);
                    self.settle(site, index, each)?;
                }
                News::Failed(_) | News::Restored => {
                    let works = if news == News::Restored { Ok(()) } else { Err(()) };
                    for index in 0..self.lanes.len() {
                        self.lanes[index].runner.journal(site.now, works, &mut each);
                        self.settle(site, index, std::mem::take(&mut each))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The recorder's turn: commits, or tries a failed journal again.
    fn record(&mut self, site: &mut Site) -> Result<(), Failure> {
        let mut news = Vec::new();
        if self.recorder.has_failed() {
            if self.retry_at > site.now {
                return Ok(());
            }
            self.retry_at = site.now + Duration::from_secs(1);
            self.recorder.retry(&mut news);
        } else {
            if self.commit_at.is_none_or(|at| at > site.now) {
                return Ok(());
            }
            self.commit_at = None;
            self.recorder.commit(&mut news);
            self.retry_at = site.now + Duration::from_secs(1);
        }
        if site.disk_cut.is_some_and(|cut| site.disk.operations() > cut) {
            site.power.cut();
            return Ok(());
        }
        self.read_durable(site)?;
        for news in news {
            site.failures += u32::from(matches!(news, News::Failed(_)));
            let after = self.mail.back().map_or(site.now, |(at, _)| *at).max(site.now);
            self.mail.push_back((after + Duration::from_millis(self.random.below(30)), news));
        }
        Ok(())
    }

    fn read_durable(&mut self, site: &mut Site) -> Result<(), Failure> {
        let durable = self.recorder.durable().map_or(0, Seq::get);
        let before = site.told.len() as u64;
        while (site.told.len() as u64) < durable {
            let from = Seq::new(site.told.len() as u64 + 1).unwrap();
            let read = self.tail.read(from, usize::MAX, usize::MAX).map_err(|error| error.to_string());
            let read = read.and_then(|read| if read.is_empty() { Err("nothing".into()) } else { Ok(read) });
            match read {
                Ok(read) => read.into_iter().try_for_each(|stored| site.learn(stored))?,
                Err(what) => return site.fail(Check::AcknowledgedIsDurable, Err(what)),
            }
        }
        if durable > before {
            let there = medium(&site.disk);
            site.fail(Check::AcknowledgedIsDurable, checks::acknowledged_is_durable(&site.told, &there))?;
        }
        Ok(())
    }

    /// Sends what the outbox wants sent.
    pub fn send(&mut self, site: &mut Site, net: &mut Net) {
        let durable = self.recorder.durable().map_or(0, Seq::get);
        let ask = match self.outbox.next(site.now, durable) {
            Action::WaitUntil(_) => return,
            Action::Head => Ask::Head,
            Action::Heartbeat => {
                let line = format!("beat {} {}", self.boot, site.now.as_millis());
                Ask::Heartbeat(self.note(durable).with_extension(&line).sign(&kiosk_key()).to_string())
            }
            Action::Post { from, max_entries, max_bytes } => {
                let entries = self.sender.read(from, max_entries, max_bytes).unwrap();
                let note = self.note(from.get() - 1 + entries.len() as u64).sign(&kiosk_key()).to_string();
                let body = kakou::sync::wire::Batch { note, entries }.encode().unwrap();
                Ask::Entries { from, body }
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

    fn note(&mut self, size: u64) -> Note {
        let frontier = self.sender.frontier(size).unwrap();
        Note::new(&kiosk_id(), self.tail.epoch(), &frontier)
    }

    /// The life of the log.
    pub fn epoch(&self) -> kakou::base::Epoch {
        self.tail.epoch()
    }
}

/// What an engine would record that forgot a step.
fn open_a_step(body: &mut Body) {
    if let Body::Passage(passage) = body
        && passage.verdict == Verdict::Admitted
        && let Some(step) = passage.steps.first_mut()
    {
        step.outcome = StepOutcome::Open;
    }
}
