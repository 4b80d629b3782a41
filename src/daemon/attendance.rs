//! The tasks that record who is on duty, whether somebody is at the post, and what one shift leaves to the next.

use std::collections::BTreeSet;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::recorder::Request;
use crate::base::Random;
use crate::config::site::PostRules;
use crate::control::PostStatus;
use crate::engine::PostWatch;
use crate::journal::Entropy;
use crate::model::{Body, Draft, Personal};
use crate::platform::clock::{Clock, mono};
use crate::platform::entropy::OsEntropy;
use crate::web::{Attendance, HandOver};

/// What the pages tell these tasks by, and what they say.
pub(super) struct Duty {
    pub(super) attendance: mpsc::Sender<Attendance>,
    pub(super) hand_overs: mpsc::Sender<HandOver>,
    /// Somebody who is signed in did something, or said that they are there.
    pub(super) here: mpsc::Sender<()>,
    pub(super) signed_in: watch::Receiver<usize>,
    pub(super) post: watch::Receiver<PostStatus>,
}

/// Starts what records beside the lanes: who is on duty, what one shift leaves to the next, that the clock was set.
pub(super) fn start(
    rules: Option<PostRules>,
    requests: mpsc::Sender<Request>,
    clock: Clock,
    tasks: &mut JoinSet<&'static str>,
) -> Duty {
    let (attendance, attended) = mpsc::channel(64);
    let (hand_overs, written) = mpsc::channel(8);
    // One that waits says as much as ten.
    let (here, acts) = mpsc::channel(1);
    let ((signed, signed_in), (status, post)) = (watch::channel(0), watch::channel(PostStatus::default()));
    tasks.spawn(super::clock::watch(clock.clone(), requests.clone()));
    tasks.spawn(note_hand_overs(written, requests.clone(), clock.clone()));
    let watch = rules.map(|rules| PostWatch::new(rules, Random::new(seed()), mono()));
    tasks.spawn(note_attendance(Ends { attended, acts, requests, clock, signed, status }, watch));
    Duty { attendance, hand_overs, here, signed_in, post }
}

/// When somebody is asked must not be known beforehand. A system without random numbers has worse troubles.
fn seed() -> u64 {
    let mut seed = [0; 8];
    let drawn = OsEntropy::new().fill(&mut seed);
    drawn.map_or_else(|_| mono().as_millis(), |()| u64::from_le_bytes(seed))
}

struct Ends {
    attended: mpsc::Receiver<Attendance>,
    acts: mpsc::Receiver<()>,
    requests: mpsc::Sender<Request>,
    clock: Clock,
    signed: watch::Sender<usize>,
    status: watch::Sender<PostStatus>,
}

/// Records who signs in and out, and whether somebody is at the post.
async fn note_attendance(mut ends: Ends, mut post: Option<PostWatch>) -> &'static str {
    let mut signed = BTreeSet::new();
    loop {
        let due = post.as_ref().and_then(PostWatch::deadline);
        let wait = async {
            match due {
                Some(at) => sleep(at.since(mono())).await,
                None => std::future::pending().await,
            }
        };
        let mut drafts = vec![];
        tokio::select! {
            attended = ends.attended.recv() => {
                let Some(attended) = attended else { return "attendance" };
                let Attendance { attendant, signed_in, post: here_as } = attended;
                let found = post.as_mut().and_then(|post| match signed_in {
                    true if here_as.as_ref().is_none_or(|post| post.role.staffs()) => {
                        post.signed_in(mono(), &attendant)
                    }
                    true => None,
                    false => post.signed_out(mono(), &attendant),
                });
                if signed_in { signed.insert(attendant.clone()) } else { signed.remove(&attendant) };
                ends.signed.send_replace(signed.len());
                let body = Body::Attendance { attendant, signed_in, post: here_as };
                drafts.push(Draft { lane: None, body, personal: None });
                drafts.extend(found);
            }
            Some(()) = ends.acts.recv() => drafts.extend(post.as_mut().and_then(|post| post.act(mono()))),
            () = wait => drafts.extend(post.as_mut().and_then(|post| post.expire(mono()))),
        }
        ends.status.send_replace(post.as_ref().map(PostWatch::status).unwrap_or_default());
        for draft in drafts {
            if let Body::Manned { found } = draft.body {
                tracing::info!(?found, "post");
            }
            let request = Request { answer: None, draft: Box::new(draft), stamp: ends.clock.stamp() };
            if ends.requests.send(request).await.is_err() {
                return "attendance";
            }
        }
    }
}

/// Records hand-over notes; what they say is sealed.
async fn note_hand_overs(
    mut written: mpsc::Receiver<HandOver>,
    requests: mpsc::Sender<Request>,
    clock: Clock,
) -> &'static str {
    while let Some(HandOver { by, note, open }) = written.recv().await {
        let personal = Some(Personal { note: Some(note), ..Personal::default() });
        let draft = Box::new(Draft {
            lane: None,
            body: Body::HandOver { attendant: by, open: Some(open) },
            personal,
        });
        if requests.send(Request { answer: None, draft, stamp: clock.stamp() }).await.is_err() {
            break;
        }
    }
    "hand-over notes"
}
