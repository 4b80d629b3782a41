//! The passenger list of a vehicle: pasted or uploaded here, or shown as a code by the driver; then checked and taken.

use std::sync::Arc;

use axum::extract::{Multipart, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::act::{Fields, bad, field, is_stale};
use super::actions::{button, emergency};
use super::dialog::frame;
use super::{MOVED_ON, SignedIn, address};
use crate::base::LaneId;
use crate::control::{Act, LaneStatus, ManifestStatus, Refused};
use crate::model::manifest::{self, BadManifest, Fault, Manifest, ROWS_MAX, Wrong};
use crate::web::page::{self, labelled, not_found};
use crate::web::session::Flash;
use crate::web::shared::{Shared, lane};
use crate::web::symbol;
use crate::web::words::{desk, words};

/// Longest post, in bytes: a list, and what browsers write around it.
pub const BODY_MAX: usize = manifest::BYTES_MAX + 4 * 1024;

/// What is said of a list, in Chinese and English.
type Said = (String, String);

/// `GET …/manifest`
pub async fn show(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    Path(id): Path<LaneId>,
    headers: HeaderMap,
) -> Response {
    let status = shared.status();
    match lane(&status, &id) {
        Some(lane) => manifest_page(lane, None, &headers).into_response(),
        None => not_found(),
    }
}

/// `POST …/manifest`: a list as a file or as pasted text.
pub async fn offer(
    State(shared): State<Arc<Shared>>,
    signed_in: SignedIn,
    Path(id): Path<LaneId>,
    headers: HeaderMap,
    mut parts: Multipart,
) -> Response {
    let status = shared.status();
    let Some(lane) = lane(&status, &id) else { return not_found() };
    let refused = |said: Said| {
        (StatusCode::UNPROCESSABLE_ENTITY, manifest_page(lane, Some(said), &headers)).into_response()
    };
    let mut list = Vec::new();
    let mut fields = Fields::new();
    loop {
        let part = match parts.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => break,
            Err(_) => return refused(fault_words(&BadManifest::TooLarge)),
        };
        let name = part.name().unwrap_or_default().to_owned();
        let Ok(bytes) = part.bytes().await else { return refused(fault_words(&BadManifest::TooLarge)) };
        match name.as_str() {
            "file" | "text" if list.is_empty() => list = bytes.to_vec(),
            _ => drop(fields.insert(name, String::from_utf8_lossy(&bytes).into_owned())),
        }
    }
    if is_stale(lane, &fields) {
        shared.sessions.leave(&signed_in.token, Flash { zh: MOVED_ON.zh.into(), en: MOVED_ON.en.into() });
        return Redirect::to(&address(lane, "")).into_response();
    }
    let manifest = match Manifest::read(&list) {
        Ok(manifest) => manifest,
        Err(fault) => return refused(fault_words(&fault)),
    };
    match shared.ask(&id, Some(&signed_in.by.id), Act::OfferManifest(manifest)).await {
        Ok(()) => Redirect::to(&address(lane, "/manifest")).into_response(),
        Err(no) => {
            let (zh, en) = desk::refused(&no);
            refused((zh, en))
        }
    }
}

/// The act that takes the list, without the rows that are marked as not here.
pub fn take(fields: &Fields) -> Result<Act, Refused> {
    let offer = field(fields, "offer").parse().map_err(|_| bad("list", "a number"))?;
    let rows = fields.keys().filter_map(|name| name.strip_prefix("absent-"));
    let absent = rows.map(str::parse).collect::<Result<Vec<u8>, _>>().map_err(|_| bad("list", "a number"))?;
    Ok(Act::TakeManifest { offer, absent })
}

/// What the lane's page says of a list that waits.
pub fn note(manifest: &ManifestStatus) -> Markup {
    html! {
        p.trouble role="status" {
            (symbol::CLIPBOARD)
            @if let Some(fault) = &manifest.fault {
                (said(&fault_words(fault)))
            } @else {
                span {
                    b lang="zh" { "收到乘客名单，" (manifest.rows.len()) " 人：请核对" } " "
                    span lang="en" { "Passenger list, " (manifest.rows.len()) " people: check it" }
                }
            }
        }
    }
}

fn said((zh, en): &Said) -> Markup {
    html! { span { b lang="zh" { (zh) } " " span lang="en" { (en) } } }
}

