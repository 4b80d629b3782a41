//! Counts of visits: by ambient band, by end, by cause.

use std::collections::BTreeMap;
use std::fmt;

use kakou::base::CentiCelsius;
use kakou::model::{NotMeasured, Zone};
use kakou::sim::approach::envelope::Outside;
use kakou::sim::approach::place::Place;
use kakou::sim::approach::visit::Visit;

/// Upper ends of the bands of air about the lane, °C.
const BANDS: [(&str, f64); 8] = [
    ("< 0", 0.0),
    ("0-10", 10.0),
    ("10-16", 16.0),
    ("16-24", 24.0),
    ("24-32", 32.0),
    ("> 32", 1e9),
    ("all", 1e9),
    ("shade", 1e9),
];
const ALL: usize = 6;
/// Of all, those on whose forehead the sun had not shone.
const SHADE: usize = 7;

/// How people of one state of health fared: below, recheck, refer, none; at each of three stages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ends {
    pub people: u64,
    pub stages: [[u64; 4]; 3],
    /// Of those with a zone: referred by the fixed rules of 37.3 and of 36.9 °C.
    pub fixed: [u64; 2],
    /// Those with a zone at first.
    pub graded: u64,
    /// Of everybody: referred by the fixed rules.
    pub fixed_of_all: [u64; 2],
}

#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub visits: u64,
    pub readings: u64,
    pub graded: u64,
    /// Readings below the threshold temperature by why they were outside.
    pub outside: BTreeMap<Outside, u64>,
    /// First ends without a zone.
    pub reasons: BTreeMap<String, u64>,
    /// The healthy and the ill, by band.
    pub bands: [[Ends; 2]; 8],
    /// What was compared at first, of the healthy and of the ill, in hundredths.
    pub compared: [Vec<i32>; 2],
}

impl Tally {
    pub fn take(&mut self, visit: &Visit, place: &Place) {
        self.visits += 1;
        self.readings += visit.readings.len() as u64;
        for reading in &visit.readings {
            self.graded += u64::from(reading.zone.is_ok());
            if let (Ok(Zone::Below), Some(why)) = (reading.zone, reading.outside) {
                *self.outside.entry(why).or_default() += 1;
            }
        }
        if let Err(why) = visit.first {
            let name = match why {
                NotMeasured::NoReading(reason) => format!("{reason:?}"),
                NotMeasured::SensorNotReady
                | NotMeasured::NobodyThere
                | NotMeasured::TooCold
                | NotMeasured::Unsteady
                | NotMeasured::NotSkin
                | NotMeasured::Several
                | NotMeasured::TooClose
                | NotMeasured::Acclimatising
                | NotMeasured::Implausible
                | NotMeasured::Surroundings
                | NotMeasured::Reference
                | NotMeasured::Supply
                | NotMeasured::Covered
                | NotMeasured::Drift => format!("{why:?}"),
            };
            *self.reasons.entry(name).or_default() += 1;
        }
        let graded = visit.readings.iter().find(|reading| reading.zone.is_ok());
        if let Some(compared) = graded.and_then(|reading| reading.compared) {
            self.compared[usize::from(visit.person.is_ill())].push(compared.get());
        }
        let band = BANDS.iter().position(|(_, to)| place.air < *to).unwrap();
        let shade = (!visit.person.from_the_sun()).then_some(SHADE);
        for band in [Some(band), Some(ALL), shade].into_iter().flatten() {
            self.bands[band][usize::from(visit.person.is_ill())].take(visit);
        }
    }

