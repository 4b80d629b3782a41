//! Moving pictures: frames from the first that shows the whole code until it is read, and the colour it is said to have.
//!
//! Ours sees what the kiosk's reader sees, and its slow attempts answer a frame later. The others are given plain luma of
//! each frame, as is usual; the last of them also what ours makes of colour.

use std::collections::BTreeMap;
use std::time::Duration;

use kakou::base::{Mono, Random};
use kakou::model::ModuleColour;
use kakou::platform::clock;
use kakou::sim::camera::footage::{Footage, INKS, Level, PERIOD, Rgb};
use kakou::vision::colour::Coloured;
use kakou::vision::{Attempt, Frame, PixelFormat, Presented, Raw, Reader, convert, slow};

use super::peers::{PEERS, Peer};

/// How frames come from the camera.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// 4:2:2.
    Yuyv,
    /// JPEG, 4:2:2, of quality 80.
    Mjpeg,
}

/// Frames of a sequence after the first that shows the whole code.
const FRAMES: u32 = 60;

/// What one reader made of a sequence.
#[derive(Default)]
struct Run {
    frames: Option<u32>,
    took: Duration,
}

/// One sequence, seen by all.
struct Outcome {
    level: Level,
    named: ModuleColour,
    ours: Run,
    peers: Vec<Run>,
    colour: Option<Option<ModuleColour>>,
}

/// Makes `count` sequences of each level and prints how each reader does.
pub fn compare(wire: Wire, count: u64, seed: u64) {
    let name = if wire == Wire::Yuyv { "YUYV" } else { "MJPEG" };
    println!("{name}, 640 × 480, frames from full view to read");
    let sequences = Level::ALL.into_iter().flat_map(|level| (0..count).map(move |number| (level, number)));
    let outcomes: Vec<Outcome> =
        sequences.filter_map(|(level, number)| watch(wire, level, number, seed)).collect();
    for level in Level::ALL {
        let of_level: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.level == level).collect();
        row(level, "ours", of_level.iter().map(|outcome| &outcome.ours).collect());
        for (at, (name, _)) in contestants().iter().enumerate() {
            row(level, name, of_level.iter().map(|outcome| &outcome.peers[at]).collect());
        }
    }
    colours(&outcomes);
    println!();
}

/// Peers and what they are given.
fn contestants() -> Vec<(String, (Peer, Given))> {
    let plain = PEERS.iter().map(|peer| (peer.name.to_owned(), (*peer, Given::Luma)));
    let last = PEERS.last().map(|peer| (format!("{} + min", peer.name), (*peer, Given::Minimum)));
    plain.chain(last).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    /// Plain luma.
    Luma,
    /// The white-referenced minimum of the channels.
    Minimum,
}

fn watch(wire: Wire, level: Level, number: u64, seed: u64) -> Option<Outcome> {
    let mut random = Random::new(seed).fork(level.name()).fork(&number.to_string());
    let payload = format!("KK1:{:016X}{:016X}{number}", random.next_u64(), random.next_u64()).into_bytes();
    let ink = usize::try_from(number).unwrap() % INKS.len();
    let footage = Footage::new(&payload, ink, level, Duration::from_secs(4), &mut random).unwrap();
    let first = (0..120).find(|&frame| footage.is_whole(frame))?;
    let contestants = contestants();
    let mut peers: Vec<Run> = contestants.iter().map(|_| Run::default()).collect();
    let (mut ours, mut colour) = (Ours::default(), None);
    for frame in first..first + FRAMES {
        let at = Mono::ZERO + PERIOD * frame;
        let bytes = bytes(wire, &footage.frame(frame));
        let raw = raw(wire, &bytes, at);
        let seen = frame - first + 1;
        if ours.run.frames.is_none()
            && let Some(code) = ours.see(raw, seen, &payload)
        {
            colour = code.map(|code| colour_of(raw, &code));
        }
        let mut given: [Option<Frame>; 2] = [None, None];
        for ((_, (peer, what)), run) in contestants.iter().zip(&mut peers) {
            if run.frames.is_none() {
                let grey = given[usize::from(*what == Given::Luma)].get_or_insert_with(|| match what {
                    Given::Luma => convert::luma(raw).unwrap(),
                    Given::Minimum => convert::grey(raw).unwrap(),
                });
                let start = clock::mono();
                let read = peer.read(grey);
                run.took += clock::mono().since(start);
                run.frames = read.contains(&payload).then_some(seen);
            }
        }
        if ours.run.frames.is_some() && peers.iter().all(|run| run.frames.is_some()) {
            break;
        }
    }
    Some(Outcome { level, named: footage.colour(), ours: ours.run, peers, colour })
}

