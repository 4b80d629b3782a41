//! A head among the regions: how wide, how high, whether another one is grown together with it.

use super::plane::Plane;
use super::regions::{Region, Regions};

/// Least width and area of what may be a head at all.
const WIDTH_MIN: usize = 3;
const AREA_MIN: usize = 9;

/// Where a head is, in pixels from the top left, the last ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadBox {
    /// First column.
    pub left: u8,
    /// First row.
    pub top: u8,
    /// Last column.
    pub right: u8,
    /// Last row.
    pub bottom: u8,
}

/// The skin of a head, from the hairline to the chin as far as both are seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) left: usize,
    pub(super) right: usize,
    pub(super) top: usize,
    pub(super) bottom: usize,
    area: usize,
    another: bool,
}

impl Head {
    /// The head at the top of a `group` of regions; `None` when it is too small to be one.
    ///
    /// Going down from the top, a head ends at a neck (much narrower again) or at shoulders (suddenly wider).
    pub(super) fn of(plane: &Plane<'_>, regions: &Regions, group: &[Region]) -> Option<Self> {
        let (top, last) = (group.first()?.top, group.iter().map(|region| region.bottom).max()?);
        let mut head = Self { left: usize::MAX, right: 0, top, bottom: top, area: 0, another: false };
        for y in top..=last {
            let Some((left, right)) = row(plane, regions, group, y) else { continue };
            let (high, wide) = (y - top, right - left + 1);
            let width = if head.area == 0 { 0 } else { head.width() };
            let neck = high * 10 >= width * 8 && wide * 10 < width * 6;
            let shoulders = high * 10 >= width * 8 && wide * 20 > width * 27;
            if width > 0 && (neck || shoulders) {
                break;
            }
            (head.left, head.right) = (head.left.min(left), head.right.max(right));
            head.bottom = y;
            head.area += wide;
        }
        if head.area < AREA_MIN || head.width() < WIDTH_MIN {
            return None;
        }
        head.another = is_two(plane, regions, group, &head)
            // Head, neck and an open collar are 2.3 widths of skin; more is a second head under it.
            || (last + 1 - top) * 10 > head.width() * 26;
        Some(head)
    }

    pub(super) fn width(&self) -> usize {
        self.right - self.left + 1
    }

    pub(super) fn height(&self) -> usize {
        self.bottom - self.top + 1
    }

    pub(super) fn area(&self) -> usize {
        self.area
    }

    /// Whether another head is grown together with it.
    pub(super) fn has_another(&self) -> bool {
        self.another
    }

    /// Whether it is large enough beside `first` to be a second person there, and not a hand, or the next in the queue.
    pub(super) fn rivals(&self, first: &Self) -> bool {
        self.width() * 10 >= first.width() * 6 && self.height() * 10 >= first.width() * 6
    }

    /// Whether it is not whole in the picture.
    pub(super) fn is_cut(&self, plane: &Plane<'_>) -> bool {
        let short = self.height() * 10 < self.width() * 11;
        let sides = self.left == 0 || self.top == 0 || self.right + 1 == plane.width();
        sides || (self.bottom + 1 == plane.height() && short)
    }

    /// Where it is.
    pub(super) fn seen(&self, plane: &Plane<'_>) -> HeadBox {
        let small = |pixels: usize| u8::try_from(pixels).unwrap_or(u8::MAX);
        let bottom = self.bottom.min(plane.height() - 1);
        HeadBox {
            left: small(self.left),
            top: small(self.top),
            right: small(self.right),
            bottom: small(bottom),
        }
    }
}

/// First and last column of a group in a row.
fn row(plane: &Plane<'_>, regions: &Regions, group: &[Region], y: usize) -> Option<(usize, usize)> {
    let mut inside = (0..plane.width()).filter(|x| regions.is_in(group, *x, y));
    let first = inside.next()?;
    Some((first, inside.next_back().unwrap_or(first)))
}

/// Whether the group's outline has two tops, or two chins, with a valley between that is deeper than a hairline's.
fn is_two(plane: &Plane<'_>, regions: &Regions, group: &[Region], head: &Head) -> bool {
    let height = plane.height();
    let mut down = (0..height).collect::<Vec<_>>();
    let two_tops = has_valley(plane, regions, group, head, &down);
    down.reverse();
    two_tops || has_valley(plane, regions, group, head, &down)
}

/// Whether the outline, as first met in the order of `rows`, falls back between two parts of it.
fn has_valley(plane: &Plane<'_>, regions: &Regions, group: &[Region], head: &Head, rows: &[usize]) -> bool {
    let deep = (head.width() / 5).max(3);
    let met = |x: usize| rows.iter().position(|y| regions.is_in(group, x, *y));
    let outline: Vec<Option<usize>> = (0..plane.width()).map(met).collect();
    outline.iter().enumerate().any(|(valley, floor)| {
        let Some(floor) = *floor else { return false };
        let rises = |side: &[Option<usize>]| {
            side.iter().flatten().filter(|top| **top + deep <= floor).count() >= WIDTH_MIN
        };
        rises(&outline[..valley]) && rises(&outline[valley + 1..])
    })
}
