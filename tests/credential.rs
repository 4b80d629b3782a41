//! Hub passes: good ones are read, and nothing else is ever taken for a good one.

#![allow(clippy::unwrap_used, reason = "a fixture may panic")]

#[path = "credential/commands.rs"]
mod commands;
#[path = "common/corpora.rs"]
mod corpora;
#[path = "credential/divoc.rs"]
mod divoc;
#[path = "credential/forgeries.rs"]
mod forgeries;
#[path = "credential/hcert.rs"]
mod hcert;
#[path = "credential/hcert_forgeries.rs"]
mod hcert_forgeries;
#[path = "credential/issuer.rs"]
mod issuer;
#[path = "credential/nzcp.rs"]
mod nzcp;
#[path = "credential/passes.rs"]
mod passes;
#[path = "credential/rules.rs"]
mod rules;
#[path = "credential/seal.rs"]
mod seal;
#[path = "credential/shc.rs"]
mod shc;
#[path = "credential/trusted.rs"]
mod trusted;
#[path = "credential/turning.rs"]
mod turning;
#[path = "credential/vds_nc.rs"]
mod vds_nc;
#[path = "credential/vds_nc_forgeries.rs"]
mod vds_nc_forgeries;

use kakou::base::{Pii, Wall};
use kakou::credential::{Claims, Trust};
use kakou::model::credential::Purpose;
use kakou::model::{Class, SubjectKind};
use ring::signature::{Ed25519KeyPair, KeyPair};

/// 2026-03-01T00:00:00Z.
const NOW: Wall = Wall(1_772_323_200_000);
const DAY: i64 = 86_400_000;

fn signer(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn public(signer: &Ed25519KeyPair) -> [u8; 32] {
    signer.public_key().as_ref().try_into().unwrap()
}

fn trust() -> Trust {
    Trust::new("jinhe-garden".parse().unwrap(), vec![public(&signer(1)), public(&signer(2))])
}

fn person() -> Claims {
    Claims {
        pass: *b"\x01\x23\x45\x67\x89\xab\xcd\xef",
        subject: SubjectKind::Person,
        class: Class::Resident,
        site: "jinhe-garden".parse().unwrap(),
        not_before: Wall(NOW.0 - DAY),
        expires: Wall(NOW.0 + DAY),
        name: Some(Pii::new("王*".to_owned())),
        plate: None,
        lanes: vec![],
        purpose: Purpose::Entry,
        anchor: None,
    }
}

fn vehicle() -> Claims {
    let plate = Some(Pii::new("川KA3476".to_owned()));
    Claims { subject: SubjectKind::Vehicle, name: None, plate, ..person() }
}
