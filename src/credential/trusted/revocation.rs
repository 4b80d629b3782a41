//! What is revoked: identifiers of credentials, in a filter in memory and a set on the disk.
//!
//! # Identifier
//!
//! The first half of `SHA-256("kakou revoked 1" || form || length of key || key || value)`, where the key is the name of the
//! issuer's key, empty where a list is about every key, and the length is one byte. Forms and values:
//!
//! | form | value |
//! |---|---|
//! | 1 | first half of the SHA-256 of a certificate's identifier |
//! | 2 | first half of the SHA-256 of the signature; of ECDSA, of its first half |
//! | 3 | first half of the SHA-256 of the issuer's country and the certificate's identifier |
//! | 4 | revocation identifier of a SMART Health Card |
//! | 5 | identifier of a hub's pass |
//!
//! Forms 1 to 3 are those of the EU's lists (technical specification for EU Digital COVID Certificates, revocation, 1.0).
//!
//! # Set
//!
//! First halves of the identifiers, in order, 1,024 a block. Hash and first value of each block are in memory, so that a block
//! that the disk changed is noticed when it is read, and nothing has to be read at a start but these.

use std::fmt;
use std::io;
use std::sync::Arc;

use minicbor::{Decode, Encode};
use ring::digest::{SHA256, digest};

use super::filter::Filter;
use crate::base::Wall;

/// Values in a block.
pub const BLOCK_VALUES: usize = 1_024;
/// Bytes of a whole block.
pub const BLOCK_BYTES: usize = 8 * BLOCK_VALUES;
/// Bytes of a block's line in the index: its first value and its hash.
pub const LINE_BYTES: usize = 8 + 32;

/// What a credential is revoked by. It says nothing of who holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct RevocationId(#[cbor(n(0), with = "minicbor::bytes")] [u8; 16]);

/// Hashes of the EU's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Of the certificate's identifier.
    Identifier,
    /// Of the signature.
    Signature,
    /// Of the country and the identifier.
    CountryAndIdentifier,
}

impl RevocationId {
    /// A certificate of the EU's form, by a hash as its lists have it; `key` is empty where the list is about all keys.
    pub fn of_hash(form: Form, key: &[u8], hash: &[u8; 16]) -> Self {
        let form = match form {
            Form::Identifier => 1,
            Form::Signature => 2,
            Form::CountryAndIdentifier => 3,
        };
        Self::of(form, key, hash)
    }

    /// A SMART Health Card, by its issuer's key and its revocation identifier.
    pub fn of_card(key: &[u8], rid: &str) -> Self {
        Self::of(4, key, rid.as_bytes())
    }

    /// A hub's pass, by its identifier.
    pub fn of_pass(pass: &[u8]) -> Self {
        Self::of(5, &[], pass)
    }

    fn of(form: u8, key: &[u8], value: &[u8]) -> Self {
        let length = [u8::try_from(key.len()).unwrap_or(u8::MAX)];
        let text = [b"kakou revoked 1", &[form][..], &length, key, value].concat();
        Self(half(&text))
    }

    /// Where it stands in the set, and what else a filter goes by.
    pub fn halves(&self) -> (u64, u64) {
        let number = u128::from_be_bytes(self.0);
        let upper = u64::try_from(number >> 64).unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
        let lower = number as u64;
        (upper, lower)
    }
}

/// The first half of the SHA-256 of `bytes`, as lists of revoked certificates have it.
pub fn half(bytes: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&digest(&SHA256, bytes).as_ref()[..16]);
    half
}

/// Fills a buffer with the bytes of a file from an offset on, or says why it cannot.
pub type ReadAt = dyn Fn(u64, &mut [u8]) -> io::Result<()> + Send + Sync;

/// The set cannot be read: nobody knows whether something is in it.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The disk does not let anybody at it.
    #[error("the set of what is revoked: {0}")]
    Io(#[from] io::Error),
    /// A block is not what the hub signed for.
    #[error("the set of what is revoked is damaged in block {0}")]
    Damaged(usize),
    /// The whole file is.
    #[error("the set of what is revoked cannot be read")]
    Lost,
}

/// What is revoked.
#[derive(Clone, Default)]
pub struct Revoked {
    count: u64,
    filter: Filter,
    /// First value of each block, and its hash.
    index: Vec<(u64, [u8; 32])>,
    set: Option<Arc<ReadAt>>,
    /// Cards that count as revoked only where they were issued before a time; in order.
    dated: Vec<(RevocationId, Wall)>,
    is_lost: bool,
}

