//! The durable, gapless, provable append-only log, and its rebuildable view.
//!
//! [`stored`] is what one record is, in memory, in a batch and in the tree; [`merkle`] the RFC 6962 tree over the
//! records; [`note`] the signed statement of the tree's size and root; [`seal`] what hides persons. [`disk`] and
//! [`entropy`] are the seams to the outside.

pub mod disk;
pub mod entropy;
mod hpke;
pub mod merkle;
pub mod note;
pub mod seal;
pub mod stored;

pub use disk::Disk;
pub use entropy::Entropy;
pub use merkle::{Frontier, Hash};
pub use note::{Note, SignedNote, SigningKey, VerifyingKey};
pub use seal::{HubOpener, Sealer, SealingKey};
pub use stored::{Seal, Stored};
