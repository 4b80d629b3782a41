//! Pictures of symbols that were scratched, turned and shaken.

use kakou::base::Mono;
use kakou::vision::slow::attempt;
use kakou::vision::{Attempt, Code, Frame, Reader, fast::Fast};
use qrcode::EcLevel;

use super::picture::{Shaken, check_codes, modules};
use super::watch::watched;

/// Pictures are hardly larger than this each way: reading large ones takes longer, and the same ways.
const PIXELS: usize = 280;

/// What changes a symbol, before the bits that turn its modules round.
const HEAD: usize = 8;

/// The first bytes say version and level, how it is read and whether it is light on dark, size and edge, how it is turned and
/// by how much it is noisy; the bits that follow turn its modules round, and what is left of the bytes is the noise.
///
/// Read in every way but the two that rqrr does, whose search has no bound. A panic of rxing that is caught counts as
/// nothing read; see [`watched`].
pub fn symbol(bytes: &[u8]) -> bool {
    let Some((head, bytes)) = bytes.split_first_chunk::<HEAD>() else { return false };
    let [first, way, size, a, b, c, d, amplitude] = *head;
    let version = 1 + i16::from(first & 15) % 10;
    let level = [EcLevel::L, EcLevel::M, EcLevel::Q, EcLevel::H][usize::from(first >> 4 & 3)];
    let text = format!("k{version}");
    let modules = modules(version, level, text.as_bytes());
    let shaken = Shaken { size, skew: [a, b, c, d], amplitude };
    let (mut frame, whole) = shaken.drawn(modules, bytes, PIXELS);
    if way & 8 != 0 {
        frame.luma_mut().iter_mut().for_each(|grey| *grey = 255 - *grey);
    }
    let codes = watched(|| read(&frame, way));
    check_codes(&codes);
    let said = codes.iter().all(|code| code.payload.expose() == text.as_bytes());
    assert!(said || !whole, "a whole symbol says something else");
    !codes.is_empty()
}

/// In one way, or in all.
fn read(frame: &Frame, way: u8) -> Vec<Code> {
    let way = usize::from(way % 8);
    let mut codes = vec![];
    if way < 2 {
        codes.extend(Fast::default().read(frame).codes);
    }
    if way == 0 || way == 2 {
        let (mut reader, mut frame) = (Reader::default(), frame.clone());
        for number in 1..4 {
            frame.at = Mono::from_millis(33 * number);
            codes.extend(reader.read(&frame).codes);
        }
    }
    let bounded = Attempt::QR.into_iter().filter(|attempt| !attempt.unbounded());
    for (_, each) in bounded.enumerate().filter(|(at, _)| way == 0 || way == 3 + at) {
        codes.extend(attempt(each, frame));
    }
    codes
}

/// Of several sizes, whole, scratched, noisy and slanted.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![];
    for number in 0..10_u8 {
        // Level and size change with the version.
        let head = [number | number << 4, 1 + number % 2, 0x21 + number % 2, 8, 252, 6, 250, 20];
        let side = 21 + 4 * usize::from(number);
        let mut turned = vec![0; (side * side).div_ceil(8)];
        // A module in the middle, where no pattern is.
        turned[(side * side / 2 + 3) / 8] ^= (number % 2) << 2;
        seeds.push([&head[..], &turned, &[3, 250, 7, 120, 130, 9, 77]].concat());
    }
    // By each way alone, the last of which reads what is light on dark.
    for (way, size) in [(0, 0x22), (3, 0x20), (4, 0x23), (5, 0xF1), (6, 0x22), (15, 0x22)] {
        seeds.push(vec![0x22, way, size, 4, 2, 254, 5, 0]);
    }
    seeds
}
