//! Decisions from a basis, and that a record says what its basis leads to.

use super::*;
use crate::model::trace::{Calibration, CalibrationId, CalibrationPoint, Earlier, SensorTrust};
use crate::model::{BodySite, RawWords, ScreeningRule};
use crate::thermometry::settings::PLAIN_HEAD;
use proptest::prelude::*;

#[test]
fn a_reading_is_corrected_for_supply_emissivity_and_surroundings() {
    // Skin 34.5 °C at 25 °C: seen as 34.32 (radiometry), read 0.18 high on 3.3 V.
    let basis = basis(3_450, 2_500);
    let decision = decide(&basis);
    assert!((decision.skin.get() - 3_450).abs() <= 1, "{decision:?}");
    // 34.5 + 0.2 · 9.5
    assert!((decision.core.get() - 3_640).abs() <= 2, "{decision:?}");
    assert_eq!(decision.zone, Ok(Zone::Below));
    let known = Basis { surroundings: centi(1_600), ..basis };
    let known = Basis { rule: ScreeningRule { correction: 10, ..known.rule }, ..known };
    // What is reflected is colder now, which makes skin 0.17 warmer: 34.67 + 0.2 · 18.67 + 0.1
    assert!((decide(&known).core.get() - 3_850).abs() <= 3, "{:?}", decide(&known));
}

#[test]
fn a_calibration_is_applied_before_emissivity() {
    let off = 40;
    let points =
        [3_000, 4_000].map(|value| CalibrationPoint { read: centi(value + off), true_value: centi(value) });
    let calibration = Some(Calibration { id: CalibrationId([1; 8]), points });
    let mut basis = basis(3_450, 2_500);
    basis.samples.iter_mut().for_each(|sample| sample.object = centi(sample.object.get() + off));
    assert!((decide(&basis).skin.get() - 3_490).abs() <= 2);
    basis.head.calibration = calibration;
    assert!((decide(&basis).skin.get() - 3_450).abs() <= 2, "{:?}", decide(&basis));
}

#[test]
fn another_place_on_the_body_takes_what_is_published_for_it() {
    let mut basis = basis(3_450, 2_500);
    basis.rule.correction = 50;
    let first = decide(&basis);
    basis.site = BodySite::Canthus;
    let other = decide(&basis);
    // 0.1 · 9.5 instead of 0.2 · 9.5 + 0.5
    assert!((first.core - other.core - 145).abs() <= 1, "{first:?} {other:?}");
    assert!(other.uncertainty < first.uncertainty);
}

#[test]
fn each_limit_has_its_reason() {
    let good = basis(3_450, 2_500);
    assert_eq!(decide(&good).zone, Ok(Zone::Below));
    let few = Basis { samples: good.samples[..4].to_vec(), ..good.clone() };
    let supply = |supply_mv| Basis { head: Head { supply_mv, ..good.head }, ..good.clone() };
    let surroundings = |value| Basis { surroundings: centi(value), ..good.clone() };
    let reference = |error| Basis { reference: Some(error), ..good.clone() };
    let cold = Basis { outdoor: Some(centi(-500)), ..good.clone() };
    let low = Basis { sensor: SensorTrust::ReadsLow, ..good.clone() };
    let cases = [
        (few, NotMeasured::Unsteady),
        (supply(2_599), NotMeasured::Supply),
        (supply(3_601), NotMeasured::Supply),
        (with_die(1_550), NotMeasured::SensorNotReady),
        (with_die(4_050), NotMeasured::SensorNotReady),
        (basis(4_310, 2_500), NotMeasured::NotSkin),
        (surroundings(1_590), NotMeasured::Surroundings),
        (surroundings(3_210), NotMeasured::Surroundings),
        (basis(3_340, 2_500), NotMeasured::TooCold),
        (basis(3_360, 2_800), NotMeasured::Implausible),
        (reference(31), NotMeasured::Reference),
        (reference(-31), NotMeasured::Reference),
        (cold, NotMeasured::Acclimatising),
        // From the cold it may still become a living person's: wait, and do not look for what covers the skin.
        (Basis { outdoor: Some(centi(-500)), ..basis(3_360, 2_800) }, NotMeasured::Acclimatising),
        (low, NotMeasured::Drift),
    ];
    for (basis, why) in cases {
        assert_eq!(decide(&basis).zone, Err(why), "{basis:?}");
    }
    assert_eq!(decide(&reference(30)).zone, Ok(Zone::Below));
}

