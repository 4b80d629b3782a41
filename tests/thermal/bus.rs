//! The driver on a scripted bus: exact bytes, each failure, what is half old is never a frame.

use embedded_hal::i2c::{ErrorKind, NoAcknowledgeSource};
use embedded_hal_mock::eh1::i2c::{Mock, Transaction};
use kakou::base::{Mono, NoReading};
use kakou::drivers::ThermalArray;
use kakou::drivers::mlx9064x::{ADDRESS, Defect, Error, Invalid, OnBus, Rate};
use kakou::drivers::mlx90640::KIND;
use kakou::model::ThermalFrame;

use crate::datasheet::{large, large_ram};

/// 8 Hz, 18 bits, chess, both subpages, over what the chip is delivered with.
const SET: u16 = 0x1A01;

#[test]
fn a_frame_is_read_byte_for_byte() {
    let mut script = start();
    // Nothing yet, then both halves.
    script.push(word(0x8000, 0x0000));
    script.extend(subpage(0, 609));
    script.push(word(0x8000, 0x0010));
    script.extend(subpage(1, 609));
    let (frames, errors) = run(&script, 5);
    assert_eq!((frames.len(), errors.len()), (1, 0));
    let frame = frames[0];
    assert_eq!((frame.width(), frame.height(), frame.supply_mv), (32, 24, 3_319));
    assert_eq!((frame.die.get(), frame.pixels().len()), (3_918, 768));
}

#[test]
fn what_comes_between_the_halves_of_a_frame_is_never_half_of_one() {
    // A second half first: not taken. Two first halves: the older is dropped.
    let mut script = start();
    script.extend([subpage(1, 609), subpage(0, 500), subpage(0, 609), subpage(1, 609)].concat());
    let (frames, errors) = run(&script, 5);
    assert_eq!((frames.len(), errors.len()), (1, 0));
    let whole = frames[0];
    let mut script = start();
    script.extend([subpage(0, 609), subpage(1, 609)].concat());
    assert_eq!(run(&script, 3).0, [whole], "the subpage that was dropped left nothing");

    // New data while the first half was read: it may be half old.
    let mut script = start();
    let mut torn = subpage(0, 500);
    torn.pop();
    torn.push(word(0x8000, 0x0009));
    script.extend([torn, subpage(1, 609), subpage(0, 609), subpage(1, 609)].concat());
    assert_eq!(run(&script, 5).0, [whole]);
}

#[test]
fn a_chip_that_repeats_one_subpage_has_no_frame_and_says_so() {
    let mut script = start();
    for _ in 0..12 {
        script.extend(subpage(0, 609));
    }
    let (frames, errors) = run(&script, 13);
    assert!(frames.is_empty());
    assert!(matches!(errors[0], Error::NoFrame { missed: 3..=8, torn: 0 }), "{errors:?}");
    assert_eq!(NoReading::from(errors[0]), NoReading::Stale);
}

#[test]
fn a_chip_without_new_data_runs_into_its_limit() {
    // Six periods of 125 ms from the start, at 16 looks a period but for the first.
    let script = [start(), (0..81).map(|_| word(0x8000, 0x0010)).collect()].concat();
    let (frames, errors) = run(&script, 82);
    assert_eq!((frames.len(), errors.as_slice()), (0, [Error::NoData].as_slice()));
    assert_eq!(NoReading::from(Error::NoData), NoReading::Timeout);
}

#[test]
fn a_bus_that_is_too_slow_for_the_rate_has_no_frame_and_says_so() {
    let mut torn = subpage(0, 609);
    torn.pop();
    torn.push(word(0x8000, 0x0009));
    // It is looked at again after 2 ms each time.
    let script = [start(), vec![torn; 314].concat()].concat();
    let (frames, errors) = run(&script, 315);
    assert_eq!((frames.len(), errors.as_slice()), (0, [Error::NoFrame { missed: 0, torn: 314 }].as_slice()));
}

