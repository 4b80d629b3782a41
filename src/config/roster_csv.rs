//! Reads a roster from a spreadsheet's CSV file; what is wrong is named by line and column, never by its value.

use std::collections::BTreeMap;
use std::fmt;

use super::profile_file::CLASSES;
use crate::base::Pii;
use crate::model::blind::IdentifierKind;
use crate::model::csv_table::{BadTable, Column, CsvRow, CsvTable};
use crate::model::id_number::IdNumber;
use crate::model::plate::{Form, Plate};
use crate::model::{Blinded, Blinder, Class, phone};

/// Largest file, in bytes: a million rows of 64.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Most faults that are listed; all are counted.
pub const FAULTS_LISTED_MAX: usize = 100;

/// Columns that are read. Others are refused, so that a misspelt one cannot be lost.
const COLUMNS: [Column; 6] =
    [("id_number", &[]), ("plate", &[]), ("phone", &[]), ("class", &[]), ("name", &[]), ("note", &[])];

/// Columns that identify somebody.
pub(super) const KINDS: [(&str, IdentifierKind); 3] = [
    ("id_number", IdentifierKind::IdNumber),
    ("plate", IdentifierKind::Plate),
    ("phone", IdentifierKind::Phone),
];

/// Chinese names of the classes, as spreadsheets have them.
const CHINESE: [(&str, Class); 9] = [
    ("居民", Class::Resident),
    ("住户", Class::Resident),
    ("职工", Class::Worker),
    ("工作人员", Class::Worker),
    ("访客", Class::Visitor),
    ("过境", Class::Transit),
    ("观察", Class::Observed),
    ("保障人员", Class::KeyPerson),
    ("其他", Class::Unknown),
];

/// What a CSV file gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// Blinded identifiers and their classes.
    pub people: BTreeMap<Blinded, Class>,
    /// Rows that were read.
    pub rows: usize,
    /// Rows that were left out.
    pub skipped: usize,
    /// Why, for the first of them.
    pub faults: Vec<Fault>,
}

/// What is wrong with one row. Holds nothing of what is written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line of the file, from 1.
    pub line: u64,
    /// The column.
    pub column: &'static str,
    /// What is wrong, in plain words.
    pub why: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: column {}: {}", self.line, self.column, self.why)
    }
}

/// Why a file cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCsv {
    /// Too large.
    #[error("file is larger than {FILE_BYTES_MAX} bytes")]
    TooLarge,
    /// Not UTF-8.
    #[error("file is not UTF-8; save it from the spreadsheet as \"CSV UTF-8\"")]
    NotUtf8,
    /// A column that nobody reads.
    #[error("line 1: column {number} has an unknown heading; known are {}", COLUMNS.map(|(column, _)| column).join(", "))]
    UnknownColumn {
        /// Its number, from 1.
        number: usize,
    },
    /// A heading twice.
    #[error("line 1: heading {0} is there twice")]
    ColumnTwice(&'static str),
    /// A column that is needed.
    #[error("line 1: there must be a column class and at least one of id_number, plate and phone")]
    MissingColumn,
}

/// Reads the CSV file `bytes`: a line of headings, then a row a person or vehicle.
///
/// `class` is needed, and at least one of `id_number`, `plate` and `phone` in each row; each of them becomes an
/// identifier of its own. `name` and `note` may be there for people who read the file; they are not kept.
///
/// # Errors
///
/// When the file cannot be read as such a table. Faults of single rows are in the [`Import`].
pub fn import(bytes: &[u8], blinder: &Blinder) -> Result<Import, BadCsv> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(BadCsv::TooLarge);
    }
    let mut table = CsvTable::read(bytes, &COLUMNS)?;
    if !table.has("class") || !KINDS.iter().any(|(column, _)| table.has(column)) {
        return Err(BadCsv::MissingColumn);
    }
    let mut import = Import::default();
    while let Some(cells) = table.row()? {
        import.rows += 1;
        match row(&cells, blinder).and_then(|(identifiers, class)| import.take(&identifiers, class)) {
            Ok(()) => {}
            Err((column, why)) => {
                import.skipped += 1;
                if import.faults.len() < FAULTS_LISTED_MAX {
                    import.faults.push(Fault { line: cells.line, column, why });
                }
            }
        }
    }
    Ok(import)
}

impl From<BadTable> for BadCsv {
    fn from(bad: BadTable) -> Self {
        match bad {
            BadTable::NotUtf8 => Self::NotUtf8,
            BadTable::UnknownColumn(number) => Self::UnknownColumn { number },
            BadTable::ColumnTwice(column) => Self::ColumnTwice(column),
        }
    }
}

/// The column, and what is wrong there.
type RowFault = (&'static str, &'static str);

/// The column, and what is written there, blinded.
type Identifier = (&'static str, Blinded);

impl Import {
    fn take(&mut self, identifiers: &[Identifier], class: Class) -> Result<(), RowFault> {
        let other =
            |(_, blinded): &&Identifier| self.people.get(blinded).is_some_and(|known| *known != class);
        if let Some((column, _)) = identifiers.iter().find(other) {
            return Err((column, "is on the list already, with another class"));
        }
        self.people.extend(identifiers.iter().map(|(_, blinded)| (*blinded, class)));
        Ok(())
    }
}

/// What is written in `column`; `None` where nothing is.
pub(super) fn cell(cells: &CsvRow<'_>, column: &str) -> Option<Pii<String>> {
    cells.get(column).map(|text| Pii::new(text.to_owned()))
}

fn row(cells: &CsvRow<'_>, blinder: &Blinder) -> Result<(Vec<Identifier>, Class), RowFault> {
    if cells.is_too_wide() {
        return Err(("class", "the row has more cells than there are headings"));
    }
    let class = cells.get("class").ok_or(("class", "is missing"))?;
    let class = class_of(class).ok_or(("class", "names no class"))?;
    let mut identifiers = Vec::new();
    for (column, kind) in KINDS {
        if let Some(text) = cell(cells, column) {
            identifiers.push((column, blinded(kind, &text, blinder).map_err(|why| (column, why))?));
        }
    }
    if identifiers.is_empty() {
        return Err(("id_number", "is missing, and so are plate and phone"));
    }
    Ok((identifiers, class))
}

/// What is written in a cell, normalised and blinded.
///
/// # Errors
///
/// What is wrong with it; nothing of it is in that.
pub(super) fn blinded(
    kind: IdentifierKind,
    text: &Pii<String>,
    blinder: &Blinder,
) -> Result<Blinded, &'static str> {
    let normalised = match kind {
        IdentifierKind::IdNumber => {
            IdNumber::parse(text).map(|number| number.normalised().clone()).map_err(|error| error.why())?
        }
        IdentifierKind::Plate => {
            let plate = Plate::parse(text).ok().filter(|plate| plate.form() != Form::Odd);
            plate.ok_or("does not follow the grammar of plates")?.normalised().clone()
        }
        IdentifierKind::Phone => phone::normalised(text).ok_or("is no telephone number")?,
        IdentifierKind::Pass | IdentifierKind::Name => return Err("is nothing that a table identifies by"),
    };
    Ok(blinder.blind(kind, normalised.expose()))
}

fn class_of(text: &str) -> Option<Class> {
    let known = CLASSES.iter().chain(&CHINESE).find(|(name, _)| name.eq_ignore_ascii_case(text));
    known.map(|(_, class)| *class)
}
