//! How light a picture is, from every eighth pixel of every eighth row.

use crate::vision::Frame;

/// From one sample to the next, in both directions: 14,400 samples of 1280 × 720 tell a mean to less than one grey level.
const STRIDE: usize = 8;

/// At or above this a pixel is white without structure: sensors clip a little below 255.
pub(super) const WHITE: u8 = 250;

/// A picture's light in a few numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scene {
    /// Mean grey.
    pub mean: f32,
    /// 97 of 100 pixels are at most this grey.
    pub bright: u8,
    /// Share of white pixels in the whole picture.
    pub white: f32,
    /// The same in the middle half of width and height, where a code is held up.
    pub middle_white: f32,
}

impl Scene {
    /// Looks at `frame`. A few tens of microseconds, and no memory from the heap.
    pub(super) fn of(frame: &Frame) -> Self {
        let (width, height) = (frame.width(), frame.height());
        let (left, top) = (width / 4, height / 4);
        let mut histogram = [0_u32; 256];
        let (mut middle, mut middle_white) = (0_u32, 0_u32);
        for y in (STRIDE / 2..height).step_by(STRIDE) {
            let row = &frame.luma()[y * width..][..width];
            let inside = (top..height - top).contains(&y);
            for x in (STRIDE / 2..width).step_by(STRIDE) {
                let grey = row[x];
                histogram[usize::from(grey)] += 1;
                if inside && (left..width - left).contains(&x) {
                    middle += 1;
                    middle_white += u32::from(grey >= WHITE);
                }
            }
        }
        let all: u32 = histogram.iter().sum();
        let sum: u32 = (0_u32..).zip(&histogram).map(|(grey, count)| grey * count).sum();
        let white: u32 = histogram[usize::from(WHITE)..].iter().sum();
        Self {
            mean: share(sum, all),
            bright: bright(&histogram, all),
            white: share(white, all),
            middle_white: share(middle_white, middle),
        }
    }
}

/// The grey that 97 of 100 samples do not exceed.
fn bright(histogram: &[u32; 256], all: u32) -> u8 {
    let beyond = all * 3 / 100;
    let mut above = 0;
    let found = (0..=u8::MAX).rev().find(|grey| {
        above += histogram[usize::from(*grey)];
        above > beyond
    });
    found.unwrap_or(0)
}

fn share(part: u32, whole: u32) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "far more precise than what is asked of it")]
    let share = part as f32 / whole.max(1) as f32;
    share
}
