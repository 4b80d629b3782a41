//! A table as a spreadsheet saves or pastes it: a line of headings, then rows, each with the line on which it stands.
//!
//! UTF-8, with or without a byte order mark; separated by commas, or by tabs where the line of headings has one. Lines
//! without anything are passed over. What is wrong is told by line and column and never by what is written there.

/// A column: the name that messages use, and its other headings.
pub type Column = (&'static str, &'static [&'static str]);

/// Why a table cannot be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadTable {
    /// Not UTF-8.
    NotUtf8,
    /// A heading that nobody reads, by its number from 1: a misspelt one cannot be lost.
    UnknownColumn(usize),
    /// A heading twice.
    ColumnTwice(&'static str),
}

/// A table that is being read, row by row.
pub struct CsvTable<'t> {
    reader: csv::Reader<&'t [u8]>,
    columns: Vec<&'static str>,
    record: csv::StringRecord,
    lines: Lines<'t>,
}

/// Counts the lines of a text, for records in rising order.
pub struct Lines<'t> {
    text: &'t str,
    /// How far they have been counted: a byte of the text, and the line that it lies on, from 1.
    counted: (usize, u64),
}

/// One row.
pub struct CsvRow<'r> {
    columns: &'r [&'static str],
    record: &'r csv::StringRecord,
    /// The line of the text on which it begins, from 1, as an editor counts.
    pub line: u64,
}

impl<'t> CsvTable<'t> {
    /// Reads the headings of `bytes`, all of which are of `known`.
    ///
    /// # Errors
    ///
    /// When it is no such table.
    pub fn read(bytes: &'t [u8], known: &[Column]) -> Result<Self, BadTable> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| BadTable::NotUtf8)?;
        let headings = text.trim_start_matches(['\r', '\n']).split(['\r', '\n']).next().unwrap_or_default();
        let separator = if headings.contains('\t') { b'\t' } else { b',' };
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader.flexible(true).trim(csv::Trim::All).delimiter(separator);
        let mut reader = reader.from_reader(text.as_bytes());
        let columns = columns(reader.headers().map_err(|_| BadTable::NotUtf8)?, known)?;
        Ok(Self { reader, columns, record: csv::StringRecord::new(), lines: Lines::new(text) })
    }

    /// Its columns, in their order, by the names that messages use.
    pub fn columns(&self) -> &[&'static str] {
        &self.columns
    }

    /// Whether there is such a column.
    pub fn has(&self, column: &str) -> bool {
        self.columns.contains(&column)
    }

    /// The next row in which anything is written.
    ///
    /// # Errors
    ///
    /// When the rest cannot be read.
    pub fn row(&mut self) -> Result<Option<CsvRow<'_>>, BadTable> {
        while self.reader.read_record(&mut self.record).map_err(|_| BadTable::NotUtf8)? {
            if self.record.iter().all(str::is_empty) {
                continue;
            }
            let line = self.lines.begins(&self.record);
            return Ok(Some(CsvRow { columns: &self.columns, record: &self.record, line }));
        }
        Ok(None)
    }
}

impl<'t> Lines<'t> {
    /// The lines of `text`.
    pub fn new(text: &'t str) -> Self {
        Self { text, counted: (0, 1) }
    }

    /// The line on which `record` begins, from 1; its position is before the empty lines that were passed over.
    pub fn begins(&mut self, record: &csv::StringRecord) -> u64 {
        let byte = record.position().map_or(0, csv::Position::byte);
        let at = usize::try_from(byte).unwrap_or(usize::MAX);
        let from_there = self.text.get(at..).unwrap_or_default();
        let begins = self.text.len() - from_there.trim_start_matches(['\r', '\n']).len();
        let (counted, line) = self.counted;
        let passed = self.text.get(counted..begins).unwrap_or_default();
        let ends =
            passed.matches('\n').count() + passed.matches('\r').count() - passed.matches("\r\n").count();
        self.counted = (begins, u64::try_from(ends).map_or(u64::MAX, |ends| line.saturating_add(ends)));
        self.counted.1
    }
}

impl CsvRow<'_> {
    /// What is written in `column`; `None` where nothing is.
    pub fn get(&self, column: &str) -> Option<&str> {
        let index = self.columns.iter().position(|known| *known == column)?;
        self.record.get(index).filter(|text| !text.is_empty())
    }

    /// Whether it has more cells than there are headings.
    pub fn is_too_wide(&self) -> bool {
        self.record.len() > self.columns.len()
    }
}

fn columns(headings: &csv::StringRecord, known: &[Column]) -> Result<Vec<&'static str>, BadTable> {
    let mut columns = Vec::new();
    for (index, heading) in headings.iter().enumerate() {
        let is_it =
            |(column, others): &&Column| heading.eq_ignore_ascii_case(column) || others.contains(&heading);
        let (column, _) = *known.iter().find(is_it).ok_or(BadTable::UnknownColumn(index + 1))?;
        if columns.contains(&column) {
            return Err(BadTable::ColumnTwice(column));
        }
        columns.push(column);
    }
    Ok(columns)
}
