//! What the pages need of the daemon: status in, commands out, pictures, the recent list, who may sign in.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use super::place_time::PlaceTime;
use super::thermal::Thermals;
use crate::base::{AttendantId, ClockTrust, LaneId, Mono, NoReading, Pii, PolicyId, Slug, Wall};
use crate::config::badge::BadgeHash;
use crate::config::list::Named;
use crate::control::{Command, KioskStatus, Refused};
use crate::model::shift::ShiftSheet;
use crate::model::{
    AreaMode, Class, Decider, Direction, OpenItems, Overdue, Post, Reached, Reason, Role, SubjectKind,
    ThermalFrame, Title, Verdict,
};

/// A command and where its answer goes.
pub type Ask = (Command, oneshot::Sender<Result<(), Refused>>);

/// The pages' connections to the rest of the kiosk.
pub struct Handle {
    /// What is shown. When its sender is gone, the screens say that they have lost the kiosk.
    pub status: watch::Receiver<Arc<KioskStatus>>,
    /// What is asked. An answer that takes longer than a few seconds is reported as none.
    pub commands: mpsc::Sender<Ask>,
    /// The camera pictures of the lanes that have a camera.
    pub previews: BTreeMap<LaneId, watch::Receiver<Arc<Preview>>>,
    /// What the thermal arrays see.
    pub thermals: Thermals,
    /// Past passages.
    pub recent: Arc<dyn Recent>,
    /// Who may sign in.
    pub attendants: Vec<Attendant>,
    /// Takes hand-over notes.
    pub hand_overs: mpsc::Sender<HandOver>,
    /// Told of every sign-in and sign-out; a full or closed channel is logged and does not stop anybody.
    pub attendance: mpsc::Sender<Attendance>,
    /// The policy that rules, and the one that waits.
    pub policy: PolicyDesk,
    /// Told whenever somebody who is signed in does something, or says that they are there.
    pub here: mpsc::Sender<()>,
    /// How the place counts its hours.
    pub place_time: PlaceTime,
    /// Names and addresses, without port, under which the pages may be asked for besides loopback.
    pub hosts: Vec<String>,
}

/// Where it is shown which policy rules, and where somebody says that they have read the one that waits.
pub struct PolicyDesk {
    /// What is shown.
    pub view: watch::Receiver<Arc<PolicyView>>,
    /// What is said.
    pub asks: mpsc::Sender<Acknowledge>,
}

/// The policy that rules, and the one that waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyView {
    /// The bundle that rules and its end; none where the site's own policy does.
    pub rules: Option<(u64, Option<Wall>)>,
    /// The version that has ended, where it is for that reason that the site's own policy rules.
    pub expired: Option<u64>,
    /// The version that was read and waits for its time.
    pub next: Option<(u64, Wall)>,
    /// The one that waits to be read.
    pub pending: Option<PolicyPending>,
    /// Why the last one that was handed in is refused.
    pub refused: Option<String>,
    /// The lists that the bundle in force names.
    pub lists: Vec<NamedList>,
}

/// A list that a bundle names by the hash of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedList {
    /// Its name.
    pub name: Slug,
    /// The hash, as people compare it.
    pub sha256: String,
    /// What is in force of it here.
    pub here: Named,
}

/// A policy bundle that waits to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyPending {
    /// Its version.
    pub version: u64,
    /// Tells it from others.
    pub bundle: PolicyId,
    /// From when on it may rule.
    pub from: Wall,
    /// Until when.
    pub until: Option<Wall>,
    /// The mode of the area while it rules.
    pub mode: AreaMode,
    /// And once it has ended.
    pub mode_after: AreaMode,
    /// The notice that it rests on: number, title in Chinese and in English.
    pub notice: Option<(u32, String, String)>,
    /// What differs from what rules now.
    pub differs: Vec<String>,
    /// The lists that it names: it may rule once exactly these are in force here.
    pub lists: Vec<NamedList>,
}

/// Somebody has read the policy that waits.
#[derive(Debug)]
pub struct Acknowledge {
    /// Who.
    pub by: AttendantId,
    /// Which version.
    pub version: u64,
    /// Which bundle of that version.
    pub bundle: PolicyId,
    /// Told once it is on record and in force, or waits for its time.
    pub reply: oneshot::Sender<Result<(), NotTaken>>,
}

