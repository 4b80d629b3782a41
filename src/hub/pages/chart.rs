//! A chart as a drawing inside the page: bands, lines and limits over time. No script, and it prints.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::frame::shown;
use crate::base::Wall;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 150.0;
/// Room for numbers at the left, and for times beneath.
const LEFT: f64 = 46.0;
const BENEATH: f64 = 18.0;
const ABOVE: f64 = 6.0;
/// Levels with a number, at most.
const LEVELS: f64 = 5.0;

/// One value of a line: when, and how much; none where there is none.
pub type Point = (Wall, Option<f64>);

/// What is drawn.
pub struct Chart<'a> {
    /// What a reader who sees no drawing is told.
    pub title: &'a str,
    /// Filled from a lower to an upper value.
    pub band: Option<Vec<(Wall, f64, f64)>>,
    /// Lines, each with the class that colours it.
    pub lines: Vec<(&'static str, Vec<Point>)>,
    /// Values that must not be crossed.
    pub limits: Vec<f64>,
    /// The least range of values that is shown, so that noise does not look like news.
    pub least: f64,
    /// Digits after the point.
    pub digits: usize,
}

/// The drawing; nothing where there is nothing to draw.
pub fn drawn(chart: &Chart<'_>) -> Markup {
    let Some(scale) = Scale::of(chart) else { return html! {} };
    let bottom = HEIGHT - BENEATH;
    html! {
        svg.chart viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(chart.title) {
            @for (value, y) in scale.levels() {
                line.level x1=(LEFT) x2=(WIDTH) y1=(number(y)) y2=(number(y)) {}
                text x=(LEFT - 5.0) y=(number(y + 4.0)) text-anchor="end" { (format!("{value:.*}", chart.digits)) }
            }
            @for (at, x, anchor) in scale.times() {
                text x=(number(x)) y=(number(HEIGHT - 4.0)) text-anchor=(anchor) { (shown(at, "%m-%d %H:%M")) }
            }
            line.axis x1=(LEFT) x2=(WIDTH) y1=(number(bottom)) y2=(number(bottom)) {}
            @if let Some(band) = &chart.band { path.band d=(scale.band(band)) {} }
            @for limit in &chart.limits {
                line.limit x1=(LEFT) x2=(WIDTH) y1=(number(scale.y(*limit))) y2=(number(scale.y(*limit))) {}
            }
            @for (class, points) in &chart.lines { path class=(class) d=(scale.line(points)) {} }
        }
    }
}

struct Scale {
    from: Wall,
    until: Wall,
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    fn of(chart: &Chart<'_>) -> Option<Self> {
        let band = chart.band.iter().flatten().flat_map(|(at, low, high)| [(*at, *low), (*at, *high)]);
        let lines = chart.lines.iter().flat_map(|(_, points)| points);
        let lines = lines.filter_map(|(at, value)| value.map(|value| (*at, value)));
        let all: Vec<(Wall, f64)> = band.chain(lines).collect();
        let (from, until) = (all.iter().map(|(at, _)| *at).min()?, all.iter().map(|(at, _)| *at).max()?);
        let values = || all.iter().map(|(_, value)| *value).chain(chart.limits.iter().copied());
        let (low, high) =
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        let missing = (chart.least - (high - low)).max(0.0) / 2.0;
        let (low, high) = (low - missing, high + missing);
        let step = round_step((high - low) / LEVELS);
        Some(Self { from, until, low: (low / step).floor() * step, high: (high / step).ceil() * step, step })
    }

    #[expect(clippy::cast_precision_loss, reason = "a place in a drawing")]
    fn x(&self, at: Wall) -> f64 {
        let (span, since) = ((self.until.0 - self.from.0) as f64, (at.0 - self.from.0) as f64);
        let share = if span > 0.0 { since / span } else { 0.5 };
        LEFT + share * (WIDTH - LEFT)
    }

