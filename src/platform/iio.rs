//! Spot thermometer through the kernel's industrial I/O files, or any folder of the same shape.
//!
//! # Format
//!
//! Text files with one number each, of two kinds:
//!
//! - `in_temp_object_raw` and `in_temp_ambient_raw` (register words), `in_temp_offset` and `in_temp_scale`; a temperature
//!   in thousandths of a degree is `(raw + offset) · scale`. So do MLX90614 and MLX90615 (Linux
//!   drivers/iio/temperature/mlx90614.c).
//! - `in_temp_object_input` and `in_temp_ambient_input`: thousandths of a degree. So does MLX90632 (Linux
//!   drivers/iio/temperature/mlx90632.c); these readings have no register words.
//!
//! `in_temp_object_calibemissivity`, where there is one, must be 1: emissivity is corrected in software. It is read
//! before the first reading and after the device was absent, and then the bus rests as before any reading, because
//! the kernel asks the chip for it. Source: Linux Documentation/ABI/testing/sysfs-bus-iio. The kernel answers a set error
//! flag with `EIO`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::io::Errno;

use crate::base::{CentiCelsius, Mono, NoReading};
use crate::drivers::Thermometer;
use crate::model::{RawWords, ThermalReading};

/// Longest number in a file, in bytes.
const NUMBER_MAX: u64 = 64;
/// Pause after a failed read.
const PAUSE: Duration = Duration::from_millis(500);

/// How far from 1 an emissivity may be: the kernel rounds.
const EMISSIVITY_OFF: f64 = 0.000_5;

/// Whether the chip was asked for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    No,
    Yes,
}

/// A thermometer behind a folder. Files are opened anew for each reading, so that a device may come and go.
#[derive(Debug)]
pub struct Iio {
    folder: PathBuf,
    settling: Duration,
    due: Mono,
    known: Known,
}

/// Whether it was looked at how the device is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    No,
    Yes,
}

impl Iio {
    /// The thermometer behind `folder`, read no more often than `settling`.
    pub fn new(folder: &Path, settling: Duration, now: Mono) -> Self {
        Self { folder: folder.to_owned(), settling, due: now, known: Known::No }
    }

    /// Whether the bus was used to find out how the device is set up.
    fn set_up(&self) -> Result<Asked, NoReading> {
        match self.number("in_temp_object_calibemissivity") {
            Ok(emissivity) if (emissivity - 1.0).abs() < EMISSIVITY_OFF => Ok(Asked::Yes),
            Ok(_) => Err(NoReading::WrongPart),
            Err(NoReading::Absent) => Ok(Asked::No),
            Err(reason) => Err(reason),
        }
    }

    fn read(&self) -> Result<ThermalReading, NoReading> {
        match self.input("object") {
            Ok(object) => Ok(ThermalReading { object, die: self.input("ambient")?, raw: RawWords::new(&[]) }),
            Err(NoReading::Absent) => {
                let (object, raw_object) = self.channel("object")?;
                let (die, raw_die) = self.channel("ambient")?;
                Ok(ThermalReading { object, die, raw: RawWords::new(&[raw_object, raw_die]) })
            }
            Err(reason) => Err(reason),
        }
    }

    fn input(&self, name: &str) -> Result<CentiCelsius, NoReading> {
        let thousandths = self.number(&format!("in_temp_{name}_input"))?;
        CentiCelsius::from_degrees(thousandths / 1_000.0).ok_or(NoReading::Flagged)
    }

    fn channel(&self, name: &str) -> Result<(CentiCelsius, u16), NoReading> {
        let raw = self.number(&format!("in_temp_{name}_raw"))?;
        let (offset, scale) = (self.number("in_temp_offset")?, self.number("in_temp_scale")?);
        let temperature = CentiCelsius::from_degrees((raw + offset) * scale / 1_000.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a word")]
        let word = (raw.fract() == 0.0 && (0.0..=32_767.0).contains(&raw)).then_some(raw as u16);
        temperature.zip(word).ok_or(NoReading::Flagged)
    }

    fn number(&self, file: &str) -> Result<f64, NoReading> {
        number(&self.folder, file)
    }
}

/// The number in a file of `folder`.
pub(super) fn number(folder: &Path, file: &str) -> Result<f64, NoReading> {
    let mut text = String::new();
    let file = File::open(folder.join(file)).map_err(|error| reason(&error))?;
    file.take(NUMBER_MAX).read_to_string(&mut text).map_err(|error| reason(&error))?;
    text.trim().parse().ok().filter(|number: &f64| number.is_finite()).ok_or(NoReading::Bus)
}

impl Thermometer for Iio {
    fn due(&self) -> Mono {
        self.due
    }

