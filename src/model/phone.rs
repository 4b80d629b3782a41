//! Telephone numbers: normalised, and whether they look like one. Never an authenticator.

use super::width::narrow;
use crate::base::Pii;

/// Most bytes looked at.
const BYTES_MAX: usize = 96;

/// Whether `text` can be dialled: a mainland mobile or fixed number, or an international one with `+`.
pub fn is_plausible(text: &str) -> bool {
    normalise(text).is_some()
}

/// The number without separators and without China's own country code: `13812341234`, `01012345678`, `+85291234567`.
///
/// `None` where it is no telephone number. Mainland mobile numbers are 11 digits from 13 to 19; fixed ones an area
/// code with 0 and 7 or 8 digits; others `+` and 7 to 15 digits (ITU-T E.164).
pub fn normalised(text: &Pii<String>) -> Option<Pii<String>> {
    normalise(text.expose()).map(Pii::new)
}

/// Whether `text` is a mainland mobile number and nothing else: digits, spaces, hyphens, and China's country code.
pub fn is_mainland_mobile(text: &str) -> bool {
    let is_written_so = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '+');
    text.chars().map(narrow).all(is_written_so) && normalise(text).is_some_and(|plain| is_mobile(&plain))
}

fn normalise(text: &str) -> Option<String> {
    if text.len() > BYTES_MAX {
        return None;
    }
    let is_separator = |character: &char| matches!(character, ' ' | '-' | '(' | ')' | '\u{2013}' | '.');
    let plain: String =
        text.trim().chars().map(narrow).filter(|character| !is_separator(character)).collect();
    let international = plain.strip_prefix('+').or_else(|| plain.strip_prefix("00"));
    let Some(abroad) = international else {
        return (is_mobile(&plain) || is_fixed(&plain)).then_some(plain);
    };
    let Some(home) = abroad.strip_prefix("86") else {
        let good = is_digits(abroad) && (7..=15).contains(&abroad.len()) && !abroad.starts_with('0');
        return good.then(|| format!("+{abroad}"));
    };
    let fixed = format!("0{home}");
    if is_mobile(home) { Some(home.to_owned()) } else { is_fixed(&fixed).then_some(fixed) }
}

fn is_mobile(text: &str) -> bool {
    text.len() == 11 && is_digits(text) && text.starts_with('1') && matches!(text.as_bytes()[1], b'3'..=b'9')
}

fn is_fixed(text: &str) -> bool {
    is_digits(text)
        && (10..=12).contains(&text.len())
        && text.starts_with('0')
        && matches!(text.as_bytes()[1], b'1'..=b'9')
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_normalised_however_they_are_typed() {
        let cases = [
            ("13812341234", "13812341234"),
            (" 138-1234-1234 ", "13812341234"),
            ("＋８６ １３８１２３４１２３４", "13812341234"),
            ("0086 138 1234 1234", "13812341234"),
            ("010-12345678", "01012345678"),
            ("+86 (0)10 1234", ""),
            ("+86 10 12345678", "01012345678"),
            ("+852 9123 4567", "+85291234567"),
        ];
        for (typed, expected) in cases {
            let number = normalised(&Pii::new(typed.to_owned()));
            assert_eq!(number.map_or(String::new(), |number| number.expose().clone()), expected, "{typed}");
        }
    }

    #[test]
    fn what_nobody_can_dial_is_refused() {
        for text in
            ["", "12812341234", "1381234123", "138123412345", "+0123456789", "电话", "+", "00", "1381234x234"]
        {
            assert!(!is_plausible(text), "{text}");
        }
        assert!(!is_plausible(&"1".repeat(1_000_000)));
    }
}
