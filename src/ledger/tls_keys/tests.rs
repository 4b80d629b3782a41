//! Who is let in, until when, and which keys are pinned.

use std::time::Duration;

use super::super::{EnrolRefused, Keys, Officer, Refused};
use super::*;
use crate::base::{Epoch, Seq};
use crate::journal::{Frontier, Note, SigningKey};

const NOW: Wall = Wall(1_795_312_800_000);
const DAY: Duration = Duration::from_hours(24);
const MOMENT: Duration = Duration::from_millis(1);
const TEN_YEARS: Duration = Duration::from_hours(10 * 365 * 24);
const FIRST: TlsKeyId = TlsKeyId([1; 32]);
const SECOND: TlsKeyId = TlsKeyId([2; 32]);

#[test]
fn a_key_lets_in_its_own_kiosk_and_no_other_and_nobody_without_one() {
    let mut ledger = ledger();
    pin(&mut ledger, "east-1", FIRST, None, NOW).unwrap();
    pin(&mut ledger, "west-1", SECOND, None, NOW).unwrap();
    assert_eq!(standing(&ledger, "east-1", FIRST, NOW), Ok(Standing::Good));
    assert_eq!(standing(&ledger, "west-1", FIRST, NOW), Err("OtherKey"));
    assert_eq!(standing(&ledger, "nobody", FIRST, NOW), Err("OtherKey"));
    let without = ledger.standing(&east(), Via::Tls(None), NOW);
    assert!(matches!(without, Err(KeptOut::NoCertificate)));
    assert!(matches!(ledger.standing(&east(), Via::Loopback, NOW), Ok(Standing::Good)));
}

#[test]
fn nothing_expires_on_its_own_and_a_key_is_due_after_ninety_days_or_when_asked_for() {
    let mut ledger = ledger();
    pin(&mut ledger, "east-1", FIRST, None, NOW).unwrap();
    let due = NOW + RENEW_AFTER;
    assert_eq!(standing(&ledger, "east-1", FIRST, Wall(due.0 - 1)), Ok(Standing::Good));
    for late in [due, due + TEN_YEARS, Wall(NOW.0 - 1), Wall(NOW.0 - 315_360_000_000)] {
        assert_eq!(standing(&ledger, "east-1", FIRST, late), Ok(Standing::RenewKey), "{late:?}");
    }
    assert!(ledger.ask_for_tls_key(&east(), NOW).unwrap());
    assert!(!ledger.ask_for_tls_key(&"west-1".parse().unwrap(), NOW).unwrap(), "it has none");
    assert_eq!(standing(&ledger, "east-1", FIRST, NOW), Ok(Standing::RenewKey));
    pin(&mut ledger, "east-1", SECOND, Some(FIRST), NOW).unwrap();
    assert_eq!(standing(&ledger, "east-1", SECOND, NOW), Ok(Standing::Good), "it was brought");
}

#[test]
fn the_key_before_is_let_in_for_180_days_more_and_asked_to_renew() {
    let mut ledger = ledger();
    pin(&mut ledger, "east-1", FIRST, None, NOW).unwrap();
    pin(&mut ledger, "east-1", SECOND, Some(FIRST), NOW).unwrap();
    let end = NOW + SUPERSEDED_LIFE;
    assert_eq!(standing(&ledger, "east-1", FIRST, end), Ok(Standing::RenewKey));
    assert_eq!(standing(&ledger, "east-1", FIRST, end + MOMENT), Err("Superseded"));
    // A renewal while the hub's clock ran ten years ahead does not make it good for ten years.
    let third = TlsKeyId([3; 32]);
    pin(&mut ledger, "east-1", third, Some(SECOND), NOW + TEN_YEARS).unwrap();
    pin(&mut ledger, "east-1", TlsKeyId([4; 32]), Some(third), NOW + DAY).unwrap();
    let after = NOW + DAY + SUPERSEDED_LIFE + MOMENT;
    assert_eq!(standing(&ledger, "east-1", SECOND, after), Err("Superseded"));
    assert_eq!(standing(&ledger, "east-1", third, after), Err("Superseded"));
}

