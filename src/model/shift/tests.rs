//! Where shifts begin and end, on made-up duties.

use super::*;
use crate::base::Mono;
use crate::model::Training;

const HOUR: i64 = 3_600_000;

#[test]
fn a_shift_lasts_from_sign_in_to_sign_out() {
    let found = shifts([duty(2, 0, "li", true), duty(5, 1, "zhou", true), duty(9, 8, "li", false)]);
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].first, found[0].last, found[0].ended), (seq(2), Some(seq(9)), Some(Wall(8 * HOUR))));
    assert_eq!((found[1].first, found[1].last, found[1].ended), (seq(5), None, None), "it goes on");
}

#[test]
fn a_second_sign_in_goes_on_with_the_shift_and_one_on_another_day_does_not() {
    let restart = [duty(2, 0, "li", true), duty(7, 3, "li", true), duty(9, 8, "li", false)];
    let found = shifts(restart.clone());
    assert_eq!((found.len(), found[0].first, found[0].last), (1, seq(2), Some(seq(9))));
    let forgot = [duty(2, 0, "li", true), duty(7, 24, "li", true)];
    let found = shifts(forgot);
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].last, found[0].ended), (Some(seq(6)), None), "nobody signed out");
    // The clock was put right by years: what is between nobody knows, and it is no longer one shift.
    assert_eq!(shifts([duty(2, -400_000, "li", true), duty(7, 0, "li", true)]).len(), 2);
    assert_eq!(shifts(restart.into_iter().skip(2)), [], "it began before what is kept");
}

#[test]
fn a_fixed_schedule_says_in_which_shift_a_time_lies() {
    // Changes at 08:00 and 20:00 in China; 2026-01-31T16:30Z is 00:30 there.
    let at = |hours: i64| Wall::from_secs(1_769_877_000 + hours * 3_600);
    let begins = |hours| Some((at(hours), at(hours + 12)));
    let night = (Wall::from_secs(1_769_860_800), Wall::from_secs(1_769_904_000));
    assert_eq!(scheduled(&[480, 1_200], 480, at(0)), Some(night));
    let day = scheduled(&[480, 1_200], 480, at(10)).unwrap();
    assert_eq!((day.0, day.1.0 - day.0.0), (night.1, 12 * HOUR));
    assert_eq!(scheduled(&[480, 1_200], 480, night.1), Some(day), "it begins at the minute itself");
    assert_eq!(
        scheduled(&[30], 480, at(0)).map(|shift| shift.0),
        begins(0).map(|shift| shift.0),
        "a whole day"
    );
    assert_eq!(scheduled(&[], 480, at(0)), None);
}

#[test]
fn training_is_counted_as_far_as_it_lies_within_the_shift_and_its_length_is_known() {
    // Boot, minutes, lane, what.
    let count = |events: &[(u8, u64, &str, Body)]| {
        let mut tally = Tally::default();
        for (number, (boot, minutes, lane, body)) in (1..).zip(events) {
            let mono = Mono::from_millis(minutes * 60_000);
            let stamp = Stamp {
                boot: BootId([*boot; 16]),
                mono,
                wall: Wall(0),
                trust: ClockTrust::None,
                max_error_ms: 0,
            };
            let lane = Some(lane.parse().unwrap());
            tally.take(&Entry { seq: seq(number), stamp, lane, body: body.clone() });
        }
        let Practised { times, span, cut, running } = tally.finish().practised;
        (times, span.as_secs() / 60, cut, running)
    };
    let event = |event| Body::Training { event, by: "li".parse().unwrap() };
    let (begun, ended) = (event(Training::Begun), event(Training::Ended));
    let booted = Body::Booted { version: String::new(), recovered: None, clean: false };
    assert_eq!(count(&[(1, 0, "a", Body::Stopped)]), (0, 0, 0, 0));
    let two = [
        (1, 0, "a", begun.clone()),
        (1, 5, "b", begun.clone()),
        (1, 10, "a", event(Training::Emergency)),
        (1, 25, "b", ended.clone()),
    ];
    assert_eq!(count(&two), (2, 30, 0, 0));
    assert_eq!(count(&two[1..]), (2, 25, 0, 0), "one began before the shift: five minutes of it are in it");
    assert_eq!(count(&two[..3]), (2, 15, 0, 1), "one goes on");
    let cut = [(1, 0, "a", begun.clone()), (2, 1, "a", booted), (2, 9, "a", begun), (2, 11, "a", ended)];
    assert_eq!(count(&cut), (2, 2, 1, 0), "nobody knows when the power went");
}

fn duty(number: u64, hours: i64, attendant: &str, signed_in: bool) -> Duty {
    Duty { seq: seq(number), wall: Wall(hours * HOUR), attendant: attendant.parse().unwrap(), signed_in }
}

fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}
