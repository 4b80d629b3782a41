//! One grey picture, and the only ways to make one.

use crate::base::Mono;

/// Largest width or height accepted: 8K.
pub const SIDE_MAX: usize = 7_680;

/// Most pixels accepted: 8K, 7,680 × 4,320 whichever way it is held. Bounds the memory of a frame to 33 MB.
pub const PIXELS_MAX: usize = 7_680 * 4_320;

/// A place in a picture, in pixels from the upper left corner; pixel centres lie at halves.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Downwards.
    pub y: f32,
}

impl Point {
    /// The point at `x`, `y`.
    pub const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }
}

/// Why bytes are no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A side is zero.
    #[error("picture of {width}×{height} pixels is empty")]
    Empty {
        /// Its width.
        width: usize,
        /// Its height.
        height: usize,
    },
    /// A side is longer than [`SIDE_MAX`], or there are more pixels than [`PIXELS_MAX`].
    #[error("picture of {width}×{height} pixels is larger than 8K")]
    TooLarge {
        /// Its width.
        width: usize,
        /// Its height.
        height: usize,
    },
    /// A row is longer than the distance between rows.
    #[error("rows of {row} bytes do not fit a stride of {stride}")]
    Stride {
        /// Bytes of a row.
        row: usize,
        /// Bytes from row to row.
        stride: usize,
    },
    /// There are fewer bytes than the size asks for.
    #[error("picture needs {needed} bytes and has {given}")]
    Truncated {
        /// What its size asks for.
        needed: usize,
        /// What there is.
        given: usize,
    },
    /// The layout cannot have this size, such as an odd width in a format that shares colour between two
    /// pixels.
    #[error("{format} cannot hold {width}×{height} pixels")]
    Shape {
        /// The layout.
        format: &'static str,
        /// Width.
        width: usize,
        /// Height.
        height: usize,
    },
    /// The JPEG decoder refused it.
    #[error("jpeg: {0}")]
    Jpeg(String),
    /// The PNG decoder refused it.
    #[error("png: {0}")]
    Png(String),
    /// Neither JPEG, nor PNG, nor PGM.
    #[error("neither a JPEG nor a PNG nor a binary PGM (P5) picture")]
    UnknownKind,
}

/// Accepts a size that is neither empty nor larger than 8K.
///
/// # Errors
///
/// [`FrameError::Empty`] or [`FrameError::TooLarge`].
pub fn check_size(width: usize, height: usize) -> Result<(), FrameError> {
    if width == 0 || height == 0 {
        return Err(FrameError::Empty { width, height });
    }
    if width > SIDE_MAX || height > SIDE_MAX || width * height > PIXELS_MAX {
        return Err(FrameError::TooLarge { width, height });
    }
    Ok(())
}

/// A grey picture without padding, at most 8K, and when it was taken.
///
/// Grey is luma for grey cameras and the white-referenced minimum for colour ones; see
/// [`convert`](super::convert).
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    width: usize,
    height: usize,
    luma: Vec<u8>,
    /// When it was taken.
    pub at: Mono,
}

/// Prints the size only: a picture may show a person.
impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({}×{} at {})", self.width, self.height, self.at)
    }
}

impl Frame {
    /// A frame of `width · height` grey values, row by row.
    ///
    /// # Errors
    ///
    /// When the size is empty or too large, or `luma` is shorter. Bytes beyond the picture are dropped.
    pub fn new(width: usize, height: usize, mut luma: Vec<u8>, at: Mono) -> Result<Self, FrameError> {
        check_size(width, height)?;
        let needed = width * height;
        if luma.len() < needed {
            return Err(FrameError::Truncated { needed, given: luma.len() });
        }
        luma.truncate(needed);
        Ok(Self { width, height, luma, at })
    }

    /// Makes this the frame of `width` by `height` pixels taken at `at` that `fill` appends to the empty memory of this one.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and what `fill` says. The frame is then one of one pixel.
    pub fn refill(
        &mut self,
        (width, height): (usize, usize),
        at: Mono,
        fill: impl FnOnce(&mut Vec<u8>) -> Result<(), FrameError>,
    ) -> Result<(), FrameError> {
        let mut luma = std::mem::take(&mut self.luma);
        luma.clear();
        let filled = fill(&mut luma).and_then(|()| check_size(width, height));
        let needed = width.saturating_mul(height);
        let filled = match filled {
            Ok(()) if luma.len() < needed => Err(FrameError::Truncated { needed, given: luma.len() }),
            Ok(()) | Err(_) => filled,
        };
        (self.width, self.height) = if filled.is_ok() { (width, height) } else { (1, 1) };
        luma.resize(self.width * self.height, 0);
        (self.luma, self.at) = (luma, at);
        filled
    }

    /// Pixels to the right.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels down.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All grey values, row by row.
    pub fn luma(&self) -> &[u8] {
        &self.luma
    }

    /// All grey values, for those who draw.
    pub fn luma_mut(&mut self) -> &mut [u8] {
        &mut self.luma
    }

