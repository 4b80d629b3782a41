//! Who was shown personal data, and why.

use std::sync::Arc;

use axum::extract::State;
use maud::html;

use super::super::state::Hub;
use super::super::words;
use super::Answer;
use super::frame::{self, full_time, of, two};

const LINES: u32 = 500;

const COLUMNS: [words::Words; 4] =
    [("时间", "time"), ("查阅人", "officer"), ("事由", "reason"), ("内容", "what")];

pub async fn page(State(hub): State<Arc<Hub>>) -> Answer {
    let accesses = hub.read(|ledger| ledger.accesses(LINES)).await??;
    let [at, who, why, what] = COLUMNS.map(of);
    let content = html! {
        p.hint { "个人信息每次显示或导出都记在这里，先记后看。"
            small lang="en" { "Every time personal data is shown or exported, it is recorded here first." } }
        table {
            thead { tr { @for words in COLUMNS { th { (two(words)) } } } }
            tbody { @for access in &accesses { tr {
                td data-of=(at) { (full_time(access.at)) } td data-of=(who) { (access.officer) }
                td data-of=(why) { (access.reason) } td data-of=(what) { code { (access.what) } }
            } } }
        }
        @if accesses.is_empty() { p.notice { "还没有人查阅过个人信息。" small lang="en" { "Nobody has been shown any." } } }
    };
    Ok(frame::page("/access", ("查阅记录", "Access log"), &content))
}
