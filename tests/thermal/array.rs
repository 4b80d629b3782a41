//! Who is found in the pictures of an array, and what of their face is measured.

use kakou::base::Random;
use kakou::model::ThermalFrame;
use kakou::sim::thermal_array::{Person, Scene, Thing, Worn};
use kakou::thermometry::array::{ArrayReading, Face, Limits, NoFace, find, picture};
use proptest::prelude::*;

/// Noise of an MLX90640 at 4 Hz: 0.1 °C at 1 Hz, by the root of the rate.
const NOISE: f64 = 0.2;

#[test]
fn one_face_is_measured_at_its_forehead() {
    let face = look(&room().with(Person::new(34.6))).unwrap();
    assert!((face.hottest.degrees() - 34.6).abs() < 0.3, "{face:?}");
    let (x, y) = (usize::from(face.at.0), usize::from(face.at.1));
    assert!((12..=19).contains(&x) && (5..=10).contains(&y), "{face:?}");
    assert!((6..=9).contains(&(face.head.right - face.head.left + 1)), "{face:?}");
    assert!(face.pixels >= 15, "{face:?}");
    assert!((face.background.degrees() - 20.0).abs() < 0.3, "{face:?}");
}

#[test]
fn faces_of_every_size_that_is_near_enough_are_measured() {
    for tenths in (70..=130).step_by(5) {
        for (shift, worn) in [
            (0.0, None),
            (0.3, None),
            (0.7, Some(Worn::Bald)),
            (0.0, Some(Worn::Glasses)),
            (0.4, Some(Worn::Glasses)),
        ] {
            let person = Person::new(34.6).wide(f64::from(tenths) / 10.0).at(15.5 + shift, 11.0 + shift);
            let scene = room().with(worn.into_iter().fold(person, Person::wearing));
            let readings: Vec<_> =
                (0..5).map(|seed| find(&frame(&scene, NOISE, seed), &Limits::of(32))).collect();
            // At the smallest, a pixel more or less decides: a frame may have a reason, and never a wrong value.
            let least = if tenths < 80 { 3 } else { 5 };
            let measured = readings.iter().flatten().inspect(|face| {
                assert!((face.hottest.degrees() - 34.6).abs() < 0.5, "{tenths} {worn:?}: {face:?}");
            });
            assert!(measured.count() >= least, "{tenths} {shift} {worn:?}: {readings:?}");
        }
    }
}

#[test]
fn glasses_masks_breath_wind_and_no_hair_do_not_change_the_value() {
    let plain = exact(&room().with(Person::new(34.6))).unwrap();
    let windy = Person { wind: 5.0, ..Person::new(34.6) };
    let others = [
        ("glasses", Person::new(34.6).wearing(Worn::Glasses)),
        ("mask", Person::new(34.6).wearing(Worn::Mask)),
        ("glasses and mask", Person::new(34.6).wearing(Worn::Glasses).wearing(Worn::Mask)),
        ("breath", Person::new(34.6).wearing(Worn::Breath)),
        ("bald", Person::new(34.6).wearing(Worn::Bald)),
        ("wind", windy),
    ];
    for (what, person) in others {
        let face = exact(&room().with(person)).unwrap_or_else(|reason| panic!("{what}: {reason:?}"));
        let lost = plain.hottest - face.hottest;
        // Wind takes a little of the forehead's own warmth, at its middle.
        let allowed = if what == "wind" { 170 } else { 30 };
        assert!((-10..=allowed).contains(&lost), "{what}: {face:?}");
        assert!(face.at.1 <= 11, "{what}: {face:?}");
    }
}

#[test]
fn a_forehead_that_is_covered_gives_a_reason_and_no_lower_value() {
    for worn in [Worn::Hat, Worn::Fringe, Worn::Hood] {
        assert_eq!(exact(&room().with(Person::new(34.6).wearing(worn))), Err(NoFace::Covered), "{worn:?}");
        let more = Person::new(34.6).wearing(worn).wearing(Worn::Glasses).wearing(Worn::Mask);
        assert!(exact(&room().with(more)).is_err(), "{worn:?} with glasses and mask");
    }
}

#[test]
fn something_cold_before_the_brow_covers_it() {
    // A phone held up, a sheet of paper: the cheeks and the chin are all that is left.
    let paper = |width: f64| Thing { x: 15.5, y: 7.0, width, height: width, celsius: 21.0 };
    for width in [7.0, 8.0, 9.0] {
        let reading = exact(&room().with(Person::new(34.6)).and(paper(width)));
        assert_eq!(reading, Err(NoFace::Covered), "{width}");
    }
}

