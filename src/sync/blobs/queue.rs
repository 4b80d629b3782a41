//! Which blob is sent next. Does no I/O.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::{Action, Answer, CHUNK, Records};
use crate::base::{BlobId, Mono, Random};
use crate::sync::backoff::Backoff;

/// Ceilings of the waits after a failure.
const RETRY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_mins(10));
/// How long one blob is left alone that the hub refuses or that cannot be read here.
const LATER: Duration = Duration::from_mins(10);
/// Time between two looks when there is nothing to do.
const IDLE: Duration = Duration::from_mins(1);

/// How far a blob is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing is known of it at the hub.
    Waiting,
    /// The hub has so many bytes of it.
    Sending(u32),
    /// The hub has it whole, or does not want it: it is deleted here.
    Done,
}

#[derive(Clone, Copy, Debug)]
struct Blob {
    id: BlobId,
    state: State,
    not_before: Mono,
}

/// The blobs of a kiosk that are not with the hub, oldest first.
#[derive(Clone, Debug)]
pub struct Queue {
    blobs: VecDeque<Blob>,
    known: BTreeSet<BlobId>,
    asked: Option<BlobId>,
    backoff: Backoff,
    not_before: Mono,
    damaged: u32,
    error: Option<String>,
}

impl Queue {
    /// An empty queue. `random` spreads the retries of many kiosks.
    pub fn new(random: Random) -> Self {
        Self {
            blobs: VecDeque::new(),
            known: BTreeSet::new(),
            asked: None,
            backoff: Backoff::new(RETRY.0, RETRY.1, random),
            not_before: Mono::ZERO,
            damaged: 0,
            error: None,
        }
    }

    /// Takes up those of `found` that it does not know, behind those that it knows.
    pub fn take_up(&mut self, found: impl IntoIterator<Item = BlobId>) {
        for id in found {
            if self.known.insert(id) {
                self.blobs.push_back(Blob { id, state: State::Waiting, not_before: Mono::ZERO });
            }
        }
    }

    /// What to do at `now`.
    pub fn next(&mut self, now: Mono, records: Records) -> Action {
        let due = |blob: &&Blob| blob.not_before <= now;
        // What the hub has goes first, oldest first: it makes room here, and no line is needed for it.
        let done = self.blobs.iter().filter(|blob| blob.state == State::Done).find(due);
        if let Some(Blob { id, .. }) = done {
            self.asked = Some(*id);
            return Action::Forget(*id);
        }
        match records {
            Records::Waiting => return Action::WaitUntil(now + IDLE),
            Records::Sent => {}
        }
        if self.not_before > now {
            return Action::WaitUntil(self.not_before);
        }
        let open = || self.blobs.iter().filter(|blob| blob.state != State::Done);
        let Some(Blob { id, state, .. }) = open().find(due) else {
            let wake = self.blobs.iter().map(|blob| blob.not_before).min();
            return Action::WaitUntil(wake.unwrap_or(now + IDLE).min(now + IDLE));
        };
        self.asked = Some(*id);
        match state {
            State::Waiting | State::Done => Action::Ask(*id),
            State::Sending(at) => Action::Put { blob: *id, at: *at, length: CHUNK },
        }
    }

    /// Takes in what came of the last action.
    pub fn on_answer(&mut self, now: Mono, answer: Answer) {
        let Some(asked) = self.asked.take() else { return };
        let Some(index) = self.blobs.iter().position(|blob| blob.id == asked) else { return };
        match answer {
            Answer::At(bytes) => self.answered(index, State::Sending(bytes)),
            Answer::Whole | Answer::Unwanted => self.answered(index, State::Done),
            Answer::Forgotten | Answer::Missing => self.drop_at(index),
            Answer::Damaged => {
                self.damaged = self.damaged.saturating_add(1);
                self.drop_at(index);
            }
            Answer::Unknown => self.later(now, index, "no record at the hub names a picture".to_owned()),
            Answer::Refused(why) | Answer::Stuck(why) => self.later(now, index, why),
            Answer::Mixed => {
                self.blobs[index].state = State::Waiting;
                self.not_before = self.backoff.failed(now);
            }
            Answer::Busy { retry_after } => {
                let asked_for = now + retry_after.unwrap_or_default();
                self.not_before = self.backoff.failed(now).max(asked_for);
            }
            Answer::Full(why) | Answer::Lost(why) => {
                // What the hub got before the line broke is asked for again.
                self.blobs[index].state = State::Waiting;
                self.not_before = self.backoff.failed(now);
                self.error = Some(why);
            }
        }
    }

    /// How many blobs the hub does not have.
    pub fn waiting(&self) -> u32 {
        let open = self.blobs.iter().filter(|blob| blob.state != State::Done).count();
        u32::try_from(open).unwrap_or(u32::MAX)
    }

    /// How many were damaged here.
    pub fn damaged(&self) -> u32 {
        self.damaged
    }

