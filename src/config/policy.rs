//! The policy in force: profiles, thresholds and the notice that they rest on, with an identity of its own.

use ring::digest;
use serde::Serialize;

use super::profile::Profile;
use crate::base::PolicyId;
use crate::model::{PlatePrefix, ScreeningRule};

/// What rules a kiosk. Two kiosks with one `id` decide alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// First half of the SHA-256 of the [canonical text](Self::canonical).
    pub id: PolicyId,
    /// Number of the public notice that it cites, if any.
    pub notice: Option<u32>,
    /// How skin temperature is judged.
    pub screening: ScreeningRule,
    /// Every profile that a lane uses, by rising name.
    pub profiles: Vec<Profile>,
    /// Which plates are local, in rising order. Empty: of no plate anything is said.
    pub local_plates: Vec<PlatePrefix>,
}

#[derive(Serialize)]
struct Canonical<'a> {
    version: u8,
    notice: Option<u32>,
    screening: &'a ScreeningRule,
    profiles: &'a [Profile],
    /// Left out where there are none, so that such a policy keeps the identity that it had before plates had origins.
    #[serde(skip_serializing_if = "<[PlatePrefix]>::is_empty")]
    local_plates: &'a [PlatePrefix],
}

impl Policy {
    /// The policy of these parts.
    pub fn new(notice: Option<u32>, screening: ScreeningRule, mut profiles: Vec<Profile>) -> Self {
        profiles.sort_by(|one, other| one.id.cmp(&other.id));
        Self { id: PolicyId([0; 16]), notice, screening, profiles, local_plates: Vec::new() }.identified()
    }

    /// The same policy where plates that begin like these are local.
    pub fn with_local_plates(self, mut local_plates: Vec<PlatePrefix>) -> Self {
        local_plates.sort();
        local_plates.dedup();
        Self { local_plates, ..self }.identified()
    }

    fn identified(mut self) -> Self {
        let digest = digest::digest(&digest::SHA256, self.canonical().as_bytes());
        self.id.0.copy_from_slice(&digest.as_ref()[..16]);
        self
    }

    /// The text whose digest is the policy's identity: compact JSON, keys in the order of these types.
    pub fn canonical(&self) -> String {
        let Self { id: _, notice, screening, profiles, local_plates } = self;
        let canonical = Canonical { version: 2, notice: *notice, screening, profiles, local_plates };
        // Serialising numbers, texts and lists cannot fail; maps with odd keys could, and there are none.
        serde_json::to_string(&canonical).unwrap_or_default()
    }
}
