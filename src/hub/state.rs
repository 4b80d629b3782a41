//! What all requests share: the ledger behind its one writer, the clock, the news of changes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, broadcast, watch};

use super::blobs::Blobs;
use super::online::Issuers;
use super::polls::Polls;
use super::trust::TrustFile;
use crate::base::{KioskId, Wall};
use crate::journal::Entropy;
use crate::ledger::{self, Keys, Ledger};
use crate::platform::files;
use crate::sync::enrolment::{Fingerprint, Token};

/// Why the hub cannot work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// A file cannot be read or written.
    #[error("{}: {error}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// Which.
        address: std::net::SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(String),
    /// Too much is waiting already.
    #[error("hub is busy")]
    Busy,
    /// A task of the hub ended in a bug.
    #[error("hub failed: {0}")]
    Failed(String),
}

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Wall + Send + Sync>;

/// A hub over one data directory: `hub.db`, `blobs/`, `hub.secret`, and for TLS `hub.crt` and `hub.key`.
pub struct Hub {
    writer: Arc<Mutex<Ledger>>,
    reader: Arc<Mutex<Ledger>>,
    keys: Keys,
    clock: Clock,
    entropy: Mutex<Box<dyn Entropy>>,
    writing: Arc<Semaphore>,
    reading: Arc<Semaphore>,
    changes: watch::Sender<u64>,
    /// Names a kiosk whenever a command was issued for it.
    pub(super) commands: broadcast::Sender<KioskId>,
    /// Who waits for one.
    pub(super) polls: Polls,
    /// The largest number of what kiosks are told of each other.
    told: watch::Sender<u64>,
    /// Who waits for more of it.
    pub(super) listeners: Polls,
    certificate: Option<Fingerprint>,
    pub(super) blobs: Arc<Blobs>,
    /// What kiosks judge others' credentials by.
    pub(super) trust: TrustFile,
    /// Whom it asks about codes.
    pub(super) issuers: Issuers,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hub")
    }
}

impl Hub {
    /// Requests that may wait for the ledger's writer before others are told to come back later.
    const WRITING_MAX: usize = 64;
    /// The same for its reader.
    const READING_MAX: usize = 128;

    /// Names that whoever waits for a command may fall behind; then it looks.
    const NAMES_MAX: usize = 64;

    /// Opens the hub in `data`, making its secret and its ledger at the first start.
    ///
    /// # Errors
    ///
    /// When the directory's files cannot be used.
    pub fn open(data: &Path, clock: Clock, entropy: Box<dyn Entropy>) -> Result<Self, Error> {
        let file = data.join("hub.secret");
        let keys = Keys::from_secret(&files::secret(&file).map_err(|error| Error::File { file, error })?);
        let path = data.join("hub.db");
        let writer = Ledger::open(&path, keys.clone())?;
        let reader = Ledger::reader(&path, keys.clone())?;
        let trust = TrustFile::within(data, keys.pass_key().0);
        Ok(Self {
            writer: Arc::new(Mutex::new(writer)),
            reader: Arc::new(Mutex::new(reader)),
            keys,
            clock,
            entropy: Mutex::new(entropy),
            writing: Arc::new(Semaphore::new(Self::WRITING_MAX)),
            reading: Arc::new(Semaphore::new(Self::READING_MAX)),
            changes: watch::Sender::new(0),
            commands: broadcast::Sender::new(Self::NAMES_MAX),
            polls: Polls::default(),
            told: watch::Sender::new(0),
            listeners: Polls::default(),
            certificate: None,
            blobs: Arc::new(Blobs::within(data)),
            trust,
            issuers: Issuers::within(data),
        })
    }

    /// The same hub with its own TLS certificate, which its tokens then name.
    #[must_use]
    pub fn with_certificate(self, certificate: Fingerprint) -> Self {
        Self { certificate: Some(certificate), ..self }
    }

    /// The hub's keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The time.
    pub fn now(&self) -> Wall {
        (self.clock)()
    }

    /// The certificate of its own, if it speaks TLS with one.
    pub fn certificate(&self) -> Option<Fingerprint> {
        self.certificate
    }

    /// Counts up whenever something was applied.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Changes whenever there is more to tell kiosks of each other.
    pub(super) fn told(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }

    /// Makes a one-time token, for the kiosk called `kiosk` or for any new one.
    ///
    /// # Errors
    ///
    /// Without random bytes, or when the ledger cannot be written.
    pub async fn make_token(&self, kiosk: Option<KioskId>) -> Result<Token, Error> {
        let mut secret = [0; 16];
        self.fill(&mut secret)?;
        let token = Token { secret, certificate: self.certificate };
        let (digest, now) = (token.digest(), self.now());
        self.write(move |ledger| ledger.add_token(&digest, kiosk.as_ref(), now)).await??;
        Ok(token)
    }

    /// Fills `bytes` with unpredictable ones.
    pub(super) fn fill(&self, bytes: &mut [u8]) -> Result<(), Error> {
        let mut entropy = self.entropy.lock().unwrap_or_else(PoisonError::into_inner);
        entropy.fill(bytes).map_err(|error| Error::Failed(error.to_string()))
    }

    /// Runs `work` with the ledger's writer, on a thread that may block.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] when too many wait already, [`Error::Failed`] when `work` panicked.
    pub async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        F: FnOnce(&mut Ledger) -> T + Send + 'static,
        T: Send + 'static,
    {
        let slot = Arc::clone(&self.writing).try_acquire_owned().map_err(|_| Error::Busy)?;
        let (ledger, blobs) = (Arc::clone(&self.writer), Arc::clone(&self.blobs));
        let done = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            // A transaction that panicked was rolled back; the ledger behind the lock is whole.
            let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
            let result = work(&mut ledger);
            blobs.clear(&ledger);
            (result, ledger.newest_told())
        });
        let done = done.await.map_err(|error| Error::Failed(error.to_string()));
        self.changes.send_modify(|count| *count += 1);
        done.map(|(result, told)| {
            self.told.send_if_modified(|newest| {
                let more = told > *newest;
                *newest = told.max(*newest);
                more
            });
            result
        })
    }

    /// A reader of the ledger, for whoever holds another lock already.
    pub(super) fn reader_for_blobs(&self) -> Arc<Mutex<Ledger>> {
        Arc::clone(&self.reader)
    }

    /// Runs `work` with a reader of the ledger, on a thread that may block.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        F: FnOnce(&Ledger) -> T + Send + 'static,
        T: Send + 'static,
    {
        let slot = Arc::clone(&self.reading).try_acquire_owned().map_err(|_| Error::Busy)?;
        let ledger = Arc::clone(&self.reader);
        let done = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            work(&ledger.lock().unwrap_or_else(PoisonError::into_inner))
        });
        done.await.map_err(|error| Error::Failed(error.to_string()))
    }
}
