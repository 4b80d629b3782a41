//! Board, site, profile, roster and list files: read, checked, and turned into types that cannot be wrong.

mod area_file;
pub mod badge;
pub mod board;
pub mod bundle;
pub mod entitlement;
pub mod error;
pub mod list;
pub mod mqtt;
pub mod online_file;
pub mod pair;
pub mod policy;
pub mod profile;
pub mod profile_file;
pub mod roster;
pub mod roster_csv;
pub mod rules;
pub mod section;
pub mod site;
mod site_file;
pub mod stay_rule;
mod step_fields;
mod step_file;
mod step_order;
pub mod step_rule;
pub mod trust_file;

pub use board::Board;
pub use error::{Mistake, Mistakes, Report};
pub use list::{Hit, ListRule, Lists};
pub use policy::Policy;
pub use profile::{Profile, Profiles, Takes};
pub use site::Site;
pub use step_rule::{Ask, Field, FieldRule, Need, StepRule};
