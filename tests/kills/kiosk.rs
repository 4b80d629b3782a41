//! The kiosk's process in virtual time: lanes, recorder, keeper, view and link, as the daemon wires them, on one thread.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use kakou::base::{BootId, LaneId, Mono, Seq};
use kakou::control::{Command, LaneStatus, LinkAlarm, Phase};
use kakou::daemon::keeper::{Hub as HubKeys, Keeper, Rules};
use kakou::daemon::past::{Past, PastParts};
use kakou::daemon::recall::Memory as _;
use kakou::daemon::{Append, LaneRunner, News, Recorder, Request, Waiter, unresolved};
use kakou::journal::{Journal, OpenLog, Options, Reader, Recovery, Stored, Witness};
use kakou::ledger::Keys;
use kakou::model::past::Unknown;
use kakou::model::{Body, Draft, Level, Observation, Observed};
use kakou::sync::wire::HUB_NOTE_NAME;
use kakou::sync::{Desk, Link, Settings};
use kakou::thermometry;
use kakou::web::Recent as _;
use tokio::sync::watch;

use crate::checks::{Check, Failure};
use crate::disk::Mortal;
use crate::gate::{Arm, SIGNALS};
use crate::held;
use crate::place::place;
use crate::planted::Plant;
use crate::scythe::Point;
use crate::site::{Site, kiosk_id, kiosk_key};
use crate::uplink::Uplink;
use crate::visitor::{Attendant, Visitor, nobody};

/// Passages on a page.
const LISTED: usize = 5;
const RULES: Rules = Rules {
    records: Duration::from_hours(90 * 24),
    personal: Duration::from_hours(14 * 24),
    ahead_minutes: 480,
};

/// One lane in one run of the process.
struct Lane {
    id: LaneId,
    runner: LaneRunner,
    /// What its lines last said.
    reported: [Option<Level>; SIGNALS.len()],
}

/// One run of the process.
pub struct Kiosk {
    lanes: Vec<Lane>,
    pub recorder: Recorder<Mortal>,
    keeper: Keeper<Mortal>,
    pub past: Past<Mortal>,
    log: watch::Sender<OpenLog>,
    tail: Reader<Mortal>,
    pub uplink: Uplink,
    /// News on its way to lanes, in order.
    mail: VecDeque<News>,
    boot: BootId,
    /// The site's time when it started, and what its own clock showed then.
    began: (Mono, Mono),
    /// Records when it started.
    since: u64,
    /// Whether something was handed in since the last commit.
    waits: bool,
}

impl Kiosk {
    /// Starts on what the last run left. `None` when it was killed meanwhile.
    pub fn boot(site: &mut Site) -> Result<Option<Self>, Failure> {
        let mut random = site.random.fork("boot");
        let mut boot = BootId([0; 16]);
        random.fill(&mut boot.0);
        let began = (site.now, Mono::from_millis(5_000 + random.below(4_000)));
        let stamp = site.stamp(boot, began.1);
        let keys = Keys::from_secret(&[5; 32]);
        let witness = Witness {
            kiosk: kiosk_id(),
            own: kiosk_key().verifying(),
            hub_name: HUB_NOTE_NAME,
            hub: keys.note_key(),
        };
        let options = Options {
            segment_len: site.segment_len,
            ballast_len: 8 * 1024,
            witness: Some(witness.clone()),
            ..Options::new(kiosk_id())
        };
        let opened = Journal::open(site.mortal(), options, Box::new(random.fork("entropy")));
        if site.scythe.struck().is_some() {
            return Ok(None);
        }
        let (mut journal, recovery) = opened.unwrap();
        let mut tail = journal.reader(site.mortal());
        let again = found(site, &mut tail, &recovery)?;
        let since = site.told.len() as u64;

        let log = watch::Sender::new(journal.open_log());
        let (disk, seen) = (site.mortal(), log.subscribe());
        let blinder = place().context.blinder.clone();
        let now = Box::new(move || stamp);
        let past = site.with_view(|view| {
            let view = view.to_owned();
            Past::new(PastParts { view, blinder, disk, now, ahead_minutes: 480 }, seen)
        });
        let Some(past) = past else { return Ok(None) };
        let hub = HubKeys { witness, seal_key: keys.seal_key() };
        let keeper = Keeper::new(site.mortal(), &journal.open_log(), Some(hub), RULES);
        let Some(drafts) = first_drafts(&mut journal, &recovery, &stamp, &keys) else { return Ok(None) };
        let settings = Settings {
            heartbeat: Duration::from_secs(6),
            retry_max: Duration::from_secs(5),
            request_max: Duration::from_secs(8),
            entries_max: 12,
            ..Settings::default()
        };
        let link = Link::new(settings, random.fork("link"));
        let desk = Desk::new(kiosk_id(), kiosk_key(), site.mortal());
        let mut kiosk = Self {
            lanes: vec![],
            recorder: Recorder::new(journal),
            keeper,
            past: past.unwrap(),
            log,
            tail,
            uplink: Uplink::new(link, desk),
            mail: VecDeque::new(),
            boot,
            began,
            since,
            waits: false,
        };
        for Request { answer, draft, stamp } in again {
            kiosk.recorder.hand_in(Request { answer, draft, stamp }, &mut vec![]);
        }
        kiosk.start(site, drafts)?;
        Ok(site.scythe.struck().is_none().then_some(kiosk))
    }

