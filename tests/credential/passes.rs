//! What good passes say, when and where they count, and how long they get.

use kakou::base::{ClockTrust, Pii, Wall};
use kakou::credential::key::{Key, Keys};
use kakou::credential::{BadClaims, Trusted, check, issue};
use kakou::model::{Admissible, Authenticity, Class, CredentialKind, Currency, SubjectKind};

use super::issuer::{Issuer, NOTHING, header, text, vaccination};
use super::{DAY, NOW, person, public, signer, trust, vehicle};

#[test]
fn a_pass_tells_whose_it_is() {
    let pass = issue(&person(), &signer(1)).unwrap();
    let credential = check(pass.as_bytes(), &trust(), NOW, ClockTrust::Synced);
    assert_eq!(credential.kind, CredentialKind::HubPass);
    assert_eq!((credential.authentic, credential.current), (Authenticity::Genuine, Currency::Current));
    let holder = credential.holder.unwrap();
    assert_eq!((holder.subject, holder.class), (SubjectKind::Person, Class::Resident));
    assert_eq!(holder.pass.expose(), "0123456789abcdef");
    assert_eq!(holder.name.unwrap().expose(), "王*");
    assert_eq!(holder.plate, None);
}

#[test]
fn a_vehicles_pass_is_bound_to_its_plate() {
    let pass = issue(&vehicle(), &signer(2)).unwrap();
    let holder = check(pass.as_bytes(), &trust(), NOW, ClockTrust::Rtc).holder.unwrap();
    assert_eq!(holder.subject, SubjectKind::Vehicle);
    assert_eq!(holder.plate.unwrap().expose(), "川KA3476");
}

#[test]
fn a_scanners_line_end_does_not_matter() {
    let pass = format!(" {}\r\n", issue(&person(), &signer(1)).unwrap());
    assert_eq!(check(pass.as_bytes(), &trust(), NOW, ClockTrust::Synced).current, Currency::Current);
}

#[test]
fn time_counts_with_five_minutes_on_both_sides() {
    let pass = issue(&person(), &signer(1)).unwrap();
    let (from, until) = (NOW.0 - DAY, NOW.0 + DAY);
    let minutes = |count: i64| count * 60_000;
    let cases = [
        (from - minutes(5) - 1_000, Currency::NotYetValid),
        (from - minutes(5), Currency::Current),
        (from, Currency::Current),
        (until, Currency::Current),
        (until + minutes(5) - 1_000, Currency::Current),
        (until + minutes(5), Currency::Expired),
        (until + 400 * DAY, Currency::Expired),
        (0, Currency::NotYetValid),
    ];
    for (at, expected) in cases {
        for clock in [ClockTrust::Rtc, ClockTrust::Synced] {
            let credential = check(pass.as_bytes(), &trust(), Wall(at), clock);
            assert_eq!((credential.authentic, credential.current), (Authenticity::Genuine, expected), "{at}");
        }
        let unsure = check(pass.as_bytes(), &trust(), Wall(at), ClockTrust::None).current;
        let expected = if expected == Currency::Current { expected } else { Currency::ClockUntrusted };
        assert_eq!(unsure, expected, "{at}");
    }
}

#[test]
fn an_untrusted_clock_before_a_time_that_has_passed_is_wrong() {
    let pass = issue(&person(), &signer(1)).unwrap();
    let mut trust = trust();
    trust.passed = Wall(NOW.0 + 1);
    assert_eq!(check(pass.as_bytes(), &trust, NOW, ClockTrust::None).current, Currency::ClockUntrusted);
    assert_eq!(check(pass.as_bytes(), &trust, NOW, ClockTrust::Synced).current, Currency::Current);
}

#[test]
fn a_pass_counts_only_at_its_site_and_lanes() {
    let mut elsewhere = trust();
    elsewhere.site = "other-garden".parse().unwrap();
    let pass = issue(&person(), &signer(1)).unwrap();
    let credential = check(pass.as_bytes(), &elsewhere, NOW, ClockTrust::Synced);
    assert_eq!((credential.authentic, credential.current), (Authenticity::Genuine, Currency::WrongSite));

    let mut claims = person();
    claims.lanes = vec!["east-in".parse().unwrap(), "west-in".parse().unwrap()];
    let pass = issue(&claims, &signer(1)).unwrap();
    let at = |lane: &str| {
        let mut trust = trust();
        trust.lane = Some(lane.parse().unwrap());
        check(pass.as_bytes(), &trust, NOW, ClockTrust::Synced).current
    };
    assert_eq!(at("west-in"), Currency::Current);
    assert_eq!(at("north-in"), Currency::WrongSite);
}

#[test]
fn a_stranger_is_an_unknown_issuer_and_no_forger() {
    let pass = issue(&person(), &signer(9)).unwrap();
    let credential = check(pass.as_bytes(), &trust(), NOW, ClockTrust::Synced);
    assert_eq!((credential.authentic, credential.current), (Authenticity::UnknownIssuer, Currency::Unknown));
    assert_eq!(credential.holder, None);
    let mut trusting = trust();
    trusting.keys.push(public(&signer(9)));
    assert_eq!(check(pass.as_bytes(), &trusting, NOW, ClockTrust::Synced).authentic, Authenticity::Genuine);
}