impl fmt::Debug for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revoked")
            .field("count", &self.count)
            .field("dated", &self.dated.len())
            .finish_non_exhaustive()
    }
}

/// What [`Revoked`] is made of.
pub struct Parts {
    /// How many there are.
    pub count: u64,
    /// Their filter.
    pub filter: Filter,
    /// Lines of the index, [`LINE_BYTES`] each.
    pub index: Vec<u8>,
    /// The set.
    pub set: Arc<ReadAt>,
    /// Those that count before a time.
    pub dated: Vec<(RevocationId, Wall)>,
}

impl Revoked {
    /// A set of those parts; none where they do not fit each other.
    pub fn new(parts: Parts) -> Option<Self> {
        let Parts { count, filter, index, set, mut dated } = parts;
        let (lines, rest) = index.as_chunks::<LINE_BYTES>();
        let line = |line: &[u8; LINE_BYTES]| {
            let (first, hash) = line.split_first_chunk::<8>()?;
            Some((u64::from_be_bytes(*first), hash.try_into().ok()?))
        };
        let index: Vec<(u64, [u8; 32])> = lines.iter().map(line).collect::<Option<_>>()?;
        let fits = rest.is_empty() && index.len() as u64 == count.div_ceil(BLOCK_VALUES as u64);
        dated.sort_unstable();
        fits.then_some(Self { count, filter, index, set: Some(set), dated, is_lost: false })
    }

    /// A set that cannot be read.
    pub fn lost() -> Self {
        Self { is_lost: true, ..Self::default() }
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.count + self.dated.len() as u64
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a credential that is called `id` and was issued at `issued` is revoked. Takes one read of [`BLOCK_BYTES`] at most, and
    /// for all but some of a hundred that are not in the set none.
    ///
    /// # Errors
    ///
    /// When the set cannot be read.
    pub fn holds(&self, id: &RevocationId, issued: Option<Wall>) -> Result<bool, Unreadable> {
        if self.is_lost {
            return Err(Unreadable::Lost);
        }
        let from = self.dated.partition_point(|(other, _)| other < id);
        let mut dated = self.dated[from..].iter().take_while(|(other, _)| other == id);
        // Whoever does not say when it was issued cannot have been later.
        if dated.any(|(_, before)| issued.is_none_or(|issued| issued < *before)) {
            return Ok(true);
        }
        if !self.filter.may_hold(id) { Ok(false) } else { self.is_in_set(id.halves().0) }
    }

    /// Reads the whole set once.
    ///
    /// # Errors
    ///
    /// When a block of it is not what was signed, or cannot be read.
    pub fn check(&self) -> Result<(), Unreadable> {
        if self.is_lost {
            return Err(Unreadable::Lost);
        }
        let mut block = [0; BLOCK_BYTES];
        (0..self.index.len()).try_for_each(|number| self.block(number, &mut block).map(drop))
    }

    fn is_in_set(&self, value: u64) -> Result<bool, Unreadable> {
        let Some(number) = self.index.partition_point(|(first, _)| *first <= value).checked_sub(1) else {
            return Ok(false);
        };
        let mut block = [0; BLOCK_BYTES];
        let block = self.block(number, &mut block)?.as_chunks::<8>().0;
        Ok(block.binary_search_by_key(&value, |bytes| u64::from_be_bytes(*bytes)).is_ok())
    }

    fn block<'b>(&self, number: usize, block: &'b mut [u8; BLOCK_BYTES]) -> Result<&'b [u8], Unreadable> {
        let before = number * BLOCK_VALUES;
        let values =
            usize::try_from(self.count).unwrap_or(usize::MAX).saturating_sub(before).min(BLOCK_VALUES);
        let block = &mut block[..8 * values];
        let read_at = self.set.as_ref().ok_or(Unreadable::Damaged(number))?;
        read_at(before as u64 * 8, block)?;
        if digest(&SHA256, block).as_ref() != self.index[number].1 {
            return Err(Unreadable::Damaged(number));
        }
        Ok(block)
    }
}

