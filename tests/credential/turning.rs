//! Passes whose code changes, and what passes are for.

use kakou::base::{ClockTrust, Pii, Wall};
use kakou::credential::turn::{Secret, count, window};
use kakou::credential::{BadClaims, Claims, check, hub_pass, issue};
use kakou::model::credential::Purpose;
use kakou::model::{Authenticity, Class, Credential, Currency};

use super::{DAY, NOW, person, public, signer, trust, vehicle};

const SECRET: Secret = Secret([9; 16]);

fn turning() -> Claims {
    let claims = person();
    let windows = count(claims.not_before, claims.expires).unwrap();
    Claims { anchor: Some(SECRET.anchor(&claims.pass, windows)), ..claims }
}

/// The code that is shown at a time.
fn shown(at: Wall) -> String {
    let claims = turning();
    let windows = count(claims.not_before, claims.expires).unwrap();
    let window = window(at, claims.not_before).unwrap();
    let turn = SECRET.turn(&claims.pass, (window, windows)).unwrap();
    hub_pass::turned(&issue(&claims, &signer(1)).unwrap(), &turn).unwrap()
}

fn checked(code: &str, at: Wall) -> Credential {
    check(code.as_bytes(), &trust(), at, ClockTrust::Synced)
}

fn seconds(count: i64) -> Wall {
    Wall(NOW.0 + count * 1_000)
}

#[test]
fn a_code_counts_in_its_half_minute_and_a_picture_of_it_does_not_afterwards() {
    let code = shown(NOW);
    assert!(code.len() <= 300, "{}", code.len());
    for (at, current) in [
        (-31, Currency::OutOfWindow),
        (-30, Currency::Current),
        (0, Currency::Current),
        (59, Currency::Current),
        (60, Currency::OutOfWindow),
        (3_600, Currency::OutOfWindow),
    ] {
        let credential = checked(&code, seconds(at));
        assert_eq!((credential.authentic, credential.current), (Authenticity::Genuine, current), "{at}");
    }
    assert_eq!(checked(&shown(seconds(3_600)), seconds(3_600)).current, Currency::Current);
    let holder = checked(&code, NOW).holder.unwrap();
    assert_eq!(holder.pass.expose(), "0123456789abcdef", "one pass by whichever code");
}

#[test]
fn a_rotating_pass_does_not_count_without_its_code_nor_with_a_made_up_one() {
    let claims = turning();
    let windows = count(claims.not_before, claims.expires).unwrap();
    let window = window(NOW, claims.not_before).unwrap();
    let pass = issue(&claims, &signer(1)).unwrap();
    assert_eq!(checked(&pass, NOW).current, Currency::OutOfWindow, "the pass alone");
    let of_another = Secret([8; 16]).turn(&claims.pass, (window, windows)).unwrap();
    assert_eq!(checked(&hub_pass::turned(&pass, &of_another).unwrap(), NOW).current, Currency::OutOfWindow);
    let mut moved = SECRET.turn(&claims.pass, (window - 10, windows)).unwrap();
    moved.window = window;
    assert_eq!(checked(&hub_pass::turned(&pass, &moved).unwrap(), NOW).current, Currency::OutOfWindow);
    let expired = Wall(NOW.0 + 2 * DAY);
    assert_eq!(checked(&shown(NOW), expired).current, Currency::Expired, "what is over is over");
    let unsure = check(shown(NOW).as_bytes(), &trust(), NOW, ClockTrust::None).current;
    assert_eq!(unsure, Currency::ClockUntrusted, "half a minute needs a clock");
    // A pass that does not turn has nothing to show.
    let plain = issue(&person(), &signer(1)).unwrap();
    assert_eq!(hub_pass::turned(&plain, &of_another), None);
}

