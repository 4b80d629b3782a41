//! A file or pipe of JPEG pictures one after the other, with or without anything between them.
//!
//! A file is shown at the camera's pace and begins again at its end; a pipe is shown as it comes and ends
//! when it does; a writer that comes later is read again.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

use super::{Pace, error, now, pause};
use crate::base::NoReading;
use crate::vision::jpeg::{self, Extent};
use crate::vision::raw::{CameraError, Source};
use crate::vision::{PixelFormat, Raw};

/// Largest picture; one that grows beyond is dropped.
const PICTURE_MAX: usize = 4 << 20;

const CHUNK: usize = 256 << 10;

/// So many stretches that are no picture are passed over whatever the time; then only as long as there is some left. Between two
/// pictures there are one or two.
const SKIPS: u32 = 64;

/// A file or pipe of JPEG pictures.
#[derive(Debug)]
pub struct Mjpeg {
    path: PathBuf,
    file: File,
    /// None for a pipe.
    pace: Option<Pace>,
    buffer: Vec<u8>,
    /// Whether a picture was found since the file was begun.
    found: bool,
}

impl Mjpeg {
    /// Opens `path`; a file is shown one picture each `period`.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub fn open(path: &Path, period: Duration) -> Result<Self, CameraError> {
        let refuse = |e: std::io::Error| error(path, e, NoReading::Absent);
        // Not blocking: opening a pipe must not wait for its writer.
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(refuse)?;
        let kind = file.metadata().map_err(refuse)?.file_type();
        if kind.is_dir() {
            return Err(error(path, "is a folder; give it as frames", NoReading::Absent));
        }
        let pace = kind.is_file().then(|| Pace::new(period));
        Ok(Self { path: path.to_owned(), file, pace, buffer: Vec::new(), found: false })
    }

    /// Reads on until the buffer starts with a whole picture; its length.
    fn fill(&mut self, wait: Duration) -> Result<usize, CameraError> {
        let until = now() + wait;
        let mut skips = 0;
        loop {
            match jpeg::extent(&self.buffer) {
                Extent::Whole(length) => return Ok(length),
                Extent::Skip(length) => {
                    self.buffer.drain(..length);
                    skips += 1;
                    if skips > SKIPS && now() >= until {
                        return Err(error(&self.path, "no picture in time", NoReading::Timeout));
                    }
                }
                Extent::More if self.buffer.len() > PICTURE_MAX => self.buffer.clear(),
                Extent::More => self.more(until.since(now()))?,
            }
        }
    }

    fn more(&mut self, wait: Duration) -> Result<(), CameraError> {
        if self.pace.is_none() && !readable(&self.file, wait) {
            return Err(error(&self.path, "no picture in time", NoReading::Timeout));
        }
        let old = self.buffer.len();
        self.buffer.resize(old + CHUNK, 0);
        let read = self.file.read(&mut self.buffer[old..]);
        self.buffer.truncate(old + read.as_ref().copied().unwrap_or_default());
        match read {
            Ok(0) => self.end(wait),
            Ok(_) => Ok(()),
            Err(e) if matches!(e.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => Ok(()),
            Err(e) => Err(error(&self.path, e, NoReading::Bus)),
        }
    }

    fn end(&mut self, wait: Duration) -> Result<(), CameraError> {
        self.buffer.clear();
        if self.pace.is_none() {
            // A pipe without a writer is always ready: asking again at once would take a whole processor.
            pause(wait);
            return Err(error(&self.path, "the pipe has ended", NoReading::Absent));
        }
        if !std::mem::take(&mut self.found) {
            return Err(error(&self.path, "holds no JPEG picture", NoReading::Absent));
        }
        self.file.rewind().map_err(|e| error(&self.path, e, NoReading::Bus))
    }
}

