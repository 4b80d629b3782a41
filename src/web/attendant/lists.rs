//! Recent passages and devices. Looking at passages is logged with the name of who looked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use maud::{Markup, html};
use serde::Deserialize;

use super::SignedIn;
use super::bar::named;
use crate::base::{ClockTrust, LaneId, Pii, Wall};
use crate::control::TrustListStatus;
use crate::model::Decider;
use crate::model::trust_list::ListAge;
use crate::web::handle::{Filter, RecentRow};
use crate::web::page::{self, Frame, labelled};
use crate::web::place_time::PlaceTime;
use crate::web::session;
use crate::web::shared::{Shared, lane};
use crate::web::symbol;
use crate::web::words::{Words, desk, words};

/// Passages on one page.
const ROWS: usize = 12;

/// Where a page of passages begins, and which of them are listed.
#[derive(Default, Deserialize)]
pub struct Turn {
    before: Option<u64>,
    lane: Option<LaneId>,
    #[serde(default)]
    time: Time,
}

/// Since when.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Time {
    /// Ever.
    #[default]
    All,
    /// For an hour.
    Hour,
    /// Since midnight at the place.
    Today,
}

impl Time {
    const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Hour => "hour",
            Self::Today => "today",
        }
    }

    const fn next(self) -> Self {
        match self {
            Self::All => Self::Hour,
            Self::Hour => Self::Today,
            Self::Today => Self::All,
        }
    }

    const fn said(self) -> Words {
        match self {
            Self::All => words("不限时", "Any time"),
            Self::Hour => words("一小时", "Last hour"),
            Self::Today => words("今天", "Today"),
        }
    }

    fn from(self, now: Wall, place: PlaceTime) -> Option<Wall> {
        match self {
            Self::All => None,
            Self::Hour => Some(now - Duration::from_hours(1)),
            Self::Today => Some(place.midnight(now)),
        }
    }
}

impl Turn {
    fn address(lane: Option<&LaneId>, time: Time, before: Option<u64>) -> String {
        let mut address = format!("/attendant/recent?time={}", time.name());
        if let Some(lane) = lane {
            address.push_str(&format!("&lane={lane}"));
        }
        if let Some(before) = before {
            address.push_str(&format!("&before={before}"));
        }
        address
    }
}

pub(super) type Rows = Result<Vec<RecentRow>, String>;

/// `GET /attendant/recent`
pub async fn recent(
    State(shared): State<Arc<Shared>>,
    signed_in: SignedIn,
    Query(turn): Query<Turn>,
    headers: HeaderMap,
) -> Markup {
    let source = Arc::clone(&shared.handle.recent);
    let from = turn.time.from(shared.status().wall, shared.handle.place_time);
    let (filter, before) = (Filter { lane: turn.lane.clone(), from }, turn.before);
    let rows = read(move || source.matching(&filter, ROWS, before)).await;
    tracing::info!(attendant = %signed_in.by.id, rows = rows.as_ref().map_or(0, Vec::len), "recent passages viewed");
    show(&shared, &rows, &turn, &headers)
}

/// `POST /attendant/recent`: by plate or identity number. A post, so that neither ends up in an address.
pub async fn search(
    State(shared): State<Arc<Shared>>,
    signed_in: SignedIn,
    headers: HeaderMap,
    Form(mut fields): Form<BTreeMap<String, String>>,
) -> Markup {
    let source = Arc::clone(&shared.handle.recent);
    let text = Pii::new(fields.remove("text").unwrap_or_default());
    let rows = read(move || source.search(&text, ROWS)).await;
    tracing::info!(attendant = %signed_in.by.id, rows = rows.as_ref().map_or(0, Vec::len), "passages searched");
    show(&shared, &rows, &Turn::default(), &headers)
}

pub(super) async fn read(rows: impl FnOnce() -> Rows + Send + 'static) -> Rows {
    tokio::task::spawn_blocking(rows).await.unwrap_or_else(|_| Err("读取失败 could not be read".to_owned()))
}

fn show(shared: &Shared, rows: &Rows, turn: &Turn, headers: &HeaderMap) -> Markup {
    let last = rows.as_ref().ok().filter(|rows| rows.len() == ROWS).and_then(|rows| rows.last());
    let content = html! {
        main.list {
            header {
                a.act.back href="/attendant/lists" data-key="F6" { kbd { "F6" } (labelled(symbol::BACK, words("返回", "Back"))) }
                h1 { (words("最近通行", "Recent passages")) }
                (by_lane(shared, turn))
                a.act href=(Turn::address(turn.lane.as_ref(), turn.time.next(), None)) data-key="F2" {
                    kbd { "F2" } (labelled(symbol::CLOCK, turn.time.said()))
                }
                form.search method="post" action="/attendant/recent" autocomplete="off" {
                    input name="text" maxlength="18" placeholder="车牌 身份证 Plate, ID" required;
                    button.act type="submit" { (labelled(symbol::EYE, words("查找", "Search"))) }
                }
                @if let Some(last) = last {
                    a.act href=(Turn::address(turn.lane.as_ref(), turn.time, Some(last.seq))) data-key="F5" {
                        kbd { "F5" } (labelled(symbol::MORE, words("更早", "Older")))
                    }
                }
            }
            @match rows {
                Ok(rows) if rows.is_empty() => p.note { (words("没有记录", "No passages")) },
                Ok(rows) => (table(shared, rows)),
                Err(why) => p.message role="alert" { (symbol::ATTENTION) span { (why) } },
            }
        }
    };
    let frame = Frame {
        title: "最近通行",
        kind: "desk-list",
        theme: session::theme(headers),
        live: None,
        subject: None,
    };
    page::page(&frame, &content)
}

