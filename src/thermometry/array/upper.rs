//! The upper face: the part of a head that holds forehead and the eyes' inner corners, and its hottest pixel.
//!
//! It is three fifths of what is seen from the hairline down. Mouth and nose are below: breath is not taken for skin.

use super::head::Head;
use super::plane::Plane;
use super::{NoFace, SKIN};

/// Pixels of the upper face that are colder than its hottest by no more than this count as bare skin, in hundredths of a
/// degree: forehead and cheek of one face differ by less, glasses and hair by more.
const BARE: i16 = 300;

/// What the upper face says.
pub(super) struct Upper {
    pub(super) hottest: i16,
    pub(super) at: (usize, usize),
    pub(super) warm: usize,
}

/// The hottest place of the upper face of `head`.
///
/// # Errors
///
/// [`NoFace::Covered`] when too little of it is bare.
pub(super) fn of(plane: &Plane<'_>, head: &Head) -> Result<Upper, NoFace> {
    // From the hairline to the chin a face is 1.2 to 1.4 times as high as wide, in pixels; from the brows to the chin, 0.7.
    let whole = head.height() * 10 >= head.width() * 9;
    if !whole || is_flat(plane, head) || hair(plane, head) * 20 > head.width() * 13 {
        return Err(NoFace::Covered);
    }
    let face = head.height().min(head.width() * 29 / 20);
    let rows = head.top..head.top + (face * 3).div_ceil(5);
    let places = || rows.clone().flat_map(|y| (head.left..=head.right).map(move |x| (x, y)));
    let mut hottest: Option<(i16, (usize, usize))> = None;
    for (x, y) in places() {
        let here = plane.at(x, y);
        if hottest.is_none_or(|(most, _)| here > most) {
            hottest = Some((here, (x, y)));
        }
    }
    let (hottest, at) = hottest.ok_or(NoFace::Covered)?;
    let bare = || places().filter(|&(x, y)| plane.at(x, y).saturating_add(BARE) >= hottest);
    // The brow itself must be among it: cheeks alone are colder by as much as a fever is warmer.
    let brow_rows = (face * 2).div_ceil(5);
    let brow = bare().filter(|(_, y)| *y < head.top + brow_rows).count();
    let enough = brow >= 4 && brow * 4 >= brow_rows * head.width();
    if enough { Ok(Upper { hottest, at, warm: bare().count() }) } else { Err(NoFace::Covered) }
}

/// Whether the skin is as wide where it begins as anywhere: a brow is narrower than the cheekbones, so this begins under it.
///
/// Of pixels and not of medians, which round the corners of a hat's edge.
fn is_flat(plane: &Plane<'_>, head: &Head) -> bool {
    let from = plane.skin_from(SKIN);
    let row = |y: usize| {
        let mut skin = (head.left..=head.right).filter(|x| plane.raw(*x, y) >= from);
        let first = skin.next()?;
        skin.next_back().map(|last| last - first + 1)
    };
    let first = (head.top.saturating_sub(1)..=head.bottom).find_map(row).unwrap_or(0);
    first * 10 >= head.width() * 9
}

/// Rows of hair or hat above the skin, where they stand out from what is behind. From the hairline to the crown it is half a
/// face's width; from the brows, nine tenths.
fn hair(plane: &Plane<'_>, head: &Head) -> usize {
    let middle = (head.left + head.right) / 2;
    let from = plane.body_from();
    (0..head.top).rev().take_while(|y| plane.at(middle, *y) >= from).count()
}
