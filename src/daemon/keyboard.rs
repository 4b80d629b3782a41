//! The thread of a code reader that is a keyboard: opens and grabs it, reads its codes, and opens it again after it was
//! unplugged.

use std::io;
use std::time::Duration;

use super::devices::{self, PATIENCE, Post};
use super::reader::REOPEN_AFTER;
use crate::base::{DeviceId, NoReading};
use crate::drivers::wedge::{Keys, Wedge};
use crate::model::{Observed, Scan, Via};
use crate::platform::clock::{mono, pause};

/// Opens and grabs a keyboard, again after it was unplugged.
pub type OpenKeys = Box<dyn FnMut() -> Result<Box<dyn Keys + Send>, String> + Send>;

/// A code reader that is a keyboard, as it is wired.
pub struct Keyboard {
    /// The device.
    pub device: DeviceId,
    /// Opens it.
    pub open: OpenKeys,
}

/// Reads codes, and opens the keyboard again when it was unplugged.
///
/// # Errors
///
/// When no thread can be started.
pub fn start(post: Post, keyboard: Keyboard) -> io::Result<()> {
    let Keyboard { device, mut open } = keyboard;
    devices::start(&device.clone(), move || {
        let mut refused = None;
        while !post.observations.is_closed() {
            match open() {
                Ok(keys) => {
                    refused = None;
                    if !until_its_end(&post, &device, keys) {
                        return;
                    }
                }
                // Once, and again when it is another reason: it is tried every second.
                Err(error) if refused.as_ref() != Some(&error) => {
                    tracing::warn!(%device, %error, "reader cannot be had");
                    refused = Some(error);
                }
                Err(_) => {}
            }
            if !post.send(&device, Observed::Health(Err(NoReading::Absent))) {
                return;
            }
            pause(REOPEN_AFTER);
        }
    })
}

/// Reads until the keyboard is gone; false when the lane is.
fn until_its_end(post: &Post, device: &DeviceId, mut keys: Box<dyn Keys + Send>) -> bool {
    if !post.send(device, Observed::Health(Ok(()))) {
        return false;
    }
    let (mut wedge, mut events, mut payloads) = (Wedge::new(keys.caps()), Vec::new(), Vec::new());
    while !post.observations.is_closed() {
        let due = wedge.due().map_or(PATIENCE, |due| due.since(mono()));
        if let Err(error) = keys.read(due.clamp(Duration::from_millis(1), PATIENCE), &mut events) {
            tracing::debug!(%device, %error, "reader cannot be read");
            return true;
        }
        let (now, dropped) = (mono(), wedge.dropped());
        events.drain(..).for_each(|event| wedge.step(now, event, &mut payloads));
        payloads.extend(wedge.expire(now));
        if wedge.dropped() > dropped {
            tracing::warn!(%device, codes = wedge.dropped(), "code dropped: too long, or not read whole");
        }
        for payload in payloads.drain(..) {
            let scan = Scan { payload, via: Via::Scanner, others: 0, colour: None };
            if !post.send(device, Observed::Code(scan)) {
                return false;
            }
        }
    }
    false
}
