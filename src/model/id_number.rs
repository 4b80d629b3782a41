//! Chinese identity numbers: shape, region, birthday and check digit. A number that passes is no proof of identity.

use jiff::civil::Date;

use super::width::narrow;
use crate::base::Pii;

/// An 18-character identity number whose own checks pass.
///
/// GB 11643: 6 digits of the region, 8 of the birthday, 3 of a sequence, and a check character by ISO 7064 MOD 11-2.
/// Residence permits of Hong Kong (81), Macao (82) and Taiwan (83) residents and permanent residence cards of
/// foreigners (9…) have the same form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdNumber {
    normalised: Pii<String>,
    birthday: Pii<Date>,
}

/// Which check a text fails as an identity number. Holds nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.why())]
pub enum BadIdNumber {
    /// Not 18 characters.
    Length,
    /// Something that is no digit, or a last character that is no digit and no X.
    Character,
    /// No such province or kind of document.
    Region,
    /// The birthday is no date.
    Birthday,
    /// The check character does not match the rest: a digit is mistyped.
    CheckDigit,
}

impl BadIdNumber {
    /// The failing check in plain words.
    pub const fn why(self) -> &'static str {
        match self {
            Self::Length => "must have 18 characters",
            Self::Character => "must be 17 digits and a digit or X",
            Self::Region => "the first two digits name no region",
            Self::Birthday => "digits 7 to 14 are no birthday",
            Self::CheckDigit => "the last character does not match; look for a mistyped digit",
        }
    }
}

/// First two digits of every region: GB/T 2260 provinces, then residence permits.
const REGIONS: [u8; 35] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54,
    61, 62, 63, 64, 65, 71, 81, 82, 83,
];

/// Earliest year of birth taken for one. The oldest person ever known was born in 1875.
const YEAR_MIN: i16 = 1_870;

/// Most bytes looked at, separators included.
const BYTES_MAX: usize = 96;

impl IdNumber {
    /// Reads `text` as typed: full-width digits, spaces and hyphens, and a small x are accepted.
    ///
    /// # Errors
    ///
    /// The first check that fails.
    pub fn parse(text: &Pii<String>) -> Result<Self, BadIdNumber> {
        if text.expose().len() > BYTES_MAX {
            return Err(BadIdNumber::Length);
        }
        let characters = text.expose().chars().map(narrow);
        let characters = characters.filter(|character| !character.is_whitespace() && *character != '-');
        let normalised: String = characters.map(|character| character.to_ascii_uppercase()).collect();
        let birthday = check(&normalised)?;
        Ok(Self { normalised: Pii::new(normalised), birthday: Pii::new(birthday) })
    }

    /// 18 characters: digits, and X or a digit last.
    pub fn normalised(&self) -> &Pii<String> {
        &self.normalised
    }

    /// The birthday it states.
    pub fn birthday(&self) -> &Pii<Date> {
        &self.birthday
    }
}

fn check(text: &str) -> Result<Date, BadIdNumber> {
    if text.chars().count() != 18 {
        return Err(BadIdNumber::Length);
    }
    let (digits, last) = text.split_at_checked(17).ok_or(BadIdNumber::Character)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit())
        || !last.bytes().all(|b| b.is_ascii_digit() || b == b'X')
    {
        return Err(BadIdNumber::Character);
    }
    let region: u8 = digits[..2].parse().map_err(|_| BadIdNumber::Region)?;
    if !REGIONS.contains(&region) && region < 90 {
        return Err(BadIdNumber::Region);
    }
    let birthday = birthday(&digits[6..14]).ok_or(BadIdNumber::Birthday)?;
    if last != check_character(digits) {
        return Err(BadIdNumber::CheckDigit);
    }
    Ok(birthday)
}

fn birthday(digits: &str) -> Option<Date> {
    let (year, rest) = digits.split_at(4);
    let (month, day) = rest.split_at(2);
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    (date.year() >= YEAR_MIN).then_some(date)
}

/// The check character of 17 `digits`.
///
/// ISO 7064 MOD 11-2: Σ digit · 2^(17 − position) mod 11, mapped through `10X98765432`. Source: GB 11643.
fn check_character(digits: &str) -> &'static str {
    const CHARACTERS: [&str; 11] = ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"];
    let sum = digits.bytes().fold(0, |sum, digit| (sum * 2 + usize::from(digit - b'0')) % 11);
    CHARACTERS[sum * 2 % 11]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<IdNumber, BadIdNumber> {
        IdNumber::parse(&Pii::new(text.to_owned()))
    }

    #[test]
    fn the_standards_own_examples_pass() {
        // Source: GB 11643-1999, appendix A.
        for (example, year) in [("11010519491231002X", 1949), ("440524188001010014", 1880)] {
            let number = parse(example).unwrap();
            assert_eq!(number.normalised().expose(), example);
            assert_eq!(number.birthday().expose().year(), year);
        }
    }

    #[test]
    fn small_x_full_width_and_separators_are_read() {
        for typed in [
            "11010519491231002x",
            "１１０１０５１９４９１２３１００２Ｘ",
            "110105 19491231 002-X",
            "１１０１０５１９４９１２３１００２ｘ",
        ] {
            assert_eq!(parse(typed).unwrap().normalised().expose(), "11010519491231002X", "{typed}");
        }
    }

    #[test]
    fn each_check_has_its_own_reason() {
        let cases = [
            ("", BadIdNumber::Length),
            ("110105491231002", BadIdNumber::Length),
            ("11010519491231002XX", BadIdNumber::Length),
            ("1101051949123100AX", BadIdNumber::Character),
            ("X1010519491231002X", BadIdNumber::Character),
            ("11010519491231002Y", BadIdNumber::Character),
            ("一二三四五六七八九一二三四五六七八九", BadIdNumber::Character),
            ("10010519491231002X", BadIdNumber::Region),
            ("84010519491231002X", BadIdNumber::Region),
            ("11010519490231002X", BadIdNumber::Birthday),
            ("11010519471302002X", BadIdNumber::Birthday),
            ("11010501491231002X", BadIdNumber::Birthday),
            ("110105194912310021", BadIdNumber::CheckDigit),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).unwrap_err(), expected, "{text}");
            assert!(!expected.why().is_empty());
        }
        assert_eq!(parse(&"1".repeat(1_000_000)).unwrap_err(), BadIdNumber::Length);
    }

    #[test]
    fn every_mistyped_digit_and_every_swap_of_neighbours_is_noticed() {
        let good = "11010519491231002X";
        for at in 0..17 {
            for digit in '0'..='9' {
                let mut typed: Vec<char> = good.chars().collect();
                if typed[at] != digit {
                    typed[at] = digit;
                    assert!(parse(&typed.iter().collect::<String>()).is_err());
                }
            }
            let mut typed: Vec<char> = good.chars().collect();
            typed.swap(at, at + 1);
            assert!(typed[at] == typed[at + 1] || parse(&typed.iter().collect::<String>()).is_err());
        }
    }

    #[test]
    fn neither_number_nor_error_prints_the_digits() {
        let printed = format!("{:?} {}", parse("11010519491231002X").unwrap(), BadIdNumber::CheckDigit);
        assert!(!printed.contains("1949"), "{printed}");
    }
}
