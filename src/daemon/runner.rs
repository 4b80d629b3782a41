//! One lane with everything around its engine: checks what devices saw, drives outputs, hands out what to record.
//!
//! Pure but for the pins behind [`Outputs`]: the same code runs in a lane's task and in a simulated day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::outputs::Outputs;
use super::policy::thresholds::judged_by;
use super::views::Views;
use crate::base::{DeviceId, LaneId, Mono, NoReading, Pii, Seq, Stamp};
use crate::config::{Lists, Policy, Profiles};
use crate::control::{Act, Command, LaneStatus, Refused, TakenOut};
use crate::credential::place_code::Scanned;
use crate::credential::shc::Joining;
use crate::credential::{self, Trust};
use crate::drivers::barrier::{End, Position};
use crate::engine::{Context, Drive, Effect, Input, Lane, Screen, Settings, Ticket};
use crate::model::registration_code::{self, RegistrationCode};
use crate::model::{
    AreaMode, Between, Body, Credential, Draft, DriftNote, Guidance, Level, Observation, Observed, Scan,
    Screening, Signal, ThermalFrame, Whose,
};
use crate::sync::counts::Counters;
use crate::thermometry::{self, Screener, Sense, array};

/// Samples in a row without a value after which a thermometer counts as failed.
const FAILURES_MAX: u8 = 5;

/// Something for the journal. An answer is wanted where there is a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Comes back with the news that it is durable.
    pub ticket: Option<Ticket>,
    /// What to append.
    pub draft: Box<Draft>,
}

/// A lane, its outputs, its thermometer's judgement and its trust in credentials.
pub struct LaneRunner {
    pub(super) id: LaneId,
    pub(super) lane: Lane,
    screener: Screener,
    /// How the sensor's readings are judged, and by which policy.
    judged: (thermometry::Settings, Arc<Policy>),
    pub(super) outputs: Box<dyn Outputs>,
    trust: Arc<Trust>,
    joining: Joining,
    position: Position,
    guidance: Option<Guidance>,
    pub(super) views: Views,
    screening: bool,
    health: BTreeMap<DeviceId, Health>,
    effects: Vec<Effect>,
    /// Earlier passages to be looked up.
    pub(super) recalls: Vec<(Ticket, Whose)>,
    /// Codes that issuers are to be asked about.
    pub(super) questions: Vec<(Ticket, Pii<String>)>,
    counters: Arc<Counters>,
    /// Whether somebody is here, for readers that are told when to read.
    pub(super) somebody: Arc<AtomicBool>,
    /// Thermometers that a step watches: what they see is nobody's forehead.
    sensors: BTreeSet<DeviceId>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Health {
    failures: u8,
    fault: Option<NoReading>,
}

impl LaneRunner {
    /// A lane at rest.
    pub fn new(
        settings: Settings,
        context: Arc<Context>,
        screening: thermometry::Settings,
        trust: Arc<Trust>,
        outputs: Box<dyn Outputs>,
    ) -> Self {
        let id = settings.id.clone();
        Self {
            id,
            position: outputs.position(),
            sensors: context.profiles.sensors().cloned().collect(),
            judged: (screening, Arc::clone(&context.policy)),
            lane: Lane::new(settings, context),
            screener: Screener::new(screening, Mono::ZERO),
            outputs,
            trust,
            joining: Joining::default(),
            guidance: None,
            views: Views::default(),
            screening: false,
            health: BTreeMap::new(),
            effects: Vec::new(),
            recalls: Vec::new(),
            questions: Vec::new(),
            counters: Arc::default(),
            somebody: Arc::default(),
        }
    }

    /// Which lane.
    pub fn id(&self) -> &LaneId {
        &self.id
    }

    /// A lane at rest that decides as this one does, to practise at: of its devices and outputs it has none.
    pub fn practice(&self, id: LaneId, outputs: Box<dyn Outputs>) -> Self {
        let real = self.lane.settings();
        let settings = Settings { id, title: format!("练习 {}", real.title), ..real.clone() };
        let (context, trust) = (Arc::clone(self.lane.context()), Arc::clone(&self.trust));
        Self::new(settings, context, self.judged.0, trust, outputs)
    }

    /// Goes on from what was noted of this lane's thermometer before the kiosk started, oldest first.
    pub fn resume(&mut self, notes: &[DriftNote]) {
        self.screener.resume(notes);
    }

    /// What this lane counts beside what it records.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Whether somebody is at this lane, as of the last that was heard.
    pub fn somebody(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.somebody)
    }

    /// Brings lamp and screens to their first state; from now on the barrier's ends must be seen.
    pub fn start(&mut self, now: Mono, appends: &mut Vec<Append>) {
        self.step(now, Input::Started, appends);
        if let Some(signal) = end_of(self.position).map(signal_of) {
            self.step(now, Input::Line { signal, level: Level::Active }, appends);
        }
    }

