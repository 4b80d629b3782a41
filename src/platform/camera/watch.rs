//! What a camera's thread does: take a frame, read it, give hard ones to the slow lane, make a preview now
//! and then.

use std::sync::Arc;
use std::time::Duration;

use super::now;
use crate::base::{Mono, NoReading};
use crate::model::CameraView;
use crate::platform::isolate::Isolate;
use crate::vision::colour::Coloured;
use crate::vision::raw::{CameraError, Source};
use crate::vision::{Frame, FrameError, Presented, Preview, Raw, Reader, Sight, convert};

/// Previews are no more frequent than this.
const PREVIEW: Duration = Duration::from_millis(120);

/// Where the view rests, frames nearer to the last one than this are passed over: every other one of 30 a second, and none of a
/// camera that is slow anyway.
const REST: Duration = Duration::from_millis(50);

/// Frames whose memory is kept.
const FRAMES_MAX: usize = 3;

/// What one turn gave.
#[derive(Debug, Default)]
pub struct Seen {
    /// Codes newly held up.
    pub presented: Vec<Presented>,
    /// A picture for the screens, when one was due.
    pub preview: Option<Preview>,
    /// The camera failed, or works again; `None` while nothing changed.
    pub health: Option<Result<(), NoReading>>,
    /// What would help whoever holds up a code, and how light it is. Nothing is known without pictures.
    pub view: CameraView,
}

/// A camera with its reader. One thread owns it and calls [`turn`](Self::turn) over and over.
pub struct Watch {
    source: Box<dyn Source>,
    reader: Reader,
    slow: Isolate,
    /// Frames whose memory is used again, once the slow lane has let go of it.
    frames: Vec<Arc<Frame>>,
    health: Option<Result<(), NoReading>>,
    previewed: Option<Mono>,
    /// When the last frame was taken that was looked at.
    looked: Option<Mono>,
}

impl Watch {
    /// Watches `source` by `reader`, whose slow attempts `slow` makes.
    pub fn new(source: Box<dyn Source>, reader: Reader, slow: Isolate) -> Self {
        Self { source, reader, slow, frames: Vec::new(), health: None, previewed: None, looked: None }
    }

    /// Waits up to `wait` for a frame and reads it. A broken frame or camera is logged when it starts and
    /// when it ends. Where nothing has been in view for a while, a frame soon after another is passed over: not even
    /// decoded.
    pub fn turn(&mut self, wait: Duration) -> Seen {
        let mut taken: Option<Result<Sight, FrameError>> = None;
        let mut frame = self.free_frame();
        let reader = &mut self.reader;
        let (rests, looked, mut passed) = (reader.rests(), &mut self.looked, false);
        let outcome = self.source.next(wait, &mut |raw| {
            passed = rests && looked.is_some_and(|last| raw.at.since(last) < REST);
            if passed {
                return;
            }
            *looked = Some(raw.at);
            taken = Arc::get_mut(&mut frame).map(|frame| {
                convert::grey_into(raw, frame)?;
                Ok(read(reader, raw, frame))
            });
        });
        let mut seen = Seen::default();
        match (outcome, taken) {
            (Ok(()), Some(Ok(sight))) => {
                self.take(sight, &frame, &mut seen);
                self.note(Ok(()), "", &mut seen);
            }
            (Ok(()), Some(Err(e))) => self.note(Err(NoReading::Bus), &e.to_string(), &mut seen),
            (Ok(()), None) if passed => {}
            (Ok(()), None) => self.note(Err(NoReading::Timeout), "no picture", &mut seen),
            (Err(CameraError { camera, what, reason }), _) => {
                self.note(Err(reason), &format!("{camera}: {what}"), &mut seen);
            }
        }
        self.frames.push(frame);
        self.late(&mut seen);
        seen.view = self.health.and_then(Result::ok).map(|()| self.reader.view()).unwrap_or_default();
        seen
    }

    /// A frame that nobody looks at any more, with its memory, or a new one.
    fn free_frame(&mut self) -> Arc<Frame> {
        let free = self.frames.iter_mut().position(|frame| Arc::get_mut(frame).is_some());
        match free {
            Some(index) => self.frames.swap_remove(index),
            // The slow lane holds one, and each attempt that was given up another, until its search ends.
            None => {
                self.frames.truncate(FRAMES_MAX - 1);
                Arc::new(Frame::spare())
            }
        }
    }