fn manifest_page(lane: &LaneStatus, refused: Option<Said>, headers: &HeaderMap) -> Markup {
    let content = html! {
        main.register.manifest {
            header {
                a.act.back href=(address(lane, "")) data-key="F6" { kbd { "F6" } (labelled(symbol::BACK, words("返回", "Back"))) }
                h1 { (words("乘客名单", "Passenger list")) }
                @if let Some(said_of_it) = &refused {
                    p.message role="alert" { (symbol::ATTENTION) (said(said_of_it)) }
                }
                div.corner { (button(lane, &emergency(), 2)) }
            }
            @match lane.manifest.as_ref().filter(|manifest| refused.is_none() && manifest.fault.is_none()) {
                Some(manifest) => (check(lane, manifest)),
                None => (paste(lane)),
            }
        }
    };
    page::page(&frame(lane, "desk-form", headers), &content)
}

/// Who is on the list, masked: whoever is not here is marked, and the others are taken.
fn check(lane: &LaneStatus, manifest: &ManifestStatus) -> Markup {
    html! {
        form method="post" action=(address(lane, "/do")) autocomplete="off" {
            input type="hidden" name="act" value="take-manifest";
            input type="hidden" name="seen" value=(lane.passages);
            input type="hidden" name="offer" value=(manifest.offer);
            p { (words("勾出不在车上的人", "Mark whoever is not in the vehicle")) " · " (manifest.rows.len()) }
            ol.rows {
                @for (row, listed) in manifest.rows.iter().enumerate() {
                    li { label {
                        input type="checkbox" name=(format!("absent-{row}"));
                        span.number { (row + 1) } " " b { (listed.name) }
                        @if let Some(number) = &listed.number { " " span.id { (number) } }
                    } }
                }
            }
            button.act.enter type="submit" data-key="F1" {
                kbd { "F1" } (labelled(symbol::TICK, words("其余都在，收下名单", "The others are here: take it")))
            }
        }
    }
}

fn paste(lane: &LaneStatus) -> Markup {
    html! {
        form method="post" action=(address(lane, "/manifest")) enctype="multipart/form-data" autocomplete="off" {
            input type="hidden" name="seen" value=(lane.passages);
            label {
                span { (words("文件（CSV）", "File (CSV)")) }
                input type="file" name="file" accept=".csv,text/csv,text/plain";
            }
            label {
                span { (words("或粘贴：首行为 姓名,身份证号,手机号,从哪里来", "or paste: headings name,id_number,phone,origin first")) }
                textarea name="text" rows="6" maxlength=(manifest::BYTES_MAX) {}
            }
            button.act.enter type="submit" data-key="F1" {
                kbd { "F1" } (labelled(symbol::TICK, words("读取名单", "Read the list")))
            }
        }
    }
}

/// What is wrong with a list: by line and column, never by what is written there.
fn fault_words(fault: &BadManifest) -> Said {
    let zh = match fault {
        BadManifest::TooLarge => "名单太大".to_owned(),
        BadManifest::NotUtf8 => "不是 UTF-8，请另存为“CSV UTF-8”".to_owned(),
        BadManifest::NoCode => "名单码读不出，请粘贴名单或输入人数".to_owned(),
        BadManifest::UnknownColumn(number) => format!("第 1 行第 {number} 列标题不认识"),
        BadManifest::ColumnTwice(column) => format!("第 1 行标题 {column} 重复"),
        BadManifest::NoNames => "第 1 行须有“姓名”".to_owned(),
        BadManifest::Nobody => "名单上没有人".to_owned(),
        BadManifest::TooMany => format!("超过 {ROWS_MAX} 人"),
        BadManifest::Row(Fault { line, column, what }) => {
            let column = column_words(column);
            match what {
                Wrong::Missing => format!("第 {line} 行：{column}没有填"),
                Wrong::MoreCells => format!("第 {line} 行：格子比标题多"),
                Wrong::TooLong => format!("第 {line} 行：{column}太长"),
                Wrong::NoPlainText => format!("第 {line} 行：{column}像公式，或有看不见的字符"),
                Wrong::IdNumber(_) => format!("第 {line} 行：身份证号不对"),
                Wrong::Phone => format!("第 {line} 行：电话不对"),
                Wrong::SameAs(other) => format!("第 {line} 行：身份证号与第 {other} 行相同"),
            }
        }
    };
    (zh, format!("List: {fault}"))
}

fn column_words(column: &str) -> &'static str {
    match column {
        "name" => "姓名",
        "id_number" => "身份证号",
        "phone" => "电话",
        "origin" => "从哪里来",
        "destination" => "到哪里去",
        "host" => "找谁",
        _ => "座位",
    }
}
