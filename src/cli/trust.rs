//! `kakou trust`: makes of lists that others publish the one file by which kiosks judge others' credentials, and shows what is in it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use data_encoding::HEXLOWER;
use ring::signature::Ed25519KeyPair;

use super::folder::{Content, files as contents};
use super::hub;
use super::journal::state::day_and_time;
use super::wiring::enrolment_of;
use crate::base::Wall;
use crate::config::trust_file::{TrustSource, TrustSources};
use crate::credential::Trusted;
use crate::credential::key::{Key, Scheme};
use crate::credential::trusted::file::{self, Contents};
use crate::credential::trusted::source::{self, BadSource, Revocations};
use crate::daemon::trust::TRUST_FILE;
use crate::model::trust_list::{ListAge, TrustList, TrustListKind};
use crate::platform::clock::Clock;
use crate::platform::files::{self, Unfinished};

/// Endings of files of each form.
const CERTIFICATES: [&str; 4] = ["der", "cer", "crt", "pem"];
const JSON: [&str; 3] = ["json", "jwk", "jwks"];
const LINES: [&str; 2] = ["txt", "csv"];

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// 制作核验名单 Makes the file of trust of the lists that were fetched, and signs it. Kiosks get it from the hub. Exit code 1: no file was made.
    Build {
        /// Which lists there are: trust.toml.
        #[arg(value_name = "FILE")]
        lists: PathBuf,
        /// The hub's data directory.
        #[arg(long, value_name = "DIR", default_value = "hub-data")]
        data: PathBuf,
        /// Writes it there instead of into the data directory.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// 查看核验名单 Says what is in a file of trust and how old each list is. Exit code 1: a list should be fetched again, 2: one is too old to go by, or the file cannot be used.
    Show {
        /// The hub's data directory.
        #[arg(long, value_name = "DIR", default_value = "hub-data")]
        data: PathBuf,
        /// The state folder of a kiosk, instead of a hub's.
        #[arg(long, value_name = "DIR", conflicts_with = "data")]
        state: Option<PathBuf>,
    },
}

/// Does it.
pub fn run(action: &Action) -> ExitCode {
    let done = match action {
        Action::Build { lists, data, out } => build(lists, data, out.as_deref()).map(|()| 0),
        Action::Show { data, state } => show(data, state.as_deref()),
    };
    let failed = if matches!(action, Action::Show { .. }) { 2 } else { 1 };
    ExitCode::from(done.unwrap_or_else(|error| {
        // Nobody is left to tell where standard error is gone.
        let _ = writeln!(io::stderr(), "{error:#}");
        failed
    }))
}

fn now() -> Result<Wall> {
    Ok(Clock::new().context("clock")?.wall())
}

/// The file in a kiosk's state folder, if the hub that it is enrolled with signed it.
pub fn of_kiosk(state: &Path) -> Result<Trusted> {
    let enrolment =
        enrolment_of(state)?.with_context(|| format!("{}: not enrolled with a hub", state.display()))?;
    let keys: Vec<[u8; 32]> = enrolment.pass_keys.iter().map(|key| key.0).collect();
    read(&state.join(TRUST_FILE), &keys)
}

fn read(path: &Path, keys: &[[u8; 32]]) -> Result<Trusted> {
    let (read_at, length) = files::read_at(path).with_context(|| path.display().to_string())?;
    file::read(read_at, length, keys).with_context(|| path.display().to_string())
}

fn show(data: &Path, state: Option<&Path>) -> Result<u8> {
    let trusted = match state {
        Some(state) => of_kiosk(state)?,
        None => read(&data.join(TRUST_FILE), &[hub::open(data)?.keys().pass_key().0])?,
    };
    let now = now()?;
    let mut out = io::stdout().lock();
    let Trusted { version, built, keys, revoked, .. } = &trusted;
    let (built, keys, revoked) = (day_and_time(*built), keys.len(), revoked.len());
    writeln!(out, "version {version}, {built}, keys {keys}, revoked {revoked}")?;
    for list in &trusted.lists {
        let (name, kind, age) = (&list.name, list.kind.name(), list.age(now).name());
        writeln!(out, "{name:<24} {kind:<14} {:>9}  {}  {age}", list.entries, day_and_time(list.as_of))?;
    }
    Ok(match trusted.age(now) {
        ListAge::Fresh => 0,
        ListAge::Old => 1,
        ListAge::TooOld => 2,
    })
}

