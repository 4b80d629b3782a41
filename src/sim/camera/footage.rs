//! Moving colour pictures of a code that is held up: what readers are measured by.
//!
//! Light is added up in linear space: ink and white under a coloured light, a veil of reflected surroundings, a shine, the
//! pixels of a screen beating with those of the sensor, a lens that is not quite sharp. Rows are exposed one after the other,
//! each for some milliseconds, while the hand moves. Then come exposure, noise, clipping and the sRGB curve.

use std::time::Duration;

use super::ink::{CASTS, encoded, grain, linear};
use super::plane::Map;
use super::pose::{Hold, Shot, narrow, size};
use super::{HEIGHT, Scenery, TooLong, WIDTH, draw};
use crate::base::{Mono, Random};
use crate::model::ModuleColour;

pub use super::ink::INKS;

/// From frame to frame.
pub const PERIOD: Duration = Duration::from_nanos(33_333_333);
/// From the first row's exposure to that of the last.
const READOUT: f32 = 0.022;
/// Places and moments of which a pixel is the mean.
const SAMPLES: usize = 8;
/// Quiet zone in modules.
const QUIET: f32 = 4.0;
/// Rim of the phone in modules.
const RIM: f32 = 3.0;

/// How hard a sequence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// 5 to 7 pixels a module, held nearly still, enough light.
    Easy,
    /// 3.4 to 5 pixels, swung, less light.
    Middle,
    /// 2.6 to 3.6 pixels, out of focus, swung further, in the dark.
    Hard,
}

impl Level {
    /// From the easiest on.
    pub const ALL: [Self; 3] = [Self::Easy, Self::Middle, Self::Hard];

    /// Its name for tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Middle => "middle",
            Self::Hard => "hard",
        }
    }
}

/// A picture of three bytes a pixel: red, green, blue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rgb {
    /// Pixels to the right.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Row by row.
    pub bytes: Vec<u8>,
}

impl Rgb {
    /// As 4:2:2 of a camera, two pixels in four bytes (ITU-R BT.601, full range).
    pub fn yuyv(&self) -> Vec<u8> {
        let luma = |p: &[u8]| (77 * i32::from(p[0]) + 150 * i32::from(p[1]) + 29 * i32::from(p[2])) >> 8;
        let byte = |value: i32| value.clamp(0, 255).to_le_bytes()[0];
        let mut out = Vec::with_capacity(2 * self.width * self.height);
        for pair in self.bytes.chunks_exact(6) {
            let (one, other) = (luma(&pair[..3]), luma(&pair[3..]));
            let mean = |at: usize| i32::midpoint(i32::from(pair[at]), i32::from(pair[at + 3]));
            let middle = i32::midpoint(one, other);
            let (blue, red) = ((mean(2) - middle) * 145 / 256 + 128, (mean(0) - middle) * 183 / 256 + 128);
            out.extend_from_slice(&[byte(one), byte(blue), byte(other), byte(red)]);
        }
        out
    }
}

/// A code held up before a colour camera for some seconds.
#[derive(Debug)]
pub struct Footage {
    hold: Hold,
    ink: [f32; 3],
    white: [f32; 3],
    colour: ModuleColour,
    background: Vec<u8>,
    exposure: f32,
    gain: f32,
    noise: f32,
    veil: f32,
    moire: (f32, f32, f32),
    offsets: [(f32, f32); SAMPLES],
    grain: Vec<f32>,
    seed: u64,
}

