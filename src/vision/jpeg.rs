//! JPEG frames, as cameras deliver them and as files hold them.
//!
//! A UVC camera often leaves the Huffman tables out of its MJPEG frames (USB Device Class Definition for
//! Video Devices, Motion-JPEG Payload 1.5, section 3.3 allows the default ones); a decoder then refuses the
//! frame. The default tables are put in before decoding. A frame that ends early is an error: its lower part
//! would be flat grey.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::convert;
use super::frame::{Frame, FrameError, SIDE_MAX, check_size};
use crate::base::Mono;

/// More than any camera's frame: 8K at the best quality stays below it.
pub const BYTES_MAX: usize = 32 << 20;

/// Decodes to the white-referenced minimum; a grey JPEG to its luma.
///
/// # Errors
///
/// [`FrameError::Jpeg`] for broken, truncated or unsupported data, never a panic.
pub fn decode(bytes: &[u8], at: Mono) -> Result<Frame, FrameError> {
    let mut frame = Frame::spare();
    decode_into(bytes, at, &mut frame).map(|()| frame)
}

/// As [`decode`], into the memory of `frame`.
///
/// # Errors
///
/// As [`decode`]; what `frame` holds then is of no use.
pub fn decode_into(bytes: &[u8], at: Mono, frame: &mut Frame) -> Result<(), FrameError> {
    let (width, height, pixels, space) = planes(bytes, ColorSpace::YCbCr)?;
    frame.refill((width, height), at, |out| {
        if space == ColorSpace::Luma {
            out.extend_from_slice(&pixels);
        } else {
            convert::ycbcr(&pixels, out);
        }
        Ok(())
    })
}

/// Decodes to luma only: a third cheaper than [`decode`].
///
/// # Errors
///
/// As [`decode`].
pub fn decode_luma(bytes: &[u8], at: Mono) -> Result<Frame, FrameError> {
    let (width, height, pixels, _) = planes(bytes, ColorSpace::Luma)?;
    Frame::new(width, height, pixels, at)
}

/// Decodes to Y, Cb and Cr, three bytes a pixel, with width and height; nothing for a grey picture.
///
/// # Errors
///
/// As [`decode`].
pub fn decode_colour(bytes: &[u8]) -> Result<Option<(usize, usize, Vec<u8>)>, FrameError> {
    let (width, height, pixels, space) = planes(bytes, ColorSpace::YCbCr)?;
    Ok((space != ColorSpace::Luma).then_some((width, height, pixels)))
}

/// How far the picture at the start of a stream reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The first so many bytes are a picture.
    Whole(usize),
    /// The first so many bytes are none; at least one.
    Skip(usize),
    /// More bytes are needed to say.
    More,
}

/// Finds the picture at the start of `bytes`, by its segments: a thumbnail inside does not end it.
pub fn extent(bytes: &[u8]) -> Extent {
    let start = bytes.windows(2).position(|pair| pair == START);
    match start {
        Some(0) => {}
        Some(start) => return Extent::Skip(start),
        // The last byte may be half of a start.
        None if bytes.len() > 1 => return Extent::Skip(bytes.len() - 1),
        None => return Extent::More,
    }
    match Head::walk(bytes) {
        Ok(head) => match bytes[head.scan..].windows(2).position(|pair| pair == END) {
            Some(end) => Extent::Whole(head.scan + end + 2),
            None => Extent::More,
        },
        Err(Broken::Ends) => Extent::More,
        Err(Broken::NoMarker) => Extent::Skip(2),
    }
}

fn planes(bytes: &[u8], wanted: ColorSpace) -> Result<(usize, usize, Vec<u8>, ColorSpace), FrameError> {
    let whole = complete(bytes)?;
    // The decoder is used once and dropped: nothing of it is seen after a panic.
    catch_unwind(AssertUnwindSafe(|| decode_with(&whole, wanted)))
        .unwrap_or_else(|_| Err(FrameError::Jpeg("decoder failed".to_owned())))
}

