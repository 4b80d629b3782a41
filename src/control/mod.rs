//! The vocabulary between the lane and the people at it: commands in, status out.

pub mod command;
pub mod keeping;
pub mod status;

pub use command::{Act, Command, Decision, OddPlate, Refused, Registration};
pub use keeping::LinkAlarm;
pub use status::{
    Aspect, BarrierState, DeviceStatus, Direct, DisinfectionStatus, DiskStatus, FieldStatus, HubStatus,
    JournalStatus, KioskStatus, LaneStatus, NoticeStatus, OccupantStatus, Phase, PictureStatus, Prompt,
    RoomMark, StepState, StepStatus, TakenOut, TemperatureStatus, Trouble, VerdictStatus,
};
