//! Reads `online.toml`, which tells a hub whom to ask about codes that only their issuers can judge.
//!
//! ```toml
//! [[adapter]]
//! name = "gate-api"
//! begins = ["https://code.example/"]           # how such codes begin, 8 characters at least; none begins as another adapter's
//! url = "https://issuer.example/health/decode" # https, or http on this machine
//! timeout_ms = 3000                            # 200 to 10000, for the whole call
//! ca_file = "issuer-ca.pem"                    # who vouches for the server; left out: the system's authorities
//! form = "json"                                # or "form": how the body is written
//!
//! [adapter.send]                               # what the body says: texts, with {code}, {unix}, {unix_ms} and {nonce} filled in
//! appId = "kakou"
//! timestamp = "{unix_ms}"
//! code_content = "{code}"
//!
//! [adapter.sign]                               # left out: nothing is signed
//! field = "sign"                               # where the signature goes
//! how = "hmac-sha256"                          # or "sha256-key-last"
//! letters = "upper"                            # or "lower"
//! secret_file = "gate-api.secret"              # from this file's folder on; others may not read it
//!
//! [adapter.answer]                             # where in the JSON of the answer is what: JSON pointers (RFC 6901)
//! invalid = { at = "/errcode", is = [4001] }   # the issuer does not know the code
//! accepted = { at = "/errcode", is = [0] }     # anything else is no answer
//! expired = [{ at = "/data/qrcode_expired", is = [true] }]
//! result = { at = "/data/risk_assessment_grade", positive = ["00"], negative = ["01", "10"] }
//! expires = "/data/report_valid_date"
//! name = "/data/name"
//! id = "/data/certificate_id"
//! utc_offset_minutes = 480                     # of times that do not say it themselves
//! ```
//!
//! # Signatures
//!
//! What is sent, as `name=value` sorted by name and joined with `&`, nothing escaped, is the text. `hmac-sha256` is its HMAC
//! (RFC 2104) with the secret; `sha256-key-last` the SHA-256 of it with `&key=` and the secret behind. The secret itself
//! is never sent.
//!
//! # Answers
//!
//! Values are compared with their JSON type: `"0"` is not `0`. `expired` knows more than what it `is`: a value that is missing,
//! null, `false`, `0`, `"0"` or `"false"` says that nothing is expired, or instead of these one that is listed as `is_not`;
//! any other is not understood. A positive answer is expired from the time at `expires` on, and none where that is missing.

mod answer;

use std::path::PathBuf;
use std::time::Duration;

use super::error::{Mistakes, Report};
use super::section::{Kind, Section, integer, name, one_of, path, read_file, text};
use super::site_file::{host_and_port, is_loopback};
use crate::base::Slug;

pub use answer::{AnswerRules, Expired, Literal, Matches, Outcomes};

/// Most adapters.
pub const ADAPTERS_MAX: usize = 32;
/// Most fields of a body.
pub const FIELDS_MAX: usize = 32;
/// A shorter beginning would catch codes that are none of the issuer's.
const BEGINS_MIN: usize = 8;
/// How long a call may take where nothing is said.
const TIMEOUT_MS: u64 = 3_000;

/// Whom to ask about which codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnlineFile {
    /// The adapters, at least one; none of their beginnings is the beginning of another's.
    pub adapters: Vec<Adapter>,
}

/// How one issuer's server is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
    /// What it is called in logs and answers.
    pub name: Slug,
    /// How its codes begin.
    pub begins: Vec<String>,
    /// Where it is asked.
    pub url: String,
    /// How long a call may take.
    pub timeout: Duration,
    /// PEM file of the authorities that may vouch for the server, where it is not the system's.
    pub ca_file: Option<PathBuf>,
    /// How the body is written.
    pub form: Form,
    /// What it says, by name, in the order of names.
    pub send: Vec<(String, Template)>,
    /// How it is signed.
    pub sign: Option<Sign>,
    /// What is read from the answer.
    pub answer: AnswerRules,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One JSON object of texts.
    Json,
    /// `application/x-www-form-urlencoded`.
    Urlencoded,
}

/// A text with places to be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(pub Vec<Part>);

