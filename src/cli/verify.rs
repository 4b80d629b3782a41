//! `kakou verify TEXT|IMAGE`: whether a credential is authentic, whether it is current, and whether it is enough.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::read::{StillReader, load};
use crate::base::Wall;
use crate::credential::key::{Key, Keys};
use crate::credential::report::{Moment, Report};
use crate::credential::rules::{Rule, Rules};
use crate::credential::{certificate, jwk, verify};
use crate::model::{Authenticity, Currency};
use crate::platform::clock::Clock;

/// Larger files in the folders are none of ours.
const BYTES_MAX: u64 = 1 << 20;

/// Arguments of `kakou verify`.
#[derive(clap::Args)]
pub struct Arguments {
    /// What a code says; or a picture of one; or - for a list of either on standard input, one a line.
    #[arg(value_name = "TEXT|IMAGE")]
    what: String,
    /// As of this time, such as 2026-11-28T08:00:00Z, instead of now.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Folder with the certificates of issuers that are trusted (DER or PEM), and their DID documents and JWK sets; and folders in it.
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,
    /// Folder with the rules (CertLogic) that have to be met, and the sets of values that they go by.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Print a JSON object a credential, one a line.
    #[arg(long)]
    json: bool,
}

/// What all credentials are checked with.
struct Checks {
    keys: Keys,
    rules: Rules,
    moment: Moment,
    reader: StillReader,
}

/// Checks each credential. Exit code 0: every one is admissible; 1: one is not; 2: one cannot be verified, or nothing was checked.
pub fn run(arguments: &Arguments) -> ExitCode {
    checked(arguments).unwrap_or_else(|error| {
        // Nobody is left to tell where standard error is gone.
        let _ = writeln!(io::stderr(), "{error:#}");
        ExitCode::from(2)
    })
}

fn checked(arguments: &Arguments) -> Result<ExitCode> {
    let mut problems = vec![];
    let keys = arguments.trust.as_deref().map(|folder| trusted(folder, &mut problems)).transpose()?;
    let rules = arguments.rules.as_deref().map(|folder| rules(folder, &mut problems)).transpose()?;
    for problem in &problems {
        writeln!(io::stderr(), "{problem}")?;
    }
    if arguments.rules.is_some() && !problems.is_empty() {
        bail!("a rule or a certificate that cannot be read might be the one that counts");
    }
    let now = match arguments.at {
        Some(at) => Wall(at.as_millisecond()),
        None => Clock::new().context("clock")?.wall(),
    };
    let mut checks = Checks {
        keys: keys.unwrap_or_default(),
        rules: rules.unwrap_or_default(),
        moment: Moment::sure(now),
        reader: StillReader::default(),
    };
    let mut out = io::stdout().lock();
    let mut worst = Admissible::Yes;
    let mut one = |what: &str| -> Result<()> {
        let (report, broken) = checks.check(what)?;
        let admissible = Admissible::of(&report, &broken);
        worst = worst.max(admissible);
        if arguments.json {
            writeln!(out, "{}", object(&report, &broken, admissible))?;
        } else {
            lines(&mut out, &report, &broken, admissible)?;
        }
        Ok(())
    };
    if arguments.what == "-" {
        for line in io::stdin().lines() {
            one(&line?)?;
        }
    } else {
        one(&arguments.what)?;
    }
    Ok(ExitCode::from(worst.code()))
}

