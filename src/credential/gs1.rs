//! GS1 element strings, as trade marks its goods: known, so that a box held up is no text, and worth nothing at a checkpoint.
//!
//! Three spellings (GS1 General Specifications, 7.8): behind the symbology identifier of a code with FNC1 first, with FNC1 between
//! elements as the character GS, and with application identifiers in brackets, as printed below a code. A GS1 Digital Link is a web
//! address.

/// Symbology identifiers of codes that hold element strings (ISO/IEC 15424): GS1 DataMatrix, GS1-128, GS1 QR, GS1 DataBar.
const SYMBOLOGIES: [&[u8]; 4] = [b"]d2", b"]C1", b"]Q3", b"]e0"];

/// FNC1 as readers send it.
const SEPARATOR: u8 = 0x1D;

/// Most bytes of an element string that fits any symbol with GS1 data.
const BYTES_MAX: usize = 4_300;
/// Most characters of one value.
const VALUE_MAX: usize = 90;

/// Whether `payload` is one.
pub fn is_gs1(payload: &[u8]) -> bool {
    if payload.len() > BYTES_MAX {
        return false;
    }
    if payload.starts_with(b"(") {
        return is_bracketed(payload);
    }
    let behind = SYMBOLOGIES.iter().find_map(|symbology| payload.strip_prefix(*symbology));
    let said = behind.or_else(|| payload.contains(&SEPARATOR).then_some(payload));
    said.is_some_and(are_elements)
}

/// Elements one after another; FNC1 ends those that have no length of their own, and may end the others.
fn are_elements(mut rest: &[u8]) -> bool {
    rest = rest.strip_prefix(&[SEPARATOR]).unwrap_or(rest);
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let Some(identifier) = Identifier::at(rest) else { return false };
        let behind = &rest[identifier.digits.len()..];
        let end = match identifier.length {
            Some(length) if length <= behind.len() => length,
            Some(_) => return false,
            None => behind.iter().position(|byte| *byte == SEPARATOR).unwrap_or(behind.len()),
        };
        let (value, behind) = behind.split_at(end);
        if !identifier.takes(value) {
            return false;
        }
        rest = behind.strip_prefix(&[SEPARATOR]).unwrap_or(behind);
    }
    true
}

/// `(01)09506000134352(10)ABC`.
fn is_bracketed(payload: &[u8]) -> bool {
    payload[1..].split(|byte| *byte == b'(').all(|element| {
        let Some(close) = element.iter().position(|byte| *byte == b')') else { return false };
        let (digits, value) = (&element[..close], &element[close + 1..]);
        Identifier::at(digits).is_some_and(|identifier| {
            let fits = identifier.length.is_none_or(|length| length == value.len());
            identifier.digits.len() == digits.len() && fits && identifier.takes(value)
        })
    })
}

/// An application identifier.
struct Identifier<'p> {
    digits: &'p [u8],
    /// Of its value, where it is always the same and FNC1 may be left out.
    length: Option<usize>,
}

impl<'p> Identifier<'p> {
    /// The one with which `text` begins. Its first two digits say how many it has and how long its value is.
    fn at(text: &'p [u8]) -> Option<Self> {
        let [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] = text else { return None };
        let (count, length) = match (tens - b'0') * 10 + (ones - b'0') {
            0 => (2, Some(18)),
            1..=3 => (2, Some(14)),
            4 => (2, Some(16)),
            11..=19 => (2, Some(6)),
            20 => (2, Some(2)),
            31..=36 => (4, Some(6)),
            41 => (3, Some(13)),
            10 | 21 | 22 | 30 | 37 | 90..=99 => (2, None),
            23..=25 | 40 | 42 | 71 => (3, None),
            39 | 43 | 70 | 72 | 80..=82 => (4, None),
            _ => return None,
        };
        let digits = text.get(..count).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
        Some(Self { digits, length })
    }

    fn takes(&self, value: &[u8]) -> bool {
        let all_digits = value.iter().all(u8::is_ascii_digit);
        let good = match self.length {
            Some(_) => all_digits,
            None => (1..=VALUE_MAX).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic),
        };
        let is_key = matches!(self.digits, [b'0', b'0'..=b'3'] | [b'4', b'1', _]);
        good && (!is_key || has_check_digit(value))
    }
}

/// Weights 3 and 1 from the right, without the check digit itself; the sum of all is a multiple of ten (7.9).
fn has_check_digit(digits: &[u8]) -> bool {
    let weighted = digits.iter().rev().zip([1, 3].into_iter().cycle());
    weighted.map(|(digit, weight)| u32::from(digit - b'0') * weight).sum::<u32>() % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn element_strings_are_known_in_each_spelling() {
        for good in [
            &b"]d20109506000134352"[..],
            b"]C100006141411234567890",
            b"]Q3010950600013435210ABC\x1D17261231",
            b"]d2\x1D0109506000134352",
            b"010950600013435210ABC\x1D17261231",
            b"\x1D010950600013435221X",
            b"(01)09506000134352",
            b"(01)09506000134352(10)A-1(17)261231",
            b"(3103)001750(3921)123",
        ] {
            assert!(is_gs1(good), "{}", String::from_utf8_lossy(good));
        }
    }

    #[test]
    fn almost_one_is_none() {
        for bad in [
            &b""[..],
            b"]d2",
            b"]d2\x1D",
            b"]d20109506000134353",
            b"]d2010950600013435",
            b"]d205ABC",
            b"]d210",
            b"]A00109506000134352",
            b"0109506000134352",
            b"hello\x1Dworld",
            b"(01)09506000134353",
            b"(01)0950600013435",
            b"(1)09506000134352",
            b"(01",
            b"(a)b",
            b"(555)5555555",
        ] {
            assert!(!is_gs1(bad), "{}", String::from_utf8_lossy(bad));
        }
        assert!(!is_gs1(&[b"]d210", &[b'A'; 91][..]].concat()));
        assert!(!is_gs1(&b"(10)A".repeat(1_000)));
    }
}
