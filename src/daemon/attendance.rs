//! The tasks that record who is on duty, and what one shift leaves to the next.

use std::collections::BTreeSet;

use tokio::sync::{mpsc, watch};

use super::recorder::Request;
use crate::model::{Body, Draft, Personal};
use crate::platform::clock::Clock;
use crate::web::{Attendance, HandOver};

/// Records who signs in and out.
pub(super) async fn note_attendance(
    mut attended: mpsc::Receiver<Attendance>,
    requests: mpsc::Sender<Request>,
    clock: Clock,
    here: watch::Sender<usize>,
) -> &'static str {
    let mut signed = BTreeSet::new();
    while let Some(Attendance { attendant, signed_in }) = attended.recv().await {
        if signed_in {
            signed.insert(attendant.clone());
        } else {
            signed.remove(&attendant);
        }
        here.send_replace(signed.len());
        let body = Body::Attendance { attendant, signed_in };
        let draft = Box::new(Draft { lane: None, body, personal: None });
        if requests.send(Request { answer: None, draft, stamp: clock.stamp() }).await.is_err() {
            break;
        }
    }
    "attendance"
}

/// Records hand-over notes; what they say is sealed.
pub(super) async fn note_hand_overs(
    mut written: mpsc::Receiver<HandOver>,
    requests: mpsc::Sender<Request>,
    clock: Clock,
) -> &'static str {
    while let Some(HandOver { by, note }) = written.recv().await {
        let personal = Some(Personal { note: Some(note), ..Personal::default() });
        let draft = Box::new(Draft { lane: None, body: Body::HandOver { attendant: by }, personal });
        if requests.send(Request { answer: None, draft, stamp: clock.stamp() }).await.is_err() {
            break;
        }
    }
    "hand-over notes"
}
