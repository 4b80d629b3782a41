//! Byte streams of readers: a tty, a named pipe, or a file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serialport::SerialPort;

use super::unusable::Unusable;
use crate::base::DeviceId;

/// An open stream.
#[derive(Debug)]
pub struct Stream(Kind);

#[derive(Debug)]
enum Kind {
    Tty(serialport::TTYPort),
    /// A pipe, held open for writing as well, so that it does not end when a writer goes.
    Pipe(File),
    File(File),
}

/// What came within the time given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    /// So many bytes, at least one.
    Bytes(usize),
    /// Nothing yet.
    Nothing,
    /// The stream is over: the plug was pulled, or the file is read.
    End,
}

/// Opens the reader of `device` at `path`; `baud` is for a tty.
///
/// # Errors
///
/// When there is nothing to read there, no right to it, or another program has it.
pub fn open(device: &DeviceId, path: &Path, baud: u32) -> Result<Stream, Unusable> {
    let unusable = |cause: String| Unusable::new(device, path.display(), cause);
    let kind = std::fs::metadata(path).map_err(|error| unusable(error.to_string()))?.file_type();
    let mut options = OpenOptions::new();
    options.read(true);
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    Ok(Stream(if kind.is_char_device() {
        let builder = serialport::new(path.to_string_lossy(), baud);
        Kind::Tty(serialport::TTYPort::open(&builder).map_err(|error| unusable(error.to_string()))?)
    } else if kind.is_fifo() {
        options.write(true).custom_flags(nonblocking);
        Kind::Pipe(options.open(path).map_err(|error| unusable(error.to_string()))?)
    } else if kind.is_file() {
        Kind::File(options.open(path).map_err(|error| unusable(error.to_string()))?)
    } else {
        return Err(unusable("is no tty, no named pipe and no file".to_owned()));
    }))
}

/// Opens the tty of `device` at `path`, which is asked and answers.
///
/// # Errors
///
/// As [`open`]; also when it is a pipe or a file, which cannot be asked anything.
pub fn open_tty(device: &DeviceId, path: &Path, baud: u32) -> Result<Stream, Unusable> {
    let stream = open(device, path, baud)?;
    match stream.0 {
        Kind::Tty(_) => Ok(stream),
        Kind::Pipe(_) | Kind::File(_) => {
            Err(Unusable::new(device, path.display(), "is no tty: it cannot be asked anything"))
        }
    }
}

impl Stream {
    /// Waits for bytes for at most `patience` and puts them into `buffer`.
    ///
    /// # Errors
    ///
    /// What the system says; the stream should be opened again after a while.
    pub fn read(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<Got> {
        let count = match &mut self.0 {
            Kind::Tty(tty) => {
                tty.set_timeout(patience)?;
                tty.read(buffer)
            }
            Kind::Pipe(pipe) => {
                let timeout = Timespec::try_from(patience).ok();
                let mut waiting = [PollFd::new(&*pipe, PollFlags::IN)];
                match poll(&mut waiting, timeout.as_ref()) {
                    Ok(0) => return Ok(Got::Nothing),
                    Ok(_) => pipe.read(buffer),
                    Err(error) => Err(error.into()),
                }
            }
            Kind::File(file) => file.read(buffer),
        };
        match count {
            Ok(0) => Ok(Got::End),
            Ok(count) => Ok(Got::Bytes(count)),
            Err(error) if is_nothing(&error) => Ok(Got::Nothing),
            Err(error) => Err(error),
        }
    }
}

impl Stream {
    /// Writes all `bytes`, waiting for at most `patience`.
    ///
    /// # Errors
    ///
    /// What the system says. A pipe or a file leads to no reader: it cannot be written.
    pub fn write(&mut self, bytes: &[u8], patience: Duration) -> io::Result<()> {
        match &mut self.0 {
            Kind::Tty(tty) => {
                tty.set_timeout(patience)?;
                tty.write_all(bytes)
            }
            Kind::Pipe(_) | Kind::File(_) => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "is no tty: no module can be set up through it",
            )),
        }
    }
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    #[test]
    fn a_tty_gives_what_is_sent_and_ends_when_the_plug_is_pulled() {
        let (mut master, slave) = serialport::TTYPort::pair().unwrap();
        let path = slave.name().unwrap();
        let mut stream = open(&id(), Path::new(&path), 9_600).unwrap();
        let mut buffer = [0; 16];
        assert_eq!(stream.read(&mut buffer, Duration::ZERO).unwrap(), Got::Nothing);
        master.write_all(b"code\r").unwrap();
        assert_eq!(stream.read(&mut buffer, PATIENCE).unwrap(), Got::Bytes(5));
        assert_eq!(&buffer[..5], b"code\r");
        stream.write(b"\x7E\x00\x0A", PATIENCE).unwrap();
        master.read_exact(&mut buffer[..3]).unwrap();
        assert_eq!(&buffer[..3], b"\x7E\x00\x0A");
        drop((slave, master));
        let after = stream.read(&mut buffer, PATIENCE);
        assert!(!matches!(after, Ok(Got::Bytes(_) | Got::Nothing)), "{after:?}");
    }

    #[test]
    fn a_pipe_goes_on_when_its_writer_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reader");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let mut stream = open(&id(), &path, 9_600).unwrap();
        let mut buffer = [0; 16];
        for text in [b"one\n", b"two\n"] {
            assert_eq!(stream.read(&mut buffer, Duration::ZERO).unwrap(), Got::Nothing);
            OpenOptions::new().write(true).open(&path).unwrap().write_all(text).unwrap();
            assert_eq!(stream.read(&mut buffer, PATIENCE).unwrap(), Got::Bytes(4));
            assert_eq!(&buffer[..4], text);
        }
    }

    #[test]
    fn a_file_is_read_to_its_end() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"one\ntwo").unwrap();
        let mut stream = open(&id(), file.path(), 9_600).unwrap();
        let mut buffer = [0; 16];
        assert_eq!(stream.read(&mut buffer, PATIENCE).unwrap(), Got::Bytes(7));
        assert_eq!(stream.read(&mut buffer, PATIENCE).unwrap(), Got::End);
        let refused = stream.write(b"x", PATIENCE).unwrap_err();
        assert!(refused.to_string().starts_with("is no tty"), "{refused}");
        let refused = open_tty(&id(), file.path(), 9_600).unwrap_err().to_string();
        assert!(refused.ends_with("is no tty: it cannot be asked anything"), "{refused}");
    }

    #[test]
    fn what_cannot_be_read_names_device_and_path() {
        let folder = tempfile::tempdir().unwrap();
        let missing = open(&id(), Path::new("/dev/ttyNone"), 9_600).unwrap_err().to_string();
        assert!(missing.starts_with("device scanner: /dev/ttyNone: No such file"), "{missing}");
        let said = open(&id(), folder.path(), 9_600).unwrap_err().to_string();
        assert!(said.ends_with("is no tty, no named pipe and no file"), "{said}");
    }

    fn id() -> DeviceId {
        "scanner".parse().unwrap()
    }
}
