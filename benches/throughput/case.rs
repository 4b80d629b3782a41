//! One kind of subject, many times over, each at a lane that is free.

use std::time::Duration;

use kakou::base::{Mono, Random};
use kakou::control::{Aspect, Phase};
use kakou::model::{AreaMode, SubjectKind, Verdict};

use super::attendant::Attendant;
use super::gate::Gate;
use super::model::{People, Says};
use super::visit::Visit;

/// Longest that anybody may take before the case counts as broken.
const GIVES_UP: Duration = Duration::from_secs(1_200);

/// What comes to the lane.
pub struct Case {
    pub name: &'static str,
    pub bar_s: Option<u64>,
    pub file: &'static str,
    pub mode: AreaMode,
    pub takes: SubjectKind,
    pub people: People,
    pub seats: u8,
    pub plate_pass: bool,
    pub files_past: bool,
    pub says: Says,
    /// Whether they went through two hours ago, with a good reading.
    pub came_earlier: bool,
    pub runs: u32,
}

/// What one subject took.
struct Took {
    barrier: Duration,
    go: Duration,
    free: Duration,
    acts: u32,
    presses: u32,
}

/// What all of them took.
pub struct Figures(Vec<Took>);

impl Case {
    /// Lets `runs` subjects through, one after the other.
    pub fn measure(&self, runs: u64, random: &mut Random) -> Figures {
        let mut gate = Gate::new(self.takes, self.file, self.mode, random);
        gate.came_earlier = self.came_earlier;
        Figures((0..runs).map(|_| self.one(&mut gate, random)).collect())
    }

    fn one(&self, gate: &mut Gate, random: &mut Random) -> Took {
        // Nobody is there for a moment, at whatever phase of the thermometer's pace.
        for _ in 0..200 + random.below(20) {
            gate.turn();
        }
        let mut visit = match self.takes {
            SubjectKind::Person => Visit::on_foot(self.people, self.says, gate, random),
            SubjectKind::Vehicle => Visit::vehicle(self, gate, random),
        };
        let (begun, mut attendant) = (gate.now, Attendant::default());
        let (mut barrier, mut go, mut through): (Option<Mono>, Option<Mono>, bool) = (None, None, false);
        while gate.now.since(begun) < GIVES_UP {
            let status = gate.turn();
            assert_ne!(status.phase, Phase::Ended, "{}: nobody goes through in order", self.name);
            if status.phase == Phase::Crossing {
                let verdict = status.verdict.as_ref().map(|verdict| verdict.verdict);
                assert_eq!(verdict, Some(Verdict::Admitted), "{}", self.name);
                barrier.get_or_insert(gate.now);
            }
            if status.lamp == Aspect::Go {
                go.get_or_insert(gate.now);
            }
            if through && status.phase == Phase::Idle {
                let since = |at: Option<Mono>| at.map(|at| at.since(begun));
                let (barrier, go) =
                    since(barrier).zip(since(go)).expect("whoever is through was let through");
                let Attendant { acts, presses, .. } = attendant;
                return Took { barrier, go, free: gate.now.since(begun), acts, presses };
            }
            if !through {
                through = visit.step(&status, gate);
                attendant.step(&status, &visit, gate, random);
            }
        }
        panic!("{}: nobody is let through", self.name);
    }
}

impl Figures {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn barrier(&self, percent: usize) -> Duration {
        self.quantile(percent, |took| took.barrier)
    }

    pub fn go(&self, percent: usize) -> Duration {
        self.quantile(percent, |took| took.go)
    }

    pub fn free(&self, percent: usize) -> Duration {
        self.quantile(percent, |took| took.free)
    }

    /// Acts of the attendant, on average.
    pub fn acts(&self) -> f64 {
        self.mean(|took| took.acts)
    }

    /// Presses for them.
    pub fn presses(&self) -> f64 {
        self.mean(|took| took.presses)
    }

    fn mean(&self, of: impl Fn(&Took) -> u32) -> f64 {
        f64::from(self.0.iter().map(of).sum::<u32>()) / self.0.len() as f64
    }

    fn quantile(&self, percent: usize, of: impl Fn(&Took) -> Duration) -> Duration {
        let mut times: Vec<Duration> = self.0.iter().map(of).collect();
        times.sort_unstable();
        times[(times.len() * percent).div_ceil(100).saturating_sub(1)]
    }
}
