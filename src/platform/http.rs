//! The kiosk's side of the connection to its hub.
//!
//! [`run`] carries out what [`Outbox`] asks for. The daemon calls it once, in a task of its own:
//!
//! ```ignore
//! let client = HubClient::new(&enrolment)?;
//! let packer = Packer::new(kiosk, epoch, signing_key).with_tip(frontier);
//! let outbox = Outbox::new(Settings::default(), Random::new(seed));
//! let uplink = Uplink { outbox, packer, client, source: reader, stamp: move || clock.stamp() };
//! tokio::spawn(run(uplink, durable, status));
//! ```
//!
//! `durable` is a watch of the number of durable records, `status` takes what the attendant's face shows. It ends when
//! the other end of `durable` is dropped. Waiting for the hub never holds up anything but itself.

use std::time::Duration;

use data_encoding::BASE64;
use reqwest::header::RETRY_AFTER;
use reqwest::{Method, StatusCode};
use tokio::sync::watch;

use super::passed::Passed;
use super::tls;
use crate::base::{Epoch, KioskId, Stamp};
use crate::sync::enrolment::{Enrolment, Fingerprint, Grant, Request};
use crate::sync::packer::{Error as PackError, Packer, Source};
use crate::sync::wire::{Head, Problem};
use crate::sync::{Action, Answer, HubStatus, Outbox};

/// Most bytes of an answer that are read.
const ANSWER_MAX: usize = 64 << 10;

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

/// Talks to one hub.
#[derive(Clone, Debug)]
pub struct HubClient {
    client: reqwest::Client,
    hub: String,
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
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(25))
            .user_agent(concat!("kakou/", env!("CARGO_PKG_VERSION")));
        let tls = match certificate {
            Some(pin) => tls::pinned(pin),
            None if url.scheme() == "https" => tls::public(passed.clone()),
            // Never used, but the library wants one of the two, and this one needs no certificates.
            None => tls::pinned(Fingerprint([0; 32])),
        };
        builder = builder.tls_backend_preconfigured(tls.map_err(|error| Error::Setup(error.to_string()))?);
        let client = builder.build().map_err(|error| Error::Setup(error.to_string()))?;
        Ok(Self { client, hub, heard: None, passed })
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
        let (status, _, answer) = self.ask(Method::POST, "/v1/enrol", body).await.map_err(Error::Lost)?;
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

    async fn log_request(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Head, Answer> {
        let (status, retry_after, answer) = self.ask(method, path, body).await.map_err(Answer::Lost)?;
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
            StatusCode::PAYLOAD_TOO_LARGE => Err(Answer::TooLarge),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Err(Answer::Busy { retry_after })
            }
            status => Err(Answer::Refused(problem(status, &answer).to_string())),
        }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Option<Duration>, Vec<u8>), String> {
        let url = format!("{}{path}", self.hub);
        let sent = self.client.request(method, url).body(body).send().await;
        let mut response = sent.map_err(|error| plain(&error))?;
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|text| text.parse().ok()).map(Duration::from_secs);
        let mut answer = vec![];
        while let Some(chunk) = response.chunk().await.map_err(|error| plain(&error))? {
            if answer.len() + chunk.len() > ANSWER_MAX {
                return Err("answer is too long".to_owned());
            }
            answer.extend_from_slice(&chunk);
        }
        Ok((status, retry_after, answer))
    }
}

/// What [`run`] works with.
pub struct Uplink<S, C> {
    /// Decides what to ask for.
    pub outbox: Outbox,
    /// Makes what is sent.
    pub packer: Packer,
    /// Talks to the hub.
    pub client: HubClient,
    /// Reads the journal; may block.
    pub source: S,
    /// Tells the time.
    pub stamp: C,
}

/// Sends everything that becomes durable to the hub, for ever; returns when `durable` is closed.
pub async fn run<S, C>(
    uplink: Uplink<S, C>,
    mut durable: watch::Receiver<u64>,
    status: watch::Sender<HubStatus>,
) where
    S: Source + Send + 'static,
    C: Fn() -> Stamp,
{
    let Uplink { mut outbox, packer, client, source, stamp } = uplink;
    let mut desk = Some(Desk { packer, source });
    let mut online = None;
    loop {
        let size = *durable.borrow_and_update();
        let now = stamp();
        let action = outbox.next(now.mono, size);
        let answer = match action {
            Action::WaitUntil(until) => {
                publish(&status, &outbox, &mut online);
                if !wait(until.since(now.mono), &mut durable).await {
                    return;
                }
                continue;
            }
            Action::Head | Action::Post { .. } | Action::Heartbeat => {
                perform(&client, &mut desk, action, size, now).await
            }
        };
        let now = stamp();
        outbox.on_answer(now.mono, now.wall, answer);
        publish(&status, &outbox, &mut online);
    }
}