#[test]
fn a_lens_of_glass_over_all_but_a_little_of_the_upper_face_covers_it() {
    // What is left of the brow is a small warm patch in a face that is as high and as wide as any.
    let visor = (0..5).map(|x| Thing {
        x: 13.0 + f64::from(x) * 1.3,
        y: 8.8,
        width: 3.2,
        height: 3.2,
        celsius: 30.0,
    });
    let scene = visor.fold(room().with(Person::new(34.6).wearing(Worn::Bald)), Scene::and);
    assert_eq!(exact(&scene), Err(NoFace::Covered));
}

#[test]
fn what_is_wider_than_high_is_no_face() {
    let lying = Thing { x: 15.5, y: 11.0, width: 12.0, height: 7.0, celsius: 35.0 };
    assert_eq!(exact(&room().and(lying)), Err(NoFace::Covered));
}

#[test]
fn a_single_pixel_that_is_too_hot_does_not_make_a_value() {
    let plain = exact(&room().with(Person::new(34.6))).unwrap();
    let spark = frame(&room().with(Person::new(34.6)), 0.0, 0);
    let pixels = spark
        .pixels()
        .iter()
        .enumerate()
        .map(|(index, pixel)| pixel + if index == 7 * 32 + 15 { 300 } else { 0 });
    let spark = ThermalFrame::new(32, 24, pixels.collect::<Vec<_>>(), spark.die, spark.supply_mv).unwrap();
    let face = find(&spark, &Limits::of(32)).unwrap();
    assert!((face.hottest - plain.hottest).abs() <= 5, "{face:?}");
}

#[test]
fn several_people_are_asked_to_come_one_at_a_time() {
    let pair = |first: Person, second: Person| exact(&room().with(first).with(second));
    let left = || Person::new(34.6).at(9.5, 10.5);
    let cases = [
        ("side by side", pair(left(), Person::new(34.8).at(22.0, 10.5))),
        (
            "bald, cheek to cheek",
            pair(left().wearing(Worn::Bald), Person::new(34.8).at(17.0, 11.0).wearing(Worn::Bald)),
        ),
        (
            "bald, one above the other",
            pair(
                Person::new(35.5).at(15.5, 5.5).wide(6.5).wearing(Worn::Bald),
                Person::new(34.6).at(15.5, 15.0).wearing(Worn::Bald),
            ),
        ),
        (
            "bald, a near one under a far one",
            pair(
                Person::new(35.5).at(15.5, 5.5).wide(6.5).wearing(Worn::Bald),
                Person::new(35.0).at(15.5, 15.0).wide(11.0).wearing(Worn::Bald),
            ),
        ),
        (
            "bald, one under the other of the same width",
            pair(
                Person::new(35.5).at(15.5, 6.0).wide(7.5).wearing(Worn::Bald),
                Person::new(34.6).at(15.5, 16.0).wearing(Worn::Bald),
            ),
        ),
        (
            "a near brow under a far chin",
            pair(
                Person::new(35.0).at(15.5, 9.0).wearing(Worn::Bald),
                Person::new(35.0).at(15.5, 24.5).wide(13.0).wearing(Worn::Bald),
            ),
        ),
        ("cheek to cheek", pair(left(), Person::new(34.8).at(17.0, 11.0))),
        ("one taller", pair(left(), Person::new(34.8).at(19.5, 13.0))),
        (
            "one behind, over the shoulder",
            pair(Person::new(35.5).at(21.0, 7.0).wide(6.5), Person::new(34.6).at(14.0, 12.0)),
        ),
        (
            "one above the other",
            pair(Person::new(35.5).at(15.5, 5.0).wide(6.5), Person::new(34.6).at(15.5, 15.0)),
        ),
    ];
    for (what, reading) in cases {
        assert_eq!(reading, Err(NoFace::Several), "{what}");
    }
}

#[test]
fn the_next_in_the_queue_is_not_a_second_person() {
    let far = Person::new(35.5).at(26.0, 9.0).wide(3.5);
    let face = exact(&room().with(far).with(Person::new(34.6).at(12.0, 10.5))).unwrap();
    assert!((face.hottest.degrees() - 34.6).abs() < 0.3, "the nearer one is measured: {face:?}");
}

