//! The rules of memory: what earlier passages, and the time, make of a subject's steps.
//!
//! Whatever is granted counts from the most that can have passed, whatever is withheld from the least. What nobody can tell
//! grants nothing: an attendant decides.

use std::time::Duration;

use super::step::Step;
use super::steps::Steps;
use crate::base::{LaneId, Mono, Slug, Wall};
use crate::config::Ask;
use crate::config::entitlement::Check;
use crate::model::{
    Ago, Between, Direction, EarlierPassage, End, Evidence, KnownBy, Past, Reason, StepOutcome, StepRecord,
    TurnedBack, Verdict,
};

/// When it is, and who is meant.
pub(super) struct Now<'a> {
    pub mono: Mono,
    pub between: &'a Between,
    pub utc_offset_minutes: i16,
    pub direction: Direction,
    pub lane: &'a LaneId,
}

/// What was answered and when; `Err` where nobody can say, nothing where nobody has been asked about.
pub(super) type Answer<'a> = Option<Result<(Mono, &'a Past), ()>>;

/// Settles the steps for which that is enough, and calls the attendant to those for which it is not. Says whether something
/// that was found earlier counts.
pub(super) fn apply(steps: &mut Steps, answer: Answer<'_>, now: &Now<'_>) -> bool {
    let asked = steps.asked().map(|step| step.rule.id.clone());
    let mut counts = false;
    steps.each_open(|step| {
        if let Ask::Entitlement { check } = &step.rule.ask {
            // Before it is its turn, who they are may still become known.
            let its_turn = asked.as_ref() == Some(&step.rule.id);
            match met(check, answer, now) {
                Some(Ok(())) => step.settle(Evidence::Entitled),
                Some(Err(why)) => step.call_attendant(why),
                None if its_turn => step.call_attendant(Reason::CannotTell),
                None => {}
            }
        } else if let Some(evidence) = still_counts(step, answer, now.mono) {
            step.settle(evidence);
            counts = true;
        }
    });
    counts
}

/// The last time that they were turned back within a time and came to no other end since, here or at another kiosk;
/// `later` has passed since the answer.
///
/// Here the records say what came after what. Between kiosks only clocks do: only what was certainly later ends it.
pub(super) fn turned_back(past: &Past, later: Duration, within: Duration) -> Option<TurnedBack> {
    let here = past.passages.iter().find_map(|passage| Some((None, passage.ago, End::of(passage.verdict)?)));
    let there = past.elsewhere.iter().map(|other| (Some(&other.kiosk), other.ago, other.end));
    let ends: Vec<_> = here.into_iter().chain(there).collect();
    let ended_since = |then: Ago| {
        let mut others = ends.iter().filter(|(.., end)| *end == End::Otherwise);
        others.any(|(_, ago, _)| ago.most.is_some_and(|most| most <= then.least))
    };
    let still = |(_, ago, end): &&(_, Ago, End)| {
        *end == End::TurnedBack && ago.later(later).least < within && !ended_since(*ago)
    };
    let last = ends.iter().filter(still).min_by_key(|(_, ago, _)| ago.least)?;
    Some(TurnedBack { kiosk: last.0.cloned(), ago: last.1 })
}

/// Whether the pass that somebody shows was shown at another gate less than `apart` ago: at another kiosk, or to go the same way at
/// another lane of this one. `later` has passed since the answer.
pub(super) fn used_elsewhere(past: &Past, later: Duration, apart: Duration, now: &Now<'_>) -> bool {
    let last = past.passages.iter().find(|passage| passage.went_through());
    let here = last.filter(|last| {
        last.by == KnownBy::Identity
            && last.direction == now.direction
            && last.lane.as_ref().is_some_and(|lane| lane != now.lane)
    });
    let there = past.used.iter().map(|used| used.ago);
    there.chain(here.map(|last| last.ago)).any(|ago| ago.later(later).least < apart)
}

/// Whether `check` is met, or why not; `None` while nobody was asked about.
fn met(check: &Check, answer: Answer<'_>, now: &Now<'_>) -> Option<Result<(), Reason>> {
    if let Check::Hours { windows, days } = check {
        return Some(within_hours(windows, days, now));
    }
    let Ok((at, past)) = answer? else { return Some(Err(Reason::CannotTell)) };
    let later = now.mono.since(at);
    Some(by_past(check, past, later, now.direction))
}

