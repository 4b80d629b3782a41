//! Opening what a kiosk keeps on its disk: journal, urgent log, pictures.

use std::path::Path;

use anyhow::{Context as _, Result};
use zeroize::Zeroizing;

use crate::base::KioskId;
use crate::config::{Site, site};
use crate::daemon::UrgentLog;
use crate::daemon::pictures::Pictures;
use crate::journal::{Journal, Options, Recovery, SigningKey};
use crate::model::Verdict;
use crate::platform::disk::DirDisk;
use crate::platform::entropy::OsEntropy;
use crate::sync::blobs::Store;
use crate::sync::blobs::named::forget_erased;
use crate::sync::enrolment::Enrolment;

/// The journal, and what was found when it was opened; held against what the hub has signed for, where there is one.
pub(super) fn open_journal(
    disk: &DirDisk,
    site: &Site,
    hub: Option<(&Enrolment, &Zeroizing<[u8; 32]>)>,
) -> Result<(Journal<DirDisk>, Recovery)> {
    let witness = hub.map(|(hub, seed)| hub.witness(SigningKey::from_seed(seed).verifying()));
    let options = Options { witness, ..Options::new(site.kiosk.clone()) };
    let journal = Journal::open(disk.clone(), options, Box::new(OsEntropy::new()));
    let journal = journal.with_context(|| site.state.join("journal").display().to_string())?;
    match journal.1.to_string().trim() {
        found if journal.1.is_untroubled() => tracing::info!(found, "journal opened"),
        found => tracing::warn!(found, "journal opened"),
    }
    Ok(journal)
}

/// The urgent log. A kiosk without one does its work: what is an alarm is in the journal as well.
pub(super) fn open_alarms(state: &Path, kiosk: &KioskId) -> Option<UrgentLog> {
    let open = || -> Result<UrgentLog> {
        let disk = DirDisk::open(&state.join(site::URGENT_FOLDER))?;
        let entropy = Box::new(OsEntropy::new());
        let journal = Journal::open(disk.clone(), Options::urgent(kiosk.clone()), entropy)?;
        Ok(UrgentLog { journal, disk })
    };
    let opened = open();
    match &opened {
        Ok(log) if log.journal.1.is_untroubled() => {}
        Ok(log) => tracing::warn!(found = %log.journal.1.to_string().trim(), "urgent log opened"),
        Err(error) => tracing::error!(%error, "no urgent log: alarms go with the other records"),
    }
    opened.ok()
}

/// Where pictures are kept, where any are `wanted` or there are some from when they were; without a hub nobody could ever
/// look at one, and none is taken. What was being erased when the power went is gone when this returns. A kiosk that
/// cannot use the folder does its work without.
pub(super) fn open_pictures(
    folder: &Path,
    (wanted, has_hub): (&[Verdict], bool),
    disk: &DirDisk,
    (journal, recovery): &(Journal<DirDisk>, Recovery),
) -> Option<Pictures<DirDisk>> {
    let wanted = if has_hub { wanted } else { &[] };
    if wanted.is_empty() && !folder.exists() {
        return None;
    }
    let open = || -> Result<DirDisk> {
        let blobs = DirDisk::open(folder)?;
        let mut store = Store::new(blobs.clone());
        forget_erased(&mut disk.clone(), journal.epoch(), &recovery.erasing, &mut store)?;
        Ok(blobs)
    };
    let opened = open();
    if let Err(error) = &opened {
        tracing::error!(folder = %folder.display(), %error, "no pictures are taken, kept or sent");
    }
    opened.ok().map(|disk| Pictures { verdicts: wanted.into(), disk })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Random;

    #[test]
    fn a_folder_for_pictures_that_cannot_be_used_keeps_no_kiosk_from_its_work() {
        let state = tempfile::tempdir().unwrap();
        let (disk, journal) = journal(state.path());
        let folder = state.path().join("blobs");
        let open = |wanted: &[Verdict]| open_pictures(&folder, (wanted, true), &disk, &journal);
        assert!(open(&[]).is_none() && !folder.exists(), "none are wanted, and none are here");
        std::fs::write(&folder, "no folder").unwrap();
        assert!(open(&[Verdict::Held]).is_none());
        std::fs::remove_file(&folder).unwrap();
        assert_eq!(*open(&[Verdict::Held]).unwrap().verdicts, [Verdict::Held]);
        assert!(open(&[]).unwrap().verdicts.is_empty(), "older ones are sent still");
    }

    #[test]
    fn without_a_hub_no_picture_is_taken() {
        let state = tempfile::tempdir().unwrap();
        let (disk, journal) = journal(state.path());
        let folder = state.path().join("blobs");
        assert!(open_pictures(&folder, (&[Verdict::Held], false), &disk, &journal).is_none());
        std::fs::create_dir(&folder).unwrap();
        let left = open_pictures(&folder, (&[Verdict::Held], false), &disk, &journal);
        assert!(left.unwrap().verdicts.is_empty(), "what is left of a hub stays");
    }

    fn journal(state: &Path) -> (DirDisk, (Journal<DirDisk>, Recovery)) {
        let disk = DirDisk::open(&state.join("journal")).unwrap();
        let options = Options { ballast_len: 0, ..Options::new("gate-1".parse().unwrap()) };
        let journal = Journal::open(disk.clone(), options, Box::new(Random::new(1))).unwrap();
        (disk, journal)
    }
}
