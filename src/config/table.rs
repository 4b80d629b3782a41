//! Reads a checked value out of a TOML table, key by key, and notes every mistake on the way.
//!
//! A key that nobody asked for is unknown, and unknown keys are mistakes. A reader answers `None` (or a default) for a
//! value that is missing or wrong, so that one pass over a file finds everything that is wrong with it.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Mistakes, Report};
use crate::base::CentiCelsius;

/// Largest file read, in bytes; ours are a few thousand.
pub const FILE_BYTES_MAX: usize = 256 * 1024;

/// Most entries of one list or array of tables.
const ENTRIES_MAX: usize = 256;

/// Reads the TOML `text` of `file` with `read` and answers what it made of it, or everything that is wrong.
///
/// # Errors
///
/// Every mistake: syntax, unknown keys, and what `read` noted.
pub fn read_file<T>(
    file: &str,
    text: &str,
    read: impl FnOnce(&Table<'_, '_>) -> Option<T>,
) -> Result<T, Mistakes> {
    let mut report = Report::new(file, text);
    if text.len() > FILE_BYTES_MAX {
        report.whole("", format!("must be at most {FILE_BYTES_MAX} bytes"));
        return report.finish(None);
    }
    let parsed = match DeTable::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            report.toml(&error);
            return report.finish(None);
        }
    };
    let report = RefCell::new(report);
    let table = Table::new(&report, parsed.get_ref(), String::new(), None);
    let value = read(&table);
    table.finish();
    report.into_inner().finish(value)
}

/// One table of a file, with the way to it.
#[derive(Debug)]
pub struct Table<'r, 'i> {
    report: &'r RefCell<Report<'i>>,
    entries: &'r DeTable<'i>,
    way: String,
    span: Option<Range<usize>>,
    known: RefCell<Vec<&'static str>>,
}

type Entry<'r, 'i> = &'r Spanned<DeValue<'i>>;

impl<'r, 'i> Table<'r, 'i> {
    fn new(
        report: &'r RefCell<Report<'i>>,
        entries: &'r DeTable<'i>,
        way: String,
        span: Option<Range<usize>>,
    ) -> Self {
        Self { report, entries, way, span, known: RefCell::default() }
    }

    /// The same table with `name` in place of its number, for messages: `lane[east-in]`.
    pub fn called(&mut self, name: &impl Display) {
        if let Some((before, _)) = self.way.rsplit_once('[') {
            self.way = format!("{before}[{name}].");
        }
    }

    /// Whether `key` is written here.
    pub fn has(&self, key: &'static str) -> bool {
        self.entry(key).is_some()
    }

    /// A text of `length` characters, without control characters; missing is a mistake.
    pub fn text(&self, key: &'static str, length: RangeInclusive<usize>) -> Option<String> {
        let missing = format!("missing; must be a text of {} to {} characters", length.start(), length.end());
        self.required(key, &missing)?;
        self.text_if(key, length)
    }

    /// A text that may be missing.
    pub fn text_if(&self, key: &'static str, length: RangeInclusive<usize>) -> Option<String> {
        let entry = self.entry(key)?;
        let expected = format!("must be a text of {} to {} characters", length.start(), length.end());
        let good =
            |text: &&str| length.contains(&text.chars().count()) && !text.chars().any(char::is_control);
        let text = entry.get_ref().as_str().filter(good);
        if text.is_none() {
            self.wrong(entry, key, expected);
        }
        text.map(ToOwned::to_owned)
    }

    /// A text that may not be quoted in a message, such as a password's hash; missing is a mistake.
    pub fn secret(
        &self,
        key: &'static str,
        expected: &str,
        good: impl FnOnce(&str) -> bool,
    ) -> Option<String> {
        let entry = self.required(key, &format!("missing; {expected}"))?;
        let text = entry.get_ref().as_str().filter(|text| good(text));
        if text.is_none() {
            self.report.borrow_mut().hidden(entry.span(), self.way_to(key), expected);
        }
        text.map(ToOwned::to_owned)
    }

    /// A text in the form that `T` reads; missing is a mistake.
    pub fn parsed<T: FromStr>(&self, key: &'static str, expected: &str) -> Option<T> {
        self.required(key, &format!("missing; {expected}"))?;
        self.parsed_if(key, expected)
    }

