//! `kakou what-if`: what a draft would have ruled about the passages of the last days, before it rules anybody.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | nobody would have been treated otherwise |
//! | 1 | somebody would have been, it cannot be told, or the draft is not sound |
//! | 2 | could not look |

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use super::policy::read_bundle;
use super::replay::Stretch;
use crate::base::{Epoch, Seq, Slug};
use crate::config::rules::Ruling;
use crate::engine::prove::prove_all;
use crate::engine::what_if::{Draft, WouldBe, what_if};

/// Record numbers that are printed of each change, unless all are wanted.
const NUMBERS_MAX: usize = 10;

/// What to ask.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A draft or a bundle.
    #[arg(value_name = "DRAFT")]
    draft: PathBuf,
    #[command(flatten)]
    stretch: Stretch,
    /// How many days to look back.
    #[arg(long, default_value_t = 14)]
    days: u32,
    /// Print every record's number.
    #[arg(long)]
    all: bool,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let done = ask(arguments, &mut out).and_then(|good| Ok(out.flush().map(|()| good)?));
    super::outcome("kakou what-if", done)
}

/// A change of treatment: what was ruled by which clause, and what would be.
type Change = [(Ruling, Option<Slug>); 2];

#[derive(Default)]
struct Count {
    same: u64,
    otherwise: BTreeMap<Change, Vec<(Epoch, Seq)>>,
    untold: BTreeMap<String, u64>,
}

fn ask(arguments: &Arguments, out: &mut impl Write) -> Result<bool> {
    let draft = read_bundle(&arguments.draft)?.and_then(|signed| {
        Ok((signed.bundle.mode, signed.bundle.policy().map_err(|said| said.to_string())?))
    });
    let proved = draft.and_then(|draft| prove_all(&draft.1.profiles).map(|_| draft));
    let (mode, policy) = match proved {
        Ok(draft) => draft,
        Err(said) => {
            writeln!(out, "{said}")?;
            return Ok(false);
        }
    };
    let draft = Draft { policy: &policy, mode };
    let mut policies = arguments.stretch.policies()?;
    let mut count = Count::default();
    let days = Duration::from_secs(u64::from(arguments.days) * 86_400);
    // From the last record on, not from now: a journal on a stick has its own present.
    let since = arguments.stretch.newest()?.map(|newest| newest - days);
    let missing = arguments.stretch.each(&mut |found| {
        if since.is_some_and(|since| found.stamp.wall < since) {
            return;
        }
        let then = match policies.get(found.passage.policy) {
            Ok(then) => then,
            Err(why) => return *count.untold.entry(why.to_string()).or_default() += 1,
        };
        match what_if(found.passage, then, &draft) {
            WouldBe::Same => count.same += 1,
            WouldBe::Otherwise { then, now } => {
                count.otherwise.entry([then, now]).or_default().push((found.epoch, found.seq));
            }
            WouldBe::CannotTell(why) => *count.untold.entry(why.to_string()).or_default() += 1,
        }
    })?;
    count.print(arguments, missing, out)?;
    Ok(count.otherwise.is_empty() && count.untold.is_empty() && missing == 0)
}

impl Count {
    fn print(&self, arguments: &Arguments, missing: u64, out: &mut impl Write) -> Result<()> {
        let otherwise: usize = self.otherwise.values().map(Vec::len).sum();
        let untold: u64 = self.untold.values().sum();
        writeln!(out, "{} 天 days: 相同 the same {}", arguments.days, self.same)?;
        writeln!(
            out,
            "不同 otherwise {otherwise}; 无法判断 cannot be told {untold}; 缺失 missing {missing}"
        )?;
        for ([then, now], passages) in &self.otherwise {
            let (then, now) = (words(then), words(now));
            let shown = if arguments.all { passages.len() } else { NUMBERS_MAX };
            let numbers: Vec<String> =
                passages.iter().take(shown).map(|(_, seq)| seq.get().to_string()).collect();
            let more = if passages.len() > shown { ", …" } else { "" };
            writeln!(out, "  {then} → {now}: {}, records {}{more}", passages.len(), numbers.join(", "))?;
        }
        for (why, passages) in &self.untold {
            writeln!(out, "  无法判断 {passages}: {why}")?;
        }
        Ok(())
    }
}

fn words((ruling, clause): &(Ruling, Option<Slug>)) -> String {
    let clause = clause.as_ref().map_or("no clause", Slug::as_str);
    format!("{} ({clause})", ruling.name())
}