fn decode_with(bytes: &[u8], wanted: ColorSpace) -> Result<(usize, usize, Vec<u8>, ColorSpace), FrameError> {
    let refuse = |e: &dyn std::fmt::Debug| FrameError::Jpeg(format!("{e:?}"));
    let options = DecoderOptions::default()
        .set_max_width(SIDE_MAX)
        .set_max_height(SIDE_MAX)
        .jpeg_set_max_scans(64)
        .jpeg_set_out_colorspace(wanted);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|e| refuse(&e))?;
    let info = decoder.info().ok_or_else(|| refuse(&"no size"))?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    check_size(width, height)?;
    let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let space = if grey { ColorSpace::Luma } else { wanted };
    if grey {
        decoder.set_options(options.jpeg_set_out_colorspace(space));
    }
    let pixels = decoder.decode().map_err(|e| refuse(&e))?;
    let needed = width * height * space.num_components();
    if pixels.len() < needed {
        return Err(FrameError::Truncated { needed, given: pixels.len() });
    }
    Ok((width, height, pixels, space))
}

/// The frame with Huffman tables, put in where it has none.
fn complete(bytes: &[u8]) -> Result<Cow<'_, [u8]>, FrameError> {
    let refuse = |what: &str| FrameError::Jpeg(what.to_owned());
    if bytes.len() > BYTES_MAX {
        return Err(refuse("larger than any camera's frame"));
    }
    let head = Head::walk(bytes).map_err(|_| refuse("no start of scan"))?;
    if !bytes[head.scan..].windows(2).any(|pair| pair == END) {
        return Err(refuse("truncated: no end of image"));
    }
    if head.tables {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut whole = Vec::with_capacity(bytes.len() + TABLES.len());
    whole.extend_from_slice(&bytes[..head.scan]);
    whole.extend_from_slice(&TABLES);
    whole.extend_from_slice(&bytes[head.scan..]);
    Ok(Cow::Owned(whole))
}

/// What the segments before the first scan say.
struct Head {
    /// Where the start-of-scan marker stands.
    scan: usize,
    /// Whether Huffman tables come before it.
    tables: bool,
}

enum Broken {
    /// The bytes end before the scan starts.
    Ends,
    /// There is something else where a marker must be.
    NoMarker,
}

const START: [u8; 2] = [0xFF, 0xD8];
const END: [u8; 2] = [0xFF, 0xD9];

impl Head {
    fn walk(bytes: &[u8]) -> Result<Self, Broken> {
        let mut at = if bytes.starts_with(&START) { 2 } else { return Err(Broken::NoMarker) };
        let mut tables = false;
        loop {
            let [first, marker] = *bytes.get(at..at + 2).ok_or(Broken::Ends)? else {
                return Err(Broken::Ends);
            };
            match (first, marker) {
                (0xFF, 0xDA) => return Ok(Self { scan: at, tables }),
                // A marker may be preceded by any number of fill bytes.
                (0xFF, 0xFF) => {
                    at += 1;
                    continue;
                }
                (0xFF, 0xC4) => tables = true,
                (0xFF, _) => {}
                _ => return Err(Broken::NoMarker),
            }
            let length = bytes.get(at + 2..at + 4).ok_or(Broken::Ends)?;
            at += 2 + usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
        }
    }
}

