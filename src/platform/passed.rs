//! A time that has certainly passed, for judging what a clock that may be years behind cannot.
//!
//! It only ever grows: from [`Wall::EARLIEST`], from the last durable record that was synced, and from the hub's
//! cosignatures, each of which says what time the hub had. The system's clock is never set by it.
//!
//! The last cosigned note is kept in a file of its own, at most an hour behind, because a kiosk without a battery
//! clock that was switched off for months knows nothing else. The file is the note's own text, so that what a
//! damaged or altered one says does not count.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::files;
use crate::base::Wall;
use crate::journal::{SignedNote, VerifyingKey, note};
use crate::sync::wire::HUB_NOTE_NAME;

/// How much later a note must be to be written over the one that is kept, in milliseconds.
const SAVE_EVERY_MS: i64 = 3_600_000;

/// A time that has certainly passed. Clones share it.
#[derive(Clone, Debug)]
pub struct Passed {
    at: Arc<AtomicI64>,
    hub: Option<Arc<Hub>>,
}

#[derive(Debug)]
struct Hub {
    key: VerifyingKey,
    file: PathBuf,
    saved: AtomicI64,
}

impl Default for Passed {
    fn default() -> Self {
        Self { at: Arc::new(AtomicI64::new(Wall::EARLIEST.0)), hub: None }
    }
}

impl Passed {
    /// What the note in `file` says, if the hub with this key cosigned it; later ones are kept there.
    pub fn by_hub(file: PathBuf, key: VerifyingKey) -> Self {
        let kept = files::read_if_there(&file, note::LENGTH_MAX);
        let kept = kept.ok().flatten().and_then(|bytes| cosigned_at(&bytes, &key));
        let saved = AtomicI64::new(kept.map_or(0, |kept| kept.0));
        let passed = Self { hub: Some(Arc::new(Hub { key, file, saved })), ..Self::default() };
        kept.into_iter().for_each(|kept| passed.learn(kept));
        passed
    }

    /// The time.
    pub fn at(&self) -> Wall {
        Wall(self.at.load(Ordering::Relaxed))
    }

    /// Takes in another time that has passed.
    pub fn learn(&self, wall: Wall) {
        self.at.fetch_max(wall.0, Ordering::Relaxed);
    }

    /// Takes in a note that the hub sent. Writes a file once an hour, and waits for the disk then.
    pub fn hear(&self, note: &str) {
        let Some(hub) = &self.hub else { return };
        let Some(wall) = cosigned_at(note.as_bytes(), &hub.key) else { return };
        self.learn(wall);
        if wall.0.saturating_sub(hub.saved.load(Ordering::Relaxed)) < SAVE_EVERY_MS {
            return;
        }
        match files::write_atomically(&hub.file, note.as_bytes()) {
            Ok(()) => hub.saved.store(wall.0, Ordering::Relaxed),
            Err(error) => tracing::debug!(file = %hub.file.display(), %error, "hub's note cannot be kept"),
        }
    }
}

fn cosigned_at(note: &[u8], key: &VerifyingKey) -> Option<Wall> {
    SignedNote::parse(note).ok()?.verify_cosignature(HUB_NOTE_NAME, key).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Epoch;
    use crate::journal::{Frontier, Note, SigningKey};

    const NOW: Wall = Wall(1_795_312_800_000);

    #[test]
    fn what_the_hub_signs_is_kept_over_a_restart_and_nothing_else_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hub.note");
        let hub = SigningKey::from_seed(&[1; 32]);
        let open = || Passed::by_hub(file.clone(), hub.verifying());
        assert_eq!(open().at(), Wall::EARLIEST);
        let passed = open();
        passed.hear("no note");
        passed.hear(&note(&SigningKey::from_seed(&[2; 32]), NOW));
        assert_eq!(passed.at(), Wall::EARLIEST, "a stranger's word");
        passed.hear(&note(&hub, NOW));
        passed.hear(&note(&hub, Wall(NOW.0 - 86_400_000)));
        assert_eq!((passed.at(), open().at()), (NOW, NOW), "it never goes back");
        let soon = Wall(NOW.0 + 60_000);
        passed.hear(&note(&hub, soon));
        assert_eq!((passed.at(), open().at()), (soon, NOW), "not written each minute");
        std::fs::write(&file, note(&SigningKey::from_seed(&[2; 32]), NOW)).unwrap();
        assert_eq!(open().at(), Wall::EARLIEST, "nor is an altered file believed");
    }

    fn note(key: &SigningKey, at: Wall) -> String {
        let note = Note::new(&"east-1".parse().unwrap(), Epoch([1; 16]), &Frontier::new());
        let mut signed = note.sign(&SigningKey::from_seed(&[9; 32]));
        signed.cosign(HUB_NOTE_NAME, key, at);
        signed.to_string()
    }
}
