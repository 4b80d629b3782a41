//! The kiosk's policy bundles on its disk: what was handed in, what waits, what rules, and what ruled before.
//!
//! | file | content |
//! |---|---|
//! | `incoming.bundle` | handed in; looked at, then moved into `pending.bundle` or `refused.bundle` |
//! | `pending.bundle` | good, and waits for a named person at this gate |
//! | `next.bundle` | acknowledged, and waits for its time |
//! | `in-force.bundle` | rules, until it ends or another takes its place |
//! | `standing` | [`Standing`] in CBOR |
//! | `<policy id>.policy` | a policy that has ruled here, for deciding again what it decided |
//!
//! Every file is written whole beside its place, synced, and renamed: after a power cut there is the old one or the new one.
//! What a file was moved from is removed last, and a leftover of it is known by its version. Invariants: a bundle that is
//! refused leaves every other file as it was; a version that was here never comes back behind a newer one; without a time that
//! can be trusted nothing begins and nothing ends.

use std::io;

use minicbor::{Decode, Encode};

use crate::base::{PolicyId, Slug, Wall};
use crate::config::Policy;
use crate::config::bundle::{Bundle, FILE_BYTES_MAX, Refusal, SignerKey, Terms, verify};
use crate::engine::prove::prove_all;
use crate::journal::Disk;
use crate::model::AreaMode;

/// Where a bundle is handed in.
pub const INCOMING: &str = "incoming.bundle";
const PENDING: &str = "pending.bundle";
const NEXT: &str = "next.bundle";
const IN_FORCE: &str = "in-force.bundle";
const REFUSED: &str = "refused.bundle";
const STANDING: &str = "standing";
/// End of the names of policies that are kept for replay.
pub const KEPT: &str = ".policy";

/// What the bundles themselves do not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
struct Standing {
    /// The newest version that was ever acknowledged here.
    #[n(0)]
    known: u64,
    /// The newest version that has expired.
    #[n(1)]
    expired: u64,
    /// The mode that an attendant switched to, and under which version; 0 is the site's own policy.
    #[n(2)]
    mode: Option<(u64, AreaMode)>,
}

