//! Who is inside, and whom somebody still has to see to. Looking is logged with the name of who looked.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use maud::{Markup, html};
use serde::Deserialize;

use super::SignedIn;
use super::lists::{Rows, read, table, when};
use crate::model::{Overdue, Reached};
use crate::web::handle::{InsideDay, InsideRow, InsideView, Listed};
use crate::web::page::{self, Frame, labelled};
use crate::web::session;
use crate::web::shared::{Shared, lane};
use crate::web::symbol;
use crate::web::words::{Words, desk, words};

/// Those who are inside, on one page beside the days.
const ROWS: usize = 9;
/// Days by themselves; what is before them is one line.
const DAYS: usize = 5;
/// Open cases on the page.
const CASES: usize = 12;

/// `GET /attendant/lists`: which list?
pub async fn choose(_: SignedIn, headers: HeaderMap) -> Markup {
    let choice = |at: &str, key: &str, to: &str, symbol, words: Words| {
        html! {
            div.place.(at) { a.act.plain data-key=(key) href=(to) { kbd { (key) } (labelled(symbol, words)) } }
        }
    };
    let content = html! {
        main.choices {
            header { h1 { (words("记录", "Records")) } }
            (choice("at-1", "F1", "/attendant/recent", symbol::LIST, words("最近通行", "Recent passages")))
            (choice("at-3", "F3", "/attendant/inside", symbol::PEOPLE, words("在内人员车辆", "Who is inside")))
            (choice("at-2", "F2", "/attendant/open", symbol::ATTENTION, words("待处理", "Open cases")))
            (choice("at-4", "F4", "/attendant/policy", symbol::WRITE, words("策略", "Policy")))
            (choice("at-6", "F6", "/attendant/more", symbol::BACK, words("返回", "Back")))
        }
    };
    page::page(&frame("记录", "dialog", &headers), &content)
}

/// Where a page begins.
#[derive(Deserialize)]
pub struct Turn {
    before: Option<i64>,
    /// Only whoever has not come out in time.
    overdue: Option<u8>,
}

impl Turn {
    fn listed(&self) -> Listed {
        if self.overdue.is_some() { Listed::Overdue } else { Listed::All }
    }
}

/// `GET /attendant/inside`
pub async fn inside(
    State(shared): State<Arc<Shared>>,
    signed_in: SignedIn,
    Query(turn): Query<Turn>,
    headers: HeaderMap,
) -> Markup {
    let (source, place) = (Arc::clone(&shared.handle.recent), shared.handle.place_time);
    let today = place.midnight(shared.status().wall);
    let (listed, before) = (turn.listed(), turn.before);
    let asked = move || source.inside(place, today, (listed, ROWS), before);
    let found = tokio::task::spawn_blocking(asked).await;
    let found = found.unwrap_or_else(|_| Err("读取失败 could not be read".to_owned()));
    let rows = found.as_ref().map_or(0, |view| view.rows.len());
    tracing::info!(attendant = %signed_in.by.id, rows, "list of who is inside viewed");
    let last = found.as_ref().ok().filter(|view| view.rows.len() == ROWS).and_then(|view| view.rows.last());
    let content = html! {
        main.list {
            header {
                (back())
                h1 { (words("在内人员车辆", "Who is inside")) }
                (turns(&turn, found.as_ref().ok(), last.map(|last| last.cursor)))
            }
            @match &found {
                Ok(view) => {
                    @if let Some(said) = late(view.overdue) { p.banner.bad role="alert" { (symbol::CLOCK) (said) } }
                    div.inside { (days(&shared, view)) (rows_of(&shared, &view.rows)) }
                },
                Err(why) => p.message role="alert" { (symbol::ATTENTION) span { (why) } },
            }
        }
    };
    page::page(&frame("在内人员车辆", "desk-list", &headers), &content)
}

/// The ways to the other pages: the newest, the older, those who are overdue.
fn turns(turn: &Turn, view: Option<&InsideView>, last: Option<i64>) -> Markup {
    const PAGE: &str = "/attendant/inside";
    let only = turn.listed() == Listed::Overdue;
    let any = view.is_some_and(|view| view.overdue != Overdue::default());
    html! {
        @if any && !only && turn.before.is_none() {
            a.act data-key="F3" href={ (PAGE) "?overdue=1" } { kbd { "F3" } (labelled(symbol::CLOCK, words("超时", "Overdue"))) }
        }
        @if only || turn.before.is_some() {
            a.act data-key="F4" href=(PAGE) { kbd { "F4" } (labelled(symbol::LIST, words("最新", "Newest"))) }
        }
        @if let Some(last) = last {
            a.act data-key="F5" href={ (PAGE) "?before=" (last) @if only { "&overdue=1" } } {
                kbd { "F5" } (labelled(symbol::MORE, words("更早", "Older")))
            }
        }
    }
}

