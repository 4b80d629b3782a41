//! What all pages share: the kiosk, who is signed in, the lanes' theme, and the number of open streams.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot, watch};

use super::handle::{Attendant, Handle};
use super::session::Sessions;
use super::theme::Theme;
use crate::base::{AttendantId, LaneId};
use crate::control::{Act, Command, KioskStatus, LaneStatus, Practice, Refused, duty};
use crate::model::Role;

/// Most live streams at once: every screen of a kiosk needs one.
const STREAMS_MAX: usize = 32;

/// Longest wait for the answer to a command.
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// State behind every page.
pub struct Shared {
    /// The kiosk.
    pub handle: Handle,
    /// Who is signed in where.
    pub sessions: Sessions,
    /// Theme of the subject's faces, which the attendant sets.
    pub lane_theme: watch::Sender<Theme>,
    /// Permits of the live streams.
    pub streams: Arc<Semaphore>,
    /// One PIN is checked at a time: a check takes as much memory as the rest of the pages together.
    pub pin_checks: Semaphore,
}

impl Shared {
    pub fn new(handle: Handle) -> Self {
        Self {
            handle,
            sessions: Sessions::default(),
            lane_theme: watch::Sender::new(Theme::default()),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            pin_checks: Semaphore::new(1),
        }
    }

    /// The kiosk as it is now.
    pub fn status(&self) -> Arc<KioskStatus> {
        Arc::clone(&self.handle.status.borrow())
    }

    /// As what an attendant is here.
    pub fn role(&self, id: &AttendantId) -> Role {
        let known = self.handle.attendants.iter().find(|attendant| attendant.id == *id);
        known.map(Attendant::role).unwrap_or_default()
    }

    /// As what somebody with this role may do this. Where the site names nobody who leads, whoever staffs the post
    /// begins training.
    pub fn answers_as(&self, role: Role, act: &Act) -> Role {
        let led = self.handle.attendants.iter().any(|attendant| attendant.role() == Role::Lead);
        let begins = *act == Act::Practice(Practice::Begin);
        if begins && role.staffs() && !led { Role::Lead } else { role }
    }

    /// Asks a lane to do something and waits for its answer.
    ///
    /// # Errors
    ///
    /// What the lane refused, that it is not for whoever asks, or that the lane does not answer.
    pub async fn ask(&self, lane: &LaneId, by: Option<&AttendantId>, act: Act) -> Result<(), Refused> {
        const SILENT: Refused = Refused::NotNow { why: "the lane does not answer" };
        if let Some(by) = by {
            let status = self.status();
            duty::may(self.answers_as(self.role(by), &act), &act, self::lane(&status, lane))?;
        }
        let command = Command { lane: lane.clone(), by: by.cloned(), act };
        let (answer, answered) = oneshot::channel();
        let asked = async {
            self.handle.commands.send((command, answer)).await.map_err(|_| SILENT)?;
            answered.await.map_err(|_| SILENT)?
        };
        let answer = tokio::time::timeout(ANSWER_MAX, asked).await.unwrap_or(Err(SILENT));
        if by.is_some_and(|by| self.role(by).staffs()) {
            self.here();
        }
        answer
    }

    /// Somebody who staffs the post is there. One such word that waits is as good as two.
    pub fn here(&self) {
        let _ = self.handle.here.try_send(());
    }
}

/// The lane `id` of `status`.
pub fn lane<'a>(status: &'a KioskStatus, id: &LaneId) -> Option<&'a LaneStatus> {
    status.lane(id)
}
