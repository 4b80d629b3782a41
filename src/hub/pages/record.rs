//! One record: what was decided and why, what proves it, and who it was about, for an officer with a reason.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, Response};
use data_encoding::HEXLOWER;
use maud::{Markup, html};
use serde::Deserialize;

use super::super::state::Hub;
use super::super::words;
use super::Failed;
use super::frame::{self, failure, full_time, mark, two};
use super::open_items;
use super::overview::outcome;
use super::picture::{self, Seen};
use super::screening;
use super::search;
use super::when::when;
use crate::base::{AttendantId, CentiCelsius, ClockTrust, Epoch, Pii, Seq, Slug};
use crate::journal::Seal;
use crate::ledger::{Officer, Record, RecordId};
use crate::model::{
    Body, Direction, Entry, Erasure, Passage, Person, Personal, Post, Stated, StayLimit, StepRecord,
    SubjectKind,
};

type Place = (String, String, String);

/// Who asks for the personal part, and why.
#[derive(Deserialize)]
pub struct Ask {
    officer: String,
    reason: String,
}

pub async fn page(State(hub): State<Arc<Hub>>, Path(place): Path<Place>) -> Result<Response, Failed> {
    let Some(id) = id_of(&place) else { return Ok(missing()) };
    let record = hub.read(move |ledger| ledger.record(&id)).await??;
    answer(&hub, record, None).await
}

/// The page of a record, with what was asked for of its personal part.
async fn answer(
    hub: &Hub,
    record: Option<Record>,
    personal: Option<Option<&Personal>>,
) -> Result<Response, Failed> {
    let Some(record) = record else { return Ok(missing()) };
    let seen = match personal {
        None => picture::look(hub, &record).await?,
        Some(personal) => picture::open(hub, &record, personal).await?,
    };
    Ok(picture::whole(whole(&record, personal, &seen), &seen))
}

pub async fn disclose(
    State(hub): State<Arc<Hub>>,
    Path(place): Path<Place>,
    Form(ask): Form<Ask>,
) -> Result<Response, Failed> {
    let Some(id) = id_of(&place) else { return Ok(missing()) };
    let Some(officer) = Officer::new(&ask.officer, &ask.reason) else {
        let english = "Personal data is shown to a named officer with a reason.";
        return Ok(failure(StatusCode::BAD_REQUEST, "须写明查阅人与事由", english));
    };
    let now = hub.now();
    let found = hub.write(move |ledger| {
        let personal = ledger.disclose(&id, &officer, now)?;
        Ok::<_, crate::ledger::Error>((ledger.record(&id)?, personal))
    });
    let (record, personal) = found.await??;
    answer(&hub, record, Some(personal.as_ref())).await
}

/// Who erases the personal part, why, and on what ground.
#[derive(Deserialize)]
pub struct Order {
    officer: String,
    reason: String,
    ground: Erasure,
    sure: Option<String>,
}

pub async fn erase(
    State(hub): State<Arc<Hub>>,
    Path(place): Path<Place>,
    Form(order): Form<Order>,
) -> Result<Response, Failed> {
    let Some(id) = id_of(&place) else { return Ok(missing()) };
    let Some(officer) = Officer::new(&order.officer, &order.reason).filter(|_| order.sure.is_some()) else {
        let english = "Erasing needs a named officer, a reason and the tick that says so.";
        return Ok(failure(StatusCode::BAD_REQUEST, "须写明执行人与事由，并勾选确认", english));
    };
    let (now, ground) = (hub.now(), order.ground);
    let found = hub.write(move |ledger| {
        ledger.erase(&id, &officer, ground, now)?;
        ledger.record(&id)
    });
    let record = found.await??;
    answer(&hub, record, None).await
}

fn id_of((kiosk, epoch, seq): &Place) -> Option<RecordId> {
    let seq = seq.parse().ok().and_then(Seq::new)?;
    Some(RecordId { kiosk: kiosk.parse().ok()?, epoch: epoch.parse().ok()?, seq })
}

fn missing() -> Response {
    failure(StatusCode::NOT_FOUND, "没有这条记录", "There is no such record.")
}

fn whole(record: &Record, personal: Option<Option<&Personal>>, seen: &Seen) -> Html<String> {
    let content = html! {
        p.crumbs { a href={ "/ledger?kiosk=" (record.id.kiosk) } { (record.id.kiosk) } " / "
            code { (record.id.epoch) } " / " b { (record.id.seq) } }
        div.columns {
            div {
                @match &record.entry {
                    Some(entry) => { (facts(record, entry, seen)) }
                    None => p.notice { "此记录由更新版本写入，内容无法显示。" small lang="en" { "Written by a later version." } },
                }
            }
            div {
                (people(record, personal, seen))
                (proof(record))
            }
        }
    };
    frame::page("/ledger", ("记录", "Record"), &content)
}