    fn y(&self, value: f64) -> f64 {
        let height = HEIGHT - BENEATH - ABOVE;
        ABOVE + (self.high - value) / (self.high - self.low) * height
    }

    fn levels(&self) -> Vec<(f64, f64)> {
        let mut levels = vec![];
        let mut value = self.low;
        while value <= self.high + self.step / 2.0 {
            levels.push((value, self.y(value)));
            value += self.step;
        }
        levels
    }

    fn times(&self) -> Vec<(Wall, f64, &'static str)> {
        if self.from == self.until {
            return vec![(self.from, self.x(self.from), "middle")];
        }
        vec![(self.from, LEFT, "start"), (self.until, WIDTH, "end")]
    }

    fn line(&self, points: &[Point]) -> String {
        let (mut path, mut pen) = (String::new(), 'M');
        for (at, value) in points {
            match value {
                Some(value) => {
                    let _ = write!(path, "{pen}{} {}", number(self.x(*at)), number(self.y(*value)));
                    // A line of one point shows as a dot by its round cap.
                    if pen == 'M' {
                        path.push_str("h0");
                    }
                    pen = 'L';
                }
                None => pen = 'M',
            }
        }
        path
    }

    fn band(&self, band: &[(Wall, f64, f64)]) -> String {
        let (mut path, mut pen) = (String::new(), 'M');
        let upper = band.iter().map(|(at, _, high)| (at, high));
        let lower = band.iter().rev().map(|(at, low, _)| (at, low));
        for (at, value) in upper.chain(lower) {
            let _ = write!(path, "{pen}{} {}", number(self.x(*at)), number(self.y(*value)));
            pen = 'L';
        }
        path + "Z"
    }
}

/// 1, 2 or 5 times a power of ten, at least `step`.
fn round_step(step: f64) -> f64 {
    let ten = 10_f64.powf(step.max(1e-6).log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * ten)
        .into_iter()
        .find(|round| *round >= step * 0.999)
        .unwrap_or(ten)
}

fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_round_numbers_and_hold_every_value_and_limit() {
        let at = |minutes: i64| Wall::from_secs(1_795_276_800 + 60 * minutes);
        let chart = Chart {
            title: "",
            band: Some(vec![(at(0), -0.2, 0.3), (at(10), -0.1, 0.4)]),
            lines: vec![("one", vec![(at(0), Some(0.1)), (at(5), None), (at(10), Some(0.2))])],
            limits: vec![-0.3, 0.3],
            least: 0.5,
            digits: 1,
        };
        let scale = Scale::of(&chart).unwrap();
        let levels: Vec<String> = scale.levels().iter().map(|(value, _)| format!("{value:.1}")).collect();
        assert_eq!(levels, ["-0.4", "-0.2", "0.0", "0.2", "0.4"]);
        let (_, points) = &chart.lines[0];
        // A gap is no line.
        assert_eq!(scale.line(points), "M46 53.3h0M640 37.5h0");
        assert_eq!((scale.y(0.4), scale.y(-0.4)), (ABOVE, HEIGHT - BENEATH));
        let page = drawn(&chart).into_string();
        assert!(page.contains("class=\"limit\"") && !page.contains("NaN"), "{page}");
    }

    #[test]
    fn one_value_is_a_dot_and_none_is_no_drawing() {
        let line = |points| Chart {
            title: "",
            band: None,
            lines: vec![("one", points)],
            limits: vec![],
            least: 1.0,
            digits: 1,
        };
        let one = drawn(&line(vec![(Wall::from_secs(1_795_276_800), Some(0.0))])).into_string();
        assert!(one.contains("h0") && !one.contains("NaN") && !one.contains("inf"), "{one}");
        assert_eq!(drawn(&line(vec![])).into_string(), "");
        assert_eq!(drawn(&line(vec![(Wall::from_secs(1_795_276_800), None)])).into_string(), "");
    }
}
