//! Symbols are drawn by rxing's writers, held up in every way, and read.

use rxing::aztec::AztecWriter;
use rxing::common::BitMatrix;
use rxing::datamatrix::DataMatrixWriter;
use rxing::datamatrix::encoder::{DefaultPlacement, SymbolInfoLookup, error_correction};
use rxing::pdf417::{PDF417RXingResultMetadata, PDF417Writer};
use rxing::{BarcodeFormat, EncodeHints, Writer};

use super::*;
use crate::base::{Mono, Random};
use crate::vision::homography::Homography;

/// How a symbol is held up: angle in degrees, how many pixels its right edge is shorter, where its middle is.
#[derive(Clone, Copy)]
struct Held {
    angle: f32,
    slant: f32,
    at: (f32, f32),
}

const UPRIGHT: Held = Held { angle: 0.0, slant: 0.0, at: (320.0, 240.0) };

/// One pixel a module, without a margin.
fn symbol(symbology: Symbology, text: &str) -> BitMatrix {
    let hints = EncodeHints { Margin: Some("0".to_owned()), ..EncodeHints::default() };
    let drawn = match symbology {
        Symbology::DataMatrix => {
            DataMatrixWriter.encode_with_hints(text, &BarcodeFormat::DATA_MATRIX, 0, 0, &hints)
        }
        Symbology::Pdf417 => PDF417Writer.encode_with_hints(text, &BarcodeFormat::PDF_417, 0, 0, &hints),
        Symbology::Aztec => AztecWriter.encode_with_hints(text, &BarcodeFormat::AZTEC, 0, 0, &hints),
    };
    drawn.unwrap()
}

/// A picture of 640 by 480 pixels with a symbol of `module` pixels a module in it, on a white card, with the noise of a sensor;
/// and where its corners are.
fn picture(symbol: &BitMatrix, module: f32, held: Held) -> (Frame, [Point; 4]) {
    let (width, height) = (place_of(symbol.getWidth()) * module, place_of(symbol.getHeight()) * module);
    let (sin, cos) = held.angle.to_radians().sin_cos();
    let quad = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)].map(|(u, v): (f32, f32)| {
        let (x, y) = (u * width, v * height * if u > 0.0 { 1.0 - held.slant } else { 1.0 });
        Point::new(held.at.0 + x * cos - y * sin, held.at.1 + x * sin + y * cos)
    });
    let map = Homography::of_square(0.0, 1.0, &quad).unwrap();
    let (mut ink, mut paper) = (vec![0_u8; 640 * 480], vec![0_u8; 640 * 480]);
    let mut dot = |u: f32, v: f32, is_dark: bool| {
        let p = map.at(u, v);
        if (0.0..640.0).contains(&p.x) && (0.0..480.0).contains(&p.y) {
            let at = p.y as usize * 640 + p.x as usize;
            let of = if is_dark { &mut ink } else { &mut paper };
            of[at] = of[at].saturating_add(1);
        }
    };
    // Two dots a pixel, each way.
    let (across, down) = (2.0 * width, 2.0 * height);
    for (u, v) in (0..down as u16).flat_map(|v| (0..across as u16).map(move |u| (u, v))) {
        let (u, v) = (f32::from(u) / across, f32::from(v) / down);
        let (x, y) = (u * place_of(symbol.getWidth()), v * place_of(symbol.getHeight()));
        dot(u, v, symbol.get(x as u32, y as u32));
    }
    let mut random = Random::new(5);
    let grey = |(&ink, &paper): (&u8, &u8)| {
        let share = if ink + paper == 0 { 0.0 } else { f32::from(ink) / (f32::from(ink) + f32::from(paper)) };
        (215.0 - 170.0 * share + 4.0 * random.normal() as f32) as u8
    };
    let luma = ink.iter().zip(&paper).map(grey).collect();
    (Frame::new(640, 480, luma, Mono::ZERO).unwrap(), quad)
}

fn texts(codes: &[Code]) -> Vec<&[u8]> {
    codes.iter().map(|code| code.payload.expose().as_slice()).collect()
}

const TEXT: &str = "KAKOU-0123456789-gate";

/// Pixels a module: as a card held up in front of a camera of 640 pixels has them.
fn module(symbology: Symbology) -> f32 {
    match symbology {
        Symbology::DataMatrix | Symbology::Aztec => 5.0,
        Symbology::Pdf417 => 3.0,
    }
}

