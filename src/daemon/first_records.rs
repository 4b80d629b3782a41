//! The first records of a run: that the kiosk started, and what the last run left open.

use super::keeper::Rules;
use super::recorder::{News, Recorder, Request, SealsFor};
use super::unresolved;
use crate::journal::{Disk, Journal, Recovery};
use crate::model::Draft;
use crate::platform::clock::Clock;
use crate::sync::enrolment::Enrolment;

/// Writes down that the kiosk started, `more` that it found then, and what the last run left open, before any lane can ask for anything. What there
/// is to tell of it, such as a journal that fails already, is for the lanes and the screens.
pub fn first_records<D: Disk>(
    mut journal: Journal<D>,
    recovery: &Recovery,
    enrolment: Option<&Enrolment>,
    clock: &Clock,
    (rules, more): (&Rules, Vec<Draft>),
) -> (Recorder<D>, Vec<News>) {
    // Before anything is sealed in this run.
    let last = recovery.last.as_ref().map(|(_, stamp)| stamp);
    if let Err(error) = journal.turn_key(&clock.stamp(), last, rules.ahead_minutes) {
        tracing::error!(%error, "no new sealing key: the old one goes on");
    }
    let keys = enrolment.map(|enrolment| journal.sealer().all_keys_opened(&enrolment.seal_key.0));
    let hub = enrolment.map(|enrolment| enrolment.seal_key.0);
    let mut recorder =
        Recorder::new(journal).sealing_for(SealsFor { hub, ahead_minutes: rules.ahead_minutes });
    let mut drafts = recovery.drafts(env!("CARGO_PKG_VERSION"));
    match keys {
        Some(Ok(keys)) => {
            drafts.extend(keys.into_iter().map(|body| Draft { lane: None, body, personal: None }));
        }
        Some(Err(error)) => tracing::error!(%error, "the hub's sealing key is of no use"),
        None => {}
    }
    drafts.extend(more);
    drafts.extend(recovery.open_arrivals.iter().filter_map(unresolved::draft));
    let mut news = Vec::new();
    for draft in drafts {
        let request = Request { answer: None, draft: Box::new(draft), stamp: clock.stamp() };
        recorder.hand_in(request, &mut news);
    }
    recorder.commit(&mut news);
    (recorder, news)
}
