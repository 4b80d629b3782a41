//! What is entered into a step: answers, times, pledges, things, escorts, counts, signatures; and disinfection.

use super::running::{Running, Turn};
use super::step::Step;
use super::steps::Steps;
use crate::base::{AttendantId, CentiCelsius, DeviceId, Mono, Pii, Slug};
use crate::config::Ask;
use crate::config::step_rule::{Answer, Means, Source, Warmth};
use crate::control::{Entry, Refused, Stay};
use crate::model::{AreaTable, Evidence, Reason, Stated, StepKind, StepOutcome};

/// Longest name of who fetches somebody, in characters.
const ESCORT_MAX: usize = 40;

/// Highest number on a tag.
const TAG_MAX: u16 = 9_999;

impl Steps {
    /// Enters `entry` into the step called `id`; what was stated goes to `stated`, which is sealed.
    ///
    /// # Errors
    ///
    /// Says why not; nothing has changed then.
    pub fn enter(
        &mut self,
        now: Mono,
        by: Option<&AttendantId>,
        id: &Slug,
        entry: &Entry,
        stated: &mut Stated,
    ) -> Result<(), Refused> {
        if let Entry::StartDwell | Entry::StopDwell | Entry::Reading(_) = entry {
            return self.dwell(now, by.ok_or(Refused::NeedsAttendant)?, id, entry);
        }
        let step = self.named(id).ok_or(Refused::NotNow { why: "this step is not open" })?;
        if let (Entry::Pledge, Ask::Pledge { .. }) = (entry, &step.rule.ask) {
            step.settle(Evidence::Pledged { by: by.cloned() });
            return Ok(());
        }
        let by = by.ok_or(Refused::NeedsAttendant)?;
        let ask = step.rule.ask.clone();
        match (entry, &ask) {
            (Entry::Answer { answer, stay }, Ask::Question { answers, areas, .. }) => {
                let answer = answers.iter().find(|known| known.id == *answer);
                let answer = answer.ok_or_else(|| bad("answer", "is not one of the question's answers"))?;
                answered(step, by, answer, stay.as_ref(), areas.as_deref(), stated)
            }
            (Entry::Confirm, Ask::Question { .. }) => confirmed(step, by),
            (Entry::Items { number, tag }, Ask::Custody { items_max, .. }) => {
                items(step, by, *number, *tag, *items_max)
            }
            (Entry::Escort(name), Ask::Escort) => escorted(step, by, name, stated),
            (Entry::Count(number), Ask::Count { min, max, .. }) => {
                counted(step, by, *number, [*min, *max]);
                Ok(())
            }
            (Entry::SignOff { role }, Ask::SignOff { .. }) => step.sign(by, *role),
            _ => Err(Refused::NotNow { why: "this step asks for something else" }),
        }
    }

    fn dwell(&mut self, now: Mono, by: &AttendantId, id: &Slug, entry: &Entry) -> Result<(), Refused> {
        let other = self.running.as_ref().is_some_and(|running| running.step != *id);
        let begun = self.running.is_some();
        let step = self.named(id).ok_or(Refused::NotNow { why: "this step is not open" })?;
        let ask = step.rule.ask.clone();
        let Ask::Dwell { at, .. } = &ask else {
            return Err(Refused::NotNow { why: "this step asks for something else" });
        };
        if other {
            return Err(Refused::NotNow { why: "something else takes its time first" });
        }
        match entry {
            Entry::StopDwell => {
                let ran = self.running.take().ok_or(Refused::NotNow { why: "no time is running" })?;
                if ran.is_dwell()
                    && let Some(step) = self.named(id)
                {
                    step.interrupted();
                }
                Ok(())
            }
            Entry::StartDwell if begun => Err(Refused::NotNow { why: "it has begun already" }),
            Entry::StartDwell => {
                step.calm();
                self.running = Running::dwell(id.clone(), by.clone(), &ask, now);
                Ok(())
            }
            Entry::Reading(value) => {
                if !matches!(at, Some(Warmth { source: Source::Attendant, .. })) {
                    return Err(Refused::NotNow { why: "no temperature is typed here" });
                }
                if self.running.is_none() {
                    self.running = Running::dwell(id.clone(), by.clone(), &ask, now);
                }
                self.read(now, *value);
                Ok(())
            }
            Entry::Answer { .. }
            | Entry::Confirm
            | Entry::Pledge
            | Entry::Items { .. }
            | Entry::Escort(_)
            | Entry::Count(_)
            | Entry::SignOff { .. } => Err(Refused::NotNow { why: "this step asks for something else" }),
        }
    }

