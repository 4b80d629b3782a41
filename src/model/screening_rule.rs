//! How a policy wants skin temperatures judged.

use std::fmt;

use minicbor::{Decode, Encode};
use serde::Serialize;

use super::body_site::BodySite;
use super::temperature::Zone;
use crate::base::CentiCelsius;

/// How a skin temperature is judged.
///
/// The core equivalent is skin + `factor` · (skin − surroundings) + `correction`. Below `threshold` − `guard` is below; at
/// or above `threshold` + `guard`, or at or above `ceiling`, is for a person to decide; between them, measure again.
/// Keys that are as [`ScreeningRule::PLAIN`] has them are left out of the policy's canonical text, so that a policy of before
/// there were these keeps its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct ScreeningRule {
    /// Threshold temperature.
    #[n(0)]
    pub threshold: CentiCelsius,
    /// Half the width of the guard band, in hundredths of a degree.
    #[n(1)]
    pub guard: u16,
    /// Added to the skin temperature for the site's place of measurement, in hundredths of a degree.
    #[n(2)]
    pub correction: i16,
    /// Share of the difference between skin and surroundings that is added, in thousandths.
    #[n(3)]
    pub factor: u16,
    /// Skin below this is too cold to measure, which is not normal.
    #[n(4)]
    pub cold: CentiCelsius,
    /// Above this it is no skin.
    #[n(5)]
    pub hot: CentiCelsius,
    /// At or above this a person decides, whatever guard band and drift correction say.
    #[n(6)]
    #[serde(skip_serializing_if = "plain_ceiling")]
    pub ceiling: CentiCelsius,
    /// A core equivalent below this is no living person's: something covers the skin, or the sensor is wrong.
    #[n(7)]
    #[serde(skip_serializing_if = "plain_implausible")]
    pub implausible: CentiCelsius,
    /// Whoever comes in from air colder than this is measured again after a while before anything is said.
    #[n(8)]
    #[serde(skip_serializing_if = "plain_outdoor")]
    pub outdoor: CentiCelsius,
    /// Lowest and highest temperature of the surroundings that the correction was checked for.
    #[n(9)]
    #[serde(skip_serializing_if = "plain_surroundings")]
    pub surroundings: [CentiCelsius; 2],
    /// Where on the body is measured.
    #[n(10)]
    #[serde(skip_serializing_if = "plain_site")]
    pub site: BodySite,
    /// Where is measured after three readings within the guard band; none: nowhere else.
    #[n(11)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_site: Option<BodySite>,
    /// Whoever comes in from air hotter than this is measured again after a while as well: sun on a forehead and drying sweat
    /// say nothing of the body. None: nobody is.
    #[n(12)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outdoor_hot: Option<CentiCelsius>,
}

impl ScreeningRule {
    /// What rules where a site says nothing.
    ///
    /// - 37.3 °C is what Chinese checkpoints compared with, an axillary value; hence correction and guard band.
    /// - 38.0 °C: design of IEC 80601-2-59, whose elevated reading is always followed by a clinical thermometer.
    /// - 10 °C outdoors: foreheads are 0.3 °C low at entry from 8 to 9 °C (Bassi et al. 2021) and need no rest from 15 to
    ///   20 °C (Appl Ergon 2022;98:103576).
    /// - 16 to 32 °C surroundings: Guangdong's group draft of 2022 for screening instruments; FDA's data are of 20 to 29 °C.
    /// - 35.2 °C: a mean of 36.6 less twice the spread of foreheads and of body temperatures (0.6 and 0.35 °C).
    pub const PLAIN: Self = Self {
        threshold: centi(3_730),
        guard: 30,
        correction: 0,
        factor: 200,
        cold: centi(3_350),
        hot: centi(4_300),
        ceiling: centi(3_800),
        implausible: centi(3_520),
        outdoor: centi(1_000),
        surroundings: [centi(1_600), centi(3_200)],
        site: BodySite::ForeheadCentre,
        second_site: None,
        outdoor_hot: None,
    };