    /// Takes what a device of this lane saw. The stamp is the time of taking it in.
    pub fn observe(&mut self, at: &Stamp, observation: Observation, appends: &mut Vec<Append>) {
        self.time(at);
        let now = at.mono;
        if let Observed::Code(_) = &observation.what {
            self.code_read(now, appends);
        }
        match observation.what {
            Observed::Thermal(sample) if self.sensors.contains(&observation.device) => {
                self.note_health(&observation.device, sample.map(|_| ()), FAILURES_MAX, appends);
                // No reading is none: a dwell breaks off when the next does not come in time.
                if let Ok(reading) = sample {
                    self.step(
                        now,
                        Input::Sensed { device: observation.device, value: reading.object },
                        appends,
                    );
                }
            }
            Observed::Thermal(sample) => {
                // Samples of an idle lane too: they tell what the sensor sees without anybody.
                let ended = self.screener.sense(now, Sense::Spot(sample));
                let sound = self.screener.fault(now).map_or(Ok(()), Err);
                self.note_health(&observation.device, sample.and(sound), FAILURES_MAX, appends);
                self.screened(now, ended, appends);
            }
            Observed::Frame(frame) => {
                let health = frame.as_ref().as_ref().map(|_| ()).map_err(|reason| *reason);
                let ended = self.picture(now, frame.as_ref());
                let sound = self.screener.fault(now).map_or(Ok(()), Err);
                self.note_health(&observation.device, health.and(sound), FAILURES_MAX, appends);
                self.screened(now, ended, appends);
            }
            Observed::Beside(said) => {
                self.note_health(&observation.device, said.health(), FAILURES_MAX, appends);
                let ended = self.screener.sense(now, Sense::Beside(said));
                self.screened(now, ended, appends);
            }
            Observed::Code(Scan { others: 1.., .. }) => self.step(now, Input::SeveralCodes, appends),
            Observed::Code(scan) if registration_code::is_meant(scan.payload.expose().trim_ascii()) => {
                let code = RegistrationCode::read_code(scan.payload.expose().trim_ascii());
                self.step(now, Input::RegistrationCode(code), appends);
            }
            Observed::Code(scan) => self.shown(at, &scan, appends),
            Observed::IdCard(card) => self.step(now, Input::IdCard(card), appends),
            Observed::Line { signal: Signal::BarrierOpen, level } => {
                self.outputs.switch(End::Open, level);
                self.barrier_moved(now, appends);
            }
            Observed::Line { signal: Signal::BarrierClosed, level } => {
                self.outputs.switch(End::Closed, level);
                self.barrier_moved(now, appends);
            }
            Observed::Line { signal, level } => {
                self.count_line(signal, level);
                self.step(now, Input::Line { signal, level }, appends);
            }
            Observed::View(view) => self.viewed(now, observation.device, view, appends),
            Observed::Health(health) => self.note_health(&observation.device, health, 1, appends),
        }
    }

    /// Takes a code that is no registration code.
    fn shown(&mut self, at: &Stamp, scan: &Scan, appends: &mut Vec<Append>) {
        let payload = scan.payload.expose();
        let input = match self.trust.place.as_ref().and_then(|codes| codes.check(payload, at)) {
            Some(Scanned::Counts) => Input::PlaceCode,
            // It names nobody, so it is no attempt at anything.
            Some(Scanned::CountsNothing) => return,
            None => {
                let whole = self.joining.add(at.mono, payload);
                let payload = whole.as_ref().map_or(payload.as_slice(), |whole| whole.as_bytes());
                let checked = credential::check(payload, &self.trust, at.wall, at.trust);
                let online = self.asked_about(payload, checked.kind);
                Input::Presented(Credential { online, colour: scan.colour, ..checked })
            }
        };
        self.step(at.mono, input, appends);
    }

    /// Takes what an array saw, and the reference plate in it where its picture shows one.
    fn picture(&mut self, now: Mono, frame: &Result<ThermalFrame, NoReading>) -> Option<Screening> {
        let area = self.judged.0.plate.and_then(|plate| plate.area);
        let shown = area.zip(frame.as_ref().ok());
        if let Some(plate) = shown.and_then(|(area, frame)| array::plate::seen(frame, area)) {
            self.screener.sense(now, Sense::Plate(plate));
        }
        self.screener.sense(now, Sense::Face(array::reading(frame)))
    }

    /// Carries out what somebody asks.
    ///
    /// # Errors
    ///
    /// Says why not; nothing has changed then.
    pub fn command(
        &mut self,
        now: Mono,
        command: &Command,
        appends: &mut Vec<Append>,
    ) -> Result<(), Refused> {
        let mut effects = std::mem::take(&mut self.effects);
        let done = self.lane.command(now, command, &mut effects);
        self.perform(now, &mut effects, appends);
        self.effects = effects;
        if matches!(command.act, Act::MeasureAgain) {
            self.guide(now, appends);
        }
        done
    }