#[test]
fn every_byte_of_a_code_matters() {
    let code = shown(NOW);
    let bytes = base45::decode(&code[4..]).unwrap();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let credential = checked(&format!("KK1:{}", base45::encode(changed)), NOW);
            let counts = (credential.authentic, credential.current);
            assert_ne!(counts, (Authenticity::Genuine, Currency::Current), "byte {at}, bit {bit}");
        }
    }
    for end in 4..code.len() {
        let credential = checked(&code[..end], NOW);
        assert_ne!(credential.authentic, Authenticity::Genuine, "{end} characters");
    }
}

#[test]
fn what_a_plain_pass_is_shown_with_beside_it_makes_it_a_forgery() {
    use coset::{CborSerializable as _, CoseSign1, Label, cbor::Value};
    let plain = issue(&person(), &signer(1)).unwrap();
    let mut envelope = CoseSign1::from_slice(&base45::decode(&plain[4..]).unwrap()).unwrap();
    envelope.unprotected.rest.push((Label::Int(-65_537), Value::Bytes(vec![0; 20])));
    let shown = format!("KK1:{}", base45::encode(envelope.to_vec().unwrap()));
    assert_eq!(checked(&shown, NOW).authentic, Authenticity::Forged);
}

#[test]
fn a_pass_says_what_it_is_for() {
    let claims = |purpose, class| Claims { purpose, class, ..person() };
    let screened = Some(Wall(NOW.0 - 3_600_000));
    let read = |claims: &Claims, clock| {
        let pass = issue(claims, &signer(1)).unwrap();
        check(pass.as_bytes(), &trust(), NOW, clock).holder.unwrap()
    };
    let re_entry = claims(Purpose::ReEntry { screened }, Class::Resident);
    let holder = read(&re_entry, ClockTrust::Synced);
    assert_eq!(holder.purpose, Purpose::ReEntry { screened });
    assert_eq!(holder.screened.unwrap().most, Some(std::time::Duration::from_secs(3_600)));
    assert_eq!(read(&re_entry, ClockTrust::None).screened.unwrap().most, None, "no clock vouches for it");
    let later = claims(Purpose::ReEntry { screened: Some(Wall(NOW.0 + 60_000)) }, Class::Resident);
    assert_eq!(read(&later, ClockTrust::Synced).screened.unwrap().most, None, "that is to come");
    let to = Purpose::Transit { to: Pii::new("成都".to_owned()) };
    assert_eq!(read(&claims(to.clone(), Class::Transit), ClockTrust::Synced).purpose, to);
    let card = claims(Purpose::ContactCard, Class::Observed);
    assert_eq!(read(&card, ClockTrust::Synced).class, Class::Observed);
    // What contradicts itself is not issued.
    for bad in [
        claims(to.clone(), Class::Resident),
        claims(Purpose::ContactCard, Class::Resident),
        claims(Purpose::Entry, Class::Observed),
        claims(Purpose::ReEntry { screened: None }, Class::Observed),
        claims(Purpose::Transit { to: Pii::new(String::new()) }, Class::Transit),
        Claims { purpose: Purpose::ContactCard, class: Class::Observed, ..vehicle() },
        Claims { not_before: Wall(NOW.0 - 9 * DAY), ..turning() },
    ] {
        assert_eq!(issue(&bad, &signer(1)), Err(BadClaims::Unsound), "{bad:?}");
    }
    let own = hub_pass::own(&issue(&card, &signer(1)).unwrap(), &public(&signer(1)));
    assert_eq!(own, Some(card));
}

#[test]
fn the_longest_rotating_pass_still_fits() {
    let long = Claims { site: "a-garden-with-quite-a-long-name".parse().unwrap(), name: None, ..turning() };
    let plain = issue(&long, &signer(1)).unwrap();
    assert!(plain.len() + 39 <= 300, "{}", plain.len());
    let too_long = Claims { name: Some(Pii::new("一二三四五六七八九十".to_owned())), ..long };
    assert_eq!(issue(&too_long, &signer(1)), Err(BadClaims::TooLong));
}
