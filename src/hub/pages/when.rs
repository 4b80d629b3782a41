//! When something happened, as pages say it: an instant where it is known to the second, else an interval that says so.

use std::time::Duration;

use maud::{Markup, html};

use super::super::words::{self, Words};
use super::frame::{full_time, shown, two};
use crate::base::Wall;
use crate::model::{Known, Placed};

/// Widest interval that is shown as an instant.
const INSTANT_MS: i64 = 2_000;
/// Widest interval that is shown as an instant with its error.
const SHORT_MS: i64 = 60_000;

const ESTIMATED: Words = ("估计", "estimated");

/// When something happened.
pub fn when(placed: &Placed) -> Markup {
    let width = match (placed.earliest, placed.latest) {
        (Some(earliest), Some(latest)) => Some(latest.0.saturating_sub(earliest.0)),
        (_, _) => None,
    };
    match (width, placed.known) {
        (Some(width), Known::Synced | Known::Mapped) if width <= INSTANT_MS => full_time(placed.best),
        (Some(width), Known::Synced | Known::Mapped | Known::Bounded) if width <= SHORT_MS => {
            let off = placed.best.0.abs_diff(placed.earliest.map_or(placed.best.0, |earliest| earliest.0));
            let off = off.max(placed.best.0.abs_diff(placed.latest.map_or(placed.best.0, |latest| latest.0)));
            html! { (full_time(placed.best)) " " (mark(placed, &format!("±{} s", off.div_ceil(1_000)))) }
        }
        (_, Known::Battery | Known::Unknown) => {
            html! { "≈ " (full_time(placed.best)) " " (mark(placed, "")) }
        }
        (_, Known::Synced | Known::Mapped | Known::Bounded | Known::Received) => {
            html! { span.interval { (interval(placed)) } " " (mark(placed, "")) }
        }
    }
}

/// The interval in minutes, rounded outwards, so that the truth stays within.
fn interval(placed: &Placed) -> String {
    let minute = |wall: Wall| shown(wall, "%Y-%m-%d %H:%M");
    let latest = placed.latest.map(|latest| latest + Duration::from_millis(59_999));
    match (placed.earliest, latest) {
        (Some(earliest), Some(latest)) if shown(earliest, "%F") == shown(latest, "%F") => {
            format!("{}–{}", minute(earliest), shown(latest, "%H:%M"))
        }
        (Some(earliest), Some(latest)) => format!("{} – {}", minute(earliest), minute(latest)),
        (None, Some(latest)) => format!("≤ {}", minute(latest)),
        (Some(earliest), None) => format!("≥ {}", minute(earliest)),
        (None, None) => "—".to_owned(),
    }
}

/// That it is an estimate, and what it rests on for whoever points at it.
fn mark(placed: &Placed, error: &str) -> Markup {
    let (chinese, english) = words::known(placed.known);
    html! {
        span.hint title={ (chinese) " " (english) " · " (interval(placed)) } {
            @if !error.is_empty() { (error) " " }
            (two(ESTIMATED))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22 08:03:20 in China.
    const AT: Wall = Wall(1_795_305_800_000);

    #[test]
    fn what_is_known_to_the_second_is_an_instant_and_nothing_else_is() {
        let text = |from, until, known| when(&placed(from, until, known)).into_string();
        let sure = text(Some(-20), Some(20), Known::Synced);
        assert!(sure.contains("2026-11-22 08:03:20") && !sure.contains("估计"), "{sure}");
        let mapped = text(Some(-5_400), Some(5_400), Known::Mapped);
        assert!(
            mapped.contains("08:03:20") && mapped.contains("±6 s") && mapped.contains("估计"),
            "{mapped}"
        );
        let bounded = text(Some(-2_300_000), Some(0), Known::Bounded);
        assert!(bounded.contains("2026-11-22 07:25–08:04") && bounded.contains("estimated"), "{bounded}");
        assert!(!bounded.contains("<time"), "no instant: {bounded}");
        let days = text(Some(-86_400_000), Some(0), Known::Bounded);
        assert!(days.contains("2026-11-21 08:03 – 2026-11-22 08:04"), "{days}");
        let received = text(None, Some(0), Known::Received);
        assert!(received.contains("≤ 2026-11-22 08:04") && received.contains("估计"), "{received}");
        for known in [Known::Battery, Known::Unknown] {
            let guess = text(None, None, known);
            assert!(guess.contains("≈") && guess.contains("估计"), "{guess}");
        }
    }

    fn placed(from: Option<i64>, until: Option<i64>, known: Known) -> Placed {
        let wall = |off: i64| Wall(AT.0 + off);
        Placed { earliest: from.map(wall), latest: until.map(wall), best: AT, known }
    }
}
