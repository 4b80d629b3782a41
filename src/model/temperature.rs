//! Skin temperature: one reading, one screening, and what the subject should do for it.

use std::fmt;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::base::{CentiCelsius, NoReading};

/// One valid sample of an infrared thermometer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThermalReading {
    /// What the sensor sees, at emissivity 1.
    pub object: CentiCelsius,
    /// The sensor's own temperature.
    pub die: CentiCelsius,
    /// What the chip's registers said, in the order that the driver's module comment gives.
    pub raw: RawWords,
}

/// Register words behind one reading, at most [`RawWords::MOST`]: with them it can be worked out again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RawWords {
    words: [u16; Self::MOST],
    count: u8,
}

impl RawWords {
    /// Most words of a reading.
    pub const MOST: usize = 6;

    /// These words; those past the sixth are left out.
    pub fn new(said: &[u16]) -> Self {
        let mut words = [0; Self::MOST];
        words.iter_mut().zip(said).for_each(|(word, said)| *word = *said);
        Self { words, count: u8::try_from(said.len().min(Self::MOST)).unwrap_or(0) }
    }

    /// The words.
    pub fn as_slice(&self) -> &[u16] {
        &self.words[..usize::from(self.count)]
    }
}

/// In hexadecimal, as a datasheet writes them: `0x3ad2 0x39f0`.
impl fmt::Display for RawWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.as_slice().iter().enumerate() {
            write!(f, "{}{word:#06x}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for RawWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}

/// Where a screening value lies against the threshold temperature and its guard band.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Zone {
    /// Below by more than the guard band.
    #[n(0)]
    Below,
    /// Within the guard band: measure again.
    #[n(1)]
    Recheck,
    /// At or above by more than the guard band: a person decides.
    #[n(2)]
    Refer,
}

/// Why a screening has no value. Never shown or recorded as normal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
pub enum NotMeasured {
    /// The sensor gave none.
    #[n(0)]
    NoReading(#[n(0)] NoReading),
    /// The sensor is still settling, or its surroundings are outside its range.
    #[n(1)]
    SensorNotReady,
    /// Nobody came close enough in time.
    #[n(2)]
    NobodyThere,
    /// The skin is too cold to say anything: come in from the cold and wait.
    #[n(3)]
    TooCold,
    /// The readings would not settle.
    #[n(4)]
    Unsteady,
    /// Hotter than skin can be: something else is in view.
    #[n(5)]
    NotSkin,
}

/// The result of screening one person once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct Screening {
    /// The zone, or why there is none.
    #[n(0)]
    pub zone: Result<Zone, NotMeasured>,
    /// Skin temperature with emissivity and supply corrected, where one was found.
    #[n(1)]
    pub skin: Option<CentiCelsius>,
    /// What is compared with the threshold temperature: skin plus the site's correction.
    #[n(2)]
    pub compared: Option<CentiCelsius>,
    /// Sensor temperature.
    #[n(3)]
    pub die: Option<CentiCelsius>,
    /// Median register word of the samples used.
    #[n(4)]
    pub raw_object: Option<u16>,
    /// Number of samples used.
    #[n(5)]
    pub samples: u8,
}

/// What the subject's face asks for while a screening runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guidance {
    /// The sensor is settling.
    WarmingUp,
    /// Come closer.
    ComeCloser,
    /// Hold still.
    HoldStill,
    /// Too cold to measure: wait inside.
    WaitInside,
    /// The sensor does not work: the attendant measures.
    AskAttendant,
}
