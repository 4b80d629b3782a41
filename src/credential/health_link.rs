//! Links to medical records (SMART Health Links 1.0.0, WHO verifiable health links): a record is nobody's business at a gate, so a link
//! is never followed. Whether it is one, and whether it has ended, is all that is said; its label is not even kept.

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value as Json;

use super::PAYLOAD_BYTES_MAX;
use super::json;
use super::report::{Fault, Moment, Report};
use crate::base::Wall;
use crate::model::CredentialKind;

/// How links begin, and what a viewer's address has behind its `#`.
const PREFIXES: [&str; 2] = ["shlink:/", "vhlink:/"];

/// Most characters of an address and of a label, and characters of a key: 256 bits (SMART Health Links, payload).
const URL_MAX: usize = 128;
const LABEL_MAX: usize = 80;
const KEY_CHARACTERS: usize = 43;

/// The link in the address of a viewer: what is behind a `#`.
pub fn in_viewer(address: &[u8]) -> Option<&[u8]> {
    let hashes = address.iter().enumerate().filter(|(_, byte)| **byte == b'#');
    let mut behind = hashes.map(|(at, _)| &address[at + 1..]);
    behind.find(|link| PREFIXES.iter().any(|prefix| link.starts_with(prefix.as_bytes())))
}

/// Checks a payload that begins with one of the prefixes, or is the address of a viewer with one.
pub fn check(payload: &[u8], moment: &Moment) -> Report {
    let report = Report::unverified(CredentialKind::HealthLink);
    let expires = match end(in_viewer(payload).unwrap_or(payload)) {
        Ok(expires) => expires,
        Err(fault) => return report.with(fault),
    };
    let current = moment.currency(None, expires);
    let report = Report { current, expires, ..report };
    Fault::of_time(current).into_iter().fold(report, Report::with)
}

/// When a well formed link ends, where it says so.
fn end(link: &[u8]) -> Result<Option<Wall>, Fault> {
    if link.len() > PAYLOAD_BYTES_MAX {
        return Err(Fault::Encoding);
    }
    let body = PREFIXES.iter().find_map(|prefix| link.strip_prefix(prefix.as_bytes()));
    let bytes = body.and_then(|body| BASE64URL_NOPAD.decode(body).ok()).ok_or(Fault::Encoding)?;
    let link = json::read(&bytes).map_err(|_| Fault::Content)?;
    if is_well_formed(&link) { seconds(&link["exp"]) } else { Err(Fault::Content) }
}

fn is_well_formed(link: &Json) -> bool {
    let text = |name: &str, is_right: &dyn Fn(&str) -> bool| link[name].as_str().is_some_and(is_right);
    let absent_or =
        |name: &str, is_right: &dyn Fn(&str) -> bool| link[name].is_null() || text(name, is_right);
    let is_key = |key: &str| key.len() == KEY_CHARACTERS && BASE64URL_NOPAD.decode(key.as_bytes()).is_ok();
    // Letters, each once and in their order.
    let is_flag = |flag: &str| {
        flag.bytes().all(|b| b.is_ascii_uppercase()) && flag.as_bytes().is_sorted_by(|one, next| one < next)
    };
    text("url", &|url| url.starts_with("https://") && url.chars().count() <= URL_MAX)
        && text("key", &is_key)
        && absent_or("flag", &is_flag)
        && absent_or("label", &|label| label.chars().count() <= LABEL_MAX)
        && (link["v"].is_null() || link["v"] == 1)
}