fn by_past(check: &Check, past: &Past, later: Duration, direction: Direction) -> Result<(), Reason> {
    let through = |passage: &&EarlierPassage| passage.went_through();
    match check {
        // Without the past the time alone tells: see `met`.
        Check::Hours { .. } => Err(Reason::CannotTell),
        Check::Quota { times, within } => {
            let same_way =
                past.passages.iter().filter(through).filter(|passage| passage.direction == direction);
            let used = same_way.filter(|passage| may_be(passage, later, *within)).count();
            (used < usize::from(*times)).then_some(()).ok_or(Reason::QuotaUsed)
        }
        Check::Interval { step, answers, within } => {
            let stated = |passage: &&EarlierPassage| {
                may_be(passage, later, *within)
                    && passage.steps.iter().any(|record| answered(record, step, answers))
            };
            past.passages.iter().find(stated).map_or(Ok(()), |_| Err(Reason::TooSoon))
        }
        Check::Cleared { steps, within } => {
            // Going out, or being let in for an emergency, has cleared nobody.
            let says_so = |passage: &&EarlierPassage| {
                passage.is_decided()
                    && passage.direction == direction
                    && passage.verdict != Verdict::EmergencyAdmitted
            };
            let kept_away = past.passages.iter().find(says_so).filter(|last| {
                !last.verdict.opens_barrier()
                    && may_be(last, later, *within)
                    && last.steps.iter().any(|record| failed_at(record, steps))
            });
            kept_away.map_or(Ok(()), |_| Err(Reason::NotCleared))
        }
        Check::Places { max } => {
            let host = past.host.as_ref().ok_or(Reason::CannotTell)?;
            (host.visitors < usize::from(*max)).then_some(()).ok_or(Reason::HostVisited)
        }
        Check::HostStays { step } => {
            let host = past.host.as_ref().ok_or(Reason::CannotTell)?;
            let last = host.passages.iter().find(through);
            let left = last.filter(|last| {
                last.direction == Direction::Outbound
                    && last.steps.iter().any(|record| is_called(record, step) && record.outcome.is_settled())
            });
            left.map_or(Ok(()), |_| Err(Reason::HostLeft))
        }
        Check::SameHost { within } => {
            // Without a name nobody can tell whether it is another.
            let asked = Some(past.host.as_ref().ok_or(Reason::CannotTell)?.name);
            let visits =
                past.passages.iter().filter(through).filter(|passage| may_be(passage, later, *within));
            let mut hosts =
                visits.filter(|passage| passage.direction == direction).filter_map(|passage| passage.host);
            hosts.all(|host| Some(host) == asked).then_some(()).ok_or(Reason::OtherHost)
        }
        Check::Entered { within } => {
            let last = past.passages.iter().find(through);
            let inside = last
                .is_some_and(|last| last.direction == Direction::Inbound && certainly(last, later, *within));
            inside.then_some(()).ok_or(Reason::NoEntry)
        }
    }
}

/// Whether what `step` asks was found when the subject passed before, and still counts: the last time that it was tried.
fn still_counts(step: &Step, answer: Answer<'_>, now: Mono) -> Option<Evidence> {
    let within = step.rule.counts_for?;
    let (at, past) = answer?.ok().filter(|_| step.is_untried())?;
    let tried = |passage: &EarlierPassage| {
        let record = passage.steps.iter().find(|record| step.rule.records(record))?.clone();
        let tried = match &record.outcome {
            StepOutcome::Open | StepOutcome::Waived { .. } => false,
            StepOutcome::Done(Evidence::Remembered { .. } | Evidence::Carried { .. }) => false,
            StepOutcome::Done(_) | StepOutcome::Failed { .. } | StepOutcome::NotMeasured(_) => true,
        };
        tried.then_some(record)
    };
    let (passage, record) = past.passages.iter().find_map(|passage| Some((passage, tried(passage)?)))?;
    let ago = passage.ago.later(now.since(at));
    let good = matches!(record.outcome, StepOutcome::Done(_))
        && passage.went_through()
        && passage.by == KnownBy::Identity
        && ago.most.is_some_and(|most| most <= within);
    let minutes = whole_minutes(ago.most?);
    good.then_some(Evidence::Remembered { record: passage.seq, minutes })
}

pub(super) fn whole_minutes(time: Duration) -> u32 {
    u32::try_from(time.as_secs() / 60).unwrap_or(u32::MAX)
}

/// Whether it can have been within a time.
fn may_be(passage: &EarlierPassage, later: Duration, within: Duration) -> bool {
    passage.ago.later(later).least < within
}

/// Whether it was within a time for certain.
fn certainly(passage: &EarlierPassage, later: Duration, within: Duration) -> bool {
    passage.ago.later(later).most.is_some_and(|most| most <= within)
}

fn is_called(record: &StepRecord, id: &Slug) -> bool {
    record.id.as_ref().map_or(record.kind.name() == id.as_str(), |own| own == id)
}

fn answered(record: &StepRecord, step: &Slug, answers: &[Slug]) -> bool {
    let (StepOutcome::Done(evidence) | StepOutcome::Failed { evidence: Some(evidence), .. }) =
        &record.outcome
    else {
        return false;
    };
    is_called(record, step)
        && matches!(evidence, Evidence::Answered { answer, .. } if answers.contains(answer))
}

fn failed_at(record: &StepRecord, steps: &[Slug]) -> bool {
    matches!(record.outcome, StepOutcome::Failed { .. }) && steps.iter().any(|step| is_called(record, step))
}

/// Whether it is certainly one of these hours; certainly none; or nobody can tell.
fn within_hours(windows: &[[u16; 2]], days: &[u8], now: &Now<'_>) -> Result<(), Reason> {
    let Some(latest) = now.between.latest() else { return Err(Reason::ClockUntrusted) };
    let ends =
        [now.between.earliest(), latest].map(|wall| window_of(wall, windows, days, now.utc_offset_minutes));
    match ends {
        [Some(one), Some(other)] if one == other => Ok(()),
        // What lies between two ends outside may be a whole window, where the clock is that unsure.
        [None, None] if latest.0 - now.between.earliest().0 < 60_000 => Err(Reason::OutsideHours),
        [Some(_) | None, Some(_) | None] => Err(Reason::ClockUntrusted),
    }
}

/// In which window of which day `wall` lies, days counted since 1970 at the place.
fn window_of(wall: Wall, windows: &[[u16; 2]], days: &[u8], utc_offset_minutes: i16) -> Option<(i64, usize)> {
    let minutes = wall.as_secs().div_euclid(60) + i64::from(utc_offset_minutes);
    let (day, minute) = (minutes.div_euclid(24 * 60), minutes.rem_euclid(24 * 60));
    // 1970-01-01 was a Thursday.
    let weekday = u8::try_from((day + 3).rem_euclid(7)).ok()?;
    let holds = |[from, until]: &[u16; 2]| (i64::from(*from)..i64::from(*until)).contains(&minute);
    let window = windows.iter().position(holds).filter(|_| days.is_empty() || days.contains(&weekday))?;
    Some((day, window))
}
