//! Records: what a kiosk writes down, split into a public part and a personal part.
//!
//! # Format
//!
//! A record is a CBOR ([RFC 8949]) array, written by `minicbor` with the index of each field as in this file. New
//! fields take new indices and are optional; an index is never used twice, so that every version can read what
//! any older one wrote. The public part is what the log's Merkle tree commits to and stays readable for ever; it
//! holds no name, number, plate or temperature. The personal part is sealed by [`crate::journal`] with a key of
//! its own, so that it can be destroyed while every proof stays valid.
//!
//! [RFC 8949]: https://www.rfc-editor.org/rfc/rfc8949

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::alarm::Cause;
use super::drift_note::DriftNote;
use super::duty::{Manned, Post};
use super::grounds::Grounds;
use super::leak::Counted;
pub use super::occupant::Occupant;
use super::open_items::OpenItems;
use super::order::{Ordered, Outcome};
use super::personal::Personal;
use super::picture::Picture;
use super::policy_event::PolicyEvent;
use super::stay::StayLimit;
use super::step::StepRecord;
use super::subject::{Class, Direction, SubjectKind};
use super::training::Training;
use super::verdict::{Decider, Reason, Verdict};
use crate::base::{
    AttendantId, CommandId, CommandSeries, DeviceId, Epoch, LaneId, NoReading, PolicyId, Seq, Slug, Stamp,
};

/// A record as it lies in the journal: the public part.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// Gapless number within the epoch.
    #[n(0)]
    pub seq: Seq,
    /// When it was appended.
    #[n(1)]
    pub stamp: Stamp,
    /// The lane it is about, if any.
    #[n(2)]
    pub lane: Option<LaneId>,
    /// What happened.
    #[n(3)]
    pub body: Body,
}

/// A record before the journal has numbered, stamped and sealed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The lane it is about, if any.
    pub lane: Option<LaneId>,
    /// What happened.
    pub body: Body,
    /// What it says about persons; sealed before it reaches a disk.
    pub personal: Option<Personal>,
}

