//! What must hold in the end.

use std::collections::BTreeSet;

use kakou::base::{Epoch, Seq};
use kakou::ledger::{AlarmKind, Filter, Loss, RecordId};
use kakou::model::Body;

use crate::hub::{Hub, Planted};
use crate::world::World;

/// Whether every hub holds just what the kiosk wrote, once each, and knows what is lost.
pub fn check(world: &World) -> Result<(), String> {
    let kiosk = &world.kiosk;
    if kiosk.is_forked() {
        return Err("an honest log counts as forked".to_owned());
    }
    for (number, hub) in world.hubs.iter().enumerate() {
        check_hub(world, hub).map_err(|why| format!("hub {number}: {why}"))?;
    }
    if kiosk.waiting() > 0 {
        return Err(format!("the kiosk shows {} records that wait", kiosk.waiting()));
    }
    Ok(())
}

fn check_hub(world: &World, hub: &Hub) -> Result<(), String> {
    let kiosk = &world.kiosk;
    let epoch = kiosk.epoch();
    let note = kiosk.journal.as_ref().unwrap().note();
    let (next, root, _) = hub.ledger.head(&kiosk.name, epoch).unwrap();
    if (next.get() - 1, root) != (note.size, note.root) {
        return Err(format!("hub is at {next} with another root than the kiosk at {}", note.size));
    }
    let shown = holes(hub);
    let (mut held, mut passages) = (0, 0);
    for (epoch, stored) in &kiosk.truth {
        for (number, expected) in (1_u64..).zip(stored) {
            let seq = Seq::new(number).unwrap();
            let id = RecordId { kiosk: kiosk.name.clone(), epoch: *epoch, seq };
            let there = hub.ledger.record(&id).unwrap();
            let lost = kiosk.lost.contains(&(*epoch, number));
            match there {
                // A box that was destroyed on the medium is another matter; nothing here destroys one.
                Some(record) if record.stored == *expected => {
                    held += 1;
                    passages += u64::from(matches!(expected.entry().unwrap().body, Body::Passage(_)));
                }
                Some(_) => return Err(format!("record {number} of {epoch} is another one")),
                None if !lost => return Err(format!("record {number} of {epoch} is not there")),
                None if !shown.contains(&(*epoch, number)) => {
                    return Err(format!("record {number} of {epoch} is lost, and the hub does not say so"));
                }
                None => {}
            }
        }
    }
    if let Some((epoch, number)) =
        shown.iter().find(|(epoch, number)| !kiosk.lost.contains(&(*epoch, *number)))
    {
        return Err(format!("hub says that record {number} of {epoch} is lost"));
    }
    check_counts(world, hub, held, passages)?;
    let unended =
        kiosk.truth.keys().find(|old| **old != epoch && !hub.ledger.has_ended(&kiosk.name, **old).unwrap());
    match unended {
        Some(old) => Err(format!("hub does not know that log {old} has ended")),
        None => Ok(()),
    }
}

fn check_counts(world: &World, hub: &Hub, held: u64, passages: u64) -> Result<(), String> {
    if hub.new != held {
        return Err(format!("{} records were taken as new, of {held}", hub.new));
    }
    let gates = hub.ledger.gates(kakou::base::Wall(0)).unwrap();
    let counted: u64 = gates.iter().map(|gate| gate.records).sum();
    if counted != held {
        return Err(format!("hub counts {counted} records of {held}"));
    }
    let found = hub.ledger.count(&Filter::default()).unwrap();
    if found != passages {
        return Err(format!("{found} passages in the ledger, {passages} in the journal"));
    }
    let alarms = hub.ledger.alarms(100).unwrap();
    let lossless = world.kiosk.lost.is_empty();
    let bad = alarms.iter().find(|alarm| match alarm.kind {
        AlarmKind::Hole | AlarmKind::Shrunk => lossless,
        AlarmKind::Fork
        | AlarmKind::Unreadable
        | AlarmKind::Sealed
        | AlarmKind::Sheet
        | AlarmKind::Count
        | AlarmKind::Disk
        | AlarmKind::Command => true,
    });
    match bad {
        Some(alarm) => Err(format!("an honest kiosk raised an alarm: {}", alarm.detail)),
        None => Ok(()),
    }
}

/// What the hub shows as lost.
fn holes(hub: &Hub) -> BTreeSet<(Epoch, u64)> {
    if hub.planted == Planted::HidesHoles {
        return BTreeSet::new();
    }
    let holes = hub.ledger.holes().unwrap();
    let lost = holes.iter().filter(|hole| matches!(hole.loss, Loss::Lost | Loss::Ended));
    lost.flat_map(|hole| (hole.first..=hole.last).map(|number| (hole.epoch, number))).collect()
}
