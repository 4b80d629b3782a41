//! Moments in rules: how they are written in certificates, and calendar arithmetic as the specification has it.

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{Span, Timestamp, ToSpan};

use super::Unit;

/// The moment that `text` says: a date with or without a time, with `Z`, `+hh`, `+hhmm` or `+hh:mm`, or without a zone, which is UTC.
/// A month or a year alone is its last day; so is what a date of birth has left out.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    match text.split_once('T') {
        None => start(day(text)?),
        Some((date, time)) => {
            if date.len() != 10 {
                return None;
            }
            let (time, offset) = zone(time)?;
            let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
            if fraction.is_empty() || !is_digits(fraction) {
                return None;
            }
            let parts: Vec<i8> = time.split(':').map(two).collect::<Option<_>>()?;
            let [hour, minute, second] = parts[..] else { return None };
            // Rules count in milliseconds.
            let milliseconds: i32 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
            let nanoseconds = milliseconds * 1_000_000;
            let date = full(date)?;
            let civil =
                DateTime::new(date.year(), date.month(), date.day(), hour, minute, second, nanoseconds);
            offset.to_timestamp(civil.ok()?).ok()
        }
    }
}

/// The day that a date of birth says: the last one of what is left out.
pub(super) fn born(text: &str) -> Option<Timestamp> {
    start(day(text.get(..10).unwrap_or(text))?)
}

/// `amount` units after `moment`. A day that a month has not is counted on into the next one.
pub(super) fn plus(moment: Timestamp, amount: i64, unit: Unit) -> Option<Timestamp> {
    let months = match unit {
        Unit::Hour => return moment.checked_add(hours(amount)?).ok(),
        Unit::Day => return moment.checked_add(hours(amount.checked_mul(24)?)?).ok(),
        Unit::Month => amount,
        Unit::Year => amount.checked_mul(12)?,
    };
    let civil = Offset::UTC.to_datetime(moment);
    let month = i64::from(civil.year()) * 12 + i64::from(civil.month()) - 1;
    let month = month.checked_add(months)?;
    let first =
        Date::new(i16::try_from(month.div_euclid(12)).ok()?, i8::try_from(month.rem_euclid(12) + 1).ok()?, 1);
    let date = first.ok()?.checked_add((i64::from(civil.day()) - 1).days()).ok()?;
    Offset::UTC.to_timestamp(date.to_datetime(civil.time())).ok()
}

fn hours(count: i64) -> Option<Span> {
    Span::new().try_hours(count).ok()
}

fn start(date: Date) -> Option<Timestamp> {
    Offset::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok()
}

/// A day, or the last one of a month or year.
fn day(text: &str) -> Option<Date> {
    match text.len() {
        4 => Some(Date::new(year(text)?, 12, 31).ok()?),
        7 => {
            let (year_text, month) = text.split_once('-')?;
            Some(Date::new(year(year_text)?, two(month)?, 1).ok()?.last_of_month())
        }
        10 => full(text),
        _ => None,
    }
}

fn full(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year_text, month, day] = parts[..] else { return None };
    Date::new(year(year_text)?, two(month)?, two(day)?).ok()
}

/// A time without its zone, and the zone.
fn zone(time: &str) -> Option<(&str, Offset)> {
    if let Some(time) = time.strip_suffix('Z') {
        return Some((time, Offset::UTC));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, Offset::UTC)) };
    let (time, zone) = time.split_at(at);
    let (sign, zone) = zone.split_at(1);
    let (hours, minutes) = match zone.len() {
        1 | 2 => (zone, "00"),
        4 => zone.split_at(2),
        5 => zone.split_once(':')?,
        _ => return None,
    };
    if !is_digits(hours) || minutes.len() != 2 || !is_digits(minutes) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds = (hours * 60 + minutes) * 60;
    Some((time, Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()?))
}

fn year(text: &str) -> Option<i16> {
    if text.len() == 4 && is_digits(text) { text.parse().ok() } else { None }
}

fn two(text: &str) -> Option<i8> {
    if text.len() == 2 && is_digits(text) { text.parse().ok() } else { None }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> String {
        moment(text).map_or_else(|| "none".to_owned(), |moment| moment.to_string())
    }

    #[test]
    fn moments_are_read_as_certificates_write_them() {
        for (text, expected) in [
            ("2021-05-04", "2021-05-04T00:00:00Z"),
            ("2021-05", "2021-05-31T00:00:00Z"),
            ("2020-02", "2020-02-29T00:00:00Z"),
            ("2021", "2021-12-31T00:00:00Z"),
            ("2021-05-04T10:11:12", "2021-05-04T10:11:12Z"),
            ("2021-05-04T10:11:12Z", "2021-05-04T10:11:12Z"),
            ("2021-05-04T10:11:12+02", "2021-05-04T08:11:12Z"),
            ("2021-05-04T10:11:12+0230", "2021-05-04T07:41:12Z"),
            ("2021-05-04T10:11:12-02:30", "2021-05-04T12:41:12Z"),
            ("2021-05-04T10:11:12+1", "2021-05-04T09:11:12Z"),
            ("2021-05-04T10:11:12.0429+02:00", "2021-05-04T08:11:12.042Z"),
            ("2021-05-04T10:11:12.4Z", "2021-05-04T10:11:12.4Z"),
        ] {
            assert_eq!(at(text), expected, "{text}");
        }
        for text in
            ["", "21", "2021-5-4", "2021-02-30", "2021-05-04T", "2021-05-04T10:11", "2021-05-04T25:00:00Z"]
        {
            assert_eq!(at(text), "none", "{text}");
        }
        for text in
            ["2021-05-04T10:11:12.Z", "2021-05-04T10:11:12+02:3", "2021-05T10:11:12Z", "２０２１-05-04"]
        {
            assert_eq!(at(text), "none", "{text}");
        }
        assert_eq!(
            born("1990-02-03T00:00:00").map(|day| day.to_string()).as_deref(),
            Some("1990-02-03T00:00:00Z")
        );
    }

    #[test]
    fn a_day_that_a_month_has_not_is_counted_on() {
        let plus = |text: &str, amount, unit| {
            plus(moment(text).unwrap(), amount, unit).map(|moment| moment.to_string())
        };
        assert_eq!(plus("2021-01-31", 1, Unit::Month).as_deref(), Some("2021-03-03T00:00:00Z"));
        assert_eq!(plus("2020-02-29T10:00:00", 1, Unit::Year).as_deref(), Some("2021-03-01T10:00:00Z"));
        assert_eq!(plus("2021-03-31", -13, Unit::Month).as_deref(), Some("2020-03-02T00:00:00Z"));
        assert_eq!(plus("2021-12-31", 2, Unit::Day).as_deref(), Some("2022-01-02T00:00:00Z"));
        assert_eq!(plus("2021-12-31", -25, Unit::Hour).as_deref(), Some("2021-12-29T23:00:00Z"));
        for unit in [Unit::Year, Unit::Month, Unit::Day, Unit::Hour] {
            assert_eq!(plus("2021-12-31", i64::MAX, unit), None);
            assert_eq!(plus("2021-12-31", i64::MIN, unit), None);
        }
    }
}