    /// The first records, then the lanes.
    fn start(&mut self, site: &mut Site, drafts: Vec<Draft>) -> Result<(), Failure> {
        for draft in drafts {
            self.hand_in(site, None, Append { ticket: None, draft: Box::new(draft) });
        }
        self.commit(site)?;
        for index in 0..site.gates.len() {
            let id: LaneId = format!("person-{}", index + 1).parse().unwrap();
            let arm = Box::new(Arm::new(&site.gates[index], &site.scythe));
            let (settings, context) = (place().settings(&id), Arc::clone(&place().context));
            let judged = thermometry::Settings::default();
            let mut runner = LaneRunner::new(settings, context, judged, place().trust(), arm);
            let mut appends = Vec::new();
            runner.start(self.began.1, &mut appends);
            self.lanes.push(Lane { id: id.clone(), runner, reported: [None; SIGNALS.len()] });
            appends.into_iter().for_each(|append| self.hand_in(site, Some(&id), append));
        }
        Ok(())
    }

    pub fn statuses(&self, now: Mono) -> Vec<LaneStatus> {
        self.lanes.iter().map(|lane| lane.runner.status(self.mono(now))).collect()
    }

    /// Whether nothing is under way inside.
    pub fn is_quiet(&self, now: Mono) -> bool {
        let idle = |status: &LaneStatus| status.phase == Phase::Idle;
        self.mail.is_empty() && !self.waits && self.statuses(now).iter().all(idle)
    }

    pub fn durable(&self) -> u64 {
        self.recorder.durable().map_or(0, Seq::get)
    }

    /// What the kiosk's own clock shows.
    pub fn mono(&self, now: Mono) -> Mono {
        self.began.1 + now.since(self.began.0)
    }

    pub fn boot_id(&self) -> BootId {
        self.boot
    }

    /// Everything that happens at one moment, but for what goes to the hub. Ends early when it is killed.
    pub fn turn(
        &mut self,
        site: &mut Site,
        visitors: &mut [Option<Visitor>],
        attendants: &mut [Attendant],
    ) -> Result<(), Failure> {
        for index in 0..self.lanes.len() {
            self.lane(site, index, visitors[index].as_mut(), &mut attendants[index]);
        }
        self.deliver(site);
        if self.waits && site.random.chance(0.7) {
            self.commit(site)?;
        }
        self.keep(site)?;
        if site.random.chance(0.06) {
            self.look(site)?;
        }
        Ok(())
    }

