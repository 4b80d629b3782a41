//! What a hub's pass says, and its bytes.
//!
//! # Format
//!
//! A CBOR map (RFC 8949) of definite length in shortest form; keys are integers in ascending order, each once:
//!
//! | key | value |
//! |---|---|
//! | 0 | version, 1 |
//! | 1 | pass: 8 random bytes |
//! | 2 | subject: 0 person, 1 vehicle |
//! | 3 | class, by its index in [`Class`] |
//! | 4 | site: name, 1 to 32 characters |
//! | 5 | not before: seconds since 1970 |
//! | 6 | expires: seconds since 1970, after key 5; not valid from then on |
//! | 7 | optional: name as printed, already masked; 1 to 32 bytes |
//! | 8 | plate, normalised; only for vehicles, and there needed |
//! | 9 | optional: list of 1 to 4 lanes it is good for |
//! | 10 | optional: what it is for, where it is not simply for entry: 1 re-entry, 2 transit, 3 contact card |
//! | 11 | only for re-entry, optional: when the holder's temperature was screened and good, seconds since 1970, not after key 6 |
//! | 12 | only for transit, and there needed: where to, 1 to 32 bytes |
//! | 13 | optional: 16 bytes that every code of a [rotating](super::turn) pass comes out at |
//!
//! A pass for transit is for class transit, a contact card for a person of class observed, and nothing else is for that class;
//! a rotating pass spans seven days at most.
//!
//! A reader that does not know a key from 14 to 31, or the version, must not admit on the pass. It passes over
//! keys from 32 on.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use super::turn::{self, Anchor};
use crate::base::{LaneId, Pii, Slug, Wall};
use crate::model::credential::Purpose;
use crate::model::plate::Plate;
use crate::model::width::is_obeyed;
use crate::model::{Class, SubjectKind};

/// Version of this format.
const VERSION: u8 = 1;

/// Last key that this reader knows.
const KNOWN_TO: u64 = 13;

/// First key that a reader may pass over.
const OPTIONAL_FROM: u64 = 32;

/// Most bytes of a name.
pub const NAME_BYTES_MAX: usize = 32;

/// Most lanes that a pass can name.
pub const LANES_MAX: usize = 4;

/// Last second of the year 9999.
const SECONDS_MAX: i64 = 253_402_300_799;

/// What a hub's pass says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The pass: drawn at random by the hub.
    pub pass: [u8; 8],
    /// Whom it is for.
    pub subject: SubjectKind,
    /// What the holder is to the place.
    pub class: Class,
    /// The place.
    pub site: Slug,
    /// Not valid before; whole seconds.
    pub not_before: Wall,
    /// Not valid from then on; whole seconds.
    pub expires: Wall,
    /// Name as printed, already masked.
    pub name: Option<Pii<String>>,
    /// Plate of the vehicle, normalised.
    pub plate: Option<Pii<String>>,
    /// Lanes it is good for; empty for all.
    pub lanes: Vec<LaneId>,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it is shown by codes that change: what each of them comes out at.
    pub anchor: Option<Anchor>,
}

/// Why bytes are no claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadBytes {
    /// They follow no version of the format.
    Malformed,
    /// They may follow a later version of it.
    NotUnderstood,
}

impl From<minicbor::decode::Error> for BadBytes {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Malformed
    }
}

impl Claims {
    /// Whether the claims make sense together.
    pub(super) fn is_sound(&self) -> bool {
        let seconds = |wall: Wall| wall.0 % 1_000 == 0 && (0..=SECONDS_MAX).contains(&wall.as_secs());
        let name = self.name.as_ref().is_none_or(|name| is_printable(name.expose()));
        let plate = match (self.subject, &self.plate) {
            (SubjectKind::Person, plate) => plate.is_none(),
            (SubjectKind::Vehicle, None) => false,
            (SubjectKind::Vehicle, Some(plate)) => {
                Plate::parse(plate).is_ok_and(|parsed| parsed.normalised() == plate)
            }
        };
        let span = seconds(self.not_before) && seconds(self.expires) && self.not_before < self.expires;
        let turns = self.anchor.is_none() || turn::count(self.not_before, self.expires).is_some();
        span && name && plate && turns && self.lanes.len() <= LANES_MAX && self.is_sound_purpose()
    }

