//! `kakou replay`: decides passages of a journal again, each under the policy that it names, and compares.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | every passage that was asked for comes out as it is recorded |
//! | 1 | one comes out otherwise, is missing, or its policy is no longer here |
//! | 2 | could not look |

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use super::replay_readings::Readings;
use crate::base::{Epoch, Seq, Wall};
use crate::daemon::policy::POLICY_FOLDER;
use crate::daemon::policy::replay::{Found, Policies, passages};
use crate::engine::replay::{Difference, again};
use crate::journal::Reader;
use crate::journal::reader::logs;
use crate::model::Decider;
use crate::platform::disk::DirDisk;

/// Differences that are printed one by one.
const SHOWN_MAX: u64 = 50;

/// Which passages.
#[derive(Clone, Debug, clap::Args)]
pub struct Stretch {
    /// The journal's directory.
    #[arg(long, value_name = "FOLDER", default_value = "/var/lib/kakou/journal")]
    pub dir: PathBuf,
    /// The folder with the policies that have ruled; without it the one beside the journal.
    #[arg(long, value_name = "FOLDER")]
    pub policies: Option<PathBuf>,
    /// Which log; without it all of them.
    #[arg(long)]
    pub epoch: Option<Epoch>,
    /// First record.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub first: u64,
    /// Last record.
    #[arg(long, value_name = "NUMBER", default_value_t = u64::MAX)]
    pub last: u64,
}

impl Stretch {
    /// Opens the policies that have ruled.
    pub fn policies(&self) -> Result<Policies<DirDisk>> {
        let beside = self.dir.parent().filter(|parent| !parent.as_os_str().is_empty());
        let beside = beside.unwrap_or(Path::new(".")).join(POLICY_FOLDER);
        let folder = self.policies.clone().unwrap_or(beside);
        let disk = DirDisk::open_read_only(&folder).with_context(|| folder.display().to_string())?;
        Ok(Policies::new(disk))
    }

    /// When the last record was written, if there is one.
    pub fn newest(&self) -> Result<Option<Wall>> {
        let mut disk = self.journal()?;
        let Some(log) = logs(&mut disk)?.pop() else { return Ok(None) };
        let mut reader = Reader::open(disk, log)?;
        let Some(last) = reader.durable() else { return Ok(None) };
        let record = reader.read(last, 1, usize::MAX)?.into_iter().next();
        Ok(record.and_then(|stored| stored.entry().ok()).map(|entry| entry.stamp.wall))
    }

    fn journal(&self) -> Result<DirDisk> {
        DirDisk::open_read_only(&self.dir).with_context(|| self.dir.display().to_string())
    }

    /// Shows every passage to `look`; how many records are missing.
    pub fn each(&self, look: &mut dyn FnMut(Found<'_>)) -> Result<u64> {
        let mut disk = self.journal()?;
        let mut missing = 0;
        let wanted = |epoch: Epoch| self.epoch.is_none_or(|wanted| wanted == epoch);
        for log in logs(&mut disk)?.into_iter().filter(|log| wanted(log.epoch)) {
            missing += passages(disk.clone(), log, (self.first, self.last), look)?.missing;
        }
        Ok(missing)
    }
}

/// What is to be decided again.
#[derive(Clone, Debug, clap::Args)]
pub struct Asked {
    #[command(flatten)]
    stretch: Stretch,
    /// 连同测温。Screenings as well, from the sealed parts of records whose keys are still here.
    #[arg(long)]
    readings: bool,
}

/// Runs the subcommand.
pub fn run(asked: &Asked) -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let done = replay(asked, &mut out).and_then(|good| Ok(out.flush().map(|()| good)?));
    super::outcome("kakou replay", done)
}

/// What came of it.
#[derive(Default)]
struct Count {
    same: u64,
    by_a_person: u64,
    no_rules: u64,
    differs: u64,
    no_policy: BTreeMap<String, u64>,
    first: Option<(Epoch, Seq)>,
    last: Option<(Epoch, Seq)>,
}

fn replay(asked: &Asked, out: &mut impl Write) -> Result<bool> {
    let stretch = &asked.stretch;
    let mut readings = asked.readings.then(|| stretch.journal().map(Readings::new)).transpose()?;
    let mut policies = stretch.policies()?;
    let mut count = Count::default();
    let mut written = Ok(());
    let missing = stretch.each(&mut |found| {
        let Found { epoch, seq, passage, seal, .. } = found;
        if let Some(readings) = &mut readings {
            for number in readings.again(epoch, seal) {
                if written.is_ok() {
                    written = writeln!(
                        out,
                        "不一致 record {} of {epoch}: screening {number} comes out otherwise",
                        seq.get()
                    );
                }
            }
        }
        count.first.get_or_insert((epoch, seq));
        count.last = Some((epoch, seq));
        if passage.grounds.is_none() {
            count.no_rules += 1;
            return;
        }
        let policy = match policies.get(passage.policy) {
            Ok(policy) => policy,
            Err(why) => return *count.no_policy.entry(why.to_string()).or_default() += 1,
        };
        match again(passage, policy) {
            Ok(_) => {
                count.same += 1;
                count.by_a_person += u64::from(passage.decided_by != Decider::Policy);
            }
            Err(Difference::NoGrounds) => count.no_rules += 1,
            Err(difference) => {
                count.differs += 1;
                if count.differs <= SHOWN_MAX && written.is_ok() {
                    written = writeln!(out, "不一致 record {} of {epoch}: {difference}", seq.get());
                }
            }
        }
    })?;
    written?;
    count.print(missing, out)?;
    if let Some(readings) = &readings {
        readings.print(out)?;
    }
    let readings_agree = readings.is_none_or(|readings| readings.differ == 0);
    Ok(count.differs == 0 && count.no_policy.is_empty() && missing == 0 && readings_agree)
}

impl Count {
    fn print(&self, missing: u64, out: &mut impl Write) -> Result<()> {
        if let (Some((epoch, first)), Some((_, last))) = (self.first, self.last) {
            writeln!(out, "日志 from record {} of {epoch} to record {}", first.get(), last.get())?;
        }
        let Self { same, by_a_person, no_rules, differs, .. } = self;
        writeln!(out, "一致 the same       {same}, of which a person decided {by_a_person}")?;
        writeln!(out, "不一致 otherwise     {differs}")?;
        writeln!(out, "无规则 no rules asked {no_rules}")?;
        writeln!(out, "缺失 missing        {missing}")?;
        for (why, passages) in &self.no_policy {
            writeln!(out, "无策略 policy        {why}: {passages} passages cannot be decided again")?;
        }
        Ok(())
    }
}
