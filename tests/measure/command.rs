//! What somebody meets who measures a file of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Two with a fever, three without; one of them outside of what the rule decides.
const PEOPLE: &str = "id,skin,surroundings,reference,site\n\
    a,35.60,22,38.1,forehead\n\
    b,34.60,22,37.6,forehead\n\
    c,34.10,22,36.9,forehead\n\
    d,34.00,23,36.7,forehead\n\
    e,33.00,22,36.6,forehead\n";

#[test]
fn says_whom_the_shipped_rule_finds_and_whom_it_does_not_measure() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(&folder, "people.csv", PEOPLE);
    let text = said(&[&file]);
    for part in [
        "5 of 5 rows",
        "2 febrile, 3 afebrile",
        "37.3 °C an axillary one",
        "febrile            1        1       0             0",
        "afebrile           0        0       2             1",
        "not measured, too-cold: 0 febrile, 1 afebrile",
        "sensitivity  referred 0.500 (0.095 to 0.905) 1/2",
        "neither referred nor measured again 1.000 (0.342 to 1.000) 2/2",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let data = data(&[&file]);
    assert_eq!(data["sites"]["forehead-centre"]["rule"]["sensitivity"]["count"], 1);
    assert_eq!(data["source"]["people"], 5);
}

#[test]
fn every_subjects_decision_is_written_with_the_reason_where_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(&folder, "people.csv", PEOPLE);
    let out = folder.path().join("out.csv");
    said(&[&file, "--decisions", out.to_str().unwrap()]);
    let lines = std::fs::read_to_string(out).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(
        lines[0],
        "id,site,readings,skin_c,surroundings_c,core_equivalent_c,uncertainty_c,probability,zone,reason,reference_c"
    );
    assert!(lines[1].starts_with("a,forehead-centre,1,35.60,22.00,38.32,"), "{}", lines[1]);
    assert!(lines[1].ends_with(",refer,,38.10"), "{}", lines[1]);
    assert!(lines[2].contains(",recheck,,"), "{}", lines[2]);
    assert!(lines[3].contains(",below,,"), "{}", lines[3]);
    assert!(lines[5].ends_with(",not-measured,too-cold,36.60"), "{}", lines[5]);
}

#[test]
fn a_spreadsheet_of_another_country_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let plain = written(&folder, "plain.csv", PEOPLE);
    let rows = PEOPLE.replace(',', ";").replace('.', ",").replace('\n', "\r\n");
    let rows = rows.replace("id;skin;surroundings", "ID; Skin ;SURROUNDINGS");
    let other = written(&folder, "other.csv", &format!("\u{feff}{rows}"));
    assert_eq!(data(&[&plain])["sites"], data(&[&other])["sites"]);
}

