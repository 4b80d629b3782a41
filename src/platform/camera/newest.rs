//! The newest of the frames that a driver has filled: lent from its own memory, older ones passed over without a copy.

use std::io;
use std::time::Duration;

use super::now;
use crate::base::Mono;

/// More buffers than any driver fills at once.
const FRAMES_MAX: usize = 64;

/// How a filled buffer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// Whole, and nothing newer is filled.
    Newest,
    /// A newer one is filled already.
    Older,
    /// The driver says that its data are damaged.
    Damaged,
}

/// Buffers that a driver fills one after the other.
pub(super) trait Queue {
    /// Whether one is filled within `wait`.
    fn ready(&self, wait: Duration) -> bool;

    /// Takes the oldest filled buffer, lends it to `look`, and gives it back to the driver.
    fn dequeue(&mut self, look: &mut dyn FnMut(Filled, &[u8])) -> io::Result<()>;
}

/// Waits up to `wait` for a whole frame that is the newest, and lends it to `take` with the time.
pub(super) fn newest(
    queue: &mut impl Queue,
    wait: Duration,
    take: &mut dyn FnMut(Mono, &[u8]),
) -> io::Result<()> {
    let until = now() + wait;
    for _ in 0..FRAMES_MAX {
        if !queue.ready(until.since(now())) {
            break;
        }
        let mut taken = false;
        queue.dequeue(&mut |filled, bytes| match filled {
            Filled::Newest if !bytes.is_empty() => {
                take(now(), bytes);
                taken = true;
            }
            Filled::Newest | Filled::Older | Filled::Damaged => {}
        })?;
        if taken {
            return Ok(());
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    #[test]
    fn the_newest_frame_wins_and_older_ones_are_passed_over() {
        assert_eq!(taken(&[b"one", b"two", b"three"]), Ok(b"three".to_vec()));
        assert_eq!(taken(&[b"one"]), Ok(b"one".to_vec()));
        assert_eq!(taken(&[]), Err(io::ErrorKind::TimedOut));
    }

    #[test]
    fn damaged_and_empty_frames_are_no_frames() {
        assert_eq!(taken(&[b"!bad"]), Err(io::ErrorKind::TimedOut));
        assert_eq!(taken(&[b""]), Err(io::ErrorKind::TimedOut));
        assert_eq!(taken(&[b"!bad", b"good"]), Ok(b"good".to_vec()));
    }

    #[test]
    fn a_driver_that_is_gone_is_an_error_and_damage_without_end_is_none() {
        let mut gone = Fake { frames: VecDeque::new(), ready: true };
        let refused = newest(&mut gone, Duration::ZERO, &mut |_, _| panic!("nothing to take")).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::NotFound);
        let mut damaged = Fake { frames: VecDeque::from(vec![&b"!"[..]; 1_000]), ready: true };
        let refused =
            newest(&mut damaged, Duration::ZERO, &mut |_, _| panic!("nothing to take")).unwrap_err();
        assert_eq!((refused.kind(), damaged.frames.len()), (io::ErrorKind::TimedOut, 1_000 - FRAMES_MAX));
    }

    fn taken(frames: &[&'static [u8]]) -> Result<Vec<u8>, io::ErrorKind> {
        let mut queue = Fake { frames: frames.iter().copied().collect(), ready: false };
        let mut all = Vec::new();
        newest(&mut queue, Duration::ZERO, &mut |_, bytes| all.push(bytes.to_vec()))
            .map_err(|error| error.kind())?;
        assert_eq!(all.len(), 1, "one frame is lent");
        Ok(all.remove(0))
    }

    /// A driver with filled buffers; one that begins with `!` is damaged.
    struct Fake {
        frames: VecDeque<&'static [u8]>,
        /// Whether it says so even without any, as one that is gone does.
        ready: bool,
    }

    impl Queue for Fake {
        fn ready(&self, _: Duration) -> bool {
            self.ready || !self.frames.is_empty()
        }

        fn dequeue(&mut self, look: &mut dyn FnMut(Filled, &[u8])) -> io::Result<()> {
            let frame = self.frames.pop_front().ok_or(io::ErrorKind::NotFound)?;
            look(
                match frame {
                    [b'!', ..] => Filled::Damaged,
                    _ if self.frames.is_empty() => Filled::Newest,
                    _ => Filled::Older,
                },
                frame,
            );
            Ok(())
        }
    }
}
