//! What must hold of a kiosk's records, in its log and at its hub: one function a check, each over plain evidence.

use std::collections::{BTreeMap, VecDeque};

use kakou::base::Seq;
use kakou::journal::{Hash, Stored};
use kakou::ledger::{AlarmKind, Ledger, RecordId};
use kakou::model::{Body, Draft, Entry};

pub type Checked = Result<(), String>;

/// `there` was read from the medium itself; `told` is everything that somebody was told is durable.
pub fn acknowledged_is_durable(told: &[Stored], there: &[Stored]) -> Checked {
    match there.get(..told.len()) {
        Some(same) if same == told => Ok(()),
        Some(same) => {
            let at = same.iter().zip(told).position(|(there, told)| there != told).unwrap_or(0);
            Err(format!("record {} is not what was acknowledged", at + 1))
        }
        None => Err(format!("{} records were acknowledged, {} are there", told.len(), there.len())),
    }
}

/// A record that was handed in, with its stamp, before anybody knows its number.
pub type Handed = (kakou::base::Stamp, Draft);

/// `found` is the next record of the log; it must be the next one handed in.
pub fn nothing_is_lost_or_doubled(handed: &mut VecDeque<Handed>, last: u64, found: &Entry) -> Checked {
    if found.seq.get() != last + 1 {
        return Err(format!("record {} follows {last}", found.seq));
    }
    let expected = handed.pop_front();
    let same = expected.as_ref().is_some_and(|(stamp, draft)| {
        (stamp, &draft.lane, &draft.body) == (&found.stamp, &found.lane, &found.body)
    });
    if same { Ok(()) } else { Err(format!("record {} is not the one handed in next", found.seq)) }
}

/// Whatever the wall clock does, records follow each other in the order of the monotonic time of their boot.
pub fn order_is_kept(before: Option<&Entry>, found: &Entry) -> Checked {
    match before {
        Some(before) if before.stamp.boot == found.stamp.boot && before.stamp.mono > found.stamp.mono => {
            Err(format!("record {} is older than the one before it", found.seq))
        }
        Some(_) | None => Ok(()),
    }
}

/// At rest: each arrival has exactly one verdict that follows no other.
pub fn every_arrival_has_one_verdict(entries: &[Entry]) -> Checked {
    let mut verdicts: BTreeMap<Seq, u32> = BTreeMap::new();
    for entry in entries {
        if matches!(entry.body, Body::Arrived { .. }) {
            verdicts.insert(entry.seq, 0);
        }
        if let Body::Passage(passage) = &entry.body
            && passage.follows.is_none()
        {
            *verdicts.entry(passage.arrival).or_insert(99) += 1;
        }
    }
    match verdicts.into_iter().find(|(_, count)| *count != 1) {
        Some((arrival, count)) => Err(format!("arrival {arrival} has {count} verdicts")),
        None => Ok(()),
    }
}

/// At rest: no barrier rose more often than its records say.
pub fn barriers_rise_as_recorded(ledger: &Ledger, all_recorded: bool) -> Checked {
    let alarms = ledger.alarms(50).unwrap();
    match alarms.iter().find(|alarm| alarm.kind == AlarmKind::Count) {
        Some(alarm) if all_recorded => Err(alarm.detail.clone()),
        Some(_) | None => Ok(()),
    }
}

/// At rest: the hub holds the records `1..`, each once and as it was, and the same root.
pub fn hub_holds_each_record_once(
    ledger: &Ledger,
    first: &RecordId,
    stored: &[Stored],
    root: Hash,
) -> Checked {
    let (next, hub_root, _) =
        ledger.head(&first.kiosk, first.epoch).map_err(|error| format!("no head: {error}"))?;
    if (next.get() - 1, hub_root) != (stored.len() as u64, root) {
        return Err(format!("hub holds {} records of {}, or another root", next.get() - 1, stored.len()));
    }
    for (number, expected) in (1_u64..).zip(stored) {
        let id = RecordId { seq: Seq::new(number).ok_or("0")?, ..first.clone() };
        let there = ledger.record(&id).map_err(|error| error.to_string())?;
        if there.is_none_or(|there| there.stored != *expected) {
            return Err(format!("record {number} is not at the hub, or another one"));
        }
    }
    let gates = ledger.gates(kakou::base::Wall(0)).map_err(|error| error.to_string())?;
    let records: u64 = gates.iter().map(|gate| gate.records).sum();
    if records != stored.len() as u64 {
        return Err(format!("hub counts {records} records of {}", stored.len()));
    }
    let holes = ledger.holes().map_err(|error| error.to_string())?;
    let alarms = ledger.alarms(9).map_err(|error| error.to_string())?;
    // What was counted and could not be recorded is a check of its own.
    let alarm = alarms.iter().find(|alarm| alarm.kind != AlarmKind::Count);
    match (holes.first(), alarm) {
        (None, None) => Ok(()),
        (hole, alarm) => Err(format!("hub reports {hole:?} {alarm:?}")),
    }
}
