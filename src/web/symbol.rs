//! The symbols, drawn in a square of 100 by 100 with lines in the colour of the text around them.

use maud::{Markup, PreEscaped, html};

use crate::control::{Aspect, BarrierState, Phase, Prompt, StepState};
use crate::model::{Attestation, BodySite, CodeHint, Direction, Guidance, StepKind, SubjectKind, Verdict};

/// A drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol(&'static str);

impl maud::Render for Symbol {
    fn render(&self) -> Markup {
        html! {
            svg.symbol viewBox="0 0 100 100" fill="none" stroke="currentColor" stroke-width="7"
                stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false"
                { (PreEscaped(self.0)) }
        }
    }
}

macro_rules! drawings {
    ($($name:ident = $paths:literal;)*) => { $(pub const $name: Symbol = Symbol($paths);)* };
}

drawings! {
    // A phone with a square code on it.
    CODE = r#"<rect x="24" y="6" width="52" height="88" rx="8"/><path d="M45 84h10"/><g stroke="none" fill="currentColor"><path d="M33 20h14v14H33zM53 20h14v14H53zM33 40h14v14H33zM53 40h6v6h-6zM61 48h6v6h-6zM53 56h6v6h-6zM33 60h6v6h-6zM41 66h6v6h-6zM61 62h6v10h-6zM51 68h6v6h-6z"/></g>"#;
    // A face with a ring at the forehead, and waves that come from it.
    FOREHEAD = r#"<path d="M22 48c0-24 12-38 28-38s28 14 28 38-12 44-28 44-28-20-28-44z"/><circle cx="50" cy="31" r="9"/><circle cx="50" cy="31" r="2"/><path d="M38 54h.1M62 54h.1M41 74c6 5 12 5 18 0"/>"#;
    // A clipboard with lines.
    CLIPBOARD = r#"<rect x="20" y="16" width="60" height="78" rx="6"/><path d="M38 8h24v16H38zM34 44h32M34 60h32M34 76h18"/>"#;
    // A person with a peaked cap.
    ATTENDANT = r#"<path d="M10 95c2-24 16-35 40-35s38 11 40 35"/><path d="M32 36c0 15 8 24 18 24s18-9 18-24"/><path d="M25 30l5-20c12-5 28-5 40 0l5 20z" fill="currentColor"/><path d="M17 33h66" stroke-width="9"/><path d="M38 64l12 14 12-14" stroke-width="6"/>"#;
    // A person.
    PERSON = r#"<circle cx="50" cy="24" r="16"/><path d="M16 94c2-28 14-42 34-42s32 14 34 42"/>"#;
    // A car from the front, before a line.
    CAR = r#"<path d="M14 70V48l12-26c1-3 3-4 6-4h36c3 0 5 1 6 4l12 26v22z"/><path d="M14 48h72M26 60h8M66 60h8"/><path d="M20 70v10h12V70M68 70v10h12V70"/><path d="M4 94h92" stroke-dasharray="16 12"/>"#;
    // A car window with an arrow that goes up.
    WINDOW = r#"<path d="M6 82V58l24-8 16-30c1-2 3-3 5-3h37c3 0 5 2 5 5v60z"/><path d="M46 50h44"/><path d="M68 46V26M58 34l10-10 10 10" stroke-width="6"/>"#;
    // An hourglass.
    HOURGLASS = r#"<path d="M24 8h52M24 92h52M30 8c0 24 20 30 20 42S30 68 30 92M70 8c0 24-20 30-20 42s20 18 20 42"/><path d="M40 84c4-8 16-8 20 0z" fill="currentColor"/>"#;
    // A broad arrow that points ahead.
    AHEAD = r#"<path d="M50 6L90 50H66v44H34V50H10z" fill="currentColor"/>"#;
    // An arrow that turns round.
    U_TURN = r#"<path d="M22 94V42c0-18 11-30 26-30s26 12 26 30v26" stroke-width="14"/><path d="M54 62l20 26 20-26z" fill="currentColor" stroke-width="4"/>"#;
    // A person standing within a marked square.
    WAIT_HERE = r#"<circle cx="50" cy="30" r="13" fill="currentColor"/><path d="M26 80c1-20 9-29 24-29s23 9 24 29z" fill="currentColor"/><path d="M24 6H6v18M76 6h18v18M24 95H6V77M76 95h18V77"/>"#;
    // A cross in a triangle.
    OUT_OF_SERVICE = r#"<path d="M50 8L96 90H4z"/><path d="M38 52l24 24M62 52L38 76" stroke-width="9"/>"#;
    // An open gate with a path through it.
    GATE = r#"<path d="M8 95V8M92 95V8M8 14h84" stroke-width="9"/><path d="M50 30L76 58H62v36H38V58H24z" fill="currentColor"/>"#;
    // A face between arrows that come closer.
    CLOSER = r#"<path d="M44 50c0-20 9-32 22-32s22 12 22 32-9 36-22 36-22-16-22-36z"/><path d="M4 50h28M20 36l14 14-14 14"/><circle cx="66" cy="36" r="6"/>"#;
    // A face with an arrow that leads away from it.
    AWAY = r#"<path d="M44 50c0-20 9-32 22-32s22 12 22 32-9 36-22 36-22-16-22-36z"/><path d="M34 50H6M18 36L4 50l14 14"/><circle cx="66" cy="36" r="6"/>"#;
    // A phone with a square on it, and what to do with it: nearer, away, light, a turn, still.
    CODE_CLOSER = r#"<rect x="50" y="12" width="40" height="76" rx="8"/><path d="M62 34h16v16H62z" fill="currentColor"/><path d="M4 50h34M26 36l14 14-14 14"/>"#;
    CODE_AWAY = r#"<rect x="50" y="12" width="40" height="76" rx="8"/><path d="M62 34h16v16H62z" fill="currentColor"/><path d="M40 50H6M18 36L4 50l14 14"/>"#;
    LIGHT = r#"<circle cx="50" cy="50" r="18" fill="currentColor"/><path d="M50 4v16M50 80v16M4 50h16M80 50h16M18 18l11 11M71 71l11 11M82 18L71 29M29 71L18 82"/>"#;
    CODE_TURN = r#"<rect x="34" y="26" width="32" height="60" rx="7" transform="rotate(18 50 56)"/><path d="M10 44C14 18 36 6 58 10M46 0l14 10-12 14"/><path d="M94 52c0 16-6 28-14 36"/>"#;
    CODE_STILL = r#"<rect x="32" y="18" width="36" height="64" rx="7"/><path d="M43 36h14v14H43z" fill="currentColor"/><path d="M20 6H6v14M80 6h14v14M20 94H6V80M80 94h14V80"/>"#;
    // A person in a frame, another one outside it.
    ONE = r#"<path d="M6 6h52v88H6z" stroke-width="5"/><circle cx="32" cy="34" r="11" fill="currentColor"/><path d="M14 80c1-18 8-27 18-27s17 9 18 27z" fill="currentColor"/><circle cx="80" cy="40" r="8"/><path d="M67 80c1-16 6-24 13-24s12 8 13 24"/>"#;
    // A tick within a ring.
    DONE_HERE = r#"<circle cx="50" cy="50" r="42"/><path d="M28 52l16 16 30-34" stroke-width="11"/>"#;
    // A hand and a wrist with a ring on it.
    WRIST = r#"<path d="M36 94V62c-10-6-14-14-14-24l6-2 8 14V12h8v30V6h8v36V10h8v32V20h8v32c0 6-2 10-4 12v30"/><circle cx="50" cy="78" r="9"/>"#;
    // A head from the side with a ring at the neck.
    NECK = r#"<path d="M34 94V70c-8-6-12-16-12-28C22 22 34 8 52 8s28 12 28 30l6 14-8 4v10c0 6-4 8-10 8h-6v20"/><circle cx="50" cy="80" r="9"/>"#;
    // A face within brackets.
    STILL = r#"<path d="M32 50c0-19 8-30 18-30s18 11 18 30-8 32-18 32-18-13-18-32z"/><path d="M20 6H6v14M80 6h14v14M20 94H6V80M80 94h14V80"/><circle cx="50" cy="38" r="5"/>"#;
    // A house with a clock in it.
    INSIDE = r#"<path d="M6 48L50 8l44 40M16 42v52h68V42"/><circle cx="50" cy="64" r="18"/><path d="M50 54v10l8 6" stroke-width="6"/>"#;
    // A face with a mask.
    MASK = r#"<path d="M20 46c0-24 12-38 30-38s30 14 30 38-13 46-30 46-30-22-30-46z"/><path d="M36 38h.1M64 38h.1"/><path d="M28 56c8-6 36-6 44 0v12c-6 12-38 12-44 0z" fill="currentColor"/><path d="M20 50l8 6M80 50l-8 6" stroke-width="5"/>"#;
    // An eye.
    EYE = r#"<path d="M4 50c14-24 30-34 46-34s32 10 46 34c-14 24-30 34-46 34S18 74 4 50z"/><circle cx="50" cy="50" r="14" fill="currentColor"/>"#;
    // A number plate.
    PLATE = r#"<rect x="4" y="26" width="92" height="48" rx="6"/><path d="M18 42v16M18 42h10M18 58h10M40 58V42l8 16V42M58 50h.1M68 42h12v16H68zM68 50h12" stroke-width="6"/>"#;
    // Three persons.
    PEOPLE = r#"<circle cx="50" cy="30" r="12"/><path d="M28 86c1-22 9-32 22-32s21 10 22 32"/><circle cx="18" cy="36" r="8"/><path d="M4 80c0-16 5-24 14-24"/><circle cx="82" cy="36" r="8"/><path d="M96 80c0-16-5-24-14-24"/>"#;
    // A spray bottle with drops.
    SPRAY = r#"<path d="M30 44h28v44c0 4-2 6-6 6H36c-4 0-6-2-6-6zM36 44V28h16v16M30 28V12h26l8 8H52v8z"/><path d="M78 10h.1M92 4h.1M78 24h.1M92 20h.1M92 36h.1" stroke-width="9"/>"#;
    // An identity card.
    CARD = r#"<rect x="4" y="18" width="92" height="64" rx="8"/><circle cx="30" cy="42" r="9"/><path d="M16 68c1-10 6-14 14-14s13 4 14 14M58 38h26M58 52h26M58 66h14"/>"#;
    // A tick.
    TICK = r#"<path d="M14 54l24 26 48-60" stroke-width="13"/>"#;
    // A cross.
    CROSS = r#"<path d="M22 22l56 56M78 22L22 78" stroke-width="13"/>"#;
    // An empty ring.
    RING = r#"<circle cx="50" cy="50" r="36"/>"#;
    // A ring that is filled in the middle.
    NOW = r#"<circle cx="50" cy="50" r="38"/><circle cx="50" cy="50" r="18" fill="currentColor"/>"#;
    // An exclamation mark in a diamond.
    ATTENTION = r#"<path d="M50 4l46 46-46 46L4 50z"/><path d="M50 30v24M50 70v.1" stroke-width="10"/>"#;
    // An arrow that leaps over a step.
    LEAP = r#"<path d="M10 66c6-32 60-40 74-6"/><path d="M88 34l-2 28-26-8"/><path d="M38 82h24"/>"#;
    // Arrows in and out of a gate.
    IN = r#"<path d="M44 10h46v80H44M6 50h56M42 28l22 22-22 22"/>"#;
    OUT = r#"<path d="M56 10H10v80h46M36 50h56M72 28l22 22-22 22"/>"#;
    // A barrier, down and up.
    BARRIER_CLOSED = r#"<path d="M12 94V38M4 94h16"/><path d="M12 44h84" stroke-width="12"/><path d="M96 94V56"/>"#;
    BARRIER_OPEN = r#"<path d="M12 94V38M4 94h16"/><path d="M14 42L62 4" stroke-width="12"/><path d="M60 94V40M46 54l14-14 14 14"/>"#;
    BARRIER_MOVING = r#"<path d="M12 94V38M4 94h16"/><path d="M14 44l74-22" stroke-width="12" stroke-dasharray="18 16"/>"#;
    // Lamps: an octagon, a triangle, a disc.
    STOP = r#"<path d="M31 6h38l25 25v38L69 94H31L6 69V31z" fill="currentColor"/>"#;
    WAIT = r#"<path d="M50 10l44 78H6z" fill="currentColor"/>"#;
    GO = r#"<circle cx="50" cy="50" r="42" fill="currentColor"/>"#;
    // A thermometer.
    THERMOMETER = r#"<path d="M40 56V18a10 10 0 0 1 20 0v38a20 20 0 1 1-20 0z"/><path d="M50 34v34" stroke-width="8"/><circle cx="50" cy="74" r="8" fill="currentColor"/>"#;
    // An arrow that goes round.
    AGAIN = r#"<path d="M84 50a34 34 0 1 1-10-24"/><path d="M76 4v24H52"/>"#;
    // Speech of somebody talking to somebody.
    TALK = r#"<path d="M8 14h84v52H48L28 88V66H8z"/><path d="M26 40h.1M50 40h.1M74 40h.1" stroke-width="11"/>"#;
    // A hand that holds back.
    HAND = r#"<path d="M28 60V26a7 7 0 0 1 14 0v22V14a7 7 0 0 1 14 0v34V18a7 7 0 0 1 14 0v34V34a7 7 0 0 1 14 0v28c0 20-12 34-30 34S34 86 28 76L14 54a7 7 0 0 1 12-8z"/>"#;
    // A parcel of work that goes on to another.
    HAND_OFF = r#"<circle cx="22" cy="30" r="12"/><path d="M4 84c0-22 6-34 18-34"/><circle cx="80" cy="30" r="12"/><path d="M98 84c0-22-6-34-18-34M34 66h34M56 52l14 14-14 14"/>"#;
    // Somebody who walks away.
    LEFT = r#"<circle cx="36" cy="16" r="10"/><path d="M36 34l-4 26 14 12 4 22M32 60L18 92M36 36l18 14M34 38L18 52"/><path d="M66 34h28M82 22l12 12-12 12"/>"#;
    // A bold asterisk: help is urgent.
    URGENT = r#"<path d="M50 10v80M15 30l70 40M85 30L15 70" stroke-width="15"/>"#;
    // A bag with a tag.
    BAG = r#"<path d="M14 36h58v54H14zM28 36V24a15 15 0 0 1 30 0v12"/><path d="M72 44l20 12v24H76"/><path d="M82 64h.1" stroke-width="9"/>"#;
    // A list.
    LIST = r#"<path d="M10 20h.1M10 50h.1M10 80h.1" stroke-width="12"/><path d="M32 20h60M32 50h60M32 80h60"/>"#;
    // A plug: devices.
    DEVICES = r#"<path d="M34 8v24M66 8v24M22 32h56v18c0 16-12 26-28 26S22 66 22 50zM50 76v18"/>"#;
    // A half-filled disc: theme.
    THEME = r#"<circle cx="50" cy="50" r="40"/><path d="M50 10a40 40 0 0 1 0 80z" fill="currentColor"/>"#;
    // A door with an arrow out of it.
    SIGN_OUT = r#"<path d="M50 10H12v80h38M36 50h56M72 28l22 22-22 22"/>"#;
    // An arrow back.
    BACK = r#"<path d="M90 50H14M42 18L10 50l32 32" stroke-width="11"/>"#;
    // A printer with a sheet.
    PRINT = r#"<path d="M28 34V8h44v26M28 74H10V34h80v40H72"/><path d="M28 60h44v34H28zM38 72h24M38 83h24"/>"#;
    // A pencil on a line.
    WRITE = r#"<path d="M14 94h72"/><path d="M22 76l4-20 44-44 16 16-44 44zM60 22l16 16"/>"#;
    // Three dots.
    MORE = r#"<path d="M16 50h.1M50 50h.1M84 50h.1" stroke-width="18"/>"#;
    // A broken link.
    OFFLINE = r#"<path d="M28 72a24 24 0 0 1 2-46 28 28 0 0 1 46 4 22 22 0 0 1 0 42M34 58l32 32M66 58L34 90"/>"#;
    // A clock with a question.
    CLOCK = r#"<circle cx="50" cy="50" r="42"/><path d="M50 24v28l18 12"/>"#;
}

