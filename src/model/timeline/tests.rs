//! Places made-up logs whose true times are known.

use super::*;

const YEARS: i64 = 10 * 365 * 86_400_000;
/// The true time at which the first boot of every test begins.
const T0: Wall = Wall(1_795_312_800_000);

#[test]
fn a_synced_record_is_placed_by_its_own_clock_and_error() {
    let placed = place_all(&[(stamp(1, 5, T0, ClockTrust::Synced), None)]);
    assert_eq!(placed, [Placed { earliest: at(-12), latest: at(12), best: T0, known: Known::Synced }]);
    let unknown = Stamp { max_error_ms: 0, ..stamp(1, 5, T0, ClockTrust::Synced) };
    assert_eq!(place_all(&[(unknown, None)])[0].earliest, at(-1_000));
}

#[test]
fn records_before_the_first_sync_are_mapped_however_wrong_their_clock_was() {
    for off in [YEARS, -YEARS, 0] {
        let wrong = Wall(T0.0 + off);
        let records = [
            (stamp(1, 0, wrong, ClockTrust::None), None),
            (stamp(1, 1_800, wrong, ClockTrust::None), None),
            (stamp(1, 3_600, T0 + Duration::from_hours(1), ClockTrust::Synced), None),
            // The service is lost, and somebody sets the clock.
            (stamp(1, 3_660, wrong, ClockTrust::None), None),
        ];
        let placed = place_all(&records);
        let best: Vec<_> = placed.iter().map(|placed| (placed.best.0 - T0.0, placed.known)).collect();
        let expected = [
            (0, Known::Mapped),
            (1_800_000, Known::Mapped),
            (3_600_000, Known::Synced),
            (3_660_000, Known::Mapped),
        ];
        assert_eq!(best, expected, "{off}");
        // 500 ppm of an hour, the error of the synced record, and a millisecond for rounding.
        assert_eq!(placed[0].earliest, at(-1_800 - 12 - 1));
    }
}

#[test]
fn a_boot_that_never_synced_lies_between_its_neighbours() {
    let wrong = Wall(T0.0 - YEARS);
    let records = [
        (stamp(1, 0, T0, ClockTrust::Synced), None),
        (stamp(2, 5, wrong, ClockTrust::None), None),
        (stamp(2, 65, wrong, ClockTrust::None), None),
        (stamp(3, 9, T0 + Duration::from_mins(30), ClockTrust::Synced), None),
    ];
    let placed = place_all(&records);
    assert_eq!((placed[1].known, placed[1].earliest), (Known::Bounded, at(-12)));
    // Not after the next boot's first record less the minute between the two.
    assert_eq!(placed[2].latest, at(1_800_000 + 12));
    assert_eq!(placed[1].latest, at(1_740_000 + 12 + 30 + 1));
    // The second cannot be earlier than a minute after the first.
    assert_eq!(placed[2].earliest, at(60_000 - 12 - 30 - 1));
}

#[test]
fn what_the_hub_received_bounds_the_whole_boot() {
    let wrong = Wall(T0.0 + YEARS);
    // Two hours offline; then two records arrive at once, the second half a second after it was made.
    let arrived = T0 + Duration::from_millis(7_200_500);
    let received = Some(arrived);
    let records = [
        (stamp(1, 0, wrong, ClockTrust::None), received),
        (stamp(1, 7_200, wrong, ClockTrust::Rtc), received),
    ];
    let placed = place_all(&records);
    assert_eq!((placed[0].known, placed[0].earliest), (Known::Received, None));
    assert_eq!(placed[0].latest, at(500 + 3_600 + 1), "not the time of arrival but two hours before");
    assert_eq!((placed[1].best, placed[1].known), (arrived, Known::Received));
}

#[test]
fn a_battery_clock_is_a_guess_within_the_bounds() {
    let arrived = T0 + Duration::from_mins(10);
    let received = Some(arrived);
    let place = |off: i64| place_all(&[(stamp(1, 9, Wall(T0.0 + off), ClockTrust::Rtc), received)])[0];
    assert_eq!((place(0).known, place(0).best, place(0).latest), (Known::Battery, T0, received));
    for off in [YEARS, -YEARS] {
        assert_eq!((place(off).known, place(off).best), (Known::Received, arrived), "{off}");
    }
}

#[test]
fn a_synced_clock_is_not_believed_against_the_hub_or_against_reason() {
    let arrived = T0 + Duration::from_mins(10);
    let received = Some(arrived);
    for off in [YEARS, -YEARS, 2 * 3_600_000] {
        let placed = place_all(&[(stamp(1, 9, Wall(T0.0 + off), ClockTrust::Synced), received)])[0];
        assert_eq!((placed.known, placed.best), (Known::Received, arrived), "{off}");
    }
    let hub_is_behind = place_all(&[(stamp(1, 9, T0, ClockTrust::Synced), Some(Wall(T0.0 - 60_000)))])[0];
    assert_eq!((hub_is_behind.known, hub_is_behind.best), (Known::Synced, T0));
}