    /// Takes the news that the draft with `ticket` is on the disk as `seq`.
    pub fn durable(&mut self, now: Mono, ticket: Ticket, seq: Seq, appends: &mut Vec<Append>) {
        self.step(now, Input::Durable { ticket, seq }, appends);
    }

    /// Takes the news that the draft with `ticket` can never be written.
    pub fn not_recorded(&mut self, now: Mono, ticket: Ticket, appends: &mut Vec<Append>) {
        self.step(now, Input::NotRecorded { ticket }, appends);
    }

    /// Takes the news that records can, or can no longer, be written.
    pub fn journal(&mut self, now: Mono, works: Result<(), ()>, appends: &mut Vec<Append>) {
        let input = if works.is_ok() { Input::JournalRestored } else { Input::JournalFailed };
        self.step(now, input, appends);
    }

    /// Takes the lane out of service by order of the hub, or back into it.
    pub fn serve(&mut self, now: Mono, taken_out: Option<TakenOut>, appends: &mut Vec<Append>) {
        self.step(now, Input::Service(taken_out), appends);
    }

    /// Guards in this mode from the next subject on.
    pub fn guard(&mut self, now: Mono, mode: AreaMode, appends: &mut Vec<Append>) {
        self.step(now, Input::Mode(mode), appends);
    }

    /// Decides by `policy` and `profiles` from the next subject on.
    pub fn rule(&mut self, policy: &Arc<Policy>, profiles: &Profiles) {
        self.lane.rule(Arc::clone(policy), profiles.clone());
    }

    /// Asks these lists from now on.
    pub fn list(&mut self, lists: &Arc<Lists>) {
        self.lane.list(lists);
    }

    /// Says what time it is: lists depend on it. Called before whatever may name somebody.
    pub fn time(&mut self, now: &Stamp) {
        self.lane.time(Between::of(now, self.trust.passed));
    }

    /// When [`expire`](Self::expire) must be called.
    pub fn deadline(&self) -> Option<Mono> {
        let screener = self.screener.deadline().filter(|_| self.screening);
        let deadlines = [self.lane.deadline(), screener];
        let deadlines = deadlines.into_iter().flatten().map(|(at, _)| at);
        deadlines.chain(self.outputs.due()).min()
    }

    /// Acts on deadlines that `now` has reached.
    pub fn expire(&mut self, now: Mono, appends: &mut Vec<Append>) {
        if let Err(error) = self.outputs.expire(now) {
            tracing::error!(lane = %self.id, %error, "barrier lines cannot be driven");
        }
        self.barrier_moved(now, appends);
        if self.screening {
            let ended = self.screener.expire(now);
            self.screened(now, ended, appends);
        }
        let mut effects = std::mem::take(&mut self.effects);
        self.lane.expire(now, &mut effects);
        self.perform(now, &mut effects, appends);
        self.effects = effects;
    }

    /// A snapshot for the screens.
    pub fn status(&self, now: Mono) -> LaneStatus {
        let status = self.lane.status(now);
        LaneStatus { hint: self.hint_shown(status.hint), ..status }
    }

    /// Why a device of this lane gives nothing, if it does not.
    pub fn fault(&self, device: &DeviceId) -> Option<NoReading> {
        self.health.get(device).and_then(|health| health.fault)
    }

    /// Drives the outputs to their safe level.
    pub fn park(&mut self) {
        self.outputs.park();
    }

    pub(super) fn step(&mut self, now: Mono, input: Input, appends: &mut Vec<Append>) {
        let mut effects = std::mem::take(&mut self.effects);
        self.lane.step(now, input, &mut effects);
        self.perform(now, &mut effects, appends);
        self.effects = effects;
    }

