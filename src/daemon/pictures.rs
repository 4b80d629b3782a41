//! The pictures that a kiosk keeps until its hub has them: who may take one, and the thread that stores them.
//!
//! ```text
//!   lane ──place?──▶ Books ◀──freed, waiting── link
//!   lane ──record durable──▶ thread "pictures" ──file, synced──▶ written ──▶ link ──▶ hub
//! ```
//! Invariants: a picture is taken only when there is a place for it, so that none is dropped unsent; it is stored only when
//! the record that names it is durable; nobody at a barrier waits for either.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use tokio::sync::{mpsc, watch};

use crate::base::BlobId;
use crate::control::{JournalStatus, PictureStatus, RoomMark};
use crate::journal::Disk;
use crate::model::Verdict;
use crate::platform::blob_line::Told;
use crate::sync::blobs::store::{Condition, Found};
use crate::sync::blobs::{KEPT_MAX, Store, fits};

/// Pictures that may be taken and not stored yet.
const UNDER_WAY_MAX: u32 = 8;

/// A picture on its way to the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its name.
    pub blob: BlobId,
    /// As it was sealed.
    pub bytes: Vec<u8>,
}

/// Knows how much place there is, and what became of pictures.
pub struct Books {
    used: AtomicU64,
    under_way: AtomicU32,
    most: u64,
    status: watch::Sender<PictureStatus>,
}

/// Where a lane takes its pictures to. They are stored while any clone of it is there.
#[derive(Clone)]
pub struct Shelf {
    books: Arc<Books>,
    writer: SyncSender<Taken>,
    journal: watch::Receiver<JournalStatus>,
}

/// What stores pictures, on a thread of its own.
pub struct Storing<D> {
    store: Store<D>,
    taken: Receiver<Taken>,
    books: Arc<Books>,
    written: watch::Sender<u64>,
}

/// What [`open`] makes.
pub struct Opened<D> {
    /// For the lanes.
    pub shelf: Shelf,
    /// For the link.
    pub books: Arc<Books>,
    /// For the link: changes whenever another picture is there.
    pub written: watch::Receiver<u64>,
    /// For the screens.
    pub status: watch::Receiver<PictureStatus>,
    /// For the thread.
    pub storing: Storing<D>,
}

/// Takes up the pictures in `store`; the state of the disk is told by `journal`.
///
/// # Errors
///
/// When the store cannot be looked through.
pub fn open<D: Disk>(mut store: Store<D>, journal: watch::Receiver<JournalStatus>) -> io::Result<Opened<D>> {
    let found = store.list()?;
    let used = found.iter().map(|found| found.length).sum();
    let aside = found.iter().filter(|Found { condition, .. }| *condition == Condition::SetAside).count();
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let start = PictureStatus {
        waiting: count(found.len() - aside),
        damaged: count(aside),
        ..PictureStatus::default()
    };
    let (status, shown) = watch::channel(start);
    let books = Books { used: AtomicU64::new(used), under_way: AtomicU32::new(0), most: KEPT_MAX, status };
    let books = Arc::new(books);
    let (writer, taken) = sync_channel(UNDER_WAY_MAX as usize);
    let (written, seen) = watch::channel(0);
    let shelf = Shelf { books: Arc::clone(&books), writer, journal };
    let storing = Storing { store, taken, books: Arc::clone(&books), written };
    Ok(Opened { shelf, books, written: seen, status: shown, storing })
}

impl Shelf {
    /// Keeps a place for a picture of `length` bytes until it is stored or given back; false, and counted, where there is
    /// none. What the hub has is deleted first, and at once; what it does not have is never dropped for a new one.
    pub fn reserve(&self, length: u64) -> bool {
        // Records need what is left of a disk that runs full.
        let ample = self.journal.borrow().disk.mark == RoomMark::Ample;
        if ample && self.books.reserve(length) {
            return true;
        }
        tracing::warn!(ample, "no place for another picture: it is not taken");
        self.books.status.send_modify(|status| status.not_taken = status.not_taken.saturating_add(1));
        false
    }

    /// Gives a place back: the picture could not be sealed, or its record not be written.
    pub fn give_back(&self, length: u64) {
        self.books.release(length);
        self.books.under_way.fetch_sub(1, Ordering::AcqRel);
    }

