//! What a role may do at a lane. Asked where acts come in, before any lane hears of them.

use super::command::{Act, Refused};
use crate::model::duty::Role;

/// Whether somebody with this role may do this. An emergency is everybody's: who sees one must be able to call it.
///
/// # Errors
///
/// When they may not.
pub fn may(role: Role, act: &Act) -> Result<(), Refused> {
    match (role, act) {
        (_, Act::Emergency) | (Role::Attendant | Role::Lead, _) => Ok(()),
        (Role::Observer, _) => Err(Refused::RoleMayNot { role }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Decision;
    use crate::model::{Attestation, Reason};

    #[test]
    fn an_observer_calls_an_emergency_and_does_nothing_else() {
        let waive =
            Act::Waive { step: "temperature".parse().unwrap(), reason: "device-fault".parse().unwrap() };
        let decide = Act::Decide { decision: Decision::Admit, reason: Reason::AttendantDecision };
        let acts = [Act::Attest(Attestation::Mask), waive, decide, Act::Leave, Act::CloseBarrier, Act::Next];
        for role in Role::ALL {
            assert_eq!(may(role, &Act::Emergency), Ok(()));
            for act in &acts {
                let observer = role == Role::Observer;
                assert_eq!(may(role, act).is_err(), observer, "{role:?} {act:?}");
            }
        }
    }
}
