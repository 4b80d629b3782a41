//! How a camera sees whoever holds up a code: what would help, and whether there is light enough. It decides nothing and
//! goes into no record.

use serde::{Deserialize, Serialize};

/// What a camera says of its picture beside the codes in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CameraView {
    /// What would help to read what is held up; none while nothing looks like a code, or it is read.
    pub hint: Option<CodeHint>,
    /// How light the picture is.
    pub light: PictureLight,
}

/// What whoever holds up a code should do, so that it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeHint {
    /// The code is too small in the picture.
    ComeCloser,
    /// The code reaches beyond the picture.
    HoldFurther,
    /// There is not enough light.
    TooDark,
    /// There is not enough light, and a lamp of the kiosk's own comes on.
    LightComing,
    /// Something shines on the code.
    Glare,
    /// The code moves too fast.
    HoldStill,
    /// The screen that shows the code is too dark for the light around it.
    BrighterScreen,
}

impl CodeHint {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ComeCloser,
        Self::HoldFurther,
        Self::TooDark,
        Self::LightComing,
        Self::Glare,
        Self::HoldStill,
        Self::BrighterScreen,
    ];
}

/// How light a picture is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum PictureLight {
    /// There is no picture.
    #[default]
    Unknown,
    /// Enough to read by, and not too much.
    Good,
    /// Too little.
    Dark,
    /// Something shines: white without structure.
    Glare,
}
