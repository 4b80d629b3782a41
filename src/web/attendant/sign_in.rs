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
use zeroize::Zeroizing;

use super::bar::post;
use super::{SignedIn, shift};
use crate::base::AttendantId;
use crate::config::badge::Badge;
use crate::control::{Act, Practice};
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
    names_page(&shared, turn.from, None, &headers)
}

/// Names to choose from, and a field that waits for a badge: a reader types into it and ends with Enter.
fn names_page(shared: &Shared, from: usize, message: Option<Markup>, headers: &HeaderMap) -> Markup {
    let all = &shared.handle.attendants;
    let from = if from < all.len() { from } else { 0 };
    let next = if from + NAMES < all.len() { from + NAMES } else { 0 };
    let content = html! {
        main.choices.names {
            header {
                h1 { (words("值守人员登录", "Attendant sign-in")) }
                p { (shared.status().title) }
                @if all.iter().any(|attendant| attendant.badge.is_some()) {
                    form.badge method="post" action="/attendant/badge" autocomplete="off" {
                        input type="password" name="badge" maxlength="64" required autofocus
                            autocomplete="off" placeholder="刷工作证 Badge" aria-label="刷工作证 Badge";
                    }
                }
                @if let Some(message) = message { p.message role="alert" { (symbol::ATTENTION) span { (message) } } }
                @if all.is_empty() { p.message { (words("还没有登记值守人员", "No attendants are configured")) } }
            }
            @for (index, attendant) in all.iter().skip(from).take(NAMES).enumerate() {
                div.place.{ "at-" (index + 1) } {
                    a.act data-key={ "F" (index + 1) } href={ "/attendant/sign-in/" (attendant.id) } {
                        kbd { "F" (index + 1) } (symbol::ATTENDANT) span.label { b { (attendant.name) } (post(attendant)) }
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
    page::page(&frame("dialog", headers), &content)
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
    enter(&shared, attendant, &headers).await
}

/// `POST /attendant/badge`: what a code reader that types like a keyboard read off a badge.
pub async fn badge(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Form(mut fields): Form<BTreeMap<String, String>>,
) -> Response {
    let text = Zeroizing::new(fields.remove("badge").unwrap_or_default());
    let said = |status: StatusCode, message: Markup| {
        (status, names_page(&shared, 0, Some(message), &headers)).into_response()
    };
    if let Err(left) = shared.sessions.try_badge(Instant::now()) {
        let minutes = left.as_secs().div_ceil(60);
        tracing::warn!(minutes, "too many badges that nobody has");
        let wait = html! {
            b lang="zh" { "试错太多，请等 " (minutes) " 分钟，或用密码登录" }
            " " span lang="en" { "Too many wrong badges: wait " (minutes) " min, or use a PIN" }
        };
        return said(StatusCode::TOO_MANY_REQUESTS, wait);
    }
    let hash = Badge::parse(&text).map(|badge| badge.hash());
    let whose = |attendant: &&Attendant| hash.is_some() && attendant.badge == hash;
    let Some(attendant) = shared.handle.attendants.iter().find(whose) else {
        tracing::warn!("a badge that nobody has");
        return said(StatusCode::FORBIDDEN, html! { (words("没有这个工作证", "Nobody has this badge")) });
    };
    shared.sessions.right_badge();
    tracing::info!(attendant = %attendant.id, "signs in by badge");
    enter(&shared, attendant, &headers).await
}

/// Opens a session for whoever has shown that it is them.
async fn enter(shared: &Shared, attendant: &Attendant, headers: &HeaderMap) -> Response {
    // A second sign-in on the same browser ends the first.
    if let Some(token) = session::token(headers) {
        close(shared, &token).await;
    }
    let Some(token) = shared.sessions.open(attendant.clone(), Instant::now()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if let Some(said) = shift::taken_over(shared, &attendant.id).await {
        shared.sessions.leave(&token, said);
    }
    let (attendant, post) = (attendant.id.clone(), attendant.post.clone());
    tell(shared, Attendance { attendant, signed_in: true, post });
    ([(header::SET_COOKIE, session::set_cookie(&token))], Redirect::to("/attendant")).into_response()
}

/// `POST /attendant/sign-out`
pub async fn sign_out(State(shared): State<Arc<Shared>>, signed_in: SignedIn) -> Response {
    close(&shared, &signed_in.token).await;
    ([(header::SET_COOKIE, session::clear_cookie())], Redirect::to("/attendant/sign-in")).into_response()
}

/// Signs out; whoever practises has done so by that.
async fn close(shared: &Shared, token: &session::Token) {
    if let Some(id) = shared.sessions.close(token) {
        for practice in shared.status().practice.iter().filter(|practice| practice.by == id) {
            // Training that goes on all the same ends by itself.
            let _ = shared.ask(&practice.of, Some(&id), Act::Practice(Practice::End)).await;
        }
        tell(shared, Attendance { attendant: id, signed_in: false, post: None });
    }
}

/// Tells the daemon, which records it.
fn tell(shared: &Shared, attendance: Attendance) {
    let Attendance { attendant, signed_in, .. } = &attendance;
    tracing::info!(%attendant, signed_in, "attendance");
    if shared.handle.attendance.try_send(attendance).is_err() {
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
        corner: Some(
            html! { p.corner.name { (symbol::ATTENDANT) b { (attendant.name) } (post(attendant)) } },
        ),
        other: None,
    };
    page::page(&frame("desk-pad", headers), &pad.markup())
}

fn frame(kind: &'static str, headers: &HeaderMap) -> Frame<'static> {
    Frame { title: "值守登录", kind, theme: session::theme(headers), live: None, subject: None }
}