#[test]
fn rows_and_columns_of_one_subject_are_repeated_readings_of_which_the_median_counts() {
    let folder = tempfile::tempdir().unwrap();
    let rows = written(
        &folder,
        "rows.csv",
        "subject,skin,surroundings,reference\na,34.0,22,36.8\na,34.2,22,\nb,34.4,22,37\na,35.9,22,36.9\n",
    );
    let one = &data(&[&rows])["sites"]["forehead-centre"];
    assert_eq!(one["people"]["afebrile"], 2);
    let out = folder.path().join("out.csv");
    said(&[&rows, "--decisions", out.to_str().unwrap()]);
    let lines = std::fs::read_to_string(&out).unwrap();
    assert!(lines.contains("a,forehead-centre,3,34.20,22.00,"), "{lines}");
    assert!(lines.contains(",36.85\n"), "references too: {lines}");

    let columns = written(
        &folder,
        "columns.csv",
        "t1,who,t2,air,t3\n34.0,a,0,22,34.4\n-1,b,34.4,22,NaN\n,c,,22,\n34.1,d,34.1,,34.1\n",
    );
    let text = said(&[&columns, "--columns", "skin=t1+t2+t3,surroundings=air,id=who"]);
    for part in [
        "2 of 4 rows",
        "1 rows: no skin temperature",
        "1 rows: no temperature of the surroundings",
        "t1 + t2 + t3",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn sites_are_told_apart_and_one_can_be_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(
        &folder,
        "sites.csv",
        "id,skin,surroundings,site\na,34.5,22,Forehead\na,35.5,22,canthi\na,36.0,22,FACE max\n",
    );
    let sites = data(&[&file])["sites"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(sites, ["canthus", "face-max", "forehead-centre"]);
    let text = said(&[&file, "--site", "eye"]);
    assert!(text.contains("1 of 3 rows") && text.contains("2 rows: another site"), "{text}");
    let several = failed(&[&file, "--fit", "/nowhere.toml"]);
    assert!(
        several.contains("is of several sites (forehead-centre, canthus, face-max); choose by --site"),
        "{several}"
    );
}

#[test]
fn whatever_is_wrong_is_said_with_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = |text: &str| written(&folder, "bad.csv", text);
    let cases: [(&str, &[&str], &str); 12] = [
        (
            "who,skin\na,34\n",
            &[],
            "bad.csv: no column surroundings on line 1; it has: who, skin (headings on another line",
        ),
        (
            "skin,surroundings\n34,22\n",
            &["--columns", "id=Subject"],
            "no column Subject on line 1; it has: skin, surroundings",
        ),
        (
            "skin,surroundings\n34,22\n",
            &["--columns", "brow=skin"],
            "brow is none of skin, surroundings, reference",
        ),
        ("skin,surroundings\n34,22\n", &["--header-row", "4"], "bad.csv: has no line 4 with headings"),
        (
            "skin,surroundings\n34,22\n\n95.5,22\n",
            &[],
            "bad.csv, line 4, column skin: 95.5 is a temperature in °F only",
        ),
        (
            "skin,surroundings\n34,72\n",
            &[],
            "bad.csv, line 2, column surroundings: 72 is a temperature in °F only",
        ),
        ("skin,surroundings\n34,22\nhot,22\n", &[], "bad.csv, line 3, column skin: \"hot\" is no number"),
        (
            "skin,surroundings\n5.5,22\n",
            &[],
            "bad.csv, line 2, column skin: 5.50 °C is not within 10 to 50 °C",
        ),
        (
            "skin,surroundings,site\n34,22,ear\n",
            &[],
            "bad.csv, line 2, column site: ear is no site of the body: forehead-centre",
        ),
        ("skin,surroundings\n34,5,22\n", &[], "line 2: has 3 cells under 2 headings; with decimal commas"),
        ("skin,surroundings\n34.1,22\n", &["--fahrenheit", "brow"], "no column brow"),
        ("skin,surroundings\n0,22\n", &[], "nobody is left: 1 rows"),
    ];
    for (text, arguments, expected) in cases {
        let path = file(text);
        let mut all = vec![path.as_str()];
        all.extend(arguments);
        let said = failed(&all);
        assert!(said.contains(expected), "{text:?} {arguments:?}\n{said}");
    }
    let gone = failed(&["/nowhere/people.csv"]);
    assert!(gone.contains("/nowhere/people.csv: there is no such file"), "{gone}");
}

#[test]
fn fahrenheit_is_converted_where_somebody_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let celsius = written(&folder, "c.csv", "id,skin,surroundings\na,35,22\n");
    let fahrenheit = written(&folder, "f.csv", "id,Brow,surroundings\na,95,22\n");
    let converted = data(&[&fahrenheit, "--columns", "skin=Brow", "--fahrenheit", "Brow"]);
    assert_eq!(converted["sites"], data(&[&celsius])["sites"]);
    assert_eq!(
        data(&[&fahrenheit, "--columns", "skin=Brow", "--fahrenheit", "skin"])["sites"],
        converted["sites"]
    );
}

