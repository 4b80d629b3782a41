//! A text in the two languages of the screens, as files give it.

use serde::{Deserialize, Serialize};

/// A text in Chinese and English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Title {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// Words of a profile in place of the built-in ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepWords {
    /// What to do, in large.
    pub show: Option<Title>,
    /// How, beneath it; what a voice says.
    pub say: Option<Title>,
}
