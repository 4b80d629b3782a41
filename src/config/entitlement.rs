//! Checks of the step `entitlement`: whether a subject may pass now, by the clock and by what the kiosk's own records tell of
//! earlier passages. Where one is not met, or nobody can tell, an attendant decides; it denies nobody by itself.

use std::time::Duration;

use serde::Serialize;

use super::profile::seconds;
use super::profile_file::HOURS_MAX;
use super::section::{Kind, integer, name, one_of};
use super::step_file::Reading;
use super::step_rule::Ask;
use crate::base::Slug;
use crate::model::Reason;

/// Most windows of hours.
const WINDOWS_MAX: usize = 8;
const DAY_MINUTES: u16 = 24 * 60;
const DAYS: [(&str, u8); 7] =
    [("mon", 0), ("tue", 1), ("wed", 2), ("thu", 3), ("fri", 4), ("sat", 5), ("sun", 6)];

/// What decides whether a subject may pass now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "check")]
pub enum Check {
    /// They went through this way less often than so.
    Quota {
        /// How often they may.
        times: u8,
        /// Within this time.
        #[serde(serialize_with = "seconds")]
        within: Duration,
    },
    /// It is one of these hours at the place.
    Hours {
        /// From and until, in minutes of the day; the end is not included.
        windows: Vec<[u16; 2]>,
        /// Only on these days of the week, Monday is 0; every day where it is empty.
        days: Vec<u8>,
    },
    /// An earlier step was not answered like this since.
    Interval {
        /// Which question, by its name.
        step: Slug,
        /// Answered with one of these.
        answers: Vec<Slug>,
        /// Within this time.
        #[serde(serialize_with = "seconds")]
        within: Duration,
    },
    /// They were not kept away for one of these steps, or were let through since.
    Cleared {
        /// Which steps, by their names.
        steps: Vec<Slug>,
        /// Within this time.
        #[serde(serialize_with = "seconds")]
        within: Duration,
    },
    /// Fewer than so many others are inside who visit the same.
    Places {
        /// So many may be.
        max: u8,
    },
    /// Whom they visit has not left for good.
    HostStays {
        /// The step at which the host's leaving is noted, by its name.
        step: Slug,
    },
    /// They visited nobody else.
    SameHost {
        /// Within this time.
        #[serde(serialize_with = "seconds")]
        within: Duration,
    },
    /// A record says that they came in and did not go out again.
    Entered {
        /// Within this time.
        #[serde(serialize_with = "seconds")]
        within: Duration,
    },
}

impl Check {
    /// Whether it needs the records of earlier passages.
    pub fn asks_the_past(&self) -> bool {
        match self {
            Self::Hours { .. } => false,
            Self::Quota { .. }
            | Self::Interval { .. }
            | Self::Cleared { .. }
            | Self::Places { .. }
            | Self::HostStays { .. }
            | Self::SameHost { .. }
            | Self::Entered { .. } => true,
        }
    }

    /// Whether it is about whom they visit.
    pub fn is_about_the_host(&self) -> bool {
        match self {
            Self::Places { .. } | Self::HostStays { .. } | Self::SameHost { .. } => true,
            Self::Quota { .. }
            | Self::Hours { .. }
            | Self::Interval { .. }
            | Self::Cleared { .. }
            | Self::Entered { .. } => false,
        }
    }

    /// How far back it looks; `None` where only what is now counts, or without an end.
    pub fn within(&self) -> Option<Duration> {
        match self {
            Self::Quota { within, .. }
            | Self::Interval { within, .. }
            | Self::Cleared { within, .. }
            | Self::SameHost { within }
            | Self::Entered { within } => Some(*within),
            Self::Hours { .. } | Self::Places { .. } | Self::HostStays { .. } => None,
        }
    }

