//! The subject's own keypad: an identity number instead of a phone. On an idle lane it begins a session.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::lane::{ID_TITLE, told};
use super::pad::{Kind, Pad};
use super::page::{self, Frame, not_found};
use super::shared::{Shared, lane};
use super::words::face;
use crate::base::{LaneId, Pii};
use crate::control::{Act, LaneStatus, Refused};

/// `GET /lane/{lane}/id`
pub async fn pad(State(shared): State<Arc<Shared>>, Path(id): Path<LaneId>) -> Response {
    let status = shared.status();
    match lane(&status, &id) {
        Some(lane) => show(&shared, lane, "", None).into_response(),
        None => not_found(),
    }
}

/// `POST /lane/{lane}/id`: a key, or the whole number.
pub async fn submit(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<LaneId>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let status = shared.status();
    let Some(lane) = lane(&status, &id) else { return not_found() };
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let text = match field("key") {
        "" | "enter" => Kind::IdNumber.press(field("text"), "enter"),
        key => return show(&shared, lane, &Kind::IdNumber.press(field("text"), key), None).into_response(),
    };
    match shared.ask(&id, None, Act::TypeIdNumber(Pii::new(text.clone()))).await {
        Ok(()) => Redirect::to(&format!("/lane/{id}")).into_response(),
        Err(refused) => refusal(&shared, lane, &text, &refused),
    }
}

fn refusal(shared: &Shared, lane: &LaneStatus, text: &str, refused: &Refused) -> Response {
    let (status, page) = match refused {
        Refused::BadIdNumber { .. } => {
            let said = (face::BAD_NUMBER.zh.to_owned(), face::BAD_NUMBER.en.to_owned());
            (StatusCode::UNPROCESSABLE_ENTITY, show(shared, lane, text, Some(said)))
        }
        Refused::NoSuchLane { .. }
        | Refused::NeedsAttendant
        | Refused::RoleMayNot { .. }
        | Refused::SignatureOf { .. }
        | Refused::NotNow { .. }
        | Refused::StepNotOpen { .. }
        | Refused::StepsOpen { .. }
        | Refused::WaiverNotAllowed { .. }
        | Refused::TooEarly { .. }
        | Refused::OddPlate
        | Refused::BadField { .. }
        | Refused::BadEntry { .. }
        | Refused::OutOfRange { .. }
        | Refused::CannotRecord => {
            (StatusCode::CONFLICT, told(lane, *shared.lane_theme.borrow(), face::NOT_NOW))
        }
    };
    (status, page).into_response()
}

fn show(shared: &Shared, lane: &LaneStatus, text: &str, message: Option<(String, String)>) -> maud::Markup {
    let home = format!("/lane/{}", lane.lane);
    let action = format!("{home}/id");
    let pad = Pad {
        kind: Kind::IdNumber,
        title: ID_TITLE.into(),
        action: &action,
        fields: &[],
        text,
        message,
        back: &home,
        corner: None,
        other: None,
    };
    let frame = Frame {
        title: &lane.title,
        kind: "face-pad",
        theme: *shared.lane_theme.borrow(),
        live: Some(format!("{home}/live")),
        subject: Some((lane.lane.to_string(), lane.passages, home.clone())),
    };
    page::page(&frame, &pad.markup())
}
