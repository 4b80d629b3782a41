//! A card that acknowledges flushes and ignores three of ten.
//!
//! What was written before a flush that it honoured is there afterwards. What was acknowledged since then may be lost,
//! and is noticed: by the start itself when something later is still there, and otherwise by whoever was told more.

use kakou::base::Random;
use kakou::ledger::AlarmKind;

use crate::bench::{Bench, is_possible};
use crate::device::Left;
use crate::hub::{Had, after_the_start};
use crate::journal_until_cut;
use crate::stores::{Acknowledged, Found, Log, start_again};

const CUTS: u64 = 40;
const IGNORED: f64 = 0.3;

#[derive(Default)]
struct Seen {
    images: u64,
    ignored: u64,
    /// Images that lost records.
    lossy: u64,
    /// Those of them in which the start itself said so.
    said: u64,
    /// Images in which the log had to end.
    ended: u64,
    lost_max: usize,
    bad: Vec<String>,
}

#[test]
fn a_card_that_ignores_three_flushes_of_ten_costs_the_tail_and_no_start_and_somebody_notices() {
    if !is_possible() {
        return;
    }
    let (bench, mut random, mut seen) = (Bench::new(), Random::new(2), Seen::default());
    for seed in 0..CUTS {
        let acknowledged = journal_until_cut(&bench, &mut random, IGNORED, seed);
        let (safe, ignored) = bench.device().safe();
        seen.ignored += ignored;
        for left in Left::ALL {
            seen.images += 1;
            let found = bench.after(left, &mut random, |card| start_again(card, &acknowledged));
            let bad = match found {
                Ok(Found::Log(log)) => seen.judge(&acknowledged, safe, &log),
                Ok(Found::Refused(error)) | Err(error) => Err(error),
            };
            seen.bad.extend(bad.err().map(|bad| format!("cut {seed}, {left:?}: {bad}")));
        }
    }
    let Seen { images, ignored, lossy, said, ended, lost_max, bad } = seen;
    println!(
        "lying card: {images} images, {ignored} flushes ignored; {lossy} lost records, {lost_max} at most; {said} \
         said so at the start, the hub knew of the rest; {ended} logs ended"
    );
    assert!(images >= 100 && ignored > 500 && lossy > 5 && lossy > said, "the rig bites");
    assert_eq!(bad, Vec::<String>::new());
}

impl Seen {
    fn judge(&mut self, acknowledged: &Acknowledged, safe: u64, log: &Log) -> Result<(), String> {
        let Log { lost, wrong, said, epoch, .. } = log;
        let lossy = !lost.is_empty();
        self.lossy += u64::from(lossy);
        self.said += u64::from(lossy && said.is_some());
        self.lost_max = self.lost_max.max(lost.len());
        if !wrong.is_empty() {
            return Err(format!("{wrong:?}"));
        }
        // Whatever was written before a flush that counted is on the medium, the file system's journal too.
        if lost.iter().any(|number| *number <= safe) {
            return Err(format!("lost {lost:?} although {safe} were flushed; {said:?}"));
        }
        let Some(before) = acknowledged.epoch.filter(|_| acknowledged.size > 0) else { return Ok(()) };
        let ended = *epoch != before;
        self.ended += u64::from(ended);
        if ended && said.is_none() {
            return Err("began a new log without a word".to_owned());
        }
        if lossy && said.is_some() {
            let told = after_the_start(Had::Records, acknowledged, log);
            let is_hole = told.alarms.contains(&AlarmKind::Hole);
            return if is_hole { Ok(()) } else { Err(format!("{said:?}, and the hub heard only {told:?}")) };
        }
        for had in Had::BOTH {
            let told = after_the_start(had, acknowledged, log);
            if told.of_a_loss() != lossy {
                return Err(format!("lost {lost:?} of {}, hub had {had:?}: {told:?}", acknowledged.size));
            }
        }
        Ok(())
    }
}
