//! How somebody stands before the sensor, and what its field then holds.
//!
//! The sensor's response falls off as a normal distribution whose full width at half its height is the field of the datasheet.
//! A head is bands and columns about the middle of its forehead, in mm, so that each part's share is a product of two
//! integrals:
//!
//! ```text
//!   +110 ─────────────── behind it: background
//!    +28 ── hairline ──  hair (or skin, where there is none); a fringe or hat brings it down
//!      0    forehead     ±55 wide, then hair to ±75, then background
//!    −28 ── brows ─────  glasses to −65, then face
//!   −110 ───────────────  clothes: background
//! ```

use crate::base::Random;
use crate::thermometry::radiometry;

use super::Outfit;

/// Half widths of forehead and head, and edges of the bands, in mm. Ours, after common head sizes.
const FOREHEAD: f64 = 55.0;
const HEAD: f64 = 75.0;
const TOP: f64 = 110.0;
const HAIRLINE: f64 = 28.0;
const BROWS: f64 = -28.0;
const GLASSES: f64 = -65.0;
const CHIN: f64 = -110.0;
/// Emissivity of skin, and near enough of hair and glass.
const EMISSIVITY: f64 = 0.98;
/// Full width at half height of a normal distribution, in standard deviations.
const FULL_WIDTH: f64 = 2.354_820_045;
/// Where somebody is at first, in mm, and how fast they come, in mm/s.
const FROM: f64 = 600.0;
const SPEED: f64 = 700.0;

/// How somebody stands. The figures are ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Posture {
    /// Where they stop, in mm.
    pub stops: f64,
    /// Where the sensor looks from the middle of the forehead, in mm.
    aim: [f64; 2],
    /// How far they sway, in mm, and how often, in radians a second.
    sway: f64,
    pace: f64,
    /// Where their hair begins, in mm.
    hairline: f64,
    bald: bool,
    glasses: bool,
    /// How far hair and glasses are from skin towards the air, as a share.
    hair_cools: f64,
    glass_cools: f64,
}

/// What the field holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// What a perfect sensor would see, °C.
    pub seen: f64,
    /// Shares of background, of hair and of glasses.
    pub background: f64,
    /// Hair or a hat.
    pub hair: f64,
    /// Glasses.
    pub glasses: f64,
    /// Distance in mm.
    pub distance: f64,
}

/// Temperatures of what is in view, °C.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Warmth {
    /// Bare skin.
    pub skin: f64,
    /// Air.
    pub air: f64,
    /// What skin reflects.
    pub around: f64,
    /// What is behind.
    pub behind: f64,
}

impl Posture {
    /// Somebody before a kiosk of this `outfit`.
    pub fn new(random: &mut Random, outfit: &Outfit) -> Self {
        // A child or a tall person, for whom the sensor is at the wrong height.
        let height = if random.chance(0.05) { 40.0 * random.normal() } else { 0.0 };
        let (hat, fringe) = (random.chance(0.03), random.chance(0.25));
        let hairline = if hat {
            -20.0
        } else if fringe {
            HAIRLINE - 50.0 * random.unit()
        } else {
            HAIRLINE + 5.0 * random.normal()
        };
        let mut posture = Self {
            stops: 0.0,
            aim: [12.0 * random.normal(), 18.0 * random.normal() + height],
            sway: 2.0 + 4.0 * random.unit(),
            pace: 2.0 + 1.5 * random.unit(),
            hairline,
            bald: !hat && !fringe && random.chance(0.1),
            glasses: random.chance(0.35),
            hair_cools: 0.15 + 0.45 * random.unit(),
            glass_cools: 0.3 + 0.3 * random.unit(),
        };
        posture.step(random, outfit);
        posture
    }

    /// Stops somewhere else, as guidance asks: mostly where they should.
    pub fn step(&mut self, random: &mut Random, outfit: &Outfit) {
        let (near, far) = outfit.distance.map_or((20.0, 80.0), |reach| (reach.near.into(), reach.far.into()));
        self.stops = if random.chance(0.7) {
            near + (far - near) * random.unit()
        } else {
            20.0 + 380.0 * random.unit()
        };
    }

