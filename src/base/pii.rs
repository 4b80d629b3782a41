//! Personal data that cannot be printed by accident.

use std::fmt;

use minicbor::{Decode, Encode};

/// A value about a person. `Debug` and `Display` print `[pii]`, always; it has no `Serialize`.
///
/// Each call of [`expose`](Self::expose) is a line that a reviewer looks for.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Pii<T>(#[n(0)] T);

impl<T> Pii<T> {
    /// Guards `value`.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Never for a log.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Pii<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[pii]")
    }
}

impl<T> fmt::Display for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[pii]")
    }
}

#[cfg(test)]
mod tests {
    use super::Pii;

    #[test]
    fn never_prints_what_it_guards() {
        let name = Pii::new("王小明".to_owned());
        assert_eq!(format!("{name} {name:?} {:?}", Some(&name)), "[pii] [pii] Some([pii])");
        assert_eq!(name.expose(), "王小明");
    }
}
