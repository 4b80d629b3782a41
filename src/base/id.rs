//! Names and numbers that identify: kiosks, lanes, devices, attendants, boots, logs, records.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::sync::Arc;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// A short machine-readable name: 1 to 32 characters of `a–z`, `0–9` and `-`, starting with a letter or digit.
///
/// Cheap to clone. Never personal data: it appears in logs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(Arc<str>);

/// Why a text is no [`Slug`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("name {0:?} must be 1 to 32 characters of a-z, 0-9 and -, starting with a letter or digit")]
pub struct BadSlug(String);

impl Slug {
    /// Longest name, in bytes.
    pub const LENGTH_MAX: usize = 32;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = BadSlug;

    fn from_str(text: &str) -> Result<Self, BadSlug> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let good = (1..=Self::LENGTH_MAX).contains(&text.len())
            && text.bytes().all(allowed)
            && !text.starts_with('-');
        if good { Ok(Self(text.into())) } else { Err(BadSlug(text.chars().take(64).collect())) }
    }
}

impl TryFrom<String> for Slug {
    type Error = BadSlug;

    fn try_from(text: String) -> Result<Self, BadSlug> {
        text.parse()
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0.as_ref().into()
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<C> Encode<C> for Slug {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Slug {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        d.str()?.parse().map_err(|error: BadSlug| minicbor::decode::Error::message(error.to_string()))
    }
}

macro_rules! named {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode)]
        #[serde(transparent)]
        #[cbor(transparent)]
        pub struct $name(#[n(0)] pub Slug);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl FromStr for $name {
            type Err = BadSlug;

            fn from_str(text: &str) -> Result<Self, BadSlug> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

named! {
    /// One kiosk, as the hub knows it.
    KioskId;
    /// One lane of a kiosk.
    LaneId;
    /// One device of a board.
    DeviceId;
    /// A person on duty, by staff name: pseudonymous, fit for records and logs.
    AttendantId;
    /// Who may put others on a list: an office or an official, by a name that stands in files and logs.
    IssuerId;
}

macro_rules! sixteen_bytes {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 16]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadHex;

            fn from_str(text: &str) -> Result<Self, BadHex> {
                let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes());
                bytes.ok().and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(BadHex)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let at = d.position();
                let bytes = d.bytes()?.try_into();
                bytes.map(Self).map_err(|_| minicbor::decode::Error::message("not 16 bytes").at(at))
            }
        }
    )*};
}

/// Why a text is no 128-bit identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 32 hexadecimal digits")]
pub struct BadHex;

sixteen_bytes! {
    /// One run of the operating system, from the kernel's `boot_id`.
    BootId;
    /// The life of one log, drawn at random when the log is created. A new card has a new epoch.
    Epoch;
    /// A policy's identity: the first half of the SHA-256 of its canonical text.
    PolicyId;
    /// A command's identity: the first half of the SHA-256 of its signed bytes.
    CommandId;
    /// Which commands are numbered together: those of one hub key to one kiosk key. See [`crate::sync::command`].
    CommandSeries;
    /// What a list holds, and nothing else: the first half of the SHA-256 of its blinded entries.
    EditionId;
}

/// A record's gapless number within its epoch; the first record is 1.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct Seq(#[n(0)] pub NonZeroU64);

impl Seq {
    /// The number of a log's first record.
    pub const FIRST: Self = Self(NonZeroU64::MIN);

    /// The number `value`, or none for 0.
    pub fn new(value: u64) -> Option<Self> {
        NonZeroU64::new(value).map(Self)
    }

    /// The number as an integer, at least 1.
    pub fn get(self) -> u64 {
        self.0.get()
    }

    /// The number after this one.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_lower_case_and_printable() {
        for good in ["a", "gate-1", "9", &"x".repeat(32)] {
            assert_eq!(good.parse::<Slug>().unwrap().as_str(), good);
        }
        for bad in ["", "-a", "Gate", "a b", "门", &"x".repeat(33)] {
            assert!(bad.parse::<Slug>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn identifiers_survive_text_and_cbor() {
        let epoch = Epoch(*b"0123456789abcdef");
        assert_eq!(epoch.to_string().parse::<Epoch>().unwrap(), epoch);
        let bytes = minicbor::to_vec(epoch).unwrap();
        assert_eq!(minicbor::decode::<Epoch>(&bytes).unwrap(), epoch);
        assert!("zz".parse::<Epoch>().is_err());
    }
}
