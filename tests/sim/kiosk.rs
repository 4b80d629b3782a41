//! The kiosk's process in virtual time: lanes, recorder and outbox, as the daemon wires them, on one thread.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use kakou::base::{BootId, KioskId, LaneId, Mono, Random, Seq};
use kakou::control::{BarrierState, Command, LaneStatus};
use kakou::daemon::{Append, News, Recorder, Request, unresolved};
use kakou::drivers::barrier::End;
use kakou::engine::Ticket;
use kakou::journal::{Journal, Note, Options, Reader};
use kakou::model::{Body, Cause, Draft, Entry, StepOutcome, Unanswered, Verdict};
use kakou::sim::disk::SimDisk;
use kakou::sync::{Action, Answer, Outbox};

use super::alarms::Alarms;
use super::checks::{self, Check, Failure, Handed};
use super::clock::Watch;
use super::hub::{Ask, Net, kiosk_key};
use super::lane::Lane;
use super::medium::medium;
use super::pins::Purpose;
use super::planted::Plant;
use super::site::{Site, Well};

/// From a line's change to the kiosk's acting on it: debouncing and a turn.
const KNOWN_WITHIN: Duration = Duration::from_millis(300);
/// How long a lane keeps a code that was shown while it was busy, and a turn.
const WAITS_FOR: Duration = Duration::from_millis(5_500);
/// An opening verdict that is durable later than this opens nothing.
const TOO_LATE: Duration = Duration::from_secs(11);
const SEGMENT: u64 = 16 * 1024;

pub fn kiosk_id() -> KioskId {
    "east-1".parse().unwrap()
}

/// One run of the kiosk's process.
pub struct Kiosk {
    pub lanes: Vec<Lane>,
    pub recorder: Recorder<SimDisk>,
    pub outbox: Outbox,
    pub alarms: Alarms,
    boot: BootId,
    /// The site's time when it started, and what its own clock showed then: that begins anew with each boot.
    began: (Mono, Mono),
    tail: Reader<SimDisk>,
    sender: Reader<SimDisk>,
    /// Records when this run began.
    since: u64,
    /// News on its way to lanes, in order.
    mail: VecDeque<(Mono, News)>,
    tickets: BTreeMap<(LaneId, Ticket), Body>,
    watch: Watch,
    commit_at: Option<Mono>,
    retry_at: Mono,
    request: u64,
    random: Random,
}

impl Kiosk {
    /// Starts on what the last run left. `None` when the power went meanwhile.
    pub fn boot(site: &mut Site, seal_key: &[u8; 32], random: &mut Random) -> Result<Option<Self>, Failure> {
        let options = Options { segment_len: SEGMENT, ballast_len: 8 * 1024, ..Options::new(kiosk_id()) };
        let mut random = random.fork("boot");
        let mut boot = [0; 16];
        random.fill(&mut boot);
        let entropy = Box::new(Well { random: random.fork("entropy"), dry: Arc::clone(&site.dry) });
        let began = (site.now, Mono::from_millis(5_000 + random.below(4_000)));
        site.boots.insert(BootId(boot), began);
        let opened = Journal::open(site.disk.clone(), options, entropy);
        if site.disk_cut.is_some_and(|cut| site.disk.operations() > cut) {
            return Ok(None);
        }
        let (mut journal, recovery) = opened.unwrap();
        let (mut tail, sender) = (journal.reader(site.disk.clone()), journal.reader(site.disk.clone()));
        let found = tail.read(Seq::FIRST, usize::MAX, usize::MAX).unwrap();
        site.fail(Check::AcknowledgedIsDurable, checks::acknowledged_is_durable(&site.told, &found))?;
        let since = found.len() as u64;
        for stored in found.into_iter().skip(site.told.len()) {
            site.learn(stored)?;
        }
        site.handed.clear();
        let alarms = Alarms::begin(site, &journal, &recovery, site.stamp(BootId(boot), began.1));
        let key = journal.sealer().key_opened(seal_key).unwrap();
        let mut drafts = recovery.drafts("0.1.0");
        drafts.push(Draft { lane: None, body: key, personal: None });
        if site.plant != Some(Plant::ForgetsOpenArrivals) {
            drafts.extend(recovery.open_arrivals.iter().filter_map(unresolved::draft));
        }
        let mut appends = Vec::new();
        let mut lanes = Vec::new();
        for (hardware, openings) in site.hardware.iter().zip(&mut site.openings) {
            openings.restart(&Site::of_lane(&site.entries, &hardware.id));
            lanes.push(Lane::start(hardware, &site.power, began.1, &mut random, &mut appends));
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
            alarms,
            boot: BootId(boot),
            began,
            tail,
            sender,
            since,
            mail: VecDeque::new(),
            tickets: BTreeMap::new(),
            watch: Watch::new(site.now),
            commit_at: None,
            retry_at: site.now,
            request: 0,
            random,
        };
        drafts.into_iter().for_each(|draft| kiosk.hand_in(site, None, Box::new(draft)));
        for (index, append) in appends.into_iter().enumerate() {
            kiosk.append(site, index, append)?;
        }
        Ok(Some(kiosk))
    }

