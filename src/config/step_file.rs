//! Reads one step of a profile from TOML: its name, when it is asked, its times, and the settings of its kind.

use std::sync::Arc;
use std::time::Duration;

use super::entitlement::entitlement;
use super::error::Report;
use super::profile::Takes;
use super::profile_file::{CLASSES, DIRECTIONS, MODES};
use super::section::{Kind, Section, integer, name, number, one_of, text};
use super::step_fields::registration;
use super::step_rule::{
    Answer, Ask, Came, Companions, Earlier, Grade, Means, NoPlate, RosterMiss, Source, StepRule, Unverified,
    Warmth, When,
};
use crate::base::{CentiCelsius, Slug};
use crate::model::courtesy::names_health;
use crate::model::{AreaTable, Attestation, CredentialKind, Custody, Role, StepKind, StepWords, Title};

/// Longest time of one attempt, and of one dwell, in seconds.
const STEP_MAX: u32 = 4 * 3_600;

/// Longest time that something once done may count, in hours.
const COUNTS_MAX: u64 = 7 * 24;

/// Most answers of a question: so many fit on one screen.
const ANSWERS_MAX: usize = 4;

const ATTESTATIONS: [(&str, Attestation); 5] = [
    ("mask", Attestation::Mask),
    ("unverified-credential", Attestation::UnverifiedCredential),
    ("travel-record", Attestation::TravelRecord),
    ("papers", Attestation::Papers),
    ("place-code", Attestation::PlaceCode),
];

/// One step for whom `takes` says, with the file's risk-area table.
pub fn step(
    report: &mut Report<'_>,
    mut table: Section<'_>,
    takes: Option<Takes>,
    areas: Option<&Arc<AreaTable>>,
) -> Option<StepRule> {
    let ask = ask(report, &mut table, takes, areas);
    let usual = ask.as_ref().and_then(|(kind, ask)| StepRule::usual_id(ask, kind));
    let id = table.get(report, "id", &name()).or(usual);
    let title = optional_title(report, &mut table, ["title_zh", "title_en"], [60, 40]);
    let when = when(report, &mut table);
    let waivers: Vec<Slug> = table.list(report, "waivers", &name());
    let waive_by = table.list(report, "waive_by", &one_of(&staff()));
    if !waive_by.is_empty() && waivers.is_empty() {
        table.misfit(report, "waive_by", "must be left out: the step has no waivers");
    }
    let timeout = table.need(report, "timeout_s", &integer(3..=u64::from(STEP_MAX)));
    let attempts = table.get_or(report, "attempts", &integer(1..=10u8), 1);
    let words = words(report, &mut table);
    let counts_for = table.get(report, "counts_for_h", &integer(1..=COUNTS_MAX)).map(Duration::from_hours);
    let (_, ask) = ask?;
    if counts_for.is_some() && !may_count_again(ask.kind()) {
        table.misfit(report, "counts_for_h", "must be left out: what this step finds does not last");
    }
    if matches!(ask, Ask::Entitlement { .. }) && waivers.is_empty() {
        table.misfit(report, "waivers", "must name at least one reason: somebody may have to get through");
    }
    if attempts < 2 && wants_second(&ask) {
        table.misfit(report, "attempts", "must be at least 2 where a second measurement may be needed");
    }
    table.finish(report);
    let timeout = Duration::from_secs(timeout?);
    Some(StepRule { id: id?, title, ask, when, waivers, waive_by, timeout, attempts, words, counts_for })
}

