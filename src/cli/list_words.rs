//! What is said of a list's file: what is in force and how old it is, what is held and what it would change.

use crate::base::{ClockTrust, Stamp, Wall};
use crate::config::list::{Changes, Edition, ListFile};

/// What the file holds, a line each.
pub fn state(file: &ListFile, now: &Stamp) -> Vec<String> {
    let in_force = match file.in_force() {
        None => "尚未生效 nothing is in force yet".to_owned(),
        Some(edition) => {
            let over = edition
                .rows()
                .iter()
                .filter(|row| Wall::from_secs(row.span.until.into()) <= now.wall)
                .count();
            let by = edition.accepted().map_or("?", |(by, _)| by.as_str());
            format!(
                "已生效 in force: {} 条 entries ({over} 已到期 over), {} 提交 pushed, {by} 确认 accepted, {}; {}",
                edition.rows().len(),
                pushed_by(edition),
                age(edition, now),
                edition.id(),
            )
        }
    };
    let held = file.held().map(|edition| {
        let changes = changes(&file.held_changes(now.wall).unwrap_or_default());
        let (entries, by) = (edition.rows().len(), pushed_by(edition));
        let (age, id) = (age(edition, now), edition.id());
        format!("待确认 HELD: {entries} 条 entries ({changes}), {by} 提交 pushed, {age}; {id}")
    });
    [in_force].into_iter().chain(held).collect()
}

/// New, gone and altered entries.
pub fn changes(changes: &Changes) -> String {
    let Changes { added, removed, altered } = changes;
    format!("新增 new {added}, 移除 gone {removed}, 改期 altered {altered}")
}

fn pushed_by(edition: &Edition) -> &str {
    edition.pushed_by().map_or("?", |by| by.as_str())
}

/// How old it is, as far as the clock is to be believed.
fn age(edition: &Edition, now: &Stamp) -> String {
    let hours = edition.age(now.wall).map(|age| age.as_secs() / 3_600);
    match (hours, now.trust) {
        (None, _) => "时间不明 age unknown: the clock shows a time before it".to_owned(),
        (Some(hours), ClockTrust::Rtc | ClockTrust::Synced) => format!("{hours} 小时前 {hours} h old"),
        (Some(hours), ClockTrust::None) => {
            format!("约 {hours} 小时前（时钟不可信）{hours} h old by a clock that nobody vouches for")
        }
    }
}
