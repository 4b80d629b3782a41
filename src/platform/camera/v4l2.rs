//! A V4L2 camera: streaming into mapped buffers, newest frame first, opened again after a stall or an
//! unplugging.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use linuxvideo::format::{PixFormat, PixelFormat as FourCc};
use linuxvideo::stream::ReadStream;
use linuxvideo::{BufType, CapabilityFlags, Device, Fract};

use super::controls::{self, Warned};
use super::life::{Life, Then};
use super::mjpeg::readable;
use super::newest::{Filled, Queue, newest};
use super::{error, now, pause};
use crate::base::NoReading;
use crate::config::board::{Camera, Controls};
use crate::vision::raw::{CameraError, Source};
use crate::vision::{PixelFormat, Raw};

/// Uncompressed frames up to this many pixels fit a USB 2 camera's bandwidth at 15 a second.
const UNCOMPRESSED_MAX: u32 = 800 * 600;

/// A V4L2 camera.
pub struct V4l2 {
    path: PathBuf,
    width: u32,
    height: u32,
    fps: u32,
    controls: Controls,
    warned: Warned,
    stream: Option<Stream>,
    life: Life,
}

struct Stream {
    queue: Mapped,
    format: PixelFormat,
    width: usize,
    height: usize,
    stride: usize,
}

/// The driver's buffers, mapped.
struct Mapped {
    buffers: ReadStream,
    /// The same device, to ask whether another buffer is filled while one is lent.
    behind: OwnedFd,
}

impl V4l2 {
    /// The camera at `path`, asked for what `camera` says. It is opened when a frame is asked for.
    pub fn new(path: &Path, camera: &Camera) -> Self {
        let &Camera { width, height, fps, controls, .. } = camera;
        let (stream, life) = (None, Life::new());
        Self { path: path.to_owned(), width, height, fps, controls, warned: Warned::new(), stream, life }
    }

    fn open(&mut self) -> Result<Stream, CameraError> {
        let refuse = |e: io::Error| error(&self.path, describe(&e), NoReading::Absent);
        let mut device = Device::open(&self.path).map_err(refuse)?;
        let abilities = device.capabilities().map_err(refuse)?.device_capabilities();
        if !abilities.contains(CapabilityFlags::VIDEO_CAPTURE | CapabilityFlags::STREAMING) {
            let what = "cannot stream pictures; a camera often has several nodes, try another";
            return Err(error(&self.path, what, NoReading::Absent));
        }
        let offered: Vec<_> =
            device.formats(BufType::VIDEO_CAPTURE).filter_map(Result::ok).map(|f| f.pixel_format()).collect();
        let format = choose(&offered, self.width.saturating_mul(self.height)).ok_or_else(|| {
            let what = format!("offers none of YUYV, MJPG, NV12 and GREY but {offered:?}");
            error(&self.path, what, NoReading::Absent)
        })?;
        let warned = controls::set(&mut device, &self.controls)
            .map_err(|what| error(&self.path, what, NoReading::WrongPart))?;
        let wanted = PixFormat::new(self.width, self.height, four_cc(format));
        let capture = device.video_capture(wanted).map_err(refuse)?;
        // A driver may not know paces: it then has its own.
        let _ = capture.set_frame_interval(Fract::new(1, self.fps.max(1)));
        let given = capture.format();
        let size = |value: u32| usize::try_from(value).unwrap_or_default();
        let (width, height) = (size(given.width()), size(given.height()));
        let stride = size(given.bytes_per_line());
        if given.pixel_format() != four_cc(format) {
            let what = format!("switched to {:?} when asked for {format:?}", given.pixel_format());
            return Err(error(&self.path, what, NoReading::Absent));
        }
        let buffers = capture.into_stream().map_err(refuse)?;
        let behind = buffers.as_fd().try_clone_to_owned().map_err(refuse)?;
        for what in warned {
            if self.warned.insert(what.clone()) {
                tracing::warn!(camera = %self.path.display(), what, "camera is not set as the board file says");
            }
        }
        Ok(Stream { format, width, height, stride, queue: Mapped { buffers, behind } })
    }

    fn opened(&mut self, wait: Duration) -> Result<&mut Stream, CameraError> {
        if self.stream.is_none() {
            if let Err(left) = self.life.attempt(now()) {
                pause(left.min(wait));
                return Err(error(&self.path, "is not there", NoReading::Absent));
            }
            let stream = self.open()?;
            self.life.seen(now());
            tracing::info!(camera = %self.path.display(), format = ?stream.format, width = stream.width,
                height = stream.height, "camera opened");
            self.stream = Some(stream);
        }
        let path = &self.path;
        self.stream.as_mut().ok_or_else(|| error(path, "is not there", NoReading::Absent))
    }
}

