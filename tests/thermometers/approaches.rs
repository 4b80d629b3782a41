//! Simulated approaches: nobody is below the threshold temperature by a reading outside the valid envelope, and what a
//! policy finds and misses beside fixed rules on the same people.
//!
//! `KAKOU_APPROACHES=1000000 cargo test --release --test thermometers approaches -- --nocapture` for the whole of it.

mod tally;

use std::thread;

use kakou::base::CentiCelsius;
use kakou::model::{BodySite, ScreeningRule};
use kakou::sim::approach::Outfit;
use kakou::sim::approach::envelope::Outside;
use kakou::sim::approach::eye::Way;
use kakou::sim::approach::lane::Lane;
use kakou::sim::approach::visit::Visit;
use kakou::thermometry::settings::Fitted;
use tally::Tally;

/// People who come to a place before another place is looked at.
const PEOPLE: u64 = 40;
/// Share of them who have a fever. Ours: enough to count, too few to stop the drift monitor.
const ILL: f64 = 0.05;
/// Whoever comes from air below 15 °C waits: foreheads still lack up to 0.4 °C from 10 to 13 °C.
/// Who comes from the heat as well, for sweat, which begins at 26 °C here.
const CAREFUL: ScreeningRule = ScreeningRule {
    outdoor: centi(1_500),
    outdoor_hot: Some(centi(2_550)),
    second_site: Some(BodySite::Neck),
    ..ScreeningRule::PLAIN
};
/// The same for an array, which finds the warmest place of a face.
const FACE: ScreeningRule =
    ScreeningRule { site: BodySite::FaceMax, factor: 100, cold: centi(3_100), second_site: None, ..CAREFUL };

#[test]
fn nobody_is_below_by_a_reading_outside_of_the_envelope_where_everything_is_fitted() {
    let tally = run(Outfit::WHOLE, CAREFUL, wanted(), 1);
    say("narrow part, everything fitted, outdoor limit 15 °C", &tally);
    assert_eq!(tally.unseen(), 0, "{tally}");
    assert!(
        tally.all()[0].graded * 5 > tally.all()[0].people * 2,
        "a lane that measures nobody proves nothing"
    );
}

#[test]
fn whatever_is_taken_away_is_what_held_its_count_at_zero() {
    let whole = Outfit::WHOLE;
    let mild = ScreeningRule { outdoor: centi(-5_000), ..CAREFUL };
    let any_air = ScreeningRule { cold: centi(3_100), ..CAREFUL };
    let planted = [
        ("nobody waits", whole, mild, Outside::Unsettled),
        ("no thermometer outdoors", Outfit { outdoor: Fitted::No, ..whole }, CAREFUL, Outside::Unsettled),
        ("no plate", Outfit { plate: Fitted::No, ..whole }, CAREFUL, Outside::Sensor),
        ("no supply meter", Outfit { supply: Fitted::No, ..whole }, CAREFUL, Outside::Supply),
        ("no thermometer for the air", Outfit { air: Fitted::No, ..whole }, any_air, Outside::Air),
        ("no distance sensor", Outfit { distance: None, ..Outfit::WIDE }, CAREFUL, Outside::Fill),
    ];
    for (what, outfit, rule, why) in planted {
        // Some causes are rare: more people come until there is one.
        let mut tally = Tally::default();
        for seed in 2..17 {
            tally.add(&run(outfit, rule, wanted().min(40_000) / 10, seed));
            if tally.of(why) > 0 && wanted() <= 20_000 {
                break;
            }
        }
        say(what, &tally);
        assert!(tally.of(why) > 0, "{what}: {tally}");
    }
}

/// What hair and glasses do, which a spot sensor does not see, and an array does.
#[test]
fn nobody_at_all_is_below_by_a_reading_outside_of_the_envelope_where_an_array_looks() {
    let array = run(Outfit::ARRAY, FACE, wanted(), 3);
    say("array with a plate, everything fitted", &array);
    assert_eq!(array.outside.values().sum::<u64>(), 0, "{array}");
    assert!(array.all()[0].graded * 2 > array.all()[0].people, "a lane that measures nobody proves nothing");
    let narrow = run(Outfit::WHOLE, CAREFUL, 1_000, 3);
    assert!(narrow.of(Outside::Hair) + narrow.of(Outside::Glasses) > 0, "{narrow}");
    let plateless = run(Outfit { plate: Fitted::No, ..Outfit::ARRAY }, FACE, 20_000, 3);
    assert!(plateless.of(Outside::Sensor) > 0, "{plateless}");
    let hot = ScreeningRule { outdoor_hot: None, ..FACE };
    assert!(run(Outfit::ARRAY, hot, 4_000, 3).of(Outside::Sweat) > 0);
}

