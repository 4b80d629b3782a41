//! What the cameras of a lane say beside codes: advice for the screen, and light for the illuminator. None of it is recorded.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::runner::{Append, LaneRunner};
use crate::base::{DeviceId, Mono};
use crate::engine::Input;
use crate::model::{CameraView, CodeHint, Level, PictureLight};

/// What each camera of a lane says.
#[derive(Debug, Default)]
pub(super) struct Views {
    of: BTreeMap<DeviceId, CameraView>,
    told: Option<CodeHint>,
}

impl Views {
    /// How light it is: what shines anywhere goes before what is dark anywhere.
    fn light(&self) -> PictureLight {
        self.of.values().map(|view| view.light).max().unwrap_or_default()
    }

    /// Forgets all hints: a code was read.
    fn read(&mut self) {
        self.of.values_mut().for_each(|view| view.hint = None);
    }

    /// The hint to be shown, if it is another one than before.
    fn changed(&mut self) -> Option<Option<CodeHint>> {
        let hint = self.of.values().find_map(|view| view.hint);
        let changed = hint != self.told;
        self.told = hint;
        changed.then_some(hint)
    }
}

impl LaneRunner {
    /// Takes what a camera says.
    pub(super) fn viewed(
        &mut self,
        now: Mono,
        camera: DeviceId,
        view: CameraView,
        appends: &mut Vec<Append>,
    ) {
        self.views.of.insert(camera, view);
        self.hint(now, appends);
    }

    /// Takes that a code was read, by whatever: nobody needs advice any more.
    pub(super) fn code_read(&mut self, now: Mono, appends: &mut Vec<Append>) {
        self.views.read();
        self.hint(now, appends);
    }

    fn hint(&mut self, now: Mono, appends: &mut Vec<Append>) {
        match self.views.changed() {
            Some(hint) => self.step(now, Input::Hinted(hint), appends),
            None => self.illuminate(now),
        }
    }

    /// Lights the place of codes as its cameras need it.
    pub(super) fn illuminate(&mut self, now: Mono) {
        self.somebody.store(self.lane.somebody() == Level::Active, Ordering::Relaxed);
        if let Err(error) = self.outputs.illuminate(now, self.lane.somebody(), self.views.light()) {
            tracing::warn!(lane = %self.id, %error, "illuminator cannot be driven");
        }
    }

    /// A hint as it is shown: where a lamp is coming on, that is said.
    pub(super) fn hint_shown(&self, hint: Option<CodeHint>) -> Option<CodeHint> {
        match (hint, self.outputs.brightens()) {
            (Some(CodeHint::TooDark), Level::Active) => Some(CodeHint::LightComing),
            (hint, Level::Active | Level::Idle) => hint,
        }
    }
}
