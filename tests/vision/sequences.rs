//! What the simulated camera shows is read, soon, once, and byte for byte.

use std::time::Duration;

use kakou::base::{Mono, Random};
use kakou::sim::camera::{Camera, PERIOD, Scenery};
use kakou::vision::{Frame, Reader, slow};

/// The code is whole and still in view after about 7 frames.
const FRAMES_MAX: u64 = 12;

#[test]
fn fifty_presentations_are_each_read_within_a_few_frames_and_once() {
    let mut needed = vec![];
    for seed in 0..50 {
        let mut random = Random::new(seed);
        let scenery = *random.pick(&[Scenery::Person, Scenery::Vehicle, Scenery::Clutter]).unwrap();
        let mut payload = vec![0; usize::try_from(20 + random.below(300)).unwrap()];
        random.fill(&mut payload);
        let camera = Camera::new(scenery, random.fork("camera"));
        camera.scene().present(&payload, Mono::ZERO, Duration::from_secs(2)).unwrap();
        let mut reader = Reader::default();
        let mut events = vec![];
        for i in 0..40 {
            let frame = camera.frame(Mono::ZERO + PERIOD * i).unwrap();
            let sight = reader.read(&frame);
            events.extend(sight.presented);
            if let Some(attempt) = sight.attempt.filter(|attempt| !attempt.unbounded()) {
                events.extend(reader.late(frame.at, &slow::attempt(attempt, &frame)));
            }
        }
        assert_eq!(events.len(), 1, "seed {seed}, {scenery:?}, {} bytes", payload.len());
        assert_eq!(events[0].payload.expose(), &payload, "seed {seed}");
        needed.push(events[0].at.since(Mono::ZERO).as_nanos() / PERIOD.as_nanos());
    }
    needed.sort_unstable();
    println!("frames until read: median {}, worst {}", needed[25], needed[49]);
    assert!(needed[49] <= u128::from(FRAMES_MAX), "{needed:?}");
}

#[test]
fn the_largest_symbol_full_of_random_bytes_survives_byte_for_byte() {
    let mut payload = vec![0; 2_953];
    Random::new(40).fill(&mut payload);
    let code = qrcode::QrCode::with_error_correction_level(&payload, qrcode::EcLevel::L).unwrap();
    assert_eq!(code.width(), 177);
    let side = (177 + 8) * 4;
    let dark = |v: usize| (v / 4).checked_sub(4).filter(|&v| v < 177);
    let pixel = |i: usize| match dark(i % side).zip(dark(i / side)) {
        Some((x, y)) if code[(x, y)] == qrcode::Color::Dark => 20,
        Some(_) | None => 230,
    };
    let frame = Frame::new(side, side, (0..side * side).map(pixel).collect(), Mono::ZERO).unwrap();
    let sight = Reader::default().read(&frame);
    assert_eq!(sight.codes.len(), 1);
    assert!(sight.codes[0].payload.expose() == &payload, "the bytes changed");
    assert_eq!(sight.codes[0].modules, Some(177));
}
