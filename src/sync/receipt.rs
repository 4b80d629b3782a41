//! A hub's receipt for a parcel: the notes that it has cosigned, on the way back.
//!
//! # Format
//!
//! JSON of at most 1 MiB, with the fields of [`Receipt`]: `kakou_receipt`, the format's version, 1; `notes`, the text of
//! each signed note ([`crate::journal::note`]), one a log. It holds nothing secret and proves itself: a kiosk believes
//! a note only when its own key signed it, the hub's cosigned it, and its own records give the same root.

use std::io;

use serde::{Deserialize, Serialize};

use super::wire::HUB_NOTE_NAME;
use crate::base::{Epoch, KioskId, Seq};
use crate::journal::reader::{self, LogName};
use crate::journal::{Disk, Reader, SignedNote, VerifyingKey, note, receipt_file};

/// Most bytes of a receipt.
pub const BYTES_MAX: usize = 1 << 20;
const VERSION: u32 = 1;
/// How this writer names its unfinished files.
const WRITER: &str = "receipt";

/// What a hub gives back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    kakou_receipt: u32,
    /// Cosigned notes.
    pub notes: Vec<String>,
}

/// Why a text is no receipt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadReceipt {
    /// Longer than [`BYTES_MAX`].
    #[error("longer than {BYTES_MAX} bytes")]
    TooLong,
    /// Not in this form.
    #[error("this is no kakou receipt: {0}")]
    Form(#[from] serde_json::Error),
    /// Of a later version.
    #[error("receipt is in format {0}, this program reads format {VERSION}")]
    Version(u32),
}

impl Receipt {
    /// A receipt of these notes.
    pub fn new(notes: Vec<String>) -> Self {
        Self { kakou_receipt: VERSION, notes }
    }

    /// The file's bytes.
    ///
    /// # Errors
    ///
    /// When JSON cannot express it, which no text is.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec_pretty(self)
    }

    /// Reads the file's bytes.
    ///
    /// # Errors
    ///
    /// [`BadReceipt`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadReceipt> {
        if bytes.len() > BYTES_MAX {
            return Err(BadReceipt::TooLong);
        }
        let receipt: Self = serde_json::from_slice(bytes)?;
        if receipt.kakou_receipt == VERSION {
            Ok(receipt)
        } else {
            Err(BadReceipt::Version(receipt.kakou_receipt))
        }
    }
}

/// Who may have signed what a kiosk believes of its hub.
#[derive(Clone, Debug)]
pub struct Keys {
    /// This kiosk.
    pub kiosk: KioskId,
    /// The key that signs its log.
    pub own: VerifyingKey,
    /// The hub's, from the enrolment.
    pub hub: VerifyingKey,
}

/// What became of a note.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is kept: the hub has the log's records up to `size`.
    Kept {
        /// Which log.
        epoch: Epoch,
        /// Number of records.
        size: u64,
    },
    /// One over as many records or more is kept already.
    Known {
        /// Which log.
        epoch: Epoch,
        /// What is kept.
        size: u64,
    },
    /// It is about another kiosk's log, or one that is not here.
    Other {
        /// What it names.
        origin: String,
    },
    /// It is not believed.
    Refused {
        /// What it names.
        origin: String,
        /// Why, in plain words.
        why: String,
    },
}

/// Why a note is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// About another log.
    #[error("it is about {0}")]
    Other(String),
    /// A signature is missing or wrong.
    #[error("{0}")]
    Note(#[from] note::Error),
}

impl Keys {
    /// Checks both signatures of a note over the log of `epoch`.
    ///
    /// # Errors
    ///
    /// [`Unproven`].
    pub fn check(&self, signed: &SignedNote, epoch: Epoch) -> Result<(), Unproven> {
        let found = &signed.note().origin;
        if *found != note::origin(&self.kiosk, epoch) {
            return Err(Unproven::Other(found.chars().take(120).collect()));
        }
        signed.verify(&self.own)?;
        signed.verify_cosignature(HUB_NOTE_NAME, &self.hub)?;
        Ok(())
    }
}

/// The first record of a log that the hub is not known to have: behind the kept note, if that is good.
///
/// # Errors
///
/// When the medium fails.
pub fn next_for_hub<D: Disk>(disk: &mut D, epoch: Epoch, keys: &Keys) -> io::Result<Seq> {
    let kept = receipt_file::load(disk, epoch)?.filter(|kept| keys.check(kept, epoch).is_ok());
    Ok(kept.and_then(|kept| Seq::new(kept.note().size.saturating_add(1))).unwrap_or(Seq::FIRST))
}

/// Takes a receipt's notes into the journal's directory, where the next carry begins behind them.
///
/// # Errors
///
/// When the medium fails.
pub fn take<D: Disk + Clone>(
    receipt: &Receipt,
    disk: &mut D,
    logs: &[LogName],
    keys: &Keys,
) -> Result<Vec<Taken>, reader::Error> {
    receipt.notes.iter().map(|text| take_note(text, disk, logs, keys)).collect()
}

fn take_note<D: Disk + Clone>(
    text: &str,
    disk: &mut D,
    logs: &[LogName],
    keys: &Keys,
) -> Result<Taken, reader::Error> {
    let refused = |origin: &str, why: String| Ok(Taken::Refused { origin: origin.to_owned(), why });
    let signed = match SignedNote::parse(text.as_bytes()) {
        Ok(signed) => signed,
        Err(error) => return refused("", error.to_string()),
    };
    let note = signed.note();
    let origin: String = note.origin.chars().take(120).collect();
    let named = note::parse_origin(&note.origin).filter(|(kiosk, _)| *kiosk == keys.kiosk);
    let log = named.and_then(|(_, epoch)| logs.iter().find(|log| log.epoch == epoch));
    let Some(log) = log else { return Ok(Taken::Other { origin }) };
    if let Err(error) = keys.check(&signed, log.epoch) {
        return refused(&origin, error.to_string());
    }
    let kept = next_for_hub(disk, log.epoch, keys)?.get() - 1;
    if kept >= note.size {
        return Ok(Taken::Known { epoch: log.epoch, size: kept });
    }
    match Reader::open(disk.clone(), *log)?.frontier(note.size) {
        Ok(tree) if tree.root() == note.root => {}
        Ok(_) => return refused(&origin, format!("root over {} records is not that of this log", note.size)),
        Err(reader::Error::Missing { .. }) => {
            return refused(&origin, format!("the tree over {} records is not known here", note.size));
        }
        Err(error) => return Err(error),
    }
    receipt_file::store(disk, log.epoch, &signed, WRITER)?;
    Ok(Taken::Kept { epoch: log.epoch, size: note.size })
}
