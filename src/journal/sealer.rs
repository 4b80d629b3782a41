//! What seals the records of one log, on the kiosk: the current key, the next one, the end of an old one.

use std::fmt;

use zeroize::Zeroizing;

use super::disk::Disk;
use super::entropy::Entropy;
use super::hpke::seal_to_hub;
use super::key_file::{self, Content, HeldKey};
use super::log::{self, Journal};
use super::ring::KeyRing;
use super::seal::{Error, SealingKey, open_with_any};
use super::stored::Seal;
use crate::base::{Epoch, KioskId, Stamp};
use crate::model::{Body, Draft, Personal};

/// Seals the records of one log.
pub struct Sealer {
    origin: String,
    ring: KeyRing,
    entropy: Box<dyn Entropy>,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer with {:?}", self.ring)
    }
}

/// The sealing keys of the log `epoch` that are still on `disk`, by rising number; reads only.
///
/// # Errors
///
/// When the disk cannot be listed. A key file that is damaged is passed over.
pub fn held_keys<D: Disk>(disk: &mut D, epoch: Epoch) -> Result<Vec<SealingKey>, Error> {
    Ok(on_disk(disk, epoch)?.held.into_iter().map(|held| held.key).collect())
}

/// What key files say.
struct OnDisk {
    held: Vec<HeldKey>,
    destroyed: Vec<u32>,
    highest: Option<u32>,
}

fn on_disk<D: Disk>(disk: &mut D, epoch: Epoch) -> Result<OnDisk, Error> {
    let mut found = OnDisk { held: Vec::new(), destroyed: Vec::new(), highest: None };
    for file in disk.list()? {
        let Some(number) = key_file::number(&file, epoch) else { continue };
        found.highest = found.highest.max(Some(number));
        match key_file::read(disk, &file, number) {
            Content::Held(key) => found.held.push(key),
            Content::Destroyed => found.destroyed.push(number),
            Content::Damaged => {}
        }
    }
    found.held.sort_by_key(|held| held.key.number());
    Ok(found)
}

impl Sealer {
    /// Takes up the log's sealing keys from `disk`, drawing and storing the first one when there is none.
    ///
    /// A key file that is damaged is left as it is, and a new key drawn.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when a new key can be neither drawn nor stored.
    pub fn open<D: Disk>(
        disk: &mut D,
        kiosk: &KioskId,
        epoch: Epoch,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self, Error> {
        let mut sealer = Self { origin: String::new(), ring: KeyRing::new(epoch), entropy };
        sealer.take_up(disk, kiosk, epoch)?;
        Ok(sealer)
    }

    /// As [`open`](Self::open), for a sealer that is there already.
    pub(super) fn take_up<D: Disk>(
        &mut self,
        disk: &mut D,
        kiosk: &KioskId,
        epoch: Epoch,
    ) -> Result<(), Error> {
        let OnDisk { held, destroyed, highest } = on_disk(disk, epoch)?;
        let last = held.last().map(|held| held.key.number());
        self.origin = super::note::origin(kiosk, epoch);
        self.ring.take_up(epoch, held, destroyed);
        if last != highest || highest.is_none() {
            let number = highest.map_or(1, |number| number.saturating_add(1));
            let held = HeldKey { key: self.draw(number)?, opened: None };
            key_file::write(disk, epoch, &held)?;
            self.ring.add(held);
        }
        Ok(())
    }

    /// Seals under the current key.
    ///
    /// # Errors
    ///
    /// As [`SealingKey::seal`].
    pub fn seal(&mut self, personal: &Personal) -> Result<Seal, Error> {
        let HeldKey { key, .. } = self.ring.current().ok_or(Error::NoBox)?;
        key.seal(personal, &mut *self.entropy)
    }

    /// Opens a box of this kiosk while its sealing key is held.
    ///
    /// # Errors
    ///
    /// As [`SealingKey::open`].
    pub fn open_box(&self, seal: &Seal) -> Result<Personal, Error> {
        open_with_any(&self.keys(), seal)
    }

    /// The keys that are held now.
    pub fn keys(&self) -> Vec<SealingKey> {
        self.ring.keys()
    }

    /// The keys as they are at any time, for whoever opens records on another thread.
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// The entry that gives the hub the current sealing key. May be appended any number of times.
    ///
    /// # Errors
    ///
    /// [`Error::PublicKey`] when `hub` is no X25519 public key.
    pub fn key_opened(&mut self, hub: &[u8; 32]) -> Result<Body, Error> {
        let HeldKey { key, .. } = self.ring.current().ok_or(Error::NoBox)?;
        self.give(&key, hub)
    }

    /// The entries that give the hub every key that is held, oldest first: for a kiosk that did not have this hub before.
    ///
    /// # Errors
    ///
    /// As [`key_opened`](Self::key_opened).
    pub fn all_keys_opened(&mut self, hub: &[u8; 32]) -> Result<Vec<Body>, Error> {
        self.keys().iter().map(|key| self.give(key, hub)).collect()
    }

    /// The source of randomness.
    pub(super) fn entropy(&mut self) -> &mut dyn Entropy {
        &mut *self.entropy
    }

    fn give(&mut self, key: &SealingKey, hub: &[u8; 32]) -> Result<Body, Error> {
        let (encapsulated, sealed) = seal_to_hub(hub, &self.origin, key, &mut *self.entropy)?;
        Ok(Body::KeyOpened { key: key.number(), encapsulated, sealed })
    }

    fn draw(&mut self, number: u32) -> Result<SealingKey, Error> {
        let mut secret = Zeroizing::new([0; 32]);
        self.entropy.fill(&mut secret[..])?;
        Ok(SealingKey::new(number, *secret))
    }
}

impl<D: Disk> Journal<D> {
    /// Draws a new sealing key if one is due ([`KeyRing::is_due`]), makes it durable and seals with it from now on;
    /// returns its number. Where there is a hub, append [`Sealer::key_opened`] before anything else.
    ///
    /// # Errors
    ///
    /// When it can be neither drawn nor stored; the old one goes on sealing.
    pub fn turn_key(
        &mut self,
        now: &Stamp,
        last: Option<&Stamp>,
        ahead_minutes: i16,
    ) -> Result<Option<u32>, log::Error> {
        let first = self.next();
        let (disk, sealer) = self.disk_and_sealer();
        if !sealer.ring.is_due(now, last, ahead_minutes) {
            return Ok(None);
        }
        let opened = Some(sealer.ring.opening(now, last, first));
        let key = match sealer.ring.current() {
            // Drawn when the log began, before anybody told the time, and nothing is sealed with it yet.
            Some(HeldKey { key, opened: None }) if first == 1 => key,
            Some(HeldKey { key, .. }) => sealer.draw(key.number().saturating_add(1))?,
            None => sealer.draw(1)?,
        };
        let number = key.number();
        let held = HeldKey { key, opened };
        key_file::write(disk, sealer.ring.epoch(), &held)?;
        sealer.ring.add(held);
        Ok(Some(number))
    }

