//! A registration code: what somebody prepared beforehand to say of themselves, at home, on a telephone or on paper. It is
//! unsigned, so it proves nothing: whoever shows it says it, as if aloud.
//!
//! # Format
//!
//! `KKR1:` and the base45 (RFC 9285) of a text in UTF-8 of at most 2,048 bytes, with at most 24 lines, each `FIELD=VALUE`:
//!
//! | part | what |
//! |---|---|
//! | `FIELD` | `name` · 姓名, `phone` · 电话, `origin` · 从哪里来, `destination` · 到哪里去, `host` · 找谁, or the id of a field of a profile's own |
//! | `=` | one, in ASCII; what follows may hold others |
//! | `VALUE` | what is said; white space around it is not part of it, and nothing counts as not said |
//!
//! Lines end with LF or CRLF; empty ones are passed over, and no field is there twice. A choice is said by its id. Another
//! version begins otherwise (`KKR2:`). Three fields are about 90 characters: a symbol of 37 modules a side.
//!
//! A text that is spelt otherwise is refused as a whole. What a value may be is for the profile that asks for it: it is looked
//! at there, one by one.

use serde::Serialize;

use super::text_code::{self, BadTextCode};
use super::width::is_obeyed;
use crate::base::{Pii, Slug};

/// How a code begins.
pub const MARK: &str = "KKR1:";

/// Largest text, in bytes.
pub const BYTES_MAX: usize = 2_048;

/// Most fields.
pub const FIELDS_MAX: usize = 24;

/// Chinese names of the fields that every record knows.
const CHINESE: [(&str, &[&str]); 5] = [
    ("name", &["姓名"]),
    ("phone", &["电话", "手机", "手机号", "电话号码", "手机号码"]),
    ("origin", &["从哪里来", "来自"]),
    ("destination", &["到哪里去", "去往"]),
    ("host", &["找谁", "拜访"]),
];

/// What somebody says of themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationCode {
    fields: Vec<(Slug, Pii<String>)>,
}

/// Why a registration code is refused as a whole. Holds nothing of what is written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum BadRegistrationCode {
    /// A code that is spelt otherwise.
    #[error("no registration code")]
    NoCode,
    /// Too large.
    #[error("larger than {BYTES_MAX} bytes")]
    TooLarge,
    /// No text.
    #[error("not UTF-8")]
    NotUtf8,
    /// Too many fields.
    #[error("more than {FIELDS_MAX} fields")]
    TooMany,
    /// A line that says nothing of a field.
    #[error("line {0}: is not FIELD=VALUE, with a field's name such as name, phone or origin")]
    NoField(usize),
    /// A field twice.
    #[error("line {0}: the field is there already")]
    FieldTwice(usize),
    /// Nothing.
    #[error("nothing is said in it")]
    Nothing,
}

impl RegistrationCode {
    /// Reads the text `bytes`.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it, by its line; nothing of it is taken then.
    pub fn read(bytes: &[u8]) -> Result<Self, BadRegistrationCode> {
        if bytes.len() > BYTES_MAX {
            return Err(BadRegistrationCode::TooLarge);
        }
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| BadRegistrationCode::NotUtf8)?;
        let mut fields: Vec<(Slug, Pii<String>)> = Vec::new();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            let (field, value) = line.split_once('=').ok_or(BadRegistrationCode::NoField(number))?;
            let field = named(field.trim()).ok_or(BadRegistrationCode::NoField(number))?;
            if fields.iter().any(|(known, _)| *known == field) {
                return Err(BadRegistrationCode::FieldTwice(number));
            }
            if fields.len() == FIELDS_MAX {
                return Err(BadRegistrationCode::TooMany);
            }
            fields.push((field, Pii::new(value.trim().to_owned())));
        }
        fields.retain(|(_, value)| !value.expose().is_empty());
        if fields.is_empty() { Err(BadRegistrationCode::Nothing) } else { Ok(Self { fields }) }
    }

    /// Reads the content of a code, which begins with [`MARK`].
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read), and when it is spelt otherwise than [`code`] spells it.
    pub fn read_code(payload: &[u8]) -> Result<Self, BadRegistrationCode> {
        let text = text_code::read(MARK, payload, BYTES_MAX).map_err(|bad| match bad {
            BadTextCode::NoCode => BadRegistrationCode::NoCode,
            BadTextCode::TooLarge => BadRegistrationCode::TooLarge,
        })?;
        Self::read(&text)
    }

    /// What is said for `field`, trimmed and not empty.
    ///
    /// # Errors
    ///
    /// When it has characters that a screen obeys and nobody sees.
    pub fn says(&self, field: &Slug) -> Option<Result<&Pii<String>, &'static str>> {
        let (_, value) = self.fields.iter().find(|(known, _)| known == field)?;
        let hidden = value.expose().contains(is_obeyed);
        Some(if hidden { Err("has characters that nobody sees") } else { Ok(value) })
    }

    /// How many fields it says something for.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Never: a code in which nothing is said is none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// The content of the code for a text.