/// Policies that refer at most one in twenty of the healthy and find nine in ten with 38.0 °C, over all weathers, and what others
/// do on the same people.
#[test]
fn a_policy_for_the_forehead_and_one_for_the_face_beside_fixed_rules() {
    let plain = ScreeningRule { second_site: Some(BodySite::Neck), ..ScreeningRule::PLAIN };
    let spot = ScreeningRule {
        threshold: centi(3_765),
        guard: 75,
        ceiling: centi(3_840),
        cold: centi(3_100),
        ..CAREFUL
    };
    let meets = [
        ("narrow part, 37.65 ± 0.75 °C, ceiling 38.4 °C", Outfit::WHOLE, spot),
        (
            "array, 37.65 ± 0.25 °C",
            Outfit::ARRAY,
            ScreeningRule { threshold: centi(3_765), guard: 25, ..FACE },
        ),
    ];
    let others = [
        ("narrow part, as delivered", Outfit::WHOLE, plain),
        ("35° part, the same", Outfit::WIDE, spot),
        ("a sensor and nothing else, as delivered", Outfit::BARE, plain),
        ("array, corners of the eyes", Outfit::ARRAY, ScreeningRule { site: BodySite::Canthus, ..FACE }),
    ];
    for (what, outfit, rule) in meets.into_iter().chain(others) {
        let bound = meets.iter().any(|(name, ..)| *name == what);
        // Nine in ten of the ill is told from eight in ten by a thousand of them.
        let least = if bound { 40_000 } else { 4_000 };
        let tally = run(outfit, rule, (wanted() / 5).clamp(least, 200_000), 4);
        say(what, &tally);
        let [well, ill] = tally.all();
        // What the fixed rule of 37.3 °C on uncorrected foreheads does: it finds hardly anybody.
        assert!(
            ill.share(0, &[1, 2]) > 3.0 * ill.fixed[0] as f64 / ill.graded.max(1) as f64,
            "{what}: {tally}"
        );
        if bound {
            assert!(ill.share(0, &[1, 2]) >= 0.90, "{what}: {tally}");
            assert!(well.share(0, &[2]) <= 0.05, "{what}: {tally}");
        }
    }
}

#[test]
fn all_the_bytes_and_the_optics_alone_lead_to_the_same() {
    for place in 0..25 {
        let visits = |way| {
            let mut lane = Lane::new(place, Outfit::WHOLE, Outfit::WHOLE.settings(CAREFUL), way);
            (0..PEOPLE).map(|_| lane.visit(ILL)).collect::<Vec<Visit>>()
        };
        assert_eq!(visits(Way::Bytes), visits(Way::Optics), "place {place}");
    }
}

#[allow(clippy::print_stdout, reason = "a report for whoever asks for it")]
fn say(what: &str, tally: &Tally) {
    println!("== {what}\n{tally}");
}

fn wanted() -> u64 {
    std::env::var("KAKOU_APPROACHES").ok().map_or(20_000, |text| text.parse().unwrap())
}

/// So many visits, on two threads.
fn run(outfit: Outfit, rule: ScreeningRule, visits: u64, seed: u64) -> Tally {
    let places = visits.div_ceil(PEOPLE);
    let half = |from: u64| {
        let mut tally = Tally::default();
        for place in (from..places).step_by(2) {
            let mut lane = Lane::new(seed * 1_000_000 + place, outfit, outfit.settings(rule), Way::Optics);
            for _ in 0..PEOPLE {
                let visit = lane.visit(ILL);
                tally.take(&visit, lane.place());
            }
        }
        tally
    };
    thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        let mut tally = half(0);
        tally.add(&other.join().unwrap());
        tally
    })
}

const fn centi(hundredths: i32) -> CentiCelsius {
    match CentiCelsius::new(hundredths) {
        Some(temperature) => temperature,
        None => panic!("not a temperature"),
    }
}
