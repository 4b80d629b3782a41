//! The way to an MQTT broker that gets a copy of the records.
//!
//! [`run`] carries out what [`Copier`] asks for. The library's own queue and its retransmission are not relied on, because
//! they lose publishes when a session ends (rumqtt issues 1014, 1056, 1058): each connection is a clean session with a
//! client of its own that is thrown away whole, and publishing begins again behind the last record that was
//! acknowledged in order.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Outgoing, Packet, QoS, TlsConfiguration};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::watch;

use super::clock::mono;
use super::passed::Passed;
use super::tls::time_after;
use crate::config::mqtt::{Mqtt, Transport};
use crate::sync::copy::{Action, Copier};

/// Requests that the client takes before it is polled; more than are ever under way.
const REQUESTS_MAX: usize = 64;
/// Largest packet, in bytes. A record's public part is at most 64 KiB as CBOR.
const PACKET_MAX: usize = 512 * 1024;
/// How often a broker is asked for a sign of life.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long nobody is asked while the journal cannot be read.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Why there is no way to a broker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that the site names cannot be used.
    #[error("{file}: {source}")]
    File {
        /// Which.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// What is to be published next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Payloads of records in order, from the one asked for on; at least one.
    Records(Vec<Vec<u8>>),
    /// There are no records up to this number any more.
    MissingThrough(u64),
}

/// Where records come from, and where it is kept how far the copy is.
pub trait Source: Send + 'static {
    /// Reads up to `most` records from number `from` on; may block.
    ///
    /// # Errors
    ///
    /// In plain words, when they cannot be read now.
    fn read(&mut self, from: u64, most: u64) -> Result<Read, String>;

    /// Takes the news that everything through `done` is copied; may keep it for the next start.
    fn done(&mut self, done: u64);
}

/// A broker's address and how to sign in there.
#[derive(Clone)]
pub struct Broker {
    options: MqttOptions,
    topic: String,
}

impl Broker {
    /// Reads the files that `mqtt` names. The broker's certificate is judged at the system's time, or at what has
    /// certainly `passed` when the system's clock is behind that.
    ///
    /// # Errors
    ///
    /// With the file that cannot be used.
    pub fn new(mqtt: &Mqtt, passed: Passed) -> Result<Self, Error> {
        let mut options = MqttOptions::new(&mqtt.client_id, &mqtt.broker.host, mqtt.broker.port);
        options
            .set_clean_session(true)
            .set_keep_alive(KEEP_ALIVE)
            .set_max_packet_size(PACKET_MAX, PACKET_MAX);
        options.set_inflight(u16::try_from(2 * REQUESTS_MAX).unwrap_or(u16::MAX));
        if let Some((username, file)) = &mqtt.sign_in {
            let password = std::fs::read_to_string(file).map_err(|source| broken(file, source))?;
            options.set_credentials(username, password.trim_end_matches(['\r', '\n']));
        }
        if mqtt.broker.transport == Transport::Tls {
            let config = Arc::new(tls(&mqtt.ca_file, passed)?);
            options.set_transport(rumqttc::Transport::tls_with_config(TlsConfiguration::Rustls(config)));
        }
        Ok(Self { options, topic: mqtt.topic.clone() })
    }
}