/// What a prompt asks for.
pub const fn prompt(prompt: Prompt, takes: SubjectKind) -> Symbol {
    match prompt {
        Prompt::Welcome => match takes {
            SubjectKind::Person => GATE,
            SubjectKind::Vehicle => CAR,
        },
        Prompt::ShowCode | Prompt::CompanionCode | Prompt::OneCode => CODE,
        Prompt::ShowForehead => FOREHEAD,
        Prompt::Register => CLIPBOARD,
        Prompt::WaitForAttendant | Prompt::SeeAttendant => ATTENDANT,
        Prompt::StopVehicle => CAR,
        Prompt::ShutWindows => WINDOW,
        Prompt::Disinfect => SPRAY,
        Prompt::Answer => TALK,
        Prompt::StayHere => HOURGLASS,
        Prompt::Pledge => WRITE,
        Prompt::LeaveItems | Prompt::CollectItems => BAG,
        Prompt::WaitForEscort => HAND_OFF,
        Prompt::OneMoment => HOURGLASS,
        Prompt::Go => AHEAD,
        Prompt::TurnBack => U_TURN,
        Prompt::WaitHere => WAIT_HERE,
        Prompt::OutOfService => OUT_OF_SERVICE,
    }
}

/// What helps the temperature step along.
pub const fn guidance(guidance: Guidance) -> Symbol {
    match guidance {
        Guidance::WarmingUp => HOURGLASS,
        Guidance::ComeCloser => CLOSER,
        Guidance::StepBack => AWAY,
        Guidance::HoldStill => STILL,
        Guidance::OneAtATime => ONE,
        Guidance::BareForehead => FOREHEAD,
        Guidance::WaitInside => INSIDE,
        Guidance::TooCold | Guidance::AskAttendant => ATTENDANT,
        Guidance::Measured => DONE_HERE,
        Guidance::Show(BodySite::Wrist) => WRIST,
        Guidance::Show(BodySite::Neck) => NECK,
        Guidance::Show(
            BodySite::ForeheadCentre
            | BodySite::ForeheadMax
            | BodySite::Canthus
            | BodySite::FaceMax
            | BodySite::Temple,
        ) => CLOSER,
    }
}

