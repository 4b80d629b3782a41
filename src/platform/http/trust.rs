//! Requests for the hub's file of trust: see [`crate::sync::trust`].

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, StatusCode};

use super::{ANSWERED_WITHIN, Error, HubClient, Reply, problem};
use crate::base::KioskId;
use crate::sync::trust::Offer;

impl HubClient {
    /// A file of trust with a version above `above`, for which the hub may wait as long as `wait`; none by then.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with what the hub says, also a hub that has none to offer, or [`Error::Lost`].
    pub async fn trust_above(
        &self,
        kiosk: &KioskId,
        above: u64,
        wait: Duration,
    ) -> Result<Option<Offer>, Error> {
        let path = format!("/v1/kiosks/{kiosk}/trust?above={above}&wait={}", wait.as_secs());
        let reply = self.ask_as_kiosk_for(Method::GET, &path, Bytes::new(), wait + ANSWERED_WITHIN).await;
        let Reply { status, body, .. } = reply.map_err(Error::Lost)?;
        match status {
            StatusCode::OK => Offer::decode(&body)
                .map(Some)
                .ok_or_else(|| Error::Lost("offers what is no file of trust".to_owned())),
            StatusCode::NO_CONTENT => Ok(None),
            status => Err(Error::Refused(problem(status, &body))),
        }
    }

    /// The bytes of the file of that version from `from` on; none when the hub has another by now.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with what the hub says, or [`Error::Lost`].
    pub async fn trust_piece(
        &self,
        kiosk: &KioskId,
        version: u64,
        from: u64,
    ) -> Result<Option<Vec<u8>>, Error> {
        let path = format!("/v1/kiosks/{kiosk}/trust/{version}?from={from}");
        let reply = self.ask_as_kiosk(Method::GET, &path, Bytes::new()).await;
        let Reply { status, body, .. } = reply.map_err(Error::Lost)?;
        match status {
            StatusCode::OK if body.is_empty() => {
                Err(Error::Lost("a piece of the file of trust is empty".to_owned()))
            }
            StatusCode::OK => Ok(Some(body)),
            StatusCode::NOT_FOUND => Ok(None),
            status => Err(Error::Refused(problem(status, &body))),
        }
    }
}
