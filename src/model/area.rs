//! The risk-area table: which areas count from when to when. Data of a policy, with a version of its own.

use jiff::civil::Date;
use serde::Serialize;

use super::title::Title;
use crate::base::Slug;

/// Areas that questions of origin are compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AreaTable {
    /// Rises with every change; stands in the evidence of each answer that was compared.
    pub version: u32,
    /// The areas, in the order in which screens offer them. One may be there with several periods.
    pub areas: Vec<Area>,
}

/// One area during one period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Area {
    /// Its name in answers.
    pub id: Slug,
    /// Its name on screens.
    pub title: Title,
    /// First day that counts.
    pub from: Date,
    /// Last day that counts; none while it goes on.
    pub until: Option<Date>,
}

impl AreaTable {
    /// Whether somebody who was in `area` on `date` was in a listed area.
    pub fn lists(&self, area: &Slug, date: Date) -> bool {
        let counts = |row: &Area| row.from <= date && row.until.is_none_or(|until| date <= until);
        self.areas.iter().any(|row| row.id == *area && counts(row))
    }

    /// Whether the table knows an area of this name at all.
    pub fn knows(&self, area: &Slug) -> bool {
        self.areas.iter().any(|row| row.id == *area)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_counts_from_its_first_day_to_its_last_and_in_each_of_its_periods() {
        let area = |id: &str, from: &str, until: Option<&str>| Area {
            id: id.parse().unwrap(),
            title: Title { zh: "甲".into(), en: "A".into() },
            from: from.parse().unwrap(),
            until: until.map(|until| until.parse().unwrap()),
        };
        let areas = vec![
            area("jia", "2026-03-01", Some("2026-03-14")),
            area("jia", "2026-05-01", None),
            area("yi", "2026-04-01", Some("2026-04-01")),
        ];
        let table = AreaTable { version: 3, areas };
        for (id, date, listed) in [
            ("jia", "2026-02-28", false),
            ("jia", "2026-03-01", true),
            ("jia", "2026-03-14", true),
            ("jia", "2026-03-15", false),
            ("jia", "2026-05-01", true),
            ("jia", "2031-01-01", true),
            ("yi", "2026-03-01", false),
            ("yi", "2026-04-01", true),
            ("bing", "2026-04-01", false),
        ] {
            assert_eq!(table.lists(&id.parse().unwrap(), date.parse().unwrap()), listed, "{id} {date}");
        }
        assert!(table.knows(&"yi".parse().unwrap()) && !table.knows(&"bing".parse().unwrap()));
    }
}
