//! Issuing passes that kiosks verify offline.

use data_encoding::HEXLOWER;
use ring::signature::Ed25519KeyPair;

use super::state::Hub;
use crate::base::{Pii, Slug, Wall};
use crate::credential::{Claims, hub_pass};
use crate::model::plate::Plate;
use crate::model::{Class, SubjectKind, mask};

/// A pass to be issued.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Whom it is for.
    pub subject: SubjectKind,
    /// What the holder is to the place.
    pub class: Class,
    /// The place.
    pub site: Slug,
    /// Not valid before.
    pub not_before: Wall,
    /// Not valid from then on.
    pub expires: Wall,
    /// The holder's name, of which the pass holds only the masked form.
    pub name: Option<Pii<String>>,
    /// The vehicle's plate, as typed.
    pub plate: Option<Pii<String>>,
}

impl Wanted {
    /// The name as the pass holds it.
    pub fn masked_name(&self) -> Option<String> {
        self.name.as_ref().map(mask::name)
    }
}

/// A pass that was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its text, for a QR symbol.
    pub text: String,
    /// What it is called in a list of revoked passes: 16 hexadecimal digits, which say nothing of the holder.
    pub id: String,
}

/// Issues a pass. The hub keeps nothing of it: whoever may have to revoke it writes down its identifier.
///
/// # Errors
///
/// In plain words, when the claims make no pass.
pub fn issue(hub: &Hub, wanted: &Wanted) -> Result<Issued, String> {
    let mut pass = [0; 8];
    hub.fill(&mut pass).map_err(|error| error.to_string())?;
    let plate = wanted.plate.as_ref().map(Plate::parse).transpose().map_err(|error| error.to_string())?;
    let claims = Claims {
        pass,
        subject: wanted.subject,
        class: wanted.class,
        site: wanted.site.clone(),
        not_before: Wall::from_secs(wanted.not_before.as_secs()),
        expires: Wall::from_secs(wanted.expires.as_secs()),
        name: wanted.masked_name().map(Pii::new),
        plate: plate.map(|plate| plate.normalised().clone()),
        lanes: vec![],
    };
    let seed = hub.keys().pass_seed();
    let signer = Ed25519KeyPair::from_seed_unchecked(&seed[..]).map_err(|error| error.to_string())?;
    let text = hub_pass::issue(&claims, &signer).map_err(|error| error.to_string())?;
    Ok(Issued { text, id: HEXLOWER.encode(&pass) })
}
