//! Each hint from frames that are drawn here and read by the real fast lane, in virtual time.

use super::*;
use crate::vision::fast::Fast;

const WIDTH: usize = 640;
const HEIGHT: usize = 360;
const FRAME: u64 = 66;

/// What is drawn: a phone that shows a code before a wall.
#[derive(Clone, Copy, PartialEq)]
struct Shot {
    wall: u8,
    dark: u8,
    light: u8,
    /// Upper left corner of the symbol.
    at: (f32, f32),
    /// Side of a module in pixels.
    module: f32,
    /// Light modules around the symbol: what else the screen shows.
    screen: f32,
    /// White disc: middle, from the symbol's corner, and radius in modules.
    shine: Option<(f32, f32, f32)>,
    /// Modules at random that are turned round, in 100.
    damage: u64,
}

/// A code that is read at once, in an ordinary room.
const FINE: Shot = Shot {
    wall: 130,
    dark: 30,
    light: 220,
    at: (230.0, 90.0),
    module: 6.0,
    screen: 4.0,
    shine: None,
    damage: 0,
};

/// The same with so many modules turned round that no error correction helps: found, not read.
const TORN: Shot = Shot { damage: 30, ..FINE };

#[test]
fn a_code_that_is_read_needs_no_advice() {
    assert!(hints((0..60).map(|_| Some(FINE))).iter().all(Option::is_none));
}

#[test]
fn a_code_that_is_not_read_for_no_known_reason_gets_no_advice() {
    assert!(hints((0..60).map(|_| Some(TORN))).iter().all(Option::is_none));
}

#[test]
fn an_empty_view_gets_no_advice() {
    assert!(hints((0..60).map(|_| None)).iter().all(Option::is_none));
}

#[test]
fn each_reason_why_a_code_is_not_read_is_named() {
    let small = Shot { module: 1.7, ..TORN };
    let near = Shot { module: 15.0, at: (125.0, 3.0), ..FINE };
    let beside = Shot { module: 8.0, at: (200.0, 140.0), ..TORN };
    let corner = Shot { module: 20.0, at: (350.0, 160.0), ..FINE };
    let shining = Shot { shine: Some((15.0, 15.0, 7.0)), ..FINE };
    let dim = Shot { wall: 170, dark: 40, light: 85, screen: 8.0, ..TORN };
    let dark = Shot { wall: 12, dark: 6, light: 30, ..TORN };
    let cases = [
        ("small", small, CodeHint::ComeCloser),
        ("near", near, CodeHint::HoldFurther),
        ("partly outside", beside, CodeHint::HoldFurther),
        ("its corner", corner, CodeHint::HoldFurther),
        ("shining", shining, CodeHint::Glare),
        ("dim", dim, CodeHint::BrighterScreen),
        ("dark", dark, CodeHint::TooDark),
    ];
    for (name, shot, expected) in cases {
        let hints = hints((0..30).map(|_| Some(shot)));
        assert_eq!(hints.last(), Some(&Some(expected)), "{name}");
        assert!(hints.iter().flatten().all(|hint| *hint == expected), "{name}: {hints:?}");
    }
}

#[test]
fn a_code_that_is_waved_about_is_to_be_held_still_and_one_in_a_trembling_hand_is_not() {
    let swung = |reach: f32| {
        let place = move |i: u16| 200.0 + reach * (f32::from(i) * 0.8).sin();
        hints((0..40).map(|i| Some(Shot { at: (place(i), 90.0), ..TORN })))
    };
    assert_eq!(swung(60.0).last(), Some(&Some(CodeHint::HoldStill)));
    assert!(swung(2.0).iter().all(Option::is_none));
}

