//! The kiosk's policy bundles on its disk: what was handed in, what waits, what rules, and what ruled before.
//!
//! | file | content |
//! |---|---|
//! | `incoming.bundle` | handed in; looked at, then moved into `pending.bundle` or `refused.bundle` |
//! | `pending.bundle` | good, and waits for a named person at this gate |
//! | `next.bundle` | acknowledged, and waits for its time |
//! | `in-force.bundle` | rules, until it ends or another takes its place |
//! | `standing` | `Standing` in CBOR |
//! | `<policy id>.policy` | a policy that has ruled here: see [`super::keep`] |
//!
//! Every file is written whole beside its place, synced, and renamed: after a power cut there is the old one or the new one.
//! What a file was moved from is removed last, and a leftover of it is known by its version. Invariants: a bundle that is
//! refused leaves every other file as it was; a version that was here never comes back behind a newer one; by a clock that nobody
//! vouches for nothing begins and nothing ends.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use minicbor::{Decode, Encode};

use super::kept::{keep, read};
use crate::base::{LaneId, PolicyId, Slug, Wall};
use crate::config::bundle::{Bundle, Refusal, SignerKey, Terms, verify};
use crate::engine::prove::prove_all;
use crate::journal::{Disk, replace};
use crate::model::{AreaMode, PolicyEvent};

/// Where a bundle is handed in.
pub const INCOMING: &str = "incoming.bundle";
const PENDING: &str = "pending.bundle";
const NEXT: &str = "next.bundle";
const IN_FORCE: &str = "in-force.bundle";
const REFUSED: &str = "refused.bundle";
const STANDING: &str = "standing";

/// What the bundles themselves do not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
struct Standing {
    /// The newest version that was ever acknowledged here.
    #[n(0)]
    known: u64,
    /// The newest version that has expired.
    #[n(1)]
    expired: u64,
}

/// For whom bundles must be, and by whom.
#[derive(Clone, Debug)]
pub struct Trusted {
    /// This place.
    pub site: Slug,
    /// Who may sign.
    pub signers: Vec<SignerKey>,
    /// The profiles that each lane wants: a bundle without one of them cannot rule here.
    pub lanes: BTreeMap<LaneId, Vec<Slug>>,
    /// How long a person is recognised here: no profile may look further back.
    pub recognised: Duration,
}

/// What rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The bundle; none where the site's own policy rules.
    pub bundle: Option<Bundle>,
    /// The mode that the area is in.
    pub mode: AreaMode,
    /// The version that has expired, where it is for that reason that the site's own policy rules.
    pub expired: Option<u64>,
}

impl InForce {
    /// The version that rules; 0 is the site's own policy.
    pub fn version(&self) -> u64 {
        self.bundle.as_ref().map_or(0, |bundle| bundle.version)
    }
}

/// Why something did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another bundle is pending than the one that was acknowledged, or none.
    #[error("no such bundle is pending")]
    NotPending,
    /// It cannot be kept.
    #[error(transparent)]
    Disk(#[from] io::Error),
}

/// The bundles of one kiosk.
pub struct Store<D> {
    disk: D,
    trusted: Trusted,
    standing: Standing,
    pending: Option<Bundle>,
    next: Option<Bundle>,
    in_force: Option<Bundle>,
    refused: Option<String>,
}

impl<D: Disk> Store<D> {
    /// What lies on `disk`.
    ///
    /// # Errors
    ///
    /// When it cannot be read. A bundle that is there and no longer good is as if it were not, which `refused` says.
    pub fn open(mut disk: D, trusted: Trusted) -> io::Result<Self> {
        let standing = read(&mut disk, STANDING)?.map(|bytes| minicbor::decode(&bytes));
        // No reason to keep a gate shut: the bundles themselves say what was here, and what has ended ends once more.
        let damaged = standing.as_ref().is_some_and(Result::is_err);
        let standing = standing.and_then(Result::ok).unwrap_or_default();
        let refused = damaged.then(|| format!("{STANDING}: damaged, and begun anew"));
        let mut store = Self { disk, trusted, standing, pending: None, next: None, in_force: None, refused };
        store.in_force = store.load(IN_FORCE, 0)?;
        let ruling = store.in_force.as_ref().map_or(0, |bundle| bundle.version);
        store.next = store.load(NEXT, ruling)?;
        let known = store.known();
        store.pending = store.load(PENDING, known)?;
        Ok(store)
    }

    /// The good bundle in `file`, if it is newer than `than`.
    fn load(&mut self, file: &str, than: u64) -> io::Result<Option<Bundle>> {
        let Some(bytes) = read(&mut self.disk, file)? else { return Ok(None) };
        match self.judge(&bytes, (than, None)) {
            Ok(bundle) => Ok(Some(bundle)),
            // What it was moved from before the power went.
            Err(Refusal::RolledBack { .. }) => Ok(None),
            Err(refusal) => {
                self.refused = Some(format!("{file}: {refusal}"));
                Ok(None)
            }
        }
    }

    /// Whether `bytes` may rule here: signed, for this place, newer, with sound rules and every profile that the lanes want.
    fn judge(&self, bytes: &[u8], (known, passed): (u64, Option<Wall>)) -> Result<Bundle, Refusal> {
        let Trusted { site, signers, lanes, recognised } = &self.trusted;
        let bundle = verify(bytes, &Terms { site, signers, known, passed })?;
        for lane in lanes.values() {
            let profiles = bundle.for_lane(lane)?;
            if let Some(profile) = profiles.iter().find(|profile| profile.looks_back() > *recognised) {
                let days = profile.looks_back().as_secs().div_ceil(86_400);
                return Err(Refusal::Forgotten { profile: profile.id.clone(), days });
            }
        }
        prove_all(&bundle.profiles()?).map_err(Refusal::Rules)?;
        Ok(bundle)
    }

