//! Issuing passes that kiosks verify offline.

use data_encoding::HEXLOWER;
use ring::signature::Ed25519KeyPair;

use super::state::Hub;
use crate::base::{Pii, Slug, Wall};
use crate::credential::turn::{self, Secret};
use crate::credential::{Claims, hub_pass};
use crate::model::credential::Purpose;
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
    /// What it is for.
    pub purpose: Purpose,
    /// How it is shown.
    pub shown: Shown,
}

/// How a pass is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// By one code, which may be printed.
    #[default]
    Printed,
    /// On a telephone, by a code that changes every 30 seconds; for seven days at most.
    Turning,
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
    /// Of a rotating one, what its codes are made of: for the holder's telephone alone.
    pub secret: Option<Secret>,
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
    let secret = match wanted.shown {
        Shown::Printed => None,
        Shown::Turning => {
            let mut secret = Secret([0; 16]);
            hub.fill(&mut secret.0).map_err(|error| error.to_string())?;
            Some(secret)
        }
    };
    let [not_before, expires] = [wanted.not_before, wanted.expires].map(|at| Wall::from_secs(at.as_secs()));
    let anchor = secret.as_ref().map(|secret| {
        let windows = turn::count(not_before, expires);
        windows
            .map(|windows| secret.anchor(&pass, windows))
            .ok_or("a rotating pass is valid for seven days at most")
    });
    let claims = Claims {
        pass,
        subject: wanted.subject,
        class: wanted.class,
        site: wanted.site.clone(),
        not_before,
        expires,
        name: wanted.masked_name().map(Pii::new),
        plate: plate.map(|plate| plate.normalised().clone()),
        lanes: vec![],
        purpose: wanted.purpose.clone(),
        anchor: anchor.transpose()?,
    };
    let seed = hub.keys().pass_seed();
    let signer = Ed25519KeyPair::from_seed_unchecked(&seed[..]).map_err(|error| error.to_string())?;
    let text = hub_pass::issue(&claims, &signer).map_err(|error| error.to_string())?;
    Ok(Issued { text, id: HEXLOWER.encode(&pass), secret })
}
