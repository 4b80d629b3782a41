//! One 640 × 480 frame through the fast lane, beside rqrr and rxing alone in the same run.
//!
//! `cargo bench --bench vision`

use std::time::Duration;

use divan::{AllocProfiler, Bencher, black_box};
use kakou::base::{Mono, Random};
use kakou::sim::camera::{Camera, Scenery};
use kakou::vision::{Attempt, Frame, PixelFormat, Preview, Raw, Reader, convert, fast::Fast, slow};
use rxing::common::HybridBinarizer;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{BinaryBitmap, Luma8Source, Reader as _};

/// Counts allocations: in a frame without a code there must be none.
#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

const VIEWS: [&str; 3] = ["code", "nothing", "clutter"];

/// A frame of the simulated camera in the middle of a presentation, or of one without a code.
fn frame(view: &str) -> Frame {
    let scenery = if view == "clutter" { Scenery::Clutter } else { Scenery::Person };
    let camera = Camera::new(scenery, Random::new(7));
    if view == "code" {
        camera.scene().present(&[b'k'; 160], Mono::ZERO, Duration::from_secs(3)).unwrap_or_default();
    }
    camera.frame(Mono::from_millis(1_500)).unwrap_or_else(|_| Frame::spare())
}

#[divan::bench(args = VIEWS)]
fn fast_lane(bencher: Bencher<'_, '_>, view: &str) {
    let (frame, mut fast) = (frame(view), Fast::default());
    assert_eq!(fast.read(&frame).codes.len(), usize::from(view == "code"));
    bencher.bench_local(|| fast.read(black_box(&frame)));
}

#[divan::bench(args = VIEWS)]
fn rxing_alone(bencher: Bencher<'_, '_>, view: &str) {
    let frame = frame(view);
    let (width, height) = (u32::try_from(frame.width()), u32::try_from(frame.height()));
    let (width, height) = (width.unwrap_or_default(), height.unwrap_or_default());
    bencher.bench_local(|| {
        let source = Luma8Source::new_with_slice(black_box(frame.luma()), width, height).ok()?;
        QrReader.decode(&mut BinaryBitmap::new(HybridBinarizer::new(source))).ok()
    });
}

#[divan::bench(args = VIEWS)]
fn rqrr_alone(bencher: Bencher<'_, '_>, view: &str) {
    let frame = frame(view);
    bencher.bench_local(|| {
        let pixels = black_box(frame.luma());
        let pixel = |x: usize, y: usize| pixels[y * frame.width() + x];
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(frame.width(), frame.height(), pixel);
        picture.detect_grids().iter().map(|grid| grid.decode().is_ok()).filter(|&read| read).count()
    });
}

#[divan::bench(args = Attempt::QR.map(Attempt::name))]
fn slow_attempt(bencher: Bencher<'_, '_>, name: &str) {
    let frame = frame("clutter");
    let attempt = Attempt::QR.into_iter().find(|attempt| attempt.name() == name);
    bencher.bench_local(|| attempt.map(|attempt| slow::attempt(attempt, black_box(&frame))));
}

/// A frame of 1280 × 720 with nothing in view, from the camera's bytes to the reader's answer, memory used again.
#[divan::bench]
fn yuyv_720p_nothing_in_view(bencher: Bencher<'_, '_>) {
    // A wall that darkens downwards, with a sensor's noise.
    let mut random = Random::new(1);
    let wall = |i: usize| if i % 2 == 1 { 128 } else { 180 - i / 2_560 / 9 + noise(&mut random) };
    let bytes: Vec<u8> = (0..1_280 * 720 * 2).map(wall).map(|value| value.to_le_bytes()[0]).collect();
    let (mut frame, mut reader) = (Frame::spare(), Reader::default());
    let (width, height, stride) = (1_280, 720, 2_560);
    bencher.bench_local(|| {
        let bytes = black_box(&bytes[..]);
        let raw = Raw { format: PixelFormat::Yuyv, width, height, stride, bytes, at: Mono::ZERO };
        convert::grey_into(raw, &mut frame).map(|()| reader.read(&frame).codes.len())
    });
}

fn noise(random: &mut Random) -> usize {
    usize::try_from(random.below(9)).unwrap_or_default()
}

#[divan::bench]
fn yuyv_720p_to_grey(bencher: Bencher<'_, '_>) {
    let mut bytes = vec![0; 1_280 * 720 * 2];
    Random::new(1).fill(&mut bytes);
    let raw = || Raw {
        format: PixelFormat::Yuyv,
        width: 1_280,
        height: 720,
        stride: 2_560,
        bytes: black_box(&bytes),
        at: Mono::ZERO,
    };
    bencher.bench_local(|| convert::grey(raw()));
}

#[divan::bench]
fn preview(bencher: Bencher<'_, '_>) {
    let frame = frame("code");
    bencher.bench_local(|| Preview::of(black_box(&frame), &[]));
}

#[divan::bench]
fn simulated_frame(bencher: Bencher<'_, '_>) {
    let camera = Camera::new(Scenery::Person, Random::new(7));
    camera.scene().present(&[b'k'; 160], Mono::ZERO, Duration::from_secs(3)).unwrap_or_default();
    bencher.bench_local(|| camera.frame(Mono::from_millis(1_500)));
}
