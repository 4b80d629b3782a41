//! What must overtake weeks of backlog: alarms, and which records are one.
//!
//! A kiosk keeps a second, small log beside its records, the urgent log. It holds nothing but [`Body::Alarm`]: what kind,
//! and which record of the main log says more. It is a log like any other (gapless by itself, signed by the same key, of
//! an epoch of its own) and is sent before anything else. The first record of an urgent log is of kind [`Cause::Begun`]:
//! by that a hub knows it. It names the main log, and the record up to which nothing is raised.
//!
//! | record of the main log | cause |
//! |---|---|
//! | a verdict: somebody is held, or an occupant of a vehicle | [`Cause::Held`] |
//! | the first verdict on somebody who is not let through and showed a forged credential | [`Cause::ForgedPass`] |
//! | an emergency admission | [`Cause::Emergency`] |
//! | a barrier opened without this program | [`Cause::OpenedByHand`] |
//! | a barrier found open at the start | [`Cause::FoundOpen`] |
//! | a barrier that did not open or close | [`Cause::BarrierStuck`] |
//! | somebody followed, by all that counts there | [`Cause::Followed`] |
//! | nobody answers at the post, or nobody is signed in where somebody has to be | [`Cause::NobodyAtPost`] |
//! | somebody has not come out in time | [`Cause::Overdue`] |
//! | records are lost | [`Cause::RecordsLost`] |
//! | a device stays silent, or its bus does | [`Cause::DeviceDead`] |
//!
//! Without a record of their own: the log ended and another one begins (it points to the first record of the new one),
//! a disk below its mark, records that cannot be written. While the main log fails, an alarm stands alone; when its
//! record is durable at last, the alarm is raised once more with it, and the same stamp tells that it is the same one.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::duty::Manned;
use super::leak::Counted;
use super::record::{Body, Crossing, Draft, Passage};
use super::verdict::{Reason, Verdict};
use crate::base::{Epoch, LaneId, NoReading, Seq};

/// Why an alarm is raised.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
pub enum Cause {
    /// No alarm: the urgent log begins.
    #[n(0)]
    Begun,
    /// Somebody is held, and somebody is called.
    #[n(1)]
    Held,
    /// A credential whose signature does not match.
    #[n(2)]
    ForgedPass,
    /// Somebody was let through in an emergency.
    #[n(3)]
    Emergency,
    /// A barrier was opened without a record.
    #[n(4)]
    OpenedByHand,
    /// A barrier stood open when the kiosk started.
    #[n(5)]
    FoundOpen,
    /// A barrier did not get where it was asked to go.
    #[n(6)]
    BarrierStuck,
    /// Records that were durable are lost.
    #[n(7)]
    RecordsLost,
    /// The main log could not be continued.
    #[n(8)]
    LogEnded,
    /// There is less room on the disk than there should be.
    #[n(9)]
    DiskLow,
    /// Records cannot be written.
    #[n(10)]
    WriteFailed,
    /// A device does not answer.
    #[n(11)]
    DeviceDead,
    /// Somebody went through behind a recorded subject.
    #[n(12)]
    Followed,
    /// Nobody is at a post that should not be left.
    #[n(13)]
    NobodyAtPost,
    /// Somebody who came in is not out again by the time they had to be.
    #[n(14)]
    Overdue,
}

impl Cause {
    /// Every cause, in the order of the records.
    pub const ALL: [Self; 15] = [
        Self::Begun,
        Self::Held,
        Self::ForgedPass,
        Self::Emergency,
        Self::OpenedByHand,
        Self::FoundOpen,
        Self::BarrierStuck,
        Self::RecordsLost,
        Self::LogEnded,
        Self::DiskLow,
        Self::WriteFailed,
        Self::DeviceDead,
        Self::Followed,
        Self::NobodyAtPost,
        Self::Overdue,
    ];