    pub fn statuses(&self, site: &Site) -> Vec<LaneStatus> {
        let mut statuses: Vec<_> =
            self.lanes.iter().map(|lane| lane.runner.status(self.mono(site.now))).collect();
        if site.plant == Some(Plant::SaysClosed) {
            statuses.iter_mut().for_each(|status| status.barrier = BarrierState::Closed);
        }
        statuses
    }

    /// How long this run has lasted.
    pub fn up(&self, now: Mono) -> Duration {
        now.since(self.began.0)
    }

    /// What the kiosk's own clock shows.
    fn mono(&self, now: Mono) -> Mono {
        self.began.1 + self.up(now)
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
        let mapped = self.watch.turn(site, self.boot, self.mono(site.now));
        mapped.into_iter().for_each(|draft| self.hand_in(site, None, Box::new(draft)));
        if site.power.spend() {
            self.record(site)?;
            let raised = self.recorder.take_alarms();
            if !site.power.is_off() {
                self.alarms.raise(site, raised);
                self.alarms.turn(site, self.tail.epoch())?;
            }
        }
        Ok(())
    }

    fn lane(&mut self, site: &mut Site, index: usize, commands: &[Command]) -> Result<(), Failure> {
        let now = self.mono(site.now);
        let stamp = site.stamp(self.boot, now);
        let manners = site.manners[index];
        let seen = self.lanes[index].look(&mut site.hardware[index], (now, site.now), manners, site.cameras);
        for observation in seen {
            let mut appends = Vec::new();
            let chooses = site.plant == Some(Plant::ChoosesAmongCodes);
            self.lanes[index].observe(&stamp, observation, chooses, &mut appends);
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
        let now = self.mono(site.now);
        let runner = &mut self.lanes[index].runner;
        let mut appends = Vec::new();
        for (ticket, _) in runner.questions() {
            runner.issuer_answered(now, (ticket, Err(Unanswered::Unreachable)), &mut appends);
        }
        for (ticket, whose) in runner.recalls() {
            runner.recalled(now, (ticket, Ok(whose.nothing())), &mut appends);
        }
        let due = runner.deadline().is_some_and(|at| at <= now);
        if due && site.plant != Some(Plant::ForgetsDeadlines) {
            runner.expire(now, &mut appends);
        }
        self.settle(site, index, appends)
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
                    let now = self.mono(site.now);
                    let opens = site.openings[index].barrier_opens_on_a_durable_unused_verdict(now, &there);
                    site.fail(Check::OpensOnDurableVerdict, opens)?;
                }
                Purpose::Close => {
                    let blocked = self.lanes[index].blocked;
                    site.openings[index].closes();
                    let now = self.mono(site.now);
                    let free = checks::never_closes_on_a_blocked_beam(now, blocked, KNOWN_WITHIN);
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
            let now = self.began.1 + site.now.since(self.began.0);
            lane.alone.retain(|at| now.since(*at) <= WAITS_FOR);
        }
        if let Some(passage) = checks::passage(&draft.body) {
            site.fail(Check::BelowRestsOnSamples, checks::below_rests_on_samples(passage, lane.samples))?;
            site.fail(Check::OneCodeAtATime, checks::passes_were_shown_alone(passage, lane.alone.len()))?;
            match site.plant.filter(|_| passage.verdict.opens_barrier()) {
                Some(Plant::OpensOnDecision) => lane.urge.towards(End::Open),
                Some(Plant::OpensLate) => site.fail_disk(),
                Some(_) | None => {}
            }
        }
        if site.plant == Some(Plant::AdmitsWithOpenStep) {
            open_a_step(&mut draft.body);
        }
        if site.plant == Some(Plant::ForgetsOpenings) && draft.body == Body::OpenedByHand {
            return Ok(());
        }
        let answer = ticket.map(|ticket| (site.hardware[index].id.clone(), ticket));
        if site.full {
            site.never_written(index, &draft.body);
            let refused = answer.map(|(lane, ticket)| News::Refused { lane, ticket, why: "full".into() });
            self.mail.extend(refused.map(|news| (site.now, news)));
            return Ok(());
        }
        if let Some((lane, ticket)) = answer.clone() {
            self.tickets.insert((lane.clone(), ticket), draft.body.clone());
            if site.plant == Some(Plant::AnswersBeforeCommit) {
                let seq = Seq::new((site.told.len() + site.handed.len()) as u64 + 1).unwrap();
                self.mail.push_back((site.now, News::Durable { lane, ticket, seq }));
            }
        }
        if site.plant == Some(Plant::LosesRecords) && matches!(draft.body, Body::Crossed { .. }) {
            site.handed.push_back((site.stamp(self.boot, self.mono(site.now)), *draft));
            return Ok(());
        }
        if site.plant == Some(Plant::DoublesRecords) && matches!(draft.body, Body::Crossed { .. }) {
            let (stamp, draft) = (site.stamp(self.boot, self.mono(site.now)), draft.clone());
            self.recorder.hand_in(Request { answer: None, draft, stamp }, &mut vec![]);
        }
        self.hand_in(site, answer, draft);
        Ok(())
    }

