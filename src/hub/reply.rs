//! Answers to kiosks: JSON that says what is wrong and where.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::state::Error;
use crate::ledger::{EnrolRefused, KeptOut, PinRefused, Refused};
use crate::sync::tls_keys::AT_CERTIFICATE;
use crate::sync::wire::{self, Problem};

/// A refusal.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    problem: Problem,
    retry_after: Option<u16>,
}

impl Refusal {
    /// A refusal because of what is at `at`.
    pub fn new(status: StatusCode, at: &str, what: impl ToString) -> Self {
        let problem = Problem { what: what.to_string(), at: at.to_owned() };
        Self { status, problem, retry_after: None }
    }

    /// Whether the same will do when there is less to do.
    pub fn is_busy(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.problem)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let (status, retry) = match &error {
            Error::Busy => (StatusCode::SERVICE_UNAVAILABLE, 2),
            Error::Ledger(_)
            | Error::File { .. }
            | Error::Listen { .. }
            | Error::Tls(_)
            | Error::Failed(_) => {
                tracing::error!(%error, "hub cannot serve a request");
                (StatusCode::SERVICE_UNAVAILABLE, 10)
            }
        };
        Self { retry_after: Some(retry), ..Self::new(status, "hub", error) }
    }
}

impl From<crate::ledger::Error> for Refusal {
    fn from(error: crate::ledger::Error) -> Self {
        Error::Ledger(error).into()
    }
}

impl From<wire::Error> for Refusal {
    fn from(error: wire::Error) -> Self {
        let status = match &error {
            wire::Error::TooLarge | wire::Error::Range { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            wire::Error::Dictionary(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            wire::Error::Compression(_)
            | wire::Error::Magic(_)
            | wire::Error::Truncated { .. }
            | wire::Error::Trailing(_)
            | wire::Error::Record { .. }
            | wire::Error::NoteNotText => StatusCode::BAD_REQUEST,
        };
        Self::new(status, "body", error)
    }
}

/// Every refusal but a gap, which is answered with the log's head.
impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        use crate::journal::note::Error as Note;
        let (status, at) = match &refused {
            Refused::UnknownKiosk(_) => (StatusCode::NOT_FOUND, "kiosk"),
            Refused::Revoked(_) => (StatusCode::FORBIDDEN, "kiosk"),
            Refused::Note(Note::Unsigned | Note::Forged) => (StatusCode::FORBIDDEN, "note"),
            Refused::Note(_) | Refused::OtherLog { .. } | Refused::Size { .. } => {
                (StatusCode::BAD_REQUEST, "note")
            }
            Refused::Gap { .. } => (StatusCode::CONFLICT, "from"),
            Refused::Hole { .. } => (StatusCode::BAD_REQUEST, "hole"),
            Refused::Fork { .. } | Refused::Root { .. } | Refused::Record { .. } => {
                (StatusCode::UNPROCESSABLE_ENTITY, "entries")
            }
            Refused::Storage(error) => {
                tracing::error!(%error, "ledger cannot be written");
                return Self {
                    retry_after: Some(10),
                    ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "hub", "ledger cannot be written")
                };
            }
        };
        Self::new(status, at, refused)
    }
}

impl From<EnrolRefused> for Refusal {
    fn from(refused: EnrolRefused) -> Self {
        match refused {
            EnrolRefused::Storage(error) => error.into(),
            EnrolRefused::Token => Self::new(StatusCode::FORBIDDEN, "token", refused),
            EnrolRefused::Nameless => Self::new(StatusCode::BAD_REQUEST, "kiosk", refused),
            EnrolRefused::Taken(_) => Self::new(StatusCode::CONFLICT, "kiosk", refused),
            EnrolRefused::TlsKey(refused) => refused.into(),
        }
    }
}

impl From<KeptOut> for Refusal {
    fn from(kept_out: KeptOut) -> Self {
        let at = match kept_out {
            KeptOut::Storage(error) => return error.into(),
            KeptOut::NoCertificate | KeptOut::OtherKey | KeptOut::Superseded => AT_CERTIFICATE,
            KeptOut::Revoked(_) => "kiosk",
        };
        Self::new(StatusCode::FORBIDDEN, at, kept_out)
    }
}

impl From<PinRefused> for Refusal {
    fn from(refused: PinRefused) -> Self {
        let (status, at) = match refused {
            PinRefused::Storage(error) => return error.into(),
            PinRefused::Unsigned => (StatusCode::FORBIDDEN, "statement"),
            PinRefused::OtherKiosk(_) => (StatusCode::BAD_REQUEST, "statement"),
            PinRefused::NotPresented(_) => (StatusCode::FORBIDDEN, AT_CERTIFICATE),
            PinRefused::Superseded(_) | PinRefused::Taken(_) => (StatusCode::GONE, "key"),
            PinRefused::Follows { .. } => (StatusCode::CONFLICT, "follows"),
            PinRefused::TooMany => (StatusCode::TOO_MANY_REQUESTS, "key"),
            PinRefused::Revoked(_) => (StatusCode::FORBIDDEN, "kiosk"),
        };
        Self::new(status, at, refused)
    }
}
