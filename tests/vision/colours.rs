//! Colours of codes in moving pictures: where one is named, it is the right one.

use std::collections::BTreeMap;
use std::time::Duration;

use kakou::base::{Mono, Random};
use kakou::model::ModuleColour;
use kakou::sim::camera::footage::{Footage, INKS, Level, PERIOD};
use kakou::vision::colour::Coloured;
use kakou::vision::fast::Fast;
use kakou::vision::{PixelFormat, Raw, convert};

/// Sequences of each level: five of each ink.
const SEQUENCES: usize = 70;

#[test]
fn a_colour_that_is_named_is_the_right_one() {
    let (mut named, mut wrong, mut unsure) = (BTreeMap::<ModuleColour, u32>::new(), 0, 0);
    for (level, number) in Level::ALL.into_iter().flat_map(|level| (0..SEQUENCES).map(move |n| (level, n))) {
        let mut random = Random::new(77).fork(level.name()).fork(&number.to_string());
        let payload = format!("https://example.org/{:032x}", random.next_u64());
        let duration = Duration::from_secs(3);
        let ink = number % INKS.len();
        let footage = Footage::new(payload.as_bytes(), ink, level, duration, &mut random).unwrap();
        // A frame of each quarter of a second, until one is read.
        for frame in (20..75).step_by(8) {
            let bytes = footage.frame(frame).yuyv();
            let (format, width, height, stride) = (PixelFormat::Yuyv, 640, 480, 1_280);
            let raw = Raw { format, width, height, stride, bytes: &bytes, at: Mono::ZERO + PERIOD * frame };
            let codes = Fast::default().read(&convert::grey(raw).unwrap()).codes;
            let Some(code) = codes.first() else { continue };
            match Coloured::of(raw).unwrap().modules(&code.corners, code.modules.unwrap()) {
                Some(colour) if colour == footage.colour() => {
                    *named.entry(colour).or_default() += 1;
                }
                Some(_) => wrong += 1,
                None => unsure += 1,
            }
            break;
        }
    }
    let right: u32 = named.values().sum();
    println!("named rightly {right}, wrongly {wrong}, unsure {unsure}: {named:?}");
    assert!(100 * wrong <= right, "{wrong} of {right} are wrong");
    assert!(right >= 80, "only {right} of {} are named", right + wrong + unsure);
    assert_eq!(named.len(), 5, "each colour is named sometimes: {named:?}");
}
