//! Symbols clean, mirrored, scratched and of noise.

use super::*;
use crate::base::Random;
use crate::vision::Attempt;

const CORNERS: [Point; 4] = [Point::new(0.0, 0.0); 4];

/// Margins of a clean symbol.
fn clean(text: &str, version: i16, level: qrcode::EcLevel) -> Margins {
    let code = qrcode::QrCode::with_version(text, qrcode::Version::Normal(version), level).unwrap();
    let dark = |color: qrcode::Color| if color == qrcode::Color::Dark { 100 } else { -100 };
    Margins {
        side: u16::try_from(code.width()).unwrap(),
        each: code.to_colors().into_iter().map(dark).collect(),
    }
}

fn read(margins: &Margins) -> Option<Vec<u8>> {
    decode(margins, CORNERS, Lane::Slow(Attempt::Fitted)).map(|code| code.payload.expose().clone())
}

#[test]
fn clean_symbols_of_many_versions_levels_and_masks_are_decoded_straight_and_mirrored() {
    use qrcode::EcLevel::{H, L, M, Q};
    for version in [1, 2, 3, 5, 6, 7, 9, 14, 20, 27, 34, 40] {
        for (at, level) in [L, M, Q, H].into_iter().enumerate() {
            let text = format!("k{at}{version}");
            let margins = clean(&text, version, level);
            assert_eq!(read(&margins), Some(text.clone().into_bytes()), "{version} {level:?}");
            let side = usize::from(margins.side);
            let turned = (0..side * side).map(|at| margins.each[at % side * side + at / side]).collect();
            assert_eq!(read(&Margins { side: margins.side, each: turned }), Some(text.into_bytes()));
        }
    }
}

#[test]
fn doubtful_modules_may_be_twice_as_many_as_wrong_ones() {
    let good = clean("https://example.org/kakou", 4, qrcode::EcLevel::M);
    let side = usize::from(good.side);
    // A scratch over five rows right of the left finder patterns; what is under it is random, and hardly sure.
    let (mut random, mut sure, mut unsure) = (Random::new(9), good.clone(), good);
    for at in (11 * side..16 * side).filter(|at| at % side > 8) {
        let noise = if random.below(2) == 0 { 1 } else { -1 };
        sure.each[at] = 100 * noise;
        unsure.each[at] = 3 * noise;
    }
    assert_eq!(read(&sure), None);
    assert_eq!(read(&unsure).unwrap(), b"https://example.org/kakou");
}

#[test]
fn noise_is_no_symbol() {
    let mut random = Random::new(12);
    for side in [21, 25, 29, 57] {
        for _ in 0..300 {
            let mut margin = || i16::try_from(random.below(255)).unwrap() - 127;
            let each = (0..usize::from(side) * usize::from(side)).map(|_| margin()).collect();
            assert_eq!(read(&Margins { side, each }), None);
        }
    }
    assert_eq!(read(&Margins { side: 21, each: vec![5; 20] }), None);
    assert_eq!(read(&Margins { side: 22, each: vec![5; 484] }), None);
    assert_eq!(read(&Margins { side: 3, each: vec![5; 9] }), None);
}