/// What can be recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// The kiosk started.
    #[n(0)]
    Booted {
        /// Version of the program.
        #[n(0)]
        version: String,
        /// Last record found by recovery, if any.
        #[n(1)]
        recovered: Option<Seq>,
        /// Whether the last run ended in order.
        #[n(2)]
        clean: bool,
    },
    /// The kiosk stopped in order.
    #[n(1)]
    Stopped,
    /// A new sealing key is in use; this is the hub's copy of it.
    #[n(2)]
    KeyOpened {
        /// Number of the key within the epoch.
        #[n(0)]
        key: u32,
        /// HPKE encapsulated key.
        #[cbor(n(1), with = "minicbor::bytes")]
        encapsulated: Vec<u8>,
        /// The sealing key, encrypted to the hub.
        #[cbor(n(2), with = "minicbor::bytes")]
        sealed: Vec<u8>,
    },
    /// A subject arrived at a lane. Durable before anything is decided about them.
    #[n(3)]
    Arrived {
        /// Person or vehicle.
        #[n(0)]
        subject: SubjectKind,
        /// Which way.
        #[n(1)]
        direction: Direction,
    },
    /// A verdict on a subject.
    #[n(4)]
    Passage(#[n(0)] Box<Passage>),
    /// What the barrier did after an opening verdict.
    #[n(5)]
    Crossed {
        /// The arrival it belongs to.
        #[n(0)]
        arrival: Seq,
        /// What was seen.
        #[n(1)]
        crossing: Crossing,
        /// What was counted beside the record while the barrier was open; `None` where it never opened.
        #[n(2)]
        counted: Option<Counted>,
    },
    /// A device failed or works again.
    #[n(6)]
    DeviceHealth {
        /// Which device.
        #[n(0)]
        device: DeviceId,
        /// Why there is no reading, or `None` when it works again.
        #[n(1)]
        fault: Option<NoReading>,
    },
    /// An attendant signed in or out.
    #[n(7)]
    Attendance {
        /// Who.
        #[n(0)]
        attendant: AttendantId,
        /// In or out.
        #[n(1)]
        signed_in: bool,
        /// As what and for whom, at a sign-in, where the site says so.
        #[n(2)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        post: Option<Post>,
    },
    /// The wall clock became right, was set, or stepped: where its stamp is synced, it is the map for the other
    /// records of its boot; see [`crate::model::timeline`].
    #[n(8)]
    ClockMapped,
    /// Records are missing or cannot be read; the log says so itself.
    #[n(9)]
    Gap {
        /// First missing number.
        #[n(0)]
        from: Seq,
        /// Last missing number.
        #[n(1)]
        through: Seq,
        /// What was found, in plain words.
        #[n(2)]
        found: String,
    },
    /// The barrier was opened without this program: by a key, by hand, by the emergency release.
    #[n(10)]
    OpenedByHand,
    /// The barrier stood open, or not at its lower end, when the kiosk started.
    #[n(11)]
    FoundOpen,
    /// A barrier that stood open or was stuck was sent down from the screen.
    #[n(12)]
    ClosedByAttendant {
        /// By whom.
        #[n(0)]
        by: AttendantId,
    },
    /// Personal parts were erased on request; the records themselves and every proof stay.
    #[n(13)]
    Erased {
        /// Of which records, in rising order.
        #[n(0)]
        records: Vec<Seq>,
        /// By whom.
        #[n(1)]
        by: AttendantId,
        /// Why.
        #[n(2)]
        reason: Erasure,
        /// In which of the kiosk's logs; none: in this one.
        #[n(3)]
        log: Option<Epoch>,
    },
    /// This kiosk destroyed a sealing key: it can no longer open what was sealed under it.
    #[n(14)]
    KeyDestroyed {
        /// Number of the key within the epoch.
        #[n(0)]
        key: u32,
        /// In which of the kiosk's logs; none: in this one.
        #[n(1)]
        log: Option<Epoch>,
    },
    /// This kiosk no longer keeps these records: the hub has signed for them long ago.
    #[n(15)]
    SegmentsDropped {
        /// First one.
        #[n(0)]
        from: Seq,
        /// Last one.
        #[n(1)]
        through: Seq,
    },
    /// A command of the hub was taken. Durable before anything is done for it; see [`crate::sync::inbox`].
    #[n(16)]
    Commanded {
        /// Its number, gapless within its series.
        #[n(0)]
        number: u64,
        /// What it asks for.
        #[n(1)]
        what: Ordered,
        /// The officer who asked, by the name given at the hub.
        #[n(2)]
        by: String,
        /// Which signed text that was.
        #[n(3)]
        command: CommandId,
        /// Which commands it is numbered with.
        #[n(4)]
        series: CommandSeries,
    },
    /// What became of a command, or why it was refused.
    #[n(17)]
    CommandDone {
        /// Its number, as the command itself says.
        #[n(0)]
        number: u64,
        /// What.
        #[n(1)]
        outcome: Outcome,
        /// Which signed text that was.
        #[n(2)]
        command: CommandId,
        /// Which commands it is numbered with.
        #[n(3)]
        series: CommandSeries,
    },
    /// Something that must overtake the backlog. Only in a kiosk's urgent log: see [`crate::model::alarm`].
    #[n(18)]
    Alarm {
        /// Why.
        #[n(0)]
        kind: Cause,
        /// The main log that tells more; none while that cannot be written.
        #[n(1)]
        epoch: Option<Epoch>,
        /// The record there.
        #[n(2)]
        seq: Option<Seq>,
    },
    /// An attendant left a note for the next shift. What it says is in the personal part: it may name people.
    #[n(19)]
    HandOver {
        /// Who wrote it.
        #[n(0)]
        attendant: AttendantId,
        /// What was open then.
        #[n(1)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        open: Option<OpenItems>,
    },
    /// Something happened to the policy that rules here.
    #[n(20)]
    Policy {
        /// What.
        #[n(0)]
        event: PolicyEvent,
        /// The bundle's version; 0 where it was none.
        #[n(1)]
        version: u64,
        /// Tells the bundle from others of its version; none where it was no bundle.
        #[n(2)]
        bundle: Option<PolicyId>,
        /// The person who has read it.
        #[n(3)]
        by: Option<AttendantId>,
        /// Why it is refused, in plain words.
        #[n(4)]
        why: Option<String>,
    },
    /// Nobody is at the post, or somebody is again; only where the site has that watched.
    #[n(21)]
    Manned {
        /// Which.
        #[n(0)]
        found: Manned,
    },
    /// A lane was used to practise. What was practised is on no record.
    #[n(22)]
    Training {
        /// Whether it began or ended.
        #[n(0)]
        event: Training,
        /// Who practises.
        #[n(1)]
        by: AttendantId,
    },
    /// Whoever came in with a passage is not out again by the time they had to be: [`Passage::stay`]. Once a passage.
    #[n(23)]
    Overdue {
        /// The log that holds the passage's record.
        #[n(0)]
        log: Epoch,
        /// That record.
        #[n(1)]
        entry: Seq,
        /// Vehicles of it that were inside then.
        #[n(2)]
        vehicles: u32,
        /// Persons, in the same way.
        #[n(3)]
        people: u32,
    },
    /// What the screenings of many people say of a lane's thermometer.
    #[n(24)]
    DriftNoted {
        /// What.
        #[n(0)]
        note: Box<DriftNote>,
    },
}

