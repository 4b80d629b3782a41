//! Who may see the pages: whoever showed the hub's key, for half a day.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use ring::hmac;

use super::state::Hub;
use super::turning;
use crate::base::Wall;
use crate::browser;

const COOKIE: &str = "kakou_hub";
/// What is shown to whoever asks: nothing of it is about anybody.
const OPEN: [&str; 6] = ["/sign-in", "/hub.css", "/hub.mjs", "/turn.mjs", turning::PATH, turning::CODES];
/// How long a sign-in lasts, in seconds.
const LASTS: i64 = 12 * 3_600;

/// The key that signs people in, as printed at start.
pub fn sign_in_key(hub: &Hub) -> String {
    BASE32_NOPAD.encode(&hub.keys().seed("sign-in")[..16]).to_ascii_lowercase()
}

/// Lets a request through that is signed in and, if it changes anything, comes from our own page.
pub async fn check(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    let mut response = judged(&hub, request, next).await;
    browser::protect(response.headers_mut());
    response
}

async fn judged(hub: &Hub, request: Request, next: Next) -> Response {
    if !browser::may_ask(request.method(), request.headers()) {
        return (StatusCode::FORBIDDEN, "posts are taken from the hub's own pages only").into_response();
    }
    if let Some(key) = request.uri().query().and_then(|query| query.strip_prefix("key=")) {
        return sign_in(hub, key, request.uri().path())
            .unwrap_or_else(|| super::pages::sign_in(StatusCode::FORBIDDEN));
    }
    let open = OPEN.contains(&request.uri().path());
    if open || is_signed_in(hub, request.headers()) {
        return next.run(request).await;
    }
    super::pages::sign_in(StatusCode::UNAUTHORIZED)
}

/// Signs in whoever shows the right key, and leads on to `path` without the key in the address.
pub fn sign_in(hub: &Hub, key: &str, path: &str) -> Option<Response> {
    let tag = hmac_key(hub);
    let digest = hmac::sign(&tag, sign_in_key(hub).as_bytes());
    // Comparing digests takes the same time wherever the texts differ.
    hmac::verify(&tag, key.trim().to_ascii_lowercase().as_bytes(), digest.as_ref()).ok()?;
    let until = hub.now().as_secs() + LASTS;
    let signature = hmac::sign(&tag, &until.to_be_bytes());
    let secure = if hub.certificate().is_some() { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE}={until}.{}; Path=/; HttpOnly; SameSite=Strict; Max-Age={LASTS}{secure}",
        HEXLOWER.encode(signature.as_ref())
    );
    let mut response = Redirect::to(path).into_response();
    response.headers_mut().insert(header::SET_COOKIE, HeaderValue::from_str(&cookie).ok()?);
    Some(response)
}

fn is_signed_in(hub: &Hub, headers: &HeaderMap) -> bool {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split("; "))
        .filter_map(|pair| pair.strip_prefix(COOKIE)?.strip_prefix('='))
        .any(|cookie| is_current(hub, cookie, hub.now()))
}

fn is_current(hub: &Hub, cookie: &str, now: Wall) -> bool {
    let parsed = cookie.split_once('.').and_then(|(until, signature)| {
        Some((until.parse::<i64>().ok()?, HEXLOWER.decode(signature.as_bytes()).ok()?))
    });
    parsed.is_some_and(|(until, signature)| {
        let genuine = hmac::verify(&hmac_key(hub), &until.to_be_bytes(), &signature).is_ok();
        genuine && now.as_secs() < until
    })
}

fn hmac_key(hub: &Hub) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &hub.keys().seed("session")[..])
}
