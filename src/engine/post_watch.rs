//! Whether somebody is at the post: asks now and then, and says so when nobody answers.
//!
//! ```text
//!             first signs in              its time has come            unanswered
//!   Unstaffed ─────────────▶ Quiet ─────────────────────▶ Asked ───────────────────▶ Missing
//!      │  ▲                    ▲ └── an act at a lane        │ an act, or the answer      │
//!      │  └─ last signs out ───┼── begins the time anew      │                            │
//!      │                       └─────────────────────────────┴──────── recorded: back ────┘
//!      └─ for too long, where the site wants it staffed ─▶ Missing
//! ```
//! Invariants: it is asked between the shortest and the longest time after the last act, at a moment that nobody knows
//! beforehand; an absence is recorded once when it begins, and once when it ends; whoever only looks on staffs nothing.

use std::collections::BTreeSet;

use crate::base::{AttendantId, Mono, Random};
use crate::config::site::PostRules;
use crate::control::PostStatus;
use crate::model::duty::Manned;
use crate::model::{Body, Draft};

/// Watches one kiosk's post; see the module.
#[derive(Debug)]
pub struct PostWatch {
    rules: PostRules,
    random: Random,
    here: BTreeSet<AttendantId>,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Unstaffed { until: Option<Mono> },
    Quiet { until: Mono },
    Asked { until: Mono },
    Missing,
}

impl PostWatch {
    /// A post at which nobody has signed in. `random` decides when is asked.
    pub fn new(rules: PostRules, random: Random, now: Mono) -> Self {
        let until = rules.staffed_within.map(|within| now + within);
        Self { rules, random, here: BTreeSet::new(), state: State::Unstaffed { until } }
    }

    /// Somebody who staffs the post has signed in; returns what is to be recorded.
    pub fn signed_in(&mut self, now: Mono, who: &AttendantId) -> Option<Draft> {
        self.here.insert(who.clone());
        self.act(now)
    }

    /// Somebody has signed out.
    pub fn signed_out(&mut self, now: Mono, who: &AttendantId) -> Option<Draft> {
        if !self.here.remove(who) || !self.here.is_empty() {
            return None;
        }
        match self.state {
            // Whoever signs out is there; that it is unstaffed from now on is another matter.
            State::Missing => {
                self.unstaffed(now);
                Some(draft(Manned::Back))
            }
            State::Unstaffed { .. } | State::Quiet { .. } | State::Asked { .. } => {
                self.unstaffed(now);
                None
            }
        }
    }

    /// Somebody who is signed in did something, or said that they are there.
    pub fn act(&mut self, now: Mono) -> Option<Draft> {
        if self.here.is_empty() {
            return None;
        }
        let was = std::mem::replace(&mut self.state, State::Quiet { until: now });
        self.quiet(now);
        match was {
            State::Missing => Some(draft(Manned::Back)),
            State::Unstaffed { .. } | State::Quiet { .. } | State::Asked { .. } => None,
        }
    }

    /// When [`expire`](Self::expire) must be called.
    pub fn deadline(&self) -> Option<Mono> {
        match self.state {
            State::Unstaffed { until } => until,
            State::Quiet { until } | State::Asked { until } => Some(until),
            State::Missing => None,
        }
    }

    /// Acts on a deadline that `now` has reached. Calling early does nothing.
    pub fn expire(&mut self, now: Mono) -> Option<Draft> {
        if self.deadline().is_none_or(|at| now < at) {
            return None;
        }
        let missing = match self.state {
            State::Quiet { .. } => {
                self.state = State::Asked { until: now + self.rules.answer_within };
                return None;
            }
            State::Asked { .. } => Manned::Unanswered,
            State::Unstaffed { .. } => Manned::Unstaffed,
            State::Missing => return None,
        };
        self.state = State::Missing;
        Some(draft(missing))
    }

    /// For the screens.
    pub fn status(&self) -> PostStatus {
        match self.state {
            State::Unstaffed { .. } | State::Quiet { .. } => PostStatus::Quiet,
            State::Asked { .. } => PostStatus::Asked,
            State::Missing => PostStatus::Nobody,
        }
    }

