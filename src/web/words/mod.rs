//! Every word on the screens, in Chinese and English.
//!
//! One exhaustive match a type: a new variant does not compile until it has its words. What the subject's face may
//! show is in [`face`] and never names a reason of health; what only attendants see is in [`desk`].

pub mod desk;
pub mod face;

use maud::{Markup, Render, html};

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

/// Shorthand for the tables.
pub(super) const fn words(zh: &'static str, en: &'static str) -> Words {
    Words { zh, en }
}
