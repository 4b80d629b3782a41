//! A lane's task whose recorder takes nothing says so instead of waiting for ever.

use std::sync::Arc;
use std::time::Duration;

use kakou::base::{CentiCelsius, Mono, NoReading};
use kakou::config::roster::Roster;
use kakou::config::{Policy, Profiles, Screening, profile_file};
use kakou::control::{Act, Aspect, Command, Direct, Trouble};
use kakou::credential::Trust;
use kakou::daemon::lane::{LaneTask, LaneView};
use kakou::daemon::{LaneRunner, Outputs, Request};
use kakou::drivers::barrier::{End, Position};
use kakou::engine::{Context, Settings, Times};
use kakou::model::{Blinder, Body, Direction, Draft, Level, SubjectKind};
use kakou::platform::clock::{Clock, mono};
use kakou::thermometry;
use tokio::sync::{mpsc, oneshot, watch};

/// Outputs that do nothing, below a barrier that is closed.
struct Nowhere;

impl Outputs for Nowhere {
    fn barrier(&mut self, _: Mono, _: End) -> Result<(), NoReading> {
        Ok(())
    }
    fn switch(&mut self, _: End, _: Level) {}
    fn position(&self) -> Position {
        Position::Confirmed(End::Closed)
    }
    fn lamp(&mut self, _: Aspect) -> Result<(), NoReading> {
        Ok(())
    }
    fn due(&self) -> Option<Mono> {
        None
    }
    fn expire(&mut self, _: Mono) -> Result<(), NoReading> {
        Ok(())
    }
    fn park(&mut self) {}
}

fn runner() -> LaneRunner {
    let degrees = |value| CentiCelsius::from_degrees(value).unwrap();
    let screening = Screening {
        threshold: degrees(37.3),
        guard: 30,
        correction: 0,
        factor: 200,
        cold: degrees(33.5),
        hot: degrees(43.0),
    };
    let profiles = profile_file::shipped().unwrap();
    let context = Context {
        mode: kakou::model::AreaMode::Normal,
        policy: Arc::new(Policy::new(None, screening, profiles.clone())),
        profiles: Profiles::new(profiles).unwrap(),
        roster: Arc::new(Roster::default()),
        blinder: Blinder::new(&[1; 32]),
    };
    let settings = Settings {
        id: "gate".parse().unwrap(),
        title: "东门".to_owned(),
        takes: SubjectKind::Person,
        direct: Direct::Both,
        barrier: Times {
            travel_max: Duration::from_secs(5),
            pass_within: Duration::from_secs(15),
            clear_for: Duration::from_secs(1),
        },
        leave_after: Duration::from_secs(5),
    };
    let trust = Trust::new("east-garden".parse().unwrap(), vec![]);
    let judged = thermometry::Settings::default();
    LaneRunner::new(settings, Arc::new(context), judged, Arc::new(trust), Box::new(Nowhere))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorder_that_takes_nothing_leaves_no_lane_waiting() {
    let clock = Clock::new().unwrap();
    let runner = runner();
    let status = runner.status(mono());
    let (requests, _full) = mpsc::channel(1);
    let draft = Box::new(Draft { lane: None, body: Body::Stopped, personal: None });
    requests.try_send(Request { answer: None, draft, stamp: clock.stamp() }).unwrap();
    let (_observations, observed) = mpsc::channel(1);
    let (commands, asked) = mpsc::channel(1);
    let (_news, heard) = mpsc::channel(1);
    let (view, mut seen) = watch::channel(Arc::new(LaneView { status, devices: vec![] }));
    let (_stop, stopped) = watch::channel(false);
    let task = LaneTask {
        evidence: None,
        id: "gate".parse().unwrap(),
        runner,
        devices: vec![],
        observations: observed,
        commands: asked,
        news: heard,
        requests,
        view,
        progress: Arc::default(),
        clock,
        stop: stopped,
    };
    let task = tokio::spawn(task.run());
    let (reply, replied) = oneshot::channel();
    let act = Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound };
    let command = Command { lane: "gate".parse().unwrap(), by: "wang".parse().ok(), act };
    commands.send((command, reply)).await.unwrap();
    assert_eq!(replied.await.unwrap(), Ok(()));
    seen.wait_for(|view| view.status.trouble == Some(Trouble::NotRecorded)).await.unwrap();
    task.abort();
}