impl Source for V4l2 {
    fn next(&mut self, wait: Duration, take: &mut dyn FnMut(Raw<'_>)) -> Result<(), CameraError> {
        let Stream { queue, format, width, height, stride } = self.opened(wait)?;
        let (format, width, height, stride) = (*format, *width, *height, *stride);
        let lend = &mut |at, bytes: &[u8]| take(Raw { format, width, height, stride, bytes, at });
        let Err(e) = newest(queue, wait, lend) else {
            self.life.seen(now());
            return Ok(());
        };
        match self.life.failed(now(), e.kind()) {
            Then::Wait => {}
            Then::Reopen => {
                tracing::warn!(camera = %self.path.display(), "camera stalls, opening it again");
                self.stream = None;
            }
            Then::Gone => {
                self.stream = None;
                return Err(error(&self.path, describe(&e), NoReading::Absent));
            }
        }
        Err(error(&self.path, "no picture in time", NoReading::Timeout))
    }
}

impl Queue for Mapped {
    fn ready(&self, wait: Duration) -> bool {
        readable(&self.buffers, wait)
    }

    fn dequeue(&mut self, look: &mut dyn FnMut(Filled, &[u8])) -> io::Result<()> {
        let Self { buffers, behind } = self;
        buffers.dequeue(|view| {
            let filled = if view.is_error() {
                Filled::Damaged
            } else if readable(&*behind, Duration::ZERO) {
                Filled::Older
            } else {
                Filled::Newest
            };
            look(filled, &view);
            Ok(())
        })
    }
}

/// The best of what is offered for pictures of so many pixels.
///
/// Colour in the clear reads yellow codes best (79 against 68 of 100 through MJPEG); above
/// [`UNCOMPRESSED_MAX`] the bus would slow it to a few frames a second.
fn choose(offered: &[FourCc], pixels: u32) -> Option<PixelFormat> {
    use PixelFormat::{Grey, Mjpeg, Nv12, Yuyv};
    let order =
        if pixels <= UNCOMPRESSED_MAX { [Yuyv, Nv12, Mjpeg, Grey] } else { [Mjpeg, Nv12, Yuyv, Grey] };
    order.into_iter().find(|&format| offered.contains(&four_cc(format)))
}

fn four_cc(format: PixelFormat) -> FourCc {
    match format {
        PixelFormat::Yuyv => FourCc::YUYV,
        PixelFormat::Mjpeg => FourCc::MJPG,
        PixelFormat::Nv12 => FourCc::from_fourcc(*b"NV12"),
        PixelFormat::Grey => FourCc::from_fourcc(*b"GREY"),
    }
}

/// An error of the kernel in words that say what to do.
fn describe(e: &io::Error) -> String {
    match rustix::io::Errno::from_io_error(e) {
        Some(rustix::io::Errno::NOTTY) => "is not a V4L2 device".to_owned(),
        Some(rustix::io::Errno::BUSY) => "is in use by another program".to_owned(),
        Some(rustix::io::Errno::NODEV | rustix::io::Errno::NXIO) => "was unplugged".to_owned(),
        Some(rustix::io::Errno::ACCESS) => format!("{e}; is the user in the group video?"),
        Some(_) | None => e.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::board::CameraSource;

    #[test]
    fn names_a_device_that_is_missing_or_no_camera() {
        for (path, what) in [("/dev/video-none", "No such file"), ("/dev/null", "is not a V4L2 device")] {
            let source = CameraSource::V4l2(path.into());
            let (controls, symbologies) = (Controls::default(), vec![]);
            let wiring = Camera { source, width: 640, height: 480, fps: 15, controls, symbologies };
            let mut camera = V4l2::new(Path::new(path), &wiring);
            let refused = camera.next(Duration::ZERO, &mut |_| ()).unwrap_err();
            assert_eq!(refused.reason, NoReading::Absent);
            assert!(refused.to_string().starts_with(&format!("camera {path}: {what}")), "{refused}");
            let again = camera.next(Duration::ZERO, &mut |_| ()).unwrap_err();
            assert!(again.to_string().ends_with("is not there"), "no attempt within a second: {again}");
        }
    }

    #[test]
    fn asks_for_colour_in_the_clear_while_the_bus_can_carry_it() {
        let both = [FourCc::MJPG, FourCc::YUYV];
        assert_eq!(choose(&both, 640 * 480), Some(PixelFormat::Yuyv));
        assert_eq!(choose(&both, 1_280 * 720), Some(PixelFormat::Mjpeg));
        assert_eq!(choose(&[FourCc::from_fourcc(*b"GREY")], 1_280 * 720), Some(PixelFormat::Grey));
        assert_eq!(choose(&[FourCc::RGB3], 640 * 480), None);
    }
}
