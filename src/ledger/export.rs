//! The ledger as a table file for offices.
//!
//! CSV (RFC 4180) in UTF-8 with a byte-order mark, because spreadsheet programs otherwise guess another encoding for
//! Chinese. Column names are stable; new ones are added at the end.
//!
//! `time_utc` is the best known time and `time_sure` says whether a time service vouches for it. What is certain
//! stands in the last three columns: not before `time_from_utc`, not after `time_until_utc` (empty: nothing says),
//! and what that rests on, `time_known`, as [`crate::model::Known`] names it.

use std::io::Write;

use super::access::Officer;
use super::record::{SEAL_COLUMNS, record_key, stored_seal};
use super::schema::{Error, Ledger, name_of};
use super::search::{Cursor, Filter, Row};
use crate::base::{Pii, Wall};
use crate::model::{Person, Personal, Placed};

/// Which columns an export has.
#[derive(Clone, Debug)]
pub enum Columns {
    /// Nothing about persons.
    Public,
    /// Also who it was, opened for an officer with a reason; the access log records it first.
    Personal(Officer),
}

const PUBLIC: [&str; 17] = [
    "kiosk",
    "epoch",
    "seq",
    "time_utc",
    "time_sure",
    "lane",
    "subject",
    "direction",
    "class",
    "verdict",
    "opens_barrier",
    "superseded",
    "reason",
    "decided_by",
    "occupants",
    "took_ms",
    "crossing",
];

const TIMES: [&str; 3] = ["time_from_utc", "time_until_utc", "time_known"];

const PERSONAL: [&str; 6] = ["plate", "names", "id_numbers", "phones", "origins", "skin_celsius"];

impl Ledger {
    /// Writes the passages that `filter` lets through, newest first; returns how many.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read, or the access not recorded (nothing is written then), or `out` fails.
    pub fn export(
        &mut self,
        filter: &Filter,
        columns: &Columns,
        now: Wall,
        mut out: impl Write,
    ) -> Result<u64, Error> {
        const PAGE: usize = 500;
        let officer = match columns {
            Columns::Public => None,
            Columns::Personal(officer) => Some(officer),
        };
        if let Some(officer) = officer {
            let count = self.count(filter)?;
            self.log_access(officer, &format!("export of {count} records"), now)?;
        }
        out.write_all("\u{FEFF}".as_bytes()).map_err(csv::Error::from)?;
        let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        let personal = if officer.is_some() { &PERSONAL[..] } else { &[] };
        csv.write_record(PUBLIC.iter().chain(personal).chain(&TIMES).chain(&["proven"]))?;
        let (mut after, mut written): (Option<Cursor>, u64) = (None, 0);
        loop {
            let page = self.passages(filter, after, PAGE)?;
            for row in &page.rows {
                let mut cells = public_cells(row).to_vec();
                if officer.is_some() {
                    cells.extend(personal_cells(&self.personal_of(row)?));
                }
                cells.extend(time_cells(&row.placed));
                cells.push(if row.proven { "yes" } else { "no" }.to_owned());
                csv.write_record(cells.iter().map(|cell| guarded(cell)))?;
                written += 1;
            }
            after = page.next;
            if after.is_none() {
                csv.flush().map_err(csv::Error::from)?;
                return Ok(written);
            }
        }
    }

    fn personal_of(&self, row: &Row) -> Result<Personal, Error> {
        let Some(state) = self.log_state(&row.id.kiosk, row.id.epoch)? else {
            return Ok(Personal::default());
        };
        let key = record_key(state.log, row.id.seq.get());
        let sql = format!("SELECT {SEAL_COLUMNS} FROM entries WHERE record = ?1");
        let mut query = self.db.prepare_cached(&sql)?;
        let mut rows = query.query([key])?;
        let Some(row) = rows.next()? else { return Ok(Personal::default()) };
        let sealed = stored_seal(row, 0)?;
        Ok(self.open_box(state.log, &sealed)?.unwrap_or_default())
    }
}

fn public_cells(row: &Row) -> [String; 17] {
    let yes = |value: bool| if value { "yes" } else { "no" }.to_owned();
    [
        row.id.kiosk.to_string(),
        row.id.epoch.to_string(),
        row.id.seq.to_string(),
        utc(row.placed.best),
        yes(row.placed.is_sure()),
        row.lane.as_ref().map(ToString::to_string).unwrap_or_default(),
        name_of(&row.subject),
        name_of(&row.direction),
        name_of(&row.class),
        row.verdict.name().to_owned(),
        yes(row.verdict.opens_barrier()),
        yes(row.superseded),
        row.reason.map(|reason| name_of(&reason)).unwrap_or_default(),
        row.decided_by.as_ref().map_or_else(|| "policy".to_owned(), ToString::to_string),
        row.occupants.to_string(),
        row.took_ms.to_string(),
        row.crossing.map(|crossing| name_of(&crossing)).unwrap_or_default(),
    ]
}

fn time_cells(placed: &Placed) -> [String; 3] {
    let time = |wall: Option<Wall>| wall.map(utc).unwrap_or_default();
    [time(placed.earliest), time(placed.latest), name_of(&placed.known)]
}

fn utc(wall: Wall) -> String {
    jiff::Timestamp::from_millisecond(wall.0).map_or_else(|_| String::new(), |time| time.to_string())
}

fn personal_cells(personal: &Personal) -> [String; 6] {
    let exposed = |text: &Option<Pii<String>>| text.as_ref().map(|text| text.expose().clone());
    let people = |field: &dyn Fn(&Person) -> Option<String>| {
        let all: Vec<String> =
            personal.people.iter().map(|person| field(person).unwrap_or_default()).collect();
        if all.iter().all(String::is_empty) { String::new() } else { all.join("; ") }
    };
    [
        personal.vehicle.as_ref().and_then(|vehicle| exposed(&vehicle.plate)).unwrap_or_default(),
        people(&|person| exposed(&person.name)),
        people(&|person| exposed(&person.id_number).or_else(|| person.masked_number())),
        people(&|person| exposed(&person.phone)),
        people(&|person| exposed(&person.origin)),
        people(&|person| {
            let value = person.contact.as_ref().or(person.skin.as_ref());
            value.map(|value| value.expose().to_string())
        }),
    ]
}

/// A cell that no spreadsheet program takes for a formula.
///
/// A text that begins with one of the characters that start a formula gets an apostrophe before it. Source: OWASP,
/// "CSV Injection".
fn guarded(cell: &str) -> String {
    let risky = cell
        .trim_start_matches([' ', '\u{FEFF}'])
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if risky { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn no_cell_is_a_formula() {
        for bad in ["=1+1", "+86 138", "-1", "@SUM(A1)", "\t=1", " =1", "＝1", "\r=1"] {
            assert!(guarded(bad).starts_with('\''), "{bad:?}");
        }
        for good in ["", "王小明", "川KA3476", "11010519491231002X", "36.6"] {
            assert_eq!(guarded(good), good);
        }
    }
}
