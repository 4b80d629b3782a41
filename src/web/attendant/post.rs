//! Whether somebody is still at the post: the question, and its one big button.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::{SignedIn, address};
use crate::base::LaneId;
use crate::control::{KioskStatus, LaneStatus, PostStatus};
use crate::model::Role;
use crate::web::page::{labelled, not_found};
use crate::web::shared::{Shared, lane};
use crate::web::symbol;
use crate::web::words::words;

/// The question, while it is asked; it lies over what is shown of the subject and over no action. Whoever only looks on is
/// not asked.
pub fn question(status: &KioskStatus, lane: &LaneStatus, role: Role) -> Markup {
    html! {
        @if status.post != PostStatus::Quiet && role.staffs() {
            form.still-here method="post" action=(address(lane, "/here")) {
                button.act type="submit" data-key="F7" {
                    kbd { "F7" } (labelled(symbol::ATTENDANT, words("我在岗", "I am here")))
                }
            }
        }
    }
}

/// `POST /attendant/lane/{lane}/here`
pub async fn here(
    State(shared): State<Arc<Shared>>,
    signed_in: SignedIn,
    Path(id): Path<LaneId>,
) -> Response {
    let status = shared.status();
    let Some(lane) = lane(&status, &id) else { return not_found() };
    if signed_in.by.role().staffs() {
        shared.here();
    }
    Redirect::to(&address(lane, "")).into_response()
}