    /// Why a record of the main log is an alarm, if it is one.
    pub fn of(body: &Body) -> Option<Self> {
        match body {
            Body::Passage(passage) => Self::of_passage(passage),
            Body::Crossed { crossing: Crossing::BarrierStuck, .. } => Some(Self::BarrierStuck),
            // A beam that is interrupted twice may be one person with a bag: where a second sensor looks, both must say so.
            Body::Crossed { crossing: Crossing::Followed, counted, .. } => {
                counted.is_none_or(Counted::says_followed).then_some(Self::Followed)
            }
            Body::DeviceHealth { fault: Some(fault), .. } => is_dead(*fault).then_some(Self::DeviceDead),
            Body::Gap { .. } => Some(Self::RecordsLost),
            Body::Manned { found: Manned::Unanswered | Manned::Unstaffed } => Some(Self::NobodyAtPost),
            Body::Overdue { .. } => Some(Self::Overdue),
            Body::OpenedByHand => Some(Self::OpenedByHand),
            Body::FoundOpen => Some(Self::FoundOpen),
            Body::Booted { .. }
            | Body::Stopped
            | Body::KeyOpened { .. }
            | Body::Arrived { .. }
            | Body::Crossed { crossing: Crossing::Passed | Crossing::DidNotPass, .. }
            | Body::DeviceHealth { fault: None, .. }
            | Body::Attendance { .. }
            | Body::ClockMapped
            | Body::ClosedByAttendant { .. }
            | Body::Erased { .. }
            | Body::KeyDestroyed { .. }
            | Body::SegmentsDropped { .. }
            | Body::Alarm { .. }
            | Body::HandOver { .. }
            | Body::Policy { .. }
            | Body::Manned { found: Manned::Back }
            | Body::DriftNoted { .. }
            | Body::Training { .. }
            | Body::Commanded { .. }
            | Body::CommandDone { .. } => None,
        }
    }

    fn of_passage(passage: &Passage) -> Option<Self> {
        let held = |verdict: Verdict| verdict == Verdict::Held;
        if passage.verdict == Verdict::EmergencyAdmitted {
            return Some(Self::Emergency);
        }
        if held(passage.verdict) || passage.occupants.iter().any(|occupant| held(occupant.verdict)) {
            return Some(Self::Held);
        }
        // What follows it up is no second alarm.
        let is_first = passage.follows.is_none() && !passage.verdict.opens_barrier();
        (is_first && passage.reasons.contains(&Reason::CredentialForged)).then_some(Self::ForgedPass)
    }

    /// The alarm as it is recorded: about a lane, and perhaps about a record of the log `epoch`.
    pub fn draft(self, lane: Option<LaneId>, record: Option<(Epoch, Option<Seq>)>) -> Draft {
        let (epoch, seq) = record.map_or((None, None), |(epoch, seq)| (Some(epoch), seq));
        Draft { lane, body: Body::Alarm { kind: self, epoch, seq }, personal: None }
    }
}