    /// Why an attendant may have to look.
    pub fn unmet(&self) -> &'static [Reason] {
        match self {
            Self::Quota { .. } => &[Reason::QuotaUsed, Reason::CannotTell],
            Self::Hours { .. } => &[Reason::OutsideHours, Reason::ClockUntrusted],
            Self::Interval { .. } => &[Reason::TooSoon, Reason::CannotTell],
            Self::Cleared { .. } => &[Reason::NotCleared, Reason::CannotTell],
            Self::Places { .. } => &[Reason::HostVisited, Reason::CannotTell],
            Self::HostStays { .. } => &[Reason::HostLeft, Reason::CannotTell],
            Self::SameHost { .. } => &[Reason::OtherHost, Reason::CannotTell],
            Self::Entered { .. } => &[Reason::NoEntry, Reason::CannotTell],
        }
    }
}

/// Reads the settings of a step `entitlement`.
pub(super) fn entitlement(reading: &mut Reading<'_, '_, '_>) -> Option<Ask> {
    let checks: [(&str, Read); 8] = [
        ("quota", quota),
        ("hours", hours),
        ("interval", interval),
        ("cleared", cleared),
        ("places", |reading| Some(Check::Places { max: reading.need("max", &integer(1..=99u8))? })),
        ("host-stays", |reading| Some(Check::HostStays { step: reading.need("step", &name())? })),
        ("same-host", |reading| Some(Check::SameHost { within: within(reading)? })),
        ("entered", |reading| Some(Check::Entered { within: within(reading)? })),
    ];
    let read = reading.need("check", &one_of(&checks))?;
    Some(Ask::Entitlement { check: read(reading)? })
}

type Read = fn(&mut Reading<'_, '_, '_>) -> Option<Check>;

fn within(reading: &mut Reading<'_, '_, '_>) -> Option<Duration> {
    reading.need("within_h", &integer(1..=HOURS_MAX)).map(Duration::from_hours)
}

fn quota(reading: &mut Reading<'_, '_, '_>) -> Option<Check> {
    // More could not be told from the passages that are looked at.
    let times = reading.need("times", &integer(1..=50u8));
    let within = within(reading);
    Some(Check::Quota { times: times?, within: within? })
}

fn hours(reading: &mut Reading<'_, '_, '_>) -> Option<Check> {
    let windows = reading.table.list(reading.report, "hours", &window());
    if !(1..=WINDOWS_MAX).contains(&windows.len()) {
        reading.misfit("hours", format!("must be 1 to {WINDOWS_MAX} windows such as \"06:00-09:30\""));
    }
    let days = reading.table.list(reading.report, "days", &one_of(&DAYS));
    Some(Check::Hours { windows, days })
}

fn interval(reading: &mut Reading<'_, '_, '_>) -> Option<Check> {
    let step = reading.need("step", &name());
    let answers: Vec<Slug> = reading.table.list(reading.report, "answered", &name());
    if answers.is_empty() {
        reading.misfit("answered", "must name at least one answer");
    }
    let within = within(reading);
    Some(Check::Interval { step: step?, answers, within: within? })
}

fn cleared(reading: &mut Reading<'_, '_, '_>) -> Option<Check> {
    let steps: Vec<Slug> = reading.table.list(reading.report, "steps", &name());
    if steps.is_empty() {
        reading.misfit("steps", "must name at least one step for which somebody is kept away");
    }
    let within = within(reading);
    Some(Check::Cleared { steps, within: within? })
}

/// From and until within one day, such as `06:00-09:30`.
fn window() -> Kind<'static, [u16; 2]> {
    let expected =
        "a window of one day such as \"06:00-09:30\", until 24:00; one over midnight is written as two";
    Kind::new(expected, |value| {
        let (from, until) = value.as_str()?.split_once('-')?;
        let (from, until) = (minutes(from)?, minutes(until)?);
        (from < until).then_some([from, until])
    })
}

pub(super) fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |digits: &str| -> Option<u16> {
        let plain = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        if plain { digits.parse().ok() } else { None }
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= DAY_MINUTES).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_two_digits_each_and_end_at_midnight_at_the_latest() {
        for (text, read) in [("06:00", Some(360)), ("00:00", Some(0)), ("24:00", Some(1_440))] {
            assert_eq!(minutes(text), read, "{text}");
        }
        for text in ["6:00", "24:01", "99:99", "12:60", "+1:00", "１２:00", "1200", ""] {
            assert_eq!(minutes(text), None, "{text}");
        }
    }
}