/// For whom bundles must be, and by whom.
#[derive(Clone, Debug)]
pub struct Trusted {
    /// This place.
    pub site: Slug,
    /// Who may sign.
    pub signers: Vec<SignerKey>,
    /// The profiles that the lanes want: a bundle without one of them cannot rule here.
    pub lanes: Vec<Vec<Slug>>,
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

/// What an acknowledgement came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledged {
    /// The bundle rules now.
    Rules,
    /// It rules from its own time on.
    Waits,
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
        let standing = match read(&mut disk, STANDING)? {
            Some(bytes) => minicbor::decode(&bytes).map_err(io::Error::other)?,
            None => Standing::default(),
        };
        let mut store =
            Self { disk, trusted, standing, pending: None, next: None, in_force: None, refused: None };
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
        let Trusted { site, signers, lanes } = &self.trusted;
        let bundle = verify(bytes, &Terms { site, signers, known, passed })?;
        for lane in lanes {
            bundle.for_lane(lane)?;
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
    pub fn look(&mut self, passed: Option<Wall>) -> io::Result<Option<Result<u64, Refusal>>> {
        let Some(bytes) = read(&mut self.disk, INCOMING)? else { return Ok(None) };
        // One that waits may be handed in again, and a newer one takes its place; an older one does not.
        let waiting = self.pending.as_ref().map_or(0, |bundle| bundle.version.saturating_sub(1));
        let judged = self.judge(&bytes, (self.known().max(waiting), passed));
        let taken = match judged {
            Ok(bundle) => {
                self.keep(&bundle)?;
                write(&mut self.disk, PENDING, &bytes)?;
                let version = bundle.version;
                self.pending = Some(bundle);
                self.refused = None;
                Ok(version)
            }
            Err(refusal) => {
                write(&mut self.disk, REFUSED, &bytes)?;
                self.refused = Some(refusal.to_string());
                Err(refusal)
            }
        };
        self.disk.remove(INCOMING)?;
        self.disk.sync_dir()?;
        Ok(Some(taken))
    }

    /// Keeps the policy of `bundle` for deciding again.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub fn keep(&mut self, bundle: &Bundle) -> io::Result<PolicyId> {
        let policy = bundle.policy().map_err(io::Error::other)?;
        let file = kept_name(policy.id);
        if read(&mut self.disk, &file)?.is_none() {
            let kept = crate::config::bundle::Signed { bundle: bundle.clone(), signatures: vec![] };
            write(&mut self.disk, &file, &kept.encode())?;
        }
        Ok(policy.id)
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

    /// Somebody has acknowledged the pending bundle with this version and digest. `now` is the time, where it can be trusted.
    ///
    /// # Errors
    ///
    /// When another one is pending, or the disk fails; what rules then goes on.
    pub fn acknowledge(
        &mut self,
        (version, digest): (u64, PolicyId),
        now: Option<Wall>,
    ) -> Result<Acknowledged, Error> {
        let pending = self.pending.as_ref().filter(|bundle| bundle.version == version);
        let bundle = pending.filter(|bundle| bundle.digest() == digest).ok_or(Error::NotPending)?.clone();
        let bytes = read(&mut self.disk, PENDING)?.ok_or(Error::NotPending)?;
        let begins = now.is_some_and(|now| bundle.from <= now);
        write(&mut self.disk, if begins { IN_FORCE } else { NEXT }, &bytes)?;
        if begins {
            self.in_force = Some(bundle);
        } else {
            self.next = Some(bundle);
        }
        self.pending = None;
        let known = self.known();
        self.stand(Standing { known, ..self.standing })?;
        self.forget(PENDING)?;
        Ok(if begins { Acknowledged::Rules } else { Acknowledged::Waits })
    }

    /// Lets begin and end what is due at `now`, a time that can be trusted; whether anything did.
    ///
    /// # Errors
    ///
    /// When the disk fails; it is tried again the next time.
    pub fn tick(&mut self, now: Option<Wall>) -> io::Result<bool> {
        let Some(now) = now else { return Ok(false) };
        let mut changed = false;
        if let Some(next) = self.next.clone().filter(|next| next.from <= now) {
            if let Some(bytes) = read(&mut self.disk, NEXT)? {
                write(&mut self.disk, IN_FORCE, &bytes)?;
            }
            self.in_force = Some(next);
            self.next = None;
            self.forget(NEXT)?;
            changed = true;
        }
        let over = self.in_force.as_ref().filter(|bundle| bundle.until.is_none_or(|until| until <= now));
        if let Some(version) = over.map(|bundle| bundle.version).filter(|version| *version > self.standing.expired)
        {
            self.stand(Standing { expired: version, ..self.standing })?;
            changed = true;
        }
        Ok(changed)
    }

    /// An attendant switches the area's mode. It stays until the next bundle begins or this one ends.
    ///
    /// # Errors
    ///
    /// When the disk fails; the mode stays as it was.
    pub fn switch(&mut self, mode: AreaMode) -> io::Result<()> {
        let version = self.in_force().version();
        self.stand(Standing { mode: Some((version, mode)), ..self.standing })
    }

    /// What rules.
    pub fn in_force(&self) -> InForce {
        let expired = |bundle: &&Bundle| bundle.version <= self.standing.expired;
        let over = self.in_force.as_ref().filter(expired);
        let bundle = self.in_force.as_ref().filter(|bundle| !expired(bundle)).cloned();
        let version = bundle.as_ref().map_or(0, |bundle| bundle.version);
        let by_policy = match (&bundle, over) {
            (Some(bundle), _) => bundle.mode,
            (None, Some(over)) => over.mode_after,
            (None, None) => AreaMode::Normal,
        };
        let switched = self.standing.mode.filter(|(under, _)| *under == version);
        let mode = switched.map_or(by_policy, |(_, mode)| mode);
        InForce { bundle, mode, expired: over.map(|bundle| bundle.version) }
    }

    fn stand(&mut self, standing: Standing) -> io::Result<()> {
        // Writing into memory cannot fail.
        write(&mut self.disk, STANDING, &minicbor::to_vec(standing).unwrap_or_default())?;
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

/// Name of the file that keeps the policy `id`.
pub fn kept_name(id: PolicyId) -> String {
    format!("{id}{KEPT}")
}

/// The policy in `bytes`, as [`Store::keep`] writes it.
///
/// # Errors
///
/// When it is none, or another than `id`.
pub fn kept_policy(bytes: &[u8], id: PolicyId) -> Result<Policy, Refusal> {
    let policy = crate::config::bundle::Signed::decode(bytes)?.bundle.policy()?;
    if policy.id == id {
        Ok(policy)
    } else {
        Err(Refusal::NoBundle(format!("holds policy {}, as this program reads it", policy.id)))
    }
}

fn read<D: Disk>(disk: &mut D, file: &str) -> io::Result<Option<Vec<u8>>> {
    let length = match disk.len(file) {
        Ok(length) => usize::try_from(length).unwrap_or(usize::MAX),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // One byte more than is good, so that what is too long is seen to be.
    let mut bytes = vec![0; length.min(FILE_BYTES_MAX + 1)];
    let count = disk.read_at(file, 0, &mut bytes)?;
    bytes.truncate(count);
    Ok(Some(bytes))
}

fn write<D: Disk>(disk: &mut D, file: &str, bytes: &[u8]) -> io::Result<()> {
    let beside = format!("{file}.new");
    match disk.remove(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    disk.create(&beside, bytes.len() as u64)?;
    disk.write_at(&beside, 0, bytes)?;
    disk.sync(&beside)?;
    disk.rename(&beside, file)?;
    disk.sync_dir()
}
