//! Lists as others publish them: bytes of their files to keys, rules and revocations.

use std::collections::BTreeSet;

use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::super::certificate::{self, BadCertificate};
use super::super::jwk::{self, BadJwk};
use super::super::key::Key;
use super::super::rules::{BadRule, Rule, Rules};
use super::revocation::{Form, RevocationId};
use crate::base::Wall;

/// How a certificate begins in PEM (RFC 7468).
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// Longest revocation identifier of a SMART Health Card.
const RID_MAX: usize = 24;

/// Why a file is none of the lists that there are.
#[derive(Debug, thiserror::Error)]
pub enum BadSource {
    /// It is no JSON.
    #[error("no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A key in it is none.
    #[error("{0}")]
    Jwk(#[from] BadJwk),
    /// A certificate in it is none.
    #[error("{0}")]
    Certificate(#[from] BadCertificate),
    /// A rule in it is none.
    #[error("{0}")]
    Rule(#[from] BadRule),
    /// Something else is wrong.
    #[error("{0}")]
    Form(String),
}

fn form(what: &str) -> BadSource {
    BadSource::Form(what.to_owned())
}

/// The keys of a DID document, a JWK set, a JWK, or a directory of issuers as VCI snapshots have it (`issuerInfo`), which of them
/// it is by its members. Other JSON has none.
///
/// # Errors
///
/// When it is no JSON, or a key in it is none.
pub fn json_keys(bytes: &[u8]) -> Result<Vec<Key>, BadSource> {
    let json: Json = serde_json::from_slice(bytes)?;
    let has = |member: &str| json.get(member).is_some();
    // did:web:<host>:v2:trustlist:<domain>:<participant>:<usage>
    let is_trust_list = json["id"].as_str().is_some_and(|id| id.contains(":trustlist:"));
    Ok(if has("verificationMethod") && is_trust_list {
        jwk::of_trust_list(&json)?
    } else if has("verificationMethod") {
        jwk::of_document(&json)?
    } else if let Some(issuers) = json["issuerInfo"].as_array() {
        let of_issuer = |info: &Json| {
            // Keys of nobody in particular would sign for everybody.
            let issuer = info["issuer"]["iss"].as_str().filter(|issuer| !issuer.is_empty());
            let issuer = issuer.ok_or_else(|| form("issuerInfo must have the iss of each issuer"))?;
            Ok::<_, BadSource>(jwk::of_set(&json!({"keys": info["keys"], "issuer": issuer}))?)
        };
        issuers.iter().map(of_issuer).collect::<Result<Vec<_>, _>>()?.concat()
    } else if has("keys") {
        jwk::of_set(&json)?
    } else if has("kty") {
        jwk::of_set(&json!({"keys": [json]}))?
    } else {
        vec![]
    })
}

/// What the keys of a JWK set say of their lists of revoked cards: the name of each, and the counter of its newest list.
///
/// # Errors
///
/// When it is no JSON.
pub fn counters(bytes: &[u8]) -> Result<Vec<(String, u64)>, BadSource> {
    let json: Json = serde_json::from_slice(bytes)?;
    let sets = json["issuerInfo"].as_array().map_or_else(|| std::slice::from_ref(&json), Vec::as_slice);
    let keys_of = |set: &'_ Json| set["keys"].as_array().map_or_else(|| vec![set.clone()], Clone::clone);
    let counter = |key: Json| Some((key["kid"].as_str()?.to_owned(), key["crlVersion"].as_u64()?));
    Ok(sets.iter().flat_map(keys_of).filter_map(counter).collect())
}

/// What is trusted with a certificate in DER, or with all that are there in PEM.
///
/// # Errors
///
/// When one is none.
pub fn certificate_keys(bytes: &[u8]) -> Result<Vec<Key>, BadSource> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.contains(BEGIN));
    let Some(text) = text else { return Ok(certificate::keys(bytes)?) };
    let each = text.split(BEGIN).skip(1).map(|rest| {
        let body: String = rest.split("-----END").next().unwrap_or_default().split_whitespace().collect();
        let der = BASE64.decode(body.as_bytes()).map_err(|_| form("no base64 between BEGIN and END"))?;
        Ok(certificate::keys(&der)?)
    });
    Ok(each.collect::<Result<Vec<_>, BadSource>>()?.concat())
}

/// The rules and sets of values in a file: one of them, or an array. Other JSON has none.
///
/// # Errors
///
/// When it is no JSON, or a rule in it is none.
pub fn rules(bytes: &[u8]) -> Result<Vec<Json>, BadSource> {
    let json: Json = serde_json::from_slice(bytes)?;
    let all = if let Json::Array(all) = json { all } else { vec![json] };
    let mut taken = vec![];
    for json in all {
        if add_rule(&json, &mut Rules::default())? {
            taken.push(json);
        }
    }
    Ok(taken)
}

/// Adds a rule, or a set of values, to `rules`; whether it was one.
///
/// # Errors
///
/// When a rule is none.
pub fn add_rule(json: &Json, rules: &mut Rules) -> Result<bool, BadRule> {
    if json.get("Logic").is_some() {
        rules.add(Rule::parse(json)?);
        return Ok(true);
    }
    let values = json["valueSetId"].as_str().zip(json["valueSetValues"].as_object());
    let Some((name, values)) = values else { return Ok(false) };
    rules.add_values(name.to_owned(), values.keys().cloned().collect());
    Ok(true)
}

/// What a list revokes: at any time, and where it was issued before one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revocations {
    /// At any time.
    pub ids: Vec<RevocationId>,
    /// What was issued before a time.
    pub dated: Vec<(RevocationId, Wall)>,
}