    /// A text in the form that `T` reads, which may be missing.
    pub fn parsed_if<T: FromStr>(&self, key: &'static str, expected: &str) -> Option<T> {
        let entry = self.entry(key)?;
        let value = entry.get_ref().as_str().and_then(|text| text.parse().ok());
        if value.is_none() {
            self.wrong(entry, key, expected);
        }
        value
    }

    /// A list of texts in the form that `T` reads; missing is an empty list.
    pub fn parsed_list<T: FromStr + PartialEq>(&self, key: &'static str, expected: &str) -> Vec<T> {
        let read = |value: &DeValue<'_>| value.as_str().and_then(|text| text.parse().ok());
        self.list(key, expected, read)
    }

    /// One of `choices`; missing is a mistake.
    pub fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        self.required(key, &format!("missing; {}", one_of(choices)))?;
        self.choice_if(key, choices)
    }

    /// One of `choices`, which may be missing.
    pub fn choice_if<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let entry = self.entry(key)?;
        let value = entry.get_ref().as_str().and_then(|text| chosen(choices, text));
        if value.is_none() {
            self.wrong(entry, key, one_of(choices));
        }
        value
    }

    /// A list of `choices`, each at most once; missing is an empty list.
    pub fn choice_list<T: Copy + PartialEq>(&self, key: &'static str, choices: &[(&str, T)]) -> Vec<T> {
        let read = |value: &DeValue<'_>| value.as_str().and_then(|text| chosen(choices, text));
        self.list(key, &one_of(choices), read)
    }

    /// A whole number within `range`; missing is a mistake.
    pub fn number<T: Whole>(&self, key: &'static str, range: RangeInclusive<T>) -> Option<T> {
        self.required(key, &format!("missing; must be {} to {}", range.start(), range.end()))?;
        self.number_if(key, range)
    }

    /// A whole number within `range`, `default` when it is missing or wrong.
    pub fn number_or<T: Whole>(&self, key: &'static str, range: RangeInclusive<T>, default: T) -> T {
        self.number_if(key, range).unwrap_or(default)
    }

    /// A whole number within `range`, which may be missing.
    pub fn number_if<T: Whole>(&self, key: &'static str, range: RangeInclusive<T>) -> Option<T> {
        let entry = self.entry(key)?;
        let value = integer(entry.get_ref()).and_then(|value| T::try_from(value).ok());
        let value = value.filter(|value| range.contains(value));
        if value.is_none() {
            self.wrong(entry, key, format!("must be a whole number, {} to {}", range.start(), range.end()));
        }
        value
    }

    /// A temperature in degrees Celsius within `range`, `default` when it is missing or wrong.
    pub fn degrees_or(
        &self,
        key: &'static str,
        range: RangeInclusive<f64>,
        default: CentiCelsius,
    ) -> CentiCelsius {
        let Some(value) = self.decimal_if(key, range) else { return default };
        CentiCelsius::from_degrees(value).unwrap_or(default)
    }

    /// A decimal number within `range`, which may be missing.
    pub fn decimal_if(&self, key: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        let entry = self.entry(key)?;
        let value = match entry.get_ref() {
            DeValue::Float(float) => float.as_str().replace('_', "").parse().ok(),
            DeValue::Integer(_) => {
                integer(entry.get_ref()).and_then(|value| i32::try_from(value).ok()).map(f64::from)
            }
            DeValue::String(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => None,
        };
        let value = value.filter(|value| range.contains(value));
        if value.is_none() {
            self.wrong(entry, key, format!("must be {:.2} to {:.2}", range.start(), range.end()));
        }
        value
    }

    /// The table under `key`, read with `read`; `None` when it is missing.
    pub fn table<T>(&self, key: &'static str, read: impl FnOnce(&Table<'_, '_>) -> Option<T>) -> Option<T> {
        let entry = self.entry(key)?;
        let Some(entries) = entry.get_ref().as_table() else {
            self.wrong(entry, key, "must be a table".to_owned());
            return None;
        };
        let way = format!("{}.", self.way_to(key));
        let table = Table::new(self.report, entries, way, Some(entry.span()));
        let value = read(&table);
        table.finish();
        value
    }

    /// Each table of the array under `key`, read with `read`; tables that could not be read are left out.
    pub fn tables<T>(
        &self,
        key: &'static str,
        mut read: impl FnMut(&mut Table<'r, 'i>) -> Option<T>,
    ) -> Vec<T> {
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let entries = entry.get_ref().as_array().filter(|array| array.len() <= ENTRIES_MAX);
        let Some(entries) = entries else {
            self.wrong(
                entry,
                key,
                format!("must be at most {ENTRIES_MAX} tables, each headed [[{}]]", self.heading(key)),
            );
            return Vec::new();
        };
        let mut values = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let Some(inner) = entry.get_ref().as_table() else {
                self.wrong(entry, key, format!("must be a table headed [[{}]]", self.heading(key)));
                continue;
            };
            let way = format!("{}[{}].", self.way_to(key), index + 1);
            let mut table = Table::new(self.report, inner, way, Some(entry.span()));
            values.extend(read(&mut table));
            table.finish();
        }
        values
    }

    /// As [`tables`](Self::tables); fewer than one is a mistake.
    pub fn some_tables<T>(
        &self,
        key: &'static str,
        read: impl FnMut(&mut Table<'r, 'i>) -> Option<T>,
    ) -> Vec<T> {
        let written = self.entry(key).and_then(|entry| entry.get_ref().as_array());
        if written.is_none_or(|array| array.is_empty()) {
            self.misfit(key, format!("must be at least one table headed [[{}]]", self.heading(key)));
            return Vec::new();
        }
        self.tables(key, read)
    }

    /// Notes that the value of `key`, good by itself, does not fit with the rest.
    pub fn misfit(&self, key: &'static str, expected: impl Into<String>) {
        match (self.entries.get(key), &self.span) {
            (Some(entry), _) => self.report.borrow_mut().value(entry.span(), self.way_to(key), expected),
            (None, Some(span)) => self.report.borrow_mut().hidden(span.clone(), self.way_to(key), expected),
            (None, None) => self.report.borrow_mut().whole(self.way_to(key), expected),
        }
    }

    fn list<T: PartialEq>(
        &self,
        key: &'static str,
        expected: &str,
        read: impl Fn(&DeValue<'_>) -> Option<T>,
    ) -> Vec<T> {
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let entries = entry.get_ref().as_array().filter(|array| array.len() <= ENTRIES_MAX);
        let Some(entries) = entries else {
            self.wrong(entry, key, format!("must be a list; each {expected}"));
            return Vec::new();
        };
        let mut values = Vec::new();
        for entry in entries.iter() {
            match read(entry.get_ref()) {
                Some(value) if values.contains(&value) => {
                    self.wrong(entry, key, "must be named once".to_owned());
                }
                Some(value) => values.push(value),
                None => self.wrong(entry, key, expected.to_owned()),
            }
        }
        values
    }

    fn entry(&self, key: &'static str) -> Option<Entry<'r, 'i>> {
        if !self.known.borrow().contains(&key) {
            self.known.borrow_mut().push(key);
        }
        self.entries.get(key)
    }

    fn required(&self, key: &'static str, missing: &str) -> Option<Entry<'r, 'i>> {
        let entry = self.entry(key);
        if entry.is_none() {
            self.misfit(key, missing);
        }
        entry
    }

    fn wrong(&self, entry: Entry<'_, '_>, key: &'static str, expected: impl Into<String>) {
        self.report.borrow_mut().value(entry.span(), self.way_to(key), expected);
    }

    fn way_to(&self, key: &str) -> String {
        format!("{}{key}", self.way)
    }

    /// The heading of the tables under `key`: the way to it without names and numbers.
    fn heading(&self, key: &str) -> String {
        let way = self.way_to(key);
        way.split('.').map(|part| part.split('[').next().unwrap_or(part)).collect::<Vec<_>>().join(".")
    }

    fn finish(&self) {
        let known = self.known.borrow();
        for key in self.entries.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let way = self.way_to(&key.get_ref().chars().take(64).collect::<String>());
            let expected = format!("unknown key; known here are {}", known.join(", "));
            self.report.borrow_mut().hidden(key.span(), way, expected);
        }
    }
}

/// Whole numbers that a key may hold.
pub trait Whole: Copy + PartialOrd + Display + TryFrom<i64> {}

impl<T: Copy + PartialOrd + Display + TryFrom<i64>> Whole for T {}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
}

fn chosen<T: Copy>(choices: &[(&str, T)], text: &str) -> Option<T> {
    choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value)
}

fn one_of<T>(choices: &[(&str, T)]) -> String {
    let names: Vec<String> = choices.iter().map(|(name, _)| format!("{name:?}")).collect();
    format!("must be {}", names.join(" or "))
}