#[test]
fn everything_else_is_named_and_stays_unverified() {
    for (text, kind) in [
        ("shlink:/eyJ1", CredentialKind::HealthLink),
        ("https://h5.example.com/healthAct/index.html?color=green", CredentialKind::Url),
        ("green", CredentialKind::Text),
        ("\u{0}\u{1}", CredentialKind::Binary),
    ] {
        let credential = check(text.as_bytes(), &trust(), NOW, ClockTrust::Synced);
        assert_eq!(credential.kind, kind, "{text}");
        assert_eq!((credential.authentic, credential.current), (Authenticity::Unverified, Currency::Unknown));
        assert_eq!(credential.holder, None);
    }
}

#[test]
fn a_lane_says_of_anothers_certificate_whether_it_is_enough_and_of_a_revoked_pass_that_it_is() {
    let issuer = Issuer::new();
    let certificate = text(&issuer, &header(), NOTHING, &vaccination());
    let trust = trust();
    let said = || {
        let found = check(certificate.as_bytes(), &trust, NOW, ClockTrust::Synced);
        (found.authentic, found.current, found.admissible, found.holder.is_some())
    };
    let nothing = |authentic| (authentic, Currency::Unknown, Admissible::Unknown, false);
    assert_eq!(said(), nothing(Authenticity::Unverified), "no issuer of such is known here");
    let made_up = check(b"HC1:6BFOXN*TS0BI$ZD", &trust, NOW, ClockTrust::Synced).authentic;
    assert_eq!(made_up, Authenticity::Unverified, "so nothing here can say that this is none");
    let stranger = Key { id: vec![9; 8], ..issuer.key() };
    trust.lists.replace(Trusted { keys: Keys::new(vec![stranger]), ..Trusted::default() });
    assert_eq!(said(), nothing(Authenticity::UnknownIssuer), "this one is none of those");
    let made_up = || check(b"HC1:6BFOXN*TS0BI$ZD", &trust, NOW, ClockTrust::Synced).authentic;
    assert_eq!(made_up(), Authenticity::Forged);
    trust.lists.replace(Trusted { keys: Keys::new(vec![issuer.key()]), ..Trusted::default() });
    assert_eq!(said(), (Authenticity::Genuine, Currency::Current, Admissible::Yes, false));

    let pass = issue(&person(), &signer(1)).unwrap();
    let said = |now| {
        let found = check(pass.as_bytes(), &trust, now, ClockTrust::Synced);
        (found.authentic, found.current, found.holder.is_some())
    };
    assert_eq!(said(NOW), (Authenticity::Genuine, Currency::Current, true));
    let built = Wall(NOW.0 + DAY / 2);
    trust.lists.replace(Trusted { built, ..Trusted::default() });
    let untrusted = check(pass.as_bytes(), &trust, NOW, ClockTrust::None).current;
    assert_eq!(untrusted, Currency::ClockUntrusted, "the file was built later than that clock says");
    trust.lists.replace(Trusted::lost());
    let late = Wall(NOW.0 + 30 * DAY);
    assert_eq!(said(NOW), (Authenticity::Genuine, Currency::Unknown, true), "nobody knows what was revoked");
    assert_eq!(said(late), (Authenticity::Genuine, Currency::Expired, true));
}

#[test]
fn the_longest_realistic_passes_stay_small() {
    let mut longest = person();
    longest.site = "s".repeat(32).parse().unwrap();
    longest.name = Some(Pii::new("阿**·买买提**".to_owned()));
    longest.lanes = vec!["east-gate-in".parse().unwrap()];
    let person = issue(&longest, &signer(1)).unwrap();
    let mut longest = vehicle();
    longest.site = "s".repeat(32).parse().unwrap();
    longest.plate = Some(Pii::new("WJ京12345".to_owned()));
    longest.lanes = vec!["east-gate-in".parse().unwrap(), "east-gate-out".parse().unwrap()];
    let vehicle = issue(&longest, &signer(1)).unwrap();
    let typical = issue(&super::person(), &signer(1)).unwrap();
    println!(
        "characters: typical {}, longest person {}, longest vehicle {}",
        typical.len(),
        person.len(),
        vehicle.len()
    );
    for pass in [person, vehicle, typical] {
        assert!(pass.len() <= 300, "{} characters", pass.len());
        let alphanumeric = |byte: u8| b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:".contains(&byte);
        assert!(pass.bytes().all(alphanumeric), "{pass}");
    }
}

#[test]
fn a_hub_cannot_issue_what_no_kiosk_would_read() {
    let refuse = |change: fn(&mut kakou::credential::Claims)| {
        let mut claims = person();
        change(&mut claims);
        issue(&claims, &signer(1)).unwrap_err()
    };
    assert_eq!(refuse(|claims| claims.expires = claims.not_before), BadClaims::Unsound);
    assert_eq!(refuse(|claims| claims.plate = Some(Pii::new("川KA3476".to_owned()))), BadClaims::Unsound);
    assert_eq!(refuse(|claims| claims.subject = SubjectKind::Vehicle), BadClaims::Unsound);
    assert_eq!(refuse(|claims| claims.name = Some(Pii::new("a\u{202E}b".to_owned()))), BadClaims::Unsound);
    assert_eq!(refuse(|claims| claims.name = Some(Pii::new("x".repeat(33)))), BadClaims::Unsound);
    assert_eq!(refuse(|claims| claims.expires.0 += 1), BadClaims::Unsound);
    assert_eq!(refuse(|claims| claims.lanes = vec!["l".repeat(32).parse().unwrap(); 4]), BadClaims::TooLong);
    assert_eq!(refuse(|claims| claims.lanes = vec!["l".parse().unwrap(); 5]), BadClaims::Unsound);
}