#[test]
fn nobody_too_far_and_cut_are_told_apart() {
    assert_eq!(look(&room()), Err(NoFace::Nobody));
    assert_eq!(look(&room().with(Person::new(34.6).wide(5.0))), Err(NoFace::TooFar));
    for (x, y) in [(2.0, 10.5), (30.0, 10.5), (15.5, 3.0), (15.5, 21.5)] {
        assert_eq!(look(&room().with(Person::new(34.6).at(x, y))), Err(NoFace::Cut), "{x} {y}");
    }
    assert_eq!(look(&room().with(Person::new(34.6).wide(19.0).at(15.5, 12.0))), Err(NoFace::Cut), "too near");
    // A face that fills the picture has no background.
    assert_eq!(look(&room().with(Person::new(34.6).wide(34.0).at(15.5, 12.0))), Err(NoFace::WarmBackground));
}

#[test]
fn what_is_hotter_than_skin_is_no_skin() {
    let cup = |x, y| Thing { x, y, width: 4.5, height: 4.5, celsius: 70.0 };
    let person = || Person::new(34.6).at(12.0, 10.5);
    assert_eq!(exact(&room().with(person()).and(cup(12.0, 13.0))), Err(NoFace::Hot), "before the mouth");
    assert_eq!(exact(&room().with(person()).and(cup(16.5, 8.0))), Err(NoFace::Hot), "beside the brow");
    let held = exact(&room().with(person()).and(cup(24.0, 19.0))).unwrap();
    let plain = exact(&room().with(person())).unwrap();
    assert!((held.hottest - plain.hottest).abs() <= 1, "away from the face it changes nothing: {held:?}");
    let lamp =
        exact(&room().with(person()).and(Thing { x: 27.0, y: 3.0, width: 3.0, height: 3.0, celsius: 150.0 }))
            .unwrap();
    assert!((lamp.hottest - plain.hottest).abs() <= 1, "{lamp:?}");
    assert_eq!(exact(&room().and(cup(15.0, 10.0))), Err(NoFace::Hot), "a cup alone");
    assert_eq!(exact(&room().with(Person::new(46.0))), Err(NoFace::Hot), "a head of 46 °C");
}

#[test]
fn cold_skin_and_a_background_as_warm_as_skin_have_their_reasons() {
    let outside = Scene::empty(-10.0);
    assert_eq!(exact(&outside.clone().with(Person::new(24.0))), Err(NoFace::Cold));
    let face = exact(&outside.with(Person::new(31.0))).unwrap();
    assert!((face.hottest.degrees() - 31.0).abs() < 0.4, "{face:?}");
    assert_eq!(look(&Scene::empty(34.0).with(Person::new(35.0))), Err(NoFace::WarmBackground));
    assert_eq!(look(&Scene::empty(28.0)), Err(NoFace::Nobody));
}

#[test]
fn a_picture_that_is_noisier_than_an_array_is_not_judged() {
    let noisy = |noise| find(&frame(&room().with(Person::new(34.6)), noise, 1), &Limits::of(32));
    assert!(noisy(0.8).is_ok(), "as at 64 Hz");
    assert_eq!(noisy(3.0), Err(NoFace::Noisy));
}

#[test]
fn a_small_array_finds_a_near_face_and_not_a_far_one() {
    let scene = |width| room().with(Person::new(34.6).wide(width).at(15.5, 11.5));
    let small =
        |scene: &Scene| find(&scene.frame(16, 12, 0.1, &mut Random::new(3)).unwrap(), &Limits::of(16));
    let face = small(&scene(13.0)).unwrap();
    assert!((face.hottest.degrees() - 34.6).abs() < 0.3, "{face:?}");
    assert_eq!(small(&scene(8.5)), Err(NoFace::TooFar));
}