    fn hand_in(&mut self, site: &mut Site, answer: Option<(LaneId, Ticket)>, draft: Box<Draft>) {
        let mut stamp = site.stamp(self.boot, self.mono(site.now));
        if site.plant == Some(Plant::OrdersByWallClock) {
            stamp.mono = Mono::from_millis(stamp.wall.0.try_into().unwrap());
        }
        site.handed.push_back((stamp, (*draft).clone()));
        if let Some(kind) = Cause::of(&draft.body).filter(|_| site.plant == Some(Plant::AlarmsFirst)) {
            let next = Seq::new((site.told.len() + site.handed.len()) as u64);
            let draft = Box::new(kind.draft(draft.lane.clone(), Some((self.tail.epoch(), next))));
            self.alarms.raise(site, vec![Request { answer: None, draft, stamp }]);
        }
        let mut news = Vec::new();
        let answer = answer.map(|(lane, ticket)| (lane.into(), ticket));
        self.recorder.hand_in(Request { answer, draft, stamp }, &mut news);
        assert!(news.is_empty(), "a simulation is too short to fill the recorder");
        let pause = Duration::from_millis(self.random.below(60));
        self.commit_at.get_or_insert(site.now + pause);
    }

    /// Brings lanes the news that is due.
    fn deliver(&mut self, site: &mut Site) -> Result<(), Failure> {
        let now = self.mono(site.now);
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
                    self.lanes[index].runner.durable(now, ticket, seq, &mut each);
                    let entry = &site.entries[seq.get() as usize - 1];
                    let opens =
                        checks::passage(&entry.body).is_some_and(|passage| passage.verdict.opens_barrier());
                    let late = now.since(entry.stamp.mono) > TOO_LATE;
                    if opens && late && site.plant == Some(Plant::OpensLate) {
                        self.lanes[index].urge.towards(End::Open);
                    }
                    self.settle(site, index, each)?;
                }
                News::Inbox { .. } | News::Policy { .. } => {}
                News::Refused { .. } if site.plant == Some(Plant::IgnoresRefusals) => {}
                News::Refused { lane, ticket, .. } => {
                    site.say(&(&lane, "refused", ticket));
                    let index = site.hardware.iter().position(|hardware| hardware.id == lane).unwrap();
                    self.lanes[index].runner.not_recorded(now, ticket, &mut each);
                    self.settle(site, index, each)?;
                }
                News::Failed(_) | News::Restored => {
                    let works = if news == News::Restored { Ok(()) } else { Err(()) };
                    for index in 0..self.lanes.len() {
                        self.lanes[index].runner.journal(now, works, &mut each);
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
        let waits = |(stamp, _): &Handed| self.mono(site.now).since(stamp.mono) > TOO_LATE;
        if site.plant == Some(Plant::OpensLate) && site.handed.front().is_some_and(waits) {
            site.disk.inject(None);
        }
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
        for news in &news {
            if let News::Refused { lane, ticket, .. } = news
                && let Some(body) = self.tickets.remove(&(lane.clone(), *ticket))
            {
                let index = site.hardware.iter().position(|hardware| hardware.id == *lane);
                index.into_iter().for_each(|index| site.never_written(index, &body));
                site.given_up(lane, &body);
                site.refusals += 1;
            }
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
            Action::Heartbeat => Ask::Heartbeat(self.beat(site, self.mono(site.now))),
            Action::Post { from, max_entries, max_bytes } => {
                let entries = self.sender.read(from, max_entries, max_bytes).unwrap();
                let note = self.note(from.get() - 1 + entries.len() as u64).sign(&kiosk_key()).to_string();
                let body = kakou::sync::wire::Batch { note, entries }.encode().unwrap();
                Ask::Entries { from, body }
            }
            Action::Salvage { .. } | Action::Hole { .. } | Action::End { .. } => {
                panic!("nothing is ever lost on this disk")
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

    /// A heartbeat, made at `now` of this kiosk's clock.
    pub fn beat(&mut self, site: &Site, now: Mono) -> String {
        let durable = self.recorder.durable().map_or(0, Seq::get);
        let note = self.note(durable).with_extension(&format!("beat {} {}", self.boot, now.as_millis()));
        let lanes = site.hardware.iter().zip(&self.lanes);
        let counts = lanes.map(|(hardware, lane)| lane.runner.counters().now(&hardware.id, self.since));
        let note = counts.fold(note, |note, count| note.with_extension(&count.to_string()));
        note.sign(&kiosk_key()).to_string()
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
