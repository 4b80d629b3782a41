//! From samples to a decision: one pure function of a [`Basis`], so that a record can be decided again.
//!
//! ```text
//! samples ─▶ supply ─▶ calibration ─▶ emissivity ─▶ skin of each ─▶ median of the warmest third = skin
//! skin ─▶ too hot, too cold, not settled? ─▶ + F·(skin − surroundings) + correction = core equivalent ─▶ plausible? ─▶ zone
//! ```
//!
//! Invariants: whatever is outside of what sensor or correction were checked for has no zone; one degree more of skin is at
//! least one degree more of core equivalent, so a fever is never drawn towards normal.

use super::budget::{self, Parts};
use super::equilibrium::{self, Settled};
use super::{calibration, radiometry};
use crate::base::CentiCelsius;
use crate::model::trace::{Basis, Decision, Head, SensorTrust, SurroundingsFrom, Trace};
use crate::model::{NotMeasured, ThermalReading, Zone};

/// Fewest samples of a screening.
pub const SAMPLES_MIN: usize = 5;
/// Sensor temperatures within which a medical part keeps its accuracy, 16 to 40 °C.
///
/// Source: MLX90614 datasheet rev 13, figure 24.
pub const DIE_VALID: std::ops::RangeInclusive<CentiCelsius> = centi(1_600)..=centi(4_000);
/// Supply that a sensor works with, in millivolts. Source: MLX90614 datasheet rev 13, table 5, 3 V parts.
pub const SUPPLY_VALID: std::ops::RangeInclusive<u16> = 2_600..=3_600;
/// Most that a sensor may differ from its reference, in hundredths of a degree.
pub const REFERENCE_MAX: i16 = 30;

/// Decides by `basis`.
pub fn decide(basis: &Basis) -> Decision {
    let surroundings = basis.surroundings;
    let mut skins: Vec<CentiCelsius> =
        basis.samples.iter().map(|sample| skin(&basis.head, sample, surroundings)).collect();
    skins.sort_by(|one, other| other.cmp(one));
    let top = &skins[..skins.len().div_ceil(3)];
    let skin = top.get(top.len() / 2).copied().unwrap_or(CentiCelsius::ABSOLUTE_ZERO);
    let settled = equilibrium::judge(skin, basis.outdoor, &basis.rule, basis.earlier);
    let raised = match settled {
        Settled::Yes { raise } | Settled::NotYet { raise } => raise,
    };
    let core = core_equivalent(basis, skin, raised);
    let corrected = moved(core, f64::from(basis.drift) / 100.0);
    let uncertainty = budget::uncertainty(&parts(basis, skin, &skins));
    let probability = budget::probability(corrected.degrees(), basis.rule.threshold.degrees(), uncertainty);
    let zone = match (unfit(basis, skin, core), settled) {
        // What looks like no living person's may be one who comes from the cold.
        (Some(NotMeasured::Implausible), Settled::NotYet { .. }) => Err(NotMeasured::Acclimatising),
        (Some(why), _) => Err(why),
        (None, settled) => zone(basis, settled, core, corrected),
    };
    Decision {
        skin,
        raised,
        core,
        uncertainty: whole(uncertainty * 100.0),
        probability: whole(probability * 1_000.0),
        zone,
    }
}

/// Whether `trace` says what its basis leads to.
pub fn agrees(trace: &Trace) -> bool {
    decide(&trace.basis) == trace.decision
}

/// What is compared with the threshold temperature: the core equivalent with the drift correction.
pub fn corrected(trace: &Trace) -> CentiCelsius {
    moved(trace.decision.core, f64::from(trace.basis.drift) / 100.0)
}

/// Skin temperature behind one sample: supply, calibration and emissivity corrected.
pub fn skin(head: &Head, sample: &ThermalReading, surroundings: CentiCelsius) -> CentiCelsius {
    let seen = sample.object.degrees() - radiometry::supply_error(head.supply_mv.into());
    let seen = match &head.calibration {
        Some(points) => calibration::apply(points, seen),
        None => Some(seen),
    };
    let emissivity = f64::from(head.emissivity) / 1_000.0;
    let skin = seen.and_then(|seen| radiometry::surface(seen, surroundings.degrees(), emissivity));
    skin.and_then(CentiCelsius::from_degrees).unwrap_or(CentiCelsius::ABSOLUTE_ZERO)
}

/// The sensor's own temperature with the supply corrected.
pub fn die(head: &Head, sample: &ThermalReading) -> CentiCelsius {
    moved(sample.die, -radiometry::supply_error(head.supply_mv.into()))
}

/// Core equivalent of `skin`, in surroundings and with the factor of `basis`.
///
/// `Tc = Ts + F·(Ts − Te) + b`; F ≥ 0, so that its slope over skin is 1 + F ≥ 1. Source: Beall et al. 2022.
pub fn core_equivalent(basis: &Basis, skin: CentiCelsius, raised: u16) -> CentiCelsius {
    let (factor, correction) = share(basis);
    let settled = skin.degrees() + f64::from(raised) / 100.0;
    let above = settled - basis.surroundings.degrees();
    moved(skin, f64::from(raised) / 100.0 + factor * above + correction)
}

