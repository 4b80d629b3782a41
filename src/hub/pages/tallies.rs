//! Counts by day, kiosk and verdict: every arrival once, by its last verdict.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::state::Hub;
use super::super::words;
use super::Answer;
use super::frame::{self, count, two};
use crate::base::KioskId;
use crate::ledger::{Day, Tally};
use crate::model::{Direction, SubjectKind, Verdict};

/// Which days, as a form sends them.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Days {
    first: String,
    last: String,
}

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
    let tallies = hub.read(move |ledger| ledger.tallies(first, last)).await??;
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
                th { (two(("日期", "day"))) } th { (two(("终端", "kiosk"))) }
                th.number { (two(("合计", "total"))) }
                @for verdict in Verdict::ALL { th.number { (two(words::verdict(verdict))) } }
                th.number { (two(("人员", "persons"))) } th.number { (two(("车辆", "vehicles"))) }
                th.number { (two(("随车", "occupants"))) }
                th.number { (two(("进", "in"))) } th.number { (two(("出", "out"))) }
            } }
            tbody { @for ((day, kiosk), sums) in &by_day { (line(&html! { td { (day.0) } th scope="row" { (kiosk) } }, sums)) } }
            tfoot { (line(&html! { th colspan="2" { (two(("总计", "all"))) } }, &all)) }
        }
    };
    Ok(frame::page("/tallies", ("统计", "Tallies"), &content))
}

fn line(head: &Markup, sums: &Sums) -> Markup {
    html! {
        tr {
            (head)
            td.number { b { (count(sums.total())) } }
            @for verdict in Verdict::ALL { td.number { (count(sums.verdicts.get(&verdict).copied().unwrap_or(0))) } }
            @for number in [sums.people, sums.vehicles, sums.occupants, sums.inbound, sums.outbound] {
                td.number { (count(number)) }
            }
        }
    }
}
