//! The kiosk's side of the connection to its hub.
//!
//! Requests and their answers; what is asked for when is decided by [`crate::sync::link`] and carried out by
//! [`super::uplink`]. Over TLS a kiosk presents its own key, and brings a new one when the hub wants it: see
//! [`crate::sync::tls_keys`].

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::RETRY_AFTER;
use reqwest::{Method, StatusCode};
use tokio::sync::watch;

use super::own_key::OwnKey;
use super::passed::Passed;
use super::tls;
use crate::base::{Epoch, KioskId};
use crate::sync::Answer;
use crate::sync::desk::Ask;
use crate::sync::enrolment::{Enrolment, Fingerprint, Grant, Request};
use crate::sync::tls_keys::RENEW_HEADER;
use crate::sync::trust::PIECE_MAX;
use crate::sync::turned_back::{LookBack, Page};
use crate::sync::wire::{Head, Problem};

mod blobs;
mod online;
mod renewal;
mod trust;

pub use renewal::Keyring;

/// Most bytes of an answer that are read: the longest are pieces of a file of trust.
const ANSWER_MAX: usize = PIECE_MAX;
/// How long a hub may take to answer what it does not let wait.
const ANSWERED_WITHIN: Duration = Duration::from_secs(25);

/// Why there is no connection to a hub.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is none of a hub.
    #[error("hub address {0:?} must begin with https://, or http:// on this machine")]
    Address(String),
    /// The connection cannot be set up.
    #[error("hub: {0}")]
    Setup(String),
    /// A kiosk that speaks without TLS has no TLS key.
    #[error("hub: without TLS there is no key")]
    NoKey,
    /// No usable answer came.
    #[error("hub: {0}")]
    Lost(String),
    /// The hub refused.
    #[error("hub refused: {0}")]
    Refused(Problem),
}

/// Where a hub said it stands with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Which log.
    pub epoch: Epoch,
    /// What it answered.
    pub head: Head,
}

/// Talks to one hub. Clones share the connection and what it presents.
#[derive(Clone, Debug)]
pub struct HubClient {
    connection: Arc<RwLock<reqwest::Client>>,
    hub: String,
    certificate: Option<Fingerprint>,
    ring: Option<Arc<Keyring>>,
    heard: Option<watch::Sender<Option<Heard>>>,
    passed: Passed,
}

impl HubClient {
    /// A client for the hub of an enrolment. What the hub cosigns is told to `passed`.
    ///
    /// # Errors
    ///
    /// As [`at`](Self::at).
    pub fn new(enrolment: &Enrolment, passed: Passed) -> Result<Self, Error> {
        Self::known(&enrolment.hub, enrolment.certificate, passed)
    }

    /// A client for the hub at `hub`, which must present `certificate` when one is given. Redirects are never followed.
    ///
    /// A kiosk with a wrong clock still reaches its hub: see [`tls`].
    ///
    /// # Errors
    ///
    /// [`Error::Address`], also for plain HTTP to another machine.
    pub fn at(hub: &str, certificate: Option<Fingerprint>) -> Result<Self, Error> {
        Self::known(hub, certificate, Passed::default())
    }

    fn known(hub: &str, certificate: Option<Fingerprint>, passed: Passed) -> Result<Self, Error> {
        let hub = hub.trim_end_matches('/').to_owned();
        let address = || Error::Address(hub.clone());
        let url = reqwest::Url::parse(&hub).map_err(|_| address())?;
        let is_local = match url.host_str() {
            Some("localhost" | "127.0.0.1" | "[::1]") => true,
            Some(_) | None => false,
        };
        match url.scheme() {
            "https" => {}
            "http" if is_local => {}
            _ => return Err(address()),
        }
        let connection = Arc::new(RwLock::new(connect(&hub, certificate, &passed, None)?));
        Ok(Self { connection, hub, certificate, ring: None, heard: None, passed })
    }

    /// A client for the same hub that presents `own` on connections of its own.
    ///
    /// # Errors
    ///
    /// [`Error::Setup`].
    pub fn presenting(&self, own: &OwnKey) -> Result<Self, Error> {
        let connection = connect(&self.hub, self.certificate, &self.passed, Some(own))?;
        Ok(Self { connection: Arc::new(RwLock::new(connection)), ring: None, ..self.clone() })
    }

    /// Whether the hub is spoken to over TLS.
    pub fn is_tls(&self) -> bool {
        is_tls(&self.hub)
    }

