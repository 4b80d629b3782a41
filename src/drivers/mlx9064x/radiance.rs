//! From a pixel's compensated signal to a temperature, in both datasheets' words of §11.2.2.9.
//!
//! ```text
//! Ta-r = Tr⁴ − (Tr⁴ − Ta⁴)/ε                                     kelvin; for ε = 1 this is Ta⁴
//! Sx   = KsTo(basic) · ⁴√(α³·V + α⁴·Ta-r)
//! To   = ⁴√(V / (α·(1 − KsTo(basic)·273.15) + Sx) + Ta-r) − 273.15
//! ```
//!
//! Where `To` lies outside the basic range, a second step takes the slope of the range that it lies in:
//! `⁴√(V / (α · αcorr · (1 + KsTo·(To − CT))) + Ta-r) − 273.15`, with `CT` the temperature at which that range begins
//! and `αcorr` the product of the slopes between it and 0 °C. Only IEEE-exact operations are used (sums, products,
//! square roots), so that a frame is the same on every machine.

const KELVIN: f64 = 273.15;
/// Most ranges of a chip: the MLX90641's eight.
const RANGES_MAX: usize = 8;

/// A range of object temperatures with its slope of sensitivity.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Range {
    /// The temperature in °C at which it begins, CT.
    pub from: f64,
    /// Slope of the sensitivity with the object's temperature, KsTo, for each °C.
    pub ks_to: f64,
    /// Sensitivity at its beginning over that at 0 °C, αcorr.
    pub alpha: f64,
}

/// The ranges of a chip, from the coldest, and which of them is the basic one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranges {
    list: [Range; RANGES_MAX],
    count: usize,
    basic: usize,
}

impl Ranges {
    /// Ranges that begin at `corners` in °C, rising, with their `slopes`; the `basic` one begins at 0 °C. `None` when
    /// they do not rise or a slope makes nothing of the sensitivity.
    pub fn new(corners: &[f64], slopes: &[f64], basic: usize) -> Option<Self> {
        let count = corners.len();
        let sound = count == slopes.len() && count <= RANGES_MAX && basic < count;
        if !sound || !corners.windows(2).all(|pair| pair[0] < pair[1]) {
            return None;
        }
        let mut list = [Range::default(); RANGES_MAX];
        for ((range, from), ks_to) in list.iter_mut().zip(corners).zip(slopes) {
            *range = Range { from: *from, ks_to: *ks_to, alpha: 1.0 };
        }
        let growth = |range: &Range, next: &Range| 1.0 + range.ks_to * (next.from - range.from);
        for index in basic + 1..count {
            list[index].alpha = list[index - 1].alpha * growth(&list[index - 1], &list[index]);
        }
        for index in (0..basic).rev() {
            list[index].alpha = list[index + 1].alpha / growth(&list[index], &list[index + 1]);
        }
        let positive = list[..count].iter().all(|range| range.alpha > 0.0);
        positive.then_some(Self { list, count, basic })
    }

    /// All of them, from the coldest.
    pub fn as_slice(&self) -> &[Range] {
        &self.list[..self.count]
    }

    /// The range that `celsius` lies in, when it is not the basic one. Below the first it is the first.
    fn beside(&self, celsius: f64) -> Option<&Range> {
        let index = self.as_slice().iter().rposition(|range| celsius >= range.from).unwrap_or(0);
        (index != self.basic).then(|| &self.list[index])
    }

    /// Temperature in °C of what sends the compensated `signal` to a pixel of the compensated sensitivity `alpha`,
    /// whose surroundings are `reference`, of [`reference()`]. `None` where nothing real would.
    pub fn object(&self, signal: f64, alpha: f64, reference: f64) -> Option<f64> {
        let basic = self.basic(signal, alpha, reference)?;
        let Some(range) = self.beside(basic) else { return Some(basic) };
        let slope = 1.0 + range.ks_to * (basic - range.from);
        root(signal / (alpha * range.alpha * slope) + reference)
    }

    /// The first step alone, which is all there is to the basic range.
    pub fn basic(&self, signal: f64, alpha: f64, reference: f64) -> Option<f64> {
        let ks_to = self.list[self.basic].ks_to;
        let cube = alpha * alpha * alpha;
        let slope = ks_to * (cube * signal + cube * alpha * reference).sqrt().sqrt();
        root(signal / (alpha * (1.0 - ks_to * KELVIN) + slope) + reference)
    }
}

