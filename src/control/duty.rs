//! What a role may do at a lane. Asked where acts come in, before any lane hears of them.

use super::command::{Act, Refused};
use super::practice::Practice;
use super::status::LaneStatus;
use crate::base::Slug;
use crate::model::duty::Role;

/// Whether somebody with this role may do this at a lane that stands like this. An emergency is everybody's: who sees one must be able to call it.
///
/// # Errors
///
/// When they may not.
pub fn may(role: Role, act: &Act, lane: Option<&LaneStatus>) -> Result<(), Refused> {
    match (role, act) {
        (_, Act::Emergency) => Ok(()),
        (Role::Observer, _) => Err(Refused::RoleMayNot { role }),
        (Role::Attendant | Role::Lead, Act::Waive { step, .. }) if !waives(role, step, lane) => {
            Err(Refused::RoleMayNot { role })
        }
        // Whoever takes a lane away from everybody answers for the shift.
        (Role::Attendant, Act::Practice(Practice::Begin)) => Err(Refused::RoleMayNot { role }),
        (Role::Attendant | Role::Lead, _) => Ok(()),
    }
}

/// Whether the profile lets this role waive the step. Of several that are open under one name each must.
fn waives(role: Role, step: &Slug, lane: Option<&LaneStatus>) -> bool {
    let Some(lane) = lane else { return true };
    let of_occupants = lane.occupants.iter().flat_map(|occupant| &occupant.steps);
    let mut named = lane.steps.iter().chain(of_occupants).filter(|known| known.id == *step);
    named.all(|step| step.waive_by.is_empty() || step.waive_by.contains(&role))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Decision;
    use crate::model::{Attestation, Reason};

    #[test]
    fn a_lane_is_taken_for_training_by_a_lead_and_given_back_by_anybody() {
        let begin = |role| may(role, &Act::Practice(Practice::Begin), None);
        assert_eq!(begin(Role::Lead), Ok(()));
        assert_eq!(begin(Role::Attendant), Err(Refused::RoleMayNot { role: Role::Attendant }));
        assert_eq!(begin(Role::Observer), Err(Refused::RoleMayNot { role: Role::Observer }));
        for practice in Practice::SEEN.into_iter().chain([Practice::End]) {
            assert_eq!(may(Role::Attendant, &Act::Practice(practice), None), Ok(()));
        }
    }

    #[test]
    fn an_observer_calls_an_emergency_and_does_nothing_else() {
        let waive =
            Act::Waive { step: "temperature".parse().unwrap(), reason: "device-fault".parse().unwrap() };
        let decide = Act::Decide { decision: Decision::Admit, reason: Reason::AttendantDecision };
        let acts = [Act::Attest(Attestation::Mask), waive, decide, Act::Leave, Act::CloseBarrier, Act::Next];
        for role in Role::ALL {
            assert_eq!(may(role, &Act::Emergency, None), Ok(()));
            for act in &acts {
                let observer = role == Role::Observer;
                assert_eq!(may(role, act, None).is_err(), observer, "{role:?} {act:?}");
            }
        }
    }
}
