//! What answers mean, and what is no answer.

use serde_json::json;

use super::*;
use crate::config::online_file::{Adapter, OnlineFile};

/// 2026-11-22 10:00 in China.
const NOW: Wall = Wall(1_795_312_800_000);

fn adapter(more: &str) -> Adapter {
    let text = format!(
        "[[adapter]]\nname = \"gate-api\"\nbegins = [\"https://code.example/\"]\nurl = \"https://issuer.example/\"\n\
         [adapter.send]\ncode = \"{{code}}\"\n[adapter.answer]\n\
         accepted = {{ at = \"/errcode\", is = [0] }}\ninvalid = {{ at = \"/errcode\", is = [4001] }}\n\
         result = {{ at = \"/data/grade\", positive = [\"00\"], negative = [\"01\", \"10\"] }}\n\
         name = \"/data/name\"\nid = \"/data/id\"\n{more}\n"
    );
    OnlineFile::parse("online.toml", &text).unwrap().adapters.remove(0)
}

const EXPIRED: &str = "expired = [{ at = \"/data/code_expired\", is = [true] }, { at = \"/data/report_expired\", \
                       is = [true, 1, \"1\"] }]\nexpires = \"/data/until\"\nutc_offset_minutes = 480";

fn said(adapter: &Adapter, answer: &str) -> Result<OnlineAnswer, NotUnderstood> {
    read(&adapter.name, &adapter.answer, answer.as_bytes(), NOW)
}

/// What is said where the answer's data are as given, with the word of the result or of the error.
fn of(adapter: &Adapter, data: &Json) -> String {
    match said(adapter, &json!({ "errcode": 0, "data": data }).to_string()) {
        Ok(answer) => format!("{:?}", answer.result),
        Err(error) => error.to_string(),
    }
}

#[test]
fn only_a_listed_value_of_the_same_type_makes_a_code_good_or_bad() {
    let adapter = adapter("");
    for (grade, says) in [
        (json!("00"), "Positive"),
        (json!("01"), "Negative"),
        (json!("10"), "Negative"),
        (json!("11"), "answer: no value that is listed at /data/grade"),
        (json!("00 "), "answer: no value that is listed at /data/grade"),
        (json!(0), "answer: no value that is listed at /data/grade"),
        (json!(10), "answer: no value that is listed at /data/grade"),
        (json!(true), "answer: no value that is listed at /data/grade"),
        (json!(["00"]), "answer: no value that is listed at /data/grade"),
        (json!({ "0": "00" }), "answer: no value that is listed at /data/grade"),
        (Json::Null, "answer: no value that is listed at /data/grade"),
    ] {
        assert_eq!(of(&adapter, &json!({ "grade": grade })), says, "{grade}");
    }
    assert_eq!(of(&adapter, &json!({})), "answer: nothing at /data/grade");
    let polluted = json!({ "__proto__": { "grade": "00" }, "constructor": { "grade": "00" } });
    assert_eq!(of(&adapter, &polluted), "answer: nothing at /data/grade");
}

