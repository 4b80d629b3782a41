//! Payload to verified credential: pure.
//!
//! Three answers are kept apart: whether a credential is genuine, whether it is current, and, by the policy, whether it
//! is enough. Only a signature that matches a trusted key makes a credential genuine; everything that nothing here can
//! verify is named by its kind and stays unverified.

pub mod cbor;
pub mod certificate;
pub mod certlogic;
mod chain;
pub mod claims;
pub mod classify;
pub mod cose;
mod countries;
pub mod divoc;
pub mod gs1;
pub mod hcert;
pub mod health_link;
pub mod hub_pass;
pub mod inflate;
pub mod json;
pub mod jwk;
pub mod key;
pub mod nzcp;
pub mod place_code;
pub mod report;
pub mod rules;
pub mod shc;
pub mod trusted;
pub mod turn;
pub mod vds_nc;
mod zip;

use crate::base::{ClockTrust, LaneId, Slug, Wall};
use crate::model::manifest::Manifest;
use crate::model::{Admissible, Authenticity, Credential, CredentialKind, Currency};

use place_code::PlaceCodes;

pub use claims::Claims;
pub use classify::classify;
pub use hub_pass::{BadClaims, PREFIX, issue, key_id};
use key::Keys;
use report::{Moment, Report};
pub use trusted::{Shared, Trusted};

/// Most bytes of a payload that are looked at: a QR symbol holds at most 4,296 characters.
pub const PAYLOAD_BYTES_MAX: usize = 4_300;

/// What a kiosk goes by when it checks credentials.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The site that passes must be issued for.
    pub site: Slug,
    /// The lane that passes must be good for, where they name lanes.
    pub lane: Option<LaneId>,
    /// Ed25519 public keys of the hubs whose passes count.
    pub keys: Vec<[u8; 32]>,
    /// A time that has certainly passed, such as the last one a hub told: an untrusted clock before it is wrong.
    pub passed: Wall,
    /// The place code that this kiosk shows, where it shows one.
    pub place: Option<PlaceCodes>,
    /// What others' credentials are judged by, and which passes were revoked.
    pub lists: Shared,
}

impl Trust {
    /// Trust in passes of `site` signed with one of `keys`.
    pub fn new(site: Slug, keys: Vec<[u8; 32]>) -> Self {
        Self { site, lane: None, keys, passed: Wall(0), place: None, lists: Shared::default() }
    }
}

/// Says what `payload`, the content of a code, is, and of a kind that is verified here what is known of it.
pub fn verify(payload: &[u8], keys: &Keys, moment: &Moment) -> Report {
    let payload = payload.trim_ascii();
    match classify(payload) {
        CredentialKind::HealthCertificate => hcert::check(payload, keys, moment),
        CredentialKind::NzCovidPass => nzcp::check(payload, keys, moment),
        CredentialKind::SmartHealthCard => shc::check(payload, keys, moment),
        CredentialKind::HealthLink => health_link::check(payload, moment),
        CredentialKind::VdsNc => vds_nc::check(payload, keys, moment),
        CredentialKind::Divoc => divoc::check(payload),
        kind @ (CredentialKind::HubPass
        | CredentialKind::Manifest
        | CredentialKind::IdNumber
        | CredentialKind::TravelDocument
        | CredentialKind::Phone
        | CredentialKind::SiteCode
        | CredentialKind::Gs1
        | CredentialKind::OnlineCode
        | CredentialKind::Url
        | CredentialKind::Text
        | CredentialKind::Binary) => Report::unverified(kind),
    }
}

/// Says what `payload`, the content of a code, is, whether it is genuine and current, for a hub's pass whose, and for what others
/// issued whether it is enough.
///
/// Takes a millisecond or two, and holds nothing of the payload but what a genuine pass says of its holder.
pub fn check(payload: &[u8], trust: &Trust, now: Wall, clock: ClockTrust) -> Credential {
    let payload = payload.trim_ascii();
    let kind = classify(payload);
    let unverified = Credential {
        kind,
        authentic: Authenticity::Unverified,
        current: Currency::Unknown,
        admissible: Admissible::Unknown,
        holder: None,
        manifest: None,
        online: None,
        colour: None,
    };
    let lists = trust.lists.get();
    let moment = lists.since_built(&Moment { now, clock, passed: trust.passed });
    match kind {
        CredentialKind::Manifest => Credential { manifest: Some(Manifest::read_code(payload)), ..unverified },
        CredentialKind::HubPass => hub_pass::check(payload, trust, &lists, &moment),
        CredentialKind::HealthCertificate
        | CredentialKind::SmartHealthCard
        | CredentialKind::NzCovidPass
        | CredentialKind::VdsNc => {
            // Where no issuer of such credentials is known at all, nothing here can say that one is none: an attendant looks at it.
            if !lists.keys.has(kind) {
                return unverified;
            }
            let report = lists.verify(payload, &moment);
            let admissible = lists.judge(&report, &moment).admissible;
            Credential { authentic: report.authentic, current: report.current, admissible, ..unverified }
        }
        CredentialKind::IdNumber
        | CredentialKind::HealthLink
        | CredentialKind::Divoc
        | CredentialKind::TravelDocument
        | CredentialKind::Phone
        | CredentialKind::SiteCode
        | CredentialKind::Gs1
        | CredentialKind::OnlineCode
        | CredentialKind::Url
        | CredentialKind::Text
        | CredentialKind::Binary => unverified,
    }
}
