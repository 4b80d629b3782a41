//! The task that sends records to the hub.

use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::alarms::ToSend;
use super::keeper::Hub;
use super::kiosk::Error;
use super::pictures::Books;
use crate::base::{Epoch, KioskId, Random};
use crate::control::HubStatus;
use crate::journal::SigningKey;
use crate::platform::blob_line::BlobLine;
use crate::platform::clock::{Clock, mono};
use crate::platform::disk::DirDisk;
use crate::platform::http::{Heard, HubClient, Keyring};
use crate::platform::own_key::OwnKeys;
use crate::platform::passed::Passed;
use crate::platform::uplink::{self, Uplink};
use crate::sync;
use crate::sync::blobs::{Queue, Store};
use crate::sync::enrolment::Enrolment;

/// The way to the hub.
pub struct Link {
    /// What the hub granted.
    pub enrolment: Enrolment,
    /// Seed of the key that signs every batch.
    pub seed: Zeroizing<[u8; 32]>,
    /// The TLS keys with which the kiosk speaks.
    pub tls_keys: OwnKeys,
    /// A time that has certainly passed, as the hub says.
    pub passed: Passed,
    /// How eagerly records are sent.
    pub settings: sync::outbox::Settings,
}

impl Link {
    /// The hub as the keeper has to know it.
    pub(super) fn for_keeper(&self) -> Hub {
        let witness = self.enrolment.witness(SigningKey::from_seed(&self.seed).verifying());
        Hub { witness, seal_key: self.enrolment.seal_key.0 }
    }
}

/// What a link hangs on, and where it tells what it heard.
pub(super) struct Ends {
    /// The log that is being written and the number of its durable records.
    pub durable: watch::Receiver<(Epoch, u64)>,
    /// The urgent log, where there is one.
    pub urgent: Option<ToSend>,
    /// The hub's answers, for the keeper.
    pub heard: watch::Sender<Option<Heard>>,
    /// The clock.
    pub clock: Clock,
    /// What heartbeats say beside size and root.
    pub lines: Box<dyn Fn() -> Vec<String> + Send>,
    /// The pictures that are sent, where there are any.
    pub pictures: Option<(Store<DirDisk>, Arc<Books>, watch::Receiver<u64>)>,
    /// Told when a heartbeat is wanted at once.
    pub hurry: Arc<Notify>,
}

/// Starts the task that sends records to the hub, which reads all logs, behind the journal's writer; none without a hub.
/// How that goes, and the client through which others speak with the same keys.
pub(super) fn spawn(
    link: Option<&Link>,
    kiosk: &KioskId,
    disk: DirDisk,
    ends: Ends,
    tasks: &mut JoinSet<&'static str>,
) -> Result<(watch::Receiver<HubStatus>, Option<HubClient>), Error> {
    let Some(link) = link else { return Ok((watch::channel(HubStatus::default()).1, None)) };
    let Ends { durable, urgent, heard, clock, lines, pictures, hurry } = ends;
    let key = Arc::new(SigningKey::from_seed(&link.seed));
    let ring = Keyring::new(kiosk.clone(), Arc::clone(&key), link.tls_keys.clone());
    let client = HubClient::new(&link.enrolment, link.passed.clone())?.keeping(ring)?;
    let uplink = Uplink {
        // Spreads the retries of many kiosks that lost one hub; nothing secret.
        link: sync::Link::new(link.settings, Random::new(mono().0)),
        kiosk: kiosk.clone(),
        key,
        client: client.clone().telling(heard),
        logs: disk,
        urgent,
        stamp: move || clock.stamp(),
        lines,
        hurry,
    };
    let blobs = pictures.map(|(store, books, written)| {
        let queue = Queue::new(Random::new(mono().0));
        BlobLine::new(queue, store, written, Box::new(move |told| books.told(told)))
    });
    let (status, seen) = watch::channel(HubStatus::default());
    tasks.spawn(async move {
        uplink::run_with(uplink, blobs, durable, status).await;
        "link to the hub"
    });
    Ok((seen, Some(client)))
}