    fn poll(&mut self, now: Mono) -> Option<Result<ThermalReading, NoReading>> {
        if now < self.due {
            return None;
        }
        let result = match self.known {
            Known::Yes => self.read(),
            Known::No => match self.set_up() {
                Ok(Asked::Yes) => {
                    (self.known, self.due) = (Known::Yes, now + self.settling);
                    return None;
                }
                Ok(Asked::No) => self.read(),
                Err(reason) => Err(reason),
            },
        };
        self.known = match result {
            Ok(_) | Err(NoReading::Flagged) => Known::Yes,
            Err(_) => Known::No,
        };
        let pause = if result.is_ok() { self.settling } else { self.settling.max(PAUSE) };
        self.due = now + pause;
        Some(result)
    }
}

fn reason(error: &io::Error) -> NoReading {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOENT | Errno::NOTDIR | Errno::NODEV | Errno::NXIO | Errno::REMOTEIO) => {
            NoReading::Absent
        }
        Some(Errno::IO) => NoReading::Flagged,
        Some(Errno::TIMEDOUT) => NoReading::Timeout,
        Some(_) | None => NoReading::Bus,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_give_the_same_temperature_as_the_chips_words() {
        let folder = folder("15058", "14832");
        let mut iio = Iio::new(folder.path(), Duration::from_millis(100), Mono::ZERO);
        // 0x3AD2 is 28.01 °C: datasheet rev 13, figure 8.
        let reading = iio.poll(Mono::ZERO).unwrap().unwrap();
        assert_eq!((reading.object.get(), reading.die.get()), (2_801, 2_349));
        assert_eq!(reading.raw.as_slice(), [0x3AD2, 14_832]);
        assert_eq!(iio.poll(Mono::from_millis(99)), None);
        for raw in 0x27AD..=0x7FFF_u16 {
            let celsius = (f64::from(raw) - 13_657.5) * 20.0 / 1_000.0;
            let exact = i32::from(raw) * 2 - 27_315;
            assert_eq!(CentiCelsius::from_degrees(celsius).unwrap().get(), exact);
        }
    }

    #[test]
    fn what_is_missing_or_no_number_is_a_reason() {
        let cases = [
            ("", NoReading::Bus),
            ("warm", NoReading::Bus),
            ("nan", NoReading::Bus),
            ("-1", NoReading::Flagged),
            ("40000", NoReading::Flagged),
            ("15058.5", NoReading::Flagged),
        ];
        for (object, reason) in cases {
            let folder = folder(object, "14832");
            let iio = Iio::new(folder.path(), Duration::ZERO, Mono::ZERO);
            assert_eq!(iio.read(), Err(reason), "{object:?}");
        }
        let iio = Iio::new(Path::new("/nowhere"), Duration::ZERO, Mono::ZERO);
        assert_eq!(iio.read(), Err(NoReading::Absent));
        assert_eq!(reason(&io::Error::from_raw_os_error(5)), NoReading::Flagged);
    }

    #[test]
    fn a_driver_that_calculates_gives_thousandths_of_a_degree() {
        let folder = folder("15058", "14832");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("in_temp_object_input", "36512\n");
        write("in_temp_ambient_input", "-1250\n");
        let reading = Iio::new(folder.path(), Duration::ZERO, Mono::ZERO).read().unwrap();
        assert_eq!((reading.object.get(), reading.die.get()), (3_651, -125));
        assert!(reading.raw.as_slice().is_empty());
        write("in_temp_object_input", "warm\n");
        assert_eq!(Iio::new(folder.path(), Duration::ZERO, Mono::ZERO).read(), Err(NoReading::Bus));
    }

    #[test]
    fn an_emissivity_set_in_the_chip_is_no_reading_and_is_asked_for_only_at_first() {
        let folder = folder("15058", "14832");
        let emissivity = folder.path().join("in_temp_object_calibemissivity");
        let settling = Duration::from_millis(100);
        let write = |text: &str| std::fs::write(&emissivity, text).unwrap();
        write("0.979995117\n");
        let mut iio = Iio::new(folder.path(), settling, Mono::ZERO);
        assert_eq!(iio.poll(iio.due()), Some(Err(NoReading::WrongPart)));
        assert_eq!(iio.poll(iio.due()), Some(Err(NoReading::WrongPart)), "and stays so");
        write("1.000000000\n");
        let asked = iio.due();
        assert_eq!(iio.poll(asked), None);
        assert_eq!(iio.due(), asked + settling, "the bus rests");
        assert!(iio.poll(iio.due()).unwrap().is_ok());
        write("0.5\n");
        assert!(iio.poll(iio.due()).unwrap().is_ok(), "not asked before each reading");
        std::fs::remove_file(folder.path().join("in_temp_object_raw")).unwrap();
        assert_eq!(iio.poll(iio.due()), Some(Err(NoReading::Absent)));
        assert_eq!(iio.poll(iio.due()), Some(Err(NoReading::WrongPart)), "it may be another one");
    }

    #[test]
    fn a_file_without_an_end_does_not_fill_the_memory() {
        let folder = folder("1", "14832");
        std::fs::remove_file(folder.path().join("in_temp_object_raw")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("in_temp_object_raw")).unwrap();
        assert_eq!(Iio::new(folder.path(), Duration::ZERO, Mono::ZERO).read(), Err(NoReading::Bus));
    }

    fn folder(object: &str, ambient: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            ("in_temp_object_raw", object),
            ("in_temp_ambient_raw", ambient),
            ("in_temp_offset", "-13657.500000"),
            ("in_temp_scale", "20"),
        ];
        files
            .iter()
            .for_each(|(name, text)| std::fs::write(folder.path().join(name), format!("{text}\n")).unwrap());
        folder
    }
}