#[test]
fn symbols_are_read_whichever_way_they_are_held() {
    for symbology in Symbology::ALL {
        let drawn = symbol(symbology, TEXT);
        let turns = (0..24_u16).filter(|&turn| {
            // A ticket is seldom held up quite upright, and one side of it is further away.
            let held =
                Held { angle: 1.0 + 15.0 * f32::from(turn), slant: f32::from(turn % 3) * 0.07, ..UPRIGHT };
            texts(&read(symbology, &picture(&drawn, module(symbology), held).0)) == [TEXT.as_bytes()]
        });
        let turns = turns.count();
        // rxing loses some turned Data Matrix symbols.
        let least = if symbology == Symbology::DataMatrix { 21 } else { 24 };
        assert!(turns >= least, "{}: {turns}", symbology.name());
    }
}

#[test]
fn symbols_are_read_anywhere_in_the_picture_and_it_is_said_where_they_are() {
    for symbology in Symbology::ALL {
        let drawn = symbol(symbology, TEXT);
        for (turn, at) in
            [(0_u16, (200.0, 80.0)), (1, (480.0, 240.0)), (2, (430.0, 390.0)), (3, (160.0, 240.0))]
        {
            let held = Held { angle: 4.0 + 90.0 * f32::from(turn), at, ..UPRIGHT };
            let (frame, quad) = picture(&drawn, module(symbology), held);
            let codes = read(symbology, &frame);
            assert_eq!(texts(&codes), [TEXT.as_bytes()], "{} {at:?}", symbology.name());
            assert_eq!(codes[0].lane.name(), symbology.name());
            for (found, corner) in codes[0].corners.into_iter().zip(quad) {
                let far = (found.x - corner.x).hypot(found.y - corner.y);
                assert!(far < 8.0, "{} {found:?} {corner:?}", symbology.name());
            }
        }
    }
}

#[test]
fn a_leaning_stack_of_bars_is_found_where_it_is() {
    let drawn = symbol(Symbology::Pdf417, TEXT);
    let (frame, quad) = picture(&drawn, 3.0, Held { angle: 212.0, ..UPRIGHT });
    let codes = read(Symbology::Pdf417, &frame);
    let near = |(found, corner): (Point, Point)| (found.x - corner.x).hypot(found.y - corner.y) < 8.0;
    assert!(codes[0].corners.into_iter().zip(quad).all(near), "{:?} {quad:?}", codes[0].corners);
}

#[test]
fn large_symbols_are_read_and_small_ones_from_half_a_picture() {
    let long: String = (0..40).map(|line| format!("line {line:02} of a ticket; ")).collect();
    for (text, pixels) in [("A", 12.0), ("A7", 16.0), (&long[..300], 4.0), (&long[..700], 4.5)] {
        let drawn = symbol(Symbology::Aztec, text);
        let held = Held { angle: 23.0, slant: 0.05, ..UPRIGHT };
        let codes = read(Symbology::Aztec, &picture(&drawn, pixels, held).0);
        assert_eq!(texts(&codes), [text.as_bytes()], "{} modules", drawn.getWidth());
    }
}

#[test]
fn what_only_half_a_picture_shows_is_said_to_be_where_it_is_in_the_whole() {
    for symbology in Symbology::ALL {
        let (mut frame, quad) = picture(&symbol(symbology, TEXT), 2.0 * module(symbology) - 1.0, UPRIGHT);
        // What a screen behind a mesh looks like: neighbours differ by more than modules do.
        for (at, grey) in frame.luma_mut().iter_mut().enumerate() {
            *grey = grey.saturating_add_signed(if (at % 640 + at / 640) % 2 == 0 { 127 } else { -128 });
        }
        assert!(at(symbology, &frame).is_empty(), "{} is read from the whole", symbology.name());
        let codes = read(symbology, &frame);
        assert_eq!(texts(&codes), [TEXT.as_bytes()], "{}", symbology.name());
        for (found, corner) in codes[0].corners.into_iter().zip(quad) {
            assert!((found.x - corner.x).hypot(found.y - corner.y) < 12.0, "{found:?} {corner:?}");
        }
    }
}

