//! What an issuer's server says of a code that nobody can check without it, and why nobody can say.

use serde::{Deserialize, Serialize};

use crate::base::{Pii, Slug, Wall};

/// What an issuer's server says of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnlineResult {
    /// It says outright that the code is good, and the code is not past its time.
    Positive,
    /// It says outright that the code is not good.
    Negative,
    /// The code, or what it rests on, is past its time, whatever else the server says of it.
    Expired,
    /// The issuer does not know this code, or cannot parse it.
    Invalid,
}

/// An answer of an issuer about a code. Identities in it are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnlineAnswer {
    /// Which adapter of the hub asked.
    pub adapter: Slug,
    /// What the issuer says.
    pub result: OnlineResult,
    /// Until when it says so, where it says that.
    pub expires: Option<Wall>,
    /// Whose code it is, as `王*`.
    pub name: Option<Pii<String>>,
    /// Their number, as `110***********002X`.
    pub id: Option<Pii<String>>,
}

/// Why nobody can say anything about a code now. It speaks neither for nor against it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, thiserror::Error,
)]
#[serde(rename_all = "kebab-case")]
pub enum Unanswered {
    /// The hub knows nobody to ask about such a code.
    #[error("the hub has no issuer to ask about such a code")]
    NoAdapter,
    /// The issuer's server cannot be reached, or is not done in time, or out of order.
    #[error("the issuer's server does not answer")]
    Unreachable,
    /// The issuer's server answers, and nothing can be made of what it says.
    #[error("the issuer's server gives an answer that is not understood")]
    NotUnderstood,
    /// Too many questions are under way already.
    #[error("too many questions about codes are under way")]
    Busy,
}
