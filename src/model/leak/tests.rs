//! The interval against simulated shifts.

use super::estimate::Counter;
use super::*;
use crate::base::Random;

/// A shift of `openings` and what is true of it.
struct World {
    openings: u64,
    share: f64,
    counters: [Counter; 2],
    beside: bool,
}

impl World {
    fn shift(&self, random: &mut Random) -> (Crossings, u64) {
        let (mut cells, mut unrecorded) = (Crossings::default(), 0);
        for _ in 0..self.openings {
            let followed = random.chance(self.share);
            unrecorded += u64::from(followed);
            let mut count = |counter: Counter| {
                let one =
                    |random: &mut Random| match (random.chance(counter.sees), random.chance(counter.doubles))
                    {
                        (false, _) => 0,
                        (true, twice) => 1 + u8::from(twice),
                    };
                one(random) + if followed { one(random) } else { 0 }
            };
            let [beam, beside] = self.counters.map(&mut count);
            cells.take(Counted { beam, beside: self.beside.then_some(beside) });
        }
        (cells, unrecorded)
    }
}

#[test]
fn the_interval_holds_the_truth_in_more_than_93_of_100_shifts_whatever_the_share_of_followers() {
    let mut random = Random::new(4);
    let (mut held, mut width, mut shifts) = (0, 0, 0);
    for share in [0.001, 0.002, 0.005, 0.01, 0.02, 0.05] {
        let (mut here, mut wide) = (0, 0);
        for _ in 0..170 {
            let counters = [(0.995, 0.01), (0.98, 0.02)].map(|(sees, doubles)| Counter { sees, doubles });
            let openings = 200 + random.below(1_000);
            let (cells, truth) = World { openings, share, counters, beside: true }.shift(&mut random);
            let leak = cells.leak().unwrap();
            here += u64::from((leak.low..=leak.high).contains(&truth));
            wide += leak.high - leak.low;
            assert!((leak.low..=leak.high).contains(&leak.likely));
        }
        eprintln!("share {share}: {here} of 170 held, mean width {:.1}", wide as f64 / 170.0);
        held += here;
        width += wide;
        shifts += 170;
    }
    assert!(held * 100 >= shifts * 93, "{held} of {shifts}");
    assert!(width < shifts * 16, "an interval that holds everything says nothing: {width} over {shifts}");
}

#[test]
fn one_counter_alone_cannot_tell_a_follower_from_a_subject_that_was_counted_twice() {
    let leak = Crossings { beam: [1, 890, 9], ..Crossings::default() }.leak().unwrap();
    assert!(leak.low == 0 && leak.high >= 9, "{leak:?}");
    let leak =
        Crossings { both: [[0, 0, 0], [1, 890, 0], [0, 0, 9]], ..Crossings::default() }.leak().unwrap();
    assert!((8..=9).contains(&leak.low) && leak.high <= 11, "{leak:?}");
}

#[test]
fn where_nothing_says_otherwise_nobody_is_likely_and_none_is_not_proven() {
    let leak =
        Crossings { both: [[0, 0, 0], [0, 500, 0], [0, 0, 0]], ..Crossings::default() }.leak().unwrap();
    assert_eq!((leak.openings, leak.likely, leak.low), (500, 0, 0));
    assert!(leak.high <= 2, "{leak:?}");
    assert_eq!(Crossings::default().leak(), None, "no opening says nothing");
    assert_eq!(
        Leak { openings: 99, likely: 1, low: 0, high: 1 }.rate(1),
        100,
        "one of a hundred is one per cent"
    );
}

#[test]
fn shifts_add_up() {
    let mut sum = Crossings { both: [[1; 3]; 3], beam: [1; 3] };
    sum += &sum.clone();
    assert_eq!((sum, sum.openings()), (Crossings { both: [[2; 3]; 3], beam: [2; 3] }, 24));
}
