//! The roster: whom the site knows, by blinded identifier.
//!
//! # Format of `roster.bin`
//!
//! All numbers little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `KKROSTER` |
//! | 2 | version, 1 |
//! | 2 | zero |
//! | 4 | number of rows |
//! | 8 | key id: shows under which site key the rows are blinded, and nothing of that key |
//! | 8 | when it was made: milliseconds since 1970 |
//! | 17 each | rows: 16 bytes blinded identifier, 1 byte class by its index in [`Class`]; ascending, none twice |
//! | 4 | CRC-32C of everything before |
//!
//! No identifier can be read back without the site's key. A reader refuses any other version.

use crate::base::Wall;
use crate::model::blind::IdentifierKind;
use crate::model::{Blinded, Blinder, Class};

const MAGIC: &[u8; 8] = b"KKROSTER";
const VERSION: u16 = 1;
const HEAD: usize = 32;
const ROW: usize = 17;
const CRC: usize = 4;

/// Most rows of a roster: ten times the largest street's people and plates.
pub const ROWS_MAX: usize = 2_000_000;

/// Largest roster file, in bytes.
pub const FILE_BYTES_MAX: usize = HEAD + ROWS_MAX * ROW + CRC;

/// Classes by their index in a row, which never changes.
const CLASSES: [Class; 7] = [
    Class::Resident,
    Class::Worker,
    Class::Visitor,
    Class::Transit,
    Class::Observed,
    Class::KeyPerson,
    Class::Unknown,
];

/// The people and plates that the site knows. Costs 17 bytes each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    rows: Vec<u8>,
    made: Wall,
}

/// Why bytes are no roster for this kiosk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRoster {
    /// Another kind of file, or one that is cut short.
    #[error("this is no roster file, or only a part of one")]
    NoRoster,
    /// Written by a later version of the program.
    #[error(
        "roster has version {found}; this program reads version {VERSION}: update the program, or import the list again"
    )]
    Newer {
        /// Its version.
        found: u16,
    },
    /// Its bytes have changed since it was written.
    #[error("roster is damaged: its checksum does not match; import the list again")]
    Damaged,
    /// Blinded with another key than this kiosk's.
    #[error("roster was made with another site key; import the list again on this kiosk")]
    OtherKey,
}

impl Default for Roster {
    /// A roster that knows nobody.
    fn default() -> Self {
        Self { rows: Vec::new(), made: Wall(0) }
    }
}

impl Roster {
    /// A roster of `people`, made at `made`. Of two rows for one identifier the later one counts.
    pub fn new(people: impl IntoIterator<Item = (Blinded, Class)>, made: Wall) -> Self {
        let sorted: std::collections::BTreeMap<Blinded, Class> = people.into_iter().collect();
        let mut rows = Vec::with_capacity(sorted.len() * ROW);
        for (blinded, class) in sorted {
            rows.extend(blinded.0);
            rows.push(index(class));
        }
        Self { rows, made }
    }

