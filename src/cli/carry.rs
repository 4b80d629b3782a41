//! `kakou journal carry`: records on a stick, and the hub's receipt on the way back.

use std::io::{self, Write};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use super::wiring::enrolment_of;
use crate::base::{Epoch, Seq};
use crate::journal::reader::{LogName, logs};
use crate::journal::{SigningKey, VerifyingKey};
use crate::platform::disk::DirDisk;
use crate::platform::files::{Unfinished, read_if_there};
use crate::sync::carry::{Files, Packed, Sender, pack};
use crate::sync::enrolment::Enrolment;
use crate::sync::parcel::{ENDING, FILE_MAX};
use crate::sync::receipt::{self, Keys, Receipt, Taken};

/// What to carry, and where to.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The journal's directory.
    #[arg(long)]
    pub dir: PathBuf,
    /// Where `hub.toml` and `log.key` are; the folder above the journal when left out.
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
    /// The file to write, or the folder to write it into, such as a stick's.
    #[arg(long, value_name = "FILE|FOLDER", required_unless_present = "receipt")]
    out: Option<PathBuf>,
    /// Carry from this record on instead of from where the hub's last receipt ends; of the newest log, or of `--epoch`.
    #[arg(long, value_name = "NUMBER")]
    from: Option<NonZeroU64>,
    /// Carry this log only.
    #[arg(long)]
    epoch: Option<Epoch>,
    /// Take the hub's receipt, so that the next carry begins behind it.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

/// The kiosk's side of its enrolment.
pub struct Own {
    /// What the hub granted.
    pub enrolment: Enrolment,
    /// The key that signs the log.
    pub key: SigningKey,
}

impl Own {
    /// Reads it from `state`, or from the folder above the journal in `dir`.
    pub fn read(dir: &Path, state: Option<&Path>) -> Result<Self> {
        let above = || {
            let dir = dir.canonicalize().with_context(|| dir.display().to_string())?;
            anyhow::Ok(dir.parent().unwrap_or(Path::new("/")).to_owned())
        };
        let state = state.map_or_else(above, |state| Ok(state.to_owned()))?;
        let Some(enrolment) = enrolment_of(&state)? else {
            bail!(
                "{}: this kiosk is not enrolled: there is no hub that could take its records",
                state.display()
            )
        };
        let file = state.join("log.key");
        let seed = read_if_there(&file, 32).with_context(|| file.display().to_string())?;
        let seed: Option<[u8; 32]> = seed.and_then(|seed| seed.try_into().ok());
        let seed = seed.with_context(|| format!("{}: missing or damaged", file.display()))?;
        Ok(Self { enrolment, key: SigningKey::from_seed(&seed) })
    }

    fn keys(&self) -> Keys {
        let Enrolment { kiosk, note_key, .. } = &self.enrolment;
        Keys { kiosk: kiosk.clone(), own: self.key.verifying(), hub: VerifyingKey(note_key.0) }
    }
}

/// Carries, or takes a receipt; says what came of it. Returns whether all is well.
pub fn run(arguments: &Arguments, out: &mut impl Write) -> Result<bool> {
    let own = Own::read(&arguments.dir, arguments.state.as_deref())?;
    let mut well = true;
    if let Some(file) = &arguments.receipt {
        well &= take_receipt(&arguments.dir, file, &own.keys(), out)?;
    }
    if let Some(to) = &arguments.out {
        well &= carry(arguments, to, &own, out)?;
    }
    Ok(well)
}

fn carry(arguments: &Arguments, to: &Path, own: &Own, out: &mut impl Write) -> Result<bool> {
    let mut disk =
        DirDisk::open_read_only(&arguments.dir).with_context(|| arguments.dir.display().to_string())?;
    let plan = plan(arguments, &mut disk, &own.keys())?;
    let sender = Sender { kiosk: &own.enrolment.kiosk, key: &own.key };
    let mut files = Written { to: to.to_owned(), name: name_of(own, &plan), paths: vec![] };
    let packed = pack(&disk, &plan, &sender, &mut files, FILE_MAX)?;
    say(&packed, &files.paths, out)?;
    Ok(packed.missing.is_empty())
}

