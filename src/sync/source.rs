//! Where the sending side reads records from: a log on a disk, or one in memory.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::base::Seq;
use crate::journal::reader::{self, LogName, Reader};
use crate::journal::{Disk, Frontier, Stored};

/// Why a log cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// These records are damaged, or no longer kept; or nothing is known of the tree over them.
    #[error("records {from} to {through} are missing")]
    Missing {
        /// First missing number.
        from: u64,
        /// Last missing number.
        through: u64,
    },
    /// The medium failed.
    #[error("journal: {0}")]
    Failed(String),
}

/// One log, read from outside.
pub trait Source {
    /// Reads durable records in order, beginning with `from`: up to so many, and up to so many bytes, but at least one;
    /// none when there are none yet. Damage further on only shortens the answer.
    ///
    /// # Errors
    ///
    /// [`Trouble::Missing`] when record `from` itself is not there.
    fn read(&mut self, from: Seq, max_entries: usize, max_bytes: usize) -> Result<Vec<Stored>, Trouble>;

    /// The tree over the first `size` records.
    ///
    /// # Errors
    ///
    /// [`Trouble::Missing`] when it cannot be known.
    fn frontier(&mut self, size: u64) -> Result<Frontier, Trouble>;

    /// The smallest tree of at least `size` records that the log can state by itself, behind whatever damage.
    ///
    /// # Errors
    ///
    /// When the medium fails.
    fn next_frontier(&mut self, size: u64) -> Result<Option<Frontier>, Trouble>;
}

impl<D: Disk> Source for Reader<D> {
    fn read(&mut self, from: Seq, max_entries: usize, max_bytes: usize) -> Result<Vec<Stored>, Trouble> {
        Ok(Self::read(self, from, max_entries, max_bytes)?)
    }

    fn frontier(&mut self, size: u64) -> Result<Frontier, Trouble> {
        Ok(Self::frontier(self, size)?)
    }

    fn next_frontier(&mut self, size: u64) -> Result<Option<Frontier>, Trouble> {
        Ok(Self::next_frontier(self, size)?)
    }
}

impl Source for Box<dyn Source + Send> {
    fn read(&mut self, from: Seq, max_entries: usize, max_bytes: usize) -> Result<Vec<Stored>, Trouble> {
        (**self).read(from, max_entries, max_bytes)
    }

    fn frontier(&mut self, size: u64) -> Result<Frontier, Trouble> {
        (**self).frontier(size)
    }

    fn next_frontier(&mut self, size: u64) -> Result<Option<Frontier>, Trouble> {
        (**self).next_frontier(size)
    }
}

impl From<reader::Error> for Trouble {
    fn from(error: reader::Error) -> Self {
        match error {
            reader::Error::Missing { from, through } => Self::Missing { from, through },
            reader::Error::Io(_) | reader::Error::NoLog => Self::Failed(error.to_string()),
        }
    }
}

/// A log of which nothing is ever lost, read by a function.
impl<F, E: std::fmt::Display> Source for F
where
    F: FnMut(Seq, usize, usize) -> Result<Vec<Stored>, E>,
{
    fn read(&mut self, from: Seq, max_entries: usize, max_bytes: usize) -> Result<Vec<Stored>, Trouble> {
        self(from, max_entries, max_bytes).map_err(|error| Trouble::Failed(error.to_string()))
    }

    fn frontier(&mut self, size: u64) -> Result<Frontier, Trouble> {
        let mut tree = Frontier::new();
        advance(&mut tree, size, self)?;
        Ok(tree)
    }

    fn next_frontier(&mut self, size: u64) -> Result<Option<Frontier>, Trouble> {
        self.frontier(size).map(Some)
    }
}

/// Moves `tree` forward to `size` records.
pub(super) fn advance(tree: &mut Frontier, size: u64, source: &mut impl Source) -> Result<(), Trouble> {
    const STRIDE: usize = 1_000;
    const STRIDE_BYTES: usize = 1 << 20;
    while let Some(from) = Seq::new(tree.size() + 1).filter(|from| from.get() <= size) {
        let left = usize::try_from(size - tree.size()).unwrap_or(usize::MAX).min(STRIDE);
        let records = source.read(from, left, STRIDE_BYTES)?;
        if records.is_empty() {
            return Err(Trouble::Missing { from: from.get(), through: size });
        }
        records.iter().take(left).for_each(|stored| tree.push(stored.leaf_hash()));
    }
    Ok(())
}

/// All logs of a kiosk.
pub trait Logs: Send {
    /// What there is, oldest first.
    ///
    /// # Errors
    ///
    /// When the directory cannot be listed.
    fn names(&mut self) -> Result<Vec<LogName>, Trouble>;

    /// A log that is being written; `durable` says how many of its records may be read.
    ///
    /// # Errors
    ///
    /// When there is no such log.
    fn live(&mut self, log: LogName, durable: Arc<AtomicU64>) -> Result<Box<dyn Source + Send>, Trouble>;

    /// A log that nobody writes any more, and the number of its last record.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn closed(&mut self, log: LogName) -> Result<(Box<dyn Source + Send>, u64), Trouble>;
}

/// The logs in a directory.
impl<D: Disk + Clone + 'static> Logs for D {
    fn names(&mut self) -> Result<Vec<LogName>, Trouble> {
        reader::logs(self).map_err(|error| Trouble::Failed(error.to_string()))
    }

    fn live(&mut self, log: LogName, durable: Arc<AtomicU64>) -> Result<Box<dyn Source + Send>, Trouble> {
        Ok(Box::new(Reader::follow(self.clone(), log, durable)))
    }

    fn closed(&mut self, log: LogName) -> Result<(Box<dyn Source + Send>, u64), Trouble> {
        let reader = Reader::open(self.clone(), log)?;
        let last = reader.durable().map_or(0, Seq::get);
        Ok((Box::new(reader), last))
    }
}
