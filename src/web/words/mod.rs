//! Every word on the screens, in Chinese and English.
//!
//! One exhaustive match a type: a new variant does not compile until it has its words. What the subject's face may
//! show is in [`face`] and never names a reason of health; what only attendants see is in [`desk`].

pub mod desk;
pub mod face;
mod reason;

use maud::{Markup, Render, html};

use crate::model::Title;

/// One text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

/// Chinese first, English beneath or after it.
impl Render for Words {
    fn render(&self) -> Markup {
        html! {
            span.zh lang="zh" { (self.zh) }
            " "
            span.en lang="en" { (self.en) }
        }
    }
}

impl Render for Title {
    fn render(&self) -> Markup {
        html! {
            span.zh lang="zh" { (self.zh) }
            " "
            span.en lang="en" { (self.en) }
        }
    }
}

/// One of our own texts, or one of the profile's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Ours.
    Words(Words),
    /// The profile's.
    Title(Title),
}

impl Said {
    /// The Chinese text.
    pub fn zh(&self) -> &str {
        match self {
            Self::Words(words) => words.zh,
            Self::Title(title) => &title.zh,
        }
    }
}

impl Render for Said {
    fn render(&self) -> Markup {
        match self {
            Self::Words(words) => words.render(),
            Self::Title(title) => title.render(),
        }
    }
}

impl From<Words> for Said {
    fn from(words: Words) -> Self {
        Self::Words(words)
    }
}

impl From<&Title> for Said {
    fn from(title: &Title) -> Self {
        Self::Title(title.clone())
    }
}

/// The profile's own text where it has one, else ours.
pub fn own(title: Option<&Title>, ours: Words) -> Said {
    title.map_or(Said::Words(ours), Said::from)
}

/// Shorthand for the tables.
pub(super) const fn words(zh: &'static str, en: &'static str) -> Words {
    Words { zh, en }
}
