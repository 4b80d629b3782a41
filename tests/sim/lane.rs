//! One lane's share of the kiosk's process: its drivers and its runner. A power cut ends it.

use std::time::Duration;

use kakou::base::{Mono, NoReading, Random, Stamp};
use kakou::daemon::{Append, LaneRunner, OnPins};
use kakou::drivers::lines::Debounce;
use kakou::drivers::mlx90614::Poller;
use kakou::drivers::scanner;
use kakou::model::{Level, Observation, Observed, RawWords, Scan, Signal, ThermalReading, Via};
use kakou::sim::thermometer::Looks;
use kakou::vision::Reader;
use kakou::{base::CentiCelsius, base::Pii, thermometry};

use super::hardware::Hardware;
use super::pins::{Power, Urge, Urged};
use super::place::place;

/// How often a frame is looked at while a code may be held up.
const FRAME_EVERY: Duration = Duration::from_millis(200);

/// How badly the devices of a lane behave, beyond what the simulated parts do by themselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manners {
    /// Share of code reader bursts of which only a part arrives.
    pub half_lines: f64,
    /// Share of code reader bursts that arrive twice.
    pub twice: f64,
    /// Share of codes that are seen together with a stranger's.
    pub beside: f64,
    /// Planted: whatever the thermometer says, somebody normal stands there.
    pub made_up_readings: bool,
}

/// Drivers and runner of one lane.
pub struct Lane {
    pub runner: LaneRunner,
    pub urge: Urge,
    /// Sound readings of somebody since the last arrival.
    pub samples: usize,
    /// When codes were seen by themselves since the last arrival, or just before it.
    pub alone: Vec<Mono>,
    /// Since when something has been under the barrier.
    pub blocked: Option<Mono>,
    poller: Poller,
    scanner: scanner::Lines,
    sight: Reader,
    next_frame: Mono,
    debounces: Vec<Debounce>,
    random: Random,
}

impl Lane {
    /// A lane whose drivers and runner have just started on `hardware`.
    pub fn start(
        hardware: &Hardware,
        power: &Power,
        now: Mono,
        random: &mut Random,
        out: &mut Vec<Append>,
    ) -> Self {
        let place = place();
        let (barrier, lamp) = hardware.outputs(power, now);
        let urge = Urge::default();
        let outputs = Urged { inner: OnPins::new(barrier, Some(lamp), None), urge: urge.clone() };
        let settings = place.settings(&hardware.id);
        let context = place.context.clone();
        let screening = thermometry::Settings::default();
        let mut runner = LaneRunner::new(settings, context, screening, place.trust(), Box::new(outputs));
        runner.start(now, out);
        let debounce =
            |input: &kakou::config::board::Input| Duration::from_millis(u64::from(input.debounce_ms));
        Self {
            runner,
            urge,
            samples: 0,
            alone: vec![],
            blocked: None,
            poller: Poller::new(hardware.expected, now),
            scanner: scanner::Lines::new(),
            sight: Reader::default(),
            next_frame: now,
            debounces: hardware.inputs.iter().map(|input| Debounce::new(debounce(input))).collect(),
            random: random.fork(hardware.id.as_str()),
        }
    }

    /// Everything that the devices see at `now` by the kiosk's clock and by the world's, in the order in which it reaches
    /// the lane.
    pub fn look(
        &mut self,
        hardware: &mut Hardware,
        (now, world): (Mono, Mono),
        manners: Manners,
        cameras: bool,
    ) -> Vec<Observation> {
        let mut seen = Vec::new();
        self.lines(hardware, now, &mut seen);
        self.codes(hardware, now, manners, &mut seen);
        if cameras && now >= self.next_frame && wants_code(&self.runner.status(now)) {
            self.next_frame = now + FRAME_EVERY;
            self.frame(hardware, (now, world), &mut seen);
        }
        self.temperature(hardware, now, manners, &mut seen);
        seen
    }

