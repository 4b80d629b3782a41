//! The vocabulary between the lane and the people at it: commands in, status out.

pub mod asked;
mod beside;
pub mod command;
pub mod duty;
pub mod keeping;
pub mod kiosk_status;
pub mod practice;
pub mod registration_status;
pub mod status;

pub use asked::{AnswerStatus, AreaStatus, Asks, DwellState, DwellStatus, ReadBy};
pub use beside::{CardStatus, CompanionStatus, TurnedBackStatus};
pub use command::{Act, Command, Decision, Entry, OddPlate, Refused, Registration, Stay};
pub use keeping::LinkAlarm;
pub use kiosk_status::{
    KioskStatus, NoticeStatus, OverdueStatus, PlaceCodeStatus, PolicyStatus, PostStatus, TrustListStatus,
};
pub use practice::{Practice, PracticeStatus};
pub use registration_status::{FieldStatus, PreparedStatus};
pub use status::{
    Aspect, BarrierState, DeviceStatus, Direct, DisinfectionStatus, DiskStatus, HubStatus, JournalStatus,
    LaneStatus, OccupantStatus, Phase, PictureStatus, Prompt, RoomMark, StepState, StepStatus, TakenOut,
    TemperatureStatus, Trouble, VerdictStatus,
};
pub use status::{ListedStatus, ManifestStatus};