/// Seconds since 1970, whole or with a fraction that is cut off.
fn seconds(time: &Json) -> Result<Option<Wall>, Fault> {
    if time.is_null() {
        return Ok(None);
    }
    let seconds = time.as_f64().filter(|seconds| (0.0..1e11).contains(seconds)).ok_or(Fault::Content)?;
    #[expect(clippy::cast_possible_truncation, reason = "of a time that there is")]
    let seconds = seconds.floor() as i64;
    Ok(Some(Wall::from_secs(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ClockTrust;
    use crate::model::{Authenticity, Currency};
    use serde_json::json;

    /// 2026-03-01T00:00:00Z.
    const NOW: Wall = Wall(1_772_323_200_000);

    fn link() -> Json {
        json!({
            "url": "https://ehr.example/qr/Y9xwkUdtmN9wwoJoN3ffJIhX2UGvCL1JnlPVNL3kDWM",
            "key": "rxTgYlOaKJPFtcEd0qcceN8wEU4p94SqAwIWQe6uX7Q",
            "flag": "LP", "label": "Back-to-school", "exp": NOW.as_secs() + 60, "v": 1,
        })
    }

    fn said(text: &str) -> Report {
        check(text.as_bytes(), &Moment::sure(NOW))
    }

    fn coded(prefix: &str, link: &Json) -> String {
        format!("{prefix}{}", BASE64URL_NOPAD.encode(link.to_string().as_bytes()))
    }

    #[test]
    fn a_link_is_well_formed_and_has_ended_or_not_and_nothing_vouches_for_it() {
        for prefix in
            ["shlink:/", "vhlink:/", "https://viewer.example/#shlink:/", "https://v.example/a?b#/c#vhlink:/"]
        {
            let report = said(&coded(prefix, &link()));
            let known = (report.fault, report.authentic, report.current);
            assert_eq!(known, (None, Authenticity::Unverified, Currency::Current), "{prefix}");
            assert_eq!((report.content.is_none(), report.issuer), (true, None));
        }
        let late = Wall(NOW.0 + 3_600_000);
        let report = check(coded("shlink:/", &link()).as_bytes(), &Moment::sure(late));
        let known = (report.fault, report.authentic, report.current);
        assert_eq!(known, (Some(Fault::Expired), Authenticity::Unverified, Currency::Expired));
        let unsure = Moment { now: late, clock: ClockTrust::None, passed: NOW };
        assert_eq!(check(coded("shlink:/", &link()).as_bytes(), &unsure).fault, Some(Fault::Clock));
        let mut endless = link();
        endless.as_object_mut().unwrap().retain(|name, _| name == "url" || name == "key");
        assert_eq!(
            (said(&coded("shlink:/", &endless)).fault, said(&coded("shlink:/", &endless)).current),
            (None, Currency::Unknown)
        );
    }

    #[test]
    fn what_is_no_link_is_said_to_be_none() {
        let with = |name: &str, value: Json| {
            let mut link = link();
            link[name] = value;
            said(&coded("shlink:/", &link)).fault
        };
        for (name, value) in [
            ("url", json!("http://ehr.example/")),
            ("url", json!(format!("https://{}", "a".repeat(121)))),
            ("url", json!(null)),
            ("key", json!("short")),
            ("key", json!("?".repeat(43))),
            ("key", json!(null)),
            ("flag", json!("PL")),
            ("flag", json!("LL")),
            ("flag", json!("l")),
            ("label", json!("x".repeat(81))),
            ("exp", json!("tomorrow")),
            ("exp", json!(-1)),
            ("v", json!(2)),
        ] {
            assert_eq!(with(name, value.clone()), Some(Fault::Content), "{name} {value}");
        }
        assert_eq!(said("shlink:/eyJ1").fault, Some(Fault::Content));
        assert_eq!(said("shlink:/e?").fault, Some(Fault::Encoding));
        assert_eq!(said("shlink:/").fault, Some(Fault::Content));
        let twice = BASE64URL_NOPAD.encode(br#"{"url":"https://a.example","url":"https://b.example"}"#);
        assert_eq!(said(&format!("shlink:/{twice}")).fault, Some(Fault::Content));
        assert_eq!(said(&format!("shlink:/{}", "A".repeat(8_000))).fault, Some(Fault::Encoding));
    }

    #[test]
    fn nothing_of_a_link_is_kept() {
        let printed = format!("{:?}", said(&coded("shlink:/", &link())));
        for part in ["school", "ehr.example", "rxTg"] {
            assert!(!printed.contains(part), "{printed}");
        }
    }
}
