//! Whatever else a code says: links, marks of goods, place codes, numbers of documents and telephones.

use data_encoding::BASE64URL_NOPAD;
use kakou::base::{BootId, ClockTrust, Mono, Pii, Stamp, Wall};
use kakou::credential::classify;
use kakou::credential::gs1::is_gs1;
use kakou::credential::place_code::{MARK, Period, PlaceCodes, Scanned};
use kakou::model::id_number::IdNumber;
use kakou::model::mrz::Mrz;
use kakou::model::{Authenticity, CredentialKind, Currency, phone};
use serde_json::{Value as Json, json};

use super::issuers::{LANE, NOW, SITE, Signed, answered, is_far};

/// The first byte says what the others are: the text; what a link to a record says, by itself or in the address of a viewer; a place
/// code; an identity number or a machine readable zone whose check digits are made good again; or elements of a mark.
pub fn texts(bytes: &[u8]) -> bool {
    let Some((layer, bytes)) = bytes.split_first() else { return false };
    match layer % 8 {
        0 => text(bytes),
        1 => link("shlink:/", bytes),
        2 => link("https://viewer.example/a#b#vhlink:/", bytes),
        3 => place(bytes, ClockTrust::Synced),
        4 => place(bytes, ClockTrust::None),
        5 => text(&with_check_character(bytes)),
        6 => text(&with_check_digits(bytes)),
        _ => text(&[b"]Q3", bytes].concat()),
    }
}

/// What it is called it is, and nothing of it counts or is said again.
fn text(bytes: &[u8]) -> bool {
    let (report, credential) = answered(bytes);
    let bytes = bytes.trim_ascii();
    assert_eq!(classify(bytes), report.kind);
    let text = std::str::from_utf8(bytes).ok().map(|text| Pii::new(text.to_owned()));
    let number = text.as_ref().and_then(|text| IdNumber::parse(text).ok());
    let zone = text.as_ref().and_then(|text| Mrz::parse(text).ok());
    if let Some(number) = &number {
        let again = IdNumber::parse(number.normalised()).unwrap();
        assert_eq!(&again, number, "one number");
        assert!(!format!("{number:?}").contains(&number.normalised().expose()[..6]), "{number:?}");
    }
    if let Some(Mrz { number, surname, .. }) = &zone {
        let said = format!("{zone:?}");
        for secret in [number, surname].map(|secret| secret.expose().as_str()) {
            assert!(secret.len() < 4 || !said.contains(secret), "it is printed");
        }
        assert!(surname.expose().chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' '));
    }
    let phone = text.as_ref().and_then(phone::normalised);
    if let Some(phone) = &phone {
        assert_eq!(phone::normalised(phone).as_ref(), Some(phone), "one telephone");
        assert!(phone.expose().bytes().all(|byte| byte.is_ascii_digit() || byte == b'+'));
    }
    let is = |kind| report.kind == kind;
    assert!(number.is_some() || !is(CredentialKind::IdNumber));
    assert!(zone.is_some() || !is(CredentialKind::TravelDocument));
    assert!(phone.is_some_and(|phone| phone.expose().len() == 11) || !is(CredentialKind::Phone));
    assert!(is_gs1(bytes) || !is(CredentialKind::Gs1));
    assert_eq!(credential.manifest.is_some(), is(CredentialKind::Manifest));
    !matches!(report.kind, CredentialKind::Text | CredentialKind::Binary)
        && is_far(&report, Signed::Elsewhere)
}

/// A link vouches for nothing, whether it has ended or not, and says nothing of its label.
fn link(before: &str, bytes: &[u8]) -> bool {
    let (report, _) = answered(format!("{before}{}", BASE64URL_NOPAD.encode(bytes)).as_bytes());
    assert_eq!((report.kind, report.issuer.as_ref()), (CredentialKind::HealthLink, None));
    assert_ne!(report.authentic, Authenticity::Genuine);
    if report.current == Currency::Current {
        let said: Json = serde_json::from_slice(bytes).unwrap();
        assert!(said["exp"].as_f64().unwrap() > NOW.as_secs() as f64 - 300.0, "it has ended");
        assert!(said["url"].as_str().unwrap().starts_with("https://"));
    }
    is_far(&report, Signed::Elsewhere)
}