#[test]
fn what_is_not_accepted_is_no_answer_but_for_what_is_invalid() {
    let adapter = adapter("");
    let green = r#""data":{"grade":"00"}"#;
    for (answer, says) in [
        (format!(r#"{{"errcode":4001,{green}}}"#), Ok(OnlineResult::Invalid)),
        (format!(r#"{{"errcode":4002,{green}}}"#), Err(NotUnderstood::Unlisted("/errcode".into()))),
        (format!(r#"{{"errcode":"0",{green}}}"#), Err(NotUnderstood::Unlisted("/errcode".into()))),
        (format!(r#"{{"errcode":false,{green}}}"#), Err(NotUnderstood::Unlisted("/errcode".into()))),
        (format!(r#"{{"errcode":0.0,{green}}}"#), Err(NotUnderstood::Unlisted("/errcode".into()))),
        (format!(r#"{{"errcode":null,{green}}}"#), Err(NotUnderstood::Unlisted("/errcode".into()))),
        (format!("{{{green}}}"), Err(NotUnderstood::Missing("/errcode".into()))),
        (r#"{"errcode":0}"#.into(), Err(NotUnderstood::Missing("/data/grade".into()))),
        ("[]".into(), Err(NotUnderstood::Missing("/errcode".into()))),
        ("".into(), Err(NotUnderstood::Json)),
        ("<html>".into(), Err(NotUnderstood::Json)),
        (format!(r#"{{"errcode":0,"errcode":0,{green}}}"#), Err(NotUnderstood::Json)),
        (r#"{"errcode":0,"data":{"grade":"10","grade":"00"}}"#.into(), Err(NotUnderstood::Json)),
        (format!(r#"{{"errcode":0,{green}}} {{}}"#), Err(NotUnderstood::Json)),
        (format!(r#"{{"errcode":0,{green},"x":"{}"}}"#, "x".repeat(70_000)), Err(NotUnderstood::Json)),
        (format!("{}{}", r#"{"a":"#.repeat(50), "}".repeat(50)), Err(NotUnderstood::Json)),
    ] {
        assert_eq!(said(&adapter, &answer).map(|answer| answer.result), says, "{:.100}", answer);
    }
}

#[test]
fn what_is_past_its_time_is_expired_whatever_else_is_said() {
    let adapter = adapter(EXPIRED);
    let until = json!("2026-11-22 10:00:01");
    let unlisted = |what: &str| format!("answer: no value that is listed at /data/{what}");
    for (data, says) in [
        (json!({ "code_expired": true, "report_expired": false }), "Expired".to_owned()),
        (json!({ "code_expired": true, "grade": "00", "until": until }), "Expired".into()),
        (json!({ "code_expired": true, "grade": "10" }), "Expired".into()),
        (json!({ "code_expired": true, "grade": "00", "until": "soon" }), "Expired".into()),
        (json!({ "report_expired": true, "grade": "00", "until": until }), "Expired".into()),
        (json!({ "report_expired": 1, "grade": "00", "until": until }), "Expired".into()),
        (json!({ "report_expired": "1", "grade": "00", "until": until }), "Expired".into()),
        (json!({ "report_expired": "0", "grade": "00", "until": until }), "Positive".into()),
        (json!({ "report_expired": Json::Null, "grade": "00", "until": until }), "Positive".into()),
        (
            json!({ "code_expired": false, "report_expired": 0, "grade": "00", "until": until }),
            "Positive".into(),
        ),
        // Nobody knows what these would mean.
        (json!({ "code_expired": 1, "grade": "00", "until": until }), unlisted("code_expired")),
        (json!({ "code_expired": "yes", "grade": "00", "until": until }), unlisted("code_expired")),
        (json!({ "code_expired": "true", "grade": "10", "until": until }), unlisted("code_expired")),
        (json!({ "code_expired": true, "report_expired": "yes" }), unlisted("report_expired")),
    ] {
        assert_eq!(of(&adapter, &data), says, "{data}");
    }
    let state = self::adapter("expired = [{ at = \"/data/state\", is = [\"OLD\"], is_not = [\"GOOD\"] }]");
    for (value, says) in [
        (json!("OLD"), "Expired".to_owned()),
        (json!("GOOD"), "Positive".into()),
        (json!(false), unlisted("state")),
    ] {
        assert_eq!(of(&state, &json!({ "state": value, "grade": "00" })), says, "{value}");
    }
}

#[test]
fn a_good_code_is_good_until_its_time_and_not_at_it() {
    let adapter = adapter(EXPIRED);
    for (until, says) in [
        (json!("2026-11-22 10:00:01"), "Positive"),
        (json!("2026-11-22 10:00:00"), "Expired"),
        (json!("2026-11-22T02:00:01Z"), "Positive"),
        (json!("2026-11-22T02:00:00Z"), "Expired"),
        (json!("2026-11-22T10:00:01+08:00"), "Positive"),
        (json!("2026-11-22T10:00:00+08:00"), "Expired"),
        (json!(1_795_312_801), "Positive"),
        (json!(1_795_312_800), "Expired"),
        (json!(1_795_312_800_001_i64), "Positive"),
        (json!(1_795_312_800_000_i64), "Expired"),
        (json!("1795312801"), "Positive"),
        (json!("1795312800000"), "Expired"),
        (json!(20_261_123), "answer: no time at /data/until"),
        (json!("20261123"), "answer: no time at /data/until"),
        (json!("2026-11-23"), "answer: no time at /data/until"),
        (json!("2026-13-01 00:00:00"), "answer: no time at /data/until"),
        (json!("tomorrow"), "answer: no time at /data/until"),
        (json!(1_795_312_801.5), "answer: no time at /data/until"),
        (json!(true), "answer: no time at /data/until"),
        (Json::Null, "answer: nothing at /data/until"),
        (json!(""), "answer: nothing at /data/until"),
    ] {
        assert_eq!(of(&adapter, &json!({ "grade": "00", "until": until })), says, "{until}");
    }
    assert_eq!(of(&adapter, &json!({ "grade": "00" })), "answer: nothing at /data/until");
    assert_eq!(of(&adapter, &json!({ "grade": "10" })), "Negative", "bad for ever");
    let nowhere = self::adapter("expires = \"/data/until\"");
    let local = json!({ "grade": "00", "until": "2026-11-22 10:00:01" });
    assert_eq!(of(&nowhere, &local), "answer: no time at /data/until", "nobody says where that is");
    let said =
        said(&adapter, r#"{"errcode":0,"data":{"grade":"00","until":"2026-11-22 10:00:01"}}"#).unwrap();
    assert_eq!(said.expires, Some(Wall(NOW.0 + 1_000)));
}

#[test]
fn identities_are_masked_whatever_the_issuer_sends() {
    let adapter = adapter("");
    let identity = |name: Json, id: Json| {
        let data = json!({ "grade": "00", "name": name, "id": id });
        let said = said(&adapter, &json!({ "errcode": 0, "data": data }).to_string()).unwrap();
        let shown = |text: Option<Pii<String>>| text.map_or_else(String::new, |text| text.expose().clone());
        (shown(said.name), shown(said.id))
    };
    let pair = |name: &str, id: &str| (name.to_owned(), id.to_owned());
    assert_eq!(identity(json!("王小明"), json!("11010519491231002X")), pair("王*", "110***********002X"));
    assert_eq!(identity(json!("王**"), json!("1101**********002X")), pair("王*", "1101**********002X"));
    assert_eq!(identity(json!("王"), json!("1101051949123100*X")), pair("王*", "110***********00*X"));
    assert_eq!(identity(json!("\u{202E}\n王小明"), json!("\u{7}")), pair("王*", ""));
    assert_eq!(identity(json!(["王小明"]), json!(110105)), pair("", ""));
    let long = identity(json!("x".repeat(1_000)), json!("1".repeat(1_000)));
    assert!(long.0 == "x*" && long.1.chars().count() <= 32, "{long:?}");
    let invalid = said(&adapter, r#"{"errcode":4001,"data":{"name":"王小明"}}"#).unwrap();
    assert_eq!(invalid.name, None, "nobody's");
}
