//! What kiosks send beside their records: the requests of [`crate::sync::blobs`], and the files behind them.
//!
//! A blob's file is written and deleted under one lock, and what the ledger says of it is read under the same: a blob whose
//! record is being erased cannot slip in between.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, head};
use tokio::sync::Semaphore;

use super::api::too_large;
use super::reply::Refusal;
use super::state::{Error, Hub};
use crate::base::{BlobId, KioskId};
use crate::ledger::{BlobState, Ledger};
use crate::platform::clock::mono;
use crate::platform::disk::DirDisk;
use crate::sync::blobs::intake::{Held, NotTaken};
use crate::sync::blobs::store::Unread;
use crate::sync::blobs::{BODY_MAX, COMPLETE_HEADER, Intake, OFFSET_HEADER, QUOTA, Store};

/// Requests about blobs that may wait before others are told to come back later.
const WAITING_MAX: usize = 32;

/// The files of a hub's blobs.
pub(super) struct Blobs {
    folder: PathBuf,
    quota: u64,
    /// Opened when it is first needed, and not by whoever only makes a token.
    intake: Mutex<Option<Intake<DirDisk>>>,
    waiting: Arc<Semaphore>,
}

impl Blobs {
    /// The blobs in the folder `blobs` of a hub's `data`.
    pub(super) fn within(data: &FilePath) -> Self {
        Self::at(data.join("blobs"))
    }

    fn at(folder: PathBuf) -> Self {
        let waiting = Arc::new(Semaphore::new(WAITING_MAX));
        Self { folder, quota: QUOTA, intake: Mutex::default(), waiting }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Intake<DirDisk>) -> T) -> io::Result<T> {
        // What a bug left of a blob does not pass for it: its hash is looked at.
        let mut intake = self.intake.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(intake) = &mut *intake {
            return Ok(work(intake));
        }
        std::fs::create_dir_all(&self.folder)?;
        let store = Store::new(DirDisk::open_beside(&self.folder)?);
        Ok(work(intake.insert(Intake::open(store, self.quota)?)))
    }

    /// Deletes what has to go because its record was erased. What cannot be deleted is tried again with the next writing.
    pub(super) fn clear(&self, ledger: &Ledger) {
        let cleared = ledger.blobs_to_go().map_err(Error::Ledger).and_then(|to_go| {
            if to_go.is_empty() {
                return Ok(());
            }
            let mut left = BTreeSet::new();
            let forgotten = self.with(|intake| {
                for (kiosk, blob) in &to_go {
                    if let Err(error) = intake.forget(kiosk, blob) {
                        tracing::error!(%kiosk, %blob, %error, "an erased picture cannot be deleted");
                        left.insert((kiosk.clone(), *blob));
                    }
                }
            });
            forgotten.map_err(|error| Error::File { file: self.folder.clone(), error })?;
            let gone: Vec<_> = to_go.into_iter().filter(|blob| !left.contains(blob)).collect();
            ledger.blobs_gone(&gone)?;
            if !left.is_empty() {
                ledger.blobs_still_to_go();
            }
            Ok(())
        });
        if let Err(error) = cleared {
            tracing::error!(%error, "erased pictures cannot be deleted");
            ledger.blobs_still_to_go();
        }
    }
}

impl Hub {
    /// The same hub, which keeps no more than so many bytes of pictures of each kiosk.
    #[must_use]
    pub fn with_blob_quota(mut self, quota: u64) -> Self {
        self.blobs = Arc::new(Blobs { quota, ..Blobs::at(self.blobs.folder.clone()) });
        self
    }

    /// Runs `work` with the files of the blobs and a reader of the ledger, on a thread that may block.
    async fn at_blobs<T, F>(&self, work: F) -> Result<T, Error>
    where
        F: FnOnce(&mut Intake<DirDisk>, &Mutex<Ledger>) -> T + Send + 'static,
        T: Send + 'static,
    {
        let slot = Arc::clone(&self.blobs.waiting).try_acquire_owned().map_err(|_| Error::Busy)?;
        let (blobs, reader) = (Arc::clone(&self.blobs), self.reader_for_blobs());
        let done = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            blobs
                .with(|intake| work(intake, &reader))
                .map_err(|error| Error::File { file: blobs.folder.clone(), error })
        });
        done.await.map_err(|error| Error::Failed(error.to_string()))?
    }

    /// A blob that is here whole; what keeps it from being shown, where something does.
    ///
    /// # Errors
    ///
    /// When the hub is busy, or its folder cannot be used.
    pub(super) async fn load_blob(
        &self,
        kiosk: KioskId,
        blob: BlobId,
    ) -> Result<Result<Vec<u8>, Unread>, Error> {
        self.at_blobs(move |intake, _| intake.load(&kiosk, &blob)).await
    }

    /// How much of a blob is here.
    ///
    /// # Errors
    ///
    /// When the hub is busy, or its folder cannot be used.
    pub(super) async fn blob_held(&self, kiosk: KioskId, blob: BlobId, length: u32) -> Result<Held, Error> {
        let held = self.at_blobs(move |intake, _| intake.held(&kiosk, &blob, length)).await?;
        held.map_err(|error| Error::File { file: self.blobs.folder.clone(), error })
    }
}

