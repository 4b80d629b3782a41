//! Looking up earlier passages beside a lane: whoever asks goes on, and takes the answer when it comes.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task;

use super::runner::{Append, LaneRunner};
use crate::base::{LaneId, Mono, Stamp};
use crate::engine::{Input, Ticket};
use crate::model::past::Unknown;
use crate::model::{Past, Whose};

/// Answers that may wait for a lane; one is asked about a person.
const ANSWERS_MAX: usize = 128;

/// Whoever knows earlier passages.
pub trait Memory: Send + Sync {
    /// The earlier passages of `whose`, as of `now`. May wait for the disk.
    ///
    /// # Errors
    ///
    /// Says why nobody can tell.
    fn recall(&self, whose: &Whose, now: &Stamp) -> Result<Past, String>;
}

impl LaneRunner {
    /// The earlier passages that are to be looked up since this was last asked.
    pub fn recalls(&mut self) -> Vec<(Ticket, Whose)> {
        std::mem::take(&mut self.recalls)
    }

    /// Takes what was looked up for the question with `ticket`.
    pub fn recalled(
        &mut self,
        now: Mono,
        (ticket, past): (Ticket, Result<Past, Unknown>),
        appends: &mut Vec<Append>,
    ) {
        self.step(now, Input::Recalled { ticket, past }, appends);
    }
}

/// An answer, for the question with this ticket.
pub type Answer = (Ticket, Result<Past, Unknown>);

/// The questions of one lane that are under way.
pub struct Recalls {
    memory: Arc<dyn Memory>,
    answers: mpsc::Sender<Answer>,
    answered: mpsc::Receiver<Answer>,
}

impl Recalls {
    /// None yet.
    pub fn new(memory: Arc<dyn Memory>) -> Self {
        let (answers, answered) = mpsc::channel(ANSWERS_MAX);
        Self { memory, answers, answered }
    }

    /// Looks up; the answer comes by [`answered`](Self::answered).
    pub fn ask(&self, lane: &LaneId, (ticket, whose): (Ticket, Whose), now: Stamp) {
        let (memory, answers, lane) = (Arc::clone(&self.memory), self.answers.clone(), lane.clone());
        task::spawn_blocking(move || {
            let past = memory.recall(&whose, &now).map_err(|error| {
                tracing::error!(%lane, %error, "earlier passages cannot be looked up: an attendant decides");
                Unknown
            });
            // A lane that takes no more answers has given up waiting.
            let _ = answers.try_send((ticket, past));
        });
    }

    /// The next answer. Never ends.
    pub async fn answered(&mut self) -> Option<Answer> {
        self.answered.recv().await
    }
}
