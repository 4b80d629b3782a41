//! The frame around every page, small parts that pages share, and the front page that leads to the faces.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, Render, html};

use super::assets;
use super::shared::Shared;
use super::symbol;
use super::theme::Theme;
use super::words::{Words, desk, words};

/// What surrounds a page's content.
pub struct Frame<'a> {
    /// Title of the window.
    pub title: &'a str,
    /// Class of the body: which kind of page this is.
    pub kind: &'static str,
    /// How bright.
    pub theme: Theme,
    /// Address of the page's live updates.
    pub live: Option<String>,
    /// For a page about one subject: the lane, its count of ended passages, and where to go once that moves on.
    pub subject: Option<(String, u64, String)>,
}

/// A whole page.
pub fn page(frame: &Frame, content: &Markup) -> Markup {
    let (lane, seen, home) = match &frame.subject {
        Some((lane, seen, home)) => (Some(lane), Some(seen), Some(home)),
        None => (None, None, None),
    };
    html! {
        (DOCTYPE)
        html lang="zh" data-theme=(frame.theme.name()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (frame.title) }
                link rel="stylesheet" href=(assets::address("kakou.css"));
                @if frame.live.is_some() { noscript { meta http-equiv="refresh" content="3"; } }
                script type="module" src=(assets::address("kakou.mjs")) {}
            }
            body class=(frame.kind) data-live=[&frame.live] data-lane=[lane] data-seen=[seen] data-home=[home] {
                (content)
                div #lost role="alert" {
                    (symbol::OFFLINE)
                    p { (words("屏幕与设备失去联系，正在重连", "This screen has lost the kiosk. Reconnecting")) }
                }
            }
        }
    }
}

/// A symbol and a text.
pub fn labelled(symbol: symbol::Symbol, words: impl Render) -> Markup {
    html! { (symbol) span.label { (words) } }
}

/// Answers that there is no such page or lane.
pub fn not_found() -> Response {
    let frame = Frame { title: "404", kind: "note", theme: Theme::Day, live: None, subject: None };
    let content = html! {
        h1 { (words("没有这一页", "There is no such page")) }
        p { a.act href="/" { (labelled(symbol::BACK, words("返回", "Back"))) } }
    };
    (StatusCode::NOT_FOUND, page(&frame, &content)).into_response()
}

/// `GET /`: which face?
pub async fn index(State(shared): State<Arc<Shared>>) -> Markup {
    const ATTENDANT: Words = words("值守", "Attendant");
    let status = shared.status();
    let frame = Frame { title: &status.title, kind: "note", theme: Theme::Day, live: None, subject: None };
    let content = html! {
        h1 { (status.title) }
        nav.faces {
            @for lane in &status.lanes {
                a.act href={ "/lane/" (lane.lane) } {
                    (symbol::prompt(crate::control::Prompt::Welcome, lane.takes))
                    span.label { b { (lane.title) } " " (desk::direct(lane.direct)) }
                }
            }
            a.act href="/attendant" { (labelled(symbol::ATTENDANT, ATTENDANT)) }
        }
    };
    page(&frame, &content)
}