/// Why an acknowledgement has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// Another bundle waits by now, or none.
    Another,
    /// It could not be recorded.
    NotRecorded,
    /// Nothing is known yet: it may still be recorded.
    NoAnswer,
    /// The bundle cannot be kept.
    NotKept,
    /// A list that it names is not in force here as it names it.
    Lists,
}

/// A person who may sign in.
#[derive(Clone)]
pub struct Attendant {
    /// Staff name, as it stands in records.
    pub id: AttendantId,
    /// Name on the sign-in page.
    pub name: String,
    /// Argon2id hash of the PIN as a PHC string (`$argon2id$v=19$…`).
    pub pin: String,
    /// Hash of their badge, where they have one.
    pub badge: Option<BadgeHash>,
    /// As what and for whom they are here, where the site says so.
    pub post: Option<Post>,
}

impl Attendant {
    /// As what they are here.
    pub fn role(&self) -> Role {
        self.post.as_ref().map(|post| post.role).unwrap_or_default()
    }

    /// For whom, where the site says so.
    pub fn agency(&self) -> Option<&Title> {
        self.post.as_ref()?.agency.as_ref()
    }
}

impl fmt::Debug for Attendant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attendant").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A note to the next shift.
#[derive(Debug)]
pub struct HandOver {
    /// Who wrote it.
    pub by: AttendantId,
    /// What it says.
    pub note: Pii<String>,
    /// What is open.
    pub open: OpenItems,
}

/// Somebody signed in or out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attendance {
    /// Who.
    pub attendant: AttendantId,
    /// In or out.
    pub signed_in: bool,
    /// As what and for whom, at a sign-in.
    pub post: Option<Post>,
}

/// A small picture of what a lane's camera sees, for the subject to aim by. Stored as evidence only where the
/// site wants it, and sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// When the frame was taken.
    pub at: Mono,
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
    /// The picture as a BMP file.
    pub bmp: Vec<u8>,
    /// Corners of the codes found, in pixels of this picture, in order around each.
    pub outlines: Vec<[(u16, u16); 4]>,
}

/// What a lane's thermal array saw. It may show a person: it is never stored and never logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thermal {
    /// When.
    pub at: Mono,
    /// The frame, or why there is none.
    pub frame: Result<ThermalFrame, NoReading>,
}

/// Past passages, newest first, without personal data in the clear.
///
/// Calls may block on a disk: they are made from a thread that may wait. The error is a sentence for the
/// attendant and names nobody.
pub trait Recent: Send + Sync {
    /// At most `limit` passages, those before record number `before` where one is given.
    ///
    /// # Errors
    ///
    /// When they cannot be read, in plain words.
    fn recent(&self, limit: usize, before: Option<u64>) -> Result<Vec<RecentRow>, String> {
        self.matching(&Filter::default(), limit, before)
    }

    /// At most `limit` passages of a lane and a time, those before record number `before` where one is given.
    ///
    /// # Errors
    ///
    /// When they cannot be read, in plain words.
    fn matching(&self, filter: &Filter, limit: usize, before: Option<u64>) -> Result<Vec<RecentRow>, String>;

    /// At most `limit` passages that somebody still has to see to: referred or held, and nothing since.
    ///
    /// # Errors
    ///
    /// When they cannot be read, in plain words.
    fn open_cases(&self, limit: usize) -> Result<Vec<RecentRow>, String>;

    /// Who is inside: of `which`, at most so many, those listed before `before` where it is given; and how many came in on
    /// which day, at a place whose day began at `today`.
    ///
    /// # Errors
    ///
    /// When it cannot be read, in plain words.
    fn inside(
        &self,
        place: PlaceTime,
        today: Wall,
        which: (Listed, usize),
        before: Option<i64>,
    ) -> Result<InsideView, String>;

    /// At most `limit` passages of the plate or identity number `text`, as typed.
    ///
    /// # Errors
    ///
    /// When they cannot be read, in plain words.
    fn search(&self, text: &Pii<String>, limit: usize) -> Result<Vec<RecentRow>, String>;

