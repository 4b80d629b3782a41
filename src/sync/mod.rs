//! The way from a kiosk's journal to its hub: what is sent when, what it looks like on the wire, enrolment.
//!
//! # Protocol
//!
//! The kiosk *is* the durable queue, so nothing stands between its journal and the hub's ledger. Every request is
//! HTTP; the kiosk asks, the hub answers.
//!
//! | request | body | answers |
//! |---|---|---|
//! | `GET /v1/logs/{kiosk}/{epoch}/head` | | `200` [`Head`](wire::Head): the number the hub expects next |
//! | `POST /v1/logs/{kiosk}/{epoch}/entries?from=N` | a [`batch`](wire) | `200` [`Head`](wire::Head) · `409` [`Head`](wire::Head): send from `next` · `413` send less · `415` pack it without a dictionary · `429`, `503` later |
//! | `POST /v1/logs/{kiosk}/{epoch}/hole` | a [`HoleClaim`](wire::HoleClaim) | as for entries |
//! | `POST /v1/logs/{kiosk}/{epoch}/salvage` | [salvaged records](salvage) | `200` [`Head`](wire::Head) · `413` · `429`, `503` |
//! | `POST /v1/logs/{kiosk}/{epoch}/end` | a signed [statement](crate::journal::statement) | as for entries |
//! | `POST /v1/logs/{kiosk}/{epoch}/heartbeat` | a signed note | `200` [`Head`](wire::Head) |
//! | `GET /v1/kiosks/{kiosk}/inbox?after=N&wait=S` | | `200` a signed [command] · `204` none within S seconds, at most 55 |
//! | `GET /v1/kiosks/{kiosk}/turned-back?after=N&within=H&wait=S&passes=P` | | `200` a [page of news](turned_back) · `204` none within S seconds |
//! | `POST /v1/kiosks/{kiosk}/online` | a code that only its issuer can judge | `200` [what it says, or why nobody can say](online) · `400`, `413` |
//! | `POST /v1/enrol` | [`Request`](enrolment::Request) | `200` [`Grant`](enrolment::Grant) |
//! | `POST /v1/kiosks/{kiosk}/tls-key` | a signed [pin](crate::journal::TlsPin) | see [`tls_keys`] |
//! | `HEAD`, `PUT /v1/kiosks/{kiosk}/blobs/{sha256}` | a chunk of a picture | see [`blobs`] |
//!
//! Any other refusal is a [`Problem`](wire::Problem) in JSON that says what is wrong and where. Batches and
//! heartbeats carry a note signed with the key that the hub pinned at enrolment: that is their authentication. Over TLS,
//! requests about a kiosk are answered only on a connection with that kiosk's own certificate: see [`tls_keys`].
//! Sending anything twice changes nothing; nothing is removed from the outbox for being old, large or refused.
//!
//! Where no network reaches, the same batches travel in files: [`carry`] packs them, [`parcel`] says how they look,
//! [`receipt`] comes back. Where not even a file gets through, a day's [`sheet`] of paper does.
//!
//! # Alarms
//!
//! A kiosk sends two logs: its records, and the urgent log of its [alarms](crate::model::alarm), by the same requests. The
//! urgent one goes first and has no heartbeats; see [`link`].
//!
//! # Records that are lost
//!
//! A kiosk whose medium lost records after they were durable knows its root again from the next frontier frame on. It
//! sends the whole records up to there as *salvage* (signed by the kiosk, proven by no tree), then states the hole; the
//! hub shows it, and the log goes on behind it with equal roots. Where the hub has the records already there is no hole:
//! the kiosk goes on from what the hub expects. A log whose root is never known again has ended: everything provable is
//! sent, the rest salvaged, then the log's end stated, so that neither side asks for it again.

pub mod action;
pub mod backoff;
pub mod blobs;
pub mod carry;
pub mod command;
pub mod copy;
pub mod counts;
pub mod desk;
pub mod dictionary;
pub mod disk_state;
pub mod enrolment;
pub mod inbox;
pub mod link;
pub mod online;
pub mod outbox;
pub mod packer;
pub mod parcel;
pub mod receipt;
pub mod salvage;
pub mod sheet;
pub mod source;
pub mod tls_keys;
pub mod trust;
pub mod turned_back;
pub mod wire;

pub use crate::control::HubStatus;
pub use desk::{Ask, Desk};
pub use link::{Durable, Link, Series};
pub use outbox::{Action, Answer, Outbox, Settings};
pub use source::{Source, Trouble};
