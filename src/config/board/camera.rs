//! The keys of a camera.

use std::path::PathBuf;

use super::device::{Wires, among};
use super::{Driver, Place};
use crate::config::section::{Kind, integer, one_of};
use crate::model::Symbology;

/// A camera.
#[derive(Clone, Debug, PartialEq)]
pub struct Camera {
    /// Where its frames come from.
    pub source: CameraSource,
    /// Width asked for, in pixels.
    pub width: u32,
    /// Height asked for, in pixels.
    pub height: u32,
    /// Frames a second asked for.
    pub fps: u32,
    /// How a V4L2 device is set beside that.
    pub controls: Controls,
    /// Which symbols it reads beside QR.
    pub symbologies: Vec<Symbology>,
}

/// Where a camera's frames come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CameraSource {
    /// Simulated.
    Simulated,
    /// A V4L2 device node.
    V4l2(PathBuf),
    /// Pictures of a folder, in the order of their names, over and over.
    Frames(PathBuf),
    /// A file of JPEG pictures one after the other.
    Mjpeg(PathBuf),
}

/// What a V4L2 camera is set to; what is left out stays as its driver has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Controls {
    /// How long light is gathered.
    pub exposure: Option<Exposure>,
    /// Where it is sharp; left out, it focuses by itself if it can.
    pub focus: Option<Focus>,
    /// The mains whose lamps must not flicker in the picture.
    pub power_line: Option<PowerLine>,
    /// What gives way in the dark.
    pub frame_rate: Option<FrameRate>,
}

/// How long light is gathered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// As long as the camera thinks right.
    Auto,
    /// So many times 100 µs.
    Fixed(u32),
}

/// Where a picture is sharp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// Where the camera thinks right, over and over.
    Auto,
    /// At this number of the camera's own.
    Fixed(u32),
}

/// The mains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerLine {
    /// 50 Hz.
    Hz50,
    /// 60 Hz.
    Hz60,
}

/// What gives way in the dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameRate {
    /// Brightness: frames come as often as ever.
    Kept,
    /// The pace: frames become fewer.
    Dynamic,
}

/// What only a V4L2 device has.
const SET: [&str; 4] = ["exposure_us", "focus", "power_line_hz", "dynamic_framerate"];

impl Wires<'_, '_, '_> {
    pub(super) fn camera(&mut self) -> Option<Driver> {
        let width = self.or("width", &integer(160..=3_840), 1_280);
        let height = self.or("height", &integer(120..=2_160), 720);
        let fps = self.or("fps", &integer(1..=60), 15);
        let given = ["path", "frames", "mjpeg"].map(|key| self.table.has(key));
        if given.iter().filter(|given| **given).count() != 1 {
            let expected = "exactly one of path, frames and mjpeg must say where the pictures come from";
            self.report.hidden(self.table.span(), self.table.key("path"), expected);
            return None;
        }
        let source = if given[0] {
            match self.place_alone("path")? {
                Place::Simulated => CameraSource::Simulated,
                Place::Path(path) => CameraSource::V4l2(path),
            }
        } else if given[1] {
            CameraSource::Frames(self.path("frames")?)
        } else {
            CameraSource::Mjpeg(self.path("mjpeg")?)
        };
        let controls = self.controls(&source);
        let symbologies = self.table.get(self.report, "symbologies", &symbologies()).unwrap_or_default();
        Some(Driver::Camera(Camera { source, width, height, fps, controls, symbologies }))
    }

    fn controls(&mut self, source: &CameraSource) -> Controls {
        match source {
            CameraSource::V4l2(_) => {}
            CameraSource::Simulated | CameraSource::Frames(_) | CameraSource::Mjpeg(_) => {
                for key in SET {
                    if self.table.has(key) {
                        self.misfit(key, "only with the path of a V4L2 device");
                    }
                }
            }
        }
        let exposure = self.table.get(self.report, "exposure_us", &exposure());
        let focus = self.table.get(self.report, "focus", &focus());
        let lines = [(50, PowerLine::Hz50), (60, PowerLine::Hz60)];
        let hz = self.table.get(self.report, "power_line_hz", &among(&lines.map(|(hz, _)| hz)));
        let power_line = hz.and_then(|hz: u8| lines.into_iter().find(|(known, _)| *known == hz));
        let rates = [("off", FrameRate::Kept), ("on", FrameRate::Dynamic)];
        let frame_rate = self.table.get(self.report, "dynamic_framerate", &one_of(&rates));
        Controls { exposure, focus, power_line: power_line.map(|(_, line)| line), frame_rate }
    }
}

fn exposure() -> Kind<'static, Exposure> {
    Kind::new("\"auto\" or a multiple of 100 from 100 to 1000000", |value| {
        if value.as_str() == Some("auto") {
            return Some(Exposure::Auto);
        }
        let written: u32 = value.as_integer()?.as_str().parse().ok()?;
        let good = (100..=1_000_000).contains(&written) && written.is_multiple_of(100);
        good.then_some(Exposure::Fixed(written / 100))
    })
}

fn focus() -> Kind<'static, Focus> {
    Kind::new("\"auto\" or 0 to 65535", |value| {
        if value.as_str() == Some("auto") {
            return Some(Focus::Auto);
        }
        let written: u16 = value.as_integer()?.as_str().parse().ok()?;
        Some(Focus::Fixed(written.into()))
    })
}

fn symbologies() -> Kind<'static, Vec<Symbology>> {
    Kind::new("a list of \"data-matrix\", \"pdf417\" and \"aztec\", each once", |value| {
        let mut given = Vec::new();
        for name in value.as_array()? {
            let symbology = Symbology::named(name.as_ref().as_str()?)?;
            if given.contains(&symbology) {
                return None;
            }
            given.push(symbology);
        }
        Some(given)
    })
}