impl Footage {
    /// A code with `payload` in the ink of number `ink` of [`INKS`], held up for `duration`.
    ///
    /// # Errors
    ///
    /// When no QR symbol can hold `payload`.
    pub fn new(
        payload: &[u8],
        ink: usize,
        level: Level,
        duration: Duration,
        random: &mut Random,
    ) -> Result<Self, TooLong> {
        let code = qrcode::QrCode::with_error_correction_level(payload, qrcode::EcLevel::M)
            .map_err(|_| TooLong(payload.len()))?;
        let (colour, ink) = INKS[ink % INKS.len()];
        let cast = *random.pick(&CASTS).unwrap_or(&CASTS[0]);
        let scenery = *random.pick(&[Scenery::Person, Scenery::Clutter]).unwrap_or(&Scenery::Person);
        let mut between = |low: f32, high: f32| low + (high - low) * narrow(random.unit());
        let (scale, swing, blur, exposure, noise) = match level {
            Level::Easy => {
                (between(5.0, 7.0), between(0.0, 12.0), between(0.3, 0.6), between(0.004, 0.012), 0.008)
            }
            Level::Middle => {
                (between(3.4, 5.0), between(10.0, 30.0), between(0.4, 0.9), between(0.008, 0.018), 0.016)
            }
            Level::Hard => {
                (between(2.6, 3.6), between(20.0, 60.0), between(0.7, 1.1), between(0.012, 0.024), 0.028)
            }
        };
        let (gain, veil) = (between(0.55, 1.15), between(0.0, 0.12));
        let moire = (between(0.0, 0.12), between(2.6, 3.4), between(0.0, 6.0));
        let fits = 0.9 * size(HEIGHT) / (size(code.width()) + 2.0 * (QUIET + RIM));
        let offset = |random: &mut Random| {
            let mut one = || narrow(blur_of(blur) * random.normal() + random.unit() - 0.5);
            (one(), one())
        };
        let hold = Hold::new(&code, Mono::ZERO, duration, false, random).at(scale.min(fits), swing);
        Ok(Self {
            hold,
            ink: lit(ink, cast),
            white: cast,
            colour,
            background: draw::background(scenery, &mut random.fork("background")),
            exposure,
            gain,
            noise,
            veil,
            moire,
            offsets: std::array::from_fn(|_| offset(random)),
            grain: grain(random),
            seed: random.next_u64(),
        })
    }

    /// What the colour of the modules is called.
    pub fn colour(&self) -> ModuleColour {
        self.colour
    }

    /// Whether the whole symbol with its quiet zone is in the frame of `number`.
    pub fn is_whole(&self, number: u32) -> bool {
        let Some(shot) = self.hold.shot(Mono::ZERO + PERIOD * number) else { return false };
        let reach = size(self.hold.symbol().modules) / 2.0 + QUIET;
        let map = Map::new(&shot);
        [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].iter().all(|(u, v)| {
            let (x, y) = map.place(u * reach, v * reach);
            (0.0..size(WIDTH)).contains(&x) && (0.0..size(HEIGHT)).contains(&y)
        })
    }

    /// The frame of `number`, from 0 on.
    pub fn frame(&self, number: u32) -> Rgb {
        let now = Mono::ZERO + PERIOD * number;
        let mut random = Random::new(self.seed ^ u64::from(number));
        let mut bytes = Vec::with_capacity(3 * WIDTH * HEIGHT);
        for y in 0..HEIGHT {
            let moments: Vec<Moment> =
                (0..SAMPLES).filter_map(|sample| self.moment(now, y, sample)).collect();
            let span = moments.iter().fold((WIDTH, 0), |(left, right), moment| {
                (left.min(moment.columns.0), right.max(moment.columns.1))
            });
            let start = usize::try_from(random.below(8_192)).unwrap_or_default();
            let mut grain = self.grain[start..].iter().cycle();
            for x in 0..WIDTH {
                let behind = self.behind(x, y);
                let light = if (span.0..span.1).contains(&x) && moments.len() == SAMPLES {
                    self.card(&moments, x, y, behind)
                } else {
                    behind
                };
                for channel in light {
                    let light = channel * self.gain;
                    // Noise of the light itself grows with its root.
                    let sigma = self.noise * (0.3 + light.max(0.0).sqrt());
                    bytes.push(encoded(light + sigma * grain.next().copied().unwrap_or_default()));
                }
            }
        }
        Rgb { width: WIDTH, height: HEIGHT, bytes }
    }

    /// The card at the moment of one sample of row `y`.
    fn moment(&self, now: Mono, y: usize, sample: usize) -> Option<Moment> {
        let share = (size(sample) + 0.5) / size(SAMPLES) - 0.5;
        let seconds = READOUT * size(y) / size(HEIGHT) + self.exposure * (share + 0.5);
        let shot = self.hold.shot(now + Duration::from_secs_f32(seconds))?;
        let map = Map::new(&shot);
        let reach = size(self.hold.symbol().modules) / 2.0 + QUIET + RIM;
        let (left, right, top, bottom) = map.bounds(reach)?;
        let columns = if (top..=bottom).contains(&y) { (left, right) } else { (WIDTH, 0) };
        Some(Moment { map, shot, columns })
    }

