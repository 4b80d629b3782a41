//! Factor, offset and threshold of some people, frozen, and what becomes of them with others.

use serde::Serialize;

use super::cut::{TooFew, cut};
use super::evaluation::{Judged, Point, Ruled, point, ruled, settled};
use super::fit::{Fit, fit};
use super::screened::{Condition, Person};
use crate::base::CentiCelsius;
use crate::model::trace::Decision;
use crate::model::{BodySite, ScreeningRule};

/// An assurance by which a threshold is as likely too low as too high.
pub const EVEN: f64 = 0.5;

/// Greatest correction that a site's file takes, in hundredths of a °C.
pub const CORRECTION_MAX: i16 = 200;

/// What a threshold is to hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// Reference temperature from which on somebody has a fever, in hundredths of a °C.
    pub fever: CentiCelsius,
    /// Share of people without a fever who are not referred.
    pub specificity: f64,
    /// How sure one may be that it holds with others.
    pub assurance: f64,
}

/// What some people are frozen to. Temperatures in hundredths of a °C.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frozen {
    /// What it was to hold.
    pub design: Design,
    /// Where on the body.
    pub site: BodySite,
    /// Factor for the surroundings in thousandths, as a rule takes it.
    pub factor: u16,
    /// Offset, as a rule takes it.
    pub correction: i16,
    /// Thresholds of the core equivalent.
    pub corrected: Thresholds,
    /// Thresholds of the skin temperature as it is, for comparison.
    pub uncorrected: Thresholds,
}

/// Two thresholds for the same design.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// By the design's assurance.
    pub assured: CentiCelsius,
    /// As likely too low as too high.
    pub even: CentiCelsius,
}

/// Why nothing can be frozen.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum CannotFreeze {
    /// No factor.
    #[error(
        "no factor can be fitted: it takes at least {} people without a fever, with references, in surroundings that differ",
        super::fit::PEOPLE_MIN
    )]
    NoFit,
    /// No threshold.
    #[error("{} people without a fever promise no such specificity by this assurance; it takes at least {}", .0.people, .0.needed)]
    TooFew(TooFew),
    /// More than a rule takes.
    #[error("the fitted factor {0:.3} is more than any rule takes")]
    BeyondRules(f64),
}

/// What becomes of frozen thresholds with people.
#[derive(Clone, Debug, Serialize)]
pub struct Applied {
    /// The core equivalent by the assured threshold.
    pub corrected: Point,
    /// The core equivalent by the even one.
    pub corrected_even: Point,
    /// The skin temperature by the assured threshold.
    pub uncorrected: Point,
    /// The skin temperature by the even one.
    pub uncorrected_even: Point,
    /// What a kiosk says with the frozen rule, whom it does not measure apart.
    pub rule: Ruled,
}

/// Freezes `people` of `site`; with the fit that it rests on. Everything but factor, correction, threshold and site is as in `rule`.
///
/// # Errors
///
/// When they are too few, or too much alike.
pub fn freeze(
    people: &[Person],
    site: BodySite,
    rule: &ScreeningRule,
    design: Design,
) -> Result<(Frozen, Fit), CannotFreeze> {
    let fit = fit(&settled(people, design.fever)).ok_or(CannotFreeze::NoFit)?;
    let (factor, correction) = rounded(&fit)?;
    let nothing = Thresholds { assured: rule.threshold, even: rule.threshold };
    let mut frozen = Frozen { design, site, factor, correction, corrected: nothing, uncorrected: nothing };
    let fitted = frozen.rule(rule);
    let (skins, cores) = judged(people, &fitted, design.fever);
    frozen.corrected = thresholds(&cores, design)?;
    frozen.uncorrected = thresholds(&skins, design)?;
    Ok((frozen, fit))
}

/// Applies `frozen` to other `people`, with nothing fitted.
pub fn apply(frozen: &Frozen, people: &[Person], rule: &ScreeningRule) -> Applied {
    let rule = frozen.rule(rule);
    let fever = frozen.design.fever;
    let (skins, cores) = judged(people, &rule, fever);
    let decided: Vec<Decision> = people.iter().map(|person| person.screened(&rule)).collect();
    Applied {
        corrected: point(&cores, frozen.corrected.assured),
        corrected_even: point(&cores, frozen.corrected.even),
        uncorrected: point(&skins, frozen.uncorrected.assured),
        uncorrected_even: point(&skins, frozen.uncorrected.even),
        rule: ruled(&rule, people.iter().map(|person| person.condition(fever)).zip(&decided)),
    }
}

impl Frozen {
    /// The rule that a kiosk would have: one cut without a guard band, and otherwise as `rule`.
    pub fn rule(&self, rule: &ScreeningRule) -> ScreeningRule {
        let threshold = self.corrected.assured;
        ScreeningRule {
            threshold,
            guard: 0,
            correction: self.correction,
            factor: self.factor,
            site: self.site,
            second_site: None,
            ceiling: rule.ceiling.max(threshold),
            ..*rule
        }
    }
}

/// The skin temperatures and core equivalents of `people`, as the decision has them.
fn judged(people: &[Person], rule: &ScreeningRule, fever: CentiCelsius) -> (Vec<Judged>, Vec<Judged>) {
    let of = |person: &Person| {
        let decision = person.screened(rule);
        let condition = person.condition(fever);
        ((condition, decision.skin), (condition, decision.core))
    };
    people.iter().map(of).unzip()
}

