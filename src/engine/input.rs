//! What a lane is told, and what it answers.

use super::barrier::Drive;
use crate::base::{CentiCelsius, DeviceId, Pii, Seq};
use crate::control::{Aspect, Prompt, TakenOut};
use crate::model::past::Unknown;
use crate::model::registration_code::{BadRegistrationCode, RegistrationCode};
use crate::model::{
    AreaMode, BodySite, CodeHint, Credential, Draft, Guidance, IdCard, Level, OnlineAnswer, Past, Screening,
    Signal, Unanswered, Whose,
};

/// Ties a [`Draft`] to the news that it is durable. Unique within one run of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Something that happened at a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// An input line changed.
    Line {
        /// Which.
        signal: Signal,
        /// What it says now.
        level: Level,
    },
    /// The lane has begun: its inputs are being read.
    Started,
    /// A credential was shown, and checked.
    Presented(Credential),
    /// An identity card was laid on the reader. It does what typing its number does, and is lost when that is refused.
    IdCard(IdCard),
    /// The place code of this kiosk was shown, of the present or the last period. No other one is told here.
    PlaceCode,
    /// A registration code was shown: what somebody says of themselves. It is no credential, whatever it says.
    RegistrationCode(Result<RegistrationCode, BadRegistrationCode>),
    /// Several different codes are in view: none of them is taken.
    SeveralCodes,
    /// The screening that was asked for is over.
    Screened(Screening),
    /// What the subject should do for the screening, when it changes.
    Guided(Option<Guidance>),
    /// What would help to read a code that is held up, when it changes. It is shown, and nothing follows from it.
    Hinted(Option<CodeHint>),
    /// A sensor that a step watches read a temperature. Where there is no reading, there is none of these.
    Sensed {
        /// Which sensor.
        device: DeviceId,
        /// What it read.
        value: CentiCelsius,
    },
    /// The draft with this ticket is on the disk.
    Durable {
        /// The draft's ticket.
        ticket: Ticket,
        /// The number that it got.
        seq: Seq,
    },
    /// The draft with this ticket can never be written. Nothing that follows from it may happen.
    NotRecorded {
        /// The draft's ticket.
        ticket: Ticket,
    },
    /// What the records of earlier passages say of whom [`Effect::Recall`] asked about.
    Recalled {
        /// The question's ticket.
        ticket: Ticket,
        /// The answer.
        past: Result<Past, Unknown>,
    },
    /// What an issuer says of the code that [`Effect::AskIssuer`] asked about, or why nobody can say.
    Issuer {
        /// The question's ticket.
        ticket: Ticket,
        /// The answer.
        answer: Result<OnlineAnswer, Unanswered>,
    },
    /// The hub took the lane out of service, or, with nothing, back into it. What is under way goes on to its end.
    Service(Option<TakenOut>),
    /// The area is guarded in this mode from the next subject on; what is under way goes on as it began.
    Mode(AreaMode),
    /// Nothing can be recorded any more. Drafts under way are kept by the journal's owner.
    JournalFailed,
    /// Records can be written again; news of drafts under way follows.
    JournalRestored,
}

/// What a lane wants done. Performed in order by the one task that owns its devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Append a record, and answer with [`Input::Durable`] or [`Input::NotRecorded`].
    Append {
        /// Comes back with the answer.
        ticket: Ticket,
        /// What to append.
        draft: Box<Draft>,
    },
    /// Look up earlier passages, and answer with [`Input::Recalled`]; soon, because somebody waits.
    Recall {
        /// Comes back with the answer.
        ticket: Ticket,
        /// Whose passages.
        whose: Whose,
    },
    /// Have the hub ask a code's issuer about it, and answer with [`Input::Issuer`]; in seconds, because somebody waits.
    AskIssuer {
        /// Comes back with the answer.
        ticket: Ticket,
        /// The code: a stranger's text, for the issuer alone.
        code: Pii<String>,
    },
    /// Move the barrier.
    Barrier(Drive),
    /// Show a lamp aspect.
    Lamp(Aspect),
    /// Let the sprayer run, or stop it.
    Spray(Level),
    /// Tell the subject.
    Prompt(Prompt),
    /// Begin screening afresh, or stop.
    Screen(Screen),
}

/// Whether the thermometer should be looking for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// Somebody new, from now on, with nothing kept of earlier samples.
    Begin,
    /// The same person once more, at this place on the body if it is not the policy's first one.
    Again(Option<BodySite>),
    /// Not any more.
    Stop,
}