fn facts(record: &Record, entry: &Entry, seen: &Seen) -> Markup {
    let trust = match entry.stamp.trust {
        ClockTrust::None => ("不可信", "not trusted"),
        ClockTrust::Rtc => ("电池时钟", "battery clock"),
        ClockTrust::Synced => ("已同步", "synced"),
    };
    html! {
        section.card {
            dl {
                dt { (two(("记录类型", "kind"))) } dd { (two(words::body(&entry.body))) }
                @if let Some(placed) = &record.placed {
                    dt { (two(("发生时间", "when"))) }
                    dd { (when(placed)) " · " (two(words::known(placed.known))) }
                }
                dt { (two(("终端时间", "kiosk's time"))) } dd { (full_time(entry.stamp.wall)) " · " (two(trust))
                    @if entry.stamp.max_error_ms > 0 { " · ±" (entry.stamp.max_error_ms) " ms" } }
                dt { (two(("到达中心", "received"))) } dd { (full_time(record.received)) }
                @if let Some(lane) = &entry.lane { dt { (two(("通道", "lane"))) } dd { (lane) } }
                @match &entry.body {
                    Body::Passage(passage) => { (passage_facts(record, passage)) (picture::fact(seen)) }
                    Body::Arrived { subject, direction } => { (arrived(*subject, *direction)) }
                    Body::Crossed { arrival, crossing, .. } => {
                        dt { (two(("到达记录", "arrival"))) } dd { (link(record, *arrival)) }
                        dt { (two(("过闸", "crossing"))) } dd { (two(words::crossing(*crossing))) }
                    }
                    Body::Gap { from, through, found } => {
                        dt { (two(("缺失", "missing"))) } dd { (from) " – " (through) " · " (found) }
                    }
                    Body::Booted { version, recovered, clean } => {
                        dt { (two(("版本", "version"))) } dd { (version) }
                        dt { (two(("恢复到", "recovered through"))) }
                        dd { @if let Some(seq) = recovered { (link(record, *seq)) } @else { "—" }
                            @if !clean { " · " (two(("上次非正常关闭", "last run did not end in order"))) } }
                    }
                    Body::Attendance { attendant, signed_in, post } => {
                        dt { (two(("值守人员", "attendant"))) }
                        dd { (attendant) " · " @if *signed_in { "签到 in" } @else { "签退 out" } (here_as(post.as_ref())) }
                    }
                    Body::DeviceHealth { device, fault } => {
                        dt { (two(("设备", "device"))) }
                        dd { (device) " · " @match fault { Some(fault) => (fault), None => "恢复正常 works again" } }
                    }
                    Body::KeyOpened { key, .. } => { dt { (two(("密钥编号", "key"))) } dd { (key) } }
                    Body::ClosedByAttendant { by } | Body::Training { by, .. } => { (by_attendant(by)) }
                    Body::Overdue { log, entry, vehicles, people } => { (overdue(record, (*log, *entry), (*vehicles, *people))) }
                    Body::HandOver { attendant, open } => { (by_attendant(attendant)) (open_items::facts(open.as_ref())) }
                    Body::Erased { records, by, reason, log } => {
                        @let log = RecordId { epoch: log.unwrap_or(record.id.epoch), ..record.id.clone() };
                        dt { (two(("记录", "records"))) }
                        dd { @for seq in records { (link_in(&log, *seq)) " " } }
                        dt { (two(("执行人", "by"))) } dd { (by) }
                        dt { (two(("事由", "reason"))) } dd { (two(words::erasure(*reason))) }
                    }
                    Body::KeyDestroyed { key, log } => { (destroyed(*key, *log)) }
                    Body::SegmentsDropped { from, through } => {
                        dt { (two(("记录", "records"))) } dd { (link(record, *from)) " – " (link(record, *through)) }
                    }
                    Body::Alarm { epoch: Some(epoch), seq: Some(seq), .. } => {
                        @let log = RecordId { epoch: *epoch, ..record.id.clone() };
                        dt { (two(("主日志记录", "record"))) } dd { (link_in(&log, *seq)) }
                    }
                    Body::Commanded { .. } | Body::CommandDone { .. } | Body::Policy { .. } => { (command_facts(&entry.body)) (policy_facts(&entry.body)) }
                    Body::Alarm { .. } | Body::Stopped | Body::ClockMapped | Body::OpenedByHand | Body::FoundOpen | Body::Manned { .. } => {}
                    Body::DriftNoted { note } => { (super::thermometers::facts(note)) }
                }
            }
        }
        @if let Body::Passage(passage) = &entry.body { (all_steps(passage)) }
    }
}

