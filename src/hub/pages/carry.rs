//! Records that came as a file: a form to bring it, what became of it, and the receipt for the way back.

use std::sync::Arc;

use axum::extract::multipart::MultipartError;
use axum::extract::{Multipart, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};

use super::super::carry::{self, Carried, Carrier, Said, Tone};
use super::super::state::Hub;
use super::frame::{self, failure, two};
use super::{Answer, Failed};
use crate::base::KioskId;
use crate::sync::parcel::ENDING;

/// Most bytes of an upload: several files as large as FAT32 holds, where a machine can count that far.
#[cfg(target_pointer_width = "64")]
pub const UPLOAD_MAX: usize = 16 << 30;
/// Most bytes of an upload, where a machine cannot count further.
#[cfg(not(target_pointer_width = "64"))]
pub const UPLOAD_MAX: usize = usize::MAX;
/// Most files of an upload.
const FILES_MAX: usize = 16;
/// Longest file name that is shown, in characters.
const NAME_MAX: usize = 80;

pub async fn page(State(hub): State<Arc<Hub>>) -> Answer {
    show(&hub, html! {}).await
}

/// Takes in the files of a form as they arrive; none is held in memory or on the disk.
pub async fn take(State(hub): State<Arc<Hub>>, form: Multipart) -> Answer {
    let mut all = vec![];
    let broken = files(&hub, form, &mut all).await?;
    let above = html! {
        @for (name, carried) in &all { (result(name, carried)) }
        @if let Some(error) = &broken {
            p.notice role="alert" { "上传中断，此前收到的都已保存；请再传一次。"
                small lang="en" { "The upload broke off; what came before is kept. Bring it again. " (error) } }
        } @else if all.is_empty() {
            p.notice role="alert" { "没有选择文件。" small lang="en" { "No file was chosen." } }
        }
    };
    show(&hub, above).await
}

async fn files(
    hub: &Hub,
    mut form: Multipart,
    all: &mut Vec<(String, Carried)>,
) -> Result<Option<String>, Failed> {
    let said = |error: MultipartError| Ok(Some(error.body_text()));
    loop {
        let mut field = match form.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => return Ok(None),
            Err(error) => return said(error),
        };
        let name: String = field.file_name().unwrap_or_default().chars().take(NAME_MAX).collect();
        if name.is_empty() {
            continue;
        }
        if all.len() == FILES_MAX {
            return Ok(Some(format!("at most {FILES_MAX} files at a time")));
        }
        let mut carrier = Carrier::default();
        let broken = loop {
            match field.chunk().await {
                // What follows damage is read and dropped, so that the answer reaches the browser.
                Ok(Some(bytes)) => drop(carrier.feed(hub, &bytes).await?),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        let carried = carrier.finish();
        if let Some(kiosk) = &carried.intake.kiosk {
            tracing::info!(%kiosk, whole = carried.is_whole(), "parcel taken in");
        }
        all.push((name, carried));
        if let Some(error) = broken {
            return said(error);
        }
    }
}

fn result(name: &str, carried: &Carried) -> Markup {
    let kiosk = carried.intake.kiosk.as_ref().filter(|_| carried.intake.logs.iter().any(|log| log.size > 0));
    html! {
        section.card {
            h2 { (name) }
            ul.carried { @for Said { tone, zh, en } in carried.said() {
                li.bad[tone == Tone::Bad] { (zh) small lang="en" { " " (en) } }
            } }
            @if let Some(kiosk) = kiosk {
                p { a.button href={ "/carry/" (kiosk) } { (two(("下载回执", "Download the receipt"))) } }
                p.hint { "把回执带回终端：" code { "kakou journal carry --dir … --receipt FILE" }
                    small lang="en" { " Take it back to the kiosk, which then carries only what is new." } }
            }
        }
    }
}

async fn show(hub: &Hub, above: Markup) -> Answer {
    let kiosks = hub.read(|ledger| ledger.kiosks()).await??;
    let content = html! {
        (above)
        form.filters method="post" action="/carry" enctype="multipart/form-data" {
            label.wide { (two(("终端带来的文件", "files from a kiosk")))
                input type="file" name="file" accept={ "." (ENDING) } multiple required; }
            button { (two(("导入", "Take in"))) }
        }
        p.hint { "终端没有网络时，用 " code { "kakou journal carry --dir … --out …" } " 写到U盘。重复导入不会重复计数；个人信息在文件里仍是密封的。"
            small lang="en" { " Where a kiosk has no network, its records come on a stick. Bringing a file twice changes nothing." } }
        @if !kiosks.is_empty() {
            section {
                h2 { (two(("回执", "Receipts"))) }
                p { @for kiosk in &kiosks { a href={ "/carry/" (kiosk.kiosk) } { (kiosk.kiosk) } " " } }
            }
        }
    };
    Ok(frame::page("/carry", ("离线导入", "Carry in"), &content))
}

/// The receipt, as a file.
pub async fn receipt(State(hub): State<Arc<Hub>>, Path(kiosk): Path<String>) -> Result<Response, Failed> {
    let none = || failure(StatusCode::NOT_FOUND, "还没有该终端的记录", "Nothing of this kiosk is here yet.");
    let Ok(kiosk) = kiosk.parse::<KioskId>() else { return Ok(none()) };
    let Some(receipt) = carry::receipt(&hub, kiosk.clone()).await? else { return Ok(none()) };
    let bytes = receipt.to_bytes().map_err(|error| super::Error::Failed(error.to_string()))?;
    let name = format!("attachment; filename=\"{kiosk}.receipt.json\"");
    let headers =
        [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, bytes).into_response())
}