/// In what [`Body::Gap`] found: begins the name of the earlier log whose numbers are meant, where it is not this one.
pub const IN_LOG: &str = ", in log ";

/// Why personal parts were erased. A code and not a text: records are public and stay for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Erasure {
    /// The person asked for it.
    #[n(0)]
    Requested,
    /// It was recorded by mistake.
    #[n(1)]
    Mistaken,
    /// An authority ordered it.
    #[n(2)]
    Ordered,
}

/// What was seen under a barrier that had been opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Crossing {
    /// The subject went through.
    #[n(0)]
    Passed,
    /// The barrier opened and nobody went through in time.
    #[n(1)]
    DidNotPass,
    /// More than one went through on one opening.
    #[n(2)]
    Followed,
    /// The barrier did not open, or did not close.
    #[n(3)]
    BarrierStuck,
}

/// A verdict and everything it rests on, without personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct Passage {
    /// The arrival it decides.
    #[n(0)]
    pub arrival: Seq,
    /// The earlier verdict on the same arrival that it follows up, such as a referral.
    #[n(1)]
    pub follows: Option<Seq>,
    /// Person or vehicle.
    #[n(2)]
    pub subject: SubjectKind,
    /// Which way.
    #[n(3)]
    pub direction: Direction,
    /// What the subject is to the place.
    #[n(4)]
    pub class: Class,
    /// The outcome.
    #[n(5)]
    pub verdict: Verdict,
    /// Why, most important first; empty for a plain admission.
    #[n(6)]
    pub reasons: Vec<Reason>,
    /// Who decided.
    #[n(7)]
    pub decided_by: Decider,
    /// The profile that applied.
    #[n(8)]
    pub profile: Slug,
    /// Identity of the policy in force.
    #[n(9)]
    pub policy: PolicyId,
    /// Number of the public notice that the policy cites, if any.
    #[n(10)]
    pub notice: Option<u32>,
    /// The subject's own steps, in the profile's order.
    #[n(11)]
    pub steps: Vec<StepRecord>,
    /// A vehicle's occupants, in the order they were recorded.
    #[n(12)]
    pub occupants: Vec<Occupant>,
    /// Milliseconds from arrival to verdict.
    #[n(13)]
    pub took_ms: u32,
    /// The picture that was taken of it, where the site keeps one. Its key is in [`Personal::picture`].
    #[n(14)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
    /// What the policy's rules were asked and which of them applied; none in records from before there were rules.
    #[n(15)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grounds: Option<Grounds>,
    /// When whoever came in has to be out again; none where nothing says.
    #[n(16)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stay: Option<StayLimit>,
}

#[cfg(test)]
mod tests;
