//! The file of one list: what is in force, and what is held.
//!
//! # Format of `lists/<name>.bin` in the state folder
//!
//! All numbers little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `KKBLLIST` |
//! | 2 | version, 2; version 1 is read as well, in which no edition says of which file it was read |
//! | 2 | zero |
//! | 32 | name of the list, filled up with zeros |
//! | 32 | name of the guarded place, likewise |
//! | 8 | key id: shows under which site key the entries are blinded, and nothing of that key |
//! | 4 | length of the edition in force; 0 where there is none |
//! | 4 | length of the edition that is held; 0 where there is none |
//! | 4 | CRC-32C of everything before |
//! | … | the edition in force, then the one that is held; see [`super::edition`] |
//!
//! No identifier can be read back without the site's key. A reader refuses any other version, list, place or key, and
//! every altered byte with the part it lies in. The checksums show damage, not malice: whoever may write here may read
//! the key as well. The file is replaced whole, so that a power cut leaves the old one or the new one.

use super::ListRule;
use super::edition::{self, BadEdition, Edition, NAME, padded};
use crate::base::Slug;
use crate::model::blind::IdentifierKind;
use crate::model::{Blinded, Blinder};

const MAGIC: &[u8; 8] = b"KKBLLIST";
const VERSION: u16 = 2;
const HEAD: usize = 96;

/// Largest file of a list, in bytes.
pub const FILE_BYTES_MAX: usize = HEAD + 2 * edition::BYTES_MAX;

/// What the file of a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFile {
    /// What is in force.
    pub(super) in_force: Option<Edition>,
    /// What waits for a second issuer.
    pub(super) held: Option<Edition>,
}

/// A part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What it is, and how long.
    Head,
    /// The edition in force.
    InForce,
    /// The edition that is held.
    Held,
}

impl Part {
    const fn words(self) -> &'static str {
        match self {
            Self::Head => "文件头 the head",
            Self::InForce => "生效部分 the part in force",
            Self::Held => "待确认部分 the part that is held",
        }
    }
}

/// Why bytes are no list for this kiosk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadList {
    /// Another kind of file, or one that is cut short.
    #[error("不是名单文件，或不完整 this is no file of a list, or only a part of one")]
    NoList,
    /// Written by a later version of the program.
    #[error(
        "名单文件版本 {found}，本程序只读到版本 {VERSION} the file has version {found}; this program reads up to version {VERSION}: update it"
    )]
    Newer {
        /// Its version.
        found: u16,
    },
    /// Its bytes have changed since it was written.
    #[error("{part}损坏（字节 {from}–{to}）：{why}; it is damaged between bytes {from} and {to}", part = .part.words())]
    Damaged {
        /// Where.
        part: Part,
        /// First byte of that part.
        from: usize,
        /// The byte behind it.
        to: usize,
        /// What does not fit.
        why: BadEdition,
    },
    /// Another list.
    #[error("这是另一份名单的文件 this is the file of another list")]
    OtherList,
    /// A list of another place.
    #[error("这是另一处的名单 this is a list of another place")]
    OtherSite,
    /// Blinded with another key than this kiosk's.
    #[error(
        "名单用另一把密钥制作，请在本机重新导入 it was made with another site key: import the list again on this kiosk"
    )]
    OtherKey,
}

impl ListFile {
    /// What is in force; `None` before the first push was accepted.
    pub fn in_force(&self) -> Option<&Edition> {
        self.in_force.as_ref()
    }

    /// What waits for a second issuer.
    pub fn held(&self) -> Option<&Edition> {
        self.held.as_ref()
    }

    /// What is in force, alone.
    pub fn into_in_force(self) -> Option<Edition> {
        self.in_force
    }

    /// The bytes of the file of the list that `rule` describes, in the place `site` and under `blinder`'s key.
    pub fn encode(&self, rule: &ListRule, site: &Slug, blinder: &Blinder) -> Vec<u8> {
        let [in_force, held] = [&self.in_force, &self.held]
            .map(|edition| edition.as_ref().map(Edition::encode).unwrap_or_default());
        let mut bytes = Vec::with_capacity(HEAD + in_force.len() + held.len());
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend([0; 2]);
        bytes.extend(padded(rule.id.as_str()));
        bytes.extend(padded(site.as_str()));
        bytes.extend(key_id(blinder));
        for edition in [&in_force, &held] {
            bytes.extend(u32::try_from(edition.len()).unwrap_or(u32::MAX).to_le_bytes());
        }
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes.extend(in_force);
        bytes.extend(held);
        bytes
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    ///
    /// When it is another file, from a later version, of another list, place or key, or damaged.
    pub fn decode(bytes: &[u8], rule: &ListRule, site: &Slug, blinder: &Blinder) -> Result<Self, BadList> {
        let (head, rest) = bytes.split_first_chunk::<HEAD>().ok_or(BadList::NoList)?;
        if !head.starts_with(MAGIC) {
            return Err(BadList::NoList);
        }
        let found = u16::from_le_bytes([head[8], head[9]]);
        if found > VERSION {
            return Err(BadList::Newer { found });
        }
        let damaged = |part, from, to, why| BadList::Damaged { part, from, to, why };
        let long = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        if crc32c::crc32c(&head[..HEAD - 4]) != long(HEAD - 4) || found == 0 || head[10..12] != [0; 2] {
            return Err(damaged(Part::Head, 0, HEAD, BadEdition::Checksum));
        }
        if head[12..12 + NAME] != padded(rule.id.as_str()) {
            return Err(BadList::OtherList);
        }
        if head[44..44 + NAME] != padded(site.as_str()) {
            return Err(BadList::OtherSite);
        }
        if head[76..84] != key_id(blinder) {
            return Err(BadList::OtherKey);
        }
        let [in_force, held] = [84, 88].map(|at| usize::try_from(long(at)).unwrap_or(usize::MAX));
        if in_force.checked_add(held) != Some(rest.len()) {
            return Err(BadList::NoList);
        }
        let (first, second) = rest.split_at(in_force);
        let read = |part, from: usize, bytes: &[u8]| {
            let edition = (!bytes.is_empty()).then(|| Edition::decode(bytes, &rule.id)).transpose();
            edition.map_err(|why| damaged(part, from, from + bytes.len(), why))
        };
        let in_force = read(Part::InForce, HEAD, first)?;
        let held = read(Part::Held, HEAD + first.len(), second)?;
        // What nobody accepted is not in force, and what somebody accepted is not held.
        if in_force.as_ref().is_some_and(|edition| edition.accepted().is_none()) {
            return Err(damaged(Part::InForce, HEAD, HEAD + first.len(), BadEdition::Issuers));
        }
        if held.as_ref().is_some_and(|edition| edition.accepted().is_some()) {
            return Err(damaged(Part::Held, HEAD + first.len(), bytes.len(), BadEdition::Issuers));
        }
        Ok(Self { in_force, held })
    }
}

/// The SHA-256 of the file of a list, as this kiosk keeps it.
pub fn blinded_source(blinder: &Blinder, sha256: &[u8; 32]) -> Blinded {
    let digits: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    blinder.blind(IdentifierKind::Pass, &format!("kakou list file {digits}"))
}

/// What names the site key without giving anything of it away: a fixed text, blinded.
fn key_id(blinder: &Blinder) -> [u8; 8] {
    let Blinded(tag) = blinder.blind(IdentifierKind::Pass, "kakou list key id");
    let mut id = [0; 8];
    id.copy_from_slice(&tag[..8]);
    id
}