/// A list of revoked SMART Health Cards of one key: `{"kid", "method": "rid", "ctr", "rids"}`.
///
/// `newest` is the counter that the key states, where it states one: a list behind it is not the newest.
///
/// # Errors
///
/// When a member is missing or wrong, an identifier stands twice, or the list is not the newest.
pub fn revoked_cards(
    bytes: &[u8],
    newest: impl FnOnce(&str) -> Option<u64>,
) -> Result<Revocations, BadSource> {
    let json: Json = serde_json::from_slice(bytes)?;
    let kid = json["kid"].as_str().ok_or_else(|| form("kid must be a text"))?;
    if json["method"] != "rid" {
        return Err(form("method must be rid"));
    }
    let counter = json["ctr"].as_u64().ok_or_else(|| form("ctr must be a number"))?;
    if let Some(newest) = newest(kid).filter(|newest| *newest != counter) {
        return Err(BadSource::Form(format!(
            "ctr is {counter}, and the key says {newest}: this is not the newest list"
        )));
    }
    let rids = json["rids"].as_array().ok_or_else(|| form("rids must be a list"))?;
    let (mut seen, mut found) = (BTreeSet::new(), Revocations::default());
    for rid in rids {
        let rid = rid.as_str().ok_or_else(|| form("rids must be texts"))?;
        if !seen.insert(rid) {
            return Err(form("a rid stands twice"));
        }
        let (rid, before) = match rid.split_once('.') {
            None => (rid, None),
            Some((rid, seconds)) => {
                let seconds: u32 =
                    seconds.parse().map_err(|_| form("what follows the dot of a rid must be a time"))?;
                (rid, Some(Wall::from_secs(i64::from(seconds))))
            }
        };
        if !is_rid(rid) {
            return Err(form("a rid must be 1 to 24 characters of base64url"));
        }
        let id = RevocationId::of_card(kid.as_bytes(), rid);
        match before {
            None => found.ids.push(id),
            Some(before) => found.dated.push((id, before)),
        }
    }
    Ok(found)
}

/// Whether `rid` can be a revocation identifier of a SMART Health Card.
pub fn is_rid(rid: &str) -> bool {
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=RID_MAX).contains(&rid.len()) && rid.bytes().all(is_base64url)
}

