//! The owner of the journal: appends what lanes hand in, commits in groups, answers when it is durable.
//!
//! ```text
//!            append, commit                 failure                      every second
//!   Working ───────────────▶ Working ───────────────────▶ Failed(why) ──────────────────▶ reopen ─▶ Working
//! ```
//!
//! Invariants: an answer is given for what is durable and for nothing else; whatever was handed in before a failure is
//! kept here and is in the journal exactly once when it works again; whoever waits for a record that never will be is
//! told so.

mod chores;

use std::collections::VecDeque;

pub use chores::Chore;

use crate::base::{Epoch, LaneId, Seq, Stamp};
use crate::engine::Ticket;
use crate::journal::log::Error;
use crate::journal::{Disk, Journal, Note};
use crate::model::Draft;

/// Most records that may wait for a journal that has failed. Lanes begin nothing new meanwhile and stop long before.
pub const WAITING_MAX: usize = 4_096;

/// Who waits for a record to be durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiter {
    /// A lane.
    Lane(LaneId),
    /// The task that carries out the hub's commands.
    Inbox,
}

impl From<LaneId> for Waiter {
    fn from(lane: LaneId) -> Self {
        Self::Lane(lane)
    }
}

/// A record to append, and whom to answer.
#[derive(Clone, Debug)]
pub struct Request {
    /// Whom to answer, and by which ticket; `None` where nobody waits.
    pub answer: Option<(Waiter, Ticket)>,
    /// What to append.
    pub draft: Box<Draft>,
    /// When it was handed in.
    pub stamp: Stamp,
}

/// What the recorder has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A record is durable.
    Durable {
        /// Whose.
        lane: LaneId,
        /// Which.
        ticket: Ticket,
        /// As what.
        seq: Seq,
    },
    /// A record can never be written.
    Refused {
        /// Whose.
        lane: LaneId,
        /// Which.
        ticket: Ticket,
        /// Why, in plain words.
        why: String,
    },
    /// A record of the inbox is durable, or can never be written, in plain words why.
    Inbox {
        /// Which.
        ticket: Ticket,
        /// As what.
        outcome: Result<Seq, String>,
    },
    /// Nothing can be recorded, in plain words.
    Failed(String),
    /// Records can be written again.
    Restored,
}

/// The journal and what is under way to it.
pub struct Recorder<D> {
    journal: Journal<D>,
    /// Appended and not yet durable, in the order of their numbers.
    appended: VecDeque<(Seq, Request)>,
    /// Handed in and not yet appended.
    waiting: VecDeque<Request>,
    failed: bool,
}

impl<D: Disk> Recorder<D> {
    /// A recorder that owns `journal`.
    pub fn new(journal: Journal<D>) -> Self {
        Self { journal, appended: VecDeque::new(), waiting: VecDeque::new(), failed: false }
    }

    /// The journal.
    pub fn journal(&mut self) -> &mut Journal<D> {
        &mut self.journal
    }

    /// Size and root over what is durable.
    pub fn note(&self) -> Note {
        self.journal.note()
    }

    /// Takes a record in. It is appended with the next [`commit`](Self::commit), or refused now when too many wait.
    pub fn hand_in(&mut self, request: Request, news: &mut Vec<News>) {
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push_back(request);
        } else {
            refuse(request, "too many records wait for a journal that has failed", news);
        }
    }

    /// The life of the log that is being written.
    pub fn epoch(&self) -> Epoch {
        self.journal.epoch()
    }

    /// The last durable record, if there is any.
    pub fn durable(&self) -> Option<Seq> {
        self.journal.durable()
    }

    /// Whether nothing can be recorded at the moment.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// Ends the journal in order.
    ///
    /// # Errors
    ///
    /// As [`Journal::close`]; also when it has failed.
    pub fn close(self) -> Result<(), Error> {
        self.journal.close()
    }

    /// Appends everything handed in and makes it durable with one sync.
    pub fn commit(&mut self, news: &mut Vec<News>) {
        if self.failed {
            return;
        }
        let journal = &mut self.journal;
        let mut outcome = Ok(());
        while let Some(request) = self.waiting.pop_front() {
            match journal.append((*request.draft).clone(), request.stamp) {
                Ok(seq) => self.appended.push_back((seq, request)),
                // A record that can never be written is told of and does not hold up the others.
                Err(error @ (Error::Record(_) | Error::Seal(_))) => {
                    refuse(request, &error.to_string(), news);
                }
                Err(error) => {
                    self.waiting.push_front(request);
                    outcome = Err(error);
                    break;
                }
            }
        }
        let committed = journal.commit();
        let outcome = outcome.and(committed.map(|_| ()));
        self.acknowledge(news);
        if let Err(error) = outcome {
            self.fail(&error, news);
        }
    }

    /// Tries to get a failed journal to work again. Call it every second or so while it has failed.
    pub fn retry(&mut self, news: &mut Vec<News>) {
        if !self.failed {
            return;
        }
        let epoch = self.journal.epoch();
        match self.journal.reopen() {
            Ok(recovery) => {
                tracing::info!(found = %recovery.to_string().trim(), "journal read again");
                self.failed = false;
                if self.journal.epoch() == epoch {
                    self.acknowledge(news);
                }
                // What did not reach the disk goes first, in its old order.
                for (_, request) in std::mem::take(&mut self.appended).into_iter().rev() {
                    self.waiting.push_front(request);
                }
                let mut later = Vec::new();
                self.commit(&mut later);
                if !self.failed {
                    news.push(News::Restored);
                }
                news.extend(later.into_iter().filter(|news| !matches!(news, News::Failed(_))));
            }
            Err(error) => tracing::error!(%error, "journal cannot be opened"),
        }
    }

    /// Answers for everything that is durable now.
    fn acknowledge(&mut self, news: &mut Vec<News>) {
        let durable = self.journal.durable();
        while let Some((seq, _)) = self.appended.front() {
            if Some(*seq) > durable {
                break;
            }
            if let Some((seq, Request { answer: Some((waiter, ticket)), .. })) = self.appended.pop_front() {
                news.push(match waiter {
                    Waiter::Lane(lane) => News::Durable { lane, ticket, seq },
                    Waiter::Inbox => News::Inbox { ticket, outcome: Ok(seq) },
                });
            }
        }
    }

    fn fail(&mut self, error: &Error, news: &mut Vec<News>) {
        self.failed = true;
        tracing::error!(%error, "records cannot be written");
        news.push(News::Failed(error.to_string()));
        // The room kept for this moment takes the records of those who are at the gates now.
        if matches!(error, Error::Full) && self.journal.release_ballast().is_ok_and(|released| released) {
            self.failed = false;
            let mut later = Vec::new();
            self.commit(&mut later);
            self.failed = true;
            news.extend(later.into_iter().filter(|news| !matches!(news, News::Failed(_))));
        }
    }
}

/// Tells whoever waits for it that a record is given up, and the log in any case.
fn refuse(Request { answer, draft, .. }: Request, why: &str, news: &mut Vec<News>) {
    let lane = draft.lane.as_ref().map(tracing::field::display);
    tracing::error!(lane, why, "record is given up");
    if let Some((waiter, ticket)) = answer {
        news.push(match waiter {
            Waiter::Lane(lane) => News::Refused { lane, ticket, why: why.to_owned() },
            Waiter::Inbox => News::Inbox { ticket, outcome: Err(why.to_owned()) },
        });
    }
}
