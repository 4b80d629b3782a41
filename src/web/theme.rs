//! Day, sunlight and night: how bright a screen is.

/// A theme of the screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// High contrast on a light ground.
    #[default]
    Day,
    /// Black on white and nothing between, for direct sun.
    Sunlight,
    /// Dim on black, for eyes used to the dark.
    Night,
}

impl Theme {
    /// Every theme.
    pub const ALL: [Self; 3] = [Self::Day, Self::Sunlight, Self::Night];

    /// The name in forms, cookies and the style sheet.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Sunlight => "sunlight",
            Self::Night => "night",
        }
    }

    /// The theme of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}
