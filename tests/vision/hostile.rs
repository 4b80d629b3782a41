//! Pictures made to make a reader spin, panic or swallow memory.

use std::sync::Arc;
use std::time::Duration;

use kakou::base::{Mono, Random};
use kakou::model::Symbology;
use kakou::platform::clock;
use kakou::platform::isolate::{ABANDONED_MAX, Isolate};
use kakou::vision::fast::Fast;
use kakou::vision::{Attempt, Frame};

use crate::labelled;

/// For one attempt here: the machine that runs the tests may be slow and busy.
const DEADLINE: Duration = Duration::from_secs(8);

#[test]
fn no_picture_holds_up_the_fast_lane_or_a_bounded_attempt() {
    let (mut fast, mut slow) = (Fast::default(), Isolate::new(DEADLINE));
    for (name, frame) in pictures() {
        let start = clock::mono();
        fast.read(&frame);
        let fast_ms = clock::mono().since(start).as_millis();
        let frame = Arc::new(frame);
        let mut each = vec![];
        for attempt in Attempt::QR.into_iter().chain(Symbology::ALL.map(Attempt::Other)) {
            let start = clock::mono();
            if !slow.offer(start, attempt, Arc::clone(&frame)) {
                assert!(attempt.unbounded(), "{name}: {} was switched off", attempt.name());
                continue;
            }
            let answer = slow.wait().unwrap();
            let took = clock::mono().since(start);
            each.push(took.as_millis());
            assert!(took < DEADLINE + Duration::from_secs(1), "{name}: {} took {took:?}", attempt.name());
            assert!(!answer.overran || attempt.unbounded(), "{name}: {} overran", attempt.name());
        }
        println!("{name:24} fast {fast_ms:4} ms, slow {each:?} ms");
        assert!(fast_ms < 4_000, "{name}: the fast lane took {fast_ms} ms");
    }
    assert!(slow.abandoned() <= ABANDONED_MAX);
}

#[test]
fn photographs_that_make_rqrr_panic_or_spin_cost_a_thread_at_most() {
    let Some(root) = labelled::root() else { return };
    let mut slow = Isolate::new(Duration::from_secs(1));
    for set in ["zxing-qr6", "boof-lots"] {
        let mut paths: Vec<_> =
            std::fs::read_dir(root.join(set)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let frame = Arc::new(labelled::open(&path));
            for attempt in [Attempt::Mean, Attempt::Native] {
                let start = clock::mono();
                if slow.offer(start, attempt, Arc::clone(&frame)) {
                    slow.wait().unwrap();
                }
                let took = clock::mono().since(start);
                assert!(took < Duration::from_secs(4), "{}: {took:?}", path.display());
            }
        }
    }
    println!("given up: {}", slow.abandoned());
}

fn pictures() -> Vec<(&'static str, Frame)> {
    let mut random = Random::new(11);
    let mut noise = vec![0; 1_280 * 720];
    random.fill(&mut noise);
    let squares = (0..1_280 * 720).map(|i| if (i % 1_280 / 2 + i / 1_280 / 2) % 2 == 0 { 20 } else { 230 });
    let lines = |step: usize, diagonal: usize| {
        let dark = move |i: usize| ((i % 1_280 + diagonal * (i / 1_280)) / step).is_multiple_of(2);
        frame(1_280, 720, (0..1_280 * 720).map(|i| if dark(i) { 20 } else { 230 }).collect())
    };
    vec![
        ("bars of 1 px", lines(1, 0)),
        ("bars of 3 px", lines(3, 0)),
        ("leaning bars of 1 px", lines(1, 1)),
        ("leaning bars of 4 px", lines(4, 1)),
        ("one pixel", frame(1, 1, vec![9])),
        ("one row", frame(7_680, 1, vec![9; 7_680])),
        ("one column", frame(1, 4_320, (0..4_320).map(|i| u8::try_from(i % 256).unwrap()).collect())),
        ("noise", frame(1_280, 720, noise)),
        ("chessboard", frame(1_280, 720, squares.collect())),
        ("finder patterns 2 px", wallpaper(1_280, 720, 2, 9)),
        ("finder patterns 3 px", wallpaper(1_280, 720, 3, 8)),
        ("finder patterns 5 px", wallpaper(1_280, 720, 5, 11)),
        ("finder patterns, turned", turned(&wallpaper(1_280, 720, 4, 12))),
        ("sheet of 140 codes", sheet()),
        ("8K, grey", frame(7_680, 4_320, vec![128; 7_680 * 4_320])),
        ("8K, finder patterns", wallpaper(7_680, 4_320, 20, 9)),
    ]
}

/// Finder patterns of `unit` pixels a module, one every `pitch` modules.
fn wallpaper(width: usize, height: usize, unit: usize, pitch: usize) -> Frame {
    let dark = |x: usize, y: usize| {
        let (x, y) = (x / unit % pitch, y / unit % pitch);
        if x > 6 || y > 6 {
            return false;
        }
        let ring = x.min(6 - x).min(y.min(6 - y));
        ring != 1
    };
    frame(
        width,
        height,
        (0..width * height).map(|i| if dark(i % width, i / width) { 15 } else { 240 }).collect(),
    )
}

fn turned(from: &Frame) -> Frame {
    let (width, height) = (from.width(), from.height());
    let pixel = |i: usize| {
        let (x, y) = (i % width, i / width);
        let (u, v) = ((x * 9 + y * 4) / 10, (y * 9 + 4 * (width - x)) / 10);
        from.luma()[v % height * width + u % width]
    };
    frame(width, height, (0..width * height).map(pixel).collect())
}

/// 14 × 10 version 1 codes, three pixels a module.
fn sheet() -> Frame {
    let (width, height, cell) = (14 * 87, 10 * 87, 87);
    let codes: Vec<_> = (0..140).map(|i| qrcode::QrCode::new(format!("{i}")).unwrap()).collect();
    let dark = |x: usize, y: usize| {
        let code = &codes[y / cell * 14 + x / cell];
        let module = |v: usize| (v % cell).checked_sub(12).map(|v| v / 3).filter(|&v| v < code.width());
        let module = module(x).zip(module(y));
        module.is_some_and(|(x, y)| code[(x, y)] == qrcode::Color::Dark)
    };
    frame(
        width,
        height,
        (0..width * height).map(|i| if dark(i % width, i / width) { 15 } else { 240 }).collect(),
    )
}

fn frame(width: usize, height: usize, luma: Vec<u8>) -> Frame {
    Frame::new(width, height, luma, Mono::ZERO).unwrap()
}
