//! How long disinfection has to run, and when it stops by itself: for the attendant and for the driver.
//!
//! The page holds only places for the seconds. The script counts them down between two events of the stream, so
//! that nothing on the page is drawn anew while somebody reaches for it.

use maud::{Markup, html};

use super::symbol;
use super::words::face::{SPRAY_AT_LEAST, SPRAY_AT_MOST};
use super::words::words;
use crate::control::LaneStatus;

/// The seconds left, where disinfection is running: first until it may be stopped, then until it stops.
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
    }
}
