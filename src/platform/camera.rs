//! Cameras: a V4L2 device, a folder of pictures, or a stream of JPEGs; and the thread-side loop that reads
//! codes from them.

mod controls;
mod folder;
mod life;
mod mjpeg;
mod newest;
mod v4l2;
mod watch;

use std::path::Path;
use std::time::Duration;

use crate::base::{Mono, NoReading};
use crate::config::board::{Camera, CameraSource};
use crate::platform::clock::mono as now;
use crate::vision::raw::{CameraError, Source};

pub use folder::Folder;
pub use mjpeg::Mjpeg;
pub use v4l2::V4l2;
pub use watch::{Seen, Watch};

/// Opens what the board file names.
///
/// A V4L2 device need not be there yet: it is opened, and opened again after a fault, when a frame is asked
/// for.
///
/// # Errors
///
/// When a folder or file cannot be read, or holds no picture. A simulated camera has no source here.
pub fn open(camera: &Camera) -> Result<Box<dyn Source>, CameraError> {
    let period = Duration::from_secs(1) / camera.fps.max(1);
    Ok(match &camera.source {
        CameraSource::V4l2(path) => Box::new(V4l2::new(path, camera)),
        CameraSource::Frames(path) => Box::new(Folder::open(path, period)?),
        CameraSource::Mjpeg(path) => Box::new(Mjpeg::open(path, period)?),
        CameraSource::Simulated => {
            return Err(error(Path::new("simulated"), "has no device behind it", NoReading::Absent));
        }
    })
}

fn error(path: &Path, what: impl ToString, reason: NoReading) -> CameraError {
    CameraError { camera: path.display().to_string(), what: what.to_string(), reason }
}

#[expect(clippy::disallowed_methods, reason = "a file has no pace of its own")]
fn pause(span: Duration) {
    std::thread::sleep(span);
}

/// Keeps files from being shown faster than a camera would.
#[derive(Debug)]
struct Pace {
    period: Duration,
    due: Mono,
}

impl Pace {
    fn new(period: Duration) -> Self {
        Self { period, due: Mono::ZERO }
    }

    /// Waits until the next frame is due, `wait` at most, and returns the time.
    fn keep(&mut self, wait: Duration) -> Mono {
        pause(self.due.since(now()).min(wait));
        let here = now();
        self.due = here + self.period;
        here
    }
}
