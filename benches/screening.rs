//! What one reading costs, from a sample to a decision, with the allocations counted: `cargo bench --bench screening`.

use divan::{AllocProfiler, Bencher, black_box};
use kakou::base::{CentiCelsius, Mono};
use kakou::model::trace::{Basis, SAMPLES_MAX, SensorTrust, SurroundingsFrom};
use kakou::model::{BodySite, RawWords, ScreeningRule, ThermalReading};
use kakou::thermometry::decide::decide;
use kakou::thermometry::settings::PLAIN_HEAD;
use kakou::thermometry::{Screener, Sense, Settings, Whose};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// A decision from the most samples that a screening has.
#[divan::bench]
fn decide_by_nine_samples(bencher: Bencher<'_, '_>) {
    let basis = Basis {
        samples: (0..4).cycle().take(SAMPLES_MAX).map(|turn| reading(3_450 + 2 * turn)).collect(),
        site: BodySite::ForeheadCentre,
        rule: ScreeningRule::PLAIN,
        head: PLAIN_HEAD,
        surroundings: centi(2_200),
        surroundings_from: SurroundingsFrom::Thermometer,
        distance_mm: Some(45),
        outdoor: Some(centi(1_800)),
        earlier: None,
        drift: 0,
        reference: Some(0),
        sensor: SensorTrust::Trusted,
    };
    assert!(decide(&basis).zone.is_ok());
    bencher.bench_local(|| decide(black_box(&basis)));
}

/// One sample while nobody is there.
#[divan::bench]
fn one_sample_of_nobody(bencher: Bencher<'_, '_>) {
    let (mut screener, mut turn) = (Screener::new(Settings::default(), Mono::ZERO), 0);
    bencher.bench_local(|| {
        turn += 1;
        screener.sense(Mono::from_millis(turn * 105), Sense::Spot(Ok(reading(2_210))))
    });
}

/// Five samples of somebody and the decision that follows from them.
#[divan::bench]
fn a_person_of_five_samples(bencher: Bencher<'_, '_>) {
    let (mut screener, mut turn) = (Screener::new(Settings::default(), Mono::ZERO), 1);
    screener.sense(Mono::ZERO, Sense::Spot(Ok(reading(2_200))));
    bencher.bench_local(|| {
        let at = |turn: u64| Mono::from_millis(turn * 105);
        screener.begin(at(turn), Whose::New);
        let mut screening = None;
        for _ in 0..5 {
            turn += 1;
            screening = screener.sense(at(turn), Sense::Spot(Ok(reading(3_450))));
        }
        assert!(screening.is_some());
        screening
    });
}

fn reading(object: i32) -> ThermalReading {
    ThermalReading { object: centi(object), die: centi(2_200), raw: RawWords::new(&[0x3C0F, 0x39A2]) }
}

fn centi(hundredths: i32) -> CentiCelsius {
    let value = CentiCelsius::new(hundredths);
    assert!(value.is_some());
    value.unwrap_or(CentiCelsius::ABSOLUTE_ZERO)
}
