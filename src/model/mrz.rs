//! Machine readable zones of travel documents: form, dates and check digits. A zone that passes is no proof of identity.
//!
//! Three forms (ICAO Doc 9303, parts 4 to 6): TD1, three lines of 30 characters on cards; TD2, two of 36; TD3, two of 44 in
//! passports. Visas have no check digit over the whole and are not read.

use crate::base::Pii;

/// The form of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Three lines of 30: cards.
    Td1,
    /// Two lines of 36: larger cards.
    Td2,
    /// Two lines of 44: passports.
    Td3,
}

/// A zone whose own checks pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mrz {
    /// Its form.
    pub form: Form,
    /// The state that issued the document, by its letters in Doc 9303, part 3: mostly three.
    pub state: String,
    /// The document's number, without filling.
    pub number: Pii<String>,
    /// Primary identifier, such as a family name; parts are separated by a space.
    pub surname: Pii<String>,
    /// Secondary identifiers, such as given names; empty where there are none, or the line had no place for them.
    pub given: Pii<String>,
    /// The nationality, by its letters.
    pub nationality: Pii<String>,
    /// Birthday, `YYMMDD`; the century is not said, and `<` stands for what is not known.
    pub birthday: Pii<String>,
    /// Last day on which the document is valid, `YYMMDD`, or `<<<<<<` where it has no end.
    pub expires: Pii<String>,
}

/// Which check a text fails as a machine readable zone. Holds nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMrz {
    /// Its lines are not those of any form.
    #[error("must be three lines of 30 characters, or two of 36 or 44")]
    Length,
    /// Something that is no capital letter, digit or `<`, or that stands where it cannot.
    #[error("a character that cannot stand where it does")]
    Character,
    /// No travel document: its first letter is none of the form's.
    #[error("must begin with P in passports, and with A, C or I on cards")]
    Document,
    /// A date that is none.
    #[error("a date is none")]
    Date,
    /// A check digit does not match: a character is misread.
    #[error("a check digit does not match; look for a misread character")]
    CheckDigit,
}

/// Most bytes looked at, line breaks included.
const BYTES_MAX: usize = 128;

/// What fills fields that are shorter than their place.
const FILLING: char = '<';

/// The fields of a zone, as they stand.
struct Fields<'z> {
    form: Form,
    code: &'z str,
    state: &'z str,
    names: &'z str,
    number: (&'z str, &'z str),
    /// Where the rest of a number stands that is longer than its field.
    overflow: Option<&'z str>,
    nationality: &'z str,
    birthday: (&'z str, &'z str),
    sex: &'z str,
    expires: (&'z str, &'z str),
    /// The holder's number in passports, which alone has a check digit among the optional fields.
    personal: Option<(&'z str, &'z str)>,
    all: (String, &'z str),
}

impl Mrz {
    /// Reads `text`, with or without breaks between its lines.
    ///
    /// # Errors
    ///
    /// The first check that fails.
    pub fn parse(text: &Pii<String>) -> Result<Self, BadMrz> {
        let zone = joined(text.expose())?;
        let fields = fields(&zone)?;
        let number = fields.checked()?;
        let (surname, given) = fields.names.split_once("<<").unwrap_or((fields.names, ""));
        Ok(Self {
            form: fields.form,
            state: unfilled(fields.state),
            number: Pii::new(number),
            surname: Pii::new(unfilled(surname)),
            given: Pii::new(unfilled(given)),
            nationality: Pii::new(unfilled(fields.nationality)),
            birthday: Pii::new(fields.birthday.0.to_owned()),
            expires: Pii::new(fields.expires.0.to_owned()),
        })
    }
}

