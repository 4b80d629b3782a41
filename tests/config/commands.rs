//! `kakou check`, `kakou roster` and `kakou pin`, as somebody types them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The state folder of [`site_in`].
const STATE: &str = "var/lib/kakou";

fn kakou(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kakou"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]].map(String::from_utf8_lossy).concat()
}

fn shipped(file: &str) -> String {
    format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// The example configuration with its state below `folder`, where nothing is yet.
fn site_in(folder: &Path) -> String {
    let path = folder.join("kiosk.toml");
    let example = std::fs::read_to_string(shipped("systemd/kiosk.toml")).unwrap();
    let state = format!("state = \"{}\"", folder.join(STATE).display());
    std::fs::write(&path, example.replace("notice = 12", &state)).unwrap();
    path.display().to_string()
}

#[test]
fn check_prints_what_is_in_force() {
    let (board, config) = (shipped("boards/simulated.toml"), shipped("systemd/kiosk.toml"));
    let output = kakou(&["check", "--board", &board, "--config", &config], "");
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    for expected in [
        "kiosk      east-gate",
        "policy     ",
        "threshold 37.30 °C, guard 0.30",
        "lane       vehicle",
        "device   person-brow (mlx90614)",
        "step   temperature: 30 s; waived for device-fault, too-cold-outside",
        "step   occupants: 600 s; waived for never",
        "attendants none",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
}

#[test]
fn check_says_all_mistakes_of_both_files_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, from: &str, right: &str, wrong: &str| {
        let text = std::fs::read_to_string(shipped(from)).unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text.replacen(right, wrong, 1)).unwrap();
        path.display().to_string()
    };
    let board = write("board.toml", "boards/simulated.toml", "driver = \"scanner\"", "driver = \"scaner\"");
    let config = write("kiosk.toml", "systemd/kiosk.toml", "notice = 12", "notice = \"twelve\"");
    let output = kakou(&["check", "--board", &board, "--config", &config], "");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("board.toml:") && said.contains("scaner"), "{said}");
    assert!(
        said.contains("kiosk.toml:") && said.contains("notice = \"twelve\": must be 1 to 999999"),
        "{said}"
    );
}

#[test]
fn a_pin_becomes_a_line_of_the_configuration() {
    let output = kakou(&["pin"], "2468\n");
    let line = said(&output);
    assert!(line.starts_with("pin = \"$argon2id$v=19$m=19456,t=2,p=1$") && !line.contains("2468"), "{line}");
    assert_ne!(said(&kakou(&["pin"], "2468\n")), line, "salted");
    for bad in ["", "123\n", "123456789\n", "12a4\n", "１２３４\n"] {
        let output = kakou(&["pin"], bad);
        assert_eq!(output.status.code(), Some(1), "{bad}");
        assert!(!said(&output).contains("12a4"));
    }
}

#[test]
fn a_roster_is_imported_shown_and_kept_where_an_import_fails() {
    let folder = tempfile::tempdir().unwrap();
    let config = site_in(folder.path());
    let csv = folder.path().join("people.csv").display().to_string();
    let import = |rows: &str, more: &[&str]| {
        std::fs::write(&csv, format!("id_number,class\n{rows}")).unwrap();
        kakou(&[&["roster", "import", &csv, "--config", &config], more].concat(), "")
    };
    let shown = || said(&kakou(&["roster", "show", "--config", &config], ""));
    assert!(shown().contains("there is no list yet"), "{}", shown());

    let output = import("11010519491231002X,resident\n110105194912310021,worker\n", &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("1 rows, 1 identifiers, 1 rows left out"), "{}", said(&output));
    assert!(
        said(&output).contains("people.csv: line 3: column id_number: the last character does not match")
    );
    assert!(!said(&output).contains("1101051949"), "a number is quoted");
    assert!(shown().contains("1 identifiers, 0 h old") && shown().contains("1  resident"), "{}", shown());

    let output = import("440524188001010014,worker\n1,worker\n", &["--strict"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("1 of 2 rows have faults; the list is as it was"), "{}", said(&output));
    assert!(shown().contains("1  resident"));
    assert_eq!(import("", &[]).status.code(), Some(1), "an empty list would lock everybody out");

    let path = folder.path().join(STATE).join("roster.bin");
    let mut newer = std::fs::read(&path).unwrap();
    newer[8] = 9;
    std::fs::write(&path, newer).unwrap();
    assert!(shown().contains("roster has version 9; this program reads version 1"), "{}", shown());
}
