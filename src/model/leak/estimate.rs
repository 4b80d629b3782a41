//! Estimate and interval.
//!
//! In an opening there is somebody besides the recorded subject with probability `q`, at most one; counter `i` sees each
//! of them with probability `p_i`, and counts whom it sees twice with probability `s_i`. So an opening falls into one of
//! nine cells of [`Crossings`] by what the two counters say: 0, 1, or more. For each `q` of a grid the other four are those
//! that make the cells most likely (by expectation and maximisation); that profile likelihood, with the prior of Jeffreys
//! for a share, weighs the grid. The four are then moved about, further than what was counted allows, and weighed again,
//! because the likeliest need not be the true ones. Given all five, the number of unrecorded subjects in each cell is
//! binomial; their sum, mixed over the grid, is what the estimate and the interval are read from. With one counter,
//! followers and double counts cannot be told apart, and the interval says so by being wide.

use super::{Crossings, Leak};
use crate::base::Random;

/// Largest share of openings with a follower that is thought possible.
const SHARE_MAX: f64 = 0.3;
/// Points of the grid over that share.
const GRID: u64 = 80;
/// Steps of expectation and maximisation; the first point needs more than its neighbours, which begin where it ended.
const STEPS: usize = 12;
/// How often other counters are tried about the likeliest ones, in pairs.
const DRAWS: u32 = 10;
/// What is taken to be known of a counter from the start: of 20 subjects it saw all but half a one, and a quarter twice.
/// Keeps it from certainty, which no run of openings proves.
const NOTHING_SEEN: Seen = [20.0, 19.5, 0.25];
/// Half of what the interval leaves out: a little less than its 5 %, because the weights of the grid are approximate.
const TAIL: f64 = 0.02;

/// A counter: how likely it misses a subject, and counts one twice whom it sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counter {
    pub(super) sees: f64,
    pub(super) doubles: f64,
}

/// Subjects, those that a counter saw, those that it counted twice.
type Seen = [f64; 3];

impl Counter {
    fn log_prior(&self) -> f64 {
        let [all, saw, twice] = NOTHING_SEEN;
        saw * self.sees.ln()
            + (all - saw) * (1.0 - self.sees).ln()
            + twice * self.doubles.ln()
            + (saw - twice) * (1.0 - self.doubles).ln()
    }

    /// What it says of one subject: 0, 1, 2.
    fn of_one(self) -> [f64; 3] {
        [1.0 - self.sees, self.sees * (1.0 - self.doubles), self.sees * self.doubles]
    }

    /// What it says of two: 0, 1, more.
    fn of_two(self) -> [f64; 3] {
        let one = self.of_one();
        let (none, single) = (one[0] * one[0], 2.0 * one[0] * one[1]);
        [none, single, (1.0 - none - single).max(0.0)]
    }
}

/// The cells of one kind of lane as the estimate takes them: count by beam and beside, and without a second counter
/// only the middle column.
struct Model<'a> {
    cells: &'a Crossings,
    counters: [Counter; 2],
}

/// One cell: how many openings, and their likelihood with one subject and with two.
struct Cell {
    openings: f64,
    at: [Option<usize>; 2],
    one: f64,
    two: f64,
}

