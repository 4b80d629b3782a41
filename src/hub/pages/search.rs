//! The ledger: filters, search by plate, number or name, a page at a time.
//!
//! Whom one searches for never gets into an address, and so into no history and no log: a search is a post.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::state::Hub;
use super::super::words;
use super::Answer;
use super::frame::{self, of, options, two};
use super::holes;
use super::overview::outcome;
use super::when::when;
use crate::base::Pii;
use crate::ledger::{self, Day, Filter, Page, Row};
use crate::model::{Direction, SubjectKind, Verdict};

const ROWS: usize = 50;

/// A search as a form sends it: every field is text, and what does not parse is ignored.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Fields {
    kiosk: String,
    verdict: String,
    subject: String,
    direction: String,
    first: String,
    last: String,
    who: String,
    after: String,
    pub officer: String,
    pub reason: String,
}

impl Fields {
    pub fn filter(&self) -> Filter {
        let who = Some(self.who.trim()).filter(|who| !who.is_empty() && who.chars().count() <= 64);
        let day = |text: &str| text.parse::<Day>().ok();
        Filter {
            kiosk: self.kiosk.parse().ok(),
            lane: None,
            verdict: Verdict::ALL.into_iter().find(|verdict| verdict.name() == self.verdict),
            subject: match self.subject.as_str() {
                "person" => Some(SubjectKind::Person),
                "vehicle" => Some(SubjectKind::Vehicle),
                _ => None,
            },
            direction: match self.direction.as_str() {
                "inbound" => Some(Direction::Inbound),
                "outbound" => Some(Direction::Outbound),
                _ => None,
            },
            from: day(&self.first).map(Day::start),
            until: day(&self.last).map(|day| day.plus(1).start()),
            who: who.map(|who| Pii::new(who.to_owned())),
        }
    }