#[test]
fn a_key_is_pinned_only_with_the_log_keys_signature_over_a_connection_that_presents_it() {
    let mut ledger = ledger();
    let statement = |kiosk: &str, key, follows, signer| {
        TlsPin { kiosk: kiosk.parse().unwrap(), key, follows }.sign(&SigningKey::from_seed(&[signer; 32]))
    };
    let good = statement("east-1", FIRST, None, 6);
    let mut bring = |kiosk: &str, statement: &str, presented| {
        ledger.pin_tls_key(&kiosk.parse().unwrap(), statement, presented, NOW)
    };
    let refused = bring("east-1", &good, None);
    assert!(matches!(refused, Err(PinRefused::NotPresented(FIRST))), "nothing presented");
    assert!(matches!(bring("east-1", &good, Some(SECOND)), Err(PinRefused::NotPresented(FIRST))));
    let stranger = statement("east-1", FIRST, None, 9);
    assert!(matches!(bring("east-1", &stranger, Some(FIRST)), Err(PinRefused::Unsigned)));
    assert!(matches!(bring("nobody", &good, Some(FIRST)), Err(PinRefused::Unsigned)), "not for strangers");
    let other = statement("west-1", FIRST, None, 6);
    assert!(matches!(bring("east-1", &other, Some(FIRST)), Err(PinRefused::OtherKiosk(_))));
    assert_eq!(bring("east-1", &good, Some(FIRST)).unwrap(), FIRST);
    assert_eq!(bring("east-1", &good, Some(FIRST)).unwrap(), FIRST, "a lost answer");
    let taken = statement("west-1", FIRST, None, 7);
    assert!(matches!(bring("west-1", &taken, Some(FIRST)), Err(PinRefused::Taken(FIRST))));
    // An old statement is worth nothing once it was taken.
    assert_eq!(bring("east-1", &statement("east-1", SECOND, Some(FIRST), 6), Some(SECOND)).unwrap(), SECOND);
    assert!(matches!(bring("east-1", &good, Some(FIRST)), Err(PinRefused::Superseded(FIRST))));
    let third = TlsKeyId([3; 32]);
    let stale = bring("east-1", &statement("east-1", third, Some(FIRST), 6), Some(third));
    assert!(matches!(stale, Err(PinRefused::Follows { current: Some(SECOND) })));
}

#[test]
fn a_kiosk_brings_only_so_many_keys() {
    let mut ledger = ledger();
    let id =
        |number: u32| TlsKeyId(std::array::from_fn(|at| u8::try_from(number).unwrap() ^ u8::from(at == 0)));
    pin(&mut ledger, "east-1", id(0), None, NOW).unwrap();
    for number in 1..KEYS_MAX {
        pin(&mut ledger, "east-1", id(number), Some(id(number - 1)), NOW).unwrap();
    }
    let more = |ledger: &mut Ledger, now| pin(ledger, "east-1", id(200), Some(id(KEYS_MAX - 1)), now);
    assert!(matches!(more(&mut ledger, NOW), Err(PinRefused::TooMany)));
    assert_eq!(standing(&ledger, "east-1", id(KEYS_MAX - 1), NOW), Ok(Standing::Good), "nothing has changed");
    more(&mut ledger, NOW + SUPERSEDED_LIFE + MOMENT).unwrap();
}

