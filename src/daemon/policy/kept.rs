//! Policies that have ruled here, kept for deciding again what they decided; and the files of that folder.

use std::io;

use crate::base::PolicyId;
use crate::config::Policy;
use crate::config::bundle::{Bundle, FILE_BYTES_MAX, Refusal, Signed};
use crate::journal::{Disk, replace};

/// End of the names of these files.
const KEPT: &str = ".policy";

/// Keeps the policy of `bundle`, if it is not kept yet.
///
/// # Errors
///
/// When its profiles cannot be read, or the disk fails.
pub fn keep<D: Disk>(disk: &mut D, bundle: &Bundle) -> io::Result<PolicyId> {
    let policy = bundle.policy().map_err(io::Error::other)?;
    let file = kept_name(policy.id);
    if read(disk, &file)?.is_none() {
        let kept = Signed { bundle: bundle.clone(), signatures: vec![] };
        replace(disk, &file, &kept.encode())?;
    }
    Ok(policy.id)
}

/// Why a policy that has ruled here cannot be asked again.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// It is not there.
    #[error("{0} is not here")]
    Gone(String),
    /// It cannot be read.
    #[error("{0}: {1}")]
    Io(String, #[source] io::Error),
    /// It is there and is none.
    #[error("{0}: {1}")]
    Bad(String, #[source] Refusal),
    /// This program reads another policy from it: its built-in rules have changed since.
    #[error("{0} is {1}, as this program reads it")]
    Other(String, PolicyId),
}

/// The policy `id`, as [`keep`] has written it.
///
/// # Errors
///
/// When it is not there, or this program reads another one from it.
pub fn kept<D: Disk>(disk: &mut D, id: PolicyId) -> Result<Policy, NotKept> {
    let file = kept_name(id);
    let bytes = match read(disk, &file) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Err(NotKept::Gone(file)),
        Err(error) => return Err(NotKept::Io(file, error)),
    };
    let policy = Signed::decode(&bytes).and_then(|signed| Ok(signed.bundle.policy()?));
    match policy {
        Ok(policy) if policy.id == id => Ok(policy),
        Ok(policy) => Err(NotKept::Other(file, policy.id)),
        Err(refusal) => Err(NotKept::Bad(file, refusal)),
    }
}

fn kept_name(id: PolicyId) -> String {
    format!("{id}{KEPT}")
}

pub(super) fn read<D: Disk>(disk: &mut D, file: &str) -> io::Result<Option<Vec<u8>>> {
    let length = match disk.len(file) {
        Ok(length) => usize::try_from(length).unwrap_or(usize::MAX),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // One byte more than is good, so that what is too long is seen to be.
    let mut bytes = vec![0; length.min(FILE_BYTES_MAX + 1)];
    let count = disk.read_at(file, 0, &mut bytes)?;
    bytes.truncate(count);
    Ok(Some(bytes))
}