/// Which logs, each from where.
fn plan(arguments: &Arguments, disk: &mut DirDisk, keys: &Keys) -> Result<Vec<(LogName, Seq)>> {
    let mut logs = logs(disk)?;
    if let Some(epoch) = arguments.epoch {
        logs.retain(|log| log.epoch == epoch);
    }
    ensure!(!logs.is_empty(), "{}: there is no such log here", arguments.dir.display());
    let mut plan = vec![];
    for log in &logs {
        plan.push((*log, receipt::next_for_hub(disk, log.epoch, keys)?));
    }
    if let (Some(from), Some(newest)) = (arguments.from, plan.last_mut()) {
        newest.1 = Seq(from);
    }
    Ok(plan)
}

/// The same records get the same name, so that carrying twice fills no stick.
fn name_of(own: &Own, plan: &[(LogName, Seq)]) -> String {
    let kiosk = &own.enrolment.kiosk;
    plan.last().map_or_else(String::new, |(log, from)| {
        let epoch: String = log.epoch.to_string().chars().take(8).collect();
        format!("kakou-{kiosk}-{epoch}-{from}")
    })
}

/// The files of a carry: `NAME.kkp`, then `NAME.2.kkp` and so on.
struct Written {
    to: PathBuf,
    name: String,
    paths: Vec<PathBuf>,
}

impl Written {
    fn path(&self, number: u32) -> PathBuf {
        let first =
            if self.to.is_dir() { self.to.join(format!("{}.{ENDING}", self.name)) } else { self.to.clone() };
        match number {
            0 | 1 => first,
            _ => {
                let ending = first.extension().map_or_else(|| ENDING.into(), |end| end.to_string_lossy());
                first.with_extension(format!("{number}.{ending}"))
            }
        }
    }
}

impl Files for Written {
    type File = Unfinished;

    fn begin(&mut self, number: u32) -> io::Result<Unfinished> {
        let path = self.path(number);
        let begun = Unfinished::begin(&path);
        begun.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    }

    fn finish(&mut self, number: u32, file: Unfinished) -> io::Result<()> {
        let path = self.path(number);
        file.finish()
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
        self.paths.push(path);
        Ok(())
    }
}

fn say(packed: &Packed, paths: &[PathBuf], out: &mut impl Write) -> Result<()> {
    for range in &packed.ranges {
        let (epoch, from, through) = (range.epoch, range.from, range.through);
        writeln!(out, "日志 {epoch}：第 {from} 至 {through} 条  log {epoch}: records {from} to {through}")?;
    }
    for hole in &packed.missing {
        let (epoch, from, through) = (hole.epoch, hole.from, hole.through);
        writeln!(
            out,
            "日志 {epoch}：第 {from} 至 {through} 条缺失，其后未带  log {epoch}: records {from} to {through} are \
             damaged or no longer kept; nothing after them is carried"
        )?;
    }
    for path in paths {
        writeln!(out, "已写入 written  {}", path.display())?;
    }
    if paths.is_empty() && packed.missing.is_empty() {
        writeln!(out, "中心已有全部记录，无需携带  the hub has everything: there is nothing to carry")?;
    } else if !paths.is_empty() {
        writeln!(
            out,
            "请安全移除后送到中心：kakou hub carry FILE  take it to the hub: kakou hub carry FILE"
        )?;
    }
    Ok(())
}

fn take_receipt(dir: &Path, file: &Path, keys: &Keys, out: &mut impl Write) -> Result<bool> {
    let named = || file.display().to_string();
    let bytes = read_if_there(file, receipt::BYTES_MAX).with_context(named)?;
    let receipt = Receipt::from_bytes(&bytes.with_context(|| format!("{}: no such file", file.display()))?);
    let receipt = receipt.with_context(named)?;
    let mut disk = DirDisk::open_beside(dir).with_context(|| dir.display().to_string())?;
    let logs = logs(&mut disk)?;
    let mut well = true;
    for taken in receipt::take(&receipt, &mut disk, &logs, keys)? {
        match taken {
            Taken::Kept { epoch, size } => {
                writeln!(
                    out,
                    "日志 {epoch}：中心已有至第 {size} 条  log {epoch}: the hub has records up to {size}"
                )?;
            }
            Taken::Known { epoch, size } => writeln!(
                out,
                "日志 {epoch}：已知中心有至第 {size} 条  log {epoch}: the hub was known to have records up to {size}"
            )?,
            Taken::Other { origin } => {
                writeln!(out, "不属于这里，略过  not of this kiosk, passed over: {origin}")?;
            }
            Taken::Refused { origin, why } => {
                well = false;
                writeln!(out, "不可信，未采用 {origin}  not believed: {why}")?;
            }
        }
    }
    Ok(well)
}