/// Turns to the next lane, and after the last one to all of them.
fn by_lane(shared: &Shared, turn: &Turn) -> Markup {
    let status = shared.status();
    let at = turn.lane.as_ref().and_then(|id| status.lanes.iter().position(|lane| lane.lane == *id));
    let next = status.lanes.get(at.map_or(0, |at| at + 1)).map(|lane| &lane.lane);
    html! {
        a.act.lane href=(Turn::address(next, turn.time, None)) data-key="F1" {
            kbd { "F1" }
            @match at {
                None => (labelled(symbol::GATE, words("各通道", "All lanes"))),
                Some(at) => (labelled(symbol::GATE, html! { b { (status.lanes[at].title) } })),
            }
        }
    }
}

/// The passages of a list, a line each.
pub(super) fn table(shared: &Shared, rows: &[RecentRow]) -> Markup {
    let (status, place_time) = (shared.status(), shared.handle.place_time);
    html! {
        table {
            tbody {
                @for row in rows {
                    tr {
                        td.number { (row.seq) }
                        td { (when(row.wall, row.trust, place_time)) }
                        td { @match lane(&status, &row.lane) { Some(lane) => (lane.title), None => (row.lane) } }
                        td { (symbol::direction(row.direction)) (desk::direction(row.direction).zh) }
                        td { b { (row.subject.as_deref().unwrap_or("—")) } @if row.occupants > 0 { " · " (row.occupants) " 人" } }
                        td { (desk::class(row.class).zh) }
                        td.verdict.{ "is-" (row.verdict.name()) } {
                            (symbol::verdict(row.verdict)) (desk::verdict(row.verdict).zh)
                        }
                        td.why {
                            @if let Some(reason) = row.reasons.first() { (desk::reason(*reason).zh) }
                            @if let Decider::Attendant(by) = &row.decided_by { " · " (by) }
                        }
                    }
                }
            }
        }
    }
}

/// The time, marked where nothing vouched for the clock.
pub(super) fn when(wall: Wall, trust: ClockTrust, place_time: PlaceTime) -> Markup {
    html! {
        @match desk::time(trust) {
            None => (place_time.day_and_time(wall)),
            Some(said) => { "≈ " (place_time.day_and_time(wall)) " " small { (said) } }
        }
    }
}

/// `GET /attendant/devices`
pub async fn devices(State(shared): State<Arc<Shared>>, _: SignedIn, headers: HeaderMap) -> Markup {
    let status = shared.status();
    let content = html! {
        main.list {
            header {
                a.act.back href="/attendant/more" data-key="F6" { kbd { "F6" } (labelled(symbol::BACK, words("返回", "Back"))) }
                h1 { (words("设备", "Devices")) }
            }
            table {
                tbody {
                    tr {
                        td { (symbol::CLOCK) }
                        td { b { (words("时钟", "Clock")) } }
                        td {} td {}
                        td { (desk::clock(status.trust)) }
                    }
                    @for device in &status.devices {
                        tr.bad[device.fault.is_some()] {
                            td { (if device.fault.is_some() { symbol::ATTENTION } else { symbol::TICK }) }
                            td { (named(device)) }
                            td { (device.driver) }
                            td { @if let Some(id) = &device.lane {
                                @match lane(&status, id) { Some(lane) => (lane.title), None => (id) }
                            } }
                            td { @match device.fault {
                                Some(fault) => (desk::no_reading(fault)),
                                None => (words("工作中", "Working")),
                            } }
                        }
                    }
                    @for list in &status.trust_lists { (trust_list(list, shared.handle.place_time)) }
                }
            }
        }
    };
    let frame = Frame {
        title: "设备",
        kind: "desk-list",
        theme: session::theme(&headers),
        live: None,
        subject: None,
    };
    page::page(&frame, &content)
}

/// A list by which others' credentials are judged, and how old it is.
fn trust_list(list: &TrustListStatus, place: PlaceTime) -> Markup {
    let (mark, said) = match list.age {
        ListAge::Fresh => (symbol::TICK, words("按时更新", "Up to date")),
        ListAge::Old => (symbol::ATTENTION, words("该更新了", "Should be fetched again")),
        ListAge::TooOld => (symbol::ATTENTION, words("过旧，不再采用", "Too old to go by")),
    };
    html! {
        tr.bad[list.age != ListAge::Fresh] {
            td { (mark) }
            td { b { (words("核验名单", "Trust list")) } " " (list.name) }
            td { (list.kind.name()) }
            td { (place.day_and_time(list.as_of)) }
            td { (said) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Class, Direction, SubjectKind, Verdict};

    #[test]
    fn a_time_that_nothing_vouched_for_is_marked_and_others_are_not() {
        for (trust, marked) in
            [(ClockTrust::None, true), (ClockTrust::Rtc, false), (ClockTrust::Synced, false)]
        {
            let row = row(trust);
            let shown = when(row.wall, row.trust, PlaceTime { utc_offset_minutes: 480 }).into_string();
            assert!(shown.contains("02-01 00:30"), "{shown}");
            assert_eq!(shown.contains('≈') && shown.contains("未校准"), marked, "{trust:?}: {shown}");
        }
    }

    fn row(trust: ClockTrust) -> RecentRow {
        RecentRow {
            seq: 7,
            wall: Wall::from_secs(1_769_877_000),
            trust,
            lane: "in-1".parse().unwrap(),
            kind: SubjectKind::Person,
            direction: Direction::Inbound,
            class: Class::Resident,
            subject: None,
            occupants: 0,
            verdict: Verdict::Admitted,
            reasons: vec![],
            decided_by: Decider::Policy,
        }
    }
}
