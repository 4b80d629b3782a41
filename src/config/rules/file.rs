//! Reads the rules of a profile, and the default ones for profiles that write none.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as BadWord, StrDeserializer};

use super::facts::{Facts, Party};
use super::{Admission, AllSteps, Because, Conditions, Is, Rule, Rules, Ruling, StepCondition, states};
use crate::base::Slug;
use crate::config::error::{Mistakes, Report};
use crate::config::profile::Takes;
use crate::config::profile_file::{CLASSES, DIRECTIONS, MODES, TAKES};
use crate::config::section::{Kind, Section, name, one_of, read_file, yes_or_no};
use crate::config::step_rule::StepRule;
use crate::model::{Class, ListHit, Reason, StepKind};

/// What the rules are for.
#[derive(Clone, Copy)]
pub struct Of<'p> {
    /// Whom the profile is for.
    pub takes: Takes,
    /// Its steps.
    pub steps: &'p [StepRule],
    /// Classes that it does not admit.
    pub not_admitted: &'p [Class],
}

/// Whether a rule may speak of a step that the profile does not ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// No: it is a mistake.
    Refused,
    /// Yes: the rule is then left out, or the condition, if it holds without the step.
    LeftOut,
}

/// The rules that the profile in `table` writes; the default ones where it writes none.
pub fn rules(report: &mut Report<'_>, table: &mut Section<'_>, of: Of<'_>) -> Option<Rules> {
    if !table.has("rule") {
        let default = default_rules(of);
        if let Err(mistakes) = &default {
            mistakes.as_slice().iter().for_each(|mistake| report.also(mistake.clone()));
        }
        return default.ok();
    }
    let mut places = Vec::new();
    let mut list = Vec::new();
    for mut section in table.some_tables(report, "rule") {
        if let Some(Read::Rule(rule)) = rule(report, &mut section, of, Missing::Refused) {
            list.push(*rule);
            places.push((section.place("id"), section.place("over"), section.key("")));
        }
        section.finish(report);
    }
    match Rules::new(list) {
        Ok(rules) => Some(rules),
        Err(fault) => {
            if let Some((id, over, way)) = places.get(fault.rule()) {
                let (place, key) = match fault {
                    super::Fault::SameId(..) => (id.clone(), "id"),
                    super::Fault::TooMany(_) | super::Fault::Unknown(..) | super::Fault::Cycle(..) => {
                        (over.clone(), "over")
                    }
                };
                report.value(place, format!("{way}{key}"), fault.to_string());
            } else {
                table.misfit(report, "rule", fault.to_string());
            }
            None
        }
    }
}

/// Where the default rules are.
pub const DEFAULT: (&str, &str) = ("profiles/rules.toml", include_str!("../../../profiles/rules.toml"));

/// The default rules, as far as they are for a profile of these steps.
///
/// # Errors
///
/// Never in a released program: a test reads them for every profile.
pub fn default_rules(of: Of<'_>) -> Result<Rules, Mistakes> {
    read_file(DEFAULT.0, DEFAULT.1, |report, mut file| {
        let mut list: Vec<Rule> = Vec::new();
        for mut section in file.some_tables(report, "rule") {
            let takes = section.list(report, "takes", &one_of(&TAKES));
            if !takes.contains(&of.takes) {
                continue;
            }
            if let Some(Read::Rule(rule)) = rule(report, &mut section, of, Missing::LeftOut) {
                list.push(*rule);
            }
            section.finish(report);
        }
        file.finish(report);
        let known: Vec<Slug> = list.iter().map(|rule| rule.id.clone()).collect();
        list.iter_mut().for_each(|rule| rule.over.retain(|id| known.contains(id)));
        match Rules::new(list) {
            Ok(rules) => Some(rules),
            Err(fault) => {
                file_fault(report, &fault.to_string());
                None
            }
        }
    })
}

fn file_fault(report: &mut Report<'_>, fault: &str) {
    report.whole("rule", fault);
}

/// A rule, or that it is not for this profile.
enum Read {
    Rule(Box<Rule>),
    NotForThis,
}

