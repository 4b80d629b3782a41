//! Symbols in every form that the standard has: mirrored, inverted, turned, several at once, parts, and bytes as they were written.

use kakou::base::Mono;
use kakou::vision::fast::Fast;
use kakou::vision::slow::attempt;
use kakou::vision::{Attempt, Code, Frame, Part};
use qrcode::bits::Bits;
use qrcode::canvas::Canvas;
use qrcode::ec::construct_codewords;
use qrcode::{Color, EcLevel, QrCode, Version};

/// Pixels a module, and around a symbol.
const SCALE: usize = 5;
const QUIET: usize = 30;

/// A symbol as squares: dark ones are true.
struct Symbol {
    side: usize,
    dark: Vec<bool>,
}

impl Symbol {
    fn of(colors: &[Color]) -> Self {
        Self { side: colors.len().isqrt(), dark: colors.iter().map(|color| *color == Color::Dark).collect() }
    }

    fn text(text: &str) -> Self {
        Self::of(&QrCode::new(text).unwrap().to_colors())
    }

    /// With these data bits, whatever they mean.
    fn raw(version: i16, data: &[u8]) -> Self {
        let (version, level) = (Version::Normal(version), EcLevel::M);
        let (encoded, corrections) = construct_codewords(data, version, level).unwrap();
        let mut canvas = Canvas::new(version, level);
        canvas.draw_all_functional_patterns();
        canvas.draw_data(&encoded, &corrections);
        Self::of(&canvas.apply_best_mask().into_colors())
    }

    fn pixels(&self) -> usize {
        self.side * SCALE + 2 * QUIET
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        let module = |at: usize| at.checked_sub(QUIET).map(|at| at / SCALE).filter(|at| *at < self.side);
        module(x).zip(module(y)).is_some_and(|(x, y)| self.dark[y * self.side + x])
    }

    /// A picture in which the place `x`, `y` shows what `of` says of the symbol's own places.
    fn frame(&self, dark: u8, light: u8, of: impl Fn(usize, usize) -> (usize, usize)) -> Frame {
        let side = self.pixels();
        let pixel = |at: usize| {
            let (x, y) = of(at % side, at / side);
            if self.is_dark(x, y) { dark } else { light }
        };
        Frame::new(side, side, (0..side * side).map(pixel).collect(), Mono::ZERO).unwrap()
    }
}

/// Which place of a symbol a place of its picture shows, of a picture whose last row and column is given.
type Way = fn(usize, usize, usize) -> (usize, usize);

fn payloads(codes: &[Code]) -> Vec<&[u8]> {
    codes.iter().map(|code| code.payload.expose().as_slice()).collect()
}

#[test]
fn turned_and_mirrored_symbols_are_read_in_the_fast_lane() {
    let symbol = Symbol::text("whichever way");
    let last = symbol.pixels() - 1;
    let ways: [Way; 8] = [
        |x, y, _| (x, y),
        |x, y, last| (y, last - x),
        |x, y, last| (last - x, last - y),
        |x, y, last| (last - y, x),
        |x, y, last| (last - x, y),
        |x, y, _| (y, x),
        |x, y, last| (x, last - y),
        |x, y, last| (last - y, last - x),
    ];
    for (number, way) in ways.into_iter().enumerate() {
        let frame = symbol.frame(30, 220, |x, y| way(x, y, last));
        assert_eq!(payloads(&Fast::default().read(&frame).codes), [b"whichever way"], "way {number}");
    }
}

#[test]
fn light_symbols_on_dark_ground_have_an_attempt_of_their_own() {
    let frame = Symbol::text("night").frame(220, 30, |x, y| (x, y));
    assert!(Fast::default().read(&frame).codes.is_empty());
    assert_eq!(payloads(&attempt(Attempt::Inverted, &frame)), [b"night"]);
}

#[test]
fn every_symbol_in_view_is_read_once() {
    let symbols = ["first", "second", "third", "first"].map(Symbol::text);
    let side = symbols.iter().map(Symbol::pixels).max().unwrap();
    let pixel = |at: usize| {
        let (x, y) = (at % (2 * side), at / (2 * side));
        let symbol = &symbols[y / side * 2 + x / side];
        if symbol.is_dark(x % side, y % side) { 30 } else { 220 }
    };
    let frame =
        Frame::new(2 * side, 2 * side, (0..4 * side * side).map(pixel).collect(), Mono::ZERO).unwrap();
    let codes = Fast::default().read(&frame).codes;
    let mut found = payloads(&codes);
    found.sort_unstable();
    assert_eq!(found, [&b"first"[..], b"second", b"third"]);
}

/// Bits, the first in the highest place.
fn packed(bits: &str) -> Vec<u8> {
    let bits: Vec<u8> = bits.bytes().filter(|bit| *bit != b' ').map(|bit| bit - b'0').collect();
    bits.chunks(8).map(|byte| byte.iter().chain(&[0; 8]).take(8).fold(0, |sum, bit| sum << 1 | bit)).collect()
}

#[test]
fn a_part_says_which_it_is_and_of_how_many() {
    // Structured append (ISO/IEC 18004, 8.2): the second of three, parity 0xA5; then three bytes.
    let mut data = packed("0011 0001 0010 10100101 0100 00000011 01100001 01100010 01100011 0000");
    let most = 16; // Data codewords of version 1 at level M.
    (data.len()..most).for_each(|at| data.push(if at % 2 == 0 { 0xEC } else { 0x11 }));
    let codes = Fast::default().read(&Symbol::raw(1, &data).frame(30, 220, |x, y| (x, y))).codes;
    assert_eq!(payloads(&codes), [b"abc"]);
    assert_eq!(codes[0].part, Some(Part { index: 1, count: 3, parity: 0xA5 }));
    let whole = Fast::default().read(&Symbol::text("abc").frame(30, 220, |x, y| (x, y))).codes;
    assert_eq!(whole[0].part, None);
}

#[test]
fn bytes_come_as_they_were_written_whatever_character_set_is_named() {
    let read = |eci: Option<u32>, bytes: &[u8]| {
        let mut bits = Bits::new(Version::Normal(2));
        eci.into_iter().for_each(|set| bits.push_eci_designator(set).unwrap());
        bits.push_byte_data(bytes).unwrap();
        bits.push_terminator(EcLevel::M).unwrap();
        let symbol = Symbol::raw(2, &bits.into_bytes());
        Fast::default().read(&symbol.frame(30, 220, |x, y| (x, y))).codes.remove(0).payload.expose().clone()
    };
    for bytes in [&b"\xFF\x00\x80\x01"[..], "门é".as_bytes(), b"\xC3\x28", b"PK\x03\x04\x00"] {
        assert_eq!(read(None, bytes), bytes);
        assert_eq!(read(Some(26), bytes), bytes, "as UTF-8");
        assert_eq!(read(Some(20), bytes), bytes, "as Shift JIS");
        assert_eq!(read(Some(29), bytes), bytes, "as GB 18030");
    }
}
