//! PDF417 symbols: rows of bars between a start and a stop pattern.
//!
//! rxing follows the patterns down a picture and loses them where bars lean by more than some five degrees. So a picture is
//! looked at as it is, on each of its edges, and then turned by the angle at which most of its edges lean.

use std::f32::consts::PI;

use rxing::Point as RxPoint;
use rxing::common::BitMatrix;
use rxing::pdf417::PDF417RXingResultMetadata;
use rxing::pdf417::decoder::pdf_417_scanning_decoder;
use rxing::pdf417::detector::pdf_417_detector;

use super::{code, dark_of, place, place_of};
use crate::model::Symbology;
use crate::vision::code::Code;
use crate::vision::frame::{Frame, Point};

/// Directions that are told apart, of half a turn: five degrees each.
const DIRECTIONS: usize = 36;
const DIRECTIONS_F: f32 = 36.0;
const BIN: f32 = PI / DIRECTIONS_F;
/// Less between two pixels beside one is no edge.
const CONTRAST: f32 = 30.0;
/// The direction of bars has so many times the edges of other directions.
const DISTINCT: f32 = 1.5;
/// A leaning smaller than this is followed anyway.
const UPRIGHT: f32 = 4.0 * PI / 180.0;
/// Modules of a codeword over those of the stop pattern.
const STOP: f32 = 17.0 / 18.0;
/// Rows and columns from one place whose edge is looked at to the next.
const STEP: usize = 3;

/// Reads the symbol in `frame`, whose dark pixels are `dark`.
pub(super) fn find(frame: &Frame, dark: &BitMatrix) -> Option<Code> {
    if let Some(code) = upright(dark) {
        return Some(code);
    }
    let angle = leaning(frame)?;
    let code = either_way_up(&dark_of(&turned(frame, angle)?)?)?;
    let middle = Point::new(share(frame.width(), 2), share(frame.height(), 2));
    Some(Code { corners: code.corners.map(|p| around(middle, p, angle)), ..code })
}

/// The direction across most of the edges of `frame` that lean; none where they lean in every direction alike.
fn leaning(frame: &Frame) -> Option<f32> {
    let (width, luma) = (frame.width(), frame.luma());
    let mut weights = [0.0_f32; DIRECTIONS];
    for y in (1..frame.height().saturating_sub(1)).step_by(STEP) {
        for x in (1..width.saturating_sub(1)).step_by(STEP) {
            let rows = [y - 1, y, y + 1].map(|y| &luma[y * width + x - 1..][..3]);
            let of = |row: usize, column: usize| f32::from(rows[row][column]);
            // Weights that keep directions true (Scharr, Optimale Operatoren in der digitalen Bildverarbeitung, Heidelberg 2000).
            let difference =
                |near: &dyn Fn(usize) -> f32| (3.0 * near(0) + 10.0 * near(1) + 3.0 * near(2)) / 16.0;
            let across = difference(&|row| of(row, 2) - of(row, 0));
            let down = difference(&|column| of(2, column) - of(0, column));
            let weight = across * across + down * down;
            if weight > CONTRAST * CONTRAST {
                weights[direction(down.atan2(across))] += weight;
            }
        }
    }
    // An edge between two directions counts for both.
    let smooth = |at: usize| {
        weights[(at + DIRECTIONS - 1) % DIRECTIONS] + weights[at] + weights[(at + 1) % DIRECTIONS]
    };
    let leans = |at: &usize| lean(angle_of(*at)).abs() >= UPRIGHT;
    let most = (0..DIRECTIONS).filter(leans).max_by(|&a, &b| smooth(a).total_cmp(&smooth(b)))?;
    let whole: f32 = weights.iter().sum();
    if smooth(most) * share(DIRECTIONS, 3) < DISTINCT * whole {
        return None;
    }
    let (before, after) = (weights[(most + DIRECTIONS - 1) % DIRECTIONS], weights[(most + 1) % DIRECTIONS]);
    let within = (after - before) / smooth(most);
    Some(angle_of(most) + within * BIN)
}

/// Which direction an angle is, whichever way it points.
fn direction(angle: f32) -> usize {
    let half_turns = (angle / PI + 1.0).fract();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 0, less than 1")]
    let at = (half_turns * DIRECTIONS_F) as usize;
    at.min(DIRECTIONS - 1)
}

/// The angle in the middle of a direction.
fn angle_of(direction: usize) -> f32 {
    (share(direction, 1) + 0.5) * BIN
}

/// An angle without its quarters of a turn.
fn lean(angle: f32) -> f32 {
    let quarter = PI / 2.0;
    angle - quarter * (angle / quarter).round()
}

