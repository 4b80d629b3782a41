//! A hub over TLS whose clock is set by the test, and kiosks with their folders.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use kakou::base::{Epoch, KioskId, Wall};
use kakou::hub::{Options, Running, start};
use kakou::journal::{Frontier, Note, SigningKey, TlsKeyId, TlsPin};
use kakou::ledger::PinnedKey;
use kakou::platform::entropy::OsEntropy;
use kakou::platform::http::{Error, HubClient, Keyring};
use kakou::platform::own_key::{OwnKey, OwnKeys};
use kakou::sync::enrolment::{Fingerprint, PublicKey, Request, Token};
use kakou::sync::{Answer, wire::Head};

/// 2026-11-22.
pub const NOW: Wall = Wall(1_795_312_800_000);
pub const DAY: Duration = Duration::from_hours(24);

/// A hub over TLS.
pub struct Centre {
    pub running: Running,
    pub folder: tempfile::TempDir,
    clock: Arc<AtomicI64>,
}

impl Centre {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(NOW.0));
        let ticking = Arc::clone(&clock);
        let listen = "0.0.0.0:0".parse().unwrap();
        let options = Options { listen, data: folder.path().to_path_buf(), names: vec![] };
        let now = Arc::new(move || Wall(ticking.load(Ordering::SeqCst)));
        let running = start(options, now, Box::new(OsEntropy::new())).await.unwrap();
        assert!(running.url.starts_with("https://"));
        Self { running, folder, clock }
    }

    /// Sets the hub's clock.
    pub fn at(&self, now: Wall) {
        self.clock.store(now.0, Ordering::SeqCst);
    }

    pub fn url(&self) -> String {
        self.running.url.replace("localhost", "127.0.0.1")
    }

    pub fn certificate(&self) -> Option<Fingerprint> {
        self.running.hub.certificate()
    }

    pub async fn token(&self, name: &str) -> Token {
        self.running.hub.make_token(Some(name.parse().unwrap())).await.unwrap()
    }

    /// A client that presents nothing.
    pub fn stranger(&self) -> HubClient {
        HubClient::at(&self.url(), self.certificate()).unwrap()
    }

    /// The key that is pinned for a kiosk.
    pub async fn pinned(&self, kiosk: &Kiosk) -> Option<PinnedKey> {
        let name = kiosk.name.clone();
        self.running.hub.read(move |ledger| ledger.tls_key_of(&name)).await.unwrap().unwrap()
    }

    /// Enrols a kiosk as `kakou enrol` does.
    pub async fn enrol(&self, name: &str, seed: u8) -> Kiosk {
        let kiosk = Kiosk::new(name, seed);
        let own = kiosk.keys().next().unwrap();
        let pin = TlsPin { kiosk: kiosk.name.clone(), key: own.id(), follows: None };
        let request = kiosk.request(&self.token(name).await, Some(pin.sign(&kiosk.key())));
        self.stranger().presenting(&own).unwrap().enrol(&request).await.unwrap();
        kiosk.keys().take_up(&own).unwrap();
        kiosk
    }

    /// Enrols a kiosk as a version without TLS keys did.
    pub async fn enrol_as_before(&self, name: &str, seed: u8) -> Kiosk {
        let kiosk = Kiosk::new(name, seed);
        self.stranger().enrol(&kiosk.request(&self.token(name).await, None)).await.unwrap();
        kiosk
    }

    /// The client of a kiosk that runs.
    pub fn client(&self, kiosk: &Kiosk) -> HubClient {
        let ring = Keyring::new(kiosk.name.clone(), Arc::new(kiosk.key()), kiosk.keys());
        self.stranger().keeping(ring).unwrap()
    }

    /// A client that presents what a kiosk speaks with now, and never anything else.
    pub fn fixed(&self, kiosk: &Kiosk) -> HubClient {
        self.stranger().presenting(&kiosk.current()).unwrap()
    }
}

/// A kiosk: its name, the key of its log, its folder.
pub struct Kiosk {
    pub name: KioskId,
    pub folder: tempfile::TempDir,
    pub epoch: Epoch,
    seed: u8,
}

impl Kiosk {
    pub fn new(name: &str, seed: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { name: name.parse().unwrap(), folder, epoch: Epoch([seed; 16]), seed }
    }

    pub fn key(&self) -> SigningKey {
        SigningKey::from_seed(&[self.seed; 32])
    }

    pub fn keys(&self) -> OwnKeys {
        OwnKeys::within(self.folder.path())
    }

    pub fn current(&self) -> OwnKey {
        self.keys().current().unwrap().unwrap()
    }

    pub fn id(&self) -> Option<TlsKeyId> {
        self.keys().current().unwrap().map(|key| key.id())
    }

    pub fn request(&self, token: &Token, tls_key: Option<String>) -> Request {
        let key = PublicKey(self.key().verifying().0);
        Request { token: token.to_string(), kiosk: Some(self.name.clone()), key, tls_key }
    }

    /// Asks where the hub stands with this kiosk's log.
    pub async fn head(&self, client: &HubClient) -> Result<Head, Answer> {
        client.head(&self.name, self.epoch).await
    }

    /// Sends a heartbeat.
    pub async fn beat(&self, client: &HubClient) -> Result<Head, Answer> {
        let note = Note::new(&self.name, self.epoch, &Frontier::new()).sign(&self.key()).to_string();
        client.beat(&self.name, self.epoch, note).await
    }
}

/// That the hub refused with these words.
pub fn refused<T: std::fmt::Debug>(answer: Result<T, Answer>, words: &str) {
    match answer {
        Err(Answer::Refused(why)) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?} in place of: {words}"),
    }
}

/// The same of a key that was to be renewed.
pub fn not_renewed(answer: Result<TlsKeyId, Error>, words: &str) {
    match answer {
        Err(Error::Refused(why)) => assert!(why.to_string().contains(words), "{why}"),
        other => panic!("{other:?} in place of: {words}"),
    }
}

/// Runs the program; whether it succeeded, and what it said.
pub async fn kakou(arguments: &[&str], within: &Path) -> (bool, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kakou"));
    command.args(arguments).current_dir(within);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}
