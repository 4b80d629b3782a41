//! What the screens show: a snapshot of a lane or of the whole kiosk.
//!
//! A status holds no personal data in the clear: names and plates are masked by the engine before they get here.
//! All of it serialises to JSON in kebab-case; times are milliseconds.

use serde::Serialize;

use super::asked::{Asks, DwellStatus};
use super::beside::{CardStatus, CompanionStatus, TurnedBackStatus};
use super::keeping::LinkAlarm;
use super::registration_status::{FieldStatus, PreparedStatus};
use crate::base::{AttendantId, CentiCelsius, DeviceId, LaneId, NoReading, Slug, Wall};
use crate::model::manifest::BadManifest;
use crate::model::{
    Attestation, Class, CodeHint, Direction, Guidance, ModuleColour, NotMeasured, PlateOrigin, Reason, Role,
    StepKind, StepWords, SubjectKind, Title, Verdict, Zone,
};

/// What a lane is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Nobody is here.
    Idle,
    /// Steps are being taken.
    Steps,
    /// The verdict is on its way to the disk.
    Recording,
    /// A person has to decide.
    Referred,
    /// The barrier is open or opening for an admitted subject.
    Crossing,
    /// Over; the verdict stays on the screen for a moment.
    Ended,
    /// Out of service: nothing can be recorded, or the hub ordered it.
    OutOfService,
}

/// What the subject's face asks for: one verb at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prompt {
    /// Welcome; nothing to do.
    Welcome,
    /// Show a pass or a code, or ask the attendant.
    ShowCode,
    /// Whoever came with the person shows their pass or code.
    CompanionCode,
    /// Several codes are in view: show one only.
    OneCode,
    /// Bring the forehead to the thermometer.
    ShowForehead,
    /// Tell the attendant what the registration asks.
    Register,
    /// The attendant looks at something.
    WaitForAttendant,
    /// Stop the vehicle here.
    StopVehicle,
    /// The vehicle is being disinfected: windows shut.
    ShutWindows,
    /// Disinfect hands or shoes.
    Disinfect,
    /// Answer what the attendant asks.
    Answer,
    /// Stay here until the time has passed.
    StayHere,
    /// Read and confirm a text.
    Pledge,
    /// Leave your things here.
    LeaveItems,
    /// Collect your things.
    CollectItems,
    /// Wait to be fetched.
    WaitForEscort,
    /// One moment.
    OneMoment,
    /// Please go.
    Go,
    /// Please see the attendant; no reason is shown.
    SeeAttendant,
    /// Please turn back.
    TurnBack,
    /// Please wait here.
    WaitHere,
    /// This lane is out of service.
    OutOfService,
}

/// Lamp aspects. Never colour alone: each has its own shape and word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// Stop.
    Stop,
    /// Wait.
    Wait,
    /// Go.
    Go,
}

/// Confirmed position of a barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BarrierState {
    /// Asked to open, not yet confirmed.
    Opening,
    /// Confirmed open, for a subject who was admitted.
    Open,
    /// Open, or not closed, though nobody here is let through: found so, opened by hand, or left so.
    StandsOpen,
    /// Asked to close, not yet confirmed.
    Closing,
    /// Confirmed closed.
    Closed,
    /// Did not get where it was asked to go.
    Stuck,
}

/// What a person at the lane has to know beside the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// A record takes too long to reach the disk. It is still under way.
    RecordLate,
    /// A record cannot be written: what it said does not count, and a person decides again.
    NotRecorded,
    /// The admission reached the disk too late: the barrier stayed shut, and the subject begins again.
    NotOpened,
}

/// State of a step on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum StepState {
    /// Still to come.
    Open,
    /// The one that is asked for now.
    Asked,
    /// Needs the attendant.
    NeedsAttendant {
        /// Why.
        reason: Reason,
    },
    /// Done.
    Done,
    /// Set aside.
    Waived {
        /// By whom.
        by: AttendantId,
    },
    /// Tried and not satisfied.
    Failed {
        /// Why.
        reason: Reason,
    },
}

