//! Pixel formats to grey: luma, or the white-referenced minimum of the channels.
//!
//! Yellow on white has almost no contrast in luma: rxing reads 0 % of #ffc000 codes through it and 71 %
//! through the *white-referenced minimum*: each channel is divided by its own white (the 97th percentile),
//! and the darkest of the three counts. It costs nothing on black codes (344 colour photographs: no loss).
//! Measured in design/vision.md, section 5.
//!
//! Channels: ITU-R BT.601, `R = Y + 1.402 Cr`, `G = Y − 0.344 Cb − 0.714 Cr`, `B = Y + 1.772 Cb`, in 1/256.

use super::frame::{Frame, FrameError, check_length, check_rows};
use super::jpeg;
use super::raw::{PixelFormat, Raw};

/// White of the picture after referencing: below 255, so that a shine does not clip to the same value.
const WHITE: i32 = 235;

/// A channel's white is never taken to be darker than this, or the noise of a dark frame would be blown up.
const WHITE_MIN: i32 = 48;

/// Converts what a camera delivers to the grey that codes are read from.
///
/// Colour formats give the white-referenced minimum, `GREY` its luma.
///
/// # Errors
///
/// When the bytes are too few, the size is impossible, or the JPEG is broken. Never panics, whatever the
/// bytes.
pub fn grey(raw: Raw<'_>) -> Result<Frame, FrameError> {
    let mut frame = Frame::spare();
    grey_into(raw, &mut frame).map(|()| frame)
}

/// As [`grey`], into the memory of `frame`. Only a JPEG needs other memory.
///
/// # Errors
///
/// As [`grey`]; what `frame` holds then is of no use.
pub fn grey_into(raw: Raw<'_>, frame: &mut Frame) -> Result<(), FrameError> {
    let Raw { format, width, height, bytes, at, .. } = raw;
    let size = (width, height);
    match format {
        PixelFormat::Grey => frame.refill(size, at, |out| rows(raw, out)),
        PixelFormat::Yuyv => frame.refill(size, at, |out| yuyv(raw, out)),
        PixelFormat::Nv12 => frame.refill(size, at, |out| nv12(raw, out)),
        PixelFormat::Mjpeg => jpeg::decode_into(bytes, at, frame),
    }
}

/// Converts what a camera delivers to plain luma: `Y` of YUYV and NV12, all of GREY.
///
/// # Errors
///
/// As [`grey`].
pub fn luma(raw: Raw<'_>) -> Result<Frame, FrameError> {
    let Raw { format, width, height, stride, bytes, at } = raw;
    let (size, mut frame) = ((width, height), Frame::spare());
    match format {
        PixelFormat::Grey | PixelFormat::Nv12 => {
            frame.refill(size, at, |out| rows(raw, out))?;
        }
        PixelFormat::Yuyv => frame.refill(size, at, |out| {
            check_yuyv(width, height, stride, bytes.len())?;
            let rows = bytes.chunks(stride).take(height);
            out.extend(rows.flat_map(|row| row[..2 * width].iter().copied().step_by(2)));
            Ok(())
        })?,
        PixelFormat::Mjpeg => return jpeg::decode_luma(bytes, at),
    }
    Ok(frame)
}

/// White-referenced minimum of interleaved Y Cb Cr, three bytes a pixel, appended to `out`.
pub(super) fn ycbcr(pixels: &[u8], out: &mut Vec<u8>) {
    let mut whites = Whites::new();
    pixels.chunks_exact(3).step_by(13).for_each(|p| whites.count(channels(p[0], p[1], p[2])));
    let gains = whites.gains();
    out.extend(pixels.chunks_exact(3).map(|p| darkest(p[0], tint(p[1], p[2]), gains)));
}

/// Rows of `width` bytes, `stride` apart. The last one needs no padding.
fn rows(raw: Raw<'_>, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let Raw { width, height, stride, bytes, .. } = raw;
    check_rows(width, height, width, stride, bytes.len())?;
    bytes.chunks(stride).take(height).for_each(|row| out.extend_from_slice(&row[..width]));
    Ok(())
}

fn check_yuyv(width: usize, height: usize, stride: usize, given: usize) -> Result<(), FrameError> {
    if !width.is_multiple_of(2) {
        return Err(FrameError::Shape { format: "YUYV", width, height });
    }
    check_rows(width, height, width.saturating_mul(2), stride, given)
}

fn yuyv(raw: Raw<'_>, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let Raw { width, height, stride, bytes, .. } = raw;
    check_yuyv(width, height, stride, bytes.len())?;
    let rows = || bytes.chunks(stride).take(height).map(|row| &row[..2 * width]);
    let mut whites = Whites::new();
    for row in rows().step_by(4) {
        row.chunks_exact(4).step_by(2).for_each(|p| whites.count(channels(p[0], p[1], p[3])));
    }
    let gains = whites.gains();
    out.reserve_exact(width * height);
    for row in rows() {
        for p in row.chunks_exact(4) {
            let tint = tint(p[1], p[3]);
            out.extend_from_slice(&[darkest(p[0], tint, gains), darkest(p[2], tint, gains)]);
        }
    }
    Ok(())
}

