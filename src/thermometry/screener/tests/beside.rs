//! What other sensors say, more than one reading of somebody, and faces of an array.

use super::{Lane, centi, seen};
use crate::base::{Mono, NoReading};
use crate::model::Beside::{self, Air, Distance, Outdoor, Plate as PlateSeen, Supply};
use crate::model::trace::{Calibration, CalibrationId, CalibrationPoint, Head};
use crate::model::{BodySite, DriftNote, Guidance, NotMeasured, ScreeningRule, Zone};
use crate::thermometry::array::NoFace;
use crate::thermometry::settings::PLAIN_HEAD;
use crate::thermometry::{Fitted, Plate, Reach, Sense, Settings, Surroundings, Unseen, Whose};
use std::time::Duration;

#[test]
fn who_is_too_near_is_asked_to_step_back_and_who_is_too_far_to_come_closer() {
    let mut lane = Lane::with(Settings { distance: Some(REACH), ..Settings::default() }, 22.0);
    lane.screener.begin(lane.now, Whose::New);
    for (distance, guidance) in
        [(900, Guidance::ComeCloser), (80, Guidance::ComeCloser), (20, Guidance::StepBack)]
    {
        lane.tell(Distance(Ok(distance)));
        assert_eq!(lane.skin(34.2), None);
        assert_eq!(lane.screener.guidance(), Some(guidance), "{distance} mm");
    }
    let screening = lane.until_it_ends(|lane| {
        lane.tell(Distance(Ok(45)));
        lane.skin(34.2)
    });
    assert_eq!(screening.zone, Ok(Zone::Below));
    assert_eq!(screening.trace.unwrap().basis.distance_mm, Some(45));
}

#[test]
fn who_comes_nearer_all_the_time_is_not_measured() {
    let mut lane = Lane::with(Settings { distance: Some(REACH), ..Settings::default() }, 22.0);
    lane.screener.begin(lane.now, Whose::New);
    let mut distance = 30;
    let screening = lane.until_it_ends(|lane| {
        distance = if distance >= 58 { 30 } else { distance + 7 };
        lane.tell(Distance(Ok(distance)));
        lane.skin(34.2)
    });
    assert_eq!(screening.zone, Err(NotMeasured::Unsteady));
}

#[test]
fn whatever_is_fitted_and_silent_is_a_fault_and_no_value_is_taken_without_it() {
    let plain = Settings::default();
    let every = Duration::from_secs(1_800);
    let cases = [
        (Settings { distance: Some(REACH), ..plain }, NotMeasured::NoReading(NoReading::Stale)),
        (Settings { surroundings: Surroundings::Thermometer, ..plain }, NotMeasured::Surroundings),
        (Settings { outdoor: Fitted::Yes, ..plain }, NotMeasured::Surroundings),
        (Settings { supply: Fitted::Yes, ..plain }, NotMeasured::Supply),
        (
            Settings { plate: Some(Plate { every, emissivity: 950, area: None }), ..plain },
            NotMeasured::Reference,
        ),
    ];
    for (settings, why) in cases {
        let mut lane = Lane::with(settings, 22.0);
        lane.screener.begin(lane.now, Whose::New);
        let begun = lane.now;
        let screening = lane.until_it_ends(|lane| lane.skin(34.2));
        assert_eq!(screening.zone, Err(why));
        assert!(lane.now.since(begun) <= Duration::from_millis(3_300), "{why:?}");
    }
}

#[test]
fn air_and_outdoors_count_for_two_minutes_and_a_failure_ends_them() {
    let settings =
        Settings { surroundings: Surroundings::Thermometer, outdoor: Fitted::Yes, ..Settings::default() };
    let mut lane = Lane::with(settings, 22.0);
    lane.tell(Air(Ok(centi(2_150))));
    lane.tell(Outdoor(Ok(centi(1_500))));
    let screening = lane.screen(34.2);
    assert_eq!(screening.zone, Ok(Zone::Below));
    let basis = screening.trace.unwrap().basis;
    assert_eq!((basis.surroundings, basis.outdoor), (centi(2_150), Some(centi(1_500))));
    lane.tell(Outdoor(Err(NoReading::Bus)));
    assert_eq!(lane.screen(34.2).zone, Err(NotMeasured::Surroundings));
    lane.tell(Outdoor(Ok(centi(1_500))));
    lane.now = lane.now + Duration::from_secs(121);
    assert_eq!(lane.screen(34.2).zone, Err(NotMeasured::Surroundings));
}

