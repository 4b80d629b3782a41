//! A frame as a camera delivers it, and the seam behind which cameras stand.

use std::time::Duration;

use crate::base::{Mono, NoReading};

/// How a camera lays out its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PixelFormat {
    /// 4:2:2, two pixels in four bytes: Y U Y V. `YUYV` of V4L2.
    Yuyv,
    /// One byte a pixel. `GREY` of V4L2.
    Grey,
    /// A plane of Y, then one of UV pairs at half size. `NV12` of V4L2.
    Nv12,
    /// A JPEG each, often without Huffman tables. `MJPG` of V4L2.
    Mjpeg,
}

/// A frame as delivered, borrowed from the driver's memory.
#[derive(Clone, Copy)]
pub struct Raw<'a> {
    /// Layout.
    pub format: PixelFormat,
    /// Pixels to the right. Not used for [`PixelFormat::Mjpeg`], whose bytes say it.
    pub width: usize,
    /// Pixels down; as above.
    pub height: usize,
    /// Bytes from row to row; as above.
    pub stride: usize,
    /// The bytes; may be too few: that is checked on conversion.
    pub bytes: &'a [u8],
    /// When it was taken.
    pub at: Mono,
}

/// What a camera cannot do, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("camera {camera}: {what}")]
pub struct CameraError {
    /// Which: a device path, a folder, a file.
    pub camera: String,
    /// What went wrong, in plain words.
    pub what: String,
    /// The reason, for the lane.
    pub reason: NoReading,
}

/// Something that delivers frames, newest first: what was not taken in time is gone.
pub trait Source: Send {
    /// Waits up to `wait` for a frame that is newer than the last and lends it to `take`.
    ///
    /// # Errors
    ///
    /// [`NoReading::Timeout`] when none came, [`NoReading::Absent`] when the camera is not there. A source
    /// recovers by itself: keep calling.
    fn next(&mut self, wait: Duration, take: &mut dyn FnMut(Raw<'_>)) -> Result<(), CameraError>;
}
