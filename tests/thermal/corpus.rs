//! The maker's example of an MLX90640: its EEPROM, both subpages, every value on the way and all 768 temperatures.

use std::fs;
use std::path::Path;

use kakou::drivers::mlx9064x::{Calibration, Control, Converter, EEPROM_WORDS, Pattern, Status, Subpage};
use kakou::drivers::mlx90640;

#[test]
fn every_value_of_the_makers_calibration_is_found() {
    let Some(folder) = folder() else { return };
    let calibration = calibration(&folder);
    let columns = [
        ("alpha_pixels.csv", 1e-18, 0),
        ("offset_reference_pixels.csv", 0.0, 1),
        ("k_ta_pixels.csv", 5e-9, 2),
        ("k_v_pixels.csv", 0.0, 3),
    ];
    for (file, allowed, column) in columns {
        let expected = numbers(&folder.join(file));
        assert_eq!(expected.len(), 768, "{file}");
        for (index, (pixel, expected)) in calibration.pixels.iter().zip(expected).enumerate() {
            let got = [pixel.alpha, pixel.offset[0], pixel.kta, pixel.kv][column];
            assert!((got - expected).abs() <= allowed, "{file}: pixel {index}: {got} and {expected}");
        }
    }
    assert!(calibration.bad.is_empty());
    assert_eq!(calibration.pattern, Pattern::Chess);
}

#[test]
fn every_scalar_of_the_makers_calibration_is_found() {
    let Some(folder) = folder() else { return };
    let calibration = calibration(&folder);
    let compensation = calibration.compensation;
    let found = [
        ("k_v_dd", calibration.supply.slope, 0.0),
        ("v_dd_25", calibration.supply.at_25, 0.0),
        ("resolution_ee", f64::from(calibration.supply.resolution), 0.0),
        ("k_v_ptat", calibration.ptat.kv, 5e-7),
        ("k_t_ptat", calibration.ptat.kt, 0.0),
        ("v_ptat_25", calibration.ptat.at_25, 0.0),
        ("alpha_ptat", calibration.ptat.alpha, 0.0),
        ("gain_ee", calibration.gain, 0.0),
        ("k_v_cp", compensation.kv, 0.0),
        ("k_ta_cp", compensation.kta, 5e-7),
        ("k_s_ta", calibration.ks_ta, 5e-7),
        ("alpha_cp_0", compensation.alpha[0], 1e-18),
        ("alpha_cp_1", compensation.alpha[1], 1e-18),
        ("offset_cp_0", compensation.offset[0], 0.0),
        ("offset_cp_1", compensation.offset[1], 0.0),
        // Rounded to four digits there: −28/131072 is −0.000214.
        ("k_s_to", calibration.ranges.as_slice()[1].ks_to, 5e-5),
    ];
    let text = fs::read_to_string(folder.join("scalars.csv")).unwrap();
    let lines: Vec<_> = text.lines().skip(1).collect();
    assert_eq!(lines.len(), found.len());
    for line in lines {
        let (name, expected) = line.split_once(',').unwrap();
        let expected: f64 = expected.parse().unwrap();
        let (_, got, allowed) = found.iter().find(|(known, ..)| *known == name).unwrap();
        assert!((got - expected).abs() <= *allowed, "{name}: {got} and {expected}");
    }
}

#[test]
fn all_temperatures_of_the_makers_example_come_out() {
    let Some(folder) = folder() else { return };
    let mut converter = Converter::new(calibration(&folder));
    let control = Control::new(words(&folder.join("control_register.hex"))[0]);
    for page in 0..2 {
        let status = words(&folder.join(format!("frame_{page}_status_register.hex")))[0];
        // The example was saved after "new data" had been cleared.
        assert_eq!(Status::new(status | 8).fresh(), Some(Subpage::of(page)));
        let ram = words(&folder.join(format!("frame_{page}_data.hex")));
        converter.take(&ram, Subpage::of(page), control).unwrap();
    }
    let expected = numbers(&folder.join("temperatures.csv"));
    assert_eq!(expected.len(), 768);
    let errors: Vec<f64> =
        converter.celsius().iter().zip(&expected).map(|(got, expected)| (got - expected).abs()).collect();
    let worst = errors.iter().copied().fold(0.0, f64::max);
    // The example has three decimals, and was calculated in single precision.
    assert!(worst <= 0.001, "{worst}");
    let frame = converter.frame().unwrap();
    for (got, expected) in frame.pixels().iter().zip(expected) {
        assert!((f64::from(*got) / 100.0 - expected).abs() <= 0.006, "{got} and {expected}");
    }
}

fn folder() -> Option<std::path::PathBuf> {
    crate::corpora::folder("thermometry", "mlx90640/eeprom_data.hex").map(|folder| folder.join("mlx90640"))
}

fn calibration(folder: &Path) -> Calibration {
    let eeprom: [u16; EEPROM_WORDS] = words(&folder.join("eeprom_data.hex")).try_into().unwrap();
    mlx90640::decode(&eeprom).unwrap()
}

fn words(file: &Path) -> Vec<u16> {
    let text = fs::read_to_string(file).unwrap();
    text.split_whitespace().map(|word| u16::from_str_radix(word, 16).unwrap()).collect()
}

fn numbers(file: &Path) -> Vec<f64> {
    let text = fs::read_to_string(file).unwrap();
    text.split([',', '\n'])
        .filter(|text| !text.is_empty())
        .map(|number| number.trim().parse().unwrap())
        .collect()
}
