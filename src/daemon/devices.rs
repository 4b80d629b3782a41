//! Device threads: one for each thing that can block, each a short loop around a driver that cannot.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};

use crate::base::{DeviceId, NoReading};
use crate::drivers::lines::{Debounce, Input};
use crate::drivers::pins::AnyInput;
use crate::drivers::{SideSensor, ThermalArray, Thermometer};
use crate::model::{CameraView, Observation, Observed, Scan, Signal, ThermalFrame, Via};
use crate::platform::camera::Watch;
use crate::platform::clock::{mono, pause};
use crate::platform::isolate::Isolate;
use crate::vision::raw::Source;
use crate::vision::{Presented, Reader};
use crate::{vision, web};

/// How often input lines are looked at: well within the shortest debounce time that a gate needs.
const LINES_EVERY: Duration = Duration::from_millis(10);
/// How long a blocking read waits before it looks whether the kiosk still runs.
pub(super) const PATIENCE: Duration = Duration::from_millis(250);
/// How long one slow attempt at a frame may take.
const SLOW_MAX: Duration = Duration::from_millis(400);

/// One input line of a lane.
pub struct LineInput {
    /// The device, for the log.
    pub device: DeviceId,
    /// What it tells.
    pub signal: Signal,
    /// The line.
    pub input: Input<AnyInput>,
    /// How long a level must stay.
    pub still: Duration,
}

/// Where a lane's devices send what they see.
#[derive(Clone)]
pub struct Post {
    /// Into the lane's task.
    pub observations: mpsc::Sender<Observation>,
}

impl Post {
    /// Sends what must not be lost, waiting for room; false when the lane is gone.
    pub(super) fn send(&self, device: &DeviceId, what: Observed) -> bool {
        let observation = Observation { device: device.clone(), at: mono(), what };
        self.observations.blocking_send(observation).is_ok()
    }

    /// Sends what the next one replaces anyway; false when the lane is gone.
    fn offer(&self, device: &DeviceId, what: Observed) -> bool {
        self.took(device, what).is_some()
    }

    /// The same; says whether there was room for it, or nothing when the lane is gone.
    fn took(&self, device: &DeviceId, what: Observed) -> Option<bool> {
        let observation = Observation { device: device.clone(), at: mono(), what };
        match self.observations.try_send(observation) {
            Ok(()) => Some(true),
            Err(TrySendError::Full(_)) => Some(false),
            Err(TrySendError::Closed(_)) => None,
        }
    }
}

/// Polls a thermometer at its own pace.
///
/// # Errors
///
/// When no thread can be started.
pub fn thermometer(post: Post, device: DeviceId, mut sensor: Box<dyn Thermometer + Send>) -> io::Result<()> {
    start(&device.clone(), move || {
        loop {
            pause(sensor.due().since(mono()));
            if let Some(sample) = sensor.poll(mono())
                && !post.offer(&device, Observed::Thermal(sample))
            {
                return;
            }
        }
    })
}

/// Takes pictures of a thermal array at its own pace, and puts them out for pages that are open.
///
/// # Errors
///
/// When no thread can be started.
pub fn thermal_array(
    post: Post,
    device: DeviceId,
    mut array: Box<dyn ThermalArray + Send>,
    frames: watch::Sender<Option<web::Thermal>>,
) -> io::Result<()> {
    start(&device.clone(), move || {
        loop {
            pause(array.due().since(mono()));
            let Some(frame) = array.poll(mono()) else { continue };
            put_out(&frames, &frame);
            if !post.offer(&device, Observed::Frame(Box::new(frame))) {
                return;
            }
        }
    })
}

/// Puts a frame out for the pages that are open; while none is, nothing of anybody is kept.
fn put_out(frames: &watch::Sender<Option<web::Thermal>>, frame: &Result<ThermalFrame, NoReading>) {
    let open = frames.receiver_count() > 0;
    frames.send_if_modified(|last| {
        let changed = open || last.is_some();
        *last = open.then(|| web::Thermal { at: mono(), frame: *frame });
        changed
    });
}

/// Polls a sensor beside the thermometer at its own pace.
///
/// # Errors
///
/// When no thread can be started.
pub fn side_sensor(post: Post, device: DeviceId, mut sensor: Box<dyn SideSensor + Send>) -> io::Result<()> {
    start(&device.clone(), move || {
        loop {
            pause(sensor.due().since(mono()));
            if let Some(said) = sensor.poll(mono())
                && !post.offer(&device, Observed::Beside(said))
            {
                return;
            }
        }
    })
}

/// Reads codes from a camera's frames, by its reader, and puts small pictures out for the screens.
///
/// # Errors
///
/// When no thread can be started.
pub fn camera(
    post: Post,
    device: DeviceId,
    (source, reader): (Box<dyn Source>, Reader),
    previews: watch::Sender<Arc<web::Preview>>,
) -> io::Result<()> {
    start(&device.clone(), move || {
        let mut watch = Watch::new(source, reader, Isolate::new(SLOW_MAX));
        let mut told = CameraView::default();
        while !post.observations.is_closed() {
            let seen = watch.turn(PATIENCE);
            if let Some(preview) = seen.preview {
                previews.send_replace(Arc::new(shown(preview)));
            }
            let health = seen.health.map(Observed::Health);
            let codes = seen.presented.into_iter();
            let codes = codes.map(|Presented { payload, others, colour, .. }| {
                Observed::Code(Scan { payload, via: Via::Camera, others, colour })
            });
            if !health.into_iter().chain(codes).all(|what| post.send(&device, what)) {
                return;
            }
            // Behind codes, and dropped where the lane has no time: the next frame tries again.
            if seen.view != told && post.took(&device, Observed::View(seen.view)) == Some(true) {
                told = seen.view;
            }
        }
    })
}

/// Watches the input lines of a lane.
///
/// # Errors
///
/// When no thread can be started.
pub fn lines(post: Post, inputs: Vec<LineInput>) -> io::Result<()> {
    let Some(first) = inputs.first().map(|input| input.device.clone()) else { return Ok(()) };
    start(&first, move || {
        let mut inputs: Vec<_> =
            inputs.into_iter().map(|input| (Debounce::new(input.still), Ok(()), input)).collect();
        while !post.observations.is_closed() {
            let now = mono();
            for (debounce, health, LineInput { device, signal, input, .. }) in &mut inputs {
                let read = input.read().map_err(|error| {
                    tracing::debug!(%device, %error, "line cannot be read");
                    NoReading::Bus
                });
                let level = read.ok().and_then(|level| debounce.step(now, level));
                let changed = level.map(|level| Observed::Line { signal: *signal, level });
                let failed = (read.map(|_| ()) != *health).then(|| Observed::Health(read.map(|_| ())));
                *health = read.map(|_| ());
                if !changed.into_iter().chain(failed).all(|what| post.send(device, what)) {
                    return;
                }
            }
            pause(LINES_EVERY);
        }
    })
}

/// A camera's small picture as the pages take it.
fn shown(preview: vision::Preview) -> web::Preview {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the range just before"
    )]
    let pixel = |at: f32| at.clamp(0.0, f32::from(u16::MAX)) as u16;
    let vision::Preview { at, width, height, bmp, outlines } = preview;
    let outlines = outlines.iter().map(|outline| outline.map(|point| (pixel(point.x), pixel(point.y))));
    web::Preview { at, width, height, bmp, outlines: outlines.collect() }
}

pub(super) fn start(device: &DeviceId, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name(device.to_string()).spawn(work).map(|_| ())
}
