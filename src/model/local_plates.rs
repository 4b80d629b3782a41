//! How a plate became known and whether it is local: which prefixes a site calls its own, and what that says of a plate.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Decoder, Encode, Encoder};
use serde::{Deserialize, Serialize, Serializer};

use super::plate::{Place, Plate, is_province, place_of};
use super::width::narrow;
use crate::base::Pii;

/// How a plate became known.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum PlateSource {
    /// Typed by the attendant or the driver.
    #[n(0)]
    Typed,
    /// Named in a verified pass.
    #[n(1)]
    Pass,
    /// The vehicle has none.
    #[n(2)]
    NoPlate,
}

impl PlateSource {
    /// The name in records and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Typed => "typed",
            Self::Pass => "pass",
            Self::NoPlate => "no-plate",
        }
    }
}

/// Where a vehicle's plate is from, seen from the site.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum PlateOrigin {
    /// From a place that the site calls its own.
    #[n(0)]
    Local,
    /// From another place of the mainland.
    #[n(1)]
    OutOfTown,
    /// It names no place: none, military, foreign, or outside the grammar.
    #[n(2)]
    Unplaced,
}

impl PlateOrigin {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Local, Self::OutOfTown, Self::Unplaced];

    /// The name in records and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::OutOfTown => "out-of-town",
            Self::Unplaced => "unplaced",
        }
    }
}

/// How local plates begin: a province alone, such as 川, or with the letter of its authority, such as 川A.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlatePrefix(String);

impl FromStr for PlatePrefix {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WHY: &str =
            "expected a province and the letter of its authority, such as 川A, or a province alone";
        if text.len() > 16 {
            return Err(WHY);
        }
        let plain: Vec<char> = text.chars().map(narrow).flat_map(char::to_uppercase).collect();
        let letter = |letter: char| letter.is_ascii_uppercase() && !matches!(letter, 'I' | 'O');
        match plain.as_slice() {
            [province] if is_province(*province) => Ok(Self(province.to_string())),
            [province, authority] if is_province(*province) && letter(*authority) => {
                Ok(Self(format!("{province}{authority}")))
            }
            _ => Err(WHY),
        }
    }
}

impl fmt::Display for PlatePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for PlatePrefix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<C> Encode<C> for PlatePrefix {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for PlatePrefix {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let text = d.str()?;
        text.parse::<Self>()
            .map_err(minicbor::decode::Error::message)
            .and_then(|prefix| (prefix.0 == text).then_some(prefix).ok_or_else(not_written_so))
    }
}

fn not_written_so() -> minicbor::decode::Error {
    minicbor::decode::Error::message("a prefix of plates in another form than its own")
}

/// Where `plate` is from, seen from a site that calls `local` its own; `None` where it calls none so.
///
/// Cross-border plates (粤Z…港, 粤Z…澳) are local only where 粤Z is named: a province alone does not mean them.
pub fn origin(local: &[PlatePrefix], plate: Option<&Pii<String>>) -> Option<PlateOrigin> {
    if local.is_empty() {
        return None;
    }
    let plate = plate.and_then(|plate| Plate::parse(plate).ok());
    let Some(Place { province, authority, crosses_border }) = plate.as_ref().and_then(place_of) else {
        return Some(PlateOrigin::Unplaced);
    };
    let names = |PlatePrefix(prefix): &PlatePrefix| {
        let mut wanted = prefix.chars();
        let (wanted_province, wanted_authority) = (wanted.next(), wanted.next());
        let whole_province = wanted_authority.is_none() && !crosses_border;
        wanted_province == Some(province)
            && (whole_province || (wanted_authority.is_some() && wanted_authority == authority))
    };
    Some(if local.iter().any(names) { PlateOrigin::Local } else { PlateOrigin::OutOfTown })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefixes(texts: &[&str]) -> Vec<PlatePrefix> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn of(local: &[&str], plate: &str) -> PlateOrigin {
        origin(&prefixes(local), Some(&Pii::new(plate.to_owned()))).unwrap()
    }

    #[test]
    fn a_plate_is_local_by_its_province_and_authority_or_its_province_alone() {
        let cases = [
            (PlateOrigin::Local, "川A12345 川AD12345 川K23459F 川a·1234学 川A1234警"),
            (PlateOrigin::OutOfTown, "川B12345 京A12345 渝AD12345"),
            (PlateOrigin::Unplaced, "VA12345 WJ川12345 使123456 民航A1234 AB12CDE 川A1234 无牌"),
        ];
        for (origin, plates) in cases {
            for plate in plates.split(' ') {
                assert_eq!(of(&["川A", "川K"], plate), origin, "{plate}");
            }
        }
        assert_eq!(of(&["川"], "川B12345"), PlateOrigin::Local);
        assert_eq!(of(&["川"], "川X1001应急"), PlateOrigin::Local);
        assert_eq!(of(&["川X"], "川X1001应急"), PlateOrigin::OutOfTown, "X is no authority there");
        assert_eq!(of(&["沪"], "沪22478领"), PlateOrigin::Local);
        assert_eq!(of(&["沪A"], "沪22478领"), PlateOrigin::OutOfTown, "it names no authority");
    }

    #[test]
    fn a_cross_border_plate_is_local_only_where_it_is_named() {
        for plate in ["粤ZP560港", "粤Z9065澳"] {
            assert_eq!(of(&["粤"], plate), PlateOrigin::OutOfTown, "{plate}");
            assert_eq!(of(&["粤Z"], plate), PlateOrigin::Local, "{plate}");
        }
        assert_eq!(of(&["粤"], "粤B12345"), PlateOrigin::Local);
    }

    #[test]
    fn without_prefixes_nothing_is_said_and_without_a_plate_there_is_no_place() {
        assert_eq!(origin(&[], Some(&Pii::new("川A12345".to_owned()))), None);
        assert_eq!(origin(&prefixes(&["川A"]), None), Some(PlateOrigin::Unplaced));
    }

    #[test]
    fn a_prefix_has_one_form_and_nothing_else_is_one() {
        assert_eq!("川ａ".parse::<PlatePrefix>().unwrap().to_string(), "川A");
        for text in ["", "A", "川", "川AB", "川I", "川O", "川1", "川·", "美A", "京A12345", "川A "] {
            assert_eq!(text.parse::<PlatePrefix>().is_ok(), text == "川", "{text}");
        }
        let bytes = minicbor::to_vec(prefixes(&["川A"])).unwrap();
        assert_eq!(minicbor::decode::<Vec<PlatePrefix>>(&bytes).unwrap(), prefixes(&["川A"]));
        let other = minicbor::to_vec(vec!["川a"]).unwrap();
        assert!(minicbor::decode::<Vec<PlatePrefix>>(&other).is_err());
    }
}