fn tls(ca_file: &Path, passed: Passed) -> Result<ClientConfig, Error> {
    let unusable = |why: String| broken(ca_file, io::Error::other(why));
    let mut roots = RootCertStore::empty();
    let found = CertificateDer::pem_file_iter(ca_file).map_err(|error| unusable(error.to_string()))?;
    for certificate in found {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        // One that this library cannot use does not spoil the others of a system's collection.
        let _ = roots.add(certificate);
    }
    if roots.is_empty() {
        return Err(unusable("holds no usable certificate".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_details(provider, time_after(passed));
    Ok(builder.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth())
}

fn broken(file: &Path, source: io::Error) -> Error {
    Error::File { file: file.display().to_string(), source }
}

/// One connection with what is under way on it.
struct Connection {
    client: AsyncClient,
    events: EventLoop,
    /// Numbers that were given to the client and not yet written, in order.
    given: VecDeque<u64>,
    /// Packet identifiers of what was written.
    written: BTreeMap<u16, u64>,
}

impl Connection {
    fn new(broker: &Broker) -> Self {
        let (client, events) = AsyncClient::new(broker.options.clone(), REQUESTS_MAX);
        Self { client, events, given: VecDeque::new(), written: BTreeMap::new() }
    }

    /// The next thing that happens on it; an error ends it.
    async fn event(&mut self) -> Result<Option<Happened>, String> {
        let event = self.events.poll().await.map_err(|error| error.to_string())?;
        Ok(match event {
            Event::Incoming(Packet::ConnAck(_)) => Some(Happened::Connected),
            Event::Incoming(Packet::PubAck(ack)) => {
                self.written.remove(&ack.pkid).map(Happened::Acknowledged)
            }
            Event::Outgoing(Outgoing::Publish(id)) => {
                self.written.extend(self.given.pop_front().map(|seq| (id, seq)));
                None
            }
            Event::Incoming(_) | Event::Outgoing(_) => None,
        })
    }
}

enum Happened {
    Connected,
    Acknowledged(u64),
}

/// Publishes everything that becomes durable, until `durable` is closed. Nothing waits for it.
pub async fn run<S: Source>(broker: Broker, mut copy: Copier, source: S, mut durable: watch::Receiver<u64>) {
    let mut source = Some(source);
    let mut connection: Option<Connection> = None;
    let mut link = LinkLog::default();
    loop {
        let last = *durable.borrow_and_update();
        let wait = match copy.next(mono(), last) {
            Action::Connect => {
                connection = Some(Connection::new(&broker));
                continue;
            }
            Action::Disconnect => {
                connection = None;
                link.lost("no answer in time");
                continue;
            }
            Action::Publish { from, most } => {
                let Some(connection) = &mut connection else { continue };
                match publish(&broker, &mut copy, connection, &mut source, from, most).await {
                    Ok(()) => continue,
                    Err(error) => {
                        link.unreadable(&error);
                        READ_AGAIN_AFTER
                    }
                }
            }
            Action::WaitUntil(until) => until.since(mono()),
            Action::Wait => KEEP_ALIVE,
        };
        tokio::select! {
            happened = event(&mut connection) => match happened {
                Ok(Some(Happened::Connected)) => {
                    copy.connected(mono());
                    link.back();
                }
                Ok(Some(Happened::Acknowledged(seq))) => copy.acknowledged(mono(), seq),
                Ok(None) => {}
                Err(error) => {
                    connection = None;
                    copy.lost(mono());
                    link.lost(&error);
                }
            },
            changed = durable.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(wait) => {}
        }
        if let Some(source) = &mut source {
            source.done(copy.done());
        }
    }
}

async fn event(connection: &mut Option<Connection>) -> Result<Option<Happened>, String> {
    match connection {
        Some(connection) => connection.event().await,
        None => std::future::pending().await,
    }
}

async fn publish<S: Source>(
    broker: &Broker,
    copy: &mut Copier,
    connection: &mut Connection,
    source: &mut Option<S>,
    from: u64,
    most: u64,
) -> Result<(), String> {
    let mut taken = source.take().ok_or("the journal's reader ended")?;
    let read = tokio::task::spawn_blocking(move || {
        let read = taken.read(from, most);
        (taken, read)
    });
    let (taken, read) = read.await.map_err(|_| "the journal's reader failed")?;
    *source = Some(taken);
    match read? {
        Read::MissingThrough(through) => {
            tracing::warn!(from, through, "records are not here any more and are not copied");
            copy.missing(through);
        }
        Read::Records(payloads) => {
            for (seq, payload) in (from..).zip(payloads) {
                let given = connection.client.try_publish(&broker.topic, QoS::AtLeastOnce, false, payload);
                // A full queue is tried again with the next turn; polling empties it.
                if given.is_err() {
                    break;
                }
                connection.given.push_back(seq);
                copy.published(mono(), seq);
            }
        }
    }
    Ok(())
}

/// Says once when the broker is lost, and once when it is back.
#[derive(Default)]
struct LinkLog {
    lost: bool,
    unreadable: bool,
}

impl LinkLog {
    fn lost(&mut self, error: &str) {
        if !std::mem::replace(&mut self.lost, true) {
            tracing::warn!(error, "MQTT broker lost; the copy waits");
        }
    }

    fn unreadable(&mut self, error: &str) {
        if !std::mem::replace(&mut self.unreadable, true) {
            tracing::warn!(error, "records cannot be read for the copy");
        }
    }

    fn back(&mut self) {
        self.unreadable = false;
        if std::mem::replace(&mut self.lost, false) {
            tracing::info!("MQTT broker back");
        } else {
            tracing::debug!("MQTT broker connected");
        }
    }
}