#[test]
fn who_comes_from_the_cold_is_only_ever_found_warmer_by_it() {
    let warming = |minutes: u16, skin, before| Basis {
        outdoor: Some(centi(-500)),
        earlier: Some(Earlier { seconds: minutes * 60, skin: centi(before) }),
        ..basis(skin, 2_500)
    };
    // Settled, and 0.07 in three minutes still rising: with the noise of that, 0.24 more by the slow time constant.
    let settled = decide(&warming(3, 3_450, 3_443));
    assert_eq!((settled.raised, settled.zone), (24, Ok(Zone::Below)), "{settled:?}");
    assert!((settled.core - decide(&basis(3_450, 2_500)).core - 29).abs() <= 1);
    assert_eq!(decide(&warming(1, 3_450, 3_450)).zone, Err(NotMeasured::Acclimatising), "too soon to say");
    // A rise that fast says nothing yet, unless it is alarming already.
    assert_eq!(decide(&warming(1, 3_450, 3_420)).zone, Err(NotMeasured::Acclimatising));
    assert_eq!(decide(&warming(1, 3_520, 3_490)).zone, Ok(Zone::Refer));
}

#[test]
fn who_comes_from_the_heat_waits_until_the_sun_has_gone_unless_it_is_the_ceiling() {
    let rule = ScreeningRule { outdoor_hot: Some(centi(3_000)), ..ScreeningRule::PLAIN };
    let warm = |skin, earlier: Option<Earlier>| {
        decide(&Basis { rule, outdoor: Some(centi(3_400)), earlier, ..basis(skin, 2_500) }).zone
    };
    let before = |skin| Some(Earlier { seconds: 180, skin: centi(skin) });
    assert_eq!(warm(3_450, None), Err(NotMeasured::Acclimatising));
    assert_eq!(warm(3_570, None), Err(NotMeasured::Acclimatising), "37.8: it may be the sun");
    assert_eq!(warm(3_600, None), Ok(Zone::Refer), "38.2: for a person, whatever it is");
    assert_eq!(warm(3_570, before(3_620)), Err(NotMeasured::Acclimatising), "still falling");
    assert_eq!(warm(3_570, before(3_590)), Ok(Zone::Refer));
    assert_eq!(warm(3_450, before(3_470)), Ok(Zone::Below));
    // What drying sweat still takes is added.
    assert_eq!(warm(3_480, before(3_450)), Ok(Zone::Recheck));
    assert_eq!(decide(&basis(3_480, 2_500)).zone, Ok(Zone::Below));
}

#[test]
fn the_drift_correction_moves_the_value_but_never_below_the_ceiling() {
    let with = |skin, drift| decide(&Basis { drift, ..basis(skin, 2_500) });
    // 34.5 is 36.4; a correction of 0.3 shows in the probability and in the zone.
    assert!(with(3_450, 30).probability > with(3_450, 0).probability);
    assert_eq!((with(3_515, 0).zone, with(3_515, -30).zone), (Ok(Zone::Recheck), Ok(Zone::Below)));
    // 35.85 is 38.02.
    assert_eq!(with(3_585, -30).zone, Ok(Zone::Refer));
    assert_eq!(with(3_450, 30).core, with(3_450, 0).core, "what is learnt from is uncorrected");
}