/// What helps to read the code that is held up.
pub const fn hint(hint: CodeHint) -> Symbol {
    match hint {
        CodeHint::ComeCloser => CODE_CLOSER,
        CodeHint::HoldFurther => CODE_AWAY,
        CodeHint::TooDark | CodeHint::LightComing | CodeHint::BrighterScreen => LIGHT,
        CodeHint::Glare => CODE_TURN,
        CodeHint::HoldStill => CODE_STILL,
    }
}

/// A step of a lane where the first thing to attest is `attest`.
pub const fn step(kind: StepKind, attest: Option<Attestation>) -> Symbol {
    match kind {
        StepKind::Credential => CODE,
        StepKind::Temperature => FOREHEAD,
        StepKind::Registration => CLIPBOARD,
        StepKind::Attest => match attest {
            Some(what) => attestation(what),
            None => EYE,
        },
        StepKind::Plate => PLATE,
        StepKind::Occupants => PEOPLE,
        StepKind::Disinfection => SPRAY,
        StepKind::Question => TALK,
        StepKind::Dwell => HOURGLASS,
        StepKind::Pledge | StepKind::SignOff => WRITE,
        StepKind::Custody => BAG,
        StepKind::Escort => HAND_OFF,
        StepKind::Count => LIST,
        StepKind::Entitlement => CLIPBOARD,
    }
}

