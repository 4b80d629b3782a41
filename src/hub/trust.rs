//! The hub's file of trust, `trust.kkt` in its data directory, which `kakou trust build` makes, and what kiosks ask about it: see
//! [`crate::sync::trust`].

use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::inbox::WAIT_MAX;
use super::polls::Polls;
use super::reply::Refusal;
use super::state::{Error, Hub};
use crate::base::KioskId;
use crate::credential::trusted::file::{self, Stated};
use crate::platform::files::{self, Marks};
use crate::sync::trust::{Offer, PIECE_MAX};

/// Name of the file in the data directory.
pub const TRUST_FILE: &str = "trust.kkt";

/// It is made beside this process, by the program in a terminal.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The file, as far as it is known.
pub(super) struct TrustFile {
    path: PathBuf,
    key: [u8; 32],
    /// What was seen last, so that a file that is none of ours is complained of once.
    seen: Mutex<Option<(Marks, InPlace)>>,
    /// Who waits for a later one.
    polls: Polls,
}

/// What there is of a file of trust.
#[derive(Clone, Debug)]
pub(super) enum InPlace {
    /// None.
    Nothing,
    /// One that is not this hub's, or that this program cannot read.
    Unusable,
    /// One that kiosks get.
    File {
        /// What it says of itself.
        stated: Arc<Stated>,
        /// How many bytes it has.
        length: u64,
    },
}

impl InPlace {
    fn offer(&self) -> Option<Offer> {
        match self {
            Self::Nothing | Self::Unusable => None,
            Self::File { stated, length } => Some(Offer { version: stated.version, length: *length }),
        }
    }
}

impl TrustFile {
    /// The file in a hub's `data`, which is signed with the key `key`.
    pub(super) fn within(data: &FilePath, key: [u8; 32]) -> Self {
        Self { path: data.join(TRUST_FILE), key, seen: Mutex::default(), polls: Polls::default() }
    }

    /// What there is.
    fn look(&self) -> InPlace {
        let Some(marks) = files::marks(&self.path) else { return InPlace::Nothing };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, in_place)) = seen.as_ref().filter(|(known, _)| *known == marks) {
            return in_place.clone();
        }
        let Ok((read_at, length)) = files::read_at(&self.path) else { return InPlace::Nothing };
        let in_place = match file::stated(read_at, &[self.key]) {
            Ok(stated) => {
                tracing::info!(version = stated.version, length, "file of trust is offered to kiosks");
                InPlace::File { stated: Arc::new(stated), length }
            }
            Err(error) => {
                tracing::error!(file = %self.path.display(), %error, "kiosks get no file of trust");
                InPlace::Unusable
            }
        };
        *seen = Some((marks, in_place.clone()));
        in_place
    }

    fn piece(&self, version: u64, from: u64) -> io::Result<Option<Vec<u8>>> {
        // Opened before it is compared: what is replaced meanwhile is read to its end.
        let Ok((read_at, length)) = files::read_at(&self.path) else { return Ok(None) };
        if self.look().offer() != Some(Offer { version, length }) {
            return Ok(None);
        }
        let left = usize::try_from(length.saturating_sub(from)).unwrap_or(PIECE_MAX);
        let mut piece = vec![0; left.min(PIECE_MAX)];
        read_at(from, &mut piece)?;
        Ok(Some(piece))
    }
}

/// What a kiosk asks with.
#[derive(Deserialize)]
pub struct Ask {
    above: u64,
    wait: Option<u64>,
}

/// From where on a kiosk wants a file.
#[derive(Deserialize)]
pub struct Piece {
    from: u64,
}

fn bad(at: &str, error: impl std::fmt::Display) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, at, error)
}

/// Waits for a later file.
pub async fn poll(
    State(hub): State<Arc<Hub>>,
    Path(kiosk): Path<String>,
    ask: Result<Query<Ask>, QueryRejection>,
) -> Result<Response, Refusal> {
    let kiosk: KioskId = kiosk.parse().map_err(|error| bad("kiosk", error))?;
    let Query(Ask { above, wait }) = ask.map_err(|error| bad("query", error.body_text()))?;
    known(&hub, kiosk.clone()).await?;
    let _room = hub.trust.polls.enter(&kiosk).ok_or(Error::Busy)?;
    let wait = wait.map_or(WAIT_MAX, Duration::from_secs).min(WAIT_MAX);
    let later = async {
        loop {
            if let Some(offer) = look(&hub).await?.offer().filter(|offer| offer.version > above) {
                return Ok::<_, Refusal>(offer);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    match timeout(wait, later).await {
        Ok(offer) => Ok(([(header::CONTENT_TYPE, "application/cbor")], offer?.encode()).into_response()),
        Err(_) => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// Over TLS nobody else comes this far; on this machine itself anybody does.
pub(super) async fn known(hub: &Hub, kiosk: KioskId) -> Result<(), Refusal> {
    let key = hub.read(move |ledger| ledger.key_of(&kiosk)).await??;
    key.map(drop).ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "kiosk", "no such kiosk is enrolled"))
}

/// What there is of a file of trust.
pub(super) async fn look(hub: &Arc<Hub>) -> Result<InPlace, Error> {
    let hub = Arc::clone(hub);
    spawn_blocking(move || hub.trust.look()).await.map_err(|error| Error::Failed(error.to_string()))
}

/// A piece of the file.
pub async fn piece(
    State(hub): State<Arc<Hub>>,
    path: Result<Path<(String, u64)>, PathRejection>,
    ask: Result<Query<Piece>, QueryRejection>,
) -> Result<Response, Refusal> {
    let Path((kiosk, version)) = path.map_err(|error| bad("version", error.body_text()))?;
    let Query(Piece { from }) = ask.map_err(|error| bad("query", error.body_text()))?;
    known(&hub, kiosk.parse().map_err(|error| bad("kiosk", error))?).await?;
    let read = spawn_blocking(move || hub.trust.piece(version, from)).await;
    let read = read.map_err(|error| Error::Failed(error.to_string()))?;
    match read.map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "file", error))? {
        Some(piece) => Ok(([(header::CONTENT_TYPE, "application/octet-stream")], piece).into_response()),
        None => Err(Refusal::new(StatusCode::NOT_FOUND, "version", "this hub has no such file of trust")),
    }
}