/// As what and for whom an attendant signed in, where that is known.
fn here_as(post: Option<&Post>) -> Markup {
    html! {
        @if let Some(Post { role, agency }) = post {
            " · " (two(words::role(*role)))
            @if let Some(agency) = agency { " · " (agency.zh) " " (agency.en) }
        }
    }
}

fn by_attendant(by: &AttendantId) -> Markup {
    html! { dt { (two(("值守人员", "attendant"))) } dd { (by) } }
}

fn arrived(subject: SubjectKind, direction: Direction) -> Markup {
    html! {
        dt { (two(("对象", "subject"))) } dd { (two(words::subject(subject))) " · " (two(words::direction(direction))) }
    }
}

/// When whoever came in has to be out again: whichever comes first.
fn must_be_out(stay: &StayLimit) -> Markup {
    let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    html! {
        dt { (two(("须出时限", "must be out"))) }
        dd {
            (stay.hours) " h"
            @for minute in [stay.until, stay.back_by].into_iter().flatten() { " · " (time(minute)) }
        }
    }
}

/// Of which passage nobody came out in time, and how many are meant.
fn overdue(record: &Record, (log, entry): (Epoch, Seq), (vehicles, people): (u32, u32)) -> Markup {
    let of = RecordId { epoch: log, ..record.id.clone() };
    html! {
        dt { (two(("进入记录", "came in with"))) } dd { (link_in(&of, entry)) }
        dt { (two(("未出", "not out"))) }
        dd { (two(("车辆", "vehicles"))) " " (vehicles) " · " (two(("人员", "people"))) " " (people) }
    }
}

fn destroyed(key: u32, log: Option<Epoch>) -> Markup {
    html! {
        dt { (two(("密钥编号", "key"))) } dd { (key) }
        @if let Some(log) = log { dt { (two(("所属日志", "of log"))) } dd { code { (log) } } }
    }
}

/// What a record about a command of this hub says; of another record nothing.
fn command_facts(body: &Body) -> Markup {
    let (Body::Commanded { number, command, .. } | Body::CommandDone { number, command, .. }) = body else {
        return html! {};
    };
    html! {
        dt { (two(("指令编号", "command"))) } dd { (number) " " code { (command) } }
        @if let Body::Commanded { what, by, .. } = body {
            dt { (two(("内容", "what"))) } dd { (two(words::ordered(what))) }
            dt { (two(("下令人", "by"))) } dd { (by) }
        }
        @if let Body::CommandDone { outcome, .. } = body {
            dt { (two(("结果", "result"))) } dd { (two(words::command_outcome(*outcome))) }
        }
    }
}

/// What a record about a policy bundle says; of another record nothing.
fn policy_facts(body: &Body) -> Markup {
    let Body::Policy { version, bundle, by, why, .. } = body else { return html! {} };
    html! {
        @if let Some(bundle) = bundle {
            dt { (two(("策略版本", "policy version"))) } dd { (version) " " code { (bundle) } }
        }
        @if let Some(by) = by { dt { (two(("阅知人", "read by"))) } dd { (by) } }
        @if let Some(why) = why { dt { (two(("拒绝原因", "why refused"))) } dd { (why) } }
    }
}

fn all_steps(passage: &Passage) -> Markup {
    html! {
        (steps(("步骤", "Steps"), &passage.steps))
        @for (index, occupant) in passage.occupants.iter().enumerate() {
            section.card {
                h2 { "随车人员 " (index + 1) " " small lang="en" { "occupant" } " · " (words::class(occupant.class).0) " " (mark(occupant.verdict)) }
                (step_list(&occupant.steps))
            }
        }
    }
}

fn link(record: &Record, seq: Seq) -> Markup {
    link_in(&record.id, seq)
}

fn link_in(id: &RecordId, seq: Seq) -> Markup {
    html! { a href={ "/records/" (id.kiosk) "/" (id.epoch) "/" (seq) } { (seq) } }
}

