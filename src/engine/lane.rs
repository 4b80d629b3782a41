//! One lane: who is there, what is decided, and when the barrier may open.
//!
//! ```text
//!          presence, code, button        all settled, or a reason        durable
//!   Idle ─────────────────────▶ Steps ───────────────────▶ Recording ──────────┬─▶ Crossing ─▶ Ended ─▶ Idle
//!                                 ▲                            ▲               ├─▶ Ended
//!                                 └──(evidence, commands)      │   a person    ▼
//!                                                              └──decides── Referred ◀── cannot be written
//! ```
//! A verdict that is durable too late opens nothing: it is recorded as one that was not made use of. See
//! `recording.rs`.
//!
//! Invariants, each with a test here and a check in the simulator:
//! 1. The barrier opens only on the news that an opening verdict is durable.
//! 2. `Admitted` is unreachable while a step is neither done nor waived by a named attendant.
//! 3. Nothing is decided before the arrival is durable.
//! 4. Every session ends: each state but `Idle` has a deadline, or waits for the barrier or the journal, which
//!    have theirs. What the journal never takes is given up after a person had time to decide again.
//! 5. Of several different codes in view none is taken.
//! 6. A lane that was taken out of service begins nothing but an emergency, at an attendant's word.

use std::sync::Arc;
use std::time::Duration;

use super::barrier::{self, Barrier};
use super::beside::Beside;
use super::context::{Context, Settings};
use super::input::{Effect, Input, Screen, Ticket};
use super::session::Session;
use crate::base::{AttendantId, Mono};
use crate::config::{Lists, Policy, Profiles};
use crate::control::{Act, Aspect, BarrierState, Command, Direct, Prompt, Refused, TakenOut, Trouble};
use crate::model::{
    AreaMode, Between, Body, CodeHint, Credential, Crossing, Direction, Guidance, Level, Signal, SubjectKind,
};

/// How long a verdict that opens nothing stays on the screens.
pub(super) const SHOWN_FOR: Duration = Duration::from_secs(6);
/// How old a credential may be that was shown while the lane was busy with somebody else.
const WAITING_MAX: Duration = Duration::from_secs(5);

pub(super) enum State {
    Idle,
    Steps(Box<Session>),
    /// The verdict counts when it is durable before `until`.
    Recording {
        session: Box<Session>,
        ticket: Ticket,
        until: Mono,
    },
    Referred(Box<Session>),
    Crossing(Box<Session>),
    Ended {
        session: Box<Session>,
        until: Mono,
    },
}

/// One lane with at most one barrier and one session.
pub struct Lane {
    pub(super) settings: Settings,
    pub(super) context: Arc<Context>,
    pub(super) state: State,
    pub(super) barrier: Barrier,
    pub(super) guidance: Option<Guidance>,
    pub(super) hint: Option<CodeHint>,
    pub(super) passages: u64,
    pub(super) out_of_service: bool,
    pub(super) taken_out: Option<TakenOut>,
    /// As ordered; a session keeps the one that it began in.
    mode: AreaMode,
    /// What rules from the next session on.
    next: Option<Arc<Context>>,
    /// Between which wall times it is: what lists say depends on it, and nothing else.
    pub(super) between: Between,
    pub(super) presence: [Level; 2],
    pub(super) beside: Beside,
    pub(super) waiting: Option<(Mono, Credential)>,
    pub(super) tickets: u64,
    lamp: Option<Aspect>,
    prompt: Option<Prompt>,
    screening: bool,
    spraying: bool,
}

impl Lane {
    /// An idle lane whose inputs are all idle.
    pub fn new(settings: Settings, context: Arc<Context>) -> Self {
        let mode = context.mode;
        Self {
            barrier: Barrier::new(settings.barrier),
            settings,
            context,
            state: State::Idle,
            guidance: None,
            hint: None,
            passages: 0,
            out_of_service: false,
            taken_out: None,
            mode,
            next: None,
            between: Between::default(),
            presence: [Level::Idle; 2],
            beside: Beside::default(),
            waiting: None,
            tickets: 0,
            lamp: None,
            prompt: None,
            screening: false,
            spraying: false,
        }
    }

