//! Who notices what a lying card lost: the hub that held it already.

use kakou::base::{Seq, Wall};
use kakou::journal::{Frontier, Note, SigningKey};
use kakou::ledger::{AlarmKind, Keys, Ledger};

use crate::stores::{Acknowledged, options};

const NOW: Wall = Wall(1_795_312_800_000);
const TOKEN: [u8; 32] = [1; 32];

/// Whether a hub that holds what was acknowledged raises an alarm at the kiosk's first two heartbeats after the cut.
///
/// The first may be a late one from before as far as the hub knows, so fewer records alone count from the second on.
pub fn notices(acknowledged: &Acknowledged, booted: Note) -> bool {
    let mut ledger = Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap();
    let (kiosk, epoch, key) = (options().kiosk, acknowledged.epoch.unwrap(), SigningKey::from_seed(&[5; 32]));
    ledger.add_token(&TOKEN, Some(&kiosk), NOW).unwrap();
    ledger.enrol(&TOKEN, None, key.verifying(), NOW).unwrap();
    let mut frontier = Frontier::new();
    acknowledged.records.iter().for_each(|stored| frontier.push(stored.leaf_hash()));
    let sent = Note::new(&kiosk, epoch, &frontier);
    let note = sent.sign(&key).to_string();
    ledger.apply(&kiosk, epoch, Seq::FIRST, &note, &acknowledged.records, NOW).unwrap();
    let before = sent.with_extension("beat 00 1000").sign(&key).to_string();
    ledger.heartbeat(&kiosk, epoch, &before, NOW).unwrap();
    assert_eq!(ledger.alarms(9).unwrap(), [], "nothing is wrong before the cut");
    let mut beats = ["beat 01 1000", "beat 01 61000"].into_iter();
    beats.all(|line| {
        let beat = booted.clone().with_extension(line).sign(&key).to_string();
        // A log that began anew is refused by the old one's name, and stands beside it as another log.
        ledger.heartbeat(&kiosk, epoch, &beat, NOW).is_ok()
    });
    let alarms = ledger.alarms(9).unwrap();
    alarms.iter().any(|alarm| matches!(alarm.kind, AlarmKind::Shrunk | AlarmKind::Fork))
}