#[test]
fn white_in_the_middle_of_the_picture_is_glare_unless_it_is_always_there() {
    let blinding = Shot { wall: 130, dark: 252, light: 252, at: (200.0, 75.0), module: 8.0, ..FINE };
    let suddenly = (0..30).map(|i| Some(if i < 5 { Shot { module: 1.0, ..blinding } } else { blinding }));
    assert_eq!(hints(suddenly).last(), Some(&Some(CodeHint::Glare)));
    assert!(hints((0..30).map(|_| Some(blinding))).iter().all(Option::is_none), "a window");
}

#[test]
fn a_lit_screen_in_the_night_is_not_too_dark() {
    let night = Shot { wall: 8, dark: 10, light: 200, ..TORN };
    let hints = hints((0..30).map(|_| Some(night)));
    assert!(!hints.contains(&Some(CodeHint::TooDark)), "{hints:?}");
    // Whether a code is found on it or not: 4 of 100 pixels are enough.
    let blank = Shot { dark: 200, module: 3.0, ..night };
    assert!(self::hints((0..30).map(|_| Some(blank))).iter().all(Option::is_none));
}

#[test]
fn what_hangs_on_the_wall_gets_advice_for_a_while_only() {
    let small = Shot { module: 1.7, ..TORN };
    let hints = hints((0..200).map(|_| Some(small)));
    assert_eq!((hints[60], hints[199]), (Some(CodeHint::ComeCloser), None));
}

#[test]
fn a_hint_comes_late_stays_for_a_moment_and_goes_at_once_with_the_code() {
    let small = Shot { module: 1.7, ..TORN };
    let shown = hints((0..30).map(|_| Some(small)));
    let first = shown.iter().position(Option::is_some).unwrap();
    assert_eq!(first as u64, ms(UNREAD).div_ceil(FRAME), "not before nothing was read for 0.8 s");

    // Taken away as soon as it is shown: it can be read all the same.
    let gone = hints((0..60).map(|i| (i <= first).then_some(small)));
    let last = gone.iter().rposition(Option::is_some).unwrap();
    let stays = (last - first + 1) as u64 * FRAME;
    assert!((ms(SHOWN)..ms(SHOWN) + 2 * FRAME).contains(&stays), "{stays} ms");

    let read = hints((0..60).map(|i| Some(if i <= first { small } else { FINE })));
    assert_eq!((read[first], read[first + 1]), (Some(CodeHint::ComeCloser), None), "gone when it is read");
}

#[test]
fn a_hint_gives_way_to_another_only_when_that_lasts() {
    let small = Shot { module: 1.7, ..TORN };
    let dim = Shot { wall: 170, dark: 40, light: 85, screen: 8.0, ..TORN };
    let flicker = hints((0..60).map(|i| Some(if i % 3 == 2 { dim } else { small })));
    let said: Vec<CodeHint> = flicker.into_iter().flatten().collect();
    assert!(!said.is_empty() && said.iter().all(|hint| *hint == CodeHint::ComeCloser), "{said:?}");

    let changed = hints((0..60).map(|i| Some(if i < 20 { small } else { dim })));
    assert_eq!(changed.last(), Some(&Some(CodeHint::BrighterScreen)));
}

#[test]
fn light_counts_once_it_has_settled() {
    let mut guide = Guide::default();
    let mut light = |from: u64, grey: u8, frames: u64| {
        let seen = (0..frames).map(|i| {
            let frame = Frame::new(640, 480, vec![grey; 640 * 480], Mono::from_millis((from + i) * FRAME));
            guide.see(&frame.unwrap(), &Glance::default()).light
        });
        seen.collect::<Vec<_>>()
    };
    assert_eq!(light(0, 120, 3), [PictureLight::Good; 3], "the first picture counts at once");
    assert_eq!(light(3, 20, 3), [PictureLight::Good; 3], "a hand before the lens");
    assert_eq!(light(6, 20, 6).last(), Some(&PictureLight::Dark));
    assert_eq!(light(12, 50, 10).last(), Some(&PictureLight::Dark), "a little lighter is not light");
    assert_eq!(light(22, 80, 10).last(), Some(&PictureLight::Good));
    assert_eq!(light(32, 254, 10).last(), Some(&PictureLight::Glare));
}

