//! Records that a kiosk signed for, that no hub held, and that its card lost: the hub notices all the same.

#![allow(clippy::unwrap_used, reason = "a fixture may panic")]

mod common;

use common::kiosk::{Log, NOW};
use kakou::base::Seq;
use kakou::journal::Note;
use kakou::ledger::{AlarmKind, Keys, Ledger};

#[test]
fn a_kiosk_that_restarts_with_fewer_records_than_it_signed_for_is_noticed_while_it_is_idle() {
    let (mut ledger, mut log) = five_of_twelve_are_here();
    log.entries.truncate(9);
    beat(&mut ledger, &log, 1, 1);
    beat(&mut ledger, &log, 1, 2);
    assert_eq!(alarms(&ledger), [], "they may be late ones from before");
    beat(&mut ledger, &log, 1, 3);
    assert_eq!(alarms(&ledger), [lost(12)]);
}

#[test]
fn a_kiosk_that_goes_on_with_others_than_it_signed_for_is_noticed_when_they_come() {
    let (mut ledger, mut log) = five_of_twelve_are_here();
    log.entries.truncate(9);
    append(&mut log, 6);
    beat(&mut ledger, &log, 1, 1);
    beat(&mut ledger, &log, 1, 2);
    assert_eq!(alarms(&ledger), [], "it has more than before");
    send(&mut ledger, &log, 6, 11);
    assert_eq!(alarms(&ledger), [], "so many were never signed for");
    send_rest(&mut ledger, &log);
    assert_eq!(alarms(&ledger), [lost(12)]);
    append(&mut log, 2);
    beat(&mut ledger, &log, 1, 3);
    send_rest(&mut ledger, &log);
    assert_eq!(alarms(&ledger).len(), 1, "said once");
}

#[test]
fn other_records_of_a_kiosk_that_never_restarted_are_a_second_version_of_its_log() {
    let (mut ledger, mut log) = five_of_twelve_are_here();
    log.entries.truncate(9);
    append(&mut log, 6);
    send_rest(&mut ledger, &log);
    assert_eq!(alarms(&ledger)[0].0, AlarmKind::Fork);
}

#[test]
fn a_kiosk_that_keeps_what_it_signed_for_raises_no_alarm_however_often_it_restarts() {
    let (mut ledger, mut log) = five_of_twelve_are_here();
    for boot in 1..30 {
        append(&mut log, 2);
        beat(&mut ledger, &log, boot, 1);
        beat(&mut ledger, &log, boot, 60_001);
        // A late one from the boot before.
        beat_over(&mut ledger, &log, 12, boot - 1, 90_000);
        beat(&mut ledger, &log, boot, 120_001);
        if boot % 10 == 0 {
            send_rest(&mut ledger, &log);
        }
    }
    assert_eq!(alarms(&ledger), []);
}

/// A hub that holds five records of a kiosk, and a heartbeat of its boot 0 over twelve.
fn five_of_twelve_are_here() -> (Ledger, Log) {
    let mut ledger = Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap();
    let mut log = Log::new("east-1", 7);
    ledger.add_token(&[1; 32], None, NOW).unwrap();
    ledger.enrol(&[1; 32], Some(&log.kiosk), log.key.verifying(), NOW).unwrap();
    log.append_traffic(NOW, 12);
    log.entries.truncate(12);
    send(&mut ledger, &log, 1, 5);
    beat_over(&mut ledger, &log, 12, 0, 1);
    (ledger, log)
}

fn send(ledger: &mut Ledger, log: &Log, from: u64, through: u64) {
    let (first, note, records) = (Seq::new(from).unwrap(), log.note(through), log.slice(from, through));
    ledger.apply(&log.kiosk, log.epoch, first, &note, &records, NOW).unwrap();
}

fn send_rest(ledger: &mut Ledger, log: &Log) {
    let (next, ..) = ledger.head(&log.kiosk, log.epoch).unwrap();
    send(ledger, log, next.get(), log.size());
}

fn append(log: &mut Log, count: usize) {
    let size = log.entries.len() + count;
    log.append_traffic(NOW, size);
    log.entries.truncate(size);
}

fn beat(ledger: &mut Ledger, log: &Log, boot: u8, ms: u64) {
    beat_over(ledger, log, log.size(), boot, ms);
}

fn beat_over(ledger: &mut Ledger, log: &Log, size: u64, boot: u8, ms: u64) {
    let note = Note::new(&log.kiosk, log.epoch, &log.frontier(size));
    let beat = note.with_extension(&format!("beat {boot:02x} {ms}")).sign(&log.key).to_string();
    ledger.heartbeat(&log.kiosk, log.epoch, &beat, NOW).unwrap();
}

fn alarms(ledger: &Ledger) -> Vec<(AlarmKind, String)> {
    ledger.alarms(9).unwrap().into_iter().map(|alarm| (alarm.kind, alarm.detail)).collect()
}

fn lost(size: u64) -> (AlarmKind, String) {
    let detail = format!("kiosk had signed for {size} records, and went on with fewer after a restart");
    (AlarmKind::Shrunk, detail)
}
