//! Whose signatures a sign-off step takes. Two are of two different people, and it does not matter who signs first.

use super::step::Step;
use crate::base::AttendantId;
use crate::config::Ask;
use crate::control::Refused;
use crate::model::{Evidence, Role, StepKind};

impl Step {
    /// `by`, who is here as `role`, signs.
    ///
    /// # Errors
    ///
    /// When they have signed already, or the signature that is missing is that of another role.
    pub(super) fn sign(&mut self, by: &AttendantId, role: Role) -> Result<(), Refused> {
        let Some(places) = self.places() else {
            return Err(Refused::StepNotOpen { step: StepKind::SignOff });
        };
        if self.signed.iter().any(|(known, _)| known == by) {
            return Err(Refused::NotNow { why: "somebody else has to sign as well" });
        }
        if !self.would_take(&places, role) {
            let wanted = Role::ALL.into_iter().filter(|role| self.would_take(&places, *role)).collect();
            return Err(Refused::SignatureOf { wanted });
        }
        let enough = self.signed.len() + 1 >= places.len();
        self.signed.push((by.clone(), role));
        if enough {
            self.settle(Evidence::Signed { by: self.signed.iter().map(|(by, _)| by.clone()).collect() });
        }
        Ok(())
    }

    /// With which roles a signature would count now; empty where anybody's would who staffs the post.
    pub(super) fn signs_next(&self) -> Vec<Role> {
        let places = self.places().unwrap_or_default();
        let staff: Vec<Role> = Role::ALL.into_iter().filter(|role| role.staffs()).collect();
        let next: Vec<Role> = staff.iter().copied().filter(|role| self.would_take(&places, *role)).collect();
        if next == staff { vec![] } else { next }
    }

    /// The signatures that are wanted: for each, the roles that may give it.
    fn places(&self) -> Option<Vec<Vec<Role>>> {
        let Ask::SignOff { signatures, by, second_by } = &self.rule.ask else { return None };
        let places = [by, second_by].into_iter().take(usize::from(*signatures));
        Some(places.cloned().collect())
    }

    fn would_take(&self, places: &[Vec<Role>], role: Role) -> bool {
        let roles: Vec<Role> = self.signed.iter().map(|(_, role)| *role).chain([role]).collect();
        fit(places, &roles)
    }
}

/// Whether each of these can sign in a place of their own.
fn fit(places: &[Vec<Role>], roles: &[Role]) -> bool {
    let Some((role, rest)) = roles.split_first() else { return true };
    (0..places.len()).any(|at| {
        let others: Vec<Vec<Role>> = places
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .map(|(_, place)| place.clone())
            .collect();
        takes(&places[at], *role) && fit(&others, rest)
    })
}

fn takes(place: &[Role], role: Role) -> bool {
    role.staffs() && (place.is_empty() || place.contains(&role))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Role::{Attendant, Lead, Observer};

    #[test]
    fn everybody_signs_in_a_place_of_their_own_whoever_comes_first() {
        let any = || vec![];
        let lead = || vec![Lead];
        for (places, roles, fits) in [
            (vec![any()], vec![Attendant], true),
            (vec![any()], vec![Observer], false),
            (vec![lead()], vec![Attendant], false),
            (vec![any(), lead()], vec![Attendant], true),
            (vec![any(), lead()], vec![Lead], true),
            (vec![any(), lead()], vec![Attendant, Lead], true),
            (vec![any(), lead()], vec![Lead, Attendant], true),
            (vec![any(), lead()], vec![Lead, Lead], true),
            (vec![any(), lead()], vec![Attendant, Attendant], false),
            (vec![lead(), vec![Attendant]], vec![Lead, Lead], false),
            (vec![any()], vec![Lead, Attendant], false),
        ] {
            assert_eq!(fit(&places, &roles), fits, "{places:?} {roles:?}");
        }
    }
}