    /// Takes one input that arrived at `now` and appends what follows from it.
    pub fn step(&mut self, now: Mono, input: Input, effects: &mut Vec<Effect>) {
        match input {
            Input::Started => self.barrier.start(now),
            Input::Line { signal, level } => self.line(now, signal, level, effects),
            Input::Presented(credential) => self.presented(now, credential, effects),
            Input::IdCard(card) => drop(self.act(now, None, &Act::ShowIdCard(card), effects)),
            // Where nobody waits for it, it is nothing: it begins nothing, and is nobody's credential.
            Input::PlaceCode => {
                if let State::Steps(session) | State::Referred(session) = &mut self.state {
                    session.place_code(now);
                }
            }
            Input::RegistrationCode(code) => self.registration_code(now, code, effects),
            Input::SeveralCodes => self.several_codes(now, effects),
            // A result that nobody waits for any more is nobody's.
            Input::Screened(_) if !self.screening => {}
            Input::Screened(screening) => {
                if let State::Steps(session) | State::Referred(session) = &mut self.state {
                    // The screener has stopped by itself; `advance` starts it again if there is another attempt.
                    self.screening = false;
                    session.screened(now, &screening, &self.context.policy.screening);
                }
            }
            Input::Guided(guidance) => self.guidance = guidance,
            Input::Hinted(hint) => self.hint = hint,
            Input::Sensed { device, value } => {
                if let State::Steps(session) | State::Referred(session) = &mut self.state {
                    session.sensed(now, &device, value);
                }
            }
            Input::Recalled { ticket, past } => {
                if let State::Steps(session) | State::Referred(session) = &mut self.state {
                    session.recalled(now, ticket, &past);
                }
            }
            Input::Issuer { ticket, answer } => {
                if let State::Steps(session) | State::Referred(session) = &mut self.state {
                    session.issuer_answered(now, ticket, &answer);
                }
            }
            Input::Durable { ticket, seq } => self.durable(now, ticket, seq, effects),
            Input::NotRecorded { ticket } => self.not_recorded(now, ticket),
            Input::Service(taken_out) => self.taken_out = taken_out,
            Input::Mode(mode) => self.mode = mode,
            Input::JournalFailed => self.out_of_service = true,
            Input::JournalRestored => self.out_of_service = false,
        }
        self.advance(now, effects);
    }

    /// Decides by `policy` and `profiles` from the next subject on; what is under way goes on as it began.
    pub fn rule(&mut self, policy: Arc<Policy>, profiles: Profiles) {
        let other = !Arc::ptr_eq(&policy, &self.context.policy);
        self.next = other.then(|| Arc::new(self.context.under(policy, profiles)));
    }

    /// Asks these lists from now on, about whoever is here as well: they only make a person look.
    pub fn list(&mut self, lists: &Arc<Lists>) {
        for context in [Some(&mut self.context), self.next.as_mut()].into_iter().flatten() {
            if !Arc::ptr_eq(&context.lists, lists) {
                *context = Arc::new(context.listing(lists));
            }
        }
    }

    /// Says between which wall times it is.
    pub fn time(&mut self, between: Between) {
        self.between = between;
    }

