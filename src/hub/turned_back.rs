//! What kiosks are told of turn-backs at other kiosks, as soon as the hub knows: see [`crate::sync::turned_back`].

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::time::timeout;

use super::inbox::WAIT_MAX;
use super::reply::Refusal;
use super::state::{Error, Hub};
use crate::base::KioskId;
use crate::sync::turned_back::{LookBack, Page, SHOWN_MAX};

/// Least time between two looks for one kiosk: at a busy hub news come many in a second.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a kiosk asks with.
#[derive(Deserialize)]
pub struct Ask {
    after: u64,
    within: u64,
    passes: Option<u64>,
    wait: Option<u64>,
}

/// Waits for news.
pub async fn poll(
    State(hub): State<Arc<Hub>>,
    Path(kiosk): Path<String>,
    ask: Result<Query<Ask>, QueryRejection>,
) -> Result<Response, Refusal> {
    let kiosk: KioskId =
        kiosk.parse().map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "kiosk", error))?;
    let Query(Ask { after, within, passes, wait }) =
        ask.map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "query", error.body_text()))?;
    let look = LookBack {
        turn_backs: Duration::from_hours(within.min(u64::from(u16::MAX))),
        passes: Duration::from_secs(passes.unwrap_or(0)).min(SHOWN_MAX),
    };
    let _room = hub.listeners.enter(&kiosk).ok_or(Error::Busy)?;
    // Before the first look: what is told between the two is not missed.
    let mut newest = hub.told();
    newest.mark_unchanged();
    let mut page = look_for(&hub, &kiosk, after, look).await?;
    if page.is_none() {
        let waited = timeout(wait.map_or(WAIT_MAX, Duration::from_secs).min(WAIT_MAX), async {
            loop {
                // The sender lives in the hub itself, so this cannot be closed.
                let _ = newest.changed().await;
                match look_for(&hub, &kiosk, after, look).await {
                    Ok(None) => {}
                    Ok(Some(page)) => return Ok::<_, Refusal>(page),
                    // Whoever waits anyway can wait until there is less to do.
                    Err(refusal) if refusal.is_busy() => {}
                    Err(refusal) => return Err(refusal),
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
        page = waited.await.ok().transpose()?;
    }
    match page {
        Some(page) => Ok(([(header::CONTENT_TYPE, "application/cbor")], page.encode()).into_response()),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

async fn look_for(hub: &Hub, kiosk: &KioskId, after: u64, look: LookBack) -> Result<Option<Page>, Refusal> {
    let (name, now) = (kiosk.clone(), hub.now());
    let told = hub.read(move |ledger| {
        let known = ledger.key_of(&name)?.is_some();
        known.then(|| ledger.told_after(&name, after, look, now)).transpose()
    });
    told.await??.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "kiosk", "no such kiosk is enrolled"))
}
