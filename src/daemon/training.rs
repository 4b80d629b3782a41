//! Training: a lane beside the real one, whose outputs drive nothing and whose records go nowhere but into memory.
//!
//! It runs the same engine with the same policy, and answers itself that a record is durable. There is no way from here to
//! the journal: what it would append is dropped where it is counted. That it began and ended is recorded by the real
//! lane, which takes nobody meanwhile but an emergency. It ends by a button, by the sign-out of whoever began it, by an
//! emergency, and by itself after [`UNUSED_MAX`] without an act.

use std::time::Duration;

use super::lane::LaneTask;
use super::outputs::Outputs;
use super::policy::Ruling;
use super::recorder::Request;
use super::runner::{Append, LaneRunner};
use crate::base::{AttendantId, CentiCelsius, LaneId, Mono, NoReading, Pii, Seq, Stamp};
use crate::control::{
    Act, Aspect, BarrierState, Command, Phase, Practice, PracticeStatus, Refused, TakenOut,
};
use crate::drivers::barrier::{End, Position};
use crate::engine::Input;
use crate::model::credential::Purpose;
use crate::model::{
    self, Admissible, AreaMode, Authenticity, Body, Class, Credential, CredentialKind, Currency, Draft,
    Holder, Level, NotMeasured, Screening, Signal, SubjectKind, Unanswered, Zone,
};
use crate::platform::clock::mono;

/// Training ends by itself when nobody does anything for so long.
pub const UNUSED_MAX: Duration = Duration::from_mins(30);

/// How long a practised barrier takes to move.
const TRAVEL: Duration = Duration::from_secs(2);

/// A lane that is practised at.
pub struct Training {
    of: LaneId,
    by: AttendantId,
    runner: LaneRunner,
    until: Mono,
    /// Records that would be durable by now. A number, and nothing else of them.
    recorded: Seq,
}

impl Training {
    /// Begins: a lane called `id` at rest, that decides as `real` does.
    pub fn begin(now: &Stamp, by: AttendantId, id: LaneId, real: &LaneRunner) -> Self {
        let runner = real.practice(id, Box::new(Practised::default()));
        let until = now.mono + UNUSED_MAX;
        let mut training = Self { of: real.id().clone(), by, runner, until, recorded: Seq::FIRST };
        let mut appends = vec![];
        training.runner.time(now);
        training.runner.start(now.mono, &mut appends);
        training.forget(now.mono, appends);
        training
    }

    /// Who practises.
    pub fn by(&self) -> &AttendantId {
        &self.by
    }

    /// Decides by the policy and lists that rule at the real lane, in its mode.
    pub fn rule(&mut self, ruling: &Ruling, real: &LaneId, mode: AreaMode) {
        if let Some(profiles) = ruling.lanes.get(real) {
            self.runner.rule(&ruling.policy, profiles);
        }
        self.runner.list(&ruling.lists);
        self.runner.guard(mono(), mode, &mut vec![]);
    }

    /// Why the real lane is out of service meanwhile.
    pub fn taken_out(&self) -> TakenOut {
        TakenOut { by: self.by.to_string(), reason: "练习 training".to_owned() }
    }

    /// Carries out what somebody practises.
    ///
    /// # Errors
    ///
    /// What a real lane would refuse as well.
    pub fn command(&mut self, now: &Stamp, command: &Command) -> Result<(), Refused> {
        self.until = now.mono + UNUSED_MAX;
        self.runner.time(now);
        let mut appends = vec![];
        let done = if let Act::Practice(seen) = command.act {
            self.see(now.mono, seen, &mut appends);
            Ok(())
        } else {
            self.runner.command(now.mono, command, &mut appends)
        };
        self.forget(now.mono, appends);
        done
    }

    /// When [`expire`](Self::expire) must be called.
    pub fn deadline(&self) -> Mono {
        self.runner.deadline().map_or(self.until, |at| at.min(self.until))
    }

