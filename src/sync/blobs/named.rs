//! Which blobs the records of a journal name: asked when their records are erased.

use super::Store;
use crate::base::{BlobId, Epoch, Seq};
use crate::journal::reader::{self, Error, LogName};
use crate::journal::{Disk, Erasing, Reader};
use crate::model::{Body, Entry};

/// The blob that a record names, if it names one.
pub fn blob_of(entry: &Entry) -> Option<BlobId> {
    let Body::Passage(passage) = &entry.body else { return None };
    passage.picture.map(|picture| picture.sha256)
}

/// The blobs of these records of `log`; records that are not there name none.
///
/// # Errors
///
/// When the medium fails.
pub fn blobs_of<D: Disk>(disk: D, log: LogName, records: &[Seq]) -> Result<Vec<BlobId>, Error> {
    let mut reader = Reader::open(disk, log)?;
    let mut found = vec![];
    for seq in records {
        match reader.read(*seq, 1, usize::MAX) {
            Ok(read) => {
                let entry = read.first().and_then(|stored| stored.entry().ok());
                found.extend(entry.filter(|entry| entry.seq == *seq).as_ref().and_then(blob_of));
            }
            Err(Error::Missing { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Deletes the blobs of what log `own` says was erased and may not be wholly gone, as
/// [`Recovery::erasing`](crate::journal::Recovery::erasing) has it; returns how many were named.
///
/// # Errors
///
/// When a medium fails.
pub fn forget_erased<D: Disk + Clone, B: Disk>(
    disk: &mut D,
    own: Epoch,
    erasing: &[Erasing],
    store: &mut Store<B>,
) -> Result<usize, Error> {
    let mut count = 0;
    for Erasing { log, records } in erasing {
        let epoch = log.unwrap_or(own);
        for log in reader::logs(disk)?.into_iter().filter(|log| log.epoch == epoch) {
            for blob in blobs_of(disk.clone(), log, records)? {
                store.forget("", &blob)?;
                count += 1;
            }
        }
    }
    Ok(count)
}
