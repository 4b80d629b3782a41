//! A cell of a recorded table as a temperature.

use std::fmt;
use std::ops::RangeInclusive;

/// What a column holds, which says what its cells can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Skin, or what a device made of a blackbody.
    Skin,
    /// Contact or oral thermometer.
    Reference,
    /// Surroundings of the person.
    Surroundings,
    /// Air outdoors.
    Outdoor,
}

/// The unit of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Degrees Celsius.
    Celsius,
    /// Degrees Fahrenheit, because somebody said so.
    Fahrenheit,
}

/// Why a cell is no temperature.
#[derive(Clone, Debug, PartialEq)]
pub enum BadCell {
    /// No number.
    NoNumber(String),
    /// A number that is a temperature only in °F.
    Fahrenheit(f64),
    /// A temperature that this cannot be, in °C.
    OutOfRange(f64, RangeInclusive<f64>),
}

/// The temperature in °C that is written in `cell`; none where it says that there is none.
///
/// Missing are: nothing, NaN and its like; 0 and less for skin and references; exactly 0 and −60 or less for surroundings, which
/// devices write for nothing; −90 and less outdoors.
pub fn temperature(cell: &str, quantity: Quantity, unit: Unit) -> Result<Option<f64>, BadCell> {
    let text = cell.trim().trim_end_matches(['C', 'c']).trim_end_matches(['°', '℃', 'º']).trim_end();
    if is_missing(text) {
        return Ok(None);
    }
    let plain = if text.contains('.') { text.to_owned() } else { text.replacen(',', ".", 1) };
    let value = plain.replace('−', "-").parse::<f64>().ok().filter(|value| value.is_finite());
    let value = value.ok_or_else(|| BadCell::NoNumber(shortened(cell)))?;
    if quantity.says_missing(value) {
        return Ok(None);
    }
    let degrees = match unit {
        Unit::Celsius => value,
        Unit::Fahrenheit => (value - 32.0) / 1.8,
    };
    let range = quantity.range();
    if range.contains(&degrees) {
        return Ok(Some(degrees));
    }
    if unit == Unit::Celsius && degrees > *range.end() && range.contains(&((degrees - 32.0) / 1.8)) {
        return Err(BadCell::Fahrenheit(degrees));
    }
    Err(BadCell::OutOfRange(degrees, range))
}

impl Quantity {
    /// What it can be in °C.
    fn range(self) -> RangeInclusive<f64> {
        match self {
            Self::Skin => 10.0..=50.0,
            Self::Reference => 25.0..=45.0,
            Self::Surroundings => -50.0..=55.0,
            Self::Outdoor => -60.0..=60.0,
        }
    }

    fn says_missing(self, value: f64) -> bool {
        match self {
            Self::Skin | Self::Reference => value <= 0.0,
            Self::Surroundings => value == 0.0 || value <= -60.0,
            Self::Outdoor => value <= -90.0,
        }
    }
}

impl fmt::Display for BadCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNumber(text) => write!(f, "\"{text}\" is no number"),
            Self::Fahrenheit(value) => write!(
                f,
                "{value} is a temperature in °F only; say --fahrenheit with this column's heading if it is one"
            ),
            Self::OutOfRange(value, range) => {
                write!(f, "{value:.2} °C is not within {} to {} °C", range.start(), range.end())
            }
        }
    }
}

fn is_missing(text: &str) -> bool {
    ["", "nan", "na", "n/a", "#n/a", "null", "none", "-", "--", "."]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

/// What a message repeats of a cell.
fn shortened(cell: &str) -> String {
    let mut text: String = cell.chars().filter(|letter| !letter.is_control()).take(24).collect();
    if cell.chars().count() > 24 {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn celsius(cell: &str, quantity: Quantity) -> Result<Option<f64>, BadCell> {
        temperature(cell, quantity, Unit::Celsius)
    }

    #[test]
    fn numbers_are_read_with_points_commas_and_units() {
        for cell in ["34.5", " 34,5", "34.50", "34.5 °C", "34.5℃", "34,5C"] {
            assert_eq!(celsius(cell, Quantity::Skin), Ok(Some(34.5)), "{cell}");
        }
        assert_eq!(celsius("-12,5", Quantity::Outdoor), Ok(Some(-12.5)));
        assert_eq!(celsius("−12.5", Quantity::Surroundings), Ok(Some(-12.5)));
        for cell in ["warm", "34.5.1", "3,4,5", "1e999", "34..", "36.5F"] {
            assert_eq!(celsius(cell, Quantity::Skin), Err(BadCell::NoNumber(cell.to_owned())));
        }
    }

    #[test]
    fn what_says_that_it_is_missing_is() {
        for cell in ["", "NaN", "nan", "N/A", "0", "0.0", "-1", "-9999", "-"] {
            assert_eq!(celsius(cell, Quantity::Skin), Ok(None), "{cell}");
            assert_eq!(celsius(cell, Quantity::Reference), Ok(None), "{cell}");
        }
        assert_eq!(celsius("-9999", Quantity::Surroundings), Ok(None));
        assert_eq!(celsius("0", Quantity::Surroundings), Ok(None));
        assert_eq!(celsius("-1", Quantity::Surroundings), Ok(Some(-1.0)), "it can be that cold");
        assert_eq!(celsius("0", Quantity::Outdoor), Ok(Some(0.0)));
        assert_eq!(temperature("0", Quantity::Skin, Unit::Fahrenheit), Ok(None), "before it is converted");
    }

    #[test]
    fn fahrenheit_is_refused_unless_somebody_says_so() {
        assert_eq!(celsius("95.5", Quantity::Skin), Err(BadCell::Fahrenheit(95.5)));
        assert_eq!(celsius("98.6", Quantity::Reference), Err(BadCell::Fahrenheit(98.6)));
        assert_eq!(celsius("72", Quantity::Surroundings), Err(BadCell::Fahrenheit(72.0)));
        let said = temperature("95", Quantity::Skin, Unit::Fahrenheit).unwrap().unwrap();
        assert!((said - 35.0).abs() < 1e-9);
        let already = temperature("35.0", Quantity::Skin, Unit::Fahrenheit);
        assert!(matches!(already, Err(BadCell::OutOfRange(..))), "{already:?}");
        assert!(matches!(celsius("47", Quantity::Reference), Err(BadCell::OutOfRange(..))));
        assert!(matches!(celsius("9.5", Quantity::Skin), Err(BadCell::OutOfRange(..))));
    }
}
