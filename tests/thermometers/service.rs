//! Writing a chip's memory: the exact bytes, and a chip that keeps what was written.

use std::time::Duration;

use embedded_hal::i2c::{ErrorKind, NoAcknowledgeSource};
use embedded_hal_mock::eh1::delay::NoopDelay;
use embedded_hal_mock::eh1::i2c::{Mock, Transaction};
use kakou::base::checksum::smbus_pec;
use kakou::base::{Mono, Random};
use kakou::drivers::mlx90614::service::{Emissivity, Factor, Service, ServiceError};
use kakou::drivers::mlx90614::sleep::Supply;
use kakou::drivers::mlx90614::{ADDRESS, Mlx90614};
use kakou::sim::clock::SimClock;
use kakou::sim::thermometer::{Part, chip};

#[test]
fn the_emissivity_is_set_by_the_makers_procedure_byte_for_byte() {
    // Erase B4 24 00 00, code 28; write B4 24 E0 FA, code 83: 0.98 is 0xFAE0. 16384 · 65535 / 64224 = 16718 = 0x414E.
    let script = [
        word(0x24, 0xFFFF),
        word(0x2F, 0x4000),
        command(0x60),
        Transaction::write(ADDRESS, vec![0x24, 0x00, 0x00, 0x28]),
        word(0x24, 0x0000),
        Transaction::write(ADDRESS, vec![0x24, 0xE0, 0xFA, 0x83]),
        word(0x24, 0xFAE0),
        write(0x2F, 0x0000),
        word(0x2F, 0x0000),
        write(0x2F, 0x414E),
        word(0x2F, 0x414E),
        command(0x61),
    ];
    let mut bus = Mock::new(&script);
    let wanted = Emissivity::new(0.98).unwrap();
    Service::new(Mlx90614::new(ADDRESS), &mut bus, NoopDelay).set_emissivity(wanted, Factor::Follow).unwrap();
    bus.done();
}

#[test]
fn an_emissivity_that_was_changed_alone_is_put_back_alone() {
    let script = [
        word(0x24, 0xB333),
        word(0x2F, 0x4000),
        command(0x60),
        Transaction::write(ADDRESS, vec![0x24, 0x00, 0x00, 0x28]),
        word(0x24, 0x0000),
        write(0x24, 0xFFFF),
        word(0x24, 0xFFFF),
        command(0x61),
    ];
    let mut bus = Mock::new(&script);
    let mut service = Service::new(Mlx90614::new(ADDRESS), &mut bus, NoopDelay);
    service.set_emissivity(Emissivity::ONE, Factor::Leave).unwrap();
    bus.done();
}

#[test]
fn the_address_is_changed_as_in_the_application_note() {
    // Application note 390119061402: 00 2E 00 00 6F, then 00 2E 5A 00 E1, both to address 0.
    let at_0 = |command: u8, raw: u16| {
        let [low, high] = raw.to_le_bytes();
        let pec = smbus_pec(&[0x00, command, 0x01, low, high]);
        Transaction::write_read(0, vec![command], vec![low, high, pec])
    };
    let script = [
        Transaction::write(0, vec![0x2E, 0x00, 0x00, 0x6F]),
        at_0(0x2E, 0),
        Transaction::write(0, vec![0x2E, 0x5A, 0x00, 0xE1]),
        at_0(0x2E, 0x005A),
    ];
    let mut bus = Mock::new(&script);
    let mut service = Service::new(Mlx90614::new(0), &mut bus, NoopDelay);
    service.set_address(0x5A).unwrap();
    for wrong in [0x00, 0x02, 0x78, 0xFF] {
        assert_eq!(service.set_address(wrong), Err(ServiceError::Address(wrong)));
    }
    bus.done();
}

