//! Carries out what [`Queue`] asks for: one request about a blob at a time, between two looks at the records.

use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::http::HubClient;
use crate::base::{BlobId, KioskId, Mono};
use crate::journal::Disk;
use crate::sync::blobs::store::Unread;
use crate::sync::blobs::{Action, Answer, Queue, Records, Store};

/// What the line tells the one who keeps the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// How many blobs wait.
    pub waiting: u32,
    /// How many were damaged here since the start.
    pub damaged: u32,
    /// What went wrong last, in plain words.
    pub error: Option<String>,
    /// Bytes that became free with this turn.
    pub freed: u64,
}

/// The blobs of a kiosk on their way to its hub.
pub struct BlobLine<D> {
    queue: Queue,
    store: Store<D>,
    written: watch::Receiver<u64>,
    tell: Box<dyn Fn(Told) + Send + Sync>,
    /// Whether the folder was looked through.
    looked: bool,
    /// The one that is being sent, as it was when it was held against its name.
    loaded: Option<(BlobId, Vec<u8>)>,
}

/// What a turn came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Something was done: look at the records first, then here again.
    Did,
    /// There is nothing to do before then.
    Wait(Mono),
}

impl<D: Disk + Clone + 'static> BlobLine<D> {
    /// A line for the blobs in `store`; `written` changes whenever another one is there, `tell` is told of every turn.
    pub fn new(
        queue: Queue,
        store: Store<D>,
        written: watch::Receiver<u64>,
        tell: Box<dyn Fn(Told) + Send + Sync>,
    ) -> Self {
        Self { queue, store, written, tell, looked: false, loaded: None }
    }

    /// Does one thing, if there is one to do.
    pub async fn turn(
        &mut self,
        client: &HubClient,
        kiosk: &KioskId,
        now: impl Fn() -> Mono,
        records: Records,
    ) -> Turn {
        if !self.looked || self.written.has_changed().unwrap_or(false) {
            self.written.borrow_and_update();
            self.look().await;
        }
        let mut freed = 0;
        let answer = match self.queue.next(now(), records) {
            Action::WaitUntil(until) => {
                self.tell(0);
                return Turn::Wait(until);
            }
            Action::Ask(blob) => match self.load(blob).await {
                Ok(()) => client.ask_about_blob(kiosk, &blob).await,
                Err(answer) => answer,
            },
            Action::Put { blob, at, length } => self.put(client, kiosk, (blob, at, length)).await,
            Action::Forget(blob) => {
                let (answer, bytes) = self.forget(blob).await;
                freed = bytes;
                answer
            }
        };
        self.queue.on_answer(now(), answer);
        self.tell(freed);
        Turn::Did
    }

    /// Waits until another one is there; for ever when there will be none.
    pub async fn changed(&mut self) {
        if self.written.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        // Seen by the next turn.
        self.written.mark_changed();
    }

    /// Takes up what is there.
    async fn look(&mut self) {
        let mut store = self.store.clone();
        match spawn_blocking(move || store.names("")).await {
            Ok(Ok(names)) => {
                self.queue.take_up(names);
                self.looked = true;
            }
            failed => {
                tracing::warn!(?failed, "pictures cannot be listed");
                self.looked = false;
            }
        }
    }

    async fn load(&mut self, blob: BlobId) -> Result<(), Answer> {
        self.loaded = None;
        let mut store = self.store.clone();
        let loaded = spawn_blocking(move || match store.load("", &blob) {
            Err(Unread::Damaged) => Err(store.set_aside("", &blob).map(|()| Answer::Damaged)),
            Err(Unread::Missing) => Err(Ok(Answer::Missing)),
            Err(Unread::Io(error)) => Err(Err(error)),
            Ok(bytes) => Ok(bytes),
        });
        let answer = match loaded.await {
            Ok(Ok(bytes)) => {
                self.loaded = Some((blob, bytes));
                return Ok(());
            }
            Ok(Err(Ok(answer))) => answer,
            Ok(Err(Err(error))) => Answer::Stuck(error.to_string()),
            Err(error) => Answer::Stuck(error.to_string()),
        };
        if answer == Answer::Damaged {
            tracing::error!(%blob, "a picture is damaged here; it is set aside and not sent");
        }
        Err(answer)
    }

    async fn put(
        &mut self,
        client: &HubClient,
        kiosk: &KioskId,
        (blob, at, length): (BlobId, u32, usize),
    ) -> Answer {
        let loaded = self.loaded.as_ref().filter(|(loaded, _)| *loaded == blob);
        let rest = loaded.and_then(|(_, bytes)| bytes.get(at as usize..)).unwrap_or_default();
        let chunk = rest[..rest.len().min(length)].to_vec();
        if chunk.is_empty() {
            return Answer::Refused(format!("the hub has {at} bytes of a picture and asks for more"));
        }
        client.put_blob(kiosk, &blob, at, chunk).await
    }

    async fn forget(&mut self, blob: BlobId) -> (Answer, u64) {
        let mut store = self.store.clone();
        let gone = spawn_blocking(move || {
            let length = store.length("", &blob)?.unwrap_or(0);
            store.forget("", &blob).map(|()| length)
        });
        match gone.await {
            Ok(Ok(length)) => (Answer::Forgotten, length),
            Ok(Err(error)) => (Answer::Stuck(error.to_string()), 0),
            Err(error) => (Answer::Stuck(error.to_string()), 0),
        }
    }

    fn tell(&self, freed: u64) {
        let (waiting, damaged) = (self.queue.waiting(), self.queue.damaged());
        let error = self.queue.error().map(str::to_owned);
        (self.tell)(Told { waiting, damaged, error, freed });
    }
}
