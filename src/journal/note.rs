//! Checkpoint notes: signed statements of a log's size and root.
//!
//! The text is a C2SP [tlog-checkpoint], the envelope a C2SP [signed-note], so that public transparency-log tools
//! read it:
//!
//! ```text
//! kakou/<kiosk>/<epoch in hexadecimal>     origin
//! 1234                                     size: number of records
//! <root, base64>
//! <extension>                              any number of lines, such as counters; optional
//!                                          (an empty line)
//! — <key name> <base64 of key id and signature>
//! ```
//!
//! The log's own signature has the origin as key name and algorithm `0x01`: Ed25519 over the text with its final
//! newline. A hub adds a [cosignature] of algorithm `0x04`: Ed25519 over `cosignature/v1`, `time <seconds>` and the
//! text; it says that the hub holds these records, and what time the hub had.
//!
//! [tlog-checkpoint]: https://c2sp.org/tlog-checkpoint
//! [signed-note]: https://c2sp.org/signed-note
//! [cosignature]: https://c2sp.org/tlog-cosignature

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::merkle::{Frontier, Hash, sha256};
use crate::base::{Epoch, KioskId, Wall};

pub(super) const ED25519_PLAIN: u8 = 0x01;
const ED25519_COSIGNATURE: u8 = 0x04;
const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// Longest signed note that is parsed, in bytes.
pub const LENGTH_MAX: usize = 16 * 1024;
/// Most signature lines that are parsed.
pub const SIGNATURES_MAX: usize = 16;

/// What a checkpoint note states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Which log: see [`origin`].
    pub origin: String,
    /// Number of records.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
    /// Further lines, none of them empty.
    pub extensions: Vec<String>,
}

/// A note with its signatures, which may or may not be good: see [`verify`](Self::verify).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    note: Note,
    text: String,
    signatures: Vec<Signature>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub name: String,
    /// Key id (4 bytes) and whatever the algorithm appends.
    pub bytes: Vec<u8>,
}

/// Why a note is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Longer than [`LENGTH_MAX`], or with more than [`SIGNATURES_MAX`] signatures.
    #[error("note is too long")]
    TooLong,
    /// Not in the form of a signed note.
    #[error("not a signed note")]
    Envelope,
    /// The text is not a checkpoint.
    #[error("not a checkpoint")]
    Checkpoint,
    /// The text is not what a kiosk states about a log without a root.
    #[error("not a statement about a log")]
    Statement,
    /// No signature by this key.
    #[error("not signed by the expected key")]
    Unsigned,
    /// A signature claims to be by this key and does not match.
    #[error("signature does not match")]
    Forged,
}

/// The origin line of a kiosk's log: `kakou/<kiosk>/<epoch>`.
pub fn origin(kiosk: &KioskId, epoch: Epoch) -> String {
    format!("kakou/{kiosk}/{epoch}")
}

/// The kiosk and the epoch that an origin line names.
pub fn parse_origin(origin: &str) -> Option<(KioskId, Epoch)> {
    let (kiosk, epoch) = origin.strip_prefix("kakou/")?.split_once('/')?;
    let parsed = (kiosk.parse().ok()?, epoch.parse().ok()?);
    // One spelling only: an epoch in capitals would be another origin.
    (self::origin(&parsed.0, parsed.1) == origin).then_some(parsed)
}

impl Note {
    /// States the size and root of `frontier`.
    pub fn new(kiosk: &KioskId, epoch: Epoch, frontier: &Frontier) -> Self {
        Self {
            origin: origin(kiosk, epoch),
            size: frontier.size(),
            root: frontier.root(),
            extensions: Vec::new(),
        }
    }

    /// The same with one more extension line. Line breaks in `line` become spaces; an empty line adds nothing.
    #[must_use]
    pub fn with_extension(mut self, line: &str) -> Self {
        let line = line.replace(|c: char| c.is_control(), " ");
        if !line.is_empty() {
            self.extensions.push(line);
        }
        self
    }

    /// Signs as the log itself: the key name is the origin.
    pub fn sign(&self, key: &SigningKey) -> SignedNote {
        let mut signed = SignedNote { note: self.clone(), text: self.text(), signatures: Vec::new() };
        signed.add(&self.origin, ED25519_PLAIN, key, &[], signed.text.as_bytes().to_vec());
        signed
    }

