//! Policy bundles: made of a draft, signed by two, and refused for every reason there is.

use kakou::base::{Slug, Wall};
use kakou::config::bundle::{
    Bundle, Refusal, Signature, Signed, SignerKey, Terms, difference, read_draft, signed_bytes, summary,
    verify,
};
use kakou::journal::SigningKey;
use kakou::model::AreaMode;

pub const DRAFT: &str = r#"
version = 7
sites = ["xiyuan"]
from = "2026-12-01T00:00:00+08:00"
until = "2026-12-15T00:00:00+08:00"
notice = 12
mode = "watch"
mode_after = "sealed"
shipped = ["residential"]
[[notice_text]]
number = 12
title_zh = "第十二号通告"
title_en = "Notice 12"
sha256 = "0000000000000000000000000000000000000000000000000000000000000001"
"#;

#[test]
fn a_bundle_with_two_signatures_is_taken_and_puts_its_policy_in_force() {
    let bundle = draft(DRAFT);
    assert_eq!((bundle.version, bundle.mode, bundle.mode_after), (7, AreaMode::Watch, AreaMode::Sealed));
    assert_eq!(bundle.from, Wall::from_secs(1_796_054_400));
    let bytes = signed(&bundle, &[1, 2]).encode();
    assert_eq!(terms(&bytes, 6, None), Ok(bundle.clone()));
    assert_eq!(bundle.policy().unwrap().profiles.len(), 6);
    assert_eq!(
        bundle.policy().unwrap().id,
        draft(&DRAFT.replace("version = 7", "version = 8")).policy().unwrap().id
    );
    assert_ne!(bundle.digest(), draft(&DRAFT.replace("version = 7", "version = 8")).digest());
}

#[test]
fn one_signature_or_the_same_twice_is_refused() {
    let bundle = draft(DRAFT);
    for (signers, good) in [(vec![], 0), (vec![1], 1), (vec![1, 1], 1), (vec![2, 2, 2], 1), (vec![1, 9], 1)] {
        let refused = terms(&signed(&bundle, &signers).encode(), 0, None).unwrap_err();
        assert_eq!(refused, Refusal::TooFewSigners(good), "{signers:?}");
    }
    assert!(
        terms(&signed(&bundle, &[9, 1, 3]).encode(), 0, None).is_ok(),
        "a stranger's signature says nothing"
    );
}

