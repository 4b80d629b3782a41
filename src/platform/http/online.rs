//! Questions about codes that only their issuers can judge: see [`crate::sync::online`].

use std::time::Duration;

use reqwest::{Method, StatusCode};

use super::{Error, HubClient, Reply, problem};
use crate::base::{KioskId, Pii};
use crate::model::{OnlineAnswer, Unanswered};
use crate::sync::online::{decode_answer, encode_question};

impl HubClient {
    /// What the issuer of `code` says of it, asked by the hub; all of it within `within`, or twice that where the hub first
    /// wants another key of this kiosk.
    ///
    /// # Errors
    ///
    /// [`Error::Setup`] for a code that is empty or too long, [`Error::Refused`] with what the hub says, also one that knows no
    /// such question, or [`Error::Lost`]. None of them quotes the code.
    pub async fn ask_issuer(
        &self,
        kiosk: &KioskId,
        code: &Pii<String>,
        within: Duration,
    ) -> Result<Result<OnlineAnswer, Unanswered>, Error> {
        let path = format!("/v1/kiosks/{kiosk}/online");
        let question = encode_question(code).map_err(|error| Error::Setup(error.to_string()))?;
        let reply = self.ask_as_kiosk_for(Method::POST, &path, question.into(), within).await;
        let Reply { status, body, .. } = reply.map_err(Error::Lost)?;
        match status {
            StatusCode::OK => decode_answer(&body).map_err(|error| Error::Lost(error.to_string())),
            status => Err(Error::Refused(problem(status, &body))),
        }
    }
}
