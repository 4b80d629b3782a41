//! What the service manager is told: that the kiosk is ready, alive, stopping. Without one, nothing is said.

use std::io;
use std::time::Duration;

use sd_notify::NotifyState;

/// The link to systemd.
#[derive(Clone, Copy, Debug)]
pub struct Watchdog {
    timeout: Option<Duration>,
}

impl Watchdog {
    /// The link that the environment names (`NOTIFY_SOCKET`, `WATCHDOG_USEC`).
    pub fn from_environment() -> Self {
        Self { timeout: sd_notify::watchdog_enabled() }
    }

    /// How often [`feed`](Self::feed) must be called: a third of the time after which systemd ends the process;
    /// `None` where nobody watches.
    pub fn every(&self) -> Option<Duration> {
        self.timeout.map(|timeout| timeout / 3)
    }

    /// Says that the kiosk is ready, with one line for `systemctl status`.
    ///
    /// # Errors
    ///
    /// When systemd's socket cannot be written to.
    pub fn ready(&self, status: &str) -> io::Result<()> {
        sd_notify::notify(&[NotifyState::Ready, NotifyState::Status(status)])
    }

    /// Says that everything made progress. Call it only when it did.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    pub fn feed(&self) -> io::Result<()> {
        sd_notify::notify(&[NotifyState::Watchdog])
    }

    /// Says that the kiosk stops in order.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    pub fn stopping(&self) -> io::Result<()> {
        sd_notify::notify(&[NotifyState::Stopping])
    }
}
