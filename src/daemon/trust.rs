//! The file of trust of a kiosk: read at the start, fetched from the hub when it has a later one, and put in force whole.
//!
//! A file that was fetched is checked in a place beside, and takes the other's only when it is this hub's, whole and later; so the
//! last good one stays whatever comes. A file that cannot be read at the start is not as if there were none: nobody knows
//! then which passes were revoked, and an attendant has to look at each until the hub gave another.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::{JoinSet, spawn_blocking};

use crate::base::{KioskId, Random, Wall};
use crate::control::TrustListStatus;
use crate::credential::trusted::file::{self, BadFile};
use crate::credential::trusted::revocation::{ReadAt, Unreadable};
use crate::credential::{Shared, Trusted};
use crate::platform::clock::mono;
use crate::platform::files;
use crate::platform::http::{Error, HubClient};
use crate::sync::backoff::Backoff;
use crate::sync::trust::Offer;

/// Name of the file in the state folder.
pub const TRUST_FILE: &str = "trust.kkt";
/// Name of what is fetched of a later one.
const PART: &str = "trust.kkt.part";

/// How long the hub is asked to wait for a later file.
const WAIT: Duration = Duration::from_secs(55);
/// Ceilings of the time before a hub that did not answer is asked again.
const AGAIN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_mins(5));

/// The file of a kiosk's state, and what lanes go by.
#[derive(Clone, Debug)]
pub struct TrustShelf {
    state: PathBuf,
    keys: Vec<[u8; 32]>,
    in_force: Shared,
    /// The highest version that this program cannot use: fetching it again would make it no better.
    refused: Arc<AtomicU64>,
}

