//! The system's clocks, and how far the wall clock is trusted.
//!
//! The rules are in [`trust`]. What they rest on is read here:
//!
//! - the kernel's own largest error (`adjtimex` with nothing to change, which needs no privilege). A sandbox may deny it;
//!   then the error is 0, not known, and the rest still holds. The unit in `systemd/` allows it.
//! - `/run/systemd/timesync/synchronized`, which systemd-timesyncd makes once it has set the clock in this boot;
//! - `/sys/class/rtc/rtc0/hctosys`, which reads 1 when the kernel took its time from a battery-backed clock at boot.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rtime_clock::adjtime::{Timex, adjtimex};
use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::base::{BootId, ClockTrust, Mono, Stamp, Wall};

pub mod trust;

use trust::{Evidence, Judge, Kernel};

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";
const SET_FROM_RTC: &str = "/sys/class/rtc/rtc0/hctosys";
/// Two clocks that were read further apart than this are read again.
const APART_MAX: Duration = Duration::from_millis(5);

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
    judge: Arc<Mutex<Judge>>,
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
        Ok(Self { boot, synchronized: synchronized.to_owned(), set_from_rtc, judge: Arc::default() })
    }

    /// Wall time, right or wrong.
    pub fn wall(&self) -> Wall {
        let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::Realtime);
        Wall(tv_sec.saturating_mul(1_000).saturating_add(tv_nsec / 1_000_000))
    }

    /// How far the wall time is trusted now. Looks at one file and asks the kernel.
    pub fn trust(&self) -> ClockTrust {
        self.stamp().trust
    }

    /// All of it at once.
    pub fn stamp(&self) -> Stamp {
        let (mono, wall) = self.both();
        let evidence = Evidence {
            kernel: kernel(),
            service_set_it: self.synchronized.exists(),
            rtc_set_it: self.set_from_rtc,
        };
        // A judge is whole between two judgements: it is replaced by values only.
        let mut judge = self.judge.lock().unwrap_or_else(PoisonError::into_inner);
        let (trust, max_error_ms) = judge.judge(mono, wall, evidence);
        Stamp { boot: self.boot, mono, wall, trust, max_error_ms }
    }

    /// Both clocks, read as good as together even when this thread is interrupted between.
    fn both(&self) -> (Mono, Wall) {
        const TRIES: u32 = 5;
        let mut found = (mono(), self.wall());
        for _ in 0..TRIES {
            if mono().since(found.0) <= APART_MAX {
                break;
            }
            found = (mono(), self.wall());
        }
        found
    }
}

/// What the kernel makes of its own clock; changes nothing.
fn kernel() -> Kernel {
    let mut timex = Timex::new();
    match adjtimex(&mut timex) {
        Ok(_) => Kernel::Says { max_error_us: timex.0.maxerror },
        Err(_) => Kernel::Silent,
    }
}

/// Lets the calling thread wait for `span`. For device threads only: state machines have deadlines.
#[expect(clippy::disallowed_methods, reason = "a thread that owns a device keeps the device's pace")]
pub fn pause(span: Duration) {
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
        let by_kernel = kernel().max_error_ms().is_some();
        let expected = |other| if by_kernel { ClockTrust::Synced } else { other };
        assert_eq!(clock().unwrap().trust(), expected(ClockTrust::None));
        fs::write(file("hctosys"), "1\n").unwrap();
        assert_eq!(clock().unwrap().trust(), expected(ClockTrust::Rtc));
        fs::write(file("synchronized"), "").unwrap();
        assert_eq!(clock().unwrap().trust(), ClockTrust::Synced);
        assert_eq!(clock().unwrap().stamp().boot.to_string(), "8f2a1c3e5b6d4f708a9b0c1d2e3f4a5b");
        fs::write(file("boot"), "no uuid").unwrap();
        assert!(clock().is_err());
    }

    #[test]
    fn the_error_is_the_kernels_and_0_where_it_says_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let none = dir.path().join("none");
        let clock = Clock::with_files(Path::new(BOOT_ID), &none, &none).unwrap();
        match kernel().max_error_ms() {
            Some(error_ms) => assert!(clock.stamp().max_error_ms.abs_diff(error_ms) <= 1 && error_ms > 0),
            None => assert_eq!(clock.stamp().max_error_ms, 0),
        }
    }
}