    /// The same client, which shows every answer about a log to `heard` as well.
    #[must_use]
    pub fn telling(self, heard: watch::Sender<Option<Heard>>) -> Self {
        Self { heard: Some(heard), ..self }
    }

    /// Enrols with a one-time token.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with what the hub says, or [`Error::Lost`].
    pub async fn enrol(&self, request: &Request) -> Result<Grant, Error> {
        let body = serde_json::to_vec(request).map_err(|error| Error::Setup(error.to_string()))?;
        let reply = self.ask(Method::POST, "/v1/enrol", body.into()).await.map_err(Error::Lost)?;
        let Reply { status, body: answer, .. } = reply;
        if status != StatusCode::OK {
            return Err(Error::Refused(problem(status, &answer)));
        }
        serde_json::from_slice(&answer).map_err(|error| Error::Lost(error.to_string()))
    }

    /// Where the hub stands with a log.
    pub async fn head(&self, kiosk: &KioskId, epoch: Epoch) -> Result<Head, Answer> {
        let path = format!("/v1/logs/{kiosk}/{epoch}/head");
        self.tell(epoch, self.log_request(Method::GET, &path, vec![]).await)
    }

    /// Sends a batch.
    pub async fn post(
        &self,
        kiosk: &KioskId,
        epoch: Epoch,
        from: u64,
        body: Vec<u8>,
    ) -> Result<Head, Answer> {
        let path = format!("/v1/logs/{kiosk}/{epoch}/entries?from={from}");
        self.tell(epoch, self.log_request(Method::POST, &path, body).await)
    }

    /// Sends a heartbeat.
    pub async fn beat(&self, kiosk: &KioskId, epoch: Epoch, note: String) -> Result<Head, Answer> {
        let path = format!("/v1/logs/{kiosk}/{epoch}/heartbeat");
        self.tell(epoch, self.log_request(Method::POST, &path, note.into_bytes()).await)
    }

    fn tell(&self, epoch: Epoch, answer: Result<Head, Answer>) -> Result<Head, Answer> {
        if let (Some(heard), Ok(head)) = (&self.heard, &answer) {
            heard.send_replace(Some(Heard { epoch, head: head.clone() }));
        }
        answer
    }

    /// Sends a request about a log.
    ///
    /// # Errors
    ///
    /// What to make of it, when the answer is not where the hub stands.
    pub async fn send(&self, kiosk: &KioskId, epoch: Epoch, ask: &Ask) -> Result<Head, Answer> {
        let post = async |what: &str, body: Vec<u8>| {
            let path = format!("/v1/logs/{kiosk}/{epoch}/{what}");
            self.tell(epoch, self.log_request(Method::POST, &path, body).await)
        };
        match ask {
            Ask::Head => self.head(kiosk, epoch).await,
            Ask::Entries { from, body } => self.post(kiosk, epoch, from.get(), body.clone()).await,
            Ask::Heartbeat(note) => self.beat(kiosk, epoch, note.clone()).await,
            Ask::Salvage { body, .. } => post("salvage", body.clone()).await,
            Ask::Hole(claim) => {
                let body = serde_json::to_vec(claim).map_err(|error| Answer::Lost(error.to_string()))?;
                post("hole", body).await
            }
            Ask::End(statement) => post("end", statement.clone().into_bytes()).await,
        }
    }

    /// The signed command that follows number `after`, for which the hub may wait as long as `wait`; none by then.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with what the hub says, also a hub that knows no commands, or [`Error::Lost`].
    pub async fn command_after(
        &self,
        kiosk: &KioskId,
        after: u64,
        wait: Duration,
    ) -> Result<Option<Vec<u8>>, Error> {
        let path = format!("/v1/kiosks/{kiosk}/inbox?after={after}&wait={}", wait.as_secs());
        let within = wait + ANSWERED_WITHIN;
        let reply = self.ask_as_kiosk_for(Method::GET, &path, Bytes::new(), within).await;
        let Reply { status, body, .. } = reply.map_err(Error::Lost)?;
        match status {
            StatusCode::OK => Ok(Some(body)),
            StatusCode::NO_CONTENT => Ok(None),
            status => Err(Error::Refused(problem(status, &body))),
        }
    }

