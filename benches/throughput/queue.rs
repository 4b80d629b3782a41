//! A rush on foot: arrivals by chance, one lane, and how many wait.

use std::time::Duration;

use kakou::base::Random;
use kakou::control::Phase;
use kakou::model::{AreaMode, SubjectKind};

use super::attendant::Attendant;
use super::gate::{Gate, STEP};
use super::model::{MIX, NEXT_STANDS, People, Says};
use super::visit::Visit;

/// Before anything is counted.
const WARM_UP: Duration = Duration::from_secs(600);
/// How often the queue is counted.
const COUNT_EVERY: u64 = 1_000;

/// Who comes how fast and for how long.
#[derive(Clone, Copy)]
pub struct Rush {
    pub per_hour: u64,
    pub hours: u64,
}

/// How many waited behind the one at the post.
pub struct Waiting {
    pub p50: usize,
    pub p95: usize,
    pub max: usize,
    pub served: u64,
    /// Share of the time in which the lane was not free.
    pub busy: f64,
}

impl Rush {
    /// Runs it through.
    pub fn measure(self, random: &mut Random) -> Waiting {
        let mut gate = Gate::new(SubjectKind::Person, super::RESIDENTIAL, AreaMode::Normal, random);
        let begun = gate.now;
        let end = begun + WARM_UP + Duration::from_secs(self.hours * 3_600);
        let (mut arrival, mut queue) = (begun, 0_usize);
        let mut at_post: Option<(Visit, Attendant)> = None;
        let mut stands_at = begun;
        let (mut counts, mut served, mut busy) = (vec![], 0_u64, 0_u64);
        while gate.now < end {
            let status = gate.turn();
            assert_ne!(status.phase, Phase::Ended, "everybody is admitted and goes through alone");
            while arrival <= gate.now {
                queue += 1;
                arrival = arrival + self.gap(random);
            }
            if at_post.is_none() && queue > 0 && gate.now >= stands_at {
                queue -= 1;
                at_post =
                    Some((Visit::on_foot(who(random), Says::Aloud, &gate, random), Attendant::default()));
            }
            if let Some((visit, attendant)) = &mut at_post {
                let through = visit.step(&status, &mut gate);
                attendant.step(&status, visit, &mut gate, random);
                if through {
                    stands_at = gate.now + NEXT_STANDS.draw(random);
                    at_post = None;
                    served += 1;
                }
            }
            if gate.now >= begun + WARM_UP {
                busy += u64::from(status.phase != Phase::Idle || at_post.is_some());
                if gate.now.as_millis() % COUNT_EVERY < STEP.as_millis() as u64 {
                    counts.push(queue);
                }
            }
        }
        counts.sort_unstable();
        let quantile = |percent: usize| counts[(counts.len() * percent).div_ceil(100).saturating_sub(1)];
        let steps = self.hours * 3_600_000 / STEP.as_millis() as u64;
        Waiting {
            p50: quantile(50),
            p95: quantile(95),
            max: *counts.last().expect("a rush lasts"),
            served,
            busy: busy as f64 / steps as f64,
        }
    }

    /// Until the next arrival of a Poisson process.
    fn gap(self, random: &mut Random) -> Duration {
        let mean = 3_600.0 / self.per_hour as f64;
        Duration::from_secs_f64(-mean * (1.0 - random.unit()).ln())
    }
}

fn who(random: &mut Random) -> People {
    let mut left = random.unit();
    for (people, share) in MIX {
        if left < share {
            return people;
        }
        left -= share;
    }
    MIX[0].0
}