    fn lines(&mut self, hardware: &Hardware, now: Mono, seen: &mut Vec<Observation>) {
        self.blocked = match hardware.level(Signal::Beam) {
            Level::Active => self.blocked.or(Some(now)),
            Level::Idle => None,
        };
        for (input, debounce) in hardware.inputs.iter().zip(&mut self.debounces) {
            if let Some(level) = debounce.step(now, hardware.level(input.signal)) {
                let device = hardware.device("lines");
                let what = Observed::Line { signal: input.signal, level };
                seen.push(Observation { device, at: now, what });
            }
        }
    }

    fn codes(&mut self, hardware: &Hardware, now: Mono, manners: Manners, seen: &mut Vec<Observation>) {
        let mut payloads = Vec::new();
        let mut bytes = std::mem::take(&mut *hardware.read.lock().unwrap());
        if !bytes.is_empty() {
            if self.random.chance(manners.half_lines) {
                bytes.truncate(self.random.below(bytes.len() as u64) as usize);
            }
            if self.random.chance(manners.twice) {
                bytes.extend_from_within(..);
            }
        }
        self.scanner.step(now, &bytes, &mut payloads);
        payloads.extend(self.scanner.expire(now));
        let device = hardware.device("scanner");
        for payload in payloads {
            let mut codes = vec![payload];
            if self.random.chance(manners.beside) {
                codes.extend(place().cast.residents.first().map(|other| Pii::new(other.pass.clone().into())));
                codes.dedup();
            }
            let others = codes.len() - 1;
            seen.extend(codes.into_iter().map(|payload| Observation {
                device: device.clone(),
                at: now,
                what: Observed::Code(Scan { payload, via: Via::Scanner, others, colour: None }),
            }));
        }
    }

    fn frame(&mut self, hardware: &Hardware, (now, world): (Mono, Mono), seen: &mut Vec<Observation>) {
        let device = hardware.device("camera");
        let mut push = |what: Observed| seen.push(Observation { device: device.clone(), at: now, what });
        match hardware.camera.frame(world) {
            Ok(frame) => {
                push(Observed::Health(Ok(())));
                for code in self.sight.read(&frame).presented {
                    let (payload, others) = (code.payload, code.others);
                    push(Observed::Code(Scan { payload, via: Via::Camera, others, colour: None }));
                }
            }
            Err(reason) => push(Observed::Health(Err(reason))),
        }
    }

    fn temperature(
        &mut self,
        hardware: &mut Hardware,
        now: Mono,
        manners: Manners,
        seen: &mut Vec<Observation>,
    ) {
        let Some(sample) = self.poller.poll(&mut hardware.bus, now) else { return };
        let somebody = hardware.chip.scene().target.is_some();
        self.samples += usize::from(sample.is_ok() && somebody);
        let sample = if manners.made_up_readings { made_up(somebody) } else { sample };
        let device = hardware.device("brow");
        seen.push(Observation { device, at: now, what: Observed::Thermal(sample) });
    }

    /// Hands an observation to the runner; planted, without what else was in view.
    pub fn observe(
        &mut self,
        stamp: &Stamp,
        mut observation: Observation,
        chooses: bool,
        appends: &mut Vec<Append>,
    ) {
        if let Observed::Code(scan) = &mut observation.what {
            if scan.others == 0 {
                self.alone.push(stamp.mono);
            } else if chooses {
                scan.others = 0;
            }
        }
        self.runner.observe(stamp, observation, appends);
    }
}

fn wants_code(status: &kakou::control::LaneStatus) -> bool {
    let open = |step: &kakou::control::StepStatus| {
        step.kind == kakou::model::StepKind::Credential
            && !matches!(step.state, kakou::control::StepState::Done)
    };
    status.steps.iter().any(open)
}

/// What a driver would say that takes an error for a normal temperature.
fn made_up(somebody: bool) -> Result<ThermalReading, NoReading> {
    let degrees = |value| CentiCelsius::from_degrees(value).unwrap();
    let object = degrees(if somebody { 34.0 } else { 22.0 });
    Ok(ThermalReading { object, die: degrees(22.5), raw: RawWords::new(&[15_357, 14_782]) })
}