#[test]
fn a_trace_survives_encoding_and_says_what_its_basis_leads_to() {
    let basis = Basis {
        distance_mm: Some(48),
        outdoor: Some(centi(1_250)),
        earlier: Some(Earlier { seconds: 75, skin: centi(3_440) }),
        drift: -7,
        reference: Some(12),
        ..basis(3_450, 2_500)
    };
    let trace = Trace { decision: decide(&basis), basis };
    let bytes = minicbor::to_vec(&trace).unwrap();
    let back: Trace = minicbor::decode(&bytes).unwrap();
    assert_eq!(back, trace);
    assert!(agrees(&back));
    assert!(bytes.len() < 260, "{} bytes", bytes.len());
    let altered = Trace { decision: Decision { zone: Ok(Zone::Refer), ..trace.decision }, ..trace.clone() };
    assert!(!agrees(&altered));
    let mut warmer = trace;
    warmer.basis.samples.iter_mut().for_each(|sample| sample.object = centi(sample.object.get() + 2));
    assert!(!agrees(&warmer));
}

proptest! {
    #[test]
    fn one_degree_more_skin_is_at_least_one_degree_more_core(
        skin in 3_000..4_200i32, more in 1..300i32, air in 0..4_000i32, factor in 0..=1_000u16, raised in 0..100u16,
    ) {
        let basis = basis(skin, air);
        let basis = Basis { rule: ScreeningRule { factor, ..basis.rule }, ..basis };
        let low = core_equivalent(&basis, centi(skin), raised);
        let high = core_equivalent(&basis, centi(skin + more), raised);
        // One hundredth for rounding.
        prop_assert!(high - low >= more - 1, "{low:?} {high:?}");
    }

    #[test]
    fn nothing_outside_the_envelope_is_below(
        skin in -2_000..6_000i32, air in -2_500..6_000i32, outdoor in proptest::option::of(-3_000..4_000i32),
    ) {
        let basis = Basis { outdoor: outdoor.map(centi), ..basis(skin, air) };
        let decision = decide(&basis);
        let rule = basis.rule;
        let inside = (1_600..=3_200).contains(&air)
            && (rule.cold..=rule.hot).contains(&decision.skin)
            && decision.core >= rule.implausible
            && outdoor.is_none_or(|outdoor| outdoor >= 1_000);
        prop_assert!(inside || decision.zone != Ok(Zone::Below), "{decision:?}");
    }
}

/// A screening with everything beside it that there can be.
pub(crate) fn example() -> Trace {
    let basis = Basis { distance_mm: Some(48), drift: -4, reference: Some(6), ..basis(3_450, 2_500) };
    Trace { decision: decide(&basis), basis }
}

/// Nine samples of `skin` in surroundings of `air`, on 3.3 V, as a sensor at emissivity 1 gives them.
fn basis(skin: i32, air: i32) -> Basis {
    let seen = radiometry::seen(f64::from(skin) / 100.0, f64::from(air) / 100.0, 0.98);
    let object = CentiCelsius::from_degrees(seen + radiometry::supply_error(3_300)).unwrap();
    let die = centi((air + 18).clamp(1_700, 3_900));
    let sample = ThermalReading { object, die, raw: RawWords::new(&[15_000, 14_900]) };
    Basis {
        samples: vec![sample; 9],
        site: BodySite::ForeheadCentre,
        rule: ScreeningRule::PLAIN,
        head: PLAIN_HEAD,
        surroundings: centi(air),
        surroundings_from: SurroundingsFrom::Thermometer,
        distance_mm: None,
        outdoor: None,
        earlier: None,
        drift: 0,
        reference: None,
        sensor: SensorTrust::Trusted,
    }
}

fn with_die(die: i32) -> Basis {
    let mut basis = basis(3_450, 2_500);
    basis.samples.iter_mut().for_each(|sample| sample.die = centi(die));
    basis
}

fn centi(value: i32) -> CentiCelsius {
    CentiCelsius::new(value).unwrap()
}
