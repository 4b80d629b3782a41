//! The MLX90632's driver on a scripted bus.
//!
//! The sequences of status and words are those of melexis/mlx90632-library test/TestInit.c and TestRead.c (Apache-2.0), read
//! in blocks and twice, with the brown-out bit set.

use embedded_hal::i2c::{ErrorKind, NoAcknowledgeSource};
use embedded_hal_mock::eh1::i2c::{Mock, Transaction};
use kakou::base::{Mono, NoReading};
use kakou::drivers::mlx90632::calibration::Calibration;
use kakou::drivers::mlx90632::{ADDRESS, ChipId, Error, Half, Mlx90632, Poller};

const CONSTANTS: [u16; 36] = [
    0x7F5B, 0x0058, 0x0289, 0x04A1, 0x66F8, 0xFFF9, 0x1E0F, 0x0000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0x268F, 0x004A, 0xC4EC, 0x0056, 0xC481, 0x0335, 0x3525, 0x028E, 0xE306, 0xFF21, 0x2600, 0x2A00,
];

#[test]
fn a_chip_is_started_register_by_register() {
    // TestInit.c: version, status 0x47, status written back without its new-data bit. Medical, consumer and others.
    for version in [0x0105, 0x0205, 0x0305, 0x8505] {
        let script =
            [vec![read(0x240B, &[version]), read(0x3FFF, &[0x0047])], memory(), control(0x0006)].concat();
        let mut bus = Mock::new(&script);
        let started = Mlx90632::new(ADDRESS).start(&mut bus, None).unwrap();
        assert_eq!((started.chip, started.version), (ChipId(0x3333_2222_1111), version));
        assert_eq!(started.halves.map(|half| half.as_millis()), [500, 250]);
        bus.done();
    }
}

#[test]
fn a_chip_that_does_not_measure_continuously_is_set_to_it() {
    // Sleeping step, extended, with bits that are left alone.
    let control = vec![read(0x3001, &[0x8312]), write(0x3001, 0x8206), write(0x3FFF, 0x0146)];
    let script = [vec![read(0x240B, &[0x0105]), read(0x3FFF, &[0x0047])], memory(), control].concat();
    let mut bus = Mock::new(&script);
    assert!(Mlx90632::new(ADDRESS).start(&mut bus, Some(ChipId(0x3333_2222_1111))).is_ok());
    bus.done();
}

#[test]
fn whatever_is_not_the_chip_of_the_board_is_named() {
    let start = |script: Vec<Transaction>, expected: Option<ChipId>| {
        let mut bus = Mock::new(&script);
        let error = Mlx90632::new(ADDRESS).start(&mut bus, expected).unwrap_err();
        bus.done();
        (error, NoReading::from(error))
    };
    assert_eq!(start(vec![read(0x240B, &[0x0103])], None), (Error::Version(0x0103), NoReading::WrongPart));
    let busy = vec![read(0x240B, &[0x0105]), read(0x3FFF, &[0x0200])];
    assert_eq!(start(busy, None), (Error::MemoryBusy, NoReading::MemoryBusy));
    let number = read(0x2405, &[0x1111, 0x2222, 0x3333]);
    let other = vec![read(0x240B, &[0x0105]), read(0x3FFF, &[0x0047]), number.clone(), number.clone()];
    let (expected, found) = (ChipId(1), ChipId(0x3333_2222_1111));
    assert_eq!(start(other, Some(expected)), (Error::Chip { expected, found }, NoReading::WrongPart));
    let empty = read(0x240C, &[0; 36]);
    let customer = read(0x2481, &[0x4000, 0]);
    let script = [
        vec![read(0x240B, &[0x0105]), read(0x3FFF, &[0x0047]), number.clone(), number],
        vec![empty.clone(), empty, customer.clone(), customer],
    ];
    assert_eq!(start(script.concat(), None), (Error::MemoryDead, NoReading::MemoryDead));
    let nak = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
    let absent = vec![read(0x240B, &[0x0105]).with_error(nak)];
    assert_eq!(start(absent, None), (Error::Bus(nak), NoReading::Absent));
}

#[test]
fn news_are_taken_once_and_say_which_half_they_are() {
    // TestRead.c: 0x87 is the first half with new data, 0x8B the second, 0x86 the first with none.
    let chip = Mlx90632::new(ADDRESS);
    let cases =
        [(0x0187, Half::First, 0x0186), (0x018B, Half::Second, 0x018A), (0x0181, Half::Neither, 0x0180)];
    for (status, half, written) in cases {
        let mut bus = Mock::new(&[read(0x3FFF, &[status]), write(0x3FFF, written)]);
        assert_eq!(chip.news(&mut bus), Ok(Some(half)), "{status:#06x}");
        bus.done();
    }
    for (status, answer) in
        [(0x0186, Ok(None)), (0x0087, Err(Error::BrownOut)), (0x0387, Err(Error::MemoryBusy))]
    {
        let mut bus = Mock::new(&[read(0x3FFF, &[status])]);
        assert_eq!(chip.news(&mut bus), answer, "{status:#06x}");
        bus.done();
    }
}

