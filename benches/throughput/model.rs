//! What people need: the attendant's hands and eyes, and the subjects. Every figure that is not the kiosk's own is here.
//!
//! Times of hands are those of the keystroke-level model (Card, Moran and Newell 1980, CACM 23(7), table 1): 0.50 s a
//! key for whoever types unconnected characters, 1.35 s to make up one's mind before a unit is typed. All other figures
//! are assumptions, said as such. Each draw is log-normal about its median, cut off at 2.5 standard deviations.

use std::time::Duration;

use kakou::base::Random;

/// A time that varies: its median, and the standard deviation of its logarithm.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    median_ms: f64,
    sigma: f64,
}

impl Spread {
    const fn new(median_ms: f64, sigma: f64) -> Self {
        Self { median_ms, sigma }
    }

    /// One time.
    pub fn draw(self, random: &mut Random) -> Duration {
        let factor = (self.sigma * random.normal().clamp(-2.5, 2.5)).exp();
        Duration::from_secs_f64(self.median_ms * factor / 1_000.0)
    }
}

/// From a change on the screen, or in front of it, to the hand's beginning to move, for whoever does nothing else.
/// Assumption: two cycles of perceiving and deciding.
pub const NOTICE: Spread = Spread::new(450.0, 0.25);
/// One key or button: the model's 0.50 s, with a quarter more for gloves on keys of 15 mm. The quarter is an assumption.
pub const PRESS: Spread = Spread::new(625.0, 0.20);
/// Before a number, a plate or a field is typed: the model's 1.35 s.
pub const THINK: Spread = Spread::new(1_350.0, 0.25);
/// Keys for one Chinese character with a pinyin keyboard, its share of choosing included. Assumption.
pub const KEYS_PER_HANZI: f64 = 3.5;
/// Asking a short question and hearing yes or no. Assumption.
pub const ASK: Spread = Spread::new(1_800.0, 0.25);
/// Saying that there is no phone, and handing an identity card over. Assumption.
pub const NO_PHONE_SAID: Spread = Spread::new(2_500.0, 0.30);

/// A code that is in the hand already: from the beginning of the turn to the reader. Assumption.
pub const CODE_IN_HAND: Spread = Spread::new(900.0, 0.30);
/// A code that is looked for in the phone when it is asked for. Assumption.
pub const CODE_LOOKED_FOR: Spread = Spread::new(4_000.0, 0.30);
/// Another code in the same phone, once the first was taken: one picture further, and to the reader again. Assumption.
pub const SECOND_CODE: Spread = Spread::new(2_500.0, 0.30);
/// A slip of paper that is in a pocket: taken out, unfolded, held flat before the reader, once the identity card was handed
/// over. Assumption.
pub const PAPER_CODE: Spread = Spread::new(5_000.0, 0.30);
/// Looking through a registration that is shown, three short values, against whoever stands there. Assumption.
pub const LOOK_THROUGH: Spread = Spread::new(2_000.0, 0.25);
/// Looking through one row of a passenger list. Assumption.
pub const LIST_ROW: Spread = Spread::new(400.0, 0.25);
/// Bringing the forehead to the sensor, from the beginning of the turn. Assumption.
pub const FOREHEAD: Spread = Spread::new(1_100.0, 0.30);
/// Bringing the reader to somebody in a car, then the sensor: the attendant's hands are full meanwhile. Assumption.
pub const READER_TO_SEAT: Spread = Spread::new(1_800.0, 0.25);
/// The sensor to the forehead of somebody in a car, after the reader. Assumption.
pub const SENSOR_TO_SEAT: Spread = Spread::new(1_200.0, 0.25);
/// The next of a bus's passengers steps to the post. Assumption.
pub const STEPS_UP: Spread = Spread::new(1_000.0, 0.25);
/// The reader to a vehicle's own pass behind the windscreen. Assumption.
pub const READER_TO_WINDSCREEN: Spread = Spread::new(2_500.0, 0.25);

/// From the lamp's go to the beam, and through it, on foot. Assumption: 1.3 m/s from half a metre before it.
pub const WALKS: [u64; 2] = [500, 1_000];
/// The same for a car that has to start.
pub const DRIVES: [u64; 2] = [1_500, 4_000];
/// The next in a queue stands at the post so long after the one before has left it. Assumption.
pub const NEXT_STANDS: Spread = Spread::new(800.0, 0.25);

/// A record is durable so long after it was handed in, at most. See `cargo bench --bench gate` for a disk of one's own;
/// an SD card that has been measured by others takes 5 to 30 ms a sync, and some gather before it.
pub const DURABLE_MS_MAX: u64 = 60;

/// Who comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum People {
    /// A resident with the pass in the hand.
    Resident,
    /// A resident who looks for the pass in the phone when asked.
    FirstCode,
    /// A visitor with a visitor's pass, looked for when asked.
    Visitor,
    /// Somebody without a phone whom the roster knows.
    NoPhoneKnown,
    /// Somebody without a phone whom nothing here knows.
    NoPhoneStranger,
}

/// How what a registration asks comes to the kiosk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Aloud, and the attendant types it.
    Aloud,
    /// By a registration code: in the phone with the pass, the driver's own where a vehicle is asked.
    InPhone,
    /// By a registration code on paper.
    OnPaper,
    /// By a passenger list for everybody, and the driver's registration code for the vehicle; each passenger is asked their
    /// name and looked at.
    Listed,
}

/// Share of the rush that is a resident with the pass in the hand; of the others, most look for it. Assumption.
pub const MIX: [(People, f64); 3] =
    [(People::Resident, 0.92), (People::FirstCode, 0.06), (People::NoPhoneKnown, 0.02)];
