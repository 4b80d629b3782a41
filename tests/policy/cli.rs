//! `kakou policy` as people use it: proved, signed by two, shown, compared; what is not sound is not signed.

use std::path::{Path, PathBuf};
use std::process::Command;

const DRAFT: &str = r#"
version = 7
sites = ["xiyuan"]
from = "2026-12-01T00:00:00+08:00"
until = "2026-12-15T00:00:00+08:00"
notice = 12
mode = "watch"
mode_after = "sealed"
profile_files = ["gate.toml"]
[[notice_text]]
number = 12
title_zh = "第十二号通告"
title_en = "Notice 12"
sha256 = "0000000000000000000000000000000000000000000000000000000000000001"
"#;

const GATE: &str = r#"
[[profile]]
id = "gate-in"
title_zh = "东门"
title_en = "East gate"
takes = "person"
directions = ["inbound"]
session_timeout_s = 60
idle_timeout_s = 20
[[profile.step]]
kind = "credential"
unverified = "attendant"
roster_miss = "register"
timeout_s = 20
"#;

struct Office(tempfile::TempDir);

impl Office {
    fn new() -> Self {
        let office = Self(tempfile::tempdir().unwrap());
        std::fs::write(office.file("gate.toml"), GATE).unwrap();
        std::fs::write(office.file("draft.toml"), DRAFT).unwrap();
        office
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs it in the office's folder; the exit code and what it printed.
    fn policy(&self, arguments: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_kakou"))
            .arg("policy")
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (output.status.code().unwrap(), said)
    }
}

#[test]
fn a_draft_is_proved_signed_by_two_people_and_shown() {
    let office = Office::new();
    let (code, said) = office.policy(&["check", "draft.toml"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("成立 gate-in: ") && said.contains("each with exactly one outcome"), "{said}");
    let keys = ["li.key", "zhao.key"].map(|key| {
        let (code, said) = office.policy(&["key", key]);
        assert_eq!(code, 0, "{said}");
        assert_eq!(office.policy(&["key", key]).1, said, "the same the next time");
        said.trim().to_owned()
    });
    assert!(keys[0].len() == 64 && keys[0] != keys[1]);
    let sign = |file: &str, key: &str| office.policy(&["sign", file, "--key", key, "--out", "p.bundle"]);
    let (code, said) = sign("draft.toml", "li.key");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("one more person must sign"), "{said}");
    let (code, said) = sign("p.bundle", "li.key");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("somebody else must sign"), "{said}");
    let (code, said) = sign("p.bundle", "zhao.key");
    assert!(code == 0 && said.contains("signatures 2") && !said.contains("one more"), "{said}");
    let (code, said) = office.policy(&["show", "p.bundle"]);
    assert_eq!(code, 0, "{said}");
    for words in [
        "version    7 ",
        "until      2026-12-15",
        "area       watch; after the end sealed",
        "(cited)",
        "gate-in",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    for key in keys {
        assert!(said.contains(&format!("{key} 有效 good")), "{said}");
    }
    assert!(!office.file("none.key").exists());
    let (code, said) = sign("p.bundle", "none.key");
    assert_eq!(code, 2, "a key that is drawn now is one that nobody trusts: {said}");
    assert!(!office.file("none.key").exists());
}

#[test]
fn a_bundle_is_handed_in_to_a_kiosk_that_trusts_its_signers() {
    let office = Office::new();
    let keys = ["li.key", "zhao.key"].map(|key| office.policy(&["key", key]).1.trim().to_owned());
    std::fs::write(
        office.file("draft.toml"),
        DRAFT
            .replace("xiyuan", "jinhe-garden")
            .replace("profile_files = [\"gate.toml\"]", "shipped = [\"residential\"]"),
    )
    .unwrap();
    office.policy(&["sign", "draft.toml", "--key", "li.key", "--out", "one.bundle"]);
    office.policy(&["sign", "one.bundle", "--key", "zhao.key", "--out", "two.bundle"]);
    let state = office.file("state");
    let incoming = state.join("policy/incoming.bundle");
    std::fs::create_dir_all(state.join("policy")).unwrap();
    let example = include_str!("../../systemd/kiosk.toml");
    let config = |signers: &str| {
        let state = format!("state = {:?}\n{signers}\n", state.display().to_string());
        let text = example.replacen("#state = \"/var/lib/kakou\"", &state, 1);
        std::fs::write(office.file("kiosk.toml"), text).unwrap();
    };
    let hand_in = |bundle: &str| office.policy(&["hand-in", bundle, "--config", "kiosk.toml"]);
    config("");
    let (code, said) = hand_in("two.bundle");
    assert!(code == 1 && said.contains("signed by 0 of the trusted signers"), "{said}");
    config(&format!("policy_signers = [\"{}\"]", keys[0]));
    let (code, said) = hand_in("two.bundle");
    assert!(code == 1 && said.contains("must name the keys of at least two people"), "{said}");
    config(&format!("policy_signers = {keys:?}"));
    let (code, said) = hand_in("one.bundle");
    assert!(code == 1 && said.contains("signed by 1 of the trusted signers"), "{said}");
    assert!(!incoming.exists());
    let (code, said) = hand_in("two.bundle");
    assert!(code == 0 && said.contains("version 7 is handed in"), "{said}");
    assert_eq!(std::fs::read(incoming).unwrap(), std::fs::read(office.file("two.bundle")).unwrap());
}

#[test]
fn an_altered_bundle_is_shown_as_that() {
    let office = Office::new();
    office.policy(&["key", "li.key"]);
    office.policy(&["sign", "draft.toml", "--key", "li.key", "--out", "p.bundle"]);
    let mut bytes = std::fs::read(office.file("p.bundle")).unwrap();
    let at = bytes.windows(6).position(|six| six == b"xiyuan").unwrap();
    bytes[at] = b'y';
    std::fs::write(office.file("p.bundle"), bytes).unwrap();
    let (code, said) = office.policy(&["show", "p.bundle"]);
    assert!(code == 1 && said.contains("DOES NOT MATCH"), "{said}");
}

#[test]
fn two_drafts_are_compared_in_words() {
    let office = Office::new();
    let later = DRAFT.replace("version = 7", "version = 8").replace("mode = \"watch\"", "mode = \"sealed\"");
    std::fs::write(office.file("later.toml"), later).unwrap();
    let (code, said) = office.policy(&["diff", "draft.toml", "later.toml"]);
    assert_eq!(code, 1);
    assert!(said.contains("watch") && said.contains("sealed"), "{said}");
    assert_eq!(office.policy(&["diff", "draft.toml", "draft.toml"]).0, 0);
}

#[test]
fn what_is_not_sound_is_neither_passed_nor_signed_and_the_case_is_named() {
    let office = Office::new();
    office.policy(&["key", "li.key"]);
    let refused = |file: &str, text: String, words: &str| {
        std::fs::write(office.file(file), text).unwrap();
        let (code, said) = office.policy(&["check", "draft.toml"]);
        assert!(code == 1 && said.contains(words), "{words} in {said}");
        let (code, said) = office.policy(&["sign", "draft.toml", "--key", "li.key", "--out", "p.bundle"]);
        assert!(code == 1 && said.contains(words), "{words} in {said}");
        assert!(!office.file("p.bundle").exists());
    };
    let rule = "[[profile.rule]]\nid = \"all\"\nthen = \"admit\"\n";
    refused("gate.toml", format!("{GATE}{rule}"), "rule all lets through what is not settled");
    let rule = format!("{rule}[profile.rule.when]\nall_steps = \"settled\"\n");
    refused("gate.toml", format!("{GATE}{rule}"), "no rule applies in ");
    let cycle = "[profile.step.when]\n[[profile.step.when.after]]\nstep = \"credential\"\nis = \"done\"\n";
    refused("gate.toml", format!("{GATE}{cycle}"), "credential");
    refused(
        "gate.toml",
        GATE.replace("\"credential\"", "\"handshake\""),
        "kind = \"handshake\": must be \"credential\"",
    );
    std::fs::write(office.file("gate.toml"), GATE).unwrap();
    let draft = |from: &str, to: &str| DRAFT.replace(from, to);
    refused("draft.toml", draft("until = \"2026-12-15T00:00:00+08:00\"\n", ""), "until: missing");
    refused("draft.toml", draft("2026-12-15", "2026-11-15"), "must end after it begins");
    let fahrenheit = format!("{DRAFT}[thermometry]\nthreshold_c = 99.1\n");
    refused("draft.toml", fahrenheit, "threshold_c = 99.1: must be ");
    let (code, said) = office.policy(&["check", "none.toml"]);
    assert!(code == 2 && said.contains("none.toml"), "{said}");
}

#[test]
fn every_file_that_comes_with_the_program_is_proved_by_the_command() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files: Vec<String> = kakou::config::profile_file::SHIPPED
        .iter()
        .map(|(file, _)| folder.join(file).display().to_string())
        .collect();
    let arguments: Vec<&str> = ["check"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let (code, said) = Office::new().policy(&arguments);
    assert_eq!(code, 0, "{said}");
    assert!(said.matches("成立").count() > 30, "{said}");
}
