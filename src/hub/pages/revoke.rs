//! Taking a kiosk's rights away: who does it and why, then it is done.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;

use super::super::state::Hub;
use super::Failed;
use super::frame::{self, failure, two};
use crate::base::KioskId;
use crate::ledger::Officer;

/// Who revokes it, and why.
#[derive(Deserialize)]
pub struct Ask {
    officer: String,
    reason: String,
}

pub async fn page(State(hub): State<Arc<Hub>>, Path(kiosk): Path<String>) -> Result<Response, Failed> {
    let Some(kiosk) = enrolled(&hub, &kiosk).await? else { return Ok(missing()) };
    let max = Officer::LENGTH_MAX;
    let content = html! {
        p.crumbs { a href="/kiosks" { (two(("终端", "Kiosks"))) } " / " b { (kiosk) } }
        form.card.narrow method="post" {
            p { "吊销后，该终端立即不能再与本中心联系，已收的记录保留，未发的记录留在终端上。"
                small lang="en" { "From then on the hub answers this kiosk no more. Records that are here stay; what was not sent stays on the kiosk." } }
            p.hint { "闸口照常工作。取回终端后，用新令牌重新登记即可恢复。"
                small lang="en" { "Its lanes go on working. With the kiosk back in hand, a new token lets it in again." } }
            label { (two(("经办人", "officer"))) input name="officer" required minlength="2" maxlength=(max) autocomplete="off"; }
            label { (two(("事由", "reason"))) input name="reason" required minlength="2" maxlength=(max) autocomplete="off"; }
            button { (two(("吊销", "Revoke"))) }
        }
    };
    Ok(frame::page("/kiosks", ("吊销终端", "Revoke a kiosk"), &content).into_response())
}

pub async fn revoke(
    State(hub): State<Arc<Hub>>,
    Path(kiosk): Path<String>,
    Form(ask): Form<Ask>,
) -> Result<Response, Failed> {
    let Some(kiosk) = enrolled(&hub, &kiosk).await? else { return Ok(missing()) };
    let Some(officer) = Officer::new(&ask.officer, &ask.reason) else {
        let english = "A kiosk is revoked by a named officer with a reason.";
        return Ok(failure(StatusCode::BAD_REQUEST, "须写明经办人与事由", english));
    };
    let (now, name) = (hub.now(), kiosk.clone());
    let revoked = hub.write(move |ledger| ledger.revoke(&kiosk, &officer, now)).await??;
    tracing::warn!(kiosk = %name, revoked, "kiosk revoked at the hub");
    Ok(Redirect::to("/kiosks").into_response())
}

async fn enrolled(hub: &Hub, kiosk: &str) -> Result<Option<KioskId>, Failed> {
    let Ok(kiosk) = kiosk.parse::<KioskId>() else { return Ok(None) };
    let name = kiosk.clone();
    let known = hub.read(move |ledger| ledger.key_of(&name)).await??;
    Ok(known.map(|_| kiosk))
}

fn missing() -> Response {
    failure(StatusCode::NOT_FOUND, "没有登记该终端", "No such kiosk is enrolled.")
}