    fn behind(&self, x: usize, y: usize) -> [f32; 3] {
        let grey = linear(self.background[y * WIDTH + x]);
        self.white.map(|white| white * grey)
    }

    /// What a pixel of the card's surroundings gets.
    fn card(&self, moments: &[Moment], x: usize, y: usize, behind: [f32; 3]) -> [f32; 3] {
        let mut sum = [0.0; 3];
        for (moment, (dx, dy)) in moments.iter().zip(self.offsets) {
            let (px, py) = (size(x) + 0.5 + dx, size(y) + 0.5 + dy);
            let (u, v) = moment.map.back(px, py);
            let light = self.surface(moment, (px, py), (u, v)).unwrap_or(behind);
            sum.iter_mut().zip(light).for_each(|(sum, light)| *sum += light / size(SAMPLES));
        }
        sum
    }

    /// Light of a place of the card, in modules from its middle; none beside it.
    fn surface(&self, moment: &Moment, (x, y): (f32, f32), (u, v): (f32, f32)) -> Option<[f32; 3]> {
        let symbol = self.hold.symbol();
        let half = size(symbol.modules) / 2.0;
        let far = u.abs().max(v.abs());
        if far > half + QUIET + RIM {
            return None;
        }
        let own = if far > half + QUIET {
            [0.01; 3]
        } else {
            // A place just inside of the edge may be rounded onto it.
            let module = |at: f32| draw::pixel(at + half).min(symbol.modules - 1);
            let dark = far < half && symbol.dark[module(v) * symbol.modules + module(u)];
            if dark { self.ink } else { self.white }
        };
        let shot = &moment.shot;
        let (strength, beat, phase) = self.moire;
        // A screen's own pixels, `beat` of them to a module, seen by those of the sensor.
        let moire = 1.0 + strength * (std::f32::consts::TAU * beat * (u + 0.13 * v) + phase).sin();
        let slope = 1.0 + shot.light.0 * (x - 320.0) + shot.light.1 * (y - 240.0);
        let shine = shot.glare.map_or(0.0, |(gu, gv, radius)| {
            let far = (u - gu).hypot(v - gv) / (2.0 * radius);
            1.2 * (1.0 - far).max(0.0)
        });
        let mut light = own.map(|own| own * moire * slope + shine);
        light.iter_mut().zip(self.white).for_each(|(light, white)| *light += self.veil * white);
        Some(light)
    }
}

/// The card while one sample of a row is exposed.
struct Moment {
    map: Map,
    shot: Shot,
    columns: (usize, usize),
}

/// An ink under a light.
fn lit(ink: [u8; 3], cast: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|channel| linear(ink[channel]) * cast[channel])
}

fn blur_of(sigma: f32) -> f64 {
    f64::from(sigma)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision::{PixelFormat, Raw, Reader, convert};

    const HELD: Duration = Duration::from_secs(2);

    fn footage(seed: u64, ink: usize, level: Level) -> Footage {
        Footage::new(b"kakou:footage", ink, level, HELD, &mut Random::new(seed)).unwrap()
    }

    #[test]
    fn an_easy_sequence_comes_into_view_and_is_read_from_yuyv() {
        let footage = footage(3, 9, Level::Easy);
        assert!(!footage.is_whole(0) && footage.is_whole(25) && footage.colour() == ModuleColour::Yellow);
        let mut reader = Reader::default();
        let read = (14..40).any(|number| {
            let bytes = footage.frame(number).yuyv();
            let at = Mono::ZERO + PERIOD * number;
            let raw =
                Raw { format: PixelFormat::Yuyv, width: 640, height: 480, stride: 1_280, bytes: &bytes, at };
            let presented = reader.read(&convert::grey(raw).unwrap()).presented;
            presented.iter().any(|presented| presented.payload.expose() == b"kakou:footage")
        });
        assert!(read);
    }

    #[test]
    fn a_frame_follows_from_the_seed_and_its_number_alone() {
        let one = footage(8, 0, Level::Hard).frame(20);
        let again = footage(8, 0, Level::Hard);
        again.frame(3);
        assert_eq!(one, again.frame(20));
        assert_ne!(one, again.frame(21));
    }

    #[test]
    fn the_curve_of_srgb_and_its_inverse_agree() {
        assert!((0..=255).all(|value| encoded(linear(value)) == value));
        assert_eq!((encoded(-1.0), encoded(7.0)), (0, 255));
    }
}
