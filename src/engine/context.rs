//! What a lane decides by: its own settings, the policy in force, the roster.

use std::sync::Arc;
use std::time::Duration;

use super::barrier::Times;
use crate::base::LaneId;
use crate::config::roster::Roster;
use crate::config::{Lists, Policy, Profiles};
use crate::control::Direct;
use crate::model::{AreaMode, Blinder, SubjectKind};

/// One lane's own settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which lane.
    pub id: LaneId,
    /// Its name in the site's words.
    pub title: String,
    /// What it is for.
    pub takes: SubjectKind,
    /// Which traffic it takes.
    pub direct: Direct,
    /// How far the place's time is ahead of UTC.
    pub utc_offset_minutes: i16,
    /// The barrier's times.
    pub barrier: Times,
    /// How long a presence sensor must see nobody before the subject counts as gone.
    pub leave_after: Duration,
}

/// What all sessions of a lane are decided by. Replaced as a whole when a new policy or roster comes.
#[derive(Debug)]
pub struct Context {
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// The profiles of this lane.
    pub profiles: Profiles,
    /// The people known to the site.
    pub roster: Arc<Roster>,
    /// Whom somebody has to look at.
    pub lists: Arc<Lists>,
    /// Turns identifiers into what the roster knows.
    pub blinder: Blinder,
    /// How strictly the area is guarded.
    pub mode: AreaMode,
}

impl Context {
    /// The same under another policy.
    pub fn under(&self, policy: Arc<Policy>, profiles: Profiles) -> Self {
        let Self { policy: _, profiles: _, roster, lists, blinder, mode } = self;
        let (roster, lists) = (Arc::clone(roster), Arc::clone(lists));
        Self { policy, profiles, roster, lists, blinder: blinder.clone(), mode: *mode }
    }

    /// The same with these lists.
    pub fn listing(&self, lists: &Arc<Lists>) -> Self {
        let Self { policy, profiles, roster, lists: _, blinder, mode } = self;
        let (policy, roster, lists) = (Arc::clone(policy), Arc::clone(roster), Arc::clone(lists));
        Self { policy, profiles: profiles.clone(), roster, lists, blinder: blinder.clone(), mode: *mode }
    }

    /// The same in another mode.
    pub fn in_mode(&self, mode: AreaMode) -> Self {
        let Self { policy, profiles, roster, lists, blinder, mode: _ } = self;
        let (policy, roster, lists) = (Arc::clone(policy), Arc::clone(roster), Arc::clone(lists));
        Self { policy, profiles: profiles.clone(), roster, lists, blinder: blinder.clone(), mode }
    }
}
