//! The hub: takes in what kiosks send, and shows it to a command centre.
//!
//! | address | who | what |
//! |---|---|---|
//! | `/v1/…` | kiosks | the protocol of [`crate::sync`] |
//! | `/` | people | live gates, today's numbers, alarms |
//! | `/ledger`, `/ledger.csv` | people | search, filters, paging; export |
//! | `/records/{kiosk}/{epoch}/{seq}` | people | one record, its proof data, its personal part with a reason |
//! | `/tallies`, `/passes`, `/kiosks`, `/access` | people | counts, passes, enrolment, who saw what |
//! | `/kiosks/{kiosk}` | people | commands to one kiosk, and what became of them |
//! | `/carry`, `/carry/{kiosk}` | people | records that came as a file; the receipt for the kiosk |
//!
//! People sign in with the hub's key. Posts are taken from the hub's own pages only, and no answer lets a browser run
//! a script that is not a file of this program.

mod api;
mod blobs;
mod carry;
mod inbox;
mod live;
mod online;
mod pages;
mod passes;
mod peer;
mod polls;
mod reply;
mod serve;
mod session;
mod state;
pub mod trust;
mod turned_back;
mod turning;
pub(crate) mod words;

pub use carry::{CHUNK, Carried, Carrier, Said, Tone, receipt};
pub use passes::{Issued, Shown, Wanted, issue};
pub use serve::{Options, Running, start};
pub use state::{Error, Hub};
pub use turning::link;

use std::sync::Arc;

use axum::Router;

/// Everything that the hub answers.
pub fn router(hub: Arc<Hub>) -> Router {
    Router::new().merge(api::router(&hub)).merge(pages::router(&hub)).with_state(hub)
}
