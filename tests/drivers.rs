//! Drivers on a scripted bus: exact bytes, each failure, the ends of the range.

use std::time::Duration;

use embedded_hal::i2c::{ErrorKind, NoAcknowledgeSource};
use embedded_hal_mock::eh1::i2c::{Mock, Transaction};
use kakou::base::checksum::smbus_pec;
use kakou::base::{Mono, NoReading};
use kakou::drivers::Thermometer;
use kakou::drivers::mlx90614::config::Zones;
use kakou::drivers::mlx90614::{ADDRESS, ChipId, Error, Expected, Flags, Mlx90614, OnBus, Poller};

const DIE: u8 = 0x06;
const OBJECT: u8 = 0x07;

#[test]
fn reads_the_datasheets_own_transfer_byte_for_byte() {
    // Source: MLX90614 datasheet rev 13, figure 8: B4 07 B5 D2 3A, PEC 30.
    let object = Transaction::write_read(0x5A, vec![0x07], vec![0xD2, 0x3A, 0x30]);
    let mut bus = Mock::new(&[object, word(DIE, 0x39F0)]);
    let reading = Mlx90614::new(ADDRESS).read(&mut bus).unwrap();
    assert_eq!((reading.object.get(), reading.die.get()), (2_801, 2_349));
    assert_eq!(reading.raw.as_slice(), [0x3AD2, 0x39F0]);
    bus.done();
}

#[test]
fn a_checksum_error_is_read_again_twice_and_then_reported() {
    let bad = || Transaction::write_read(0x5A, vec![OBJECT], vec![0xD2, 0x3A, 0x31]);
    let mut bus = Mock::new(&[bad(), bad(), word(OBJECT, 0x3AD2), word(DIE, 0x39F0)]);
    assert!(Mlx90614::new(ADDRESS).read(&mut bus).is_ok());
    bus.done();

    let mut bus = Mock::new(&[bad(), bad(), bad()]);
    let expected = Error::Checksum { received: 0x31, computed: 0x30 };
    assert_eq!(Mlx90614::new(ADDRESS).read(&mut bus), Err(expected));
    bus.done();
}

#[test]
fn a_bus_that_gives_only_zeros_or_ones_gives_no_reading() {
    for (bytes, reason) in [([0, 0, 0], NoReading::Checksum), ([0xFF; 3], NoReading::Checksum)] {
        let answer = || Transaction::write_read(0x5A, vec![OBJECT], bytes.to_vec());
        let mut bus = Mock::new(&[answer(), answer(), answer()]);
        let read = Mlx90614::new(ADDRESS).read(&mut bus).map_err(NoReading::from);
        assert_eq!(read, Err(reason), "{bytes:?}");
        bus.done();
    }
}

#[test]
fn a_chip_that_does_not_acknowledge_is_absent_and_not_asked_again() {
    let nak = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
    let mut bus = Mock::new(&[word(OBJECT, 0).with_error(nak)]);
    let error = Mlx90614::new(ADDRESS).read(&mut bus).unwrap_err();
    assert_eq!((error, NoReading::from(error)), (Error::Bus(nak), NoReading::Absent));
    bus.done();
}

#[test]
fn the_error_flag_and_words_out_of_range_are_no_temperature() {
    for raw in [0x8000, 0xBAD2, 0xFFFF] {
        let mut bus = Mock::new(&[word(OBJECT, raw)]);
        let expected = Error::Flagged { register: OBJECT, raw };
        assert_eq!(Mlx90614::new(ADDRESS).read(&mut bus), Err(expected));
        bus.done();
    }
    let mut bus = Mock::new(&[word(OBJECT, 0x27AC)]);
    assert_eq!(Mlx90614::new(ADDRESS).read(&mut bus), Err(Error::Range { register: OBJECT, raw: 0x27AC }));
    bus.done();
    for raw in [0x2DE3, 0x4DC5] {
        let mut bus = Mock::new(&[word(OBJECT, 0x3AD2), word(DIE, raw)]);
        assert_eq!(Mlx90614::new(ADDRESS).read(&mut bus), Err(Error::Range { register: DIE, raw }));
        bus.done();
    }
}

#[test]
fn the_ends_of_the_range_are_temperatures() {
    for (object, die, centi) in [(0x27AD, 0x2DE4, (-7_001, -3_819)), (0x7FFF, 0x4DC4, (38_219, 12_501))] {
        let mut bus = Mock::new(&[word(OBJECT, object), word(DIE, die)]);
        let reading = Mlx90614::new(ADDRESS).read(&mut bus).unwrap();
        assert_eq!((reading.object.get(), reading.die.get()), centi);
        bus.done();
    }
}

