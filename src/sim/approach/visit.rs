//! One person's visit: first reading, waits, the recheck of three fresh ones, and a second place on the body.

use std::time::Duration;

use crate::base::CentiCelsius;
use crate::engine::recheck::{Led, Recheck};
use crate::model::{BodySite, NotMeasured, Zone};
use crate::thermometry::Whose;

use super::envelope::Outside;
use super::lane::{Lane, Subject};
use super::person::Person;
use super::posture::Posture;

/// Most screenings of one visit.
const SCREENINGS_MAX: usize = 16;
/// How often somebody who was told to wait comes back.
const WAITS_MAX: u32 = 4;
/// How often somebody tries again who stood wrongly.
const TRIES_MAX: u32 = 2;

/// One screening of a visit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The zone, or why there is none.
    pub zone: Result<Zone, NotMeasured>,
    /// What was compared with the threshold temperature.
    pub compared: Option<CentiCelsius>,
    /// Skin temperature.
    pub skin: Option<CentiCelsius>,
    /// Why it was taken outside of the valid envelope.
    pub outside: Option<Outside>,
    /// Whether there are samples that it rests on.
    pub known: bool,
}

/// A visit.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// The person.
    pub person: Person,
    /// Every screening, in order.
    pub readings: Vec<Reading>,
    /// After waits and tries: the first reading with a zone, or why there is none.
    pub first: Result<Zone, NotMeasured>,
    /// After the recheck of three fresh readings, where there was one.
    pub series: Result<Zone, NotMeasured>,
    /// After a second place on the body, where the policy names one.
    pub second: Result<Zone, NotMeasured>,
    /// What the sensor read, uncorrected, when the first screening ended: what a fixed rule goes by.
    pub read: CentiCelsius,
}

impl Lane {
    /// The next person, ill with probability `ill`.
    pub fn visit(&mut self, ill: f64) -> Visit {
        let pause = Duration::from_secs_f64(5.0 + 15.0 * self.random.unit());
        self.clock.advance(pause);
        self.idle();
        let mut random = self.random.fork("person");
        let person = Person::new(&mut random, &self.place, ill);
        let posture = Posture::new(&mut random, &self.outfit);
        // A queue: mostly less than a minute between door and sensor. Ours.
        let queue = 5.0 - 40.0 * (1.0 - random.unit()).ln();
        let came = self.seconds();
        let (site, entered) = (self.rule().site, came - queue);
        let mut subject = Subject { person, posture, entered, came, site, second: false };
        let mut readings = vec![self.screen(&mut subject, Whose::New)];
        let read = self.last();
        let first = self.until_measured(&mut subject, &mut readings);
        let [series, second] = self.rechecked(&mut subject, &mut readings, first);
        Visit { person, readings, first, series, second, read }
    }

    /// Waits and tries as people do, until there is a zone or they are for an attendant.
    fn until_measured(
        &mut self,
        subject: &mut Subject,
        readings: &mut Vec<Reading>,
    ) -> Result<Zone, NotMeasured> {
        let (mut waits, mut tries) = (0, 0);
        loop {
            let last = readings.last().map_or(Err(NotMeasured::NobodyThere), |reading| reading.zone);
            let Err(why) = last else { return last };
            match why {
                NotMeasured::Acclimatising | NotMeasured::TooCold if waits < WAITS_MAX => {
                    waits += 1;
                    // They come back after one to six minutes. Ours.
                    let seconds = 60 + self.random.below(300);
                    self.wait(subject, Duration::from_secs(seconds));
                }
                NotMeasured::Unsteady | NotMeasured::NobodyThere | NotMeasured::TooClose
                    if tries < TRIES_MAX =>
                {
                    tries += 1;
                    self.wait(subject, Duration::from_secs(6));
                }
                NotMeasured::Implausible | NotMeasured::Covered if tries < TRIES_MAX => {
                    tries += 1;
                    subject.posture.bares(&mut self.random);
                    self.wait(subject, Duration::from_secs(6));
                }
                NotMeasured::Acclimatising
                | NotMeasured::TooCold
                | NotMeasured::Unsteady
                | NotMeasured::NobodyThere
                | NotMeasured::TooClose
                | NotMeasured::Implausible
                | NotMeasured::Covered
                | NotMeasured::NoReading(_)
                | NotMeasured::SensorNotReady
                | NotMeasured::NotSkin
                | NotMeasured::Several
                | NotMeasured::Surroundings
                | NotMeasured::Reference
                | NotMeasured::Supply
                | NotMeasured::Drift => return last,
            }
            readings.push(self.screen(subject, Whose::Same(None)));
        }
    }

    /// Goes away from the sensor and comes back.
    fn wait(&mut self, subject: &mut Subject, pause: Duration) {
        self.idle();
        self.clock.advance(pause);
        subject.came = self.seconds();
        subject.posture.again(&mut self.random, &self.outfit);
    }

    /// What the recheck leads to: at the first place, and at the second.
    fn rechecked(
        &mut self,
        subject: &mut Subject,
        readings: &mut Vec<Reading>,
        first: Result<Zone, NotMeasured>,
    ) -> [Result<Zone, NotMeasured>; 2] {
        let (rule, mut recheck, mut series) = (*self.rule(), Recheck::default(), None);
        let Ok(mut zone) = first else { return [first; 2] };
        loop {
            let Some(Reading { compared: Some(compared), .. }) = readings.last().copied() else {
                return [first; 2];
            };
            match recheck.take(&rule, zone, compared) {
                Led::Again => {}
                Led::Counts => return [Ok(zone); 2],
                Led::Median(median) => return [series.unwrap_or(Ok(median)), Ok(median)],
            }
            if let Some(site) = recheck.site()
                && !subject.second
            {
                series = Some(Ok(Zone::Recheck));
                (subject.site, subject.second) = (site, true);
            }
            match self.fresh(subject, readings, recheck.site()) {
                Ok(fresh) => zone = fresh,
                Err(why) => return [series.unwrap_or(Err(why)), Err(why)],
            }
        }
    }

    /// One more reading of the same person, with as many tries as a visit has room for.
    fn fresh(
        &mut self,
        subject: &mut Subject,
        readings: &mut Vec<Reading>,
        site: Option<BodySite>,
    ) -> Result<Zone, NotMeasured> {
        loop {
            self.clock.advance(Duration::from_secs(5));
            let reading = self.screen(subject, Whose::Same(site));
            readings.push(reading);
            if reading.zone.is_ok() || readings.len() >= SCREENINGS_MAX {
                return reading.zone;
            }
            subject.posture.again(&mut self.random, &self.outfit);
        }
    }
}
