//! A frame as a small picture for the attendant: temperatures as colours, the head outlined, the measured place crossed.
//!
//! File: BITMAPFILEHEADER (14 bytes), BITMAPINFOHEADER (40), 256 palette entries of 4 bytes (blue, green, red, 0), then
//! rows from the bottom up, each filled to a multiple of four bytes. Source: Microsoft, "Bitmap Storage".

use super::{ArrayReading, Face};
use crate::model::ThermalFrame;

/// Pixels of the picture for each of the frame's, each way.
pub const SCALE: usize = 10;

const HEADER: usize = 14 + 40 + 4 * 256;
/// Colours of temperatures come first; then that of what is hotter than any skin, and black and white for lines.
const COLOURS: u8 = 252;
const HOTTER: u8 = 253;
const BLACK: u8 = 254;
const WHITE: u8 = 255;
/// What the colours are for, in °C: the same in every picture, so that a guard learns them. Colder is black, hotter is
/// white; hotter than skin is turquoise, which no skin is.
pub const COLDEST_C: i32 = 22;
/// See [`COLDEST_C`].
pub const HOTTEST_C: i32 = 38;
/// The same in hundredths of a degree.
const COLDEST: i32 = COLDEST_C * 100;
const SPAN: i32 = (HOTTEST_C - COLDEST_C) * 100;
const HOT: i32 = 4_300;
/// Colours of temperatures in even steps from the coldest to the hottest, as thermal cameras show them: black, blue, purple,
/// orange, yellow, white. Red, green, blue.
pub const SCALE_COLOURS: [[u8; 3]; 6] =
    [[0, 0, 0], [20, 20, 130], [130, 20, 140], [230, 90, 30], [255, 200, 50], [255, 255, 235]];
/// That of what is hotter than skin.
pub const HOTTER_COLOUR: [u8; 3] = [0, 190, 190];

/// The picture of `frame` as a BMP of [`SCALE`] times its size, 8 bits a pixel, smooth between the pixels. Where `reading`
/// is a face, its head has a frame, and the place that was measured a cross: black and white, so that both show on any
/// colour.
pub fn bmp(frame: &ThermalFrame, reading: &ArrayReading) -> Vec<u8> {
    let mut canvas = Canvas::of(frame);
    if let Ok(face) = reading {
        canvas.mark(face);
    }
    canvas.file()
}

struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    fn of(frame: &ThermalFrame) -> Self {
        let (width, height) = (frame.width() * SCALE, frame.height() * SCALE);
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let colour = |(x, y)| {
            let here = between(frame, x, y);
            if here > HOT {
                return HOTTER;
            }
            let share = (here - COLDEST).clamp(0, SPAN) * i32::from(COLOURS) / SPAN;
            u8::try_from(share).unwrap_or(COLOURS)
        };
        Self { width, height, pixels: pixels.map(colour).collect() }
    }

    fn mark(&mut self, face: &Face) {
        let head = face.head;
        let (left, top) = (usize::from(head.left) * SCALE, usize::from(head.top) * SCALE);
        let (right, bottom) = ((usize::from(head.right) + 1) * SCALE, (usize::from(head.bottom) + 1) * SCALE);
        for (inset, colour) in [(0, BLACK), (1, WHITE), (2, WHITE), (3, BLACK)] {
            self.rectangle([left + inset, top + inset, right - 1 - inset, bottom - 1 - inset], colour);
        }
        let (x, y) = (usize::from(face.at.0) * SCALE + SCALE / 2, usize::from(face.at.1) * SCALE + SCALE / 2);
        for (thick, long, colour) in [(3, 11, BLACK), (1, 9, WHITE)] {
            self.bar([x.saturating_sub(long), y.saturating_sub(thick), x + long, y + thick], colour);
            self.bar([x.saturating_sub(thick), y.saturating_sub(long), x + thick, y + long], colour);
        }
    }

    fn rectangle(&mut self, [left, top, right, bottom]: [usize; 4], colour: u8) {
        self.bar([left, top, right, top], colour);
        self.bar([left, bottom, right, bottom], colour);
        self.bar([left, top, left, bottom], colour);
        self.bar([right, top, right, bottom], colour);
    }

    fn bar(&mut self, [left, top, right, bottom]: [usize; 4], colour: u8) {
        for y in top..=bottom.min(self.height - 1) {
            for x in left..=right.min(self.width - 1) {
                self.pixels[y * self.width + x] = colour;
            }
        }
    }

    fn file(&self) -> Vec<u8> {
        let row = self.width.next_multiple_of(4);
        let size = row * self.height;
        let word = |value: usize| u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes();
        let mut file = Vec::with_capacity(HEADER + size);
        file.extend_from_slice(b"BM");
        file.extend([word(HEADER + size), word(0), word(HEADER)].concat());
        file.extend([word(40), word(self.width), word(self.height)].concat());
        file.extend([1, 0, 8, 0]);
        file.extend([word(0), word(size), word(2_835), word(2_835), word(256), word(256)].concat());
        file.extend((0..=u8::MAX).flat_map(palette));
        for line in self.pixels.chunks_exact(self.width).rev() {
            file.extend_from_slice(line);
            file.resize(file.len() + row - line.len(), 0);
        }
        file
    }
}

/// The temperature at a place of the picture, straight between the frame's pixels.
fn between(frame: &ThermalFrame, x: usize, y: usize) -> i32 {
    // Twice the place, so that the middle of a pixel is a whole number.
    let split = |place: usize, count: usize| {
        let shifted = (2 * place + 1).saturating_sub(SCALE).min(2 * SCALE * (count - 1));
        let first = (shifted / (2 * SCALE)).min(count.saturating_sub(2));
        (first, i32::try_from(shifted - first * 2 * SCALE).unwrap_or(0))
    };
    let ((left, right_share), (top, bottom_share)) = (split(x, frame.width()), split(y, frame.height()));
    let at = |x: usize, y: usize| {
        let inside = frame.get(x.min(frame.width() - 1), y.min(frame.height() - 1));
        i32::from(inside.unwrap_or(0))
    };
    let whole = i32::try_from(2 * SCALE).unwrap_or(1);
    let along = |y: usize| at(left, y) * (whole - right_share) + at(left + 1, y) * right_share;
    (along(top) * (whole - bottom_share) + along(top + 1) * bottom_share) / (whole * whole)
}

/// Blue, green, red, 0.
fn palette(index: u8) -> [u8; 4] {
    if index == HOTTER {
        let [red, green, blue] = HOTTER_COLOUR;
        return [blue, green, red, 0];
    }
    if index >= BLACK {
        let grey = if index == WHITE { 255 } else { 0 };
        return [grey, grey, grey, 0];
    }
    let place = usize::from(index) * (SCALE_COLOURS.len() - 1);
    let (stop, share) = (place / usize::from(COLOURS), place % usize::from(COLOURS));
    let (last, next) = (SCALE_COLOURS[stop], SCALE_COLOURS[(stop + 1).min(SCALE_COLOURS.len() - 1)]);
    let mixed = |part: usize| {
        let (from, to) = (usize::from(last[part]), usize::from(next[part]));
        let sum = from * (usize::from(COLOURS) - share) + to * share;
        u8::try_from(sum / usize::from(COLOURS)).unwrap_or(u8::MAX)
    };
    [mixed(2), mixed(1), mixed(0), 0]
}
