//! The entries of a list: rows of one size, in the order of their blinded identifiers, searched where they lie.
//!
//! A row is 26 bytes; integers are little-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 16 | blinded identifier: the first 128 bits of HMAC-SHA-256 under the site's key |
//! | 4 | from when it counts: seconds since 1970; 0 for at once |
//! | 4 | until when, seconds since 1970: at this second it is over |
//! | 1 | who put it on the list: index into the edition's issuers |
//! | 1 | who agreed: such an index; 255 while nobody has |
//!
//! Why 16 bytes: among n = 150,000 entries another identifier matches by chance with n · 2⁻¹²⁸ ≈ 4·10⁻³⁴; if all 10¹¹
//! identity numbers of a country were tried, a single false match had a chance of 5·10⁻²³. The aim of 10⁻⁶ a look-up
//! would be met by 5 bytes (n · 2⁻⁴⁰ ≈ 10⁻⁷), and by the roster's 16 no second way of blinding is needed.

use crate::base::Wall;
use crate::model::{Between, Blinded, Reached};

/// Size of a row in bytes.
pub const ROW: usize = 26;

/// Nobody has agreed yet.
pub const NOBODY: u8 = u8::MAX;

/// When an entry counts, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From then on; 0 for at once.
    pub from: u32,
    /// At this second it is over.
    pub until: u32,
}

impl Span {
    /// Whether it counts now: `None` where it is certainly over or certainly not begun; else whether that is sure.
    pub fn counts(self, now: &Between) -> Option<Sureness> {
        let at = |secs: u32| now.reached(Wall::from_secs(secs.into()));
        match (at(self.from), at(self.until)) {
            (Reached::No, _) | (_, Reached::Yes) => None,
            (Reached::Yes, Reached::No) => Some(Sureness::Sure),
            (Reached::Yes | Reached::Unsure, Reached::No | Reached::Unsure) => Some(Sureness::Unsure),
        }
    }
}

/// Whether the clock is good enough to say that an entry counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sureness {
    /// It counts.
    Sure,
    /// It may be over, or not yet begun.
    Unsure,
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Of whom.
    pub blinded: Blinded,
    /// When.
    pub span: Span,
    /// By whom, and with whom.
    pub issuers: [u8; 2],
}

/// Rows in order, none twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows(Vec<u8>);

impl Rows {
    /// The rows, which come in order.
    pub fn collect(rows: impl ExactSizeIterator<Item = Row>) -> Self {
        let mut bytes = Vec::with_capacity(rows.len() * ROW);
        for Row { blinded, span, issuers } in rows {
            bytes.extend(blinded.0);
            bytes.extend(span.from.to_le_bytes());
            bytes.extend(span.until.to_le_bytes());
            bytes.extend(issuers);
        }
        let rows = Self(bytes);
        assert!(rows.disorder().is_none(), "rows are put together in order");
        rows
    }

    /// Rows as they lie in a file.
    pub fn of(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The first row that does not come behind the one before it, or that ends before it begins.
    pub fn disorder(&self) -> Option<usize> {
        let mut before: Option<Blinded> = None;
        self.iter().position(|row| {
            let wrong = before.is_some_and(|before| before >= row.blinded) || row.span.from >= row.span.until;
            before = Some(row.blinded);
            wrong
        })
    }

    /// The entry of this identifier. A binary search that allocates nothing: 18 steps among 150,000.
    pub fn find(&self, blinded: &Blinded) -> Option<Row> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let row = self.bytes(middle)?;
            match row[..16].cmp(&blinded.0) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(read(row)),
            }
        }
        None
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = Row> + '_ {
        self.0.as_chunks().0.iter().map(read)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len() / ROW
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As they lie in a file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn bytes(&self, index: usize) -> Option<&[u8; ROW]> {
        self.0.as_chunks().0.get(index)
    }
}

fn read(row: &[u8; ROW]) -> Row {
    let [from, until] =
        [16, 20].map(|at| u32::from_le_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]));
    let mut blinded = Blinded([0; 16]);
    blinded.0.copy_from_slice(&row[..16]);
    Row { blinded, span: Span { from, until }, issuers: [row[24], row[25]] }
}
