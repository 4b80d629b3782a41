//! What the shipped decision does with recorded people, beside what they had by a contact or oral thermometer.

use std::collections::BTreeMap;

use serde::Serialize;

use super::area::{Area, area};
use super::fit::{Fit, Settled, fit};
use super::screened::{Condition, Person};
use super::share::Share;
use super::spread::{deviation, mean, within};
use crate::base::CentiCelsius;
use crate::model::trace::Decision;
use crate::model::{NotMeasured, ScreeningRule, Zone};

/// What the decision does with people of one site.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// Reference temperature from which on somebody has a fever, in °C.
    pub fever_c: f64,
    /// People at or above it, below it, and without a reference.
    pub people: Split,
    /// The same by surroundings, in whole °C.
    pub surroundings: BTreeMap<i32, Split>,
    /// What the rule says of them.
    pub rule: Ruled,
    /// Area under the curve of the skin temperature as it is.
    pub skin_area: Option<Area>,
    /// Area under the curve of the rule's core equivalent.
    pub core_area: Option<Area>,
    /// Factor and offset as these people would have them.
    pub fit: Option<Fit>,
    /// Reference less skin over everybody, mean and standard deviation, in °C.
    pub gap: Option<[f64; 2]>,
    /// Standard deviation between people without a fever of the skin and of the core equivalent, in °C.
    pub between: Option<[f64; 2]>,
    /// Standard deviation of single readings of the same person, in °C, and how many people have more than one.
    pub within: Option<(f64, usize)>,
    /// Whom a threshold of the skin temperature finds.
    pub skin_points: Vec<Point>,
    /// Whom a threshold of the core equivalent finds.
    pub core_points: Vec<Point>,
}

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Split {
    /// With a fever.
    pub febrile: usize,
    /// Without.
    pub afebrile: usize,
    /// Nobody knows.
    pub unknown: usize,
}

/// What a rule says of people.
#[derive(Clone, Debug, Serialize)]
pub struct Ruled {
    /// Its threshold, in °C.
    pub threshold_c: f64,
    /// Half the width of its guard band, in °C.
    pub guard_c: f64,
    /// A person decides.
    pub refer: Split,
    /// Measured again.
    pub recheck: Split,
    /// Below.
    pub below: Split,
    /// Outside of what the rule decides at all; in none of the shares below.
    pub not_measured: Split,
    /// Why not.
    pub reasons: Vec<(NotMeasured, Split)>,
    /// Of the febrile who were measured: referred.
    pub sensitivity: Share,
    /// Of the febrile who were measured: referred or measured again.
    pub sensitivity_with_recheck: Share,
    /// Of the afebrile who were measured: neither referred nor measured again.
    pub specificity: Share,
    /// Of the afebrile who were measured: not referred at once.
    pub specificity_with_recheck: Share,
}

/// Whom a threshold finds, of everybody with a reference, measured by the rule or not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The threshold, in °C: at or above it somebody is referred.
    pub threshold_c: f64,
    /// Febrile people at or above it.
    pub sensitivity: Share,
    /// Afebrile people below it.
    pub specificity: Share,
}

/// A person's condition, and what is compared.
pub type Judged = (Condition, CentiCelsius);

/// Evaluates `rule` on `people`, who have a fever from `fever` on.
pub fn evaluate(people: &[Person], rule: &ScreeningRule, fever: CentiCelsius) -> Evaluation {
    let mut split = Split::default();
    let mut surroundings = BTreeMap::<i32, Split>::new();
    for person in people {
        split.add(person.condition(fever));
        let whole = (person.surroundings.get() + 50).div_euclid(100);
        surroundings.entry(whole).or_default().add(person.condition(fever));
    }
    let decided: Vec<Decision> = people.iter().map(|person| person.screened(rule)).collect();
    let conditions = || people.iter().map(|person| person.condition(fever));
    let skins: Vec<Judged> = conditions().zip(decided.iter().map(|decision| decision.skin)).collect();
    let cores: Vec<Judged> = conditions().zip(decided.iter().map(|decision| decision.core)).collect();
    let gaps: Vec<f64> =
        people.iter().filter_map(|person| Some(person.reference?.degrees() - person.skin())).collect();
    Evaluation {
        fever_c: fever.degrees(),
        people: split,
        surroundings,
        rule: ruled(rule, conditions().zip(&decided)),
        skin_area: area_of(&skins),
        core_area: area_of(&cores),
        fit: fit(&settled(people, fever)),
        gap: mean(&gaps).zip(deviation(&gaps)).map(<[f64; 2]>::from),
        between: deviation(&degrees(&skins, Condition::Afebrile))
            .zip(deviation(&degrees(&cores, Condition::Afebrile)))
            .map(<[f64; 2]>::from),
        within: within(people.iter().map(|person| person.readings.as_slice())),
        skin_points: points(&skins),
        core_points: points(&cores),
    }
}

