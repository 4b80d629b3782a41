//! `kakou verify TEXT|IMAGE`: whether a credential is authentic, whether it is current, and whether it is enough.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::folder::files;
use super::read::{StillReader, load};
use super::trust::of_kiosk;
use crate::base::Wall;
use crate::credential::Trusted;
use crate::credential::key::Keys;
use crate::credential::report::{Fault, Moment, Report};
use crate::credential::rules::{Judgement, Rules};
use crate::credential::trusted::source;
use crate::model::Admissible;
use crate::model::width::is_obeyed;
use crate::platform::clock::Clock;

/// Arguments of `kakou verify`.
#[derive(clap::Args)]
pub struct Arguments {
    /// What a code says; or a picture of one; or - for a list of either on standard input, one a line, which other users of this
    /// machine do not see.
    #[arg(value_name = "TEXT|IMAGE")]
    what: String,
    /// As of this time, such as 2026-11-28T08:00:00Z, instead of now.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Folder with the certificates of issuers, and of countries' signing CAs (CSCA), that are trusted (DER or PEM), and their DID
    /// documents and JWK sets; and folders in it.
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,
    /// Folder with the rules (CertLogic) that have to be met, and the sets of values that they go by.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Go by what the kiosk with this state folder goes by: its hub's file of trust.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["trust", "rules"])]
    state: Option<PathBuf>,
    /// Print a JSON object a credential, one a line.
    #[arg(long)]
    json: bool,
}

/// What all credentials are checked with.
struct Checks {
    trusted: Trusted,
    moment: Moment,
    reader: StillReader,
}

/// Checks each credential. Exit code 0: every one is admissible; 1: one is not; 2: one cannot be verified, or there is none.
pub fn run(arguments: &Arguments) -> ExitCode {
    checked(arguments).unwrap_or_else(|error| {
        // Nobody is left to tell where standard error is gone.
        let _ = writeln!(io::stderr(), "{error:#}");
        ExitCode::from(2)
    })
}

fn checked(arguments: &Arguments) -> Result<ExitCode> {
    let trusted = match &arguments.state {
        Some(state) => of_kiosk(state)?,
        None => Trusted {
            keys: arguments.trust.as_deref().map(trusted).transpose()?.unwrap_or_default(),
            rules: arguments.rules.as_deref().map(rules).transpose()?.unwrap_or_default(),
            ..Trusted::default()
        },
    };
    let now = match arguments.at {
        Some(at) => Wall(at.as_millisecond()),
        None => Clock::new().context("clock")?.wall(),
    };
    let mut checks = Checks { trusted, moment: Moment::sure(now), reader: StillReader::default() };
    let mut out = io::stdout().lock();
    // Of nothing nothing is known.
    let mut worst = None;
    let mut one = |what: &str| -> io::Result<()> {
        let answer = checks.check(what);
        worst = worst.max(Some(answer.as_ref().map_or(Admissible::Unknown, |answer| answer.admissible)));
        match (&answer, arguments.json) {
            (Ok(answer), true) => writeln!(out, "{}", answer.object()),
            (Ok(answer), false) => answer.lines(&mut out),
            (Err(error), true) => writeln!(out, "{}", json!({"error": printable(&format!("{error:#}"))})),
            (Err(error), false) => writeln!(out, "{}", printable(&format!("{error:#}"))),
        }
    };
    if arguments.what == "-" {
        for line in io::stdin().lines() {
            one(&line?)?;
        }
    } else {
        one(&arguments.what)?;
    }
    Ok(ExitCode::from(match worst {
        Some(Admissible::Yes) => 0,
        Some(Admissible::No) => 1,
        Some(Admissible::Unknown) | None => 2,
    }))
}

/// What is known of one credential.
pub struct Answer {
    report: Report,
    admissible: Admissible,
    /// The rules that it does not meet: identifier, and what each asks for.
    broken: Vec<(String, String)>,
}

impl Checks {
    /// What is known of what a code says, or a picture shows.
    fn check(&mut self, what: &str) -> Result<Answer> {
        let path = Path::new(what);
        // No credential is the name of a file that is there.
        let payload =
            if what.len() < 4_096 && path.is_file() { self.shown(path)? } else { what.as_bytes().to_vec() };
        Ok(Answer::of(&payload, &self.trusted, &self.moment))
    }