fn nv12(raw: Raw<'_>, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let Raw { width, height, stride, bytes, .. } = raw;
    if !width.is_multiple_of(2) || !height.is_multiple_of(2) {
        return Err(FrameError::Shape { format: "NV12", width, height });
    }
    // Both planes have rows of `width` bytes; the second has half as many.
    check_rows(width, height, width, stride, bytes.len())?;
    check_length(height + height / 2, width, stride, bytes.len())?;
    let (luma, chroma) = bytes.split_at(stride * height);
    let rows = || luma.chunks(stride).zip(chroma.chunks(stride).flat_map(|row| [row, row])).take(height);
    let mut whites = Whites::new();
    for (y, uv) in rows().step_by(4) {
        for (y, uv) in y[..width].chunks_exact(2).zip(uv.chunks_exact(2)).step_by(2) {
            whites.count(channels(y[0], uv[0], uv[1]));
        }
    }
    let gains = whites.gains();
    out.reserve_exact(width * height);
    for (y, uv) in rows() {
        for (y, uv) in y[..width].chunks_exact(2).zip(uv[..width].chunks_exact(2)) {
            let tint = tint(uv[0], uv[1]);
            out.extend_from_slice(&[darkest(y[0], tint, gains), darkest(y[1], tint, gains)]);
        }
    }
    Ok(())
}

/// What colour adds to red, green and blue.
#[inline]
fn tint(cb: u8, cr: u8) -> [i32; 3] {
    let (cb, cr) = (i32::from(cb) - 128, i32::from(cr) - 128);
    [(359 * cr) >> 8, -((88 * cb + 183 * cr) >> 8), (454 * cb) >> 8]
}

/// Red, green and blue, each 0 to 255.
#[inline]
pub(super) fn channels(y: u8, cb: u8, cr: u8) -> [i32; 3] {
    tint(cb, cr).map(|tint| (i32::from(y) + tint).clamp(0, 255))
}

/// The least of red, green and blue, each times its gain in 1/256.
#[inline]
fn darkest(y: u8, tint: [i32; 3], gains: [i32; 3]) -> u8 {
    let y = i32::from(y);
    let least = ((y + tint[0]) * gains[0]).min((y + tint[1]) * gains[1]).min((y + tint[2]) * gains[2]);
    (least >> 8).clamp(0, 255).to_le_bytes()[0]
}

/// A histogram of each channel, to find its white.
struct Whites {
    counts: [[u32; 256]; 3],
    total: u32,
}

impl Whites {
    fn new() -> Self {
        Self { counts: [[0; 256]; 3], total: 0 }
    }

    fn count(&mut self, pixel: [i32; 3]) {
        for (counts, value) in self.counts.iter_mut().zip(pixel) {
            counts[usize::from(value.to_le_bytes()[0])] += 1;
        }
        self.total += 1;
    }

