//! A manifest: who is in a vehicle, as its driver or operator lists them. It is unsigned, so it proves nothing.
//!
//! # Format
//!
//! CSV in UTF-8, separated by commas, or by tabs as a spreadsheet pastes it: a line of headings, then a row a person.
//!
//! | heading | what |
//! |---|---|
//! | `name` · 姓名 | needed, at most 60 characters |
//! | `id_number` · 身份证号, 证件号码 … | checked as a typed one; empty for somebody who has none |
//! | `phone` · 手机号, 电话 … | may be empty |
//! | `origin` · 从哪里来, `destination` · 到哪里去, `host` · 找谁 | as a registration asks for them, at most 80 characters; may be empty |
//! | `seat` · 座位, 座位号 | at most 8 characters; for people who read the list, not kept |
//!
//! As a code: `KKM1:` and the base45 (RFC 9285) of that text, so that no reader breaks it at a line's end or takes it for
//! another character set. 60 rows of name and number are about 2,900 characters, of the 4,296 that a symbol holds and the
//! 4,096 that a serial reader may send.
//!
//! One row with a fault refuses all of it, by its line: a list that was read in part would leave somebody out.

use std::fmt;

use serde::Serialize;

use super::csv_table::{BadTable, Column, CsvRow, CsvTable};
use super::id_number::IdNumber;
use super::phone;
use super::text_code::{self, BadTextCode};
use super::width::is_obeyed;
use crate::base::Pii;

/// How a code begins.
pub const PREFIX: &str = "KKM1:";

/// Largest manifest, in bytes.
pub const BYTES_MAX: usize = 16 * 1024;

/// Most people on one: as many as a vehicle may declare.
pub const ROWS_MAX: usize = 99;

const NAME_MAX: usize = 60;
const SEAT_MAX: usize = 8;
/// As a registration's fields.
const STATED_MAX: usize = 80;

/// Columns with the headings that name them, first the one that messages use.
const COLUMNS: [Column; 7] = [
    ("name", &["姓名", "名字"]),
    ("id_number", &["身份证号", "身份证号码", "身份证", "证件号码", "证件号"]),
    ("phone", &["手机号", "手机号码", "手机", "电话", "电话号码"]),
    ("origin", &["从哪里来", "来自"]),
    ("destination", &["到哪里去", "去往"]),
    ("host", &["找谁", "拜访"]),
    ("seat", &["座位", "座位号", "座号"]),
];

/// Who is said to be in a vehicle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    rows: Vec<Listed>,
}

/// One person on a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Name.
    pub name: Pii<String>,
    /// Identity number, normalised and good by its own check.
    pub id_number: Option<Pii<String>>,
    /// Telephone number, normalised.
    pub phone: Option<Pii<String>>,
    /// Where from.
    pub origin: Option<Pii<String>>,
    /// Where to.
    pub destination: Option<Pii<String>>,
    /// Whom they visit.
    pub host: Option<Pii<String>>,
}

/// Why a manifest is refused as a whole. Holds nothing of what is written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum BadManifest {
    /// Too large.
    #[error("larger than {BYTES_MAX} bytes")]
    TooLarge,
    /// No text.
    #[error("not UTF-8: save it from the spreadsheet as \"CSV UTF-8\"")]
    NotUtf8,
    /// A code that is spelt otherwise.
    #[error("no manifest code")]
    NoCode,
    /// A heading that nobody reads.
    #[error(
        "line 1: column {0} has an unknown heading; known are name, id_number, phone, origin, destination, host, seat"
    )]
    UnknownColumn(usize),
    /// A heading twice.
    #[error("line 1: heading {0} is there twice")]
    ColumnTwice(&'static str),
    /// No names.
    #[error("line 1: there must be a column name")]
    NoNames,
    /// Nobody.
    #[error("nobody is on it")]
    Nobody,
    /// Too many.
    #[error("more than {ROWS_MAX} people")]
    TooMany,
    /// A row with a fault.
    #[error("{0}")]
    Row(#[from] Fault),
}

/// What is wrong with one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub struct Fault {
    /// Line of the text, from 1.
    pub line: u64,
    /// The column.
    pub column: &'static str,
    /// What.
    pub what: Wrong,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: column {}: {}", self.line, self.column, self.what)
    }
}

