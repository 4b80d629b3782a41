//! Codes that are shown at a lane, whether somebody is being served or not.

use super::input::Effect;
use super::lane::{Lane, State};
use crate::base::Mono;
use crate::model::Credential;

impl Lane {
    /// Takes a credential: of whoever is served, of whoever comes with it, or of whoever is next.
    pub(super) fn presented(&mut self, now: Mono, credential: Credential, effects: &mut Vec<Effect>) {
        let serves = self.serves();
        match &mut self.state {
            State::Steps(session) | State::Referred(session) => {
                session.present(now, &credential, &self.context);
            }
            State::Idle if serves => {
                if self.begin(now, self.settings.takes, self.usual_direction(), effects).is_ok() {
                    self.presented(now, credential, effects);
                }
            }
            State::Idle | State::Recording { .. } | State::Crossing(_) | State::Ended { .. } => {
                self.waiting = Some((now, credential));
            }
        }
    }

    /// Several different codes are in view: which one is meant nobody can say.
    pub(super) fn several_codes(&mut self, now: Mono, effects: &mut Vec<Effect>) {
        // One that was shown while the lane was busy may have been any of them.
        self.waiting = None;
        let serves = self.serves();
        match &mut self.state {
            State::Steps(session) | State::Referred(session) => session.several_codes(now, &self.context),
            State::Idle if serves => {
                if self.begin(now, self.settings.takes, self.usual_direction(), effects).is_ok() {
                    self.several_codes(now, effects);
                }
            }
            State::Idle | State::Recording { .. } | State::Crossing(_) | State::Ended { .. } => {}
        }
    }
}
