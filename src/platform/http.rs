//! The kiosk's side of the connection to its hub.
//!
//! Requests and their answers; what is asked for when is decided by [`crate::sync::link`] and carried out by
//! [`super::uplink`].

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Method, StatusCode};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};

use crate::base::{Epoch, KioskId};
use crate::sync::Answer;
use crate::sync::desk::Ask;
use crate::sync::enrolment::{Enrolment, Fingerprint, Grant, Request};
use crate::sync::wire::{Head, Problem};

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

/// Talks to one hub.
#[derive(Clone, Debug)]
pub struct HubClient {
    client: reqwest::Client,
    hub: String,
}

impl HubClient {
    /// A client for the hub of an enrolment.
    ///
    /// # Errors
    ///
    /// As [`at`](Self::at).
    pub fn new(enrolment: &Enrolment) -> Result<Self, Error> {
        Self::at(&enrolment.hub, enrolment.certificate)
    }

    /// A client for the hub at `hub`, which must present `certificate` when one is given.
    ///
    /// A pinned certificate is compared byte by byte: neither its names nor its dates are looked at, so that a kiosk
    /// with a wrong clock still reaches its hub. Redirects are never followed.
    ///
    /// # Errors
    ///
    /// [`Error::Address`], also for plain HTTP to another machine.
    pub fn at(hub: &str, certificate: Option<Fingerprint>) -> Result<Self, Error> {
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
        builder = match certificate {
            Some(pin) => builder.tls_backend_preconfigured(pinned_tls(pin)?),
            None if url.scheme() == "https" => builder,
            // Never used, but the library wants one of the two, and this one needs no certificates.
            None => builder.tls_backend_preconfigured(pinned_tls(Fingerprint([0; 32]))?),
        };
        let client = builder.build().map_err(|error| Error::Setup(error.to_string()))?;
        Ok(Self { client, hub })
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
        self.log_request(Method::GET, &path, vec![]).await
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
        self.log_request(Method::POST, &path, body).await
    }

    /// Sends a heartbeat.
    pub async fn beat(&self, kiosk: &KioskId, epoch: Epoch, note: String) -> Result<Head, Answer> {
        let path = format!("/v1/logs/{kiosk}/{epoch}/heartbeat");
        self.log_request(Method::POST, &path, note.into_bytes()).await
    }

    /// Sends a request about a log.
    ///
    /// # Errors
    ///
    /// What to make of it, when the answer is not where the hub stands.
    pub async fn send(&self, kiosk: &KioskId, epoch: Epoch, ask: &Ask) -> Result<Head, Answer> {
        let post = async |what: &str, body: Vec<u8>| {
            self.log_request(Method::POST, &format!("/v1/logs/{kiosk}/{epoch}/{what}"), body).await
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

    async fn log_request(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Head, Answer> {
        let (status, retry_after, answer) = self.ask(method, path, body).await.map_err(Answer::Lost)?;
        let head =
            || serde_json::from_slice::<Head>(&answer).map_err(|error| Answer::Lost(error.to_string()));
        match status {
            StatusCode::OK => head(),
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

fn pinned_tls(pin: Fingerprint) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(Pinned { pin, provider: Arc::clone(&provider) });
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Setup(error.to_string()))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Accepts one certificate and nothing else.
#[derive(Debug)]
struct Pinned {
    pin: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if Fingerprint::of(end_entity) == self.pin {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::General("hub presents another certificate than at enrolment".to_owned()))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
