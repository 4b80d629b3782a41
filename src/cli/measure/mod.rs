//! `kakou measure`: the screening on recorded data of people, or of a blackbody.
//!
//! What a kiosk would decide of each of them is decided by the code that ships; thresholds and factors of one file can be frozen
//! and applied to another.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | done |
//! | 2 | could not: a file, a column or a cell is told |

mod against;
mod columns;
mod decisions;
mod frozen;
mod number;
mod people;
mod report;
mod table;

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use data_encoding::HEXLOWER;
use serde::Serialize;

use self::columns::Columns;
use self::people::{Half, People};
use self::table::Table;
use crate::base::CentiCelsius;
use crate::config::Site;
use crate::journal::merkle::sha256;
use crate::model::{BodySite, ScreeningRule};
use crate::thermometry::study::evaluation::evaluate;

/// What to measure.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// CSV with columns skin and surroundings, in °C; also reference (a contact or oral thermometer), site, id (several rows of one
    /// are repeated readings: the median counts), outdoor.
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// Columns under other headings, such as skin=T_1+T_2,id=SubjectID; those joined by + are repeated readings.
    #[arg(long, value_name = "NAME=HEADING[+HEADING]", value_delimiter = ',')]
    columns: Vec<String>,
    /// The line with the headings, from 1.
    #[arg(long, value_name = "LINE", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    header_row: u64,
    /// A column (or skin, reference, surroundings, outdoor) that is in °F. No other is converted.
    #[arg(long, value_name = "HEADING")]
    fahrenheit: Vec<String>,
    /// Where on the body; where the file says it, only rows of this site.
    #[arg(long, value_parser = columns::site)]
    site: Option<BodySite>,
    /// Reference temperature in °C from which on somebody has a fever: 37.5 is the oral convention, 37.3 the axillary one.
    #[arg(long, value_name = "CELSIUS", default_value = "37.5", value_parser = celsius)]
    fever: CentiCelsius,
    /// The site's configuration whose [thermometry] rules; without it, what rules where a site says nothing.
    #[arg(long, value_name = "kiosk.toml")]
    config: Option<PathBuf>,
    /// Takes one half of the subjects, by the rank of their ids.
    #[arg(long)]
    half: Option<Half>,
    /// Says the same as data.
    #[arg(long)]
    json: bool,
    /// Writes what was decided of each subject into this file.
    #[arg(long, value_name = "OUT.csv")]
    decisions: Option<PathBuf>,
    #[command(flatten)]
    freezing: frozen::Freezing,
    #[command(flatten)]
    blackbody: against::Blackbody,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let done = measure(arguments, &mut out).and_then(|()| Ok(out.flush().map(|()| true)?));
    super::outcome("kakou measure", done)
}

fn measure(arguments: &Arguments, out: &mut impl Write) -> Result<()> {
    let table = Table::read(&arguments.file, arguments.header_row)?;
    let rule = match &arguments.config {
        Some(path) => Site::read(path)?.policy.screening,
        None => ScreeningRule::PLAIN,
    };
    if arguments.blackbody.asked() {
        return against::measure(arguments, &table, &rule, out);
    }
    let applied = arguments.freezing.applied()?;
    let only = match &applied {
        Some(frozen) if arguments.site.is_some_and(|site| site != frozen.site) => {
            bail!("--site: what is applied was frozen for {}", frozen.site.name())
        }
        Some(frozen) => Some(frozen.site),
        None => arguments.site,
    };
    let columns = Columns::find(&table, &arguments.columns, &arguments.fahrenheit)?;
    let people = people::read(&table, &columns, only, arguments.half)?;
    if people.by_site.is_empty() {
        bail!("{}: nobody is left: {} rows, left out {:?}", table.file, people.rows, people.left_out);
    }
    let source = Source::new(arguments, &table, &columns, &people);
    let rule = applied.as_ref().map_or(rule, |frozen| frozen.rule(&rule));
    if let Some(path) = &arguments.decisions {
        decisions::write(path, people.by_site.values().flatten(), &rule)?;
    }
    if let Some(frozen) = applied {
        return frozen::apply(arguments, &source, &frozen, &people, &rule, out);
    }
    if arguments.freezing.fits() {
        return frozen::fit(arguments, &source, &people, &rule, out);
    }
    let sites: BTreeMap<&str, _> = people
        .by_site
        .iter()
        .map(|(site, people)| (site.name(), evaluate(people, &rule, arguments.fever)))
        .collect();
    if arguments.json {
        return json(out, &serde_json::json!({ "source": source, "sites": sites }));
    }
    source.print(out)?;
    writeln!(out, "  rule       {rule}")?;
    writeln!(out, "             (another site than this takes its own published factor and no correction)")?;
    sites.iter().try_for_each(|(site, evaluation)| report::print(site, evaluation, out))
}

/// Where people are from.
#[derive(Debug, Serialize)]
struct Source {
    file: String,
    sha256: String,
    columns: String,
    half: Option<&'static str>,
    rows: usize,
    left_out: BTreeMap<&'static str, usize>,
    people: usize,
}

impl Source {
    fn new(arguments: &Arguments, table: &Table, columns: &Columns, people: &People) -> Self {
        Self {
            file: table.file.clone(),
            sha256: HEXLOWER.encode(&sha256(&table.bytes)),
            columns: columns.describe(table),
            half: arguments.half.map(|half| match half {
                Half::Odd => "odd",
                Half::Even => "even",
            }),
            rows: people.rows,
            left_out: people.left_out.clone(),
            people: people.by_site.values().map(Vec::len).sum(),
        }
    }

    fn print(&self, out: &mut impl Write) -> Result<()> {
        writeln!(out, "file         {}", self.file)?;
        writeln!(out, "  SHA-256    {}", self.sha256)?;
        writeln!(out, "  columns    {}", self.columns)?;
        let half =
            self.half.map_or(String::new(), |half| format!(", the {half} half of them by the rank of ids"));
        writeln!(out, "  people     {} of {} rows{half}", self.people, self.rows)?;
        for (why, rows) in &self.left_out {
            writeln!(out, "  left out   {rows} rows: {why}")?;
        }
        Ok(())
    }
}

fn json(out: &mut impl Write, value: &impl Serialize) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    Ok(writeln!(out)?)
}

/// A temperature of a person, for an argument.
fn celsius(text: &str) -> Result<CentiCelsius, String> {
    let degrees = text.parse::<f64>().ok().filter(|degrees| (30.0..=45.0).contains(degrees));
    degrees.and_then(CentiCelsius::from_degrees).ok_or_else(|| "must be 30 to 45 °C".to_owned())
}
