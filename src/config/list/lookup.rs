//! Asks every list whether it names somebody.

use std::sync::Arc;

use super::rows::{Span, Sureness};
use super::{Edition, ListRule};
use crate::base::{EditionId, IssuerId, Slug, Wall};
use crate::model::{Between, Blinded, Direction};

/// Every list of a site with what is in force of it. Empty where the site has none; shared, and replaced whole.
///
/// 26 bytes an entry: 150,000 people and 50,000 plates take 5.2 MB.
#[derive(Clone, Debug, Default)]
pub struct Lists(Vec<(Arc<ListRule>, Edition)>);

/// A list names somebody. It is for a person to look at, and decides nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The list, with what it is for and what the attendant is to do.
    pub list: Arc<ListRule>,
    /// When the entry is over.
    pub until: Wall,
    /// Who put the entry there, and who agreed.
    pub issuers: [IssuerId; 2],
    /// Whether the clock is good enough to say that the entry counts. One that only may count is shown with that word.
    pub sureness: Sureness,
}

/// How a list stands that somebody names by the hash of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// Exactly that one is in force.
    InForce,
    /// Another edition is, or one of which it is not known of which file it was read.
    Other {
        /// Its number.
        edition: EditionId,
        /// When it was pushed.
        pushed: Wall,
    },
    /// Nothing is in force of that list, or this kiosk has no such list.
    Absent,
}

impl Lists {
    /// These lists.
    pub fn new(lists: impl IntoIterator<Item = (Arc<ListRule>, Edition)>) -> Self {
        Self(lists.into_iter().collect())
    }

    /// The lists that name the holder of the `blinded` identifier, who goes this way, now.
    ///
    /// An entry that is certainly over, or certainly not begun, is none. Where the clock leaves it open the hit is unsure:
    /// it only asks a person, and an entry that is missed because a clock is wrong asks nobody. Allocates nothing; under
    /// a microsecond a list of 150,000.
    pub fn hits<'l>(
        &'l self,
        blinded: &'l Blinded,
        direction: Direction,
        now: &'l Between,
    ) -> impl Iterator<Item = Hit> + 'l {
        let concerned = self.0.iter().filter(move |(rule, _)| rule.concerns(direction));
        concerned.filter_map(move |(rule, edition)| {
            let row = edition.rows().find(blinded)?;
            let sureness = row.span.counts(now)?;
            let [put, agreed] = row.issuers.map(|index| edition.name(index));
            let Span { until, .. } = row.span;
            Some(Hit {
                list: Arc::clone(rule),
                until: Wall::from_secs(until.into()),
                issuers: [put?.clone(), agreed?.clone()],
                sureness,
            })
        })
    }

    /// Whether the list `name` is in force here as it was read of the file with this hash, blinded.
    pub fn named(&self, name: &Slug, source: Blinded) -> Named {
        match self.0.iter().find(|(rule, _)| rule.id == *name) {
            None => Named::Absent,
            Some((_, edition)) if edition.source() == Some(source) => Named::InForce,
            Some((_, edition)) => Named::Other { edition: edition.id(), pushed: edition.pushed() },
        }
    }

    /// Each list with its edition in force.
    pub fn iter(&self) -> impl Iterator<Item = (&ListRule, &Edition)> {
        self.0.iter().map(|(rule, edition)| (&**rule, edition))
    }

    /// Whether there is no list.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes that the lists take in memory, about.
    pub fn memory(&self) -> usize {
        self.0.iter().map(|(_, edition)| edition.memory()).sum()
    }
}
