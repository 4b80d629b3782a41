//! A recorded table with any columns: a line of headings somewhere, then rows.
//!
//! UTF-8, with or without a byte order mark; separated by commas, semicolons, tabs or bars, whichever the line of headings has most of.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::model::csv_table::Lines;
use crate::platform::files;

/// Largest file that is read.
const FILE_BYTES_MAX: usize = 64 << 20;
/// What may separate cells.
const SEPARATORS: [char; 4] = [';', '\t', ',', '|'];

/// A table.
pub struct Table {
    /// How messages name the file.
    pub file: String,
    /// All of its bytes.
    pub bytes: Vec<u8>,
    headings: Vec<String>,
    header_row: u64,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// One row.
pub struct Row {
    /// The line on which it begins, from 1.
    pub line: u64,
    cells: csv::StringRecord,
}

impl Table {
    /// Reads `path`, whose headings stand on line `header_row`.
    pub fn read(path: &Path, header_row: u64) -> Result<Self> {
        let file = path.display().to_string();
        let bytes = files::read_if_there(path, FILE_BYTES_MAX).with_context(|| file.clone())?;
        let bytes = bytes.with_context(|| format!("{file}: there is no such file"))?;
        Self::parse(file, bytes, header_row)
    }

    fn parse(file: String, bytes: Vec<u8>, header_row: u64) -> Result<Self> {
        let text = std::str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes));
        let text = text.ok().with_context(|| format!("{file}: is no UTF-8; save it as \"CSV UTF-8\""))?;
        let before = header_row.saturating_sub(1);
        let skipped = usize::try_from(before).unwrap_or(usize::MAX);
        let text = after_lines(text, skipped)
            .with_context(|| format!("{file}: has no line {header_row} with headings"))?;
        let first = text.split(['\r', '\n']).next().unwrap_or_default();
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader.flexible(true).trim(csv::Trim::All).has_headers(false);
        let mut reader = reader.delimiter(separator(first)).from_reader(text.as_bytes());
        let (mut lines, mut rows, mut headings) = (Lines::new(text), Vec::new(), None);
        for record in reader.records() {
            let record = record.with_context(|| file.clone())?;
            let line = before + lines.begins(&record);
            if headings.is_none() {
                headings = Some(record.iter().map(str::to_owned).collect::<Vec<_>>());
            } else if record.iter().any(|cell| !cell.is_empty()) {
                rows.push(Row { line, cells: record });
            }
        }
        let headings = headings.unwrap_or_default();
        let table = Self { file, bytes, headings, header_row, rows };
        table.check_widths()?;
        Ok(table)
    }

    /// A decimal comma that separates cells shifts all that follow: a row that is too wide is no row.
    fn check_widths(&self) -> Result<()> {
        let width = self.headings.len();
        let wide = |row: &&Row| row.cells.iter().skip(width).any(|cell| !cell.is_empty());
        let Some(row) = self.rows.iter().find(wide) else { return Ok(()) };
        bail!(
            "{}, line {}: has {} cells under {width} headings; with decimal commas, separate cells by semicolons",
            self.file,
            row.line,
            row.cells.len()
        )
    }

    /// The column with this heading: exactly so, or else regardless of case and spaces.
    ///
    /// # Errors
    ///
    /// When there is none, or several; the message names those that there are.
    pub fn column(&self, heading: &str) -> Result<usize> {
        for same in [exact, alike] {
            let mut found = (0..self.headings.len()).filter(|index| same(&self.headings[*index], heading));
            if let Some(first) = found.next() {
                return match found.next() {
                    None => Ok(first),
                    Some(second) => bail!(
                        "{}: the heading {heading} stands over columns {} and {}",
                        self.file,
                        first + 1,
                        second + 1
                    ),
                };
            }
        }
        bail!("{}: {}", self.file, self.without(&format!("no column {heading}")))
    }

    /// Whether there is such a heading.
    pub fn has(&self, heading: &str) -> bool {
        self.headings.iter().any(|one| alike(one, heading))
    }

    /// That there is `nothing`, with the headings that there are.
    pub fn without(&self, nothing: &str) -> String {
        let named: Vec<&str> = self.named().map(|(_, heading)| heading).collect();
        let row = self.header_row;
        format!(
            "{nothing} on line {row}; it has: {} (headings on another line: --header-row; under other names: --columns)",
            if named.is_empty() { "none".to_owned() } else { named.join(", ") }
        )
    }

    /// The columns that have a heading, with it.
    pub fn named(&self) -> impl Iterator<Item = (usize, &str)> {
        let named = self.headings.iter().enumerate().map(|(index, heading)| (index, heading.as_str()));
        named.filter(|(_, heading)| !heading.is_empty())
    }

    /// How messages name a column: its heading, with its number where that stands twice.
    pub fn label(&self, index: usize) -> String {
        let heading = &self.headings[index];
        if self.headings.iter().filter(|other| *other == heading).count() > 1 {
            format!("{heading} (column {})", index + 1)
        } else {
            heading.clone()
        }
    }
}

