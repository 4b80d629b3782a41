//! Certificates of the EU, as its states published them to be tested with.

use std::fs;

use data_encoding::BASE64;
use jiff::Timestamp;
use jiff::civil::DateTime;
use kakou::base::{Mono, Wall};
use kakou::credential::certificate;
use kakou::credential::hcert;
use kakou::credential::key::Keys;
use kakou::credential::report::{Fault, Moment, Report};
use kakou::model::{Authenticity, Currency};
use kakou::vision::fast::Fast;
use kakou::vision::{Attempt, Code, picture, slow};
use serde_json::Value as Json;

use crate::corpora;

/// A key on P-384 said to sign as ES256, with a signature of 96 bytes: stated to verify, and no verifier that goes by the standard can.
const BEYOND_THE_STANDARD: [&str; 3] =
    ["eu-dcc/ES/2DCode/raw/401.json", "eu-dcc/ES/2DCode/raw/402.json", "eu-dcc/ES/2DCode/raw/403.json"];

/// Said to be signed with a key that may not, and the certificate given with it says nothing of the kind.
const NOT_REPRODUCIBLE: &str = "eu-dcc/IS/2DCode/raw/3.json";

/// A row of the corpus, what is stated of it, and what is known of it here.
struct Case {
    file: String,
    stated: Json,
    end_to_end: String,
    report: Report,
}

fn clock(text: &str) -> Wall {
    let zoned = text.parse::<Timestamp>();
    let moment = zoned.unwrap_or_else(|_| {
        let civil: DateTime = text.parse().unwrap();
        jiff::tz::Offset::UTC.to_timestamp(civil).unwrap()
    });
    Wall(moment.as_millisecond())
}

fn cases() -> Option<Vec<Case>> {
    let root = corpora::folder("credentials", "manifest.csv")?;
    let mut rows = csv::Reader::from_path(root.join("manifest.csv")).unwrap();
    let mut cases = vec![];
    for row in rows.records().map(Result::unwrap).filter(|row| &row[0] == "EU-DCC") {
        let file = row[1].to_owned();
        let case: Json = serde_json::from_slice(&fs::read(root.join(&file)).unwrap()).unwrap();
        let der = BASE64.decode(case["TESTCTX"]["CERTIFICATE"].as_str().unwrap().as_bytes()).unwrap();
        let key = certificate::key(&der).unwrap_or_else(|bad| panic!("{file}: {bad}"));
        let text = case["PREFIX"].as_str().unwrap();
        let report = hcert::check(text.as_bytes(), &Keys::new(vec![key]), &Moment::sure(clock(&row[4])));
        cases.push(Case {
            file,
            stated: case["EXPECTEDRESULTS"].clone(),
            end_to_end: row[6].to_owned(),
            report,
        });
    }
    Some(cases)
}

/// The outcome as the corpus names it.
fn outcome(file: &str, report: &Report) -> &'static str {
    if (report.authentic, report.current) == (Authenticity::Genuine, Currency::Current) {
        return "accept";
    }
    match report.fault {
        // Those without their prefix are no certificates, whatever the rest is.
        Some(Fault::Encoding) if file.contains("/H") => "reject:UNPREFIX",
        Some(Fault::Encoding) => "reject:B45DECODE",
        Some(Fault::Packing) => "reject:COMPRESSION",
        Some(Fault::Envelope | Fault::Content) => "reject:DECODE",
        Some(Fault::Signature | Fault::UnknownKey) => "reject:VERIFY",
        Some(Fault::Expired | Fault::NotYetValid) => "reject:EXPIRATIONCHECK",
        Some(Fault::Use) => "reject:KEYUSAGE",
        _ => "?",
    }
}