/// How far a step is.
pub const fn step_state(state: &StepState) -> Symbol {
    match state {
        StepState::Open => RING,
        StepState::Asked => NOW,
        StepState::NeedsAttendant { .. } => ATTENTION,
        StepState::Done => TICK,
        StepState::Waived { .. } => LEAP,
        StepState::Failed { .. } => CROSS,
    }
}

/// What an attendant confirms.
pub const fn attestation(what: Attestation) -> Symbol {
    match what {
        Attestation::Mask => MASK,
        Attestation::UnverifiedCredential | Attestation::PlaceCode => CODE,
        Attestation::TravelRecord => LIST,
        Attestation::Papers => CARD,
        Attestation::Companion => PEOPLE,
    }
}

/// Person or vehicle.
pub const fn subject(kind: SubjectKind) -> Symbol {
    match kind {
        SubjectKind::Person => PERSON,
        SubjectKind::Vehicle => CAR,
    }
}

/// What a lane is doing.
pub const fn phase(phase: Phase) -> Symbol {
    match phase {
        Phase::Idle => RING,
        Phase::Steps => NOW,
        Phase::Recording => HOURGLASS,
        Phase::Referred => ATTENTION,
        Phase::Crossing => AHEAD,
        Phase::Ended => TICK,
        Phase::OutOfService => OUT_OF_SERVICE,
    }
}

