//! Arrivals that the last run left without a verdict.

use crate::base::PolicyId;
use crate::journal::OpenArrival;
use crate::model::{Body, Class, Decider, Draft, Passage, Reason, Verdict};

/// The verdict that closes an arrival whose kiosk stopped in between: nobody knows what became of the subject. Always
/// there: its profile is no profile of any site and a good name.
pub fn draft(open: &OpenArrival) -> Option<Draft> {
    let passage = Passage {
        arrival: open.arrival,
        follows: None,
        subject: open.subject,
        direction: open.direction,
        class: Class::Unknown,
        verdict: Verdict::Abandoned,
        reasons: vec![Reason::KioskRestarted],
        decided_by: Decider::Policy,
        profile: "unresolved".parse().ok()?,
        policy: PolicyId([0; 16]),
        notice: None,
        steps: vec![],
        occupants: vec![],
        took_ms: 0,
        picture: None,
        grounds: None,
        stay: None,
    };
    Some(Draft { lane: open.lane.clone(), body: Body::Passage(Box::new(passage)), personal: None })
}
