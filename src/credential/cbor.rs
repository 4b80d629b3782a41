//! CBOR (RFC 8949) from strangers: bounded in depth and in items, each key once, and nothing left over.

use minicbor::Decoder;
use minicbor::data::Type;

/// Deepest nesting.
const DEPTH_MAX: usize = 16;
/// Values in all, and in one list or map.
const VALUES_MAX: usize = 4_096;
const LEVEL_MAX: usize = 256;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Cbor {
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A text.
    Text(String),
    /// Values in order.
    Array(Vec<Self>),
    /// Values by key, in the order in which they stand, each key once.
    Map(Vec<(Self, Self)>),
    /// A value with a tag.
    Tagged(u64, Box<Self>),
    /// True or false.
    Bool(bool),
    /// Null, undefined, or a simple value without a meaning here.
    Null,
}

/// Bytes are no CBOR, or more of it than anybody needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no CBOR")]
pub struct BadCbor;

impl From<minicbor::decode::Error> for BadCbor {
    fn from(_: minicbor::decode::Error) -> Self {
        Self
    }
}

impl Cbor {
    /// Reads the one value that `bytes` are.
    ///
    /// # Errors
    ///
    /// Where they are something else, a key of a map stands twice, or there is more than one value or more nesting than the
    /// largest certificate has.
    pub fn read(bytes: &[u8]) -> Result<Self, BadCbor> {
        let mut reading = Reading { decoder: Decoder::new(bytes), values: 0 };
        let value = reading.value(0)?;
        if reading.decoder.position() == bytes.len() { Ok(value) } else { Err(BadCbor) }
    }

    /// The value of a key that is a number.
    pub fn get(&self, key: i64) -> Option<&Self> {
        self.entry(&Self::Int(key))
    }

    /// The value of a key that is a text.
    pub fn named(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries
            .iter()
            .find(|(known, _)| matches!(known, Self::Text(text) if text == key))
            .map(|(_, value)| value)
    }

    fn entry(&self, key: &Self) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// A text.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Bytes.
    pub fn bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// Seconds since 1970: whole, or with a fraction that is cut off, as some issuers write them, tagged as a time or not.
    pub fn seconds(&self) -> Option<i64> {
        match self {
            Self::Int(seconds) => Some(*seconds),
            #[expect(clippy::cast_possible_truncation, reason = "of a time that there is")]
            Self::Float(seconds) if seconds.abs() < 1e12 => Some(seconds.floor() as i64),
            Self::Tagged(1, seconds) if !matches!(**seconds, Self::Tagged(..)) => seconds.seconds(),
            Self::Float(_)
            | Self::Tagged(..)
            | Self::Bytes(_)
            | Self::Text(_)
            | Self::Array(_)
            | Self::Map(_)
            | Self::Bool(_)
            | Self::Null => None,
        }
    }

    /// The same as JSON, for rules: bytes and what has no like are null.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Int(number) => Json::from(*number),
            Self::Float(number) => Json::from(*number),
            Self::Text(text) => Json::from(text.as_str()),
            Self::Bool(value) => Json::from(*value),
            Self::Array(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(entries) => {
                let named =
                    entries.iter().filter_map(|(key, value)| Some((key.text()?.to_owned(), value.to_json())));
                Json::Object(named.collect())
            }
            Self::Tagged(_, value) => value.to_json(),
            Self::Bytes(_) | Self::Null => Json::Null,
        }
    }
}

struct Reading<'b> {
    decoder: Decoder<'b>,
    values: usize,
}