    /// Destroys this kiosk's copy of a sealing key: overwrites it, records that durably, and removes the file. Nothing
    /// is done to the key that seals now.
    ///
    /// When the power goes in between, the key is destroyed all the same and [`KeyRing::half_destroyed`] names it: call
    /// this again. No record ever says so before it is true.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append) and [`commit`](Self::commit), or when the file cannot be overwritten or removed.
    pub fn destroy_key(&mut self, number: u32, stamp: Stamp) -> Result<bool, log::Error> {
        let doing = log::failed("destroying a key");
        let (disk, sealer) = self.disk_and_sealer();
        let epoch = sealer.ring.epoch();
        let current = sealer.ring.current().map(|held| held.key.number());
        let known = sealer.ring.half_destroyed().contains(&number)
            || sealer.keys().iter().any(|key| key.number() == number);
        if current == Some(number) || !known {
            return Ok(false);
        }
        key_file::overwrite(disk, epoch, number)?;
        sealer.ring.forget(number);
        let draft = Draft { lane: None, body: Body::KeyDestroyed { key: number, log: None }, personal: None };
        self.append(draft, stamp)?;
        self.commit()?;
        let (disk, sealer) = self.disk_and_sealer();
        disk.remove(&key_file::name(epoch, number)).map_err(&doing)?;
        disk.sync_dir().map_err(&doing)?;
        sealer.ring.is_gone(number);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::seal::HubOpener;
    use super::*;
    use crate::base::{Pii, Random};
    use crate::model::Person;

    #[test]
    fn a_sealing_key_reaches_its_hub_and_nobody_else() {
        let (hub, other) = (HubOpener::from_seed([1; 32]), HubOpener::from_seed([2; 32]));
        let (kiosk, epoch) = ("gate-1".parse().unwrap(), Epoch([7; 16]));
        let ring = KeyRing::new(epoch);
        ring.add(HeldKey { key: SealingKey::new(9, [5; 32]), opened: None });
        let origin = super::super::note::origin(&kiosk, epoch);
        let mut sealer = Sealer { origin, ring, entropy: Box::new(Random::new(1)) };
        let body = sealer.key_opened(&hub.public()).unwrap();
        let seal = sealer.seal(&wang()).unwrap();
        let key = hub.open_key(&kiosk, epoch, &body).unwrap();
        assert_eq!((key.number(), key.open(&seal).unwrap()), (9, wang()));
        assert!(matches!(other.open_key(&kiosk, epoch, &body), Err(Error::Unopened)));
        assert!(matches!(hub.open_key(&kiosk, Epoch([8; 16]), &body), Err(Error::Unopened)));
        assert!(matches!(hub.open_key(&kiosk, epoch, &Body::Stopped), Err(Error::NoBox)));
        let Body::KeyOpened { encapsulated, sealed, .. } = body else { panic!("not a key") };
        let renumbered = Body::KeyOpened { key: 8, encapsulated, sealed };
        assert!(matches!(hub.open_key(&kiosk, epoch, &renumbered), Err(Error::Unopened)));
        assert!(matches!(sealer.key_opened(&[0; 32]), Err(Error::PublicKey)));
    }

    fn wang() -> Personal {
        let person = Person { name: Some(Pii::new("王小明".to_owned())), ..Person::default() };
        Personal { people: vec![person], vehicle: None, note: None, picture: None }
    }
}
