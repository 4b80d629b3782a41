//! The thread of a reader of identity cards: opens it, asks it for cards, and opens it again after it was unplugged.

use std::io;
use std::time::Duration;

use super::devices::{self, PATIENCE, Post};
use super::reader::{OpenStream, REOPEN_AFTER, WRITE_MAX};
use crate::base::{DeviceId, NoReading};
use crate::drivers::sdt::{Sdt, Turn};
use crate::model::Observed;
use crate::platform::clock::{mono, pause};
use crate::platform::serial::{Got, Stream};

/// A reader of identity cards as it is wired.
pub struct IdReader {
    /// The device.
    pub device: DeviceId,
    /// Opens it.
    pub open: OpenStream,
}

/// Reads cards, and opens the reader again when it was unplugged.
///
/// # Errors
///
/// When no thread can be started.
pub fn start(post: Post, reader: IdReader) -> io::Result<()> {
    let IdReader { device, mut open } = reader;
    devices::start(&device.clone(), move || {
        let mut sdt = Sdt::new(mono());
        while !post.observations.is_closed() {
            match open() {
                Ok(stream) => {
                    sdt.begin(mono());
                    if !until_its_end(&post, &device, stream, &mut sdt) {
                        return;
                    }
                }
                Err(error) => tracing::debug!(%device, %error, "reader of identity cards cannot be opened"),
            }
            if !post.send(&device, Observed::Health(Err(NoReading::Absent))) {
                return;
            }
            pause(REOPEN_AFTER);
        }
    })
}

/// Reads until the stream ends; false when the lane is gone.
fn until_its_end(post: &Post, device: &DeviceId, mut stream: Stream, sdt: &mut Sdt) -> bool {
    let mut buffer = [0; 1_024];
    let mut turns = Vec::new();
    loop {
        let patience = sdt.due().since(mono()).clamp(Duration::from_millis(1), PATIENCE);
        match stream.read(&mut buffer, patience) {
            // Every byte of a card is overwritten there as soon as it was looked at.
            Ok(Got::Bytes(count)) => sdt.step(mono(), &mut buffer[..count], &mut turns),
            Ok(Got::Nothing) => {}
            Ok(Got::End) => return true,
            Err(error) => {
                tracing::debug!(%device, %error, "reader of identity cards cannot be read");
                return true;
            }
        }
        sdt.expire(mono(), &mut turns);
        for turn in turns.drain(..) {
            let seen = match turn {
                Turn::Send(command) => match stream.write(&command, WRITE_MAX) {
                    Ok(()) => continue,
                    Err(error) => {
                        tracing::debug!(%device, %error, "reader of identity cards cannot be asked");
                        return true;
                    }
                },
                Turn::Health(health) => Observed::Health(health),
                Turn::Card(card) => Observed::IdCard(card),
            };
            if !post.send(device, seen) {
                return false;
            }
        }
        if post.observations.is_closed() {
            return false;
        }
    }
}
