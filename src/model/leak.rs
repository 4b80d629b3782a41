//! The leak rate: how many subjects went through a barrier's openings beside those that are on record.
//!
//! Each opening is for one recorded subject. Two things count what goes through it, neither of which knows the records:
//! the beam under the barrier, and the sensor that sees who leaves the place before it or arrives at the one behind it.
//! Both err: they miss somebody, or count one twice (a trailer, a bag held out in front). What one of them says alone is
//! therefore no leak, and what both do not say is not proof of none.
//!
//! What the counters cannot see at all is in no interval: who goes around the barrier, and whom both miss for one reason.

mod estimate;
#[cfg(test)]
mod tests;

use std::ops::AddAssign;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// What was counted while the barrier was open for one subject, beside its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct Counted {
    /// How often something came under the barrier.
    #[n(0)]
    pub beam: u8,
    /// How often somebody arrived behind it, or left the place before it; `None` where no sensor looks there.
    #[n(1)]
    pub beside: Option<u8>,
}

impl Counted {
    /// Whether anything went through at all.
    pub fn says_anything(self) -> bool {
        self.beam > 0 || self.beside.is_some_and(|beside| beside > 0)
    }

    /// Whether everything that counts says that it was more than one.
    pub fn says_followed(self) -> bool {
        self.beam > 1 && self.beside.is_none_or(|beside| beside > 1)
    }
}

/// Openings by what the beam (first) and the sensor beside (second) counted: 0, 1, more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crossings {
    /// Where both counted.
    pub both: [[u64; 3]; 3],
    /// Where only the beam could.
    pub beam: [u64; 3],
}

impl Crossings {
    /// Takes in one opening.
    pub fn take(&mut self, counted: Counted) {
        self.take_times(counted, 1);
    }

    /// Takes in so many openings of which the same was counted.
    pub fn take_times(&mut self, counted: Counted, times: u64) {
        let beam = usize::from(counted.beam.min(2));
        match counted.beside {
            Some(beside) => self.both[beam][usize::from(beside.min(2))] += times,
            None => self.beam[beam] += times,
        }
    }

    /// How many openings there were.
    pub fn openings(&self) -> u64 {
        self.both.iter().flatten().chain(&self.beam).sum()
    }

    /// How many subjects went through beside the recorded ones; `None` without any opening.
    pub fn leak(&self) -> Option<Leak> {
        (self.openings() > 0).then(|| estimate::estimate(self))
    }
}

impl AddAssign<&Self> for Crossings {
    fn add_assign(&mut self, other: &Self) {
        let to = self.both.iter_mut().flatten().chain(&mut self.beam);
        to.zip(other.both.iter().flatten().chain(&other.beam)).for_each(|(to, from)| *to += from);
    }
}

/// How many subjects went through beside the recorded ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leak {
    /// Openings, each for one recorded subject.
    pub openings: u64,
    /// The likeliest number.
    pub likely: u64,
    /// Not fewer, with at least 95 % together with `high`.
    pub low: u64,
    /// Not more.
    pub high: u64,
}

impl Leak {
    /// `count` unrecorded subjects among all that went through, in hundredths of a per cent.
    pub fn rate(&self, count: u64) -> u64 {
        let all = self.openings + count;
        (count * 10_000 + all / 2) / all.max(1)
    }
}