#[test]
fn a_supply_that_is_measured_is_corrected_and_one_that_sags_is_named() {
    let mut lane = Lane::with(Settings { supply: Fitted::Yes, ..Settings::default() }, 22.0);
    lane.tell(Supply(Ok(3_300)));
    assert!((lane.screen(34.2).skin.unwrap().degrees() - 34.2).abs() < 0.03);
    // The same words at another supply are another skin: 0.3 V are 0.18 °C.
    lane.tell(Supply(Ok(3_000)));
    assert!((lane.screen(34.2).skin.unwrap().degrees() - 34.38).abs() < 0.04);
    assert_eq!(lane.screener.fault(lane.now), None);
    lane.tell(Supply(Ok(2_550)));
    assert_eq!(lane.screener.fault(lane.now), Some(NoReading::PowerDip));
    assert_eq!(lane.screen(34.2).zone, Err(NotMeasured::Supply));
}

#[test]
fn a_sensor_that_drifts_from_its_reference_measures_nobody_within_ten_seconds() {
    let every = Duration::from_secs(1_800);
    let plate = Some(Plate { every, emissivity: 980, area: None });
    let mut lane = Lane::with(Settings { plate, ..Settings::default() }, 22.0);
    lane.tell(PlateSeen(Ok(centi(2_200))));
    (0..10).for_each(|_| assert_eq!(lane.skin(22.0), None));
    assert_eq!(lane.screen(34.2).zone, Ok(Zone::Below));
    // Half a degree low, for the person and for the plate alike.
    let drifted = lane.now;
    lane.tell(PlateSeen(Ok(centi(2_200))));
    while lane.skin(21.5).is_none() && lane.now.since(drifted) < Duration::from_secs(10) {}
    lane.tell(PlateSeen(Ok(centi(2_200))));
    assert_eq!(lane.screen(33.7).zone, Err(NotMeasured::Reference));
    assert_eq!(lane.screener.guidance(), Some(Guidance::AskAttendant));
    assert!(lane.screener.drift().frozen());
    assert_eq!(
        lane.screener.fault(lane.now),
        Some(NoReading::OffReference),
        "and it is a fault without anybody"
    );
}

#[test]
fn what_somebody_had_who_went_is_no_value_of_what_is_there_now() {
    let mut lane = Lane::new(-10.0);
    let (forehead, wall) = (33.6, 0.0);
    lane.skin(-10.0);
    lane.screener.begin(lane.now, Whose::New);
    let given = [forehead, forehead, wall, wall, wall, wall, wall, wall];
    for skin in given {
        let reading = seen(skin, 17.0);
        let ended = lane.step(Ok(reading));
        assert!(ended.is_none_or(|screening| screening.zone.is_err()), "{skin}");
    }
}

#[test]
fn every_twenty_screenings_of_the_first_place_say_how_the_sensor_is_and_the_next_run_goes_on_from_there() {
    let mut lane = Lane::new(22.0);
    let mut notes = vec![];
    for turn in 0..62 {
        // Every thirteenth is looked at again, at the neck, and is no part of it: 58 are.
        let again = turn % 13 == 12;
        let whose = if again { Whose::Same(Some(BodySite::Neck)) } else { Whose::New };
        lane.screener.begin(lane.now, whose);
        let skin = if again { 34.8 } else { 33.7 + 0.2 * f64::from(turn % 2) };
        let screening = lane.until_it_ends(|lane| lane.skin(skin));
        assert!(screening.zone.is_ok(), "{screening:?}");
        notes.extend(lane.screener.noted());
        (0..50).for_each(|_| assert_eq!(lane.skin(22.0), None));
    }
    assert_eq!(notes.len(), 2);
    for note in &notes {
        assert_eq!((note.screenings, note.site, note.reference), (20, BodySite::ForeheadCentre, None));
        assert!(
            (3_375..=3_386).contains(&note.skin.mean) && (8..=12).contains(&note.skin.deviation),
            "{note:?}"
        );
        assert!((2_150..=2_250).contains(&note.surroundings.mean), "{note:?}");
    }
    let corrected = lane.screener.drift().correction();
    assert!((corrected - notes[1].correction).abs() <= 5, "{corrected}");
    assert!(corrected > 0, "these people seem cooler than people are");
    let mut next = Lane::new(22.0);
    let other = notes.iter().map(|note| DriftNote { site: BodySite::Canthus, ..*note });
    next.screener.resume(&other.collect::<Vec<_>>());
    let id = Some(CalibrationId([7; 8]));
    let other = notes.iter().map(|note| DriftNote { calibration: id, ..*note });
    next.screener.resume(&other.collect::<Vec<_>>());
    assert_eq!(next.screener.drift().correction(), 0, "of another place or another instrument");
    next.screener.resume(&notes);
    assert_eq!(next.screener.drift().correction(), notes[1].correction);
    // One that lowers values, of a sensor that may be another one by now, and of the same instrument.
    let lowering = DriftNote { correction: -20, ..notes[1] };
    for (calibration, expected) in [(None, 0), (Some(calibrated()), -20)] {
        let head = Head { calibration, ..PLAIN_HEAD };
        let mut next = Lane::with(Settings { head, ..Settings::default() }, 22.0);
        next.screener.resume(&[DriftNote { calibration: calibration.map(|known| known.id), ..lowering }]);
        assert_eq!(next.screener.drift().correction(), expected);
    }
}