fn rule(report: &mut Report<'_>, table: &mut Section<'_>, of: Of<'_>, missing: Missing) -> Option<Read> {
    let id: Option<Slug> = table.need(report, "id", &name());
    if let Some(id) = &id {
        let way = table.key("");
        let within = way.rsplit_once("rule[").map_or("", |(before, _)| before);
        table.rename(format!("{within}rule[{id}]."));
    }
    let rulings = Ruling::ALL.map(|ruling| (ruling.name(), ruling));
    let then = table.need(report, "then", &one_of(&rulings));
    let reasons = table.list(report, "reasons", &because());
    let over = table.list(report, "over", &name());
    let when = conditions(report, table, of, missing)?;
    if let (Some(then), Some(when)) = (then, &when) {
        note_wrong_reasons(report, table, then, (&reasons, when));
    }
    let (id, then) = (id?, then?);
    Some(when.map_or(Read::NotForThis, |when| Read::Rule(Box::new(Rule { id, when, then, reasons, over }))))
}

/// A verdict that lets nobody through says why; a reason that is a step's or the party's must be there in every case.
fn note_wrong_reasons(
    report: &mut Report<'_>,
    table: &Section<'_>,
    then: Ruling,
    (reasons, when): (&[Because], &Conditions),
) {
    if reasons.is_empty() && !then.admits() && then != Ruling::Wait {
        table.misfit(report, "reasons", "must say why, because the rule lets nobody through");
    }
    if !reasons.is_empty() && then == Ruling::Wait {
        table.misfit(report, "reasons", "must be left out: to wait is no verdict");
    }
    let by_reason = |is: &Is| matches!(is, Is::NeedsAttendant | Is::Failed);
    let step_has = when.steps.first().is_some_and(|step| {
        !step.reasons.is_empty() || (!step.is.is_empty() && step.is.iter().all(by_reason))
    });
    if reasons.contains(&Because::Step) && !step_has {
        table.misfit(
            report,
            "reasons",
            "must not name \"step\" unless the rule's first step is failed or needs-attendant",
        );
    }
    let party_has = !when.party.is_empty() && when.party.iter().all(|party| party.has_reason());
    if reasons.contains(&Because::Party) && !party_has {
        table.misfit(
            report,
            "reasons",
            "must not name \"party\" unless the rule names parties that go no further",
        );
    }
}

/// `Some(None)`: the rule is not for this profile.
fn conditions(
    report: &mut Report<'_>,
    table: &mut Section<'_>,
    of: Of<'_>,
    missing: Missing,
) -> Option<Option<Conditions>> {
    let Some(mut table) = table.table(report, "when") else { return Some(Some(Conditions::default())) };
    let table = &mut table;
    let hits = ListHit::ALL.map(|hit| (hit.name(), hit));
    let parties: Vec<(&str, Party)> = Party::all().map(|party| (party.name(), party)).collect();
    let all = [("settled", AllSteps::Settled), ("open", AllSteps::Open)];
    let classes = table.list(report, "classes", &one_of(&CLASSES));
    let directions = table.list(report, "directions", &one_of(&DIRECTIONS));
    let modes = table.list(report, "modes", &one_of(&MODES));
    let hits = table.list(report, "hits", &one_of(&hits));
    let admission = table.get(report, "not_admitted", &yes_or_no());
    let admission = admission.map(|not| if not { Admission::NotAdmitted } else { Admission::Admitted });
    let all_steps = table.get(report, "all_steps", &one_of(&all));
    let mut party = table.list(report, "party", &one_of(&parties));
    if of.takes != Takes::Vehicle {
        if !party.is_empty() && missing == Missing::Refused {
            table.misfit(report, "party", "must be left out: only a vehicle has a party");
        }
        party.clear();
    }
    let (mut steps, mut fits) = (Vec::new(), true);
    for mut section in table.tables(report, "step") {
        match step(report, &mut section, of.steps, missing) {
            Some(Found::Step(condition)) => steps.push(condition),
            Some(Found::HoldsWithout) => {}
            Some(Found::NeverHolds) => fits = false,
            None => return None,
        }
        section.finish(report);
    }
    table.note_unknown(report);
    if missing == Missing::LeftOut && admission == Some(Admission::NotAdmitted) && of.not_admitted.is_empty()
    {
        fits = false;
    }
    let conditions = Conditions { classes, directions, modes, hits, admission, all_steps, party, steps };
    Some(fits.then_some(conditions))
}