    fn is_sound_purpose(&self) -> bool {
        let class = match &self.purpose {
            Purpose::Entry => self.class != Class::Observed,
            Purpose::ReEntry { screened } => {
                let screened = screened.is_none_or(|at| {
                    at.0 % 1_000 == 0 && (0..=SECONDS_MAX).contains(&at.as_secs()) && at <= self.expires
                });
                self.class != Class::Observed && screened
            }
            Purpose::Transit { to } => self.class == Class::Transit && is_printable(to.expose()),
            Purpose::ContactCard => self.class == Class::Observed,
        };
        let person = matches!(self.subject, SubjectKind::Person);
        class && (person || self.class != Class::Observed)
    }

    /// The bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        let mut encoder = Encoder::new(&mut bytes);
        // Writing to memory cannot fail.
        let written: Result<(), minicbor::encode::Error<_>> = self.write(&mut encoder);
        assert!(written.is_ok(), "a pass is encoded in memory");
        bytes
    }

    fn write<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let purpose = match &self.purpose {
            Purpose::Entry => None,
            Purpose::ReEntry { .. } => Some(1),
            Purpose::Transit { .. } => Some(2),
            Purpose::ContactCard => Some(3),
        };
        let (screened, to) = match &self.purpose {
            Purpose::Entry | Purpose::ContactCard => (None, None),
            Purpose::ReEntry { screened } => (*screened, None),
            Purpose::Transit { to } => (None, Some(to)),
        };
        let optional = [
            self.name.is_some(),
            self.plate.is_some(),
            !self.lanes.is_empty(),
            purpose.is_some(),
            screened.is_some(),
            to.is_some(),
            self.anchor.is_some(),
        ];
        let count = 7 + optional.iter().filter(|given| **given).count() as u64;
        e.map(count)?.u8(0)?.u8(VERSION)?.u8(1)?.bytes(&self.pass)?;
        e.u8(2)?.encode(self.subject)?.u8(3)?.encode(self.class)?.u8(4)?.encode(&self.site)?;
        e.u8(5)?.i64(self.not_before.as_secs())?.u8(6)?.i64(self.expires.as_secs())?;
        if let Some(name) = &self.name {
            e.u8(7)?.str(name.expose())?;
        }
        if let Some(plate) = &self.plate {
            e.u8(8)?.str(plate.expose())?;
        }
        if !self.lanes.is_empty() {
            e.u8(9)?.encode(&self.lanes)?;
        }
        if let Some(purpose) = purpose {
            e.u8(10)?.u8(purpose)?;
        }
        if let Some(screened) = screened {
            e.u8(11)?.i64(screened.as_secs())?;
        }
        if let Some(to) = to {
            e.u8(12)?.str(to.expose())?;
        }
        if let Some(anchor) = &self.anchor {
            e.u8(13)?.bytes(anchor)?;
        }
        Ok(())
    }

    /// Reads what [`encode`](Self::encode) wrote, and nothing else but keys from 32 on.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, BadBytes> {
        let mut d = Decoder::new(bytes);
        let mut count = d.map()?.ok_or(BadBytes::Malformed)?;
        let mut next = |d: &mut Decoder<'_>, key: u64| -> Result<bool, BadBytes> {
            let found = count > 0 && d.probe().u64()? == key;
            if found {
                d.u64()?;
                count -= 1;
            }
            Ok(found)
        };
        let need = |found: bool| if found { Ok(()) } else { Err(BadBytes::Malformed) };
        need(next(&mut d, 0)?)?;
        if d.u64()? != u64::from(VERSION) {
            return Err(BadBytes::NotUnderstood);
        }
        let optional_at = optional_keys(bytes)?;
        need(next(&mut d, 1)?)?;
        let pass = d.bytes()?.try_into().map_err(|_| BadBytes::Malformed)?;
        need(next(&mut d, 2)?)?;
        let subject = d.decode()?;
        need(next(&mut d, 3)?)?;
        let class = d.decode()?;
        need(next(&mut d, 4)?)?;
        let site = d.decode()?;
        need(next(&mut d, 5)?)?;
        let not_before = seconds(&mut d)?;
        need(next(&mut d, 6)?)?;
        let expires = seconds(&mut d)?;
        let name = if next(&mut d, 7)? { Some(short_text(&mut d)?) } else { None };
        let plate = if next(&mut d, 8)? { Some(short_text(&mut d)?) } else { None };
        let lanes = if next(&mut d, 9)? { lanes(&mut d)? } else { Vec::new() };
        let number = if next(&mut d, 10)? { d.u8()? } else { 0 };
        let screened = if next(&mut d, 11)? { Some(seconds(&mut d)?) } else { None };
        let to = if next(&mut d, 12)? { Some(short_text(&mut d)?) } else { None };
        let anchor = if next(&mut d, 13)? { Some(d.bytes()?) } else { None };
        let anchor = anchor.map(Anchor::try_from).transpose().map_err(|_| BadBytes::Malformed)?;
        let purpose = match (number, screened, to) {
            (0, None, None) => Purpose::Entry,
            (1, screened, None) => Purpose::ReEntry { screened },
            (2, None, Some(to)) => Purpose::Transit { to },
            (3, None, None) => Purpose::ContactCard,
            (0..=3, ..) => return Err(BadBytes::Malformed),
            // What it is for is not known here: nobody may be admitted by it.
            (4.., ..) => return Err(BadBytes::NotUnderstood),
        };
        let claims =
            Self { pass, subject, class, site, not_before, expires, name, plate, lanes, purpose, anchor };
        // Shortest form, definite lengths, order and single keys all follow from writing the same bytes again.
        let known = claims.encode();
        let same = bytes.len() > 1 && known[1..] == bytes[1..optional_at];
        if same && claims.is_sound() { Ok(claims) } else { Err(BadBytes::Malformed) }
    }
}

