//! What a policy's thresholds make of a lane's screenings.

use crate::config::Screening;
use crate::thermometry::{Factor, Settings};

/// `settings` of a lane's sensor, judged by `rule`.
pub fn judged_by(settings: &Settings, rule: &Screening) -> Settings {
    let Screening { threshold, guard, correction, factor, cold, hot } = *rule;
    let factor = Factor::new(f64::from(factor) / 1_000.0).unwrap_or(settings.factor);
    Settings { threshold, guard, offset: correction, cold, hot, factor, ..*settings }
}
