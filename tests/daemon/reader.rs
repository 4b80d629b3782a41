//! A reader module on a real pseudo-terminal: it is set up before it counts as sound, and codes between its replies arrive.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use kakou::base::checksum::crc16_xmodem;
use kakou::base::{DeviceId, NoReading};
use kakou::daemon::devices::Post;
use kakou::daemon::reader::{self, Reader, Wanted};
use kakou::drivers::gm65::{Port, Settings, Trigger};
use kakou::drivers::scanner::Module;
use kakou::model::Observed;
use kakou::platform::serial;
use serialport::{SerialPort, TTYPort};
use tokio::sync::mpsc;

/// Longest wait for anything.
const WITHIN: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_module_is_set_up_over_its_wire_and_codes_in_between_arrive_as_codes() {
    let module = Played::start(Manner::Obeys);
    let mut lane = module.open();
    let mut codes = Vec::new();
    while lane.next(&mut codes).await != Some(Ok(())) {}
    assert_eq!((module.writes(), module.saves()), (4, 1));
    while codes.len() < 3 {
        lane.next(&mut codes).await;
    }
    assert!(codes.iter().all(|code| code == b"HC1:CODE"), "{codes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_keeps_its_set_up_codes_on_or_says_nothing_is_a_fault_and_its_codes_still_arrive() {
    for (manner, reason) in [(Manner::Refuses, NoReading::WrongPart), (Manner::Silent, NoReading::Timeout)] {
        let module = Played::start(manner);
        let mut lane = module.open();
        let mut codes = Vec::new();
        let health = loop {
            if let Some(health) = lane.next(&mut codes).await {
                break health;
            }
        };
        assert_eq!(health, Err(reason));
        assert_eq!(module.saves(), 0);
        while codes.is_empty() {
            lane.next(&mut codes).await;
        }
        assert_eq!(codes[0], b"HC1:CODE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_reads_on_command_reads_while_somebody_is_at_the_lane() {
    let module = Played::start(Manner::OnCommand);
    let somebody = Arc::new(AtomicBool::new(false));
    let mut lane = module.open_with(Trigger::Command, Wanted::by(Arc::clone(&somebody)));
    let mut codes = Vec::new();
    assert_eq!(lane.next(&mut codes).await, Some(Ok(())), "set up, and nothing was read before");
    assert!(codes.is_empty());
    somebody.store(true, Ordering::Relaxed);
    while codes.len() < 2 {
        lane.next(&mut codes).await;
    }
    assert!(codes.iter().all(|code| code == b"HC1:CODE"), "{codes:?}");
}

#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// The same, and reads a code only when it is told to.
    OnCommand,
    Obeys,
    Refuses,
    Silent,
}

/// A module played at the other end of a pseudo-terminal; it reads a code at every command.
struct Played {
    path: String,
    _slave: TTYPort,
    counts: Arc<[AtomicU32; 2]>,
}

impl Played {
    fn start(manner: Manner) -> Self {
        let (mut master, slave) = TTYPort::pair().unwrap();
        master.set_timeout(Duration::from_millis(100)).unwrap();
        let path = slave.name().unwrap();
        let counts = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
        let counted = Arc::clone(&counts);
        // Ends with the test: its counts are then held by nobody else.
        std::thread::spawn(move || {
            let mut zones = [0u8; 256];
            (zones[0x03], zones[0x60]) = (1, 1);
            let mut command = [0; 9];
            while Arc::strong_count(&counted) > 1 {
                match master.read_exact(&mut command) {
                    Ok(()) => play(&mut master, &command, &mut zones, manner, &counted),
                    Err(error) if error.kind() == ErrorKind::TimedOut => {}
                    Err(_) => return,
                }
            }
        });
        Self { path, _slave: slave, counts }
    }

    fn open(&self) -> Lane {
        self.open_with(Trigger::Continuous, Wanted::always())
    }

    fn open_with(&self, trigger: Trigger, wanted: Wanted) -> Lane {
        let (observations, observed) = mpsc::channel(64);
        let device: DeviceId = "scanner".parse().unwrap();
        let settings = Settings { trigger, port: Port::Serial, interval: 3, same_code: 30 };
        let (path, id) = (self.path.clone(), device.clone());
        let open = move || serial::open(&id, path.as_ref(), 9_600).map_err(|error| error.to_string());
        let module = Module::Gm65(settings);
        let reader = Reader { device, path: self.path.clone(), module, open: Box::new(open) };
        reader::start(Post { observations }, wanted, reader).unwrap();
        Lane(observed)
    }

    fn writes(&self) -> u32 {
        self.counts[0].load(Ordering::SeqCst)
    }

    fn saves(&self) -> u32 {
        self.counts[1].load(Ordering::SeqCst)
    }
}

fn play(
    master: &mut TTYPort,
    command: &[u8; 9],
    zones: &mut [u8; 256],
    manner: Manner,
    counts: &[AtomicU32; 2],
) {
    assert_eq!(crc16_xmodem(&command[2..]), 0, "{command:02x?}");
    if manner != Manner::OnCommand || command[2..7] == [8, 1, 0, 2, 1] {
        master.write_all(b"HC1:CODE\r").unwrap();
    }
    let zone = usize::from(command[5]);
    let data = match (command[2], manner) {
        (_, Manner::Silent) => return,
        (7, _) => zones[zone],
        (8, Manner::Refuses) => 0,
        (8, _) => {
            zones[zone] = command[6];
            counts[0].fetch_add(1, Ordering::SeqCst);
            0
        }
        (_, _) => {
            counts[1].fetch_add(1, Ordering::SeqCst);
            0
        }
    };
    let [first, second] = crc16_xmodem(&[0, 1, data]).to_be_bytes();
    // In two parts, as a slow wire gives them.
    master.write_all(&[0x02, 0x00, 0x00]).unwrap();
    master.write_all(&[0x01, data, first, second]).unwrap();
}

struct Lane(mpsc::Receiver<kakou::model::Observation>);

impl Lane {
    /// What comes next: a code, which is kept, or how the device is.
    async fn next(&mut self, codes: &mut Vec<Vec<u8>>) -> Option<Result<(), NoReading>> {
        let seen = tokio::time::timeout(WITHIN, self.0.recv()).await.unwrap().unwrap();
        if let Observed::Code(scan) = &seen.what {
            codes.push(scan.payload.expose().clone());
            return None;
        }
        let Observed::Health(health) = seen.what else { panic!("{seen:?}") };
        Some(health)
    }
}