#[test]
fn samples_that_scatter_more_than_the_sensors_noise_are_of_an_edge_and_not_of_skin() {
    for (noise, zone) in [(5, Err(NotMeasured::Unsteady)), (18, Ok(Zone::Below))] {
        let mut lane = Lane::with(Settings { noise, ..Settings::default() }, 22.0);
        lane.screener.begin(lane.now, Whose::New);
        let mut turn = 0;
        // A quarter of a degree either way: hair that moves in and out of the field.
        let screening = lane.until_it_ends(|lane| {
            turn += 1;
            lane.skin(34.0 + 0.25 * f64::from(turn % 3 - 1))
        });
        assert_eq!(screening.zone, zone, "{noise}");
    }
}

#[test]
fn whoever_walks_up_and_fills_a_part_of_the_field_is_no_drift_of_the_sensor() {
    let plate = Some(Plate { every: Duration::from_secs(1_800), emissivity: 980, area: None });
    let mut lane = Lane::with(Settings { plate, ..Settings::default() }, 22.0);
    lane.tell(PlateSeen(Ok(centi(2_200))));
    (0..10).for_each(|_| assert_eq!(lane.skin(22.0), None));
    lane.screener.begin(lane.now, Whose::New);
    (0..10).for_each(|_| assert_eq!(lane.skin(23.5), None));
    assert_eq!(lane.until_it_ends(|lane| lane.skin(34.2)).zone, Ok(Zone::Below));
}

#[test]
fn a_fresh_reading_of_the_same_person_is_five_seconds_later_and_may_be_elsewhere() {
    let mut lane = Lane::new(22.0);
    assert_eq!(lane.screen(34.7).zone, Ok(Zone::Recheck));
    let ended = lane.now;
    lane.screener.begin(lane.now, Whose::Same(Some(BodySite::Neck)));
    assert_eq!(lane.screener.guidance(), Some(Guidance::Show(BodySite::Neck)));
    lane.skin(34.7);
    assert_eq!(lane.screener.guidance(), Some(Guidance::Measured));
    let again = lane.until_it_ends(|lane| lane.skin(34.7));
    assert!(lane.now.since(ended) >= Duration::from_secs(5), "{:?}", lane.now.since(ended));
    assert_eq!(again.trace.unwrap().basis.site, BodySite::Neck);
}

#[test]
fn somebody_from_the_cold_waits_and_is_measured_again_three_minutes_later() {
    let mut lane = Lane::with(Settings { outdoor: Fitted::Yes, ..Settings::default() }, 22.0);
    lane.tell(Outdoor(Ok(centi(-500))));
    assert_eq!(lane.screen(34.0).zone, Err(NotMeasured::Acclimatising));
    assert_eq!(lane.screener.guidance(), Some(Guidance::WaitInside));
    // Once more at once says nothing.
    lane.screener.begin(lane.now, Whose::Same(None));
    assert_eq!(lane.until_it_ends(|lane| lane.skin(34.0)).zone, Err(NotMeasured::Acclimatising));
    for (seconds, zone) in
        [(70, Err(NotMeasured::Acclimatising)), (70, Err(NotMeasured::Acclimatising)), (60, Ok(Zone::Below))]
    {
        lane.now = lane.now + Duration::from_secs(seconds);
        lane.tell(Outdoor(Ok(centi(-500))));
        lane.screener.begin(lane.now, Whose::Same(None));
        assert_eq!(lane.until_it_ends(|lane| lane.skin(34.1)).zone, zone, "{seconds}");
    }
    // The next person begins anew.
    assert_eq!(lane.screen(34.1).zone, Err(NotMeasured::Acclimatising));
}