    /// The fields that a next page or an export must repeat.
    pub fn hidden(&self) -> Markup {
        let fields = [
            ("kiosk", &self.kiosk),
            ("verdict", &self.verdict),
            ("subject", &self.subject),
            ("direction", &self.direction),
            ("first", &self.first),
            ("last", &self.last),
            ("who", &self.who),
        ];
        html! {
            @for (name, value) in fields {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
        }
    }
}

pub async fn page(State(hub): State<Arc<Hub>>, Query(fields): Query<Fields>) -> Answer {
    show(&hub, Fields { who: String::new(), ..fields }).await
}

pub async fn search(State(hub): State<Arc<Hub>>, Form(fields): Form<Fields>) -> Answer {
    show(&hub, fields).await
}

async fn show(hub: &Hub, fields: Fields) -> Answer {
    let (filter, after) = (fields.filter(), fields.after.parse().ok());
    let found = hub.read(move |ledger| {
        let page = ledger.passages(&filter, after, ROWS)?;
        let kiosks = ledger.kiosks()?;
        Ok::<_, ledger::Error>((page, ledger.count(&filter)?, kiosks, ledger.holes()?))
    });
    let (page, total, kiosks, missing) = found.await??;
    let names: Vec<String> = kiosks.iter().map(|kiosk| kiosk.kiosk.to_string()).collect();
    let content = html! {
        (form(&fields, &names))
        (holes::notice(&missing))
        p.result { b { (total) } " 条记录 " small lang="en" { "passages found" } }
        @if page.rows.is_empty() {
            p.notice { "没有符合条件的通行记录。" small lang="en" { "No passage matches." }
                @if !fields.who.is_empty() { " 查询须为完整的车牌、证件号、电话或姓名。"
                    small lang="en" { "A search needs the whole plate, number or name." } } }
        } @else { (table(&page.rows)) }
        (paging(&fields, &page))
        (export(&fields))
    };
    Ok(frame::page("/ledger", ("台账", "Ledger"), &content))
}

fn form(fields: &Fields, kiosks: &[String]) -> Markup {
    let pair = |(chinese, english): words::Words| format!("{chinese} {english}");
    html! {
        form.filters method="post" action="/ledger" {
            label.wide { (two(("车牌、证件号、电话、姓名", "plate, ID, phone or name, in full")))
                input type="search" name="who" value=(fields.who) maxlength="64" autocomplete="off"; }
            label { (two(("终端", "kiosk"))) select name="kiosk" {
                (options(kiosks.iter().map(|name| (name.as_str(), name.clone())), &fields.kiosk)) } }
            label { (two(("判定", "verdict"))) select name="verdict" {
                (options(Verdict::ALL.iter().map(|v| (v.name(), pair(words::verdict(*v)))), &fields.verdict)) } }
            label { (two(("对象", "subject"))) select name="subject" {
                (options([("person", "人员 person".to_owned()), ("vehicle", "车辆 vehicle".to_owned())].into_iter(),
                    &fields.subject)) } }
            label { (two(("方向", "direction"))) select name="direction" {
                (options([("inbound", "进 in".to_owned()), ("outbound", "出 out".to_owned())].into_iter(),
                    &fields.direction)) } }
            label { (two(("起", "from"))) input type="date" name="first" value=(fields.first); }
            label { (two(("止", "through"))) input type="date" name="last" value=(fields.last); }
            button { (two(("查询", "Search"))) }
            a.button.plain href="/ledger" { (two(("清除", "Clear"))) }
        }
    }
}

/// The columns of a table of passages; the last is a number.
const COLUMNS: [words::Words; 9] = [
    ("时间", "time"),
    ("终端 / 通道", "kiosk / lane"),
    ("编号", "no."),
    ("对象", "subject"),
    ("判定", "verdict"),
    ("原因", "reason"),
    ("决定", "decided by"),
    ("过闸", "crossing"),
    ("用时", "took"),
];

/// Passages as rows: nobody's name, plate or number but masked.
pub fn table(rows: &[Row]) -> Markup {
    html! {
        table.passages {
            thead { tr {
                @for (index, words) in COLUMNS.into_iter().enumerate() {
                    th.number[index + 1 == COLUMNS.len()] { (two(words)) }
                }
            } }
            tbody { @for row in rows { (passage(row)) } }
        }
    }
}

fn passage(row: &Row) -> Markup {
    let place = format!("/records/{}/{}/{}", row.id.kiosk, row.id.epoch, row.id.seq);
    let [at, lane, number, subject, verdict, why, by, crossed, took] = COLUMNS.map(of);
    html! {
        tr {
            td data-of=(at) { (when(&row.placed)) }
            td data-of=(lane) { (row.id.kiosk) @if let Some(lane) = &row.lane { span.quiet { " / " (lane) } } }
            td data-of=(number) { a href=(place) { (row.id.seq) } @if !row.proven { " " (unproven()) } }
            td data-of=(subject) {
                (two(words::subject(row.subject))) " · " (two(words::direction(row.direction)))
                " · " (two(words::class(row.class)))
                @if row.occupants > 0 { " · " (row.occupants) " 人" }
                " " @match &row.masked {
                    Some(masked) => span.masked { (masked) },
                    None => span.quiet { (two(words::personal(row.personal))) },
                }
            }
            td data-of=(verdict) { (outcome(row.verdict, row.superseded)) }
            td data-of=(why) { @if let Some(reason) = row.reason { (two(words::reason(reason))) } }
            td data-of=(by) { @match &row.decided_by { Some(attendant) => (attendant), None => span.quiet { (two(("规则", "policy"))) } } }
            td data-of=(crossed) { @if let Some(crossing) = row.crossing { (two(words::crossing(crossing))) } }
            td.number data-of=(took) { (row.took_ms / 1_000) "." (row.took_ms % 1_000 / 100) " s" }
        }
    }
}

/// Marks a record that no tree proves.
pub fn unproven() -> Markup {
    html! { span.mark.wait title="日志损坏后抢救，终端签名，无法证明完整 salvaged from a damaged log: signed by the kiosk, proven by no tree" {
    i aria-hidden="true" { "≠" } (two(("未证明", "unproven"))) } }
}

fn paging(fields: &Fields, page: &Page) -> Markup {
    html! {
        div.paging {
            @if !fields.after.is_empty() {
                form method="post" action="/ledger" { (fields.hidden()) button.plain { "⇤ 最新 " small lang="en" { "newest" } } }
            }
            @if let Some(next) = page.next {
                form method="post" action="/ledger" {
                    (fields.hidden())
                    input type="hidden" name="after" value=(next);
                    button { "更早 →" small lang="en" { " older" } }
                }
            }
        }
    }
}

fn export(fields: &Fields) -> Markup {
    html! {
        details.card {
            summary { (two(("导出 CSV", "Export as CSV"))) }
            form method="post" action="/ledger.csv" {
                (fields.hidden())
                button { (two(("导出（不含个人信息）", "without personal data"))) }
            }
            form method="post" action="/ledger.csv" {
                (fields.hidden())
                p.hint { "含个人信息的导出须写明姓名与事由，并记入查阅记录。"
                    small lang="en" { "An export with personal data needs a name and a reason, and is logged." } }
                label { (two(("查阅人", "officer"))) input name="officer" required minlength="2" maxlength="200"; }
                label { (two(("事由", "reason"))) input name="reason" required minlength="2" maxlength="200"; }
                button.plain { (two(("导出（含个人信息）", "with personal data"))) }
            }
        }
    }
}
