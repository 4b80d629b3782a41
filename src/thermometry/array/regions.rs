//! Connected pixels that may be skin, and which of them are one head across a pair of glasses.

use super::plane::Plane;
use crate::model::ThermalFrame;

/// Regions smaller than this are nothing.
const AREA_MIN: usize = 6;
/// Most regions that are kept, the first from the top.
const REGIONS_MAX: usize = 64;

/// A region's place and size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Region {
    label: u16,
    pub(super) left: usize,
    pub(super) right: usize,
    pub(super) top: usize,
    pub(super) bottom: usize,
    pub(super) area: usize,
}

impl Region {
    fn width(&self) -> usize {
        self.right - self.left + 1
    }
}

/// Which pixel is in which region.
pub(super) struct Regions {
    width: usize,
    labels: [u16; ThermalFrame::PIXELS_MAX],
    found: Vec<Region>,
}

impl Regions {
    /// Regions of what `is_warm`, without what is beside something hot. Pixels are connected by their sides.
    pub(super) fn of(plane: &Plane<'_>, is_warm: impl Fn(usize, usize) -> bool) -> Self {
        let mut regions =
            Self { width: plane.width(), labels: [0; ThermalFrame::PIXELS_MAX], found: Vec::new() };
        let is_skin = |x: usize, y: usize| is_warm(x, y) && !plane.is_by_hot(x, y);
        let mut label = 0;
        for (x, y) in plane.places() {
            if regions.labels[y * regions.width + x] == 0 && is_skin(x, y) {
                label += 1;
                let region = regions.fill(plane, &is_skin, label, (x, y));
                if region.area >= AREA_MIN && regions.found.len() < REGIONS_MAX {
                    regions.found.push(region);
                }
            }
        }
        regions
    }

    fn fill(
        &mut self,
        plane: &Plane<'_>,
        is_skin: &impl Fn(usize, usize) -> bool,
        label: u16,
        start: (usize, usize),
    ) -> Region {
        let (left, top) = start;
        let mut region = Region { label, left, right: left, top, bottom: top, area: 0 };
        // Each pixel is marked when it is put here, so that the list never holds more than the picture has.
        self.labels[top * self.width + left] = label;
        let mut open = vec![start];
        while let Some((x, y)) = open.pop() {
            region.area += 1;
            (region.left, region.right) = (region.left.min(x), region.right.max(x));
            (region.top, region.bottom) = (region.top.min(y), region.bottom.max(y));
            let beside = [(x.wrapping_sub(1), y), (x + 1, y), (x, y.wrapping_sub(1)), (x, y + 1)];
            for (x, y) in beside.into_iter().filter(|&(x, y)| x < plane.width() && y < plane.height()) {
                let mark = &mut self.labels[y * self.width + x];
                if *mark == 0 && is_skin(x, y) {
                    *mark = label;
                    open.push((x, y));
                }
            }
        }
        region
    }

    /// Groups of regions that are one head: one under the other, with a gap as narrow as a pair of glasses. A head is at least
    /// `wide`, where that is known.
    pub(super) fn groups(&self, wide: usize) -> Vec<Vec<Region>> {
        let mut groups: Vec<Vec<Region>> = Vec::new();
        for region in &self.found {
            let goes_on =
                |group: &[Region]| group.last().is_some_and(|last| are_one(group[0], *last, *region, wide));
            match groups.iter_mut().find(|group| goes_on(group)) {
                Some(group) => group.push(*region),
                None => groups.push(vec![*region]),
            }
        }
        groups
    }

    /// Whether a place is in one of the regions of a group.
    pub(super) fn is_in(&self, group: &[Region], x: usize, y: usize) -> bool {
        let label = self.labels[y * self.width + x];
        group.iter().any(|region| region.label == label)
    }
}

/// Whether `lower` goes on what begins with `first` and ends, so far, with `upper`: from one hairline to the next person's brow
/// it is farther.
fn are_one(first: Region, upper: Region, lower: Region, wide: usize) -> bool {
    let overlap = (upper.right.min(lower.right) + 1).saturating_sub(upper.left.max(lower.left));
    let width = upper.width().max(lower.width()).max(wide);
    let narrow = upper.width().min(lower.width());
    let gap = lower.top.saturating_sub(upper.bottom);
    // Glasses are a third of a face's width high, and are smoothed by a pixel or two at each side.
    let gap_max = width * 2 / 3 + 1;
    let down = lower.top - first.top;
    lower.top > upper.bottom && gap <= gap_max && overlap * 10 >= narrow * 6 && down * 10 <= width * 11
}