/// Roles that staff a post, by name.
fn staff() -> [(&'static str, Role); 2] {
    [Role::Attendant, Role::Lead].map(|role| (role.name(), role))
}

fn wants_second(ask: &Ask) -> bool {
    matches!(
        ask,
        Ask::Temperature { recheck_from: Some(_), .. } | Ask::Temperature { grade: Grade::Twice, .. }
    )
}

/// Whether what was found once can count when the subject passes again.
const fn may_count_again(kind: StepKind) -> bool {
    match kind {
        StepKind::Temperature
        | StepKind::Registration
        | StepKind::Attest
        | StepKind::Question
        | StepKind::Pledge => true,
        StepKind::Credential
        | StepKind::Plate
        | StepKind::Occupants
        | StepKind::Disinfection
        | StepKind::Dwell
        | StepKind::Custody
        | StepKind::Escort
        | StepKind::Count
        | StepKind::SignOff
        | StepKind::Entitlement => false,
    }
}

/// Words for the subject's face. Other people read and hear them: nothing of health may be in them.
fn words(report: &mut Report<'_>, table: &mut Section<'_>) -> StepWords {
    let show = optional_title(report, table, ["show_zh", "show_en"], [36, 32]);
    let say = optional_title(report, table, ["say_zh", "say_en"], [90, 60]);
    for (key, title) in [("show_zh", &show), ("say_zh", &say)] {
        if title.as_ref().is_some_and(|title| names_health(&title.zh) || names_health(&title.en)) {
            table.misfit(
                report,
                key,
                "must name nothing of health: everybody at the lane reads and hears it",
            );
        }
    }
    StepWords { show, say }
}

fn when(report: &mut Report<'_>, table: &mut Section<'_>) -> When {
    let Some(mut table) = table.table(report, "when") else { return When::default() };
    let classes = table.list(report, "classes", &one_of(&CLASSES));
    let directions = table.list(report, "directions", &one_of(&DIRECTIONS));
    let modes = table.list(report, "modes", &one_of(&MODES));
    let rows = table.tables(report, "after");
    let after = rows.into_iter().filter_map(|row| earlier(report, row)).collect();
    table.finish(report);
    When { classes, directions, modes, after }
}

fn earlier(report: &mut Report<'_>, mut row: Section<'_>) -> Option<Earlier> {
    let came = [
        ("done", Came::Done),
        ("waived", Came::Waived),
        ("attested", Came::Attested),
        ("verified", Came::Verified),
        ("listed", Came::Listed),
        ("local", Came::Local),
        ("out-of-town", Came::OutOfTown),
    ];
    let step = row.need(report, "step", &name());
    let came = if row.has("answered") {
        let answers: Vec<Slug> = row.list(report, "answered", &name());
        if answers.is_empty() {
            row.misfit(report, "answered", "must name at least one answer");
        }
        Some(Came::Answered { answers })
    } else {
        row.need(report, "is", &one_of(&came))
    };
    row.finish(report);
    Some(Earlier { step: step?, came: came? })
}

/// What the settings of a kind are read from.
pub(super) struct Reading<'r, 't, 'f> {
    pub report: &'r mut Report<'f>,
    pub table: &'r mut Section<'t>,
    areas: Option<&'r Arc<AreaTable>>,
}