impl Source for Mjpeg {
    fn next(&mut self, wait: Duration, take: &mut dyn FnMut(Raw<'_>)) -> Result<(), CameraError> {
        let length = self.fill(wait)?;
        self.found = true;
        let at = self.pace.as_mut().map_or_else(now, |pace| pace.keep(wait));
        let bytes = &self.buffer[..length];
        take(Raw { format: PixelFormat::Mjpeg, width: 0, height: 0, stride: 0, bytes, at });
        self.buffer.drain(..length);
        Ok(())
    }
}

/// Whether `file` can be read within `wait`.
pub(super) fn readable(file: impl std::os::fd::AsFd, wait: Duration) -> bool {
    let mut fds = [PollFd::new(&file, PollFlags::IN)];
    let timeout = Timespec::try_from(wait).ok();
    poll(&mut fds, timeout.as_ref()).is_ok_and(|ready| ready > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    /// The shortest thing with the segments of a picture; nobody decodes it here.
    fn picture(mark: u8) -> Vec<u8> {
        vec![0xFF, 0xD8, 0xFF, 0xDA, 0, 3, mark, 1, 2, 3, 0xFF, 0xD9]
    }

    #[test]
    fn finds_pictures_between_other_bytes_and_begins_again() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let all = [b"--x\r\n\r\n\xFF", &picture(1)[..], b"\r\n--x", &picture(2)].concat();
        fs::write(file.path(), &all).unwrap();
        let mut camera = Mjpeg::open(file.path(), Duration::ZERO).unwrap();
        let mut marks = vec![];
        for _ in 0..5 {
            camera.next(Duration::ZERO, &mut |raw| marks.push(raw.bytes[6])).unwrap();
        }
        assert_eq!(marks, [1, 2, 1, 2, 1]);
    }

    #[test]
    fn a_file_without_a_picture_is_an_error_and_not_a_loop() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for content in [&b""[..], b"nothing", &[0xFF; 300_000], &[0xFF, 0xD8, 0xFF, 0xDA, 0, 2, 7]] {
            fs::write(file.path(), content).unwrap();
            let mut camera = Mjpeg::open(file.path(), Duration::ZERO).unwrap();
            let refused = camera.next(Duration::ZERO, &mut |_| ()).unwrap_err();
            assert!(refused.to_string().contains("holds no JPEG picture"), "{refused}");
        }
    }

    #[test]
    fn a_picture_that_never_ends_does_not_grow_memory() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let endless = [&picture(1)[..10], &vec![7; 3 * PICTURE_MAX][..], &picture(2)].concat();
        fs::write(file.path(), endless).unwrap();
        let mut camera = Mjpeg::open(file.path(), Duration::ZERO).unwrap();
        let mut mark = 0;
        camera.next(Duration::ZERO, &mut |raw| mark = raw.bytes[6]).unwrap();
        assert_eq!(mark, 2);
        assert!(camera.buffer.capacity() < 3 * PICTURE_MAX);
    }

    #[test]
    fn a_flood_of_false_starts_holds_nobody_up_and_is_passed_over_in_the_end() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), [[0xFF, 0xD8, 0].repeat(1_000), picture(3)].concat()).unwrap();
        let mut camera = Mjpeg::open(file.path(), Duration::ZERO).unwrap();
        let mut mark = 0;
        let mut next = || camera.next(Duration::ZERO, &mut |raw| mark = raw.bytes[6]);
        let refused = next().unwrap_err();
        assert_eq!((refused.reason, refused.what.as_str()), (NoReading::Timeout, "no picture in time"));
        assert!((0..40).any(|_| next().is_ok()), "it goes on where it was");
        assert_eq!(mark, 3);
    }

    #[test]
    fn a_pipe_without_a_picture_times_out_and_then_delivers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        let mut camera = Mjpeg::open(&path, Duration::ZERO).unwrap();
        let mut writer = OpenOptions::new().write(true).open(&path).unwrap();
        let late = camera.next(Duration::from_millis(1), &mut |_| ()).unwrap_err();
        assert_eq!(late.reason, NoReading::Timeout);
        writer.write_all(&picture(5)).unwrap();
        let mut mark = 0;
        camera.next(Duration::from_secs(5), &mut |raw| mark = raw.bytes[6]).unwrap();
        assert_eq!(mark, 5);
        drop(writer);
        let (before, wait) = (now(), Duration::from_millis(20));
        assert_eq!(camera.next(wait, &mut |_| ()).unwrap_err().reason, NoReading::Absent);
        assert!(now().since(before) >= wait, "a pipe without a writer is not asked without a pause");
        let mut writer = OpenOptions::new().write(true).open(&path).unwrap();
        writer.write_all(&picture(6)).unwrap();
        camera.next(Duration::from_secs(5), &mut |raw| mark = raw.bytes[6]).unwrap();
        assert_eq!(mark, 6, "a writer that comes later is read again");
    }

    #[test]
    fn says_which_file_is_missing() {
        let missing = Mjpeg::open(Path::new("/nonexistent/gate.mjpeg"), Duration::ZERO).unwrap_err();
        assert!(missing.to_string().contains("/nonexistent/gate.mjpeg: No such file"), "{missing}");
    }
}
