//! `kakou verify`, on a certificate made by others and on what is none.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use data_encoding::BASE64;
use kakou::hub::Hub;
use kakou::platform::entropy::OsEntropy;
use kakou::sync::enrolment::{Enrolment, PublicKey};
use serde_json::{Value as Json, json};

use crate::seal::{Authority, vaccination};
use crate::{NOW, corpora};

fn verify(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kakou")).arg("verify").args(arguments).output().unwrap()
}

fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8(output.stdout.clone()).unwrap())
}

/// A certificate of a vaccination, the time at which it is valid, and a folder with its signer's certificate and a rule that asks for
/// as many doses as there are in a series.
fn case() -> Option<(String, String, tempfile::TempDir)> {
    let root = corpora::folder("credentials", "manifest.csv")?;
    let case: Json =
        serde_json::from_slice(&fs::read(root.join("eu-dcc/AT/2DCode/raw/1.json")).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("trust/AT")).unwrap();
    let written = case["TESTCTX"]["CERTIFICATE"].as_str().unwrap();
    let der = BASE64.decode(written.as_bytes()).unwrap();
    fs::write(folder.path().join("trust/AT/signer.der"), der).unwrap();
    let rule = json!({
        "Identifier": "VR-1", "Version": "1.0.0", "Engine": "CERTLOGIC", "CertificateType": "Vaccination",
        "ValidFrom": "2021-01-01T00:00:00Z", "ValidTo": "2030-01-01T00:00:00Z",
        "Description": [{"lang": "en", "desc": "The series has to be complete."}],
        "Logic": {">=": [{"var": "payload.v.0.dn"}, {"var": "payload.v.0.sd"}]},
    });
    fs::create_dir(folder.path().join("rules")).unwrap();
    fs::write(folder.path().join("rules/vr-1.json"), rule.to_string()).unwrap();
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    Some((text(&case["PREFIX"]), text(&case["TESTCTX"]["VALIDATIONCLOCK"]), folder))
}

