//! A camera's bytes of any layout, size and stride, converted and read.

use kakou::base::Mono;
use kakou::vision::colour::Coloured;
use kakou::vision::frame::{PIXELS_MAX, SIDE_MAX};
use kakou::vision::{Frame, PixelFormat, Point, Raw, Reader, convert, fast::Fast, picture};

use super::jpeg::{is_large, jpegs};
use super::picture::{Drawn, check_codes, drawn};
use super::watch::watched;

/// Repeated bytes are no more than this.
const REPEATED_MAX: usize = 1 << 18;
/// Pictures of more pixels are converted and not read: reading small ones takes the same ways.
const READ_MAX: usize = 1 << 14;

/// Layout and how the stride is meant, width, height, stride, each of two bytes; the rest is the picture.
///
/// A panic of a library that is caught counts as nothing read; see [`watched`].
pub fn frame(bytes: &[u8]) -> bool {
    let Some((head, bytes)) = bytes.split_first_chunk::<7>() else { return false };
    let [steer, w0, w1, h0, h1, s0, s1] = *head;
    let (width, height, stride) = (side(w0, w1), side(h0, h1), side(s0, s1));
    let format =
        [PixelFormat::Yuyv, PixelFormat::Grey, PixelFormat::Nv12, PixelFormat::Mjpeg][usize::from(steer & 3)];
    let row = if format == PixelFormat::Yuyv { width.saturating_mul(2) } else { width };
    let stride = match steer >> 2 & 3 {
        0 => row,
        1 => row.saturating_add(stride),
        2 => row.saturating_sub(1),
        _ => stride,
    };
    let wanted = stride.saturating_mul(height).saturating_mul(2).min(REPEATED_MAX);
    let repeated: Vec<u8> = match steer & 16 {
        0 => bytes.to_vec(),
        _ => bytes.iter().copied().cycle().take(wanted).collect(),
    };
    let raw = Raw { format, width, height, stride, bytes: &repeated, at: Mono(5) };
    if format == PixelFormat::Mjpeg && is_large(raw.bytes) {
        return false;
    }
    watched(|| taken(raw))
}

/// A side or a stride, of which some are such as no picture has.
fn side(low: u8, high: u8) -> usize {
    let impossible = [usize::MAX, usize::MAX - 1, usize::MAX / 2, 1 << 32, 1 << 31, 7_681, 7_680, 0];
    match high {
        0xFF => impossible[usize::from(low & 7)],
        _ => usize::from(u16::from_le_bytes([low, high])),
    }
}

fn taken(raw: Raw<'_>) -> bool {
    // Memory that held another picture.
    let mut frame = Frame::new(5, 3, vec![77; 15], Mono(1)).unwrap();
    let converted = convert::grey_into(raw, &mut frame);
    assert_eq!(frame.luma().len(), frame.width() * frame.height());
    let fresh = convert::grey(raw);
    assert_eq!(fresh.as_ref().err(), converted.as_ref().err());
    let luma = convert::luma(raw);
    if raw.format != PixelFormat::Mjpeg {
        let (whole, plain) = can_be(&raw);
        assert_eq!((converted.is_ok(), luma.is_ok()), (whole, plain), "{converted:?} {:?}", luma.err());
    }
    if let Ok(luma) = &luma {
        check_luma(&raw, luma);
    }
    let colours = Coloured::of(raw);
    if let Some(picture) = &colours {
        let value = |at: usize| f32::from(raw.bytes.get(at).copied().unwrap_or(9).cast_signed()) * 4.0;
        for (first, modules) in [(0, 21), (8, 57), (16, 177)] {
            let corners =
                std::array::from_fn(|at| Point::new(value(first + 2 * at), value(first + 2 * at + 1)));
            picture.modules(&corners, modules);
        }
    }
    if converted.is_err() {
        return false;
    }
    assert_eq!(fresh.as_ref(), Ok(&frame), "whatever the memory held");
    assert_eq!(frame.at, raw.at);
    if frame.luma().len() <= READ_MAX {
        read(&mut frame, colours.as_ref());
    }
    true
}

