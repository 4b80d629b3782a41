//! A camera that looks at a simulated lane: real QR symbols, held up by hand.
//!
//! Frames are 640 × 480 luma at 15 a second. A presentation enters from an edge, is held still with a
//! trembling hand, and leaves; it is turned, tilted, unevenly lit, sometimes shining, blurred while it moves,
//! and noisy. What a frame shows follows from the seed, the presentations and the time alone, not from how
//! often one looks.

mod draw;
pub mod footage;
mod ink;
mod plane;
mod pose;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::{Mono, NoReading, Random};
use crate::vision::Frame;
use pose::Hold;

/// Pixels to the right.
pub const WIDTH: usize = 640;
/// Pixels down.
pub const HEIGHT: usize = 480;
/// From frame to frame.
pub const PERIOD: Duration = Duration::from_nanos(66_666_667);

/// Most presentations remembered; the oldest goes first.
const PRESENTATIONS_MAX: usize = 16;

/// What stands around the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenery {
    /// A wall and a doorway; a person stands behind a code.
    Person,
    /// A roadway; a vehicle stands behind a code.
    Vehicle,
    /// A wall full of posters, gratings and squares that resemble finder patterns.
    Clutter,
}

/// What can be wrong with the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The lens is covered.
    Black,
    /// Out of focus beyond reading.
    Blurred,
    /// Unplugged: there are no frames.
    Dead,
}

/// The bytes do not fit the largest QR symbol (2,953 bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes do not fit a QR symbol")]
pub struct TooLong(pub usize);

/// What the camera looks at; the world holds a copy and changes it.
#[derive(Clone, Debug)]
pub struct Scene(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    random: Random,
    holds: Vec<Hold>,
    fault: Option<Fault>,
}

impl Scene {
    /// Somebody holds up a code with `payload` from `start` for `duration`, the way in and out included.
    ///
    /// Several at once are shown side by side.
    ///
    /// # Errors
    ///
    /// When no QR symbol can hold `payload`.
    pub fn present(&self, payload: &[u8], start: Mono, duration: Duration) -> Result<(), TooLong> {
        let level = |level| qrcode::QrCode::with_error_correction_level(payload, level);
        let code = level(qrcode::EcLevel::M)
            .or_else(|_| level(qrcode::EcLevel::L))
            .map_err(|_| TooLong(payload.len()))?;
        let mut state = self.lock();
        if state.holds.len() >= PRESENTATIONS_MAX {
            state.holds.remove(0);
        }
        let beside = state.holds.iter().any(|hold| hold.overlaps(start, duration));
        let hold = Hold::new(&code, start, duration, beside, &mut state.random);
        state.holds.push(hold);
        Ok(())
    }

    /// Takes all codes away.
    pub fn clear(&self) {
        self.lock().holds.clear();
    }

    /// Breaks the camera, or mends it.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.lock().fault = fault;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between statements: a panic elsewhere leaves nothing half-done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A simulated camera.
#[derive(Debug)]
pub struct Camera {
    scene: Scene,
    scenery: Scenery,
    background: Vec<u8>,
    noise: draw::Noise,
}

impl Camera {
    /// A camera before `scenery`, whose pictures follow from `random`.
    pub fn new(scenery: Scenery, mut random: Random) -> Self {
        let background = draw::background(scenery, &mut random.fork("background"));
        let noise = draw::Noise::new(&mut random.fork("noise"));
        let state = State { random: random.fork("hands"), holds: Vec::new(), fault: None };
        Self { scene: Scene(Arc::new(Mutex::new(state))), scenery, background, noise }
    }

    /// What the camera looks at.
    pub fn scene(&self) -> Scene {
        self.scene.clone()
    }