fn build(lists: &Path, data: &Path, out: Option<&Path>) -> Result<()> {
    let name = lists.display().to_string();
    let text = fs::read_to_string(lists).with_context(|| name.clone())?;
    let sources = TrustSources::parse(&name, &text)?;
    let hub = hub::open(data)?;
    let out = out.map_or_else(|| data.join(TRUST_FILE), Path::to_owned);
    let now = now()?;
    let before = match files::read_at(&out) {
        Ok((read_at, _)) => {
            file::stated(read_at, &[hub.keys().pass_key().0]).map_or(0, |stated| stated.version)
        }
        Err(_) => 0,
    };
    // By the clock, so that a hub that came back from a copy is not behind what its kiosks have.
    let version = u64::try_from(now.0).unwrap_or_default().max(before + 1);
    let folder = lists.parent().unwrap_or(Path::new("."));
    let mut building = Building {
        now,
        folder,
        blocked: &sources.blocked,
        counters: BTreeMap::new(),
        contents: Contents::default(),
    };
    (building.contents.version, building.contents.built) = (version, now);
    building.counters(&sources)?;
    for list in &sources.lists {
        building.add(list).with_context(|| list.name.to_string())?;
    }
    let contents = building.contents;
    let signer = Ed25519KeyPair::from_seed_unchecked(&hub.keys().pass_seed()[..]);
    let signer = signer.map_err(|error| anyhow::anyhow!("the hub's key: {error}"))?;
    let (keys, rules, revoked) =
        (contents.keys.len(), contents.rules.len(), contents.revoked.len() + contents.dated.len());
    let mut written = Unfinished::begin(&out).with_context(|| out.display().to_string())?;
    contents.write(&signer, &mut written).with_context(|| out.display().to_string())?;
    written.finish().with_context(|| out.display().to_string())?;
    let out = out.display();
    Ok(writeln!(
        io::stdout().lock(),
        "{out}: version {version}, keys {keys}, rules {rules}, revoked {revoked}"
    )?)
}

/// A file of trust on its way.
struct Building<'s> {
    now: Wall,
    folder: &'s Path,
    blocked: &'s [String],
    /// Which list of revoked cards is the newest, by the names of keys.
    counters: BTreeMap<String, u64>,
    contents: Contents,
}

/// Says in which file something is wrong.
fn at<T>(file: &Content, read: Result<T, BadSource>) -> Result<T> {
    read.with_context(|| file.path.display().to_string())
}