impl Row {
    /// What stands in a column; nothing in a row that is too short.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default()
    }
}

fn exact(one: &str, other: &str) -> bool {
    one == other
}

/// Alike but for case and spaces.
fn alike(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// Lower case, without spaces.
pub fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// What `headings` has most of; a semicolon before a comma, which may be within numbers.
fn separator(headings: &str) -> u8 {
    let mut quoted = false;
    let mut counts = [0_usize; SEPARATORS.len()];
    for letter in headings.chars() {
        quoted ^= letter == '"';
        if let Some(index) = SEPARATORS.iter().position(|separator| *separator == letter && !quoted) {
            counts[index] += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let index = counts.iter().position(|count| *count == most && most > 0);
    index.map_or(b',', |index| u8::try_from(SEPARATORS[index]).unwrap_or(b','))
}

/// `text` after so many lines.
fn after_lines(mut text: &str, lines: usize) -> Option<&str> {
    for _ in 0..lines {
        let end = text.find(['\r', '\n'])?;
        let width = if text[end..].starts_with("\r\n") { 2 } else { 1 };
        text = &text[end + width..];
    }
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str, header_row: u64) -> Result<Table> {
        Table::parse("people.csv".to_owned(), text.as_bytes().to_vec(), header_row)
    }

    #[test]
    fn headings_are_found_regardless_of_case_and_spaces() {
        let table = table("\u{feff}ID;Skin Temp;skintemp ;T_1\r\n1;2;3;4\r\n", 1).unwrap();
        assert_eq!(table.column("id").unwrap(), 0);
        assert_eq!(table.column("t_1").unwrap(), 3);
        assert_eq!(table.column("skintemp").unwrap(), 2, "exactly so comes first");
        let twice = table.column("SKIN TEMP").unwrap_err().to_string();
        assert!(twice.ends_with("stands over columns 2 and 3"), "{twice}");
        let none = table.column("ambient").unwrap_err().to_string();
        assert!(none.contains("no column ambient on line 1; it has: ID, Skin Temp, skintemp, T_1"), "{none}");
    }

    #[test]
    fn separators_line_ends_and_lines_before_the_headings_break_nothing() {
        for separator in [";", ",", "\t", "|"] {
            for end in ["\n", "\r\n"] {
                let line = |cells: [&str; 3]| cells.join(separator) + end;
                let text =
                    [line(["x", "", ""]), line(["a", "\"b c\"", "d"]), end.to_owned(), line(["1", "2", "3"])];
                let table = table(&text.concat(), 2).unwrap();
                assert_eq!(table.rows.len(), 1, "{separator:?} {end:?}");
                assert_eq!(table.rows[0].line, 4);
                assert_eq!(table.rows[0].cell(table.column("b c").unwrap()), "2");
            }
        }
    }

    #[test]
    fn a_decimal_comma_that_separates_is_noticed() {
        let wide = table("skin,surroundings\n34,5,22\n", 1).err().unwrap().to_string();
        assert!(wide.starts_with("people.csv, line 2: has 3 cells under 2 headings"), "{wide}");
        assert!(table("skin,surroundings\n\"34,5\",22,\n", 1).is_ok(), "an empty cell at the end is none");
    }

    #[test]
    fn what_is_no_table_is_said() {
        let no_utf8 = Table::parse("a.csv".to_owned(), vec![0xFF, 0xFE, b's'], 1).err().unwrap();
        assert!(no_utf8.to_string().contains("no UTF-8"), "{no_utf8}");
        let short = table("skin\n34\n", 3).err().unwrap().to_string();
        assert_eq!(short, "people.csv: has no line 3 with headings");
    }
}
