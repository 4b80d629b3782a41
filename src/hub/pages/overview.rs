//! The first page: which gates are up, what happened today, what somebody must look at.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};

use super::super::state::{Error, Hub};
use super::super::words;
use super::frame::{self, ago, count, mark, of, short, time, two};
use super::{Answer, search, urgent};
use crate::base::Wall;
use crate::ledger::{self, Alarm, Filter, Gate, Which};
use crate::model::Verdict;

/// The columns of the gates' table around those of verdicts.
const STATE: words::Words = ("状态", "state");
const KIOSK: words::Words = ("终端", "kiosk");
const HEARD: words::Words = ("最后联系", "last heard");
const LAST: words::Words = ("最后记录", "last record");
const BACKLOG: words::Words = ("待上传", "backlog");
const RECORDS: words::Words = ("记录", "records");
const ROOT: words::Words = ("根哈希", "root");

/// The columns of the alarms' table.
const ALARM: [words::Words; 5] =
    [("时间", "time"), KIOSK, ("事项", "what"), ("详情", "detail"), ("次数", "times")];

/// Verdicts that have a column of their own.
const COLUMNS: [Verdict; 7] = [
    Verdict::Admitted,
    Verdict::Referred,
    Verdict::Advised,
    Verdict::TurnedBack,
    Verdict::Held,
    Verdict::Abandoned,
    Verdict::EmergencyAdmitted,
];
const ALARMS_MAX: u32 = 20;
const RECENT_MAX: usize = 12;

pub async fn page(State(hub): State<Arc<Hub>>) -> Answer {
    let content = html! { div #gates data-live="/live" { (gates(&hub).await?) } };
    Ok(frame::page("/", ("总览", "Overview"), &content))
}

/// The part of the page that is sent again whenever something changes.
pub async fn gates(hub: &Hub) -> Result<Markup, Error> {
    let now = hub.now();
    let found = hub.read(move |ledger| {
        let recent = ledger.passages(&Filter::default(), None, RECENT_MAX)?;
        let urgent = (ledger.urgent(Which::Open, urgent::OPEN_MAX)?, ledger.urgent_open()?);
        Ok::<_, ledger::Error>((ledger.gates(now)?, ledger.alarms(ALARMS_MAX)?, recent, urgent))
    });
    let (gates, alarms, recent, (urgent, open)) = found.await??;
    let live = gates.iter().filter(|gate| gate.is_live(now)).count();
    let sum = |value: fn(&Gate) -> u64| gates.iter().map(value).sum::<u64>();
    let mut today = BTreeMap::<Verdict, u64>::new();
    for (verdict, number) in gates.iter().flat_map(|gate| &gate.today) {
        *today.entry(*verdict).or_default() += number;
    }
    Ok(html! {
        div.tiles {
            div.tile.(if live == gates.len() { "go" } else { "stop" }) {
                (two(("在线卡口", "gates live"))) b { (live) span { " / " (gates.len()) } }
            }
            div.tile { (two(("今日通行判定", "arrivals today"))) b { (today.values().sum::<u64>()) } }
            @for verdict in [Verdict::Admitted, Verdict::Referred, Verdict::TurnedBack] {
                div.tile.(words::tone(verdict)) {
                    (two(words::verdict(verdict))) b { (today.get(&verdict).copied().unwrap_or(0)) }
                }
            }
            div.tile { (two(("台账记录", "records held"))) b { (sum(|gate| gate.records)) } }
            @let waiting = sum(|gate| gate.backlog);
            div.tile.(if waiting == 0 { "" } else { "wait" }) { (two(BACKLOG)) b { (waiting) } }
        }
        @if open > 0 { (urgent::section(&urgent, open)) }
        @if gates.is_empty() {
            p.notice { "还没有终端。" a href="/kiosks" { "登记第一台终端" } " "
                small lang="en" { "No kiosk yet: enrol the first one under Kiosks." } }
        } @else {
            (gate_table(&gates, now))
        }
        @if !alarms.is_empty() { (alarm_table(&alarms)) }
        @if !recent.rows.is_empty() {
            section {
                h2 { (two(("最近通行", "Latest passages"))) a.more href="/ledger" { "全部 all →" } }
                (search::table(&recent.rows))
            }
        }
    })
}

fn gate_table(gates: &[Gate], now: Wall) -> Markup {
    html! {
        section {
            h2 { (two(("卡口", "Gates"))) }
            table {
                thead { tr {
                    @for words in [STATE, KIOSK, HEARD, LAST] { th { (two(words)) } }
                    th.number { (two(BACKLOG)) }
                    @for verdict in COLUMNS { th.number { (two(words::verdict(verdict))) } }
                    th.number { (two(RECORDS)) }
                    th { (two(ROOT)) }
                } }
                tbody { @for gate in gates { (gate_row(gate, now)) } }
            }
        }
    }
}

fn gate_row(gate: &Gate, now: Wall) -> Markup {
    let (tone, symbol, words) = match gate.seen {
        Some(_) if gate.is_live(now) => ("go", "●", ("在线", "up")),
        Some(_) => ("stop", "▲", ("失联", "stale")),
        None => ("quiet", "○", ("未连接", "never")),
    };
    html! {
        tr {
            td data-of=(of(STATE)) { span class={ "mark " (tone) } { i aria-hidden="true" { (symbol) } (two(words)) } }
            th scope="row" { a href={ "/ledger?kiosk=" (gate.kiosk) } { (gate.kiosk) }
                @if gate.alarms > 0 { " " span.mark.stop title="告警 alarms" { "⚠ " (gate.alarms) } } }
            td data-of=(of(HEARD)) { @match gate.seen { Some(seen) => (ago(seen, now)), None => "—" } }
            td data-of=(of(LAST)) { @match gate.last_at { Some(at) => (time(at)), None => "—" } }
            td.number data-of=(of(BACKLOG)) { (count(gate.backlog)) }
            @for verdict in COLUMNS {
                td.number data-of=(of(words::verdict(verdict))) { (count(gate.today.get(&verdict).copied().unwrap_or(0))) }
            }
            td.number data-of=(of(RECORDS)) { (count(gate.records)) }
            td data-of=(of(ROOT)) { @match &gate.root {
                Some(root) => code title=(data_encoding::HEXLOWER.encode(root)) { (short(root)) },
                None => "—",
            } }
        }
    }
}

fn alarm_table(alarms: &[Alarm]) -> Markup {
    html! {
        section {
            h2 { (two(("告警", "Alarms"))) }
            table {
                thead { tr {
                    @for (index, words) in ALARM.into_iter().enumerate() {
                        th.number[index + 1 == ALARM.len()] { (two(words)) }
                    }
                } }
                tbody { @for alarm in alarms { tr {
                    td data-of=(of(ALARM[0])) { (time(alarm.at)) }
                    td data-of=(of(ALARM[1])) { (alarm.kiosk) }
                    td data-of=(of(ALARM[2])) { span.mark.stop { i aria-hidden="true" { "⚠" } (two(words::alarm(alarm.kind))) } }
                    td data-of=(of(ALARM[3])) { (alarm.detail) }
                    td.number data-of=(of(ALARM[4])) { (alarm.times) }
                } } }
            }
        }
    }
}

/// A verdict, struck through when a later one follows it up.
pub fn outcome(verdict: Verdict, superseded: bool) -> Markup {
    html! { @if superseded { s title="已有后续判定 followed up" { (mark(verdict)) } } @else { (mark(verdict)) } }
}
