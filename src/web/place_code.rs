//! The place code on the screens: drawn for phones, and in digits for people.

use maud::{Markup, PreEscaped, html};
use qrcode::render::svg::Color;
use qrcode::{EcLevel, QrCode};

use super::symbol;
use super::words::{Words, words};
use crate::control::PlaceCodeStatus;

/// Above the digits that an attendant compares with those on a visitor's phone.
const DIGITS: Words = words("现在的场所码", "Place code now");

/// The code and its digits. Where it cannot be drawn the digits stand alone, and an attendant goes by them.
pub fn place_code(code: &PlaceCodeStatus) -> Markup {
    let drawn = QrCode::with_error_correction_level(&code.text, EcLevel::L).ok().map(|symbol| {
        let svg = symbol.render::<Color<'_>>().module_dimensions(4, 4).build();
        svg.split_once("?>").map_or(svg.clone(), |(_, svg)| svg.to_owned())
    });
    html! {
        div.place-code {
            @if let Some(svg) = drawn { div.drawn { (PreEscaped(svg)) } }
            b { (code.digits) }
        }
    }
}

/// The digits alone, for the attendant.
pub fn digits(code: &PlaceCodeStatus) -> Markup {
    html! { p.place-digits { (symbol::CODE) span { (DIGITS) " " b { (code.digits) } } } }
}
