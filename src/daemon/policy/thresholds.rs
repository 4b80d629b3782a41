//! What a policy's thresholds make of a lane's screenings.

use crate::model::ScreeningRule;
use crate::thermometry::Settings;

/// `settings` of a lane's sensor, judged by `rule`.
pub fn judged_by(settings: &Settings, rule: &ScreeningRule) -> Settings {
    Settings { rule: *rule, ..*settings }
}
