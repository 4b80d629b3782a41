//! The system's clocks, and how far the wall clock is trusted.
//!
//! Trust is [`ClockTrust::Synced`] once systemd-timesyncd has set the clock in this boot: it then creates
//! `/run/systemd/timesync/synchronized`. It is [`ClockTrust::Rtc`] when the kernel took the time from a battery-backed
//! clock at boot (`/sys/class/rtc/rtc0/hctosys` reads 1) and that time is not absurd. Otherwise nothing vouches for it.
//! Under chrony or ntpd there is no such file, and the clock counts as not synced. The kernel's own estimate needs
//! `adjtimex`, which cannot be called without `unsafe`; the largest error is therefore 0, not known.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::base::{BootId, ClockTrust, Mono, Stamp, Wall};

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";
const SET_FROM_RTC: &str = "/sys/class/rtc/rtc0/hctosys";
/// 2026-01-01: before this program was written, so no clock that works can show less.
const EARLIEST: Wall = Wall::from_secs(1_767_225_600);

/// Time since boot, sleep included.
pub fn mono() -> Mono {
    let now = clock_gettime(ClockId::Boottime);
    let secs = u64::try_from(now.tv_sec).unwrap_or(0);
    Mono(secs.saturating_mul(1_000_000_000).saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0)))
}

/// Does nothing until `until`. Returns at once if that is past.
#[expect(clippy::disallowed_methods, reason = "a thread that owns a blocking device waits here")]
pub fn wait_until(until: Mono) {
    std::thread::sleep(until.since(mono()));
}

/// The clocks of this boot.
#[derive(Clone, Debug)]
pub struct Clock {
    boot: BootId,
    synchronized: PathBuf,
    set_from_rtc: bool,
}

impl Clock {
    /// Reads which boot this is.
    ///
    /// # Errors
    ///
    /// When the kernel does not say.
    pub fn new() -> io::Result<Self> {
        Self::with_files(Path::new(BOOT_ID), Path::new(SYNCHRONIZED), Path::new(SET_FROM_RTC))
    }

    fn with_files(boot: &Path, synchronized: &Path, set_from_rtc: &Path) -> io::Result<Self> {
        let boot = fs::read_to_string(boot)?.trim().replace('-', "");
        let boot = boot.parse().map_err(|_| io::Error::other("the boot id is not a UUID"))?;
        let set_from_rtc = fs::read_to_string(set_from_rtc).is_ok_and(|text| text.trim() == "1");
        Ok(Self { boot, synchronized: synchronized.to_owned(), set_from_rtc })
    }

    /// Wall time, right or wrong.
    pub fn wall(&self) -> Wall {
        let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::Realtime);
        Wall(tv_sec.saturating_mul(1_000).saturating_add(tv_nsec / 1_000_000))
    }

    /// How far the wall time is trusted now. Looks at one file.
    pub fn trust(&self) -> ClockTrust {
        if self.synchronized.exists() {
            ClockTrust::Synced
        } else if self.set_from_rtc && self.wall() >= EARLIEST {
            ClockTrust::Rtc
        } else {
            ClockTrust::None
        }
    }

    /// All of it at once.
    pub fn stamp(&self) -> Stamp {
        Stamp { boot: self.boot, mono: mono(), wall: self.wall(), trust: self.trust(), max_error_ms: 0 }
    }
}

/// Lets the calling thread wait for `span`. For device threads only: state machines have deadlines.
#[expect(clippy::disallowed_methods, reason = "a thread that owns a device keeps the device's pace")]
pub fn pause(span: std::time::Duration) {
    std::thread::sleep(span);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_has_a_boot_and_clocks_that_go_forward() {
        let clock = Clock::new().unwrap();
        let (first, second) = (clock.stamp(), clock.stamp());
        assert_eq!(first.boot, second.boot);
        assert!(second.mono >= first.mono && first.mono > Mono::ZERO);
        assert!(first.wall > Wall(0));
    }

    #[test]
    fn trust_follows_what_the_system_says() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| dir.path().join(name);
        let clock = || Clock::with_files(&file("boot"), &file("synchronized"), &file("hctosys"));
        assert!(clock().is_err());
        fs::write(file("boot"), "8f2a1c3e-5b6d-4f70-8a9b-0c1d2e3f4a5b\n").unwrap();
        assert_eq!(clock().unwrap().trust(), ClockTrust::None);
        fs::write(file("hctosys"), "1\n").unwrap();
        let plausible = clock().unwrap().wall() >= EARLIEST;
        assert_eq!(clock().unwrap().trust() == ClockTrust::Rtc, plausible);
        fs::write(file("synchronized"), "").unwrap();
        assert_eq!(clock().unwrap().trust(), ClockTrust::Synced);
        assert_eq!(clock().unwrap().stamp().boot.to_string(), "8f2a1c3e5b6d4f708a9b0c1d2e3f4a5b");
        fs::write(file("boot"), "no uuid").unwrap();
        assert!(clock().is_err());
    }
}
