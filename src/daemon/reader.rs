//! The thread of a code reader: opens it, sets it up where it is a module that can be, and reads its codes; again after it
//! was unplugged.
//!
//! A reader that cannot be set up goes on being read, as people stand before it; but it is a fault of the lane from then on,
//! since whoever shows it a set-up code can change it, and it is tried again every 30 seconds.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::devices::{self, PATIENCE, Post};
use crate::base::{DeviceId, Mono, NoReading};
use crate::drivers::gm65::{Fault, Gm65, Turn};
use crate::drivers::scanner::{Lines, Module};
use crate::model::{Level, Observed, Scan, Via};
use crate::platform::clock::{mono, pause};
use crate::platform::serial::{Got, Stream};

/// How long to leave a reader alone that was unplugged.
pub(super) const REOPEN_AFTER: Duration = Duration::from_secs(1);
/// How long to leave a module alone that could not be set up.
const AGAIN: Duration = Duration::from_secs(30);
/// How long a command may take to be written.
pub(super) const WRITE_MAX: Duration = Duration::from_secs(1);

/// Opens a reader's stream, again after it was unplugged.
pub type OpenStream = Box<dyn FnMut() -> Result<Stream, String> + Send>;

/// A code reader as it is wired.
pub struct Reader {
    /// The device.
    pub device: DeviceId,
    /// Where it is, for the log.
    pub path: String,
    /// How it is set up.
    pub module: Module,
    /// Opens it.
    pub open: OpenStream,
}

/// Whether codes are waited for at a lane: what a reader goes by that is told when to read.
#[derive(Clone, Debug, Default)]
pub struct Wanted(Option<Arc<AtomicBool>>);

impl Wanted {
    /// Always.
    pub fn always() -> Self {
        Self(None)
    }

    /// While `somebody` says so.
    pub fn by(somebody: Arc<AtomicBool>) -> Self {
        Self(Some(somebody))
    }

    fn level(&self) -> Level {
        let wanted = self.0.as_ref().is_none_or(|somebody| somebody.load(Ordering::Relaxed));
        if wanted { Level::Active } else { Level::Idle }
    }
}

/// Reads a code reader's lines, and opens it again when it was unplugged. A file is read once.
///
/// # Errors
///
/// When no thread can be started.
pub fn start(post: Post, wanted: Wanted, reader: Reader) -> io::Result<()> {
    let Reader { device, path, module, mut open } = reader;
    devices::start(&device.clone(), move || {
        let mut trouble = Trouble { device: device.clone(), path, times: 0 };
        while !post.observations.is_closed() {
            match open() {
                Ok(stream) => {
                    let module = match module {
                        Module::Lines => None,
                        Module::Gm65(settings) => Some(Gm65::new(mono(), &settings)),
                    };
                    // A module is sound once it is set up.
                    if module.is_none() && !post.send(&device, Observed::Health(Ok(()))) {
                        return;
                    }
                    let (lines, codes) = (Lines::new(), Vec::new());
                    let mut reading = Reading {
                        post: &post,
                        wanted: &wanted,
                        trouble: &mut trouble,
                        stream,
                        lines,
                        module,
                        codes,
                        again: None,
                    };
                    if !reading.until_its_end() {
                        return;
                    }
                    tracing::debug!(%device, "reader's stream ended");
                }
                Err(error) => tracing::debug!(%device, %error, "reader cannot be opened"),
            }
            if !post.send(&device, Observed::Health(Err(NoReading::Absent))) {
                return;
            }
            pause(REOPEN_AFTER);
        }
    })
}

/// A fault of the set-up, which is logged when it begins and when it ends.
struct Trouble {
    device: DeviceId,
    path: String,
    times: u32,
}

impl Trouble {
    fn note(&mut self, error: &dyn std::fmt::Display) {
        let Self { device, path, times } = self;
        if *times == 0 {
            tracing::warn!(%device, %path, %error, "reader is not set up: whoever shows it a set-up code can change it");
        }
        *times = times.saturating_add(1);
    }

    fn over(&mut self, written: u32) {
        let Self { device, path, times } = self;
        if *times > 0 || written > 0 {
            tracing::info!(%device, %path, failed = *times, written, "reader is set up");
        }
        *times = 0;
    }
}

