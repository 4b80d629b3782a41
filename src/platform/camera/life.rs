//! When a camera that gives nothing is waited for, opened anew, or given up for a while.

use std::io;
use std::time::Duration;

use crate::base::Mono;

/// Without a frame for this long, the camera is opened anew.
pub(super) const STALL: Duration = Duration::from_secs(3);

/// Pause between attempts to open a camera that is not there.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// What follows when no frame came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It may still come.
    Wait,
    /// It stalls: close it, and open it again.
    Reopen,
    /// It is gone: close it.
    Gone,
}

/// A camera's last signs of life.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    /// When it was opened or gave its last frame.
    last: Mono,
    /// Not opened before.
    retry: Mono,
}

impl Life {
    pub(super) fn new() -> Self {
        Self { last: Mono::ZERO, retry: Mono::ZERO }
    }

    /// Whether it may be opened at `now`; if not, how long it is left alone. The next attempt is [`RETRY`] later.
    pub(super) fn attempt(&mut self, now: Mono) -> Result<(), Duration> {
        if now < self.retry {
            return Err(self.retry.since(now));
        }
        self.retry = now + RETRY;
        Ok(())
    }

    /// It was opened, or gave a frame, at `now`.
    pub(super) fn seen(&mut self, now: Mono) {
        self.last = now;
    }

    /// What follows from a failure at `now`.
    pub(super) fn failed(&self, now: Mono, kind: io::ErrorKind) -> Then {
        if kind != io::ErrorKind::TimedOut {
            Then::Gone
        } else if now.since(self.last) > STALL {
            Then::Reopen
        } else {
            Then::Wait
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind::{NotFound, TimedOut};

    #[test]
    fn a_stall_opens_it_again_and_a_frame_begins_the_wait_anew() {
        let mut life = Life::new();
        let at = Mono::from_millis;
        life.attempt(at(10_000)).unwrap();
        life.seen(at(10_000));
        assert_eq!(life.failed(at(13_000), TimedOut), Then::Wait);
        assert_eq!(life.failed(at(13_001), TimedOut), Then::Reopen);
        life.seen(at(13_001));
        assert_eq!(life.failed(at(16_001), TimedOut), Then::Wait);
        assert_eq!(life.failed(at(16_002), TimedOut), Then::Reopen);
        assert_eq!(life.attempt(at(16_002)), Ok(()), "a stalled camera is opened at once");
    }

    #[test]
    fn one_that_is_gone_is_tried_once_a_second() {
        let mut life = Life::new();
        let at = Mono::from_millis;
        life.seen(at(10_000));
        assert_eq!(life.failed(at(10_001), NotFound), Then::Gone);
        life.attempt(at(10_001)).unwrap();
        assert_eq!(life.attempt(at(10_101)), Err(Duration::from_millis(900)));
        assert_eq!(life.attempt(at(11_000)), Err(Duration::from_millis(1)), "a refusal puts nothing off");
        life.attempt(at(11_001)).unwrap();
    }
}
