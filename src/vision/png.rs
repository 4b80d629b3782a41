//! PNG pictures: screenshots, and codes as issuers hand them out.

use std::panic::{AssertUnwindSafe, catch_unwind};

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_png::PngDecoder;

use super::frame::{Frame, FrameError, SIDE_MAX, check_size};
use crate::base::Mono;

/// How every PNG begins (ISO/IEC 15948, 5.2).
pub const START: [u8; 8] = [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A];

/// Decodes to the least of the channels, as other pictures are; what is transparent is seen on white paper.
///
/// # Errors
///
/// [`FrameError::Png`] for broken, truncated or unsupported data, never a panic.
pub fn decode(bytes: &[u8], at: Mono) -> Result<Frame, FrameError> {
    // The decoder is used once and dropped: nothing of it is seen after a panic.
    catch_unwind(AssertUnwindSafe(|| decode_guarded(bytes, at)))
        .unwrap_or_else(|_| Err(FrameError::Png("decoder failed".to_owned())))
}

fn decode_guarded(bytes: &[u8], at: Mono) -> Result<Frame, FrameError> {
    let refuse = |e: &dyn std::fmt::Debug| FrameError::Png(format!("{e:?}"));
    let options = DecoderOptions::default()
        .set_max_width(SIDE_MAX)
        .set_max_height(SIDE_MAX)
        .png_set_strip_to_8bit(true)
        .png_set_confirm_crc(true);
    let mut decoder = PngDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|e| refuse(&e))?;
    let (width, height) = decoder.dimensions().ok_or_else(|| refuse(&"no size"))?;
    check_size(width, height)?;
    let space = decoder.colorspace().ok_or_else(|| refuse(&"no colours"))?;
    let pixels = decoder.decode_raw().map_err(|e| refuse(&e))?;
    let least = |pixel: &[u8]| pixel[0].min(pixel[1]).min(pixel[2]);
    let luma = if space == ColorSpace::Luma {
        pixels
    } else if space == ColorSpace::LumaA {
        pixels.chunks_exact(2).map(|pixel| on_white(pixel[0], pixel[1])).collect()
    } else if space == ColorSpace::RGB {
        pixels.chunks_exact(3).map(least).collect()
    } else if space == ColorSpace::RGBA {
        pixels.chunks_exact(4).map(|pixel| on_white(least(pixel), pixel[3])).collect()
    } else {
        return Err(refuse(&space));
    };
    Frame::new(width, height, luma, at)
}

fn on_white(grey: u8, alpha: u8) -> u8 {
    let (grey, alpha) = (u16::from(grey), u16::from(alpha));
    ((grey * alpha + 255 * (255 - alpha)) / 255).to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two pixels by two: what is left of each byte of the rows that follow is a PNG made by hand.
    fn png(colour_type: u8, depth: u8, rows: &[u8]) -> Vec<u8> {
        let chunk = |name: &[u8; 4], data: &[u8]| {
            let length = u32::try_from(data.len()).unwrap().to_be_bytes();
            let named = [&name[..], data].concat();
            let crc = named.iter().fold(u32::MAX, |crc, byte| {
                (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
            });
            [&length[..], &named, &(!crc).to_be_bytes()].concat()
        };
        let header = [0, 0, 0, 2, 0, 0, 0, 2, depth, colour_type, 0, 0, 0];
        let data = miniz_oxide::deflate::compress_to_vec_zlib(rows, 6);
        [&START[..], &chunk(b"IHDR", &header), &chunk(b"IDAT", &data), &chunk(b"IEND", &[])].concat()
    }

    #[test]
    fn every_layout_is_read_as_grey() {
        let luma = |bytes: &[u8]| decode(bytes, Mono::ZERO).map(|frame| frame.luma().to_vec());
        assert_eq!(luma(&png(0, 8, &[0, 1, 2, 0, 3, 4])), Ok(vec![1, 2, 3, 4]));
        assert_eq!(luma(&png(0, 1, &[0, 0b1000_0000, 0, 0b0100_0000])), Ok(vec![255, 0, 0, 255]));
        assert_eq!(luma(&png(0, 16, &[0, 9, 1, 8, 1, 0, 7, 1, 6, 1])), Ok(vec![9, 8, 7, 6]));
        let colours = [0, 10, 20, 30, 60, 50, 40, 0, 90, 80, 70, 7, 8, 9];
        assert_eq!(luma(&png(2, 8, &colours)), Ok(vec![10, 40, 70, 7]));
        assert_eq!(luma(&png(4, 8, &[0, 0, 255, 0, 0, 0, 100, 255, 0, 51])), Ok(vec![0, 255, 100, 204]));
        let clear = [0, 1, 2, 3, 255, 1, 2, 3, 0, 0, 9, 8, 7, 255, 0, 0, 0, 0];
        assert_eq!(luma(&png(6, 8, &clear)), Ok(vec![1, 255, 7, 255]));
    }

    #[test]
    fn broken_pictures_are_errors() {
        let whole = png(0, 8, &[0, 1, 2, 0, 3, 4]);
        for end in 0..whole.len() - 12 {
            assert!(decode(&whole[..end], Mono::ZERO).is_err(), "{end}");
        }
        let mut large = whole.clone();
        large[18] = 0xFF;
        assert!(decode(&large, Mono::ZERO).is_err());
        let mut damaged = whole;
        damaged[45] ^= 1;
        assert!(decode(&damaged, Mono::ZERO).is_err(), "a checksum does not match");
    }
}
