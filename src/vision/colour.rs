//! The colour of a code's modules, as evidence of what was shown and never of who may pass.
//!
//! Only *interior* modules count, those whose four neighbours are of their own kind: a sensor that has colour for two or
//! four pixels together, a blur and a shake mix dark with light at every edge. The dark ones are measured by the light
//! ones, in linear light, which takes the colour of the lamp out. Two ways of naming what is left have to agree: one by hue
//! and saturation, which a veil of reflected light changes little, one by hue and chroma of CIELAB, which is how people see.
//! Where they differ, the light ones are clipped or the two are hardly apart, there is no answer; another frame may have
//! one. Formulae: IEC 61966-2-1 (sRGB), CIE 15:2004 (CIELAB, by the white of the code itself).

use super::convert::channels;
use super::frame::{Point, check_size};
use super::homography::Homography;
use super::jpeg;
use super::raw::{PixelFormat, Raw};
use crate::model::ModuleColour;

/// Modules on each side that tell light from dark at a place.
const AROUND: usize = 4;

/// Modules of the quiet zone that are looked at on each side; it is four wide.
const QUIET: usize = 2;

/// Fewer interior modules of a kind say nothing. The middles of the finder patterns are three of the dark kind.
const INTERIOR_MIN: usize = 3;

/// At or above this of 255 a channel is clipped, and its share of the light unknown.
const CLIPPED: u8 = 253;

/// Where dark takes away less than this share of the light, noise has a colour too.
const CONTRAST_MIN: f32 = 0.12;

/// A picture in colour, pixel by pixel.
pub struct Coloured<'a> {
    width: usize,
    height: usize,
    plane: Plane<'a>,
}

enum Plane<'a> {
    Yuyv { bytes: &'a [u8], stride: usize },
    Nv12 { luma: &'a [u8], chroma: &'a [u8], stride: usize },
    YCbCr(Vec<u8>),
}

impl<'a> Coloured<'a> {
    /// None for pictures without colour, and for broken ones. A JPEG is decoded here once more.
    pub fn of(raw: Raw<'a>) -> Option<Self> {
        let Raw { format, width, height, stride, bytes, .. } = raw;
        // No place within is beyond what a number holds. The size of a JPEG is in its bytes.
        let luma_length = || check_size(width, height).ok().and_then(|()| stride.checked_mul(height));
        let plane = match format {
            PixelFormat::Grey => return None,
            PixelFormat::Yuyv => luma_length().map(|_| Plane::Yuyv { bytes, stride })?,
            PixelFormat::Nv12 => {
                let (luma, chroma) = bytes.split_at_checked(luma_length()?)?;
                Plane::Nv12 { luma, chroma, stride }
            }
            PixelFormat::Mjpeg => {
                let (width, height, pixels) = jpeg::decode_colour(bytes).ok().flatten()?;
                return Some(Self { width, height, plane: Plane::YCbCr(pixels) });
            }
        };
        Some(Self { width, height, plane })
    }

    /// The colour of the symbol of `modules` a side with its corners at `corners`; none where it is not sure.
    ///
    /// A fraction of a millisecond up to version 10: ask it once a presentation.
    pub fn modules(&self, corners: &[Point; 4], modules: u16) -> Option<ModuleColour> {
        let side = usize::from(modules) + 2 * QUIET;
        let map = Homography::of_square(2.0, f32::from(modules), corners)?;
        let middle = |index: usize| u16::try_from(index).map_or(0.0, f32::from) + 0.5;
        let seen = |at: usize| self.at(map.at(middle(at % side), middle(at / side)));
        let seen: Vec<Option<[u8; 3]>> = (0..side * side).map(seen).collect();
        let (dark, light) = interior(&seen, side);
        if dark.len().min(light.len()) < INTERIOR_MIN {
            return None;
        }
        name(median(dark), median(light))
    }

