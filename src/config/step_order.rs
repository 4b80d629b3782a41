//! Checks the steps of a profile against each other: names, and conditions on earlier steps.

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
        | StepKind::SignOff => false,
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
