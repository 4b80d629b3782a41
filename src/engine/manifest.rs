//! A manifest at a vehicle's lane: offered by the driver's code or the attendant, taken by the attendant alone.
//!
//! It is unsigned and settles nothing that a typed number would not settle. Until it is taken it is a list on the
//! attendant's page, from which whoever is not in the vehicle is struck off.

use super::context::Context;
use super::person::PersonSession;
use super::vehicle::VehicleSession;
use crate::base::AttendantId;
use crate::control::{ListedStatus, ManifestStatus, Refused};
use crate::model::manifest::{BadManifest, Listed, Manifest};
use crate::model::{StepKind, mask};

/// A manifest that was offered.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Counts the offers of this session, so that no other one is taken than the one that was looked at.
    number: u32,
    manifest: Result<Manifest, BadManifest>,
}

/// A manifest that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenManifest {
    /// How many stood on it.
    pub listed: u8,
    /// Who struck off whoever is not here.
    pub by: AttendantId,
}

impl VehicleSession {
    /// Takes note of a manifest that somebody showed or pasted; of no consequence until it is taken.
    ///
    /// # Errors
    ///
    /// When occupants are not asked for, or some have been looked at already.
    pub fn offer(&mut self, manifest: Result<Manifest, BadManifest>) -> Result<(), Refused> {
        self.open_to_manifests()?;
        let number = self.offer.as_ref().map_or(1, |offer| offer.number.saturating_add(1));
        self.offer = Some(Offer { number, manifest });
        Ok(())
    }

    /// Takes the offer called `number` but for the rows in `absent`, counted from 0: those people are declared, and what the list
    /// says of each counts as typed by them.
    ///
    /// # Errors
    ///
    /// When another one, or none, was offered; when it cannot be read; when nobody is left, or more than may be. Nothing
    /// changes then.
    pub fn take_manifest(
        &mut self,
        number: u32,
        absent: &[u8],
        by: &AttendantId,
        context: &Context,
    ) -> Result<(), Refused> {
        self.open_to_manifests()?;
        let offer = self.offer.as_ref().filter(|offer| offer.number == number);
        let Some(Offer { manifest: Ok(manifest), .. }) = offer else {
            return Err(Refused::NotNow { why: "that list is not there any more" });
        };
        let listed = u8::try_from(manifest.rows().len()).unwrap_or(u8::MAX);
        let here = |(row, _): &(u8, &Listed)| !absent.contains(row);
        let present: Vec<Listed> =
            (0..).zip(manifest.rows()).filter(here).map(|(_, listed)| listed.clone()).collect();
        let count = u8::try_from(present.len()).unwrap_or(u8::MAX);
        self.declare(count, context)?;
        for (person, listed) in self.occupants.iter_mut().zip(present) {
            person.list(listed, context);
        }
        self.taken = Some(TakenManifest { listed, by: by.clone() });
        self.offer = None;
        self.count_occupants();
        Ok(())
    }

    /// Strikes off the occupant who is being served: they stood on the manifest and are not here.
    ///
    /// # Errors
    ///
    /// When nobody is served, more is known of them than what the manifest says, or nobody would be left.
    pub fn not_here(&mut self) -> Result<(), Refused> {
        let served = self.occupants.iter().position(|person| !person.is_done());
        let at = served.ok_or(Refused::NotNow { why: "no occupant is being served" })?;
        if !self.occupants[at].only_listed() {
            return Err(Refused::NotNow { why: "more is known of them than what a list says" });
        }
        let others = self.occupants.iter().filter(|person| person.apart.is_none()).count() > 1;
        let declared = self.declared.and_then(|declared| declared.checked_sub(1)).filter(|_| others);
        self.declared = Some(declared.ok_or(Refused::NotNow { why: "nobody would be left in the vehicle" })?);
        self.occupants.remove(at);
        self.count_occupants();
        Ok(())
    }

    /// The offer as the attendant's page shows it: masked.
    pub fn offered(&self) -> Option<ManifestStatus> {
        let Offer { number, manifest } = self.offer.as_ref()?;
        let row = |listed: &Listed| ListedStatus {
            name: mask::name(&listed.name),
            number: listed.id_number.as_ref().map(mask::id_number),
        };
        let (rows, fault) = match manifest {
            Ok(manifest) => (manifest.rows().iter().map(row).collect(), None),
            Err(fault) => (vec![], Some(*fault)),
        };
        Some(ManifestStatus { offer: *number, rows, fault })
    }

    fn open_to_manifests(&mut self) -> Result<(), Refused> {
        self.steps.unsettled_or_refuse(StepKind::Occupants)?;
        if self.occupants.iter().any(PersonSession::begun) {
            return Err(Refused::NotNow { why: "occupants have been looked at already" });
        }
        Ok(())
    }
}