/// The journal's reader and the packer, which work on threads that may block.
struct Desk<S> {
    packer: Packer,
    source: S,
}

async fn perform<S: Source + Send + 'static>(
    client: &HubClient,
    desk: &mut Option<Desk<S>>,
    action: Action,
    size: u64,
    now: Stamp,
) -> Answer {
    let Some(Desk { packer, .. }) = desk else { return Answer::Lost("journal reader ended".to_owned()) };
    let (kiosk, epoch) = (packer.kiosk().clone(), packer.epoch());
    let answer = match action {
        Action::Head => match client.head(&kiosk, epoch).await {
            Ok(head) => return same_tree(desk, head, size).await,
            Err(answer) => Err(answer),
        },
        Action::Post { from, max_entries, max_bytes } => {
            let body =
                at_desk(desk, move |desk| desk.packer.batch(from, max_entries, max_bytes, &mut desk.source));
            match body.await {
                Ok(body) => client.post(&kiosk, epoch, from.get(), body).await,
                Err(answer) => Err(answer),
            }
        }
        Action::Heartbeat => {
            let note =
                at_desk(desk, move |desk| desk.packer.heartbeat(size, now.boot, now.mono, &mut desk.source));
            match note.await {
                Ok(note) => client.beat(&kiosk, epoch, note).await,
                Err(answer) => Err(answer),
            }
        }
        Action::WaitUntil(_) => Err(Answer::Lost("nothing was asked".to_owned())),
    };
    answer.map_or_else(|answer| answer, |head| Answer::Next(head.next))
}

/// What the hub holds must be what this journal holds.
async fn same_tree<S: Source + Send + 'static>(desk: &mut Option<Desk<S>>, head: Head, size: u64) -> Answer {
    let held = head.next.get() - 1;
    if held > size {
        return Answer::Next(head.next);
    }
    match at_desk(desk, move |desk| desk.packer.root_at(held, &mut desk.source)).await {
        Ok(root) if BASE64.encode(&root) == head.root => Answer::Next(head.next),
        Ok(_) => Answer::Refused(format!("hub holds {held} other records under the name of this log")),
        Err(answer) => answer,
    }
}

async fn at_desk<S, T, F>(desk: &mut Option<Desk<S>>, work: F) -> Result<T, Answer>
where
    S: Source + Send + 'static,
    T: Send + 'static,
    F: FnOnce(&mut Desk<S>) -> Result<T, PackError> + Send + 'static,
{
    let lost = |what: &str| Answer::Lost(what.to_owned());
    let mut taken = desk.take().ok_or_else(|| lost("journal reader ended"))?;
    let done = tokio::task::spawn_blocking(move || {
        let result = work(&mut taken);
        (taken, result)
    });
    let (taken, result) = done.await.map_err(|_| lost("journal reader failed"))?;
    *desk = Some(taken);
    result.map_err(|error| Answer::Lost(error.to_string()))
}

/// Waits for `span` or for more to become durable; false when nothing ever will.
async fn wait(span: Duration, durable: &mut watch::Receiver<u64>) -> bool {
    tokio::select! {
        changed = durable.changed() => changed.is_ok(),
        () = tokio::time::sleep(span) => true,
    }
}

fn publish(status: &watch::Sender<HubStatus>, outbox: &Outbox, online: &mut Option<bool>) {
    let link = outbox.link();
    if *online != Some(link.online) {
        match (&link.error, online.is_some()) {
            (Some(error), _) => tracing::warn!(%error, waiting = link.waiting, "hub lost"),
            (None, true) => tracing::info!(waiting = link.waiting, "hub back"),
            (None, false) => {}
        }
        *online = Some(link.online);
    }
    status.send_if_modified(|old| {
        let changed = *old != link;
        *old = link;
        changed
    });
}

fn problem(status: StatusCode, answer: &[u8]) -> Problem {
    serde_json::from_slice(answer)
        .unwrap_or_else(|_| Problem { what: status.to_string(), at: "hub".to_owned() })
}

/// An error and what caused it, without the address.
fn plain(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    if error.is_timeout() { "no answer in time".to_owned() } else { cause.to_string() }
}
