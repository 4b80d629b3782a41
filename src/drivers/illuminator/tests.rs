//! The light in virtual time: how it grows, gives way, rests and goes out; and what its pins are told.

use super::*;
use crate::drivers::lines::Active;
use embedded_hal_mock::eh1::MockError;
use embedded_hal_mock::eh1::digital::{Mock, State, Transaction};
use embedded_hal_mock::eh1::pwm;

use Level::{Active as Somebody, Idle as Nobody};
use PictureLight::{Dark, Glare, Good, Unknown};

#[test]
fn it_grows_brighter_in_steps_while_somebody_is_there_and_the_picture_is_dark() {
    let mut rule = dimmed();
    let script = [(0, Somebody, Dark), (100, Somebody, Dark), (3_000, Somebody, Good)];
    assert_eq!(run(&mut rule, &script, 5_000), [(0, 25), (500, 50), (1_000, 100)]);
}

#[test]
fn what_is_light_enough_is_left_as_it_is() {
    let mut rule = dimmed();
    let script = [(0, Somebody, Dark), (400, Somebody, Good), (900, Somebody, Unknown)];
    assert_eq!(run(&mut rule, &script, 60_000), [(0, 25)], "neither brighter nor darker");
    assert!(run(&mut dimmed(), &[(0, Somebody, Good), (2_000, Somebody, Glare)], 9_000).is_empty());
}

#[test]
fn nobody_needs_no_light() {
    assert!(run(&mut dimmed(), &[(0, Nobody, Dark)], 60_000).is_empty());
    let mut rule = dimmed();
    let script = [(0, Somebody, Dark), (2_000, Nobody, Dark), (4_000, Somebody, Dark), (6_000, Nobody, Good)];
    let seen = run(&mut rule, &script, 60_000);
    assert_eq!(seen, [(0, 25), (500, 50), (1_000, 100), (11_000, 0)], "five seconds after the last one");
}

#[test]
fn what_shines_makes_it_darker() {
    let script = [(0, Somebody, Dark), (1_200, Somebody, Glare), (2_100, Somebody, Good)];
    let seen = run(&mut dimmed(), &script, 5_000);
    assert_eq!(seen, [(0, 25), (500, 50), (1_000, 100), (1_500, 50), (2_000, 25)]);
}

#[test]
fn it_does_not_flicker_whatever_the_picture_says() {
    for steps in [SWITCHED, DIMMED] {
        let mut rule = Rule::new(steps, Duration::from_secs(1_800));
        // A lamp that makes its own glare, and leaves the dark behind when it goes out.
        let (mut changes, mut turns) = (Vec::new(), 0);
        for tenth in 0..1_200_u64 {
            let now = Mono::from_millis(tenth * 100);
            let before = rule.percent();
            rule.tell(now, Somebody, if before == 0 { Dark } else { Glare });
            if rule.percent() != before {
                turns += u32::from(rule.percent() < before);
                changes.push(tenth * 100);
            }
        }
        assert!(changes.windows(2).all(|pair| pair[1] - pair[0] >= 500), "{changes:?}");
        assert!((2..=6).contains(&turns), "{turns} times on and off in two minutes");
    }
}

#[test]
fn it_cools_down_when_it_was_lit_for_its_longest() {
    let mut rule = Rule::new(SWITCHED, Duration::from_secs(30));
    let seen = run(&mut rule, &[(0, Somebody, Dark)], 125_000);
    assert_eq!(seen, [(0, 100), (30_000, 0), (90_000, 100), (120_000, 0)]);
}

#[test]
fn it_says_whether_it_gets_brighter() {
    let mut rule = dimmed();
    rule.tell(at(0), Nobody, Dark);
    assert_eq!(rule.brightens(), Nobody, "nobody is there");
    rule.tell(at(0), Somebody, Dark);
    assert_eq!((rule.percent(), rule.brightens()), (25, Somebody));
    rule.tell(at(600), Somebody, Dark);
    rule.tell(at(1_200), Somebody, Dark);
    assert_eq!((rule.percent(), rule.brightens()), (100, Nobody), "it gives what it can");
}

