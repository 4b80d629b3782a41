//! Vehicle plates: normalised, and compared with the mainland grammar. None is refused for being unusual.

use super::width::narrow;
use crate::base::Pii;

/// A plate as read or typed, normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plate {
    normalised: Pii<String>,
    form: Form,
}

/// Whether a plate follows the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// It does, as this kind. No proof that it is read right: about 6 % of misread plates do too.
    Valid(PlateKind),
    /// It does not; accepted after a second look.
    Odd,
}

/// Kinds of mainland plates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlateKind {
    /// Blue or yellow, five characters after the authority.
    Ordinary,
    /// Green, small new-energy vehicle.
    SmallNewEnergy,
    /// Yellow-green, large new-energy vehicle.
    LargeNewEnergy,
    /// Police (警).
    Police,
    /// Driving school (学).
    DrivingSchool,
    /// Trailer (挂).
    Trailer,
    /// From Hong Kong (港).
    HongKong,
    /// From Macao (澳).
    Macao,
    /// Embassy (使).
    Embassy,
    /// Consulate (领).
    Consulate,
    /// Fire and forest rescue (应急).
    Emergency,
    /// Armed police (WJ).
    ArmedPolice,
    /// Military.
    Military,
    /// Civil aviation (民航).
    CivilAviation,
}

/// Why a text is no plate at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPlate {
    /// Under 2 or over 10 characters.
    #[error("a plate has 2 to 10 characters")]
    Length,
    /// Something that is no letter and no digit.
    #[error("a plate has letters and digits only")]
    Character,
}

const PROVINCES: &str = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新";

/// The grammar: `p` a province, `l` a letter without I and O, `d` a digit, `n` either, `e` a letter of new-energy
/// vehicles, `a` any letter; anything else stands for itself.
///
/// Sources: GA 36-2018 by way of a published digest (ordinary, new energy); photographs (警 学 挂 港 澳); the rest
/// differs between sources and is therefore wide.
const GRAMMAR: [(PlateKind, &str); 20] = [
    (PlateKind::Ordinary, "plnnnnn"),
    (PlateKind::SmallNewEnergy, "plendddd"),
    (PlateKind::LargeNewEnergy, "plddddde"),
    (PlateKind::Police, "plnnnn警"),
    (PlateKind::DrivingSchool, "plnnnn学"),
    (PlateKind::Trailer, "plnnnn挂"),
    (PlateKind::HongKong, "粤Znnnn港"),
    (PlateKind::Macao, "粤Znnnn澳"),
    (PlateKind::Embassy, "使dddddd"),
    (PlateKind::Embassy, "dddddd使"),
    (PlateKind::Consulate, "pdddd领"),
    (PlateKind::Consulate, "pddddd领"),
    (PlateKind::Consulate, "pldddd领"),
    (PlateKind::Consulate, "plddddd领"),
    (PlateKind::Emergency, "pXdddd应急"),
    (PlateKind::Emergency, "pSdddd应急"),
    (PlateKind::ArmedPolice, "WJpddddn"),
    (PlateKind::ArmedPolice, "WJddddn"),
    (PlateKind::Military, "aaddddd"),
    (PlateKind::CivilAviation, "民航nnnnn"),
];

/// Most bytes looked at.
const BYTES_MAX: usize = 128;

impl Plate {
    /// Reads `text` as typed or as a camera gives it: any width and case, with or without separators.
    ///
    /// On Chinese plates O and I after the authority become 0 and 1, because those letters are never issued there.
    ///
    /// # Errors
    ///
    /// When it can be no plate of any country.
    pub fn parse(text: &Pii<String>) -> Result<Self, BadPlate> {
        if text.expose().len() > BYTES_MAX {
            return Err(BadPlate::Length);
        }
        let normalised = normalise(text.expose());
        if !(2..=10).contains(&normalised.chars().count()) {
            return Err(BadPlate::Length);
        }
        if !normalised.chars().all(char::is_alphanumeric) {
            return Err(BadPlate::Character);
        }
        let form = form(&normalised);
        Ok(Self { normalised: Pii::new(normalised), form })
    }

