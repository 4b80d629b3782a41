//! A passage without anything particular, for whoever needs one and minds little of it.

use kakou::base::{PolicyId, Seq};
use kakou::model::{Class, Decider, Direction, Passage, SubjectKind, Verdict};

/// Somebody who was let in.
pub fn admitted(arrival: Seq) -> Passage {
    Passage {
        arrival,
        follows: None,
        subject: SubjectKind::Person,
        direction: Direction::Inbound,
        class: Class::Resident,
        verdict: Verdict::Admitted,
        reasons: vec![],
        decided_by: Decider::Policy,
        profile: "residential-in".parse().unwrap(),
        policy: PolicyId([3; 16]),
        notice: None,
        steps: vec![],
        occupants: vec![],
        took_ms: 1_000,
        picture: None,
        grounds: None,
        stay: None,
    }
}