#[test]
fn any_input_in_any_order_ends_dark_when_nobody_is_there() {
    let mut random = crate::base::Random::new(3);
    let mut rule = Rule::new(DIMMED, Duration::from_secs(20));
    let mut now = 0;
    for _ in 0..20_000 {
        now += random.below(900);
        let light = [Unknown, Good, Dark, Glare][usize::try_from(random.below(4)).unwrap()];
        let before = rule.step;
        rule.tell(at(now), if random.below(2) == 0 { Somebody } else { Nobody }, light);
        assert!(rule.step <= before + 1 && (rule.step + 1 >= before || rule.step == 0));
        assert!(rule.due().is_none_or(|due| due > at(now)), "what is due was done");
    }
    rule.tell(at(now), Nobody, Dark);
    rule.expire(at(now + 5_000));
    assert_eq!((rule.percent(), rule.due()), (0, None));
}

#[test]
fn a_line_is_switched_and_parked() {
    let (low, high) = (|| Transaction::set(State::Low), || Transaction::set(State::High));
    let mut pin = Mock::new(&[high(), low()]);
    let mut light = on_line(&pin);
    light.tell(at(0), Somebody, Good).unwrap();
    light.tell(at(100), Somebody, Dark).unwrap();
    light.tell(at(200), Somebody, Dark).unwrap();
    light.park().unwrap();
    assert_eq!(light.due(), None);
    light.expire(at(60_000)).unwrap();
    pin.done();
}

#[test]
fn a_dimmed_light_gets_parts_of_what_it_may_have() {
    let mut pin = pwm::Mock::new(&[
        pwm::Transaction::max_duty_cycle(1_000),
        pwm::Transaction::set_duty_cycle(150),
        pwm::Transaction::max_duty_cycle(1_000),
        pwm::Transaction::set_duty_cycle(0),
    ]);
    let mut light = Illuminator::new(Wire::Pwm(AnyPwm::new(0, pin.clone()), 60), Duration::from_secs(9));
    light.tell(at(0), Somebody, Dark).unwrap();
    light.park().unwrap();
    pin.done();
}

#[test]
fn a_pin_that_fails_is_tried_again_once_a_second() {
    let broken = MockError::Io(std::io::ErrorKind::NotConnected);
    let mut pin =
        Mock::new(&[Transaction::set(State::High).with_error(broken), Transaction::set(State::High)]);
    let mut light = on_line(&pin);
    assert!(light.tell(at(0), Somebody, Dark).is_err());
    assert!(light.tell(at(500), Somebody, Dark).is_ok(), "said once");
    assert_eq!(light.due(), Some(at(1_000)));
    light.expire(at(1_000)).unwrap();
    pin.done();
}

/// What it changes to and when, in milliseconds, when it is told so and called when it is due, until `end`.
fn run(rule: &mut Rule, script: &[(u64, Level, PictureLight)], end: u64) -> Vec<(u64, u8)> {
    let mut seen = Vec::new();
    let mut note = |rule: &Rule, before: u8, now: Mono| {
        if rule.percent() != before {
            seen.push((now.as_millis(), rule.percent()));
        }
    };
    let mut told = script.iter();
    let mut next = told.next();
    for turn in 0.. {
        assert!(turn < 1_000, "what is due is never done");
        let due = rule.due().filter(|due| *due <= at(end));
        let before = rule.percent();
        match (next, due) {
            (Some((when, needed, light)), due) if due.is_none_or(|due| at(*when) <= due) => {
                rule.tell(at(*when), *needed, *light);
                note(rule, before, at(*when));
                next = told.next();
            }
            (_, Some(due)) => {
                rule.expire(due);
                note(rule, before, due);
            }
            (_, None) => break,
        }
    }
    seen
}

fn dimmed() -> Rule {
    Rule::new(DIMMED, Duration::from_secs(1_800))
}

fn on_line(pin: &Mock) -> Illuminator {
    let line = Output::new(AnyOutput::new(7, pin.clone()), Active::High);
    Illuminator::new(Wire::Line(line), Duration::from_secs(60))
}

fn at(ms: u64) -> Mono {
    Mono::from_millis(ms)
}