    /// What each channel is multiplied by, in 1/256, so that its 97th percentile becomes [`WHITE`].
    fn gains(&self) -> [i32; 3] {
        self.counts.map(|counts| {
            let mut brighter = self.total * 3 / 100;
            let mut white = 255;
            for (value, &count) in (0..=255_i32).rev().zip(counts.iter().rev()) {
                white = value;
                if count > brighter {
                    break;
                }
                brighter -= count;
            }
            256 * WHITE / white.max(WHITE_MIN)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Mono;

    #[test]
    fn rows_may_have_padding_and_a_short_last_one() {
        let frame = grey(raw(PixelFormat::Grey, 2, 2, 3, &[1, 2, 99, 3, 4])).unwrap();
        assert_eq!(frame.luma(), [1, 2, 3, 4]);
        assert!(matches!(grey(raw(PixelFormat::Grey, 4, 2, 3, &[0; 9])), Err(FrameError::Stride { .. })));
        let far = grey(raw(PixelFormat::Grey, 2, 2, usize::MAX, &[0; 9]));
        assert!(matches!(far, Err(FrameError::Truncated { .. })));
    }

    fn raw(format: PixelFormat, width: usize, height: usize, stride: usize, bytes: &[u8]) -> Raw<'_> {
        Raw { format, width, height, stride, bytes, at: Mono::ZERO }
    }

    /// #ffc000 in BT.601 full range, beside white.
    const YELLOW: [u8; 3] = [189, 21, 175];

    #[test]
    fn yellow_on_white_is_dark_in_the_minimum_and_light_in_luma() {
        let [y, cb, cr] = YELLOW;
        let mut bytes = vec![];
        for row in 0..16 {
            for _ in 0..16 {
                bytes.extend_from_slice(&if row < 2 { [y, cb, y, cr] } else { [255, 128, 255, 128] });
            }
        }
        let least = grey(raw(PixelFormat::Yuyv, 32, 16, 64, &bytes)).unwrap();
        let plain = luma(raw(PixelFormat::Yuyv, 32, 16, 64, &bytes)).unwrap();
        assert!(least.luma()[0] < 20 && least.luma()[511] > 225, "{} {}", least.luma()[0], least.luma()[511]);
        assert_eq!((plain.luma()[0], plain.luma()[511]), (189, 255));
    }

    #[test]
    fn a_bright_yellow_code_is_read_through_the_minimum_and_not_through_luma() {
        // #fff33b: 15 levels below white in luma.
        const BRIGHT: [u8; 3] = [240, 21, 146];
        let code = qrcode::QrCode::new("yellow pass").unwrap();
        let dark = |v: usize| v.checked_sub(60).map(|v| v / 6).filter(|&v| v < code.width());
        let mut bytes = vec![];
        for i in 0..320 * 320 / 2 {
            // Two pixels share their colour; modules are six pixels wide.
            let module = dark(2 * i % 320).zip(dark(2 * i / 320));
            let yellow = module.is_some_and(|(x, y)| code[(x, y)] == qrcode::Color::Dark);
            let [y, cb, cr] = if yellow { BRIGHT } else { [255, 128, 128] };
            bytes.extend_from_slice(&[y, cb, y, cr]);
        }
        let shot = raw(PixelFormat::Yuyv, 320, 320, 640, &bytes);
        let mut fast = crate::vision::fast::Fast::default();
        assert_eq!(fast.read(&grey(shot).unwrap()).codes[0].payload.expose(), b"yellow pass");
        assert!(fast.read(&luma(shot).unwrap()).codes.is_empty());
    }

    #[test]
    fn nv12_and_yuyv_of_the_same_picture_agree() {
        let [y, cb, cr] = YELLOW;
        let mut packed = vec![];
        let (mut plane, mut chroma) = (vec![], vec![]);
        for row in 0..16 {
            for column in 0..8 {
                let colour = if row < 4 && column < 4 { [y, cb, cr] } else { [200, 120, 130] };
                packed.extend_from_slice(&[colour[0], colour[1], colour[0], colour[2]]);
                plane.extend_from_slice(&[colour[0]; 2]);
                if row % 2 == 0 {
                    chroma.extend_from_slice(&colour[1..]);
                }
            }
        }
        plane.extend_from_slice(&chroma);
        let packed = grey(raw(PixelFormat::Yuyv, 16, 16, 32, &packed)).unwrap();
        let planar = grey(raw(PixelFormat::Nv12, 16, 16, 16, &plane)).unwrap();
        assert_eq!(packed.luma(), planar.luma());
    }

    #[test]
    fn a_planar_picture_may_be_as_high_as_any_other() {
        let bytes = vec![128; 2 * 7_680 * 3 / 2];
        let tall = grey(raw(PixelFormat::Nv12, 2, 7_680, 2, &bytes)).unwrap();
        assert_eq!((tall.width(), tall.height()), (2, 7_680), "rows of colour are none of the picture's");
        assert!(grey(raw(PixelFormat::Nv12, 2, 7_680, 2, &bytes[1..])).is_err());
    }

    #[test]
    fn a_dark_frame_is_not_blown_up_to_noise() {
        let frame = grey(raw(PixelFormat::Yuyv, 32, 2, 64, &[3, 128].repeat(64))).unwrap();
        assert!(frame.luma().iter().all(|&v| v < 20));
    }

    #[test]
    fn sizes_and_strides_that_cannot_be_are_errors() {
        use PixelFormat::{Grey, Mjpeg, Nv12, Yuyv};
        for (format, width, height, stride, bytes) in [
            (Yuyv, 3, 2, 6, 12),
            (Yuyv, 4, 2, 7, 99),
            (Yuyv, 4, 2, 8, 15),
            (Yuyv, usize::MAX - 1, 2, 8, 15),
            (Nv12, 4, 3, 4, 99),
            (Nv12, 4, 4, 4, 23),
            (Nv12, 7_680, 7_680, 7_679, 99),
            (Grey, 0, 0, 0, 0),
            (Grey, 4, 4, 0, 16),
            (Grey, 8_000, 8_000, 8_000, 16),
            (Mjpeg, 640, 480, 640, 0),
        ] {
            let bytes = vec![0; bytes];
            assert!(grey(raw(format, width, height, stride, &bytes)).is_err(), "{format:?} {width}×{height}");
            assert!(luma(raw(format, width, height, stride, &bytes)).is_err() || format == Nv12);
        }
    }
}
