//! A reader of identity cards is asked how it is. A card that lies on it is not read.

use std::time::Duration;

use super::{Saw, text, unusable};
use crate::base::{DeviceId, NoReading};
use crate::config::board::{IdReader, Place};
use crate::drivers::sdt::{Sdt, Turn};
use crate::platform::{clock, serial};
use crate::sim::id_reader::{Manner, Reader};

/// How long a command may take to be written.
const WRITE_MAX: Duration = Duration::from_secs(1);

/// What a reader says of itself.
pub(super) fn ask(id: &DeviceId, wiring: &IdReader) -> Saw {
    let mut simulated = None;
    let path = match &wiring.path {
        Place::Path(path) => path.clone(),
        Place::Simulated => {
            let reader = simulated.insert(Reader::new(Manner::Obeys).map_err(text)?);
            reader.path().to_owned()
        }
    };
    let mut stream = serial::open_tty(id, &path, wiring.baud).map_err(|error| unusable(&error))?;
    let (mut sdt, mut turns, mut buffer) = (Sdt::new(clock::mono()), Vec::new(), [0; 256]);
    loop {
        for turn in turns.drain(..) {
            match turn {
                Turn::Send(command) => stream.write(&command, WRITE_MAX).map_err(text)?,
                Turn::Health(health) => return said(health),
                Turn::Card(_) => {}
            }
        }
        let patience = sdt.due().since(clock::mono()).max(Duration::from_millis(1));
        match stream.read(&mut buffer, patience).map_err(text)? {
            serial::Got::Bytes(count) => sdt.step(clock::mono(), &mut buffer[..count], &mut turns),
            serial::Got::Nothing => {}
            serial::Got::End => return Err("was unplugged".into()),
        }
        sdt.expire(clock::mono(), &mut turns);
    }
}

fn said(health: Result<(), NoReading>) -> Saw {
    match health {
        Ok(()) => Ok("SAM ready".into()),
        Err(NoReading::Flagged) => Err("SAM not ready: its self-test failed".into()),
        Err(NoReading::Timeout) => Err("no answer".into()),
        Err(reason) => Err(reason.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_says_that_it_is_ready_that_its_self_test_failed_or_nothing() {
        let id = "cards".parse().unwrap();
        let cases = [
            (Manner::Obeys, Ok("SAM ready")),
            (Manner::SelfTestFails, Err("SAM not ready: its self-test failed")),
            (Manner::Silent, Err("no answer")),
        ];
        for (manner, expected) in cases {
            let reader = Reader::new(manner).unwrap();
            reader.module().lay(crate::sim::id_reader::Card::new("11010519491231002X", "王小明"));
            let wiring = IdReader { path: Place::Path(reader.path().to_owned()), baud: 115_200 };
            let saw = ask(&id, &wiring);
            assert_eq!(saw.as_deref().map_err(String::as_str), expected);
            assert_eq!(reader.module().reads(), 0);
        }
        assert_eq!(ask(&id, &IdReader { path: Place::Simulated, baud: 115_200 }), Ok("SAM ready".into()));
    }
}
