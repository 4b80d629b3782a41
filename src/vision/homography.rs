//! A plane seen in perspective: from places in a symbol to places in a picture.

use super::frame::Point;

/// Maps places in a symbol, in modules, to pixels. Source of the formulae: Heckbert, "Fundamentals of Texture Mapping and
/// Image Warping", 1989, section 2.2.3.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Homography {
    /// Row by row; the last of the nine is 1.
    to: [f32; 8],
    from: Point,
    side: f32,
}

impl Homography {
    /// The map by which the square from `from`, `from` of `side` modules has its corners at `quad`: upper left, upper right,
    /// lower right, lower left. `None` where these are no quadrangle.
    pub fn of_square(from: f32, side: f32, quad: &[Point; 4]) -> Option<Self> {
        let [a, b, c, d] = *quad;
        let (dx1, dx2, sx) = (b.x - c.x, d.x - c.x, a.x - b.x + c.x - d.x);
        let (dy1, dy2, sy) = (b.y - c.y, d.y - c.y, a.y - b.y + c.y - d.y);
        let area = dx1 * dy2 - dx2 * dy1;
        if area.abs() < 1e-3 {
            return None;
        }
        let (g, h) = ((sx * dy2 - dx2 * sy) / area, (dx1 * sy - sx * dy1) / area);
        let to = [
            b.x - a.x + g * b.x,
            d.x - a.x + h * d.x,
            a.x,
            b.y - a.y + g * b.y,
            d.y - a.y + h * d.y,
            a.y,
            g,
            h,
        ];
        to.iter().all(|value| value.is_finite()).then_some(Self { to, from: Point::new(from, from), side })
    }

    /// Where the place `x`, `y` of the symbol is in the picture.
    pub fn at(&self, x: f32, y: f32) -> Point {
        let [a, b, c, d, e, f, g, h] = self.to;
        let (u, v) = ((x - self.from.x) / self.side, (y - self.from.y) / self.side);
        let scale = 1.0 / (g * u + h * v + 1.0);
        Point::new((a * u + b * v + c) * scale, (d * u + e * v + f) * scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corners_of_the_square_go_where_they_should_and_lines_stay_straight() {
        let quad =
            [Point::new(10.0, 12.0), Point::new(90.0, 20.0), Point::new(80.0, 95.0), Point::new(15.0, 70.0)];
        let map = Homography::of_square(3.5, 14.0, &quad).unwrap();
        let near = |a: Point, b: Point| (a.x - b.x).abs() < 1e-3 && (a.y - b.y).abs() < 1e-3;
        for ((x, y), corner) in [(3.5, 3.5), (17.5, 3.5), (17.5, 17.5), (3.5, 17.5)].into_iter().zip(quad) {
            assert!(near(map.at(x, y), corner), "{x} {y}");
        }
        let [a, b, c] = [map.at(4.0, 4.0), map.at(10.0, 10.0), map.at(17.0, 17.0)];
        assert!(((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)).abs() < 1e-2);
        assert_eq!(Homography::of_square(0.0, 1.0, &[Point::new(1.0, 1.0); 4]), None);
    }
}
