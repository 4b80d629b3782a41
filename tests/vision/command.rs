//! `kakou read`, as a person at a keyboard meets it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use kakou::base::{Mono, Random};
use kakou::sim::camera::footage::{Footage, Level};
use kakou::sim::camera::{Camera, Scenery};
use kakou::vision::{Frame, picture};
use rxing::pdf417::PDF417Writer;
use rxing::{BarcodeFormat, EncodeHints, Writer};

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

#[test]
fn a_folder_prints_a_table_a_list_comes_from_standard_input_and_a_camera_is_watched_until_it_shows_a_code() {
    let folder = tempfile::tempdir().unwrap();
    let camera = Camera::new(Scenery::Person, Random::new(5));
    camera.scene().present(b"gate", Mono::ZERO, Duration::from_secs(2)).unwrap();
    let paths = ["a.pgm", "b.pgm"].map(|name| folder.path().join(name));
    for (path, ms) in [(&paths[1], 1_000), (&paths[0], 9_000)] {
        std::fs::write(path, picture::encode_pgm(&camera.frame(Mono::from_millis(ms)).unwrap())).unwrap();
    }
    let table = read(&[folder.path()]);
    let text = String::from_utf8(table.stdout).unwrap();
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!((table.status.code(), rows.len()), (Some(1), 3), "{text}");
    assert!(
        rows[0].ends_with("a.pgm") && rows[1].contains("fast          21  unsure  b.pgm  gate"),
        "{text}"
    );
    assert!(rows[2].ends_with(": 1 of 2 read"), "{text}");

    let mut child = Command::new(env!("CARGO_BIN_EXE_kakou"));
    child.args(["read", "--json", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = child.spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{}", paths[1].display()).unwrap();
    let listed = child.wait_with_output().unwrap();
    let value: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert!(listed.status.success() && value["codes"][0]["text"] == "gate", "{value}");

    let watched = read(&[Path::new("--camera"), folder.path()]);
    let text = String::from_utf8(watched.stdout).unwrap();
    assert!(watched.status.success() && text.contains("gate (fast"), "{text}");
    let none = read(&[Path::new("--camera"), Path::new("/dev/video-none")]);
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8(none.stdout).unwrap().contains("/dev/video-none: "), "says which and why");
    assert_eq!(read(&[]).status.code(), Some(2), "nothing to read");
}

#[test]
fn a_photograph_in_colour_says_the_colour_of_its_code() {
    let (level, held) = (Level::Easy, Duration::from_secs(2));
    let footage = Footage::new(b"gate", 9, level, held, &mut Random::new(3)).unwrap();
    let picture = footage.frame(30);
    let (width, height) = (u16::try_from(picture.width).unwrap(), u16::try_from(picture.height).unwrap());
    let file = tempfile::NamedTempFile::with_suffix(".jpg").unwrap();
    let encoder = jpeg_encoder::Encoder::new_file(file.path(), 90).unwrap();
    encoder.encode(&picture.bytes, width, height, jpeg_encoder::ColorType::Rgb).unwrap();
    let text = |arguments: &[&Path]| String::from_utf8(read(arguments).stdout).unwrap();
    let line = text(&[file.path()]);
    assert!(line.contains(": gate (") && line.contains(" modules, yellow, "), "{line}");
    let value: serde_json::Value = serde_json::from_str(&text(&[Path::new("--json"), file.path()])).unwrap();
    assert_eq!(
        (&value["codes"][0]["text"], &value["codes"][0]["colour"]),
        (&"gate".into(), &"yellow".into())
    );
}

#[test]
fn other_symbols_are_read_where_they_are_asked_for() {
    let hints = EncodeHints { Margin: Some("4".to_owned()), ..EncodeHints::default() };
    let drawn = PDF417Writer.encode_with_hints("ticket 7", &BarcodeFormat::PDF_417, 0, 0, &hints).unwrap();
    let (width, height) = (3 * drawn.getWidth(), 3 * drawn.getHeight());
    let pixel = |at: u32| if drawn.get(at % width / 3, at / width / 3) { 30 } else { 220 };
    let (luma, [width, height]) =
        ((0..width * height).map(pixel).collect(), [width, height].map(|side| side as usize));
    let file = tempfile::NamedTempFile::with_suffix(".pgm").unwrap();
    let frame = Frame::new(width, height, luma, Mono::ZERO).unwrap();
    std::fs::write(file.path(), picture::encode_pgm(&frame)).unwrap();
    let kinds = |kinds: &str| read(&[Path::new("--symbologies"), Path::new(kinds), file.path()]);
    let text = String::from_utf8(kinds("data-matrix,pdf417").stdout).unwrap();
    assert!(text.contains(": ticket 7 (pdf417, "), "{text}");
    assert_eq!(read(&[file.path()]).status.code(), Some(1));
    let wrong = kinds("pdf416");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("must be among data-matrix, pdf417, aztec"));
}

fn read(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kakou")).arg("read").args(arguments).output().unwrap()
}
