//! A frame made smooth, with what is background, skin and hot in it.

use super::{HeadBox, Limits};
use crate::model::ThermalFrame;

/// Typical distance of a pixel from its smooth value, in hundredths of a degree, that no working array has: at 64 Hz, its
/// noise is 0.8 °C rms.
const NOISE_MAX: u16 = 100;
/// A frame and what it is judged by.
pub(super) struct Plane<'f> {
    frame: &'f ThermalFrame,
    smooth: [i16; ThermalFrame::PIXELS_MAX],
    hot: i16,
    contrast: i16,
    /// What is behind, in hundredths of a degree: a quarter of the picture is colder.
    pub(super) background: i16,
    /// The warmest that can be skin.
    pub(super) peak: i16,
}

impl<'f> Plane<'f> {
    pub(super) fn of(frame: &'f ThermalFrame, limits: &Limits) -> Self {
        let mut smooth = [0; ThermalFrame::PIXELS_MAX];
        for (index, pixel) in smooth.iter_mut().take(frame.pixels().len()).enumerate() {
            *pixel = median(frame, index % frame.width(), index / frame.width());
        }
        let mut plane =
            Self { frame, smooth, hot: limits.hot, contrast: limits.contrast, background: 0, peak: 0 };
        let mut sorted = plane.smooth;
        let sorted = &mut sorted[..frame.pixels().len()];
        sorted.sort_unstable();
        plane.background = sorted[sorted.len() / 4];
        let skin = plane.places().filter(|&(x, y)| !plane.is_by_hot(x, y)).map(|(x, y)| plane.at(x, y));
        plane.peak = skin.max().unwrap_or(plane.background);
        plane
    }

    pub(super) fn width(&self) -> usize {
        self.frame.width()
    }

    pub(super) fn height(&self) -> usize {
        self.frame.height()
    }

    /// The 3×3 median at a place, which must be inside.
    pub(super) fn at(&self, x: usize, y: usize) -> i16 {
        self.smooth[y * self.width() + x]
    }

    /// The pixel itself at a place, which must be inside.
    pub(super) fn raw(&self, x: usize, y: usize) -> i16 {
        self.frame.pixels()[y * self.width() + x]
    }

    /// Every place, row by row.
    pub(super) fn places(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (width, height) = (self.width(), self.height());
        (0..height).flat_map(move |y| (0..width).map(move |x| (x, y)))
    }

    /// From which temperature on a pixel is skin: so many hundredths of the way from the background to the warmest.
    pub(super) fn skin_from(&self, hundredths: i32) -> i16 {
        let (background, peak) = (i32::from(self.background), i32::from(self.peak));
        let between = background + (peak - background) * hundredths / 100;
        let least = background + i32::from(self.contrast);
        i16::try_from(between.max(least)).unwrap_or(i16::MAX)
    }

    /// From which temperature on a pixel belongs to somebody: hair, hat and clothes are a little warmer than what is behind.
    pub(super) fn body_from(&self) -> i16 {
        let share = (i32::from(self.peak) - i32::from(self.background)) / 5;
        let least = i32::from(self.contrast) / 2;
        i16::try_from(i32::from(self.background) + share.max(least)).unwrap_or(i16::MAX)
    }

    /// Whether anything stands out from the background.
    pub(super) fn has_contrast(&self) -> bool {
        i32::from(self.peak) - i32::from(self.background) >= i32::from(self.contrast)
    }

    pub(super) fn is_noisy(&self) -> bool {
        let count = self.frame.pixels().len();
        let mut apart = [0; ThermalFrame::PIXELS_MAX];
        for ((apart, raw), smooth) in apart.iter_mut().zip(self.frame.pixels()).zip(&self.smooth) {
            *apart = raw.abs_diff(*smooth);
        }
        let apart = &mut apart[..count];
        apart.sort_unstable();
        apart[count / 2] > NOISE_MAX
    }

    pub(super) fn hot_pixels(&self) -> usize {
        self.frame.pixels().iter().filter(|pixel| **pixel > self.hot).count()
    }

    /// Whether a pixel, or one that touches it, is hotter than skin: then its own value is blurred from there.
    pub(super) fn is_by_hot(&self, x: usize, y: usize) -> bool {
        around(self.frame, x, y).any(|pixel| pixel > self.hot)
    }

    /// Whether anything hot is in or beside a head.
    pub(super) fn is_hot_by(&self, head: &HeadBox) -> bool {
        let [left, top, right, bottom] = [head.left, head.top, head.right, head.bottom].map(usize::from);
        (top..=bottom).any(|y| (left..=right).any(|x| self.is_by_hot(x, y)))
    }
}

/// The pixels about a place, and itself.
fn around(frame: &ThermalFrame, x: usize, y: usize) -> impl Iterator<Item = i16> {
    let near =
        move |row: usize| (x.saturating_sub(1)..=x + 1).filter_map(move |column| frame.get(column, row));
    (y.saturating_sub(1)..=y + 1).flat_map(near)
}

/// The median of a pixel and those that touch it; of an even number, at the border, the lower middle one.
fn median(frame: &ThermalFrame, x: usize, y: usize) -> i16 {
    let (mut values, mut count) = ([0; 9], 0);
    for (slot, value) in values.iter_mut().zip(around(frame, x, y)) {
        *slot = value;
        count += 1;
    }
    let values = &mut values[..count];
    values.sort_unstable();
    values[(count - 1) / 2]
}
