//! Asks issuers about codes that nobody else can judge, for kiosks: see [`crate::sync::online`].
//!
//! Whom to ask about what is in `online.toml` of the data directory: see [`crate::config::online_file`]. It is read when the
//! hub starts, and again when it or a file that it names was changed. Without the file, and as long as something is wrong with
//! it, there is nobody to ask.
//!
//! Nothing of a question or its answer is kept or logged but how it went.

mod answer;
mod request;
mod room;

use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::task::spawn_blocking;
use tokio::time::Instant;
use zeroize::Zeroizing;

use self::request::{Filling, Signer, body};
use self::room::{Calls, Failing};
use super::api::too_large;
use super::reply::Refusal;
use super::state::{Error, Hub};
use super::trust::known;
use crate::base::{KioskId, Pii};
use crate::config::online_file::{Adapter, OnlineFile, Sign};
use crate::config::section::FILE_BYTES_MAX;
use crate::model::{OnlineAnswer, Unanswered};
use crate::platform::files::{self, Marks};
use crate::platform::issuer::{Issuer, Trouble};
use crate::sync::online::{BadOnline, Said, decode_question, encode_answer};

/// Name of the file in the data directory.
pub const ONLINE_FILE: &str = "online.toml";

/// It is written beside this process, by hand.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Longest secret, in bytes.
const SECRET_MAX: usize = 1 << 10;
/// Longest file of authorities: the system's own has some 220 KB.
const AUTHORITIES_MAX: usize = 1 << 20;

/// Whom the hub asks.
pub(super) struct Issuers {
    folder: PathBuf,
    loaded: Mutex<Loaded>,
    calls: Calls,
    failing: Failing,
}

/// What was read last.
#[derive(Default)]
struct Loaded {
    looked: Option<Instant>,
    /// The files that it came from, as they were before they were read.
    marks: Vec<(PathBuf, Option<Marks>)>,
    issuers: Arc<Vec<Ready>>,
}

/// An adapter that can be used.
struct Ready {
    adapter: Adapter,
    signer: Option<Signer>,
    issuer: Issuer,
}

impl Issuers {
    /// Those of the file in a hub's `data`, which is not read yet.
    pub(super) fn within(data: &FilePath) -> Self {
        let (loaded, calls, failing) = Default::default();
        Self { folder: data.to_owned(), loaded, calls, failing }
    }

    /// Reads the file if it was changed, unless it was looked at a moment before `now`.
    pub(super) fn look(&self, now: Instant) {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if !loaded.is_due(now) {
            return;
        }
        let first = loaded.looked.replace(now).is_none();
        let unchanged = loaded.marks.iter().all(|(path, marks)| files::marks(path) == *marks);
        if unchanged && !first {
            return;
        }
        let path = self.folder.join(ONLINE_FILE);
        loaded.marks = vec![(path.clone(), files::marks(&path))];
        let read = read(&path).and_then(|file| {
            let named = file.adapters.iter().flat_map(named).map(|named| self.folder.join(named));
            loaded.marks.extend(named.map(|path| (path.clone(), files::marks(&path))));
            ready(&self.folder, file)
        });
        loaded.issuers = Arc::new(read.unwrap_or_else(|error| {
            tracing::error!(file = %path.display(), %error, "no issuer is asked about codes");
            vec![]
        }));
        if !loaded.issuers.is_empty() {
            tracing::info!(adapters = loaded.issuers.len(), "issuers are asked about codes");
        }
    }

    fn current(&self, now: Instant) -> Option<Arc<Vec<Ready>>> {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        (!loaded.is_due(now)).then(|| Arc::clone(&loaded.issuers))
    }
}

impl Loaded {
    fn is_due(&self, now: Instant) -> bool {
        self.looked.is_none_or(|looked| now.saturating_duration_since(looked) >= LOOK_EVERY)
    }
}

fn read(path: &FilePath) -> Result<OnlineFile, String> {
    let bytes = files::read_if_there(path, FILE_BYTES_MAX).map_err(|error| error.to_string())?;
    let Some(bytes) = bytes else { return Ok(OnlineFile::default()) };
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
    OnlineFile::parse(ONLINE_FILE, &text).map_err(|mistakes| mistakes.to_string())
}

/// The files that an adapter names.
fn named(adapter: &Adapter) -> impl Iterator<Item = &PathBuf> {
    adapter.ca_file.iter().chain(adapter.sign.iter().map(|sign| &sign.secret_file))
}

/// All of them, or everything that keeps one from being used.
fn ready(folder: &FilePath, file: OnlineFile) -> Result<Vec<Ready>, String> {
    let (mut ready, mut wrong) = (vec![], vec![]);
    for adapter in file.adapters {
        let name = adapter.name.clone();
        let at = |key: &str, why: String| format!("{ONLINE_FILE}: adapter[{name}].{key}: {why}");
        let signer = adapter.sign.as_ref().map(|sign| signer(folder, sign)).transpose();
        let signer = signer.map_err(|why| wrong.push(at("sign.secret_file", why)));
        let issuer = issuer(folder, &adapter).map_err(|(key, why)| wrong.push(at(key, why)));
        if let (Ok(signer), Ok(issuer)) = (signer, issuer) {
            ready.push(Ready { adapter, signer, issuer });
        }
    }
    if wrong.is_empty() { Ok(ready) } else { Err(wrong.join("\n")) }
}

