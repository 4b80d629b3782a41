//! The task of one lane: the only owner of its engine and its outputs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::sleep;

use super::evidence::Evidence;
use super::issuers::Issuers;
use super::policy::Ruling;
use super::recall::Recalls;
use super::recorder::{News, Request};
use super::runner::{Append, LaneRunner};
use super::training::Training;
use crate::base::{DeviceId, LaneId, Mono};
use crate::control::{
    Command, DeviceStatus, DisinfectionStatus, LaneStatus, PracticeStatus, Refused, TakenOut,
};
use crate::model::{self, AreaMode, Observation};
use crate::platform::clock::{Clock, mono};
use crate::sync::inbox::{InForce, OutOfService};

/// The mode in force: what the hub orders, and where that is nothing special, what the policy says.
pub fn in_force(ordered: AreaMode, ruled: AreaMode) -> AreaMode {
    if ordered == AreaMode::Normal { ruled } else { ordered }
}

/// A running session's clock on the screens goes on at this pace.
const TICK: Duration = Duration::from_secs(1);

/// What one lane tells the screens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneView {
    /// The lane.
    pub status: LaneStatus,
    /// Its devices.
    pub devices: Vec<DeviceStatus>,
    /// The lane that is practised at beside it, while it is in training.
    pub practice: Option<PracticeStatus>,
}

/// Everything that reaches a lane, and everywhere it reaches.
pub struct LaneTask {
    /// Which lane.
    pub id: LaneId,
    /// The lane itself.
    pub runner: LaneRunner,
    /// What the lane is called that is practised at beside it.
    pub practice: LaneId,
    /// That lane, while this one is in training.
    pub training: Option<Training>,
    /// Its devices and their drivers, for the screens.
    pub devices: Vec<(DeviceId, &'static str)>,
    /// Takes pictures of exceptional passages, where the site wants them.
    pub evidence: Option<Evidence>,
    /// What its devices saw.
    pub observations: mpsc::Receiver<Observation>,
    /// What people ask.
    pub commands: mpsc::Receiver<(Command, oneshot::Sender<Result<(), Refused>>)>,
    /// What the recorder says.
    pub news: mpsc::Receiver<News>,
    /// Into the recorder.
    pub requests: mpsc::Sender<Request>,
    /// What is in force by order of the hub.
    pub in_force: watch::Receiver<InForce>,
    /// What policy rules.
    pub ruling: watch::Receiver<Arc<Ruling>>,
    /// Looks up earlier passages.
    pub recalls: Recalls,
    /// Asks issuers about codes.
    pub issuers: Issuers,
    /// To the screens.
    pub view: watch::Sender<Arc<LaneView>>,
    /// Counts turns, for the watchdog.
    pub progress: Arc<AtomicU64>,
    /// The clock.
    pub clock: Clock,
    /// Becomes true when the kiosk stops.
    pub stop: watch::Receiver<bool>,
}

impl LaneTask {
    /// Runs until the kiosk stops, or nobody can reach the lane any more; leaves the outputs safe.
    pub async fn run(mut self) {
        let mut appends = Vec::new();
        // Before anybody can be there.
        self.serve(&mut appends);
        self.runner.start(mono(), &mut appends);
        loop {
            self.hand_in(&mut appends);
            self.look_up();
            self.publish();
            self.progress.fetch_add(1, Ordering::Relaxed);
            let now = mono();
            let deadlines = [self.runner.deadline(), self.training.as_ref().map(Training::deadline)];
            let due = deadlines.into_iter().flatten().min().map_or(TICK, |at| at.since(now)).min(TICK);
            // Durable records first: they are what somebody is waiting at the barrier for.
            tokio::select! {
                biased;
                news = self.news.recv() => match news {
                    Some(news) => self.heard(news, &mut appends),
                    None => break,
                },
                Some(answer) = self.recalls.answered() => {
                    self.runner.time(&self.clock.stamp());
                    self.runner.recalled(mono(), answer, &mut appends);
                }
                Some(answer) = self.issuers.answered() => {
                    self.runner.time(&self.clock.stamp());
                    self.runner.issuer_answered(mono(), answer, &mut appends);
                }
                command = self.commands.recv() => match command {
                    Some((command, reply)) => {
                        let done = self.command(&command, &mut appends);
                        if let Err(refused) = &done {
                            tracing::debug!(lane = %self.id, %refused, "refused");
                        }
                        // A page that has gone away no longer wants to know.
                        let _ = reply.send(done);
                    }
                    None => break,
                },
                observation = self.observations.recv() => match observation {
                    Some(observation) => {
                        self.runner.observe(&self.clock.stamp(), observation, &mut appends);
                    }
                    None => break,
                },
                _ = self.stop.changed() => break,
                Ok(()) = self.in_force.changed() => self.serve(&mut appends),
                Ok(()) = self.ruling.changed() => self.serve(&mut appends),
                () = sleep(due) => {}
            }
            let now = mono();
            if self.runner.deadline().is_some_and(|at| at <= now) {
                self.runner.expire(now, &mut appends);
            }
            self.expire_training(now, &mut appends);
        }
        self.end_training(model::Training::Stopped, &mut appends);
        self.runner.park();
        tracing::info!(lane = %self.id, "lane parked");
    }

