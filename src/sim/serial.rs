//! A simulated code reader on a real pseudo-terminal.
//!
//! The daemon opens [`Reader::path`] as it would open a USB adapter; the world presents codes at the other end.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serialport::{SerialPort, TTYPort};

/// A code reader. Dropping it pulls its plug.
#[derive(Debug)]
pub struct Reader {
    master: TTYPort,
    /// Kept open, so that the terminal lives while nobody else has it open.
    _slave: TTYPort,
    path: PathBuf,
}

impl Reader {
    /// A reader on a new pseudo-terminal.
    ///
    /// # Errors
    ///
    /// When the system has none to give.
    pub fn new() -> io::Result<Self> {
        let (master, slave) = TTYPort::pair()?;
        let path = slave.name().map(PathBuf::from).ok_or_else(|| io::Error::other("terminal has no name"))?;
        Ok(Self { master, _slave: slave, path })
    }

    /// The device node that the daemon opens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a code with this `payload` and sends it with a carriage return.
    ///
    /// # Errors
    ///
    /// When nobody empties the terminal for a tenth of a second; a part may have been sent.
    pub fn present(&mut self, payload: &[u8]) -> io::Result<()> {
        self.send(payload)?;
        self.send(b"\r")
    }

    /// Sends `bytes` as they are: half a line, noise, two codes at once.
    ///
    /// # Errors
    ///
    /// As [`present`](Self::present).
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.master.write_all(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Mono;
    use crate::drivers::scanner::Lines;
    use std::io::Read;

    #[test]
    fn a_code_presented_to_the_reader_arrives_through_the_terminal() {
        let mut reader = Reader::new().unwrap();
        let path = reader.path().to_str().unwrap().to_owned();
        let mut port =
            serialport::new(path, 9_600).timeout(std::time::Duration::from_secs(5)).open().unwrap();
        // Bytes that a terminal in its usual mode would eat or change.
        let payload = b"NZ\x03\x04\x11\x13\x1A\xFF\xE4\xB8\xAD";
        reader.present(payload).unwrap();
        let (mut lines, mut payloads, mut buffer) = (Lines::new(), Vec::new(), [0; 64]);
        while payloads.is_empty() {
            let count = port.read(&mut buffer).unwrap();
            lines.step(Mono(1), &buffer[..count], &mut payloads);
        }
        assert_eq!(payloads[0].expose(), payload);
    }
}
