//! Keyboards that are code readers: opened and grabbed, so that nobody else hears what they type.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use evdev::raw_stream::{RawDevice, enumerate};
use evdev::{EventSummary, KeyCode, LedCode, SynchronizationCode};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::unusable::Unusable;
use crate::base::DeviceId;
use crate::config::board::{KeyboardAt, UsbId};
use crate::drivers::wedge::{Caps, Event, Keys, Press};

/// What every reader that types codes has.
const TYPES: [KeyCode; 3] = [KeyCode::KEY_0, KeyCode::KEY_A, KeyCode::KEY_ENTER];

/// A keyboard that is grabbed.
pub struct Keyboard(RawDevice);

/// Opens and grabs the keyboard of `device`.
///
/// # Errors
///
/// When there is none, no right to it, it is no keyboard, or it cannot be grabbed: it is never read while others hear it.
pub fn open(device: &DeviceId, at: &KeyboardAt) -> Result<Box<dyn Keys + Send>, Unusable> {
    let path = match at {
        KeyboardAt::Path(path) => path.clone(),
        KeyboardAt::Usb(id) => {
            let found = enumerate().filter(|(_, one)| is(one, *id) && types(one)).map(|(path, _)| path);
            only(found.collect()).map_err(|cause| Unusable::new(device, at, cause))?
        }
    };
    let unusable = |cause: String| Unusable::new(device, path.display(), cause);
    let mut keyboard = raw(&path).map_err(|error| unusable(error.to_string()))?;
    if !types(&keyboard) {
        return Err(unusable("is no keyboard".to_owned()));
    }
    keyboard.grab().map_err(|error| {
        unusable(format!("cannot be grabbed, and is not read while others hear what it types: {error}"))
    })?;
    Ok(Box::new(Keyboard(keyboard)))
}

/// The one keyboard that was found.
fn only(found: Vec<PathBuf>) -> Result<PathBuf, String> {
    match <[PathBuf; 1]>::try_from(found) {
        Ok([path]) => Ok(path),
        Err(found) if found.is_empty() => {
            Err("no keyboard with these numbers is plugged in that may be read".to_owned())
        }
        Err(mut found) => {
            found.sort();
            let paths: Vec<String> = found.iter().map(|path| path.display().to_string()).collect();
            Err(format!("several keyboards have these numbers: {}; give the path of one", paths.join(", ")))
        }
    }
}

fn raw(path: &Path) -> io::Result<RawDevice> {
    let flags = (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
    RawDevice::from_fd(file.into())
}

fn is(keyboard: &RawDevice, id: UsbId) -> bool {
    let found = keyboard.input_id();
    (found.vendor(), found.product()) == (id.vendor, id.product)
}

fn types(keyboard: &RawDevice) -> bool {
    keyboard.supported_keys().is_some_and(|keys| TYPES.iter().all(|key| keys.contains(*key)))
}

impl Keys for Keyboard {
    fn read(&mut self, patience: Duration, events: &mut Vec<Event>) -> io::Result<()> {
        let timeout = Timespec::try_from(patience).ok();
        let mut waiting = [PollFd::from_borrowed_fd(self.0.as_fd(), PollFlags::IN)];
        match poll(&mut waiting, timeout.as_ref()) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        match self.0.fetch_events() {
            Ok(came) => {
                events.extend(came.filter_map(|event| told(event.destructure())));
                Ok(())
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn caps(&self) -> Caps {
        // A reader without lights has no lock either.
        let locked = self.0.get_led_state().is_ok_and(|lights| lights.contains(LedCode::LED_CAPSL));
        if locked { Caps::Locked } else { Caps::Off }
    }
}

/// What an event means for a reader of codes; nothing for all that is no key.
fn told(event: EventSummary) -> Option<Event> {
    if let EventSummary::Synchronization(_, SynchronizationCode::SYN_DROPPED, _) = event {
        return Some(Event::Lost);
    }
    let EventSummary::Key(_, key, value) = event else { return None };
    let press = match value {
        0 => Press::Up,
        1 => Press::Down,
        _ => Press::Repeat,
    };
    Some(Event::Key { code: key.code(), press })
}

#[cfg(test)]
mod tests {
    use super::*;
    use evdev::{EventType, InputEvent};

    #[test]
    fn keys_and_lost_events_are_told_and_nothing_else() {
        let tell = |kind: EventType, code, value| told(InputEvent::new(kind.0, code, value).destructure());
        let key = |press| Some(Event::Key { code: 30, press });
        assert_eq!(tell(EventType::KEY, 30, 1), key(Press::Down));
        assert_eq!(tell(EventType::KEY, 30, 0), key(Press::Up));
        assert_eq!(tell(EventType::KEY, 30, 2), key(Press::Repeat));
        assert_eq!(tell(EventType::SYNCHRONIZATION, 3, 0), Some(Event::Lost));
        assert_eq!(tell(EventType::SYNCHRONIZATION, 0, 0), None);
        assert_eq!(tell(EventType::MISC, 4, 458_756), None);
        assert_eq!(tell(EventType::LED, 1, 1), None);
    }

    #[test]
    fn what_is_no_keyboard_or_is_not_there_names_device_and_path() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let said = refusal(&KeyboardAt::Path(file.path().to_owned()));
        let path = file.path().display();
        assert!(said.starts_with(&format!("device codes: {path}: Inappropriate ioctl")), "{said}");
        let said = refusal(&KeyboardAt::Path("/dev/input/by-id/none".into()));
        assert!(said.starts_with("device codes: /dev/input/by-id/none: No such file"), "{said}");
        // Nobody has this number.
        let said = refusal(&KeyboardAt::Usb(UsbId { vendor: 0, product: 0xFFFF }));
        assert!(said.starts_with("device codes: usb 0000:ffff: no keyboard with these numbers"), "{said}");
    }

    #[test]
    fn of_several_keyboards_with_the_same_numbers_none_is_taken() {
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(only(paths(&["/dev/input/event3"])), Ok("/dev/input/event3".into()));
        let said = only(paths(&["/dev/input/event7", "/dev/input/event3"])).unwrap_err();
        assert!(said.contains("/dev/input/event3, /dev/input/event7; give the path of one"), "{said}");
    }

    fn refusal(at: &KeyboardAt) -> String {
        open(&"codes".parse().unwrap(), at).map(drop).unwrap_err().to_string()
    }
}