/// How many have not come out in time, in words; none where nobody is overdue.
pub fn late(overdue: Overdue) -> Option<Markup> {
    let Overdue { certain, perhaps } = overdue;
    (certain + perhaps > 0).then(|| {
        html! {
            span.zh {
                @if certain > 0 { "超时未出 " b { (certain) } " " }
                @if perhaps > 0 { "可能超时 " b { (perhaps) } "（时钟未校准，请核对）" }
            }
            span.en {
                @if certain > 0 { "Overdue: " (certain) " " }
                @if perhaps > 0 { "Perhaps overdue, no clock vouches for it: " (perhaps) }
            }
        }
    })
}

/// That somebody is overdue, in colour, words and shape.
fn mark(over: Option<Reached>) -> Markup {
    html! {
        @match over {
            Some(Reached::Yes) => span.overdue { (symbol::CLOCK) (words("超时未出", "Overdue")) },
            Some(Reached::Unsure) => span.overdue.perhaps { (symbol::CLOCK) (words("可能超时", "Perhaps")) },
            Some(Reached::No) | None => {}
        }
    }
}

fn days(shared: &Shared, view: &InsideView) -> Markup {
    let place = shared.handle.place_time;
    let today = place.day(shared.status().wall);
    let (shown, older) = view.days.split_at(view.days.len().min(DAYS));
    let sum = |days: &[InsideDay]| {
        days.iter().fold((0, 0), |(vehicles, people), day| (vehicles + day.vehicles, people + day.people))
    };
    let line = |said: Markup, (vehicles, people): (u64, u64)| {
        html! { tr { th { (said) } td { (vehicles) } td { (people) } } }
    };
    html! {
        aside {
            table.numbers {
                thead { tr { th { (words("进入日期", "Came in on")) } th { (words("车辆", "Vehicles")) } th { (words("人员", "People")) } } }
                tbody {
                    @for day in shown {
                        (line(match day.day.map(|noon| place.day(noon)) {
                            None => html! { (words("时间未校准", "clock not set")) },
                            Some(day) if day == today => html! { (words("今天", "Today")) },
                            Some(day) => html! { (day) },
                        }, (day.vehicles, day.people)))
                    }
                    @if !older.is_empty() { (line(html! { (words("更早", "Earlier")) }, sum(older))) }
                    tr.total { th { (words("合计", "Total")) } td { (sum(&view.days).0) } td { (sum(&view.days).1) } }
                }
            }
            @if view.unmatched_in + view.unmatched_out > 0 {
                p.unmatched {
                    (words("今天另有无证件、无车牌的", "Today also, without any identifier:")) br;
                    (words("进", "in")) " " b { (view.unmatched_in) } " · " (words("出", "out")) " " b { (view.unmatched_out) } br;
                    (words("是否超时无从得知", "whether they are overdue nobody can tell"))
                }
            }
        }
    }
}

fn rows_of(shared: &Shared, rows: &[InsideRow]) -> Markup {
    let (status, place) = (shared.status(), shared.handle.place_time);
    html! {
        @if rows.is_empty() { p.note { (words("里面没有登记在册的人和车", "Nobody on record is inside")) } } @else {
            table {
                tbody {
                    @for row in rows {
                        tr.bad[row.over == Some(Reached::Yes)] {
                            td { (symbol::subject(row.kind)) b { (row.label.as_deref().unwrap_or("—")) } }
                            td { (when(row.wall, row.trust, place)) }
                            td { @if let Some(id) = &row.lane {
                                @match lane(&status, id) { Some(lane) => (lane.title), None => (id) }
                            } }
                            td { (desk::class(row.class).zh) (mark(row.over)) }
                        }
                    }
                }
            }
        }
    }
}

/// `GET /attendant/open`
pub async fn open_cases(
    State(shared): State<Arc<Shared>>,
    signed_in: SignedIn,
    headers: HeaderMap,
) -> Markup {
    let source = Arc::clone(&shared.handle.recent);
    let rows: Rows = read(move || source.open_cases(CASES)).await;
    tracing::info!(attendant = %signed_in.by.id, rows = rows.as_ref().map_or(0, Vec::len), "open cases viewed");
    let content = html! {
        main.list {
            header { (back()) h1 { (words("待处理", "Open cases")) } }
            @match &rows {
                Ok(rows) if rows.is_empty() => p.note { (words("没有待处理的人和车", "Nobody waits for a decision")) },
                Ok(rows) => (table(&shared, rows)),
                Err(why) => p.message role="alert" { (symbol::ATTENTION) span { (why) } },
            }
        }
    };
    page::page(&frame("待处理", "desk-list", &headers), &content)
}

fn back() -> Markup {
    html! {
        a.act.back href="/attendant/lists" data-key="F6" { kbd { "F6" } (labelled(symbol::BACK, words("返回", "Back"))) }
    }
}

fn frame(title: &'static str, kind: &'static str, headers: &HeaderMap) -> Frame<'static> {
    Frame { title, kind, theme: session::theme(headers), live: None, subject: None }
}