/// What a kiosk may ask about a blob.
pub(super) fn routes() -> MethodRouter<Arc<Hub>> {
    head(about).put(put).layer(DefaultBodyLimit::max(BODY_MAX))
}

async fn about(
    State(hub): State<Arc<Hub>>,
    Path(place): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (kiosk, blob) = blob_of(place)?;
    let held = hub.at_blobs(move |intake, ledger| {
        let length = wanted(ledger, &kiosk, &blob)?;
        intake.held(&kiosk, &blob, length).map_err(|error| Refusal::from(NotTaken::Io(error)))
    });
    held.await?.map(|held| said(StatusCode::OK, held))
}

async fn put(
    State(hub): State<Arc<Hub>>,
    Path(place): Path<(String, String)>,
    RawQuery(query): RawQuery,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let (kiosk, blob) = blob_of(place)?;
    let at = query.as_deref().and_then(|query| query.strip_prefix("at=")).and_then(|at| at.parse().ok());
    let expected = "expected ?at=N with the number of the first byte";
    let at: u32 = at.ok_or_else(|| Refusal::new(StatusCode::BAD_REQUEST, "at", expected))?;
    let chunk = body.map_err(too_large)?;
    if chunk.is_empty() {
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "body", "expected at least one byte"));
    }
    let name = kiosk.clone();
    let taken = hub.at_blobs(move |intake, ledger| {
        let length = wanted(ledger, &kiosk, &blob)?;
        match intake.put((&kiosk, &blob, length), at, &chunk, mono()) {
            Err(NotTaken::At(bytes)) => Ok((StatusCode::CONFLICT, Held::Part(bytes))),
            Err(refused) => Err(Refusal::from(refused)),
            Ok(held) => Ok((StatusCode::OK, held)),
        }
    });
    match taken.await? {
        Ok((status, held)) => {
            if let Held::Whole(_) = held {
                tracing::debug!(kiosk = %name, %blob, "picture whole");
            }
            Ok(said(status, held))
        }
        Err(refusal) => {
            tracing::warn!(kiosk = %name, %blob, ?refusal, "picture refused");
            Err(refusal)
        }
    }
}

/// The length of a blob that is wanted of `kiosk`.
fn wanted(ledger: &Mutex<Ledger>, kiosk: &KioskId, blob: &BlobId) -> Result<u32, Refusal> {
    let state = ledger.lock().unwrap_or_else(PoisonError::into_inner).blob(kiosk, blob)?;
    match state {
        BlobState::Named(length) => Ok(length),
        BlobState::Unknown => {
            Err(Refusal::new(StatusCode::NOT_FOUND, "sha256", "no record of this kiosk names it"))
        }
        BlobState::Erased => {
            Err(Refusal::new(StatusCode::GONE, "sha256", "its record is erased: it is not wanted"))
        }
    }
}

fn said(status: StatusCode, held: Held) -> Response {
    let (bytes, complete) = match held {
        Held::Part(bytes) => (bytes, "?0"),
        Held::Whole(bytes) => (bytes, "?1"),
    };
    let mut response = status.into_response();
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static(OFFSET_HEADER), HeaderValue::from(bytes));
    headers.insert(HeaderName::from_static(COMPLETE_HEADER), HeaderValue::from_static(complete));
    response
}

fn blob_of((kiosk, blob): (String, String)) -> Result<(KioskId, BlobId), Refusal> {
    let kiosk = kiosk.parse().map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "kiosk", error))?;
    let blob = blob.parse().map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "sha256", error))?;
    Ok((kiosk, blob))
}

impl From<NotTaken> for Refusal {
    fn from(refused: NotTaken) -> Self {
        let (status, at) = match &refused {
            NotTaken::At(_) => (StatusCode::CONFLICT, "at"),
            NotTaken::TooLong { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "body"),
            NotTaken::Mixed(_) => (StatusCode::UNPROCESSABLE_ENTITY, "sha256"),
            NotTaken::Quota { .. } => (StatusCode::INSUFFICIENT_STORAGE, "kiosk"),
            NotTaken::Busy => return Error::Busy.into(),
            NotTaken::Io(error) => {
                tracing::error!(%error, "a picture cannot be stored");
                (StatusCode::INSUFFICIENT_STORAGE, "hub")
            }
        };
        Self::new(status, at, refused)
    }
}
