//! What takes its time at one subject: disinfection, and a dwell with or without a temperature.
//!
//! ```text
//!            start             first good reading          time is over
//! nothing ──────────▶ armed ───────────────────▶ running ───────────────▶ the step is done
//!    ▲                  ▲      (at once where     │  │
//!    │                  │       nothing is read)  │  │
//!    │                  └────── bad reading ──────┘  │
//!    └──────────────────── stop, no reading in time ─┘
//! ```
//! Whatever breaks a dwell off starts it over: a time that has to pass passes as a whole or not at all.

use std::time::Duration;

use crate::base::{AttendantId, CentiCelsius, Mono, Slug};
use crate::config::Ask;
use crate::config::step_rule::Warmth;
use crate::control::{DisinfectionStatus, DwellState, DwellStatus, Refused};
use crate::model::Evidence;

/// One thing that runs, for one step.
#[derive(Clone, Debug)]
pub struct Running {
    /// The step's name.
    pub step: Slug,
    by: AttendantId,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Spray { agent: Slug, since: Mono, enough: Mono, until: Mono },
    Dwell { need: Duration, clock: Option<Clock>, at: Option<Warmth> },
}

/// A dwell's clock.
#[derive(Clone, Copy, Debug)]
struct Clock {
    since: Mono,
    last_reading: Mono,
    extremes: Option<[CentiCelsius; 2]>,
}

/// What became of something that runs.
pub enum Turn {
    /// It goes on.
    Goes,
    /// Its time is over: this satisfies the step.
    Done(Evidence),
    /// A dwell was broken off; it waits for the next good reading.
    Broken,
}

impl Running {
    /// Disinfection with `agent` begins at `now`.
    pub fn spray(step: Slug, by: AttendantId, agent: Slug, now: Mono, seconds: [u16; 2]) -> Self {
        let after = |seconds: u16| now + Duration::from_secs(u64::from(seconds));
        let [enough, until] = seconds.map(after);
        Self { step, by, what: What::Spray { agent, since: now, enough, until } }
    }

    /// A dwell as `ask` wants it; where nothing is read, its clock runs at once.
    pub fn dwell(step: Slug, by: AttendantId, ask: &Ask, now: Mono) -> Option<Self> {
        let Ask::Dwell { seconds, at } = ask else { return None };
        let clock = at.is_none().then_some(Clock { since: now, last_reading: now, extremes: None });
        let need = Duration::from_secs(u64::from(*seconds));
        Some(Self { step, by, what: What::Dwell { need, clock, at: at.clone() } })
    }

    /// Whether it is disinfection.
    pub fn is_spray(&self) -> bool {
        matches!(self.what, What::Spray { .. })
    }

    /// Whether it is a dwell whose clock runs.
    pub fn is_dwell(&self) -> bool {
        matches!(self.what, What::Dwell { clock: Some(_), .. })
    }

    /// When [`expire`](Self::expire) must be called, and why.
    pub fn deadline(&self) -> Option<(Mono, &'static str)> {
        match &self.what {
            What::Spray { until, .. } => Some((*until, "disinfection has run its longest time")),
            What::Dwell { need, clock, at } => {
                let clock = clock.as_ref()?;
                let over = clock.since + *need;
                let stale = at.as_ref().map(|at| clock.last_reading + every(at));
                Some(match stale.filter(|stale| *stale < over) {
                    Some(stale) => (stale, "the next reading should have come"),
                    None => (over, "the time has passed"),
                })
            }
        }
    }

    /// Acts on that deadline.
    pub fn expire(&mut self, now: Mono, interruptions: u8) -> Turn {
        let Some((due, _)) = self.deadline().filter(|(due, _)| *due <= now) else { return Turn::Goes };
        match &mut self.what {
            What::Spray { .. } => self.sprayed(now),
            What::Dwell { need, clock, .. } => {
                let Some(ran) = *clock else { return Turn::Goes };
                if due < ran.since + *need {
                    *clock = None;
                    return Turn::Broken;
                }
                let (need, by) = (*need, self.by.clone());
                Turn::Done(dwelt(ran, need, interruptions, by))
            }
        }
    }