#[test]
fn flags_are_decoded_with_their_polarity() {
    let mut bus = Mock::new(&[word(0xF0, 0x0010), word(0xF0, 0x00A0)]);
    let chip = Mlx90614::new(ADDRESS);
    let running = Flags { eeprom_busy: false, eeprom_dead: false, starting: false };
    assert_eq!(chip.flags(&mut bus), Ok(running));
    let broken = Flags { eeprom_busy: true, eeprom_dead: true, starting: true };
    assert_eq!(chip.flags(&mut bus), Ok(broken));
    bus.done();
}

#[test]
fn the_bus_stays_silent_for_the_settling_time_between_reads() {
    let settling = Duration::from_millis(650);
    let mut bus = Mock::new(&[introduction(), reading().to_vec()].concat());
    let mut poller = Poller::new(expected(settling), Mono::ZERO);
    assert!(poller.due() > Mono::ZERO + settling);
    assert_eq!(poller.poll(&mut bus, Mono::ZERO + settling), None);
    let introduced = poller.due();
    assert_eq!(poller.poll(&mut bus, introduced), None, "who answers, and no reading at once");
    assert!(poller.due() > introduced + settling);
    let at = poller.due();
    assert!(poller.poll(&mut bus, at).unwrap().is_ok());
    assert!(poller.due() > at + settling);
    assert_eq!(poller.poll(&mut bus, at + settling), None);
    bus.done();
}

#[test]
fn a_value_that_never_moves_is_stale() {
    let script: Vec<_> = (0..40).flat_map(|_| reading()).collect();
    let bus = Mock::new(&[introduction(), script].concat());
    let poller = Poller::new(expected(Duration::from_millis(650)), Mono::ZERO);
    let mut thermometer = OnBus::new(bus.clone(), poller, || Mono::ZERO);
    assert_eq!(thermometer.poll(thermometer.due()), None);
    let results: Vec<_> = (0..40).map(|_| thermometer.poll(thermometer.due()).unwrap()).collect();
    assert!(results[..32].iter().all(Result::is_ok));
    assert!(results[32..].iter().all(|result| *result == Err(NoReading::Stale)));
    bus.clone().done();
}

#[test]
fn who_answers_is_read_word_by_word() {
    let mut bus = Mock::new(&introduction());
    let found = Mlx90614::new(ADDRESS).identify(&mut bus).unwrap();
    assert_eq!((found.chip, found.emissivity, found.address), (ChipId(0x4444_3333_2222_1111), 0xFFFF, 0x5A));
    assert_eq!((found.config.share(), found.config.samples()), (80, Some(1_024)));
    assert_eq!(found.check(&expected(Duration::from_millis(650))), Ok(()));
    bus.done();
}

#[test]
fn a_flag_that_is_set_ends_the_questions_with_its_reason() {
    // Starting, because INIT is low: what else it says means nothing yet.
    let cases =
        [(0x00A0, NoReading::Starting), (0x0030, NoReading::MemoryDead), (0x0090, NoReading::MemoryBusy)];
    for (flags, reason) in cases {
        let mut bus = Mock::new(&[word(0xF0, flags)]);
        let identified = Mlx90614::new(ADDRESS).identify(&mut bus).map_err(NoReading::from);
        assert_eq!(identified, Err(reason), "{flags:#06x}");
        bus.done();
    }
}

#[test]
fn a_reading_whose_flags_are_not_good_is_none() {
    let script = [introduction(), vec![word(OBJECT, 0x3AD2), word(DIE, 0x39F0), word(0xF0, 0x0030)]].concat();
    let mut bus = Mock::new(&script);
    let mut poller = Poller::new(expected(Duration::from_millis(650)), Mono::ZERO);
    assert_eq!(poller.poll(&mut bus, poller.due()), None);
    assert_eq!(poller.poll(&mut bus, poller.due()), Some(Err(NoReading::MemoryDead)));
    bus.done();
}

fn expected(settling: Duration) -> Expected {
    Expected { address: ADDRESS, settling, zones: Zones::Single, chip: None }
}

/// A DCI answers who it is: flags, number, configuration, emissivity, address.
fn introduction() -> Vec<Transaction> {
    let words = [
        (0xF0, 0x0010),
        (0x3F, 0x4444),
        (0x3E, 0x3333),
        (0x3D, 0x2222),
        (0x3C, 0x1111),
        (0x25, 0x0705),
        (0x24, 0xFFFF),
        (0x2E, 0xBE5A),
    ];
    words.map(|(command, raw)| word(command, raw)).to_vec()
}

/// Object, die, flags.
fn reading() -> [Transaction; 3] {
    [word(OBJECT, 0x3AD2), word(DIE, 0x39F0), word(0xF0, 0x0010)]
}

/// One good transfer of `raw` from register `command`.
fn word(command: u8, raw: u16) -> Transaction {
    let [low, high] = raw.to_le_bytes();
    let pec = smbus_pec(&[0xB4, command, 0xB5, low, high]);
    Transaction::write_read(ADDRESS, vec![command], vec![low, high, pec])
}
