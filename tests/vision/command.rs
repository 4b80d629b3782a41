//! `kakou read`, as a person at a keyboard meets it.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use kakou::base::{Mono, Random};
use kakou::sim::camera::{Camera, Scenery};
use kakou::vision::picture;

#[test]
fn prints_what_it_reads_and_fails_when_a_picture_has_no_code() {
    let folder = tempfile::tempdir().unwrap();
    let camera = Camera::new(Scenery::Person, Random::new(5));
    camera.scene().present("门 7".as_bytes(), Mono::ZERO, Duration::from_secs(2)).unwrap();
    let [with, without, broken] =
        ["with.pgm", "without.pgm", "broken.jpg"].map(|name| folder.path().join(name));
    for (path, ms) in [(&with, 1_000), (&without, 9_000)] {
        std::fs::write(path, picture::encode_pgm(&camera.frame(Mono::from_millis(ms)).unwrap())).unwrap();
    }
    std::fs::write(&broken, b"\xFF\xD8\xFF\xE0").unwrap();

    let good = read(&[&with]);
    let text = String::from_utf8(good.stdout).unwrap();
    assert!(good.status.success() && text.contains("with.pgm: 门 7 (fast, 21 modules"), "{text}");

    let bad = read(&[&with, &without, &broken, Path::new("/none.jpg"), Path::new("--json")]);
    assert_eq!(bad.status.code(), Some(1));
    let lines: Vec<serde_json::Value> = String::from_utf8(bad.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["codes"][0]["text"], "门 7");
    assert_eq!(lines[1]["codes"].as_array().map(Vec::len), Some(0));
    assert!(lines[2]["error"].as_str().unwrap().contains("jpeg"));
    assert!(lines[3]["error"].as_str().unwrap().contains("No such file"));
}

fn read(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kakou")).arg("read").args(arguments).output().unwrap()
}
