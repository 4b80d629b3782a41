//! From a camera's frames to what the subject's face says: while a code is awaited and not read, and no longer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kakou::base::{DeviceId, Mono, NoReading, Seq, Stamp};
use kakou::config::profile_file;
use kakou::control::{Act, Aspect, Prompt};
use kakou::daemon::devices::{self, Post};
use kakou::daemon::{Append, LaneRunner, Outputs};
use kakou::drivers::barrier::{End, Position};
use kakou::model::{
    CameraView, CodeHint, Direction, Level, Observation, Observed, PictureLight, SubjectKind,
};
use kakou::platform::clock::Clock;
use kakou::vision::Reader;
use kakou::vision::raw::{CameraError, PixelFormat, Raw, Source};
use kakou::web::Preview;
use kakou::web::words::face;
use tokio::sync::{mpsc, watch};

use crate::lane::{command, runner_with};

const WIDTH: usize = 640;
const HEIGHT: usize = 360;
/// The frame from which on time stands still.
const LAST: u64 = 60;
/// Longest wait for what a camera's thread says.
const PATIENCE: Duration = Duration::from_secs(20);

/// Shows a code that is too small to be read, then the same code nearer by. Frames are 66 ms apart, whatever the time.
struct Nearer {
    frame: watch::Sender<u64>,
    small: Vec<u8>,
    large: Vec<u8>,
    /// From which frame on it is near.
    near: u64,
}

impl Source for Nearer {
    fn next(&mut self, _: Duration, take: &mut dyn FnMut(Raw<'_>)) -> Result<(), CameraError> {
        let frame = *self.frame.borrow() + 1;
        let bytes = if frame < self.near { &self.small } else { &self.large };
        let at = Mono::from_millis(frame.min(LAST) * 66);
        take(Raw { at, format: PixelFormat::Grey, width: WIDTH, height: HEIGHT, stride: WIDTH, bytes });
        self.frame.send_replace(frame);
        Ok(())
    }
}

impl Nearer {
    fn from(near: u64) -> Self {
        Self { frame: watch::Sender::new(0), small: picture(1.7, true), large: picture(6.0, false), near }
    }
}

/// A code whose modules are `module` pixels, of which every ninth is turned round where it is `torn`.
fn picture(module: f32, torn: bool) -> Vec<u8> {
    let code = qrcode::QrCode::new("https://kakou.example/pass/0123456789").unwrap();
    let (side, colors) = (code.width(), code.to_colors());
    let pixel = |x: usize, y: usize| {
        let at = |v: usize| (v >= 100).then(|| ((v - 100) as f32 / module) as usize).filter(|at| *at < side);
        let Some((x, y)) = at(x).zip(at(y)) else { return 200 };
        let corner = |v: usize| v < 8 || v >= side - 8;
        let turned = torn && !(corner(x) && corner(y)) && (x * 7 + y * 5).is_multiple_of(4);
        if (colors[y * side + x] == qrcode::Color::Dark) == turned { 200 } else { 30 }
    };
    (0..WIDTH * HEIGHT).map(|i| pixel(i % WIDTH, i / WIDTH)).collect()
}

/// A lane whose outputs write down how the light was asked for.
struct Gate {
    runner: LaneRunner,
    stamp: Stamp,
    appends: Vec<Append>,
    lit: Lit,
}

impl Gate {
    fn new() -> Self {
        let lit = Lit::default();
        let profiles = profile_file::shipped_in("profiles/residential.toml").unwrap();
        let runner = runner_with(profiles, Box::new(lit.clone()));
        let mut gate = Self { runner, stamp: Clock::new().unwrap().stamp(), appends: vec![], lit };
        gate.runner.start(gate.stamp.mono, &mut gate.appends);
        gate
    }

    fn ask(&mut self) {
        let act = Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound };
        self.runner.command(self.stamp.mono, &command(act), &mut self.appends).unwrap();
        assert_eq!(self.runner.status(self.stamp.mono).prompt, Prompt::ShowCode);
        // The arrival is on the disk: nothing else was handed in.
        for (number, append) in (1..).zip(std::mem::take(&mut self.appends)) {
            let seq = Seq::new(number).unwrap();
            self.runner.durable(self.stamp.mono, append.ticket.unwrap(), seq, &mut self.appends);
        }
        assert!(self.appends.is_empty());
    }

    fn see(&mut self, device: &str, what: Observed) {
        let device: DeviceId = device.parse().unwrap();
        let seen = Observation { device, at: self.stamp.mono, what };
        self.runner.observe(&self.stamp, seen, &mut self.appends);
    }

    fn view(&mut self, device: &str, hint: Option<CodeHint>, light: PictureLight) {
        self.see(device, Observed::View(CameraView { hint, light }));
    }

