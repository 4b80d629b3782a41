//! `kakou list`: pushes a list, accepts or drops what is held, and says what is in force.
//!
//! Issuers are named by whoever types; nothing proves that it is them. What the program holds to is that two different
//! names stand behind every entry, and that both can be read afterwards.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use data_encoding::HEXLOWER;
use ring::digest;

use super::list_words::{changes, state};
use crate::base::{ClockTrust, EditionId, IssuerId, Stamp};
use crate::config::list::change::Push;
use crate::config::list::csv::{self, Reading, import};
use crate::config::list::file::blinded_source;
use crate::config::list::{ListFile, ListRule, Pushed};
use crate::config::{Site, site};
use crate::daemon::lists::{Shelf, Taken, Unusable, Why};
use crate::model::Blinder;
use crate::platform::clock::Clock;
use crate::platform::disk::DirDisk;
use crate::platform::files;

/// What to do with the lists.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// 提交整份名单 Pushes a whole list from a CSV file. By one issuer it is held until another accepts it. Exit code 1: refused, and nothing has changed.
    Import {
        /// The list, as the configuration names it.
        list: String,
        /// CSV file (UTF-8) with a line of headings: until, and id_number, plate or phone; from, name and note may be there.
        file: PathBuf,
        /// Who pushes it; given twice, two who push it together.
        #[arg(long = "issuer", value_name = "NAME", required = true)]
        issuers: Vec<IssuerId>,
        /// Where and when.
        #[command(flatten)]
        on: On,
    },
    /// 确认待确认的提交 Brings into force what another issuer pushed.
    Accept {
        /// The list.
        list: String,
        /// Who accepts it.
        #[arg(long, value_name = "NAME")]
        issuer: IssuerId,
        /// What is accepted: the number that `import` and `show` print.
        #[arg(long, value_name = "NUMBER")]
        edition: EditionId,
        /// Where and when.
        #[command(flatten)]
        on: On,
    },
    /// 撤回待确认的提交 Drops what is held; what is in force stays.
    Drop {
        /// The list.
        list: String,
        /// Who drops it.
        #[arg(long, value_name = "NAME")]
        issuer: IssuerId,
        /// Where.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// 查看名单 Says of every list what is in force, how old it is, and what is held.
    Show {
        /// The kiosk's configuration.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

/// Where, and by which clock.
#[derive(Debug, clap::Args)]
pub struct On {
    /// The kiosk's configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Says that the time that this machine shows is right, where neither a time service nor a battery clock says so.
    #[arg(long)]
    clock_is_right: bool,
}

/// Runs the subcommand.
pub fn run(action: &Action) -> ExitCode {
    let done = match action {
        Action::Import { list, file, issuers, on } => push(list, file, issuers, on),
        Action::Accept { list, issuer, edition, on } => accept(list, issuer, *edition, on),
        Action::Drop { list, issuer, config } => drop_held(list, issuer, config),
        Action::Show { config } => show(config),
    };
    super::exit(done)
}

/// What lies in the folder, seen without changing anything.
pub enum Looked {
    /// The list's file, and when it was looked at.
    File(Box<ListFile>, Stamp),
    /// It cannot be seen from here, or nothing has ever been pushed.
    NotHere(String),
}

/// Looks at the file of a list; draws no key and makes no folder.
///
/// # Errors
///
/// When the file is there and is no list for this kiosk.
pub fn look(site: &Site, rule: &ListRule) -> Result<Looked> {
    let not_here = |error: &dyn std::fmt::Display| {
        Ok(Looked::NotHere(format!("看不到 cannot be seen from here: {error}")))
    };
    let key = match files::read_if_there(&site.state.join(site::KEY_FILE), 32) {
        Ok(Some(key)) => key,
        Ok(None) => return Ok(Looked::NotHere("尚未生效 nothing is in force yet".to_owned())),
        Err(error) => return not_here(&error),
    };
    let key: [u8; 32] = key.try_into().ok().context("site.key is damaged")?;
    let folder = site.state.join(site::LISTS_FOLDER);
    match Taken::one(&folder, rule, (&site.site, &Blinder::new(&key))) {
        Ok(file) => Ok(Looked::File(Box::new(file), Clock::new()?.stamp())),
        Err(Unusable { why: Why::Io(error), .. }) => not_here(&error),
        Err(unusable) => Err(unusable).with_context(|| folder.display().to_string()),
    }
}

/// One list, ready to be changed by this process alone.
struct Opened {
    rule: Arc<ListRule>,
    shelf: Shelf<DirDisk>,
    folder: PathBuf,
    site: Site,
}

impl Opened {
    fn open(config: &Path, list: &str) -> Result<Self> {
        let site = Site::read(config)?;
        let Some(rule) = site.lists.iter().find(|rule| rule.id.as_str() == list).cloned() else {
            let known: Vec<&str> = site.lists.iter().map(|rule| rule.id.as_str()).collect();
            bail!("没有此名单 there is no list {list}; there are: {}", known.join(", "));
        };
        // A list may be made before the kiosk's first start.
        std::fs::create_dir_all(&site.state).with_context(|| site.state.display().to_string())?;
        let key = site.state.join(site::KEY_FILE);
        let blinder = Blinder::new(&files::secret(&key).with_context(|| key.display().to_string())?);
        let folder = site.state.join(site::LISTS_FOLDER);
        let disk = DirDisk::open(&folder).map_err(|error| {
            if error.kind() == io::ErrorKind::WouldBlock {
                return anyhow::anyhow!("另一程序正在改名单 another program is changing lists");
            }
            error.into()
        });
        let disk = disk.with_context(|| folder.display().to_string())?;
        let shelf = Shelf { disk, site: site.site.clone(), blinder };
        Ok(Self { rule, shelf, folder, site })
    }

    fn read(&mut self) -> Result<ListFile> {
        let read = self.shelf.read(&self.rule);
        read.with_context(|| format!("{}: 不改动 nothing is changed", self.folder.display()))
    }

    fn write(&mut self, file: &ListFile) -> Result<()> {
        self.shelf.write(&self.rule, file).with_context(|| self.folder.display().to_string())
    }
}

/// What time it is. No end can be judged, and no age be told, by a clock that nobody vouches for.
fn now(on: &On) -> Result<Stamp> {
    let now = Clock::new()?.stamp();
    if now.trust == ClockTrust::None && !on.clock_is_right {
        let shown =
            jiff::Timestamp::from_second(now.wall.as_secs()).map_or("?".to_owned(), |at| at.to_string());
        bail!(
            "时钟不可信 nothing vouches for this clock, which shows {shown}: wait for a time service, or look at it \
             and say --clock-is-right"
        );
    }
    Ok(now)
}

fn push(list: &str, file: &Path, issuers: &[IssuerId], on: &On) -> Result<()> {
    let now = now(on)?;
    let name = file.display().to_string();
    let bytes = files::read_if_there(file, csv::FILE_BYTES_MAX).with_context(|| name.clone())?;
    let bytes = bytes.with_context(|| format!("{name}: 没有此文件 there is no such file"))?;
    let mut opened = Opened::open(&on.config, list)?;
    let ahead_minutes = opened.site.utc_offset_minutes;
    let reading =
        Reading { rule: &opened.rule, blinder: &opened.shelf.blinder, now: now.wall, ahead_minutes };
    let import = import(&bytes, &reading).with_context(|| name.clone())?;
    if import.faulty > 0 {
        let mut error = io::stderr().lock();
        import.faults.iter().try_for_each(|fault| writeln!(error, "{name}: {fault}"))?;
        bail!(
            "{name}: {} 行有误，整份拒绝 {} of {} rows have faults, so all of it is refused; the list is as it was",
            import.faulty,
            import.faulty,
            import.rows
        );
    }
    let before = opened.read()?;
    let sha256 = sha256(&bytes);
    let source = Some(blinded_source(&opened.shelf.blinder, &sha256));
    let push = Push { entries: &import.entries, issuers, now: now.wall, source };
    let (after, pushed, changed) = before.push(&opened.rule, &push).context("拒绝 refused")?;
    opened.write(&after)?;
    let held = |why: &str| format!("待确认 HELD: {why}; 须另一签发人确认 another issuer has to accept it");
    let said = match pushed {
        Pushed::InForce => "已生效 IN FORCE; 卡口几秒内使用 the kiosk takes it up within seconds".to_owned(),
        Pushed::HeldForSecond => held("只有一名签发人 one issuer alone pushed it"),
        Pushed::HeldForBulk => held("改动过多 it changes more than is let pass at once"),
    };
    let named = format!("文件 SHA-256 of the file, as a policy names it: {}", HEXLOWER.encode(&sha256));
    say(&[said, changes(&changed), named], &after, &now)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

fn accept(list: &str, issuer: &IssuerId, edition: EditionId, on: &On) -> Result<()> {
    let now = now(on)?;
    let mut opened = Opened::open(&on.config, list)?;
    let after = opened.read()?.accept(&opened.rule, issuer, edition, now.wall).context("拒绝 refused")?;
    opened.write(&after)?;
    let said = "已生效 IN FORCE; 卡口几秒内使用 the kiosk takes it up within seconds".to_owned();
    say(&[said], &after, &now)
}

fn drop_held(list: &str, issuer: &IssuerId, config: &Path) -> Result<()> {
    let mut opened = Opened::open(config, list)?;
    let after = opened.read()?.drop_held(&opened.rule, issuer).context("拒绝 refused")?;
    opened.write(&after)?;
    say(&["已撤回 dropped; 生效部分不变 what is in force stays".to_owned()], &after, &Clock::new()?.stamp())
}

fn show(config: &Path) -> Result<()> {
    let site = Site::read(config)?;
    let mut out = io::stdout().lock();
    if site.lists.is_empty() {
        writeln!(out, "本站没有名单 this site has no lists")?;
    }
    let mut damaged = Vec::new();
    for rule in &site.lists {
        writeln!(out, "{}  {} · {}", rule.id, rule.title.zh, rule.title.en)?;
        match look(&site, rule) {
            Ok(Looked::File(file, now)) => {
                state(&file, &now).into_iter().try_for_each(|line| writeln!(out, "  {line}"))?;
            }
            Ok(Looked::NotHere(why)) => writeln!(out, "  {why}")?,
            Err(error) => {
                writeln!(out, "  损坏，名单上的人不会被认出 DAMAGED: nobody on it is noticed")?;
                damaged.push(format!("{}: {error:#}", rule.id));
            }
        }
    }
    if damaged.is_empty() { Ok(()) } else { bail!("{}", damaged.join("\n")) }
}

fn say(lines: &[String], file: &ListFile, now: &Stamp) -> Result<()> {
    let mut out = io::stdout().lock();
    lines.iter().chain(&state(file, now)).try_for_each(|line| writeln!(out, "{line}"))?;
    Ok(())
}