/// The kiosk's reader, with slow attempts that answer a frame later.
#[derive(Default)]
struct Ours {
    reader: Reader,
    pending: Option<(Attempt, Frame)>,
    run: Run,
}

impl Ours {
    /// The code, once it is read: with its place where this very frame showed it.
    fn see(&mut self, raw: Raw<'_>, seen: u32, payload: &[u8]) -> Option<Option<Presented>> {
        let start = clock::mono();
        let frame = convert::grey(raw).unwrap();
        let sight = self.reader.read(&frame);
        let mut late = Vec::new();
        if let Some((attempt, frame)) = self.pending.take() {
            late = self.reader.late(frame.at, &slow::attempt(attempt, &frame));
        }
        self.pending = sight.attempt.map(|attempt| (attempt, frame));
        self.run.took += clock::mono().since(start);
        let is_it = |code: &Presented| code.payload.expose() == payload;
        let here = sight.presented.into_iter().find(is_it);
        let read = here.is_some() || late.iter().any(is_it);
        self.run.frames = read.then_some(seen);
        read.then_some(here)
    }
}

fn colour_of(raw: Raw<'_>, code: &Presented) -> Option<ModuleColour> {
    Coloured::of(raw)?.modules(&code.corners, code.modules?)
}

fn bytes(wire: Wire, picture: &Rgb) -> Vec<u8> {
    match wire {
        Wire::Yuyv => picture.yuyv(),
        Wire::Mjpeg => {
            let mut out = Vec::new();
            let mut encoder = jpeg_encoder::Encoder::new(&mut out, 80);
            encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_2_2);
            let (width, height) = (u16::try_from(picture.width), u16::try_from(picture.height));
            let rgb = jpeg_encoder::ColorType::Rgb;
            encoder.encode(&picture.bytes, width.unwrap(), height.unwrap(), rgb).unwrap();
            out
        }
    }
}

fn raw(wire: Wire, bytes: &[u8], at: Mono) -> Raw<'_> {
    let format = match wire {
        Wire::Yuyv => PixelFormat::Yuyv,
        Wire::Mjpeg => PixelFormat::Mjpeg,
    };
    Raw { format, width: 640, height: 480, stride: 1_280, bytes, at }
}

fn row(level: Level, name: &str, runs: Vec<&Run>) {
    let mut frames: Vec<u32> = runs.iter().map(|run| run.frames.unwrap_or(u32::MAX)).collect();
    frames.sort_unstable();
    let at = |percent: usize| match frames[(frames.len() * percent / 100).min(frames.len() - 1)] {
        u32::MAX => "never".to_owned(),
        frames => frames.to_string(),
    };
    let never = frames.iter().filter(|&&frames| frames == u32::MAX).count();
    let seen: u32 = runs.iter().map(|run| run.frames.unwrap_or(FRAMES)).sum();
    let took: Duration = runs.iter().map(|run| run.took).sum();
    let (p50, p95) = (at(50), at(95));
    println!(
        "{:7} {name:16} p50 {p50:>5}  p95 {p95:>5}  never {never:3} of {}; {:.2?} a frame",
        level.name(),
        frames.len(),
        took / seen.max(1)
    );
}

/// How many of each colour were read within 30 frames, and how often a colour was named rightly.
fn colours(outcomes: &[Outcome]) {
    let mut read = BTreeMap::<(&str, &str), [usize; 2]>::new();
    let mut named = BTreeMap::<&str, [usize; 3]>::new();
    for outcome in outcomes {
        let count = read.entry((outcome.level.name(), outcome.named.name())).or_default();
        count[0] += usize::from(outcome.ours.frames.is_some_and(|frames| frames <= 30));
        count[1] += 1;
        if let Some(colour) = outcome.colour {
            let count = named.entry(outcome.level.name()).or_default();
            count[colour.map_or(2, |colour| usize::from(colour != outcome.named))] += 1;
        }
    }
    for ((level, colour), [read, of]) in &read {
        println!("{level:7} {colour:7} read within a second: {read:3} of {of}");
    }
    for (level, [right, wrong, unsure]) in &named {
        println!("{level:7} colour named rightly {right}, wrongly {wrong}, unsure {unsure}");
    }
}