#[test]
fn a_code_that_the_slow_lane_reads_ends_the_hint_too() {
    let mut guide = Guide { shown: Some((CodeHint::Glare, Mono::ZERO)), ..Guide::default() };
    assert_eq!(guide.view().hint, Some(CodeHint::Glare));
    guide.read();
    assert_eq!(guide.view().hint, None);
}

#[test]
fn patterns_of_any_place_and_size_break_nothing() {
    let mut random = crate::base::Random::new(5);
    let mut guide = Guide::default();
    for i in 0..2_000 {
        let mut any = |most: u64| f32::from(u16::try_from(random.below(most)).unwrap());
        let patterns = (0..i % 17)
            .map(|_| Pattern { at: Point::new(any(900) - 100.0, any(700) - 100.0), module: any(400) / 8.0 });
        let glance = Glance { patterns: patterns.collect(), ..Glance::default() };
        let (width, height) = (1 + usize::try_from(i % 300).unwrap(), 1 + usize::try_from(i % 200).unwrap());
        let frame = Frame::new(width, height, vec![250; width * height], Mono::from_millis(i * 40)).unwrap();
        guide.see(&frame, &glance);
    }
    assert!(guide.fixtures.len() <= FIXTURES_MAX);
}

/// What is shown after each frame, 66 ms apart.
fn hints(shots: impl Iterator<Item = Option<Shot>>) -> Vec<Option<CodeHint>> {
    let (mut fast, mut guide) = (Fast::default(), Guide::default());
    let mut drawn: Option<(Option<Shot>, Frame)> = None;
    let mut see = |(i, shot): (u64, Option<Shot>)| {
        let same = drawn.take().filter(|(last, _)| *last == shot);
        let (_, frame) = drawn.insert(same.unwrap_or_else(|| (shot, draw(shot))));
        frame.at = Mono::from_millis(i * FRAME);
        guide.see(frame, &fast.read(frame)).hint
    };
    (0..).zip(shots).map(&mut see).collect()
}

fn draw(shot: Option<Shot>) -> Frame {
    let shown = shot.unwrap_or(Shot { module: 0.1, at: (-50.0, -50.0), ..FINE });
    let code = qrcode::QrCode::new("https://kakou.example/pass/0123456789").unwrap();
    let (modules, colors) = (code.width(), code.to_colors());
    let mut random = crate::base::Random::new(11);
    // Finder patterns stay whole.
    let kept = |x: usize, y: usize| (x < 8 || x >= modules - 8) && (y < 8 || y >= modules - 8);
    let torn: Vec<bool> = (0..modules * modules)
        .map(|i| !kept(i % modules, i / modules) && random.below(100) < shown.damage)
        .collect();
    let pixel = |x: usize, y: usize| {
        let (u, v) =
            ((size(x) + 0.5 - shown.at.0) / shown.module, (size(y) + 0.5 - shown.at.1) / shown.module);
        if shown.shine.is_some_and(|(cx, cy, radius)| (u - cx).hypot(v - cy) < radius) {
            return 255;
        }
        let quiet = -shown.screen..size(modules) + shown.screen;
        if !quiet.contains(&u) || !quiet.contains(&v) {
            return shown.wall;
        }
        let inside = 0.0..size(modules);
        if !inside.contains(&u) || !inside.contains(&v) {
            return shown.light;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the symbol")]
        let index = v as usize * modules + u as usize;
        if (colors[index] == qrcode::Color::Dark) != torn[index] { shown.dark } else { shown.light }
    };
    let luma = (0..WIDTH * HEIGHT).map(|i| pixel(i % WIDTH, i / WIDTH)).collect();
    Frame::new(WIDTH, HEIGHT, luma, Mono::ZERO).unwrap()
}

fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap()
}