/// The characters of all lines. Where there are breaks, they are where the form has them.
fn joined(text: &str) -> Result<String, BadMrz> {
    if text.len() > BYTES_MAX {
        return Err(BadMrz::Length);
    }
    let lines: Vec<&str> = text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect();
    let zone = lines.concat();
    let count = if zone.len() == 90 { 3 } else { 2 };
    if !matches!(zone.len(), 72 | 88 | 90) {
        return Err(BadMrz::Length);
    }
    let broken_right = lines.len() == count && lines.iter().all(|line| line.len() == zone.len() / count);
    if lines.len() != 1 && !broken_right {
        return Err(BadMrz::Length);
    }
    let is_of_a_zone = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == FILLING;
    if zone.chars().all(is_of_a_zone) { Ok(zone) } else { Err(BadMrz::Character) }
}

/// The fields of `zone`, which is ASCII and of a known length.
fn fields(zone: &str) -> Result<Fields<'_>, BadMrz> {
    match zone.len() {
        90 => Ok(td1(zone)),
        72 => Ok(two_lines(zone, 36, Form::Td2)),
        88 => Ok(two_lines(zone, 44, Form::Td3)),
        _ => Err(BadMrz::Length),
    }
}

fn td1(zone: &str) -> Fields<'_> {
    let (first, rest) = zone.split_at(30);
    let (second, names) = rest.split_at(30);
    Fields {
        form: Form::Td1,
        code: &first[..2],
        state: &first[2..5],
        names,
        number: (&first[5..14], &first[14..15]),
        overflow: Some(&first[15..]),
        nationality: &second[15..18],
        birthday: (&second[..6], &second[6..7]),
        sex: &second[7..8],
        expires: (&second[8..14], &second[14..15]),
        personal: None,
        all: ([&first[5..], &second[..7], &second[8..15], &second[18..29]].concat(), &second[29..]),
    }
}

fn two_lines(zone: &str, width: usize, form: Form) -> Fields<'_> {
    let (first, second) = zone.split_at(width);
    let (overflow, personal) = match form {
        Form::Td1 | Form::Td2 => (Some(&second[28..width - 1]), None),
        Form::Td3 => (None, Some((&second[28..42], &second[42..43]))),
    };
    Fields {
        form,
        code: &first[..2],
        state: &first[2..5],
        names: &first[5..],
        number: (&second[..9], &second[9..10]),
        overflow,
        nationality: &second[10..13],
        birthday: (&second[13..19], &second[19..20]),
        sex: &second[20..21],
        expires: (&second[21..27], &second[27..28]),
        personal,
        all: ([&second[..10], &second[13..20], &second[21..width - 1]].concat(), &second[width - 1..]),
    }
}

impl Fields<'_> {
    /// The number, once every check has passed.
    fn checked(&self) -> Result<String, BadMrz> {
        let is_document = match self.form {
            Form::Td1 | Form::Td2 => self.code.starts_with(['A', 'C', 'I']),
            Form::Td3 => self.code.starts_with('P'),
        };
        if !is_document {
            return Err(BadMrz::Document);
        }
        let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
        let lettered = [self.state, self.nationality, self.names];
        if lettered.into_iter().any(has_digit) || self.names.starts_with(FILLING) || !self.has_sex() {
            return Err(BadMrz::Character);
        }
        if self.state.starts_with(FILLING) {
            return Err(BadMrz::Character);
        }
        if !is_date(self.birthday.0) || !is_date(self.expires.0) {
            return Err(BadMrz::Date);
        }
        let number = self.whole_number()?;
        let personal_is_right = self.personal.is_none_or(|(field, digit)| {
            is_checked(field, digit) || (digit == "<" && field.chars().all(|c| c == FILLING))
        });
        let others = [self.birthday, self.expires, (self.all.0.as_str(), self.all.1)];
        let are_right = others.into_iter().all(|(field, digit)| is_checked(field, digit));
        if are_right && personal_is_right { Ok(number) } else { Err(BadMrz::CheckDigit) }
    }

    fn has_sex(&self) -> bool {
        ["M", "F", "X", "<"].contains(&self.sex)
    }

    /// The number with what did not find place in its field, which `<` in place of the check digit says (Doc 9303, parts 5 and 6).
    fn whole_number(&self) -> Result<String, BadMrz> {
        let (field, digit) = self.number;
        let (number, digit) = match self.overflow {
            Some(rest) if digit == "<" => {
                let rest = rest.split(FILLING).next().unwrap_or_default();
                let (rest, digit) =
                    rest.split_at_checked(rest.len().saturating_sub(1)).ok_or(BadMrz::CheckDigit)?;
                ([field, rest].concat(), digit)
            }
            Some(_) | None => (field.to_owned(), digit),
        };
        let is_right = is_checked(&number, digit) && !number.starts_with(FILLING);
        if is_right { Ok(number.trim_end_matches(FILLING).to_owned()) } else { Err(BadMrz::CheckDigit) }
    }
}