    /// News of turn-backs and of passes elsewhere with a number above `after`, as far back as `look` says, for which the hub may
    /// wait as long as `wait`; none by then.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with what the hub says, also a hub that tells none, or [`Error::Lost`].
    pub async fn turned_back_after(
        &self,
        kiosk: &KioskId,
        after: u64,
        look: LookBack,
        wait: Duration,
    ) -> Result<Option<Page>, Error> {
        let (hours, passes) = (look.turn_backs.as_secs().div_ceil(3_600), look.passes.as_secs());
        let seconds = wait.as_secs();
        let asked = format!("after={after}&within={hours}&wait={seconds}&passes={passes}");
        let path = format!("/v1/kiosks/{kiosk}/turned-back?{asked}");
        let reply = self.ask_as_kiosk_for(Method::GET, &path, Bytes::new(), wait + ANSWERED_WITHIN).await;
        let Reply { status, body, .. } = reply.map_err(Error::Lost)?;
        match status {
            StatusCode::OK => Page::decode(&body).map(Some).map_err(|error| Error::Lost(error.to_string())),
            StatusCode::NO_CONTENT => Ok(None),
            status => Err(Error::Refused(problem(status, &body))),
        }
    }

    async fn log_request(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Head, Answer> {
        let reply = self.ask_as_kiosk(method, path, body.into()).await.map_err(Answer::Lost)?;
        let Reply { status, retry_after, body: answer, .. } = reply;
        let head =
            || serde_json::from_slice::<Head>(&answer).map_err(|error| Answer::Lost(error.to_string()));
        match status {
            StatusCode::OK => {
                let head = head()?;
                if let Some(note) = head.cosigned.clone() {
                    let passed = self.passed.clone();
                    // It may write a file. What became of that is its own affair.
                    let _ = tokio::task::spawn_blocking(move || passed.hear(&note)).await;
                }
                Ok(head)
            }
            StatusCode::CONFLICT => head().and_then(|head| Err(Answer::Rewind(head.next))),
            StatusCode::UNPROCESSABLE_ENTITY => Err(Answer::Fork(problem(status, &answer).to_string())),
            StatusCode::PAYLOAD_TOO_LARGE => Err(Answer::TooLarge),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Err(Answer::Unpacked),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Err(Answer::Busy { retry_after })
            }
            status => Err(Answer::Refused(problem(status, &answer).to_string())),
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Bytes) -> Result<Reply, String> {
        self.ask_for(method, path, body, ANSWERED_WITHIN).await
    }

    /// Asks what the hub may let wait for an answer: `within` is for all of it.
    async fn ask_for(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        within: Duration,
    ) -> Result<Reply, String> {
        let url = format!("{}{path}", self.hub);
        let client = self.connection.read().unwrap_or_else(PoisonError::into_inner).clone();
        let sent = client.request(method, url).timeout(within).body(body).send().await;
        let mut response = sent.map_err(|error| plain(&error))?;
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|text| text.parse().ok()).map(Duration::from_secs);
        let wants_key = response.headers().contains_key(RENEW_HEADER);
        let held = blobs::held(response.headers());
        let mut answer = vec![];
        while let Some(chunk) = response.chunk().await.map_err(|error| plain(&error))? {
            if answer.len() + chunk.len() > ANSWER_MAX {
                return Err("answer is too long".to_owned());
            }
            answer.extend_from_slice(&chunk);
        }
        Ok(Reply { status, retry_after, wants_key, held, body: answer })
    }
}

fn is_tls(hub: &str) -> bool {
    hub.split_once(':').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("https"))
}

/// What the hub answered.
struct Reply {
    status: StatusCode,
    retry_after: Option<Duration>,
    wants_key: bool,
    /// For a blob: how much of it is there, and whether that is all and right.
    held: Option<(u32, bool)>,
    body: Vec<u8>,
}

fn connect(
    hub: &str,
    certificate: Option<Fingerprint>,
    passed: &Passed,
    own: Option<&OwnKey>,
) -> Result<reqwest::Client, Error> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(10))
        .user_agent(concat!("kakou/", env!("CARGO_PKG_VERSION")));
    let tls = match certificate {
        Some(pin) => tls::pinned(pin, own),
        None if is_tls(hub) => tls::public(passed.clone(), own),
        // Never used, but the library wants one of the two, and this one needs no certificates.
        None => tls::pinned(Fingerprint([0; 32]), None),
    };
    builder = builder.tls_backend_preconfigured(tls.map_err(|error| Error::Setup(error.to_string()))?);
    builder.build().map_err(|error| Error::Setup(error.to_string()))
}

fn problem(status: StatusCode, answer: &[u8]) -> Problem {
    serde_json::from_slice(answer)
        .unwrap_or_else(|_| Problem { what: status.to_string(), at: "hub".to_owned() })
}

/// An error and what caused it, without the address.
pub(super) fn plain(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    if error.is_timeout() { "no answer in time".to_owned() } else { cause.to_string() }
}
