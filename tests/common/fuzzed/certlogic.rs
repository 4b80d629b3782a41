//! Rules about certificates, and what they are asked about.

use kakou::credential::certlogic::{Logic, Value};
use kakou::credential::report::Report;
use kakou::credential::rules::{Rule, Rules};
use kakou::credential::trusted::source::add_rule;
use kakou::model::width::is_obeyed;
use kakou::model::{Admissible, Authenticity, CredentialKind, Currency};
use serde_json::{Value as Json, json};

use super::issuers::NOW;

/// What an expression may come to at most, in values: what is evaluated has no end of its own.
const VALUES_MAX: usize = 100_000;

/// The first byte says what the others are: `logic` and the `data` that it is about; or rules and sets of values, and the `payload` of
/// a certificate.
pub fn certlogic(bytes: &[u8]) -> bool {
    let Some((layer, bytes)) = bytes.split_first() else { return false };
    let Ok(json) = serde_json::from_slice::<Json>(bytes) else { return false };
    if layer % 2 == 0 {
        logic(&json["logic"], &json["data"])
    } else {
        rules(&json["rules"], &json["payload"])
    }
}

fn logic(logic: &Json, data: &Json) -> bool {
    let logic = match Logic::parse(logic) {
        Ok(logic) => logic,
        Err(bad) => {
            let said = bad.to_string();
            assert!(!said.contains(is_obeyed) && said.len() < 16_000, "{said:?}");
            return false;
        }
    };
    let said = logic.evaluate(data);
    assert_eq!(said, logic.evaluate(data), "it says one thing");
    assert!(said.is_ok() || !logic.holds(data), "an error never holds");
    said.as_ref().is_ok_and(|value| {
        assert!(values(value) < VALUES_MAX, "it is endless");
        assert_eq!(*value == Value::Bool(true), logic.holds(data), "nothing but true holds");
        true
    })
}

fn values(value: &Value<'_>) -> usize {
    if let Value::List(items) = value { 1 + items.iter().map(values).sum::<usize>() } else { 1 }
}

/// Rules make nothing enough that they do not find to be, and of what they do not find so each is named.
fn rules(json: &Json, payload: &Json) -> bool {
    let (mut rules, mut known) = (Rules::default(), vec![]);
    for json in json.as_array().map(Vec::as_slice).unwrap_or_default() {
        match add_rule(json, &mut rules) {
            Ok(true) => known.extend(Rule::parse(json).ok()),
            Ok(false) => {}
            Err(_) => return false,
        }
    }
    let report = |authentic| Report {
        authentic,
        current: Currency::Current,
        content: Some(payload.clone()),
        issuer: Some("XX".to_owned()),
        not_before: Some(NOW),
        expires: Some(NOW),
        ..Report::unverified(CredentialKind::HealthCertificate)
    };
    let genuine = report(Authenticity::Genuine);
    let judged = rules.judge(&genuine, NOW);
    let named = |id: &str| known.iter().any(|rule| rule.id == id);
    assert!(judged.broken.iter().all(|rule| named(&rule.id)), "a rule that is none");
    assert!(judged.broken.is_empty() || judged.admissible == Admissible::No);
    let forged = report(Authenticity::Forged);
    assert_ne!(rules.judge(&forged, NOW).admissible, Admissible::Yes, "rules make nothing genuine");
    !known.is_empty() && judged.admissible != Admissible::Unknown
}

/// Of both some of which something follows.
pub fn seeds() -> Vec<Vec<u8>> {
    let at = |layer: u8, json: &Json| [&[layer], json.to_string().as_bytes()].concat();
    let choice = json!({
        "logic": {"if": [{"var": "v.0"}, {">=": [{"var": "v.0.dn"}, {"var": "v.0.sd"}]}, true]},
        "data": {"v": [{"dn": 2, "sd": 2}]},
    });
    let dates = json!({
        "logic": {"not-after": [
            {"plusTime": [{"var": "d"}, -7, "day"]}, {"plusTime": ["2026-01-31T00:00:00Z", 1, "month"]},
        ]},
        "data": {"d": "2026-02"},
    });
    let sum = json!({
        "logic": {"reduce": [{"var": "l"}, {"+": [{"var": "accumulator"}, {"var": "current.n"}]}, 0]},
        "data": {"l": [{"n": 1}, {"n": 2}]},
    });
    let lists = json!({
        "logic": {"reduce": [[1, 2, 3], [{"var": "current"}, {"var": "accumulator.0"}], []]},
        "data": null,
    });
    let rest = json!({
        "logic": {"and": [
            {"!": [{"in": [{"extractFromUVCI": [{"var": "c"}, 1]}, ["A", "B"]]}]},
            {"before": [{"dccDateOfBirth": ["1990-02"]}, {"plusTime": ["2026-01-31", 1, "year"]}]},
            {"===": [{"var": "c"}, "URN:UVCI:01:XX:C"]},
        ]},
        "data": {"c": "URN:UVCI:01:XX:C"},
    });
    let rule = |id: &str, kind: &str, logic: Json| {
        json!({
            "Identifier": id, "Version": "1.0.0", "Engine": "CERTLOGIC", "CertificateType": kind, "Logic": logic,
            "ValidFrom": "2021-01-01T00:00:00Z", "ValidTo": "2030-01-01T00:00:00Z",
            "Description": [{"lang": "en", "desc": "asks"}],
        })
    };
    let values = json!({"valueSetId": "good", "valueSetValues": {"a": {}, "b": {}}});
    let good = json!({"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.good"}]});
    let all = json!({
        "rules": [rule("G", "General", json!({"===": [{"var": "external.issuerCountryCode"}, "XX"]})), rule("V", "Vaccination", good), values],
        "payload": {"v": [{"mp": "a"}]},
    });
    let broken = json!({"rules": [rule("T", "Test", json!(false))], "payload": {"t": [{}]}});
    vec![at(0, &choice), at(0, &dates), at(0, &sum), at(0, &lists), at(0, &rest), at(1, &all), at(1, &broken)]
}
