//! What records keep of identity numbers: all of them only where a policy needs that.

use kakou::base::Pii;
use kakou::config::profile::IdNumbers;
use kakou::config::profile_file::shipped_in;
use kakou::control::Act;
use kakou::engine::replay::again;
use kakou::model::blind::IdentifierKind;
use kakou::model::{Personal, SubjectKind};

use crate::bench::{Bench, blinder};

const NUMBER: &str = "11010519491231002X";

/// What is on record of somebody whose number was typed and who then left.
fn leaves(id_numbers: IdNumbers) -> (Personal, Bench) {
    let mut profiles = shipped_in("profiles/residential.toml").expect("shipped profiles are sound");
    profiles.iter_mut().for_each(|profile| profile.id_numbers = id_numbers);
    let mut lane = Bench::with(SubjectKind::Person, profiles);
    lane.act(Act::TypeIdNumber(Pii::new(NUMBER.to_owned()))).act(Act::Leave);
    (lane.last_personal().clone(), lane)
}

#[test]
fn a_masked_number_shows_and_recognises_its_holder_and_says_no_more() {
    let (personal, lane) = leaves(IdNumbers::Masked);
    let person = &personal.people[0];
    assert_eq!(person.id_number, None);
    assert_eq!(person.masked_number().as_deref(), Some("110***********002X"));
    let masked = person.masked.as_ref().expect("what is kept of it");
    assert_eq!(masked.blinded, blinder().blind(IdentifierKind::IdNumber, NUMBER));
    let bytes = minicbor::to_vec(&personal).expect("it is sealed as bytes");
    assert!(!bytes.windows(11).any(|bytes| bytes == &NUMBER.as_bytes()[3..14]));
    assert_eq!(minicbor::decode::<Personal>(&bytes).expect("as it was"), personal);
    again(lane.last_passage(), &lane.policy).expect("decided again alike");
}

#[test]
fn where_the_policy_needs_the_number_it_is_kept() {
    let (personal, _) = leaves(IdNumbers::Full);
    assert_eq!(personal.people[0].id_number, Some(Pii::new(NUMBER.to_owned())));
    assert_eq!(personal.people[0].masked, None);
}
