//! What the kiosk takes of an identity card that was laid on a reader: its number and its name, and nothing else of it.

use super::id_number::IdNumber;
use crate::base::Pii;

/// A card as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdCard {
    /// Its number, whose own checks pass.
    pub number: IdNumber,
    /// The name on it, not empty and without control characters.
    pub name: Pii<String>,
}