type Read = fn(&mut Reading<'_, '_, '_>) -> Option<Ask>;

/// A kind of step: whom it can be asked of, and how its settings are read.
type KindRule = (&'static [Takes], Read);

const EVERYBODY: &[Takes] = &[Takes::Person, Takes::Vehicle, Takes::Occupant];
const PEOPLE: &[Takes] = &[Takes::Person, Takes::Occupant];
const VEHICLES: &[Takes] = &[Takes::Vehicle];

const KINDS: [(&str, KindRule); 15] = [
    ("credential", (EVERYBODY, credential)),
    ("temperature", (PEOPLE, temperature)),
    ("registration", (EVERYBODY, registration)),
    ("attest", (EVERYBODY, attest)),
    ("plate", (VEHICLES, plate)),
    ("occupants", (VEHICLES, occupants)),
    ("disinfection", (EVERYBODY, disinfection)),
    ("question", (EVERYBODY, question)),
    ("dwell", (EVERYBODY, dwell)),
    ("pledge", (EVERYBODY, pledge)),
    ("custody", (EVERYBODY, custody)),
    ("escort", (EVERYBODY, |_| Some(Ask::Escort))),
    ("count", (EVERYBODY, count)),
    ("sign-off", (EVERYBODY, sign_off)),
    ("entitlement", (EVERYBODY, entitlement)),
];

fn ask(
    report: &mut Report<'_>,
    table: &mut Section<'_>,
    takes: Option<Takes>,
    areas: Option<&Arc<AreaTable>>,
) -> Option<(&'static str, Ask)> {
    let names = KINDS.map(|(kind, rule)| (kind, (kind, rule)));
    let (kind, (fits, read)) = table.need(report, "kind", &one_of(&names))?;
    if let Some(takes) = takes.filter(|takes| !fits.contains(takes)) {
        table.misfit(report, "kind", format!("must be a step that a {takes:?} can take").to_lowercase());
    }
    read(&mut Reading { report, table, areas }).map(|ask| (kind, ask))
}

impl Reading<'_, '_, '_> {
    pub fn need<T>(&mut self, key: &'static str, kind: &Kind<'_, T>) -> Option<T> {
        self.table.need(self.report, key, kind)
    }

    pub fn misfit(&mut self, key: &str, expected: impl Into<String>) {
        self.table.misfit(self.report, key, expected);
    }

    fn title(&mut self, keys: [&'static str; 2], bytes_max: [usize; 2]) -> Option<Title> {
        let zh = self.need(keys[0], &text(bytes_max[0]));
        let en = self.need(keys[1], &text(bytes_max[1]));
        Some(Title { zh: zh?, en: en? })
    }
}

/// A text in both languages, or in neither.
pub(super) fn optional_title(
    report: &mut Report<'_>,
    table: &mut Section<'_>,
    keys: [&'static str; 2],
    bytes_max: [usize; 2],
) -> Option<Title> {
    let given = [table.has(keys[0]), table.has(keys[1])];
    if given == [false, false] {
        return None;
    }
    let zh = table.need(report, keys[0], &text(bytes_max[0]));
    let en = table.need(report, keys[1], &text(bytes_max[1]));
    Some(Title { zh: zh?, en: en? })
}

/// Credentials of others that can be verified.
const ACCEPTED: [(&str, CredentialKind); 4] = [
    ("health-certificate", CredentialKind::HealthCertificate),
    ("smart-health-card", CredentialKind::SmartHealthCard),
    ("nz-covid-pass", CredentialKind::NzCovidPass),
    ("vds-nc", CredentialKind::VdsNc),
];

/// Fewest characters by which a code is known to be of an issuer who is asked.
const ASK_HUB_MIN: usize = 8;

fn credential(reading: &mut Reading<'_, '_, '_>) -> Option<Ask> {
    let unverified = [("attendant", Unverified::Attendant), ("refuse", Unverified::Refuse)];
    let misses = [
        ("register", RosterMiss::Register),
        ("attendant", RosterMiss::Attendant),
        ("refuse", RosterMiss::Refuse),
    ];
    let companions = [("answer", Companions::Answer), ("do-not", Companions::DoNot)];
    let unverified = reading.need("unverified", &one_of(&unverified));
    let roster_miss = reading.need("roster_miss", &one_of(&misses));
    let companions =
        reading.table.get(reading.report, "companions", &one_of(&companions)).unwrap_or_default();
    let accept = reading.table.list(reading.report, "accept", &one_of(&ACCEPTED));
    let ask_hub: Vec<String> = reading.table.list(reading.report, "ask_hub", &text(200));
    if ask_hub.iter().any(|begins| begins.len() < ASK_HUB_MIN) {
        // What is sent is whatever somebody holds up: a shorter beginning would let too much of that out of the kiosk.
        let said = format!("must say how codes begin in {ASK_HUB_MIN} characters at least");
        reading.table.misfit(reading.report, "ask_hub", said);
    }
    Some(Ask::Credential { unverified: unverified?, roster_miss: roster_miss?, companions, accept, ask_hub })
}

fn temperature(reading: &mut Reading<'_, '_, '_>) -> Option<Ask> {
    let grades = [("screened", Grade::Screened), ("twice", Grade::Twice), ("contact", Grade::Contact)];
    let Reading { report, table, .. } = reading;
    let recheck_from = table.get(report, "recheck_from_c", &celsius(34, 42));
    let grade = table.get_or(report, "grade", &one_of(&grades), Grade::default());
    if recheck_from.is_some() && grade != Grade::Screened {
        let said = "must be left out where every temperature is taken twice or by contact thermometer";
        table.misfit(report, "recheck_from_c", said);
    }
    Some(Ask::Temperature { recheck_from, grade })
}

/// A temperature in °C from `low` to `high`.
fn celsius(low: i16, high: i16) -> Kind<'static, CentiCelsius> {
    let degrees = number(f64::from(low)..=f64::from(high));
    let expected = format!("{low} to {high}, a number of degrees Celsius; Fahrenheit is never meant");
    Kind::new(expected, move |value| CentiCelsius::from_degrees(degrees.read(value)?))
}

fn attest(reading: &mut Reading<'_, '_, '_>) -> Option<Ask> {
    Some(Ask::Attest { what: reading.need("what", &one_of(&ATTESTATIONS))? })
}

fn plate(reading: &mut Reading<'_, '_, '_>) -> Option<Ask> {
    let choices = [("record", NoPlate::Record), ("attendant", NoPlate::Attendant)];
    Some(Ask::Plate { no_plate: reading.need("no_plate", &one_of(&choices))? })
}

fn occupants(reading: &mut Reading<'_, '_, '_>) -> Option<Ask> {
    Some(Ask::Occupants { max: reading.need("max", &integer(1..=99u8))? })
}

fn disinfection(reading: &mut Reading<'_, '_, '_>) -> Option<Ask> {
    let agents = reading.table.list(reading.report, "agents", &name::<Slug>());
    if agents.is_empty() {
        reading.misfit("agents", "must name at least one agent");
    }
    let shortest = reading.need("seconds_min", &integer(1..=600u16));
    let longest = reading.need("seconds_max", &integer(1..=600u16));
    if shortest.is_some_and(|shortest| longest.is_some_and(|longest| shortest > longest)) {
        reading.misfit("seconds_max", "must be at least seconds_min");
    }
    Some(Ask::Disinfection { agents, seconds_min: shortest?, seconds_max: longest? })
}

fn question(reading: &mut Reading<'_, '_, '_>) -> Option<Ask> {
    let text = reading.title(["text_zh", "text_en"], [180, 120]);
    let rows = reading.table.tables(reading.report, "answer");
    if !(2..=ANSWERS_MAX).contains(&rows.len()) {
        reading.misfit("answer", format!("must be 2 to {ANSWERS_MAX} tables: the answers to choose from"));
    }
    let mut answers: Vec<Answer> = Vec::new();
    for row in rows {
        answers.extend(answer(reading.report, row, reading.areas.is_some()));
    }
    let twice =
        |(index, answer): (usize, &Answer)| answers[..index].iter().any(|known| known.id == answer.id);
    if answers.iter().enumerate().any(twice) {
        reading.misfit("answer", "must not have two answers of one id");
    }
    if !answers.is_empty() && answers.iter().all(|answer| answer.means == Means::Fails) {
        reading.misfit("answer", "must have an answer that does not fail: nobody could get on otherwise");
    }
    let areas = reading.areas.filter(|_| answers.iter().any(|answer| answer.listed.is_some()));
    Some(Ask::Question { text: text?, answers, areas: areas.cloned() })
}

fn answer(report: &mut Report<'_>, mut row: Section<'_>, has_areas: bool) -> Option<Answer> {
    let means = [("good", Means::Good), ("attendant", Means::Attendant), ("fails", Means::Fails)];
    let id = row.need(report, "id", &name());
    let title = optional_title(report, &mut row, ["title_zh", "title_en"], [60, 40]);
    if title.is_none() {
        row.misfit(report, "title_zh", "must be the answer in Chinese, and title_en in English");
    }
    let what = row.need(report, "means", &one_of(&means));
    let listed = row.get(report, "listed", &one_of(&means));
    if listed.is_some() && !has_areas {
        row.misfit(report, "listed", "must be left out where the file has no [areas]");
    }
    row.finish(report);
    Some(Answer { id: id?, title: title?, means: what?, listed })
}

fn dwell(reading: &mut Reading<'_, '_, '_>) -> Option<Ask> {
    let seconds = reading.need("seconds", &integer(1..=STEP_MAX));
    let Some(mut at) = reading.table.table(reading.report, "at") else {
        return Some(Ask::Dwell { seconds: seconds?, at: None });
    };
    let report = &mut *reading.report;
    let low = at.need(report, "low_c", &celsius(-60, 150));
    let high = at.need(report, "high_c", &celsius(-60, 150));
    if low.is_some_and(|low| high.is_some_and(|high| low >= high)) {
        at.misfit(report, "high_c", "must be more than low_c: no reading lies in an empty range");
    }
    let device = at.get(report, "sensor", &name());
    let usual = if device.is_some() { 30 } else { 900 };
    let every_s = at.get_or(report, "read_every_s", &integer(5..=3_600u16), usual);
    at.finish(report);
    let source = device.map_or(Source::Attendant, Source::Sensor);
    Some(Ask::Dwell { seconds: seconds?, at: Some(Warmth { low: low?, high: high?, source, every_s }) })
}

fn pledge(reading: &mut Reading<'_, '_, '_>) -> Option<Ask> {
    Some(Ask::Pledge { text: reading.title(["text_zh", "text_en"], [360, 240])? })
}

fn custody(reading: &mut Reading<'_, '_, '_>) -> Option<Ask> {
    let ways = [("leave", Custody::Leave), ("collect", Custody::Collect)];
    let way = reading.need("way", &one_of(&ways));
    let items_max = reading.table.get_or(reading.report, "items_max", &integer(1..=99u8), 20);
    Some(Ask::Custody { way: way?, items_max })
}

fn count(reading: &mut Reading<'_, '_, '_>) -> Option<Ask> {
    let what = reading.title(["what_zh", "what_en"], [60, 40]);
    let least = reading.need("min", &integer(0..=9_999u32));
    let most = reading.need("max", &integer(0..=9_999u32));
    if least.is_some_and(|least| most.is_some_and(|most| least > most)) {
        reading.misfit("max", "must be at least min: no number lies in an empty range");
    }
    Some(Ask::Count { what: what?, min: least?, max: most? })
}

fn sign_off(reading: &mut Reading<'_, '_, '_>) -> Option<Ask> {
    let Reading { report, table, .. } = reading;
    let signatures = table.get_or(report, "signatures", &integer(1..=2u8), 1);
    let by = table.list(report, "by", &one_of(&staff()));
    let second_by = table.list(report, "second_by", &one_of(&staff()));
    if signatures < 2 && !second_by.is_empty() {
        table.misfit(report, "second_by", "must be left out where one signature is enough");
    }
    Some(Ask::SignOff { signatures, by, second_by })
}
