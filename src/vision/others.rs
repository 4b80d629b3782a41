//! Symbols that are no QR symbols: Data Matrix, PDF417 and Aztec, where a camera is told to look for them.
//!
//! rxing finds and decodes the first two. Its finder of Aztec symbols looks in the middle of a picture alone, so they are
//! found and sampled by `aztec`, and rxing corrects and decodes them.
//!
//! A part of a message that is spread over several symbols is refused: as a message it would be another one.

mod aztec;
mod grid;
mod rings;
mod stacked;

use std::panic::{AssertUnwindSafe, catch_unwind};

use rxing::Point as RxPoint;
use rxing::common::{BitMatrix, DecoderRXingResult, DetectorRXingResult};
use rxing::datamatrix::decoder::Decoder;
use rxing::datamatrix::detector::zxing_cpp_detector as data_matrix_detector;

use super::binary::Binary;
use super::code::{Attempt, Code, Lane};
use super::frame::{Frame, Point};
use crate::base::Pii;
use crate::model::Symbology;

/// Most symbols of one kind that are decoded in a picture.
const SYMBOLS_MAX: usize = 8;

/// The codeword with which a part of a message begins in Data Matrix (ISO/IEC 16022, 5.6). rxing skips it.
const PART: u8 = 233;

/// Lines of a picture from one that is looked at to the next, to tell a pattern.
const LINE_STEP: usize = 8;
/// Where dark and light change sooner, a pattern or a large dense symbol fills the picture: only lines through its middle are
/// followed, for each would be long.
const BUSY: u32 = 6;
/// Where they change sooner than this, no symbol could be told from noise.
const NO_SYMBOL: u32 = 3;

/// Reads every symbol of one kind in `frame`, or those of its half, where it shows none. Bounded work. Nothing is found in a
/// picture that makes a decoder fail.
pub fn read(symbology: Symbology, frame: &Frame) -> Vec<Code> {
    let codes = at(symbology, frame);
    if !codes.is_empty() {
        return codes;
    }
    let mut codes = at(symbology, &frame.half());
    for code in &mut codes {
        code.corners = code.corners.map(|p| Point::new(2.0 * p.x, 2.0 * p.y));
    }
    codes
}

/// Those that a picture shows in its own size.
fn at(symbology: Symbology, frame: &Frame) -> Vec<Code> {
    let search = || {
        let dark = dark_of(frame)?;
        Some(match symbology {
            Symbology::DataMatrix => data_matrices(&dark),
            Symbology::Pdf417 => stacked::find(frame, &dark).into_iter().collect(),
            Symbology::Aztec => aztec::find(frame, &dark),
        })
    };
    catch_unwind(AssertUnwindSafe(search)).ok().flatten().unwrap_or_default()
}

fn dark_of(frame: &Frame) -> Option<BitMatrix> {
    let mut binary = Binary::default();
    binary.measure(frame);
    binary.matrix(frame)
}

fn data_matrices(dark: &BitMatrix) -> Vec<Code> {
    let pixels = pixels_a_change(dark);
    if pixels < NO_SYMBOL {
        return Vec::new();
    }
    let found = data_matrix_detector::detect(dark, pixels >= BUSY, true).unwrap_or_default();
    let mut codes = Vec::new();
    for symbol in found.iter().take(SYMBOLS_MAX) {
        let Ok(read) = Decoder::new().decode(symbol.getBits()) else { continue };
        let Ok(corners) = <[RxPoint; 4]>::try_from(symbol.getPoints()) else { continue };
        let is_part = read.getRawBytes().first() == Some(&PART);
        add(&mut codes, code(Symbology::DataMatrix, &read, corners.map(place), is_part));
    }
    codes
}

/// After how many pixels dark and light change in the mean, along rows or along columns, whichever is less.
fn pixels_a_change(dark: &BitMatrix) -> u32 {
    let (width, height) = (dark.getWidth(), dark.getHeight());
    let changes = |line: &mut dyn Iterator<Item = bool>| {
        let (mut changes, mut last) = (0_u32, false);
        for is_dark in line {
            changes += u32::from(is_dark != last);
            last = is_dark;
        }
        changes
    };
    let rows = (0..height).step_by(LINE_STEP).map(|y| changes(&mut (0..width).map(|x| dark.get(x, y))));
    let columns = (0..width).step_by(LINE_STEP).map(|x| changes(&mut (0..height).map(|y| dark.get(x, y))));
    let most = rows.sum::<u32>().max(columns.sum());
    (width * height / 8).checked_div(most).unwrap_or(u32::MAX)
}

/// What was read, unless it is empty, or a part.
fn code(symbology: Symbology, read: &DecoderRXingResult, corners: [Point; 4], is_part: bool) -> Option<Code> {
    if is_part || read.getText().is_empty() {
        return None;
    }
    let payload = Pii::new(bytes(read.getText()));
    Some(Code { payload, corners, modules: None, part: None, lane: Lane::Slow(Attempt::Other(symbology)) })
}

/// The bytes of a text as a decoder gives it: each byte a character of ISO 8859-1, unless the symbol names another set.
fn bytes(text: &str) -> Vec<u8> {
    let each: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    each.unwrap_or_else(|| text.as_bytes().to_vec())
}

fn add(codes: &mut Vec<Code>, code: Option<Code>) {
    if let Some(code) = code
        && !codes.iter().any(|known| known.payload == code.payload)
    {
        codes.push(code);
    }
}

fn place_of(at: u32) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "within a picture of at most 7,680 pixels")]
    let at = at as f32;
    at
}

fn place(point: RxPoint) -> Point {
    Point::new(point.x, point.y)
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pictures are drawn")]
mod tests;