/// Where the keys begin that may be passed over; the end of `bytes` if there are none.
///
/// Checks on the way that keys ascend, that nothing follows the map and that no key must be understood and is not.
fn optional_keys(bytes: &[u8]) -> Result<usize, BadBytes> {
    let mut d = Decoder::new(bytes);
    let count = d.map()?.ok_or(BadBytes::Malformed)?;
    if count >= 24 {
        return Err(BadBytes::Malformed);
    }
    let mut last = None;
    let mut optional_at = None;
    let mut understood = true;
    for _ in 0..count {
        let at = d.position();
        let key = d.u64()?;
        if last.is_some_and(|last| last >= key) {
            return Err(BadBytes::Malformed);
        }
        last = Some(key);
        understood &= key <= KNOWN_TO || key >= OPTIONAL_FROM;
        if key >= OPTIONAL_FROM {
            optional_at.get_or_insert(at);
        }
        skip(&mut d)?;
    }
    if d.position() != bytes.len() {
        return Err(BadBytes::Malformed);
    }
    if !understood {
        return Err(BadBytes::NotUnderstood);
    }
    Ok(optional_at.unwrap_or(bytes.len()))
}

/// Passes over one plain value or a list of plain values.
fn skip(d: &mut Decoder<'_>) -> Result<(), BadBytes> {
    let plain =
        |d: &mut Decoder<'_>| if is_plain(d.datatype()?) { Ok(d.skip()?) } else { Err(BadBytes::Malformed) };
    if d.datatype()? != Type::Array {
        return plain(d);
    }
    let count = d.array()?.ok_or(BadBytes::Malformed)?;
    (0..count).try_for_each(|_| plain(d))
}

/// Whether a value of this type holds no other values and has a definite length.
fn is_plain(kind: Type) -> bool {
    use Type as T;
    matches!(kind, T::Bool | T::Null | T::Bytes | T::String)
        || matches!(kind, T::U8 | T::U16 | T::U32 | T::U64 | T::I8 | T::I16 | T::I32 | T::I64 | T::Int)
}

fn seconds(d: &mut Decoder<'_>) -> Result<Wall, BadBytes> {
    let seconds = d.i64()?;
    if (0..=SECONDS_MAX).contains(&seconds) { Ok(Wall::from_secs(seconds)) } else { Err(BadBytes::Malformed) }
}

fn short_text(d: &mut Decoder<'_>) -> Result<Pii<String>, BadBytes> {
    let text = d.str()?;
    if is_printable(text) { Ok(Pii::new(text.to_owned())) } else { Err(BadBytes::Malformed) }
}

fn lanes(d: &mut Decoder<'_>) -> Result<Vec<LaneId>, BadBytes> {
    let count = d.array()?.ok_or(BadBytes::Malformed)?;
    let count = usize::try_from(count).ok().filter(|count| (1..=LANES_MAX).contains(count));
    (0..count.ok_or(BadBytes::Malformed)?).map(|_| Ok(d.decode()?)).collect()
}

/// Short, not empty, and nothing in it that a screen would obey: no controls, no bidirectional marks.
fn is_printable(text: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&text.len()) && !text.contains(is_obeyed)
}
