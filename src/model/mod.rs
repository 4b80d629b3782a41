//! The words of a checkpoint: subjects, steps, credentials, readings, verdicts, records.

pub mod alarm;
pub mod area;
pub mod blind;
pub mod credential;
pub mod grounds;
pub mod id_number;
pub mod mask;
pub mod observation;
pub mod phone;
pub mod picture;
pub mod plate;
pub mod record;
pub mod shift;
pub mod step;
pub mod subject;
pub mod temperature;
pub mod timeline;
pub mod verdict;
pub mod width;

pub use alarm::Cause;
pub use area::{AreaMode, ListHit};
pub use blind::{Blinded, Blinder};
pub use credential::{Authenticity, Credential, CredentialKind, Currency, Holder};
pub use grounds::{Grounds, Waiting};
pub use observation::{Level, Observation, Observed, Scan, Signal, Via};
pub use picture::{Picture, PictureKey};
pub use record::{Body, Crossing, Draft, Entry, Erasure, Passage, Person, Personal, Vehicle};
pub use step::{Attestation, Evidence, StepKind, StepOutcome, StepRecord};
pub use subject::{Class, Direction, SubjectKind};
pub use temperature::{Guidance, NotMeasured, Screening, ThermalReading, Zone};
pub use timeline::{BootClock, Known, Placed};
pub use verdict::{Decider, Reason, Verdict};
