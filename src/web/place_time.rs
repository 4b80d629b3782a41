//! The time of day at the place, as screens show it.

use crate::base::Wall;

/// How far the place's clocks are ahead of UTC. There is no summer time: a site that has it changes its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceTime {
    /// Minutes ahead of UTC; 480 in China.
    pub utc_offset_minutes: i16,
}

impl PlaceTime {
    /// Hours and minutes.
    pub fn time_of_day(self, wall: Wall) -> String {
        let seconds = self.shifted(wall).rem_euclid(86_400);
        format!("{:02}:{:02}", seconds / 3_600, seconds / 60 % 60)
    }

    /// Month, day, hours and minutes.
    pub fn day_and_time(self, wall: Wall) -> String {
        match jiff::Timestamp::from_second(self.shifted(wall)) {
            Ok(at) => {
                let at = at.to_zoned(jiff::tz::TimeZone::UTC);
                format!("{:02}-{:02} {:02}:{:02}", at.month(), at.day(), at.hour(), at.minute())
            }
            Err(_) => "—".to_owned(),
        }
    }

    /// Month and day.
    pub fn day(self, wall: Wall) -> String {
        let mut text = self.day_and_time(wall);
        text.truncate(text.find(' ').unwrap_or(text.len()));
        text
    }

    /// When the day of `wall` began.
    pub fn midnight(self, wall: Wall) -> Wall {
        Wall::from_secs(wall.as_secs() - self.shifted(wall).rem_euclid(86_400))
    }

    /// The same with the year, for paper.
    pub fn date_and_time(self, wall: Wall) -> String {
        match jiff::Timestamp::from_second(self.shifted(wall)) {
            Ok(at) => {
                format!("{:04}-{}", at.to_zoned(jiff::tz::TimeZone::UTC).year(), self.day_and_time(wall))
            }
            Err(_) => "—".to_owned(),
        }
    }

    /// Seconds since 1970 as the place's clocks count them.
    fn shifted(self, wall: Wall) -> i64 {
        wall.as_secs().saturating_add(i64::from(self.utc_offset_minutes) * 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-31T16:30:00Z.
    const WALL: Wall = Wall::from_secs(1_769_877_000);

    #[test]
    fn times_are_those_of_the_place() {
        for (utc_offset_minutes, shown) in [
            (480, "02-01 00:30"),
            (0, "01-31 16:30"),
            (330, "01-31 22:00"),
            (-210, "01-31 13:00"),
            (840, "02-01 06:30"),
        ] {
            let place = PlaceTime { utc_offset_minutes };
            assert_eq!(place.day_and_time(WALL), shown);
            assert_eq!(place.time_of_day(WALL), shown[6..]);
            assert_eq!(place.date_and_time(WALL), format!("2026-{shown}"));
            assert_eq!(place.day(WALL), shown[..5]);
            assert_eq!(place.day_and_time(place.midnight(WALL)), format!("{} 00:00", &shown[..5]));
        }
    }

    #[test]
    fn a_time_beyond_the_calendar_is_none() {
        let place = PlaceTime { utc_offset_minutes: 480 };
        assert_eq!(place.day_and_time(Wall(i64::MAX)), "—");
    }
}
