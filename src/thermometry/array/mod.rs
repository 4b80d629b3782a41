//! Array mode: who stands before a thermal array, and the hottest place of their upper face. Pure.
//!
//! ```text
//! frame ─▶ 3×3 median ─▶ background, skin ─▶ regions ─▶ heads ─▶ one, whole, near, nothing hot by it ─▶ upper face
//!             │                                                                                          │
//!             └─▶ noisier than an array is ─▶ NoFace        ◀── covered ── is enough of it warm? ─▶ its hottest pixel
//! ```
//!
//! A value is never made of half a face: whatever is not sure has a reason instead. Temperatures are as the array sees
//! them; emissivity and surroundings are corrected behind this. What it goes by is relative to the background and to the
//! face itself, so that a degree more of skin is a degree more of value.

pub mod head;
pub mod picture;
mod plane;
pub mod plate;
mod regions;
mod upper;

pub use head::HeadBox;

use crate::base::{CentiCelsius, NoReading};
use crate::model::{RawWords, ThermalFrame, ThermalReading};
use crate::thermometry::screener::Unseen;

use self::head::Head;
use self::plane::Plane;
use self::regions::Regions;

/// What an array looks at is told from the rest by these. [`Limits::of`] fits those in pixels to an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Hotter than this is no skin, in hundredths of a degree: FLIR's and others' upper end of a face is 42.5 °C.
    pub hot: i16,
    /// The warmest place of a face is at least so warm; colder, it says nothing.
    pub cold: i16,
    /// Skin is so much warmer than its background, in hundredths of a degree.
    pub contrast: i16,
    /// A head is at least so many pixels wide; narrower, a pixel holds more than forehead.
    pub width_min: usize,
}

impl Limits {
    /// For arrays that are `width` pixels wide. An MLX90640 with a field of 55° sees a head 7 to 8 pixels wide at 0.7 m, and
    /// one of 110° at 0.35 m; an MLX90641 half of that.
    pub fn of(width: usize) -> Self {
        let width_min = if width >= 32 { 6 } else { 5 };
        Self { hot: 4_300, cold: 2_700, contrast: 250, width_min }
    }
}

/// The upper face of the one person in view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Face {
    /// The hottest place of it, as the array sees it: the greatest 3×3 median.
    pub hottest: CentiCelsius,
    /// Column and row of that pixel, from the top left.
    pub at: (u8, u8),
    /// Pixels of the upper face that are nearly as warm.
    pub pixels: u16,
    /// Where the head is.
    pub head: HeadBox,
    /// What is behind.
    pub background: CentiCelsius,
}

/// Why a picture gives no value. Each is something that somebody can do something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NoFace {
    /// Nobody is there.
    #[error("nobody is there")]
    Nobody,
    /// More than one: one at a time. Hands beside a face count.
    #[error("more than one is there")]
    Several,
    /// The head is too small: come closer.
    #[error("too far away")]
    TooFar,
    /// The head is not whole in the picture: step back, or to the middle.
    #[error("the head is not whole in the picture")]
    Cut,
    /// Hair, hat, hood or something else leaves too little of the forehead and the eyes' inner corners.
    #[error("the forehead is covered")]
    Covered,
    /// Something hotter than skin is in front of or beside the face, or in its place.
    #[error("something hotter than skin is in the way")]
    Hot,
    /// Somebody is there, and colder than skin that says anything.
    #[error("the skin is too cold")]
    Cold,
    /// What is behind is as warm as skin, so that nothing stands out from it; or a face is so near that nothing is behind.
    #[error("nothing stands out from what is behind")]
    WarmBackground,
    /// The picture is noisier than an array's can be.
    #[error("the picture is too noisy")]
    Noisy,
}

/// A face, or why there is none.
pub type ArrayReading = Result<Face, NoFace>;