    /// Red, green and blue at a place; none beside the picture.
    fn at(&self, place: Point) -> Option<[u8; 3]> {
        if place.x < 0.0 || place.y < 0.0 {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and bounded next"
        )]
        let (x, y) = (place.x as usize, place.y as usize);
        if x >= self.width || y >= self.height {
            return None;
        }
        let byte = |bytes: &[u8], at: usize| bytes.get(at).copied();
        let [luma, cb, cr] = match &self.plane {
            Plane::Yuyv { bytes, stride } => {
                let (row, pair) = (y * stride, x / 2 * 4);
                [byte(bytes, row + 2 * x)?, byte(bytes, row + pair + 1)?, byte(bytes, row + pair + 3)?]
            }
            Plane::Nv12 { luma, chroma, stride } => {
                let pair = y / 2 * stride + x / 2 * 2;
                [byte(luma, y * stride + x)?, byte(chroma, pair)?, byte(chroma, pair + 1)?]
            }
            Plane::YCbCr(pixels) => *pixels.get(3 * (y * self.width + x)..)?.first_chunk::<3>()?,
        };
        Some(channels(luma, cb, cr).map(|channel| channel.to_le_bytes()[0]))
    }
}

/// Colours of the modules, dark and light, that are surrounded by their own kind. One beside the picture is of neither.
fn interior(seen: &[Option<[u8; 3]>], side: usize) -> (Vec<[u8; 3]>, Vec<[u8; 3]>) {
    let value = |at: usize| seen[at].map(|colour| u32::from(colour.into_iter().min().unwrap_or_default()));
    let is_dark = |at: usize| Some(value(at)? < mean_around(&value, side, at));
    let is_dark: Vec<Option<bool>> = (0..side * side).map(is_dark).collect();
    let (mut dark, mut light) = (Vec::new(), Vec::new());
    for y in 1..side.saturating_sub(1) {
        for x in 1..side - 1 {
            let at = y * side + x;
            let (Some(own), Some(colour)) = (is_dark[at], seen[at]) else { continue };
            if [at - 1, at + 1, at - side, at + side].iter().all(|&next| is_dark[next] == Some(own)) {
                if own { &mut dark } else { &mut light }.push(colour);
            }
        }
    }
    (dark, light)
}

fn mean_around(value: &impl Fn(usize) -> Option<u32>, side: usize, at: usize) -> u32 {
    let (x, y) = (at % side, at / side);
    let span = |v: usize| v.saturating_sub(AROUND)..(v + AROUND + 1).min(side);
    let (mut sum, mut count) = (0, 0);
    for y in span(y) {
        for x in span(x) {
            if let Some(value) = value(y * side + x) {
                sum += value;
                count += 1;
            }
        }
    }
    sum / count.max(1)
}

/// The median of each channel.
fn median(mut colours: Vec<[u8; 3]>) -> [u8; 3] {
    let middle = colours.len() / 2;
    std::array::from_fn(|channel| {
        let (_, colour, _) = colours.select_nth_unstable_by_key(middle, |colour| colour[channel]);
        colour[channel]
    })
}

/// Names `dark` as seen beside `light`; none where it is not sure.
fn name(dark: [u8; 3], light: [u8; 3]) -> Option<ModuleColour> {
    if light.into_iter().any(|channel| channel >= CLIPPED) {
        return None;
    }
    let share: [f32; 3] =
        std::array::from_fn(|at| (linear(dark[at]) / linear(light[at]).max(1e-4)).clamp(0.0, 1.0));
    let least = share.into_iter().fold(1.0, f32::min);
    if 1.0 - least < CONTRAST_MIN {
        return None;
    }
    let by_hue = by_hue(share);
    (by_hue == by_lab(share)).then_some(by_hue)
}

/// By hue in linear light, and by how much of what light there is beyond grey.
fn by_hue(share: [f32; 3]) -> ModuleColour {
    let [red, green, blue] = share;
    let (least, most) = share.into_iter().fold((1.0_f32, 0.0_f32), |(l, m), v| (l.min(v), m.max(v)));
    // Reflected light adds the same to each channel of dark and light: this quotient stays what it is.
    if most - least < 0.12 * (1.0 - least) {
        return ModuleColour::Black;
    }
    let (base, towards) = if most == red {
        (0.0, green - blue)
    } else if most == green {
        (120.0, blue - red)
    } else {
        (240.0, red - green)
    };
    colour_of((base + 60.0 * towards / (most - least)).rem_euclid(360.0), [8.0, 75.0, 178.0, 320.0])
}

