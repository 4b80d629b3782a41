//! Counts by day, kiosk and verdict: every arrival once, by its last verdict.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::state::Hub;
use super::super::words;
use super::Answer;
use super::frame::{self, count, of, two};
use super::leaks;
use crate::base::KioskId;
use crate::ledger::{Day, DaySheet, Error, SheetState, Tally};
use crate::model::{Direction, SubjectKind, Verdict};
use crate::sync::sheet::{Cell, Summary, Surety};

/// Which days, as a form sends them.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Days {
    first: String,
    last: String,
}

const DAY: words::Words = ("日期", "day");
const KIOSK: words::Words = ("终端", "kiosk");
const TOTAL: words::Words = ("合计", "total");

/// The columns behind those of verdicts.
const BESIDE: [words::Words; 5] =
    [("人员", "persons"), ("车辆", "vehicles"), ("随车", "occupants"), ("进", "in"), ("出", "out")];

#[derive(Default)]
struct Sums {
    verdicts: BTreeMap<Verdict, u64>,
    people: u64,
    vehicles: u64,
    inbound: u64,
    outbound: u64,
    occupants: u64,
}

impl Sums {
    fn add(&mut self, tally: &Tally) {
        *self.verdicts.entry(tally.verdict).or_default() += tally.passages;
        match tally.subject {
            SubjectKind::Person => self.people += tally.passages,
            SubjectKind::Vehicle => self.vehicles += tally.passages,
        }
        match tally.direction {
            Direction::Inbound => self.inbound += tally.passages,
            Direction::Outbound => self.outbound += tally.passages,
        }
        self.occupants += tally.occupants;
    }

    fn total(&self) -> u64 {
        self.verdicts.values().sum()
    }
}

pub async fn page(State(hub): State<Arc<Hub>>, Query(days): Query<Days>) -> Answer {
    let today = Day::of(hub.now());
    let last: Day = days.last.parse().unwrap_or(today);
    let first: Day = days.first.parse().unwrap_or_else(|_| last.plus(-6));
    let read = hub.read(move |ledger| {
        let shifts = ledger.shifts(first, last, leaks::SHIFTS_MAX)?;
        let estimated: Vec<_> = shifts.into_iter().map(leaks::estimated).collect();
        Ok::<_, Error>((ledger.tallies(first, last)?, ledger.sheets(first, last)?, estimated))
    });
    let (tallies, sheets, estimated) = read.await??;
    let mut by_day = BTreeMap::<(std::cmp::Reverse<Day>, KioskId), Sums>::new();
    let mut all = Sums::default();
    for tally in &tallies {
        by_day.entry((std::cmp::Reverse(tally.day), tally.kiosk.clone())).or_default().add(tally);
        all.add(tally);
    }
    let content = html! {
        form.filters method="get" action="/tallies" {
            label { (two(("起", "from"))) input type="date" name="first" value=(first); }
            label { (two(("止", "through"))) input type="date" name="last" value=(last); }
            button { (two(("统计", "Count"))) }
        }
        p.hint { "每次到达按最后判定计一次；时间为估计时，计入可能的最晚一天，时钟校准后自动改正。"
            small lang="en" { "Every arrival counts once, by its last verdict. Where the time is estimated it counts in the latest
                possible day, until the kiosk's clock is set." } }
        table {
            thead { tr {
                th { (two(DAY)) } th { (two(KIOSK)) } th.number { (two(TOTAL)) }
                @for verdict in Verdict::ALL { th.number { (two(words::verdict(verdict))) } }
                @for words in BESIDE { th.number { (two(words)) } }
            } }
            tbody { @for ((day, kiosk), sums) in &by_day { (line(&html! { td data-of=(of(DAY)) { (day.0) } th scope="row" { (kiosk) } }, sums)) } }
            tfoot { (line(&html! { th colspan="2" { (two(("总计", "all"))) } }, &all)) }
        }
        (leaks::table(&estimated))
        @if !sheets.is_empty() { (by_sheet(&sheets)) }
    };
    Ok(frame::page("/tallies", ("统计", "Tallies"), &content))
}

/// Days that came on paper. They are never added to the counts above: the records will be, when they come.
fn by_sheet(sheets: &[DaySheet]) -> Markup {
    html! {
        section {
            h2 { (two(("纸质日报", "Days on paper"))) }
            table {
                thead { tr {
                    th { (two(("日期", "day"))) } th { (two(("终端", "kiosk"))) } th { (two(("核对", "compared"))) }
                    th.number { (two(("合计", "total"))) }
                    @for verdict in Verdict::ALL { th.number { (two(words::verdict(verdict))) } }
                    th.number { (two(("时间不可信", "time not trusted"))) }
                    th { (two(("记录", "records"))) }
                } }
                tbody { @for DaySheet { summary, state, .. } in sheets {
                    tr {
                        td { (summary.day) }
                        th scope="row" { (summary.kiosk) }
                        td { span class={ "mark " (tone(*state)) } { (two(words::sheet_state(*state))) } }
                        td.number { b { (count(summary.counts.passages())) } }
                        @for verdict in Verdict::ALL {
                            td.number { (count(passages(summary, |cell| cell.verdict == verdict))) }
                        }
                        td.number { (count(passages(summary, |cell| cell.surety == Surety::Unsure))) }
                        td { (summary.first) " – " (summary.last) }
                    }
                } }
            }
            p.hint { "纸质日报不计入上表；记录送到后自动核对。"
                small lang="en" { "Sheets are not added to the counts above; they are compared with the records when these arrive." } }
        }
    }
}

fn passages(summary: &Summary, which: impl Fn(&Cell) -> bool) -> u64 {
    summary.counts.cells.iter().filter(|cell| which(cell)).map(|cell| u64::from(cell.passages)).sum()
}

fn tone(state: SheetState) -> &'static str {
    match state {
        SheetState::Waiting => "wait",
        SheetState::Confirmed => "go",
        SheetState::Contradicted => "stop",
    }
}

fn line(head: &Markup, sums: &Sums) -> Markup {
    let beside = [sums.people, sums.vehicles, sums.occupants, sums.inbound, sums.outbound];
    html! {
        tr {
            (head)
            td.number data-of=(of(TOTAL)) { b { (count(sums.total())) } }
            @for verdict in Verdict::ALL {
                td.number data-of=(of(words::verdict(verdict))) { (count(sums.verdicts.get(&verdict).copied().unwrap_or(0))) }
            }
            @for (words, number) in BESIDE.into_iter().zip(beside) { td.number data-of=(of(words)) { (count(number)) } }
        }
    }
}