impl Checks {
    /// What is known of what a code says, or a picture shows, and the identifiers of the rules that it does not meet.
    fn check(&mut self, what: &str) -> Result<(Report, Vec<(String, String)>)> {
        let path = Path::new(what);
        // No credential is the name of a file that is there.
        let payload =
            if what.len() < 4_096 && path.is_file() { self.shown(path)? } else { what.as_bytes().to_vec() };
        let report = verify(&payload, &self.keys, &self.moment);
        let broken =
            if report.content.is_some() { self.rules.broken(&report, self.moment.now) } else { vec![] };
        let broken = broken.into_iter().map(|rule| (rule.id.clone(), rule.description.clone())).collect();
        Ok((report, broken))
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

/// Whether a credential is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Admissible {
    Yes,
    No,
    /// Nothing here can verify it.
    Unknown,
}

impl Admissible {
    fn of(report: &Report, broken: &[(String, String)]) -> Self {
        match (report.authentic, report.current) {
            (Authenticity::Unverified | Authenticity::UnknownIssuer, _) => Self::Unknown,
            (Authenticity::Genuine, Currency::ClockUntrusted | Currency::Unknown) => Self::Unknown,
            (Authenticity::Genuine, Currency::Current) if report.fault.is_none() && broken.is_empty() => {
                Self::Yes
            }
            _ => Self::No,
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Unknown => 2,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "cannot-verify",
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

fn object(report: &Report, broken: &[(String, String)], admissible: Admissible) -> Json {
    json!({
        "kind": name(report.kind),
        "authentic": name(report.authentic),
        "current": name(report.current),
        "admissible": admissible.name(),
        "fault": report.fault.map(crate::credential::report::Fault::name),
        "rules": broken.iter().map(|(id, _)| id).collect::<Vec<_>>(),
        "issuer": report.issuer,
        "not_before": written(report.not_before),
        "expires": written(report.expires),
    })
}

fn lines(
    out: &mut impl Write,
    report: &Report,
    broken: &[(String, String)],
    admissible: Admissible,
) -> io::Result<()> {
    writeln!(out, "kind        {}", name(report.kind))?;
    let issuer = report.issuer.as_ref().map(|issuer| format!(" ({})", printable(issuer)));
    writeln!(out, "authentic   {}{}", name(report.authentic), issuer.unwrap_or_default())?;
    let (from, to) = (written(report.not_before), written(report.expires));
    let span = (from.is_some() || to.is_some())
        .then(|| format!(" ({} to {})", from.as_deref().unwrap_or("?"), to.as_deref().unwrap_or("?")));
    writeln!(out, "current     {}{}", name(report.current), span.unwrap_or_default())?;
    let fault = report.fault.map(|fault| format!(" ({})", fault.name()));
    writeln!(out, "admissible  {}{}", admissible.name(), fault.unwrap_or_default())?;
    broken
        .iter()
        .try_for_each(|(id, asks)| writeln!(out, "            {}: {}", printable(id), printable(asks)))
}

/// A stranger's text without what a screen would obey.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !crate::model::width::is_obeyed(*c)).collect()
}

/// Every file below `folder` with its content, in order.
fn files(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .with_context(|| folder.display().to_string())?;
    entries.sort();
    let mut all = vec![];
    for path in entries {
        if path.is_dir() {
            all.extend(files(&path)?);
        } else if fs::metadata(&path).is_ok_and(|file| file.len() <= BYTES_MAX) {
            let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
            all.push((path, bytes));
        }
    }
    Ok(all)
}

/// The keys of the certificates, DID documents and JWK sets below `folder`.
fn trusted(folder: &Path, problems: &mut Vec<String>) -> Result<Keys> {
    let mut keys = vec![];
    for (path, bytes) in files(folder)? {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("der" | "cer" | "crt" | "pem") => match read_key(&bytes) {
                Ok(key) => keys.push(key),
                Err(e) => problems.push(format!("{}: {e:#}", path.display())),
            },
            Some("json" | "jwk" | "jwks") => match read_json(&bytes) {
                Ok(more) => keys.extend(more),
                Err(e) => problems.push(format!("{}: {e:#}", path.display())),
            },
            _ => {}
        }
    }
    if keys.is_empty() {
        bail!("{}: holds no key of an issuer", folder.display());
    }
    Ok(Keys::new(keys))
}

/// The keys of a DID document, a JWK set, or a JWK. Other JSON is none of ours.
fn read_json(bytes: &[u8]) -> Result<Vec<Key>> {
    let json: Json = serde_json::from_slice(bytes)?;
    let has = |member: &str| json.get(member).is_some();
    if has("verificationMethod") {
        Ok(jwk::of_document(&json)?)
    } else if has("keys") {
        Ok(jwk::of_set(&json)?)
    } else if has("kty") {
        Ok(jwk::of_set(&json!({"keys": [json]}))?)
    } else {
        Ok(vec![])
    }
}

fn read_key(bytes: &[u8]) -> Result<Key> {
    let Some(text) =
        std::str::from_utf8(bytes).ok().filter(|text| text.contains("-----BEGIN CERTIFICATE-----"))
    else {
        return Ok(certificate::key(bytes)?);
    };
    let body =
        text.split("-----BEGIN CERTIFICATE-----").nth(1).and_then(|rest| rest.split("-----END").next());
    let body: String = body.unwrap_or_default().split_whitespace().collect();
    Ok(certificate::key(&BASE64.decode(body.as_bytes()).context("no base64 between BEGIN and END")?)?)
}

/// The rules and the sets of values below `folder`.
fn rules(folder: &Path, problems: &mut Vec<String>) -> Result<Rules> {
    let mut rules = Rules::default();
    for (path, bytes) in files(folder)? {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        match read_rules(&bytes, &mut rules) {
            Ok(()) => {}
            Err(e) => problems.push(format!("{}: {e:#}", path.display())),
        }
    }
    if rules.is_empty() {
        bail!("{}: holds no rule", folder.display());
    }
    Ok(rules)
}

/// Adds what a file holds: a rule, a set of values, or a list of rules. Other JSON is none of ours.
fn read_rules(bytes: &[u8], rules: &mut Rules) -> Result<()> {
    let json: Json = serde_json::from_slice(bytes)?;
    if let Some(all) = json.as_array() {
        return all.iter().try_for_each(|json| add(json, rules));
    }
    add(&json, rules)
}

fn add(json: &Json, rules: &mut Rules) -> Result<()> {
    if json.get("Logic").is_some() {
        rules.add(Rule::parse(json)?);
    } else if let (Some(name), Some(values)) =
        (json["valueSetId"].as_str(), json["valueSetValues"].as_object())
    {
        rules.add_values(name.to_owned(), values.keys().cloned().collect());
    }
    Ok(())
}