    /// The longer side.
    pub fn long_side(&self) -> usize {
        self.width.max(self.height)
    }

    /// The picture at half size, each pixel the mean of four. A side of one pixel stays; an odd last one is
    /// dropped.
    pub fn half(&self) -> Self {
        let mut out = Self { width: 1, height: 1, luma: Vec::new(), at: self.at };
        self.half_into(&mut out);
        out
    }

    /// As [`half`](Self::half), into the memory of `out`.
    pub fn half_into(&self, out: &mut Self) {
        let (width, height) = ((self.width / 2).max(1), (self.height / 2).max(1));
        out.luma.resize(width * height, 0);
        (out.width, out.height, out.at) = (width, height, self.at);
        let below = usize::from(self.height > 1) * self.width;
        for (y, row) in out.luma.chunks_exact_mut(width).enumerate() {
            let upper = &self.luma[2 * y * self.width..][..self.width];
            let lower = &self.luma[2 * y * self.width + below..][..self.width];
            if self.width == 1 {
                row[0] = u8::midpoint(upper[0], lower[0]);
                continue;
            }
            // In this form the compiler takes many pixels at once.
            let pairs = upper.chunks_exact(2).zip(lower.chunks_exact(2));
            for (pixel, (upper, lower)) in row.iter_mut().zip(pairs) {
                let sum =
                    u16::from(upper[0]) + u16::from(upper[1]) + u16::from(lower[0]) + u16::from(lower[1]);
                *pixel = (sum / 4).to_le_bytes()[0];
            }
        }
    }

    /// A frame of one pixel, as memory for [`half_into`](Self::half_into).
    pub fn spare() -> Self {
        Self { width: 1, height: 1, luma: vec![0], at: Mono::ZERO }
    }
}

/// Accepts rows of `row` bytes, `stride` apart, `height` of them in `given` bytes.
pub(super) fn check_rows(
    width: usize,
    height: usize,
    row: usize,
    stride: usize,
    given: usize,
) -> Result<(), FrameError> {
    check_size(width, height)?;
    if stride < row {
        return Err(FrameError::Stride { row, stride });
    }
    check_length(height, row, stride, given)
}

/// Accepts `given` bytes where there are `rows` rows of `row` bytes, `stride` apart; whatever the rows hold.
pub(super) fn check_length(rows: usize, row: usize, stride: usize, given: usize) -> Result<(), FrameError> {
    let needed = stride.saturating_mul(rows.saturating_sub(1)).saturating_add(row);
    if given < needed {
        return Err(FrameError::Truncated { needed, given });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_picture() {
        assert_eq!(
            Frame::new(0, 4, vec![], Mono::ZERO).unwrap_err(),
            FrameError::Empty { width: 0, height: 4 }
        );
        assert!(matches!(Frame::new(7_681, 1, vec![0; 7_681], Mono::ZERO), Err(FrameError::TooLarge { .. })));
        assert!(matches!(
            Frame::new(usize::MAX, usize::MAX, vec![], Mono::ZERO),
            Err(FrameError::TooLarge { .. })
        ));
        assert_eq!(
            Frame::new(2, 2, vec![0; 3], Mono::ZERO).unwrap_err(),
            FrameError::Truncated { needed: 4, given: 3 }
        );
    }

    #[test]
    fn memory_is_used_again_and_holds_one_pixel_after_a_failure() {
        let mut frame = Frame::new(2, 2, vec![9; 4], Mono::ZERO).unwrap();
        let memory = frame.luma().as_ptr();
        let fill = |out: &mut Vec<u8>, bytes: &[u8]| {
            assert!(out.is_empty());
            out.extend_from_slice(bytes);
            Ok(())
        };
        frame.refill((3, 1), Mono(5), |out| fill(out, &[1, 2, 3])).unwrap();
        assert_eq!((frame.width(), frame.luma(), frame.at), (3, &[1, 2, 3][..], Mono(5)));
        assert_eq!(frame.luma().as_ptr(), memory);
        let short = frame.refill((3, 2), Mono(6), |out| fill(out, &[1, 2, 3])).unwrap_err();
        assert_eq!(short, FrameError::Truncated { needed: 6, given: 3 });
        assert_eq!((frame.width(), frame.height(), frame.luma().len()), (1, 1, 1));
        assert!(frame.refill((0, 2), Mono(6), |out| fill(out, &[])).is_err());
    }

    #[test]
    fn half_size_is_the_mean_of_four_pixels() {
        let frame = Frame::new(5, 2, vec![0, 4, 255, 255, 9, 8, 12, 255, 255, 9], Mono(7)).unwrap();
        let half = frame.half();
        assert_eq!((half.width(), half.height(), half.luma()), (2, 1, &[6, 255][..]));
        let one = half.half().half();
        assert_eq!((one.width(), one.height(), one.luma().len(), one.at), (1, 1, 1, Mono(7)));
    }

    #[test]
    fn never_prints_the_picture() {
        assert_eq!(format!("{:?}", Frame::new(1, 1, vec![7], Mono::ZERO).unwrap()), "Frame(1×1 at 0.000s)");
    }
}