    /// What the passages so far leave to the next shift.
    ///
    /// # Errors
    ///
    /// When it cannot be read, in plain words.
    fn unsettled(&self) -> Result<Unsettled, String>;

    /// The latest hand-over of anybody; `None` when there is none in the present log.
    ///
    /// # Errors
    ///
    /// When it cannot be read, in plain words.
    fn last_hand_over(&self) -> Result<Option<NoteView>, String>;

    /// The shift `back` places before the present one of `by`, 0 for that itself; `None` when there is none so far back.
    ///
    /// # Errors
    ///
    /// When it cannot be counted, in plain words.
    fn shift(&self, by: &AttendantId, back: usize) -> Result<Option<ShiftView>, String>;
}

/// Which passages are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this lane's.
    pub lane: Option<LaneId>,
    /// Only those since then, by the kiosk's clock as it then was.
    pub from: Option<Wall>,
}

/// Who of those inside is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listed {
    /// Everybody.
    #[default]
    All,
    /// Those who have not come out in time, or perhaps have not.
    Overdue,
}

/// How many passages leave something to the next shift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsettled {
    /// Referred or held, and nothing since.
    pub cases: u64,
    /// Vehicles inside, as far as identifiers tell.
    pub vehicles: u64,
    /// Persons inside, in the same way.
    pub people: u64,
}

/// Who is inside, as far as identifiers tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InsideView {
    /// By the day they came in, latest first.
    pub days: Vec<InsideDay>,
    /// The newest of them.
    pub rows: Vec<InsideRow>,
    /// Subjects without any identifier that came in today.
    pub unmatched_in: u64,
    /// And that went out.
    pub unmatched_out: u64,
    /// How many of all have not come out in time.
    pub overdue: Overdue,
}

/// How many came in on a day and are still inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InsideDay {
    /// A time on that day; `None` where nothing vouches for the time.
    pub day: Option<Wall>,
    /// Vehicles.
    pub vehicles: u64,
    /// Persons.
    pub people: u64,
}

/// Somebody who is inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsideRow {
    /// Where the next page begins.
    pub cursor: i64,
    /// Number of the passage's record.
    pub seq: u64,
    /// When they came in, as the clock then showed it.
    pub wall: Wall,
    /// How far that is trusted.
    pub trust: ClockTrust,
    /// Where.
    pub lane: Option<LaneId>,
    /// Person or vehicle.
    pub kind: SubjectKind,
    /// What the passage's subject is to the place.
    pub class: Class,
    /// Masked name or plate, where one is known.
    pub label: Option<String>,
    /// Whether the time is over that they may stay; none where nothing limits it.
    pub over: Option<Reached>,
}

/// A shift's sheet, as the attendant's face shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShiftView {
    /// Whose shift it is.
    pub attendant: AttendantId,
    /// When it began.
    pub begun: Wall,
    /// When it ended; `None` while it goes on.
    pub ended: Option<Wall>,
    /// The counts.
    pub sheet: ShiftSheet,
    /// The log's root at the last record, as people read it.
    pub root: Option<String>,
    /// The latest hand-over notes up to its end, latest first.
    pub notes: Vec<NoteView>,
    /// Whether an earlier shift can be shown.
    pub has_earlier: bool,
}

/// A hand-over note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteView {
    /// Its record.
    pub seq: u64,
    /// Who wrote it.
    pub by: AttendantId,
    /// When.
    pub wall: Wall,
    /// What it says; `None` when it can no longer be opened.
    pub text: Option<Pii<String>>,
    /// What was open then, where that is on record.
    pub open: Option<OpenItems>,
}

/// One past passage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentRow {
    /// Record number.
    pub seq: u64,
    /// When it was decided, as the clock then showed it.
    pub wall: Wall,
    /// How far that is trusted.
    pub trust: ClockTrust,
    /// Where.
    pub lane: LaneId,
    /// Person or vehicle.
    pub kind: SubjectKind,
    /// Which way.
    pub direction: Direction,
    /// What the subject is to the place.
    pub class: Class,
    /// Masked name or plate, where one is known.
    pub subject: Option<String>,
    /// Occupants recorded, for a vehicle.
    pub occupants: usize,
    /// The outcome.
    pub verdict: Verdict,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Who decided.
    pub decided_by: Decider,
}
