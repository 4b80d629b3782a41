//! The daemon's parts where a lane could be left waiting or misled: recorder, first records, a lane's task, the view.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

#[path = "daemon/camera.rs"]
mod camera;
#[path = "daemon/drift.rs"]
mod drift;
#[path = "daemon/hints.rs"]
mod hints;
#[path = "daemon/id_reader.rs"]
mod id_reader;
#[allow(dead_code, reason = "the hub's own tests ask more of it")]
#[path = "hub_online/issuer.rs"]
mod issuer;
#[path = "daemon/issuers.rs"]
mod issuers;
#[path = "daemon/keyboard.rs"]
mod keyboard;
#[path = "daemon/lane.rs"]
mod lane;
#[path = "daemon/overdue.rs"]
mod overdue;
#[path = "common/passage.rs"]
mod passage;
#[path = "daemon/past.rs"]
mod past;
#[path = "daemon/reader.rs"]
mod reader;
#[path = "daemon/recorder.rs"]
mod recorder;
#[path = "daemon/room.rs"]
mod room;
#[path = "daemon/shift.rs"]
mod shift;
#[path = "daemon/thermal.rs"]
mod thermal;
#[path = "daemon/training.rs"]
mod training;
#[path = "daemon/walk.rs"]
mod walk;