/// What a pixel compares with, Ta-r: the chip at `die` °C, looking at a surface of `emissivity` that reflects
/// surroundings of `reflected` °C.
pub fn reference(die: f64, reflected: f64, emissivity: f64) -> f64 {
    let (die, reflected) = (fourth(die), fourth(reflected));
    reflected - (reflected - die) / emissivity
}

/// The fourth power of a temperature in kelvin.
pub fn fourth(celsius: f64) -> f64 {
    let kelvin = celsius + KELVIN;
    let square = kelvin * kelvin;
    square * square
}

fn root(fourth: f64) -> Option<f64> {
    (fourth > 0.0).then(|| fourth.sqrt().sqrt() - KELVIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ranges of the MLX90640 datasheet's worked example: EEPROM words 0x243D to 0x243F are 0x9797, 0x9797, 0x2889.
    fn published() -> Ranges {
        let ks_to = -105.0 / 131_072.0;
        Ranges::new(&[-40.0, 0.0, 160.0, 320.0], &[ks_to; 4], 1).unwrap()
    }

    #[test]
    fn the_datasheets_worked_pixel_comes_out_digit_by_digit() {
        // Source: MLX90640 datasheet, §11.2.2.9, pixel (12, 16): V, α and Ta-r as printed there; 80.36331 °C.
        let to = published().object(679.250909123826, 1.1876487360496e-7, 9_516_495_632.56).unwrap();
        assert_eq!(format!("{to:.5}"), "80.36331");
    }

    #[test]
    fn the_surroundings_count_as_far_as_the_surface_reflects_them() {
        // Source: the same, Ta = 39.184 °C, Tr = 31 °C, ε = 1: 9516495632.56.
        assert!((reference(39.184, 31.0, 1.0) - 9_516_495_632.56).abs() < 0.01);
        assert!(reference(39.184, -10.0, 0.95) > reference(39.184, 39.184, 0.95));
        assert!((reference(39.184, 39.184, 0.95) - fourth(39.184)).abs() < 1e-3);
    }

    #[test]
    fn sensitivities_of_the_ranges_meet_at_their_corners() {
        let ranges = published();
        let alphas: Vec<f64> = ranges.as_slice().iter().map(|range| range.alpha).collect();
        let slope = -105.0 / 131_072.0;
        let above = 1.0 + slope * 160.0;
        let expected = [1.0 / (1.0 + slope * 40.0), 1.0, above, above * (1.0 + slope * 160.0)];
        for (alpha, expected) in alphas.iter().zip(expected) {
            assert!((alpha - expected).abs() < 1e-12, "{alphas:?}");
        }
    }

    #[test]
    fn every_range_finds_the_temperature_that_made_the_signal() {
        // The signal of an object, straight from its definition: V = α · αcorr · (1 + KsTo·(To − CT)) · (To⁴ − Ta⁴).
        let (ranges, alpha, die) = (published(), 1.2e-7, 25.0);
        // The steps that the datasheet prescribes leave an error that grows with the distance from the die; these are
        // their own, computed by a separate program.
        let errors = [
            (-35.0, -0.0066),
            (-20.0, -0.0007),
            (-5.0, 0.0),
            (25.0, 0.0),
            (36.5, -0.0029),
            (100.0, -0.2163),
            (150.0, -0.7155),
            (170.0, -0.0641),
            (250.0, -0.1439),
            (330.0, -0.2640),
        ];
        for (celsius, error) in errors {
            let range = ranges.as_slice().iter().rev().find(|range| celsius >= range.from).unwrap();
            let sensitivity = alpha * range.alpha * (1.0 + range.ks_to * (celsius - range.from));
            let signal = sensitivity * (fourth(celsius) - fourth(die));
            let back = ranges.object(signal, alpha, reference(die, die, 1.0)).unwrap();
            assert!((back - celsius - error).abs() < 1e-4, "{celsius}: {back}");
        }
    }

    #[test]
    fn what_nothing_real_would_send_has_no_temperature() {
        assert_eq!(published().object(-1e9, 1.2e-7, fourth(25.0)), None);
        assert_eq!(published().object(f64::NAN, 1.2e-7, fourth(25.0)), None);
    }

    #[test]
    fn ranges_that_make_no_sense_are_refused() {
        assert!(Ranges::new(&[-40.0, 0.0, 0.0, 320.0], &[0.0; 4], 1).is_none(), "a corner twice");
        assert!(Ranges::new(&[-40.0, 0.0, 160.0], &[0.0, -0.01, 0.0], 1).is_none(), "a slope to nothing");
        assert!(Ranges::new(&[-40.0, 0.0], &[0.0], 1).is_none());
        assert!(Ranges::new(&[-40.0, 0.0], &[0.0; 2], 2).is_none());
    }
}
