//! The durable, gapless, provable append-only log, and its rebuildable view.
//!
//! [`stored`] is what one record is, in memory, in a batch and in the tree; [`merkle`] the RFC 6962 tree over the
//! records; [`note`] the signed statement of the tree's size and root, [`statement`] what is signed without them; [`seal`] what hides persons. [`disk`] and
//! [`entropy`] are the seams to the outside.

pub mod audit;
pub mod ballast;
pub mod cosigned;
pub mod disk;
pub mod elapsed;
pub mod ended_keys;
pub mod entropy;
mod erase;
pub mod frame;
mod hpke;
pub mod key_file;
pub mod line;
pub mod log;
pub mod merkle;
pub mod note;
mod open_log;
pub mod picture;
pub mod proof;
pub mod prove;
pub mod reader;
pub mod receipt_file;
pub mod receipts;
pub mod recovered;
pub mod recovery;
pub mod repair;
mod replace;
pub mod retention;
pub mod ring;
mod rollback;
mod scan;
pub mod seal;
pub mod sealer;
pub mod segment;
pub mod statement;
pub mod stored;
pub mod tls_pin;
pub mod verify;
pub mod view;

pub use cosigned::{Cosigned, Witness};
pub use disk::Disk;
pub use entropy::Entropy;
pub use erase::{Erasing, Order};
pub use line::Line;
pub use log::{Journal, Options};
pub use merkle::{Frontier, Hash};
pub use note::{Note, SignedNote, SigningKey, VerifyingKey};
pub use open_log::OpenLog;
pub use reader::Reader;
pub use receipts::Receipts;
pub use recovered::{FoundAlarm, OpenArrival, Recovery};
pub use replace::replace;
pub use ring::KeyRing;
pub use seal::{HubOpener, SealingKey};
pub use sealer::Sealer;
pub use statement::Statement;
pub use stored::{Seal, Stored};
pub use tls_pin::{TlsKeyId, TlsPin};
pub use view::View;
