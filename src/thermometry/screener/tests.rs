//! Screenings as scripts: samples in, one result out.

mod beside;

use super::*;
use crate::model::{RawWords, Zone};
use crate::thermometry::radiometry;
use proptest::prelude::*;

const STEP_MS: u64 = 150;

#[test]
fn somebody_of_normal_temperature_is_below_after_five_samples() {
    let mut lane = Lane::new(22.0);
    lane.screener.begin(lane.now, Whose::New);
    assert_eq!(lane.screener.guidance(), Some(Guidance::ComeCloser));
    let results: Vec<_> = (0..5).map(|_| lane.skin(34.2)).collect();
    assert!(results[..4].iter().all(Option::is_none), "{results:?}");
    let screening = results[4].clone().unwrap();
    assert_eq!((screening.zone, screening.samples), (Ok(Zone::Below), 5));
    assert!((screening.skin.unwrap().degrees() - 34.2).abs() < 0.03, "{screening:?}");
    assert!((screening.compared.unwrap().degrees() - 36.64).abs() < 0.05, "{screening:?}");
    assert_eq!(lane.screener.guidance(), Some(Guidance::Measured));
}

#[test]
fn every_zone_is_reached_in_its_range() {
    // Compared is 1.2 · skin − 4.4 at 22 °C; the guard band is 37.0 to 37.6.
    for (skin, zone) in [(33.8, Zone::Below), (34.8, Zone::Recheck), (35.1, Zone::Refer), (37.0, Zone::Refer)]
    {
        assert_eq!(Lane::new(22.0).screen(skin).zone, Ok(zone), "{skin}");
    }
}

#[test]
fn cold_skin_is_asked_to_wait_inside_and_never_below() {
    let mut lane = Lane::new(18.0);
    assert_eq!(lane.screen(33.2).zone, Err(NotMeasured::TooCold));
    assert_eq!(lane.screener.guidance(), Some(Guidance::WaitInside));
}

#[test]
fn a_cup_of_tea_is_no_skin() {
    assert_eq!(Lane::new(22.0).screen(60.0).zone, Err(NotMeasured::NotSkin));
}

