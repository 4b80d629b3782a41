//! Alarms that overtook the backlog: on the overview at once, and each with a page on which somebody acknowledges it.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::state::Hub;
use super::super::words;
use super::frame::{self, failure, full_time, of, time, two};
use super::{Answer, Failed};
use crate::ledger::{AlarmId, Officer, RecordId, Urgent, Which};

/// Most alarms on the overview; the others are counted.
pub const OPEN_MAX: u32 = 20;
/// Most alarms on the page of all.
const ALL_MAX: u32 = 200;

const COLUMNS: [words::Words; 6] = [
    ("时间", "time"),
    ("终端", "kiosk"),
    ("通道", "lane"),
    ("事项", "what"),
    ("主记录", "record"),
    ("处置", "acknowledged"),
];

/// Who has seen to it, and what was done.
#[derive(Deserialize)]
pub struct Ask {
    officer: String,
    reason: String,
}

/// The part of the overview about alarms that nobody has acknowledged, of which there are `open`.
pub fn section(alarms: &[Urgent], open: u64) -> Markup {
    html! {
        section {
            h2 { (two(("紧急告警，待处置", "Urgent alarms, not acknowledged"))) " " span.mark.stop { (open) }
                a.more href="/alarms" { "全部 all →" } }
            (table(alarms))
        }
    }
}

pub async fn page(State(hub): State<Arc<Hub>>) -> Answer {
    let alarms = hub.read(|ledger| ledger.urgent(Which::All, ALL_MAX)).await??;
    let content = html! {
        p.hint { "终端先于积压记录送达的告警，最近 " (ALL_MAX) " 条。"
            small lang="en" { "What kiosks sent before their backlog: the last " (ALL_MAX) "." } }
        @if alarms.is_empty() { p.notice { (two(("没有告警", "There are none"))) } } @else { (table(&alarms)) }
    };
    Ok(frame::page("/", ("紧急告警", "Urgent alarms"), &content))
}

pub async fn one(State(hub): State<Arc<Hub>>, Path(alarm): Path<i64>) -> Result<Response, Failed> {
    let found = hub.read(move |ledger| ledger.urgent_alarm(AlarmId(alarm))).await??;
    Ok(found.map_or_else(missing, |alarm| whole(&alarm)))
}

pub async fn acknowledge(
    State(hub): State<Arc<Hub>>,
    Path(alarm): Path<i64>,
    Form(ask): Form<Ask>,
) -> Result<Response, Failed> {
    let Some(officer) = Officer::new(&ask.officer, &ask.reason) else {
        let english = "An alarm is acknowledged by a named officer who says what was done.";
        return Ok(failure(StatusCode::BAD_REQUEST, "须写明处置人与处置情况", english));
    };
    let now = hub.now();
    let done = hub.write(move |ledger| {
        let fresh = ledger.acknowledge(AlarmId(alarm), &officer, now)?;
        Ok::<_, crate::ledger::Error>((fresh, ledger.urgent_alarm(AlarmId(alarm))?))
    });
    match done.await?? {
        (true, _) => Ok(Redirect::to("/").into_response()),
        // Somebody was faster: who, is on the page.
        (false, Some(alarm)) => Ok(whole(&alarm)),
        (false, None) => Ok(missing()),
    }
}

fn missing() -> Response {
    failure(StatusCode::NOT_FOUND, "没有这条告警", "There is no such alarm.")
}

fn table(alarms: &[Urgent]) -> Markup {
    html! {
        table {
            thead { tr { @for words in COLUMNS { th { (two(words)) } } } }
            tbody { @for alarm in alarms { tr {
                td data-of=(of(COLUMNS[0])) { (time(alarm.at)) }
                td data-of=(of(COLUMNS[1])) { (alarm.kiosk) }
                td data-of=(of(COLUMNS[2])) { @match &alarm.lane { Some(lane) => (lane), None => "—" } }
                td data-of=(of(COLUMNS[3])) { (what(alarm)) }
                td data-of=(of(COLUMNS[4])) { (record(alarm)) }
                td data-of=(of(COLUMNS[5])) { @match &alarm.acknowledged {
                    Some(seen) => a href=(path(alarm)) { (seen.officer) " · " (time(seen.at)) },
                    None => a href=(path(alarm)) { "处置" small lang="en" { " acknowledge" } },
                } }
            } } }
        }
    }
}

fn whole(alarm: &Urgent) -> Response {
    let max = Officer::LENGTH_MAX;
    let content = html! {
        p.crumbs { a href="/alarms" { (two(("紧急告警", "Urgent alarms"))) } " / " b { (alarm.id.0) } }
        div.columns {
            section.card { dl {
                dt { (two(("事项", "what"))) } dd.big { (what(alarm)) }
                dt { (two(("终端", "kiosk"))) } dd { (alarm.kiosk) }
                @if let Some(lane) = &alarm.lane { dt { (two(("通道", "lane"))) } dd { (lane) } }
                dt { (two(("时间", "time"))) } dd { (full_time(alarm.at)) }
                dt { (two(("到达中心", "received"))) } dd { (full_time(alarm.received)) }
                dt { (two(("主记录", "record"))) } dd { (record(alarm)) }
                dt { (two(("告警记录", "alarm's own record"))) } dd { (link(&alarm.raised)) }
            } }
            section.card {
                h2 { (two(("处置", "Acknowledged"))) }
                @match &alarm.acknowledged {
                    Some(seen) => dl {
                        dt { (two(("处置人", "officer"))) } dd { (seen.officer) }
                        dt { (two(("处置情况", "what was done"))) } dd { (seen.reason) }
                        dt { (two(("时间", "time"))) } dd { (full_time(seen.at)) }
                    },
                    None => form method="post" {
                        p.hint { "姓名与时间记入查阅记录。" small lang="en" { "Name and time go to the access log." } }
                        label { (two(("处置人", "officer"))) input name="officer" required minlength="2" maxlength=(max) autocomplete="off"; }
                        label { (two(("处置情况", "what was done"))) input name="reason" required minlength="2" maxlength=(max) autocomplete="off"; }
                        button { (two(("确认已处置", "Acknowledge"))) }
                    },
                }
            }
        }
    };
    frame::page("/", ("紧急告警", "Urgent alarm"), &content).into_response()
}

fn what(alarm: &Urgent) -> Markup {
    html! { span.mark.stop { i aria-hidden="true" { "⚠" } (two(words::cause(alarm.kind))) } }
}

/// The record of the main log, or why there is no link to it.
fn record(alarm: &Urgent) -> Markup {
    html! {
        @match &alarm.record {
            Some(id) if alarm.has_record => (link(id)),
            Some(id) => span.quiet { (two(("记录待补", "record follows"))) " " (id.seq) },
            None => span.quiet { (two(("终端未能写入", "not written by the kiosk"))) },
        }
    }
}

fn link(id: &RecordId) -> Markup {
    html! { a href={ "/records/" (id.kiosk) "/" (id.epoch) "/" (id.seq) } { (id.seq) } }
}

fn path(alarm: &Urgent) -> String {
    format!("/alarms/{}", alarm.id.0)
}
