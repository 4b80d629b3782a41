//! What a credential is and what is known of it: genuine, current, and whose.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::manifest::{BadManifest, Manifest};
use super::module_colour::ModuleColour;
use super::past::Ago;
use super::subject::{Class, SubjectKind};
use crate::base::{Pii, Wall};

/// The kind of thing that was presented.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum CredentialKind {
    /// A pass signed by a hub.
    #[n(0)]
    HubPass,
    /// A Chinese identity number, typed or read from a card.
    #[n(1)]
    IdNumber,
    /// A `HC1:` health certificate (EU, WHO).
    #[n(2)]
    HealthCertificate,
    /// A `shc:/` SMART Health Card.
    #[n(3)]
    SmartHealthCard,
    /// A link to a medical record, not an entry pass.
    #[n(4)]
    HealthLink,
    /// A `NZCP:` pass.
    #[n(5)]
    NzCovidPass,
    /// An ICAO visible digital seal in JSON.
    #[n(6)]
    VdsNc,
    /// A zipped verifiable credential (DIVOC).
    #[n(7)]
    Divoc,
    /// A web address; never opened.
    #[n(8)]
    Url,
    /// Any other text.
    #[n(9)]
    Text,
    /// Bytes that are no text.
    #[n(10)]
    Binary,
    /// A list of who is in a vehicle; unsigned.
    #[n(11)]
    Manifest,
    /// The machine readable zone of a passport or an identity card.
    #[n(12)]
    TravelDocument,
    /// A mobile number of mainland China.
    #[n(13)]
    Phone,
    /// The code that a place shows for visitors to scan; nobody's credential.
    #[n(14)]
    SiteCode,
    /// What trade marks its goods with.
    #[n(15)]
    Gs1,
    /// A code of which only its issuer's server can say anything, such as a health code.
    #[n(16)]
    OnlineCode,
}

/// Whether a credential is genuine.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Authenticity {
    /// A trusted issuer's signature matches.
    #[n(0)]
    Genuine,
    /// A trusted issuer's key is named and the signature does not match, or the content is malformed.
    #[n(1)]
    Forged,
    /// Signed with a key that this kiosk does not trust.
    #[n(2)]
    UnknownIssuer,
    /// Nothing here can verify this kind.
    #[n(3)]
    Unverified,
    /// Its issuer signed it, and took it back.
    #[n(4)]
    Revoked,
}

/// Whether a credential is valid at this time and place.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Currency {
    /// Valid now and here.
    #[n(0)]
    Current,
    /// No longer valid.
    #[n(1)]
    Expired,
    /// Not valid yet.
    #[n(2)]
    NotYetValid,
    /// Issued for another site.
    #[n(3)]
    WrongSite,
    /// The kiosk's clock cannot be trusted enough to say.
    #[n(4)]
    ClockUntrusted,
    /// It does not say, or cannot be verified anyway.
    #[n(5)]
    Unknown,
    /// The lists that say whether it counts are too old.
    #[n(6)]
    ListsTooOld,
    /// Of a pass whose code changes, one that is not of now: a picture of it, or a telephone whose clock is wrong.
    #[n(7)]
    OutOfWindow,
}

/// Whether a credential is enough, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Admissible {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// Nothing here can say.
    Unknown,
}

impl Admissible {
    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "cannot-verify",
        }
    }
}

/// What a pass is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To come in, and to go out again.
    #[default]
    Entry,
    /// To come back in after going out.
    ReEntry {
        /// When the holder's temperature was screened and good.
        screened: Option<Wall>,
    },
    /// To pass through to a destination, in the time for which it is valid.
    Transit {
        /// Where to.
        to: Pii<String>,
    },
    /// To be looked after: whoever holds it is under observation. It lets nobody through.
    ContactCard,
}

/// What a genuine credential says of its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Person or vehicle.
    pub subject: SubjectKind,
    /// What the holder is to the place.
    pub class: Class,
    /// The issuer's random identifier of the pass, in hexadecimal.
    pub pass: Pii<String>,
    /// Name as printed, often already masked by the issuer.
    pub name: Option<Pii<String>>,
    /// Plate that the pass is bound to, normalised.
    pub plate: Option<Pii<String>>,
    /// What it is for.
    pub purpose: Purpose,
    /// How long ago the holder's temperature was screened and good, by what the issuer says.
    pub screened: Option<Ago>,
}

/// A credential as checked, without the text it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// What it is.
    pub kind: CredentialKind,
    /// Whether it is genuine.
    pub authentic: Authenticity,
    /// Whether it is valid now and here.
    pub current: Currency,
    /// Whether the rules that came with the lists of trust find it enough; nobody says so of what they are not about.
    pub admissible: Admissible,
    /// Whose it is; only for genuine ones.
    pub holder: Option<Holder>,
    /// Whom it lists; only for manifests. Nothing vouches for that.
    pub manifest: Option<Result<Manifest, BadManifest>>,
    /// Its text, where only its issuer can say anything of it and a policy has it asked; for that question alone.
    pub online: Option<Pii<String>>,
    /// The colour in which it was shown, where a camera is sure of it. It vouches for nothing.
    pub colour: Option<ModuleColour>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_the_same_number_in_records_and_the_same_name_in_files_for_ever() {
        use CredentialKind as K;
        let kinds = [
            (K::HubPass, "hub-pass"),
            (K::IdNumber, "id-number"),
            (K::HealthCertificate, "health-certificate"),
            (K::SmartHealthCard, "smart-health-card"),
            (K::HealthLink, "health-link"),
            (K::NzCovidPass, "nz-covid-pass"),
            (K::VdsNc, "vds-nc"),
            (K::Divoc, "divoc"),
            (K::Url, "url"),
            (K::Text, "text"),
            (K::Binary, "binary"),
            (K::Manifest, "manifest"),
            (K::TravelDocument, "travel-document"),
            (K::Phone, "phone"),
            (K::SiteCode, "site-code"),
            (K::Gs1, "gs1"),
            (K::OnlineCode, "online-code"),
        ];
        for (number, (kind, name)) in (0_u8..).zip(kinds) {
            assert_eq!(minicbor::to_vec(kind).unwrap(), [number], "{name}");
            assert_eq!(serde_json::to_value(kind).unwrap(), name);
        }
    }
}