    /// Acts on deadlines that `now` has reached.
    pub fn expire(&mut self, now: Mono) {
        let mut appends = vec![];
        if self.runner.deadline().is_some_and(|at| at <= now) {
            self.runner.expire(now, &mut appends);
        }
        self.forget(now, appends);
    }

    /// Whether nobody has done anything for too long.
    pub fn is_over(&self, now: Mono) -> bool {
        self.until <= now
    }

    /// A snapshot for the screens.
    pub fn status(&self, now: Mono) -> PracticeStatus {
        PracticeStatus { of: self.of.clone(), by: self.by.clone(), lane: self.runner.status(now) }
    }

    /// What devices would have seen.
    fn see(&mut self, now: Mono, seen: Practice, appends: &mut Vec<Append>) {
        let forehead = |zone, value| Screening {
            zone,
            skin: CentiCelsius::new(value),
            compared: CentiCelsius::new(value),
            die: CentiCelsius::new(2_500),
            samples: 8,
            trace: None,
        };
        let screening = match seen {
            Practice::Cool => forehead(Ok(Zone::Below), 3_650),
            Practice::Warm => forehead(Ok(Zone::Refer), 3_850),
            Practice::TooCold => forehead(Err(NotMeasured::TooCold), 3_100),
            Practice::GoodPass => return self.runner.step(now, pass(Currency::Current), appends),
            Practice::ExpiredPass => return self.runner.step(now, pass(Currency::Expired), appends),
            Practice::PassesThrough => {
                for level in [Level::Active, Level::Idle] {
                    self.runner.step(now, Input::Line { signal: Signal::Beam, level }, appends);
                }
                return;
            }
            // The real lane's affair.
            Practice::Begin | Practice::End => return,
        };
        self.runner.screened(now, Some(screening), appends);
    }

    /// Tells the practised lane that nobody has been here before and that everything is durable, and drops it.
    fn forget(&mut self, now: Mono, mut appends: Vec<Append>) {
        // Whoever practises shows no code of anybody: nobody is asked.
        for (ticket, _) in self.runner.questions() {
            self.runner.issuer_answered(now, (ticket, Err(Unanswered::Unreachable)), &mut appends);
        }
        for (ticket, whose) in self.runner.recalls() {
            self.runner.recalled(now, (ticket, Ok(whose.nothing())), &mut appends);
        }
        while let Some(append) = appends.pop() {
            let Some(ticket) = append.ticket else { continue };
            self.recorded = self.recorded.next();
            self.runner.durable(now, ticket, self.recorded, &mut appends);
        }
    }
}

impl LaneTask {
    /// Carries out what somebody asks of the lane, or of the one that is practised at beside it.
    ///
    /// An emergency is never practised: wherever it is called, training is over and it is real.
    pub(super) fn command(&mut self, command: &Command, appends: &mut Vec<Append>) -> Result<(), Refused> {
        let now = self.clock.stamp();
        self.runner.time(&now);
        let practised = command.lane == self.practice;
        let by = command.by.as_ref();
        match (&command.act, &mut self.training) {
            (Act::Practice(Practice::Begin), None) if !practised => {
                self.begin_training(&now, by.ok_or(Refused::NeedsAttendant)?, appends)
            }
            (Act::Practice(Practice::End), Some(_)) => {
                by.ok_or(Refused::NeedsAttendant)?;
                self.end_training(model::Training::Ended, appends);
                Ok(())
            }
            (Act::Emergency, Some(_)) => {
                by.ok_or(Refused::NeedsAttendant)?;
                self.end_training(model::Training::Emergency, appends);
                let real = Command { lane: self.id.clone(), ..command.clone() };
                self.runner.command(now.mono, &real, appends)
            }
            (_, Some(training)) if practised => training.command(&now, command),
            (_, Some(_) | None) => self.runner.command(now.mono, command, appends),
        }
    }