    /// Reads a signed note and checks the log's own signature.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. The caller must still compare the origin with the log it expects.
    pub fn parse_and_verify(bytes: &[u8], key: &VerifyingKey) -> Result<Self, Error> {
        let signed = SignedNote::parse(bytes)?;
        signed.verify(key)?;
        Ok(signed.note)
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(&self.root));
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty())?.to_owned();
        let size_text = lines.next()?;
        let size: u64 = size_text.parse().ok()?;
        let root = from_base64(lines.next()?)?.try_into().ok()?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        let good = size.to_string() == size_text && extensions.iter().all(|line| !line.is_empty());
        good.then_some(Self { origin, size, root, extensions })
    }
}

impl SignedNote {
    /// Reads a signed note without checking any signature.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`], [`Error::Envelope`] or [`Error::Checkpoint`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > LENGTH_MAX {
            return Err(Error::TooLong);
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| Error::Envelope)?;
        if whole.chars().any(|c| c.is_ascii_control() && c != '\n') {
            return Err(Error::Envelope);
        }
        let split = whole.rfind("\n\n").ok_or(Error::Envelope)?;
        let (text, block) = (&whole[..=split], &whole[split + 2..]);
        let lines = block.strip_suffix('\n').ok_or(Error::Envelope)?.split('\n');
        let mut signatures = Vec::new();
        for line in lines {
            if signatures.len() == SIGNATURES_MAX {
                return Err(Error::TooLong);
            }
            signatures.push(Signature::parse(line).ok_or(Error::Envelope)?);
        }
        let note = Note::parse(text).ok_or(Error::Checkpoint)?;
        Ok(Self { note, text: text.to_owned(), signatures })
    }

    /// What the note states. Believe it only after [`verify`](Self::verify).
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Checks the log's own signature.
    ///
    /// # Errors
    ///
    /// [`Error::Unsigned`] or [`Error::Forged`].
    pub fn verify(&self, key: &VerifyingKey) -> Result<&Note, Error> {
        let signature = self.find(&self.note.origin, ED25519_PLAIN, key)?;
        key.check(self.text.as_bytes(), signature)?;
        Ok(&self.note)
    }

    /// Adds the cosignature of `key`, called `name`, which had the time `at`.
    ///
    /// A cosignature by the same key is replaced. `name` must hold neither spaces nor `+`.
    pub fn cosign(&mut self, name: &str, key: &SigningKey, at: Wall) {
        let id = key_id(name, ED25519_COSIGNATURE, &key.verifying());
        self.signatures.retain(|other| other.name != name || !other.bytes.starts_with(&id));
        let secs = u64::try_from(at.as_secs()).unwrap_or(0);
        let signed = cosigned_text(secs, &self.text);
        self.add(name, ED25519_COSIGNATURE, key, &secs.to_be_bytes(), signed);
    }

    /// Checks the cosignature of `key`, called `name`, and returns its time, to the second.
    ///
    /// # Errors
    ///
    /// [`Error::Unsigned`] or [`Error::Forged`].
    pub fn verify_cosignature(&self, name: &str, key: &VerifyingKey) -> Result<Wall, Error> {
        let bytes = self.find(name, ED25519_COSIGNATURE, key)?;
        let (secs, signature) = bytes.split_first_chunk::<8>().ok_or(Error::Forged)?;
        let secs = u64::from_be_bytes(*secs);
        key.check(&cosigned_text(secs, &self.text), signature)?;
        i64::try_from(secs).map(Wall::from_secs).map_err(|_| Error::Forged)
    }

    fn add(&mut self, name: &str, algorithm: u8, key: &SigningKey, prefix: &[u8], signed: Vec<u8>) {
        let id = key_id(name, algorithm, &key.verifying());
        let bytes = [&id[..], prefix, &key.sign(&signed)].concat();
        self.signatures.push(Signature { name: name.to_owned(), bytes });
    }

    /// The signature bytes behind the key id, of the first line by this key.
    fn find(&self, name: &str, algorithm: u8, key: &VerifyingKey) -> Result<&[u8], Error> {
        let id = key_id(name, algorithm, key);
        let own = self.signatures.iter().filter(|signature| signature.name == name);
        own.filter_map(|signature| signature.bytes.strip_prefix(&id[..])).next().ok_or(Error::Unsigned)
    }
}

/// The note as it is sent and stored.
impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SIGNATURE_PREFIX}{} {}", self.name, BASE64.encode(&self.bytes))
    }
}