#[test]
fn sleep_is_the_published_transfer_and_every_published_code_is_met() {
    // Sleep: B4 FF, code E8.
    let mut bus = Mock::new(&[Transaction::write(ADDRESS, vec![0xFF, 0xE8])]);
    Mlx90614::new(ADDRESS).sleeper(Supply::ThreeVolt).unwrap().sleep(&mut bus).unwrap();
    bus.done();
    // Datasheet rev 13: 0x02 becomes 0xC807, code 48; the mlx9061x crate's tests: emissivity 0.7, code FE.
    assert_eq!(smbus_pec(&[0xB4, 0x22, 0x07, 0xC8]), 0x48);
    let [low, high] = Emissivity::new(0.7).unwrap().word().to_le_bytes();
    assert_eq!(smbus_pec(&[0xB4, 0x24, low, high]), 0xFE);
}

#[test]
fn whatever_goes_wrong_is_said_and_the_chip_is_locked_again() {
    let nak = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data);
    let start = || vec![word(0x24, 0xFFFF), word(0x2F, 0x4000), command(0x60)];
    let refused = vec![write(0x24, 0).with_error(nak), command(0x61)];
    let not_kept = vec![write(0x24, 0), word(0x24, 0xFFFF), command(0x61)];
    let cases = [
        (refused, ServiceError::Refused { command: 0x24, kind: nak }),
        (not_kept, ServiceError::NotKept { command: 0x24, wrote: 0, read: 0xFFFF }),
    ];
    for (rest, error) in cases {
        let mut bus = Mock::new(&[start(), rest].concat());
        let mut service = Service::new(Mlx90614::new(ADDRESS), &mut bus, NoopDelay);
        let result = service.set_emissivity(Emissivity::new(0.98).unwrap(), Factor::Follow);
        assert_eq!(result, Err(error));
        bus.done();
    }
    // Nothing is written when the factor cannot follow.
    let mut bus = Mock::new(&[word(0x24, 0xFFFF), word(0x2F, 0x7FFF)]);
    let mut service = Service::new(Mlx90614::new(ADDRESS), &mut bus, NoopDelay);
    let wanted = Emissivity::new(0.98).unwrap();
    let error = ServiceError::Factor { factor: 0x7FFF, emissivity: 0xFFFF, wanted: 0xFAE0 };
    assert_eq!(service.set_emissivity(wanted, Factor::Follow), Err(error));
    bus.done();
}

#[test]
fn a_simulated_chip_keeps_what_the_service_writes_and_follows_it_after_the_next_power_up() {
    let clock = SimClock::new(Mono::from_millis(1_000));
    let (handle, bus) = chip(Part::DCI, ADDRESS, &clock, Random::new(1));
    clock.advance(Duration::from_secs(5));
    let mut service = Service::new(Mlx90614::new(ADDRESS), bus, clock.clone());
    assert_eq!(service.emissivity_and_factor(), Ok((0xFFFF, 0x4000)));
    service.set_emissivity(Emissivity::new(0.98).unwrap(), Factor::Follow).unwrap();
    assert_eq!(service.emissivity_and_factor(), Ok((0xFAE0, 0x414E)));
    service.set_emissivity(Emissivity::ONE, Factor::Follow).unwrap();
    assert_eq!(service.emissivity_and_factor(), Ok((0xFFFF, 0x4000)), "and back without a trace");
    service.set_address(0x33).unwrap();
    let mut bus = handle.bus();
    assert_eq!(Mlx90614::new(ADDRESS).identify(&mut bus).unwrap().address, 0x33);
    handle.power_cycle();
    clock.advance(Duration::from_secs(1));
    assert!(Mlx90614::new(0x33).read(&mut bus).is_ok());
    assert!(Mlx90614::new(ADDRESS).read(&mut bus).is_err());
    assert_eq!(handle.writes(), 14);
}

fn word(command: u8, raw: u16) -> Transaction {
    let [low, high] = raw.to_le_bytes();
    let pec = smbus_pec(&[0xB4, command, 0xB5, low, high]);
    Transaction::write_read(ADDRESS, vec![command], vec![low, high, pec])
}

fn write(command: u8, raw: u16) -> Transaction {
    let [low, high] = raw.to_le_bytes();
    Transaction::write(ADDRESS, vec![command, low, high, smbus_pec(&[0xB4, command, low, high])])
}

fn command(command: u8) -> Transaction {
    Transaction::write(ADDRESS, vec![command, smbus_pec(&[0xB4, command])])
}
