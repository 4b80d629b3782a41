//! The camera's picture for the screens: small, grey, as BMP, which every browser shows and which costs
//! nothing to encode.
//!
//! File: BITMAPFILEHEADER (14 bytes), BITMAPINFOHEADER (40), 256 grey palette entries of 4 bytes, then rows
//! from the bottom up, each filled to a multiple of four bytes. Source: Microsoft, "Bitmap Storage".

use super::frame::{Frame, Point};
use crate::base::Mono;

/// Longest side of a preview.
pub const SIDE_MAX: usize = 480;

const HEADER: usize = 14 + 40 + 4 * 256;

/// A small grey picture for the screens.
#[derive(Clone, PartialEq)]
pub struct Preview {
    /// When the frame was taken.
    pub at: Mono,
    /// Pixels to the right.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
    /// A whole BMP file, 8 bits a pixel.
    pub bmp: Vec<u8>,
    /// Corners of codes in view, in pixels of the preview.
    pub outlines: Vec<[Point; 4]>,
}

/// Prints the size only: a picture may show a person.
impl std::fmt::Debug for Preview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Preview({}×{} at {}, {} outlines)", self.width, self.height, self.at, self.outlines.len())
    }
}

impl Preview {
    /// The preview of `frame`, halved until it is at most [`SIDE_MAX`] a side, with `outlines` in pixels of
    /// the frame.
    pub fn of(frame: &Frame, outlines: &[[Point; 4]]) -> Self {
        let (small, factor) = super::filter::fitted(frame, SIDE_MAX);
        let scaled = |corners: &[Point; 4]| corners.map(|p| Point::new(p.x / factor, p.y / factor));
        Self {
            at: frame.at,
            width: u16::try_from(small.width()).unwrap_or(u16::MAX),
            height: u16::try_from(small.height()).unwrap_or(u16::MAX),
            bmp: bmp(&small),
            outlines: outlines.iter().map(scaled).collect(),
        }
    }
}

fn bmp(frame: &Frame) -> Vec<u8> {
    let row = frame.width().next_multiple_of(4);
    let pixels = row * frame.height();
    let word = |value: usize| u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes();
    let mut file = Vec::with_capacity(HEADER + pixels);
    file.extend_from_slice(b"BM");
    file.extend([word(HEADER + pixels), word(0), word(HEADER)].concat());
    file.extend([word(40), word(frame.width()), word(frame.height())].concat());
    file.extend([1, 0, 8, 0]);
    file.extend([word(0), word(pixels), word(2_835), word(2_835), word(256), word(256)].concat());
    file.extend((0..=255_u8).flat_map(|grey| [grey, grey, grey, 0]));
    for line in frame.luma().chunks_exact(frame.width()).rev() {
        file.extend_from_slice(line);
        file.resize(file.len() + row - line.len(), 0);
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_what_its_headers_say() {
        let frame = Frame::new(5, 2, vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10], Mono(4)).unwrap();
        let preview = Preview::of(&frame, &[]);
        let word = |at: usize| u32::from_le_bytes(preview.bmp[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!((word(2), word(10), word(18), word(22)), (preview.bmp.len(), HEADER, 5, 2));
        assert_eq!(preview.bmp[HEADER..], [6, 7, 8, 9, 10, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0]);
    }

    #[test]
    fn a_large_frame_is_halved_and_its_outlines_with_it() {
        let frame = Frame::new(1_280, 720, vec![0; 1_280 * 720], Mono::ZERO).unwrap();
        let preview = Preview::of(&frame, &[[Point::new(400.0, 80.0); 4]]);
        assert_eq!((preview.width, preview.height), (320, 180));
        assert_eq!(preview.outlines[0][0], Point::new(100.0, 20.0));
    }
}
