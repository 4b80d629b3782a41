//! What kiosks ask for.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use data_encoding::BASE64;

use super::inbox;
use super::peer::{self, Peer};
use super::reply::Refusal;
use super::state::Hub;
use super::{online, trust, turned_back};
use crate::base::{Epoch, KioskId, Seq};
use crate::journal::{Hash, VerifyingKey};
use crate::ledger::Refused;
use crate::sync::enrolment::{Grant, PublicKey, Request, Token};
use crate::sync::online::QUESTION_MAX;
use crate::sync::salvage;
use crate::sync::wire::{BODY_MAX, Batch, HOLE_MAX, Head, HoleClaim, NOTE_MAX};

/// Longest enrolment request, in bytes.
const ENROL_MAX: usize = 4 << 10;

pub fn router(hub: &Arc<Hub>) -> Router<Arc<Hub>> {
    let limited = |max| DefaultBodyLimit::max(max);
    Router::new()
        .route("/v1/logs/{kiosk}/{epoch}/head", get(head))
        .route("/v1/logs/{kiosk}/{epoch}/entries", post(entries).layer(limited(BODY_MAX)))
        .route("/v1/logs/{kiosk}/{epoch}/hole", post(hole).layer(limited(HOLE_MAX)))
        .route("/v1/logs/{kiosk}/{epoch}/salvage", post(salvage).layer(limited(BODY_MAX)))
        .route("/v1/logs/{kiosk}/{epoch}/end", post(end).layer(limited(NOTE_MAX)))
        .route("/v1/logs/{kiosk}/{epoch}/heartbeat", post(heartbeat).layer(limited(NOTE_MAX)))
        .route("/v1/kiosks/{kiosk}/blobs/{sha256}", super::blobs::routes())
        .route("/v1/kiosks/{kiosk}/inbox", get(inbox::poll))
        .route("/v1/kiosks/{kiosk}/turned-back", get(turned_back::poll))
        .route("/v1/kiosks/{kiosk}/trust", get(trust::poll))
        .route("/v1/kiosks/{kiosk}/trust/{version}", get(trust::piece))
        .route("/v1/kiosks/{kiosk}/online", post(online::ask).layer(limited(QUESTION_MAX)))
        // Whatever is above is about one kiosk, and for that kiosk only; whatever is below says itself who may ask.
        .route_layer(from_fn_with_state(Arc::clone(hub), peer::only_that_kiosk))
        .route("/v1/kiosks/{kiosk}/tls-key", post(peer::pin).layer(limited(NOTE_MAX)))
        .route("/v1/enrol", post(enrol).layer(limited(ENROL_MAX)))
        .route("/v1/{*rest}", axum::routing::any(unknown))
}

async fn unknown() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "path", "the hub knows no such request")
}

async fn head(
    State(hub): State<Arc<Hub>>,
    Path(path): Path<(String, String)>,
) -> Result<Json<Head>, Refusal> {
    let (kiosk, epoch) = log_of(path)?;
    let known = hub.read(move |ledger| {
        let known = ledger.key_of(&kiosk)?.is_some();
        let state =
            if known { Some((ledger.head(&kiosk, epoch)?, ledger.has_ended(&kiosk, epoch)?)) } else { None };
        Ok::<_, crate::ledger::Error>(state)
    });
    match known.await?? {
        Some((state, ended)) => Ok(Json(Head { ended, ..head_of(&hub, state) })),
        None => Err(Refusal::new(StatusCode::NOT_FOUND, "kiosk", "no such kiosk is enrolled")),
    }
}

async fn entries(
    State(hub): State<Arc<Hub>>,
    Path(path): Path<(String, String)>,
    RawQuery(query): RawQuery,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let (kiosk, epoch) = log_of(path)?;
    let from = query.as_deref().and_then(|query| query.strip_prefix("from="));
    let from = from.and_then(|text| text.parse().ok()).and_then(Seq::new);
    let from = from.ok_or_else(|| {
        Refusal::new(StatusCode::BAD_REQUEST, "from", "expected ?from=N with the number of the first record")
    })?;
    let body = body.map_err(too_large)?;
    let received = hub.now();
    let name = kiosk.clone();
    let applied = hub.write(move |ledger| {
        // Decompressed here, off the threads that serve everybody.
        let batch = Batch::decode(&body)?;
        match ledger.apply(&kiosk, epoch, from, &batch.note, &batch.entries, received) {
            Err(Refused::Gap { .. }) => Ok(Err(ledger.head(&kiosk, epoch)?)),
            Err(refused) => Err(Refusal::from(refused)),
            Ok(applied) => Ok(Ok(applied)),
        }
    });
    match applied.await? {
        Ok(Ok(applied)) => {
            tracing::debug!(kiosk = %name, next = %applied.next, new = applied.new, "batch applied");
            let state = (applied.next, applied.root, Some(applied.cosigned));
            Ok(Json(head_of(&hub, state)).into_response())
        }
        Ok(Err(state)) => Ok((StatusCode::CONFLICT, Json(head_of(&hub, state))).into_response()),
        Err(refusal) => {
            tracing::warn!(kiosk = %name, ?refusal, "batch refused");
            Err(refusal)
        }
    }
}