#[test]
fn every_outcome_from_end_to_end_is_as_stated() {
    let Some(cases) = cases() else { return };
    let stated = cases.iter().filter(|case| !case.end_to_end.is_empty());
    let wrong: Vec<String> = stated
        .clone()
        .filter(|case| outcome(&case.file, &case.report) != case.end_to_end)
        .map(|Case { file, end_to_end, report, .. }| format!("{file}: {end_to_end} expected, not {report:?}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), cases.len());
    assert!(stated.count() >= 250);
}

/// Each stage by itself, also behind one that fails: what was signed may be expired and well signed.
#[test]
fn every_stage_that_is_stated_is_as_stated() {
    let Some(cases) = cases() else { return };
    let (mut stages, mut wrong) = (0, vec![]);
    for Case { file, stated, report, .. } in &cases {
        let fault = report.fault;
        let reached = |stage: Fault| fault.is_none_or(|fault| fault > stage);
        let found = [
            ("EXPECTEDUNPREFIX", Some(!(fault == Some(Fault::Encoding) && file.contains("/H")))),
            ("EXPECTEDB45DECODE", Some(reached(Fault::Encoding))),
            ("EXPECTEDCOMPRESSION", reached(Fault::Encoding).then_some(reached(Fault::Packing))),
            (
                "EXPECTEDDECODE",
                reached(Fault::Packing).then_some(reached(Fault::Envelope) && fault != Some(Fault::Content)),
            ),
            ("EXPECTEDVERIFY", reached(Fault::Envelope).then_some(reached(Fault::Content))),
            ("EXPECTEDKEYUSAGE", reached(Fault::Content).then_some(fault != Some(Fault::Use))),
            (
                "EXPECTEDEXPIRATIONCHECK",
                (report.content.is_some()).then_some(report.current == Currency::Current),
            ),
        ];
        for (stage, found) in found {
            let (Some(expected), Some(found)) = (stated[stage].as_bool(), found) else { continue };
            stages += 1;
            let beyond = BEYOND_THE_STANDARD.contains(&file.as_str()) && stage == "EXPECTEDVERIFY";
            let odd = file == NOT_REPRODUCIBLE && stage == "EXPECTEDKEYUSAGE";
            if expected != found && !beyond && !odd {
                wrong.push(format!("{file}: {stage} {expected} expected, not {report:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {stages}: {wrong:#?}", wrong.len());
    assert!(stages >= 1_500, "only {stages}");
}

/// The pictures that verifiers of the EU are checked with. The certificates of their signers are published nowhere, so that as much
/// is known as without trust: each is a signed message whose key has a name.
#[test]
fn every_picture_of_a_certificate_is_read_and_is_one() {
    let Some(root) = corpora::folder("credentials", "manifest.csv") else { return };
    let mut rows = csv::Reader::from_path(root.join("manifest.csv")).unwrap();
    let pictures: Vec<String> = rows
        .records()
        .map(Result::unwrap)
        .filter(|row| &row[0] == "EU-DCC-image")
        .map(|row| row[1].to_owned())
        .collect();
    assert!(pictures.len() >= 200, "only {}", pictures.len());
    let (mut fast, keys) = (Fast::default(), Keys::default());
    let mut wrong = vec![];
    for file in &pictures {
        let frame = picture::decode(&fs::read(root.join(file)).unwrap(), Mono::ZERO).unwrap();
        let certified = |codes: &[Code]| {
            codes.iter().find_map(|code| {
                let report = hcert::check(code.payload.expose().trim_ascii(), &keys, &Moment::sure(Wall(0)));
                (report.fault == Some(Fault::UnknownKey)).then_some(())
            })
        };
        let by_attempt = |attempt: &Attempt| certified(&slow::attempt(*attempt, &frame)).is_some();
        let bounded = Attempt::QR.into_iter().filter(|attempt| !attempt.unbounded());
        if certified(&fast.read(&frame).codes).is_none()
            && !bounded.clone().any(|attempt| by_attempt(&attempt))
        {
            wrong.push(format!("{file} ({}×{})", frame.width(), frame.height()));
        }
    }
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), pictures.len());
}
