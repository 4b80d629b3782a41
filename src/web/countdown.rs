//! How long disinfection or a dwell still runs: for the attendant and for the subject.
//!
//! The page holds only places for the seconds. The script counts them down between two events of the stream, so
//! that nothing on the page is drawn anew while somebody reaches for it.

use maud::{Markup, html};

use super::symbol;
use super::words::face::{NEXT_READING, SPRAY_AT_LEAST, SPRAY_AT_MOST, STAY_STILL};
use super::words::words;
use crate::control::LaneStatus;

/// The time left, where something is running: first until disinfection may be stopped, then until it stops; until a dwell
/// is over.
pub fn countdown(lane: &LaneStatus) -> Markup {
    html! {
        @if let Some(running) = lane.disinfecting {
            @let (of, said) = if running.may_stop_ms > 0 { ("may-stop", SPRAY_AT_LEAST) } else { ("ends", SPRAY_AT_MOST) };
            p.countdown.(of) {
                (symbol::SPRAY)
                span { (said) }
                b { span.left data-left=(of) data-lane=(lane.lane) {} " " small { (words("秒", "s")) } }
            }
        }
        @if lane.dwelling.is_some() {
            p.countdown.dwell {
                (symbol::HOURGLASS)
                span { (STAY_STILL) }
                b { span.left data-left="dwell" data-lane=(lane.lane) {} }
            }
        }
    }
}

/// For the attendant beside that: until the next reading of a temperature must have come.
pub fn next_reading(lane: &LaneStatus) -> Markup {
    html! {
        @if lane.dwelling.is_some_and(|dwelling| dwelling.reading_ms.is_some()) {
            p.countdown.reading {
                (symbol::THERMOMETER)
                span { (NEXT_READING) }
                b { span.left data-left="reading" data-lane=(lane.lane) {} }
            }
        }
    }
}
