//! Margins of modules, as no picture need ever have them.

use kakou::base::Mono;
use kakou::vision::soft::{MARGIN_MAX, Margins, decode};
use kakou::vision::votes::{Unsolved, Votes};
use kakou::vision::{Lane, Point};
use qrcode::EcLevel;

use super::picture::{check_codes, modules};
use super::watch::watched;

/// The first byte says how many modules a side there are, the second how the rest becomes margins.
///
/// rxing's reading of a corrected bit stream is not caught here: a panic there counts.
pub fn margins(bytes: &[u8]) -> bool {
    let Some((head, bytes)) = bytes.split_first_chunk::<2>() else { return false };
    let [size, steer] = *head;
    let side = match steer & 3 {
        0 => 17 + 4 * u16::from(size % 41),
        1 => u16::from(size),
        2 => u16::from(size) << 8 | 0x15,
        _ => 21,
    };
    // As large as there is, or of one frame.
    let scale = if steer & 4 == 0 { 1 } else { 257 };
    let given = bytes.iter().map(|byte| i16::from(byte.cast_signed()).saturating_mul(scale));
    let area = usize::from(side) * usize::from(side);
    let each: Vec<i16> = match steer & 8 {
        0 => given.collect(),
        // Nothing larger is a symbol.
        _ => given.cycle().take(area.min(177 * 177)).collect(),
    };
    let margins = Margins { side, each };
    watched(|| {
        let corners = [Point::new(1.0, 2.0); 4];
        let code = decode(&margins, corners, Lane::Frames);
        assert!(code.is_none() || margins.each.len() == area);
        check_codes(code.as_slice());
        if let Some(code) = &code {
            assert_eq!((code.modules, code.corners, code.lane), (Some(side), corners, Lane::Frames));
        }
        code.is_some() | voted(margins, steer)
    })
}

/// Added up over frames, of which one may be another symbol's.
fn voted(mut margins: Margins, steer: u8) -> bool {
    margins.each.iter_mut().for_each(|margin| *margin = (*margin).clamp(-MARGIN_MAX, MARGIN_MAX));
    let mut votes = Votes::default();
    let mut read = false;
    for number in 0..4_u8 {
        let mut margins = margins.clone();
        if steer >> 4 == number {
            margins.each.truncate(margins.each.len() / 2);
        }
        let corners = [(0.0, 0.0), (90.0, 0.0), (90.0, 90.0), (0.0, 90.0)].map(|(x, y)| Point::new(x, y));
        let code = votes.add(Mono::from_millis(33 * u64::from(number)), &Unsolved { corners, margins });
        check_codes(code.as_slice());
        read |= code.is_some();
    }
    read
}

/// Symbols of several sizes, sure and hardly so, straight and mirrored, at their length and repeated.
pub fn seeds() -> Vec<Vec<u8>> {
    let levels = [EcLevel::L, EcLevel::M, EcLevel::Q, EcLevel::H];
    let mut seeds = vec![];
    for (at, version) in [1, 2, 4, 7, 10, 21, 28].into_iter().enumerate() {
        let modules = modules(version, levels[at % 4], format!("margins {at}").as_bytes());
        let side = modules.len().isqrt();
        let margin = |dark: bool| if dark { 100_i8 } else { -3 }.cast_unsigned();
        let straight = modules.iter().map(|dark| margin(*dark));
        let mirrored = (0..side * side).map(|at| margin(modules[at % side * side + at / side]));
        let bytes: Vec<u8> = if at % 2 == 0 { straight.collect() } else { mirrored.collect() };
        let size = u8::try_from(version).unwrap();
        seeds.push([&[size, [0, 4, 8, 12][at % 4] | 0xF0], &bytes[..]].concat());
    }
    seeds
}