    fn quiet(&mut self, now: Mono) {
        let [least, most] = self.rules.ask_after;
        let spread = u64::try_from(most.saturating_sub(least).as_millis()).unwrap_or(u64::MAX);
        let more = std::time::Duration::from_millis(self.random.below(spread.saturating_add(1)));
        self.state = State::Quiet { until: now + least + more };
    }

    fn unstaffed(&mut self, now: Mono) {
        let until = self.rules.staffed_within.map(|within| now + within);
        self.state = State::Unstaffed { until };
    }
}

fn draft(found: Manned) -> Draft {
    Draft { lane: None, body: Body::Manned { found }, personal: None }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn watch(seed: u64) -> (PostWatch, Mono) {
        let rules = PostRules {
            ask_after: [20 * MINUTE, 40 * MINUTE],
            answer_within: 2 * MINUTE,
            staffed_within: Some(5 * MINUTE),
        };
        let now = Mono::from_millis(1_000);
        (PostWatch::new(rules, Random::new(seed), now), now)
    }

    fn li() -> AttendantId {
        "li".parse().unwrap()
    }

    fn found(draft: Option<Draft>) -> Option<Manned> {
        let Body::Manned { found } = draft?.body else { panic!("nothing else is recorded here") };
        Some(found)
    }

    #[test]
    fn it_is_asked_at_a_moment_that_nobody_knows_and_an_act_begins_the_time_anew() {
        let mut moments = BTreeSet::new();
        for seed in 0..200 {
            let (mut post, now) = watch(seed);
            assert_eq!(found(post.signed_in(now, &li())), None);
            let at = post.deadline().unwrap();
            assert!((20 * MINUTE..=40 * MINUTE).contains(&at.since(now)), "{:?}", at.since(now));
            moments.insert(at);
            let acted = at - Duration::from_millis(1);
            assert_eq!((found(post.expire(acted)), post.status()), (None, PostStatus::Quiet));
            post.act(acted);
            assert!(post.deadline().unwrap().since(acted) >= 20 * MINUTE, "postponed");
        }
        assert!(moments.len() > 190, "{} moments of 200", moments.len());
    }

    #[test]
    fn no_answer_is_recorded_once_and_ends_with_the_first_act() {
        let (mut post, now) = watch(1);
        post.signed_in(now, &li());
        let asked = post.deadline().unwrap();
        assert_eq!(found(post.expire(asked)), None);
        assert_eq!(post.status(), PostStatus::Asked);
        let late = asked + 2 * MINUTE;
        assert_eq!(found(post.expire(late - Duration::from_millis(1))), None);
        assert_eq!(found(post.expire(late)), Some(Manned::Unanswered));
        assert_eq!(
            (post.status(), post.deadline(), found(post.expire(late + 60 * MINUTE))),
            (PostStatus::Nobody, None, None)
        );
        assert_eq!(found(post.act(late + MINUTE)), Some(Manned::Back));
        assert_eq!((post.status(), found(post.act(late + MINUTE))), (PostStatus::Quiet, None));
    }

    #[test]
    fn an_answer_in_time_is_no_record() {
        let (mut post, now) = watch(2);
        post.signed_in(now, &li());
        let asked = post.deadline().unwrap();
        post.expire(asked);
        assert_eq!((found(post.act(asked + MINUTE)), post.status()), (None, PostStatus::Quiet));
        assert_eq!(found(post.expire(asked + 2 * MINUTE)), None);
    }

    #[test]
    fn a_post_that_must_be_staffed_and_is_not_is_recorded_until_somebody_signs_in() {
        let (mut post, now) = watch(3);
        assert_eq!(found(post.act(now)), None, "nobody is here who could act");
        assert_eq!(found(post.expire(now + 5 * MINUTE)), Some(Manned::Unstaffed));
        let later = now + 9 * MINUTE;
        assert_eq!(found(post.signed_in(later, &li())), Some(Manned::Back));
        let wang = "wang".parse().unwrap();
        post.signed_in(later, &wang);
        post.signed_out(later, &wang);
        assert_eq!(post.deadline().map(|at| at > later + 5 * MINUTE), Some(true), "li is still here");
        post.signed_out(later, &li());
        assert_eq!(found(post.expire(later + 5 * MINUTE)), Some(Manned::Unstaffed));
        let rules = PostRules { staffed_within: None, ..post.rules };
        assert_eq!(PostWatch::new(rules, Random::new(1), now).deadline(), None, "where nobody has to be");
    }
}