/// What a condition on a step comes to in this profile.
enum Found {
    Step(StepCondition),
    HoldsWithout,
    NeverHolds,
}

fn step(
    report: &mut Report<'_>,
    table: &mut Section<'_>,
    steps: &[StepRule],
    missing: Missing,
) -> Option<Found> {
    let kinds = StepKind::ALL.map(|kind| (kind.name(), kind));
    let id: Option<Slug> = table.get(report, "step", &name());
    let kind = if id.is_some() { None } else { Some(table.need(report, "kind", &one_of(&kinds))?) };
    let is = table.list(report, "is", &one_of(&Is::NAMES));
    let reasons = table.list(report, "reasons", &reason());
    let waived_for: Vec<Slug> = table.list(report, "waived_for", &name());
    let fits = |step: &StepRule| id.as_ref().map_or(kind == Some(step.kind()), |id| step.id == *id);
    let key = if id.is_some() { "step" } else { "kind" };
    let mut found = steps.iter().enumerate().filter(|(_, step)| fits(step));
    let Some((at, rule)) = found.next() else {
        let holds =
            (is.is_empty() || is.contains(&Is::Absent)) && reasons.is_empty() && waived_for.is_empty();
        if missing == Missing::Refused {
            let asked: Vec<&str> = steps.iter().map(|step| step.id.as_str()).collect();
            let expected = format!("must be a step of this profile; it asks {}", asked.join(", "));
            table.misfit(report, key, expected);
            return None;
        }
        return Some(if holds { Found::HoldsWithout } else { Found::NeverHolds });
    };
    if found.next().is_some() {
        table.misfit(report, key, "must be named by step instead: the profile has several of this kind");
        return None;
    }
    if let Some(unknown) = waived_for.iter().find(|reason| !rule.waivers.contains(*reason)) {
        table.misfit(report, "waived_for", format!("{unknown}: must be among the step's waivers"));
    }
    let mut grades: Vec<(String, super::Grade)> = Vec::new();
    for grade in states::of(rule).iter().filter_map(super::State::grade) {
        if !grades.iter().any(|(_, known)| known == grade) {
            grades.push((grade.name(), grade.clone()));
        }
    }
    let words: Vec<(&str, super::Grade)> =
        grades.iter().map(|(word, grade)| (word.as_str(), grade.clone())).collect();
    let by = table.list(report, "by", &one_of(&words));
    Some(Found::Step(StepCondition { step: at, is, by, reasons, waived_for }))
}

fn because() -> Kind<'static, Because> {
    Kind::new("a reason such as \"temperature-elevated\", \"step\" or \"party\"", |value| {
        match value.as_str()? {
            "step" => Some(Because::Step),
            "party" => Some(Because::Party),
            word => reason_of(word).map(Because::Reason),
        }
    })
}

fn reason() -> Kind<'static, Reason> {
    Kind::new("a reason such as \"temperature-elevated\"", |value| reason_of(value.as_str()?))
}

fn reason_of(word: &str) -> Option<Reason> {
    let word: StrDeserializer<'_, BadWord> = word.into_deserializer();
    Reason::deserialize(word).ok()
}

impl Of<'_> {
    /// What the profile says of `class`.
    pub fn admission(&self, class: Class) -> Admission {
        if self.not_admitted.contains(&class) { Admission::NotAdmitted } else { Admission::Admitted }
    }
}

impl Facts {
    /// Whether the rules of `of` could be asked this: one state for each of its steps.
    pub fn fits(&self, of: Of<'_>) -> bool {
        self.states.len() == of.steps.len() && self.admission == of.admission(self.class)
    }
}