/// What a screening takes of an array's picture: the hottest place of the one face in it. The register words of a reading
/// are its column and row, how many pixels are nearly as warm, and the supply.
///
/// # Errors
///
/// Why there is no face to measure.
pub fn reading(frame: &Result<ThermalFrame, NoReading>) -> Result<ThermalReading, Unseen> {
    let frame = frame.as_ref().map_err(|reason| Unseen::NoPicture(*reason))?;
    let face = find(frame, &Limits::of(frame.width())).map_err(Unseen::NoFace)?;
    let (x, y) = face.at;
    let raw = RawWords::new(&[x.into(), y.into(), face.pixels, frame.supply_mv]);
    Ok(ThermalReading { object: face.hottest, die: frame.die, raw })
}

/// Finds the one person in `frame`.
///
/// # Errors
///
/// Why there is no value.
pub fn find(frame: &ThermalFrame, limits: &Limits) -> ArrayReading {
    let plane = Plane::of(frame, limits);
    if plane.is_noisy() {
        return Err(NoFace::Noisy);
    }
    let head = match subject(&plane, limits) {
        Err(NoFace::Nobody) => return Err(absent(&plane, limits)),
        found => found?,
    };
    let seen = head.seen(&plane);
    if plane.is_hot_by(&seen) {
        return Err(NoFace::Hot);
    }
    if head.is_cut(&plane) {
        return Err(NoFace::Cut);
    }
    if head.width() < limits.width_min {
        return Err(NoFace::TooFar);
    }
    let upper = upper::of(&plane, &head)?;
    if upper.hottest < limits.cold {
        return Err(NoFace::Cold);
    }
    let celsius =
        |hundredths: i16| CentiCelsius::new(hundredths.into()).unwrap_or(CentiCelsius::ABSOLUTE_ZERO);
    let small = |pixels: usize| u8::try_from(pixels).unwrap_or(u8::MAX);
    Ok(Face {
        hottest: celsius(upper.hottest),
        at: (small(upper.at.0), small(upper.at.1)),
        pixels: u16::try_from(upper.warm).unwrap_or(u16::MAX),
        head: seen,
        background: celsius(plane.background),
    })
}

/// How far between the background and the warmest skin begins, in hundredths of the way.
const SKIN: i32 = 50;
/// Faces that touch are told apart by these: hair between them is colder than skin, and narrower than a median keeps.
const APART: [i32; 2] = [65, 80];

/// The head of the only person, whatever is wrong with it.
fn subject(plane: &Plane<'_>, limits: &Limits) -> Result<Head, NoFace> {
    let from = plane.skin_from(SKIN);
    let all = heads(plane, &Regions::of(plane, |x, y| plane.at(x, y) >= from), 0);
    let first = *all.first().ok_or(NoFace::Nobody)?;
    let several = |heads: &[Head]| match heads {
        [] => false,
        [first, others @ ..] => first.has_another() || others.iter().any(|other| other.rivals(first)),
    };
    let apart = |level| {
        let from = plane.skin_from(level);
        let skin = Regions::of(plane, |x, y| plane.at(x, y).min(plane.raw(x, y)) >= from);
        several(&heads(plane, &skin, first.width()))
    };
    // A far head beside another far one is nobody's turn yet.
    let near = first.width() >= limits.width_min;
    if near && (several(&all) || APART.into_iter().any(apart)) { Err(NoFace::Several) } else { Ok(first) }
}

/// All heads, the widest first; `wide` as for [`Regions::groups`].
fn heads(plane: &Plane<'_>, regions: &Regions, wide: usize) -> Vec<Head> {
    let groups = regions.groups(wide);
    let mut heads: Vec<Head> = groups.iter().filter_map(|group| Head::of(plane, regions, group)).collect();
    heads.sort_by_key(|head| std::cmp::Reverse((head.width(), head.area())));
    heads
}

/// What is in a picture without a head.
fn absent(plane: &Plane<'_>, limits: &Limits) -> NoFace {
    if plane.hot_pixels() >= 9 {
        NoFace::Hot
    } else if plane.background >= limits.cold + limits.contrast && !plane.has_contrast() {
        NoFace::WarmBackground
    } else {
        NoFace::Nobody
    }
}