fn thresholds(judged: &[Judged], design: Design) -> Result<Thresholds, CannotFreeze> {
    let afebrile: Vec<CentiCelsius> =
        judged.iter().filter(|one| one.0 == Condition::Afebrile).map(|one| one.1).collect();
    let cut = |assurance| cut(&afebrile, design.specificity, assurance).map_err(CannotFreeze::TooFew);
    Ok(Thresholds { assured: cut(design.assurance)?, even: cut(EVEN)? })
}

/// Factor and offset as a rule takes them. What an offset has more than [`CORRECTION_MAX`] is left to the threshold, which moves with it.
fn rounded(fit: &Fit) -> Result<(u16, i16), CannotFreeze> {
    let factor = (fit.factor * 1_000.0).round();
    if !(0.0..=1_000.0).contains(&factor) {
        return Err(CannotFreeze::BeyondRules(fit.factor));
    }
    let most = f64::from(CORRECTION_MAX);
    let correction = (fit.offset * 100.0).round().clamp(-most, most);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just before")]
    let rounded = (factor as u16, correction as i16);
    Ok(rounded)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{centi, person};
    use super::*;
    use crate::model::Zone;

    const DESIGN: Design = Design { fever: centi_const(3_750), specificity: 0.95, assurance: 0.95 };

    /// Two hundred people of 36.0 to 37.0 °C behind skin with F = 0.2 and no offset, at `surroundings` and two degrees around.
    fn crowd(surroundings: i32) -> Vec<Person> {
        let one = |n: i32| {
            let (around, body) = (surroundings + n % 5 * 100 - 200, 36.0 + f64::from(n) / 200.0);
            let skin = (body + 0.2 * f64::from(around) / 100.0) / 1.2;
            #[expect(clippy::cast_possible_truncation, reason = "36 to 37 °C")]
            let reference = (body * 100.0).round() as i32;
            person(skin, around, Some(reference))
        };
        (0..200).map(one).collect()
    }

    #[test]
    fn a_corrected_threshold_holds_where_it_is_warmer_and_an_uncorrected_one_does_not() {
        let (frozen, fit) =
            freeze(&crowd(2_200), BodySite::ForeheadCentre, &ScreeningRule::PLAIN, DESIGN).unwrap();
        assert!((fit.factor - 0.2).abs() < 0.01, "{fit:?}");
        assert!(frozen.corrected.even < frozen.corrected.assured);
        let here = apply(&frozen, &crowd(2_200), &ScreeningRule::PLAIN);
        assert!(here.corrected.specificity.share.unwrap() >= 0.95);
        let warmer = apply(&frozen, &crowd(2_800), &ScreeningRule::PLAIN);
        assert!(warmer.corrected.specificity.share.unwrap() >= 0.95, "{warmer:?}");
        assert!(warmer.uncorrected.specificity.share.unwrap() < 0.5, "{warmer:?}");
    }

    #[test]
    fn the_frozen_rule_is_one_cut_and_the_ceiling_is_never_below_it() {
        let (frozen, _) = freeze(&crowd(2_200), BodySite::Neck, &ScreeningRule::PLAIN, DESIGN).unwrap();
        let high = Frozen { corrected: Thresholds { assured: centi(3_820), even: centi(3_810) }, ..frozen };
        let rule = high.rule(&ScreeningRule::PLAIN);
        assert_eq!((rule.guard, rule.ceiling, rule.site), (0, centi(3_820), BodySite::Neck));
        assert_eq!(rule.zone(centi(3_819), centi(3_819)), Zone::Below);
        assert_eq!(rule.zone(centi(3_820), centi(3_820)), Zone::Refer);
    }

    #[test]
    fn an_offset_that_no_rule_takes_is_left_to_the_threshold() {
        let cold: Vec<Person> = crowd(2_200)
            .into_iter()
            .map(|one| Person { readings: one.readings.iter().map(|skin| skin - 3.0).collect(), ..one })
            .collect();
        let (frozen, fit) = freeze(&cold, BodySite::ForeheadCentre, &ScreeningRule::PLAIN, DESIGN).unwrap();
        assert!(fit.offset > 3.0, "{fit:?}");
        assert_eq!(frozen.correction, CORRECTION_MAX);
        let applied = apply(&frozen, &cold, &ScreeningRule::PLAIN);
        assert!(applied.corrected.specificity.share.unwrap() >= 0.95);
    }

    #[test]
    fn too_few_are_refused_with_how_many_it_takes() {
        let few = freeze(&crowd(2_200)[..50], BodySite::ForeheadCentre, &ScreeningRule::PLAIN, DESIGN);
        assert_eq!(few, Err(CannotFreeze::TooFew(TooFew { people: 50, needed: 59 })));
        let none = freeze(&[], BodySite::ForeheadCentre, &ScreeningRule::PLAIN, DESIGN);
        assert_eq!(none, Err(CannotFreeze::NoFit));
    }

    const fn centi_const(value: i32) -> CentiCelsius {
        match CentiCelsius::new(value) {
            Some(value) => value,
            None => panic!("not a temperature"),
        }
    }
}