/// Six characters of a date; month and day may be unknown, and so may all of it.
fn is_date(text: &str) -> bool {
    let within = |part: &str, most: u8| {
        part == "<<" || part.parse::<u8>().is_ok_and(|number| (1..=most).contains(&number))
    };
    let digits_or_filling = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'<');
    digits_or_filling && within(&text[2..4], 12) && within(&text[4..6], 31)
}

/// Whether `digit` is the check digit of `field`.
///
/// Σ value · weight mod 10 with the weights 7, 3, 1 and again; digits count as they are, A is 10 and Z 35, `<` is 0. Source: ICAO
/// Doc 9303, part 3, 4.9.
fn is_checked(field: &str, digit: &str) -> bool {
    let value = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'Z' => u32::from(byte - b'A') + 10,
        _ => 0,
    };
    let sum: u32 =
        field.bytes().zip([7, 3, 1].into_iter().cycle()).map(|(b, weight)| value(b) * weight).sum();
    digit.parse() == Ok(sum % 10)
}

fn unfilled(text: &str) -> String {
    text.split(FILLING).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specimens of ICAO Doc 9303, parts 4, 5 and 6; the last has a number that is longer than its field.
    const TD3: &str =
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
    const TD1: &str =
        "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";
    const TD2: &str = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6";
    const LONG: &str =
        "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<";
    const ALL: [&str; 4] = [TD3, TD1, TD2, LONG];

    fn parse(text: &str) -> Result<Mrz, BadMrz> {
        Mrz::parse(&Pii::new(text.to_owned()))
    }

    fn altered(text: &str, at: usize, other: char) -> String {
        text.chars().enumerate().map(|(place, c)| if place == at { other } else { c }).collect()
    }

    #[test]
    fn the_specimens_of_the_standard_are_read() {
        for (text, form, number) in [
            (TD3, Form::Td3, "L898902C3"),
            (TD1, Form::Td1, "D23145890"),
            (TD2, Form::Td2, "D23145890"),
            (LONG, Form::Td1, "D23145890734"),
        ] {
            let zone = parse(text).unwrap();
            assert_eq!((zone.form, zone.number.expose().as_str()), (form, number));
            assert_eq!((zone.state.as_str(), zone.nationality.expose().as_str()), ("UTO", "UTO"));
        }
        let zone = parse(TD3).unwrap();
        assert_eq!(
            (zone.surname.expose().as_str(), zone.given.expose().as_str()),
            ("ERIKSSON", "ANNA MARIA")
        );
        assert_eq!((zone.birthday.expose().as_str(), zone.expires.expose().as_str()), ("740812", "120415"));
    }

    #[test]
    fn breaks_may_be_missing_or_be_of_any_kind_but_not_be_elsewhere() {
        for text in ALL {
            let good = parse(text).unwrap();
            for separator in ["", "\r\n", "\r", " \n ", "\n\n"] {
                assert_eq!(parse(&text.replace('\n', separator)), Ok(good.clone()), "{separator:?}");
            }
            let joined = text.replace('\n', "");
            let (start, rest) = joined.split_at(20);
            assert_eq!(parse(&format!("{start}\n{rest}")), Err(BadMrz::Length));
            assert_eq!(parse(&joined[1..]), Err(BadMrz::Length));
            assert_eq!(parse(&format!("{joined}<")), Err(BadMrz::Length));
        }
        assert_eq!(parse(""), Err(BadMrz::Length));
        assert_eq!(parse(&"<".repeat(1_000_000)), Err(BadMrz::Length));
    }

    #[test]
    fn no_digit_can_be_another() {
        let mut tried = 0;
        for text in ALL {
            for (at, character) in text.chars().enumerate().filter(|(_, c)| c.is_ascii_digit()) {
                for other in ('0'..='9').filter(|other| *other != character) {
                    assert!(parse(&altered(text, at, other)).is_err(), "{other} at {at} of {text}");
                    tried += 1;
                }
            }
        }
        assert!(tried > 700, "{tried}");
    }

    #[test]
    fn each_check_digit_is_looked_at_by_itself() {
        // A field and its digit that match, and a digit over the whole that does not, and the other way round.
        let whole = [(TD3, TD3.len() - 1), (TD1, 60), (TD2, TD2.len() - 1), (LONG, 60)];
        for (text, at) in whole {
            assert_eq!(parse(&altered(text, at, '9')), Err(BadMrz::CheckDigit), "{text}");
        }
        // Nor does a field's own go by the one over the whole, whatever that says.
        for (text, own, whole) in [(TD3, [54, 64, 72], 88), (TD2, [46, 56, 64], 72), (TD1, [14, 37, 45], 60)]
        {
            for (at, digit, last) in
                own.into_iter().flat_map(|at| (0..100).map(move |n| (at, n / 10, n % 10)))
            {
                let character = |digit| char::from_digit(digit, 10).unwrap();
                let other = altered(&altered(text, at, character(digit)), whole, character(last));
                assert_eq!(parse(&other).is_ok(), other == text, "{digit} at {at}, {last}: {text}");
            }
        }
        // A personal number has its own, whatever the one over the whole says.
        for (digit, last) in
            ('0'..='9').chain(['<']).flat_map(|digit| ('0'..='9').map(move |last| (digit, last)))
        {
            let other = TD3.replace("<<<<<10", &format!("<<<<<{digit}{last}"));
            assert_eq!(parse(&other).is_ok(), other == TD3, "{digit}{last}");
        }
        // A passport without one has 0 or nothing as its digit.
        for digit in ["0", "<"] {
            let without = format!(
                "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159{}{digit}",
                "<".repeat(14)
            );
            let whole = ('0'..='9').filter(|last| parse(&format!("{without}{last}")).is_ok()).count();
            assert_eq!(whole, 1, "{digit:?}");
        }
    }

    #[test]
    fn each_check_has_its_own_reason() {
        for (text, expected) in [
            (altered(TD3, 0, 'V'), BadMrz::Document),
            (altered(TD1, 0, 'P'), BadMrz::Document),
            (altered(TD3, 6, 'e'), BadMrz::Character),
            (altered(TD3, 6, '1'), BadMrz::Character),
            (altered(TD3, 2, '<'), BadMrz::Character),
            (altered(TD3, 5, '<'), BadMrz::Character),
            (altered(TD3, 65, 'Q'), BadMrz::Character),
            (TD3.replace("740812", "741312"), BadMrz::Date),
            (TD3.replace("740812", "740800"), BadMrz::Date),
            (TD3.replace("120415", "1204AA"), BadMrz::Date),
            (TD3.replace("L898902C3", "L898902D3"), BadMrz::CheckDigit),
            (LONG.replace("<7349", "<<<<<"), BadMrz::CheckDigit),
        ] {
            assert_eq!(parse(&text), Err(expected), "{text}");
            assert!(!expected.to_string().is_empty());
        }
    }

    #[test]
    fn nothing_of_the_holder_is_printed() {
        let printed = format!("{:?} {:?}", parse(TD3).unwrap(), parse(LONG).unwrap());
        for part in ["ERIKSSON", "ANNA", "L898902", "7408", "STEVENSON", "D2314"] {
            assert!(!printed.contains(part), "{printed}");
        }
    }
}
