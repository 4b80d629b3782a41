//! Reads the `[[list]]` tables of `kiosk.toml`; `systemd/kiosk.toml` shows every key.

use std::sync::Arc;

use super::super::error::Report;
use super::super::section::{Kind, Section, integer, name, one_of, text};
use super::{CAP_MAX, ID_LENGTH_MAX, ISSUERS_MAX, KINDS, LISTS_MAX, ListRule};
use crate::base::{IssuerId, Slug};
use crate::model::{Direction, Title};

const DIRECT: [(&str, Direction); 2] = [("inbound", Direction::Inbound), ("outbound", Direction::Outbound)];

/// The lists that the site declares.
pub fn lists(report: &mut Report<'_>, file: &mut Section<'_>) -> Vec<Arc<ListRule>> {
    let mut lists: Vec<Arc<ListRule>> = Vec::new();
    for mut table in file.tables(report, "list") {
        let Some(list) = list(report, &mut table) else { continue };
        if lists.iter().any(|known| known.id == list.id) {
            table.misfit(report, "id", "must be the name of one list only");
        }
        lists.push(Arc::new(list));
    }
    if lists.len() > LISTS_MAX {
        file.misfit(report, "list", format!("must be at most {LISTS_MAX} lists"));
    }
    lists
}

fn list(report: &mut Report<'_>, table: &mut Section<'_>) -> Option<ListRule> {
    let id: Option<Slug> = table.need(report, "id", &id());
    if let Some(id) = &id {
        table.rename(format!("list[{id}]."));
    }
    let title = titled(report, table, ["title_zh", "title_en"], 60);
    let purpose = titled(report, table, ["purpose_zh", "purpose_en"], 300);
    let does = table.need(report, "does", &does());
    let advice = titled(report, table, ["advice_zh", "advice_en"], 300);
    let holds = table.list(report, "holds", &one_of(&KINDS));
    if holds.is_empty() {
        table.misfit(report, "holds", "must name at least one of \"id-number\", \"phone\" and \"plate\"");
    }
    let direction = table.get(report, "direction", &one_of(&DIRECT));
    let issuers: Vec<IssuerId> = table.list(report, "issuers", &name());
    if !(2..=ISSUERS_MAX).contains(&issuers.len()) {
        let expected = format!("must name 2 to {ISSUERS_MAX} issuers: nobody is put on a list by one alone");
        table.misfit(report, "issuers", expected);
    }
    let cap = table.need(report, "cap", &integer(1..=CAP_MAX));
    let bulk = table.need(report, "bulk", &integer(1..=CAP_MAX));
    if cap.is_some_and(|cap| bulk.is_some_and(|bulk| bulk > cap)) {
        table.misfit(report, "bulk", "must be at most cap: nothing would ever be held for it");
    }
    let days_max = table.need(report, "days_max", &integer(1..=366u16));
    table.note_unknown(report);
    does?;
    Some(ListRule {
        id: id?,
        title: title?,
        purpose: purpose?,
        advice: advice?,
        holds,
        direction,
        issuers,
        cap: cap?,
        bulk: bulk?,
        days_max: days_max?,
    })
}

fn titled(
    report: &mut Report<'_>,
    table: &mut Section<'_>,
    [zh, en]: [&'static str; 2],
    length_max: usize,
) -> Option<Title> {
    let zh = table.need(report, zh, &text(length_max));
    let en = table.need(report, en, &text(length_max));
    Some(Title { zh: zh?, en: en? })
}

fn id() -> Kind<'static, Slug> {
    let expected = format!("a name of at most {ID_LENGTH_MAX} characters of a-z, 0-9 and -");
    name().and(expected, |id: &Slug| id.as_str().len() <= ID_LENGTH_MAX)
}

/// The one thing that a list can do. The word is asked for so that whoever writes a list reads what it does.
fn does() -> Kind<'static, ()> {
    Kind::new("\"ask\": a hit asks a person; a list that denies by itself cannot be stated", |value| {
        value.as_str().filter(|written| *written == "ask").map(drop)
    })
}