/// Why a file of trust is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// It is none of this hub's.
    #[error(transparent)]
    Bad(#[from] BadFile),
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A part of it is not what the hub signed.
    #[error(transparent)]
    Damaged(#[from] Unreadable),
    /// It is not later than what is in force.
    #[error("version {0} is not later than what is in force")]
    NotLater(u64),
}

impl NotTaken {
    /// Whether the same file would be refused again: what a disk or a wire spoilt may come better.
    fn is_for_good(&self) -> bool {
        match self {
            Self::Bad(BadFile::Io(_) | BadFile::Damaged(_)) | Self::Io(_) | Self::Damaged(_) => false,
            Self::Bad(
                BadFile::NoTrust
                | BadFile::Forged
                | BadFile::Unknown
                | BadFile::TooLarge(_)
                | BadFile::Rule(_),
            )
            | Self::NotLater(_) => true,
        }
    }
}

impl TrustShelf {
    /// The file in `state` that one of the hub's `keys` signed, in force from now on. Whether one is there and cannot be used.
    pub fn open(state: &Path, keys: Vec<[u8; 32]>) -> (Self, bool) {
        let shelf =
            Self { state: state.to_owned(), keys, in_force: Shared::default(), refused: Arc::default() };
        let path = state.join(TRUST_FILE);
        if files::marks(&path).is_none() {
            return (shelf, false);
        }
        match shelf.read(&path) {
            Ok(trusted) => {
                let (keys, revoked) = (trusted.keys.len(), trusted.revoked.len());
                tracing::info!(version = trusted.version, keys, revoked, "file of trust read");
                shelf.in_force.replace(trusted);
                (shelf, false)
            }
            Err(error) => {
                tracing::error!(file = %path.display(), %error, "file of trust cannot be used: nobody knows what was revoked");
                shelf.in_force.replace(Trusted::lost());
                (shelf, true)
            }
        }
    }

    /// What lanes go by.
    pub fn in_force(&self) -> Shared {
        self.in_force.clone()
    }

    /// How old each list is, for screens.
    pub fn ages(&self, now: Wall) -> Vec<TrustListStatus> {
        let trusted = self.in_force.get();
        let status = |list: &crate::model::trust_list::TrustList| TrustListStatus {
            name: list.name.clone(),
            kind: list.kind,
            as_of: list.as_of,
            age: list.age(now.max(trusted.built)),
        };
        trusted.lists.iter().map(status).collect()
    }

    fn read(&self, path: &Path) -> Result<Trusted, NotTaken> {
        let (read_at, length): (Arc<ReadAt>, u64) = files::read_at(path)?;
        Ok(file::read(read_at, length, &self.keys)?)
    }

    /// Above which version another file would be of use.
    pub fn above(&self) -> u64 {
        self.in_force.get().version.max(self.refused.load(Ordering::Relaxed))
    }

    /// Takes what was fetched as `version`, if it is a later file of this hub's. Otherwise nothing of it is left lying.
    ///
    /// # Errors
    ///
    /// Why it is not taken; what was in force stays so.
    pub fn take(&self, version: u64) -> Result<u64, NotTaken> {
        let part = self.state.join(PART);
        let taken = self.put_in_force(&part);
        if let Err(error) = &taken {
            if error.is_for_good() {
                self.refused.fetch_max(version, Ordering::Relaxed);
            }
            files::remove_if_there(&part)?;
        }
        taken
    }

    fn put_in_force(&self, part: &Path) -> Result<u64, NotTaken> {
        let fetched = self.read(part)?;
        if fetched.version <= self.in_force.get().version {
            return Err(NotTaken::NotLater(fetched.version));
        }
        fetched.revoked.check()?;
        // It stays open under its new name.
        files::put_in_place(part, &self.state.join(TRUST_FILE))?;
        let version = fetched.version;
        self.in_force.replace(fetched);
        Ok(version)
    }

    /// How many bytes of the offered file are there already. Of another one nothing counts.
    fn begun(&self, offer: Offer, of: &mut Option<Offer>) -> io::Result<u64> {
        let part = self.state.join(PART);
        if *of == Some(offer) {
            return Ok(files::length(&part)?.unwrap_or(0));
        }
        *of = Some(offer);
        files::remove_if_there(&part)?;
        Ok(0)
    }

    fn add(&self, piece: &[u8]) -> io::Result<()> {
        let mut part = files::append(&self.state.join(PART))?;
        part.write_all(piece)?;
        // Piece by piece, so that the journal never waits for all of it.
        part.sync_data()
    }

    /// Starts the task that asks the hub.
    pub fn listen(self, client: HubClient, kiosk: KioskId, tasks: &mut JoinSet<&'static str>) {
        tasks.spawn(async move {
            // Spreads the retries of many kiosks that lost one hub; nothing secret.
            let mut backoff = Backoff::new(AGAIN.0, AGAIN.1, Random::new(mono().0));
            // What was begun in an earlier run is begun anew: which file it was of nothing says.
            let mut of = None;
            loop {
                match self.once(&client, &kiosk, &mut of).await {
                    Ok(None) => backoff.succeeded(),
                    Ok(Some(version)) => {
                        backoff.succeeded();
                        tracing::info!(version, "file of trust is in force");
                    }
                    Err(again) => {
                        again.say();
                        let from = mono();
                        tokio::time::sleep(backoff.failed(from).since(from)).await;
                    }
                }
            }
        });
    }

    /// Asks once; the version that came in force, if one did.
    async fn once(
        &self,
        client: &HubClient,
        kiosk: &KioskId,
        of: &mut Option<Offer>,
    ) -> Result<Option<u64>, Again> {
        let above = self.above();
        let Some(offer) = client.trust_above(kiosk, above, WAIT).await? else { return Ok(None) };
        let mut there = self.begun(offer, of)?;
        while there < offer.length {
            let Some(piece) = client.trust_piece(kiosk, offer.version, there).await? else {
                *of = None;
                return Ok(None);
            };
            there += piece.len() as u64;
            let shelf = self.clone();
            spawn_blocking(move || shelf.add(&piece)).await.map_err(io::Error::other)??;
        }
        *of = None;
        let shelf = self.clone();
        let taken = spawn_blocking(move || shelf.take(offer.version)).await.map_err(io::Error::other)?;
        Ok(Some(taken.map_err(Again::NotTaken)?))
    }
}

/// Why the hub is asked again later.
enum Again {
    Hub(Error),
    Io(io::Error),
    NotTaken(NotTaken),
}

impl From<Error> for Again {
    fn from(error: Error) -> Self {
        Self::Hub(error)
    }
}

impl From<io::Error> for Again {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Again {
    fn say(&self) {
        match self {
            // The link says in the log when the hub is lost; one that offers nothing is none to complain of.
            Self::Hub(error) => tracing::debug!(%error, "hub offers no file of trust"),
            Self::Io(error) => {
                tracing::error!(%error, "file of trust cannot be kept: the last one stays in force");
            }
            Self::NotTaken(error) => {
                tracing::error!(%error, "file of trust is not taken: the last one stays in force");
            }
        }
    }
}