/// People without a fever, for a fit.
pub fn settled(people: &[Person], fever: CentiCelsius) -> Vec<Settled> {
    let afebrile = people.iter().filter(|person| person.condition(fever) == Condition::Afebrile);
    let settled = |person: &Person| {
        let (skin, surroundings) = (person.skin(), person.surroundings.degrees());
        Some(Settled { skin, surroundings, reference: person.reference?.degrees() })
    };
    afebrile.filter_map(settled).collect()
}

/// Whom `threshold` finds.
pub fn point(judged: &[Judged], threshold: CentiCelsius) -> Point {
    let of = |condition| judged.iter().filter(move |one| one.0 == condition).collect::<Vec<_>>();
    Point {
        threshold_c: threshold.degrees(),
        sensitivity: Share::of(&of(Condition::Febrile), |one| one.1 >= threshold),
        specificity: Share::of(&of(Condition::Afebrile), |one| one.1 < threshold),
    }
}

/// What `rule` says of people with these conditions and decisions.
pub fn ruled<'d>(rule: &ScreeningRule, decided: impl Iterator<Item = (Condition, &'d Decision)>) -> Ruled {
    let [mut refer, mut recheck, mut below, mut not_measured] = [Split::default(); 4];
    let mut reasons: Vec<(NotMeasured, Split)> = Vec::new();
    for (condition, decision) in decided {
        match decision.zone {
            Ok(Zone::Refer) => refer.add(condition),
            Ok(Zone::Recheck) => recheck.add(condition),
            Ok(Zone::Below) => below.add(condition),
            Err(why) => {
                not_measured.add(condition);
                match reasons.iter_mut().find(|(known, _)| *known == why) {
                    Some((_, split)) => split.add(condition),
                    None => reasons.push((why, Split::of(condition))),
                }
            }
        }
    }
    let febrile = refer.febrile + recheck.febrile + below.febrile;
    let afebrile = refer.afebrile + recheck.afebrile + below.afebrile;
    Ruled {
        threshold_c: rule.threshold.degrees(),
        guard_c: f64::from(rule.guard) / 100.0,
        refer,
        recheck,
        below,
        not_measured,
        reasons,
        sensitivity: Share::new(refer.febrile, febrile),
        sensitivity_with_recheck: Share::new(refer.febrile + recheck.febrile, febrile),
        specificity: Share::new(below.afebrile, afebrile),
        specificity_with_recheck: Share::new(below.afebrile + recheck.afebrile, afebrile),
    }
}

impl Split {
    /// One more of `condition`.
    pub fn add(&mut self, condition: Condition) {
        match condition {
            Condition::Febrile => self.febrile += 1,
            Condition::Afebrile => self.afebrile += 1,
            Condition::Unknown => self.unknown += 1,
        }
    }

    /// All of them.
    pub fn all(&self) -> usize {
        self.febrile + self.afebrile + self.unknown
    }

    fn of(condition: Condition) -> Self {
        let mut split = Self::default();
        split.add(condition);
        split
    }
}

fn area_of(judged: &[Judged]) -> Option<Area> {
    area(&degrees(judged, Condition::Febrile), &degrees(judged, Condition::Afebrile))
}

fn degrees(judged: &[Judged], condition: Condition) -> Vec<f64> {
    judged.iter().filter(|one| one.0 == condition).map(|one| one.1.degrees()).collect()
}

