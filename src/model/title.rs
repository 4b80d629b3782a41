//! A text in the two languages of the screens, as files give it.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// A text in Chinese and English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct Title {
    /// Chinese.
    #[n(0)]
    pub zh: String,
    /// English.
    #[n(1)]
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
