//! Screenings that are decided again from what the sealed parts of records say of them.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::base::Epoch;
use crate::journal::seal::{Error, SealingKey, open_with_any};
use crate::journal::sealer::held_keys;
use crate::journal::{Disk, Seal};
use crate::thermometry::decide::agrees;

/// Screenings of a journal.
pub struct Readings<D> {
    disk: D,
    keys: BTreeMap<Epoch, Vec<SealingKey>>,
    same: u64,
    /// How many come out otherwise.
    pub differ: u64,
    closed: u64,
    damaged: u64,
}

impl<D: Disk> Readings<D> {
    /// Those of the journal on `disk`.
    pub fn new(disk: D) -> Self {
        Self { disk, keys: BTreeMap::new(), same: 0, differ: 0, closed: 0, damaged: 0 }
    }

    /// Decides the screenings behind `seal` again; which of them come out otherwise, counted from 1.
    pub fn again(&mut self, epoch: Epoch, seal: &Seal) -> Vec<usize> {
        let disk = &mut self.disk;
        let keys = self.keys.entry(epoch).or_insert_with(|| held_keys(disk, epoch).unwrap_or_default());
        let personal = match open_with_any(keys, seal) {
            Ok(personal) => personal,
            Err(Error::NoBox) => return Vec::new(),
            Err(Error::OtherKey(_)) => {
                self.closed += 1;
                return Vec::new();
            }
            Err(_) => {
                self.damaged += 1;
                return Vec::new();
            }
        };
        let traces = personal.people.iter().flat_map(|person| person.traces.iter().flatten());
        let agree: Vec<bool> = traces.map(|trace| agrees(trace.expose())).collect();
        let otherwise: Vec<usize> =
            (1..).zip(&agree).filter(|(_, same)| !**same).map(|(number, _)| number).collect();
        self.differ += otherwise.len() as u64;
        self.same += (agree.len() - otherwise.len()) as u64;
        otherwise
    }

    /// What came of it.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let Self { same, differ, closed, damaged, .. } = self;
        writeln!(out, "测温 screenings     一致 {same} the same, 不一致 {differ} otherwise")?;
        if closed + damaged > 0 {
            writeln!(
                out,
                "已封存 sealed        {closed} records whose keys are gone, {damaged} that cannot be opened"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Pii, Random};
    use crate::journal::Sealer;
    use crate::model::{Person, Personal};
    use crate::sim::disk::SimDisk;
    use crate::thermometry::decide::tests::example;

    #[test]
    fn screenings_come_out_the_same_again_until_one_was_altered_or_its_key_is_gone() {
        let epoch: Epoch = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let mut disk = SimDisk::new();
        let entropy = Box::new(Random::new(3));
        let mut sealer = Sealer::open(&mut disk, &"gate-1".parse().unwrap(), epoch, entropy).unwrap();
        let mut altered = example();
        altered.decision.uncertainty += 1;
        let mut sealed = |traces: Vec<_>| {
            let traces = Some(traces.into_iter().map(Pii::new).collect());
            let people = vec![Person { traces, ..Person::default() }];
            sealer.seal(&Personal { people, ..Personal::default() }).unwrap()
        };
        let (good, bad) = (sealed(vec![example()]), sealed(vec![example(), altered]));

        let mut readings = Readings::new(disk);
        assert_eq!(readings.again(epoch, &good), [0; 0]);
        assert_eq!(readings.again(epoch, &bad), [2]);
        assert_eq!(readings.again(epoch, &Seal::None), [0; 0]);
        let mut said = Vec::new();
        readings.print(&mut said).unwrap();
        assert!(String::from_utf8(said).unwrap().contains("2 the same, 不一致 1 otherwise"));

        let mut elsewhere = Readings::new(SimDisk::new());
        assert_eq!(elsewhere.again(epoch, &good), [0; 0]);
        assert_eq!((elsewhere.same, elsewhere.closed), (0, 1));
    }
}
