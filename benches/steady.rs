//! A camera at a gate where nobody is: what a frame costs from the camera's bytes to the reader's answer, slow lane and
//! preview with it, and whether memory grows.
//!
//! `cargo bench --bench steady`; `FRAMES=100000` for an hour of it at 30 a second.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench may panic, and prints what it measured"
)]

use std::fs;
use std::time::Duration;

use kakou::base::{Mono, Random};
use kakou::platform::camera::Watch;
use kakou::platform::isolate::Isolate;
use kakou::vision::raw::{CameraError, Source};
use kakou::vision::{PixelFormat, Raw, Reader};
use rustix::time::{ClockId, clock_gettime};

const WIDTH: usize = 1_280;
const HEIGHT: usize = 720;
/// Pictures that take turns: their noise differs.
const PICTURES: usize = 8;
const PERIOD: Duration = Duration::from_nanos(33_333_333);

fn main() {
    let frames = std::env::var("FRAMES").ok().and_then(|value| value.parse().ok()).unwrap_or(6_000);
    for (name, format) in [("YUYV", PixelFormat::Yuyv), ("MJPEG", PixelFormat::Mjpeg)] {
        let mut watch =
            Watch::new(Box::new(Wall::new(format)), Reader::default(), Isolate::new(Duration::from_secs(2)));
        let turn = |watch: &mut Watch| assert!(watch.turn(Duration::ZERO).presented.is_empty());
        (0..1_000).for_each(|_| turn(&mut watch));
        let (cpu, resident) = (processor(), resident());
        (0..frames).for_each(|_| turn(&mut watch));
        let each = (processor() - cpu) / frames;
        println!(
            "{name}: {frames} frames of {WIDTH} × {HEIGHT}, {each:.2?} of a core each, {:.1} % of one at 30 a second; \
             resident {resident} kB after 1,000, {} kB at the end",
            3_000.0 * each.as_secs_f64(),
            self::resident()
        );
    }
}

/// A wall that darkens downwards, with a sensor's noise.
struct Wall {
    format: PixelFormat,
    pictures: Vec<Vec<u8>>,
    taken: u32,
}

impl Wall {
    fn new(format: PixelFormat) -> Self {
        let mut random = Random::new(1);
        let mut grey =
            |i: usize| (180 - i / WIDTH / 9 + usize::try_from(random.below(9)).unwrap()).to_le_bytes()[0];
        let mut picture = || {
            let luma: Vec<u8> = (0..WIDTH * HEIGHT).map(&mut grey).collect();
            if format == PixelFormat::Yuyv {
                return luma.into_iter().flat_map(|grey| [grey, 128]).collect();
            }
            let colours: Vec<u8> = luma.into_iter().flat_map(|grey| [grey; 3]).collect();
            let mut out = Vec::new();
            let mut encoder = jpeg_encoder::Encoder::new(&mut out, 80);
            encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_2_2);
            encoder.encode(&colours, 1_280, 720, jpeg_encoder::ColorType::Rgb).unwrap();
            out
        };
        Self { format, pictures: (0..PICTURES).map(|_| picture()).collect(), taken: 0 }
    }
}

impl Source for Wall {
    fn next(&mut self, _: Duration, take: &mut dyn FnMut(Raw<'_>)) -> Result<(), CameraError> {
        let bytes = &self.pictures[usize::try_from(self.taken).unwrap() % PICTURES];
        let at = Mono::ZERO + PERIOD * self.taken;
        self.taken += 1;
        take(Raw { format: self.format, width: WIDTH, height: HEIGHT, stride: 2 * WIDTH, bytes, at });
        Ok(())
    }
}

/// What all threads have used.
fn processor() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

/// Resident memory in kB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
