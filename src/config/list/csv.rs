//! Reads a push from a spreadsheet's CSV file; what is wrong is named by line and column, never by its value.
//!
//! A line of headings in Chinese or English, then a row a person or vehicle. Each identifier in a row becomes an entry
//! of its own.
//!
//! | heading | what |
//! |---|---|
//! | `id_number`, `plate`, `phone` · 身份证号, 车牌号, 手机号 … | whom it concerns; at least one, and of a kind that the list holds |
//! | `until` · 截止日期 … | the last day, or a time: at that time it is over. Needed |
//! | `from` · 开始日期 … | the first day, or a time; at once where nothing is written |
//! | `name`, `note` · 姓名, 备注 | for people who read the file; not kept |
//!
//! A day is `2026-12-31` or `2026/12/31`, a time `2026-12-31 18:00`, both as the place counts its hours.
//!
//! A push is the whole list: a row that was left out would be somebody who was quietly taken off. So one row with a
//! fault refuses all of it.

use std::collections::BTreeMap;
use std::fmt;

use super::super::roster_csv;
use super::ListRule;
use super::change::ends_in_time;
use super::rows::Span;
use crate::base::Wall;
use crate::model::csv_table::{BadTable, Column, CsvRow, CsvTable};
use crate::model::width::narrow;
use crate::model::{Blinded, Blinder};

/// Largest file, in bytes.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Most faults that are listed; all are counted.
pub const FAULTS_LISTED_MAX: usize = 100;

/// Columns with the headings that name them, first the one that messages use.
const COLUMNS: [Column; 7] = [
    ("id_number", &["身份证号", "身份证号码", "证件号码"]),
    ("plate", &["车牌号", "车牌", "车牌号码"]),
    ("phone", &["手机号", "手机号码", "手机", "电话", "电话号码"]),
    ("from", &["开始日期", "起始日期", "开始"]),
    ("until", &["截止日期", "结束日期", "截止", "到期"]),
    ("name", &["姓名"]),
    ("note", &["备注"]),
];

/// What a CSV file gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// Blinded identifiers, and when each counts.
    pub entries: BTreeMap<Blinded, Span>,
    /// Rows that were read.
    pub rows: usize,
    /// Rows that have a fault.
    pub faulty: usize,
    /// What is wrong with the first of them.
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
        write!(f, "第 {} 行 line {}: {}: {}", self.line, self.line, self.column, self.why)
    }
}

/// Why a file cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCsv {
    /// Too large.
    #[error("文件过大 file is larger than {FILE_BYTES_MAX} bytes")]
    TooLarge,
    /// Not UTF-8.
    #[error(
        "文件不是 UTF-8，请另存为“CSV UTF-8” file is not UTF-8; save it from the spreadsheet as \"CSV UTF-8\""
    )]
    NotUtf8,
    /// A column that nobody reads.
    #[error(
        "第 1 行 line 1: 第 {number} 列标题不认识 column {number} has an unknown heading; known are {}",
        known()
    )]
    UnknownColumn {
        /// Its number, from 1.
        number: usize,
    },
    /// A heading twice.
    #[error("第 1 行 line 1: 标题 {0} 重复 heading {0} is there twice")]
    ColumnTwice(&'static str),
    /// A column of identifiers that the list does not hold.
    #[error("第 1 行 line 1: 本名单不收 {0} this list does not hold {0}")]
    NotHeld(&'static str),
    /// A column that is needed.
    #[error(
        "第 1 行 line 1: 须有截止日期和至少一种号码 there must be a column until and at least one of id_number, plate and phone"
    )]
    MissingColumn,
}

fn known() -> String {
    COLUMNS.iter().map(|(column, chinese)| format!("{column} {}", chinese[0])).collect::<Vec<_>>().join(", ")
}

/// What a push is read by.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'r> {
    /// The list.
    pub rule: &'r ListRule,
    /// Blinds what is read.
    pub blinder: &'r Blinder,
    /// What time it is.
    pub now: Wall,
    /// How far the place is ahead of UTC, in minutes.
    pub ahead_minutes: i16,
}

