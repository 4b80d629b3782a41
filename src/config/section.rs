//! Reads one table of a TOML file key by key; what nobody asked for is an unknown key.
//!
//! Unlike a derived deserialiser it goes on after a mistake, so that a file's mistakes are all reported at once,
//! each with the allowed range.

use std::fmt::{Display, UpperHex};
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Mistakes, Report};

/// Most elements of a list or array of tables.
const LIST_MAX: usize = 256;

/// Largest file read, in bytes; ours are a few thousand.
pub const FILE_BYTES_MAX: usize = 256 * 1024;

/// Reads the TOML `text` of `file` with `read` and answers what it made of it, or everything that is wrong.
///
/// # Errors
///
/// Every mistake: of syntax, and what `read` noted.
pub fn read_file<T>(
    file: &str,
    text: &str,
    read: impl FnOnce(&mut Report<'_>, Section<'_>) -> Option<T>,
) -> Result<T, Mistakes> {
    let mut report = Report::new(file, text);
    if text.len() > FILE_BYTES_MAX {
        report.whole("", format!("must be at most {FILE_BYTES_MAX} bytes"));
        return report.finish(None);
    }
    match DeTable::parse(text) {
        Ok(table) => {
            let value = read(&mut report, Section::new(table.get_ref(), table.span(), ""));
            report.finish(value)
        }
        Err(error) => {
            report.toml(&error);
            report.finish(None)
        }
    }
}

/// Turns a value as written into what it means; `None` where it means nothing.
type Read<'k, T> = dyn Fn(&DeValue<'_>) -> Option<T> + 'k;

/// What a value may be: how it is read, and how that is said.
pub struct Kind<'k, T> {
    expected: String,
    read: Box<Read<'k, T>>,
}

impl<'k, T> Kind<'k, T> {
    /// A value that `read` accepts; `expected` completes the sentence "… must be".
    pub fn new(expected: impl Into<String>, read: impl Fn(&DeValue<'_>) -> Option<T> + 'k) -> Self {
        Self { expected: expected.into(), read: Box::new(read) }
    }

    /// What `value` means, if anything.
    pub fn read(&self, value: &DeValue<'_>) -> Option<T> {
        (self.read)(value)
    }

    /// The same, narrowed to what is `good`; `expected` says all of it.
    pub fn and(self, expected: impl Into<String>, good: impl Fn(&T) -> bool + 'k) -> Self
    where
        T: 'k,
    {
        let read = self.read;
        Self::new(expected, move |value| read(value).filter(|value| good(value)))
    }
}

/// A whole number of `range`.
pub fn integer<T: TryFrom<i64> + PartialOrd + Display + 'static>(
    range: RangeInclusive<T>,
) -> Kind<'static, T> {
    Kind::new(format!("{} to {}", range.start(), range.end()), move |value| whole(value, &range))
}

/// A whole number of `range`, whose limits are printed in hexadecimal.
pub fn hexadecimal<T: TryFrom<i64> + PartialOrd + UpperHex + 'static>(
    range: RangeInclusive<T>,
) -> Kind<'static, T> {
    let expected = format!("{:#04X} to {:#04X}", range.start(), range.end()).replace("0X", "0x");
    Kind::new(expected, move |value| whole(value, &range))
}

/// A number of `range`, with or without a decimal point.
pub fn number(range: RangeInclusive<f64>) -> Kind<'static, f64> {
    Kind::new(format!("{} to {}", range.start(), range.end()), move |value| {
        let written = value.as_float().map(|float| float.as_str());
        let written = written.or_else(|| value.as_integer().map(|integer| integer.as_str()))?;
        written.parse().ok().filter(|number| range.contains(number))
    })
}

/// A text of 1 to `length_max` bytes without control characters.
pub fn text(length_max: usize) -> Kind<'static, String> {
    Kind::new(format!("a text of 1 to {length_max} bytes"), move |value| {
        let text = value.as_str()?;
        let good = (1..=length_max).contains(&text.len()) && !text.chars().any(char::is_control);
        good.then(|| text.to_owned())
    })
}

/// The path of a file, a folder or a device node.
pub fn path() -> Kind<'static, PathBuf> {
    let text = text(4_096);
    Kind::new("a path", move |value| (text.read)(value).map(PathBuf::from))
}

/// `true` or `false`.
pub fn yes_or_no() -> Kind<'static, bool> {
    Kind::new("true or false", |value| value.as_bool())
}

/// A name such as `person-in`.
pub fn name<T: FromStr>() -> Kind<'static, T> {
    let expected = "a name: 1 to 32 characters of a-z, 0-9 and -, starting with a letter or digit";
    Kind::new(expected, |value| value.as_str()?.parse().ok())
}

