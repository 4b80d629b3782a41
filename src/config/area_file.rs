//! Reads the risk-area table of a profile file.
//!
//! ```toml
//! [areas]
//! version = 3
//!
//! [[areas.area]]
//! id = "jinjiang"
//! title_zh = "成都市锦江区"
//! title_en = "Jinjiang, Chengdu"
//! from = "2026-10-01"
//! until = "2026-10-14"   # left out while it goes on
//! ```

use jiff::civil::Date;

use super::error::Report;
use super::section::{Kind, Section, integer, name, text};
use crate::model::{Area, AreaTable, Title, field};

/// The table, where the file has one.
pub fn areas(report: &mut Report<'_>, file: &mut Section<'_>) -> Option<AreaTable> {
    let mut table = file.table(report, "areas")?;
    let version = table.need(report, "version", &integer(1..=999_999u32));
    let rows = table.some_tables(report, "area");
    let areas = rows.into_iter().filter_map(|row| area(report, row)).collect();
    table.finish(report);
    Some(AreaTable { version: version?, areas })
}

fn area(report: &mut Report<'_>, mut row: Section<'_>) -> Option<Area> {
    let id = row.need(report, "id", &name());
    let zh = row.need(report, "title_zh", &text(120));
    let en = row.need(report, "title_en", &text(60));
    let from = row.need(report, "from", &day());
    let until = row.get(report, "until", &day());
    if from.is_some_and(|from| until.is_some_and(|until| until < from)) {
        row.misfit(report, "until", "must not be before from: such a period holds no day");
    }
    row.finish(report);
    Some(Area { id: id?, title: Title { zh: zh?, en: en? }, from: from?, until })
}

fn day() -> Kind<'static, Date> {
    Kind::new("a day such as \"2026-03-01\"", |value| field::day(value.as_str()?))
}
