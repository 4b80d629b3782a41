//! Code readers that send lines: raw bytes in, one payload a code out.
//!
//! A payload ends with CR, LF or a silence; readers are delivered with any of these. A payload of more than
//! [`LINE_MAX`] bytes is dropped up to its end and counted, so that nothing a reader sends can fill the memory. Bytes
//! stay as they came: what they mean is decided elsewhere.

use std::time::Duration;

use super::gm65;
use crate::base::{Mono, Pii};

/// Longest payload, in bytes: the largest QR symbol holds 2,953.
pub const LINE_MAX: usize = 4_096;
/// Silence that ends a payload.
pub const IDLE: Duration = Duration::from_millis(50);

/// What a reader is, as far as it must be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// Anything that sends lines; nothing is sent to it.
    Lines,
    /// A module of the Grow "zone bit" family, set up so.
    Gm65(gm65::Settings),
}

/// Cuts a stream of bytes into payloads.
#[derive(Debug, Default)]
pub struct Lines {
    held: Vec<u8>,
    last: Option<Mono>,
    /// Whether the bytes up to the next end belong to a payload that was too long.
    dropping: bool,
    dropped: u64,
}

impl Lines {
    /// A stream that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the `bytes` that arrived at `now` and appends each payload that they complete.
    pub fn step(&mut self, now: Mono, bytes: &[u8], payloads: &mut Vec<Pii<Vec<u8>>>) {
        if bytes.is_empty() {
            return;
        }
        payloads.extend(self.expire(now));
        self.last = Some(now);
        let mut pieces = bytes.split(|byte| matches!(byte, b'\r' | b'\n'));
        if let Some(first) = pieces.next() {
            self.hold(first);
        }
        for piece in pieces {
            payloads.extend(self.end());
            self.hold(piece);
        }
    }

    /// When [`expire`](Self::expire) must be called if nothing arrives before.
    pub fn due(&self) -> Option<Mono> {
        let open = self.dropping || !self.held.is_empty();
        self.last.filter(|_| open).map(|last| last + IDLE)
    }

    /// The payload that a silence until `now` has ended.
    pub fn expire(&mut self, now: Mono) -> Option<Pii<Vec<u8>>> {
        if self.due().is_some_and(|due| due <= now) { self.end() } else { None }
    }

    /// Ends the stream: the payload it broke off in, if any.
    pub fn close(&mut self) -> Option<Pii<Vec<u8>>> {
        self.end()
    }

    /// How many payloads were too long and dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn hold(&mut self, piece: &[u8]) {
        if self.dropping {
            return;
        }
        if self.held.len() + piece.len() > LINE_MAX {
            self.dropping = true;
            self.dropped += 1;
            self.held = Vec::new();
        } else {
            self.held.extend_from_slice(piece);
        }
    }

    fn end(&mut self) -> Option<Pii<Vec<u8>>> {
        self.dropping = false;
        let payload = std::mem::take(&mut self.held);
        (!payload.is_empty()).then(|| Pii::new(payload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn carriage_return_line_feed_and_both_end_a_payload() {
        let mut lines = Lines::new();
        assert_eq!(step(&mut lines, 0, b"one\rtwo\nthree\r\n\r\nfo"), ["one", "two", "three"]);
        assert_eq!(step(&mut lines, 1, b"ur\r"), ["four"]);
        assert_eq!(lines.due(), None);
    }

    #[test]
    fn a_silence_ends_a_payload_and_a_short_pause_does_not() {
        let mut lines = Lines::new();
        assert!(step(&mut lines, 0, b"half").is_empty());
        assert!(step(&mut lines, 49, b"-line").is_empty());
        assert_eq!(lines.due(), Some(Mono::from_millis(99)));
        assert_eq!(lines.expire(Mono::from_millis(98)), None);
        assert_eq!(lines.expire(Mono::from_millis(99)).unwrap().expose(), b"half-line");
        // A late wake-up does not glue two codes together.
        step(&mut lines, 200, b"a");
        assert_eq!(step(&mut lines, 300, b"b\r"), ["a", "b"]);
    }

    #[test]
    fn bytes_stay_as_they_came() {
        let mut lines = Lines::new();
        let mut payloads = Vec::new();
        lines.step(Mono(1), b"\xFF\x00\xB9\xE2\r", &mut payloads);
        assert_eq!(payloads[0].expose(), b"\xFF\x00\xB9\xE2");
    }

    #[test]
    fn a_line_of_ten_megabytes_is_dropped_in_bounded_memory_and_the_next_one_is_read() {
        let mut lines = Lines::new();
        let mut payloads = Vec::new();
        for chunk in 0..10_240 {
            lines.step(Mono::from_millis(chunk / 10), &[b'x'; 1_024], &mut payloads);
            assert!(lines.held.capacity() <= 2 * LINE_MAX, "{}", lines.held.capacity());
        }
        lines.step(Mono::from_millis(1_024), b"tail\rnext\r", &mut payloads);
        assert_eq!((payloads.len(), lines.dropped()), (1, 1));
        assert_eq!(payloads[0].expose(), b"next");
    }

    #[test]
    fn the_longest_payload_passes_and_one_byte_more_does_not() {
        for (length, expected) in [(LINE_MAX, 1), (LINE_MAX + 1, 0)] {
            let mut lines = Lines::new();
            let mut payloads = Vec::new();
            lines.step(Mono(1), &[vec![b'x'; length], vec![b'\r']].concat(), &mut payloads);
            assert_eq!(payloads.len(), expected, "{length} bytes");
        }
    }

    proptest! {
        #[test]
        fn how_a_stream_is_cut_into_reads_makes_no_difference(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), any::<u8>()], 0..300),
            cuts in proptest::collection::vec(0usize..300, 0..8),
        ) {
            let mut whole = Lines::new();
            let mut expected = Vec::new();
            whole.step(Mono(1), &bytes, &mut expected);
            expected.extend(whole.close());

            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let (mut cut, mut from, mut got) = (Lines::new(), 0, Vec::new());
            for to in cuts.into_iter().chain([bytes.len()]) {
                cut.step(Mono(1), &bytes[from..to], &mut got);
                from = to;
            }
            got.extend(cut.close());
            prop_assert!(got == expected);
        }
    }

    fn step(lines: &mut Lines, ms: u64, bytes: &[u8]) -> Vec<String> {
        let mut payloads = Vec::new();
        lines.step(Mono::from_millis(ms), bytes, &mut payloads);
        payloads.iter().map(|payload| String::from_utf8(payload.expose().clone()).unwrap()).collect()
    }
}
