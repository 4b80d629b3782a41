//! One picture of a thermal array: a temperature for each pixel, as the array sees it.

use crate::base::CentiCelsius;

/// Temperatures of a thermal array at one time, at emissivity 1, from the top left as somebody behind the array sees
/// it. Held in place: a frame is copied and never allocated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ThermalFrame {
    width: u8,
    height: u8,
    /// Hundredths of a degree; those past `width` · `height` are 0.
    pixels: [i16; Self::PIXELS_MAX],
    /// The array's own temperature.
    pub die: CentiCelsius,
    /// The array's supply in millivolts, as it measures it.
    pub supply_mv: u16,
}

impl ThermalFrame {
    /// Most pixels of a frame: 32 × 24.
    pub const PIXELS_MAX: usize = 768;

    /// A frame of `width` × `height` pixels whose temperatures in hundredths of a degree are `pixels`, row by row
    /// from the top left. `None` when their number is another, or more than [`PIXELS_MAX`](Self::PIXELS_MAX), or 0.
    pub fn new(
        width: u8,
        height: u8,
        pixels: impl IntoIterator<Item = i16>,
        die: CentiCelsius,
        supply_mv: u16,
    ) -> Option<Self> {
        let count = usize::from(width) * usize::from(height);
        let mut frame = Self { width, height, pixels: [0; Self::PIXELS_MAX], die, supply_mv };
        let mut given = pixels.into_iter();
        for pixel in frame.pixels.get_mut(..count)? {
            *pixel = given.next()?;
        }
        (count > 0 && given.next().is_none()).then_some(frame)
    }

    /// Pixels to the right.
    pub fn width(&self) -> usize {
        usize::from(self.width)
    }

    /// Pixels down.
    pub fn height(&self) -> usize {
        usize::from(self.height)
    }

    /// All pixels in hundredths of a degree, row by row from the top.
    pub fn pixels(&self) -> &[i16] {
        &self.pixels[..self.width() * self.height()]
    }

    /// The pixel in column `x` of row `y`, in hundredths of a degree; `None` outside.
    pub fn get(&self, x: usize, y: usize) -> Option<i16> {
        (x < self.width()).then(|| self.pixels().get(y * self.width() + x).copied()).flatten()
    }
}

/// Where a frame shows something: columns and rows from the top left, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameArea {
    /// First column.
    pub left: u8,
    /// First row.
    pub top: u8,
    /// Last column.
    pub right: u8,
    /// Last row.
    pub bottom: u8,
}

impl FrameArea {
    /// The pixels of `frame` in it, in hundredths of a degree; `None` where the frame does not hold all of it.
    pub fn of(self, frame: &ThermalFrame) -> Option<Vec<i16>> {
        let columns = || usize::from(self.left)..=usize::from(self.right);
        let rows = usize::from(self.top)..=usize::from(self.bottom);
        rows.flat_map(|y| columns().map(move |x| frame.get(x, y))).collect()
    }
}

/// Prints the size only: a picture may show a person.
impl std::fmt::Debug for ThermalFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ThermalFrame({}×{}, die {})", self.width, self.height, self.die)
    }
}

/// `celsius` in hundredths of a degree; what is beyond 327 °C on either side, or no number, ends there.
pub fn hundredths(celsius: f64) -> i16 {
    #[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates")]
    let value = (celsius * 100.0).round() as i16;
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_as_many_pixels_as_it_says() {
        let die = CentiCelsius::new(2_500).unwrap();
        let frame = |width, height, count: i16| ThermalFrame::new(width, height, 0..count, die, 3_300);
        let small = frame(4, 3, 12).unwrap();
        assert_eq!((small.width(), small.height(), small.pixels().len()), (4, 3, 12));
        assert_eq!((small.get(3, 2), small.get(4, 2), small.get(0, 3)), (Some(11), None, None));
        for (width, height, count) in [(4, 3, 11), (4, 3, 13), (0, 3, 0), (33, 24, 792)] {
            assert!(frame(width, height, count).is_none(), "{width} × {height}: {count}");
        }
        assert!(frame(32, 24, 768).is_some());
        assert_eq!(format!("{small:?}"), "ThermalFrame(4×3, die 25.0)");
    }

    #[test]
    fn temperatures_end_at_what_fits() {
        for (celsius, expected) in [(36.614, 3_661), (-40.0, -4_000), (400.0, i16::MAX), (-400.0, i16::MIN)] {
            assert_eq!(hundredths(celsius), expected);
        }
    }
}
