//! The view beside a journal, for whoever changes the journal while no kiosk runs.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::Where;
use crate::config::site;
use crate::journal::key_file::held_keys;
use crate::journal::reader::logs;
use crate::journal::view::Check;
use crate::journal::{Reader, View};
use crate::model::Blinder;
use crate::platform::disk::DirDisk;
use crate::platform::files;

/// The view beside the journal, and the key that it is blinded with.
pub struct BesideView {
    pub path: PathBuf,
    pub blinder: Blinder,
}

impl BesideView {
    /// Without the blinding key there is no view either, nor is there one of an urgent log.
    pub fn find(at: &Where) -> Result<Option<Self>> {
        if at.dir.file_name().is_some_and(|folder| folder == site::URGENT_FOLDER) {
            return Ok(None);
        }
        let key = at.state().join(site::KEY_FILE);
        let bytes = files::read_if_there(&key, 32).with_context(|| key.display().to_string())?;
        let Some(key) = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) else { return Ok(None) };
        Ok(Some(Self { path: at.state().join("view.sqlite"), blinder: Blinder::new(&key) }))
    }

    pub fn fault(&self) -> Result<Option<String>> {
        Ok(View::examine(&self.path, &self.blinder)?)
    }

    /// Brings it up to date, or makes it anew, from every log, as far as sealing keys are still held.
    pub fn rebuild(self, disk: &mut DirDisk) -> Result<u64> {
        let (mut view, _) = View::open(&self.path, self.blinder, Check::Pages)?;
        let mut count = 0;
        for log in logs(disk)? {
            let keys = held_keys(disk, log.epoch)?;
            count += view.catch_up(&mut Reader::open(disk.clone(), log)?, &keys)?;
        }
        Ok(count)
    }
}

/// Shows the view what was done to the journal, where there is a view.
pub fn catch_up(at: &Where) -> Result<()> {
    if let Some(view) = BesideView::find(at)?.filter(|view| view.path.exists()) {
        view.rebuild(&mut at.open()?)?;
    }
    Ok(())
}
