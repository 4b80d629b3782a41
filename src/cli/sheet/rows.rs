//! The rows of a sheet's table: lane, direction, subject and class, with a number for each verdict.

use std::collections::BTreeMap;

use crate::base::LaneId;
use crate::hub::words;
use crate::model::{Class, Direction, SubjectKind, Verdict};
use crate::sync::sheet::{Cell, Counts, Surety};

/// Arrivals that differ by their verdict only.
pub struct Row {
    /// Whether their time is trusted.
    pub sure: bool,
    /// Where; `None` for passages without a lane.
    pub lane: Option<LaneId>,
    /// Which way.
    pub direction: Direction,
    /// Persons or vehicles.
    pub subject: SubjectKind,
    /// What they are to the place.
    pub class: Class,
    /// By verdict.
    pub verdicts: BTreeMap<Verdict, u64>,
    /// All of them.
    pub total: u64,
    /// Occupants of the vehicles among them.
    pub occupants: u64,
}

impl Row {
    /// What it is about, in both languages.
    pub fn name(&self) -> String {
        let lane = self.lane.as_ref().map_or("—", LaneId::as_str);
        let words =
            [words::direction(self.direction), words::subject(self.subject), words::class(self.class)];
        let (zh, en): (Vec<_>, Vec<_>) = words.into_iter().unzip();
        format!("{lane} {} {}", zh.concat(), en.join(" "))
    }
}

/// The rows, those of trusted time first, then by lane.
pub fn rows(counts: &Counts) -> Vec<Row> {
    let mut rows: Vec<Row> = vec![];
    let mut cells: Vec<&Cell> = counts.cells.iter().collect();
    cells.sort_by_key(|cell| (cell.surety, cell.lane, cell.direction, cell.subject, cell.class));
    for cell in cells {
        let lane = counts.lane(cell).cloned();
        let sure = cell.surety == Surety::Sure;
        let Cell { direction, subject, class, verdict, passages, occupants, .. } = *cell;
        let same = |row: &Row| {
            (row.sure, &row.lane, row.direction, row.subject, row.class)
                == (sure, &lane, direction, subject, class)
        };
        if !rows.last().is_some_and(same) {
            let verdicts = BTreeMap::new();
            rows.push(Row { sure, lane, direction, subject, class, verdicts, total: 0, occupants: 0 });
        }
        let Some(row) = rows.last_mut() else { continue };
        *row.verdicts.entry(verdict).or_default() += u64::from(passages);
        row.total += u64::from(passages);
        row.occupants += u64::from(occupants);
    }
    rows
}

/// The same rows with all classes together.
pub fn folded(rows: Vec<Row>) -> Vec<Row> {
    let mut folded: Vec<Row> = vec![];
    for row in rows {
        let key = |row: &Row| (row.sure, row.lane.clone(), row.direction, row.subject);
        match folded.last_mut() {
            Some(last) if key(last) == key(&row) => {
                last.total += row.total;
                last.occupants += row.occupants;
                for (verdict, count) in row.verdicts {
                    *last.verdicts.entry(verdict).or_default() += count;
                }
            }
            Some(_) | None => folded.push(row),
        }
    }
    folded
}

/// What is counted besides arrivals: in Chinese, in English, how many.
pub fn others(counts: &Counts) -> Vec<(String, String, u64)> {
    let line = |zh: &str, en: &str, count| (zh.to_owned(), en.to_owned(), count);
    let mut lines = vec![
        line("记录（时间可信）", "records, time trusted", counts.records),
        line("记录（时间不可信）", "records, time not trusted", counts.unsure_records),
    ];
    for waived in &counts.waivers {
        let (zh, en) = words::step(waived.step);
        lines.push((format!("免做：{zh}"), format!("waived: {en}"), u64::from(waived.times)));
    }
    if counts.opened_by_hand > 0 {
        lines.push(line("道闸手动开启", "barrier opened by hand", u64::from(counts.opened_by_hand)));
    }
    if counts.missing > 0 {
        lines.push(line("声明缺失的记录", "records declared missing", counts.missing));
    }
    lines
}