/// A step on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepStatus {
    /// Its name in the profile and in acts.
    pub id: Slug,
    /// Which check.
    pub kind: StepKind,
    /// Its name on screens, where the profile gives it one.
    pub title: Option<Title>,
    /// What it asks.
    pub asks: Asks,
    /// What an attest step asks to confirm.
    pub attest: Option<Attestation>,
    /// How far.
    pub state: StepState,
    /// The colour in which a camera saw the code that an attendant is to look at; for the attendant's face only.
    pub colour: Option<ModuleColour>,
    /// Reasons for which this step may be waived; empty where it may not.
    pub waivers: Vec<Slug>,
    /// Only somebody with one of these roles may waive it; anybody who staffs the post where it is empty.
    pub waive_by: Vec<Role>,
}

impl StepStatus {
    /// A step named by its kind, with nothing special about it.
    pub fn plain(id: Slug, kind: StepKind, state: StepState) -> Self {
        Self {
            id,
            kind,
            title: None,
            asks: Asks::Plain,
            attest: None,
            state,
            colour: None,
            waivers: vec![],
            waive_by: vec![],
        }
    }
}

/// The last screening, as far as screens may show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TemperatureStatus {
    /// The zone, or why there is none.
    pub zone: Result<Zone, NotMeasured>,
    /// Skin temperature in hundredths of a degree; for the attendant's face only.
    pub skin: Option<CentiCelsius>,
}

/// A verdict on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerdictStatus {
    /// The outcome.
    pub verdict: Verdict,
    /// Why; for the attendant's face only.
    pub reasons: Vec<Reason>,
    /// Whether it is on the disk.
    pub durable: bool,
    /// The record's number, once durable.
    pub seq: Option<u64>,
}

/// Disinfection under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DisinfectionStatus {
    /// Milliseconds until it may be stopped; 0 from then on.
    pub may_stop_ms: u64,
    /// Milliseconds until it stops by itself.
    pub ends_ms: u64,
}

/// One occupant of the vehicle at the lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OccupantStatus {
    /// Masked name, where one is known.
    pub name: Option<String>,
    /// What the occupant is to the place.
    pub class: Class,
    /// The occupant's steps.
    pub steps: Vec<StepStatus>,
    /// Whether this occupant's steps are all settled, or they stay here.
    pub settled: bool,
    /// What became of them where they stay here and the vehicle goes on.
    pub apart: Option<Verdict>,
    /// Whether only a manifest says that they are here: it may be mistaken.
    pub only_listed: bool,
}

/// A manifest that was offered and not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ManifestStatus {
    /// Which offer of this session.
    pub offer: u32,
    /// Whom it names, masked; nobody where it cannot be read.
    pub rows: Vec<ListedStatus>,
    /// Why it cannot be read.
    pub fault: Option<BadManifest>,
}

/// Somebody on a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedStatus {
    /// Name, masked.
    pub name: String,
    /// Identity number, masked.
    pub number: Option<String>,
}

/// Which traffic a lane takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direct {
    /// Inbound only.
    Inbound,
    /// Outbound only.
    Outbound,
    /// Both ways.
    Both,
}

/// A lane that the hub took out of service: it begins nothing by itself, and an emergency is let through all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TakenOut {
    /// Who asked, by the name given at the hub.
    pub by: String,
    /// Why; empty where it is not known any more.
    pub reason: String,
}