impl Signature {
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (name, text) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
        let bytes = from_base64(text)?;
        let good = !name.is_empty() && !name.contains('+') && bytes.len() > 4;
        good.then(|| Self { name: name.to_owned(), bytes })
    }
}

/// Reads base64 in the one spelling that is written: by itself the decoder takes several padded pieces in a row.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.as_bytes()).ok().filter(|bytes| BASE64.encode(bytes) == text)
}

fn cosigned_text(secs: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {secs}\n{text}").into_bytes()
}

/// First four bytes of `SHA-256(name || 0x0A || algorithm || public key)`.
pub(super) fn key_id(name: &str, algorithm: u8, key: &VerifyingKey) -> [u8; 4] {
    let hash = sha256(&[name.as_bytes(), &[b'\n', algorithm], &key.0].concat());
    [hash[0], hash[1], hash[2], hash[3]]
}

/// A log's public key as public tools write it: `<name>+<key id>+<base64 of algorithm and key>`.
pub fn verifier(name: &str, key: &VerifyingKey) -> String {
    let id = HEXLOWER.encode(&key_id(name, ED25519_PLAIN, key));
    format!("{name}+{id}+{}", BASE64.encode(&[&[ED25519_PLAIN][..], &key.0].concat()))
}

/// Reads a public key in the form of [`verifier`]; `None` for any other text, or when the key id does not match.
pub fn parse_verifier(text: &str) -> Option<VerifyingKey> {
    let (name, rest) = text.split_once('+')?;
    let (_, encoded) = rest.split_once('+')?;
    let bytes = BASE64.decode(encoded.as_bytes()).ok()?;
    let key = VerifyingKey(bytes.strip_prefix(&[ED25519_PLAIN])?.try_into().ok()?);
    (verifier(name, &key) == text).then_some(key)
}