    fn take(&mut self, sight: Sight, frame: &Arc<Frame>, seen: &mut Seen) {
        seen.presented = sight.presented;
        if self.previewed.is_none_or(|last| frame.at.since(last) >= PREVIEW) {
            self.previewed = Some(frame.at);
            seen.preview = Some(self.reader.preview(frame));
        }
        if let Some(attempt) = sight.attempt {
            // Busy with an older frame: this one goes without, the next is newer anyway.
            self.slow.offer(now(), attempt, Arc::clone(frame));
        }
    }

    fn late(&mut self, seen: &mut Seen) {
        if let Some(answer) = self.slow.poll(now()) {
            seen.presented.extend(self.reader.late(answer.at, &answer.codes));
            if let Some(attempt) = answer.switched_off {
                self.reader.switch_off(attempt);
            }
        }
    }

    fn note(&mut self, health: Result<(), NoReading>, what: &str, seen: &mut Seen) {
        if self.health == Some(health) {
            return;
        }
        match health {
            Err(reason) => tracing::warn!(error = %reason, what, "camera gives no picture"),
            Ok(()) if self.health.is_some() => tracing::info!("camera gives pictures again"),
            Ok(()) => {}
        }
        self.health = Some(health);
        seen.health = Some(health);
    }
}

/// Reads a frame while its colours are still lent.
fn read(reader: &mut Reader, raw: Raw<'_>, frame: &Frame) -> Sight {
    let mut sight = reader.read(frame);
    if !sight.presented.is_empty()
        && let Some(picture) = Coloured::of(raw)
    {
        for code in &mut sight.presented {
            code.colour = code.modules.and_then(|modules| picture.modules(&code.corners, modules));
        }
    }
    sight
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ModuleColour;
    use crate::platform::camera::Folder;
    use crate::vision::PixelFormat;

    #[test]
    fn a_code_in_a_folder_of_pictures_is_one_event_with_a_preview() {
        let folder = tempfile::tempdir().unwrap();
        let code = qrcode::QrCode::new("folder").unwrap();
        let colors = code.to_colors();
        let dark = |x: usize, y: usize| {
            let at = |v: usize| v.checked_sub(40).map(|v| v / 4).filter(|&v| v < code.width());
            at(x).zip(at(y)).is_some_and(|(x, y)| colors[y * code.width() + x] == qrcode::Color::Dark)
        };
        let pixels: Vec<u8> = (0..320 * 240).map(|i| if dark(i % 320, i / 320) { 20 } else { 220 }).collect();
        for i in 0..3 {
            let picture = [b"P5 320 240 255\n", &pixels[..]].concat();
            std::fs::write(folder.path().join(format!("{i}.pgm")), picture).unwrap();
        }
        let source = Folder::open(folder.path(), Duration::ZERO).unwrap();
        let mut watch = Watch::new(Box::new(source), Reader::default(), Isolate::new(Duration::from_secs(1)));
        let turns: Vec<_> = (0..6).map(|_| watch.turn(Duration::from_millis(1))).collect();
        let events: Vec<_> = turns.iter().flat_map(|seen| &seen.presented).collect();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].payload.expose(), b"folder");
        assert_eq!(turns[0].health, Some(Ok(())));
        assert!(turns[1..].iter().all(|seen| seen.health.is_none()));
        assert_eq!(turns[0].preview.as_ref().map(|p| (p.width, p.height)), Some((320, 240)));
    }

    #[test]
    fn a_code_has_the_colour_that_the_cameras_own_picture_shows() {
        /// Lends one frame of YUYV, with a code of yellow modules of six pixels.
        struct Yellow(Vec<u8>);
        impl Source for Yellow {
            fn next(&mut self, _: Duration, take: &mut dyn FnMut(Raw<'_>)) -> Result<(), CameraError> {
                let (width, height, stride) = (200, 200, 400);
                take(Raw {
                    format: PixelFormat::Yuyv,
                    width,
                    height,
                    stride,
                    bytes: &self.0,
                    at: Mono::ZERO,
                });
                Ok(())
            }
        }
        let code = qrcode::QrCode::new("yellow").unwrap();
        let module = |v: usize| v.checked_sub(36).map(|v| v / 6).filter(|&v| v < code.width());
        let pair = |i: usize| {
            let at = module(2 * i % 200).zip(module(2 * i / 200));
            let dark = at.is_some_and(|at| code[at] == qrcode::Color::Dark);
            if dark { [189, 21, 189, 175] } else { [235, 128, 235, 128] }
        };
        let source = Yellow((0..200 * 100).flat_map(pair).collect());
        let mut watch = Watch::new(Box::new(source), Reader::default(), Isolate::new(Duration::from_secs(1)));
        let presented = watch.turn(Duration::ZERO).presented;
        assert_eq!(presented.len(), 1);
        assert_eq!(presented[0].colour, Some(ModuleColour::Yellow));
    }

    #[test]
    fn where_the_view_rests_every_other_frame_is_passed_over_until_something_comes() {
        /// Lends a wall, from the frame 100 on a wall with a door, and broken frames where it is told to; with its pace.
        struct Rests(usize, std::ops::Range<usize>, u64);
        impl Source for Rests {
            fn next(&mut self, _: Duration, take: &mut dyn FnMut(Raw<'_>)) -> Result<(), CameraError> {
                let grey = |i: usize| if self.0 >= 100 && i % 64 < 32 { 40 } else { 200 };
                let mut bytes: Vec<u8> = (0..64 * 64).map(grey).collect();
                bytes.truncate(if self.1.contains(&self.0) { 9 } else { bytes.len() });
                let at = Mono::from_millis(self.2 * u64::try_from(self.0).unwrap());
                self.0 += 1;
                let (format, width, height, stride) = (PixelFormat::Grey, 64, 64, 64);
                take(Raw { format, width, height, stride, bytes: &bytes, at });
                Ok(())
            }
        }
        let told = |broken: std::ops::Range<usize>, ms: u64| {
            let source = Box::new(Rests(0, broken, ms));
            let mut watch = Watch::new(source, Reader::default(), Isolate::new(Duration::from_secs(1)));
            let is_told = |_: &i32| watch.turn(Duration::ZERO).health.is_some_and(|health| health.is_err());
            (0..120).filter(is_told).count()
        };
        let each = |frames: std::ops::Range<usize>, ms| -> Vec<usize> {
            frames.map(|at| told(at..at + 1, ms)).collect()
        };
        // A frame that is not looked at is not found to be broken.
        let seen = each(60..66, 33);
        assert!(seen == [0, 1, 0, 1, 0, 1] || seen == [1, 0, 1, 0, 1, 0], "{seen:?}");
        assert_eq!(each(10..14, 33), [1; 4], "not yet at rest");
        assert_eq!(each(102..106, 33), [1; 4], "something came");
        assert_eq!(told(60..62, 33), 1, "never two in a row");
        assert_eq!(each(60..64, 66), [1; 4], "a slow camera loses nothing");
    }

    #[test]
    fn memory_of_a_frame_is_used_again_also_while_the_slow_lane_holds_another() {
        struct Never;
        impl Source for Never {
            fn next(&mut self, _: Duration, _: &mut dyn FnMut(Raw<'_>)) -> Result<(), CameraError> {
                unreachable!("no frame is asked for")
            }
        }
        let mut watch = Watch::new(Box::new(Never), Reader::default(), Isolate::new(Duration::from_secs(1)));
        let turn = |watch: &mut Watch| {
            let frame = watch.free_frame();
            watch.frames.push(Arc::clone(&frame));
            frame
        };
        let mut first = watch.free_frame();
        let seven = |out: &mut Vec<u8>| {
            out.resize(7, 0);
            Ok(())
        };
        Arc::get_mut(&mut first).unwrap().refill((7, 1), Mono::ZERO, seven).unwrap();
        watch.frames.push(Arc::clone(&first));
        let second = turn(&mut watch);
        assert_eq!(second.width(), 1, "a new one: the first is held");
        drop(first);
        // The slow lane is done with the first and has the second.
        assert_eq!(turn(&mut watch).width(), 7);
        let held: Vec<_> = (0..9).map(|_| turn(&mut watch)).collect();
        assert!(watch.frames.len() <= FRAMES_MAX, "however many are held");
        drop((second, held));
    }

    #[test]
    fn a_broken_picture_and_its_end_are_each_told_once() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [("a.jpg", "\u{FF}"), ("b.jpg", "bad"), ("c.pgm", "P5 1 1 255 x")] {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let source = Folder::open(folder.path(), Duration::ZERO).unwrap();
        let mut watch = Watch::new(Box::new(source), Reader::default(), Isolate::new(Duration::from_secs(1)));
        let health: Vec<_> = (0..3).map(|_| watch.turn(Duration::ZERO).health).collect();
        assert_eq!(health, [Some(Err(NoReading::Bus)), None, Some(Ok(()))]);
    }
}
