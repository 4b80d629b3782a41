//! The frame around every page, and the front page that leads to the faces.

use std::sync::Arc;

use axum::extract::State;
use maud::{DOCTYPE, Markup, html};

use super::assets;
use super::shared::Shared;

/// A whole page.
pub fn page(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="zh" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href=(assets::address("kakou.css"));
                script type="module" src=(assets::address("kakou.mjs")) {}
            }
            body { (content) }
        }
    }
}

/// `GET /`: which face?
pub async fn index(State(shared): State<Arc<Shared>>) -> Markup {
    let status = Arc::clone(&shared.handle.status.borrow());
    page(
        &status.title,
        &html! {
            h1 { (status.title) }
            ul {
                @for lane in &status.lanes {
                    li { a href={ "/lane/" (lane.lane) } { (lane.title) } }
                }
                li { a href="/attendant" { "值守 Attendant" } }
            }
        },
    )
}