/// A batch of revoked certificates as the EU's gateway gives it, or a list of such: `{"kid", "hashType", "entries": [{"hash"}]}`, with
/// `expires` behind which it counts no longer. A kid of `UNKNOWN_KID` means every key.
///
/// # Errors
///
/// When a member is missing or wrong.
pub fn revoked_certificates(bytes: &[u8], now: Wall) -> Result<Revocations, BadSource> {
    let json: Json = serde_json::from_slice(bytes)?;
    let batches = json.as_array().map_or_else(|| std::slice::from_ref(&json), Vec::as_slice);
    let mut found = Revocations::default();
    for batch in batches {
        let kid = match batch["kid"].as_str().ok_or_else(|| form("kid must be a text"))? {
            "UNKNOWN_KID" => vec![],
            kid => BASE64.decode(kid.as_bytes()).map_err(|_| form("kid must be base64"))?,
        };
        let hash = match batch["hashType"].as_str() {
            Some("UCI") => Form::Identifier,
            Some("SIGNATURE") => Form::Signature,
            Some("COUNTRYCODEUCI") => Form::CountryAndIdentifier,
            _ => return Err(form("hashType must be SIGNATURE, UCI or COUNTRYCODEUCI")),
        };
        let ends =
            batch.get("expires").map(|ends| ends.as_str().and_then(|ends| ends.parse::<Timestamp>().ok()));
        let ends = ends.map(|ends| ends.ok_or_else(|| form("expires must be a time"))).transpose()?;
        let entries = batch["entries"].as_array().ok_or_else(|| form("entries must be a list"))?;
        let id = |entry: &Json| {
            let bytes = entry["hash"].as_str().and_then(|text| BASE64.decode(text.as_bytes()).ok());
            let half = bytes.as_deref().and_then(|bytes| bytes.first_chunk::<16>());
            let half = half.ok_or_else(|| form("hash must be base64 of at least 16 bytes"))?;
            Ok::<_, BadSource>(RevocationId::of_hash(hash, &kid, half))
        };
        let ids = entries.iter().map(id).collect::<Result<Vec<_>, _>>()?;
        if ends.is_none_or(|ends| ends.as_millisecond() > now.0) {
            found.ids.extend(ids);
        }
    }
    Ok(found)
}