    /// Upper case, no separators.
    pub fn normalised(&self) -> &Pii<String> {
        &self.normalised
    }

    /// Whether it follows the grammar.
    pub fn form(&self) -> Form {
        self.form
    }

    /// What two readings of one plate share: O and Q read as 0, I as 1. For comparing, never for showing.
    pub fn skeleton(&self) -> Pii<String> {
        let bone = |character| match character {
            'O' | 'Q' => '0',
            'I' => '1',
            other => other,
        };
        Pii::new(self.normalised.expose().chars().map(bone).collect())
    }
}

/// The place that a plate names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub province: char,
    /// The letter of the authority, where it stands on the plate.
    pub authority: Option<char>,
    /// Whether the vehicle is from Hong Kong or Macao and may be driven in the province as well.
    pub crosses_border: bool,
}

/// Where `plate` is from; none where its kind names no place, or it follows no grammar.
pub(super) fn place_of(plate: &Plate) -> Option<Place> {
    let Form::Valid(kind) = plate.form else { return None };
    let mut characters = plate.normalised.expose().chars();
    let (province, second) = (characters.next()?, characters.next()?);
    let (authority, crosses_border) = match kind {
        PlateKind::Ordinary
        | PlateKind::SmallNewEnergy
        | PlateKind::LargeNewEnergy
        | PlateKind::Police
        | PlateKind::DrivingSchool
        | PlateKind::Trailer => (Some(second), false),
        PlateKind::Consulate => (Some(second).filter(char::is_ascii_uppercase), false),
        PlateKind::HongKong | PlateKind::Macao => (Some(second), true),
        // Its letter says fire or forest.
        PlateKind::Emergency => (None, false),
        PlateKind::Embassy | PlateKind::ArmedPolice | PlateKind::Military | PlateKind::CivilAviation => {
            return None;
        }
    };
    Some(Place { province, authority, crosses_border })
}

/// Whether `character` stands for a province on plates.
pub(super) fn is_province(character: char) -> bool {
    PROVINCES.contains(character)
}

fn normalise(text: &str) -> String {
    let is_separator = |character: &char| {
        matches!(character, '·' | '•' | '‧' | '∙' | '・' | '･' | '.' | '-' | '_') || character.is_whitespace()
    };
    let plain = text.chars().map(narrow).filter(|character| !is_separator(character));
    let plain: Vec<char> = plain.flat_map(char::to_uppercase).map(latin).collect();
    let first = plain.first().copied().unwrap_or_default();
    let chinese = PROVINCES.contains(first) || matches!(first, '使' | '民') || plain.starts_with(&['W', 'J']);
    let unissued = |(position, character): (usize, &char)| match character {
        'O' if chinese && position >= 2 => '0',
        'I' if chinese && position >= 2 => '1',
        other => *other,
    };
    plain.iter().enumerate().map(unissued).collect()
}

/// The Latin letter that looks the same as an upper-case Greek or Cyrillic one; some cameras send those.
fn latin(character: char) -> char {
    match character {
        'Α' | 'А' => 'A',
        'Β' | 'В' => 'B',
        'С' => 'C',
        'Ε' | 'Е' => 'E',
        'Η' | 'Н' => 'H',
        'Ι' | 'І' => 'I',
        'Ј' => 'J',
        'Κ' | 'К' => 'K',
        'Μ' | 'М' => 'M',
        'Ν' => 'N',
        'Ο' | 'О' => 'O',
        'Ρ' | 'Р' => 'P',
        'Ѕ' => 'S',
        'Τ' | 'Т' => 'T',
        'Χ' | 'Х' => 'X',
        'Υ' | 'У' => 'Y',
        'Ζ' => 'Z',
        other => other,
    }
}

fn form(plate: &str) -> Form {
    let found = GRAMMAR.iter().find(|(_, pattern)| matches(pattern, plate));
    found.map_or(Form::Odd, |(kind, _)| Form::Valid(*kind))
}

fn matches(pattern: &str, plate: &str) -> bool {
    pattern.chars().count() == plate.chars().count()
        && pattern.chars().zip(plate.chars()).all(|(class, character)| fits(class, character))
}