fn path(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

#[test]
fn the_three_answers_are_kept_apart() {
    let Some((text, at, folder)) = case() else { return };
    let (trust, rules) = (path(&folder, "trust"), path(&folder, "rules"));
    let (code, lines) = said(&verify(&[&text, "--at", &at, "--trust", &trust]));
    assert_eq!(code, Some(0), "{lines}");
    assert!(lines.contains("authentic   genuine (AT)") && lines.contains("admissible  yes"), "{lines}");
    assert!(lines.contains("current     current (2021-05-06T"), "{lines}");
    let (code, lines) = said(&verify(&[&text, "--at", "2031-01-01T00:00:00Z", "--trust", &trust]));
    assert_eq!(code, Some(2), "its signer's certificate has ended as well: {lines}");
    assert!(lines.contains("current     expired") && lines.contains("unknown-issuer"), "{lines}");
    let (code, lines) = said(&verify(&[&text, "--at", &at]));
    assert_eq!(code, Some(2), "{lines}");
    assert!(lines.contains("authentic   unknown-issuer"), "{lines}");
    let (code, lines) = said(&verify(&[&text, "--at", &at, "--trust", &trust, "--rules", &rules]));
    assert_eq!(code, Some(1), "{lines}");
    assert!(lines.contains("genuine") && lines.contains("VR-1: The series has to be complete."), "{lines}");
    let (_, line) = said(&verify(&[&text, "--at", &at, "--trust", &trust, "--rules", &rules, "--json"]));
    let object: Json = serde_json::from_str(&line).unwrap();
    assert_eq!((&object["authentic"], &object["rules"]), (&json!("genuine"), &json!(["VR-1"])));
    assert!(!line.contains("Musterfrau"), "nothing of its holder");
}

#[test]
fn a_list_comes_from_standard_input_and_a_picture_is_read() {
    let Some((text, at, folder)) = case() else { return };
    let trust = path(&folder, "trust");
    let mut child = Command::new(env!("CARGO_BIN_EXE_kakou"));
    child.args(["verify", "-", "--json", "--at", &at, "--trust", &trust]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let damaged = text.replace("HC1:N", "HC1:M");
    let missing = folder.path().join("trust/AT/signer.der");
    let list = format!("{text}\n{damaged}\n{}\nhttps://gate.example/", missing.display());
    writeln!(child.stdin.take().unwrap(), "{list}").unwrap();
    let (code, lines) = said(&child.wait_with_output().unwrap());
    let answers: Vec<Json> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let admissible: Vec<&str> = answers.iter().filter_map(|answer| answer["admissible"].as_str()).collect();
    assert_eq!((code, admissible), (Some(2), vec!["yes", "no", "cannot-verify"]));
    assert_eq!(answers[1]["fault"], "packing");
    assert!(answers[2]["error"].as_str().unwrap().contains("signer.der: neither a JPEG"), "and it goes on");
    assert_eq!(answers[3]["kind"], "url");

    let mut child = Command::new(env!("CARGO_BIN_EXE_kakou"));
    let nothing = child.args(["verify", "-", "--at", &at]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(nothing.status.code(), Some(2), "of nothing nothing is known");

    let root = corpora::folder("credentials", "manifest.csv").unwrap();
    let picture = root.join("eu-dcc-images/AM/1.3.0/REC.png");
    let (code, line) = said(&verify(&[picture.to_str().unwrap(), "--json"]));
    let object: Json = serde_json::from_str(&line).unwrap();
    assert_eq!((code, &object["fault"]), (Some(2), &json!("unknown-key")));
}

#[test]
fn every_certificate_of_a_file_is_trusted_and_one_that_cannot_be_read_hinders_no_other() {
    let Some((text, at, folder)) = case() else { return };
    let der = fs::read(folder.path().join("trust/AT/signer.der")).unwrap();
    let pem = |der: &[u8]| {
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64.encode(der))
    };
    let other = rcgen::generate_simple_self_signed(vec!["other".to_owned()]).unwrap();
    fs::create_dir(folder.path().join("pem")).unwrap();
    fs::write(folder.path().join("pem/a.pem"), "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----")
        .unwrap();
    fs::write(folder.path().join("pem/b.pem"), [pem(other.cert.der()), pem(&der)].concat()).unwrap();
    let output = verify(&[&text, "--at", &at, "--trust", &path(&folder, "pem")]);
    let (code, lines) = said(&output);
    assert!(code == Some(0) && lines.contains("genuine (AT)"), "{lines}");
    let named = String::from_utf8(output.stderr).unwrap();
    assert!(named.contains("a.pem: no base64 between BEGIN and END") && !named.contains("b.pem"), "{named}");
}

#[test]
fn a_signing_ca_in_the_folder_vouches_for_the_seals_of_its_signers() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new("AU"));
    let seal = authority.signer("AU").seal(&vaccination("AUS"));
    let trust = folder.path().to_str().unwrap();
    let (at, pem) = ("2026-03-01T00:00:00Z", BASE64.encode(&authority.der));
    let pem = format!("-----BEGIN CERTIFICATE-----\n{pem}\n-----END CERTIFICATE-----\n");
    for (name, bytes) in [("a.der", authority.der.clone()), ("a.pem", pem.into_bytes())] {
        fs::write(folder.path().join(name), bytes).unwrap();
        let (code, lines) = said(&verify(&[&seal, "--at", at, "--trust", trust]));
        assert!(
            code == Some(0) && lines.contains("genuine (AU)") && lines.contains("vds-nc"),
            "{name}: {lines}"
        );
        assert!(!lines.contains("Citizen"), "nothing of its holder");
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("other.der"), Authority::new("AU").der).unwrap();
    let (code, lines) = said(&verify(&[&seal, "--at", at, "--trust", trust]));
    assert!(code == Some(2) && lines.contains("unknown-issuer"), "{lines}");
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| -> PathBuf {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    };
    write("empty/readme.txt", "");
    write("bad/signer.der", "no certificate");
    write("rules/a.json", r#"{"Logic": {"or": []}, "Engine": "CERTLOGIC"}"#);
    write("rules/b.json", "{");
    let picture = write("wall.pgm", &format!("P5 9 9 255 {}", "x".repeat(81)));
    let error = |arguments: &[&str]| {
        let output = verify(arguments);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8([output.stderr, output.stdout].concat()).unwrap()
    };
    let in_folder = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    assert!(error(&["x", "--trust", "/none/such"]).contains("/none/such: No such file"));
    assert!(error(&["x", "--trust", &in_folder("empty")]).contains("empty: holds no key of an issuer"));
    assert!(error(&["x", "--trust", &in_folder("bad")]).contains("bad: holds no key of an issuer"));
    assert!(error(&["x", "--trust", &in_folder("bad")]).contains("signer.der: no X.509 certificate"));
    assert!(error(&["x", "--rules", &in_folder("rules")]).contains("rules/a.json: Version must be a text"));
    fs::remove_file(folder.path().join("rules/a.json")).unwrap();
    assert!(error(&["x", "--rules", &in_folder("rules")]).contains("rules/b.json: no JSON"));
    assert!(error(&["x", "--rules", &in_folder("empty")]).contains("empty: holds no rule"));
    assert!(
        error(&[Path::new(&picture).to_str().unwrap()]).contains("wall.pgm: shows no code that can be read")
    );
    assert!(error(&["x", "--at", "today"]).contains("--at"));
}

/// A hub, lists with the certificate of the case and a rule that it meets, and a kiosk's state folder.
fn hub(case: &tempfile::TempDir) -> PathBuf {
    let data = case.path().join("hub");
    fs::create_dir(&data).unwrap();
    let hub = Hub::open(&data, Arc::new(|| NOW), Box::new(OsEntropy::new())).unwrap();
    let keys = hub.keys();
    let key = |bytes: [u8; 32]| PublicKey(bytes);
    let enrolment = Enrolment {
        hub: "https://hub.example".to_owned(),
        certificate: None,
        kiosk: "east-1".parse().unwrap(),
        seal_key: key(keys.seal_key()),
        note_key: key(keys.note_key().0),
        pass_keys: vec![key(keys.pass_key().0)],
        command_key: None,
    };
    fs::create_dir(case.path().join("state")).unwrap();
    fs::write(case.path().join("state/hub.toml"), enrolment.to_text().unwrap()).unwrap();
    data
}

fn trust(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kakou")).arg("trust").args(arguments).output().unwrap()
}

#[test]
fn a_file_of_trust_is_built_shown_and_gone_by() {
    let Some((text, at, folder)) = case() else { return };
    let data = hub(&folder);
    let data = data.to_str().unwrap();
    let list = |kind: &str, path: &str, more: &str| {
        format!("[[list]]\nname = \"{kind}\"\nkind = \"{kind}\"\npath = \"{path}\"\n{more}")
    };
    fs::write(folder.path().join("passes.txt"), "0123456789abcdef # lost\n").unwrap();
    // The certificate was good in 2021: what was fetched then is asked as of then.
    let forever = "warn_after_h = 100000\nrefuse_after_h = 100000\n";
    let lists = [
        list("hcert-keys", "trust", forever),
        list("rules", "rules", forever),
        list("passes-revoked", "passes.txt", forever),
    ];
    let file = path(&folder, "trust.toml");
    fs::write(&file, lists.concat()).unwrap();
    let built = trust(&["build", &file, "--data", data]);
    let (code, said_) = said(&built);
    assert_eq!(code, Some(0), "{said_}{}", String::from_utf8_lossy(&built.stderr));
    assert!(said_.contains("keys 1, rules 1, revoked 1"), "{said_}");
    let (code, shown) = said(&trust(&["show", "--data", data]));
    assert!(code == Some(0) && shown.contains("hcert-keys") && shown.contains("fresh"), "{code:?} {shown}");

    let state = path(&folder, "state");
    fs::copy(folder.path().join("hub/trust.kkt"), folder.path().join("state/trust.kkt")).unwrap();
    let (code, shown) = said(&trust(&["show", "--state", &state]));
    assert!(code == Some(0) && shown.contains("passes-revoked"), "{code:?} {shown}");
    let (code, lines) = said(&verify(&[&text, "--at", &at, "--state", &state]));
    assert_eq!(code, Some(1), "{lines}");
    assert!(lines.contains("genuine (AT)") && lines.contains("VR-1"), "{lines}");

    // A later file is later, whatever the clock says; lists that were not fetched again grow old.
    let version = |text: &str| text.split(&[' ', ','][..]).nth(2).unwrap().parse::<u64>().unwrap();
    let old = "as_of = \"2021-05-01T00:00:00Z\"\n";
    fs::write(&file, list("hcert-keys", "trust", old)).unwrap();
    let (code, again) = said(&trust(&["build", &file, "--data", data]));
    assert!(code == Some(0) && version(&again) > version(&said_), "{again}");
    let (code, shown) = said(&trust(&["show", "--data", data]));
    assert!(code == Some(2) && shown.contains("too-old"), "{code:?} {shown}");
}

#[test]
fn what_no_file_of_trust_can_be_made_of_is_named() {
    let Some((_, _, folder)) = case() else { return };
    let data = hub(&folder);
    let file = path(&folder, "trust.toml");
    let failed = |kind: &str, path: &str, more: &str| {
        fs::write(&file, format!("[[list]]\nname = \"a\"\nkind = \"{kind}\"\npath = \"{path}\"\n{more}"))
            .unwrap();
        let output = trust(&["build", &file, "--data", data.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    fs::write(folder.path().join("bad.txt"), "0123\n").unwrap();
    fs::write(
        folder.path().join("crl.json"),
        r#"{"kid": "k", "method": "rid", "ctr": 1, "rids": ["a", "a"]}"#,
    )
    .unwrap();
    for (kind, path, more, says) in [
        ("hcert-keys", "rules", "", "holds nothing of this kind"),
        ("shc-keys", "trust", "", "has no file that ends in"),
        ("rules", "nowhere", "", "nowhere"),
        ("passes-revoked", "bad.txt", "", "bad.txt: line 1: must be 16 hexadecimal digits"),
        ("shc-revoked", "crl.json", "", "crl.json: a rid stands twice"),
        ("rules", "rules", "as_of = \"2999-01-01T00:00:00Z\"", "as_of is in the future"),
        ("rule", "rules", "", "must be"),
        ("hcert-keys", "bad.txt", "", "bad.txt"),
    ] {
        let said = failed(kind, path, more);
        assert!(said.contains(says), "{kind} {path}: {said}");
    }
    assert!(!data.join("trust.kkt").exists(), "nothing is left lying about");
}

/// A key on P-256 by its thumbprint.
fn card_key() -> Json {
    json!({
        "kty": "EC", "crv": "P-256", "kid": "-7KwyVSAe4g37WuMgIfw1HD8z1_LVsX8zqcwagZlQBo",
        "x": "-HQqmqM-hjaSUSi5-MStJCDBs-eeiOT-t91-bPyPQPI", "y": "GxiOeUQu29da8Nw_GG9NRyu2ZaY5fLAf7PQlpGnpXdM",
    })
}

#[test]
fn keys_of_cards_are_somebodys_or_no_file_of_trust_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = hub(&folder);
    let file = path(&folder, "trust.toml");
    let built = |set: &Json, more: &str| {
        fs::write(folder.path().join("jwks.json"), set.to_string()).unwrap();
        let list = format!("[[list]]\nname = \"cards\"\nkind = \"shc-keys\"\npath = \"jwks.json\"\n{more}");
        fs::write(&file, list).unwrap();
        let output = trust(&["build", &file, "--data", data.to_str().unwrap()]);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let of = |issuer: &str| json!({"keys": [card_key()], "issuer": issuer});
    let directory = json!({"issuerInfo": [{"issuer": {"iss": "https://a.example"}, "keys": [card_key()]}]});
    for nobodys in [json!({"keys": [card_key()]}), card_key(), of("")] {
        let (code, said) = built(&nobodys, "");
        assert_eq!(code, Some(1), "{nobodys}");
        assert!(said.contains("cards: ") && said.contains("jwks.json: "), "{said}");
        assert!(said.contains("does not say whose keys they are"), "{said}");
        assert!(!data.join("trust.kkt").exists());
    }
    for (set, more) in [
        (json!({"keys": [card_key()]}), "issuer = \"https://a.example\"\n"),
        (of("https://a.example"), ""),
        (directory, ""),
    ] {
        let (code, said) = built(&set, more);
        assert_eq!(code, Some(0), "{said}");
    }
}