/// Whether nothing comes from a device until somebody goes there. One that answers nonsense is not dead.
fn is_dead(fault: NoReading) -> bool {
    match fault {
        NoReading::Absent
        | NoReading::Timeout
        | NoReading::Bus
        | NoReading::Stale
        | NoReading::WrongPart
        | NoReading::MemoryDead
        | NoReading::OffReference => true,
        NoReading::Checksum
        | NoReading::Flagged
        | NoReading::Starting
        | NoReading::MemoryBusy
        | NoReading::PowerDip => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::PolicyId;
    use crate::model::record::Occupant;
    use crate::model::{Class, Decider, Direction, SubjectKind};

    #[test]
    fn a_verdict_is_an_alarm_when_somebody_is_held_or_let_through_in_an_emergency_or_shows_a_forgery() {
        let forged = vec![Reason::CredentialForged];
        for verdict in Verdict::ALL {
            let plain = Cause::of(&passage(verdict, vec![], None, None));
            let shown = Cause::of(&passage(verdict, forged.clone(), None, None));
            match verdict {
                Verdict::EmergencyAdmitted => assert_eq!((plain, shown), (Some(Cause::Emergency), plain)),
                Verdict::Held => assert_eq!((plain, shown), (Some(Cause::Held), plain)),
                Verdict::Admitted | Verdict::AdmittedWithFollowUp => assert_eq!((plain, shown), (None, None)),
                Verdict::Advised
                | Verdict::TurnedBack
                | Verdict::Referred
                | Verdict::HandedOff
                | Verdict::Abandoned => assert_eq!((plain, shown), (None, Some(Cause::ForgedPass))),
            }
        }
        let followed = passage(Verdict::TurnedBack, forged, Some(Seq::FIRST), None);
        assert_eq!(Cause::of(&followed), None, "its referral was the alarm");
        let beside = passage(Verdict::TurnedBack, vec![], None, Some(Verdict::Held));
        assert_eq!(Cause::of(&beside), Some(Cause::Held));
    }

    #[test]
    fn a_device_is_an_alarm_when_nothing_comes_from_it() {
        let health = |fault| Body::DeviceHealth { device: "brow".parse().unwrap(), fault };
        let of = |fault| Cause::of(&health(fault));
        let dead = [NoReading::Absent, NoReading::Timeout, NoReading::Bus, NoReading::Stale];
        let wrong = [NoReading::WrongPart, NoReading::MemoryDead, NoReading::OffReference];
        for fault in dead.into_iter().chain(wrong) {
            assert_eq!(of(Some(fault)), Some(Cause::DeviceDead));
        }
        let alive = [NoReading::Checksum, NoReading::Flagged, NoReading::Starting, NoReading::MemoryBusy];
        for fault in alive.into_iter().chain([NoReading::PowerDip]) {
            assert_eq!(of(Some(fault)), None);
        }
        assert_eq!(of(None), None);
    }

    #[test]
    fn barriers_and_losses_are_alarms_and_an_alarm_is_none() {
        let crossed = |crossing| Cause::of(&Body::Crossed { arrival: Seq::FIRST, crossing, counted: None });
        assert_eq!(crossed(Crossing::BarrierStuck), Some(Cause::BarrierStuck));
        assert_eq!([Crossing::Passed, Crossing::DidNotPass].map(crossed), [None; 2]);
        let followed = |beside| {
            let counted = Some(Counted { beam: 2, beside });
            Cause::of(&Body::Crossed { arrival: Seq::FIRST, crossing: Crossing::Followed, counted })
        };
        let said = Some(Cause::Followed);
        assert_eq!([None, Some(1), Some(2)].map(followed), [said, None, said], "a bag is nobody");
        assert_eq!(Cause::of(&Body::OpenedByHand), Some(Cause::OpenedByHand));
        assert_eq!(Cause::of(&Body::FoundOpen), Some(Cause::FoundOpen));
        let gap = Body::Gap { from: Seq::FIRST, through: Seq::FIRST, found: String::new() };
        assert_eq!(Cause::of(&gap), Some(Cause::RecordsLost));
        let overdue = Body::Overdue { log: Epoch([1; 16]), entry: Seq::FIRST, vehicles: 0, people: 1 };
        assert_eq!(Cause::of(&overdue), Some(Cause::Overdue));
        for cause in Cause::ALL {
            assert_eq!(Cause::of(&cause.draft(None, None).body), None);
        }
    }

    #[test]
    fn an_alarm_takes_few_bytes_and_says_nothing_about_anybody() {
        let lane = Some("person-in".parse().unwrap());
        let draft = Cause::Held.draft(lane, Some((Epoch([9; 16]), Seq::new(1 << 30))));
        let bytes = minicbor::to_vec(&draft.body).unwrap();
        assert_eq!(minicbor::decode::<Body>(&bytes).unwrap(), draft.body);
        assert_eq!(draft.personal, None);
        assert!(bytes.len() <= 32, "{} bytes", bytes.len());
        let numbers: Vec<Vec<u8>> = Cause::ALL.iter().map(|cause| minicbor::to_vec(cause).unwrap()).collect();
        assert_eq!(numbers, (0..15_u8).map(|number| vec![number]).collect::<Vec<_>>(), "never used twice");
    }

    fn passage(
        verdict: Verdict,
        reasons: Vec<Reason>,
        follows: Option<Seq>,
        beside: Option<Verdict>,
    ) -> Body {
        let occupant = |verdict| Occupant {
            class: Class::Visitor,
            verdict,
            reasons: vec![],
            steps: vec![],
            grounds: None,
            apart: None,
        };
        Body::Passage(Box::new(Passage {
            arrival: Seq::FIRST,
            follows,
            subject: SubjectKind::Vehicle,
            direction: Direction::Inbound,
            class: Class::Visitor,
            verdict,
            reasons,
            decided_by: Decider::Policy,
            profile: "vehicle-in".parse().unwrap(),
            policy: PolicyId([3; 16]),
            notice: None,
            steps: vec![],
            occupants: beside.into_iter().map(occupant).collect(),
            took_ms: 1,
            picture: None,
            grounds: None,
            stay: None,
        }))
    }
}