    fn heard(&mut self, news: News, appends: &mut Vec<Append>) {
        let now = mono();
        match news {
            News::Durable { ticket, seq, .. } => {
                self.runner.durable(now, ticket, seq, appends);
                // Behind the barrier, which somebody is waiting for.
                self.evidence.iter_mut().for_each(|evidence| evidence.durable(ticket));
            }
            News::Refused { ticket, .. } => {
                self.evidence.iter_mut().for_each(|evidence| evidence.not_recorded(ticket));
                self.runner.not_recorded(now, ticket, appends);
            }
            News::Inbox { .. } | News::Policy { .. } => {}
            News::Failed(_) => self.runner.journal(now, Err(()), appends),
            News::Restored => self.runner.journal(now, Ok(()), appends),
        }
    }

    /// Takes the lane out of service, or back into it; decides by the policy that rules, in its mode or in the one that
    /// the hub has ordered.
    pub(super) fn serve(&mut self, appends: &mut Vec<Append>) {
        let ruling = Arc::clone(&self.ruling.borrow_and_update());
        if let Some(profiles) = ruling.lanes.get(&self.id) {
            self.runner.rule(&ruling.policy, profiles);
        }
        self.runner.list(&ruling.lists);
        let InForce { out_of_service, mode, .. } = self.in_force.borrow_and_update().clone();
        let out = out_of_service.into_iter().find(|out| out.lane == self.id);
        let taken_out = out.map(|OutOfService { by, reason, .. }| TakenOut { by, reason });
        let mode = in_force(mode, ruling.mode);
        if let Some(training) = &mut self.training {
            training.rule(&ruling, &self.id, mode);
        }
        let practised = self.training.as_ref().map(Training::taken_out);
        self.runner.serve(mono(), taken_out.or(practised), appends);
        self.runner.guard(mono(), mode, appends);
    }

    fn look_up(&mut self) {
        for question in self.runner.recalls() {
            self.recalls.ask(&self.id, question, self.clock.stamp());
        }
        for question in self.runner.questions() {
            self.issuers.ask(&self.id, question);
        }
    }

    fn hand_in(&mut self, appends: &mut Vec<Append>) {
        let mut refused = Vec::new();
        for mut append in appends.drain(..) {
            self.evidence.iter_mut().for_each(|evidence| evidence.attach(mono(), &mut append));
            let answer = append.ticket.map(|ticket| (self.id.clone().into(), ticket));
            let request = Request { answer, draft: append.draft, stamp: self.clock.stamp() };
            if self.requests.try_send(request).is_err() {
                tracing::error!(lane = %self.id, "record is given up: the recorder takes nothing");
                refused.extend(append.ticket);
            }
        }
        // What follows is handed in with the next turn: a recorder that takes nothing is not asked in a loop.
        for ticket in refused {
            self.evidence.iter_mut().for_each(|evidence| evidence.not_recorded(ticket));
            self.runner.not_recorded(mono(), ticket, appends);
        }
    }