/// A lane, as its two faces show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaneStatus {
    /// Which lane.
    pub lane: LaneId,
    /// Its name in the site's words, such as `东门人行入口`.
    pub title: String,
    /// What it is for.
    pub takes: SubjectKind,
    /// Which way.
    pub direct: Direct,
    /// What it is doing.
    pub phase: Phase,
    /// Direction of the present session.
    pub direction: Option<Direction>,
    /// Class of the present subject.
    pub class: Option<Class>,
    /// Masked name or plate of the present subject.
    pub subject: Option<String>,
    /// Where the vehicle's plate is from, where the policy calls some plates local.
    pub plate_origin: Option<PlateOrigin>,
    /// Profile that applies.
    pub profile: Option<Slug>,
    /// The subject's steps, in order.
    pub steps: Vec<StepStatus>,
    /// Fields that the registration asks for.
    pub fields: Vec<FieldStatus>,
    /// A registration code that the attendant may confirm for them.
    pub prepared: Option<PreparedStatus>,
    /// What an attendant may confirm now: of an attest step, or in place of a credential.
    pub attestations: Vec<Attestation>,
    /// Agents that the site disinfects with.
    pub agents: Vec<Slug>,
    /// Number of occupants declared, for a vehicle.
    pub declared: Option<u8>,
    /// A manifest that the attendant may take, for a vehicle.
    pub manifest: Option<ManifestStatus>,
    /// Occupants so far, for a vehicle; the first unsettled one is being served.
    pub occupants: Vec<OccupantStatus>,
    /// What the subject's face asks for.
    pub prompt: Prompt,
    /// The profile's own words for it.
    pub words: StepWords,
    /// The text that the subject is to confirm on their own face: the step's name, and the text.
    pub pledge: Option<(Slug, Title)>,
    /// Help for the temperature step, while it runs.
    pub guidance: Option<Guidance>,
    /// What would help to read the code that is asked for.
    pub hint: Option<CodeHint>,
    /// The last screening.
    pub temperature: Option<TemperatureStatus>,
    /// The verdict, once there is one.
    pub verdict: Option<VerdictStatus>,
    /// Who took the lane out of service, and why, while it is.
    pub taken_out: Option<TakenOut>,
    /// What has to be known beside all this.
    pub trouble: Option<Trouble>,
    /// The disinfection that is running.
    pub disinfecting: Option<DisinfectionStatus>,
    /// The dwell that is running.
    pub dwelling: Option<DwellStatus>,
    /// The barrier.
    pub barrier: BarrierState,
    /// What lists say of whoever is here.
    pub cards: Vec<CardStatus>,
    /// Who of them was turned back not long ago.
    pub turned_back: Vec<TurnedBackStatus>,
    /// Whether whoever came with the person who is served answers for them; none where nobody may.
    pub companion: Option<CompanionStatus>,
    /// The lamp.
    pub lamp: Aspect,
    /// Whether something stands under the barrier.
    pub beam_blocked: bool,
    /// Milliseconds since the subject arrived.
    pub since_ms: Option<u64>,
    /// Passages ended since the kiosk started.
    pub passages: u64,
}

/// The journal, as the attendant's face shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JournalStatus {
    /// Last durable record.
    pub durable: u64,
    /// Why nothing can be recorded, in plain words.
    pub failed: Option<String>,
    /// The disk below it.
    pub disk: DiskStatus,
}

/// A kiosk's disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DiskStatus {
    /// What the room that is left means.
    pub mark: RoomMark,
    /// Room for records, in MiB; `None` where the disk does not say.
    pub free_mib: Option<u64>,
    /// How often writing has failed since the program started; a full disk does not count.
    pub faults: u32,
}

impl DiskStatus {
    /// Failures of writing from which a card counts as worn out; one may be a loose contact.
    pub const FAULTS_MANY: u32 = 2;
}

/// What the room that is left on a disk means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoomMark {
    /// Enough.
    #[default]
    Ample,
    /// Somebody should see to it.
    Low,
    /// What was kept for this moment is in use.
    Reserve,
}

/// The link to the hub.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HubStatus {
    /// Whether a hub is configured and this kiosk is enrolled.
    pub enrolled: bool,
    /// Whether the last exchange succeeded.
    pub online: bool,
    /// Wall time of the last successful exchange.
    pub last: Option<Wall>,
    /// Records that wait to be acknowledged.
    pub waiting: u64,
    /// What went wrong last, in plain words.
    pub error: Option<String>,
    /// What a person must look into.
    pub alarm: Option<LinkAlarm>,
}

/// The pictures that are kept as evidence until the hub has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PictureStatus {
    /// Pictures that the hub does not have.
    pub waiting: u32,
    /// Pictures that were not taken since the program started, because there was no place for them.
    pub not_taken: u32,
    /// Pictures that were taken since then and could not be stored; their records are there.
    pub lost: u32,
    /// Pictures that were damaged here; they are set aside and never sent.
    pub damaged: u32,
    /// What keeps them from being sent, in plain words.
    pub error: Option<String>,
}

/// A device, as the attendant's face shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceStatus {
    /// Which.
    pub device: DeviceId,
    /// The lane that it serves.
    pub lane: Option<LaneId>,
    /// Driver, such as `mlx90614`.
    pub driver: &'static str,
    /// Why it gives nothing, or `None` when it works.
    pub fault: Option<NoReading>,
}