#[test]
fn a_picture_shows_the_head_and_the_place() {
    let frame = frame(&room().with(Person::new(34.6)), NOISE, 1);
    let reading = find(&frame, &Limits::of(32));
    let (marked, plain) = (picture::bmp(&frame, &reading), picture::bmp(&frame, &Err(NoFace::Nobody)));
    let word = |at: usize| u32::from_le_bytes(marked[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!((&marked[..2], word(2), word(10)), (b"BM".as_slice(), marked.len(), 1_078));
    assert_eq!((word(18), word(22), marked.len()), (320, 240, 1_078 + 320 * 240));
    let white = |file: &[u8]| file[1_078..].iter().filter(|pixel| **pixel == 255).count();
    assert_eq!(white(&plain), 0);
    assert!((600..2_000).contains(&white(&marked)), "{}", white(&marked));
    let cup = room().and(Thing { x: 16.0, y: 12.0, width: 6.0, height: 6.0, celsius: 70.0 });
    let hot = picture::bmp(&self::frame(&cup, 0.0, 0), &Err(NoFace::Hot));
    assert_eq!((hot[1_078 + 120 * 320 + 160], hot[1_078]), (253, 0), "hotter than skin has its own colour");
    let face = reading.unwrap();
    // Rows go from the bottom up.
    let (x, y) = (usize::from(face.at.0) * 10 + 5, usize::from(face.at.1) * 10 + 5);
    assert_eq!(marked[1_078 + (239 - y) * 320 + x], 255);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn noise_is_nobody(seed: u64, middle in -20.0..45.0f64, noise in 0.05..30.0f64) {
        let frame = frame(&Scene::empty(middle), noise, seed);
        prop_assert!(find(&frame, &Limits::of(32)).is_err());
    }

    #[test]
    fn any_words_at_all_are_judged_without_a_panic(pixels in prop::collection::vec(any::<i16>(), 768)) {
        let die = kakou::base::CentiCelsius::new(2_000).unwrap();
        let frame = ThermalFrame::new(32, 24, pixels, die, 3_300).unwrap();
        prop_assert!(find(&frame, &Limits::of(32)).is_err());
        picture::bmp(&frame, &Err(NoFace::Noisy));
    }

    #[test]
    fn a_face_says_the_same_wherever_it_is(dx in -8..=8i8, dy in -2..=4i8, skin in 31.0..39.0f64) {
        let at = |dx: i8, dy: i8| {
            let person = Person::new(skin).at(15.5 + f64::from(dx), 10.5 + f64::from(dy));
            exact(&room().with(person))
        };
        let (middle, moved) = (at(0, 0).unwrap(), at(dx, dy).unwrap());
        prop_assert!((middle.hottest - moved.hottest).abs() <= 1, "{middle:?} {moved:?}");
        let place = |face: &Face| (i16::from(face.at.0), i16::from(face.at.1));
        let (from, to) = (place(&middle), place(&moved));
        prop_assert!((to.0 - from.0 - i16::from(dx)).abs() <= 1 && (to.1 - from.1 - i16::from(dy)).abs() <= 1);
    }

    #[test]
    fn a_degree_more_of_skin_is_a_degree_more_of_value(
        skin in 30.0..39.0f64, more in 0.1..3.0f64, room in -10.0..26.0f64, glasses: bool, mask: bool,
    ) {
        let value = |skin: f64| {
            let mut person = Person::new(skin);
            if glasses { person = person.wearing(Worn::Glasses); }
            if mask { person = person.wearing(Worn::Mask); }
            exact(&Scene::empty(room).with(person)).map(|face| face.hottest.degrees())
        };
        let (low, high) = (value(skin).unwrap(), value(skin + more).unwrap());
        prop_assert!((high - low - more).abs() <= 0.021, "{low} {high} {more}");
    }

    #[test]
    fn two_heads_apart_are_never_one(gap in 0.0..6.0f64, up in -3.0..3.0f64, first in 33.0..38.0f64, second in 33.0..38.0f64) {
        let (left, right) = (9.0 - gap / 4.0, 18.5 + gap / 1.5);
        let scene = room().with(Person::new(first).at(left, 10.0)).with(Person::new(second).at(right, 10.0 + up));
        prop_assert_eq!(exact(&scene), Err(NoFace::Several));
    }
}

fn room() -> Scene {
    Scene::empty(20.0)
}

fn look(scene: &Scene) -> ArrayReading {
    let readings: Vec<_> = (0..5).map(|seed| find(&frame(scene, NOISE, seed), &Limits::of(32))).collect();
    // Noise makes no difference to what is found.
    for reading in &readings {
        match (reading, &readings[0]) {
            (Ok(a), Ok(b)) => assert!((a.hottest - b.hottest).abs() < 60, "{readings:?}"),
            (a, b) => assert_eq!(a, b),
        }
    }
    readings[0]
}

fn exact(scene: &Scene) -> ArrayReading {
    find(&frame(scene, 0.0, 0), &Limits::of(32))
}

fn frame(scene: &Scene, noise: f64, seed: u64) -> ThermalFrame {
    scene.frame(32, 24, noise, &mut Random::new(seed)).unwrap()
}