/// Reads the CSV file `bytes`.
///
/// # Errors
///
/// When the file cannot be read as such a table. Faults of single rows are in the [`Import`].
pub fn import(bytes: &[u8], reading: &Reading<'_>) -> Result<Import, BadCsv> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(BadCsv::TooLarge);
    }
    let mut table = CsvTable::read(bytes, &COLUMNS)?;
    check(table.columns(), reading.rule)?;
    let mut import = Import::default();
    while let Some(cells) = table.row()? {
        import.rows += 1;
        if let Err((column, why)) = row(&cells, reading).and_then(|row| import.take(row)) {
            import.faulty += 1;
            if import.faults.len() < FAULTS_LISTED_MAX {
                import.faults.push(Fault { line: cells.line, column, why });
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

/// What a row names, by column, and when it counts.
type Row = (Vec<(&'static str, Blinded)>, Span);

impl Import {
    fn take(&mut self, (identifiers, span): Row) -> Result<(), RowFault> {
        for (column, blinded) in identifiers {
            if self.entries.insert(blinded, span).is_some_and(|known| known != span) {
                return Err((column, "已在前面出现，日期不同 stands above already, with other days"));
            }
        }
        Ok(())
    }
}

/// Whether there is what is needed, and no identifier that the list does not hold.
fn check(columns: &[&'static str], rule: &ListRule) -> Result<(), BadCsv> {
    let mut names_somebody = false;
    for (column, kind) in roster_csv::KINDS.iter().filter(|(column, _)| columns.contains(column)) {
        if !rule.holds.contains(kind) {
            return Err(BadCsv::NotHeld(column));
        }
        names_somebody = true;
    }
    if names_somebody && columns.contains(&"until") { Ok(()) } else { Err(BadCsv::MissingColumn) }
}

fn row(cells: &CsvRow<'_>, reading: &Reading<'_>) -> Result<Row, RowFault> {
    if cells.is_too_wide() {
        return Err(("until", "单元格多于标题 the row has more cells than there are headings"));
    }
    let mut identifiers = Vec::new();
    for (column, kind) in roster_csv::KINDS {
        if let Some(text) = roster_csv::cell(cells, column) {
            let blinded = roster_csv::blinded(kind, &text, reading.blinder).map_err(|why| (column, why))?;
            identifiers.push((column, blinded));
        }
    }
    if identifiers.is_empty() {
        return Err(("id_number", "缺号码 is missing, and so is every other identifier"));
    }
    Ok((identifiers, span(cells, reading)?))
}

fn span(cells: &CsvRow<'_>, reading: &Reading<'_>) -> Result<Span, RowFault> {
    const NO_TIME: &str = "不是日期 is no day such as 2026-12-31";
    let Reading { rule, now, ahead_minutes, .. } = *reading;
    let until = cells.get("until").ok_or(("until", "缺截止日期 is missing: no entry is for ever"))?;
    let until = Written::read(until).ok_or(("until", NO_TIME))?.end();
    let until = until - i64::from(ahead_minutes) * 60;
    if Wall::from_secs(until) <= now {
        return Err(("until", "已经过去 has passed already"));
    }
    if !ends_in_time(rule, until, now) {
        return Err(("until", "晚于允许的天数 is later than the list allows (days_max)"));
    }
    let from = match cells.get("from") {
        None => 0,
        Some(text) => {
            let begin = Written::read(text).ok_or(("from", NO_TIME))?.begin();
            begin - i64::from(ahead_minutes) * 60
        }
    };
    if from >= until {
        return Err(("from", "不早于截止 is not before the end"));
    }
    let secs = |column, secs: i64| u32::try_from(secs).map_err(|_| (column, NO_TIME));
    Ok(Span { from: secs("from", from.max(0))?, until: secs("until", until)? })
}

/// A day or a time as it is written, in seconds since 1970 at the place.
enum Written {
    Day(i64),
    Time(i64),
}

const DAY: i64 = 86_400;

impl Written {
    fn read(text: &str) -> Option<Self> {
        let plain: String = text.chars().map(narrow).map(|c| if c == '/' { '-' } else { c }).collect();
        let (day, time) = match plain.trim().split_once([' ', 'T']) {
            Some((day, time)) => (day, Some(time.trim())),
            None => (plain.trim(), None),
        };
        let midnight = midnight(day)?;
        let Some(time) = time else { return Some(Self::Day(midnight)) };
        let mut parts = time.split(':').map(|part| number(part, 2));
        let (hours, minutes) = (parts.next()??, parts.next()??);
        let seconds = parts.next().unwrap_or(Some(0))?;
        let good = parts.next().is_none() && hours < 24 && minutes < 60 && seconds < 60;
        good.then_some(Self::Time(midnight + hours * 3_600 + minutes * 60 + seconds))
    }

    /// When it begins.
    fn begin(&self) -> i64 {
        match self {
            Self::Day(at) | Self::Time(at) => *at,
        }
    }

    /// When it is over: a day at its end.
    fn end(&self) -> i64 {
        match self {
            Self::Day(at) => *at + DAY,
            Self::Time(at) => *at,
        }
    }
}

/// The beginning of a day as `2026-3-1` or `2026-03-01`, in seconds since 1970 where it is written.
fn midnight(day: &str) -> Option<i64> {
    let mut parts = day.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let year = number(year, 4).filter(|year| (2_000..=2_100).contains(year))?;
    let (year, month, day) = (
        i16::try_from(year).ok()?,
        i8::try_from(number(month, 2)?).ok()?,
        i8::try_from(number(day, 2)?).ok()?,
    );
    let date = jiff::civil::Date::new(year, month, day).ok().filter(|_| parts.next().is_none())?;
    let at = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(at.timestamp().as_second())
}

fn number(text: &str, digits_max: usize) -> Option<i64> {
    let good = (1..=digits_max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| text.parse().ok())?
}
