//! Somebody who is taken through a lane, and a barrier for it.

use std::time::Duration;

use kakou::base::{CentiCelsius, Mono, NoReading, PolicyId, Seq, Stamp};
use kakou::config::profile_file;
use kakou::control::{Act, Aspect, Phase};
use kakou::daemon::policy::Ruling;
use kakou::daemon::{Append, LaneRunner, Outputs};
use kakou::drivers::barrier::{End, Position};
use kakou::model::{
    Body, Direction, DriftNote, Level, Observation, Observed, RawWords, SubjectKind, ThermalReading, Verdict,
};
use kakou::platform::clock::Clock;

use crate::lane::{command, runner_with};

/// A barrier that is at once where it is sent.
pub struct Swings(pub End);

impl Outputs for Swings {
    fn barrier(&mut self, _: Mono, end: End) -> Result<(), NoReading> {
        self.0 = end;
        Ok(())
    }
    fn switch(&mut self, _: End, _: Level) {}
    fn position(&self) -> Position {
        Position::Confirmed(self.0)
    }
    fn spray(&mut self, _: Mono, _: Level) -> Result<(), NoReading> {
        Ok(())
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

pub const FOREHEAD: &str = "[[profile]]\nid = \"brow\"\ntitle_zh = \"额温\"\ntitle_en = \"Brow\"\ntakes = \"person\"\n\
    directions = [\"inbound\"]\nsession_timeout_s = 600\nidle_timeout_s = 60\n\
    [[profile.step]]\nkind = \"temperature\"\ntimeout_s = 60\nattempts = 3\n";

/// Somebody who is taken through one lane, with a journal that takes everything at once.
pub struct Walk {
    pub runner: LaneRunner,
    stamp: Stamp,
    seq: u64,
    appends: Vec<Append>,
    pub noted: Vec<DriftNote>,
}

impl Walk {
    /// A lane that measures foreheads and asks for nothing else.
    pub fn new() -> Self {
        let brow = profile_file::read_profiles("p.toml", FOREHEAD).unwrap();
        let mut runner = runner_with(brow, Box::new(Swings(End::Closed)));
        let (stamp, mut appends) = (Clock::new().unwrap().stamp(), vec![]);
        runner.start(stamp.mono, &mut appends);
        Self { runner, stamp, seq: 0, appends: vec![], noted: vec![] }
    }

    pub fn begin(&mut self) -> usize {
        self.act(Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound });
        self.runner.status(self.stamp.mono).steps.len()
    }

    fn act(&mut self, act: Act) {
        self.runner.command(self.stamp.mono, &command(act), &mut self.appends).unwrap();
        self.durable();
    }

    /// Nobody, then a forehead of 34.6 °C at 25 °C: what is compared with the threshold is about 36.7.
    pub fn measured(&mut self) -> (Verdict, PolicyId) {
        self.measured_at(34.6)
    }

    pub fn measured_at(&mut self, skin: f64) -> (Verdict, PolicyId) {
        let degrees = |value| CentiCelsius::from_degrees(value).unwrap();
        let mut said = None;
        for seen in [25.0; 20].into_iter().chain([skin; 80]) {
            self.stamp.mono = self.stamp.mono + Duration::from_millis(100);
            let (object, die) = (degrees(seen), degrees(25.0));
            let what = Observed::Thermal(Ok(ThermalReading { object, die, raw: RawWords::new(&[0, 0]) }));
            let seen = Observation { device: "brow".parse().unwrap(), at: self.stamp.mono, what };
            self.runner.observe(&self.stamp, seen, &mut self.appends);
            said = said.or(self.durable());
        }
        said.expect("a verdict")
    }

    /// Everything that was handed in is on the disk; the last passage among it.
    fn durable(&mut self) -> Option<(Verdict, PolicyId)> {
        let mut said = None;
        while let Some(append) = self.appends.pop() {
            if let Body::Passage(passage) = &append.draft.body {
                said = Some((passage.verdict, passage.policy));
            }
            if let Body::DriftNoted { note } = &append.draft.body {
                self.noted.push(**note);
            }
            let Some(ticket) = append.ticket else { continue };
            self.seq += 1;
            let seq = Seq::new(self.seq).unwrap();
            self.runner.durable(self.stamp.mono, ticket, seq, &mut self.appends);
        }
        said
    }

    /// Lets time pass until whoever was admitted is gone and the barrier is down.
    pub fn gone(&mut self) {
        for _ in 0..60 {
            self.stamp.mono = self.stamp.mono + Duration::from_secs(1);
            self.runner.expire(self.stamp.mono, &mut self.appends);
            self.durable();
        }
        assert_eq!(self.runner.status(self.stamp.mono).phase, Phase::Idle);
    }

    pub fn rule(&mut self, ruling: &Ruling) -> PolicyId {
        self.runner.rule(&ruling.policy, ruling.lanes.values().next().unwrap());
        ruling.policy.id
    }

    pub fn leaves(&mut self) {
        self.act(Act::Leave);
        self.act(Act::Next);
        assert_eq!(self.runner.status(self.stamp.mono).phase, Phase::Idle);
    }
}
