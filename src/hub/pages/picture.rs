//! The picture that belongs to a record: whether it is here, and, for an officer with a reason, the picture itself.
//!
//! It is opened for the one page that was asked for, which holds it and which no browser keeps: there is no address of a
//! picture that could be asked for again.

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use data_encoding::BASE64;
use maud::{Markup, html};

use super::super::state::{Error, Hub};
use super::frame::two;
use crate::journal::{Seal, picture};
use crate::ledger::Record;
use crate::model::{Body, Personal, Picture};
use crate::sync::blobs::intake::Held;
use crate::sync::blobs::store::Unread;

/// What of a record's picture can be shown.
pub enum Seen {
    /// The record names none.
    None,
    /// It has not arrived. It may never: the kiosk lost it, or was lost.
    NotHere,
    /// It is here, sealed.
    Held(u32),
    /// Its record is erased.
    Erased,
    /// It is here, and is not what its record says.
    Damaged,
    /// It is here, and its key is not to be had.
    Closed,
    /// The picture, as a BMP file.
    Open(Vec<u8>),
}

/// Only what the program's own encoder makes is handed to a browser.
const BMP: &[u8] = b"BM";

/// Whether a record's picture is here.
///
/// # Errors
///
/// When the hub's files cannot be looked at.
pub async fn look(hub: &Hub, record: &Record) -> Result<Seen, Error> {
    let Some(Picture { sha256, length }) = named(record) else { return Ok(Seen::None) };
    match record.stored.seal {
        Seal::Boxed { .. } => {}
        Seal::None | Seal::Erased { .. } => return Ok(Seen::Erased),
    }
    Ok(match hub.blob_held(record.id.kiosk.clone(), sha256, length).await? {
        Held::Whole(length) => Seen::Held(length),
        Held::Part(_) => Seen::NotHere,
    })
}

/// Opens a record's picture with what its personal part says. The access is on record already.
///
/// # Errors
///
/// As [`look`].
pub async fn open(hub: &Hub, record: &Record, personal: Option<&Personal>) -> Result<Seen, Error> {
    let held = look(hub, record).await?;
    let (Seen::Held(_), Some(Picture { sha256, .. })) = (&held, named(record)) else { return Ok(held) };
    let Some(key) = personal.and_then(|personal| personal.picture.as_ref()) else { return Ok(Seen::Closed) };
    Ok(match hub.load_blob(record.id.kiosk.clone(), sha256).await? {
        Ok(bytes) => match picture::open(key.expose(), &bytes) {
            Ok(plain) if plain.starts_with(BMP) => Seen::Open(plain),
            Ok(_) | Err(_) => Seen::Damaged,
        },
        Err(Unread::Missing) => Seen::NotHere,
        Err(Unread::Damaged) => Seen::Damaged,
        Err(Unread::Io(error)) => return Err(Error::Failed(error.to_string())),
    })
}

fn named(record: &Record) -> Option<Picture> {
    match record.entry.as_ref().map(|entry| &entry.body) {
        Some(Body::Passage(passage)) => passage.picture,
        Some(_) | None => None,
    }
}

/// What is said of it among a record's facts.
pub fn fact(seen: &Seen) -> Markup {
    let said = match seen {
        Seen::None => return html! {},
        Seen::NotHere => ("未收到，或已在终端丢失", "not received, or lost at the kiosk"),
        Seen::Held(_) | Seen::Open(_) => ("已收到，加密保存", "received, kept sealed"),
        Seen::Erased => ("已销毁", "erased"),
        Seen::Damaged => ("已损坏，与记录不符", "damaged: not what the record says"),
        Seen::Closed => ("已收到，本中心无法打开", "received; does not open at this hub"),
    };
    html! {
        dt { (two(("现场画面", "picture"))) }
        dd { (two(said)) @if let Seen::Held(bytes) = seen { " · " (bytes.div_ceil(1_024)) " KB" } }
    }
}

/// The picture among the personal data that were asked for.
pub fn shown(seen: &Seen) -> Markup {
    html! {
        @if let Seen::Open(bmp) = seen {
            figure.picture {
                img src={ "data:image/bmp;base64," (BASE64.encode(bmp)) } alt="现场画面 picture taken at the verdict";
                figcaption { (two(("判定时的现场画面，与记录中的哈希一致", "taken at the verdict; it has the hash that the record states"))) }
            }
        }
    }
}

/// The page, with leave to show the picture that it holds, and none to keep it.
pub fn whole(page: Html<String>, seen: &Seen) -> Response {
    let mut response = page.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Seen::Open(_) = seen {
        let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    response
}