/// An outcome.
pub const fn verdict(verdict: Verdict) -> Symbol {
    match verdict {
        Verdict::Admitted | Verdict::AdmittedWithFollowUp => AHEAD,
        Verdict::Advised => TALK,
        Verdict::TurnedBack => U_TURN,
        Verdict::Referred => ATTENTION,
        Verdict::Held => HAND,
        Verdict::HandedOff => HAND_OFF,
        Verdict::Abandoned => LEFT,
        Verdict::EmergencyAdmitted => URGENT,
    }
}

/// Where the barrier is.
pub const fn barrier(state: BarrierState) -> Symbol {
    match state {
        BarrierState::Open | BarrierState::StandsOpen => BARRIER_OPEN,
        BarrierState::Closed => BARRIER_CLOSED,
        BarrierState::Opening | BarrierState::Closing => BARRIER_MOVING,
        BarrierState::Stuck => ATTENTION,
    }
}

/// What the lamp shows.
pub const fn aspect(aspect: Aspect) -> Symbol {
    match aspect {
        Aspect::Stop => STOP,
        Aspect::Wait => WAIT,
        Aspect::Go => GO,
    }
}

/// Which way.
pub const fn direction(direction: Direction) -> Symbol {
    match direction {
        Direction::Inbound => IN,
        Direction::Outbound => OUT,
    }
}
