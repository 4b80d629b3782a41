//! One edition of a list: all entries as one issuer pushed them, who agreed, and when.
//!
//! # Format
//!
//! A part of a list's file; integers are little-endian, times are milliseconds since 1970.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | who pushed it: index of a name below |
//! | 1 | who accepted it: such an index; 255 while nobody has |
//! | 1 | number of names, 1 to 254 |
//! | 1 | 1 where it says from which file it was read, else 0 |
//! | 4 | number of rows |
//! | 8 | when it was pushed |
//! | 8 | when it was accepted; 0 while it is not |
//! | 16 | identity: first half of the SHA-256 of `kakou list edition 1`, 0, the list's name, 0, and of each row the first 24 bytes |
//! | 16 | where it says so: the SHA-256 of that file, blinded under the site's key |
//! | 32 each | names of issuers, filled up with zeros |
//! | 26 each | rows; see [`super::rows`] |
//! | 4 | CRC-32C of everything before within this part |
//!
//! The identity says who is on the list and until when, blinded under the site's key, and nothing of how it came here: two
//! issuers who bring the same list to one kiosk bring the same edition.
//!
//! The SHA-256 of a short list would give away who is on it: there are only so many telephone numbers. So it is blinded like them.

use std::collections::BTreeMap;
use std::time::Duration;

use ring::digest;

use super::rows::{NOBODY, ROW, Row, Rows, Span};
use crate::base::{EditionId, IssuerId, Slug, Wall};
use crate::model::Blinded;

const HEAD: usize = 40;
/// Bytes of a name.
pub(super) const NAME: usize = 32;
const CRC: usize = 4;
/// Bytes of a blinded hash.
const SOURCE: usize = 16;
const NAMES_MAX: usize = 254;

/// Largest edition in bytes.
pub(super) const BYTES_MAX: usize = HEAD + SOURCE + NAMES_MAX * NAME + super::CAP_MAX as usize * ROW + CRC;

/// All entries of a list as they were pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    names: Vec<IssuerId>,
    pushed_by: u8,
    accepted: Option<(u8, Wall)>,
    pushed: Wall,
    id: EditionId,
    source: Option<Blinded>,
    rows: Rows,
}

/// What is wrong with the bytes of an edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEdition {
    /// Its length does not fit what it says of itself.
    #[error("它的长度不对 its length does not fit")]
    Length,
    /// Its bytes have changed.
    #[error("校验和不符 its checksum does not match")]
    Checksum,
    /// A row is out of order, or ends before it begins.
    #[error("第 {0} 行次序不对 row {0} is out of order, or ends before it begins")]
    Disorder(usize),
    /// Who pushed or accepted an entry is not said, or nobody did.
    #[error("签发人不全 an issuer is missing")]
    Issuers,
    /// Other entries than its identity says.
    #[error("内容与编号不符 its entries are not those of its identity")]
    Identity,
}

impl Edition {
    /// What `by` pushes at `pushed`. Entries that `before` holds in the same words keep those who put them there.
    pub(super) fn new(
        list: &Slug,
        entries: &BTreeMap<Blinded, Span>,
        before: Option<&Self>,
        by: &IssuerId,
        (pushed, source): (Wall, Option<Blinded>),
    ) -> Self {
        let mut names = vec![by.clone()];
        let kept = |blinded: &Blinded, span: &Span| {
            let row = before?.rows.find(blinded).filter(|row| row.span == *span)?;
            Some((before?, row.issuers))
        };
        let rows = entries.iter().map(|(blinded, span)| {
            let issuers = kept(blinded, span).and_then(|(before, issuers)| {
                let [put, agreed] = issuers.map(|index| before.names.get(usize::from(index)));
                // One place is kept for whoever accepts.
                let mut index = |name| index_of(&mut names, name, NAMES_MAX - 1);
                Some([index(put?)?, index(agreed?)?])
            });
            Row { blinded: *blinded, span: *span, issuers: issuers.unwrap_or([0, NOBODY]) }
        });
        let rows = Rows::collect(rows);
        Self { names, pushed_by: 0, accepted: None, pushed, id: identity(list, &rows), source, rows }
    }

    /// The same, accepted by another.
    pub(super) fn accept(mut self, by: &IssuerId, at: Wall) -> Self {
        let by = index_of(&mut self.names, by, NAMES_MAX);
        assert!(by.is_some_and(|by| by != self.pushed_by), "another issuer accepts, and has a place");
        let by = by.unwrap_or(NOBODY);
        let agreed = |row: Row| match row.issuers {
            [put, NOBODY] => Row { issuers: [put, by], ..row },
            [_, _] => row,
        };
        let rows: Vec<Row> = self.rows.iter().map(agreed).collect();
        self.rows = Rows::collect(rows.into_iter());
        self.accepted = Some((by, at));
        self
    }

    /// What it holds, by a name of its own.
    pub fn id(&self) -> EditionId {
        self.id
    }

    /// Of which file it was read: the blinded hash; none in editions from before that was kept.
    pub fn source(&self) -> Option<Blinded> {
        self.source
    }

    /// Its entries.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Who pushed it.
    pub fn pushed_by(&self) -> Option<&IssuerId> {
        self.name(self.pushed_by)
    }

    /// Who accepted it, and when.
    pub fn accepted(&self) -> Option<(&IssuerId, Wall)> {
        self.accepted.and_then(|(by, at)| Some((self.name(by)?, at)))
    }

    /// When it was pushed: a list is as old as this.
    pub fn pushed(&self) -> Wall {
        self.pushed
    }

