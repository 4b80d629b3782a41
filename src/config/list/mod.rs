//! Lists of identifiers whose holders a person has to look at: blinded, with a purpose, two issuers, an end and a cap.
//!
//! Once 1,317 people were put on a list by five officials and could not leave their homes. So a list here never
//! decides anything: a hit raises a card for the attendant. And nobody puts anybody on one alone:
//!
//! ```text
//!                    one issuer, or more changes than `bulk`
//!   import ──checked──┬────────────────────────────▶ held ──another issuer accepts exactly this──▶ in force
//!     │               └──two issuers, few changes──────────────────────────────────────────────▶ in force
//!     └─ one faulty line, an end too late, over the cap: refused whole; what is in force stays, and so does its age
//! ```
//!
//! [`ListRule`] is what a site says of a list, read by `rule_file`; [`csv`] reads what is pushed; [`change`] holds the
//! rules above; [`mod@file`] specifies the file; [`lookup`] asks all lists whether they name somebody. All
//! of it is pure; the files are read and written by [`crate::daemon::lists`].

pub mod change;
pub mod csv;
pub mod edition;
pub mod file;
pub mod lookup;
pub mod rows;
pub(super) mod rule_file;

use crate::base::{IssuerId, Slug};
use crate::model::blind::IdentifierKind;
use crate::model::{Direction, Title};

pub use change::{Changes, Pushed, Refused};
pub use edition::Edition;
pub use file::{BadList, ListFile};
pub use lookup::{Hit, Lists, Named};

/// Longest name of a list: with `list-` before it, it names a device in records.
pub const ID_LENGTH_MAX: usize = 24;

/// Most lists of a site.
pub const LISTS_MAX: usize = 16;

/// Most entries that a site may allow a list: 150,000 people and 50,000 plates, twice.
pub const CAP_MAX: u32 = 400_000;

/// Most issuers of a list.
pub const ISSUERS_MAX: usize = 32;

/// Identifiers that a list may hold, as files name them.
pub const KINDS: [(&str, IdentifierKind); 3] = [
    ("id-number", IdentifierKind::IdNumber),
    ("phone", IdentifierKind::Phone),
    ("plate", IdentifierKind::Plate),
];

/// What a site says of one list. It says nowhere what becomes of a hit: a list can only ask a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRule {
    /// Its name in files, commands and records.
    pub id: Slug,
    /// Its name on screens.
    pub title: Title,
    /// What it is for.
    pub purpose: Title,
    /// What the attendant is to do about a hit.
    pub advice: Title,
    /// Which identifiers it holds; at least one.
    pub holds: Vec<IdentifierKind>,
    /// Which way somebody goes whom it concerns; both ways where nothing is said.
    pub direction: Option<Direction>,
    /// Who may push and accept; at least two.
    pub issuers: Vec<IssuerId>,
    /// Most entries.
    pub cap: u32,
    /// More changes than this are held though two issuers push them.
    pub bulk: u32,
    /// Most days from a push to an entry's end.
    pub days_max: u16,
}

impl ListRule {
    /// The name of its file in the folder of lists.
    pub fn file_name(&self) -> String {
        format!("{}.bin", self.id)
    }

    /// Whether it concerns somebody who goes this way.
    pub fn concerns(&self, direction: Direction) -> bool {
        self.direction.is_none_or(|only| only == direction)
    }
}