pub fn code(text: &str) -> String {
    text_code::written(MARK, text)
}

/// Whether a payload is meant as a registration code, good or not.
pub fn is_meant(payload: &[u8]) -> bool {
    payload.starts_with(MARK.as_bytes())
}

fn named(field: &str) -> Option<Slug> {
    let usual = CHINESE.iter().find(|(_, chinese)| chinese.contains(&field));
    usual.map_or(field, |(name, _)| name).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<RegistrationCode, BadRegistrationCode> {
        RegistrationCode::read(text.as_bytes())
    }

    fn says(code: &RegistrationCode, field: &str) -> Option<String> {
        Some(code.says(&field.parse().unwrap())?.unwrap().expose().clone())
    }

    #[test]
    fn both_languages_name_the_same_fields_and_a_profiles_own_are_by_their_ids() {
        let english =
            "name=王小明\nphone=138 1234 1234\norigin=成都=锦江\n\ntrain-number=G8 \ndestination=\n";
        let chinese =
            "\u{feff}姓名=王小明\r\n手机号 = 138 1234 1234\r\n从哪里来=成都=锦江\r\ntrain-number=G8";
        let code = read(english).unwrap();
        assert_eq!(Ok(code.clone()), read(chinese));
        let expected = [("name", "王小明"), ("phone", "138 1234 1234"), ("origin", "成都=锦江")];
        for (field, value) in expected.into_iter().chain([("train-number", "G8")]) {
            assert_eq!(says(&code, field).as_deref(), Some(value), "{field}");
        }
        assert_eq!((code.len(), says(&code, "destination"), says(&code, "host")), (4, None, None));
        assert!(!format!("{code:?}").contains("成都"));
    }

    #[test]
    fn a_code_holds_the_text_however_it_is_written_and_only_that() {
        let text = "name=王小明\nphone=13812341234\norigin=成都锦江区\n";
        let code = code(text);
        assert!(code.len() < 100 && is_meant(code.as_bytes()), "{}", code.len());
        assert_eq!(RegistrationCode::read_code(code.as_bytes()), read(text));
        for payload in ["", "KKR1", "KKR2:ABC", "kkr1:ABC", "KKR1:A", "KKR1:abc", "KKM1:ABC"] {
            let read = RegistrationCode::read_code(payload.as_bytes());
            assert_eq!(read, Err(BadRegistrationCode::NoCode), "{payload}");
        }
        assert_eq!(RegistrationCode::read_code(b"KKR1:"), Err(BadRegistrationCode::Nothing));
    }

    #[test]
    fn a_text_that_cannot_be_meant_is_refused_by_its_line() {
        use BadRegistrationCode as Bad;
        let many = |of: usize| (0..of).map(|at| format!("field-{at}=x\n")).collect::<String>();
        let table = [
            ("name=\n\n", Bad::Nothing),
            ("name=王\nphone", Bad::NoField(2)),
            ("name=王\n\n=x", Bad::NoField(3)),
            ("Name=王", Bad::NoField(1)),
            ("名字 是=王", Bad::NoField(1)),
            ("name=王\n姓名=李", Bad::FieldTwice(2)),
            ("name=\nname=李", Bad::FieldTwice(2)),
        ];
        for (text, why) in table {
            assert_eq!(read(text), Err(why), "{text}");
        }
        assert!(read(&many(FIELDS_MAX)).is_ok());
        assert_eq!(read(&many(FIELDS_MAX + 1)), Err(Bad::TooMany));
        assert_eq!(read(&"x".repeat(BYTES_MAX + 1)), Err(Bad::TooLarge));
        let endless = format!("{MARK}{}", "A".repeat(1_000_000));
        assert_eq!(RegistrationCode::read_code(endless.as_bytes()), Err(Bad::TooLarge));
        assert_eq!(RegistrationCode::read(b"name=\xff"), Err(Bad::NotUtf8));
        let marks = read("name=王\u{202E}明").unwrap();
        assert!(marks.says(&"name".parse().unwrap()).unwrap().is_err(), "one name that looks like another");
    }
}