    /// How old it is; `None` where the clock shows a time before it was pushed.
    pub fn age(&self, now: Wall) -> Option<Duration> {
        u64::try_from(now.0.saturating_sub(self.pushed.0)).ok().map(Duration::from_millis)
    }

    /// The issuer of this index, as rows name them.
    pub fn name(&self, index: u8) -> Option<&IssuerId> {
        self.names.get(usize::from(index))
    }

    /// Bytes that it takes in memory, about.
    pub fn memory(&self) -> usize {
        self.rows.as_bytes().len() + self.names.len() * (NAME + size_of::<IssuerId>()) + size_of::<Self>()
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + self.names.len() * NAME + self.rows.as_bytes().len() + CRC);
        let (by, at) = self.accepted.unwrap_or((NOBODY, Wall(0)));
        let names = u8::try_from(self.names.len()).unwrap_or(u8::MAX);
        bytes.extend([self.pushed_by, by, names, u8::from(self.source.is_some())]);
        bytes.extend(u32::try_from(self.rows.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(self.pushed.0.to_le_bytes());
        bytes.extend(at.0.to_le_bytes());
        bytes.extend(self.id.0);
        bytes.extend(self.source.iter().flat_map(|source| source.0));
        self.names.iter().for_each(|name| bytes.extend(padded(name.as_str())));
        bytes.extend(self.rows.as_bytes());
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8], list: &Slug) -> Result<Self, BadEdition> {
        let (body, crc) = bytes.split_last_chunk::<CRC>().ok_or(BadEdition::Length)?;
        if crc32c::crc32c(body) != u32::from_le_bytes(*crc) {
            return Err(BadEdition::Checksum);
        }
        let (head, rest) = body.split_first_chunk::<HEAD>().ok_or(BadEdition::Length)?;
        let [pushed_by, accepted_by, names_count, has_source, ..] = *head;
        let (source, rest) = match has_source {
            0 => (None, rest),
            1 => {
                let (source, rest) = rest.split_first_chunk::<SOURCE>().ok_or(BadEdition::Length)?;
                (Some(Blinded(*source)), rest)
            }
            _ => return Err(BadEdition::Length),
        };
        let names_length = usize::from(names_count) * NAME;
        let count = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let rows_length = usize::try_from(count).ok().and_then(|count| count.checked_mul(ROW));
        let (names, rows) = rest.split_at_checked(names_length).ok_or(BadEdition::Length)?;
        if rows_length != Some(rows.len()) {
            return Err(BadEdition::Length);
        }
        let names: Option<Vec<IssuerId>> = names.as_chunks().0.iter().map(unpadded).collect();
        let long = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&head[at..at + 8]);
            Wall(i64::from_le_bytes(bytes))
        };
        let mut id = EditionId([0; 16]);
        id.0.copy_from_slice(&head[24..]);
        let edition = Self {
            names: names.ok_or(BadEdition::Issuers)?,
            pushed_by,
            accepted: (accepted_by != NOBODY).then_some((accepted_by, long(16))),
            pushed: long(8),
            id,
            source,
            rows: Rows::of(rows),
        };
        edition.check(list).map(|()| edition)
    }

    /// What a checksum cannot show: that what was written makes no sense.
    fn check(&self, list: &Slug) -> Result<(), BadEdition> {
        if let Some(row) = self.rows.disorder() {
            return Err(BadEdition::Disorder(row + 1));
        }
        let named = |index: u8| self.name(index).is_some();
        let two = |[put, agreed]: [u8; 2]| match agreed {
            NOBODY => self.accepted.is_none() && put == self.pushed_by,
            agreed => put != agreed && named(put) && named(agreed),
        };
        let accepted = match self.accepted {
            Some((by, _)) => by != self.pushed_by && named(by) && self.names.len() <= NAMES_MAX,
            None => self.names.len() < NAMES_MAX,
        };
        if !(named(self.pushed_by) && accepted && self.rows.iter().all(|row| two(row.issuers))) {
            return Err(BadEdition::Issuers);
        }
        if identity(list, &self.rows) == self.id { Ok(()) } else { Err(BadEdition::Identity) }
    }
}

/// The index of `name`, which is added where it is not there yet; `None` where there are `names_max` already.
fn index_of(names: &mut Vec<IssuerId>, name: &IssuerId, names_max: usize) -> Option<u8> {
    let index = names.iter().position(|known| known == name).unwrap_or(names.len());
    if index == names.len() && index < names_max {
        names.push(name.clone());
    }
    u8::try_from(index).ok().filter(|_| index < names.len())
}

fn identity(list: &Slug, rows: &Rows) -> EditionId {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"kakou list edition 1\0");
    context.update(list.as_str().as_bytes());
    context.update(b"\0");
    rows.as_bytes().as_chunks::<ROW>().0.iter().for_each(|row| context.update(&row[..24]));
    let mut id = EditionId([0; 16]);
    id.0.copy_from_slice(&context.finish().as_ref()[..16]);
    id
}

/// A name of at most 32 bytes, filled up with zeros.
pub(super) fn padded(name: &str) -> [u8; NAME] {
    let mut bytes = [0; NAME];
    bytes.iter_mut().zip(name.bytes()).for_each(|(place, byte)| *place = byte);
    bytes
}

fn unpadded(bytes: &[u8; NAME]) -> Option<IssuerId> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(NAME);
    let (name, rest) = bytes.split_at(end);
    let name = std::str::from_utf8(name).ok()?.parse().ok()?;
    rest.iter().all(|byte| *byte == 0).then_some(name)
}