    /// The zone of a core equivalent; `corrected` is the same with the drift correction, which never lifts the ceiling.
    /// The guard band ends below the threshold temperature without, above it with its limit.
    pub fn zone(&self, core: CentiCelsius, corrected: CentiCelsius) -> Zone {
        let guard = i32::from(self.guard);
        if core >= self.ceiling || corrected >= self.ceiling {
            return Zone::Refer;
        }
        let above = corrected - self.threshold;
        if above < -guard {
            Zone::Below
        } else if above < guard {
            Zone::Recheck
        } else {
            Zone::Refer
        }
    }
}

/// One line for a terminal.
impl fmt::Display for ScreeningRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = |value: i32| f64::from(value) / 100.0;
        let degrees = |value: CentiCelsius| hundredths(value.get());
        let [low, high] = self.surroundings.map(degrees);
        write!(
            f,
            "threshold {:.2} °C, guard {:.2}, correction {:+.2}, surroundings {:.3}; skin {:.2} to {:.2} °C; \
             ceiling {:.2}, implausible below {:.2}, twice from outdoors below {:.1}, surroundings {low:.1} to \
             {high:.1} °C; {}",
            degrees(self.threshold),
            hundredths(self.guard.into()),
            hundredths(self.correction.into()),
            f64::from(self.factor) / 1_000.0,
            degrees(self.cold),
            degrees(self.hot),
            degrees(self.ceiling),
            degrees(self.implausible),
            degrees(self.outdoor),
            self.site.name(),
        )?;
        if let Some(hot) = self.outdoor_hot {
            write!(f, ", twice from outdoors above {:.1} °C", degrees(hot))?;
        }
        self.second_site.map_or(Ok(()), |site| write!(f, ", then {}", site.name()))
    }
}

fn plain_ceiling(value: &CentiCelsius) -> bool {
    *value == ScreeningRule::PLAIN.ceiling
}

fn plain_implausible(value: &CentiCelsius) -> bool {
    *value == ScreeningRule::PLAIN.implausible
}

fn plain_outdoor(value: &CentiCelsius) -> bool {
    *value == ScreeningRule::PLAIN.outdoor
}

fn plain_surroundings(value: &[CentiCelsius; 2]) -> bool {
    *value == ScreeningRule::PLAIN.surroundings
}

fn plain_site(value: &BodySite) -> bool {
    *value == ScreeningRule::PLAIN.site
}

const fn centi(hundredths: i32) -> CentiCelsius {
    match CentiCelsius::new(hundredths) {
        Some(temperature) => temperature,
        None => panic!("not a temperature"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_meet_without_a_gap() {
        let rule = ScreeningRule::PLAIN;
        let zones = [
            (3_699, Zone::Below),
            (3_700, Zone::Recheck),
            (3_730, Zone::Recheck),
            (3_759, Zone::Recheck),
            (3_760, Zone::Refer),
        ];
        for (core, zone) in zones {
            assert_eq!(rule.zone(centi(core), centi(core)), zone, "{core}");
        }
        let without = ScreeningRule { guard: 0, ..rule };
        assert_eq!(without.zone(centi(3_729), centi(3_729)), Zone::Below);
        assert_eq!(
            without.zone(centi(3_730), centi(3_730)),
            Zone::Refer,
            "at the threshold temperature, refer"
        );
    }

    #[test]
    fn the_ceiling_refers_whatever_guard_band_and_drift_correction_say() {
        let wide = ScreeningRule { guard: 100, ..ScreeningRule::PLAIN };
        assert_eq!(wide.zone(centi(3_799), centi(3_799)), Zone::Recheck);
        assert_eq!(wide.zone(centi(3_800), centi(3_800)), Zone::Refer);
        assert_eq!(wide.zone(centi(3_800), centi(3_600)), Zone::Refer, "a correction cannot hide it");
        assert_eq!(wide.zone(centi(3_780), centi(3_810)), Zone::Refer);
    }

    #[test]
    fn a_rule_as_before_is_written_as_before() {
        let json = serde_json::to_string(&ScreeningRule::PLAIN).unwrap();
        assert_eq!(
            json,
            r#"{"threshold":3730,"guard":30,"correction":0,"factor":200,"cold":3350,"hot":4300}"#
        );
    }
}