fn passage_facts(record: &Record, passage: &Passage) -> Markup {
    html! {
        dt { (two(("判定", "verdict"))) } dd.big { (outcome(passage.verdict, record.superseded.is_some())) }
        @if let Some(later) = record.superseded {
            dt { (two(("后续判定", "followed up by"))) } dd { (link(record, later)) }
        }
        @if let Some(earlier) = passage.follows {
            dt { (two(("前一判定", "follows up"))) } dd { (link(record, earlier)) }
        }
        dt { (two(("原因", "reasons"))) }
        dd { @if passage.reasons.is_empty() { "—" } @for reason in &passage.reasons { (two(words::reason(*reason))) br; } }
        dt { (two(("决定", "decided by"))) } dd { (words::decider(&passage.decided_by)) }
        dt { (two(("对象", "subject"))) }
        dd { (two(words::subject(passage.subject))) " · " (two(words::class(passage.class))) " · " (two(words::direction(passage.direction))) }
        dt { (two(("到达记录", "arrival"))) } dd { (link(record, passage.arrival)) }
        @if let Some(stay) = &passage.stay { (must_be_out(stay)) }
        dt { (two(("用时", "took"))) } dd { (passage.took_ms / 1_000) "." (passage.took_ms % 1_000 / 100) " s" }
        dt { (two(("方案", "profile"))) } dd { (passage.profile) }
        dt { (two(("政策 / 通告", "policy / notice"))) }
        dd { code { (passage.policy) } @if let Some(notice) = passage.notice { " · 第 " (notice) " 号通告" } }
        @if let Some(grounds) = &passage.grounds {
            dt { (two(("条款", "clause"))) }
            dd {
                @if let Some(clause) = &grounds.clause { code { (clause) } } @else { "—" }
                " · " (two(words::mode(grounds.mode)))
            }
        }
    }
}

fn steps(title: words::Words, steps: &[StepRecord]) -> Markup {
    html! { section.card { h2 { (two(title)) } (step_list(steps)) } }
}

fn step_list(steps: &[StepRecord]) -> Markup {
    html! {
        ol.steps {
            @for step in steps {
                @let (symbol, words) = words::outcome(&step.outcome);
                li { i aria-hidden="true" { (symbol) } (two(words::step(step.kind)))
                    @if let Some(id) = &step.id { " " code { (id) } }
                    " " span.quiet { (two(words)) }
                    @if let Some(detail) = words::detail(&step.outcome) { " " span.quiet { "· " (detail) } }
                    @if let Some((by, reason)) = words::outcome_by(&step.outcome) {
                        " " span.quiet { "· " (by) @if let Some(reason) = reason { " · " (reason) } }
                    }
                }
            }
            @if steps.is_empty() { li.quiet { "—" } }
        }
    }
}

fn people(record: &Record, personal: Option<Option<&Personal>>, seen: &Seen) -> Markup {
    let form = html! {
        p.hint { "查看须写明姓名与事由，并记入查阅记录。" small lang="en" { "Showing it needs a name and a reason, and is logged." } }
        form method="post" {
            label { (two(("查阅人", "officer"))) input name="officer" required minlength="2" maxlength="200" autocomplete="off"; }
            label { (two(("事由", "reason"))) input name="reason" required minlength="2" maxlength="200" autocomplete="off"; }
            button { (two(("显示个人信息", "Show personal data"))) }
        }
    };
    html! {
        section.card.personal {
            h2 { (two(("个人信息", "Personal data"))) }
            @match (&record.stored.seal, personal) {
                (Seal::None, _) => p.quiet { (two(("无个人信息", "none in this record"))) },
                (Seal::Erased { .. }, _) => p.quiet { (two(("已销毁，证明仍然有效", "erased; every proof still holds"))) },
                (Seal::Boxed { .. }, None) => (form),
                (Seal::Boxed { .. }, Some(None)) => p.notice { (two(("本中心无法打开", "does not open at this hub"))) },
                (Seal::Boxed { .. }, Some(Some(personal))) => { (picture::shown(seen)) (opened(personal)) },
            }
            @if let Seal::Boxed { .. } = &record.stored.seal { (erasing(record)) }
        }
    }
}

fn erasing(record: &Record) -> Markup {
    let RecordId { kiosk, epoch, seq } = &record.id;
    html! {
        details {
            summary { (two(("销毁个人信息…", "Erase personal data…"))) }
            p.hint { "销毁后无法恢复；记录与证明不变。终端上的副本随当日密钥销毁，要立即销毁请在终端执行 kakou journal erase。"
                small lang="en" { "Cannot be undone; the record and its proof stay. The kiosk's copy goes with the key of its day; for at once, run kakou journal erase there." } }
            form method="post" action={ "/records/" (kiosk) "/" (epoch) "/" (seq) "/erase" } {
                label { (two(("执行人", "officer"))) input name="officer" required minlength="2" maxlength="200" autocomplete="off"; }
                label { (two(("事由", "reason"))) input name="reason" required minlength="2" maxlength="200" autocomplete="off"; }
                label { (two(("依据", "ground"))) select name="ground" {
                    @for (name, ground) in [("requested", Erasure::Requested), ("mistaken", Erasure::Mistaken), ("ordered", Erasure::Ordered)] {
                        @let (zh, en) = words::erasure(ground);
                        option value=(name) { (zh) " " (en) }
                    }
                } }
                label { input type="checkbox" name="sure" value="yes" required; " " (two(("确认永久销毁", "erase for good"))) }
                button { (two(("销毁", "Erase"))) }
            }
        }
    }
}

