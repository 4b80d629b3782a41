//! What changes a list: a push, an acceptance, that a push is dropped. What is refused leaves everything as it was.
//!
//! Rules, each with its test in `tests/lists`:
//!
//! 1. A push is a whole list by one issuer whom the site names, or by two different ones.
//! 2. More entries than the cap, or an end later than `days_max` days from now: refused.
//! 3. One issuer alone: held. More than `bulk` changes against what is in force: held even when two push it.
//! 4. What is held comes into force when another issuer than the one who pushed it accepts it by its identity, or pushes
//!    the same edition alone. Both must be issuers still, and the cap must still hold.
//! 5. Nobody overwrites what another has pushed: it is accepted or dropped first. Any issuer may drop it.

use std::collections::BTreeMap;

use super::ListRule;
use super::edition::Edition;
use super::file::ListFile;
use super::rows::Span;
use crate::base::{EditionId, IssuerId, Wall};
use crate::model::Blinded;

const DAY_MS: i64 = 86_400_000;

/// A whole list as it is pushed.
#[derive(Clone, Debug)]
pub struct Push<'p> {
    /// Who is on it, and when.
    pub entries: &'p BTreeMap<Blinded, Span>,
    /// Who pushes it: one, or two.
    pub issuers: &'p [IssuerId],
    /// What time it is.
    pub now: Wall,
    /// Of which file it was read, as [`super::file::blinded_source`] says it.
    pub source: Option<Blinded>,
}

/// What a push would change of what is in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Entries that are new.
    pub added: usize,
    /// Entries that are gone before their end.
    pub removed: usize,
    /// Entries that begin or end at another time.
    pub altered: usize,
}

impl Changes {
    /// All of them.
    pub fn total(&self) -> usize {
        self.added + self.removed + self.altered
    }
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is in force.
    InForce,
    /// It is held: one issuer alone pushed it.
    HeldForSecond,
    /// It is held: it changes more than the site lets pass at once.
    HeldForBulk,
}

/// Why a list stays as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The site names no such issuer.
    #[error("{0} 不是本名单的签发人 {0} is no issuer of this list")]
    NoIssuer(IssuerId),
    /// One issuer twice, where two are needed.
    #[error("{0} 不能确认自己的提交 {0} cannot accept what {0} pushed")]
    SameIssuer(IssuerId),
    /// Nobody, or more than two.
    #[error("须有一至两名签发人 a push has one issuer or two")]
    IssuerCount,
    /// Too many entries.
    #[error("共 {entries} 条，超过上限 {cap} there are {entries} entries, more than the cap of {cap}")]
    OverCap {
        /// How many.
        entries: usize,
        /// How many there may be.
        cap: u32,
    },
    /// An entry that would last too long.
    #[error("有条目超过 {days_max} 天 an entry ends more than {days_max} days from now")]
    TooLong {
        /// How long one may last.
        days_max: u16,
    },
    /// Something else waits for a second issuer.
    #[error(
        "{by} 提交的 {id} 尚待确认，请先确认或撤回 what {by} pushed is still held ({id}): accept or drop it first"
    )]
    OtherHeld {
        /// Who pushed it.
        by: IssuerId,
        /// What it is.
        id: EditionId,
    },
    /// Nothing waits.
    #[error("没有待确认的提交 nothing is held")]
    NothingHeld,
    /// Something else waits than what was accepted.
    #[error("待确认的是 {held}，不是所给编号 what is held is {held}, not what was named")]
    OtherEdition {
        /// What waits.
        held: EditionId,
    },
}