impl Reading<'_> {
    fn value(&mut self, depth: usize) -> Result<Cbor, BadCbor> {
        self.values += 1;
        if depth > DEPTH_MAX || self.values > VALUES_MAX {
            return Err(BadCbor);
        }
        let d = &mut self.decoder;
        Ok(match d.datatype()? {
            Type::U8
            | Type::U16
            | Type::U32
            | Type::U64
            | Type::I8
            | Type::I16
            | Type::I32
            | Type::I64
            | Type::Int => Cbor::Int(d.i64()?),
            Type::F16 => Cbor::Float(f64::from(d.f16()?)),
            Type::F32 => Cbor::Float(f64::from(d.f32()?)),
            Type::F64 => Cbor::Float(d.f64()?),
            Type::Bool => Cbor::Bool(d.bool()?),
            Type::Null | Type::Undefined | Type::Simple => {
                d.skip()?;
                Cbor::Null
            }
            Type::Bytes => Cbor::Bytes(d.bytes()?.to_vec()),
            Type::String => Cbor::Text(d.str()?.to_owned()),
            Type::BytesIndef => {
                let parts: Result<Vec<&[u8]>, _> = d.bytes_iter()?.collect();
                Cbor::Bytes(parts?.concat())
            }
            Type::StringIndef => {
                let parts: Result<Vec<&str>, _> = d.str_iter()?.collect();
                Cbor::Text(parts?.concat())
            }
            Type::Array | Type::ArrayIndef => {
                let count = d.array()?;
                Cbor::Array(self.many(count, |reading| reading.value(depth + 1))?)
            }
            Type::Map | Type::MapIndef => {
                let count = d.map()?;
                let entries =
                    self.many(count, |reading| Ok((reading.value(depth + 1)?, reading.value(depth + 1)?)))?;
                let twice = |(at, (key, _)): (usize, &(Cbor, Cbor))| {
                    entries[..at].iter().any(|(known, _)| known == key)
                };
                if entries.iter().enumerate().any(twice) {
                    return Err(BadCbor);
                }
                Cbor::Map(entries)
            }
            Type::Tag => {
                let tag = d.tag()?.as_u64();
                Cbor::Tagged(tag, Box::new(self.value(depth + 1)?))
            }
            Type::Break | Type::Unknown(_) => return Err(BadCbor),
        })
    }

    /// `count` items, or as many as there are up to a break.
    fn many<T>(
        &mut self,
        count: Option<u64>,
        mut item: impl FnMut(&mut Self) -> Result<T, BadCbor>,
    ) -> Result<Vec<T>, BadCbor> {
        let count = count.map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        let mut items = Vec::new();
        // However many are said to come, no room is made for those that do not.
        loop {
            let ends = match count {
                Some(count) => items.len() == count,
                None => self.decoder.datatype()? == Type::Break,
            };
            if ends {
                break;
            }
            if items.len() == LEVEL_MAX {
                return Err(BadCbor);
            }
            items.push(item(self)?);
        }
        if count.is_none() {
            self.decoder.skip()?;
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(hex: &str) -> Result<Cbor, BadCbor> {
        Cbor::read(&data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap())
    }

    #[test]
    fn values_of_every_kind_are_read() {
        let int = Cbor::Int;
        assert_eq!(read("00"), Ok(int(0)));
        assert_eq!(read("390103"), Ok(int(-260)));
        assert_eq!(read("fb3ff8000000000000"), Ok(Cbor::Float(1.5)));
        assert_eq!(read("f93e00"), Ok(Cbor::Float(1.5)));
        assert_eq!(read("5f41014102ff"), Ok(Cbor::Bytes(vec![1, 2])));
        assert_eq!(read("7f61616162ff"), Ok(Cbor::Text("ab".to_owned())));
        assert_eq!(read("9f0102ff"), Ok(Cbor::Array(vec![int(1), int(2)])));
        assert_eq!(read("bf0102ff"), Ok(Cbor::Map(vec![(int(1), int(2))])));
        assert_eq!(
            read("d28201f5"),
            Ok(Cbor::Tagged(18, Box::new(Cbor::Array(vec![int(1), Cbor::Bool(true)]))))
        );
        assert_eq!(read("f6"), Ok(Cbor::Null));
        assert_eq!(read("c11a60942ea0").unwrap().seconds(), Some(1_620_324_000));
        // 1,620,324,000.4
        assert_eq!(read("fb41d8250ba8199999").unwrap().seconds(), Some(1_620_324_000));
        assert_eq!(read("c1c100").unwrap().seconds(), None);
    }

    #[test]
    fn what_is_too_deep_too_long_double_or_left_over_is_refused() {
        for hex in [
            "",
            "0000",
            "1b",
            "a201020103",
            "bf01020103ff",
            "a1",
            "ff",
            "1c",
            "9f01",
            "a2 0100 0101",
            "fc",
            // A text that is no UTF-8, and an array said to have 2^63 items.
            "61ff",
            "9b8000000000000000",
            "bb8000000000000000",
            "5b7fffffffffffffff00",
            "1bffffffffffffffff",
        ] {
            assert_eq!(read(&hex.replace(' ', "")), Err(BadCbor), "{hex}");
        }
        assert!(read(&format!("{}00", "81".repeat(DEPTH_MAX))).is_ok());
        assert_eq!(read(&format!("{}00", "81".repeat(DEPTH_MAX + 1))), Err(BadCbor));
        assert_eq!(read(&format!("{}00", "c1".repeat(60_000))), Err(BadCbor));
        let list = |count: usize, item: &[u8]| {
            [&[0x99][..], &u16::try_from(count).unwrap().to_be_bytes(), &item.repeat(count)].concat()
        };
        assert!(Cbor::read(&list(LEVEL_MAX, &[0])).is_ok());
        assert_eq!(Cbor::read(&list(LEVEL_MAX + 1, &[0])), Err(BadCbor));
        let inner = list(LEVEL_MAX, &[0]);
        assert!(Cbor::read(&list(VALUES_MAX / (LEVEL_MAX + 1), &inner)).is_ok());
        assert_eq!(Cbor::read(&list(VALUES_MAX / (LEVEL_MAX + 1) + 1, &inner)), Err(BadCbor));
    }
}