#[test]
fn a_mirrored_symbol_is_read() {
    let drawn = symbol(Symbology::Aztec, TEXT);
    let mut mirrored = BitMatrix::with_single_dimension(drawn.getWidth()).unwrap();
    for (x, y) in (0..drawn.getWidth()).flat_map(|y| (0..drawn.getWidth()).map(move |x| (x, y))) {
        mirrored.set_bool(x, y, drawn.get(drawn.getWidth() - 1 - x, y));
    }
    let codes = read(Symbology::Aztec, &picture(&mirrored, 5.0, Held { angle: 70.0, ..UPRIGHT }).0);
    assert_eq!(texts(&codes), [TEXT.as_bytes()]);
}

#[test]
fn nothing_is_read_where_only_another_kind_is_or_noise() {
    let mut random = Random::new(8);
    let noise = (0..640 * 480).map(|_| random.below(256) as u8).collect();
    let noise = Frame::new(640, 480, noise, Mono::ZERO).unwrap();
    for symbology in Symbology::ALL {
        assert!(read(symbology, &noise).is_empty());
        for other in Symbology::ALL.into_iter().filter(|&other| other != symbology) {
            let (frame, _) = picture(&symbol(other, TEXT), module(other), UPRIGHT);
            assert!(read(symbology, &frame).is_empty(), "{} {}", symbology.name(), other.name());
        }
        for (width, height) in [(1, 1), (1, 40), (40, 1), (16, 16)] {
            let small = Frame::new(width, height, vec![30; width * height], Mono::ZERO).unwrap();
            assert!(read(symbology, &small).is_empty());
        }
    }
}

#[test]
fn bytes_are_those_of_the_symbol() {
    assert_eq!(bytes("\u{ff}\u{0}A"), [0xFF, 0, 0x41]);
    // What no byte can be was written in a character set that the symbol names.
    assert_eq!(bytes("é门"), "é门".as_bytes());
    let text = "\u{e9}\u{e8}\u{80}";
    for symbology in [Symbology::DataMatrix, Symbology::Aztec] {
        let codes = read(symbology, &picture(&symbol(symbology, text), 6.0, UPRIGHT).0);
        assert_eq!(texts(&codes), [[0xE9, 0xE8, 0x80]], "{}", symbology.name());
    }
}

#[test]
fn a_part_of_a_message_is_no_message() {
    // 233: part 1 of 2 of the file 1, 1 (ISO/IEC 16022, 5.6).
    let with =
        |words: [u8; 8]| texts_of(&read(Symbology::DataMatrix, &picture(&fourteen(words), 6.0, UPRIGHT).0));
    assert_eq!(with(*b"BCDEFGHI"), ["ABCDEFGH"]);
    assert!(with([233, 0x1E, 1, 1, b'B', b'C', b'D', b'E']).is_empty());
    // Aztec: latches to the mixed set and back, before anything else.
    assert!(aztec::is_part(&[0b1110_1111, 0b0100_0001]) && !aztec::is_part(&[0b1110_1111, 0b0000_0001]));
    assert!(!aztec::is_part(&[0b1110_1111]) && !aztec::is_part(&[]));
    let mut part = PDF417RXingResultMetadata::default();
    assert!(!stacked::is_part(&part));
    part.setFileId("000".to_owned());
    assert!(stacked::is_part(&part));
}

fn texts_of(codes: &[Code]) -> Vec<String> {
    texts(codes).into_iter().map(|text| String::from_utf8(text.to_vec()).unwrap()).collect()
}

/// A Data Matrix symbol of 14 modules a side, with these codewords.
fn fourteen(words: [u8; 8]) -> BitMatrix {
    let words: String = words.map(char::from).iter().collect();
    let info = SymbolInfoLookup::new().lookup(8).unwrap().unwrap();
    let mut placed = DefaultPlacement::new(error_correction::encodeECC200(&words, info).unwrap(), 12, 12);
    placed.place().unwrap();
    let mut drawn = BitMatrix::with_single_dimension(14).unwrap();
    for at in 0..14 {
        drawn.set(0, at);
        drawn.set(at, 13);
        drawn.set_bool(at, 0, at % 2 == 0);
        drawn.set_bool(13, at, at % 2 == 1);
    }
    for (x, y) in (0..12_u32).flat_map(|y| (0..12_u32).map(move |x| (x, y))) {
        drawn.set_bool(x + 1, y + 1, placed.getBit(x as usize, y as usize));
    }
    drawn
}
