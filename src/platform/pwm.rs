//! Dimmed outputs through the kernel's PWM files.
//!
//! Below `/sys/class/pwm/pwmchipN`: the channel's number is written to `export`, which makes a folder `pwmM` with `period` and
//! `duty_cycle` in nanoseconds, and `enable`. Source: Linux, `Documentation/driver-api/pwm.rst`, "Using PWMs with the sysfs interface".

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use embedded_hal::pwm::{Error, ErrorKind, ErrorType, SetDutyCycle};

use super::clock::pause;
use super::unusable::Unusable;
use crate::base::DeviceId;
use crate::config::board::Pwm;
use crate::drivers::pins::AnyPwm;

const CLASS: &str = "/sys/class/pwm";
/// Steps from nothing to always: hundredths of a percent.
const STEPS: u16 = 10_000;
/// How often, and how far apart, it is tried to use a channel that was just exported: its files get their owner a moment later.
const TRIES: usize = 20;
const TRY_EVERY: Duration = Duration::from_millis(50);

/// A channel, acting for none of the time.
///
/// # Errors
///
/// When there is no such chip or channel, or its files cannot be written.
pub fn open(device: &DeviceId, pwm: Pwm) -> Result<AnyPwm, Unusable> {
    let channel = Channel::open(Path::new(CLASS), pwm);
    let place = format!("pwmchip{} channel {}", pwm.chip, pwm.channel);
    channel
        .map(|channel| AnyPwm::new(pwm.channel, channel))
        .map_err(|error| Unusable::new(device, place, error))
}

#[derive(Debug)]
struct Channel {
    folder: PathBuf,
    period_ns: u64,
}

impl Channel {
    fn open(class: &Path, pwm: Pwm) -> io::Result<Self> {
        let chip = class.join(format!("pwmchip{}", pwm.chip));
        let folder = chip.join(format!("pwm{}", pwm.channel));
        if !folder.exists() {
            std::fs::write(chip.join("export"), pwm.channel.to_string())?;
        }
        let channel = Self { folder, period_ns: 1_000_000_000 / u64::from(pwm.hz.max(1)) };
        let mut tries = 1;
        while let Err(error) = channel.begin() {
            if tries == TRIES {
                return Err(error);
            }
            tries += 1;
            pause(TRY_EVERY);
        }
        Ok(channel)
    }

    /// Dark, at its own period, and switched on.
    fn begin(&self) -> io::Result<()> {
        // Refused while there is no period yet; a period shorter than what is left of an earlier run would be refused as well.
        let _ = self.write("duty_cycle", 0);
        self.write("period", self.period_ns)?;
        self.write("duty_cycle", 0)?;
        self.write("enable", 1)
    }

    fn write(&self, file: &str, value: u64) -> io::Result<()> {
        std::fs::write(self.folder.join(file), value.to_string())
    }
}

/// What the kernel says of a channel.
#[derive(Debug)]
struct PwmError(#[expect(dead_code, reason = "shown by Debug")] io::Error);

impl Error for PwmError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for Channel {
    type Error = PwmError;
}

impl SetDutyCycle for Channel {
    fn max_duty_cycle(&self) -> u16 {
        STEPS
    }

    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), PwmError> {
        let acts = self.period_ns * u64::from(duty.min(STEPS)) / u64::from(STEPS);
        self.write("duty_cycle", acts).map_err(PwmError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PWM: Pwm = Pwm { chip: 2, channel: 1, hz: 5_000, percent_max: 100 };

    #[test]
    fn a_channel_is_exported_begins_dark_and_gets_its_part_of_the_period() {
        let class = tempfile::tempdir().unwrap();
        let chip = class.path().join("pwmchip2");
        let read = |file: &str| std::fs::read_to_string(chip.join(file)).unwrap_or_default();
        std::fs::create_dir_all(chip.join("pwm1")).unwrap();
        std::fs::write(chip.join("pwm1/duty_cycle"), "77").unwrap();
        let mut channel = Channel::open(class.path(), PWM).unwrap();
        let said = ["pwm1/period", "pwm1/duty_cycle", "pwm1/enable", "export"].map(read);
        assert_eq!(said, ["200000", "0", "1", ""], "what is exported is not exported again");
        channel.set_duty_cycle_percent(25).unwrap();
        assert_eq!(read("pwm1/duty_cycle"), "50000");
    }

    #[test]
    fn a_chip_that_is_not_there_is_named() {
        let device = "light".parse().unwrap();
        let error = open(&device, Pwm { chip: 63, ..PWM }).err().unwrap().to_string();
        assert!(error.starts_with("device light: pwmchip63 channel 1: "), "{error}");
    }
}