impl Building<'_> {
    /// Looks up what keys say of their lists of revoked cards.
    fn counters(&mut self, sources: &TrustSources) -> Result<()> {
        for list in sources.lists.iter().filter(|list| list.kind == TrustListKind::ShcKeys) {
            for file in contents(&self.folder.join(&list.path), &JSON)? {
                self.counters.extend(at(&file, source::counters(&file.bytes))?);
            }
        }
        Ok(())
    }

    /// Adds a list. What cannot be read in it is an error: what is left out silently is missed by somebody at a gate.
    fn add(&mut self, list: &TrustSource) -> Result<()> {
        let path = self.folder.join(&list.path);
        let number = u16::try_from(self.contents.lists.len())?;
        let mut newest = None;
        let mut entries = 0;
        let endings: Vec<&str> = match list.kind {
            TrustListKind::HcertKeys => CERTIFICATES.iter().chain(&JSON).copied().collect(),
            TrustListKind::VdsNcKeys => CERTIFICATES.to_vec(),
            TrustListKind::PassesRevoked => LINES.to_vec(),
            TrustListKind::ShcKeys
            | TrustListKind::NzcpKeys
            | TrustListKind::Rules
            | TrustListKind::HcertRevoked
            | TrustListKind::ShcRevoked => JSON.to_vec(),
        };
        let found = contents(&path, &endings)?;
        if found.is_empty() {
            bail!("{}: has no file that ends in .{}", path.display(), endings.join(" or ."));
        }
        for file in found {
            newest = newest.max(Some(file.written));
            entries += self.file(&file, list, number)?;
        }
        let may_be_empty = match list.kind {
            TrustListKind::HcertRevoked | TrustListKind::ShcRevoked | TrustListKind::PassesRevoked => true,
            TrustListKind::HcertKeys
            | TrustListKind::ShcKeys
            | TrustListKind::NzcpKeys
            | TrustListKind::VdsNcKeys
            | TrustListKind::Rules => false,
        };
        if entries == 0 && !may_be_empty {
            bail!("{}: holds nothing of this kind", path.display());
        }
        let as_of = list.as_of.or(newest).unwrap_or(self.now);
        if as_of > self.now {
            bail!("as_of is in the future");
        }
        self.contents.lists.push(TrustList {
            name: list.name.to_string(),
            kind: list.kind,
            as_of,
            entries: entries as u64,
            warn_after_s: list.warn_after_h * 3_600,
            refuse_after_s: list.refuse_after_h * 3_600,
        });
        Ok(())
    }

    /// Adds a file of a list; how many entries it has.
    fn file(&mut self, file: &Content, list: &TrustSource, number: u16) -> Result<usize> {
        let bytes = &file.bytes;
        match list.kind {
            TrustListKind::HcertKeys => {
                let is_certificate = CERTIFICATES.contains(&file.ending());
                let keys =
                    if is_certificate { source::certificate_keys(bytes) } else { source::json_keys(bytes) };
                Ok(self.keys(at(file, keys)?, Scheme::Hcert, list, number))
            }
            TrustListKind::VdsNcKeys => {
                Ok(self.keys(at(file, source::certificate_keys(bytes))?, Scheme::VdsNc, list, number))
            }
            TrustListKind::ShcKeys => {
                let keys = at(file, source::json_keys(bytes))?;
                // A key of nobody in particular would sign for every issuer.
                if list.issuer.is_none() && keys.iter().any(|key| key.issuer.is_empty()) {
                    bail!(
                        "{}: does not say whose keys they are; the list has to have an issuer",
                        file.path.display()
                    );
                }
                Ok(self.keys(keys, Scheme::Shc, list, number))
            }
            TrustListKind::NzcpKeys => {
                Ok(self.keys(at(file, source::json_keys(bytes))?, Scheme::Nzcp, list, number))
            }
            TrustListKind::Rules => {
                let rules = at(file, source::rules(bytes))?;
                let count = rules.len();
                self.contents.rules.extend(rules);
                Ok(count)
            }
            TrustListKind::HcertRevoked => {
                Ok(self.revoked(at(file, source::revoked_certificates(bytes, self.now))?))
            }
            TrustListKind::ShcRevoked => {
                Ok(self
                    .revoked(at(file, source::revoked_cards(bytes, |kid| self.counters.get(kid).copied()))?))
            }
            TrustListKind::PassesRevoked => Ok(self.revoked(at(file, source::revoked_passes(bytes))?)),
        }
    }

    /// Adds the keys of that scheme: a certificate may say that it is good for more than one.
    fn keys(&mut self, keys: Vec<Key>, scheme: Scheme, list: &TrustSource, number: u16) -> usize {
        let mut keys = keys;
        keys.retain(|key| key.scheme == scheme);
        let count = keys.len();
        keys.retain(|key| {
            let written = std::str::from_utf8(&key.id).unwrap_or_default();
            !self.blocked.iter().any(|blocked| *blocked == HEXLOWER.encode(&key.id) || blocked == written)
        });
        for key in &mut keys {
            key.list = number;
            if let (Some(issuer), true) = (&list.issuer, key.issuer.is_empty()) {
                key.issuer.clone_from(issuer);
            }
        }
        self.contents.keys.extend(keys);
        count
    }

    fn revoked(&mut self, revocations: Revocations) -> usize {
        let Revocations { ids, dated } = revocations;
        let count = ids.len() + dated.len();
        self.contents.revoked.extend(ids);
        self.contents.dated.extend(dated);
        count
    }
}