#[test]
fn every_failure_of_the_start_has_its_reason_and_is_tried_again() {
    let nak = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
    let absent = vec![eeprom(&large()).with_error(nak)];
    let timeout = vec![eeprom(&large()).with_error(ErrorKind::Other)];
    let mut dead = large();
    dead[0x30] = 0;
    let dead = vec![eeprom(&dead)];
    let refused = vec![eeprom(&large()), word(0x800D, 0x1901), write(0x800D, SET), word(0x800D, 0x1901)];
    let cases = [
        (absent, Error::Bus(nak), NoReading::Absent),
        (timeout, Error::Bus(ErrorKind::Other), NoReading::Timeout),
        (dead, Error::Eeprom(Defect::Value("gain")), NoReading::Flagged),
        (refused, Error::Refused { set: SET, said: 0x1901 }, NoReading::Flagged),
    ];
    for (script, error, reason) in cases {
        // After the failure everything is as at the first time.
        let script = [script, start(), subpage(0, 609), subpage(1, 609)].concat();
        let (frames, errors) = run(&script, 4);
        assert_eq!(errors, [error]);
        assert_eq!((NoReading::from(error), frames.len()), (reason, 1), "{error}");
    }
    assert_eq!(NoReading::from(Error::Eeprom(Defect::Word { address: 0, word: 0 })), NoReading::Checksum);
    assert_eq!(NoReading::from(Error::Bus(ErrorKind::ArbitrationLoss)), NoReading::Bus);
}

#[test]
fn a_chip_that_was_without_power_is_set_up_anew() {
    let mut lost = subpage(0, 609);
    lost.truncate(3);
    lost.push(word(0x800D, 0x1901));
    let script = [start(), subpage(0, 500), lost, start(), subpage(0, 609), subpage(1, 609)].concat();
    let (frames, errors) = run(&script, 6);
    assert_eq!(errors, [Error::Restarted { set: SET, said: 0x1901 }]);
    assert_eq!(frames.len(), 1);
}

#[test]
fn words_that_were_not_measured_are_no_frame() {
    let script = [start(), subpage(0, 0x7FFF), start(), subpage(0, 609), subpage(1, 609)].concat();
    let (frames, errors) = run(&script, 5);
    assert_eq!(
        (frames.len(), errors.as_slice()),
        (1, [Error::Frame(Invalid::NotMeasured(0x400))].as_slice())
    );
}

#[test]
fn frames_that_never_change_are_stale() {
    let mut script = start();
    for _ in 0..7 {
        script.extend([subpage(0, 609), subpage(1, 609)].concat());
    }
    let (frames, errors) = run(&script, 15);
    assert_eq!((frames.len(), errors.as_slice()), (4, [Error::Stuck; 3].as_slice()));
    assert_eq!(NoReading::from(Error::Stuck), NoReading::Stale);
}

#[test]
fn nothing_is_sent_before_it_is_due() {
    let mut bus = Mock::new(&[]);
    let mut array = OnBus::new(bus.clone(), ADDRESS, KIND, Rate::new(8).unwrap(), Mono::from_millis(5));
    assert_eq!(array.due(), Mono::from_millis(85));
    assert_eq!(array.poll(Mono::from_millis(84)), None);
    bus.done();
}

/// Polls `times` times, each when it is due.
fn run(script: &[Transaction], times: usize) -> (Vec<ThermalFrame>, Vec<Error>) {
    let mut bus = Mock::new(script);
    let mut array = OnBus::new(bus.clone(), ADDRESS, KIND, Rate::new(8).unwrap(), Mono::ZERO);
    let (mut frames, mut errors) = (Vec::new(), Vec::new());
    for _ in 0..times {
        match array.go_on(array.due()) {
            Ok(frame) => frames.extend(frame),
            Err(error) => errors.push(error),
        }
    }
    bus.done();
    (frames, errors)
}

fn start() -> Vec<Transaction> {
    let set = [word(0x800D, 0x1901), write(0x800D, SET), word(0x800D, SET), write(0x8000, 0x0030)];
    [vec![eeprom(&large())], set.to_vec()].concat()
}

/// A look at the status register that finds new data, and what follows. Every pixel's word is `raw`.
fn subpage(number: u16, raw: u16) -> Vec<Transaction> {
    let mut ram = large_ram();
    ram[..768].fill(raw);
    vec![
        word(0x8000, 0x0008 | number),
        write(0x8000, 0x0030),
        read(0x0400, &ram),
        word(0x800D, SET),
        word(0x8000, number),
    ]
}

fn eeprom(words: &[u16]) -> Transaction {
    read(0x2400, words)
}

fn word(address: u16, word: u16) -> Transaction {
    read(address, &[word])
}

fn read(address: u16, words: &[u16]) -> Transaction {
    let bytes = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    Transaction::write_read(ADDRESS, address.to_be_bytes().to_vec(), bytes)
}

fn write(address: u16, word: u16) -> Transaction {
    Transaction::write(ADDRESS, [address.to_be_bytes(), word.to_be_bytes()].concat())
}
