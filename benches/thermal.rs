//! One frame of an MLX90640: 768 pixels from their words to temperatures, and the face in it.
//!
//! `cargo bench --bench thermal`

use divan::{Bencher, black_box};
use kakou::base::{Mono, Random};
use kakou::drivers::ThermalArray;
use kakou::drivers::mlx9064x::{ADDRESS, Control, Converter, EEPROM_WORDS, OnBus, Rate, Subpage};
use kakou::drivers::mlx90640::{KIND, decode};
use kakou::model::ThermalFrame;
use kakou::sim::clock::SimClock;
use kakou::sim::thermal_array::{Bus, Person, Scene, chip};
use kakou::thermometry::array::{Limits, find, picture};

fn main() {
    divan::main();
}

/// The design aims at less than 1 ms.
#[divan::bench]
fn one_frame_of_768_pixels(bencher: Bencher<'_, '_>) {
    let (mut converter, ram, control) = at_work();
    bencher.bench_local(|| {
        for subpage in [Subpage::Zero, Subpage::One] {
            let taken = converter.take(black_box(&ram), subpage, control);
            assert!(taken.is_ok());
        }
        converter.frame()
    });
}

#[divan::bench]
fn calibration_at_start(bencher: Bencher<'_, '_>) {
    let words = memory(0x2400, EEPROM_WORDS);
    let eeprom: [u16; EEPROM_WORDS] = words.try_into().unwrap_or([0; EEPROM_WORDS]);
    bencher.bench_local(|| decode(black_box(&eeprom)));
}

#[divan::bench]
fn face_in_a_frame(bencher: Bencher<'_, '_>) {
    let (frame, limits) = (frame(), Limits::of(32));
    assert!(find(&frame, &limits).is_ok());
    bencher.bench_local(|| find(black_box(&frame), &limits));
}

#[divan::bench]
fn picture_of_a_frame(bencher: Bencher<'_, '_>) {
    let frame = frame();
    let reading = find(&frame, &Limits::of(32));
    bencher.bench_local(|| picture::bmp(black_box(&frame), &reading));
}

/// A converter with the words of both subpages.
fn at_work() -> (Converter, Vec<u16>, Control) {
    let eeprom: [u16; EEPROM_WORDS] = memory(0x2400, EEPROM_WORDS).try_into().unwrap_or([0; EEPROM_WORDS]);
    let calibration = decode(&eeprom);
    assert!(calibration.is_ok(), "{calibration:?}");
    let Ok(calibration) = calibration else { unreachable!("asserted just before") };
    (Converter::new(calibration), memory(0x0400, 832), Control::new(0x1901))
}

/// Words of a simulated chip before somebody, after it has measured.
fn memory(from: u16, count: usize) -> Vec<u16> {
    use embedded_hal::i2c::I2c;
    let (clock, mut bus) = before_somebody();
    clock.advance(std::time::Duration::from_secs(3));
    let mut bytes = vec![0; count * 2];
    assert!(bus.write_read(ADDRESS, &from.to_be_bytes(), &mut bytes).is_ok());
    bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

fn frame() -> ThermalFrame {
    let (clock, bus) = before_somebody();
    let rate = Rate::new(4);
    assert!(rate.is_some());
    let Some(rate) = rate else { unreachable!("asserted just before") };
    let mut array = OnBus::new(bus, ADDRESS, KIND, rate, Mono::ZERO);
    loop {
        clock.advance(array.due().since(clock.now()));
        if let Some(Ok(frame)) = array.poll(clock.now()) {
            return frame;
        }
    }
}

fn before_somebody() -> (SimClock, Bus) {
    let clock = SimClock::new(Mono::ZERO);
    let (handle, bus) = chip(ADDRESS, &clock, Random::new(7));
    handle.set_scene(Scene::empty(20.0).with(Person::new(34.6)));
    (clock, bus)
}