#[test]
fn what_is_frozen_is_applied_as_it_is_and_says_where_it_is_from() {
    let folder = tempfile::tempdir().unwrap();
    let crowd = |warmer: f64, hotter: f64| {
        let mut text = "id,skin,surroundings,reference\n".to_owned();
        for n in 0..150 {
            let (air, body) = (20.0 + warmer + f64::from(n % 5), 36.2 + hotter + f64::from(n) / 150.0);
            text += &format!("s{n},{:.2},{air:.1},{body:.2}\n", (body + 0.15 * air) / 1.15);
        }
        text + "fever,36.80,22,38.9\n"
    };
    let here = written(&folder, "here.csv", &crowd(0.0, 0.0));
    let there = written(&folder, "there.csv", &crowd(5.0, 0.0));
    let fitted = folder.path().join("fitted.toml");
    let fitted = fitted.to_str().unwrap();
    let text = said(&[&here, "--fit", fitted, "--site", "wrist"]);
    for line in [
        "site = \"wrist\"",
        "surroundings_factor = 0.1",
        "correction_c = ",
        "threshold_c = 3",
        "guard_c = 0.0",
    ] {
        assert!(text.lines().any(|one| one.starts_with(line)), "{line}\n{text}");
    }
    let file: toml::Table = std::fs::read_to_string(fitted).unwrap().parse().unwrap();
    assert_eq!(file["file"].as_str(), Some("here.csv"));
    assert_eq!(file["sha256"].as_str().map(str::len), Some(64));
    assert_eq!((file["afebrile"].as_integer(), file["febrile"].as_integer()), (Some(150), Some(1)));
    let threshold = file["corrected"]["threshold_c"].as_float().unwrap();

    let applied = &data(&[&there, "--apply", fitted])["applied"];
    assert_eq!(applied["corrected"]["threshold_c"].as_f64(), Some(threshold), "nothing is fitted again");
    assert!(applied["corrected"]["specificity"]["share"].as_f64().unwrap() >= 0.95, "{applied}");
    assert!(applied["uncorrected"]["specificity"]["share"].as_f64().unwrap() < 0.8, "{applied}");
    assert_eq!(applied["rule"]["sensitivity"]["count"], 1);

    // Of people who are all a little hotter, fewer stay below what was frozen: nothing is fitted again.
    let hotter = written(&folder, "hotter.csv", &crowd(0.0, 0.25));
    let applied = &data(&[&hotter, "--apply", fitted])["applied"];
    for point in ["corrected", "uncorrected"] {
        let even = &applied[format!("{point}_even")]["threshold_c"];
        assert_eq!(applied[point]["threshold_c"].as_f64(), file[point]["threshold_c"].as_float(), "{point}");
        assert_eq!(even.as_f64(), file[point]["threshold_even_c"].as_float(), "{point}");
        assert!(applied[point]["specificity"]["share"].as_f64().unwrap() < 0.9, "{applied}");
    }

    let other = failed(&[&there, "--apply", fitted, "--site", "neck"]);
    assert!(other.contains("what is applied was frozen for wrist"), "{other}");
    let altered = std::fs::read_to_string(fitted).unwrap().replace("version = 1", "version = 2");
    let altered = written(&folder, "altered.toml", &altered);
    assert!(failed(&[&there, "--apply", &altered]).contains("is of version 2, this program reads 1"));
    let few = written(&folder, "few.csv", &crowd(0.0, 0.0).lines().take(41).collect::<Vec<_>>().join("\n"));
    let few = failed(&[&few, "--fit", fitted]);
    assert!(
        few.contains(
            "40 people without a fever promise no such specificity by this assurance; it takes at least 59"
        ),
        "{few}"
    );
}

#[test]
fn the_lines_for_the_kiosk_are_a_thermometry_that_a_kiosk_takes() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "id,skin,surroundings,reference\n".to_owned();
    for n in 0..100 {
        text += &format!(
            "s{n},{:.2},{},{:.2}\n",
            34.0 + f64::from(n % 40) / 50.0,
            20 + n % 5,
            36.6 + f64::from(n % 7) / 20.0
        );
    }
    let people = written(&folder, "people.csv", &text);
    let fitted = folder.path().join("fitted.toml");
    let said = said(&[&people, "--fit", fitted.to_str().unwrap()]);
    let lines = &said[said.find("[thermometry]").unwrap()..];
    let shipped = include_str!("../../systemd/kiosk.toml");
    let with = shipped.replace("#[thermometry]", lines);
    assert!(with.contains("guard_c = 0.0"), "{with}");
    let config = written(&folder, "kiosk.toml", &with);
    let ruled = data(&[&people, "--config", &config]);
    let rule = &ruled["sites"]["forehead-centre"]["rule"];
    assert_eq!(rule["guard_c"].as_f64(), Some(0.0));
    let file: toml::Table = std::fs::read_to_string(&fitted).unwrap().parse().unwrap();
    assert_eq!(rule["threshold_c"].as_f64(), file["corrected"]["threshold_c"].as_float());
}

pub fn measure(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kakou")).arg("measure").args(arguments).output().unwrap()
}

pub fn said(arguments: &[&str]) -> String {
    let output = measure(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub fn data(arguments: &[&str]) -> Value {
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    serde_json::from_str(&said(&arguments)).unwrap()
}

fn failed(arguments: &[&str]) -> String {
    let output = measure(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

pub fn written(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path: PathBuf = Path::new(folder.path()).join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}
