//! Aztec symbols: found by their bull's eye, whichever way they are held, and sampled by a grid fitted to the grey picture.
//!
//! ```text
//! rows: nine even runs ─▶ middle ─▶ rays: where dark and light change ─▶ square ─▶ mode message ─▶ grid, grown outwards
//! ```
//! Every line through the middle of concentric squares crosses their edges at distances of ½, 1½, 2½ … of one length, so rows
//! find a turned symbol as well, and rays tell rings from anything else. What was sampled is drawn anew, upright and in the
//! middle, as rxing's decoder needs it. Layout of the symbol: ISO/IEC 24778:2008, clause 5.

use rxing::aztec::{decoder, detector::Detector};
use rxing::common::BitMatrix;

use super::grid::Grid;
use super::rings;
use super::{add, code};
use crate::model::Symbology;
use crate::vision::code::Code;
use crate::vision::frame::Frame;

/// Pixels of a module where a symbol is drawn anew, and modules of white around it.
const MODULE: u32 = 4;
const QUIET: u32 = 4;

/// Reads every symbol in `frame`, whose dark pixels are `dark`.
pub(super) fn find(frame: &Frame, dark: &BitMatrix) -> Vec<Code> {
    let mut codes = Vec::new();
    for rings in rings::all(frame, dark) {
        let Some(grid) = Grid::of(frame, dark, &rings) else { continue };
        let Some(drawn) = drawn(&grid, dark) else { continue };
        let detected = Detector::new(&drawn).detect(false);
        let Some(read) = detected.ok().and_then(|detected| decoder::decode(&detected).ok()) else { continue };
        add(&mut codes, code(Symbology::Aztec, &read, grid.corners(), is_part(read.getRawBytes())));
    }
    codes
}

/// Whether a message is a part of one: it begins with a latch to the mixed set and one back (24778, clause 8).
pub(super) fn is_part(message: &[u8]) -> bool {
    matches!(message, [first, second, ..] if u16::from_be_bytes([*first, *second]) >> 6 == 0b11_1011_1101)
}

/// The symbol as it was meant.
fn drawn(grid: &Grid, dark: &BitMatrix) -> Option<BitMatrix> {
    let side = grid.side();
    let mut drawn = BitMatrix::with_single_dimension((side + 2 * QUIET) * MODULE).ok()?;
    for (x, y) in (0..side).flat_map(|y| (0..side).map(move |x| (x, y))) {
        if grid.is_dark(dark, x, y) {
            drawn.setRegion((x + QUIET) * MODULE, (y + QUIET) * MODULE, MODULE, MODULE).ok()?;
        }
    }
    Some(drawn)
}