    fn shown(&mut self, path: &Path) -> Result<Vec<u8>> {
        let frame = load(path).map_err(|e| anyhow!("{}: {e}", path.display()))?;
        let mut payloads = vec![];
        self.reader.read_until(frame, |codes| {
            payloads = codes.into_iter().map(|code| code.payload.expose().clone()).collect();
            !payloads.is_empty()
        });
        match payloads.len() {
            0 => bail!("{}: shows no code that can be read", path.display()),
            1 => Ok(payloads.remove(0)),
            more => bail!("{}: shows {more} codes; one has to be alone", path.display()),
        }
    }
}

fn written(wall: Option<Wall>) -> Option<String> {
    wall.and_then(|wall| Timestamp::from_millisecond(wall.0).ok()).map(|moment| moment.to_string())
}

/// The name of a value as it is written in JSON.
fn name(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|json| json.as_str().map(str::to_owned)).unwrap_or_default()
}

impl Answer {
    /// What is known of `payload` by what is trusted.
    pub fn of(payload: &[u8], trusted: &Trusted, moment: &Moment) -> Self {
        let report = trusted.verify(payload, moment);
        let Judgement { admissible, broken } = trusted.judge(&report, moment);
        let broken =
            broken.into_iter().map(|rule| (printable(&rule.id), printable(&rule.description))).collect();
        Self { report, admissible, broken }
    }

    fn issuer(&self) -> Option<String> {
        self.report.issuer.as_deref().filter(|issuer| !issuer.is_empty()).map(printable)
    }

    /// As programs read it.
    pub fn object(&self) -> Json {
        let report = &self.report;
        json!({
            "kind": name(report.kind),
            "authentic": name(report.authentic),
            "current": name(report.current),
            "admissible": self.admissible.name(),
            "fault": report.fault.map(Fault::name),
            "rules": self.broken.iter().map(|(id, _)| id).collect::<Vec<_>>(),
            "issuer": self.issuer(),
            "not_before": written(report.not_before),
            "expires": written(report.expires),
        })
    }

    /// Writes it as people read it.
    ///
    /// # Errors
    ///
    /// When `out` fails.
    pub fn lines(&self, out: &mut impl Write) -> io::Result<()> {
        let report = &self.report;
        let beside = |what: Option<String>| what.map(|what| format!(" ({what})")).unwrap_or_default();
        let (from, to) = (written(report.not_before), written(report.expires));
        let span = (from.is_some() || to.is_some())
            .then(|| format!("{} to {}", from.as_deref().unwrap_or("?"), to.as_deref().unwrap_or("?")));
        let fault = report.fault.map(|fault| fault.name().to_owned());
        writeln!(out, "kind        {}", name(report.kind))?;
        writeln!(out, "authentic   {}{}", name(report.authentic), beside(self.issuer()))?;
        writeln!(out, "current     {}{}", name(report.current), beside(span))?;
        writeln!(out, "admissible  {}{}", self.admissible.name(), beside(fault))?;
        self.broken.iter().try_for_each(|(id, asks)| writeln!(out, "            {id}: {asks}"))
    }
}

/// A stranger's text without what a screen would obey.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !is_obeyed(*c)).collect()
}

/// The keys of the certificates, DID documents and JWK sets below `folder`. One that cannot be read is named, and is not trusted.
fn trusted(folder: &Path) -> Result<Keys> {
    let mut keys = vec![];
    for file in files(folder, &["der", "cer", "crt", "pem", "json", "jwk", "jwks"])? {
        let is_json = ["json", "jwk", "jwks"].contains(&file.ending());
        let read =
            if is_json { source::json_keys(&file.bytes) } else { source::certificate_keys(&file.bytes) };
        match read {
            Ok(more) => keys.extend(more),
            Err(error) => writeln!(io::stderr(), "{}: {error:#}", file.path.display())?,
        }
    }
    if keys.is_empty() {
        bail!("{}: holds no key of an issuer", folder.display());
    }
    Ok(Keys::new(keys))
}

/// The rules and the sets of values below `folder`. One that cannot be read might be the one that counts: it is an error.
fn rules(folder: &Path) -> Result<Rules> {
    let mut rules = Rules::default();
    for file in files(folder, &["json"])? {
        let named = || file.path.display().to_string();
        for json in source::rules(&file.bytes).with_context(named)? {
            source::add_rule(&json, &mut rules).with_context(named)?;
        }
    }
    if rules.is_empty() {
        bail!("{}: holds no rule", folder.display());
    }
    Ok(rules)
}
