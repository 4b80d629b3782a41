//! What the result of a screening does to the temperature step of a person.

use super::person::PersonSession;
use super::recheck::Led;
use super::step::Step;
use crate::base::{CentiCelsius, Pii};
use crate::config::Ask;
use crate::config::step_rule::Grade;
use crate::model::{Evidence, Reason, Screening, ScreeningRule, StepKind, StepOutcome, Zone};

/// Most screenings of a person whose traces are kept.
const TRACES_MAX: usize = 8;

impl PersonSession {
    /// Takes the result of a screening that was judged by `rule`.
    pub fn screened(&mut self, screening: &Screening, rule: &ScreeningRule) {
        let Some(step) = self.steps.unsettled(StepKind::Temperature) else { return };
        let traces = self.details.traces.get_or_insert_default();
        if let Some(trace) = &screening.trace
            && traces.len() < TRACES_MAX
        {
            traces.push(Pii::new((**trace).clone()));
        }
        self.screening = Some(screening.clone());
        match screening.zone {
            Ok(zone) if settles(step, rule, zone, screening) => {}
            // Kept by itself, sealed, only when it was not plainly below the threshold temperature.
            Ok(_) => self.details.skin = screening.skin.map(Pii::new),
            Err(why) => {
                step.attempts = step.attempts.saturating_add(1);
                step.screened = step.screened.saturating_add(1);
                step.not_measured(why);
            }
        }
    }
}

/// Brings `step` on by a reading in `zone`; whether that settled it.
fn settles(step: &mut Step, rule: &ScreeningRule, zone: Zone, screening: &Screening) -> bool {
    step.screened = step.screened.saturating_add(1);
    let may_repeat = step.rule.attempts > 1;
    let compared = screening.compared.unwrap_or(CentiCelsius::HOTTEST);
    let zone = match step.recheck.take(rule, zone, compared) {
        Led::Again if may_repeat => {
            // The series counts as one attempt.
            step.outcome = StepOutcome::Open;
            step.below = 0;
            return false;
        }
        Led::Again | Led::Counts => zone,
        Led::Median(zone) => zone,
    };
    step.attempts = step.attempts.saturating_add(1);
    let attempts = step.screened;
    let evidence = |zone| Evidence::Temperature { zone, attempts };
    step.below = if zone == Zone::Below { step.below.saturating_add(1) } else { 0 };
    let again = step.below < 2 && wants_second(&step.rule.ask, screening);
    match zone {
        Zone::Below if !again => {
            step.settle(evidence(Zone::Below));
            return true;
        }
        Zone::Below if step.attempts >= step.rule.attempts => {
            step.fail(Reason::TemperatureUnclear, Some(evidence(Zone::Below)));
        }
        Zone::Below => {}
        Zone::Refer => step.fail(Reason::TemperatureElevated, Some(evidence(Zone::Refer))),
        Zone::Recheck => step.fail(Reason::TemperatureUnclear, Some(evidence(Zone::Recheck))),
    }
    false
}

/// Whether one screening below the threshold temperature is not enough.
fn wants_second(ask: &Ask, screening: &Screening) -> bool {
    let Ask::Temperature { recheck_from, grade } = ask else { return false };
    let warm = recheck_from.zip(screening.compared).is_some_and(|(from, value)| value >= from);
    *grade == Grade::Twice || warm
}
