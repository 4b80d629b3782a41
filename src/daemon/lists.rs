//! The folder of lists: one file a list, read at the start and whenever it changes, replaced whole by `kakou list`.
//!
//! A list that cannot be read is no reason to close a gate: a list only makes a person look, and a kiosk that stays out of
//! service because of it would stop everybody for the sake of a few, and tempt somebody to delete the list. So the
//! kiosk goes on without that list and says so loudly: in the log as an error, in the journal as a fault of the device
//! `list-<name>`, which is an alarm at the hub, and in `kakou check`. A damaged file is
//! never written over: who was on it is not known, so nobody could say what a push would change.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::base::{DeviceId, NoReading, Slug};
use crate::config::list::{BadList, ListFile, ListRule, Lists, file};
use crate::config::{Site, site};
use crate::journal::{Disk, replace};
use crate::model::{Blinder, Body, Draft};
use crate::platform::disk::DirDisk;
use crate::platform::files::{self, Marks};

/// Where the lists of one place lie, and under which key.
#[derive(Debug)]
pub struct Shelf<D> {
    /// The folder.
    pub disk: D,
    /// The guarded place.
    pub site: Slug,
    /// Blinds identifiers.
    pub blinder: Blinder,
}

/// Why the file of a list cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {why}")]
pub struct Unusable {
    /// The file.
    pub file: String,
    /// Why.
    pub why: Why,
}

/// Why the file of a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// The medium fails, or does not let anybody at it.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// What was read is no list for this kiosk.
    #[error("{0}")]
    Bad(#[from] BadList),
}

impl<D: Disk> Shelf<D> {
    /// What the file of a list holds; nothing where there is no file yet.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is no list for this kiosk.
    pub fn read(&mut self, rule: &ListRule) -> Result<ListFile, Unusable> {
        let file = rule.file_name();
        let read = match self.bytes(&file) {
            Ok(bytes) => ListFile::decode(&bytes, rule, &self.site, &self.blinder).map_err(Why::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(ListFile::default()),
            Err(error) => Err(error.into()),
        };
        read.map_err(|why| Unusable { file, why })
    }

    /// Replaces the file of a list, whole or not at all; durable when this returns.
    ///
    /// # Errors
    ///
    /// When the disk is full or fails: the old file is still there then, or the new one already.
    pub fn write(&mut self, rule: &ListRule, content: &ListFile) -> Result<(), Unusable> {
        let bytes = content.encode(rule, &self.site, &self.blinder);
        let file = rule.file_name();
        replace(&mut self.disk, &file, &bytes).map_err(|error| Unusable { file, why: error.into() })
    }

    fn bytes(&mut self, file: &str) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.disk.len(file)?).unwrap_or(usize::MAX);
        if length > file::FILE_BYTES_MAX {
            return Err(io::Error::other(format!("larger than {} bytes", file::FILE_BYTES_MAX)));
        }
        let mut bytes = vec![0; length];
        let read = self.disk.read_at(file, 0, &mut bytes)?;
        bytes.truncate(read);
        Ok(bytes)
    }
}

/// The lists of a kiosk as it starts, and those that it has to do without.
#[derive(Debug, Default)]
pub struct Taken {
    /// What is in force.
    pub lists: Arc<Lists>,
    /// Lists whose file cannot be used.
    pub missing: Vec<(Slug, NoReading)>,
}

impl Taken {
    /// Reads every list that the site declares. What cannot be used is said in the log, and left out.
    pub fn read(site: &Site, blinder: &Blinder) -> Self {
        let folder = site.state.join(site::LISTS_FOLDER);
        let read = |rule: &Arc<ListRule>| match Self::one(&folder, rule, (&site.site, blinder)) {
            Ok(file) => Ok(file.into_in_force().map(|edition| (Arc::clone(rule), edition))),
            Err(unusable) => {
                tracing::error!(list = %rule.id, error = %unusable, "a list cannot be used: nobody on it is noticed");
                Err((rule.id.clone(), unusable.fault()))
            }
        };
        let (mut found, mut missing) = (vec![], vec![]);
        for rule in &site.lists {
            match read(rule) {
                Ok(Some((rule, edition))) => {
                    let (entries, id) = (edition.rows().len(), edition.id());
                    tracing::info!(list = %rule.id, entries, edition = %id, "list read");
                    found.push((rule, edition));
                }
                Ok(None) => tracing::warn!(list = %rule.id, "nothing is in force of this list yet"),
                Err(fault) => missing.push(fault),
            }
        }
        Self { lists: Arc::new(Lists::new(found)), missing }
    }

    /// The file of one list in `folder`; nothing where neither is there yet.
    ///
    /// # Errors
    ///
    /// When it cannot be used.
    pub fn one(
        folder: &Path,
        rule: &ListRule,
        (site, blinder): (&Slug, &Blinder),
    ) -> Result<ListFile, Unusable> {
        let disk = match DirDisk::open_read_only(folder) {
            Ok(disk) => disk,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(ListFile::default()),
            Err(error) => return Err(Unusable { file: rule.file_name(), why: error.into() }),
        };
        Shelf { disk, site: site.clone(), blinder: blinder.clone() }.read(rule)
    }

    /// What the journal says of lists that are missing, each as a device that fails: an alarm at the hub.
    pub fn drafts(&self) -> Vec<Draft> {
        let draft = |(list, fault): &(Slug, NoReading)| {
            let device: DeviceId = format!("list-{list}").parse().ok()?;
            Some(Draft {
                lane: None,
                body: Body::DeviceHealth { device, fault: Some(*fault) },
                personal: None,
            })
        };
        self.missing.iter().filter_map(draft).collect()
    }
}

/// The lists' files, looked at again and again.
pub struct Watched {
    site: Site,
    blinder: Blinder,
    seen: Vec<Option<Marks>>,
}

impl Watched {
    /// What lies there now; none where the site has no lists.
    pub fn new(site: &Site, blinder: &Blinder) -> Option<Self> {
        let mut watched = Self { site: site.clone(), blinder: blinder.clone(), seen: vec![] };
        watched.seen = watched.marks();
        (!site.lists.is_empty()).then_some(watched)
    }

    /// The lists, where one has changed and all can be read. A list that cannot be read any more goes on as it was, which
    /// the log says.
    pub fn look(&mut self) -> Option<Arc<Lists>> {
        let marks = self.marks();
        if marks == self.seen {
            return None;
        }
        self.seen = marks;
        let Taken { lists, missing } = Taken::read(&self.site, &self.blinder);
        missing.is_empty().then_some(lists)
    }

    fn marks(&self) -> Vec<Option<Marks>> {
        let folder = self.site.state.join(site::LISTS_FOLDER);
        self.site.lists.iter().map(|rule| files::marks(&folder.join(rule.file_name()))).collect()
    }
}

impl Unusable {
    /// The same as a device's fault. Of a damaged list nothing comes, as of a dead device; which is an alarm, where a
    /// device that sends nonsense once is none.
    fn fault(&self) -> NoReading {
        match &self.why {
            Why::Io(_) => NoReading::Bus,
            Why::Bad(_) => NoReading::Absent,
        }
    }
}
