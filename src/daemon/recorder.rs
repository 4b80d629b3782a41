//! The owner of the journal: appends what lanes hand in, commits in groups, answers when it is durable.
//!
//! ```text
//!            append, commit                 failure                      every second
//!   Working ───────────────▶ Working ───────────────────▶ Failed(why) ──────────────────▶ reopen ─▶ Working
//! ```
//!
//! Invariants: an answer is given for what is durable and for nothing else; whatever was handed in before a failure is
//! kept here and is in the journal exactly once when it works again; whoever waits for a record that never will be is
//! told so. What is an alarm is raised once it is durable, or at once while nothing can be.

mod alarms;
mod chores;

use std::collections::VecDeque;

pub(super) use alarms::raise;
pub use chores::Chore;

use crate::base::{Epoch, LaneId, Seq, Stamp};
use crate::control::{DiskStatus, RoomMark};
use crate::engine::Ticket;
use crate::journal::ballast::{Mark, Room};
use crate::journal::log::Error;
use crate::journal::{Disk, Journal, Note, Recovery};
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
    /// The task that takes policy bundles.
    Policy,
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
    /// A record about a policy bundle is durable, or can never be written, in plain words why.
    Policy {
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
    /// Whether a failure is nothing new: a failed journal is tried again.
    retrying: bool,
    disk: DiskStatus,
    seals_for: SealsFor,
    /// What is to be raised, in order.
    alarms: Vec<Request>,
    /// When the last record was handed in.
    last: Option<Stamp>,
}

/// For whom personal parts are sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SealsFor {
    /// The hub's public key, where there is one.
    pub hub: Option<[u8; 32]>,
    /// Minutes that the place is ahead of UTC.
    pub ahead_minutes: i16,
}

impl<D: Disk> Recorder<D> {
    /// A recorder that owns `journal`.
    pub fn new(journal: Journal<D>) -> Self {
        Self {
            journal,
            appended: VecDeque::new(),
            waiting: VecDeque::new(),
            failed: false,
            retrying: false,
            disk: DiskStatus::default(),
            seals_for: SealsFor::default(),
            alarms: Vec::new(),
            last: None,
        }
    }

    /// The same, which gives the hub the sealing key of a log that begins while it runs.
    #[must_use]
    pub fn sealing_for(self, seals_for: SealsFor) -> Self {
        Self { seals_for, ..self }
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
            self.last = Some(request.stamp);
            if self.failed {
                self.alarms.extend(alarms::alone(&request));
            }
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

    /// How the disk was when it was last looked at, and how often it failed.
    pub fn disk(&self) -> DiskStatus {
        self.disk
    }

    /// Looks at `stamp` how much room there is, and lays the ballast again where it can be. Call it every minute or so.
    pub fn survey(&mut self, stamp: &Stamp) {
        let Room { free, mark } = self.journal.survey();
        let mark = match mark {
            Mark::Ample => RoomMark::Ample,
            Mark::Low => RoomMark::Low,
            Mark::Reserve => RoomMark::Reserve,
        };
        if mark != self.disk.mark {
            tracing::warn!(?mark, free, "room on the disk");
            self.disk_changed(mark, stamp);
        }
        self.disk = DiskStatus { mark, free_mib: free.map(|free| free >> 20), ..self.disk };
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
                } else {
                    self.log_ended();
                }
                // What is missing now is said first; what did not reach the disk follows in its old order.
                let mut first = self.first_key(epoch);
                first.extend(self.gaps(&recovery));
                first.extend(std::mem::take(&mut self.appended).into_iter().map(|(_, request)| request));
                for request in first.into_iter().rev() {
                    self.waiting.push_front(request);
                }
                let mut later = Vec::new();
                self.retrying = true;
                self.commit(&mut later);
                self.retrying = false;
                if !self.failed {
                    news.push(News::Restored);
                }
                news.extend(later.into_iter().filter(|news| !matches!(news, News::Failed(_))));
            }
            Err(error) => tracing::error!(%error, "journal cannot be opened"),
        }
    }

    /// The record that gives the hub the first sealing key of the log that has just begun, if another than `before` has:
    /// ahead of whatever is sealed with it.
    fn first_key(&mut self, before: Epoch) -> Vec<Request> {
        let oldest = self.appended.front().map(|(_, request)| request).or(self.waiting.front());
        let Some(stamp) = oldest.map(|request| request.stamp) else { return Vec::new() };
        if self.journal.epoch() == before {
            return Vec::new();
        }
        let SealsFor { hub, ahead_minutes } = self.seals_for;
        let given = self
            .journal
            .turn_key(&stamp, None, ahead_minutes)
            .and_then(|_| Ok(hub.map(|hub| self.journal.sealer().key_opened(&hub)).transpose()?));
        match given {
            Ok(body) => body
                .map(|body| Draft { lane: None, body, personal: None })
                .map(|draft| Request { answer: None, draft: Box::new(draft), stamp })
                .into_iter()
                .collect(),
            Err(error) => {
                tracing::error!(%error, "the hub gets the new log's sealing key at the next start");
                Vec::new()
            }
        }
    }

    /// The records that say what is missing, at the time of the oldest record that waits.
    fn gaps(&self, recovery: &Recovery) -> Vec<Request> {
        let oldest = self.appended.front().map(|(_, request)| request).or(self.waiting.front());
        let Some(stamp) = oldest.map(|request| request.stamp) else { return Vec::new() };
        let kept = || self.appended.iter().map(|(_, request)| request).chain(&self.waiting);
        // Said already, when the journal failed again before it was durable.
        let is_new = |draft: &Draft| !kept().any(|request| request.draft.body == draft.body);
        let request = |draft| Request { answer: None, draft: Box::new(draft), stamp };
        recovery.gap_drafts().filter(is_new).map(request).collect()
    }

    /// Answers for everything that is durable now.
    fn acknowledge(&mut self, news: &mut Vec<News>) {
        let durable = self.journal.durable();
        while let Some((seq, _)) = self.appended.front() {
            if Some(*seq) > durable {
                break;
            }
            let Some((seq, request)) = self.appended.pop_front() else { break };
            self.alarms.extend(alarms::with_record(&request, self.journal.epoch(), seq));
            if let Some((waiter, ticket)) = request.answer {
                news.push(match waiter {
                    Waiter::Lane(lane) => News::Durable { lane, ticket, seq },
                    Waiter::Inbox => News::Inbox { ticket, outcome: Ok(seq) },
                    Waiter::Policy => News::Policy { ticket, outcome: Ok(seq) },
                });
            }
        }
    }

    fn fail(&mut self, error: &Error, news: &mut Vec<News>) {
        // The room kept for this moment takes the next records, while everybody is told to make more.
        if matches!(error, Error::Full) && self.journal.release_ballast().is_ok_and(|released| released) {
            tracing::error!("the disk is full: the ballast is given up");
            if let Some(stamp) = self.last {
                self.survey(&stamp);
            }
            return self.commit(news);
        }
        self.failed = true;
        tracing::error!(%error, "records cannot be written");
        if !matches!(error, Error::Full) {
            self.disk.faults = self.disk.faults.saturating_add(1);
        }
        news.push(News::Failed(error.to_string()));
        if !self.retrying {
            self.write_failed();
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
            Waiter::Policy => News::Policy { ticket, outcome: Err(why.to_owned()) },
        });
    }
}
