//! The durable, gapless, provable append-only log, and its rebuildable view.
//!
//! [`stored`] is what one record is, in memory, in a batch and in the tree; [`merkle`] the RFC 6962 tree over the
//! records; [`note`] the signed statement of the tree's size and root, [`statement`] what is signed without them; [`seal`] what hides persons. [`disk`] and
//! [`entropy`] are the seams to the outside.

pub mod disk;
pub mod entropy;
pub mod frame;
mod hpke;
pub mod log;
pub mod merkle;
pub mod note;
pub mod reader;
pub mod recovery;
mod scan;
pub mod seal;
pub mod segment;
pub mod statement;
pub mod stored;
pub mod verify;
pub mod view;

pub use disk::Disk;
pub use entropy::Entropy;
pub use log::{Journal, Options};
pub use merkle::{Frontier, Hash};
pub use note::{Note, SignedNote, SigningKey, VerifyingKey};
pub use reader::Reader;
pub use recovery::{OpenArrival, Recovery};
pub use seal::{HubOpener, Sealer, SealingKey};
pub use statement::Statement;
pub use stored::{Seal, Stored};
pub use view::View;