/// `frame` turned back by `angle` around its middle; what comes from beyond it is white.
fn turned(frame: &Frame, angle: f32) -> Option<Frame> {
    let (width, height) = (frame.width(), frame.height());
    let middle = Point::new(share(width, 2), share(height, 2));
    // In parts of a pixel that are whole numbers: no pixel has to be rounded by itself.
    #[expect(clippy::cast_possible_truncation, reason = "within twice the size of a picture")]
    let fixed = |value: f32| (value * 65_536.0) as i64;
    let (across, down) = (fixed(angle.cos()), fixed(angle.sin()));
    let mut luma = Vec::with_capacity(width * height);
    for y in 0..height {
        let from = around(middle, Point::new(0.5, share(y, 1) + 0.5), angle);
        let (mut column, mut line) = (fixed(from.x), fixed(from.y));
        luma.extend((0..width).map(|_| {
            let at = usize::try_from(column >> 16).ok().zip(usize::try_from(line >> 16).ok());
            (column, line) = (column + across, line + down);
            at.filter(|(x, y)| *x < width && *y < height)
                .map_or(u8::MAX, |(x, y)| frame.luma()[y * width + x])
        }));
    }
    Frame::new(width, height, luma, frame.at).ok()
}

/// `p` turned around `middle`, clockwise as pictures are seen.
fn around(middle: Point, p: Point, angle: f32) -> Point {
    let ((sin, cos), (x, y)) = (angle.sin_cos(), (p.x - middle.x, p.y - middle.y));
    Point::new(middle.x + x * cos - y * sin, middle.y + x * sin + y * cos)
}

/// Reads the symbol whose bars are upright, either way up.
fn either_way_up(dark: &BitMatrix) -> Option<Code> {
    let read = |dark: &BitMatrix| {
        // Asked for several symbols, it never ends where it sees a stop pattern without a start.
        let found = pdf_417_detector::detect(false, dark)?;
        found.iter().find_map(|points| stack(dark, points))
    };
    read(dark).or_else(|| {
        let mut over = dark.clone();
        over.rotate180();
        let (width, height) = (place_of(dark.getWidth()), place_of(dark.getHeight()));
        let code = read(&over)?;
        Some(Code { corners: code.corners.map(|p| Point::new(width - p.x, height - p.y)), ..code })
    })
}

/// Reads the symbol whose upper edge is along any edge of the picture.
fn upright(dark: &BitMatrix) -> Option<Code> {
    either_way_up(dark).or_else(|| {
        let mut turned = dark.clone();
        turned.rotate90();
        let width = place_of(dark.getWidth());
        let code = either_way_up(&turned)?;
        Some(Code { corners: code.corners.map(|p| Point::new(width - p.y, p.x)), ..code })
    })
}

/// The symbol with these places: its outer corners, upper left, lower left, upper right, lower right, and those of its
/// codewords.
fn stack(dark: &BitMatrix, points: &[Option<RxPoint>; 8]) -> Option<Code> {
    let width = |one: usize, other: usize| Some((points[one]?.x - points[other]?.x).abs());
    let stop = |one, other| Some(width(one, other)? * STOP);
    let widths = [width(0, 4), width(1, 5), stop(6, 2), stop(7, 3)];
    let (least, most) =
        widths.into_iter().flatten().fold((f32::MAX, 0.0_f32), |(a, b), w| (a.min(w), b.max(w)));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within a picture")]
    let (least, most) = (least as u32, most as u32);
    let read =
        pdf_417_scanning_decoder::decode(dark, points[4], points[5], points[6], points[7], least, most)
            .ok()?;
    // Of a symbol whose one side is hidden, the codewords say where it is.
    let corner = |outer: usize, inner: usize, else_at: usize| {
        points[outer].or(points[inner]).or(points[else_at]).map(place).unwrap_or_default()
    };
    let corners = [corner(0, 4, 2), corner(2, 6, 0), corner(3, 7, 1), corner(1, 5, 3)];
    let other = read.getOther();
    let more = other.as_ref().and_then(|other| other.downcast_ref::<PDF417RXingResultMetadata>());
    code(Symbology::Pdf417, &read, corners, more.is_some_and(is_part))
}

/// A symbol that is a part names the file that it is part of.
pub(super) fn is_part(more: &PDF417RXingResultMetadata) -> bool {
    !more.getFileId().is_empty() || more.getSegmentCount() > 1
}

fn share(part: usize, whole: usize) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "within a picture of at most 7,680 pixels")]
    let share = part as f32 / whole as f32;
    share
}
