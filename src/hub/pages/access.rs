//! Who was shown personal data, and why.

use std::sync::Arc;

use axum::extract::State;
use maud::html;

use super::super::state::Hub;
use super::Answer;
use super::frame::{self, full_time, two};

const LINES: u32 = 500;

pub async fn page(State(hub): State<Arc<Hub>>) -> Answer {
    let accesses = hub.read(|ledger| ledger.accesses(LINES)).await??;
    let content = html! {
        p.hint { "个人信息每次显示或导出都记在这里，先记后看。"
            small lang="en" { "Every time personal data is shown or exported, it is recorded here first." } }
        table {
            thead { tr {
                th { (two(("时间", "time"))) } th { (two(("查阅人", "officer"))) }
                th { (two(("事由", "reason"))) } th { (two(("内容", "what"))) }
            } }
            tbody { @for access in &accesses { tr {
                td { (full_time(access.at)) } td { (access.officer) } td { (access.reason) } td { code { (access.what) } }
            } } }
        }
        @if accesses.is_empty() { p.notice { "还没有人查阅过个人信息。" small lang="en" { "Nobody has been shown any." } } }
    };
    Ok(frame::page("/access", ("查阅记录", "Access log"), &content))
}
