//! What kind of credential a payload is, by its bytes alone. Nothing is opened, fetched or verified here.

use super::{PAYLOAD_BYTES_MAX, gs1, health_link, hub_pass};
use crate::base::Pii;
use crate::model::CredentialKind;
use crate::model::id_number::IdNumber;
use crate::model::manifest;
use crate::model::mrz::Mrz;
use crate::model::phone;

/// Kinds with a prefix of their own.
///
/// Sources: EU and WHO HCERT (`HC1:`), SMART Health Cards and Links (`shc:/`, `shlink:/`), WHO verifiable health links
/// (`vhlink:/`), NZ COVID Pass (`NZCP:/`), ZIP's local file header, with which DIVOC codes begin, and which is the same in
/// UTF-8; posters of Hong Kong's LeaveHomeSafe (`HKEN:`), NZ COVID Tracer (`NZCOVIDTRACER:`) and the NHS (`UKC19TRACING:`).
const PREFIXES: [(&[u8], CredentialKind); 13] = [
    (hub_pass::PREFIX.as_bytes(), CredentialKind::HubPass),
    (manifest::PREFIX.as_bytes(), CredentialKind::Manifest),
    (b"HC1:", CredentialKind::HealthCertificate),
    (b"shc:/", CredentialKind::SmartHealthCard),
    (b"shlink:/", CredentialKind::HealthLink),
    (b"vhlink:/", CredentialKind::HealthLink),
    (b"NZCP:/", CredentialKind::NzCovidPass),
    (b"PK\x03\x04", CredentialKind::Divoc),
    (b"HKEN:", CredentialKind::SiteCode),
    (b"NZCOVIDTRACER:", CredentialKind::SiteCode),
    (b"UKC19TRACING:", CredentialKind::SiteCode),
    (b"http://", CredentialKind::Url),
    (b"https://", CredentialKind::Url),
];

/// The kind of `payload`, without white space around it.
pub fn classify(payload: &[u8]) -> CredentialKind {
    let found = PREFIXES.iter().find(|(prefix, _)| starts_with(payload, prefix));
    match found.map(|(_, kind)| *kind) {
        Some(CredentialKind::Url) if health_link::in_viewer(payload).is_some() => CredentialKind::HealthLink,
        Some(kind) => kind,
        None => without_prefix(payload),
    }
}

fn without_prefix(payload: &[u8]) -> CredentialKind {
    if gs1::is_gs1(payload) {
        return CredentialKind::Gs1;
    }
    let text = std::str::from_utf8(payload).ok().filter(|text| !text.contains(is_unprintable));
    match text {
        Some(text) if is_vds_nc(text) => CredentialKind::VdsNc,
        Some(text) if IdNumber::parse(&Pii::new(text.to_owned())).is_ok() => CredentialKind::IdNumber,
        Some(text) if Mrz::parse(&Pii::new(text.to_owned())).is_ok() => CredentialKind::TravelDocument,
        Some(text) if phone::is_mainland_mobile(text) => CredentialKind::Phone,
        Some(_) => CredentialKind::Text,
        None => CredentialKind::Binary,
    }
}

/// Web addresses in any case; everything else as its standard writes it.
fn starts_with(payload: &[u8], prefix: &[u8]) -> bool {
    let Some(start) = payload.get(..prefix.len()) else { return false };
    if prefix.starts_with(b"http") { start.eq_ignore_ascii_case(prefix) } else { start == prefix }
}

fn is_unprintable(character: char) -> bool {
    character.is_control() && !matches!(character, '\n' | '\r' | '\t')
}

/// ICAO visible digital seal: `{"data":{"hdr":{"t":"icao.…"`.
fn is_vds_nc(text: &str) -> bool {
    if !text.starts_with('{') || text.len() > PAYLOAD_BYTES_MAX {
        return false;
    }
    let Ok(json) = serde_json::from_str::<serde_json::Value>(text) else { return false };
    json["data"]["hdr"]["t"].as_str().is_some_and(|kind| kind.starts_with("icao."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_told_by_its_bytes() {
        use CredentialKind as K;
        let cases: [(&[u8], K); 43] = [
            (b"KK1:ABC", K::HubPass),
            (b"KKM1:ABC", K::Manifest),
            (b"KKM2:ABC", K::Text),
            (b"HC1:6BFOXN", K::HealthCertificate),
            (b"hc1:6BFOXN", K::Text),
            (b"shc:/5676", K::SmartHealthCard),
            (b"shc:/1/2/5676", K::SmartHealthCard),
            (b"shlink:/eyJ1", K::HealthLink),
            (b"vhlink:/eyJ1", K::HealthLink),
            (b"https://viewer.example/#shlink:/eyJ1", K::HealthLink),
            (b"HTTPS://viewer.example/?a=1#vhlink:/eyJ1", K::HealthLink),
            (b"https://viewer.example/?shlink:/eyJ1", K::Url),
            (b"NZCP:/1/2KCE", K::NzCovidPass),
            (b"HKEN:0abcdefgheyJ1", K::SiteCode),
            (b"NZCOVIDTRACER:eyJ1", K::SiteCode),
            (b"UKC19TRACING:1:eyJ1", K::SiteCode),
            (b"13812341234", K::Phone),
            (b"+86 138-1234-1234", K::Phone),
            (b"0086 19912341234", K::Phone),
            (b"12812341234", K::Text),
            (b"1.3812341234", K::Text),
            (b"8613812341234", K::Text),
            (b"+85291234567", K::Text),
            (b"138123412345", K::Text),
            (
                b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10",
                K::TravelDocument,
            ),
            (
                b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<11",
                K::Text,
            ),
            (b"]d20109506000134352", K::Gs1),
            (b"010950600013435210ABC\x1D17261231", K::Gs1),
            (b"(01)09506000134353", K::Text),
            (b"PK\x03\x04\x14\x00\xC2\x80", K::Divoc),
            (br#"{"data":{"hdr":{"t":"icao.vacc","v":1}},"sig":{}}"#, K::VdsNc),
            (br#"{"data":{"hdr":{"t":"other"}}}"#, K::Text),
            (br#"{"data":"#, K::Text),
            (b"PK\x03\x04rest", K::Divoc),
            (b"HTTPS://h5.example/healthAct?code=1", K::Url),
            (b"http://a", K::Url),
            (b"11010519491231002X", K::IdNumber),
            (b"110105194912310021", K::Text),
            ("随申码".as_bytes(), K::Text),
            (b"", K::Text),
            (b"a\x00b", K::Binary),
            (b"\xff\xfe", K::Binary),
            (b"PK\x03", K::Binary),
        ];
        for (payload, kind) in cases {
            assert_eq!(classify(payload), kind, "{:?}", String::from_utf8_lossy(payload));
        }
    }

    #[test]
    fn deep_and_long_json_is_only_text() {
        let deep = "[".repeat(4_000);
        assert_eq!(classify(format!("{{\"data\":{deep}").as_bytes()), CredentialKind::Text);
        let long = format!("{{\"data\":\"{}\"}}", "x".repeat(1_000_000));
        assert_eq!(classify(long.as_bytes()), CredentialKind::Text);
    }
}