    /// Takes a reading of the temperature.
    pub fn reading(&mut self, now: Mono, value: CentiCelsius, interruptions: u8) -> Turn {
        let What::Dwell { need, clock, at: Some(at) } = &mut self.what else { return Turn::Goes };
        if !(at.low..=at.high).contains(&value) {
            return if clock.take().is_some() { Turn::Broken } else { Turn::Goes };
        }
        let began = Clock { since: now, last_reading: now, extremes: Some([value, value]) };
        // One that comes too late says nothing of the time before it, whoever acts first on the deadline.
        if clock.is_some_and(|ran| now.since(ran.last_reading) > every(at)) {
            *clock = Some(began);
            return Turn::Broken;
        }
        let ran = clock.get_or_insert(began);
        ran.last_reading = now;
        let [low, high] = ran.extremes.unwrap_or([value, value]);
        ran.extremes = Some([low.min(value), high.max(value)]);
        if now.since(ran.since) < *need {
            return Turn::Goes;
        }
        Turn::Done(dwelt(*ran, *need, interruptions, self.by.clone()))
    }

    /// Ends disinfection.
    ///
    /// # Errors
    ///
    /// Too early it goes on: what is refused has changed nothing.
    pub fn stop_spray(&self, now: Mono) -> Result<Evidence, Refused> {
        let What::Spray { enough, .. } = &self.what else {
            return Err(Refused::NotNow { why: "no disinfection is running" });
        };
        let left = left_ms(*enough, now);
        if left > 0 {
            return Err(Refused::TooEarly { seconds_left: left.div_ceil(1_000) });
        }
        match self.sprayed(now) {
            Turn::Done(evidence) => Ok(evidence),
            Turn::Goes | Turn::Broken => Err(Refused::NotNow { why: "no disinfection is running" }),
        }
    }

    /// Disinfection as screens show it.
    pub fn disinfecting(&self, now: Mono) -> Option<DisinfectionStatus> {
        let What::Spray { enough, until, .. } = &self.what else { return None };
        let (may_stop_ms, ends_ms) = (left_ms(*enough, now), left_ms(*until, now));
        Some(DisinfectionStatus { may_stop_ms, ends_ms })
    }

    /// A dwell as screens show it.
    pub fn dwelling(&self, now: Mono) -> Option<DwellStatus> {
        let What::Dwell { need, clock: Some(clock), at } = &self.what else { return None };
        let reading_ms = at.as_ref().map(|at| left_ms(clock.last_reading + every(at), now));
        Some(DwellStatus { ends_ms: left_ms(clock.since + *need, now), reading_ms })
    }

    /// How far a dwell is.
    pub fn dwell_state(&self) -> DwellState {
        match &self.what {
            What::Dwell { clock: Some(_), .. } => DwellState::Runs,
            What::Dwell { clock: None, .. } => DwellState::Armed,
            What::Spray { .. } => DwellState::NotBegun,
        }
    }

    fn sprayed(&self, now: Mono) -> Turn {
        let What::Spray { agent, since, .. } = &self.what else { return Turn::Goes };
        let seconds = u16::try_from(now.since(*since).as_secs()).unwrap_or(u16::MAX);
        Turn::Done(Evidence::Disinfected { agent: agent.clone(), seconds, by: self.by.clone() })
    }
}

fn dwelt(clock: Clock, need: Duration, interruptions: u8, by: AttendantId) -> Evidence {
    let seconds = u32::try_from(need.as_secs()).unwrap_or(u32::MAX);
    let [low, high] = clock.extremes.map_or([None, None], |extremes| extremes.map(Some));
    Evidence::Dwelt { seconds, low, high, interruptions, by }
}

fn every(at: &Warmth) -> Duration {
    Duration::from_secs(u64::from(at.every_s))
}

/// Milliseconds until `at`, rounded up: 0 is said no sooner than it is true.
fn left_ms(at: Mono, now: Mono) -> u64 {
    u64::try_from(at.since(now).as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::step_rule::Source;

    #[test]
    fn a_reading_that_comes_too_late_begins_the_time_anew() {
        let [low, high, good] = [6_500, 7_500, 7_000].map(|value| CentiCelsius::new(value).unwrap());
        let at = Some(Warmth { low, high, source: Source::Attendant, every_s: 60 });
        let ask = Ask::Dwell { seconds: 100, at };
        let at = |seconds: u64| Mono::from_millis(seconds * 1_000);
        let by: AttendantId = "li".parse().unwrap();
        let mut dwell = Running::dwell("dry".parse().unwrap(), by, &ask, at(0)).unwrap();
        assert!(matches!(dwell.reading(at(0), good, 0), Turn::Goes));
        assert!(matches!(dwell.reading(at(60), good, 0), Turn::Goes), "just in time");
        assert!(
            matches!(dwell.reading(at(121), good, 0), Turn::Broken),
            "nobody knows how warm it was meanwhile"
        );
        assert!(matches!(dwell.reading(at(180), good, 1), Turn::Goes), "the time before does not count");
        assert!(matches!(dwell.reading(at(221), good, 1), Turn::Done(_)));
    }
}