#[test]
fn without_anybody_the_screening_ends_with_its_patience() {
    let mut lane = Lane::new(22.0);
    let begun = lane.now;
    lane.screener.begin(begun, Whose::New);
    let screening = lane.until_it_ends(|lane| lane.skin(22.0));
    assert_eq!(screening.zone, Err(NotMeasured::NobodyThere));
    let took = lane.now.since(begun);
    assert!((20_000..20_400).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn somebody_too_far_away_is_asked_to_come_closer() {
    let mut lane = Lane::new(22.0);
    lane.screener.begin(lane.now, Whose::New);
    let far = radiometry::filled(34.5, 22.0, 0.5);
    let screening = lane.until_it_ends(|lane| {
        let result = lane.skin(far);
        assert!(result.is_some() || lane.screener.guidance() == Some(Guidance::ComeCloser));
        result
    });
    assert_eq!(screening.zone, Err(NotMeasured::NobodyThere));
}

#[test]
fn a_hot_wall_is_nobody() {
    // Sun on a wall at skin temperature, on a day where die and wall are nearly as warm as skin.
    let mut lane = Lane::new(36.0);
    lane.screener.begin(lane.now, Whose::New);
    let screening = lane.until_it_ends(|lane| lane.skin(36.5));
    assert_eq!(screening.zone, Err(NotMeasured::NobodyThere));
}

#[test]
fn an_approach_is_not_measured_until_it_settles() {
    let mut lane = Lane::new(22.0);
    lane.screener.begin(lane.now, Whose::New);
    for fill in [0.3, 0.6, 0.9, 0.97] {
        assert_eq!(lane.skin(radiometry::filled(36.4, 22.0, fill)), None);
    }
    let screening = lane.until_it_ends(|lane| lane.skin(36.4));
    assert_eq!(screening.zone, Ok(Zone::Refer));
    assert!((screening.skin.unwrap().degrees() - 36.4).abs() < 0.03, "{screening:?}");
}

#[test]
fn somebody_who_does_not_hold_still_is_unsteady() {
    let mut lane = Lane::new(22.0);
    lane.screener.begin(lane.now, Whose::New);
    let mut near = false;
    let screening = lane.until_it_ends(|lane| {
        near = !near;
        lane.skin(if near { 34.5 } else { 32.5 })
    });
    assert_eq!(screening.zone, Err(NotMeasured::Unsteady));
}

#[test]
fn a_failing_sensor_ends_the_screening_with_its_reason() {
    for reason in [NoReading::Absent, NoReading::Checksum, NoReading::Flagged, NoReading::Stale] {
        let mut lane = Lane::new(22.0);
        lane.screener.begin(lane.now, Whose::New);
        let begun = lane.now;
        let screening = lane.until_it_ends(|lane| lane.step(Err(reason)));
        assert_eq!(screening.zone, Err(NotMeasured::NoReading(reason)));
        assert!(lane.now.since(begun).as_millis() < 3_400);
        assert_eq!(lane.screener.guidance(), Some(Guidance::AskAttendant));
    }
}

#[test]
fn a_silent_sensor_ends_the_screening_by_its_deadline() {
    let mut lane = Lane::new(22.0);
    lane.screener.begin(lane.now, Whose::New);
    let (at, why) = lane.screener.deadline().unwrap();
    assert_eq!((at.since(lane.now), why), (lane.screener.settings.fault_max, "sensor is silent"));
    assert_eq!(lane.screener.expire(Mono(at.0 - 1)), None);
    let screening = lane.screener.expire(at).unwrap();
    assert_eq!(screening.zone, Err(NotMeasured::NoReading(NoReading::Timeout)));
    assert_eq!(lane.screener.deadline(), None);
}

#[test]
fn a_sensor_outside_its_range_is_not_ready() {
    for die in [10.0, 41.0] {
        let mut lane = Lane::new(22.0);
        lane.screener.begin(lane.now, Whose::New);
        let screening = lane.until_it_ends(|lane| lane.step(Ok(seen(34.5, die))));
        assert_eq!(screening.zone, Err(NotMeasured::SensorNotReady));
        assert!(screening.die.is_some());
        assert_eq!(lane.screener.guidance(), Some(Guidance::WarmingUp));
    }
}

#[test]
fn samples_from_before_a_fault_or_from_the_person_before_do_not_count() {
    let mut lane = Lane::new(22.0);
    lane.screener.begin(lane.now, Whose::New);
    assert!((0..4).all(|_| lane.skin(34.5).is_none()));
    assert_eq!(lane.step(Err(NoReading::Checksum)), None);
    assert!((0..4).all(|_| lane.skin(34.5).is_none()));
    lane.screener.begin(lane.now, Whose::New);
    assert!((0..4).all(|_| lane.skin(36.5).is_none()));
    assert_eq!(lane.skin(36.5).unwrap().zone, Ok(Zone::Refer));
}

#[test]
fn somebody_who_stands_there_for_a_minute_does_not_become_background() {
    let mut lane = Lane::new(22.0);
    for _ in 0..400 {
        lane.skin(34.5);
    }
    assert_eq!(lane.screen(34.2).zone, Ok(Zone::Below));
    // But a place that has become warmer is learned in time.
    let mut lane = Lane::new(22.0);
    for _ in 0..6_000 {
        lane.skin(30.5);
    }
    lane.screener.begin(lane.now, Whose::New);
    let screening = lane.until_it_ends(|lane| lane.skin(30.5));
    assert_eq!(screening.zone, Err(NotMeasured::NobodyThere));
}

/// What a sensor can give: a reading of skin and die in hundredths, or none.
type Given = Result<(i32, i32), NoReading>;

fn unmeasurable() -> impl Strategy<Value = Given> {
    prop_oneof![
        // Too cold, or nobody; 0.4 °C of it because what skin reflects is the median die of all samples.
        (-4_000..3_310i32, 1_700..3_900i32).prop_map(Ok),
        (4_302..30_000i32, 1_700..3_900i32).prop_map(Ok), // no skin
        (3_400..3_700i32, prop_oneof![-2_000..1_500i32, 4_100..8_000i32]).prop_map(Ok), // not ready
        prop_oneof![Just(NoReading::Absent), Just(NoReading::Checksum), Just(NoReading::Flagged)]
            .prop_map(Err),
    ]
}

fn anything() -> impl Strategy<Value = Given> {
    prop_oneof![2 => (3_350..4_300i32, 1_600..4_000i32).prop_map(Ok), 1 => unmeasurable()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_cannot_be_measured_never_gets_a_zone(given in proptest::collection::vec((unmeasurable(), 1..12u8), 1..40)) {
        let mut lane = Lane::new(22.0);
        lane.screener.begin(lane.now, Whose::New);
        for (given, times) in given {
            for _ in 0..times {
                if let Some(screening) = lane.give(given) {
                    prop_assert!(screening.zone.is_err(), "{screening:?} after {given:?}");
                    lane.screener.begin(lane.now, Whose::New);
                }
            }
        }
    }

    #[test]
    fn a_zone_rests_on_enough_samples_within_the_skins_range_and_on_its_own_numbers(
        given in proptest::collection::vec((anything(), 1..12u8), 1..40),
    ) {
        let mut lane = Lane::new(22.0);
        lane.screener.begin(lane.now, Whose::New);
        for (given, times) in given {
            for _ in 0..times {
                let Some(screening) = lane.give(given) else { continue };
                let settings = *lane.screener.settings();
                if let Ok(zone) = screening.zone {
                    prop_assert!(usize::from(screening.samples) >= SAMPLES_MIN);
                    let skin = screening.skin.unwrap();
                    prop_assert!((settings.rule.cold..=settings.rule.hot).contains(&skin), "{screening:?}");
                    prop_assert_eq!(zone, settings.rule.zone(screening.compared.unwrap(), screening.compared.unwrap()));
                }
                lane.screener.begin(lane.now, Whose::New);
            }
        }
    }
}

/// A lane whose sensor gives one sample each 150 ms, after a minute of background.
struct Lane {
    screener: Screener,
    now: Mono,
    ambient: f64,
}

impl Lane {
    fn new(ambient: f64) -> Self {
        let screener = Screener::new(Settings::default(), Mono::ZERO);
        let mut lane = Self { screener, now: Mono::from_millis(1_000), ambient };
        (0..400).for_each(|_| assert_eq!(lane.skin(ambient), None));
        lane
    }

    fn screen(&mut self, skin: f64) -> Screening {
        self.screener.begin(self.now, Whose::New);
        self.until_it_ends(|lane| lane.skin(skin))
    }

    fn until_it_ends(&mut self, mut sample: impl FnMut(&mut Self) -> Option<Screening>) -> Screening {
        (0..1_000).find_map(|_| sample(self)).expect("a screening ends")
    }

    fn skin(&mut self, skin: f64) -> Option<Screening> {
        self.step(Ok(seen(skin, self.ambient)))
    }

    fn give(&mut self, given: Given) -> Option<Screening> {
        self.step(given.map(|(skin, die)| seen(f64::from(skin) / 100.0, f64::from(die) / 100.0)))
    }

    fn step(&mut self, sample: Result<ThermalReading, NoReading>) -> Option<Screening> {
        self.now = self.now + std::time::Duration::from_millis(STEP_MS);
        self.screener.sense(self.now, Sense::Spot(sample))
    }
}

/// What a chip on 3.3 V at `die` °C gives of skin at `skin` °C.
fn seen(skin: f64, die: f64) -> ThermalReading {
    let error = radiometry::supply_error(3_300);
    let word = |celsius: f64| ((celsius + error + 273.15) / 0.02).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 30,000")]
    let word = |celsius: f64| word(celsius) as u16;
    let (raw_object, raw_die) = (word(radiometry::seen(skin, die, 0.98)), word(die));
    let decoded = |raw: u16| centi(i32::from(raw) * 2 - 27_315);
    ThermalReading {
        object: decoded(raw_object),
        die: decoded(raw_die),
        raw: RawWords::new(&[raw_object, raw_die]),
    }
}

fn centi(value: i32) -> CentiCelsius {
    CentiCelsius::new(value).unwrap()
}