/// The set of `ids`, which are brought into order, and its index, as they are written.
pub fn written(ids: &mut Vec<RevocationId>) -> (Vec<u8>, Vec<u8>) {
    ids.sort_unstable();
    ids.dedup_by_key(|id| id.halves().0);
    let set: Vec<u8> = ids.iter().flat_map(|id| id.halves().0.to_be_bytes()).collect();
    let line = |block: &[u8]| [&block[..8], digest(&SHA256, block).as_ref()].concat();
    let index = set.chunks(BLOCK_BYTES).flat_map(line).collect();
    (set, index)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A set in memory, and how often it was read.
    type Held = Arc<Mutex<(Vec<u8>, usize)>>;

    fn reading(held: &Held) -> Arc<ReadAt> {
        let held = Held::clone(held);
        Arc::new(move |offset, out: &mut [u8]| {
            let mut held = held.lock().unwrap();
            held.1 += 1;
            let offset = usize::try_from(offset).unwrap();
            let bytes = held.0.get(offset..offset + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
            out.copy_from_slice(bytes);
            Ok(())
        })
    }

    fn id(number: u32) -> RevocationId {
        RevocationId::of_pass(&number.to_be_bytes())
    }

    fn revoked(numbers: u32, dated: Vec<(RevocationId, Wall)>) -> (Revoked, Held) {
        let mut ids: Vec<_> = (0..numbers).map(id).collect();
        let (set, index) = written(&mut ids);
        let held = Held::new(Mutex::new((set, 0)));
        let (filter, set) = (Filter::of(&ids), reading(&held));
        (Revoked::new(Parts { count: ids.len() as u64, filter, index, set, dated }).unwrap(), held)
    }

    #[test]
    fn what_is_in_the_set_is_found_and_nothing_else() {
        for numbers in [0, 1, 2, 1_023, 1_024, 1_025, 5_000] {
            let (revoked, held) = revoked(numbers, vec![]);
            assert_eq!(revoked.len(), u64::from(numbers));
            assert!((0..numbers).all(|number| revoked.holds(&id(number), None).unwrap()), "{numbers}");
            held.lock().unwrap().1 = 0;
            assert!((5_000..15_000).all(|number| !revoked.holds(&id(number), None).unwrap()), "{numbers}");
            assert!(held.lock().unwrap().1 < 200, "most are answered without the disk");
        }
    }

    #[test]
    fn a_set_that_changed_on_the_disk_answers_nothing() {
        let (revoked, held) = revoked(3_000, vec![]);
        let last = held.lock().unwrap().0.len() - 1;
        held.lock().unwrap().0[last] ^= 1;
        let answers: Vec<_> = (0..3_000).map(|number| revoked.holds(&id(number), None)).collect();
        let damaged = answers.iter().filter(|answer| matches!(answer, Err(Unreadable::Damaged(2)))).count();
        assert_eq!(damaged, 3_000 - 2 * BLOCK_VALUES);
        assert!(matches!(revoked.check(), Err(Unreadable::Damaged(2))));
        held.lock().unwrap().0[last] ^= 1;
        assert!(revoked.check().is_ok());
        held.lock().unwrap().0.clear();
        assert!(matches!(revoked.holds(&id(1), None), Err(Unreadable::Io(_))));
    }

    #[test]
    fn a_card_may_be_revoked_for_what_was_issued_before_a_time() {
        let card = RevocationId::of_card(b"key", "abc");
        let (revoked, _) = revoked(10, vec![(card, Wall(1_000)), (card, Wall(500))]);
        let holds = |issued| revoked.holds(&card, issued).unwrap();
        assert_eq!([holds(Some(Wall(999))), holds(Some(Wall(1_000))), holds(None)], [true, false, true]);
        assert!(!revoked.holds(&RevocationId::of_card(b"other", "abc"), None).unwrap());
    }

    #[test]
    fn parts_that_do_not_fit_are_none() {
        let set = || reading(&Held::default());
        let parts =
            |count, index| Parts { count, filter: Filter::default(), index, set: set(), dated: vec![] };
        assert!(Revoked::new(parts(1, vec![0; LINE_BYTES])).is_some());
        assert!(Revoked::new(parts(1, vec![0; LINE_BYTES - 1])).is_none());
        assert!(Revoked::new(parts(1_025, vec![0; LINE_BYTES])).is_none());
    }

    #[test]
    fn each_form_and_key_has_identifiers_of_its_own() {
        let hash = half(b"x");
        let ids = [
            RevocationId::of_hash(Form::Identifier, b"", &hash),
            RevocationId::of_hash(Form::Identifier, b"k", &hash),
            RevocationId::of_hash(Form::Signature, b"", &hash),
            RevocationId::of_hash(Form::CountryAndIdentifier, b"", &hash),
            RevocationId::of_card(b"k", "x"),
            RevocationId::of_card(b"kx", ""),
            RevocationId::of_pass(b"x"),
        ];
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len());
    }
}
