//! Which TLS keys of a kiosk its hub lets in, and how they are renewed.
//!
//! A kiosk has two keys. The Ed25519 key of its log is what it *is*: a one-time token brought it to the hub. Its TLS key
//! only says who speaks on a connection. It is ECDSA on P-256, which every TLS stack speaks and which a TPM or the
//! one-time memory of a board can hold; it stands in a certificate that the kiosk signs itself, and counts because the
//! log key [signed](crate::journal::TlsPin) for it. So a TLS key can be changed at any time without a person, and a hub
//! that was restored from a backup, or an answer that was lost, locks no kiosk out.
//!
//! Nothing expires on its own. Neither side looks at a date in a certificate: a kiosk that was off for years, or whose
//! clock is wrong, speaks with the key that it has. By the hub's own clock a key is due after [`RENEW_AFTER`]; any answer
//! then carries the header [`RENEW_HEADER`], and the kiosk brings a new one. The one before is let in for another
//! [`SUPERSEDED_LIFE`].
//!
//! | request | body | answers |
//! |---|---|---|
//! | `POST /v1/kiosks/{kiosk}/tls-key` | a signed [pin](crate::journal::TlsPin) | `200` [`Current`]: pinned · `409` [`Current`]: it follows another key than that |
//!
//! It is sent over a connection that presents the new key, which proves that the kiosk holds it. It is refused when
//! the log key that the hub pinned did not sign it; when the connection presents another key or none; when the key was
//! superseded once, or is another kiosk's; when the kiosk is revoked; and when it brought [`KEYS_MAX`] keys within
//! [`SUPERSEDED_LIFE`]. A kiosk that was enrolled by a version without TLS keys brings its first one in the same way.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::journal::TlsKeyId;

/// Age from which the hub asks for a new key.
pub const RENEW_AFTER: Duration = Duration::from_hours(90 * 24);
/// How long a key is let in after another one took its place.
pub const SUPERSEDED_LIFE: Duration = Duration::from_hours(180 * 24);
/// Most keys that a kiosk may have brought within [`SUPERSEDED_LIFE`].
pub const KEYS_MAX: u32 = 64;
/// The header of an answer with which the hub asks for a new key.
pub const RENEW_HEADER: &str = "kakou-renew-tls-key";
/// Where a [problem](super::wire::Problem) is that a new key solves.
pub const AT_CERTIFICATE: &str = "certificate";

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// In the clear, from this machine: signed notes say who it is.
    Loopback,
    /// Over TLS, with this key or without any.
    Tls(Option<TlsKeyId>),
}

/// The key that a hub has pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Current {
    /// Which; none when there is none.
    pub current: Option<TlsKeyId>,
}