    /// What went wrong last, in plain words; none once something went right again.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    fn answered(&mut self, index: usize, state: State) {
        self.backoff.succeeded();
        self.error = None;
        self.blobs[index].state = state;
    }

    /// Leaves one alone for a while; the others go on.
    fn later(&mut self, now: Mono, index: usize, why: String) {
        self.error = Some(why);
        let Some(mut blob) = self.blobs.remove(index) else { return };
        blob.not_before = now + LATER;
        // One that the hub has stays in its place: it is deleted as soon as that works.
        match blob.state {
            State::Done => self.blobs.insert(index, blob),
            State::Waiting | State::Sending(_) => {
                blob.state = State::Waiting;
                self.blobs.push_back(blob);
            }
        }
    }

    fn drop_at(&mut self, index: usize) {
        if let Some(blob) = self.blobs.remove(index) {
            self.known.remove(&blob.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_sent_while_a_record_waits_and_what_the_hub_has_is_deleted_all_the_same() {
        let mut queue = queue(&[1, 2]);
        assert!(matches!(queue.next(at(0), Records::Waiting), Action::WaitUntil(_)));
        assert_eq!(queue.next(at(0), Records::Sent), Action::Ask(blob(1)));
        queue.on_answer(at(0), Answer::Whole);
        assert_eq!(queue.next(at(0), Records::Waiting), Action::Forget(blob(1)));
        queue.on_answer(at(0), Answer::Forgotten);
        assert!(matches!(queue.next(at(0), Records::Waiting), Action::WaitUntil(_)));
        assert_eq!(queue.waiting(), 1);
    }

    #[test]
    fn one_blob_after_the_other_goes_in_chunks_from_wherever_the_hub_is() {
        let mut queue = queue(&[1, 2]);
        let put = |at| Action::Put { blob: blob(1), at, length: CHUNK };
        let steps = [
            (Action::Ask(blob(1)), Answer::At(0)),
            (put(0), Answer::At(32_768)),
            (put(32_768), Answer::Lost("cut".to_owned())),
        ];
        for (action, answer) in steps {
            assert_eq!(queue.next(at(0), Records::Sent), action);
            queue.on_answer(at(0), answer);
        }
        let Action::WaitUntil(until) = queue.next(at(0), Records::Sent) else { panic!("asks on at once") };
        assert_eq!(queue.next(until, Records::Sent), Action::Ask(blob(1)), "whether it got there is asked");
        queue.on_answer(until, Answer::At(65_536));
        assert_eq!(queue.next(until, Records::Sent), put(65_536));
        queue.on_answer(until, Answer::Whole);
        assert_eq!(queue.error(), None);
        assert_eq!(queue.next(until, Records::Sent), Action::Forget(blob(1)));
        queue.on_answer(until, Answer::Forgotten);
        assert_eq!(queue.next(until, Records::Sent), Action::Ask(blob(2)));
    }

    #[test]
    fn one_that_is_refused_or_damaged_holds_up_no_other() {
        let mut queue = queue(&[1, 2, 3]);
        for (which, answer) in [(1, Answer::Unknown), (2, Answer::Damaged)] {
            assert_eq!(queue.next(at(0), Records::Sent), Action::Ask(blob(which)));
            queue.on_answer(at(0), answer);
        }
        assert_eq!((queue.waiting(), queue.damaged()), (2, 1));
        assert_eq!(queue.next(at(0), Records::Sent), Action::Ask(blob(3)));
        queue.on_answer(at(0), Answer::Whole);
        assert_eq!(queue.next(at(0), Records::Sent), Action::Forget(blob(3)));
        queue.on_answer(at(0), Answer::Stuck("read-only".to_owned()));
        assert!(matches!(queue.next(at(1), Records::Sent), Action::WaitUntil(_)), "neither is due");
        let later = at(LATER.as_secs());
        assert_eq!(queue.next(later, Records::Sent), Action::Forget(blob(3)), "it is with the hub");
        queue.on_answer(later, Answer::Forgotten);
        assert_eq!(queue.next(later, Records::Sent), Action::Ask(blob(1)), "it is never given up");
    }

    #[test]
    fn a_hub_without_time_or_room_is_left_alone() {
        for answer in [
            Answer::Busy { retry_after: Some(Duration::from_secs(90)) },
            Answer::Full("no room".to_owned()),
            Answer::Mixed,
        ] {
            let mut queue = queue(&[1, 2]);
            queue.next(at(0), Records::Sent);
            let busy = matches!(answer, Answer::Busy { .. });
            queue.on_answer(at(0), answer);
            let Action::WaitUntil(until) = queue.next(at(0), Records::Sent) else { panic!("asks on") };
            assert!(!busy || until >= at(90), "{until}");
            assert!(matches!(queue.next(until, Records::Sent), Action::Ask(_)), "all are kept");
            assert_eq!(queue.waiting(), 2);
        }
    }

    #[test]
    fn nothing_is_taken_up_twice() {
        let mut queue = queue(&[1]);
        queue.take_up([blob(1), blob(2), blob(2)]);
        assert_eq!(queue.waiting(), 2);
    }

    fn queue(ids: &[u8]) -> Queue {
        let mut queue = Queue::new(Random::new(1));
        queue.take_up(ids.iter().map(|id| blob(*id)));
        queue
    }

    fn blob(id: u8) -> BlobId {
        BlobId([id; 32])
    }

    fn at(seconds: u64) -> Mono {
        Mono::ZERO + Duration::from_secs(seconds)
    }
}