    /// Hands over a picture whose record is durable.
    pub fn store(&self, taken: Taken) {
        if let Err(TrySendError::Full(taken) | TrySendError::Disconnected(taken)) =
            self.writer.try_send(taken)
        {
            self.books.lost(&taken, &"nobody takes it");
        }
    }
}

impl Books {
    /// What the link says.
    pub fn told(&self, Told { waiting, damaged, error, freed }: Told) {
        self.release(freed);
        self.status.send_if_modified(|status| {
            // Those that were set aside in earlier runs are counted already.
            let fresh =
                PictureStatus { waiting, damaged: status.damaged.max(damaged), error, ..status.clone() };
            let changed = *status != fresh;
            *status = fresh;
            changed
        });
    }

    fn reserve(&self, length: u64) -> bool {
        let one_more = |count: u32| (count < UNDER_WAY_MAX).then(|| count + 1);
        if self.under_way.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).is_err() {
            return false;
        }
        let more = |used: u64| fits(used, length, self.most).then(|| used + length);
        let kept = self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok();
        if !kept {
            self.under_way.fetch_sub(1, Ordering::AcqRel);
        }
        kept
    }

    fn release(&self, length: u64) {
        let less = |used: u64| Some(used.saturating_sub(length));
        let _ = self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
    }

    fn stored(&self) {
        self.under_way.fetch_sub(1, Ordering::AcqRel);
        self.status.send_modify(|status| status.waiting = status.waiting.saturating_add(1));
    }

    fn lost(&self, taken: &Taken, error: &dyn std::fmt::Display) {
        tracing::error!(blob = %taken.blob, %error, "a picture is lost; its record stays");
        self.release(taken.bytes.len() as u64);
        self.under_way.fetch_sub(1, Ordering::AcqRel);
        self.status.send_modify(|status| status.lost = status.lost.saturating_add(1));
    }
}

impl<D: Disk> Storing<D> {
    /// Stores the next picture that was taken, waiting for one; false when there will be no more.
    pub fn turn(&mut self) -> bool {
        let Ok(taken) = self.taken.recv() else { return false };
        match self.store.keep("", &taken.blob, &taken.bytes) {
            Ok(()) => {
                self.books.stored();
                self.written.send_modify(|count| *count += 1);
            }
            Err(error) => self.books.lost(&taken, &error),
        }
        true
    }
}

/// What a kiosk does with pictures.
pub struct Pictures<D> {
    /// For which verdicts a picture is taken; none any more where there are only older ones to send.
    pub verdicts: Arc<[Verdict]>,
    /// Where they are kept.
    pub disk: D,
}

/// What a kiosk's parts have of its pictures.
pub(super) struct Begun<D> {
    /// For the lanes.
    pub lanes: Option<(Arc<[Verdict]>, Shelf)>,
    /// For the link.
    pub line: Option<(Store<D>, Arc<Books>, watch::Receiver<u64>)>,
    /// For the screens.
    pub status: watch::Receiver<PictureStatus>,
}

/// Takes up what is kept and starts the thread; nothing where a kiosk keeps none.
pub(super) fn begin<D: Disk + Clone + 'static>(
    pictures: Option<Pictures<D>>,
    journal: watch::Receiver<JournalStatus>,
    done: mpsc::Sender<()>,
) -> io::Result<Begun<D>> {
    let none = || Begun { lanes: None, line: None, status: watch::channel(PictureStatus::default()).1 };
    let Some(Pictures { verdicts, disk }) = pictures else { return Ok(none()) };
    let opened = open(Store::new(disk.clone()), journal);
    let Opened { shelf, books, written, status, storing } = match opened {
        Ok(opened) => opened,
        Err(error) => {
            // The gate goes on without.
            tracing::error!(%error, "pictures cannot be listed: none are taken, kept or sent");
            return Ok(none());
        }
    };
    start(storing, done)?;
    Ok(Begun { lanes: Some((verdicts, shelf)), line: Some((Store::new(disk), books, written)), status })
}