    fn best(&self) -> Option<[i32; 2]> {
        let [mut well, mut ill] = self.compared.clone();
        well.sort_unstable();
        ill.sort_unstable();
        // At or above the first 5 % of the healthy are referred; at or above the second 90 % of the ill are found.
        Some([*well.get(well.len() * 95 / 100)?, *ill.get(ill.len() / 10)?])
    }

    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.compared.iter_mut().zip(&other.compared) {
            mine.extend(theirs);
        }
        self.visits += other.visits;
        self.readings += other.readings;
        self.graded += other.graded;
        other.outside.iter().for_each(|(why, count)| *self.outside.entry(*why).or_default() += count);
        other.reasons.iter().for_each(|(why, count)| *self.reasons.entry(why.clone()).or_default() += count);
        for (mine, theirs) in self.bands.iter_mut().flatten().zip(other.bands.iter().flatten()) {
            mine.add(theirs);
        }
    }

    /// Readings below the threshold temperature that were outside for another reason than hair, glasses and sweat.
    pub fn unseen(&self) -> u64 {
        self.outside
            .iter()
            .filter(|(why, _)| !matches!(why, Outside::Hair | Outside::Glasses | Outside::Sweat))
            .map(|(_, count)| count)
            .sum()
    }

    pub fn of(&self, why: Outside) -> u64 {
        self.outside.get(&why).copied().unwrap_or(0)
    }

    /// The healthy and the ill of all bands.
    pub fn all(&self) -> &[Ends; 2] {
        &self.bands[ALL]
    }
}

impl Ends {
    fn take(&mut self, visit: &Visit) {
        self.people += 1;
        for (stage, end) in self.stages.iter_mut().zip([visit.first, visit.series, visit.second]) {
            let at = match end {
                Ok(Zone::Below) => 0,
                Ok(Zone::Recheck) => 1,
                Ok(Zone::Refer) => 2,
                Err(_) => 3,
            };
            stage[at] += 1;
        }
        let graded = visit.first.is_ok();
        self.graded += u64::from(graded);
        for (at, threshold) in [3_730, 3_690].into_iter().enumerate() {
            let refers = visit.read >= CentiCelsius::new(threshold).unwrap();
            self.fixed[at] += u64::from(refers && graded);
            self.fixed_of_all[at] += u64::from(refers);
        }
    }

    fn add(&mut self, other: &Self) {
        self.people += other.people;
        self.graded += other.graded;
        for (mine, theirs) in self.stages.iter_mut().flatten().zip(other.stages.iter().flatten()) {
            *mine += theirs;
        }
        for at in 0..2 {
            self.fixed[at] += other.fixed[at];
            self.fixed_of_all[at] += other.fixed_of_all[at];
        }
    }

    /// Share of those with a zone at first who are then in `zones` (below, recheck, refer, none) at `stage`.
    pub fn share(&self, stage: usize, zones: &[usize]) -> f64 {
        zones.iter().map(|at| self.stages[stage][*at]).sum::<u64>() as f64 / self.graded.max(1) as f64
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} visits, {} readings, {} graded", self.visits, self.readings, self.graded)?;
        writeln!(f, "below, but outside: {:?}", self.outside)?;
        writeln!(f, "not measured: {:?}", self.reasons)?;
        if let Some([refer, find]) = self.best() {
            writeln!(f, "5 % of the healthy are at {refer} or above, 90 % of the ill at {find}")?;
        }
        writeln!(
            f,
            "air °C |  people  cover | 38.0: n, found at first, 37.3 raw, 36.9 raw; after series, second | healthy: referred at first, rechecked, 37.3, 36.9; series: referred, unclear; second: referred, unclear"
        )?;
        for ((name, _), [well, ill]) in BANDS.iter().zip(&self.bands) {
            let people = well.people + ill.people;
            let cover = (well.graded + ill.graded) as f64 / people.max(1) as f64;
            let of = |count: u64, ends: &Ends| count as f64 / ends.graded.max(1) as f64;
            // Who is in a zone but "below" at a stage is found; who lost their zone on the way is with a person as well.
            writeln!(
                f,
                "{name:>6} | {people:>8} {cover:>5.3} | {:>6} {:.3} {:.3} {:.3}; {:.3} {:.3} | {:.3} {:.3} {:.3} {:.3}; {:.3} {:.3}; {:.3} {:.3}",
                ill.graded,
                ill.share(0, &[1, 2]),
                of(ill.fixed[0], ill),
                of(ill.fixed[1], ill),
                1.0 - ill.share(1, &[0]),
                1.0 - ill.share(2, &[0]),
                well.share(0, &[2]),
                well.share(0, &[1]),
                of(well.fixed[0], well),
                of(well.fixed[1], well),
                well.share(1, &[2]),
                well.share(1, &[1]),
                well.share(2, &[2]),
                well.share(2, &[1]),
            )?;
        }
        Ok(())
    }
}
