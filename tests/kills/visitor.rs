//! Who comes to a lane, and the attendant who sees to them.

use std::time::Duration;

use kakou::base::{CentiCelsius, Mono, NoReading, Pii, Random};
use kakou::control::{Act, BarrierState, Decision, LaneStatus, Phase, Registration, StepState, StepStatus};
use kakou::model::{Level, Observed, RawWords, Reason, Scan, StepKind, ThermalReading, Via};

use crate::gate::Gate;
use crate::place::place;

/// How long somebody waits before showing a code again.
const AGAIN_AFTER: Duration = Duration::from_secs(4);
/// How long anybody stays at a gate that lets nobody in.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long an attendant thinks.
const THINKS: Duration = Duration::from_millis(400);

/// Somebody at a lane. Whatever becomes of the kiosk, they stay.
pub struct Visitor {
    pass: String,
    fever: bool,
    came: Mono,
    leaves: Option<Mono>,
    begun: bool,
    shown: Option<Mono>,
    going: Option<Mono>,
}

impl Visitor {
    pub fn come(now: Mono, gate: &Gate, random: &mut Random) -> Self {
        let pass = match random.pick(&place().cast.residents) {
            Some(resident) if random.chance(0.9) => resident.pass.clone(),
            Some(_) | None => place().cast.strange_codes[0].clone(),
        };
        gate.set(Level::Active, Level::Idle);
        Self {
            pass,
            fever: random.chance(0.1),
            came: now,
            leaves: random.chance(0.07).then(|| now + Duration::from_millis(random.below(4_000))),
            begun: false,
            shown: None,
            going: None,
        }
    }

    /// Does what is due; true when the visitor is gone.
    pub fn step(&mut self, now: Mono, status: Option<&LaneStatus>, gate: &Gate) -> bool {
        if let Some(since) = self.going {
            let gone = now.since(since) >= Duration::from_millis(900);
            gate.set(Level::Idle, if gone { Level::Idle } else { Level::Active });
            return gone;
        }
        let Some(status) = status else { return false };
        match status.phase {
            Phase::Steps | Phase::Referred | Phase::Recording => self.begun = true,
            Phase::Crossing if status.barrier == BarrierState::Open => {
                self.going = Some(now);
                return false;
            }
            Phase::Ended => return leave(gate),
            Phase::Idle if self.begun => return leave(gate),
            Phase::Crossing | Phase::Idle | Phase::OutOfService => {}
        }
        let fed_up = now.since(self.came) > PATIENCE || self.leaves.is_some_and(|at| at <= now);
        fed_up && leave(gate)
    }

    /// What the devices see of them.
    pub fn seen(&mut self, now: Mono, status: &LaneStatus, seen: &mut Vec<Observed>) {
        let due = self.shown.is_none_or(|at| now.since(at) > AGAIN_AFTER);
        if due && wants(&status.steps, StepKind::Credential) {
            self.shown = Some(now);
            let payload = Pii::new(self.pass.clone().into());
            seen.push(Observed::Code(Scan { payload, via: Via::Scanner, others: 0, colour: None }));
        }
        let close = wants(&status.steps, StepKind::Temperature);
        seen.push(Observed::Thermal(sample(match (close, self.fever) {
            (false, _) => 22.0,
            (true, false) => 34.0,
            (true, true) => 37.0,
        })));
    }

    /// The kiosk has started again: whoever stood there begins anew.
    pub fn begin_again(&mut self) {
        (self.begun, self.shown) = (false, None);
    }
}

/// What a thermometer says when nobody is there.
pub fn nobody() -> Observed {
    Observed::Thermal(sample(22.0))
}

fn sample(object: f64) -> Result<ThermalReading, NoReading> {
    let degrees = |value| CentiCelsius::from_degrees(value).unwrap();
    Ok(ThermalReading { object: degrees(object), die: degrees(22.5), raw: RawWords::new(&[15_357, 14_782]) })
}

fn leave(gate: &Gate) -> bool {
    gate.set(Level::Idle, Level::Idle);
    true
}

fn wants(steps: &[StepStatus], kind: StepKind) -> bool {
    let open = |step: &StepStatus| !matches!(step.state, StepState::Done | StepState::Waived { .. });
    steps.iter().any(|step| step.kind == kind && open(step))
}

/// The attendant of a lane.
pub struct Attendant {
    next: Mono,
}

impl Attendant {
    pub fn new() -> Self {
        Self { next: Mono::ZERO }
    }

    /// What the attendant does now, if anything. Refusals are as good as anything here.
    pub fn act(&mut self, now: Mono, status: &LaneStatus, random: &mut Random) -> Option<Act> {
        if now < self.next {
            return None;
        }
        self.next = now + THINKS;
        if random.chance(0.001) {
            return Some(Act::Emergency);
        }
        let stands = matches!(status.barrier, BarrierState::StandsOpen | BarrierState::Stuck);
        if stands && !status.beam_blocked && random.chance(0.3) {
            return Some(Act::CloseBarrier);
        }
        match status.phase {
            Phase::Steps | Phase::Referred => {
                let failed = |step: &StepStatus| matches!(step.state, StepState::Failed { .. });
                let hopeless = status.phase == Phase::Referred || status.steps.iter().any(failed);
                if hopeless && random.chance(0.5) {
                    let decisions = [Decision::AdmitWithFollowUp, Decision::Hold, Decision::TurnBack];
                    let decision = *random.pick(&decisions)?;
                    return Some(Act::Decide { decision, reason: Reason::AttendantDecision });
                }
                for_steps(status, random)
            }
            Phase::Idle | Phase::Recording | Phase::Crossing | Phase::Ended | Phase::OutOfService => None,
        }
    }
}

fn for_steps(status: &LaneStatus, random: &mut Random) -> Option<Act> {
    if let Some(attestation) = random.pick(&status.attestations) {
        return Some(Act::Attest(*attestation));
    }
    let asked = |kind| {
        let waits = |state: &StepState| {
            matches!(state, StepState::Asked | StepState::NeedsAttendant { .. } | StepState::Failed { .. })
        };
        status.steps.iter().any(|step| step.kind == kind && waits(&step.state))
    };
    if asked(StepKind::Registration) {
        let text = |text: &str| Some(Pii::new(text.to_owned()));
        return Some(Act::Register(Registration {
            name: text("李四"),
            phone: text("13800001234"),
            origin: text("成都市锦江区"),
            destination: None,
            host: None,
            more: vec![],
            code: None,
        }));
    }
    None
}
