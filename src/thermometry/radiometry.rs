//! From what an infrared sensor sees to the temperature of what it looks at.
//!
//! Total radiation goes with the fourth power of the absolute temperature; a surface of emissivity ε sends ε of its
//! own and reflects 1 − ε of its surroundings': `Tm⁴ = ε·T⁴ + (1 − ε)·Tr⁴`, in kelvin. Source: the sensor equation of
//! the MLX90614 datasheet rev 13, and of any text on pyrometry. Only IEEE-exact operations are used (sums, products,
//! square roots), so that a reading decides the same on every machine.

const KELVIN: f64 = 273.15;

/// How far above the true value a 3 V part reads, in °C: 0.6 °C for each volt above 3.0 V, for object and die alike.
///
/// Source: MLX90614 datasheet rev 13, supply dependence, typical value.
pub fn supply_error(supply_mv: u32) -> f64 {
    0.6 * (f64::from(supply_mv) / 1_000.0 - 3.0)
}

/// Temperature in °C of a surface of `emissivity` that is `seen` as so many °C by a sensor set to emissivity 1, with
/// `surroundings` in °C reflected in it. `None` where no real temperature would be seen so.
pub fn surface(seen: f64, surroundings: f64, emissivity: f64) -> Option<f64> {
    let power = (fourth(seen) - (1.0 - emissivity) * fourth(surroundings)) / emissivity;
    (power > 0.0).then(|| root(power))
}

/// The reverse of [`surface`]: what a sensor set to emissivity 1 sees of a surface at `surface` °C.
pub fn seen(surface: f64, surroundings: f64, emissivity: f64) -> f64 {
    mixed(surface, surroundings, emissivity)
}

/// What a sensor sees when a target at `target` °C fills only the share `fill` of its field, before a `background`
/// in °C.
pub fn filled(target: f64, background: f64, fill: f64) -> f64 {
    mixed(target, background, fill)
}

fn mixed(first: f64, second: f64, share: f64) -> f64 {
    root(share * fourth(first) + (1.0 - share) * fourth(second))
}

pub(super) fn fourth(celsius: f64) -> f64 {
    let kelvin = celsius + KELVIN;
    let square = kelvin * kelvin;
    square * square
}

pub(super) fn root(fourth: f64) -> f64 {
    fourth.sqrt().sqrt() - KELVIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raspberry_pi_supply_reads_eighteen_hundredths_high() {
        assert!((supply_error(3_300) - 0.18).abs() < 1e-9);
        assert!(supply_error(3_000).abs() < 1e-9);
        assert!((supply_error(2_600) + 0.24).abs() < 1e-9);
    }

    #[test]
    fn skin_seen_without_emissivity_reads_low_by_the_computed_amounts() {
        // ε = 0.98, skin 34.5 °C. Computed from the formula by a separate program.
        let errors =
            [(25.0, -0.18), (22.0, -0.24), (10.0, -0.44), (0.0, -0.58), (-10.0, -0.72), (-20.0, -0.84)];
        for (surroundings, error) in errors {
            let got = seen(34.5, surroundings, 0.98) - 34.5;
            assert!((got - error).abs() < 0.006, "{surroundings}: {got}");
        }
    }

    #[test]
    fn a_target_that_does_not_fill_the_field_reads_low_by_the_computed_amounts() {
        // Skin 34.5 °C. Computed from the formula by a separate program.
        let errors = [(0.95, 22.0, -0.59), (0.95, 0.0, -1.47), (0.90, 22.0, -1.18), (0.90, 0.0, -2.95)];
        for (fill, background, error) in errors {
            let got = filled(34.5, background, fill) - 34.5;
            assert!((got - error).abs() < 0.006, "{fill} {background}: {got}");
        }
    }

    #[test]
    fn correcting_for_emissivity_undoes_it() {
        for surroundings in [-20.0, 0.0, 25.0, 40.0] {
            for skin in [28.0, 34.5, 41.0] {
                let back = surface(seen(skin, surroundings, 0.98), surroundings, 0.98).unwrap();
                assert!((back - skin).abs() < 1e-9, "{skin} in {surroundings}: {back}");
            }
        }
        assert_eq!(surface(-273.15, 100.0, 0.5), None);
    }
}
