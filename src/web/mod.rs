//! The kiosk's two faces as server-rendered pages: the subject's at the lane, the attendant's in the booth.
//!
//! Every page works with plain links and form posts; one small script adds live updates, keypads and
//! hold-to-confirm. What is shown comes from [`KioskStatus`](crate::control::KioskStatus) only, what is asked goes
//! out as [`Command`](crate::control::Command)s: a page decides nothing.

mod assets;
mod attendant;
mod countdown;
mod guard;
pub mod handle;
mod id;
mod lane;
mod live;
mod pad;
mod page;
mod place_code;
mod place_time;
mod session;
mod shared;
mod symbol;
mod theme;
mod thermal;
pub mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};

pub use handle::{
    Acknowledge, Ask, Attendance, Attendant, Filter, HandOver, Handle, InsideDay, InsideRow, InsideView,
    Listed, NamedList, NotTaken, NoteView, PolicyDesk, PolicyPending, PolicyView, Preview, Recent, RecentRow,
    ShiftView, Thermal, Unsettled,
};
pub use place_time::PlaceTime;
pub use thermal::Thermals;

use shared::Shared;

/// Longest body of a post, in bytes: the registration form with a dozen long fields.
const BODY_MAX: usize = 8 * 1024;

/// The pages of a kiosk.
///
/// Answers only under loopback names and those of [`Handle::hosts`], and takes posts only from its own pages.
pub fn router(handle: Handle) -> Router {
    let shared = Arc::new(Shared::new(handle));
    Router::new()
        .route("/", get(page::index))
        .route("/assets/{name}", get(assets::file))
        .route("/lane/{lane}", get(lane::face))
        .route("/lane/{lane}/live", get(lane::events))
        .route("/lane/{lane}/preview.bmp", get(lane::preview))
        .route("/lane/{lane}/pledge", post(lane::agree))
        .route("/lane/{lane}/id", get(id::pad).post(id::submit))
        .merge(attendant::routes())
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guard::check))
        .with_state(shared)
}