#[test]
fn a_sensor_by_which_everybody_is_too_cold_clears_nobody_until_people_are_as_before() {
    let mut lane = Lane::new(22.0);
    let mut unclear = 0;
    for _ in 0..40 {
        if lane.screen(33.6).zone == Err(NotMeasured::Drift) {
            unclear += 1;
        }
    }
    assert!(unclear > 5, "{unclear}");
    let back = (0..120).position(|_| lane.screen(34.3).zone == Ok(Zone::Below));
    assert!(back.is_some(), "once people are as before, they are measured again");
}

#[test]
fn a_face_is_measured_from_five_pictures_and_what_an_array_cannot_measure_has_its_reason() {
    let mut lane = Lane::new(22.0);
    let face = |lane: &mut Lane, face| {
        lane.now = lane.now + Duration::from_millis(125);
        lane.screener.sense(lane.now, Sense::Face(face))
    };
    lane.screener.begin(lane.now, Whose::New);
    for (unseen, guidance) in [
        (Unseen::NoFace(NoFace::Nobody), Guidance::ComeCloser),
        (Unseen::NoFace(NoFace::TooFar), Guidance::ComeCloser),
        (Unseen::NoFace(NoFace::Cut), Guidance::StepBack),
        (Unseen::NoFace(NoFace::Several), Guidance::OneAtATime),
        (Unseen::NoFace(NoFace::Covered), Guidance::BareForehead),
        (Unseen::NoFace(NoFace::Hot), Guidance::AskAttendant),
        (Unseen::NoFace(NoFace::Cold), Guidance::WaitInside),
        (Unseen::NoFace(NoFace::WarmBackground), Guidance::TooCold),
        (Unseen::NoFace(NoFace::Noisy), Guidance::HoldStill),
        (Unseen::NoPicture(NoReading::Timeout), Guidance::AskAttendant),
    ] {
        assert_eq!(face(&mut lane, Err(unseen)), None);
        assert_eq!(lane.screener.guidance(), Some(guidance), "{unseen:?}");
    }
    let screening = lane.until_it_ends(|lane| face(lane, Ok(seen(34.2, 22.0))));
    assert_eq!((screening.zone, screening.samples), (Ok(Zone::Below), 5));

    // Two people in view, to the end: no value.
    lane.screener.begin(lane.now, Whose::New);
    let screening = lane.until_it_ends(|lane| face(lane, Err(Unseen::NoFace(NoFace::Several))));
    assert_eq!(screening.zone, Err(NotMeasured::Several));
}

#[test]
fn another_rule_takes_over_without_forgetting_the_sensor() {
    let mut lane = Lane::new(22.0);
    let stricter = ScreeningRule { threshold: centi(3_640), ..ScreeningRule::PLAIN };
    lane.screener.judge_by(Settings { rule: stricter, ..Settings::default() });
    let screening = lane.screen(34.2);
    assert_eq!(screening.zone, Ok(Zone::Recheck));
    assert_eq!(screening.trace.unwrap().basis.rule, stricter);
}

fn calibrated() -> Calibration {
    let point = |value| CalibrationPoint { read: centi(value), true_value: centi(value) };
    Calibration { id: CalibrationId([3; 8]), points: [point(3_000), point(4_000)] }
}

const REACH: Reach = Reach { near: 30, far: 60 };

impl Lane {
    fn with(settings: Settings, ambient: f64) -> Self {
        let screener = super::Screener::new(settings, Mono::ZERO);
        let mut lane = Self { screener, now: Mono::from_millis(1_000), ambient };
        (0..40).for_each(|_| assert_eq!(lane.skin(ambient), None));
        lane
    }

    fn tell(&mut self, said: Beside) {
        assert_eq!(self.screener.sense(self.now, Sense::Beside(said)), None);
    }
}
