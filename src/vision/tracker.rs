//! One event a presentation: thirty frames of one code are one observation.
//!
//! A payload is new when it was out of sight for [`AWAY`] or longer. Several payloads at once are each an
//! event, and each says that it was not alone: the lane asks for one code then. The one that is left when the others
//! have gone is an event once more, alone.

use std::time::Duration;

use super::code::{Code, Lane, Part};
use super::frame::Point;
use crate::base::{Mono, Pii};
use crate::model::ModuleColour;

/// Out of sight this long, a code counts as shown anew.
pub const AWAY: Duration = Duration::from_millis(1_500);

/// Payloads remembered at once; beyond, the one unseen for longest is forgotten.
const TRACKS_MAX: usize = 32;

/// A code was held up.
#[derive(Clone, Debug, PartialEq)]
pub struct Presented {
    /// The symbol's bytes.
    pub payload: Pii<Vec<u8>>,
    /// When it was first seen.
    pub at: Mono,
    /// Where it was then.
    pub corners: [Point; 4],
    /// Modules a side of a QR symbol; none of another kind.
    pub modules: Option<u16>,
    /// Its place in a message spread over several symbols.
    pub part: Option<Part>,
    /// Which lane read it.
    pub lane: Lane,
    /// Number of other payloads in view, each different from this one and from each other.
    pub others: usize,
    /// The colour of its modules; nobody has looked at it where it was read without the camera's own picture.
    pub colour: Option<ModuleColour>,
}

/// Remembers what is in view.
#[derive(Debug, Default)]
pub struct Tracker {
    tracks: Vec<Track>,
}

#[derive(Debug)]
struct Track {
    payload: Pii<Vec<u8>>,
    seen: Mono,
    corners: [Point; 4],
    /// Whether others have been in view since it was last an event by itself.
    crowded: bool,
}

impl Tracker {
    /// Takes what was read in the frame of `now`; returns what is newly held up.
    ///
    /// A slow attempt may report a frame that is older than the last: `now` is then that frame's time.
    pub fn see(&mut self, now: Mono, codes: &[Code]) -> Vec<Presented> {
        self.tracks.retain(|track| now.since(track.seen) < AWAY);
        let alone = self.tracks.len() == 1 && codes.iter().all(|code| code.payload == self.tracks[0].payload);
        let mut fresh = Vec::new();
        for code in codes {
            match self.tracks.iter_mut().find(|track| track.payload == code.payload) {
                Some(track) => {
                    track.seen = track.seen.max(now);
                    track.corners = code.corners;
                    if alone && std::mem::take(&mut track.crowded) {
                        fresh.push(code);
                    }
                }
                None => {
                    self.remember(now, code);
                    fresh.push(code);
                }
            }
        }
        let others = self.tracks.len().saturating_sub(1);
        if others > 0 {
            self.tracks.iter_mut().for_each(|track| track.crowded = true);
        }
        let present = |code: &Code| Presented {
            payload: code.payload.clone(),
            at: now,
            corners: code.corners,
            modules: code.modules,
            part: code.part,
            lane: code.lane,
            others,
            colour: None,
        };
        fresh.into_iter().map(present).collect()
    }

    /// Outlines of what was in view within [`AWAY`] before `now`, for the preview.
    pub fn outlines(&self, now: Mono) -> Vec<[Point; 4]> {
        self.tracks.iter().filter(|track| now.since(track.seen) < AWAY).map(|track| track.corners).collect()
    }

    fn remember(&mut self, now: Mono, code: &Code) {
        if self.tracks.len() >= TRACKS_MAX {
            let oldest = self.tracks.iter().enumerate().min_by_key(|(_, track)| track.seen);
            let oldest = oldest.map(|(index, _)| index);
            oldest.map(|index| self.tracks.swap_remove(index));
        }
        self.tracks.push(Track {
            payload: code.payload.clone(),
            seen: now,
            corners: code.corners,
            crowded: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_frames_of_one_code_are_one_event() {
        let mut tracker = Tracker::default();
        let events: usize = (0..30).map(|i| tracker.see(Mono::from_millis(i * 66), &[code("a")]).len()).sum();
        assert_eq!(events, 1);
    }

    #[test]
    fn a_code_counts_anew_once_it_was_gone_for_a_second_and_a_half() {
        let mut tracker = Tracker::default();
        assert_eq!(tracker.see(Mono::from_millis(0), &[code("a")]).len(), 1);
        assert_eq!(tracker.see(Mono::from_millis(1_499), &[code("a")]).len(), 0);
        assert_eq!(tracker.see(Mono::from_millis(2_000), &[]).len(), 0);
        assert_eq!(
            tracker.see(Mono::from_millis(2_998), &[code("a")]).len(),
            0,
            "frames without it do not count"
        );
        assert_eq!(tracker.see(Mono::from_millis(4_498), &[code("a")]).len(), 1);
    }

    #[test]
    fn several_codes_in_view_are_reported_as_such() {
        let mut tracker = Tracker::default();
        let both = tracker.see(Mono::ZERO, &[code("a"), code("b"), code("a")]);
        assert_eq!(both.iter().map(|p| p.others).collect::<Vec<_>>(), [1, 1]);
        let third = tracker.see(Mono::from_millis(500), &[code("c")]);
        assert_eq!(third[0].others, 2, "the others were in view half a second ago");
        let later = tracker.see(Mono::from_millis(5_000), &[code("d")]);
        assert_eq!(later[0].others, 0);
    }

    #[test]
    fn the_code_that_is_left_of_several_is_shown_once_more_alone() {
        let mut tracker = Tracker::default();
        let others = |events: Vec<Presented>| events.iter().map(|event| event.others).collect::<Vec<_>>();
        assert_eq!(others(tracker.see(Mono::from_millis(0), &[code("a"), code("b")])), [1, 1]);
        assert!(
            tracker.see(Mono::from_millis(1_000), &[code("a")]).is_empty(),
            "the other may still be there"
        );
        assert_eq!(others(tracker.see(Mono::from_millis(1_600), &[code("a"), code("a")])), [0]);
        assert!(tracker.see(Mono::from_millis(1_700), &[code("a")]).is_empty(), "once is enough");
    }

    #[test]
    fn a_late_answer_of_the_slow_lane_does_not_make_a_code_new() {
        let mut tracker = Tracker::default();
        tracker.see(Mono::from_millis(3_000), &[code("a")]);
        assert!(tracker.see(Mono::from_millis(2_000), &[code("a")]).is_empty());
        assert!(tracker.see(Mono::from_millis(4_400), &[code("a")]).is_empty());
    }

    #[test]
    fn memory_is_bounded_whatever_is_shown() {
        let mut tracker = Tracker::default();
        for i in 0..1_000 {
            assert_eq!(tracker.see(Mono::from_millis(i), &[code(&i.to_string())]).len(), 1);
        }
        assert_eq!(tracker.tracks.len(), TRACKS_MAX);
        assert_eq!(tracker.outlines(Mono::from_millis(1_000)).len(), TRACKS_MAX);
    }

    fn code(payload: &str) -> Code {
        Code {
            payload: Pii::new(payload.as_bytes().to_vec()),
            corners: [Point::default(); 4],
            modules: Some(21),
            part: None,
            lane: Lane::Fast,
        }
    }
}