    /// Takes what a sensor of the lane read. No reading is none: the dwell breaks off when the next does not come in time.
    pub fn sensed(&mut self, now: Mono, device: &DeviceId, value: CentiCelsius) -> bool {
        let Some(running) = &self.running else { return false };
        let watches =
            self.iter().any(|step| step.rule.id == running.step && step.rule.sensor() == Some(device));
        if watches {
            self.read(now, value);
        }
        watches
    }

    fn read(&mut self, now: Mono, value: CentiCelsius) {
        let interruptions = self.interruptions();
        let Some(running) = &mut self.running else { return };
        let before = running.is_dwell();
        let turn = running.reading(now, value, interruptions);
        let begins = !before && running.is_dwell();
        self.turned(turn, begins);
    }

    /// Acts on the deadline of what is running.
    pub fn expire(&mut self, now: Mono) -> bool {
        let interruptions = self.interruptions();
        let Some(running) = &mut self.running else { return false };
        if running.deadline().is_none_or(|(due, _)| now < due) {
            return false;
        }
        let turn = running.expire(now, interruptions);
        let silent = matches!(turn, Turn::Broken);
        self.turned(turn, false);
        if silent {
            // Nothing reads any more: somebody has to begin again, so that no sensor keeps a session for ever.
            self.running = None;
        }
        true
    }

    /// Carries out what became of what is running.
    fn turned(&mut self, turn: Turn, begins: bool) {
        let Some(id) = self.running.as_ref().map(|running| running.step.clone()) else { return };
        let Some(step) = self.named(&id) else {
            self.running = None;
            return;
        };
        match turn {
            Turn::Goes if begins => step.calm(),
            Turn::Goes => {}
            Turn::Broken => step.interrupted(),
            Turn::Done(evidence) => {
                step.settle(evidence);
                self.running = None;
            }
        }
    }

    fn interruptions(&self) -> u8 {
        let id = self.running.as_ref().map(|running| &running.step);
        self.iter().find(|step| Some(&step.rule.id) == id).map_or(0, |step| step.interruptions)
    }

    /// Begins the first disinfection that is open.
    pub fn start_disinfection(&mut self, now: Mono, agent: &Slug, by: &AttendantId) -> Result<(), Refused> {
        let running = self.running.as_ref().is_some_and(|running| !running.is_spray());
        let step = self.unsettled_or_refuse(StepKind::Disinfection)?;
        let Ask::Disinfection { agents, seconds_min, seconds_max } = &step.rule.ask else {
            return Err(Refused::StepNotOpen { step: StepKind::Disinfection });
        };
        if !agents.contains(agent) {
            return Err(Refused::BadField { field: "agent", why: "is not on the profile's list" });
        }
        if running {
            return Err(Refused::NotNow { why: "something else takes its time first" });
        }
        let (id, seconds) = (step.rule.id.clone(), [*seconds_min, *seconds_max]);
        self.running = Some(Running::spray(id, by.clone(), agent.clone(), now, seconds));
        Ok(())
    }

    /// Ends it. Too early it goes on: what is refused has changed nothing.
    pub fn stop_disinfection(&mut self, now: Mono) -> Result<(), Refused> {
        let nothing = Refused::NotNow { why: "no disinfection is running" };
        let evidence = self.running.as_ref().ok_or(nothing)?.stop_spray(now)?;
        self.turned(Turn::Done(evidence), false);
        Ok(())
    }
}

