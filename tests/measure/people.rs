//! Group 1 of the FDA's facial and oral temperatures (PhysioNet `face-oral-temp-data` 1.0.0, CC0), whose figures are published.

use std::path::PathBuf;

use serde_json::Value;

use super::command::{data, written};

const FILE: &str = "fda-face-oral-group1.csv";
/// A site, and the beginning of the headings of its four rounds.
const SITES: [(&str, &str); 4] = [
    ("forehead-centre", "T_FHCC"),
    ("forehead-max", "T_FH_Max"),
    ("canthus", "canthiMax"),
    ("face-max", "T_Max"),
];

#[test]
fn the_published_areas_and_factors_come_out() {
    let Some(file) = file() else { return };
    // Area of the skin as it is: Zhou et al., JBO 2020, of both groups, within 0.01; forehead centre computed from them.
    let areas = [[0.81, 0.85], [0.86, 0.88], [0.95, 0.97], [0.95, 0.97]];
    // Factors as fitted on this group with the same method elsewhere; face maximum has no published one.
    let factors = [Some(0.241), Some(0.132), Some(0.098), None];
    for (((site, heading), [low, high]), factor) in SITES.into_iter().zip(areas).zip(factors) {
        let data = data(&with(&file, site, heading, &[]).iter().map(String::as_str).collect::<Vec<_>>());
        let of = &data["sites"][site];
        let area = of["skin_area"]["value"].as_f64().unwrap();
        let fitted = of["fit"]["factor"].as_f64().unwrap();
        println!(
            "{site}: AUC {} {}, F {}, gap {}, between {}, within {}",
            of["skin_area"], of["core_area"], of["fit"], of["gap"], of["between"], of["within"]
        );
        assert_eq!(
            (of["people"]["febrile"].as_u64(), of["people"]["afebrile"].as_u64()),
            (Some(47), Some(497))
        );
        assert!((low - 0.01..=high + 0.01).contains(&area), "{site}: area {area}");
        assert!(factor.is_none_or(|factor| (fitted - factor).abs() < 1e-3), "{site}: F {fitted}");
        assert!(
            of["core_area"]["value"].as_f64().unwrap() >= area - 0.005,
            "{site}: a correction costs nothing"
        );
        let [from, to] =
            [&of["fit"]["interval"][0], &of["fit"]["interval"][1]].map(|end| end.as_f64().unwrap());
        match site {
            "forehead-centre" => assert!((0.16..=0.25).contains(&fitted), "{fitted}"),
            "canthus" => assert!((0.08..=0.15).contains(&fitted), "{fitted}"),
            _ => assert!(fitted > 0.0 && from > 0.0 && to < 0.25, "{site}: {fitted}"),
        }
    }
}

#[test]
fn a_threshold_frozen_on_one_half_holds_on_the_other() {
    let Some(file) = file() else { return };
    let folder = tempfile::tempdir().unwrap();
    let fitted = folder.path().join("fitted.toml").to_str().unwrap().to_owned();
    let mut even = Vec::new();
    for (site, heading) in SITES {
        for (one, other) in [("odd", "even"), ("even", "odd")] {
            let run = |more: &[&str]| {
                let arguments = with(&file, site, heading, more);
                data(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
            };
            run(&["--half", one, "--fit", &fitted, "--specificity", "0.95"]);
            let applied = run(&["--half", other, "--apply", &fitted])["applied"].clone();
            let share = |point: &str, what: &str| applied[point][what]["share"].as_f64().unwrap();
            for point in ["corrected", "corrected_even", "uncorrected", "uncorrected_even"] {
                let [specificity, sensitivity] =
                    ["specificity", "sensitivity"].map(|what| shown(&applied[point][what]));
                println!(
                    "{site:16} {one:4} → {other:4} {point:17} specificity {specificity}, sensitivity {sensitivity}"
                );
            }
            let specificity = share("corrected", "specificity");
            assert!(specificity >= 0.93, "{site}, {one} to {other}: {specificity}");
            even.push(share("corrected_even", "specificity"));
        }
    }
    // Without an assurance the design holds on average only.
    #[expect(clippy::cast_precision_loss, reason = "eight")]
    let mean = even.iter().sum::<f64>() / even.len() as f64;
    assert!((0.935..0.965).contains(&mean), "{mean} of {even:?}");
}

#[test]
fn a_file_with_named_columns_and_a_row_a_reading_says_the_same() {
    let Some(file) = file() else { return };
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let mut lines = text.lines().skip(2);
    let headings: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = |heading: &str| headings.iter().position(|one| *one == heading).unwrap();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let mut named = "\u{feff}Subject;Skin;Surroundings;Reference;Site\r\n".to_owned();
    for round in 1..=4 {
        for row in &rows {
            let cells = ["SubjectID", &format!("canthiMax{round}"), "T_atm", "aveOralM"].map(|h| row[at(h)]);
            named += &format!("{};canthi\r\n", cells.join(";").replace('.', ","));
        }
    }
    let named = written(&folder, "named.csv", &named);
    let original = with(&file, "canthus", "canthiMax", &[]);
    let original = data(&original.iter().map(String::as_str).collect::<Vec<_>>());
    // Whoever lacks the first reading comes later in the other file: sums differ in their last digits.
    assert_eq!(rounded(&data(&[&named])["sites"]), rounded(&original["sites"]));
}

fn file() -> Option<PathBuf> {
    crate::corpora::folder("thermometry", FILE).map(|folder| folder.join(FILE))
}

fn with(file: &std::path::Path, site: &str, heading: &str, more: &[&str]) -> Vec<String> {
    let rounds: Vec<String> = (1..=4).map(|round| format!("{heading}{round}")).collect();
    let columns = format!("skin={},reference=aveOralM,surroundings=T_atm,id=SubjectID", rounds.join("+"));
    let fixed = [file.to_str().unwrap(), "--header-row", "3", "--site", site, "--columns", &columns];
    fixed.iter().chain(more).map(|one| (*one).to_owned()).collect()
}

/// The same with nine decimals.
fn rounded(value: &Value) -> Value {
    match value {
        Value::Object(all) => all.iter().map(|(key, value)| (key.clone(), rounded(value))).collect(),
        Value::Array(all) => all.iter().map(rounded).collect(),
        Value::Number(number) if number.is_f64() => format!("{:.9}", number.as_f64().unwrap()).into(),
        Value::Number(_) | Value::String(_) | Value::Bool(_) | Value::Null => value.clone(),
    }
}

fn shown(share: &Value) -> String {
    let number = |value: &Value| format!("{:.3}", value.as_f64().unwrap());
    let [low, high] = [0, 1].map(|end| number(&share["interval"][end]));
    format!("{} ({low} to {high})", number(&share["share"]))
}