    /// What the holder of the `blinded` identifier is to the site; `None` where it is not known.
    ///
    /// A binary search: about a microsecond among 150,000.
    pub fn find(&self, blinded: &Blinded) -> Option<Class> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let row = &self.rows[middle * ROW..(middle + 1) * ROW];
            match row[..16].cmp(&blinded.0) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return CLASSES.get(usize::from(row[16])).copied(),
            }
        }
        None
    }

    /// How many identifiers it knows.
    pub fn len(&self) -> usize {
        self.rows.len() / ROW
    }

    /// Whether it knows nobody.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// When it was made; the age of the list is shown.
    pub fn made(&self) -> Wall {
        self.made
    }

    /// How many of each class, in the order of the classes.
    pub fn tally(&self) -> Vec<(Class, usize)> {
        let count = |class: Class| self.rows.chunks_exact(ROW).filter(|row| row[16] == index(class)).count();
        CLASSES.iter().map(|class| (*class, count(*class))).filter(|(_, count)| *count > 0).collect()
    }

    /// The bytes of `roster.bin` under `blinder`'s key.
    pub fn encode(&self, blinder: &Blinder) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + self.rows.len() + CRC);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend([0; 2]);
        bytes.extend(u32::try_from(self.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(key_id(blinder));
        bytes.extend(self.made.0.to_le_bytes());
        bytes.extend(&self.rows);
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    /// Reads the bytes of `roster.bin`.
    ///
    /// # Errors
    ///
    /// When they are no roster, damaged, from a later version, or blinded with another key than `blinder`'s.
    pub fn decode(bytes: &[u8], blinder: &Blinder) -> Result<Self, BadRoster> {
        let (body, crc) = bytes.split_last_chunk::<CRC>().ok_or(BadRoster::NoRoster)?;
        let (head, rows) = body.split_first_chunk::<HEAD>().ok_or(BadRoster::NoRoster)?;
        if !head.starts_with(MAGIC) || bytes.len() > FILE_BYTES_MAX {
            return Err(BadRoster::NoRoster);
        }
        let found = u16::from_le_bytes([head[8], head[9]]);
        if found != VERSION {
            return Err(BadRoster::Newer { found });
        }
        let count = u32::from_le_bytes([head[12], head[13], head[14], head[15]]);
        if usize::try_from(count).ok().and_then(|count| count.checked_mul(ROW)) != Some(rows.len()) {
            return Err(BadRoster::NoRoster);
        }
        if crc32c::crc32c(body) != u32::from_le_bytes(*crc) || !is_in_order(rows) {
            return Err(BadRoster::Damaged);
        }
        if head[16..24] != key_id(blinder) {
            return Err(BadRoster::OtherKey);
        }
        let mut made = [0; 8];
        made.copy_from_slice(&head[24..32]);
        Ok(Self { rows: rows.to_vec(), made: Wall(i64::from_le_bytes(made)) })
    }
}

fn is_in_order(rows: &[u8]) -> bool {
    let rows = || rows.chunks_exact(ROW);
    rows().zip(rows().skip(1)).all(|(one, next)| one[..16] < next[..16])
        && rows().all(|row| usize::from(row[16]) < CLASSES.len())
}

fn index(class: Class) -> u8 {
    let index = CLASSES.iter().position(|known| *known == class);
    index.and_then(|index| u8::try_from(index).ok()).unwrap_or(u8::MAX)
}

/// What names the site key without giving anything of it away: a fixed text, blinded.
fn key_id(blinder: &Blinder) -> [u8; 8] {
    let Blinded(tag) = blinder.blind(IdentifierKind::Pass, "kakou roster key id");
    let mut id = [0; 8];
    id.copy_from_slice(&tag[..8]);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Blinder {
        Blinder::new(&[7; 32])
    }

    fn blind(number: u32) -> Blinded {
        site().blind(IdentifierKind::IdNumber, &format!("{number:018}"))
    }

    fn sample() -> Roster {
        let classes = [Class::Resident, Class::Worker, Class::Observed];
        Roster::new((0..1_000).map(|n| (blind(n), classes[n as usize % 3])), Wall(5))
    }

    #[test]
    fn everybody_on_the_roster_is_found_and_nobody_else() {
        let roster = sample();
        assert_eq!(roster.len(), 1_000);
        assert_eq!(roster.find(&blind(0)), Some(Class::Resident));
        assert_eq!(roster.find(&blind(998)), Some(Class::Observed));
        assert!((0..1_000).all(|n| roster.find(&blind(n)).is_some()));
        assert!((1_000..3_000).all(|n| roster.find(&blind(n)).is_none()));
        assert_eq!(Roster::default().find(&blind(0)), None);
        assert_eq!(roster.tally(), [(Class::Resident, 334), (Class::Worker, 333), (Class::Observed, 333)]);
    }

    #[test]
    fn a_roster_survives_its_file() {
        let roster = sample();
        assert_eq!(Roster::decode(&roster.encode(&site()), &site()), Ok(roster));
        let nobody = Roster::default();
        assert_eq!(Roster::decode(&nobody.encode(&site()), &site()), Ok(nobody));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let good = sample().encode(&site());
        let other = Blinder::new(&[8; 32]);
        assert_eq!(Roster::decode(&good, &other), Err(BadRoster::OtherKey));
        let mut newer = good.clone();
        newer[8] = 2;
        let said = Roster::decode(&newer, &site()).unwrap_err();
        assert_eq!(said, BadRoster::Newer { found: 2 });
        assert!(said.to_string().contains("update the program"));
        assert_eq!(Roster::decode(b"SQLite format 3\0", &site()), Err(BadRoster::NoRoster));
        for length in 0..good.len() {
            assert!(Roster::decode(&good[..length], &site()).is_err(), "{length} bytes");
        }
        for bit in (0..good.len() * 8).step_by(37) {
            let mut changed = good.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(Roster::decode(&changed, &site()).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn the_index_of_a_class_is_the_one_that_records_use() {
        for class in CLASSES {
            assert_eq!(minicbor::to_vec(class).unwrap(), [index(class)]);
        }
    }
}
