//! A code reader that is a keyboard: played keys come out as codes, and one that cannot be grabbed is a fault and never read.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kakou::base::NoReading;
use kakou::config::board::KeyboardAt;
use kakou::daemon::devices::Post;
use kakou::daemon::keyboard::{self, Keyboard};
use kakou::drivers::wedge::{Caps, Event, Keys, Press};
use kakou::model::{Observation, Observed, Via};
use kakou::platform;
use tokio::sync::mpsc;

/// Longest wait for anything.
const WITHIN: Duration = Duration::from_secs(20);
const SHIFT: u16 = 42;
const ENTER: u16 = 28;

#[tokio::test(flavor = "multi_thread")]
async fn a_keyboards_codes_arrive_and_it_is_opened_again_after_it_was_unplugged() {
    // "aB" and Enter; then "1", which a silence ends; then the plug is pulled in the middle of a code.
    let first = [pressed(30), vec![down(SHIFT)], pressed(48), vec![up(SHIFT)], pressed(ENTER)].concat();
    let plugged =
        [vec![Ok(first), Ok(pressed(2)), Ok(vec![]), Ok(pressed(3)), Err(())], vec![Ok(pressed(4))]];
    let opened = Arc::new(Mutex::new(VecDeque::from(plugged)));
    let mut lane = Lane::start(Box::new(move || {
        let script = opened.lock().unwrap().pop_front().ok_or("unplugged")?;
        Ok(Box::new(Played(script.into())))
    }));
    assert_eq!(lane.next().await, Seen::Health(Ok(())));
    assert_eq!(lane.next().await, Seen::code("aB"));
    assert_eq!(lane.next().await, Seen::code("1"));
    assert_eq!(lane.next().await, Seen::Health(Err(NoReading::Absent)));
    assert_eq!(lane.next().await, Seen::Health(Ok(())));
    assert_eq!(lane.next().await, Seen::code("3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyboard_that_cannot_be_had_is_absent_and_tried_again() {
    let at = KeyboardAt::Path("/dev/input/by-id/none".into());
    let device = "codes".parse().unwrap();
    let open = move || platform::keyboard::open(&device, &at).map_err(|error| error.to_string());
    let mut lane = Lane::start(Box::new(open));
    for _ in 0..2 {
        assert_eq!(lane.next().await, Seen::Health(Err(NoReading::Absent)));
    }
}

/// A keyboard that presses keys by a script, and does nothing afterwards.
struct Played(VecDeque<Result<Vec<Event>, ()>>);

impl Keys for Played {
    fn read(&mut self, patience: Duration, events: &mut Vec<Event>) -> io::Result<()> {
        match self.0.pop_front() {
            Some(Ok(keys)) if keys.is_empty() => platform::clock::pause(Duration::from_millis(150)),
            Some(Ok(keys)) => events.extend(keys),
            Some(Err(())) => return Err(io::ErrorKind::NotConnected.into()),
            None => platform::clock::pause(patience),
        }
        Ok(())
    }

    fn caps(&self) -> Caps {
        Caps::Off
    }
}

fn down(code: u16) -> Event {
    Event::Key { code, press: Press::Down }
}

fn up(code: u16) -> Event {
    Event::Key { code, press: Press::Up }
}

fn pressed(code: u16) -> Vec<Event> {
    vec![down(code), Event::Key { code, press: Press::Repeat }, up(code)]
}

#[derive(Debug, PartialEq)]
enum Seen {
    Code(Vec<u8>),
    Health(Result<(), NoReading>),
}

impl Seen {
    fn code(text: &str) -> Self {
        Self::Code(text.as_bytes().to_vec())
    }
}

struct Lane(mpsc::Receiver<Observation>);

impl Lane {
    fn start(open: keyboard::OpenKeys) -> Self {
        let (observations, observed) = mpsc::channel(64);
        let keyboard = Keyboard { device: "codes".parse().unwrap(), open };
        keyboard::start(Post { observations }, keyboard).unwrap();
        Self(observed)
    }

    async fn next(&mut self) -> Seen {
        let seen = tokio::time::timeout(WITHIN, self.0.recv()).await.unwrap().unwrap();
        if let Observed::Code(scan) = &seen.what {
            assert_eq!((scan.via, scan.others), (Via::Scanner, 0));
            return Seen::Code(scan.payload.expose().clone());
        }
        let Observed::Health(health) = seen.what else { panic!("{seen:?}") };
        Seen::Health(health)
    }
}
