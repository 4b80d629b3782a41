//! The attendant's face: sign in, then one lane at a time with at most six actions in fixed places.

mod act;
mod actions;
mod bar;
mod card;
mod dialog;
mod entries;
mod inside;
mod keeping;
mod lists;
mod manifest;
mod open_items;
mod policy;
mod post;
mod practice;
mod prepared;
mod settings;
mod shift;
mod shift_sheet;
mod sign_in;
mod standing;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use tokio::time::Instant;

use self::post::{here, question};
use super::handle::Attendant;
use super::live::{self, Pictures, Regions};
use super::page::{self, Frame};
use super::session::{self, Flash, Token};
use super::shared::{Shared, lane};
use super::symbol;
use super::thermal;
use super::words::{Words, words};
use crate::base::LaneId;
use crate::control::{KioskStatus, LaneStatus};

/// The pages under `/attendant`.
pub fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/attendant", get(home))
        .route("/attendant/sign-in", get(sign_in::names))
        .route("/attendant/sign-in/{id}", get(sign_in::pad).post(sign_in::submit))
        .route("/attendant/badge", post(sign_in::badge))
        .route("/attendant/sign-out", post(sign_in::sign_out))
        .route("/attendant/more", get(settings::more))
        .route("/attendant/screens", get(settings::screens))
        .route("/attendant/theme", post(settings::set_theme))
        .route("/attendant/recent", get(lists::recent).post(lists::search))
        .route("/attendant/lists", get(inside::choose))
        .route("/attendant/inside", get(inside::inside))
        .route("/attendant/open", get(inside::open_cases))
        .route("/attendant/shift", get(shift::show))
        .route("/attendant/shift/note", get(shift::note).post(shift::hand_over))
        .route("/attendant/policy", get(policy::show).post(policy::acknowledge))
        .route("/attendant/devices", get(lists::devices))
        .route("/attendant/lane/{lane}", get(show))
        .route("/attendant/lane/{lane}/live", get(events))
        .route("/attendant/lane/{lane}/thermal.bmp", get(thermal::bmp))
        .route("/attendant/lane/{lane}/do", post(act::perform))
        .route("/attendant/lane/{lane}/here", post(here))
        .route("/attendant/lane/{lane}/practice", get(practice::inputs))
        .route("/attendant/lane/{lane}/sure", post(dialog::sure))
        .route("/attendant/lane/{lane}/ways", get(dialog::ways))
        .route("/attendant/lane/{lane}/decide", get(dialog::decide))
        .route(
            "/attendant/lane/{lane}/manifest",
            get(manifest::show).post(manifest::offer).layer(DefaultBodyLimit::max(manifest::BODY_MAX)),
        )
        .route("/attendant/lane/{lane}/apart", get(dialog::apart))
        .route("/attendant/lane/{lane}/waive/{step}", get(dialog::waive))
        .route("/attendant/lane/{lane}/register", get(dialog::register))
        .route("/attendant/lane/{lane}/step/{step}", get(entries::page))
        .route("/attendant/lane/{lane}/step/{step}/area", get(entries::areas))
        .route("/attendant/lane/{lane}/step/{step}/pad/{what}", get(entries::pad).post(entries::key))
        .route("/attendant/lane/{lane}/pad/{kind}", get(dialog::pad).post(act::key))
}

/// Somebody who is signed in. A page without leads to the sign-in.
pub struct SignedIn {
    /// Who.
    pub by: Attendant,
    /// By which session.
    pub token: Token,
}

impl FromRequestParts<Arc<Shared>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Response> {
        let token = session::token(&parts.headers);
        match token.and_then(|token| Some((token, shared.sessions.touch(&token, Instant::now())?))) {
            Some((token, by)) => Ok(Self { by, token }),
            None => Err(Redirect::to("/attendant/sign-in").into_response()),
        }
    }
}

/// `GET /attendant`: the first lane.
async fn home(State(shared): State<Arc<Shared>>, _: SignedIn) -> Response {
    match shared.status().lanes.first() {
        Some(lane) => Redirect::to(&address(lane, "")).into_response(),
        None => Redirect::to("/attendant/more").into_response(),
    }
}

/// `GET /attendant/lane/{lane}`
async fn show(
    State(shared): State<Arc<Shared>>,
    signed_in: SignedIn,
    Path(id): Path<LaneId>,
    headers: HeaderMap,
) -> Response {
    let status = shared.status();
    let Some(lane) = lane(&status, &id) else { return practice::gone(&id) };
    let frame = Frame {
        title: &lane.title,
        kind: practice::kind(&status, lane),
        theme: session::theme(&headers),
        live: Some(address(lane, "/live")),
        subject: None,
    };
    let content = html! {
        @for (id, content) in regions(&shared, &status, lane, &signed_in.by) { div id=(id) { (content) } }
        @if let Some(flash) = shared.sessions.take(&signed_in.token) { (flashed(&flash)) }
    };
    page::page(&frame, &content).into_response()
}

/// `GET /attendant/lane/{lane}/live`; ends with the session.
async fn events(State(shared): State<Arc<Shared>>, headers: HeaderMap, Path(id): Path<LaneId>) -> Response {
    let token = session::token(&headers);
    let Some((token, by)) =
        token.and_then(|token| Some((token, shared.sessions.touch(&token, Instant::now())?)))
    else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let frames = shared.handle.thermals.get(&id).map(|frames| frames.subscribe());
    let pictures = frames.map_or(Pictures::None, |frames| Pictures::Array(id.clone(), frames));
    let kiosk = Arc::clone(&shared);
    let render = move |status: &KioskStatus| -> Option<Regions> {
        kiosk.sessions.is_open(&token).then_some(())?;
        Some(regions(&kiosk, status, lane(status, &id)?, &by))
    };
    live::stream(&shared, pictures, Box::new(render))
}

/// Everything that changes on a lane's page.
fn regions(shared: &Shared, status: &KioskStatus, lane: &LaneStatus, by: &Attendant) -> Regions {
    let place_time = shared.handle.place_time;
    let screened = shared.handle.thermals.contains_key(&lane.lane) && thermal::is_shown(lane);
    let thermal = html! { @if screened { (thermal::figure(lane)) } };
    vec![
        ("bar", bar::bar(status, by, place_time)),
        ("rail", card::rail(status, lane)),
        ("banners", html! { (practice::banner(status, lane)) (bar::banners(status, place_time)) }),
        ("card", card::card(status, lane, thermal)),
        ("actions", actions::panel(lane, by.role(), practice::action(shared, status, lane, by.role()))),
        ("post", question(status, lane, by.role())),
    ]
}

/// An address under a lane's page.
fn address(lane: &LaneStatus, rest: &str) -> String {
    format!("/attendant/lane/{}{rest}", lane.lane)
}

/// What became of the last act, said once.
fn flashed(flash: &Flash) -> Markup {
    html! {
        div #flash role="alert" {
            (symbol::ATTENTION)
            p { b lang="zh" { (flash.zh) } br; span lang="en" { (flash.en) } }
        }
    }
}

/// Why an act on a subject who is no longer here is not carried out.
const MOVED_ON: Words = words("对象已经换了，请再看一眼", "The lane has moved on: look again");
