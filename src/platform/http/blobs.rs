//! Requests about blobs: see [`crate::sync::blobs`].

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};

use super::{HubClient, Reply, problem};
use crate::base::{BlobId, KioskId};
use crate::sync::blobs::{Answer, COMPLETE_HEADER, OFFSET_HEADER};

impl HubClient {
    /// How much of a blob the hub has.
    pub async fn ask_about_blob(&self, kiosk: &KioskId, blob: &BlobId) -> Answer {
        self.about_blob(Method::HEAD, &format!("/v1/kiosks/{kiosk}/blobs/{blob}"), Bytes::new()).await
    }

    /// Sends a chunk of a blob that begins at byte `at`.
    pub async fn put_blob(&self, kiosk: &KioskId, blob: &BlobId, at: u32, chunk: Vec<u8>) -> Answer {
        let path = format!("/v1/kiosks/{kiosk}/blobs/{blob}?at={at}");
        self.about_blob(Method::PUT, &path, chunk.into()).await
    }

    async fn about_blob(&self, method: Method, path: &str, chunk: Bytes) -> Answer {
        let Reply { status, retry_after, held, body, .. } = match self.ask_as_kiosk(method, path, chunk).await
        {
            Ok(reply) => reply,
            Err(error) => return Answer::Lost(error),
        };
        match (status, held) {
            (StatusCode::OK, Some((_, true))) => Answer::Whole,
            (StatusCode::OK | StatusCode::CONFLICT, Some((bytes, _))) => Answer::At(bytes),
            (StatusCode::NOT_FOUND, _) => Answer::Unknown,
            (StatusCode::GONE, _) => Answer::Unwanted,
            (StatusCode::UNPROCESSABLE_ENTITY, _) => Answer::Mixed,
            (StatusCode::INSUFFICIENT_STORAGE, _) => Answer::Full(problem(status, &body).to_string()),
            (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, _) => {
                Answer::Busy { retry_after }
            }
            (status, _) => Answer::Refused(problem(status, &body).to_string()),
        }
    }
}

/// What an answer says about a blob: how many bytes are there, and whether these are all and right.
pub(super) fn held(headers: &HeaderMap) -> Option<(u32, bool)> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let bytes = text(OFFSET_HEADER)?.parse().ok()?;
    Some((bytes, text(COMPLETE_HEADER) == Some("?1")))
}