#[test]
fn the_words_of_the_published_example_are_its_temperatures() {
    // TestRead.c and TestDSP.c: ambient 22454 and 23030, object 149 and 151: 51.123 °C, die 48.724 °C.
    let words = [149, 149, 22_454, 151, 151, 23_030];
    let mut bus = Mock::new(&[read(0x4003, &words), read(0x4003, &words)]);
    let reading = Mlx90632::new(ADDRESS).read(&mut bus, &calibration()).unwrap();
    assert_eq!((reading.object.get(), reading.die.get()), (5_112, 4_872));
    assert_eq!(reading.raw.as_slice(), words);
    bus.done();
}

#[test]
fn the_first_reading_waits_for_both_halves_however_slow_the_chip_is() {
    let words = [149, 149, 22_454, 151, 151, 23_030];
    let first_only = vec![read(0x3FFF, &[0x0187]), write(0x3FFF, 0x0186)];
    let nothing = vec![read(0x3FFF, &[0x0186])];
    let second =
        vec![read(0x3FFF, &[0x018B]), write(0x3FFF, 0x018A), read(0x4003, &words), read(0x4003, &words)];
    let start = [vec![read(0x240B, &[0x0105]), read(0x3FFF, &[0x0047])], memory(), control(0x0006)];
    let script = [start.concat(), first_only, nothing, second].concat();
    let mut bus = Mock::new(&script);
    let mut poller = Poller::new(ADDRESS, None, Mono::ZERO);
    assert!((0..3).all(|_| poller.poll(&mut bus, poller.due()).is_none()));
    let reading = poller.poll(&mut bus, poller.due()).unwrap().unwrap();
    assert_eq!(reading.object.get(), 5_112);
    bus.done();
}

#[test]
fn words_that_change_between_two_reads_are_read_again() {
    let [old, new] = [151, 153].map(|last| [149, 149, 22_454, 151, last, 23_030]);
    let mut bus = Mock::new(&[read(0x4003, &old), read(0x4003, &new), read(0x4003, &new)]);
    let reading = Mlx90632::new(ADDRESS).read(&mut bus, &calibration()).unwrap();
    assert_eq!(reading.raw.as_slice(), new);
    bus.done();
    let mut bus = Mock::new(&[&old, &new, &old, &new].map(|words| read(0x4003, words)));
    let never = Mlx90632::new(ADDRESS).read(&mut bus, &calibration());
    assert_eq!(never.map_err(NoReading::from), Err(NoReading::Checksum));
    bus.done();
}

#[test]
fn words_out_of_range_are_no_temperature() {
    let zero = [0; 6];
    let hot = [32_767, 32_767, 22_454, 32_767, 32_767, 23_030];
    let cold = [149, 149, 90, 151, 151, 150];
    for words in [zero, hot, cold, [0xFFFF; 6]] {
        let mut bus = Mock::new(&[read(0x4003, &words), read(0x4003, &words)]);
        let read = Mlx90632::new(ADDRESS).read(&mut bus, &calibration());
        assert_eq!(read.map_err(NoReading::from), Err(NoReading::Flagged), "{words:?}");
        bus.done();
    }
}

fn calibration() -> Calibration {
    Calibration::from_words(&CONSTANTS, [0x4000, 0]).expect("published")
}

/// Number, calibration and pace, each twice: 500 and 250 ms.
fn memory() -> Vec<Transaction> {
    let blocks = [
        read(0x2405, &[0x1111, 0x2222, 0x3333]),
        read(0x240C, &CONSTANTS),
        read(0x2481, &[0x4000, 0]),
        read(0x24E1, &[0x820D, 0x831D]),
    ];
    blocks.into_iter().flat_map(|block| [block.clone(), block]).collect()
}

/// Control as it is wanted, then status with new data taken and the brown-out bit set.
fn control(control: u16) -> Vec<Transaction> {
    vec![read(0x3001, &[control]), write(0x3FFF, 0x0146)]
}

fn read(register: u16, words: &[u16]) -> Transaction {
    let answer = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    Transaction::write_read(ADDRESS, register.to_be_bytes().to_vec(), answer)
}

fn write(register: u16, word: u16) -> Transaction {
    Transaction::write(ADDRESS, [register.to_be_bytes(), word.to_be_bytes()].concat())
}