/// One of the words of `words`, each with what it stands for.
pub fn one_of<'k, T: Clone>(words: &'k [(&'k str, T)]) -> Kind<'k, T> {
    let expected = words.iter().map(|(word, _)| format!("{word:?}")).collect::<Vec<_>>();
    Kind::new(expected.join(" or "), |value| {
        let written = value.as_str()?;
        words.iter().find(|(word, _)| *word == written).map(|(_, meaning)| meaning.clone())
    })
}

fn whole<T: TryFrom<i64> + PartialOrd>(value: &DeValue<'_>, range: &RangeInclusive<T>) -> Option<T> {
    let integer = value.as_integer()?;
    let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok()?;
    T::try_from(number).ok().filter(|number| range.contains(number))
}

/// One table of a file while it is being read.
pub struct Section<'t> {
    table: &'t DeTable<'t>,
    span: Range<usize>,
    way: String,
    known: Vec<&'static str>,
}

impl<'t> Section<'t> {
    /// Reads `table`, which is at `span`; `way` is put before each key in messages, such as `device[brow].`.
    pub fn new(table: &'t DeTable<'t>, span: Range<usize>, way: impl Into<String>) -> Self {
        Self { table, span, way: way.into(), known: Vec::new() }
    }

    /// Where the table is, for a mistake about all of it.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Puts `way` before each key in the messages to come.
    pub fn rename(&mut self, way: impl Into<String>) {
        self.way = way.into();
    }

    /// `key` with the way to it, for a mistake that the caller notes.
    pub fn key(&self, key: &str) -> String {
        format!("{}{key}", self.way)
    }

    /// Whether `key` is given. It counts as known from now on.
    pub fn has(&mut self, key: &'static str) -> bool {
        self.take(key).is_some()
    }

    /// Where the value of `key` is; the whole table if it is not given.
    pub fn place(&self, key: &str) -> Range<usize> {
        self.table.get(key).map_or_else(|| self.span(), Spanned::span)
    }

    /// The value of `key` if it is given and right; a wrong one is noted in `report`.
    pub fn get<T>(&mut self, report: &mut Report<'_>, key: &'static str, kind: &Kind<'_, T>) -> Option<T> {
        let value = self.take(key)?;
        let read = (kind.read)(value.get_ref());
        if read.is_none() {
            report.value(value.span(), self.key(key), format!("must be {}", kind.expected));
        }
        read
    }

    /// The value of `key`; one that is missing or wrong is noted in `report`.
    pub fn need<T>(&mut self, report: &mut Report<'_>, key: &'static str, kind: &Kind<'_, T>) -> Option<T> {
        if !self.has(key) {
            report.hidden(self.span(), self.key(key), format!("missing; must be {}", kind.expected));
        }
        self.get(report, key, kind)
    }

    /// The value of `key`, or `default` where none is given; a wrong one is noted in `report`.
    pub fn get_or<T>(
        &mut self,
        report: &mut Report<'_>,
        key: &'static str,
        kind: &Kind<'_, T>,
        default: T,
    ) -> T {
        self.get(report, key, kind).unwrap_or(default)
    }

    /// The elements of the array `key`, at most `count_max`; nothing where it is missing or no array.
    pub fn elements(
        &mut self,
        report: &mut Report<'_>,
        key: &'static str,
        count_max: usize,
    ) -> Vec<&'t Spanned<DeValue<'t>>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        match value.get_ref().as_array() {
            Some(array) if array.len() <= count_max => array.iter().collect(),
            Some(_) | None => {
                report.value(value.span(), self.key(key), format!("must be a list of at most {count_max}"));
                Vec::new()
            }
        }
    }

    /// The elements of the list `key`, each of `kind` and none twice; wrong ones are noted and left out.
    pub fn list<T: PartialEq>(
        &mut self,
        report: &mut Report<'_>,
        key: &'static str,
        kind: &Kind<'_, T>,
    ) -> Vec<T> {
        let mut values = Vec::new();
        for element in self.elements(report, key, LIST_MAX) {
            match (kind.read)(element.get_ref()) {
                Some(value) if values.contains(&value) => {
                    report.value(element.span(), self.key(key), "must be named once");
                }
                Some(value) => values.push(value),
                None => report.value(element.span(), self.key(key), format!("must be {}", kind.expected)),
            }
        }
        values
    }

    /// The tables of the array `key`, which messages call `key[1].` and so on; what is no table is noted.
    pub fn tables(&mut self, report: &mut Report<'_>, key: &'static str) -> Vec<Section<'t>> {
        let heading = format!("must be tables headed [[{}]]", self.heading(key));
        let mut sections = Vec::new();
        for (index, element) in self.elements(report, key, LIST_MAX).into_iter().enumerate() {
            match element.get_ref().as_table() {
                Some(table) => {
                    let way = format!("{}[{}].", self.key(key), index + 1);
                    sections.push(Section::new(table, element.span(), way));
                }
                None => report.value(element.span(), self.key(key), heading.clone()),
            }
        }
        sections
    }

    /// As [`tables`](Self::tables); that there is none is a mistake too.
    pub fn some_tables(&mut self, report: &mut Report<'_>, key: &'static str) -> Vec<Section<'t>> {
        let written = self.take(key).and_then(|value| value.get_ref().as_array());
        if written.is_none_or(|array| array.is_empty()) {
            let expected = format!("must be at least one table headed [[{}]]", self.heading(key));
            self.misfit(report, key, expected);
            return Vec::new();
        }
        self.tables(report, key)
    }

    /// Notes that the value of `key`, right by itself, does not fit with the rest; or that it is missing.
    pub fn misfit(&self, report: &mut Report<'_>, key: &str, expected: impl Into<String>) {
        match self.table.get(key) {
            Some(value) => report.value(value.span(), self.key(key), expected),
            None => report.hidden(self.span(), self.key(key), expected),
        }
    }

    /// The heading of the tables under `key`: the way to it without names and numbers.
    fn heading(&self, key: &str) -> String {
        let way = self.key(key);
        way.split('.').map(|part| part.split('[').next().unwrap_or(part)).collect::<Vec<_>>().join(".")
    }

    /// The table `key`, if there is one.
    pub fn table(&mut self, report: &mut Report<'_>, key: &'static str) -> Option<Section<'t>> {
        let value = self.take(key)?;
        match value.get_ref().as_table() {
            Some(table) => Some(Section::new(table, value.span(), format!("{}{key}.", self.way))),
            None => {
                report.value(value.span(), self.key(key), "must be a table");
                None
            }
        }
    }

    /// Every key with its value, of a table whose keys are free.
    pub fn entries(&self) -> impl Iterator<Item = (&'t str, &'t Spanned<DeValue<'t>>)> + use<'t> {
        self.table.iter().map(|(key, value)| (key.get_ref().as_ref(), value))
    }

    /// As [`get`](Self::get), for what may not be quoted: a wrong value is noted without being shown.
    pub fn get_hidden<T>(
        &mut self,
        report: &mut Report<'_>,
        key: &'static str,
        kind: &Kind<'_, T>,
    ) -> Option<T> {
        let value = self.take(key)?;
        let read = (kind.read)(value.get_ref());
        if read.is_none() {
            report.hidden(self.place(key), self.key(key), format!("must be {}", kind.expected));
        }
        read
    }

    /// The same for one that must be there.
    pub fn need_hidden<T>(
        &mut self,
        report: &mut Report<'_>,
        key: &'static str,
        kind: &Kind<'_, T>,
    ) -> Option<T> {
        let read = self.take(key).and_then(|value| (kind.read)(value.get_ref()));
        if read.is_none() {
            report.hidden(self.place(key), self.key(key), format!("must be {}", kind.expected));
        }
        read
    }

    /// Notes each key that was never asked for.
    pub fn finish(self, report: &mut Report<'_>) {
        self.note_unknown(report);
    }

    /// Notes each key that was not asked for so far.
    pub fn note_unknown(&self, report: &mut Report<'_>) {
        for (key, value) in self.table {
            if !self.known.contains(&key.get_ref().as_ref()) {
                let expected = format!("unknown key; known are {}", self.known.join(", "));
                report.value(value.span(), self.key(key.get_ref()), expected);
            }
        }
    }

    fn take(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.table.get(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_in_its_range_and_refused_with_that_range_outside() {
        assert_eq!(read("a = 0x5A", &hexadecimal(0x03..=0x77u8)), Ok(0x5A));
        assert!(
            read("a = 0x80", &hexadecimal(0x03..=0x77u8))
                .unwrap_err()
                .contains("a = 0x80: must be 0x03 to 0x77")
        );
        assert!(read("a = 300", &integer(0..=255u8)).unwrap_err().contains("a = 300: must be 0 to 255"));
        assert!(read("a = 9223372036854775808", &integer(0..=255u8)).is_err());
        assert_eq!(read("a = 1", &number(0.5..=1.0)), Ok(1.0));
        assert!(read("a = nan", &number(0.5..=1.0)).unwrap_err().contains("must be 0.5 to 1"));
        assert!(read("a = \"x\\u0000\"", &text(8)).is_err());
        assert!(
            read("a = \"up\"", &one_of(&[("high", 1), ("low", 0)]))
                .unwrap_err()
                .contains(r#""high" or "low""#)
        );
        assert!(read("b = 1", &integer(0..=9u8)).unwrap_err().contains("a: missing; must be 0 to 9"));
    }

    #[test]
    fn a_key_that_nobody_asked_for_is_named_with_the_known_ones() {
        let said = read("a = 1\nb = 2", &integer(0..=9u8)).unwrap_err();
        assert_eq!(said, "f:2: b = 2: unknown key; known are a");
    }

    fn read<T>(text: &str, kind: &Kind<'_, T>) -> Result<T, String> {
        let table = DeTable::parse(text).unwrap();
        let mut report = Report::new("f", text);
        let mut section = Section::new(table.get_ref(), table.span(), "");
        let value = section.need(&mut report, "a", kind);
        section.finish(&mut report);
        report.finish(value).map_err(|mistakes| mistakes.to_string())
    }
}
