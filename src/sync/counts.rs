//! What a kiosk counts at its lanes beside its journal, so that what passes a barrier without a record is noticed.
//!
//! Each heartbeat states the counts of the running program, a lane a line, under the kiosk's signature:
//!
//! ```text
//! count <lane> since=<records when it started> raised=<n> beam=<n> present=<n> passages=<n>
//! ```
//!
//! *Raised* is how often the boom left its lower end, by whatever cause; *beam* and *present* how often something was
//! under it and before it; *passages* how many verdicts the lane handed to the recorder. None of it is read from the journal.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::LaneId;

/// Begins a line.
const COUNT: &str = "count ";

/// Counts of one lane in one run of the program. Shared by the lane, which counts, and the link, which tells.
#[derive(Debug, Default)]
pub struct Counters {
    raised: AtomicU64,
    beam: AtomicU64,
    present: AtomicU64,
    passages: AtomicU64,
}

impl Counters {
    /// The boom left its lower end.
    pub fn raised(&self) {
        self.raised.fetch_add(1, Ordering::Relaxed);
    }

    /// Something came under the boom.
    pub fn beam(&self) {
        self.beam.fetch_add(1, Ordering::Relaxed);
    }

    /// Somebody or something came before it.
    pub fn present(&self) {
        self.present.fetch_add(1, Ordering::Relaxed);
    }

    /// A verdict was handed to the recorder.
    pub fn passage(&self) {
        self.passages.fetch_add(1, Ordering::Relaxed);
    }

    /// The counts now, of `lane`, in a program that started when there were `since` records.
    pub fn now(&self, lane: &LaneId, since: u64) -> Count {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Count {
            lane: lane.clone(),
            since,
            raised: read(&self.raised),
            beam: read(&self.beam),
            present: read(&self.present),
            passages: read(&self.passages),
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// Which lane.
    pub lane: LaneId,
    /// Number of records when the program started.
    pub since: u64,
    /// How often the boom left its lower end.
    pub raised: u64,
    /// How often something came under it.
    pub beam: u64,
    /// How often something came before it.
    pub present: u64,
    /// Verdicts handed to the recorder.
    pub passages: u64,
}

impl Count {
    /// The count that a line states; `None` for any other line.
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix(COUNT)?.split(' ');
        let lane = words.next()?.parse().ok()?;
        let mut number =
            |name: &str| words.next()?.strip_prefix(name)?.strip_prefix('=')?.parse::<u64>().ok();
        let count = Self {
            lane,
            since: number("since")?,
            raised: number("raised")?,
            beam: number("beam")?,
            present: number("present")?,
            passages: number("passages")?,
        };
        // One spelling only; a later version may append further words.
        line.starts_with(&count.to_string()).then_some(count)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lane, since, raised, beam, present, passages } = self;
        write!(
            f,
            "{COUNT}{lane} since={since} raised={raised} beam={beam} present={present} passages={passages}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_was_counted_and_no_other_line_does() {
        let counters = Counters::default();
        (0..3).for_each(|_| counters.raised());
        counters.beam();
        counters.present();
        (0..2).for_each(|_| counters.passage());
        let count = counters.now(&"in-1".parse().unwrap(), 17);
        let line = "count in-1 since=17 raised=3 beam=1 present=1 passages=2";
        assert_eq!(count.to_string(), line);
        assert_eq!(Count::parse(line), Some(count.clone()));
        assert_eq!(Count::parse(&format!("{line} later=1")), Some(count), "of a later version");
        for other in
            ["beat 00 5", "count in-1 since=17", "count in-1 since=+17 raised=3 beam=1 present=1 passages=2"]
        {
            assert_eq!(Count::parse(other), None, "{other}");
        }
    }
}