impl ListFile {
    /// Takes a push; see the module.
    ///
    /// # Errors
    ///
    /// When it is refused.
    pub fn push(&self, rule: &ListRule, push: &Push<'_>) -> Result<(Self, Pushed, Changes), Refused> {
        let (by, second) = match push.issuers {
            [by] => (by, None),
            [by, second] => (by, Some(second)),
            _ => return Err(Refused::IssuerCount),
        };
        push.issuers.iter().try_for_each(|issuer| named(rule, issuer))?;
        if second == Some(by) {
            return Err(Refused::SameIssuer(by.clone()));
        }
        within_limits(rule, push.entries.len(), push.entries.values().copied(), push.now)?;
        let before = self.in_force.as_ref();
        let edition = Edition::new(&rule.id, push.entries, before, by, (push.now, push.source));
        let changes = changes(before, push.entries, push.now);
        if let Some((held, holder)) = self.held.as_ref().and_then(|held| Some((held, held.pushed_by()?))) {
            if second.is_none() && holder != by && held.id() == edition.id() {
                return self
                    .accept(rule, by, held.id(), push.now)
                    .map(|file| (file, Pushed::InForce, changes));
            }
            if !push.issuers.contains(holder) {
                return Err(Refused::OtherHeld { by: holder.clone(), id: held.id() });
            }
        }
        let is_bulk = changes.total() > usize::try_from(rule.bulk).unwrap_or(usize::MAX);
        Ok(match second.filter(|_| !is_bulk) {
            Some(second) => {
                let edition = edition.accept(second, push.now);
                (Self { in_force: Some(edition), held: None }, Pushed::InForce, changes)
            }
            None => {
                let why = if second.is_some() { Pushed::HeldForBulk } else { Pushed::HeldForSecond };
                (Self { in_force: self.in_force.clone(), held: Some(edition) }, why, changes)
            }
        })
    }

    /// Brings into force what is held, if it is `id` and `by` may.
    ///
    /// # Errors
    ///
    /// When it is refused.
    pub fn accept(&self, rule: &ListRule, by: &IssuerId, id: EditionId, now: Wall) -> Result<Self, Refused> {
        let held = self.held.as_ref().ok_or(Refused::NothingHeld)?;
        named(rule, by)?;
        let pushed_by = held.pushed_by().ok_or(Refused::NothingHeld)?;
        named(rule, pushed_by)?;
        if pushed_by == by {
            return Err(Refused::SameIssuer(by.clone()));
        }
        if held.id() != id {
            return Err(Refused::OtherEdition { held: held.id() });
        }
        within_limits(rule, held.rows().len(), held.rows().iter().map(|row| row.span), now)?;
        Ok(Self { in_force: Some(held.clone().accept(by, now)), held: None })
    }

    /// Drops what is held; what is in force stays.
    ///
    /// # Errors
    ///
    /// When nothing is held, or `by` is no issuer.
    pub fn drop_held(&self, rule: &ListRule, by: &IssuerId) -> Result<Self, Refused> {
        named(rule, by)?;
        self.held.as_ref().ok_or(Refused::NothingHeld)?;
        Ok(Self { in_force: self.in_force.clone(), held: None })
    }

    /// What would change if what is held came into force now.
    pub fn held_changes(&self, now: Wall) -> Option<Changes> {
        let held = self.held.as_ref()?;
        let entries = held.rows().iter().map(|row| (row.blinded, row.span)).collect();
        Some(changes(self.in_force.as_ref(), &entries, now))
    }
}

fn named(rule: &ListRule, issuer: &IssuerId) -> Result<(), Refused> {
    if rule.issuers.contains(issuer) { Ok(()) } else { Err(Refused::NoIssuer(issuer.clone())) }
}

fn within_limits(
    rule: &ListRule,
    entries: usize,
    mut spans: impl Iterator<Item = Span>,
    now: Wall,
) -> Result<(), Refused> {
    if entries > usize::try_from(rule.cap).unwrap_or(usize::MAX) {
        return Err(Refused::OverCap { entries, cap: rule.cap });
    }
    if spans.any(|span| !ends_in_time(rule, span.until.into(), now)) {
        return Err(Refused::TooLong { days_max: rule.days_max });
    }
    Ok(())
}

/// Whether an end, in seconds since 1970, is not too far from now.
pub fn ends_in_time(rule: &ListRule, until: i64, now: Wall) -> bool {
    Wall::from_secs(until).0 <= now.0.saturating_add(i64::from(rule.days_max) * DAY_MS)
}

/// An entry that is over concerns nobody any more: that it goes is no change.
fn changes(before: Option<&Edition>, after: &BTreeMap<Blinded, Span>, now: Wall) -> Changes {
    let mut changes = Changes { added: after.len(), ..Changes::default() };
    for row in before.into_iter().flat_map(|before| before.rows().iter()) {
        match after.get(&row.blinded) {
            Some(span) => {
                changes.added -= 1;
                changes.altered += usize::from(*span != row.span);
            }
            None => changes.removed += usize::from(Wall::from_secs(row.span.until.into()) > now),
        }
    }
    changes
}
