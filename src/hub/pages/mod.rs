//! The pages that people see: whole without scripts, live with them.

mod access;
mod carry;
mod chart;
mod commands;
mod counts;
mod export;
mod frame;
mod holes;
mod kiosks;
mod leaks;
mod open_items;
mod overview;
mod passes;
mod picture;
mod record;
mod revoke;
mod screening;
mod search;
mod tallies;
mod thermometers;
mod trust;
mod urgent;
mod when;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Router, middleware};
use serde::Deserialize;

pub use frame::{sign_in, turning as turning_page};
pub use overview::gates;

use super::state::{Error, Hub};
use super::{session, turning};
use frame::failure;

const STYLE: &str = include_str!("../assets/hub.css");
const SCRIPT: &str = include_str!("../assets/hub.mjs");
const TURN_SCRIPT: &str = include_str!("../assets/turn.mjs");

pub fn router(hub: &Arc<Hub>) -> Router<Arc<Hub>> {
    let file = |kind: &'static str, content: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind)], content) })
    };
    Router::new()
        .route("/", get(overview::page))
        .route("/live", get(super::live::gates))
        .route("/ledger", get(search::page).post(search::search))
        .route("/ledger.csv", get(export::public).post(export::personal))
        .route("/records/{kiosk}/{epoch}/{seq}", get(record::page).post(record::disclose))
        .route("/records/{kiosk}/{epoch}/{seq}/erase", post(record::erase))
        .route("/tallies", get(tallies::page))
        .route("/alarms", get(urgent::page))
        .route("/alarms/{alarm}", get(urgent::one).post(urgent::acknowledge))
        .route("/passes", get(passes::page).post(passes::issue_pass))
        .route("/kiosks", get(kiosks::page).post(kiosks::make_token))
        .route("/kiosks/{kiosk}", get(commands::page).post(commands::issue))
        .route("/kiosks/{kiosk}/revoke", get(revoke::page).post(revoke::revoke))
        .route("/carry", get(carry::page).post(carry::take).layer(DefaultBodyLimit::max(carry::UPLOAD_MAX)))
        .route("/carry/{kiosk}", get(carry::receipt))
        .route("/access", get(access::page))
        .route("/sign-in", get(sign_in_page).post(sign_in_form))
        .route("/hub.css", file("text/css; charset=utf-8", STYLE))
        .route("/hub.mjs", file("text/javascript; charset=utf-8", SCRIPT))
        .route(turning::PATH, get(turning::page))
        .route(turning::CODES, post(turning::codes).layer(DefaultBodyLimit::max(turning::ASK_MAX)))
        .route("/turn.mjs", file("text/javascript; charset=utf-8", TURN_SCRIPT))
        .fallback(async || failure(StatusCode::NOT_FOUND, "没有这一页", "There is no such page."))
        .layer(middleware::from_fn_with_state(Arc::clone(hub), session::check))
}

async fn sign_in_page() -> Response {
    sign_in(StatusCode::OK)
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

async fn sign_in_form(State(hub): State<Arc<Hub>>, Form(Key { key }): Form<Key>) -> Response {
    session::sign_in(&hub, &key, "/").unwrap_or_else(|| sign_in(StatusCode::FORBIDDEN))
}

/// A page, or why there is none.
type Answer = Result<Html<String>, Failed>;

/// Why a page cannot be shown.
struct Failed(Error);

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        tracing::error!(error = %self.0, "page cannot be shown");
        failure(StatusCode::SERVICE_UNAVAILABLE, "台账暂时无法读取", "The ledger cannot be read just now.")
    }
}
