//! Bringing a TLS key to the hub: the first one, and another one whenever the hub wants it.
//!
//! It happens between two requests of the same task, and waits for nobody but the hub. Until a new key is pinned the
//! one before is presented, so that nothing is lost when it fails.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, StatusCode};

use super::{ANSWERED_WITHIN, Error, HubClient, Reply, problem};
use crate::base::{KioskId, Mono};
use crate::journal::{SigningKey, TlsKeyId, TlsPin};
use crate::platform::clock::mono;
use crate::platform::own_key::{OwnKey, OwnKeys};
use crate::sync::tls_keys::{AT_CERTIFICATE, Current};

/// Time between two attempts to bring a key that the hub wants, while it lets the old one in.
const AGAIN: Duration = Duration::from_mins(10);

/// With what a kiosk speaks for itself.
#[derive(Debug)]
pub struct Keyring {
    kiosk: KioskId,
    log_key: Arc<SigningKey>,
    keys: OwnKeys,
    state: Mutex<State>,
    /// Held while a key is brought: several tasks speak, and one new key is enough for all of them.
    renewing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    in_use: Option<TlsKeyId>,
    tried: Option<Mono>,
}

impl Keyring {
    /// The TLS keys of `kiosk`, for which its log key vouches.
    pub fn new(kiosk: KioskId, log_key: Arc<SigningKey>, keys: OwnKeys) -> Self {
        Self { kiosk, log_key, keys, state: Mutex::default(), renewing: tokio::sync::Mutex::default() }
    }

    fn with_state<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The key that is presented.
    fn in_use(&self) -> Option<TlsKeyId> {
        self.with_state(|state| state.in_use)
    }

    /// Whether it is time to try, which counts as trying.
    fn may_try(&self, now: Mono) -> bool {
        self.with_state(|state| {
            let may = state.tried.is_none_or(|tried| now.since(tried) >= AGAIN);
            if may {
                state.tried = Some(now);
            }
            may
        })
    }
}

impl HubClient {
    /// The same client, which presents the key in `ring` and keeps it up to date. Without TLS nothing changes.
    ///
    /// # Errors
    ///
    /// When the key cannot be read, or TLS not be set up.
    pub fn keeping(self, ring: Keyring) -> Result<Self, Error> {
        if !self.is_tls() {
            return Ok(self);
        }
        let current = ring.keys.current().map_err(|error| setup(&error))?;
        let client = Self { ring: Some(Arc::new(ring)), ..self };
        if let Some(current) = current {
            client.speak_with(&current)?;
        }
        Ok(client)
    }

    /// Brings a new TLS key to the hub and speaks with it from then on. One that somebody else brought meanwhile, at a
    /// terminal, is taken up instead.
    ///
    /// # Errors
    ///
    /// The key before is still in use then; asking again goes on where it ended.
    pub async fn renew_tls_key(&self) -> Result<TlsKeyId, Error> {
        let ring = self.ring.as_ref().ok_or(Error::NoKey)?;
        let _alone = ring.renewing.lock().await;
        self.renew(ring).await
    }

    /// The same, unless another task has brought a key since `presented` was; nothing then.
    async fn renew_unless_done(
        &self,
        ring: &Keyring,
        presented: Option<TlsKeyId>,
    ) -> Result<Option<TlsKeyId>, Error> {
        let _alone = ring.renewing.lock().await;
        if ring.in_use() != presented { Ok(None) } else { self.renew(ring).await.map(Some) }
    }

    async fn renew(&self, ring: &Keyring) -> Result<TlsKeyId, Error> {
        let keys = ring.keys.clone();
        let current = on_disk(move || keys.current()).await?;
        if let Some(current) = &current
            && ring.in_use() != Some(current.id())
        {
            return self.speak_with(current);
        }
        let keys = ring.keys.clone();
        let next = on_disk(move || keys.next()).await?;
        self.bring(ring, &next, current.map(|key| key.id())).await?;
        let keys = ring.keys.clone();
        let next = on_disk(move || keys.take_up(&next).map(|()| next)).await?;
        self.speak_with(&next)
    }

    /// Brings `next` to the hub, which says what it is to follow when that is not `follows`.
    async fn bring(&self, ring: &Keyring, next: &OwnKey, follows: Option<TlsKeyId>) -> Result<(), Error> {
        let client = self.presenting(next)?;
        let path = format!("/v1/kiosks/{}/tls-key", ring.kiosk);
        let mut pin = TlsPin { kiosk: ring.kiosk.clone(), key: next.id(), follows };
        for is_last in [false, true] {
            let statement = Bytes::from(pin.sign(&ring.log_key));
            let reply = client.ask(Method::POST, &path, statement).await.map_err(Error::Lost)?;
            match reply.status {
                StatusCode::OK => return Ok(()),
                StatusCode::CONFLICT if !is_last => {
                    let current = serde_json::from_slice::<Current>(&reply.body);
                    pin.follows = current.map_err(|error| Error::Lost(error.to_string()))?.current;
                }
                StatusCode::GONE => {
                    let keys = ring.keys.clone();
                    on_disk(move || keys.discard()).await?;
                    return Err(Error::Refused(problem(reply.status, &reply.body)));
                }
                status => return Err(Error::Refused(problem(status, &reply.body))),
            }
        }
        Err(Error::Lost("the hub pins other keys meanwhile".to_owned()))
    }

    fn speak_with(&self, key: &OwnKey) -> Result<TlsKeyId, Error> {
        // Connections that presented the key before are closed when nobody uses them any more.
        let fresh = super::connect(&self.hub, self.certificate, &self.passed, Some(key))?;
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        if let Some(ring) = &self.ring {
            ring.with_state(|state| state.in_use = Some(key.id()));
        }
        Ok(key.id())
    }

    /// Asks; brings a TLS key when the hub wants one, and asks again when it answers nothing else before.
    pub(super) async fn ask_as_kiosk(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Reply, String> {
        self.ask_as_kiosk_for(method, path, body, ANSWERED_WITHIN).await
    }

    /// The same for what the hub may let wait: each answer may take as long as `within`.
    pub(super) async fn ask_as_kiosk_for(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        within: Duration,
    ) -> Result<Reply, String> {
        let presented = self.ring.as_ref().and_then(|ring| ring.in_use());
        let reply = self.ask_for(method.clone(), path, body.clone(), within).await?;
        let Some(ring) = &self.ring else { return Ok(reply) };
        let kept_out =
            reply.status == StatusCode::FORBIDDEN && problem(reply.status, &reply.body).at == AT_CERTIFICATE;
        let brings_one = kept_out || (reply.wants_key && ring.may_try(mono()));
        if !brings_one {
            return Ok(reply);
        }
        match self.renew_unless_done(ring, presented).await {
            Ok(Some(key)) => tracing::info!(%key, "hub knows a new TLS key of this kiosk"),
            Ok(None) => {}
            Err(error) if kept_out => return Err(format!("TLS key: {error}")),
            Err(error) => tracing::warn!(%error, "hub wants a new TLS key and does not get it"),
        }
        if kept_out { self.ask_for(method, path, body, within).await } else { Ok(reply) }
    }
}

async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::Setup(error.to_string()))?.map_err(|error| setup(&error))
}

fn setup(error: &io::Error) -> Error {
    Error::Setup(format!("TLS key: {error}"))
}
