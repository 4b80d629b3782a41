//! `kakou journal sheet`: one day as a signed sheet of paper, for when not even a stick gets to the hub.

mod page;
mod rows;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::carry::Own;
use crate::base::Seq;
use crate::config::Site;
use crate::hub::words;
use crate::journal::Reader;
use crate::journal::reader::{self, LogName, logs};
use crate::platform::disk::DirDisk;
use crate::platform::files::write_atomically;
use crate::sync::sheet::{Counter, SiteDay, Summary, parts, sign};

/// Where a site's file usually is.
const CONFIG: &str = "/etc/kakou/kiosk.toml";
/// China's one time zone, in minutes ahead of UTC.
const CHINA: i16 = 480;

/// Which day, and where it goes.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The journal's directory.
    #[arg(long)]
    dir: PathBuf,
    /// The day, such as 2026-11-25.
    #[arg(long)]
    day: String,
    /// The page to write, for printing; without it the totals and the text of the codes are printed here.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The site's file, for its name and its time; `/etc/kakou/kiosk.toml` when there is one, else China's time.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where `hub.toml` and `log.key` are; the folder above the journal when left out.
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
}

/// One log's part of the day: what it says, and the texts of its codes.
struct Signed {
    summary: Summary,
    texts: Vec<String>,
}

/// Writes the sheet. Returns whether all is well.
pub fn run(arguments: &Arguments, out: &mut impl Write) -> Result<bool> {
    let own = Own::read(&arguments.dir, arguments.state.as_deref())?;
    let site = site(arguments.config.as_deref())?;
    let offset = site.as_ref().map_or(CHINA, |site| site.utc_offset_minutes);
    let day = SiteDay::parse(&arguments.day, offset).map_err(anyhow::Error::msg)?;
    let mut disk =
        DirDisk::open_read_only(&arguments.dir).with_context(|| arguments.dir.display().to_string())?;
    let mut sheets = vec![];
    for log in logs(&mut disk)? {
        let Some(summary) = summed(&disk, log, day, &own)? else { continue };
        let texts = parts::split(&sign(&summary, &own.key)?)?;
        sheets.push(Signed { summary, texts });
    }
    if sheets.is_empty() {
        bail!("{day}: 没有这一天的记录 there are no records of that day");
    }
    match &arguments.html {
        None => sheets.iter().try_for_each(|sheet| print(sheet, out))?,
        Some(file) => {
            let title = site.map_or_else(String::new, |site| site.title);
            let page = page::whole(&title, &sheets)?;
            write_atomically(file, page.as_bytes()).with_context(|| file.display().to_string())?;
            for Signed { summary, texts } in &sheets {
                writeln!(
                    out,
                    "{day}：{} 次到达，第 {} 至 {} 条，{} 个码  {} arrivals, records {} to {}, {} codes",
                    summary.counts.passages(),
                    summary.first,
                    summary.last,
                    texts.len(),
                    summary.counts.passages(),
                    summary.first,
                    summary.last,
                    texts.len(),
                )?;
            }
            writeln!(out, "请打印 print  {}", file.display())?;
        }
    }
    Ok(true)
}

fn site(config: Option<&Path>) -> Result<Option<Site>> {
    match config {
        Some(file) => Ok(Some(Site::read(file)?)),
        None if Path::new(CONFIG).exists() => Ok(Some(Site::read(Path::new(CONFIG))?)),
        None => Ok(None),
    }
}

/// What one log tells of a day; `None` when it has nothing of it.
fn summed(disk: &DirDisk, log: LogName, day: SiteDay, own: &Own) -> Result<Option<Summary>> {
    let mut reader = Reader::open(disk.clone(), log)?;
    // A sheet on paper must never state what the kiosk could lose.
    reader.settle()?;
    let mut counter = Counter::new(day);
    let mut next = Some(Seq::FIRST);
    while let Some(from) = next.filter(|from| Some(*from) <= reader.durable()) {
        next = match reader.read(from, 500, 4 << 20) {
            Ok(records) if records.is_empty() => None,
            Ok(records) => {
                records
                    .iter()
                    .filter_map(|stored| stored.entry().ok())
                    .for_each(|entry| counter.take(&entry));
                Seq::new(from.get() + records.len() as u64)
            }
            Err(reader::Error::Missing { through, .. }) => Seq::new(through.saturating_add(1)),
            Err(error) => return Err(error.into()),
        };
    }
    let Some((first, last, counts)) = counter.finish() else { return Ok(None) };
    let tree =
        reader.frontier(last.get()).context("the root at the end of that day is not known any more")?;
    let kiosk = own.enrolment.kiosk.clone();
    Ok(Some(Summary { kiosk, epoch: log.epoch, day, first, last, root: tree.root(), counts }))
}

fn print(Signed { summary, texts }: &Signed, out: &mut impl Write) -> Result<()> {
    let Summary { kiosk, epoch, day, first, last, counts, .. } = summary;
    writeln!(out, "{day}  {kiosk}  {epoch}  第 {first} 至 {last} 条  records {first} to {last}")?;
    for row in rows::rows(counts) {
        let (surety, name) = (if row.sure { "" } else { "时间不可信 time not trusted  " }, row.name());
        write!(out, "  {surety}{name}  {}", row.total)?;
        for (verdict, count) in &row.verdicts {
            let (zh, en) = words::verdict(*verdict);
            write!(out, "  {zh} {en} {count}")?;
        }
        writeln!(out)?;
    }
    for (zh, en, count) in rows::others(counts) {
        writeln!(out, "  {zh} {en}  {count}")?;
    }
    texts.iter().try_for_each(|text| writeln!(out, "{text}"))?;
    Ok(())
}
