//! JSON from strangers (RFC 8259, and of RFC 7493 what makes it mean the same to everybody): bounded in size and depth, each key once,
//! and no whole number that a reader of floats takes for another.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

/// Deepest nesting.
const DEPTH_MAX: usize = 16;
/// Most bytes: those of the largest credential once it is unpacked.
const BYTES_MAX: usize = super::inflate::BYTES_MAX;
/// Largest whole number that floats tell from its neighbours (7493, 2.2).
const WHOLE_MAX: u64 = (1 << 53) - 1;

/// Bytes are no JSON, or say something twice, or more than anybody needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no JSON that means one thing")]
pub struct BadJson;

/// Reads the one value that `bytes` are.
///
/// # Errors
///
/// Where they are something else, a key stands twice in an object, a whole number is beyond ±(2⁵³ − 1), or there is more than 64 KiB
/// or 16 levels.
pub fn read(bytes: &[u8]) -> Result<Json, BadJson> {
    if bytes.len() > BYTES_MAX {
        return Err(BadJson);
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }.deserialize(&mut reader).map_err(|_| BadJson)?;
    reader.end().map_err(|_| BadJson)?;
    Ok(value)
}

/// Whether `object` has these members and no other.
pub fn has_exactly(object: &Json, names: &[&str]) -> bool {
    let members = object.as_object();
    members.is_some_and(|members| {
        members.len() == names.len() && names.iter().all(|name| members.contains_key(*name))
    })
}

/// A value at a depth.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth < DEPTH_MAX { Ok(Self { depth: self.depth + 1 }) } else { Err(E::custom("too deep")) }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        if value <= WHOLE_MAX { Ok(Json::from(value)) } else { Err(E::custom("too large")) }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        if value.unsigned_abs() <= WHOLE_MAX { Ok(Json::from(value)) } else { Err(E::custom("too large")) }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(Json::from(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut array = vec![];
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(inner)?;
            if object.insert(key, value).is_some() {
                return Err(A::Error::custom("a key twice"));
            }
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_one_thing_is_read_as_others_read_it() {
        let text = r#" {"a": [1, -2, 1.5, 1e3, true, false, null, "\u00e9\n"], "b": {"a": {}}, "": 9007199254740991} "#;
        assert_eq!(read(text.as_bytes()).ok(), serde_json::from_str(text).ok());
        for text in ["1", "null", "\"a\"", "[]", "{}"] {
            assert_eq!(read(text.as_bytes()).ok(), serde_json::from_str(text).ok(), "{text}");
        }
    }

    #[test]
    fn what_could_mean_two_things_is_refused() {
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":{"b":1,"c":2,"b":3}}"#,
            r#"[{"a":1,"\u0061":2}]"#,
            "9007199254740992",
            "-9007199254740992",
            "18446744073709551615",
            "1e999",
            "\"\\ud800\"",
            "{} {}",
            "{}x",
            "[1,]",
            "",
            "nul",
            "'a'",
        ] {
            assert_eq!(read(bad.as_bytes()), Err(BadJson), "{bad}");
        }
        assert_eq!(read(b"\"\xff\""), Err(BadJson));
    }

    #[test]
    fn depth_and_size_have_their_limits() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(read(nested(DEPTH_MAX + 1).as_bytes()), Err(BadJson));
        assert_eq!(read(nested(30_000).as_bytes()), Err(BadJson));
        assert!(read(format!("\"{}\"", "a".repeat(BYTES_MAX - 2)).as_bytes()).is_ok());
        assert_eq!(read(format!("\"{}\"", "a".repeat(BYTES_MAX - 1)).as_bytes()), Err(BadJson));
    }

    #[test]
    fn members_are_exactly_those() {
        let object = read(br#"{"a":1,"b":2}"#).unwrap();
        assert!(has_exactly(&object, &["a", "b"]) && has_exactly(&object, &["b", "a"]));
        assert!(!has_exactly(&object, &["a"]) && !has_exactly(&object, &["a", "b", "c"]));
        assert!(!has_exactly(&object, &["a", "c"]) && !has_exactly(&Json::Null, &[]));
    }
}
