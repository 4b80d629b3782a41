//! A kiosk for the time of a few dozen people: weather, room, supply, and what its sensor has become.

use crate::base::Random;

/// A kiosk in its surroundings. The figures are ours where no source is named.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Air outdoors, °C.
    pub outdoor: f64,
    /// Wind, m/s.
    pub wind: f64,
    /// Whether the sun shines on whoever comes.
    pub sunny: bool,
    /// Air about the lane, °C.
    pub air: f64,
    /// Walls about the lane, °C.
    pub walls: f64,
    /// Air about the sensor: a box with a computer in it, °C.
    pub box_air: f64,
    /// Supply in millivolts.
    pub supply_mv: u32,
    /// What the sensor reads too much, °C.
    pub error: f64,
    /// Factor for surroundings of the people here, as a multiple of the published one.
    pub factor: f64,
    /// Errors of the thermometers for air, outdoors and plate, °C: 0.2 and 0.1 (SHT4x, TMP117 datasheets), as rectangles.
    pub errors: [f64; 3],
    /// Error of the distance sensor, mm.
    pub distance_error: f64,
}

impl Place {
    /// Indoors at 22 °C, nothing wrong.
    pub const PLAIN: Self = Self {
        outdoor: 20.0,
        wind: 2.0,
        sunny: false,
        air: 22.0,
        walls: 22.0,
        box_air: 22.0,
        supply_mv: 3_300,
        error: 0.0,
        factor: 1.0,
        errors: [0.0; 3],
        distance_error: 0.0,
    };

    /// Some place in some weather, −15 to 40 °C.
    pub fn new(random: &mut Random) -> Self {
        let outdoor = -15.0 + 55.0 * random.unit();
        let heated = random.chance(0.65);
        let air = if heated { 22.0 + 2.5 * random.normal() } else { outdoor + 6.0 * random.unit() };
        let window = if random.chance(0.1) { (outdoor - air).clamp(-4.0, 4.0) } else { 0.0 };
        let rectangle = |random: &mut Random, half: f64| half * (2.0 * random.unit() - 1.0);
        Self {
            outdoor,
            wind: -2.0 * (1.0 - random.unit()).ln(),
            sunny: outdoor > 5.0 && random.chance(0.4),
            air,
            walls: air + random.normal() + window,
            box_air: air + 3.0 * random.unit(),
            supply_mv: supply(random),
            error: if random.chance(0.05) { rectangle(random, 1.5) } else { rectangle(random, 0.2) },
            factor: 1.0 + 0.1 * random.normal(),
            errors: [0.2, 0.2, 0.1].map(|half| rectangle(random, half)),
            distance_error: rectangle(random, 5.0),
        }
    }

    /// What skin exchanges heat with: half air, half walls. Source: Beall et al. 2022 ("effective" environment).
    pub fn effective(&self) -> f64 {
        f64::midpoint(self.air, self.walls)
    }

    /// The plate's temperature.
    pub fn plate(&self) -> f64 {
        self.effective()
    }
}

/// About 3.3 V; one in fifty is bad.
fn supply(random: &mut Random) -> u32 {
    let millivolts = if random.chance(0.02) {
        if random.chance(0.5) { 2_200.0 + 400.0 * random.unit() } else { 3_600.0 + 200.0 * random.unit() }
    } else {
        3_300.0 + 15.0 * random.normal()
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
    let millivolts = millivolts.clamp(0.0, 5_000.0) as u32;
    millivolts
}