    fn lane(
        &mut self,
        site: &mut Site,
        index: usize,
        visitor: Option<&mut Visitor>,
        attendant: &mut Attendant,
    ) {
        let now = self.mono(site.now);
        let stamp = site.stamp(self.boot, now);
        let lane = &mut self.lanes[index];
        let mut seen = Vec::new();
        for (signal, reported) in SIGNALS.into_iter().zip(&mut lane.reported) {
            let level = site.gates[index].level(site.now, signal);
            if *reported != Some(level) {
                *reported = Some(level);
                seen.push(Observed::Line { signal, level });
            }
        }
        let status = lane.runner.status(now);
        match visitor {
            Some(visitor) => visitor.seen(site.now, &status, &mut seen),
            None => seen.push(nobody()),
        }
        let mut appends = Vec::new();
        for what in seen {
            let device = "device".parse().unwrap();
            lane.runner.observe(&stamp, Observation { device, at: now, what }, &mut appends);
        }
        if let Some(act) = attendant.act(site.now, &status, &mut site.random) {
            let command = Command { lane: lane.id.clone(), by: "wang".parse().ok(), act };
            let done = lane.runner.command(now, &command, &mut appends);
            site.say(&(&command.act, done));
        }
        for (ticket, whose) in lane.runner.recalls() {
            let past = self.past.recall(&whose, &stamp).map_err(|_| Unknown);
            lane.runner.recalled(now, (ticket, past), &mut appends);
        }
        if lane.runner.deadline().is_some_and(|at| at <= now) {
            lane.runner.expire(now, &mut appends);
        }
        let id = lane.id.clone();
        appends.into_iter().for_each(|append| self.hand_in(site, Some(&id), append));
    }

    fn hand_in(&mut self, site: &mut Site, lane: Option<&LaneId>, Append { ticket, draft }: Append) {
        if !site.scythe.spares(Point::HandIn) {
            return;
        }
        let stamp = site.stamp(self.boot, self.mono(site.now));
        site.handed.push_back((stamp, (*draft).clone()));
        let mut news = Vec::new();
        let answer = lane.cloned().map(Waiter::Lane).zip(ticket);
        self.recorder.hand_in(Request { answer, draft, stamp }, &mut news);
        assert!(news.is_empty(), "a run is too short to fill the recorder");
        self.waits = true;
    }

    fn commit(&mut self, site: &mut Site) -> Result<(), Failure> {
        if !site.scythe.spares(Point::Commit) {
            return Ok(());
        }
        self.waits = false;
        let mut news = Vec::new();
        self.recorder.commit(&mut news);
        self.tell(site, news)
    }

    /// What is durable now is acknowledged, whoever hears of it.
    fn tell(&mut self, site: &mut Site, news: Vec<News>) -> Result<(), Failure> {
        if site.scythe.struck().is_some() {
            return Ok(());
        }
        if self.recorder.has_failed() {
            return site.fail(Check::NoPanic, Err(format!("the journal failed: {news:?}")));
        }
        let durable = self.durable();
        while (site.told.len() as u64) < durable {
            let from = Seq::new(site.told.len() as u64 + 1).unwrap();
            match self.tail.read(from, usize::MAX, usize::MAX) {
                Ok(read) if !read.is_empty() => read.into_iter().try_for_each(|stored| site.learn(stored))?,
                read => {
                    let what = Err(format!("record {from} is durable and cannot be read: {read:?}"));
                    return site.fail(Check::JournalHoldsWhatWasAcknowledged, what);
                }
            }
        }
        if !news.is_empty() && site.scythe.spares(Point::Tell) {
            self.mail.extend(news);
        }
        Ok(())
    }

    /// Brings lanes the news.
    fn deliver(&mut self, site: &mut Site) {
        let now = self.mono(site.now);
        while let Some(news) = self.mail.pop_front() {
            if !site.scythe.spares(Point::News) {
                return;
            }
            let mut appends = Vec::new();
            let (News::Durable { lane: id, .. } | News::Refused { lane: id, .. }) = &news else { continue };
            let id = id.clone();
            let Some(lane) = self.lanes.iter_mut().find(|lane| lane.id == id) else { continue };
            match news {
                News::Durable { ticket, seq, .. } => lane.runner.durable(now, ticket, seq, &mut appends),
                News::Refused { ticket, .. } => lane.runner.not_recorded(now, ticket, &mut appends),
                News::Inbox { .. } | News::Policy { .. } | News::Failed(_) | News::Restored => {}
            }
            appends.into_iter().for_each(|append| self.hand_in(site, Some(&id), append));
        }
    }

