//! Skin temperature: one reading, one screening, and what the subject should do for it.

use std::fmt;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::body_site::BodySite;
use super::trace::Trace;
use crate::base::{CentiCelsius, NoReading};

/// One valid sample of an infrared thermometer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ThermalReading {
    /// What the sensor sees, at emissivity 1.
    #[n(0)]
    pub object: CentiCelsius,
    /// The sensor's own temperature.
    #[n(1)]
    pub die: CentiCelsius,
    /// What the chip's registers said, in the order that the driver's module comment gives.
    #[n(2)]
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

/// An array of words.
impl<C> Encode<C> for RawWords {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(u64::from(self.count))?;
        self.as_slice().iter().try_for_each(|word| e.u16(*word).map(|_| ()))
    }
}

impl<'b, C> Decode<'b, C> for RawWords {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let said = d.array_iter::<u16>()?.take(Self::MOST + 1).collect::<Result<Vec<_>, _>>()?;
        if said.len() > Self::MOST {
            return Err(minicbor::decode::Error::message("more register words than a reading has").at(at));
        }
        Ok(Self::new(&said))
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
    /// Several people are in view.
    #[n(6)]
    Several,
    /// Somebody is nearer than the sensor can judge.
    #[n(7)]
    TooClose,
    /// Came in from the cold, and the skin is not settled: measured again after a while.
    #[n(8)]
    Acclimatising,
    /// No living person's value: something covers the skin, or the sensor is wrong.
    #[n(9)]
    Implausible,
    /// The surroundings are warmer or colder than the correction was checked for, or their temperature is not known.
    #[n(10)]
    Surroundings,
    /// The sensor does not agree with its reference, or has not been compared in time.
    #[n(11)]
    Reference,
    /// The sensor's supply is outside its range.
    #[n(12)]
    Supply,
    /// Too little bare skin of the face is in view.
    #[n(13)]
    Covered,
    /// Many people in a row were unlike all others here: the sensor may have drifted.
    #[n(14)]
    Drift,
}

/// The result of screening one person once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screening {
    /// The zone, or why there is none.
    pub zone: Result<Zone, NotMeasured>,
    /// Skin temperature with supply, calibration and emissivity corrected, where one was found.
    pub skin: Option<CentiCelsius>,
    /// What is compared with the threshold temperature: the core equivalent with the drift correction.
    pub compared: Option<CentiCelsius>,
    /// Sensor temperature.
    pub die: Option<CentiCelsius>,
    /// Number of samples used.
    pub samples: u8,
    /// What it rests on, where something was decided.
    pub trace: Option<Box<Trace>>,
}

/// What the subject's face asks for while a screening runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guidance {
    /// The sensor is settling.
    WarmingUp,
    /// Come closer.
    ComeCloser,
    /// Step back.
    StepBack,
    /// Hold still.
    HoldStill,
    /// One person at a time.
    OneAtATime,
    /// Bare the forehead.
    BareForehead,
    /// Too cold here to measure.
    TooCold,
    /// The skin is still cold: wait inside.
    WaitInside,
    /// Measured.
    Measured,
    /// Another place on the body is to be shown.
    Show(BodySite),
    /// The sensor does not work: the attendant measures.
    AskAttendant,
}