/// A part of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// As it is.
    Text(String),
    /// The code that is asked about.
    Code,
    /// The time, in seconds since 1970.
    Unix,
    /// The time, in milliseconds since 1970.
    UnixMs,
    /// 32 hexadecimal digits that never come again.
    Nonce,
}

/// How a body is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// The name of the field with the signature.
    pub field: String,
    /// By what.
    pub how: SignHow,
    /// How it is written.
    pub letters: Letters,
    /// Where the secret is.
    pub secret_file: PathBuf,
}

/// By what a body is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignHow {
    /// HMAC with SHA-256.
    HmacSha256,
    /// SHA-256 of the text with `&key=` and the secret behind it.
    Sha256KeyLast,
}

/// How hexadecimal digits are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// `0A`.
    Upper,
    /// `0a`.
    Lower,
}

impl OnlineFile {
    /// Reads the `text` of `file`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Mistakes> {
        read_file(file, text, adapters)
    }

    /// Whom to ask about `code`.
    pub fn adapter_of(&self, code: &str) -> Option<&Adapter> {
        let knows = |adapter: &&Adapter| adapter.begins.iter().any(|begin| code.starts_with(begin.as_str()));
        self.adapters.iter().find(knows)
    }
}

fn adapters(report: &mut Report<'_>, mut file: Section<'_>) -> Option<OnlineFile> {
    let rows = file.some_tables(report, "adapter");
    if rows.len() > ADAPTERS_MAX {
        file.misfit(report, "adapter", format!("must be at most {ADAPTERS_MAX}"));
    }
    let mut adapters = vec![];
    let (mut names, mut beginnings): (Vec<Slug>, Vec<String>) = (vec![], vec![]);
    for mut row in rows {
        let called = row.need(report, "name", &name::<Slug>());
        if let Some(called) = called {
            row.rename(format!("adapter[{called}]."));
            if names.contains(&called) {
                row.misfit(report, "name", "must be given to one adapter");
            }
            names.push(called);
        }
        let begins = row.list(report, "begins", &begin());
        if begins.is_empty() {
            row.misfit(report, "begins", "must say how the codes begin");
        }
        // Compared even where something else is wrong: every mistake is named at once.
        let clashes = |own: &&String| beginnings.iter().any(|other| overlap(own, other));
        if let Some(own) = begins.iter().find(clashes) {
            row.misfit(report, "begins", format!("{own:?} must not begin as codes of another adapter do"));
        }
        beginnings.extend(begins.iter().cloned());
        adapters.extend(adapter(report, &mut row, names.last(), begins));
        row.finish(report);
    }
    file.finish(report);
    Some(OnlineFile { adapters })
}

fn overlap(one: &str, other: &str) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

fn adapter(
    report: &mut Report<'_>,
    row: &mut Section<'_>,
    name: Option<&Slug>,
    begins: Vec<String>,
) -> Option<Adapter> {
    let forms = [("json", Form::Json), ("form", Form::Urlencoded)];
    let url = row.need(report, "url", &address());
    let timeout_ms = row.get_or(report, "timeout_ms", &integer(200..=10_000u64), TIMEOUT_MS);
    let ca_file = row.get(report, "ca_file", &path());
    let form = row.get_or(report, "form", &one_of(&forms), Form::Json);
    let send = send(report, row);
    let sign = match row.table(report, "sign") {
        None => Some(None),
        Some(table) => sign(report, table, &send).map(Some),
    };
    let answer = match row.table(report, "answer") {
        Some(table) => answer::rules(report, table),
        None => {
            row.misfit(report, "answer", "missing; must say what in the answer means what");
            None
        }
    };
    Some(Adapter {
        name: name?.clone(),
        begins,
        url: url?,
        timeout: Duration::from_millis(timeout_ms),
        ca_file,
        form,
        send,
        sign: sign?,
        answer: answer?,
    })
}

