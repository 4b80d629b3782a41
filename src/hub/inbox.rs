//! Commands: issued by people, fetched by kiosks that wait for them.
//!
//! `GET /v1/kiosks/{kiosk}/inbox?after=N&wait=S` answers `200` with the signed command that follows number N as soon as
//! there is one, and `204` when there is none within S seconds, at most [`WAIT_MAX`]. Like all that concerns one kiosk it
//! is answered to that kiosk only, and judged again when the answer was waited for: see `peer.rs`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use super::reply::Refusal;
use super::state::{Error, Hub};
use crate::base::{KioskId, Wall};
use crate::ledger::{NotIssued, Officer};
use crate::sync::command::What;

/// Longest time that a question waits for a command. Proxies cut what is silent for a minute.
pub const WAIT_MAX: Duration = Duration::from_secs(55);
/// Commands are issued beside this process too, by the program in a terminal.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// What a command is, to whoever asks what kind of answer this is.
const KIND: &str = "application/cose; cose-type=\"cose-sign1\"";

/// What a kiosk asks with.
#[derive(Deserialize)]
pub struct Ask {
    after: u64,
    wait: Option<u64>,
}

impl Hub {
    /// Issues a command and wakes the kiosk that waits for it; returns its number.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be reached; and, inside, why it was not issued.
    pub async fn command(
        &self,
        kiosk: KioskId,
        what: What,
        officer: Officer,
        not_after: Option<Wall>,
    ) -> Result<Result<u64, NotIssued>, Error> {
        let (now, name) = (self.now(), kiosk.clone());
        let issued =
            self.write(move |ledger| ledger.issue_command(&kiosk, &what, &officer, not_after, now)).await?;
        if let Ok(number) = &issued {
            tracing::info!(kiosk = %name, number, "command issued");
            // Nobody waits: then it is fetched with the next question.
            let _ = self.commands.send(name);
        }
        Ok(issued)
    }
}

/// Waits for a command.
pub async fn poll(
    State(hub): State<Arc<Hub>>,
    Path(kiosk): Path<String>,
    ask: Result<Query<Ask>, QueryRejection>,
) -> Result<Response, Refusal> {
    let kiosk: KioskId =
        kiosk.parse().map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "kiosk", error))?;
    let Query(Ask { after, wait }) =
        ask.map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "query", error.body_text()))?;
    let _room = hub.polls.enter(&kiosk).ok_or(Error::Busy)?;
    // Before the first look: what is issued between the two is not missed.
    let mut names = hub.commands.subscribe();
    let mut due = look(&hub, &kiosk, after).await?;
    let wait = wait.map_or(WAIT_MAX, Duration::from_secs).min(WAIT_MAX);
    if due.is_none() {
        let waited = timeout(wait, async {
            loop {
                // Either way it is time to look.
                let _ = timeout(LOOK_EVERY, named(&mut names, &kiosk)).await;
                match look(&hub, &kiosk, after).await {
                    Ok(None) => {}
                    Ok(Some(found)) => return Ok::<_, Refusal>(found),
                    // Whoever waits anyway can wait until there is less to do.
                    Err(refusal) if refusal.is_busy() => {}
                    Err(refusal) => return Err(refusal),
                }
            }
        });
        due = waited.await.ok().transpose()?;
    }
    match due {
        Some(signed) => Ok(([(header::CONTENT_TYPE, KIND)], signed).into_response()),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// Waits until a command is issued for `kiosk`, or may have been.
async fn named(names: &mut broadcast::Receiver<KioskId>, kiosk: &KioskId) {
    loop {
        match names.recv().await {
            Ok(name) if name != *kiosk => {}
            // The sender lives in the hub itself, so this cannot be closed.
            Ok(_) | Err(RecvError::Lagged(_) | RecvError::Closed) => return,
        }
    }
}

async fn look(hub: &Hub, kiosk: &KioskId, after: u64) -> Result<Option<Vec<u8>>, Refusal> {
    let name = kiosk.clone();
    let Some(due) = hub.read(move |ledger| ledger.command_after(&name, after)).await?? else {
        return Ok(None);
    };
    if !due.sent {
        let (name, number, now) = (kiosk.clone(), due.number, hub.now());
        hub.write(move |ledger| ledger.command_sent(&name, number, now)).await??;
        tracing::info!(%kiosk, number, "command handed out");
    }
    Ok(Some(due.signed))
}

impl From<NotIssued> for Refusal {
    fn from(refused: NotIssued) -> Self {
        match refused {
            NotIssued::Storage(error) => error.into(),
            NotIssued::UnknownKiosk(_) => Self::new(StatusCode::NOT_FOUND, "kiosk", refused),
            NotIssued::Revoked(_) => Self::new(StatusCode::FORBIDDEN, "kiosk", refused),
            NotIssued::TooMany | NotIssued::NoNumber | NotIssued::Text => {
                Self::new(StatusCode::BAD_REQUEST, "command", refused)
            }
        }
    }
}
