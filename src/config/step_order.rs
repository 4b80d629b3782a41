//! Checks the steps of a profile against each other: names, and conditions on earlier steps.

use super::entitlement::Check;
use super::error::Report;
use super::profile_file::{class_name, direction_name};
use super::section::Section;
use super::step_rule::{Ask, Came, Earlier, StepRule};
use crate::model::{AreaMode, Class, Direction, StepKind};

/// Notes in `report` everything that is wrong between the steps of one profile.
pub fn check(report: &mut Report<'_>, table: &Section<'_>, steps: &[StepRule]) {
    for (index, step) in steps.iter().enumerate() {
        if steps[..index].iter().any(|earlier| earlier.id == step.id) {
            let said = format!("must not name two steps {:?}: give one of them another id", step.id.as_str());
            table.misfit(report, "step", said);
        }
        if single(step.kind()) && steps[..index].iter().any(|earlier| earlier.kind() == step.kind()) {
            table.misfit(report, "step", format!("must not ask for {:?} twice", step.kind()));
        }
        if let Ask::Entitlement { check } = &step.ask
            && let Err(why) = entitlement(steps, index, check)
        {
            table.misfit(report, "step", format!("step {:?} check: {why}", step.id.as_str()));
        }
        for earlier in &step.when.after {
            if let Err(why) = condition(steps, index, earlier) {
                let said =
                    format!("step {:?} when.after {:?}: {why}", step.id.as_str(), earlier.step.as_str());
                table.misfit(report, "step", said);
            }
        }
    }
}

/// Notes in `report` whom a profile asks nothing of, whatever else becomes of them: whoever is asked nothing would be let in
/// by an absence of evidence.
pub fn check_everybody_is_asked(
    report: &mut Report<'_>,
    table: &Section<'_>,
    steps: &[StepRule],
    (directions, classes): (&[Direction], &[Class]),
) {
    let asked = |direction: Direction, class: Class, mode: AreaMode| {
        steps.iter().any(|step| step.when.after.is_empty() && step.when.holds(direction, class, mode))
    };
    for &direction in directions {
        for &class in classes {
            let free = AreaMode::ALL.into_iter().find(|mode| !asked(direction, class, *mode));
            if let Some(mode) = free.filter(|_| !steps.is_empty()) {
                let (class, direction) = (class_name(class), direction_name(direction));
                let said = format!("must ask something of {class}, {direction}, in mode {}", mode.name());
                table.misfit(report, "step", said);
                return;
            }
        }
    }
}

/// Kinds that one subject does once: what is shown, measured or typed says by itself which step is meant.
const fn single(kind: StepKind) -> bool {
    match kind {
        StepKind::Credential
        | StepKind::Temperature
        | StepKind::Registration
        | StepKind::Plate
        | StepKind::Occupants => true,
        StepKind::Attest
        | StepKind::Disinfection
        | StepKind::Question
        | StepKind::Dwell
        | StepKind::Pledge
        | StepKind::Custody
        | StepKind::Escort
        | StepKind::Count
        | StepKind::SignOff
        | StepKind::Entitlement => false,
    }
}

/// Whether what the entitlement at `index` looks at is there, and known before it.
fn entitlement(steps: &[StepRule], index: usize, check: &Check) -> Result<(), String> {
    let before = |kind: StepKind| steps[..index].iter().any(|step| step.kind() == kind);
    let identified = [StepKind::Credential, StepKind::Plate, StepKind::Registration].into_iter().any(before);
    if check.asks_the_past() && !identified {
        return Err(
            "a credential, plate or registration must come before it: nobody knows who they are".to_owned()
        );
    }
    if check.is_about_the_host() && !before(StepKind::Registration) {
        return Err("a registration must come before it: nobody knows whom they visit".to_owned());
    }
    match check {
        Check::Interval { step, answers, .. } => match steps.iter().find(|known| known.id == *step) {
            Some(StepRule { ask: Ask::Question { answers: known, .. }, .. }) => {
                let unknown = answers.iter().find(|answer| known.iter().all(|known| known.id != **answer));
                unknown.map_or(Ok(()), |answer| Err(format!("{step} has no answer {:?}", answer.as_str())))
            }
            Some(_) => Err(format!("{step} is no question")),
            None => Err(format!("there is no step {step} in this profile")),
        },
        Check::Cleared { steps: named, .. } => {
            let unknown = named.iter().find(|name| steps.iter().all(|known| known.id != **name));
            unknown.map_or(Ok(()), |name| Err(format!("there is no step {name} in this profile")))
        }
        // The host's leaving is noted in another profile.
        Check::HostStays { .. }
        | Check::Quota { .. }
        | Check::Hours { .. }
        | Check::Places { .. }
        | Check::SameHost { .. }
        | Check::Entered { .. } => Ok(()),
    }
}

/// Whether the step at `index` can depend on `earlier`.
fn condition(steps: &[StepRule], index: usize, earlier: &Earlier) -> Result<(), String> {
    let Some(at) = steps.iter().position(|step| step.id == earlier.step) else {
        return Err("there is no such step in this profile".to_owned());
    };
    if at == index {
        return Err("a step cannot depend on itself, that is a cycle".to_owned());
    }
    if at > index {
        let back = depends(steps, at, index);
        let cycle = "they depend on each other, that is a cycle";
        return Err(if back { cycle } else { "it comes later: only an earlier step can be named" }.to_owned());
    }
    let named = &steps[at];
    match (&earlier.came, &named.ask) {
        (Came::Waived, _) if named.waivers.is_empty() => Err("it can never be waived".to_owned()),
        (Came::Done | Came::Waived, _) => Ok(()),
        (Came::Attested | Came::Verified, Ask::Credential { .. }) => Ok(()),
        (Came::Attested | Came::Verified, _) => Err("only a credential is attested or verified".to_owned()),
        (Came::Answered { answers }, Ask::Question { answers: known, .. }) => {
            let unknown = answers.iter().find(|answer| known.iter().all(|known| known.id != **answer));
            unknown.map_or(Ok(()), |answer| Err(format!("it has no answer {:?}", answer.as_str())))
        }
        (Came::Answered { .. }, _) => Err("only a question is answered".to_owned()),
        (Came::Listed, Ask::Question { areas: Some(_), .. }) => Ok(()),
        (Came::Local | Came::OutOfTown, Ask::Plate { .. }) => Ok(()),
        (Came::Local | Came::OutOfTown, _) => Err("only a plate is local or from out of town".to_owned()),
        (Came::Listed, _) => Err("only a question with places is compared with a list".to_owned()),
    }
}

/// Whether the step at `from` depends on the one at `on`, directly or through others.
fn depends(steps: &[StepRule], from: usize, on: usize) -> bool {
    let (mut seen, mut open) = (vec![from], vec![from]);
    while let Some(at) = open.pop() {
        for earlier in &steps[at].when.after {
            let Some(next) = steps.iter().position(|step| step.id == earlier.step) else { continue };
            if next == on {
                return true;
            }
            if !seen.contains(&next) {
                seen.push(next);
                open.push(next);
            }
        }
    }
    false
}