/// A place code counts where it is the present or the last one, and nothing else does.
fn place(bytes: &[u8], trust: ClockTrust) -> bool {
    let (codes, now) = (codes(), stamp(trust));
    let present = Period::at(&now, codes.every_s());
    let known: Vec<String> =
        [Some(present), present.last()].into_iter().flatten().map(|period| codes.text(period)).collect();
    let payload = bytes.trim_ascii();
    match codes.check(bytes, &now) {
        Some(Scanned::Counts) => {
            assert!(known.iter().any(|text| text.as_bytes() == payload), "nobody else can make one");
            true
        }
        Some(Scanned::CountsNothing) => {
            assert!(payload.windows(MARK.len()).any(|window| window == MARK.as_bytes()));
            assert!(known.iter().all(|text| text.as_bytes() != payload));
            false
        }
        None => false,
    }
}

fn codes() -> PlaceCodes {
    let place = (&SITE.parse().unwrap(), &LANE.parse().unwrap());
    PlaceCodes::new(&[9; 32], place, 60, "https://a.example/?".to_owned())
}

fn stamp(trust: ClockTrust) -> Stamp {
    Stamp {
        boot: BootId([3; 16]),
        mono: Mono::from_millis(600_000),
        wall: Wall(NOW.0),
        trust,
        max_error_ms: 0,
    }
}

/// An identity number with the check character that it has to have (ISO 7064 MOD 11-2).
fn with_check_character(bytes: &[u8]) -> Vec<u8> {
    let digits = bytes.get(..17).filter(|digits| digits.iter().all(u8::is_ascii_digit));
    let Some(digits) = digits else { return bytes.to_vec() };
    let sum = digits.iter().fold(0, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    let last = b"0123456789X"[usize::try_from((12 - sum) % 11).unwrap()];
    [digits, &[last], bytes.get(18..).unwrap_or_default()].concat()
}

/// A zone of two lines with the check digits that it has to have (Doc 9303, part 3, 4.9).
fn with_check_digits(bytes: &[u8]) -> Vec<u8> {
    let mut zone = bytes.to_vec();
    let width = zone.len() / 2;
    if width != 36 && width != 44 {
        return zone;
    }
    let second = &mut zone[width..2 * width];
    for (from, to) in [(0, 9), (13, 19), (21, 27), (28, 42)] {
        // The last is of passports alone.
        if to < 36 || width == 44 {
            second[to] = check_digit(&second[from..to]);
        }
    }
    second[width - 1] = check_digit(&[&second[..10], &second[13..20], &second[21..width - 1]].concat());
    zone
}

fn check_digit(bytes: &[u8]) -> u8 {
    let value = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'Z' => u32::from(byte - b'A') + 10,
        _ => 0,
    };
    let sum: u32 =
        bytes.iter().zip([7, 3, 1].iter().cycle()).map(|(byte, weight)| value(*byte) * weight).sum();
    b'0' + u8::try_from(sum % 10).unwrap()
}

/// Of each kind one that is read.
pub fn seeds() -> Vec<Vec<u8>> {
    let at = |layer: u8, bytes: &[u8]| [&[layer], bytes].concat();
    let link =
        json!({"url": "https://a.example/", "key": "A".repeat(43), "flag": "LP", "exp": NOW.as_secs() + 9});
    let link = link.to_string();
    let zone = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10";
    let code = |trust| codes().text(Period::at(&stamp(trust), 60));
    let texts = [
        "I<UTOD23145890<7349<<<<<<<<<<<3407127M9507122UTO<<<<<<<<<<<2STEVENSON<<PETER<JOHN<<<<<<<<<",
        "11010519491231002X",
        "(01)09506000134352(10)A-1",
        "+86 138-1234-1234",
        "HKEN:0",
        "KKM1:ABC",
    ];
    let rest = [
        at(1, link.as_bytes()),
        at(2, link.as_bytes()),
        at(3, code(ClockTrust::Synced).as_bytes()),
        at(4, code(ClockTrust::None).as_bytes()),
        at(5, b"110105194912310020"),
        at(6, zone.as_bytes()),
        at(6, b"I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<D23145890<UTO3407127M95071227349<<<8"),
        at(7, b"010950600013435210ABC\x1D17261231"),
    ];
    texts.into_iter().map(|text| at(0, text.as_bytes())).chain(rest).collect()
}
