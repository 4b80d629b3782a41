//! The page on a telephone that shows a rotating pass, and what it shows.
//!
//! Its address carries the pass and its secret behind the `#`, so that no server on the way and no log ever has them; the page posts
//! them here and gets the codes of the next twenty minutes, so that it goes on where there is no network, at a gate in a
//! tunnel. The hub keeps nothing. See [`crate::credential::turn`].

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::Html;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use maud::html;
use qrcode::{EcLevel, QrCode};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::pages::turning_page;
use super::passes::Issued;
use super::reply::Refusal;
use super::state::{Error, Hub};
use crate::base::Pii;
use crate::credential::turn::{self, Secret, WINDOW_SECONDS};
use crate::credential::{Claims, hub_pass};

/// Where the page is.
pub const PATH: &str = "/turn";
/// Where it gets its codes.
pub const CODES: &str = "/turn/codes";
/// How many codes it gets at once: twenty minutes.
const AT_ONCE: u32 = 40;
/// Telephones that are served at once; the others ask again.
static ROOM: Semaphore = Semaphore::const_new(4);
/// Longest request, in bytes.
pub const ASK_MAX: usize = 1 << 10;

/// What a telephone has; nothing prints it.
#[derive(Deserialize)]
pub struct Ask {
    /// The pass: its bytes, base64url.
    pass: String,
    /// What its codes are made of, base64url.
    secret: String,
}

/// What it gets.
#[derive(Serialize)]
pub struct Codes {
    /// What time it is here, in milliseconds since 1970: the telephone's clock may be wrong.
    now: i64,
    /// Until when the pass is valid.
    expires: i64,
    /// The holder's name, masked, or the vehicle's plate.
    label: Option<String>,
    /// The codes, in the order of their windows.
    codes: Vec<Code>,
}

/// A code and when it is shown.
#[derive(Serialize)]
struct Code {
    from: i64,
    until: i64,
    /// Modules along a side.
    size: usize,
    /// The modules row by row, a bit each, dark ones set; base64.
    modules: String,
}

/// The part of the address of the page on a telephone that shows `pass`, behind the hub's own; none of a pass that does not
/// turn.
pub fn link(pass: &Issued) -> Option<Pii<String>> {
    let secret = pass.secret.as_ref()?;
    // Its bytes, so that the symbol of the whole address stays readable on a screen across the desk.
    let bytes = base45::decode(pass.text.strip_prefix(hub_pass::PREFIX)?).ok()?;
    let [bytes, secret] = [&bytes[..], &secret.0[..]].map(|part| BASE64URL_NOPAD.encode(part));
    Some(Pii::new(format!("{PATH}#{bytes}.{secret}")))
}

/// The page. Nobody has to sign in for it, and without what is behind the `#` it shows nothing.
pub async fn page() -> Html<String> {
    turning_page(&html! {
        section.turn data-codes=(CODES) aria-live="polite" {
            p.label {}
            div.code { svg role="img" aria-label="通行码 pass code" {} }
            p.left { meter min="0" max=(WINDOW_SECONDS) {} }
            p.notice role="alert" hidden {}
            p.hint { "每 30 秒更换，截图无效。请调亮屏幕。"
                small lang="en" { "It changes every 30 seconds: a picture of it is no good. Turn the screen bright." } }
        }
    })
}

/// The next codes of a pass.
pub async fn codes(
    State(hub): State<Arc<Hub>>,
    ask: Result<Json<Ask>, JsonRejection>,
) -> Result<Json<Codes>, Refusal> {
    let Json(ask) = ask.map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "body", error.body_text()))?;
    let _room = ROOM.try_acquire().map_err(|_| Error::Busy)?;
    let (now, public) = (hub.now(), hub.keys().pass_key().0);
    // Twenty thousand hashes at the most, and forty symbols: off the threads that serve everybody.
    let made = tokio::task::spawn_blocking(move || make(&ask, &public, now));
    let made = made.await.map_err(|error| Error::Failed(error.to_string()))?;
    let refused =
        || Refusal::new(StatusCode::FORBIDDEN, "pass", "no rotating pass of this hub, or another secret");
    made.map(Json).ok_or_else(refused)
}

fn make(ask: &Ask, public: &[u8; 32], now: crate::base::Wall) -> Option<Codes> {
    let bytes = BASE64URL_NOPAD.decode(ask.pass.as_bytes()).ok()?;
    let pass = format!("{}{}", hub_pass::PREFIX, base45::encode(bytes));
    let claims = hub_pass::own(&pass, public)?;
    let windows = turn::count(claims.not_before, claims.expires)?;
    let secret = BASE64URL_NOPAD.decode(ask.secret.as_bytes()).ok()?;
    let secret = Secret(secret.try_into().ok()?);
    (secret.anchor(&claims.pass, windows) == claims.anchor?).then_some(())?;
    let first = turn::window(now, claims.not_before).unwrap_or(0).min(windows);
    let shown = first..windows.min(first + AT_ONCE);
    let code = |window| {
        let text = hub_pass::turned(&pass, &secret.turn(&claims.pass, (window, windows))?)?;
        let from = claims.not_before.0 + i64::from(window) * WINDOW_SECONDS * 1_000;
        draw(&text, (from, from + WINDOW_SECONDS * 1_000))
    };
    let codes = shown.map(code).collect::<Option<_>>()?;
    Some(Codes { now: now.0, expires: claims.expires.0, label: label(&claims), codes })
}

/// For the holder's own telephone, which has the pass that says it.
fn label(claims: &Claims) -> Option<String> {
    claims.plate.as_ref().or(claims.name.as_ref()).map(|label| label.expose().clone())
}

fn draw(text: &str, (from, until): (i64, i64)) -> Option<Code> {
    let symbol = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let mut bits = vec![0_u8; symbol.width().pow(2).div_ceil(8)];
    for (at, color) in symbol.to_colors().into_iter().enumerate() {
        if color == qrcode::Color::Dark {
            bits[at / 8] |= 0x80 >> (at % 8);
        }
    }
    Some(Code { from, until, size: symbol.width(), modules: BASE64.encode(&bits) })
}