fn signer(folder: &FilePath, sign: &Sign) -> Result<Signer, String> {
    let path = folder.join(&sign.secret_file);
    let read = files::read_private(&path, SECRET_MAX).map_err(|error| format!("{}: {error}", path.display()));
    let mut secret = Zeroizing::new(read?);
    // An editor ends a file with a new line, which is no part of the secret.
    while secret.last().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
        secret.pop();
    }
    if secret.is_empty() {
        return Err(format!("{} is empty", path.display()));
    }
    Ok(Signer { sign: sign.clone(), secret })
}

fn issuer(folder: &FilePath, adapter: &Adapter) -> Result<Issuer, (&'static str, String)> {
    let Some(ca_file) = &adapter.ca_file else {
        return Issuer::new(&adapter.url, None).map_err(|why| ("url", why));
    };
    let path = folder.join(ca_file);
    let unusable = |why: String| ("ca_file", format!("{}: {why}", path.display()));
    let read = files::read_if_there(&path, AUTHORITIES_MAX).map_err(|error| unusable(error.to_string()))?;
    let authorities = read.ok_or_else(|| unusable("there is no such file".to_owned()))?;
    Issuer::new(&adapter.url, Some(&authorities)).map_err(unusable)
}

/// Answers a kiosk's question about a code.
pub async fn ask(
    State(hub): State<Arc<Hub>>,
    Path(kiosk): Path<String>,
    question: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let kiosk: KioskId =
        kiosk.parse().map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "kiosk", error))?;
    let code = decode_question(&question.map_err(too_large)?).map_err(refusal)?;
    known(&hub, kiosk.clone()).await?;
    let said = said(&hub, &kiosk, &code).await?;
    let bytes = encode_answer(&said).map_err(|error| Error::Failed(error.to_string()))?;
    // About a person: it is kept by nobody on the way.
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, bytes).into_response())
}

fn refusal(bad: BadOnline) -> Refusal {
    let status = match bad {
        BadOnline::Json => StatusCode::BAD_REQUEST,
        BadOnline::Length(_) | BadOnline::TooLong(_) => StatusCode::PAYLOAD_TOO_LARGE,
    };
    Refusal::new(status, "code", bad)
}

async fn said(hub: &Arc<Hub>, kiosk: &KioskId, code: &Pii<String>) -> Result<Said, Error> {
    let issuers = issuers(hub).await?;
    let knows =
        |ready: &&Ready| ready.adapter.begins.iter().any(|begin| code.expose().starts_with(begin.as_str()));
    let Some(ready) = issuers.iter().find(knows) else { return Ok(Err(Unanswered::NoAdapter)) };
    let name = &ready.adapter.name;
    let Some(_call) = hub.issuers.calls.enter(name, kiosk) else {
        tracing::debug!(adapter = %name, %kiosk, "too many questions about codes");
        return Ok(Err(Unanswered::Busy));
    };
    let mut nonce = [0; 16];
    hub.fill(&mut nonce)?;
    let asked = ready.ask(hub, code, Filling { now: hub.now(), nonce }).await;
    match &asked {
        Ok(answer) => {
            hub.issuers.failing.answered(name);
            tracing::debug!(adapter = %name, %kiosk, result = ?answer.result, "an issuer answers");
        }
        Err((_, error)) => hub.issuers.failing.failed(name, error),
    }
    Ok(asked.map_err(|(unanswered, _)| unanswered))
}

/// Those of the file as it is now, or was a moment ago.
async fn issuers(hub: &Arc<Hub>) -> Result<Arc<Vec<Ready>>, Error> {
    let now = Instant::now();
    if let Some(current) = hub.issuers.current(now) {
        return Ok(current);
    }
    let looking = Arc::clone(hub);
    let looked = spawn_blocking(move || {
        looking.issuers.look(now);
        let loaded = looking.issuers.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&loaded.issuers)
    });
    looked.await.map_err(|error| Error::Failed(error.to_string()))
}

impl Ready {
    /// What the issuer says, or why that is nothing, with words for the log.
    async fn ask(
        &self,
        hub: &Hub,
        code: &Pii<String>,
        filling: Filling,
    ) -> Result<OnlineAnswer, (Unanswered, String)> {
        let Adapter { name, timeout, answer: rules, .. } = &self.adapter;
        let sent = body(&self.adapter, self.signer.as_ref(), code, filling);
        let answer = self.issuer.post(sent.content_type, sent.bytes, *timeout).await;
        let answer = answer.map_err(|trouble| match &trouble {
            Trouble::Unreachable(why) => (Unanswered::Unreachable, why.clone()),
            Trouble::NotUnderstood(why) => (Unanswered::NotUnderstood, why.clone()),
        })?;
        // At the time of the answer, not of the question.
        let read = answer::read(name, rules, &answer, hub.now());
        read.map_err(|error| (Unanswered::NotUnderstood, error.to_string()))
    }
}

#[cfg(test)]
mod tests;