fn send(report: &mut Report<'_>, row: &mut Section<'_>) -> Vec<(String, Template)> {
    let mut fields = vec![];
    let Some(table) = row.table(report, "send") else {
        row.misfit(report, "send", "missing; must say what is sent");
        return fields;
    };
    for (key, value) in table.entries() {
        if !is_field(key) {
            report.hidden(value.span(), table.key(key), FIELD);
        }
        match value.get_ref().as_str().and_then(template) {
            Some(template) => fields.push((key.to_owned(), template)),
            // Not quoted: somebody may have put here what nobody else should see.
            None => report.hidden(value.span(), table.key(key), TEMPLATE),
        }
    }
    if fields.len() > FIELDS_MAX {
        row.misfit(report, "send", format!("must have at most {FIELDS_MAX} fields"));
    }
    if !fields.iter().any(|(_, Template(parts))| parts.contains(&Part::Code)) {
        report.hidden(table.span(), table.key("").trim_end_matches('.'), "must have {code} somewhere");
    }
    fields.sort_by(|one, other| one.0.cmp(&other.0));
    fields
}

fn sign(report: &mut Report<'_>, mut table: Section<'_>, send: &[(String, Template)]) -> Option<Sign> {
    let ways = [("hmac-sha256", SignHow::HmacSha256), ("sha256-key-last", SignHow::Sha256KeyLast)];
    let letters = [("upper", Letters::Upper), ("lower", Letters::Lower)];
    let field = table.need(
        report,
        "field",
        &Kind::new(FIELD.trim_start_matches("must be "), |value| {
            value.as_str().filter(|name| is_field(name)).map(str::to_owned)
        }),
    );
    let how = table.need(report, "how", &one_of(&ways));
    let letters = table.get_or(report, "letters", &one_of(&letters), Letters::Upper);
    let secret_file = table.need(report, "secret_file", &path());
    if table.has("secret") {
        report.hidden(
            table.place("secret"),
            table.key("secret"),
            "must stand in a file of its own: secret_file",
        );
    }
    if field.as_ref().is_some_and(|field| send.iter().any(|(name, _)| name == field)) {
        table.misfit(report, "field", "must be none of what is sent");
    }
    table.finish(report);
    Some(Sign { field: field?, how: how?, letters, secret_file: secret_file? })
}

/// What a name of a field must be: nothing that could be taken for a part of a signed text.
const FIELD: &str = "must be a name of 1 to 64 characters of A-Z, a-z, 0-9, _, - and .";
/// What a value must be.
const TEMPLATE: &str =
    "must be a text of at most 400 bytes; in braces there may be {code}, {unix}, {unix_ms} or {nonce}";

fn is_field(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

fn template(text: &str) -> Option<Template> {
    if text.len() > 400 || text.chars().any(char::is_control) {
        return None;
    }
    let (mut parts, mut rest) = (vec![], text);
    while let Some((before, from)) = rest.split_once('{') {
        let (word, after) = from.split_once('}')?;
        parts.extend(as_it_is(before)?);
        parts.push(match word {
            "code" => Part::Code,
            "unix" => Part::Unix,
            "unix_ms" => Part::UnixMs,
            "nonce" => Part::Nonce,
            _ => return None,
        });
        rest = after;
    }
    parts.extend(as_it_is(rest)?);
    Some(Template(parts))
}

/// Nothing for nothing; `None` where a brace is left over.
fn as_it_is(text: &str) -> Option<Option<Part>> {
    (!text.contains('}')).then(|| (!text.is_empty()).then(|| Part::Text(text.to_owned())))
}

fn begin() -> Kind<'static, String> {
    text(200).and(format!("a text of {BEGINS_MIN} characters to 200 bytes"), |text: &String| {
        text.chars().count() >= BEGINS_MIN
    })
}

/// Codes are about people: they go nowhere in the clear.
fn address() -> Kind<'static, String> {
    text(400).and("an address with https://, or http:// on this machine only", |written: &String| {
        let Some((scheme, rest)) = written.split_once("://") else { return false };
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let Some((host, _)) = host_and_port(authority) else { return false };
        let plain = !written.contains(['#', ' ', '"', '\\', '<', '>']) && written.is_ascii();
        plain && (scheme == "https" || (scheme == "http" && is_loopback(&host)))
    })
}

#[cfg(test)]
mod tests;