/// The define-Huffman-tables segment with the typical tables K.3 to K.6 of ITU-T T.81, annex K.3.3.
#[rustfmt::skip]
const TABLES: [u8; 420] = [
    0xFF, 0xC4, 0x01, 0xA2, 0x00, 0x00, 0x01, 0x05, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A,
    0x0B, 0x01, 0x00, 0x03, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x10, 0x00,
    0x02, 0x01, 0x03, 0x03, 0x02, 0x04, 0x03, 0x05, 0x05, 0x04, 0x04, 0x00, 0x00, 0x01, 0x7D, 0x01,
    0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22,
    0x71, 0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52, 0xD1, 0xF0, 0x24,
    0x33, 0x62, 0x72, 0x82, 0x09, 0x0A, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x25, 0x26, 0x27, 0x28, 0x29,
    0x2A, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A,
    0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A,
    0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A,
    0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8,
    0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6,
    0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xE1, 0xE2, 0xE3,
    0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9,
    0xFA, 0x11, 0x00, 0x02, 0x01, 0x02, 0x04, 0x04, 0x03, 0x04, 0x07, 0x05, 0x04, 0x04, 0x00, 0x01,
    0x02, 0x77, 0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07,
    0x61, 0x71, 0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xA1, 0xB1, 0xC1, 0x09, 0x23, 0x33,
    0x52, 0xF0, 0x15, 0x62, 0x72, 0xD1, 0x0A, 0x16, 0x24, 0x34, 0xE1, 0x25, 0xF1, 0x17, 0x18, 0x19,
    0x1A, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46,
    0x47, 0x48, 0x49, 0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66,
    0x67, 0x68, 0x69, 0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x82, 0x83, 0x84, 0x85,
    0x86, 0x87, 0x88, 0x89, 0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3,
    0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA,
    0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8,
    0xD9, 0xDA, 0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6,
    0xF7, 0xF8, 0xF9, 0xFA,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A grey JPEG of 16×8 pixels, left half black and right half white, coded with the typical tables.
    fn half_and_half(tables: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0];
        bytes.extend_from_slice(&[8; 64]);
        bytes.extend_from_slice(&[0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 16, 1, 1, 0x11, 0]);
        bytes.extend_from_slice(tables);
        bytes.extend_from_slice(&[0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]);
        // Two blocks, each a DC difference and end of block. −128: category 8 `111110`, value 127 `01111111`;
        // `1010`. +255: category 8, value `11111111`; `1010`. Filled up with ones.
        let bits = "111110011111111010111110111111111010";
        let filled = format!("{bits}{}", "1".repeat(8 - bits.len() % 8));
        for byte in filled.as_bytes().chunks(8) {
            let value = byte.iter().fold(0_u8, |v, &bit| v << 1 | (bit - b'0'));
            bytes.push(value);
            if value == 0xFF {
                bytes.push(0);
            }
        }
        bytes.extend_from_slice(&[0xFF, 0xD9]);
        bytes
    }

    #[test]
    fn reads_a_frame_whose_huffman_tables_the_camera_left_out() {
        let with = decode(&half_and_half(&TABLES), Mono(3)).unwrap();
        let without = decode(&half_and_half(&[]), Mono(3)).unwrap();
        assert_eq!(with, without);
        assert_eq!((with.width(), with.height(), with.at), (16, 8, Mono(3)));
        assert!(with.luma()[0] < 4 && with.luma()[15] > 251, "{} {}", with.luma()[0], with.luma()[15]);
    }

    #[test]
    fn a_picture_in_a_stream_ends_where_it_ends() {
        let mut whole = half_and_half(&[]);
        // A comment with a picture inside, as a thumbnail is.
        whole.splice(2..2, [0xFF, 0xFE, 0, 6, 0xFF, 0xD8, 0xFF, 0xD9]);
        let stream = [&whole[..], &whole].concat();
        assert_eq!(extent(&stream), Extent::Whole(whole.len()));
        assert!((2..whole.len()).all(|length| extent(&whole[..length]) == Extent::More));
        assert_eq!(extent(&stream[1..]), Extent::Skip(5), "the comment's content looks like a start");
        assert_eq!(extent(b"abc\xFF"), Extent::Skip(3));
        assert_eq!(extent(&[0xFF, 0xD8, 7, 7]), Extent::Skip(2));
        assert_eq!((extent(&[]), extent(&[0xFF])), (Extent::More, Extent::More));
    }

    #[test]
    fn a_truncated_frame_is_an_error_at_every_length() {
        let whole = half_and_half(&TABLES);
        for length in 0..whole.len() {
            assert!(decode(&whole[..length], Mono::ZERO).is_err(), "{length} bytes");
            assert!(decode_luma(&whole[..length], Mono::ZERO).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn damaged_bytes_never_panic() {
        let mut random = crate::base::Random::new(1);
        for _ in 0..2_000 {
            let mut bytes = half_and_half(if random.chance(0.5) { &TABLES } else { &[] });
            for _ in 0..=random.below(4) {
                let place = usize::try_from(random.below(bytes.len() as u64)).unwrap();
                bytes[place] = random.next_u64().to_le_bytes()[0];
            }
            drop(decode(&bytes, Mono::ZERO));
        }
    }
}
