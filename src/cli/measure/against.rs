//! `kakou measure --blackbody`: whether devices, and our own mapping, follow what they see.

use std::io::Write;

use anyhow::{Result, bail};
use serde::Serialize;

use super::number::{BadCell, Quantity, Unit, temperature};
use super::table::Table;
use super::{Arguments, json};
use crate::base::CentiCelsius;
use crate::model::{BodySite, ScreeningRule};
use crate::thermometry::study::Person;
use crate::thermometry::study::response::{Order, Response, groups, response};

/// Surroundings that are further apart than this are told apart, in °C.
const APART_C: f64 = 1.0;

/// What to measure on a blackbody.
#[derive(Debug, clap::Args)]
pub struct Blackbody {
    /// The file is of devices before a blackbody: how each of its columns follows the set-point.
    #[arg(long)]
    blackbody: bool,
    /// Column with the blackbody's temperature.
    #[arg(long, value_name = "HEADING", alias = "against", default_value = "SetPoint")]
    set_point: String,
    /// Column with the temperature of the surroundings.
    #[arg(long, value_name = "HEADING", default_value = "Ambient")]
    ambient: String,
    /// Lower end of the range in which slopes are given apart.
    #[arg(long, value_name = "CELSIUS", default_value_t = 33.0)]
    from: f64,
    /// Upper end of it.
    #[arg(long, value_name = "CELSIUS", default_value_t = 35.5)]
    to: f64,
}

/// One device.
#[derive(Debug, Serialize)]
struct Device {
    name: String,
    /// At each of the surroundings.
    responses: Vec<At>,
    /// Why there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<String>,
}

#[derive(Debug, Serialize)]
struct At {
    surroundings_c: [f64; 2],
    #[serde(flatten)]
    response: Response,
}

/// The line that a reading is on, the number of its group of surroundings, the set-point, and the surroundings.
struct Shown {
    row: usize,
    group: usize,
    set_point: f64,
    surroundings: f64,
}

impl Blackbody {
    /// Whether the file is of a blackbody.
    pub fn asked(&self) -> bool {
        self.blackbody
    }
}

/// Measures every column of `table`, and ours under `rule`.
pub fn measure(
    arguments: &Arguments,
    table: &Table,
    rule: &ScreeningRule,
    out: &mut impl Write,
) -> Result<()> {
    let options = &arguments.blackbody;
    let (set_point, ambient) = (table.column(&options.set_point)?, table.column(&options.ambient)?);
    let fahrenheit = arguments.fahrenheit.iter().map(|one| table.column(one)).collect::<Result<Vec<_>>>()?;
    let unit = |column: usize| if fahrenheit.contains(&column) { Unit::Fahrenheit } else { Unit::Celsius };
    let cell = |row: usize, column: usize, quantity| {
        let row = &table.rows[row];
        temperature(row.cell(column), quantity, unit(column)).map_err(|why| {
            anyhow::anyhow!("{}, line {}, column {}: {why}", table.file, row.line, table.label(column))
        })
    };
    let mut shown = Vec::new();
    for row in 0..table.rows.len() {
        let pair = cell(row, set_point, Quantity::Skin)?.zip(cell(row, ambient, Quantity::Surroundings)?);
        shown.extend(pair.map(|(set_point, surroundings)| Shown { row, group: 0, set_point, surroundings }));
    }
    if shown.is_empty() {
        bail!("{}: no row has both {} and {}", table.file, options.set_point, options.ambient);
    }
    let all: Vec<f64> = shown.iter().map(|one| one.surroundings).collect();
    let (group_of, groups) = groups(&all, APART_C);
    shown.iter_mut().zip(group_of).for_each(|(one, group)| one.group = group);
    let within = [options.from, options.to];
    let read = |column: usize| {
        let value =
            |one: &Shown| match temperature(table.rows[one.row].cell(column), Quantity::Skin, unit(column)) {
                Ok(value) => Ok(value),
                Err(why) => Err((table.rows[one.row].line, why)),
            };
        shown.iter().map(value).collect::<Result<Vec<_>, _>>().map_err(|(line, why)| left_out(line, &why))
    };
    let others = table.named().filter(|(column, _)| ![set_point, ambient].contains(column));
    let device = |name: String, values: Result<Vec<Option<f64>>, String>| match values {
        Ok(values) => Device { name, responses: responses(&shown, &values, &groups, within), left_out: None },
        Err(why) => Device { name, responses: Vec::new(), left_out: Some(why) },
    };
    let mut devices: Vec<Device> =
        others.map(|(column, _)| device(table.label(column), read(column))).collect();
    let site = arguments.site.unwrap_or_default();
    let ours = shown.iter().map(|one| core_equivalent(one, site, rule)).collect();
    devices.push(device(format!("kakou, {}", site.name()), Ok(ours)));
    if arguments.json {
        return json(out, &devices);
    }
    print(&devices, within, table, out)
}

fn left_out(line: u64, why: &BadCell) -> String {
    format!("left out, line {line}: {why}")
}

/// What our decision makes of a skin with the blackbody's temperature.
fn core_equivalent(one: &Shown, site: BodySite, rule: &ScreeningRule) -> Option<f64> {
    let person = Person {
        id: String::new(),
        site,
        readings: vec![one.set_point],
        surroundings: CentiCelsius::from_degrees(one.surroundings)?,
        outdoor: None,
        reference: None,
    };
    Some(person.screened(rule).core.degrees())
}

fn responses(shown: &[Shown], values: &[Option<f64>], groups: &[[f64; 2]], within: [f64; 2]) -> Vec<At> {
    let of = |group: usize| {
        let here = shown.iter().zip(values).filter(|(one, _)| one.group == group);
        here.filter_map(|(one, value)| Some((one.set_point, (*value)?))).collect::<Vec<_>>()
    };
    let at = |(group, surroundings_c): (usize, &[f64; 2])| At {
        surroundings_c: *surroundings_c,
        response: response(&of(group), within),
    };
    groups.iter().enumerate().map(at).filter(|at| at.response.readings > 0).collect()
}

fn print(devices: &[Device], within: [f64; 2], table: &Table, out: &mut impl Write) -> Result<()> {
    let [low, high] = within;
    writeln!(out, "file         {}", table.file)?;
    writeln!(
        out,
        "slopes over the set-point: a device that follows what it sees has one or more; 0 is a missing reading"
    )?;
    writeln!(
        out,
        "  {:24} {:>14} {:>8} {:>8} {:>13}  order",
        "device",
        "surroundings",
        "readings",
        "slope",
        format!("{low} to {high} °C")
    )?;
    let number = |value: Option<f64>| value.map_or("none".to_owned(), |value| format!("{value:.2}"));
    for Device { name, responses, left_out } in devices {
        if responses.is_empty() {
            writeln!(out, "  {name:24} {}", left_out.as_deref().unwrap_or("no readings"))?;
        }
        for At { surroundings_c: [from, to], response } in responses {
            let order = match response.order {
                Order::Monotone => "monotone",
                Order::Broken => "falls somewhere",
            };
            writeln!(
                out,
                "  {name:24} {:>14} {:>8} {:>8} {:>13}  {order}",
                format!("{from:.1} to {to:.1}"),
                response.readings,
                number(response.slope),
                number(response.slope_within)
            )?;
        }
    }
    Ok(())
}