    /// The frame taken at `now`.
    ///
    /// # Errors
    ///
    /// [`NoReading::Absent`] while the camera is [dead](Fault::Dead).
    pub fn frame(&self, now: Mono) -> Result<Frame, NoReading> {
        let mut state = self.scene.lock();
        state.holds.retain(|hold| !hold.is_over(now));
        let mut luma = match state.fault {
            Some(Fault::Dead) => return Err(NoReading::Absent),
            Some(Fault::Black) => vec![6; WIDTH * HEIGHT],
            Some(Fault::Blurred) | None => {
                let mut luma = self.background.clone();
                let blur = usize::from(state.fault.is_some()) * 14;
                if let Some(nearness) = state.holds.iter().map(|hold| hold.nearness(now)).reduce(f32::max) {
                    draw::subject(&mut luma, self.scenery, nearness, now);
                }
                for hold in &state.holds {
                    if let Some(shot) = hold.shot(now) {
                        draw::card(&mut luma, hold.symbol(), &shot, blur);
                    }
                }
                luma
            }
        };
        drop(state);
        self.noise.add(&mut luma, now);
        Frame::new(WIDTH, HEIGHT, luma, now).map_err(|_| NoReading::Bus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision::Reader;

    const HELD: Duration = Duration::from_secs(3);

    #[test]
    fn a_presentation_is_read_once_while_it_is_held() {
        let camera = Camera::new(Scenery::Person, Random::new(1));
        camera.scene().present(b"kakou:1", Mono::from_millis(1_000), HELD).unwrap();
        let mut reader = Reader::default();
        let events: Vec<_> =
            frames(0..90).flat_map(|now| reader.read(&camera.frame(now).unwrap()).presented).collect();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].payload.expose(), b"kakou:1");
        assert!((1_000..4_000).contains(&events[0].at.as_millis()), "{}", events[0].at);
    }

    #[test]
    fn a_picture_follows_from_seed_and_time_alone() {
        let shown = |look_before: bool| {
            let camera = Camera::new(Scenery::Vehicle, Random::new(9));
            camera.scene().present(b"x", Mono::ZERO, HELD).unwrap();
            if look_before {
                frames(0..9).for_each(|now| drop(camera.frame(now)));
            }
            camera.frame(Mono::from_millis(1_500)).unwrap()
        };
        assert_eq!(shown(false), shown(true));
    }

    #[test]
    fn two_codes_at_once_are_both_read() {
        let camera = Camera::new(Scenery::Person, Random::new(4));
        camera.scene().present(b"one", Mono::ZERO, HELD).unwrap();
        camera.scene().present(b"two", Mono::ZERO, HELD).unwrap();
        let mut reader = Reader::default();
        let events: Vec<_> =
            frames(0..45).flat_map(|now| reader.read(&camera.frame(now).unwrap()).presented).collect();
        assert_eq!(events.len(), 2);
        assert!(events[1].others == 1);
    }

    #[test]
    fn faults_leave_nothing_to_read() {
        for scenery in [Scenery::Person, Scenery::Vehicle, Scenery::Clutter] {
            let camera = Camera::new(scenery, Random::new(2));
            let mut reader = Reader::default();
            let mut count = |fault, payload: Option<&[u8]>| {
                camera.scene().clear();
                camera.scene().set_fault(fault);
                if let Some(payload) = payload {
                    camera.scene().present(payload, Mono::ZERO, HELD).unwrap();
                }
                frames(0..30).map(|now| reader.read(&camera.frame(now).unwrap()).codes.len()).sum::<usize>()
            };
            assert_eq!(count(None, None), 0, "{scenery:?}");
            assert_eq!(count(Some(Fault::Blurred), Some(b"blurred")), 0, "{scenery:?}");
            assert_eq!(count(Some(Fault::Black), Some(b"black")), 0, "{scenery:?}");
            assert!(count(None, Some(b"mended")) > 10, "{scenery:?}");
            camera.scene().set_fault(Some(Fault::Dead));
            assert_eq!(camera.frame(Mono::ZERO).unwrap_err(), NoReading::Absent);
        }
    }

    #[test]
    fn refuses_what_no_symbol_can_hold() {
        let camera = Camera::new(Scenery::Person, Random::new(2));
        assert_eq!(camera.scene().present(&[0xA5; 2_954], Mono::ZERO, HELD), Err(TooLong(2_954)));
        assert_eq!(camera.scene().present(&[0xA5; 2_953], Mono::ZERO, HELD), Ok(()));
    }

    fn frames(range: std::ops::Range<u64>) -> impl Iterator<Item = Mono> {
        range.map(|i| Mono(i * u64::try_from(PERIOD.as_nanos()).unwrap()))
    }
}
