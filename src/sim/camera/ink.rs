//! Colours of codes and of lights.

use crate::base::Random;
use crate::model::ModuleColour;

/// Colours in which codes are shown, as design tools name them, and what they are called.
pub const INKS: [(ModuleColour, [u8; 3]); 14] = [
    (ModuleColour::Black, [0x00, 0x00, 0x00]),
    (ModuleColour::Black, [0x33, 0x33, 0x33]),
    (ModuleColour::Green, [0x1F, 0xA2, 0x1F]),
    (ModuleColour::Green, [0x3A, 0x9B, 0x5A]),
    (ModuleColour::Green, [0x07, 0xC1, 0x60]),
    (ModuleColour::Green, [0x4C, 0xD0, 0x80]),
    (ModuleColour::Yellow, [0xFF, 0x8C, 0x1A]),
    (ModuleColour::Yellow, [0xF5, 0xA6, 0x23]),
    (ModuleColour::Yellow, [0xE6, 0xB4, 0x22]),
    (ModuleColour::Yellow, [0xFF, 0xC0, 0x00]),
    (ModuleColour::Yellow, [0xFF, 0xD7, 0x00]),
    (ModuleColour::Red, [0xE0, 0x20, 0x20]),
    (ModuleColour::Red, [0xF0, 0x4B, 0x4B]),
    (ModuleColour::Blue, [0x16, 0x77, 0xFF]),
];

/// White under lights and white balances of a gate, red, green and blue in linear light: neutral, warm, very warm, cold,
/// greenish, magenta.
pub const CASTS: [[f32; 3]; 6] = [
    [1.0, 1.0, 1.0],
    [1.0, 0.9, 0.7],
    [1.0, 0.78, 0.48],
    [0.78, 0.9, 1.0],
    [0.88, 1.0, 0.82],
    [1.0, 0.82, 0.95],
];

/// A value of 0 to 255 in linear light, 0 to 1 (IEC 61966-2-1).
pub fn linear(value: u8) -> f32 {
    let value = f32::from(value) / 255.0;
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// The inverse of [`linear`], for values that may lie outside.
pub fn encoded(light: f32) -> u8 {
    let light = light.clamp(0.0, 1.0);
    let value = if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255.5")]
    let value = (value * 255.0 + 0.5) as u8;
    value
}

/// Noise of a sensor's picture: a table of normal deviates, to be begun anywhere.
pub fn grain(random: &mut Random) -> Vec<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "a deviate needs no more precision")]
    let one = |random: &mut Random| random.normal() as f32;
    (0..16_411).map(|_| one(random)).collect()
}