#[test]
fn a_revoked_kiosk_is_refused_by_name_whatever_it_brings_and_its_records_stay() {
    let mut ledger = ledger();
    pin(&mut ledger, "east-1", FIRST, None, NOW).unwrap();
    let (epoch, key) = (Epoch([7; 16]), SigningKey::from_seed(&[6; 32]));
    let beat = Note::new(&east(), epoch, &Frontier::new()).sign(&key).to_string();
    ledger.heartbeat(&east(), epoch, &beat, NOW).unwrap();
    ledger.add_token(&[9; 32], Some(&east()), NOW).unwrap();
    let officer = Officer::new("Chen", "stolen").unwrap();
    assert!(ledger.revoke(&east(), &officer, NOW).unwrap());
    assert!(!ledger.revoke(&east(), &officer, NOW).unwrap(), "once");
    assert!(!ledger.revoke(&"nobody".parse().unwrap(), &officer, NOW).unwrap());
    let revoked = ledger.revoked(&east()).unwrap().unwrap();
    assert_eq!((revoked.at, revoked.officer.as_str(), revoked.reason.as_str()), (NOW, "Chen", "stolen"));
    assert_eq!(ledger.accesses(9).unwrap()[0].what, "revoked kiosk east-1");
    assert_eq!(standing(&ledger, "east-1", FIRST, NOW), Err("Revoked"));
    assert_eq!(standing(&ledger, "east-1", SECOND, NOW), Err("OtherKey"), "strangers learn nothing");
    assert!(matches!(ledger.standing(&east(), Via::Loopback, NOW), Err(KeptOut::Revoked(_))));
    let renewal = pin(&mut ledger, "east-1", SECOND, Some(FIRST), NOW);
    assert!(matches!(renewal, Err(PinRefused::Revoked(_))));
    assert!(matches!(ledger.heartbeat(&east(), epoch, &beat, NOW), Err(Refused::Revoked(_))));
    let batch = ledger.apply(&east(), epoch, Seq::FIRST, &beat, &[], NOW);
    assert!(matches!(batch, Err(Refused::Revoked(_))));
    assert!(matches!(ledger.end(&east(), epoch, "", NOW), Err(Refused::Revoked(_))));
    assert_eq!(ledger.head(&east(), epoch).unwrap().0, Seq::FIRST, "the log is still here");
    let enrolled = ledger.enrol(&[9; 32], None, key.verifying(), NOW);
    assert!(matches!(enrolled, Err(EnrolRefused::Token)), "a token from before is void");
    // A token that is made afterwards lets it in again; the keys from before are worth nothing.
    ledger.add_token(&[8; 32], Some(&east()), NOW).unwrap();
    ledger.enrol(&[8; 32], None, key.verifying(), NOW).unwrap();
    assert_eq!(standing(&ledger, "east-1", FIRST, NOW), Err("OtherKey"));
    ledger.heartbeat(&east(), epoch, &beat, NOW).unwrap();
    pin(&mut ledger, "east-1", FIRST, None, NOW).unwrap();
}

#[test]
fn enrolment_pins_a_tls_key_or_nothing_at_all() {
    let mut ledger = ledger();
    let key = SigningKey::from_seed(&[5; 32]);
    let north: KioskId = "north-1".parse().unwrap();
    let statement = TlsPin { kiosk: north.clone(), key: FIRST, follows: None }.sign(&key);
    ledger.add_token(&[9; 32], None, NOW).unwrap();
    let mut enrol = |presented| {
        let tls = Some((statement.as_str(), presented));
        ledger.enrol_over_tls(&[9; 32], Some(&north), key.verifying(), tls, NOW)
    };
    let refused = enrol(Some(SECOND));
    assert!(matches!(refused, Err(EnrolRefused::TlsKey(PinRefused::NotPresented(_)))), "{refused:?}");
    assert!(matches!(enrol(None), Err(EnrolRefused::TlsKey(PinRefused::NotPresented(_)))));
    assert_eq!(enrol(Some(FIRST)).unwrap(), north, "the token is still good");
    assert_eq!(standing(&ledger, "north-1", FIRST, NOW), Ok(Standing::Good));
}

/// With east-1 and west-1, which sign with keys of the seeds 6 and 7.
fn ledger() -> Ledger {
    let mut ledger = Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap();
    for (seed, name) in [(6, "east-1"), (7, "west-1")] {
        let kiosk: KioskId = name.parse().unwrap();
        ledger.add_token(&[seed; 32], Some(&kiosk), NOW).unwrap();
        let key = SigningKey::from_seed(&[seed; 32]).verifying();
        ledger.enrol(&[seed; 32], None, key, NOW).unwrap();
    }
    ledger
}

fn pin(
    ledger: &mut Ledger,
    kiosk: &str,
    key: TlsKeyId,
    follows: Option<TlsKeyId>,
    now: Wall,
) -> Result<TlsKeyId, PinRefused> {
    let signer = SigningKey::from_seed(&[if kiosk == "east-1" { 6 } else { 7 }; 32]);
    let kiosk: KioskId = kiosk.parse().unwrap();
    let statement = TlsPin { kiosk: kiosk.clone(), key, follows }.sign(&signer);
    ledger.pin_tls_key(&kiosk, &statement, Some(key), now)
}

fn standing(ledger: &Ledger, kiosk: &str, key: TlsKeyId, now: Wall) -> Result<Standing, &'static str> {
    ledger.standing(&kiosk.parse().unwrap(), Via::Tls(Some(key)), now).map_err(|kept_out| match kept_out {
        KeptOut::NoCertificate => "NoCertificate",
        KeptOut::OtherKey => "OtherKey",
        KeptOut::Superseded => "Superseded",
        KeptOut::Revoked(_) => "Revoked",
        KeptOut::Storage(error) => panic!("{error}"),
    })
}

fn east() -> KioskId {
    "east-1".parse().unwrap()
}
