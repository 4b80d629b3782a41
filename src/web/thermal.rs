//! What a lane's thermal array sees, for the attendant, while somebody is screened and at no other time.
//!
//! The newest frame wins: it is encoded when a page asks for it, and nothing is kept while no page is open. A picture is
//! never stored and never logged, and only whoever is signed in gets it. Where nothing is measured the page says why.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use tokio::sync::watch;

use super::handle::Thermal;
use super::session;
use super::shared::{Shared, lane};
use super::words::{desk, words};
use crate::base::LaneId;
use crate::control::LaneStatus;
use crate::model::NotMeasured;
use crate::thermometry::array::{Limits, find, picture, reading};

/// The frames of the lanes that have an array. Nothing is put in while nobody has subscribed.
pub type Thermals = BTreeMap<LaneId, watch::Sender<Option<Thermal>>>;

/// Whether somebody is screened at `lane`.
pub fn is_shown(lane: &LaneStatus) -> bool {
    lane.guidance.is_some()
}

/// `GET /attendant/lane/{lane}/thermal.bmp`. Pictures that fetch themselves are no sign that anybody is there.
pub async fn bmp(State(shared): State<Arc<Shared>>, Path(id): Path<LaneId>, headers: HeaderMap) -> Response {
    if !session::token(&headers).is_some_and(|token| shared.sessions.is_open(&token)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let shown = lane(&shared.status(), &id).is_some_and(is_shown);
    let seen = shared.handle.thermals.get(&id).and_then(|frames| *frames.borrow());
    match seen.map(|seen| seen.frame) {
        Some(Ok(frame)) if shown => {
            let file = picture::bmp(&frame, &find(&frame, &Limits::of(frame.width())));
            ([(header::CONTENT_TYPE, "image/bmp")], file).into_response()
        }
        Some(_) | None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What a page is told of a new frame: its number, whether there is a picture, and why nothing is measured.
pub fn event(seen: &Thermal) -> serde_json::Value {
    let why = reading(&seen.frame).err();
    let why = why.map(|unseen| desk::not_measured(unseen.why().unwrap_or(NotMeasured::NobodyThere)));
    let said = html! { @if let Some(why) = why { (why) } }.into_string();
    serde_json::json!({ "n": seen.at.as_millis(), "shown": seen.frame.is_ok(), "said": said })
}

/// The picture, why nothing is measured, and what the colours mean.
pub fn figure(lane: &LaneStatus) -> Markup {
    html! {
        figure.thermal {
            img #thermal data-lane=(lane.lane) src={ "/attendant/lane/" (lane.lane) "/thermal.bmp" } alt="";
            figcaption {
                p #thermal-said.said role="status" {}
                (legend())
            }
        }
    }
}

fn legend() -> Markup {
    let colour = |[red, green, blue]: [u8; 3]| format!("#{red:02x}{green:02x}{blue:02x}");
    let last = picture::SCALE_COLOURS.len() - 1;
    let degrees = (picture::COLDEST_C..=picture::HOTTEST_C).step_by(4);
    html! {
        div.legend {
            svg.scale viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
                linearGradient #heat {
                    @for (index, stop) in picture::SCALE_COLOURS.into_iter().enumerate() {
                        stop offset={ (index * 100 / last) "%" } stop-color=(colour(stop)) {}
                    }
                }
                rect width="100" height="10" fill="url(#heat)" {}
            }
            p.degrees { @for celsius in degrees { span { (celsius) @if celsius == picture::HOTTEST_C { " °C" } } } }
            p.sign {
                svg.hotter viewBox="0 0 10 10" aria-hidden="true" { rect width="10" height="10" fill=(colour(picture::HOTTER_COLOUR)) {} }
                (words("比皮肤热", "Over 43 °C"))
            }
            p.sign {
                svg.cross viewBox="0 0 10 10" aria-hidden="true" {
                    rect width="10" height="10" fill="#000" {} path d="M5 1V9M1 5H9" stroke="#fff" stroke-width="2" {}
                }
                (words("测量处", "Measured here"))
            }
        }
    }
}