    /// Performs effects in their order and leaves the list empty.
    fn perform(&mut self, now: Mono, effects: &mut Vec<Effect>, appends: &mut Vec<Append>) {
        self.judge();
        for effect in effects.drain(..) {
            let done = match effect {
                Effect::Append { ticket, draft } => {
                    if let Body::Passage(_) = draft.body {
                        self.counters.passage();
                    }
                    appends.push(Append { ticket: Some(ticket), draft });
                    Ok(())
                }
                Effect::Recall { ticket, whose } => {
                    self.recalls.push((ticket, whose));
                    Ok(())
                }
                Effect::AskIssuer { ticket, code } => {
                    self.questions.push((ticket, code));
                    Ok(())
                }
                Effect::Barrier(Drive::Open) => self.outputs.barrier(now, End::Open),
                Effect::Barrier(Drive::Close) => self.outputs.barrier(now, End::Closed),
                Effect::Lamp(aspect) => self.outputs.lamp(aspect),
                Effect::Spray(level) => self.outputs.spray(now, level),
                Effect::Prompt(_) => Ok(()),
                Effect::Screen(Screen::Begin) => {
                    self.screening = true;
                    self.screener.begin(now, thermometry::Whose::New);
                    Ok(())
                }
                Effect::Screen(Screen::Again(site)) => {
                    self.screening = true;
                    self.screener.begin(now, thermometry::Whose::Same(site));
                    Ok(())
                }
                Effect::Screen(Screen::Stop) => {
                    self.screening = false;
                    self.screener.cancel();
                    Ok(())
                }
            };
            // The engine sees by the end switches that nothing moves; here it is only said why.
            if let Err(error) = done {
                tracing::error!(lane = %self.id, %error, "output cannot be driven");
            }
        }
        self.illuminate(now);
    }

    /// Judges readings by the policy that the lane decides by, which changes with a subject and never while one is here.
    fn judge(&mut self) {
        let context = self.lane.context();
        let (settings, policy) = &mut self.judged;
        if Arc::ptr_eq(policy, &context.policy) {
            return;
        }
        *policy = Arc::clone(&context.policy);
        *settings = judged_by(settings, &context.policy.screening);
        self.sensors = context.profiles.sensors().cloned().collect();
        self.screener.judge_by(*settings);
    }

    pub(super) fn screened(&mut self, now: Mono, ended: Option<Screening>, appends: &mut Vec<Append>) {
        if let Some(screening) = ended {
            self.screening = false;
            tracing::debug!(lane = %self.id, zone = ?screening.zone, samples = screening.samples, "screened");
            self.step(now, Input::Screened(screening), appends);
            if let Some(note) = self.screener.noted() {
                self.append(Body::DriftNoted { note: Box::new(note) }, appends);
            }
        }
        self.guide(now, appends);
    }

    fn guide(&mut self, now: Mono, appends: &mut Vec<Append>) {
        let guidance = self.screener.guidance().filter(|_| self.screening);
        if guidance != self.guidance {
            self.guidance = guidance;
            self.step(now, Input::Guided(guidance), appends);
        }
    }

    /// Tells the engine of ends left and reached, whether switches or the travel time say so.
    fn barrier_moved(&mut self, now: Mono, appends: &mut Vec<Append>) {
        let (before, after) = (end_of(self.position), end_of(self.outputs.position()));
        self.position = self.outputs.position();
        if before == after {
            return;
        }
        if before == Some(End::Closed) {
            self.counters.raised();
        }
        for (end, level) in [(before, Level::Idle), (after, Level::Active)] {
            let Some(signal) = end.map(signal_of) else { continue };
            self.step(now, Input::Line { signal, level }, appends);
        }
    }

    fn count_line(&self, signal: Signal, level: Level) {
        match (signal, level) {
            (Signal::Beam, Level::Active) => self.counters.beam(),
            (Signal::Presence | Signal::PresenceInside, Level::Active) => self.counters.present(),
            (Signal::BarrierOpen | Signal::BarrierClosed | Signal::Button, _) | (_, Level::Idle) => {}
        }
    }

    /// Records a fault when it starts and when it ends, not each failed sample.
    fn note_health(
        &mut self,
        device: &DeviceId,
        result: Result<(), NoReading>,
        patience: u8,
        appends: &mut Vec<Append>,
    ) {
        let health = self.health.entry(device.clone()).or_default();
        let fault = match result {
            Ok(()) => {
                health.failures = 0;
                None
            }
            Err(reason) => {
                health.failures = health.failures.saturating_add(1);
                if health.failures < patience {
                    return;
                }
                Some(reason)
            }
        };
        if fault.is_some() == health.fault.is_some() {
            return;
        }
        health.fault = fault;
        match fault {
            Some(error) => tracing::warn!(lane = %self.id, %device, %error, "no reading"),
            None => tracing::info!(lane = %self.id, %device, "readings are back"),
        }
        self.append(Body::DeviceHealth { device: device.clone(), fault }, appends);
    }

    fn append(&self, body: Body, appends: &mut Vec<Append>) {
        let draft = Draft { lane: Some(self.id.clone()), body, personal: None };
        appends.push(Append { ticket: None, draft: Box::new(draft) });
    }
}

fn signal_of(end: End) -> Signal {
    match end {
        End::Open => Signal::BarrierOpen,
        End::Closed => Signal::BarrierClosed,
    }
}

fn end_of(position: Position) -> Option<End> {
    match position {
        Position::Confirmed(end) | Position::Assumed(end) => Some(end),
        Position::Between => None,
    }
}
