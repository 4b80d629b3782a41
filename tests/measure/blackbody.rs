//! Commercial thermometers on a blackbody at three temperatures of the surroundings (erikbeall/elevatedfacestudy2021), and ours.

use serde_json::Value;

use super::command::{data, said, written};

const FILE: &str = "blackbody-ncit-ambients.csv";

#[test]
fn ours_follows_a_blackbody_and_commercial_ones_draw_it_towards_normal() {
    let Some(folder) = crate::corpora::folder("thermometry", FILE) else { return };
    let file = folder.join(FILE);
    let file = file.to_str().unwrap();
    let arguments = [
        "--blackbody",
        file,
        "--set-point",
        "SetPoint",
        "--ambient",
        "Ambient",
        "--fahrenheit",
        "Braun NoTouch",
    ];
    let text = said(&arguments);
    assert!(
        text.contains("Braun In-ear") && text.contains("left out, line 6: 94.05 is a temperature in °F only"),
        "{text}"
    );
    for site in ["forehead-centre", "forehead-max", "canthus", "face-max", "neck"] {
        let devices = data(&arguments.iter().copied().chain(["--site", site]).collect::<Vec<_>>());
        let ours = device(&devices, &format!("kakou, {site}"));
        assert_eq!(ours.len(), 3, "three surroundings");
        for at in ours {
            assert!(slope(at, "slope") >= 1.0 && slope(at, "slope_within") >= 1.0, "{site}: {at}");
            assert_eq!(at["order"], "monotone", "{site}");
        }
        // Slopes between 33 and 35.5 °C of modes that are sold for bodies.
        for name in ["QBody", "QBody2", "ExtechBody", "Extec2 (column 9)", "Exergen"] {
            for at in device(&devices, name) {
                assert!((0.2..=0.71).contains(&slope(at, "slope_within")), "{name}: {at}");
            }
        }
        assert!(device(&devices, "QBody").iter().any(|at| at["order"] == "broken"));
    }
}

#[test]
fn what_is_missing_counts_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(
        &folder,
        "b.csv",
        "SetPoint,One,Two,Ambient\n33,33,0,22\n34,0,0,22\n35,35,0,22.3\n,36,1,22\n36,36,0,30\n",
    );
    let devices = data(&["--blackbody", &file]);
    let one = device(&devices, "One");
    assert_eq!((one.len(), &one[0]["readings"], &one[1]["readings"]), (2, &2.into(), &1.into()));
    assert!((slope(&one[0], "slope") - 1.0).abs() < 1e-9);
    assert!(device(&devices, "Two").is_empty());
    assert!(said(&["--blackbody", &file]).contains("no readings"));
}

fn device<'d>(devices: &'d Value, name: &str) -> &'d [Value] {
    let device = devices.as_array().unwrap().iter().find(|device| device["name"] == name);
    device.unwrap_or_else(|| panic!("no {name}"))["responses"].as_array().unwrap()
}

fn slope(at: &Value, which: &str) -> f64 {
    at[which].as_f64().unwrap()
}
