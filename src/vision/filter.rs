//! Pictures made easier to read: sharpened, inverted, thresholded at the local mean.

use super::frame::Frame;

/// Each pixel the mean of the nine around it; those at the edges stay as they are.
pub fn softened(frame: &Frame) -> Frame {
    let (width, height) = (frame.width(), frame.height());
    let mut out = frame.clone();
    let sums = |row: &[u8]| -> Vec<u16> {
        row.windows(3).map(|three| three.iter().map(|&grey| u16::from(grey)).sum()).collect()
    };
    let rows: Vec<Vec<u16>> = frame.luma().chunks_exact(width).map(sums).collect();
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let sum = rows[y - 1][x - 1] + rows[y][x - 1] + rows[y + 1][x - 1];
            out.luma_mut()[y * width + x] = (sum / 9).to_le_bytes()[0];
        }
    }
    out
}

/// `frame` with light and dark exchanged.
pub fn inverted(frame: &Frame) -> Frame {
    let mut out = frame.clone();
    out.luma_mut().iter_mut().for_each(|v| *v = 255 - *v);
    out
}

/// `frame` with edges raised: each pixel moved away from the mean of its 3 × 3 surroundings by 1.5 times the
/// difference. The outermost pixels stay.
pub fn sharpened(frame: &Frame) -> Frame {
    let (width, height) = (frame.width(), frame.height());
    let mut out = frame.clone();
    if width < 3 || height < 3 {
        return out;
    }
    let rows = frame.luma();
    for y in 1..height - 1 {
        let above = &rows[(y - 1) * width..][..width];
        let here = &rows[y * width..][..width];
        let below = &rows[(y + 1) * width..][..width];
        let row = &mut out.luma_mut()[y * width..][..width];
        for x in 1..width - 1 {
            let sum = |line: &[u8]| line[x - 1..=x + 1].iter().map(|&v| i32::from(v)).sum::<i32>();
            let nine = sum(above) + sum(here) + sum(below);
            let value = i32::from(here[x]);
            let raised = value + (9 * value - nine) / 6;
            row[x] = u8::try_from(raised.clamp(0, 255)).unwrap_or(u8::MAX);
        }
    }
    out
}

/// Whether each pixel is darker than the mean of the square of `window` pixels around it, by at least 1/16 of
/// that mean where the surroundings are flat (or noise would decide).
///
/// By an integral picture: the cost does not depend on the window.
pub fn darker_than_mean(frame: &Frame, window: usize) -> Vec<bool> {
    let (width, height) = (frame.width(), frame.height());
    let stride = width + 1;
    // At most 33 million pixels of 255: more than 32 bits hold, so sums wrap; differences are right all the
    // same.
    let mut sums = vec![0_u32; stride * (height + 1)];
    for y in 0..height {
        let mut row = 0_u32;
        for x in 0..width {
            row = row.wrapping_add(u32::from(frame.luma()[y * width + x]));
            sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1].wrapping_add(row);
        }
    }
    let reach = (window / 2).clamp(1, 2_000);
    let mut dark = Vec::with_capacity(width * height);
    for y in 0..height {
        let (top, bottom) = (y.saturating_sub(reach), (y + reach + 1).min(height));
        let (upper, lower) = (&sums[top * stride..][..stride], &sums[bottom * stride..][..stride]);
        for (x, &value) in frame.luma()[y * width..][..width].iter().enumerate() {
            let (left, right) = (x.saturating_sub(reach), (x + reach + 1).min(width));
            let sum =
                lower[right].wrapping_sub(lower[left]).wrapping_sub(upper[right]).wrapping_add(upper[left]);
            let area = ((right - left) * (bottom - top)) as u64;
            dark.push(u64::from(value) * area * 16 < u64::from(sum) * 15);
        }
    }
    dark
}

/// `frame` halved until its longer side is at most `side`, and how many times smaller it became.
pub fn fitted(frame: &Frame, side: usize) -> (Frame, f32) {
    let (mut out, mut factor) = (frame.clone(), 1.0);
    while out.long_side() > side.max(1) {
        out = out.half();
        factor *= 2.0;
    }
    (out, factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Mono;

    fn frame(width: usize, height: usize, pixel: impl Fn(usize, usize) -> u8) -> Frame {
        let luma = (0..width * height).map(|i| pixel(i % width, i / width)).collect();
        Frame::new(width, height, luma, Mono::ZERO).unwrap()
    }

    #[test]
    fn softening_is_the_mean_of_nine_and_leaves_the_edges() {
        let mut luma = vec![0; 25];
        luma[12] = 90;
        let soft = softened(&Frame::new(5, 5, luma, Mono::ZERO).unwrap());
        let inner = |i: usize| (1..4).contains(&(i % 5)) && (1..4).contains(&(i / 5));
        assert!((0..25).all(|i| soft.luma()[i] == if inner(i) { 10 } else { 0 }));
        for (width, height) in [(1, 1), (2, 9), (9, 2)] {
            let frame = Frame::new(width, height, vec![7; width * height], Mono::ZERO).unwrap();
            assert_eq!(softened(&frame), frame);
        }
    }

    #[test]
    fn sharpening_raises_an_edge_and_leaves_flat_ground() {
        let edge = frame(8, 5, |x, _| if x < 4 { 80 } else { 160 });
        let out = sharpened(&edge);
        assert!(out.luma()[2 * 8 + 3] < 80 && out.luma()[2 * 8 + 4] > 160);
        assert_eq!(out.luma()[2 * 8 + 1], 80);
        assert_eq!(sharpened(&frame(2, 2, |_, _| 9)), frame(2, 2, |_, _| 9));
    }

    #[test]
    fn the_local_mean_finds_dots_on_a_slope_of_light() {
        let slope = |x: usize| u8::try_from(40 + x).unwrap();
        let dots = frame(200, 60, |x, y| if x % 10 == 5 && y % 10 == 5 { slope(x) / 2 } else { slope(x) });
        let dark = darker_than_mean(&dots, 15);
        let wrong = (0..200 * 60)
            .filter(|&i| dark[i] != (i % 200 % 10 == 5 && i / 200 % 10 == 5))
            .filter(|&i| (8..192).contains(&(i % 200)))
            .count();
        assert_eq!(wrong, 0);
    }

    #[test]
    fn fitting_halves_until_it_fits() {
        let (small, factor) = fitted(&frame(100, 10, |_, _| 1), 30);
        assert_eq!((small.width(), small.height(), factor), (25, 2, 4.0));
        assert_eq!(inverted(&small).luma()[0], 254);
    }
}
