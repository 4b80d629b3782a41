//! A registration as its screens show it: its fields, and what was said for them beforehand.

use serde::Serialize;

use crate::base::Slug;
use crate::model::registration_code::BadRegistrationCode;
use crate::model::{FieldForm, Title};

/// A field of the registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldStatus {
    /// Its name in files and forms.
    pub name: Slug,
    /// Its name on screens, where the profile gives it one.
    pub title: Option<Title>,
    /// What may be written into it.
    pub form: FieldForm,
    /// Most characters.
    pub length_max: u8,
    /// Whether it has to be filled in.
    pub required: bool,
    /// What a manifest says for it, masked: that counts where nothing is filled in.
    pub known: Option<String>,
    /// What a registration code says for it, masked, or why that cannot be written here: it counts once it is confirmed.
    pub coded: Option<Result<String, &'static str>>,
}

impl FieldStatus {
    /// What counts where nothing is filled in.
    pub fn said(&self) -> Option<&str> {
        let coded = self.coded.as_ref().and_then(|coded| coded.as_deref().ok());
        coded.or(self.known.as_deref())
    }
}

/// A registration code that was shown and not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PreparedStatus {
    /// Which code of this session.
    pub number: u32,
    /// Why it cannot be read.
    pub fault: Option<BadRegistrationCode>,
}