fn opened(personal: &Personal) -> Markup {
    let plate = personal.vehicle.as_ref().and_then(|vehicle| vehicle.plate.as_ref());
    html! {
        @if let Some(plate) = plate { dl { dt { (two(("车牌", "plate"))) } dd.big { (plate.expose()) } } }
        @if let Some(vehicle) = &personal.vehicle { dl { (lists(vehicle.lists.as_deref())) (statements(&vehicle.stated)) } }
        @for person in &personal.people { dl { (person_facts(person)) } }
        @if let Some(note) = &personal.note { dl { dt { (two(("留言", "note"))) } dd { (note.expose()) } } }
    }
}

fn person_facts(person: &Person) -> Markup {
    let text = |value: &Option<Pii<String>>| value.as_ref().map(|value| value.expose().clone());
    let degrees =
        |value: &Option<Pii<CentiCelsius>>| value.as_ref().map(|value| format!("{} °C", value.expose()));
    let facts = [
        (("姓名", "name"), text(&person.name)),
        (("证件号", "ID number"), text(&person.id_number).or_else(|| person.masked_number())),
        (("电话", "phone"), text(&person.phone)),
        (("来自", "from"), text(&person.origin)),
        (("去往", "to"), text(&person.destination)),
        (("访问", "visits"), text(&person.host)),
        (("体表温度", "skin temperature"), degrees(&person.skin)),
        (("接触式体温", "contact thermometer"), degrees(&person.contact)),
    ];
    html! {
        @for (words, value) in facts { @if let Some(value) = value { dt { (two(words)) } dd { (value) } } }
        @if let Some(companion) = &person.companion {
            @let masked = companion.masked.as_ref().map(|masked| &masked.shown);
            @let number = companion.id_number.as_ref().or(masked);
            @let known = companion.name.as_ref().or(number).or(companion.pass.as_ref());
            @if let Some(known) = known { dt { (two(("陪同人", "companion"))) } dd { (known.expose()) } }
        }
        (screening::screenings(person.traces.as_deref().unwrap_or_default()))
        (lists(person.lists.as_deref()))
        (statements(&person.stated))
    }
}

/// The lists that named somebody.
fn lists(names: Option<&[Slug]>) -> Markup {
    let names: Vec<&str> = names.unwrap_or_default().iter().map(Slug::as_str).collect();
    html! { @if !names.is_empty() { dt { (two(("名单", "lists"))) } dd { (names.join(", ")) } } }
}

/// What was stated beside the usual fields, by the names that the profile gives.
fn statements(stated: &Stated) -> Markup {
    html! { @for said in stated.iter() { dt { code { (said.step) " " (said.field) } } dd { (said.value.expose()) } } }
}

fn proof(record: &Record) -> Markup {
    html! {
        section.card {
            h2 { (two(("证明", "Proof"))) }
            dl {
                dt { (two(("叶哈希", "leaf hash"))) } dd { code.hash { (HEXLOWER.encode(&record.leaf)) } }
                dt { (two(("叶序号", "leaf index"))) } dd { (record.id.seq.get() - 1) " / " (record.size) }
                @if record.salvage.is_none() {
                    dt { (two(("根哈希", "root"))) } dd { code.hash { (HEXLOWER.encode(&record.root)) } }
                }
            }
            @if let Some(statement) = &record.salvage {
                p { (search::unproven()) }
                p.hint { "该记录由终端从损坏的日志中抢救并签名；日志的根哈希不能证明它。"
                    small lang="en" { "The kiosk salvaged this record from a damaged log and signed it; the log's root does not prove it." } }
                details { summary { (two(("终端的签名声明", "statement signed by the kiosk"))) } pre { (statement) } }
            } @else if let Some(note) = &record.note {
                details { summary { (two(("终端签名、中心副署的日志声明", "note signed by kiosk and hub"))) } pre { (note) } }
            }
        }
    }
}
