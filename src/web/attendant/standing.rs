//! What the attendant is told a subject is to the place; before anything was shown, that it is still to come.

use crate::control::{StepState, StepStatus};
use crate::model::{Class, PlateOrigin, Reason, StepKind, SubjectKind};
use crate::web::words::{Words, desk, words};

/// The class of a person or vehicle; of one whose class is not known, why.
///
/// Nobody is called unknown, and still less missing from the roster, for what has not been looked at yet.
pub fn standing(class: Class, subject: SubjectKind, steps: &[StepStatus]) -> Words {
    if class != Class::Unknown {
        return desk::class(class);
    }
    let (telling, awaited) = match subject {
        SubjectKind::Person => (StepKind::Credential, desk::AWAITING_CODE),
        SubjectKind::Vehicle => (StepKind::Plate, desk::AWAITING_PLATE),
    };
    let step = steps.iter().find(|step| step.kind == telling);
    match step.map(|step| &step.state) {
        Some(StepState::Open | StepState::Asked) => awaited,
        Some(
            StepState::NeedsAttendant { reason: Reason::NotOnRoster }
            | StepState::Failed { reason: Reason::NotOnRoster },
        ) => desk::NOT_ON_ROSTER,
        Some(
            StepState::NeedsAttendant { .. }
            | StepState::Failed { .. }
            | StepState::Done
            | StepState::Waived { .. },
        )
        | None => desk::class(Class::Unknown),
    }
}

/// Where a vehicle's plate is from.
pub const fn plate_origin(origin: PlateOrigin) -> Words {
    match origin {
        PlateOrigin::Local => words("本地", "Local"),
        PlateOrigin::OutOfTown => words("外地", "Out of town"),
        PlateOrigin::Unplaced => words("不属任何地区", "Of no place"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_called_unknown_before_anything_was_shown() {
        for state in [StepState::Open, StepState::Asked] {
            let of = |subject| standing(Class::Unknown, subject, &steps(state.clone()));
            assert_eq!(of(SubjectKind::Person), desk::AWAITING_CODE);
            assert_eq!(of(SubjectKind::Vehicle), desk::AWAITING_PLATE);
        }
    }

    #[test]
    fn only_the_roster_says_who_is_not_on_it() {
        let by = "zhou".parse().unwrap();
        let table = [
            (StepState::NeedsAttendant { reason: Reason::NotOnRoster }, "未登记"),
            (StepState::Failed { reason: Reason::NotOnRoster }, "未登记"),
            (StepState::NeedsAttendant { reason: Reason::CredentialExpired }, "未知"),
            (StepState::Done, "未知"),
            (StepState::Waived { by }, "未知"),
        ];
        for (state, said) in table {
            assert_eq!(standing(Class::Unknown, SubjectKind::Person, &steps(state)).zh, said);
        }
        assert_eq!(standing(Class::Unknown, SubjectKind::Person, &[]).zh, "未知");
    }

    #[test]
    fn a_class_that_is_known_is_said_whatever_is_still_to_come() {
        let of = |class| standing(class, SubjectKind::Person, &steps(StepState::Open));
        assert_eq!(of(Class::Resident), desk::class(Class::Resident));
    }

    fn steps(state: StepState) -> Vec<StepStatus> {
        let step = |kind: StepKind, state| StepStatus::plain(kind.name().parse().unwrap(), kind, state);
        vec![
            step(StepKind::Temperature, StepState::Done),
            step(StepKind::Credential, state.clone()),
            step(StepKind::Plate, state),
        ]
    }
}
