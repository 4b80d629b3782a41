//! Slow attempts on a thread of their own, which is given up when it overruns.
//!
//! rqrr's search has no bound ([`crate::vision::second`]), and a thread cannot be stopped from outside. So
//! the thread that feeds a lane never waits for an attempt: it offers a frame when the worker is free and
//! asks later. A worker that overruns its deadline is abandoned (it ends by itself once its search does) and
//! another one started. An attempt that overran [`STRIKES`] times is switched off with a warning, and no more
//! than [`ABANDONED_MAX`] workers are ever given up: a stranger's picture costs at most that many busy
//! threads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

use crate::base::Mono;
use crate::vision::{Attempt, Code, Frame, slow};

/// An attempt that overran this often is switched off.
pub const STRIKES: u32 = 3;

/// Threads given up at most.
pub const ABANDONED_MAX: u32 = 6;

/// What an attempt came to.
#[derive(Debug)]
pub struct Answer {
    /// Which attempt.
    pub attempt: Attempt,
    /// When its frame was taken.
    pub at: Mono,
    /// What it read; nothing when it overran.
    pub codes: Vec<Code>,
    /// Whether it overran its deadline.
    pub overran: bool,
    /// The attempt, when it overran once too often: leave it out from now on.
    pub switched_off: Option<Attempt>,
}

type Job = (Attempt, Arc<Frame>);
type Work = fn(Attempt, &Frame) -> Vec<Code>;

/// The worker of one camera's slow lane.
#[derive(Debug)]
pub struct Isolate {
    deadline: Duration,
    work: Work,
    worker: Option<Worker>,
    busy: Option<Busy>,
    strikes: BTreeMap<Attempt, u32>,
    abandoned: u32,
}

#[derive(Debug)]
struct Worker {
    jobs: SyncSender<Job>,
    answers: Receiver<Vec<Code>>,
}

#[derive(Clone, Copy, Debug)]
struct Busy {
    attempt: Attempt,
    at: Mono,
    until: Mono,
}

impl Isolate {
    /// A slow lane whose attempts may take `deadline` each. Its thread starts with the first frame.
    pub fn new(deadline: Duration) -> Self {
        Self::with_work(deadline, slow::attempt)
    }

    fn with_work(deadline: Duration, work: Work) -> Self {
        Self { deadline, work, worker: None, busy: None, strikes: BTreeMap::new(), abandoned: 0 }
    }

    /// Starts an attempt, unless one is under way, or `attempt` is switched off, or too many threads were
    /// given up.
    pub fn offer(&mut self, now: Mono, attempt: Attempt, frame: Arc<Frame>) -> bool {
        if self.busy.is_some() || self.is_off(attempt) {
            return false;
        }
        let at = frame.at;
        let worker = match self.worker.take() {
            Some(worker) => worker,
            None => match Worker::start(self.work) {
                Ok(worker) => worker,
                Err(e) => {
                    tracing::warn!(error = %e, "no thread for the slow lane");
                    return false;
                }
            },
        };
        if worker.jobs.try_send((attempt, frame)).is_err() {
            // The thread has ended, which only a failure outside an attempt can do: the next frame starts
            // another.
            return false;
        }
        self.worker = Some(worker);
        self.busy = Some(Busy { attempt, at, until: now + self.deadline });
        true
    }

    /// The answer of the attempt under way, once it has one or is overdue. Never waits.
    pub fn poll(&mut self, now: Mono) -> Option<Answer> {
        let busy = self.busy?;
        match self.worker.as_ref().map(|worker| worker.answers.try_recv()) {
            Some(Ok(codes)) => Some(self.done(busy, codes)),
            Some(Err(TryRecvError::Empty)) if now < busy.until => None,
            Some(Err(TryRecvError::Empty)) => Some(self.give_up(busy)),
            // An attempt guards against panics itself; a thread that is gone all the same read nothing.
            Some(Err(TryRecvError::Disconnected)) | None => Some(self.give_up(busy)),
        }
    }