/// Revoked passes of a hub: the identifier of one a line, 16 hexadecimal digits, as `kakou hub pass` prints it; what follows a `#`
/// is a remark.
///
/// # Errors
///
/// With the line that has none.
pub fn revoked_passes(bytes: &[u8]) -> Result<Revocations, BadSource> {
    let text = std::str::from_utf8(bytes).map_err(|_| form("must be UTF-8"))?;
    let mut found = Revocations::default();
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let pass =
            data_encoding::HEXLOWER_PERMISSIVE.decode(line.as_bytes()).ok().filter(|pass| pass.len() == 8);
        let pass = pass
            .ok_or_else(|| BadSource::Form(format!("line {}: must be 16 hexadecimal digits", number + 1)))?;
        found.ids.push(RevocationId::of_pass(&pass));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::revocation::half;
    use super::*;

    fn cards(json: &Json) -> Result<Revocations, String> {
        revoked_cards(json.to_string().as_bytes(), |kid| (kid == "k2").then_some(3))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_list_of_cards_is_read_and_a_wrong_one_says_what_is_wrong() {
        let list = |rids: Json| json!({"kid": "k1", "method": "rid", "ctr": 1, "rids": rids});
        let read = cards(&list(json!(["abc", "d_-9.1600000000"]))).unwrap();
        assert_eq!(read.ids, [RevocationId::of_card(b"k1", "abc")]);
        assert_eq!(read.dated, [(RevocationId::of_card(b"k1", "d_-9"), Wall::from_secs(1_600_000_000))]);
        let newest = json!({"kid": "k2", "method": "rid", "ctr": 2, "rids": []});
        for (bad, says) in [
            (list(json!(["abc", "abc"])), "a rid stands twice"),
            (list(json!(["a+b"])), "a rid must be 1 to 24 characters of base64url"),
            (list(json!(["a".repeat(25)])), "a rid must be 1 to 24 characters of base64url"),
            (list(json!([""])), "a rid must be 1 to 24 characters of base64url"),
            (list(json!(["abc.x"])), "what follows the dot of a rid must be a time"),
            (list(json!([7])), "rids must be texts"),
            (list(json!(7)), "rids must be a list"),
            (json!({"kid": "k1", "method": "id", "ctr": 1, "rids": []}), "method must be rid"),
            (json!({"kid": "k1", "method": "rid", "rids": []}), "ctr must be a number"),
            (json!({"method": "rid", "ctr": 1, "rids": []}), "kid must be a text"),
            (newest, "ctr is 2, and the key says 3: this is not the newest list"),
        ] {
            assert_eq!(cards(&bad).unwrap_err(), says);
        }
    }

    #[test]
    fn keys_of_a_directory_are_each_of_their_issuer() {
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "kid": "-7KwyVSAe4g37WuMgIfw1HD8z1_LVsX8zqcwagZlQBo", "crlVersion": 2,
            "x": "-HQqmqM-hjaSUSi5-MStJCDBs-eeiOT-t91-bPyPQPI", "y": "GxiOeUQu29da8Nw_GG9NRyu2ZaY5fLAf7PQlpGnpXdM",
        });
        let info = |iss: &str| json!({"issuer": {"iss": iss, "name": "A"}, "keys": [jwk]});
        let directory =
            json!({"issuerInfo": [info("https://a.example"), info("https://b.example")]}).to_string();
        let keys = json_keys(directory.as_bytes()).unwrap();
        let issuers: Vec<_> = keys.iter().map(|key| key.issuer.as_str()).collect();
        assert_eq!(issuers, ["https://a.example", "https://b.example"]);
        assert_eq!(counters(directory.as_bytes()).unwrap()[0].1, 2);
        let bad = json!({"issuerInfo": [{"issuer": {"iss": "https://a.example"}}]}).to_string();
        assert!(json_keys(bad.as_bytes()).is_err(), "an issuer without keys is a mistake");
        let nobody = json!({"issuerInfo": [{"issuer": {}, "keys": [jwk]}]}).to_string();
        let said = json_keys(nobody.as_bytes()).unwrap_err().to_string();
        assert_eq!(said, "issuerInfo must have the iss of each issuer");
    }

    #[test]
    fn a_key_says_which_list_of_revoked_cards_is_its_newest() {
        let set = json!({"keys": [{"kid": "a", "crlVersion": 3}, {"kid": "b"}]}).to_string();
        assert_eq!(counters(set.as_bytes()).unwrap(), [("a".to_owned(), 3)]);
        let one = json!({"kid": "a", "crlVersion": 1}).to_string();
        assert_eq!(counters(one.as_bytes()).unwrap(), [("a".to_owned(), 1)]);
    }

    #[test]
    fn a_batch_of_certificates_is_read_until_it_ends() {
        let hash = half(b"x");
        let batch = |kid: &str, form: &str, expires: &str| json!({"country": "XX", "kid": kid, "hashType": form, "expires": expires, "entries": [{"hash": BASE64.encode(&hash)}]});
        let now = Wall::from_secs(1_650_000_000);
        let later = "2022-11-01T00:00:00Z";
        let all = json!([
            batch("AQI=", "UCI", later),
            batch("UNKNOWN_KID", "SIGNATURE", later),
            batch("AQI=", "COUNTRYCODEUCI", "2022-01-01T00:00:00Z")
        ]);
        let read = revoked_certificates(all.to_string().as_bytes(), now).unwrap();
        let expected = [
            RevocationId::of_hash(Form::Identifier, &[1, 2], &hash),
            RevocationId::of_hash(Form::Signature, &[], &hash),
        ];
        assert_eq!(read, Revocations { ids: expected.to_vec(), dated: vec![] });
        let mut short = batch("AQI=", "UCI", later);
        short["entries"][0]["hash"] = json!(BASE64.encode(&hash[..15]));
        for (bad, says) in [
            (batch("%", "UCI", later), "kid must be base64"),
            (batch("AQI=", "uci", later), "hashType must be SIGNATURE, UCI or COUNTRYCODEUCI"),
            (batch("AQI=", "UCI", "soon"), "expires must be a time"),
            (short, "hash must be base64 of at least 16 bytes"),
        ] {
            assert_eq!(revoked_certificates(bad.to_string().as_bytes(), now).unwrap_err().to_string(), says);
        }
    }

    #[test]
    fn revoked_passes_stand_one_a_line() {
        let read = revoked_passes(b"0123456789abcdef # lost\n\n# all\n0123456789ABCDE0\n").unwrap();
        let pass = |last: u8| RevocationId::of_pass(&[0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, last]);
        assert_eq!(read.ids, [pass(0xef), pass(0xe0)]);
        let said = revoked_passes(b"0123456789abcdef\n01234567\n").unwrap_err().to_string();
        assert_eq!(said, "line 2: must be 16 hexadecimal digits");
    }
}