/// An Ed25519 key that signs notes.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// The key that follows from a secret `seed`.
    ///
    /// # Panics
    ///
    /// Never: every 32 bytes are a seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        #[expect(clippy::expect_used, reason = "ring fails only on another length")]
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("32 bytes are a seed");
        Self(pair)
    }

    /// Signs `bytes`, which must not be able to be taken for anything else that this key signs: a note's text begins
    /// with `kakou/`.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.sign(bytes).as_ref().to_vec()
    }

    /// The public half.
    pub fn verifying(&self) -> VerifyingKey {
        let mut public = [0; 32];
        public.copy_from_slice(self.0.public_key().as_ref());
        VerifyingKey(public)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

/// The public half of a [`SigningKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyingKey(pub [u8; 32]);

impl VerifyingKey {
    /// Checks a signature over `signed`.
    ///
    /// # Errors
    ///
    /// [`Error::Forged`].
    pub fn check(&self, signed: &[u8], signature: &[u8]) -> Result<(), Error> {
        UnparsedPublicKey::new(&ED25519, self.0).verify(signed, signature).map_err(|_| Error::Forged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::merkle::leaf_hash;

    #[test]
    fn agrees_with_the_published_note() {
        // Source: golang.org/x/mod/sumdb/note, package documentation.
        let skey = BASE64.decode(b"AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").unwrap();
        let vkey = BASE64.decode(b"ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
        let key = SigningKey::from_seed(skey[1..].try_into().unwrap());
        assert_eq!(key.verifying().0, vkey[1..]);
        let text = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
        let mut signed = SignedNote { note: note(), text: text.to_owned(), signatures: vec![] };
        signed.add("PeterNeumann", ED25519_PLAIN, &key, &[], text.into());
        let published = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNX\
                         gKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        assert_eq!(signed.to_string(), format!("{text}\n{published}"));
        let vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        assert_eq!(verifier("PeterNeumann", &key.verifying()), vkey);
        assert_eq!(parse_verifier(vkey), Some(key.verifying()));
        for bad in [&vkey[1..], &vkey.replace("c74f", "c74e"), &vkey.replace("+AR", "+BR"), "PeterNeumann"] {
            assert_eq!(parse_verifier(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_signed_note_survives_its_text_form() {
        let signed = note().with_extension("beam 17\nloop 18").sign(&kiosk());
        let text = signed.to_string();
        assert!(text.starts_with("kakou/gate-1/07070707070707070707070707070707\n1\n"), "{text}");
        assert!(text.contains("\nbeam 17 loop 18\n\n\u{2014} kakou/gate-1/0707"), "{text}");
        assert_eq!(SignedNote::parse(text.as_bytes()).unwrap(), signed);
        let read = Note::parse_and_verify(text.as_bytes(), &kiosk().verifying()).unwrap();
        assert_eq!(read, note().with_extension("beam 17 loop 18"));
        assert_eq!(parse_origin(&read.origin), Some(("gate-1".parse().unwrap(), Epoch([7; 16]))));
    }

    #[test]
    fn a_note_has_one_spelling_only() {
        let text = note().sign(&kiosk()).to_string();
        let pieces = |bytes: &[u8]| BASE64.encode(&bytes[..16]) + &BASE64.encode(&bytes[16..]);
        for base64 in [text.lines().nth(2), text.lines().last().and_then(|line| line.split(' ').nth(2))] {
            let base64 = base64.unwrap();
            let bytes = BASE64.decode(base64.as_bytes()).unwrap();
            let other = text.replace(base64, &pieces(&bytes));
            assert_eq!(BASE64.decode(pieces(&bytes).as_bytes()).unwrap(), bytes, "the decoder takes it");
            assert!(SignedNote::parse(other.as_bytes()).is_err(), "{other}");
        }
    }

    #[test]
    fn a_cosignature_says_who_holds_it_and_when() {
        let mut signed = note().sign(&kiosk());
        let name = "hub.example";
        assert_eq!(signed.verify_cosignature(name, &hub().verifying()), Err(Error::Unsigned));
        signed.cosign(name, &hub(), Wall::from_secs(5));
        signed.cosign(name, &hub(), Wall::from_secs(9));
        let again = SignedNote::parse(signed.to_string().as_bytes()).unwrap();
        assert_eq!(again.verify_cosignature(name, &hub().verifying()), Ok(Wall::from_secs(9)));
        assert_eq!(again.verify_cosignature(name, &kiosk().verifying()), Err(Error::Unsigned));
        assert_eq!(again.verify(&kiosk().verifying()), Ok(&note()));
        assert_eq!(again.verify(&hub().verifying()), Err(Error::Unsigned));
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        let mut signed = note().with_extension("beam 17").sign(&kiosk());
        signed.cosign("hub", &hub(), Wall::from_secs(5));
        let good = signed.to_string().into_bytes();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            let Ok(parsed) = SignedNote::parse(&bad) else { continue };
            let both = parsed.verify(&kiosk().verifying()).is_ok()
                && parsed.verify_cosignature("hub", &hub().verifying()).is_ok();
            assert!(!both, "byte {at}: {}", String::from_utf8_lossy(&bad));
        }
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let good = note().sign(&kiosk()).to_string();
        let bad = [
            (String::new(), Error::Envelope),
            (good.replace("\n\n", "\n"), Error::Envelope),
            (good.trim_end().to_owned(), Error::Envelope),
            (good.replace('\u{2014}', "-"), Error::Envelope),
            (good.replace("kakou", "ka\tkou"), Error::Envelope),
            (good.replace("\n1\n", "\n01\n"), Error::Checkpoint),
            (good.replace("\n1\n", "\n-1\n"), Error::Checkpoint),
            (good.replace("\n1\n", "\n"), Error::Checkpoint),
            (format!("{good}{}", good.lines().last().unwrap().to_owned().repeat(200)), Error::TooLong),
        ];
        for (text, error) in bad {
            assert_eq!(SignedNote::parse(text.as_bytes()), Err(error), "{text}");
        }
        let line = format!("{}\n", good.lines().last().unwrap());
        assert_eq!(SignedNote::parse((good + &line.repeat(16)).as_bytes()), Err(Error::TooLong));
        assert_eq!(parse_origin("kakou/gate-1/0707"), None);
        assert_eq!(parse_origin("kakou/gate-1/0707070707070707070707070707070A"), None);
    }

    fn note() -> Note {
        let mut frontier = Frontier::new();
        frontier.push(leaf_hash(&[b"x"]));
        Note::new(&"gate-1".parse().unwrap(), Epoch([7; 16]), &frontier)
    }

    fn kiosk() -> SigningKey {
        SigningKey::from_seed(&[1; 32])
    }

    fn hub() -> SigningKey {
        SigningKey::from_seed(&[2; 32])
    }
}