fn fits(class: char, character: char) -> bool {
    let letter = character.is_ascii_uppercase() && !matches!(character, 'I' | 'O');
    match class {
        'p' => PROVINCES.contains(character),
        'l' => letter,
        'd' => character.is_ascii_digit(),
        'n' => letter || character.is_ascii_digit(),
        'e' => "DABCEFGHJK".contains(character),
        'a' => character.is_ascii_uppercase(),
        literal => literal == character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Plate, BadPlate> {
        Plate::parse(&Pii::new(text.to_owned()))
    }

    #[test]
    fn every_kind_is_recognised() {
        // Sources: GA 36-2018 digest, any-rule's examples, photographs of EasyPR and of published plates.
        let published = [
            (PlateKind::Ordinary, "京A12345 沪C21F13 京A00599 黑D23908 沪D12345 浙ABC1D2 渝A12345 贵A12345"),
            (PlateKind::SmallNewEnergy, "京AD92035 粤BDF1234 沪AF71017 皖AD14488"),
            (PlateKind::LargeNewEnergy, "甘G23459F 京A19203D"),
            (PlateKind::Police, "鄂F8888警"),
            (PlateKind::DrivingSchool, "京A6716学"),
            (PlateKind::Trailer, "鲁B1234挂"),
            (PlateKind::HongKong, "粤ZP560港"),
            (PlateKind::Macao, "粤Z9065澳"),
            (PlateKind::Embassy, "使123456 123456使"),
            (PlateKind::Consulate, "沪22478领 沪A22478领"),
            (PlateKind::Emergency, "甘X1001应急 川S1001应急"),
            (PlateKind::ArmedPolice, "WJ京12345 WJ12345 WJ京1234A"),
            (PlateKind::Military, "VA12345"),
            (PlateKind::CivilAviation, "民航A1234"),
        ];
        for (kind, plates) in published {
            for text in plates.split(' ') {
                let valid = parse(text).unwrap().form();
                assert_eq!(valid, Form::Valid(kind), "{text}");
            }
        }
        assert_eq!(parse("民航A12345").unwrap().form(), Form::Odd);
    }

    #[test]
    fn an_unusual_plate_is_odd_and_never_refused() {
        for text in [
            "浙苏H6F681",
            "京O12345",
            "京A1234",
            "浙ABC12",
            "AB12CDE",
            "无牌",
            "京A1234试",
            "DXB12345",
            "京012345",
        ] {
            assert_eq!(parse(text).unwrap().form(), Form::Odd, "{text}");
        }
        assert_eq!(parse("宁AD1234555555"), Err(BadPlate::Length));
        assert_eq!(parse("A"), Err(BadPlate::Length));
        assert_eq!(parse("京A<b>12"), Err(BadPlate::Character));
        assert_eq!(parse(&"A".repeat(1_000_000)), Err(BadPlate::Length));
    }

    #[test]
    fn width_case_separators_and_lookalikes_do_not_matter() {
        let cases = [
            ("京Ａ·１２３４５", "京A12345"),
            ("京a 123-45", "京A12345"),
            ("沪С21F13", "沪C21F13"), // the first C is Cyrillic
            ("京AO1I45", "京A01145"),
            ("WJ京1O345", "WJ京10345"),
            ("ab o1 cde", "ABO1CDE"),
        ];
        for (typed, expected) in cases {
            assert_eq!(parse(typed).unwrap().normalised().expose(), expected, "{typed}");
        }
        assert_eq!(
            parse("京O1234").unwrap().normalised().expose(),
            "京O1234",
            "the authority stays a letter"
        );
    }

    #[test]
    fn readings_of_one_foreign_plate_have_one_skeleton() {
        assert_eq!(parse("ABO1Q").unwrap().skeleton(), parse("AB0I0").unwrap().skeleton());
        assert_ne!(parse("ABO1Q").unwrap().skeleton(), parse("ABC1Q").unwrap().skeleton());
    }

    #[test]
    fn a_plate_never_prints_itself() {
        assert!(!format!("{:?}", parse("京A12345").unwrap()).contains("12345"));
    }
}