/// What is wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Wrong {
    /// Nothing is written there.
    #[error("is missing")]
    Missing,
    /// More cells than headings.
    #[error("the row has more cells than there are headings")]
    MoreCells,
    /// It is too long.
    #[error("is too long")]
    TooLong,
    /// Characters that nobody writes, or a formula of a spreadsheet.
    #[error("begins like a formula, or has control characters")]
    NoPlainText,
    /// An identity number that fails its own check.
    #[error("{0}")]
    IdNumber(&'static str),
    /// No telephone number.
    #[error("is no telephone number")]
    Phone,
    /// The same number twice.
    #[error("is the same as in line {0}")]
    SameAs(u64),
}

impl Manifest {
    /// Reads the CSV text `bytes`.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it; nothing of it is taken then.
    pub fn read(bytes: &[u8]) -> Result<Self, BadManifest> {
        if bytes.len() > BYTES_MAX {
            return Err(BadManifest::TooLarge);
        }
        let mut table = CsvTable::read(bytes, &COLUMNS)?;
        if !table.has("name") {
            return Err(BadManifest::NoNames);
        }
        let (mut rows, mut lines) = (Vec::new(), Vec::new());
        while let Some(cells) = table.row()? {
            if rows.len() == ROWS_MAX {
                return Err(BadManifest::TooMany);
            }
            let line = cells.line;
            let listed = row(&cells, (&rows, &lines));
            rows.push(listed.map_err(|(column, what)| Fault { line, column, what })?);
            lines.push(line);
        }
        if rows.is_empty() { Err(BadManifest::Nobody) } else { Ok(Self { rows }) }
    }

    /// Reads the content of a code, which begins with [`PREFIX`].
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read), and when it is spelt otherwise than [`code`] spells it.
    pub fn read_code(payload: &[u8]) -> Result<Self, BadManifest> {
        let text = text_code::read(PREFIX, payload, BYTES_MAX).map_err(|bad| match bad {
            BadTextCode::NoCode => BadManifest::NoCode,
            BadTextCode::TooLarge => BadManifest::TooLarge,
        })?;
        Self::read(&text)
    }

    /// The people, in order; one at least.
    pub fn rows(&self) -> &[Listed] {
        &self.rows
    }
}

impl From<BadTable> for BadManifest {
    fn from(bad: BadTable) -> Self {
        match bad {
            BadTable::NotUtf8 => Self::NotUtf8,
            BadTable::UnknownColumn(number) => Self::UnknownColumn(number),
            BadTable::ColumnTwice(column) => Self::ColumnTwice(column),
        }
    }
}

/// The content of the code for a CSV text.
pub fn code(text: &str) -> String {
    text_code::written(PREFIX, text)
}

/// The column, and what is wrong there.
type RowFault = (&'static str, Wrong);

fn row(cells: &CsvRow<'_>, (earlier, lines): (&[Listed], &[u64])) -> Result<Listed, RowFault> {
    if cells.is_too_wide() {
        return Err(("name", Wrong::MoreCells));
    }
    let cell = |column: &'static str, characters_max: usize| {
        plain(cells.get(column).unwrap_or_default(), characters_max).map_err(|wrong| (column, wrong))
    };
    let name = cell("name", NAME_MAX)?.ok_or(("name", Wrong::Missing))?;
    if name.expose().starts_with(['=', '+', '-', '@']) {
        return Err(("name", Wrong::NoPlainText));
    }
    let id_number = match cell("id_number", NAME_MAX)? {
        Some(text) => {
            let number = IdNumber::parse(&text);
            let number = number.map_err(|error| ("id_number", Wrong::IdNumber(error.why())))?;
            Some(number.normalised().clone())
        }
        None => None,
    };
    let same = |listed: &Listed| id_number.is_some() && listed.id_number == id_number;
    if let Some(at) = earlier.iter().position(same) {
        return Err(("id_number", Wrong::SameAs(lines[at])));
    }
    let phone = match cell("phone", NAME_MAX)? {
        Some(text) => Some(phone::normalised(&text).ok_or(("phone", Wrong::Phone))?),
        None => None,
    };
    cell("seat", SEAT_MAX)?;
    let [origin, destination, host] =
        [cell("origin", STATED_MAX)?, cell("destination", STATED_MAX)?, cell("host", STATED_MAX)?];
    Ok(Listed { name, id_number, phone, origin, destination, host })
}

/// What is written in a cell, if anything is.
fn plain(text: &str, characters_max: usize) -> Result<Option<Pii<String>>, Wrong> {
    if text.chars().count() > characters_max {
        return Err(Wrong::TooLong);
    }
    if text.contains(is_obeyed) {
        return Err(Wrong::NoPlainText);
    }
    Ok((!text.is_empty()).then(|| Pii::new(text.to_owned())))
}

#[cfg(test)]
mod tests;