    /// Its own settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What decides about whoever is here, or was last.
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// Carries out what somebody at the lane asks.
    ///
    /// # Errors
    ///
    /// Says why not; nothing has changed then.
    pub fn command(
        &mut self,
        now: Mono,
        command: &Command,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refused> {
        if command.lane != self.settings.id {
            return Err(Refused::NoSuchLane { lane: command.lane.clone() });
        }
        self.act(now, command.by.as_ref(), &command.act, effects)?;
        self.advance(now, effects);
        Ok(())
    }

    /// When [`expire`](Self::expire) must be called, and why, for the log.
    pub fn deadline(&self) -> Option<(Mono, &'static str)> {
        let own = match &self.state {
            State::Steps(session) | State::Referred(session) => session.deadline(&self.context),
            State::Recording { session, until, .. } => {
                session.trouble.is_none().then_some((*until, "verdict should be durable by now"))
            }
            State::Ended { until, .. } => Some((*until, "verdict was shown long enough")),
            State::Idle | State::Crossing(_) => None,
        };
        own.into_iter().chain(self.barrier.deadline()).min_by_key(|(at, _)| *at)
    }

    /// Acts on a deadline that `now` has reached. Calling early does nothing.
    pub fn expire(&mut self, now: Mono, effects: &mut Vec<Effect>) {
        let mut events = Vec::new();
        self.barrier.expire(now, &mut events);
        self.barrier_events(now, events, effects);
        match &mut self.state {
            State::Steps(session) | State::Referred(session) => session.expire(now, &self.context),
            State::Recording { session, until, .. } if *until <= now => {
                session.trouble = Some(Trouble::RecordLate);
            }
            State::Ended { until, .. } if *until <= now => self.state = State::Idle,
            State::Idle | State::Recording { .. } | State::Crossing(_) | State::Ended { .. } => {}
        }
        self.advance(now, effects);
    }

    fn act(
        &mut self,
        now: Mono,
        by: Option<&AttendantId>,
        act: &Act,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refused> {
        // To close is the safe way: also while records cannot be written. This one is kept until it can.
        if *act == Act::CloseBarrier {
            return self.close_barrier(now, by.ok_or(Refused::NeedsAttendant)?, effects);
        }
        if self.out_of_service {
            return Err(Refused::CannotRecord);
        }
        match (&mut self.state, act) {
            (
                State::Idle | State::Ended { .. },
                Act::Begin { .. } | Act::TypeIdNumber(_) | Act::ShowIdCard(_) | Act::TypePlate { .. },
            ) if self.taken_out.is_some() => Err(Refused::NotNow { why: "the lane is out of service" }),
            (State::Idle | State::Ended { .. }, Act::Begin { subject, direction }) => {
                by.ok_or(Refused::NeedsAttendant)?;
                self.begin(now, *subject, *direction, effects)
            }
            (
                State::Idle | State::Ended { .. },
                Act::Emergency | Act::TypeIdNumber(_) | Act::ShowIdCard(_) | Act::TypePlate { .. },
            ) => {
                if *act == Act::Emergency {
                    by.ok_or(Refused::NeedsAttendant)?;
                }
                self.begin(now, self.settings.takes, self.usual_direction(), effects)?;
                // The arrival stands even if the number is wrong: somebody is there.
                self.act(now, by, act, effects)
            }
            (State::Steps(session) | State::Referred(session), act) => {
                session.act(now, by, act, &self.context)
            }
            (State::Ended { .. }, Act::Next | Act::Leave) => {
                self.state = State::Idle;
                Ok(())
            }
            (State::Recording { .. }, _) => Err(Refused::NotNow { why: "the verdict is being recorded" }),
            (State::Crossing(_), _) => Err(Refused::NotNow { why: "the subject is going through" }),
            (State::Idle | State::Ended { .. }, _) => Err(Refused::NotNow { why: "nobody is at the lane" }),
        }
    }

    fn close_barrier(
        &mut self,
        now: Mono,
        by: &AttendantId,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refused> {
        let mut events = Vec::new();
        self.barrier.close(now, &mut events).map_err(|why| Refused::NotNow { why })?;
        self.append(Body::ClosedByAttendant { by: by.clone() }, effects);
        self.barrier_events(now, events, effects);
        Ok(())
    }

    fn line(&mut self, now: Mono, signal: Signal, level: Level, effects: &mut Vec<Effect>) {
        let mut events = Vec::new();
        self.barrier.line(now, signal, level, &mut events);
        self.barrier_events(now, events, effects);
        let side = match signal {
            Signal::Presence => 0,
            Signal::PresenceInside => 1,
            Signal::Beam | Signal::BarrierOpen | Signal::BarrierClosed | Signal::Button => return,
        };
        self.beside.line(side, self.presence[side], level);
        self.presence[side] = level;
        if let State::Steps(session) | State::Referred(session) = &mut self.state {
            session.presence(now, self.presence.contains(&Level::Active));
        }
    }

    pub(super) fn barrier_events(
        &mut self,
        now: Mono,
        events: Vec<barrier::Event>,
        effects: &mut Vec<Effect>,
    ) {
        for event in events {
            match event {
                barrier::Event::Drive(drive) => effects.push(Effect::Barrier(drive)),
                barrier::Event::Crossed(crossing) => self.crossed(now, crossing, effects),
                barrier::Event::OpenedByHand => drop(self.append(Body::OpenedByHand, effects)),
                barrier::Event::FoundOpen => drop(self.append(Body::FoundOpen, effects)),
            }
        }
    }

    fn crossed(&mut self, now: Mono, crossing: Crossing, effects: &mut Vec<Effect>) {
        let State::Crossing(session) = std::mem::replace(&mut self.state, State::Idle) else { return };
        if let Some(arrival) = session.arrival() {
            let counted = Some(self.beside.counted(session.direction(), self.barrier.crossings()));
            self.append(Body::Crossed { arrival, crossing, counted }, effects);
        }
        self.state = match crossing {
            Crossing::Passed => State::Idle,
            Crossing::DidNotPass | Crossing::Followed | Crossing::BarrierStuck => {
                State::Ended { session, until: now + SHOWN_FOR }
            }
        };
    }

    /// Does what has become possible, then brings lamp, prompt and screening up to date.
    fn advance(&mut self, now: Mono, effects: &mut Vec<Effect>) {
        if matches!(self.state, State::Idle) && self.serves() {
            self.begin_if_somebody_is_here(now, effects);
        }
        if let State::Steps(session) | State::Referred(session) = &mut self.state {
            session.ask_lists(&self.context, &self.between);
            self.remember(now, effects);
            self.ask_issuers(now, effects);
        }
        self.decide(now, effects);
        self.show(effects);
    }

    fn begin_if_somebody_is_here(&mut self, now: Mono, effects: &mut Vec<Effect>) {
        let shown = self.waiting.take().filter(|(at, _)| now.since(*at) <= WAITING_MAX);
        if let Some((_, credential)) = shown {
            return self.presented(now, credential, effects);
        }
        // The barrier must be done with the last subject: whoever stands there now may still be them.
        let direction = match self.presence {
            _ if self.barrier.beam() == Level::Active => return,
            [Level::Active, _] if self.settings.direct != Direct::Outbound => Direction::Inbound,
            [Level::Active, _] => Direction::Outbound,
            [Level::Idle, Level::Active] => Direction::Outbound,
            [Level::Idle, Level::Idle] => return,
        };
        // A profile is missing only on a misconfigured site, which `check` refuses.
        let _ = self.begin(now, self.settings.takes, direction, effects);
    }

    pub(super) fn begin(
        &mut self,
        now: Mono,
        subject: SubjectKind,
        direction: Direction,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refused> {
        if self.out_of_service {
            return Err(Refused::CannotRecord);
        }
        self.context = self.next.take().unwrap_or_else(|| Arc::clone(&self.context));
        if self.context.mode != self.mode {
            self.context = Arc::new(self.context.in_mode(self.mode));
        }
        let mut session = Session::begin(now, subject, direction, &self.settings, &self.context)
            .ok_or(Refused::NotNow { why: "no profile for this subject and direction" })?;
        session.presence(now, self.presence.contains(&Level::Active));
        let ticket = self.append(Body::Arrived { subject, direction }, effects);
        session.arrival_under(ticket);
        self.guidance = None;
        self.state = State::Steps(Box::new(session));
        Ok(())
    }

    fn show(&mut self, effects: &mut Vec<Effect>) {
        let screen = match &self.state {
            State::Steps(session) | State::Referred(session) => session.screens(),
            State::Idle | State::Recording { .. } | State::Crossing(_) | State::Ended { .. } => None,
        };
        if screen.is_some() != self.screening {
            self.screening = screen.is_some();
            self.guidance = None;
            effects.push(Effect::Screen(screen.unwrap_or(Screen::Stop)));
        }
        let spray = match &self.state {
            State::Steps(session) | State::Referred(session) => session.sprays(),
            State::Idle | State::Recording { .. } | State::Crossing(_) | State::Ended { .. } => false,
        };
        if spray != self.spraying {
            self.spraying = spray;
            effects.push(Effect::Spray(if spray { Level::Active } else { Level::Idle }));
        }
        let (lamp, prompt) = (self.lamp_wanted(), self.prompt_wanted());
        if self.lamp != Some(lamp) {
            self.lamp = Some(lamp);
            effects.push(Effect::Lamp(lamp));
        }
        if self.prompt != Some(prompt) {
            self.prompt = Some(prompt);
            effects.push(Effect::Prompt(prompt));
        }
    }

    pub(super) fn lamp_wanted(&self) -> Aspect {
        match &self.state {
            State::Crossing(_) if self.barrier.state() == BarrierState::Open => Aspect::Go,
            State::Steps(_) | State::Recording { .. } | State::Crossing(_) => Aspect::Wait,
            State::Idle | State::Referred(_) | State::Ended { .. } => Aspect::Stop,
        }
    }

    pub(super) fn prompt_wanted(&self) -> Prompt {
        if self.out_of_service {
            return Prompt::OutOfService;
        }
        match &self.state {
            State::Idle if self.taken_out.is_some() => Prompt::OutOfService,
            State::Idle => match self.settings.takes {
                SubjectKind::Person => Prompt::Welcome,
                SubjectKind::Vehicle => Prompt::StopVehicle,
            },
            State::Steps(session) => session.prompt(),
            State::Recording { session, .. } if session.trouble.is_some() => Prompt::WaitForAttendant,
            State::Recording { .. } => Prompt::OneMoment,
            // Whoever sits behind an open window while the sprayer runs must know first.
            State::Referred(session) if session.prompt() == Prompt::ShutWindows => Prompt::ShutWindows,
            State::Referred(_) => Prompt::SeeAttendant,
            State::Crossing(_) => Prompt::Go,
            State::Ended { session, .. } => session.ended_prompt(),
        }
    }

    /// Whether sessions begin by themselves here.
    pub(super) fn serves(&self) -> bool {
        !self.out_of_service && self.taken_out.is_none()
    }

    pub(super) fn usual_direction(&self) -> Direction {
        match (self.settings.direct, self.presence) {
            (Direct::Outbound, _) | (Direct::Both, [Level::Idle, Level::Active]) => Direction::Outbound,
            (Direct::Inbound | Direct::Both, _) => Direction::Inbound,
        }
    }
}
