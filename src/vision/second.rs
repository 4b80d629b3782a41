//! A second opinion: rqrr, with its own finder, on a picture or on a bitmap made for it.
//!
//! It reads 3 to 4 of 100 pictures that rxing does not, because it finds and fits symbols in another way
//! (flood fill and a perspective adjusted step by step). Its search has no bound: while it looks for an
//! alignment pattern it spirals as far as a badly estimated module size says (one photograph took 65 s), and
//! it copies the picture for each triple of finder patterns. The spiral also runs outside the picture, so a
//! picture cannot be made safe beforehand. Its decoder alone is bounded, on a grid that rxing sampled
//! (`Grid::new`), but adds nothing: of 2,445 grids from 676 photographs it decoded 1,318, all of which rxing
//! decodes as well. So rqrr is kept whole, and:
//! - [`super::slow::attempt`] refuses it pictures with more than [`PATTERNS_MAX`] finder patterns (the
//!   quadratic cost);
//! - a panic ends the attempt only; the spiral is left to `platform::isolate`, which gives up a thread that
//!   overruns.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rqrr::{BitGrid, Grid, PreparedImage};

use super::code::{Attempt, Code, Lane};
use super::filter;
use super::frame::{Frame, Point};
use super::symbols;
use crate::base::Pii;

/// More finder patterns than this are a wallpaper, or a sheet that the fast lane reads better.
pub const PATTERNS_MAX: usize = 48;

/// Reads with rqrr's own threshold.
pub fn native(frame: &Frame) -> Vec<Code> {
    guarded(frame, |frame| {
        let (width, height) = (frame.width(), frame.height());
        let mut picture =
            PreparedImage::prepare_from_greyscale(width, height, |x, y| frame.luma()[y * width + x]);
        picture.detect_grids().iter().filter_map(|grid| decode(grid, Attempt::Native)).collect()
    })
}

/// Reads with each pixel compared with the mean around it.
pub fn mean(frame: &Frame) -> Vec<Code> {
    guarded(frame, |frame| {
        let (width, height) = (frame.width(), frame.height());
        let dark = filter::darker_than_mean(frame, frame.long_side() / 16);
        let mut picture = PreparedImage::prepare_from_bitmap(width, height, |x, y| dark[y * width + x]);
        picture.detect_grids().iter().filter_map(|grid| decode(grid, Attempt::Mean)).collect()
    })
}

fn guarded(frame: &Frame, read: impl FnOnce(&Frame) -> Vec<Code>) -> Vec<Code> {
    if symbols::finder_patterns(frame) > PATTERNS_MAX {
        return Vec::new();
    }
    // All state is local to the call: nothing half-changed survives a panic.
    catch_unwind(AssertUnwindSafe(|| read(frame))).unwrap_or_default()
}

fn decode<G: BitGrid>(grid: &Grid<G>, attempt: Attempt) -> Option<Code> {
    let mut payload = Vec::new();
    grid.decode_to(&mut payload).ok().filter(|_| !payload.is_empty())?;
    let corner = |p: rqrr::Point| {
        #[expect(clippy::cast_precision_loss, reason = "within a picture of at most 7,680 pixels")]
        Point::new(p.x as f32, p.y as f32)
    };
    Some(Code {
        payload: Pii::new(payload),
        corners: grid.bounds.map(corner),
        modules: u16::try_from(grid.grid.size()).ok(),
        part: None,
        lane: Lane::Slow(attempt),
    })
}