/// Whether there is such a picture, and at least its plane of luma.
fn can_be(raw: &Raw<'_>) -> (bool, bool) {
    let Raw { width, height, stride, .. } = *raw;
    let even = |sides: &[usize]| sides.iter().all(|side| side % 2 == 0);
    let (row, shape) = match raw.format {
        PixelFormat::Yuyv => (2 * width as u128, even(&[width])),
        PixelFormat::Nv12 => (width as u128, even(&[width, height])),
        PixelFormat::Grey | PixelFormat::Mjpeg => (width as u128, true),
    };
    let sides = (1..=SIDE_MAX).contains(&width) && (1..=SIDE_MAX).contains(&height);
    if !sides || width * height > PIXELS_MAX || row > stride as u128 {
        return (false, false);
    }
    let holds = |rows: usize| (stride as u128) * (rows as u128 - 1) + row <= raw.bytes.len() as u128;
    match raw.format {
        PixelFormat::Nv12 => (shape && holds(height + height / 2), holds(height)),
        PixelFormat::Yuyv | PixelFormat::Grey | PixelFormat::Mjpeg => {
            (shape && holds(height), shape && holds(height))
        }
    }
}

/// Each pixel is the byte that it should be.
fn check_luma(raw: &Raw<'_>, luma: &Frame) {
    let apart = match raw.format {
        PixelFormat::Yuyv => 2,
        PixelFormat::Grey | PixelFormat::Nv12 => 1,
        PixelFormat::Mjpeg => return,
    };
    assert_eq!((luma.width(), luma.height()), (raw.width, raw.height));
    for (y, row) in luma.luma().chunks(raw.width).enumerate() {
        let given = raw.bytes[y * raw.stride..].iter().step_by(apart).take(raw.width);
        assert!(given.eq(row), "row {y}");
    }
}

fn read(frame: &mut Frame, colours: Option<&Coloured<'_>>) {
    assert_eq!(picture::decode(&picture::encode_pgm(frame), frame.at).as_ref(), Ok(&*frame));
    let glance = Fast::default().read(frame);
    check_codes(&glance.codes);
    for code in &glance.codes {
        colours.zip(code.modules).map(|(picture, modules)| picture.modules(&code.corners, modules));
    }
    let mut reader = Reader::default();
    for number in 1..4 {
        frame.at = Mono::from_millis(33 * number);
        let sight = reader.read(frame);
        check_codes(&sight.codes);
        assert!(sight.presented.len() <= sight.codes.len());
    }
    let preview = reader.preview(frame);
    assert!(preview.outlines.iter().flatten().all(|at| at.x.is_finite() && at.y.is_finite()));
}

/// A code in each layout, straight, with padding and repeated.
pub fn seeds() -> Vec<Vec<u8>> {
    let shown = drawn(&Drawn { quiet: 3, ..Drawn::clean(1, b"frame") });
    let (width, height) = (u16::try_from(shown.width()).unwrap(), u16::try_from(shown.height()).unwrap());
    assert!(width % 2 == 0 && height % 2 == 0);
    let with = |steer: u8, stride: u16, bytes: &[u8]| {
        let numbers = [width, height, stride].map(u16::to_le_bytes).concat();
        [&[steer], &numbers[..], bytes].concat()
    };
    let grey = shown.luma();
    let yuyv: Vec<u8> = grey.iter().flat_map(|&luma| [luma, 128]).collect();
    let nv12 = [grey, &[120, 130].repeat(grey.len() / 4)].concat();
    let padded: Vec<u8> =
        grey.chunks(shown.width()).flat_map(|row| row.iter().copied().chain([9, 9, 9])).collect();
    let mut seeds =
        vec![with(0, 0, &yuyv), with(1, 0, grey), with(2, 0, &nv12), with(1 | 1 << 2, 3, &padded)];
    seeds.extend(jpegs().iter().take(3).map(|jpeg| with(3, 0, jpeg)));
    // As large as a camera's, of a few bytes.
    seeds.extend([0, 1, 2].map(|format| {
        let sides = [320_u16, 240, 0].map(u16::to_le_bytes).concat();
        [&[format | 16], &sides[..], &[40, 100, 90, 200, 180]].concat()
    }));
    seeds
}
