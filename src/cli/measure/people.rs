//! Recorded rows as people: several rows of one subject are repeated readings of them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use super::columns::{Columns, Role, site};
use super::number::temperature;
use super::table::{Row, Table};
use crate::base::CentiCelsius;
use crate::model::BodySite;
use crate::thermometry::study::Person;
use crate::thermometry::study::spread::median;

/// Most bad cells that are told.
const TOLD_MAX: usize = 20;

/// One half of the subjects: by the rank of their ids, from 1, in the order in which people count (`7-9` before `7-10`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Half {
    /// The first, third, fifth …
    Odd,
    /// The second, fourth, sixth …
    Even,
}

/// The people of a file.
pub struct People {
    /// By where they were measured, in the order of the file.
    pub by_site: BTreeMap<BodySite, Vec<Person>>,
    /// Rows that there are.
    pub rows: usize,
    /// How many were left out, and why.
    pub left_out: BTreeMap<&'static str, usize>,
}

/// What the rows of a subject at one site say.
#[derive(Default)]
struct Gathered {
    readings: Vec<f64>,
    surroundings: Vec<f64>,
    reference: Vec<f64>,
    outdoor: Vec<f64>,
}

/// Reads the people of `table`. With `only`, rows of another site are left out; a table that names none is all of that site, by
/// default the middle of the forehead.
///
/// # Errors
///
/// Every cell that cannot be read, by file, line and column.
pub fn read(table: &Table, columns: &Columns, only: Option<BodySite>, half: Option<Half>) -> Result<People> {
    let (mut bad, mut left_out) = (Vec::new(), BTreeMap::new());
    let mut order: Vec<(BodySite, String)> = Vec::new();
    let mut gathered = BTreeMap::<(BodySite, String), Gathered>::new();
    let mut ids = BTreeSet::new();
    for row in &table.rows {
        let id = id(columns, row);
        ids.insert(Natural(id.clone()));
        let read = Role::ALL.map(|role| cells(table, columns, row, role, &mut bad));
        let [skin, surroundings, reference, outdoor, ..] = read;
        let place = place(table, columns, row, only, &mut bad);
        let why = match place {
            _ if skin.is_empty() => Err("no skin temperature"),
            _ if surroundings.is_empty() => Err("no temperature of the surroundings"),
            Some(place) if only.is_some_and(|only| only != place) => Err("another site"),
            Some(place) => Ok(place),
            None => Err("no site"),
        };
        match why {
            Ok(place) => {
                let key = (place, id);
                if !gathered.contains_key(&key) {
                    order.push(key.clone());
                }
                let all = gathered.entry(key).or_default();
                all.readings.extend(skin);
                all.surroundings.extend(surroundings);
                all.reference.extend(reference);
                all.outdoor.extend(outdoor);
            }
            Err(why) => *left_out.entry(why).or_default() += 1,
        }
    }
    if !bad.is_empty() {
        let more = bad.len().saturating_sub(TOLD_MAX);
        bad.truncate(TOLD_MAX);
        let more = if more > 0 { format!("\nand {more} cells more") } else { String::new() };
        bail!("{}{more}", bad.join("\n"));
    }
    let taken = taken(ids, half);
    let mut by_site = BTreeMap::<BodySite, Vec<Person>>::new();
    for key in order.into_iter().filter(|(_, id)| taken.contains(id)) {
        if let Some((all, (site, id))) = gathered.remove(&key).zip(Some(key)) {
            by_site.entry(site).or_default().extend(all.person(site, id));
        }
    }
    Ok(People { by_site, rows: table.rows.len(), left_out })
}

impl Gathered {
    fn person(self, site: BodySite, id: String) -> Option<Person> {
        let middle = |values: &[f64]| median(values).and_then(CentiCelsius::from_degrees);
        Some(Person {
            id,
            site,
            surroundings: middle(&self.surroundings)?,
            outdoor: middle(&self.outdoor),
            reference: middle(&self.reference),
            readings: self.readings,
        })
    }
}

/// The temperatures of `role` in `row`. Cells that are none are told in `bad`.
fn cells(table: &Table, columns: &Columns, row: &Row, role: Role, bad: &mut Vec<String>) -> Vec<f64> {
    let Some(quantity) = role.quantity() else { return Vec::new() };
    let mut found = Vec::new();
    for column in columns.of(role).iter().copied() {
        match temperature(row.cell(column), quantity, columns.unit(column)) {
            Ok(value) => found.extend(value),
            Err(why) => bad.push(at(table, row, column, &why)),
        }
    }
    found
}

fn place(
    table: &Table,
    columns: &Columns,
    row: &Row,
    only: Option<BodySite>,
    bad: &mut Vec<String>,
) -> Option<BodySite> {
    let Some(column) = columns.of(Role::Site).first().copied() else {
        return Some(only.unwrap_or_default());
    };
    let cell = row.cell(column);
    if cell.is_empty() {
        return None;
    }
    site(cell).map_err(|why| bad.push(at(table, row, column, &why))).ok()
}

fn at(table: &Table, row: &Row, column: usize, why: &impl std::fmt::Display) -> String {
    format!("{}, line {}, column {}: {why}", table.file, row.line, table.label(column))
}

/// Who a row is of. Without an id it is somebody of their own.
fn id(columns: &Columns, row: &Row) -> String {
    let id = columns.of(Role::Id).first().map_or("", |column| row.cell(*column));
    if id.is_empty() { format!("line {}", row.line) } else { id.to_owned() }
}

fn taken(ids: BTreeSet<Natural>, half: Option<Half>) -> BTreeSet<String> {
    let first = match half {
        None => return ids.into_iter().map(|id| id.0).collect(),
        Some(Half::Odd) => 0,
        Some(Half::Even) => 1,
    };
    ids.into_iter().map(|id| id.0).skip(first).step_by(2).collect()
}

/// An id in the order in which people count.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Natural(String);

impl Natural {
    /// Its parts: words as they are, numbers by their length without zeros in front, then by their digits.
    fn parts(&self) -> Vec<(usize, &str)> {
        let mut parts = Vec::new();
        let mut rest = self.0.as_str();
        while let Some(first) = rest.chars().next() {
            let digits = first.is_ascii_digit();
            let end = rest.find(|letter: char| letter.is_ascii_digit() != digits).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            let part = if digits { part.trim_start_matches('0') } else { part };
            parts.push((if digits { part.len() + 1 } else { 0 }, part));
            rest = after;
        }
        parts
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.parts().cmp(&other.parts()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_in_which_people_count() {
        let mut ids = ["161117-10", "161117-9", "161118-1", "161117-010", "a", "161117-1", "b2", "b10", ""]
            .map(|id| Natural(id.to_owned()));
        ids.sort();
        let ids: Vec<&str> = ids.iter().map(|id| id.0.as_str()).collect();
        assert_eq!(
            ids,
            ["", "a", "b2", "b10", "161117-1", "161117-9", "161117-010", "161117-10", "161118-1"]
        );
    }

    #[test]
    fn the_halves_are_everybody_once() {
        let ids: BTreeSet<Natural> = (1..=7).map(|n| Natural(format!("s{n}"))).collect();
        let odd = taken(ids.clone(), Some(Half::Odd));
        let even = taken(ids.clone(), Some(Half::Even));
        assert_eq!((odd.len(), even.len()), (4, 3));
        assert!(odd.is_disjoint(&even) && odd.contains("s1") && even.contains("s2"));
        assert_eq!(taken(ids, None).len(), 7);
    }
}
