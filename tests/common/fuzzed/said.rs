//! Codes by which people say something of themselves, or of whom they bring.

use kakou::credential;
use kakou::model::CredentialKind;
use kakou::model::manifest::{self, Manifest};
use kakou::model::registration_code::{self, RegistrationCode};

use super::seeds::NOW;

/// By the first byte: the content of a code, or the text within one.
pub fn said(bytes: &[u8]) -> bool {
    let Some((steer, bytes)) = bytes.split_first() else { return false };
    if steer % 2 == 0 {
        let trust = credential::Trust::new("xiyuan".parse().unwrap(), vec![]);
        let checked = credential::check(bytes, &trust, NOW, kakou::base::ClockTrust::Synced);
        let registration = RegistrationCode::read_code(bytes.trim_ascii());
        assert!(checked.holder.is_none(), "nobody is whom an unsigned code names");
        assert!(registration.is_err() || checked.kind == CredentialKind::Text, "it is nothing else as well");
        return registration.is_ok() || checked.manifest.is_some_and(|list| list.is_ok());
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let (registration, list) = (RegistrationCode::read(bytes), Manifest::read(bytes));
    let coded = registration_code::code(text);
    assert_eq!(RegistrationCode::read_code(coded.as_bytes()), registration, "a code says what its text says");
    assert_eq!(Manifest::read_code(manifest::code(text).as_bytes()), list);
    registration.is_ok() || list.is_ok()
}

/// Real ones of both, as codes and as texts.
pub fn seeds() -> Vec<Vec<u8>> {
    let registrations =
        ["name=王小明\nphone=13812341234\norigin=成都\n", "姓名=李四\r\nbed=12\r\ncame-by=train"];
    let lists = ["姓名,身份证号\n王小明,11010519491231002X\n", "name\tphone\n王小明\t13812341234\n李四\t\n"];
    let texts = registrations.iter().chain(&lists).map(|text| [&[1], text.as_bytes()].concat());
    let codes = registrations.map(registration_code::code).into_iter().chain(lists.map(manifest::code));
    texts.chain(codes.map(|code| [&[0], code.as_bytes()].concat())).collect()
}