impl Model<'_> {
    fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        let [beam, beside] = self.counters;
        let ([b1, b2], [s1, s2]) = ([beam.of_one(), beam.of_two()], [beside.of_one(), beside.of_two()]);
        let both = (0..9).map(move |index| {
            let (beam, beside) = (index / 3, index % 3);
            let (one, two) = (b1[beam] * s1[beside], b2[beam] * s2[beside]);
            let openings = float(self.cells.both[beam][beside]);
            Cell { openings, at: [Some(beam), Some(beside)], one, two }
        });
        let alone = (0..3).map(move |beam| {
            let openings = float(self.cells.beam[beam]);
            Cell { openings, at: [Some(beam), None], one: b1[beam], two: b2[beam] }
        });
        both.chain(alone).filter(|cell| cell.openings > 0.0)
    }

    fn log_likelihood(&self, share: f64) -> f64 {
        let cell =
            |cell: Cell| cell.openings * ((1.0 - share) * cell.one + share * cell.two).max(1e-300).ln();
        self.cells().map(cell).sum()
    }

    /// Makes the counters likelier, given the share of openings with a follower; returns what each is taken to have seen.
    fn improve(&mut self, share: f64) -> [Seen; 2] {
        let mut seen = [NOTHING_SEEN; 2];
        for cell in self.cells() {
            let (one, two) = ((1.0 - share) * cell.one, share * cell.two);
            let follower = two / (one + two).max(1e-300);
            for (index, at) in cell.at.into_iter().enumerate() {
                let Some(at) = at else { continue };
                let of_one = [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]][at];
                let of_two = pair(self.counters[index], at);
                for what in 0..3 {
                    let mean = (1.0 - follower) * of_one[what] + follower * of_two[what];
                    seen[index][what] += cell.openings * mean;
                }
            }
        }
        self.counters = seen.map(|[all, saw, twice]| Counter { sees: saw / all, doubles: twice / saw });
        seen
    }

    /// Counters about the likeliest ones, which need not be the true ones, each with its weight.
    fn around(&self, share: f64, seen: &[Seen; 2], random: &mut Random) -> Vec<(f64, [Counter; 2])> {
        let mut drawn = vec![];
        for _ in 0..DRAWS {
            let shifts: [f64; 4] = std::array::from_fn(|_| random.normal());
            for sign in [1.0, -1.0] {
                let mut odds = -0.0;
                let counters = std::array::from_fn(|index| {
                    let [all, saw, twice] = seen[index];
                    let mut moved = |of: f64, hits: f64, shift: f64| {
                        // Twice as wide as what was seen allows, if it were certain which cell was what.
                        let spread = (2.0 / hits + 2.0 / (of - hits)).sqrt();
                        let chance = 1.0 / (1.0 + ((of - hits) / hits * (-sign * shift * spread).exp()));
                        odds += shift * shift / 2.0 + chance.ln() + (1.0 - chance).ln();
                        chance
                    };
                    let sees = moved(all, saw, shifts[2 * index]);
                    Counter { sees, doubles: moved(saw, twice, shifts[2 * index + 1]) }
                });
                drawn.push((odds, counters));
            }
        }
        let weigh = |(odds, counters): &(f64, [Counter; 2])| {
            let prior: f64 = counters.iter().map(Counter::log_prior).sum();
            odds + prior + Model { cells: self.cells, counters: *counters }.log_likelihood(share)
        };
        let logs: Vec<f64> = drawn.iter().map(weigh).collect();
        let best = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let all: f64 = logs.iter().map(|log| (log - best).exp()).sum();
        drawn.iter().zip(logs).map(|((_, counters), log)| ((log - best).exp() / all, *counters)).collect()
    }

    /// The distribution of the number of unrecorded subjects, times `weight`.
    fn followers(&self, share: f64, weight: f64) -> Vec<f64> {
        self.cells().fold(vec![weight], |so_far, cell| {
            let (one, two) = ((1.0 - share) * cell.one, share * cell.two);
            with(&so_far, cell.openings, two / (one + two).max(1e-300))
        })
    }
}

/// Of two subjects of whom a counter said `at`: subjects, how many it saw and how many it counted twice, in the mean.
fn pair(counter: Counter, at: usize) -> [f64; 3] {
    let one = counter.of_one();
    match at {
        0 => [2.0, 0.0, 0.0],
        1 => [2.0, 1.0, 0.0],
        _ => {
            let ways = [
                (one[0] * one[2] * 2.0, 1.0, 1.0),
                (one[1] * one[1], 2.0, 0.0),
                (one[1] * one[2] * 2.0, 2.0, 1.0),
                (one[2] * one[2], 2.0, 2.0),
            ];
            let all: f64 = ways.iter().map(|(weight, ..)| weight).sum::<f64>().max(1e-300);
            let mean =
                |of: fn(&(f64, f64, f64)) -> f64| ways.iter().map(|way| way.0 * of(way)).sum::<f64>() / all;
            [2.0, mean(|way| way.1), mean(|way| way.2)]
        }
    }
}