/// By chroma and hue of CIELAB, the code's white as the reference.
fn by_lab([red, green, blue]: [f32; 3]) -> ModuleColour {
    // sRGB to XYZ over the XYZ of white: rows of IEC 61966-2-1 over their sums.
    let x = 0.433_95 * red + 0.376_22 * green + 0.189_83 * blue;
    let y = 0.212_66 * red + 0.715_18 * green + 0.072_16 * blue;
    let z = 0.017_75 * red + 0.109_45 * green + 0.872_80 * blue;
    let curve = |t: f32| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
    let (a, b) = (500.0 * (curve(x) - curve(y)), 200.0 * (curve(y) - curve(z)));
    if a.hypot(b) < 14.0 {
        return ModuleColour::Black;
    }
    colour_of(b.atan2(a).to_degrees().rem_euclid(360.0), [50.0, 112.0, 200.0, 330.0])
}

/// Red up to the first border of a circle and from the last on; yellow, green and blue between.
fn colour_of(hue: f32, borders: [f32; 4]) -> ModuleColour {
    let [yellow, green, blue, red] = borders;
    if hue < yellow || hue >= red {
        ModuleColour::Red
    } else if hue < green {
        ModuleColour::Yellow
    } else if hue < blue {
        ModuleColour::Green
    } else {
        ModuleColour::Blue
    }
}

