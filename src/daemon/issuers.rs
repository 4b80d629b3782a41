//! Asking issuers about codes beside a lane, through the hub: whoever asks goes on, and takes the answer when it comes. The kiosk
//! itself speaks to nobody but its hub, and without one nobody can say anything.

use tokio::sync::mpsc;

use super::runner::{Append, LaneRunner};
use crate::base::{KioskId, LaneId, Mono, Pii};
use crate::engine::{ISSUER_WITHIN, Input, Ticket};
use crate::model::{CredentialKind, OnlineAnswer, Unanswered};
use crate::platform::http::HubClient;
use crate::sync::online::CODE_MAX;

/// Answers that may wait for a lane; one is asked about what a person shows.
const ANSWERS_MAX: usize = 128;

/// An answer, for the question with this ticket.
pub type Answer = (Ticket, Result<OnlineAnswer, Unanswered>);

/// The questions of one lane that are under way.
pub struct Issuers {
    hub: Option<(HubClient, KioskId)>,
    answers: mpsc::Sender<Answer>,
    answered: mpsc::Receiver<Answer>,
}

impl Issuers {
    /// None yet, to be asked through `hub`.
    pub fn new(hub: Option<(HubClient, KioskId)>) -> Self {
        let (answers, answered) = mpsc::channel(ANSWERS_MAX);
        Self { hub, answers, answered }
    }

    /// Asks; the answer comes by [`answered`](Self::answered).
    pub fn ask(&self, lane: &LaneId, (ticket, code): (Ticket, Pii<String>)) {
        let (hub, answers, lane) = (self.hub.clone(), self.answers.clone(), lane.clone());
        tokio::spawn(async move {
            let answer = match hub {
                Some((hub, kiosk)) => match hub.ask_issuer(&kiosk, &code, ISSUER_WITHIN).await {
                    Ok(answer) => answer,
                    Err(error) => {
                        tracing::warn!(%lane, %error, "hub cannot be asked about a code");
                        Err(Unanswered::Unreachable)
                    }
                },
                None => Err(Unanswered::Unreachable),
            };
            if let Err(why) = &answer {
                tracing::info!(%lane, %why, "nobody can say anything of a code now");
            }
            // A lane that takes no more answers has given up waiting.
            let _ = answers.try_send((ticket, answer));
        });
    }

    /// The next answer. Never ends.
    pub async fn answered(&mut self) -> Option<Answer> {
        self.answered.recv().await
    }
}

impl LaneRunner {
    /// The codes that issuers are to be asked about since this was last asked.
    pub fn questions(&mut self) -> Vec<(Ticket, Pii<String>)> {
        std::mem::take(&mut self.questions)
    }

    /// Takes what an issuer says of the code of the question with `ticket`.
    pub fn issuer_answered(&mut self, now: Mono, (ticket, answer): Answer, appends: &mut Vec<Append>) {
        self.step(now, Input::Issuer { ticket, answer }, appends);
    }

    /// The text of a code, where nothing here can say anything of it and a profile of this lane has its issuer asked. No other
    /// leaves this kiosk.
    pub(super) fn asked_about(&self, payload: &[u8], kind: CredentialKind) -> Option<Pii<String>> {
        match kind {
            CredentialKind::Url | CredentialKind::Text => {}
            CredentialKind::HubPass
            | CredentialKind::IdNumber
            | CredentialKind::HealthCertificate
            | CredentialKind::SmartHealthCard
            | CredentialKind::HealthLink
            | CredentialKind::NzCovidPass
            | CredentialKind::VdsNc
            | CredentialKind::Divoc
            | CredentialKind::Binary
            | CredentialKind::Manifest
            | CredentialKind::TravelDocument
            | CredentialKind::Phone
            | CredentialKind::SiteCode
            | CredentialKind::Gs1
            | CredentialKind::OnlineCode => return None,
        }
        let code = std::str::from_utf8(payload.trim_ascii()).ok().filter(|code| code.len() <= CODE_MAX)?;
        self.lane.context().profiles.ask_about(code).then(|| Pii::new(code.to_owned()))
    }
}