/// The estimate from at least one opening.
pub(super) fn estimate(cells: &Crossings) -> Leak {
    let start = Counter { sees: 0.98, doubles: 0.02 };
    let mut model = Model { cells, counters: [start; 2] };
    let mut points = vec![];
    for step in 0..GRID {
        // Even in the root of the share, which is the prior of Jeffreys near nothing.
        let root = (float(step) + 0.5) / float(GRID) * SHARE_MAX.sqrt();
        let share = root * root;
        let seen = (0..if step == 0 { 4 * STEPS } else { STEPS })
            .fold([NOTHING_SEEN; 2], |_, _| model.improve(share));
        points.push((model.log_likelihood(share), share, model.counters, seen));
    }
    let best = points.iter().map(|point| point.0).fold(f64::NEG_INFINITY, f64::max);
    let mut random = Random::new(1);
    let mut sum: Vec<f64> = vec![];
    for (likelihood, share, counters, seen) in points {
        let weight = (likelihood - best).exp();
        if weight > 1e-6 {
            model.counters = counters;
            for (part, drawn) in model.around(share, &seen, &mut random) {
                let followers = Model { cells, counters: drawn }.followers(share, weight * part);
                sum.resize(sum.len().max(followers.len()), 0.0);
                sum.iter_mut().zip(followers).for_each(|(sum, more)| *sum += more);
            }
        }
    }
    read_off(cells, &sum)
}

/// Reads estimate and interval off the weights of 0, 1, 2 … unrecorded subjects.
fn read_off(cells: &Crossings, weights: &[f64]) -> Leak {
    let all: f64 = weights.iter().sum();
    let quantile = |share: f64| {
        let mut below = 0.0;
        let at = weights.iter().position(|weight| {
            below += weight / all;
            below > share
        });
        at.unwrap_or(weights.len().saturating_sub(1)) as u64
    };
    let likely = (0..weights.len()).max_by(|one, other| weights[*one].total_cmp(&weights[*other]));
    let (low, high) = (quantile(TAIL), quantile(1.0 - TAIL));
    Leak { openings: cells.openings(), likely: (likely.unwrap_or(0) as u64).clamp(low, high), low, high }
}

/// The distribution of a number together with how many of `openings` have a follower, each with probability `share`.
fn with(so_far: &[f64], openings: f64, share: f64) -> Vec<f64> {
    let mean = openings * share;
    if mean < 1e-6 {
        return so_far.to_vec();
    }
    let spread = (mean * (1.0 - share)).sqrt();
    let most = openings.min((mean + 9.0 * spread + 6.0).ceil());
    let least = (mean - 9.0 * spread - 6.0).floor().max(0.0);
    // From the likeliest number outwards, so that nothing underflows.
    let (first, last) = (whole(least), whole(most));
    let middle = whole(mean).clamp(first, last);
    let odds = share / (1.0 - share).max(1e-12);
    let mut weights = vec![0.0; last + 1];
    weights[middle] = 1.0;
    for k in middle + 1..=last {
        weights[k] = weights[k - 1] * (openings - float(k as u64) + 1.0) / float(k as u64) * odds;
    }
    for k in (first..middle).rev() {
        weights[k] = weights[k + 1] * float(k as u64 + 1) / ((openings - float(k as u64)) * odds).max(1e-300);
    }
    let all: f64 = weights.iter().sum();
    let mut sum = vec![0.0; so_far.len() + last];
    for (have, weight) in so_far.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        for (more, share) in weights.iter().enumerate().skip(first) {
            sum[have + more] += weight * share / all;
        }
    }
    sum
}

/// The whole part of a count.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "never below 0, and at most a shift's count"
)]
fn whole(count: f64) -> usize {
    count as usize
}

/// Counts here are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts of a shift")]
fn float(count: u64) -> f64 {
    count as f64
}