    /// What the face says beside its request.
    fn said(&self) -> Option<&'static str> {
        self.runner.status(self.stamp.mono).hint.map(|hint| face::hint(hint).verb.zh)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_held_too_far_away_is_asked_closer_until_it_is_read() {
    let mut gate = Gate::new();
    gate.ask();
    let mut observed = camera(Nearer::from(40));
    let mut said = vec![];
    loop {
        let seen = tokio::time::timeout(PATIENCE, observed.recv()).await.expect("in time").unwrap();
        let read = matches!(seen.what, Observed::Code(_));
        let records = gate.appends.len();
        gate.see("camera", seen.what);
        said.push(gate.said());
        if read {
            break;
        }
        assert_eq!(gate.appends.len(), records, "what helps goes into no record");
    }
    assert_eq!(said.pop(), Some(None), "gone when the code is read");
    assert_eq!(said.pop(), Some(Some("请靠近一点")), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_without_time_for_hints_holds_up_no_camera_and_gets_the_last_one_later() {
    let source = Nearer::from(u64::MAX);
    let mut frames = source.frame.subscribe();
    let mut observed = camera(source);
    // The only place is taken by the news that the camera works.
    let looked = tokio::time::timeout(PATIENCE, frames.wait_for(|frame| *frame > LAST)).await;
    looked.expect("the camera goes on").unwrap();
    let mut next =
        async || tokio::time::timeout(PATIENCE, observed.recv()).await.expect("in time").unwrap().what;
    assert_eq!(next().await, Observed::Health(Ok(())));
    let view = CameraView { hint: Some(CodeHint::ComeCloser), light: PictureLight::Good };
    assert_eq!(next().await, Observed::View(view));
}

/// What a camera's thread says, one thing at a time.
fn camera(source: Nearer) -> mpsc::Receiver<Observation> {
    let (observations, observed) = mpsc::channel(1);
    let previews = watch::Sender::new(Arc::new(Preview::default()));
    devices::camera(
        Post { observations },
        "camera".parse().unwrap(),
        (Box::new(source), Reader::default()),
        previews,
    )
    .unwrap();
    observed
}

#[test]
fn the_hint_of_any_camera_is_shown_and_none_after_a_code_was_read_by_another_device() {
    let mut gate = Gate::new();
    gate.view("left", Some(CodeHint::Glare), PictureLight::Good);
    assert_eq!(gate.said(), None, "nobody is asked for a code");
    gate.ask();
    assert_eq!(gate.said(), Some("请转一下"));
    gate.view("right", None, PictureLight::Good);
    assert_eq!(gate.said(), Some("请转一下"));
    gate.view("left", None, PictureLight::Good);
    assert_eq!(gate.said(), None);
    gate.view("right", Some(CodeHint::HoldStill), PictureLight::Good);
    let scan = kakou::model::Scan {
        payload: kakou::base::Pii::new(b"KKR1:NOTHING".to_vec()),
        via: kakou::model::Via::Scanner,
        others: 0,
        colour: None,
    };
    gate.see("scanner", Observed::Code(scan));
    assert_eq!(gate.runner.status(gate.stamp.mono).prompt, Prompt::ShowCode, "it was no credential");
    assert_eq!(gate.said(), None);
}

#[test]
fn where_a_lamp_is_coming_on_it_says_so_instead() {
    let mut gate = Gate::new();
    gate.ask();
    gate.view("camera", Some(CodeHint::TooDark), PictureLight::Dark);
    assert_eq!(gate.said(), Some("光线太暗"));
    gate.lit.0.lock().unwrap().brightens = true;
    assert_eq!(gate.said(), Some("正在补光"));
    gate.view("camera", Some(CodeHint::Glare), PictureLight::Glare);
    assert_eq!(gate.said(), Some("请转一下"));
}

#[test]
fn the_illuminator_is_told_whether_somebody_is_there_and_how_light_it_is() {
    use {Level::Active, Level::Idle, PictureLight::Dark, PictureLight::Glare, PictureLight::Good};
    let mut gate = Gate::new();
    let last = |gate: &Gate| gate.lit.0.lock().unwrap().told.unwrap();
    gate.view("camera", None, Dark);
    assert_eq!(last(&gate), (Idle, Dark), "nobody is there");
    gate.ask();
    assert_eq!(last(&gate), (Active, Dark));
    gate.view("camera", None, Good);
    gate.view("other", None, Glare);
    assert_eq!(last(&gate), (Active, Glare), "what shines into any camera is too much");
    gate.runner.command(gate.stamp.mono, &command(Act::Leave), &mut gate.appends).unwrap();
    assert_eq!(last(&gate), (Idle, Glare));
}

#[derive(Clone, Default)]
struct Lit(Arc<Mutex<Asked>>);

#[derive(Default)]
struct Asked {
    told: Option<(Level, PictureLight)>,
    brightens: bool,
}

impl Outputs for Lit {
    fn barrier(&mut self, _: Mono, _: End) -> Result<(), NoReading> {
        Ok(())
    }
    fn switch(&mut self, _: End, _: Level) {}
    fn position(&self) -> Position {
        Position::Confirmed(End::Closed)
    }
    fn spray(&mut self, _: Mono, _: Level) -> Result<(), NoReading> {
        Ok(())
    }
    fn lamp(&mut self, _: Aspect) -> Result<(), NoReading> {
        Ok(())
    }
    fn illuminate(&mut self, _: Mono, needed: Level, light: PictureLight) -> Result<(), NoReading> {
        self.0.lock().unwrap().told = Some((needed, light));
        Ok(())
    }
    fn brightens(&self) -> Level {
        if self.0.lock().unwrap().brightens { Level::Active } else { Level::Idle }
    }
    fn due(&self) -> Option<Mono> {
        None
    }
    fn expire(&mut self, _: Mono) -> Result<(), NoReading> {
        Ok(())
    }
    fn park(&mut self) {}
}
