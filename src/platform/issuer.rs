//! The hub's way to an issuer's server: one POST, one answer, at one address.
//!
//! No redirect is followed, for a code would go where nobody said it may; no proxy of the environment is used; and an answer that
//! is longer than any is not read to its end.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{StatusCode, Url};

use super::http::plain;
use super::passed::Passed;
use super::tls;
use crate::sync::enrolment::Fingerprint;

/// Most bytes of an answer that are read.
pub const ANSWER_MAX: usize = 64 << 10;

/// One issuer's server.
#[derive(Clone, Debug)]
pub struct Issuer {
    client: reqwest::Client,
    url: Url,
}

/// Why there is no answer. It quotes nothing that was sent or came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// The server cannot be reached, is not done in time, or says itself that it is out of order.
    #[error("{0}")]
    Unreachable(String),
    /// It answers something else than an answer.
    #[error("{0}")]
    NotUnderstood(String),
}

impl Issuer {
    /// The server at `url`, for which the authorities of a PEM file vouch, or the system's where none is given.
    ///
    /// # Errors
    ///
    /// What keeps it from being spoken with: an address that is none, authorities that cannot be used.
    pub fn new(url: &str, authorities: Option<&[u8]>) -> Result<Self, String> {
        let url: Url = url.parse().map_err(|_| "url: must be an address".to_owned())?;
        let tls = match (url.scheme(), authorities) {
            (_, Some(authorities)) => tls::vouched_for(authorities),
            ("https", None) => tls::public(Passed::default(), None),
            // Never used, but the library wants one, and this one needs no certificates.
            (_, None) => tls::pinned(Fingerprint([0; 32]), None),
        };
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .user_agent(concat!("kakou/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls.map_err(|error| error.to_string())?);
        Ok(Self { client: client.build().map_err(|error| plain(&error))?, url })
    }

    /// Posts `body` and reads the answer, all of it within `within`.
    ///
    /// # Errors
    ///
    /// [`Trouble`].
    pub async fn post(
        &self,
        content_type: &'static str,
        body: Vec<u8>,
        within: Duration,
    ) -> Result<Vec<u8>, Trouble> {
        let unreachable = |error: reqwest::Error| Trouble::Unreachable(plain(&error));
        let request = self.client.post(self.url.clone()).timeout(within);
        let request = request.header(CONTENT_TYPE, content_type).header(ACCEPT, "application/json");
        let mut response = request.body(body).send().await.map_err(unreachable)?;
        match response.status() {
            StatusCode::OK => {}
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(Trouble::Unreachable(format!("answers {status}")));
            }
            status => return Err(Trouble::NotUnderstood(format!("answers {status}"))),
        }
        let mut answer = vec![];
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if answer.len() + chunk.len() > ANSWER_MAX {
                return Err(Trouble::NotUnderstood("its answer is too long".to_owned()));
            }
            answer.extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}