    /// Aims anew, as whoever comes once more.
    pub fn again(&mut self, random: &mut Random, outfit: &Outfit) {
        self.aim = [12.0 * random.normal(), 18.0 * random.normal()];
        self.step(random, outfit);
    }

    /// Brushes hair or hat aside, as most do who are asked to.
    pub fn bares(&mut self, random: &mut Random) {
        if random.chance(0.8) {
            (self.hairline, self.glasses) = (self.hairline.max(HAIRLINE), false);
        }
    }

    /// What is in view `seconds` after they came, through a `field` of so many degrees.
    pub fn view(&self, seconds: f64, field: f64, warm: &Warmth) -> View {
        let swing = self.sway * (self.pace * seconds).sin();
        let distance = (FROM - SPEED * seconds).max(self.stops) + 0.5 * swing;
        let width = 2.0 * distance * (field.to_radians() / 2.0).tan() / FULL_WIDTH;
        let [x, y] = [self.aim[0] + swing, self.aim[1] + 0.5 * self.sway * (0.7 * self.pace * seconds).cos()];
        let within = |from: f64, to: f64, at: f64| below((to - at) / width) - below((from - at) / width);
        let head = within(-HEAD, HEAD, x);
        let forehead = within(-FOREHEAD, FOREHEAD, x);
        let glasses = if self.glasses { forehead * within(GLASSES, BROWS, y) } else { 0.0 };
        let hair = if self.bald {
            0.0
        } else {
            head * within(self.hairline, TOP, y) + (head - forehead) * within(BROWS, self.hairline, y)
        };
        let filled = head * within(CHIN, TOP, y);
        let (background, skin) = (1.0 - filled, (filled - hair - glasses).max(0.0));
        let towards = |share: f64| warm.skin + share * (warm.air - warm.skin);
        let of = |celsius: f64| fourth(radiometry::seen(celsius, warm.around, EMISSIVITY));
        let power = skin * of(warm.skin)
            + hair * of(towards(self.hair_cools))
            + glasses * of(towards(self.glass_cools))
            + background * fourth(warm.behind);
        let seen = (power / (skin + hair + glasses + background)).sqrt().sqrt() - 273.15;
        View { seen, background, hair, glasses, distance }
    }
}

fn fourth(celsius: f64) -> f64 {
    (celsius + 273.15).powi(4)
}

/// Share of a normal distribution below `deviations`.
fn below(deviations: f64) -> f64 {
    0.5 * libm::erfc(-deviations / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WARM: Warmth = Warmth { skin: 34.5, air: 22.0, around: 22.0, behind: 22.0 };

    fn standing(stops: f64, aim: [f64; 2]) -> Posture {
        let (sway, pace, hair_cools, glass_cools) = (0.0, 1.0, 0.3, 0.5);
        let (hairline, bald, glasses) = (HAIRLINE, false, false);
        Posture { stops, aim, sway, pace, hairline, bald, glasses, hair_cools, glass_cools }
    }

    #[test]
    fn a_narrow_field_holds_a_forehead_and_a_wide_one_everything_else_too() {
        let narrow = standing(80.0, [0.0, 0.0]).view(5.0, 5.0, &WARM);
        assert!((narrow.seen - radiometry::seen(34.5, 22.0, EMISSIVITY)).abs() < 0.01, "{narrow:?}");
        let wide = standing(80.0, [0.0, 0.0]).view(5.0, 90.0, &WARM);
        assert!(wide.background > 0.1 && wide.seen < 33.5, "{wide:?}");
        let far = standing(400.0, [0.0, 0.0]).view(5.0, 35.0, &WARM);
        assert!(far.background > 0.3, "{far:?}");
    }

    #[test]
    fn hair_and_glasses_lower_what_is_seen() {
        let bare = standing(80.0, [0.0, 0.0]).view(5.0, 5.0, &WARM).seen;
        let hair = standing(80.0, [0.0, 28.0]).view(5.0, 5.0, &WARM);
        assert!((hair.hair - 0.5).abs() < 0.01 && hair.seen < bare - 1.0, "{hair:?}");
        let glasses = Posture { glasses: true, ..standing(80.0, [0.0, -45.0]) }.view(5.0, 5.0, &WARM);
        assert!(glasses.glasses > 0.9 && glasses.seen < bare - 3.0, "{glasses:?}");
    }
}