#[test]
fn bounds_that_contradict_each_other_leave_what_the_hub_saw() {
    // The first boot's clock ran half an hour ahead although it was synced.
    let records = [
        (stamp(1, 0, T0 + Duration::from_mins(30), ClockTrust::Synced), Some(T0)),
        (stamp(2, 0, T0, ClockTrust::None), Some(T0 + Duration::from_mins(1))),
    ];
    let placed = place_all(&records)[1];
    assert_eq!((placed.earliest, placed.latest, placed.known), (None, at(60_000), Known::Received));
}

#[test]
fn without_anything_the_clocks_own_word_is_given_as_that() {
    let placed = place_all(&[(stamp(1, 9, T0, ClockTrust::None), None)])[0];
    assert_eq!(placed, Placed { earliest: None, latest: None, best: T0, known: Known::Unknown });
    assert!(!placed.is_sure());
}

#[test]
fn the_truth_lies_within_whatever_the_clocks_show() {
    let mut random = crate::base::Random::new(7);
    let (mut sure, mut unsure) = (0, 0);
    for _ in 0..2_000 {
        let (records, truth) = made_up_log(&mut random);
        let placed = place_all(&records);
        assert_eq!(placed.len(), truth.len());
        for ((placed, truth), (stamp, _)) in placed.iter().zip(&truth).zip(&records) {
            assert!(
                placed.earliest.is_none_or(|earliest| earliest <= *truth),
                "{placed:?} {truth:?} {stamp:?}"
            );
            assert!(placed.latest.is_none_or(|latest| *truth <= latest), "{placed:?} {truth:?} {stamp:?}");
            assert!(placed.earliest.is_none_or(|earliest| earliest <= placed.best));
            assert!(placed.latest.is_none_or(|latest| placed.best <= latest));
            let own = stamp.trust == ClockTrust::Synced;
            assert_eq!(placed.known == Known::Synced, own);
            if placed.is_sure() { sure += u32::from(!own) } else { unsure += 1 }
        }
    }
    assert!(sure > 2_000 && unsure > 2_000, "{sure} {unsure}");
}

#[test]
fn a_clock_survives_being_stored() {
    let mut clock = BootClock::begin(&stamp(1, 4, T0, ClockTrust::None), None);
    clock.learn(&stamp(1, 4, T0, ClockTrust::Synced), Some(T0));
    let bytes = minicbor::to_vec(&clock).unwrap();
    assert_eq!(minicbor::decode::<BootClock>(&bytes).unwrap(), clock);
}

/// Boots of a kiosk whose crystal is off by up to 100 ppm, whose clock is right, off by years or by seconds, and
/// which reaches its hub or does not; with the true times.
fn made_up_log(random: &mut crate::base::Random) -> (Vec<(Stamp, Option<Wall>)>, Vec<Wall>) {
    let ms = |random: &mut crate::base::Random, max: u64| random.below(max) + 1;
    let (mut now, mut records, mut truth) = (T0, vec![], vec![]);
    let offline = random.chance(0.3);
    for boot in 0..=random.below(4) {
        now = now + Duration::from_millis(ms(random, 3_600_000));
        let ppm = i64::try_from(random.below(201)).unwrap() - 100;
        let (mut mono, mut trust) = (ms(random, 30_000), ClockTrust::None);
        let mut off = *random.pick(&[YEARS, -YEARS, 3_600_000, -61_000, 0]).unwrap();
        if random.chance(0.2) {
            trust = ClockTrust::Rtc;
        }
        let syncs = random.chance(0.5);
        for _ in 0..=random.below(6) {
            let step = ms(random, 7_200_000);
            mono += step;
            let gained = i64::try_from(step).unwrap() * ppm / 1_000_000;
            now = Wall(now.0 + i64::try_from(step).unwrap() - gained);
            if syncs && random.chance(0.3) {
                (off, trust) = (0, ClockTrust::Synced);
            } else if random.chance(0.1) {
                (off, trust) = (YEARS, ClockTrust::None);
            }
            let mut stamp = stamp(u8::try_from(boot).unwrap(), 0, Wall(now.0 + off), trust);
            stamp.mono = Mono::from_millis(mono);
            records.push((stamp, None));
            truth.push(now);
        }
    }
    if !offline {
        // All of it arrives at the end, or each a moment after it was made.
        let late = random.chance(0.5).then_some(now);
        for ((_, received), truth) in records.iter_mut().zip(&truth) {
            *received = Some(late.unwrap_or(*truth) + Duration::from_millis(ms(random, 400)));
        }
    }
    (records, truth)
}

fn at(ms: i64) -> Option<Wall> {
    Some(Wall(T0.0 + ms))
}

fn stamp(boot: u8, mono_secs: u64, wall: Wall, trust: ClockTrust) -> Stamp {
    Stamp {
        boot: BootId([boot; 16]),
        mono: Mono::from_millis(mono_secs * 1_000),
        wall,
        trust,
        max_error_ms: 12,
    }
}
