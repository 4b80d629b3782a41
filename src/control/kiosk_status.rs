//! The whole kiosk as its screens show it: what its lanes do, what rules, who is at the post.

use serde::Serialize;

use super::practice::PracticeStatus;
use super::status::{DeviceStatus, HubStatus, JournalStatus, LaneStatus, PictureStatus};
use crate::base::{ClockTrust, KioskId, LaneId, Slug, Wall};
use crate::model::trust_list::{ListAge, TrustListKind};
use crate::model::{AreaMode, Overdue};

/// The public notice in force: the legal basis that the idle screen shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoticeStatus {
    /// Its number.
    pub number: u32,
    /// Its title, in the site's words.
    pub title: String,
}

/// The policy that rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PolicyStatus {
    /// Version of the bundle; 0 where the site's own policy rules.
    pub version: u64,
    /// Until when.
    pub until: Option<Wall>,
    /// The version that has ended, where it is for that reason that the site's own policy rules.
    pub expired: Option<u64>,
    /// The version that waits for somebody to read it.
    pub waits: Option<u64>,
    /// Lists that the bundle in force names and of which nothing is in force here.
    pub lacks: Vec<Slug>,
}

/// Whether somebody is at the post, as far as is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PostStatus {
    /// Nothing is asked.
    #[default]
    Quiet,
    /// Whoever is signed in is asked whether they are there.
    Asked,
    /// Nobody is.
    Nobody,
}

/// Who has not come out in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverdueStatus {
    /// Nobody has looked yet.
    #[default]
    Unseen,
    /// So many.
    Counted(Overdue),
    /// The records cannot be read.
    Unreadable,
}

/// The place code that visitors scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceCodeStatus {
    /// What the code says.
    pub text: String,
    /// The same for people: six digits of the same period.
    pub digits: String,
}

/// The whole kiosk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KioskStatus {
    /// Which kiosk.
    pub kiosk: KioskId,
    /// Its name in the site's words.
    pub title: String,
    /// The notice in force, if the policy cites one.
    pub notice: Option<NoticeStatus>,
    /// How strictly the area is guarded.
    pub mode: AreaMode,
    /// The policy that rules.
    pub policy: PolicyStatus,
    /// Whether somebody is at the post.
    pub post: PostStatus,
    /// Who has not come out in time.
    pub overdue: OverdueStatus,
    /// The place code of the present period; none where the site shows none.
    #[serde(skip)]
    pub place_code: Option<PlaceCodeStatus>,
    /// Its lanes.
    pub lanes: Vec<LaneStatus>,
    /// Lanes in training, as they are practised at.
    pub practice: Vec<PracticeStatus>,
    /// The journal.
    pub journal: JournalStatus,
    /// The hub.
    pub hub: HubStatus,
    /// The pictures that are kept as evidence.
    pub pictures: PictureStatus,
    /// The lists by which others' credentials are judged.
    pub trust_lists: Vec<TrustListStatus>,
    /// Its devices.
    pub devices: Vec<DeviceStatus>,
    /// Wall time now.
    pub wall: Wall,
    /// How far the wall time is trusted.
    pub trust: ClockTrust,
    /// Whether everything here is simulated.
    pub simulated: bool,
}

/// A list by which others' credentials are judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrustListStatus {
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub kind: TrustListKind,
    /// As of when it was fetched.
    pub as_of: Wall,
    /// How old that is.
    pub age: ListAge,
}

impl KioskStatus {
    /// The lane of this name, or the one that is practised at under it.
    pub fn lane(&self, id: &LaneId) -> Option<&LaneStatus> {
        let practised = self.practice.iter().map(|practice| &practice.lane);
        self.lanes.iter().chain(practised).find(|lane| lane.lane == *id)
    }

    /// Training in which this is the real lane or the one that is practised at.
    pub fn training(&self, id: &LaneId) -> Option<&PracticeStatus> {
        self.practice.iter().find(|practice| practice.of == *id || practice.lane.lane == *id)
    }
}