    /// Waits for the answer of the attempt under way, its deadline at most.
    pub fn wait(&mut self) -> Option<Answer> {
        let busy = self.busy?;
        match self.worker.as_ref().map(|worker| worker.answers.recv_timeout(self.deadline)) {
            Some(Ok(codes)) => Some(self.done(busy, codes)),
            Some(Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)) | None => {
                Some(self.give_up(busy))
            }
        }
    }

    /// Whether `attempt` is no longer made.
    pub fn is_off(&self, attempt: Attempt) -> bool {
        self.abandoned >= ABANDONED_MAX || self.strikes.get(&attempt).is_some_and(|&count| count >= STRIKES)
    }

    /// Threads given up so far.
    pub fn abandoned(&self) -> u32 {
        self.abandoned
    }

    fn done(&mut self, busy: Busy, codes: Vec<Code>) -> Answer {
        self.busy = None;
        Answer { attempt: busy.attempt, at: busy.at, codes, overran: false, switched_off: None }
    }

    fn give_up(&mut self, busy: Busy) -> Answer {
        let attempt = busy.attempt;
        self.busy = None;
        self.worker = None;
        self.abandoned += 1;
        *self.strikes.entry(attempt).or_default() += 1;
        let switched_off = self.is_off(attempt).then_some(attempt);
        if switched_off.is_some() {
            tracing::warn!(attempt = attempt.name(), abandoned = self.abandoned, "slow attempt switched off");
        } else {
            tracing::debug!(attempt = attempt.name(), abandoned = self.abandoned, "slow attempt overran");
        }
        Answer { attempt, at: busy.at, codes: Vec::new(), overran: true, switched_off }
    }
}

impl Worker {
    fn start(work: Work) -> std::io::Result<Self> {
        let (jobs, todo) = sync_channel::<Job>(1);
        let (done, answers) = sync_channel(1);
        std::thread::Builder::new().name("slow-lane".to_owned()).spawn(move || {
            // Ends when the lane drops its side, or has given this thread up and its answer finds nobody.
            while let Ok((attempt, frame)) = todo.recv() {
                if done.send(work(attempt, &frame)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { jobs, answers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Condvar, Mutex};

    /// A search that never ends, until the test lets it.
    static OPEN: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

    fn stuck(attempt: Attempt, _: &Frame) -> Vec<Code> {
        if attempt.unbounded() {
            let mut open = OPEN.0.lock().unwrap();
            while !*open {
                open = OPEN.1.wait(open).unwrap();
            }
        }
        Vec::new()
    }

    #[test]
    fn an_attempt_that_never_ends_is_given_up_and_then_switched_off() {
        let mut slow = Isolate::with_work(Duration::from_secs(60), stuck);
        let mut now = Mono::ZERO;
        for strike in 1..=STRIKES {
            assert!(slow.offer(now, Attempt::Native, frame()));
            assert!(!slow.offer(now, Attempt::Harder, frame()), "busy");
            assert!(slow.poll(now + Duration::from_secs(59)).is_none());
            now = now + Duration::from_secs(60);
            let answer = slow.poll(now).unwrap();
            assert!(answer.overran && answer.codes.is_empty());
            assert_eq!(answer.switched_off.is_some(), strike == STRIKES);
            assert_eq!(slow.abandoned(), strike);
        }
        assert!(!slow.offer(now, Attempt::Native, frame()), "switched off");
        assert!(slow.offer(now, Attempt::Harder, frame()), "the others go on");
        assert!(!slow.wait().unwrap().overran);
        for _ in STRIKES..ABANDONED_MAX {
            assert!(slow.offer(now, Attempt::Mean, frame()));
            now = now + Duration::from_secs(60);
            assert!(slow.poll(now).unwrap().overran);
        }
        assert!(Attempt::QR.iter().all(|&attempt| slow.is_off(attempt)), "no more threads than that");
        *OPEN.0.lock().unwrap() = true;
        OPEN.1.notify_all();
    }

    #[test]
    fn answers_name_the_frame_that_they_belong_to() {
        let mut slow = Isolate::new(Duration::from_secs(60));
        assert!(slow.poll(Mono::ZERO).is_none() && slow.wait().is_none());
        for attempt in Attempt::QR {
            assert!(slow.offer(Mono(5), attempt, frame()));
            let answer = slow.wait().unwrap();
            assert_eq!((answer.attempt, answer.at, answer.overran), (attempt, Mono(77), false));
        }
        assert_eq!(slow.abandoned(), 0);
    }

    fn frame() -> Arc<Frame> {
        Arc::new(Frame::new(64, 64, vec![128; 64 * 64], Mono(77)).unwrap())
    }
}