    /// Ends training that nobody uses any more, and acts on its deadlines.
    pub(super) fn expire_training(&mut self, now: Mono, appends: &mut Vec<Append>) {
        let Some(training) = &mut self.training else { return };
        training.expire(now);
        if training.is_over(now) {
            self.end_training(model::Training::TimedOut, appends);
        }
    }

    /// Takes the lane out of service for training, once that it began is handed in.
    fn begin_training(
        &mut self,
        now: &Stamp,
        by: &AttendantId,
        appends: &mut Vec<Append>,
    ) -> Result<(), Refused> {
        let status = self.runner.status(now.mono);
        if status.phase != Phase::Idle {
            return Err(Refused::NotNow { why: "training begins at an idle lane that is in service" });
        }
        if status.barrier != BarrierState::Closed {
            return Err(Refused::NotNow { why: "the barrier is not closed" });
        }
        self.note_training(model::Training::Begun, by)?;
        tracing::info!(lane = %self.id, attendant = %by, "training begins");
        self.training = Some(Training::begin(now, by.clone(), self.practice.clone(), &self.runner));
        self.serve(appends);
        Ok(())
    }

    /// Ends training, if there is any, whether that can be recorded or not.
    pub(super) fn end_training(&mut self, event: model::Training, appends: &mut Vec<Append>) {
        let Some(training) = self.training.take() else { return };
        tracing::info!(lane = %self.id, ?event, "training ends");
        if self.note_training(event, training.by()).is_err() {
            tracing::error!(lane = %self.id, "that training ended is not recorded: the recorder takes nothing");
        }
        if event != model::Training::Stopped {
            self.serve(appends);
        }
    }

    fn note_training(&self, event: model::Training, by: &AttendantId) -> Result<(), Refused> {
        let body = Body::Training { event, by: by.clone() };
        let draft = Box::new(Draft { lane: Some(self.id.clone()), body, personal: None });
        let request = Request { answer: None, draft, stamp: self.clock.stamp() };
        self.requests.try_send(request).map_err(|_| Refused::CannotRecord)
    }
}

/// A pass that nobody has.
fn pass(current: Currency) -> Input {
    let holder = Holder {
        subject: SubjectKind::Person,
        class: Class::Resident,
        pass: Pii::new("practice".to_owned()),
        name: Some(Pii::new("练习".to_owned())),
        plate: None,
        purpose: Purpose::Entry,
        screened: None,
    };
    Input::Presented(Credential {
        kind: CredentialKind::HubPass,
        authentic: Authenticity::Genuine,
        current,
        admissible: Admissible::Unknown,
        holder: Some(holder),
        manifest: None,
        online: None,
        colour: None,
    })
}

/// Outputs that drive nothing: a barrier that moves in memory only.
struct Practised {
    at: Position,
    moving: Option<(Mono, End)>,
}

impl Default for Practised {
    fn default() -> Self {
        Self { at: Position::Assumed(End::Closed), moving: None }
    }
}

impl Outputs for Practised {
    fn barrier(&mut self, now: Mono, end: End) -> Result<(), NoReading> {
        self.at = Position::Between;
        self.moving = Some((now + TRAVEL, end));
        Ok(())
    }

    fn switch(&mut self, _: End, _: Level) {}

    fn position(&self) -> Position {
        self.at
    }

    fn lamp(&mut self, _: Aspect) -> Result<(), NoReading> {
        Ok(())
    }

    fn spray(&mut self, _: Mono, _: Level) -> Result<(), NoReading> {
        Ok(())
    }

    fn due(&self) -> Option<Mono> {
        self.moving.map(|(at, _)| at)
    }

    fn expire(&mut self, now: Mono) -> Result<(), NoReading> {
        if let Some((_, end)) = self.moving.take_if(|(at, _)| *at <= now) {
            self.at = Position::Assumed(end);
        }
        Ok(())
    }

    fn park(&mut self) {}
}
