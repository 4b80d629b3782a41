//! A Zstandard dictionary of what batches have in common, so that a record that travels alone is small too.
//!
//! `batch.zdict` is trained from simulated records of several gates. It names itself by the number in its header, which
//! Zstandard repeats in the header of each frame that needs it (RFC 8878, §3.1.1.1.3). A receiver that has no dictionary
//! of that number refuses the batch by name, and the sender does without. A dictionary is never altered: a better one is
//! another file with another number, and the older ones stay readable.
//!
//! `cargo bench --bench uplink -- --train FILE` trains another one and says what it is worth; `cargo bench --bench uplink`
//! measures the one that is in use, and `tests/uplink.rs` holds it to the figures.

use std::io;
use std::sync::LazyLock;

use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe;

use super::wire::Error;

/// The dictionary itself.
const BYTES: &[u8] = include_bytes!("batch.zdict");
/// What it is called in a frame's header: bytes 4 to 7 of the file.
pub const NUMBER: u32 = u32::from_le_bytes([BYTES[4], BYTES[5], BYTES[6], BYTES[7]]);
/// As a sender uses it. Level 3 compresses as fast as a card writes; level 19 would save 8 % of what is left.
pub(super) const LEVEL: i32 = 3;

static ENCODER: LazyLock<io::Result<EncoderDictionary<'static>>> =
    LazyLock::new(|| EncoderDictionary::try_copy(BYTES, LEVEL));
static DECODER: LazyLock<io::Result<DecoderDictionary<'static>>> =
    LazyLock::new(|| DecoderDictionary::try_copy(BYTES));

/// Whether a batch is packed with the dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// For any hub.
    Plain,
    /// For a hub that knows the dictionary [`NUMBER`].
    Dictionary,
}

pub(super) fn encoder() -> Result<&'static EncoderDictionary<'static>, Error> {
    ENCODER.as_ref().map_err(broken)
}

/// What a frame needs to be decompressed: nothing, or our dictionary.
pub(super) fn needed(frame: &[u8]) -> Result<Option<&'static DecoderDictionary<'static>>, Error> {
    match zstd_safe::get_dict_id_from_frame(frame) {
        None => Ok(None),
        Some(number) if number.get() == NUMBER => DECODER.as_ref().map(Some).map_err(broken),
        Some(number) => Err(Error::Dictionary(number.get())),
    }
}

fn broken(error: &io::Error) -> Error {
    Error::Compression(error.to_string())
}