#[test]
fn what_was_altered_after_it_was_signed_is_refused() {
    let mut altered = signed(&draft(DRAFT), &[1, 2]);
    altered.bundle.thresholds.threshold = 3_990;
    assert!(matches!(terms(&altered.encode(), 0, None), Err(Refusal::Altered(_))));
    // Not one bit of a file can be turned without its being noticed.
    let bytes = signed(&draft(DRAFT), &[1, 2]).encode();
    for at in (0..bytes.len()).step_by(7) {
        let mut turned = bytes.clone();
        turned[at] ^= 0x10;
        assert!(terms(&turned, 0, None).is_err(), "byte {at}");
    }
    for length in (0..bytes.len()).step_by(11) {
        assert!(terms(&bytes[..length], 0, None).is_err(), "{length} bytes");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(terms(&longer, 0, None), Err(Refusal::NotCanonical));
}

#[test]
fn a_bundle_for_elsewhere_without_an_end_past_or_rolled_back_is_refused() {
    let good = draft(DRAFT);
    let refused =
        |bundle: Bundle, known, passed| terms(&signed(&bundle, &[1, 2]).encode(), known, passed).unwrap_err();
    assert_eq!(refused(Bundle { until: None, ..good.clone() }, 0, None), Refusal::NoEnd);
    assert_eq!(refused(Bundle { until: Some(good.from), ..good.clone() }, 0, None), Refusal::BadSpan);
    let late = Some(Wall(good.from.0 + 400 * 86_400_000));
    assert_eq!(refused(Bundle { until: late, ..good.clone() }, 0, None), Refusal::BadSpan);
    let until = good.until.unwrap();
    assert_eq!(refused(good.clone(), 0, Some(until)), Refusal::Ended(until));
    assert_eq!(refused(good.clone(), 7, None), Refusal::RolledBack { version: 7, known: 7 });
    assert_eq!(refused(good.clone(), 8, None), Refusal::RolledBack { version: 7, known: 8 });
    let elsewhere = Bundle { sites: vec!["dongyuan".parse().unwrap()], ..good.clone() };
    assert!(matches!(refused(elsewhere, 0, None), Refusal::OtherSite { .. }));
    // 99.1 °F, as hundredths of what should be °C.
    let mut hot = good.clone();
    hot.thresholds.threshold = 9_910;
    assert_eq!(refused(hot, 0, None), Refusal::Thresholds);
    assert_eq!(refused(Bundle { notice: Some(13), ..good.clone() }, 0, None), Refusal::NoSuchNotice(13));
    let unknown = Bundle { profiles: vec!["nowhere".parse().unwrap()], ..good };
    assert!(matches!(refused(unknown, 0, None), Refusal::Profiles(_)));
}

#[test]
fn a_bundle_carries_its_local_plates_in_one_form_and_one_without_has_the_bytes_that_it_had() {
    let plain = draft(DRAFT);
    assert_eq!(plain.content()[0], 0x8C, "an array of twelve, as before");
    let bundle = draft(&DRAFT.replace("notice = 12\n", "notice = 12\nlocal_plates = [\"川K\", \"川a\"]\n"));
    let bytes = signed(&bundle, &[1, 2]).encode();
    assert_eq!(terms(&bytes, 0, None), Ok(bundle.clone()));
    let prefixes = bundle.policy().unwrap().local_plates;
    assert_eq!(prefixes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["川A", "川K"]);
    assert_ne!(bundle.policy().unwrap().id, plain.policy().unwrap().id);
    assert_eq!(difference(&plain, &bundle), ["本地车牌 local plates:  → 川A, 川K"]);
    let mut turned = prefixes.clone();
    turned.reverse();
    for wrong in [Some(turned), Some(vec![])] {
        let bundle = Bundle { local_plates: wrong, ..bundle.clone() };
        assert_eq!(terms(&signed(&bundle, &[1, 2]).encode(), 0, None), Err(Refusal::NotCanonical));
    }
    let bad = DRAFT.replace("notice = 12\n", "notice = 12\nlocal_plates = [\"A\"]\n");
    let said = read_draft("draft.toml", &bad, &mut |_| Err("none".to_owned())).unwrap_err().to_string();
    assert!(said.contains("draft.toml:7: local_plates = \"A\": must be a province"), "{said}");
}

#[test]
fn every_mistake_in_a_draft_is_named_with_its_place() {
    let cases = [
        ("until = \"2026-12-15T00:00:00+08:00\"\n", "", "until: missing; must be a time"),
        ("2026-12-15T00:00:00+08:00", "2026-12-15", "draft.toml:5: until = \"2026-12-15\": must be a time"),
        ("version = 7", "version = 0", "draft.toml:2: version = 0: must be 1 to"),
        (
            "notice = 12\n",
            "notice = 13\n",
            "draft.toml:6: notice = 13: must be the number of one of the tables",
        ),
        ("\"residential\"", "\"nowhere\"", "shipped = \"nowhere\": must be \"residential\""),
        ("mode_after = \"sealed\"\n", "", "mode_after: missing"),
        (
            "shipped",
            "profiles = [\"nowhere\"]\nshipped",
            "profiles = [\"nowhere\"]: nowhere: must be a profile of one of the files",
        ),
        (
            "[[notice_text]]",
            "[thermometry]\nthreshold_c = 99.1\n[[notice_text]]",
            "draft.toml:11: thermometry.threshold_c = 99.1: must be 36 to 40",
        ),
        (
            "[[notice_text]]",
            "[thermometry]\nthreshold_f = 99.1\n[[notice_text]]",
            "threshold_f = 99.1: unknown key",
        ),
    ];
    for (from, to, expected) in cases {
        let text = DRAFT.replacen(from, to, 1);
        let said = read_draft("draft.toml", &text, &mut |_| Err("none".to_owned())).unwrap_err().to_string();
        assert!(said.contains(expected), "expected {expected}\nsaid {said}");
    }
}

#[test]
fn what_differs_between_two_bundles_is_said_line_by_line() {
    let old = draft(DRAFT);
    assert_eq!(difference(&old, &old), Vec::<String>::new());
    let mut new = draft(&DRAFT.replace("version = 7", "version = 8").replace("\"watch\"", "\"normal\""));
    new.files[0].text = new.files[0].text.replacen("timeout_s = 45", "timeout_s = 50", 1);
    let said = difference(&old, &new);
    assert_eq!(said[..2], ["版本 version: 7 → 8", "区域状态 area mode: watch → normal"]);
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(said[2].starts_with("方案 profile residential-person-in: − step 1 "), "{said:?}");
    assert!(said[3].contains("\"timeout\":50"), "{said:?}");
    let few = summary(&old, &new);
    assert_eq!(few[0], said[1]);
    assert_eq!(few[1..], ["方案 profile residential-person-in: 2 处有改动 changes"]);
}

pub fn draft(text: &str) -> Bundle {
    read_draft("draft.toml", text, &mut |name| Err(format!("{name} is not there"))).unwrap()
}

pub fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

pub fn signed(bundle: &Bundle, by: &[u8]) -> Signed {
    let message = signed_bytes(bundle);
    let sign = |number: &u8| Signature {
        key: key(*number).verifying().0,
        signature: key(*number).sign(&message).try_into().unwrap(),
    };
    Signed { bundle: bundle.clone(), signatures: by.iter().map(sign).collect() }
}

/// At a kiosk of this place that trusts the keys 1, 2 and 3.
fn terms(bytes: &[u8], known: u64, passed: Option<Wall>) -> Result<Bundle, Refusal> {
    let site: Slug = "xiyuan".parse().unwrap();
    let signers = [1, 2, 3].map(|number| SignerKey(key(number).verifying().0));
    verify(bytes, &Terms { site: &site, signers: &signers, known, passed })
}
