//! A V4L2 camera: streaming into mapped buffers, newest frame first, opened again after a stall or an
//! unplugging.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use linuxvideo::format::{PixFormat, PixelFormat as FourCc};
use linuxvideo::stream::ReadStream;
use linuxvideo::{BufType, CapabilityFlags, Device, Fract};

use super::mjpeg::readable;
use super::{error, now, pause};
use crate::base::{Mono, NoReading};
use crate::vision::raw::{CameraError, Source};
use crate::vision::{PixelFormat, Raw};

/// Without a frame for this long, the camera is opened anew.
const STALL: Duration = Duration::from_secs(3);

/// Pause between attempts to open a camera that is not there.
const RETRY: Duration = Duration::from_secs(1);

/// Uncompressed frames up to this many pixels fit a USB 2 camera's bandwidth at 15 a second.
const UNCOMPRESSED_MAX: u32 = 800 * 600;

/// A V4L2 camera.
pub struct V4l2 {
    path: PathBuf,
    width: u32,
    height: u32,
    fps: u32,
    stream: Option<Stream>,
    retry: Mono,
    copy: Vec<u8>,
}

struct Stream {
    buffers: ReadStream,
    format: PixelFormat,
    width: usize,
    height: usize,
    stride: usize,
    last: Mono,
}

impl V4l2 {
    /// The camera at `path`, asked for a size and pace near those given. It is opened when a frame is asked
    /// for.
    pub fn new(path: &Path, width: u32, height: u32, fps: u32) -> Self {
        Self { path: path.to_owned(), width, height, fps, stream: None, retry: Mono::ZERO, copy: Vec::new() }
    }

    fn open(&self) -> Result<Stream, CameraError> {
        let refuse = |e: io::Error| error(&self.path, describe(&e), NoReading::Absent);
        let device = Device::open(&self.path).map_err(refuse)?;
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
        Ok(Stream { format, width, height, stride, buffers, last: now() })
    }

    fn opened(&mut self, wait: Duration) -> Result<&mut Stream, CameraError> {
        if self.stream.is_none() {
            if now() < self.retry {
                pause(self.retry.since(now()).min(wait));
                return Err(error(&self.path, "is not there", NoReading::Absent));
            }
            self.retry = now() + RETRY;
            let stream = self.open()?;
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
        let mut copy = std::mem::take(&mut self.copy);
        let stream = self.opened(wait)?;
        let result = stream.newest(wait, &mut copy);
        let Stream { format, width, height, stride, last, .. } = *stream;
        match result {
            Ok(()) => {
                take(Raw { format, width, height, stride, bytes: &copy, at: last });
                self.copy = copy;
                Ok(())
            }
            Err(e) if e.kind() == io::ErrorKind::TimedOut => {
                if now().since(last) > STALL {
                    tracing::warn!(camera = %self.path.display(), "camera stalls, opening it again");
                    self.stream = None;
                }
                Err(error(&self.path, "no picture in time", NoReading::Timeout))
            }
            Err(e) => {
                self.stream = None;
                Err(error(&self.path, describe(&e), NoReading::Absent))
            }
        }
    }
}

impl Stream {
    /// Copies the newest picture out of the driver's buffers; older ones are passed over.
    fn newest(&mut self, wait: Duration, copy: &mut Vec<u8>) -> io::Result<()> {
        let until = now() + wait;
        loop {
            if !readable(&self.buffers, until.since(now())) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let good = self.buffers.dequeue(|view| {
                copy.clear();
                if !view.is_error() {
                    copy.extend_from_slice(&view);
                }
                Ok(!copy.is_empty())
            })?;
            if good && self.buffers.will_block()? {
                self.last = now();
                return Ok(());
            }
        }
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

    #[test]
    fn names_a_device_that_is_missing_or_no_camera() {
        for (path, what) in [("/dev/video-none", "No such file"), ("/dev/null", "is not a V4L2 device")] {
            let mut camera = V4l2::new(Path::new(path), 640, 480, 15);
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