/// A value of 0 to 255 in linear light, 0 to 1.
fn linear(value: u8) -> f32 {
    let value = f32::from(value) / 255.0;
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Mono;

    const SIDE: usize = 160;

    /// A picture whose code has modules of five pixels from 20, 20 on, in one colour on another, as Y Cb Cr.
    fn yuyv(ink: [u8; 3], paper: [u8; 3]) -> (Vec<u8>, [Point; 4], u16) {
        let code = qrcode::QrCode::new("colour").unwrap();
        let side = code.width();
        let module = |v: usize| v.checked_sub(20).map(|v| v / 5).filter(|&v| v < side);
        let at = |x: usize, y: usize| {
            let dark = module(x).zip(module(y)).is_some_and(|at| code[at] == qrcode::Color::Dark);
            ycc(if dark { ink } else { paper })
        };
        let mut bytes = vec![];
        for i in 0..SIDE * SIDE / 2 {
            let (x, y) = (2 * i % SIDE, 2 * i / SIDE);
            let ([luma, cb, cr], [next, ..]) = (at(x, y), at(x + 1, y));
            bytes.extend_from_slice(&[luma, cb, next, cr]);
        }
        let modules = u16::try_from(side).unwrap();
        let (near, far) = (20.0, 20.0 + 5.0 * f32::from(modules));
        let corners = [(near, near), (far, near), (far, far), (near, far)].map(|(x, y)| Point::new(x, y));
        (bytes, corners, modules)
    }

    fn ycc([r, g, b]: [u8; 3]) -> [u8; 3] {
        let [r, g, b] = [r, g, b].map(f32::from);
        let y = 0.299 * r + 0.587 * g + 0.114 * b;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
        let bytes = [y, 128.0 + (b - y) / 1.772, 128.0 + (r - y) / 1.402].map(|v| v.round() as u8);
        bytes
    }

    fn raw(bytes: &[u8]) -> Raw<'_> {
        let (format, width, height, stride) = (PixelFormat::Yuyv, SIDE, SIDE, 2 * SIDE);
        Raw { format, width, height, stride, bytes, at: Mono::ZERO }
    }

    fn seen(ink: [u8; 3], paper: [u8; 3]) -> Option<ModuleColour> {
        let (bytes, corners, modules) = yuyv(ink, paper);
        Coloured::of(raw(&bytes))?.modules(&corners, modules)
    }

    #[test]
    fn colours_are_named_by_the_white_beside_them() {
        use ModuleColour::{Black, Blue, Green, Red, Yellow};
        for (ink, named) in [
            ([0_u8, 0, 0], Black),
            ([170, 170, 170], Black),
            ([0x07, 0xC1, 0x60], Green),
            ([0xFF, 0xC0, 0x00], Yellow),
            ([0xFF, 0x8C, 0x1A], Yellow),
            ([0xE0, 0x20, 0x20], Red),
            ([0x16, 0x77, 0xFF], Blue),
        ] {
            // Under light in which white is white, very warm, and cold.
            for paper in [[240_u8, 240, 240], [240, 200, 140], [200, 220, 240]] {
                let under = |at: usize| u16::from(ink[at]) * u16::from(paper[at]) / 255;
                let ink = std::array::from_fn(|at| under(at).to_le_bytes()[0]);
                assert_eq!(seen(ink, paper), Some(named), "{ink:?} {paper:?}");
            }
        }
    }

    #[test]
    fn a_veil_of_reflected_light_changes_no_name() {
        // Half of what comes from green and from white is a reflection.
        assert_eq!(seen([170, 215, 185], [230, 230, 230]), Some(ModuleColour::Green));
        assert_eq!(seen([180, 180, 180], [230, 230, 230]), Some(ModuleColour::Black));
        for veil in [0.0, 0.5, 0.9] {
            let under = |share: [f32; 3]| share.map(|share| veil + (1.0 - veil) * share);
            assert_eq!(by_hue(under([0.0, 0.5, 0.1])), ModuleColour::Green, "{veil}");
            assert_eq!(by_hue(under([0.02, 0.03, 0.05])), ModuleColour::Black, "{veil}");
        }
    }

    #[test]
    fn what_is_not_sure_has_no_name() {
        assert_eq!(seen([0xFF, 0xC0, 0x00], [255, 255, 255]), None, "the white is clipped");
        assert_eq!(seen([226, 226, 226], [235, 235, 235]), None, "nothing sets it apart");
        // Brown is yellow by one way and red by the other, a dark cyan blue and green.
        assert_eq!(seen([120, 60, 40], [240, 240, 240]), None);
        assert_eq!(seen([0, 160, 160], [240, 240, 240]), None);
    }

    #[test]
    fn pictures_without_colour_broken_ones_and_codes_beside_them_have_none() {
        let (bytes, corners, modules) = yuyv([0, 0, 0], [200; 3]);
        assert!(Coloured::of(Raw { format: PixelFormat::Grey, ..raw(&bytes) }).is_none());
        assert!(Coloured::of(Raw { format: PixelFormat::Mjpeg, ..raw(&bytes) }).is_none());
        for stride in [usize::MAX, usize::MAX / SIDE + 1] {
            let far = |format| Coloured::of(Raw { format, stride, ..raw(&bytes) });
            assert!(far(PixelFormat::Nv12).or(far(PixelFormat::Yuyv)).is_none());
        }
        assert!(Coloured::of(Raw { width: usize::MAX, ..raw(&bytes) }).is_none());
        let picture = Coloured::of(raw(&bytes)).unwrap();
        assert!(picture.modules(&corners, modules).is_some());
        assert_eq!(picture.modules(&corners.map(|p| Point::new(p.x + 160.0, p.y)), modules), None);
        assert_eq!(picture.modules(&[Point::new(f32::NAN, 1.0); 4], modules), None);
        assert_eq!(Coloured::of(raw(&bytes[..9_000])).unwrap().modules(&corners, modules), None);
    }

    #[test]
    fn nv12_has_the_same_colours() {
        let (packed, corners, modules) = yuyv([0xFF, 0xC0, 0x00], [240; 3]);
        let mut planes: Vec<u8> = packed.iter().copied().step_by(2).collect();
        for rows in packed.chunks(4 * SIDE) {
            planes.extend(rows[..2 * SIDE].chunks_exact(4).flat_map(|pair| [pair[1], pair[3]]));
        }
        let planes = Raw { format: PixelFormat::Nv12, stride: SIDE, ..raw(&planes) };
        let picture = Coloured::of(planes).unwrap();
        assert_eq!(picture.modules(&corners, modules), Some(ModuleColour::Yellow));
    }
}