/// Most thresholds of a table.
const POINTS_MAX: usize = 40;

/// Thresholds a tenth of a degree apart, from the middle of those without a fever until none of them is referred.
fn points(judged: &[Judged]) -> Vec<Point> {
    let afebrile = degrees(judged, Condition::Afebrile);
    let highest = afebrile.iter().copied().max_by(f64::total_cmp);
    let ends = super::spread::median(&afebrile).zip(highest);
    let ends = ends.and_then(|(middle, highest)| {
        Some([CentiCelsius::from_degrees(middle)?, CentiCelsius::from_degrees(highest)?])
    });
    let Some([middle, highest]) = ends else { return Vec::new() };
    let from = middle.get().div_euclid(10) * 10;
    let thresholds = (from..=highest.get() + 10).step_by(10).filter_map(CentiCelsius::new);
    thresholds.take(POINTS_MAX).map(|threshold| point(judged, threshold)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{centi, person};
    use super::*;

    #[test]
    fn everybody_is_counted_once_in_the_right_place() {
        // With F = 0.2 the core equivalents are 37.80, 37.08, 37.02, 36.40; 33.0 is too cold.
        let people = [
            person(35.17, 2_200, Some(3_800)),
            person(34.57, 2_200, Some(3_760)),
            person(34.60, 2_249, Some(3_700)),
            person(34.0, 2_250, Some(3_680)),
            person(33.0, 2_200, Some(3_750)),
            person(34.0, 2_200, None),
        ];
        let got = evaluate(&people, &ScreeningRule::PLAIN, centi(3_750));
        assert_eq!(got.people, Split { febrile: 3, afebrile: 2, unknown: 1 });
        assert_eq!(got.surroundings[&22], Split { febrile: 3, afebrile: 1, unknown: 1 });
        assert_eq!(got.surroundings[&23], Split { febrile: 0, afebrile: 1, unknown: 0 });
        let rule = &got.rule;
        assert_eq!(rule.refer, Split { febrile: 1, afebrile: 0, unknown: 0 });
        assert_eq!(rule.recheck, Split { febrile: 1, afebrile: 1, unknown: 0 });
        assert_eq!(rule.below, Split { febrile: 0, afebrile: 1, unknown: 1 });
        assert_eq!(rule.reasons, [(NotMeasured::TooCold, Split { febrile: 1, afebrile: 0, unknown: 0 })]);
        assert_eq!(
            (rule.sensitivity.count, rule.sensitivity.of),
            (1, 2),
            "whom nothing was said of is apart"
        );
        assert_eq!((rule.sensitivity_with_recheck.count, rule.sensitivity_with_recheck.of), (2, 2));
        assert_eq!((rule.specificity.count, rule.specificity_with_recheck.count), (1, 2));
        assert_eq!(got.fit, None, "too few");
    }

    #[test]
    fn whoever_has_the_threshold_itself_is_referred() {
        let judged = [
            (Condition::Febrile, centi(3_730)),
            (Condition::Febrile, centi(3_729)),
            (Condition::Afebrile, centi(3_730)),
            (Condition::Afebrile, centi(3_729)),
            (Condition::Unknown, centi(3_900)),
        ];
        let point = point(&judged, centi(3_730));
        assert_eq!((point.sensitivity.count, point.sensitivity.of), (1, 2));
        assert_eq!((point.specificity.count, point.specificity.of), (1, 2));
        let table = points(&judged);
        assert_eq!(table.len(), 2, "{table:?}");
        assert_eq!(table[1].specificity.count, 2, "until nobody is referred for nothing");
    }

    #[test]
    fn without_references_there_is_nothing_to_judge_and_still_a_decision() {
        let got = evaluate(&[person(34.0, 2_200, None)], &ScreeningRule::PLAIN, centi(3_750));
        assert!(got.skin_area.is_none() && got.core_points.is_empty() && got.gap.is_none());
        assert_eq!(got.rule.below.unknown, 1);
        assert_eq!(got.rule.sensitivity.share, None);
    }
}