    /// The keeper's turn: receipts, and another key each day.
    fn keep(&mut self, site: &mut Site) -> Result<(), Failure> {
        if site.scythe.struck().is_some() {
            return Ok(());
        }
        let stamp = site.stamp(self.boot, self.mono(site.now));
        for chore in self.keeper.turn(&stamp) {
            let mut news = Vec::new();
            // As the recorder's thread does: everything handed in before is committed.
            self.waits = false;
            self.recorder.commit(&mut news);
            self.recorder.chore(&chore, stamp, &mut news);
            self.tell(site, news)?;
        }
        Ok(())
    }

    /// Somebody looks at the list of past passages, and sees the latest verdicts.
    fn look(&mut self, site: &mut Site) -> Result<(), Failure> {
        let past = &self.past;
        let Some(rows) = site.with_view(|_| past.recent(LISTED, None)) else { return Ok(()) };
        let verdict = |stored: &Stored| {
            let entry = stored.entry().ok()?;
            let Body::Passage(passage) = entry.body else { return None };
            Some((entry.seq.get(), passage.verdict))
        };
        let expected: Vec<_> = site.told.iter().rev().filter_map(verdict).take(LISTED).collect();
        let rows = rows.map(|rows| rows.iter().map(|row| (row.seq, row.verdict)).collect::<Vec<_>>());
        let agrees = match rows {
            Ok(rows) if rows == expected => Ok(()),
            rows => Err(format!("lists {rows:?} where the journal ends with {expected:?}")),
        };
        site.fail(Check::ViewIsTheJournal, agrees)
    }

    /// What the hub answers goes to the keeper too.
    pub fn hear(&mut self, head: &kakou::sync::wire::Head) {
        let epoch = self.recorder.epoch();
        self.keeper.hear(epoch, head);
    }

    /// What heartbeats say beside size and root.
    pub fn lines(&self) -> Vec<String> {
        let count = |lane: &Lane| lane.runner.counters().now(&lane.id, self.since).to_string();
        self.lanes.iter().map(count).collect()
    }

    /// What the keeper says is wrong between this kiosk and its hub.
    pub fn alarm(&self) -> Option<LinkAlarm> {
        self.keeper.status().alarm
    }

    /// The log that is being written.
    pub fn open_log(&self) -> OpenLog {
        self.log.borrow().clone()
    }
}

/// Holds what a start found against what was acknowledged before it. Planted: returns what it would hand in again.
fn found(site: &mut Site, tail: &mut Reader<Mortal>, recovery: &Recovery) -> Result<Vec<Request>, Failure> {
    let epoch = tail.epoch();
    if *site.epoch.get_or_insert(epoch) != epoch {
        let what = Err(format!("another log was begun: {recovery}"));
        site.fail(Check::JournalHoldsWhatWasAcknowledged, what)?;
    }
    let found = tail.read(Seq::FIRST, usize::MAX, usize::MAX).map_err(|error| error.to_string());
    let whole = found.as_ref().map_err(Clone::clone);
    let whole = whole.and_then(|found| held::acknowledged_is_durable(&site.told, found));
    site.fail(Check::JournalHoldsWhatWasAcknowledged, whole)?;
    let mut again = vec![];
    for stored in found.unwrap_or_default().into_iter().skip(site.told.len()) {
        if let (Some(Plant::HandsInAgain), Some((stamp, draft))) = (site.plant, site.handed.front()) {
            again.push(Request { answer: None, draft: Box::new(draft.clone()), stamp: *stamp });
        }
        site.learn(stored)?;
    }
    site.handed.clear();
    Ok(again)
}

/// What is recorded first in a run; `None` when it was killed meanwhile.
fn first_drafts(
    journal: &mut Journal<Mortal>,
    recovery: &Recovery,
    stamp: &kakou::base::Stamp,
    keys: &Keys,
) -> Option<Vec<Draft>> {
    let last = recovery.last.as_ref().map(|(_, stamp)| stamp);
    journal.turn_key(stamp, last, RULES.ahead_minutes).ok()?;
    let opened = journal.sealer().all_keys_opened(&keys.seal_key()).unwrap();
    let mut drafts = recovery.drafts("0.1.0");
    drafts.extend(opened.into_iter().map(|body| Draft { lane: None, body, personal: None }));
    drafts.extend(recovery.open_arrivals.iter().filter_map(unresolved::draft));
    Some(drafts)
}