async fn hole(
    State(hub): State<Arc<Hub>>,
    Path(path): Path<(String, String)>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let (kiosk, epoch) = log_of(path)?;
    let claim: HoleClaim = serde_json::from_slice(&body.map_err(too_large)?)
        .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "body", error))?;
    let (received, name) = (hub.now(), kiosk.clone());
    let declared = hub.write(move |ledger| match ledger.declare_hole(&kiosk, epoch, &claim, received) {
        Err(Refused::Gap { .. }) => Ok(Err(ledger.head(&kiosk, epoch)?)),
        Err(refused) => Err(Refusal::from(refused)),
        Ok(state) => Ok(Ok(state)),
    });
    match declared.await?? {
        Ok(state) => {
            tracing::warn!(kiosk = %name, next = %state.0, "kiosk lost records");
            Ok(Json(head_of(&hub, state)).into_response())
        }
        Err(state) => Ok((StatusCode::CONFLICT, Json(head_of(&hub, state))).into_response()),
    }
}

async fn salvage(
    State(hub): State<Arc<Hub>>,
    Path(path): Path<(String, String)>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Head>, Refusal> {
    let (kiosk, epoch) = log_of(path)?;
    let body = body.map_err(too_large)?;
    let received = hub.now();
    let state = hub.write(move |ledger| {
        let (statement, records) = salvage::decode(&body)?;
        let new = ledger.salvage(&kiosk, epoch, &statement, &records, received)?;
        tracing::warn!(%kiosk, new, "records without proof taken in");
        Ok::<_, Refusal>(ledger.head(&kiosk, epoch)?)
    });
    Ok(Json(head_of(&hub, state.await??)))
}

async fn end(
    State(hub): State<Arc<Hub>>,
    Path(path): Path<(String, String)>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let (kiosk, epoch) = log_of(path)?;
    let statement = text_of(body)?;
    let (received, name) = (hub.now(), kiosk.clone());
    let ended = hub.write(move |ledger| {
        let ended = match ledger.end(&kiosk, epoch, &statement, received) {
            Err(Refused::Gap { .. }) => false,
            Err(refused) => return Err(Refusal::from(refused)),
            Ok(()) => true,
        };
        Ok((ledger.head(&kiosk, epoch)?, ended))
    });
    let (state, ended) = ended.await??;
    tracing::info!(kiosk = %name, ended, "a kiosk states the end of a log");
    let head = Head { ended, ..head_of(&hub, state) };
    let status = if ended { StatusCode::OK } else { StatusCode::CONFLICT };
    Ok((status, Json(head)).into_response())
}

async fn heartbeat(
    State(hub): State<Arc<Hub>>,
    Path(path): Path<(String, String)>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Head>, Refusal> {
    let (kiosk, epoch) = log_of(path)?;
    let note = text_of(body)?;
    let received = hub.now();
    let state = hub.write(move |ledger| ledger.heartbeat(&kiosk, epoch, &note, received)).await??;
    Ok(Json(head_of(&hub, state)))
}

async fn enrol(
    State(hub): State<Arc<Hub>>,
    peer: Option<Extension<Peer>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Grant>, Refusal> {
    let body = body.map_err(too_large)?;
    let request: Request = serde_json::from_slice(&body)
        .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "body", error))?;
    let token: Token =
        request.token.parse().map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "token", error))?;
    let now = hub.now();
    let kiosk = hub.write(move |ledger| {
        let key = VerifyingKey(request.key.0);
        // In the clear nothing proves that the kiosk holds a TLS key, and nothing asks for one.
        let tls = request.tls_key.as_deref().zip(peer.map(|Extension(Peer(key))| key));
        ledger.enrol_over_tls(&token.digest(), request.kiosk.as_ref(), key, tls, now)
    });
    let kiosk = kiosk.await??;
    tracing::info!(%kiosk, "kiosk enrolled");
    let keys = hub.keys();
    Ok(Json(Grant {
        kiosk,
        seal_key: PublicKey(keys.seal_key()),
        pass_keys: vec![PublicKey(keys.pass_key().0)],
        note_key: PublicKey(keys.note_key().0),
        command_key: Some(PublicKey(keys.command_key().0)),
    }))
}

fn head_of(hub: &Hub, (next, root, cosigned): (Seq, Hash, Option<String>)) -> Head {
    Head { next, root: BASE64.encode(&root), ended: false, cosigned, wall: hub.now().0 }
}

fn log_of((kiosk, epoch): (String, String)) -> Result<(KioskId, Epoch), Refusal> {
    let kiosk = kiosk.parse().map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "kiosk", error))?;
    let epoch = epoch.parse().map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "epoch", error))?;
    Ok((kiosk, epoch))
}

pub fn text_of(body: Result<Bytes, BytesRejection>) -> Result<String, Refusal> {
    let body = body.map_err(too_large)?;
    String::from_utf8(body.to_vec())
        .map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "body", "note is not UTF-8"))
}

pub fn too_large(rejection: BytesRejection) -> Refusal {
    let status = rejection.status();
    Refusal::new(status, "body", rejection.body_text())
}