/// An open reader.
struct Reading<'r> {
    post: &'r Post,
    wanted: &'r Wanted,
    trouble: &'r mut Trouble,
    stream: Stream,
    lines: Lines,
    module: Option<Gm65>,
    /// Bytes that are a code's.
    codes: Vec<u8>,
    /// When a set-up that failed is tried again.
    again: Option<Mono>,
}

impl Reading<'_> {
    /// Reads until the stream ends; false when the lane is gone.
    fn until_its_end(&mut self) -> bool {
        let mut buffer = [0; 1024];
        loop {
            if let Some(module) = &mut self.module {
                module.want(self.wanted.level());
            }
            let over = match self.stream.read(&mut buffer, self.patience()) {
                Ok(Got::Bytes(count)) => {
                    if !self.take(&buffer[..count]) {
                        return false;
                    }
                    false
                }
                Ok(Got::Nothing) => false,
                Ok(Got::End) => true,
                Err(error) => {
                    tracing::debug!(device = %self.trouble.device, %error, "reader cannot be read");
                    true
                }
            };
            if !(if over { self.close() } else { self.expire() }) {
                return false;
            }
            if over || self.post.observations.is_closed() {
                return over;
            }
        }
    }

    fn patience(&self) -> Duration {
        let module = self.module.as_ref().and_then(Gm65::deadline);
        let due = self.lines.due().into_iter().chain(module).chain(self.again).min();
        due.map_or(PATIENCE, |due| due.since(mono()).clamp(Duration::from_millis(1), PATIENCE))
    }

    fn take(&mut self, bytes: &[u8]) -> bool {
        let now = mono();
        let turn = match &mut self.module {
            Some(module) => module.step(now, bytes, &mut self.codes),
            None => {
                self.codes.extend_from_slice(bytes);
                None
            }
        };
        self.cut(now) && self.follow(turn)
    }

    /// Acts on whatever has become due.
    fn expire(&mut self) -> bool {
        let now = mono();
        let mut turn = None;
        if let Some(module) = &mut self.module {
            if self.again.take_if(|again| *again <= now).is_some() {
                module.begin(now);
            }
            turn = module.expire(now, &mut self.codes);
        }
        self.cut(now) && self.follow(turn)
    }

    fn close(&mut self) -> bool {
        let now = mono();
        if let Some(module) = &mut self.module {
            module.close(&mut self.codes);
        }
        let mut good = self.cut(now);
        if let Some(payload) = self.lines.close() {
            good &= self.send(payload);
        }
        good
    }

    /// Cuts what is a code's into payloads and sends those that are whole; false when the lane is gone.
    fn cut(&mut self, now: Mono) -> bool {
        let mut payloads = Vec::new();
        self.lines.step(now, &self.codes, &mut payloads);
        self.codes.clear();
        payloads.extend(self.lines.expire(now));
        payloads.into_iter().all(|payload| self.send(payload))
    }

    fn send(&self, payload: crate::base::Pii<Vec<u8>>) -> bool {
        let scan = Scan { payload, via: Via::Scanner, others: 0, colour: None };
        self.post.send(&self.trouble.device, Observed::Code(scan))
    }

    /// Does what the set-up asks for; false when the lane is gone.
    fn follow(&mut self, turn: Option<Turn>) -> bool {
        let health = match turn {
            None => return true,
            Some(Turn::Send(command)) => match self.stream.write(&command, WRITE_MAX) {
                Ok(()) => return true,
                Err(error) => {
                    self.trouble.note(&error);
                    if let Some(module) = &mut self.module {
                        module.give_up();
                    }
                    Err(NoReading::Bus)
                }
            },
            Some(Turn::Done(written)) => {
                self.trouble.over(written);
                Ok(())
            }
            Some(Turn::Failed(fault)) => {
                self.trouble.note(&fault);
                Err(match fault {
                    Fault::Silent(_) => NoReading::Timeout,
                    Fault::Refused(_) => NoReading::WrongPart,
                })
            }
        };
        self.again = health.is_err().then(|| mono() + AGAIN);
        self.post.send(&self.trouble.device, Observed::Health(health))
    }
}