/// Factor for the surroundings, and the site's own correction in °C. Both of the policy hold for its first place on the
/// body; another takes what is published for it.
fn share(basis: &Basis) -> (f64, f64) {
    if basis.site == basis.rule.site {
        (f64::from(basis.rule.factor) / 1_000.0, f64::from(basis.rule.correction) / 100.0)
    } else {
        (f64::from(basis.site.factor()) / 1_000.0, 0.0)
    }
}

/// Why nothing can be said, whatever the value.
fn unfit(basis: &Basis, skin: CentiCelsius, core: CentiCelsius) -> Option<NotMeasured> {
    let rule = &basis.rule;
    let [low, high] = rule.surroundings;
    if basis.samples.len() < SAMPLES_MIN {
        return Some(NotMeasured::Unsteady);
    }
    if !SUPPLY_VALID.contains(&basis.head.supply_mv) {
        return Some(NotMeasured::Supply);
    }
    if basis.samples.iter().any(|sample| !DIE_VALID.contains(&die(&basis.head, sample))) {
        return Some(NotMeasured::SensorNotReady);
    }
    if basis.reference.is_some_and(|error| error.saturating_abs() > REFERENCE_MAX) {
        return Some(NotMeasured::Reference);
    }
    if skin > rule.hot {
        return Some(NotMeasured::NotSkin);
    }
    if !(low..=high).contains(&basis.surroundings) {
        return Some(NotMeasured::Surroundings);
    }
    if skin < rule.cold {
        return Some(NotMeasured::TooCold);
    }
    (core < rule.implausible).then_some(NotMeasured::Implausible)
}

/// The zone. Whoever is not settled has one only if a person should decide already.
fn zone(
    basis: &Basis,
    settled: Settled,
    core: CentiCelsius,
    corrected: CentiCelsius,
) -> Result<Zone, NotMeasured> {
    let zone = basis.rule.zone(core, corrected);
    match (settled, zone) {
        (Settled::Yes { .. }, Zone::Below) if basis.sensor == SensorTrust::ReadsLow => {
            Err(NotMeasured::Drift)
        }
        (Settled::Yes { .. }, zone) => Ok(zone),
        // Sun on a forehead goes away in minutes; below the ceiling nobody is referred for it.
        (Settled::NotYet { .. }, Zone::Refer)
            if equilibrium::is_hot(basis.outdoor, &basis.rule)
                && core.max(corrected) < basis.rule.ceiling =>
        {
            Err(NotMeasured::Acclimatising)
        }
        (Settled::NotYet { .. }, Zone::Refer) => Ok(Zone::Refer),
        (Settled::NotYet { .. }, Zone::Below | Zone::Recheck) => Err(NotMeasured::Acclimatising),
    }
}

fn parts(basis: &Basis, skin: CentiCelsius, skins: &[CentiCelsius]) -> Parts {
    let (factor, _) = share(basis);
    Parts {
        accuracy: f64::from(basis.head.accuracy) / 100.0,
        repeat: repeatability(skin, skins),
        skin: skin.degrees(),
        surroundings: basis.surroundings.degrees(),
        surroundings_error: match basis.surroundings_from {
            // The die warms itself, and follows the air with a lag.
            SurroundingsFrom::Die => 1.5,
            SurroundingsFrom::Thermometer => 0.5,
            SurroundingsFrom::File => 2.0,
        },
        emissivity: f64::from(basis.head.emissivity) / 1_000.0,
        factor,
        spread: f64::from(basis.site.spread()) / 100.0,
    }
}

/// Standard uncertainty in °C of the value from the scatter of its samples: 1.4826 times the median deviation, over the
/// root of the number of samples that the value is the median of.
fn repeatability(skin: CentiCelsius, skins: &[CentiCelsius]) -> f64 {
    let mut deviations: Vec<i32> = skins.iter().map(|one| (*one - skin).abs()).collect();
    deviations.sort_unstable();
    let median = deviations.get(deviations.len() / 2).copied().unwrap_or(0);
    let used = u32::try_from(skins.len().div_ceil(3)).unwrap_or(1).max(1);
    1.4826 * f64::from(median) / 100.0 / f64::from(used).sqrt()
}

/// `value` and `by` °C more. What leaves the range of temperatures altogether becomes absolute zero, which is no skin.
fn moved(value: CentiCelsius, by: f64) -> CentiCelsius {
    CentiCelsius::from_degrees(value.degrees() + by).unwrap_or(CentiCelsius::ABSOLUTE_ZERO)
}

/// The nearest whole number that fits.
fn whole(value: f64) -> u16 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
    let whole = value.round().clamp(0.0, 65_535.0) as u16;
    whole
}

const fn centi(hundredths: i32) -> CentiCelsius {
    match CentiCelsius::new(hundredths) {
        Some(temperature) => temperature,
        None => panic!("not a temperature"),
    }
}

#[cfg(test)]
pub(crate) mod tests;