    fn publish(&self) {
        let now: Mono = mono();
        let fault = |device: &DeviceId| self.runner.fault(device);
        let devices = self.devices.iter().map(|(device, driver)| DeviceStatus {
            device: device.clone(),
            lane: Some(self.id.clone()),
            driver,
            fault: fault(device),
        });
        let practice = self.training.as_ref().map(|training| training.status(now));
        let view = LaneView { status: self.runner.status(now), devices: devices.collect(), practice };
        self.view.send_if_modified(|old| {
            let practised = match (&old.practice, &view.practice) {
                (Some(old), Some(new)) => changed(&old.lane, &new.lane),
                (None, None) => false,
                (Some(_), None) | (None, Some(_)) => true,
            };
            let changed = practised || changed(&old.status, &view.status) || old.devices != view.devices;
            if changed {
                *old = Arc::new(view);
            }
            changed
        });
    }
}

/// Whether screens must be drawn anew: running times alone count only by whole seconds.
fn changed(old: &LaneStatus, new: &LaneStatus) -> bool {
    let by_seconds = |status: &LaneStatus| LaneStatus {
        since_ms: status.since_ms.map(|ms| ms / 1_000),
        disinfecting: status.disinfecting.map(|running| DisinfectionStatus {
            may_stop_ms: running.may_stop_ms.div_ceil(1_000),
            ends_ms: running.ends_ms.div_ceil(1_000),
        }),
        ..status.clone()
    };
    by_seconds(old) != by_seconds(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Site;
    use crate::config::roster::Roster;
    use crate::control::Direct;
    use crate::engine::{Context, Lane, Settings, Times};
    use crate::model::{AreaMode, Blinder, SubjectKind};

    #[test]
    fn screens_are_drawn_anew_by_whole_seconds_of_what_runs() {
        let idle = status();
        let at = |since_ms, may_stop_ms, ends_ms| LaneStatus {
            since_ms: Some(since_ms),
            disinfecting: Some(DisinfectionStatus { may_stop_ms, ends_ms }),
            ..idle.clone()
        };
        let now = at(1_000, 4_900, 29_900);
        assert!(!changed(&now, &at(1_090, 4_810, 29_810)), "a tenth of a second");
        assert!(changed(&now, &at(2_000, 4_900, 29_900)), "a second since the arrival");
        assert!(changed(&at(1_000, 1, 20_001), &at(1_000, 0, 20_001)), "from now on it may be stopped");
        assert!(changed(&now, &at(1_000, 4_900, 29_000)), "a second until it ends");
        assert!(changed(&now, &LaneStatus { disinfecting: None, ..now.clone() }), "it has ended");
        assert!(changed(&now, &LaneStatus { beam_blocked: true, ..now.clone() }));
    }

    fn status() -> LaneStatus {
        let site = Site::parse("site", include_str!("../cli/demo/kiosk.toml")).unwrap();
        let second = Duration::from_secs(1);
        let settings = Settings {
            id: "gate".parse().unwrap(),
            title: String::new(),
            takes: SubjectKind::Vehicle,
            direct: Direct::Both,
            utc_offset_minutes: 480,
            barrier: Times { travel_max: second, pass_within: second, clear_for: second },
            leave_after: second,
        };
        let context = Context {
            policy: Arc::new(site.policy),
            profiles: site.lanes[1].profiles.clone(),
            roster: Arc::new(Roster::default()),
            lists: Arc::default(),
            blinder: Blinder::new(&[1; 32]),
            mode: AreaMode::Normal,
        };
        Lane::new(settings, Arc::new(context)).status(Mono::ZERO)
    }
}
