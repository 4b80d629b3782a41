//! Signing in with a name and a PIN, and signing out.

use std::collections::BTreeMap;
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use tokio::time::Instant;

use super::SignedIn;
use crate::base::AttendantId;
use crate::web::handle::{Attendance, Attendant};
use crate::web::pad::{Kind, Pad};
use crate::web::page::{self, Frame, labelled, not_found};
use crate::web::session;
use crate::web::shared::Shared;
use crate::web::symbol;
use crate::web::words::words;

/// Names on one page; the sixth place turns to the next.
const NAMES: usize = 5;

/// Which names.
#[derive(Deserialize)]
pub struct Turn {
    #[serde(default)]
    from: usize,
}

/// `GET /attendant/sign-in`: who are you?
pub async fn names(
    State(shared): State<Arc<Shared>>,
    Query(turn): Query<Turn>,
    headers: HeaderMap,
) -> Markup {
    let all = &shared.handle.attendants;
    let from = if turn.from < all.len() { turn.from } else { 0 };
    let next = if from + NAMES < all.len() { from + NAMES } else { 0 };
    let content = html! {
        main.choices.names {
            header {
                h1 { (words("值守人员登录", "Attendant sign-in")) }
                p { (shared.status().title) }
                @if all.is_empty() { p.message { (words("还没有登记值守人员", "No attendants are configured")) } }
            }
            @for (index, attendant) in all.iter().skip(from).take(NAMES).enumerate() {
                div.place.{ "at-" (index + 1) } {
                    a.act data-key={ "F" (index + 1) } href={ "/attendant/sign-in/" (attendant.id) } {
                        kbd { "F" (index + 1) } (symbol::ATTENDANT) span.label { b { (attendant.name) } }
                    }
                }
            }
            @if all.len() > NAMES {
                div.place.at-6 {
                    a.act data-key="F6" href={ "/attendant/sign-in?from=" (next) } {
                        kbd { "F6" } (labelled(symbol::MORE, words("更多", "More")))
                    }
                }
            }
        }
    };
    page::page(&frame("dialog", &headers), &content)
}

/// `GET /attendant/sign-in/{id}`
pub async fn pad(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<AttendantId>,
    headers: HeaderMap,
) -> Response {
    match attendant(&shared, &id) {
        Some(attendant) => pin_page(attendant, "", None, &headers).into_response(),
        None => not_found(),
    }
}

/// `POST /attendant/sign-in/{id}`: a key, or the whole PIN.
pub async fn submit(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<AttendantId>,
    headers: HeaderMap,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Response {
    let Some(attendant) = attendant(&shared, &id) else { return not_found() };
    let text = fields.get("text").map(String::as_str).unwrap_or_default();
    match fields.get("key").map(String::as_str) {
        None | Some("" | "enter") => {}
        Some(key) => return pin_page(attendant, &Kind::Pin.press(text, key), None, &headers).into_response(),
    }
    if let Err(left) = shared.sessions.try_pin(&id, Instant::now()) {
        let minutes = left.as_secs().div_ceil(60);
        tracing::warn!(attendant = %id, minutes, "too many wrong PINs");
        let said = (
            &*format!("试错太多，请等 {minutes} 分钟，或由其他值守人员登录"),
            &*format!("Too many wrong PINs: wait {minutes} min, or somebody else signs in"),
        );
        return (StatusCode::TOO_MANY_REQUESTS, pin_page(attendant, "", Some(said), &headers))
            .into_response();
    }
    let right = is_right(&shared, attendant, text.to_owned()).await;
    if right {
        shared.sessions.right(&id);
    } else {
        tracing::warn!(attendant = %id, "wrong PIN");
        let said = ("密码不对", "Wrong PIN");
        return (StatusCode::FORBIDDEN, pin_page(attendant, "", Some(said), &headers)).into_response();
    }
    // A second sign-in on the same browser ends the first.
    if let Some(token) = session::token(&headers) {
        close(&shared, &token).await;
    }
    let Some(token) = shared.sessions.open(attendant.clone(), Instant::now()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    tell(&shared, id, true).await;
    ([(header::SET_COOKIE, session::set_cookie(&token))], Redirect::to("/attendant")).into_response()
}

/// `POST /attendant/sign-out`
pub async fn sign_out(State(shared): State<Arc<Shared>>, signed_in: SignedIn) -> Response {
    close(&shared, &signed_in.token).await;
    ([(header::SET_COOKIE, session::clear_cookie())], Redirect::to("/attendant/sign-in")).into_response()
}

async fn close(shared: &Shared, token: &session::Token) {
    if let Some(id) = shared.sessions.close(token) {
        tell(shared, id, false).await;
    }
}

/// Tells the daemon, which records it.
async fn tell(shared: &Shared, attendant: AttendantId, signed_in: bool) {
    tracing::info!(%attendant, signed_in, "attendance");
    if shared.handle.attendance.try_send(Attendance { attendant, signed_in }).is_err() {
        tracing::warn!("attendance could not be recorded");
    }
}

fn attendant<'a>(shared: &'a Shared, id: &AttendantId) -> Option<&'a Attendant> {
    shared.handle.attendants.iter().find(|attendant| attendant.id == *id)
}

/// Whether `pin` is the attendant's. Takes tens of milliseconds and megabytes on purpose, one at a time.
async fn is_right(shared: &Shared, attendant: &Attendant, pin: String) -> bool {
    let Ok(_permit) = shared.pin_checks.acquire().await else { return false };
    let stored = attendant.pin.clone();
    let check = move || {
        let Ok(hash) = PasswordHash::new(&stored) else { return false };
        Argon2::default().verify_password(pin.as_bytes(), &hash).is_ok()
    };
    tokio::task::spawn_blocking(check).await.unwrap_or(false)
}

fn pin_page(attendant: &Attendant, text: &str, message: Option<(&str, &str)>, headers: &HeaderMap) -> Markup {
    let action = format!("/attendant/sign-in/{}", attendant.id);
    let pad = Pad {
        kind: Kind::Pin,
        title: words("请输入密码", "Type your PIN").into(),
        action: &action,
        fields: &[],
        text,
        message: message.map(|(zh, en)| (zh.to_owned(), en.to_owned())),
        back: "/attendant/sign-in",
        corner: Some(html! { p.corner.name { (symbol::ATTENDANT) b { (attendant.name) } } }),
        other: None,
    };
    page::page(&frame("desk-pad", headers), &pad.markup())
}

fn frame(kind: &'static str, headers: &HeaderMap) -> Frame<'static> {
    Frame { title: "值守登录", kind, theme: session::theme(headers), live: None, subject: None }
}