    /// The newest version that anybody has acknowledged.
    fn known(&self) -> u64 {
        let of = |bundle: &Option<Bundle>| bundle.as_ref().map_or(0, |bundle| bundle.version);
        self.standing.known.max(of(&self.in_force)).max(of(&self.next))
    }

    /// Looks whether something was handed in; says so if it was. `passed` is a time that is certainly not later than now.
    ///
    /// # Errors
    ///
    /// When the disk fails; everything is then as it was, and this can be tried again.
    pub fn look(&mut self, passed: Option<Wall>) -> io::Result<Option<Result<Bundle, Refusal>>> {
        let Some(bytes) = read(&mut self.disk, INCOMING)? else { return Ok(None) };
        // One that waits may be handed in again, and a newer one takes its place; an older one does not.
        let waiting = self.pending.as_ref().map_or(0, |bundle| bundle.version.saturating_sub(1));
        let judged = self.judge(&bytes, (self.known().max(waiting), passed));
        let taken = match judged {
            Ok(bundle) => {
                keep(&mut self.disk, &bundle)?;
                replace(&mut self.disk, PENDING, &bytes)?;
                self.pending = Some(bundle.clone());
                self.refused = None;
                Ok(bundle)
            }
            Err(refusal) => {
                replace(&mut self.disk, REFUSED, &bytes)?;
                self.refused = Some(refusal.to_string());
                Err(refusal)
            }
        };
        self.disk.remove(INCOMING)?;
        self.disk.sync_dir()?;
        Ok(Some(taken))
    }

    /// The profiles that each lane wants.
    pub fn lanes(&self) -> &BTreeMap<LaneId, Vec<Slug>> {
        &self.trusted.lanes
    }

    /// The bundle that waits for a named person.
    pub fn pending(&self) -> Option<&Bundle> {
        self.pending.as_ref()
    }

    /// The bundle that waits for its time.
    pub fn next(&self) -> Option<&Bundle> {
        self.next.as_ref()
    }

    /// Why the last one that was handed in, or one that was here, is refused.
    pub fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// Somebody has acknowledged the pending bundle with this version and digest; whether it rules now, or from its own time on.
    /// `now` is the time as far as somebody vouches for it.
    ///
    /// # Errors
    ///
    /// When another one is pending, or the disk fails; what rules then goes on.
    pub fn acknowledge(&mut self, (version, digest): (u64, PolicyId), now: Wall) -> Result<bool, Error> {
        let pending = self.pending.as_ref().filter(|bundle| bundle.version == version);
        let bundle = pending.filter(|bundle| bundle.digest() == digest).ok_or(Error::NotPending)?.clone();
        let bytes = read(&mut self.disk, PENDING)?.ok_or(Error::NotPending)?;
        let begins = bundle.from <= now;
        replace(&mut self.disk, if begins { IN_FORCE } else { NEXT }, &bytes)?;
        if begins {
            self.in_force = Some(bundle);
        } else {
            self.next = Some(bundle);
        }
        self.pending = None;
        let known = self.known();
        self.stand(Standing { known, ..self.standing })?;
        self.forget(PENDING)?;
        Ok(begins)
    }

    /// Lets begin and end what is due at `now`, the time as far as somebody vouches for it; what did.
    ///
    /// # Errors
    ///
    /// When the disk fails; it is tried again the next time.
    pub fn tick(&mut self, now: Wall) -> io::Result<Vec<(PolicyEvent, Bundle)>> {
        let mut events = Vec::new();
        if let Some(next) = self.next.clone().filter(|next| next.from <= now) {
            if let Some(bytes) = read(&mut self.disk, NEXT)? {
                replace(&mut self.disk, IN_FORCE, &bytes)?;
            }
            self.in_force = Some(next.clone());
            self.next = None;
            self.forget(NEXT)?;
            events.push((PolicyEvent::Began, next));
        }
        let over = self.in_force.as_ref().filter(|bundle| {
            bundle.version > self.standing.expired && bundle.until.is_none_or(|until| until <= now)
        });
        if let Some(over) = over.cloned() {
            self.stand(Standing { expired: over.version, ..self.standing })?;
            events.push((PolicyEvent::Ended, over));
        }
        Ok(events)
    }

    /// What rules.
    pub fn in_force(&self) -> InForce {
        let expired = |bundle: &&Bundle| bundle.version <= self.standing.expired;
        let over = self.in_force.as_ref().filter(expired);
        let bundle = self.in_force.as_ref().filter(|bundle| !expired(bundle)).cloned();
        let mode = match (&bundle, over) {
            (Some(bundle), _) => bundle.mode,
            (None, Some(over)) => over.mode_after,
            (None, None) => AreaMode::Normal,
        };
        InForce { bundle, mode, expired: over.map(|bundle| bundle.version) }
    }

    fn stand(&mut self, standing: Standing) -> io::Result<()> {
        // Writing into memory cannot fail.
        replace(&mut self.disk, STANDING, &minicbor::to_vec(standing).unwrap_or_default())?;
        self.standing = standing;
        Ok(())
    }

    fn forget(&mut self, file: &str) -> io::Result<()> {
        match self.disk.remove(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => self.disk.sync_dir(),
        }
    }
}
