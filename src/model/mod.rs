//! The words of a checkpoint: subjects, steps, credentials, readings, verdicts, records.

pub mod alarm;
pub mod blind;
pub mod credential;
pub mod id_number;
pub mod leak;
pub mod mask;
pub mod observation;
pub mod order;
pub mod personal;
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
pub use blind::{Blinded, Blinder};
pub use credential::{Authenticity, Credential, CredentialKind, Currency, Holder};
pub use observation::{Level, Observation, Observed, Scan, Signal, Via};
pub use order::{Ordered, Outcome, Service};
pub use personal::{Person, Personal, Vehicle};
pub use picture::{Picture, PictureKey};
pub use record::{Body, Crossing, Draft, Entry, Erasure, Passage};
pub use step::{Attestation, Evidence, StepKind, StepOutcome, StepRecord};
pub use subject::{Class, Direction, SubjectKind};
pub use temperature::{Guidance, NotMeasured, Screening, ThermalReading, Zone};
pub use timeline::{BootClock, Known, Placed};
pub use verdict::{Decider, Reason, Verdict};
