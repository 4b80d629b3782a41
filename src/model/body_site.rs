//! Where on the body a skin temperature is taken, and what is known of it as a measure of the body's temperature.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Where on the body a skin temperature is taken.
///
/// [`factor`](Self::factor) and [`spread`](Self::spread) of the four sites of the face are fitted on group 1 of the FDA's
/// data (PhysioNet `face-oral-temp-data` 1.0.0, CC0: 544 people indoors at 20 to 24 °C, oral temperature beside it), and
/// agree with Beall et al. 2022 (medrxiv 2022.01.28.22269746: 0.16 canthus, 0.20 to 0.21 forehead).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum BodySite {
    /// The middle of the forehead: what a spot sensor sees.
    #[default]
    #[n(0)]
    ForeheadCentre,
    /// The warmest place of the forehead.
    #[n(1)]
    ForeheadMax,
    /// The inner corners of the eyes.
    #[n(2)]
    Canthus,
    /// The warmest place of the face.
    #[n(3)]
    FaceMax,
    /// The side of the neck.
    #[n(4)]
    Neck,
    /// The inside of the wrist.
    #[n(5)]
    Wrist,
    /// The temple.
    #[n(6)]
    Temple,
}

impl BodySite {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ForeheadCentre,
        Self::ForeheadMax,
        Self::Canthus,
        Self::FaceMax,
        Self::Neck,
        Self::Wrist,
        Self::Temple,
    ];

    /// The name in files and records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ForeheadCentre => "forehead-centre",
            Self::ForeheadMax => "forehead-max",
            Self::Canthus => "canthus",
            Self::FaceMax => "face-max",
            Self::Neck => "neck",
            Self::Wrist => "wrist",
            Self::Temple => "temple",
        }
    }

    /// Share of the difference between skin and surroundings that is added to the skin's temperature, in thousandths.
    ///
    /// Neck, temple and wrist: no data with surroundings could be had; they take the forehead's, as the nearest bare skin.
    pub const fn factor(self) -> u16 {
        match self {
            Self::ForeheadCentre | Self::Neck | Self::Wrist | Self::Temple => 200,
            Self::ForeheadMax => 130,
            Self::Canthus | Self::FaceMax => 100,
        }
    }

    /// Standard deviation between people of body temperature less what skin says of it, in hundredths of a degree:
    /// what no sensor can know.
    ///
    /// Neck, temple and wrist: assumed as the forehead's. Lai et al. 2022 (904 people) found the neck the best spot of
    /// all, so this is no flattery.
    pub const fn spread(self) -> u16 {
        match self {
            Self::ForeheadCentre | Self::Neck | Self::Wrist | Self::Temple => 60,
            Self::ForeheadMax => 44,
            Self::Canthus => 35,
            Self::FaceMax => 30,
        }
    }

    /// The site of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|site| site.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::BodySite;

    #[test]
    fn every_site_is_found_by_its_name() {
        for site in BodySite::ALL {
            assert_eq!(BodySite::named(site.name()), Some(site));
            let json = serde_json::to_string(&site).unwrap();
            assert_eq!(json, format!("\"{}\"", site.name()));
        }
        assert_eq!(BodySite::named("ear"), None);
    }
}