fn answered(
    step: &mut Step,
    by: &AttendantId,
    answer: &Answer,
    stay: Option<&Stay>,
    areas: Option<&AreaTable>,
    stated: &mut Stated,
) -> Result<(), Refused> {
    let (mut means, mut table, mut listed) = (answer.means, None, None);
    let id = step.rule.id.clone();
    match (answer.listed, stay, areas) {
        (None, None, _) => stated.forget(&id),
        (None, Some(_), _) => return Err(bad("area", "is not asked for with this answer")),
        (Some(_), None, _) | (Some(_), Some(_), None) => {
            return Err(bad("area", "is needed with this answer"));
        }
        (Some(when_listed), Some(Stay { area, date }), Some(known)) => {
            if area.as_ref().is_some_and(|area| !known.knows(area)) {
                return Err(bad("area", "is not in the table"));
            }
            let found = area.as_ref().is_some_and(|area| known.lists(area, *date.expose()));
            if found {
                means = when_listed;
            }
            (table, listed) = (Some(known.version), Some(found));
            let named = area.as_ref().map_or("elsewhere", |area| area.as_str()).to_owned();
            for (field, value) in [("area", named), ("date", date.expose().to_string())] {
                if let Ok(field) = field.parse() {
                    stated.keep(&id, &field, Pii::new(value));
                }
            }
        }
    }
    let evidence =
        Evidence::Answered { answer: answer.id.clone(), by: by.clone(), table, listed, confirmed: None };
    match means {
        Means::Good => step.settle(evidence),
        Means::Attendant => step.fail(Reason::AnswerToConfirm, Some(evidence)),
        Means::Fails => step.fail(Reason::AnswerNotAccepted, Some(evidence)),
    }
    Ok(())
}

fn confirmed(step: &mut Step, who: &AttendantId) -> Result<(), Refused> {
    let nothing = Refused::NotNow { why: "no answer waits to be looked into" };
    if !step.to_confirm() {
        return Err(nothing);
    }
    let StepOutcome::Failed { evidence: Some(Evidence::Answered { answer, by, table, listed, .. }), .. } =
        step.outcome.clone()
    else {
        return Err(nothing);
    };
    step.settle(Evidence::Answered { answer, by, table, listed, confirmed: Some(who.clone()) });
    Ok(())
}

fn items(
    step: &mut Step,
    by: &AttendantId,
    number: u8,
    tag: Option<u16>,
    items_max: u8,
) -> Result<(), Refused> {
    let Ask::Custody { way, .. } = step.rule.ask else {
        return Err(Refused::StepNotOpen { step: StepKind::Custody });
    };
    if number > items_max {
        return Err(Refused::OutOfRange { what: "number of things", low: 0, high: i32::from(items_max) });
    }
    match (number, tag) {
        (0, Some(_)) => return Err(bad("tag", "must be left out: there is nothing under it")),
        (1.., None) => return Err(bad("tag", "is needed")),
        (_, Some(tag)) if !(1..=TAG_MAX).contains(&tag) => {
            return Err(Refused::OutOfRange { what: "number of the tag", low: 1, high: i32::from(TAG_MAX) });
        }
        (0, None) | (1.., Some(_)) => {}
    }
    step.settle(Evidence::Items { way, number, tag, by: by.clone() });
    Ok(())
}

fn escorted(
    step: &mut Step,
    by: &AttendantId,
    name: &Pii<String>,
    stated: &mut Stated,
) -> Result<(), Refused> {
    let text = name.expose().trim();
    if text.is_empty() {
        return Err(bad("escort", "is needed"));
    }
    if text.chars().count() > ESCORT_MAX || text.chars().any(char::is_control) {
        return Err(bad("escort", "must be at most 40 characters"));
    }
    if let Ok(field) = "escort".parse() {
        stated.keep(&step.rule.id, &field, Pii::new(text.to_owned()));
    }
    step.settle(Evidence::Escorted { by: by.clone() });
    Ok(())
}

/// A number outside the range stands in the record; it can be counted again.
fn counted(step: &mut Step, by: &AttendantId, number: u32, [min, max]: [u32; 2]) {
    let evidence = Evidence::Counted { number, by: by.clone() };
    if (min..=max).contains(&number) {
        step.settle(evidence);
    } else {
        step.fail(Reason::CountOutOfRange, Some(evidence));
    }
}

/// A refusal of a field. The names are ours: they are all good ones.
fn bad(field: &'static str, why: &'static str) -> Refused {
    Refused::BadField { field, why }
}