/// Starts the thread, which ends when no lane is left; `done` is dropped then.
///
/// # Errors
///
/// When no thread can be started.
fn start<D: Disk + 'static>(mut storing: Storing<D>, done: mpsc::Sender<()>) -> io::Result<()> {
    std::thread::Builder::new().name("pictures".to_owned()).spawn(move || {
        while storing.turn() {}
        drop(done);
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::DiskStatus;
    use crate::journal::picture::name_of;
    use crate::platform::disk::DirDisk;

    #[test]
    fn a_picture_that_has_no_place_is_not_taken_and_that_is_counted() {
        let (_folder, opened, _journal) = opened();
        let Opened { shelf, books, status, .. } = opened;
        assert!(shelf.reserve(KEPT_MAX - 10) && shelf.reserve(10));
        assert!(!shelf.reserve(1), "all is used");
        assert_eq!(status.borrow().not_taken, 1);
        shelf.give_back(10);
        assert!(shelf.reserve(10), "given back");
        books.told(Told { waiting: 3, damaged: 0, error: None, freed: KEPT_MAX - 10 });
        assert_eq!((status.borrow().waiting, status.borrow().not_taken), (3, 1));
        assert!(shelf.reserve(KEPT_MAX - 10), "the hub has it: it went");
    }

    #[test]
    fn no_more_are_taken_than_the_thread_may_have_before_it() {
        let (_folder, Opened { shelf, mut storing, .. }, _journal) = opened();
        for number in 0..UNDER_WAY_MAX {
            assert!(shelf.reserve(1), "{number}");
            let bytes = vec![u8::try_from(number).unwrap()];
            shelf.store(Taken { blob: name_of(&bytes), bytes });
        }
        assert!(!shelf.reserve(1));
        assert!(storing.turn() && shelf.reserve(1));
    }

    #[test]
    fn a_disk_that_runs_full_keeps_its_room_for_records() {
        let (_folder, Opened { shelf, .. }, journal) = opened();
        for (mark, taken) in [(RoomMark::Low, false), (RoomMark::Reserve, false), (RoomMark::Ample, true)] {
            let disk = DiskStatus { mark, ..DiskStatus::default() };
            journal.send_replace(JournalStatus { disk, ..JournalStatus::default() });
            assert_eq!(shelf.reserve(1), taken, "{mark:?}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_listed_keeps_no_kiosk_from_its_work() {
        let folder = tempfile::tempdir().unwrap();
        let disk = DirDisk::open(&folder.path().join("blobs")).unwrap();
        std::fs::remove_dir_all(folder.path().join("blobs")).unwrap();
        let pictures = Some(Pictures { verdicts: [Verdict::Held].into(), disk });
        let (_journal, seen) = watch::channel(JournalStatus::default());
        let begun = begin(pictures, seen, mpsc::channel(1).0).unwrap();
        assert!(begun.lanes.is_none() && begun.line.is_none());
    }

    #[test]
    fn what_is_stored_is_there_whole_counts_and_is_told_and_what_fails_is_counted_as_lost() {
        let (folder, Opened { shelf, mut storing, written, status, .. }, _journal) = opened();
        let take = |bytes: &[u8]| {
            assert!(shelf.reserve(bytes.len() as u64));
            shelf.store(Taken { blob: name_of(bytes), bytes: bytes.to_vec() });
        };
        take(b"sealed");
        assert!(storing.turn());
        let file = folder.path().join(format!("blobs/{}", name_of(b"sealed")));
        assert_eq!(std::fs::read(&file).unwrap(), b"sealed");
        assert_eq!((*written.borrow(), status.borrow().waiting), (1, 1));
        // A folder in its way: the disk fails.
        std::fs::create_dir(folder.path().join(format!("blobs/{}", name_of(b"other")))).unwrap();
        take(b"other");
        assert!(storing.turn());
        assert_eq!((status.borrow().lost, status.borrow().waiting, *written.borrow()), (1, 1, 1));
        drop(shelf);
        assert!(!storing.turn(), "no lane is left");
    }

    fn opened() -> (tempfile::TempDir, Opened<DirDisk>, watch::Sender<JournalStatus>) {
        let folder = tempfile::tempdir().unwrap();
        let disk = DirDisk::open(&folder.path().join("blobs")).unwrap();
        let (journal, seen) = watch::channel(JournalStatus::default());
        (folder, open(Store::new(disk), seen).unwrap(), journal)
    }
}
