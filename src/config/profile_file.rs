//! Reads profiles from TOML, and holds those that come with the program.
//!
//! `profiles/README.md` lists every key.

use std::time::Duration;

use super::error::{Mistakes, Report};
use super::profile::{
    Ask, Field, FieldRule, Need, NoPlate, Profile, Profiles, RosterMiss, StepRule, Takes, Title, Unverified,
    When,
};
use super::rules::{self, Of};
use super::section::{Section, integer, name, one_of, read_file, text};
use crate::base::Slug;
use crate::model::{Attestation, Class, Direction};

/// Names of the classes in files.
pub const CLASSES: [(&str, Class); 7] = [
    ("resident", Class::Resident),
    ("worker", Class::Worker),
    ("visitor", Class::Visitor),
    ("transit", Class::Transit),
    ("observed", Class::Observed),
    ("key-person", Class::KeyPerson),
    ("unknown", Class::Unknown),
];

pub(super) const DIRECTIONS: [(&str, Direction); 2] =
    [("inbound", Direction::Inbound), ("outbound", Direction::Outbound)];

pub(super) const TAKES: [(&str, Takes); 3] =
    [("person", Takes::Person), ("vehicle", Takes::Vehicle), ("occupant", Takes::Occupant)];

const FIELDS: [(&str, Field); 5] = [
    ("name", Field::Name),
    ("phone", Field::Phone),
    ("origin", Field::Origin),
    ("destination", Field::Destination),
    ("host", Field::Host),
];

pub(super) const ATTESTATIONS: [(&str, Attestation); 4] = [
    ("mask", Attestation::Mask),
    ("unverified-credential", Attestation::UnverifiedCredential),
    ("travel-record", Attestation::TravelRecord),
    ("papers", Attestation::Papers),
];

/// The name of `class` in files.
pub fn class_name(class: Class) -> &'static str {
    CLASSES.iter().find(|(_, known)| *known == class).map_or("unknown", |(name, _)| name)
}

/// The name of `direction` in files.
pub fn direction_name(direction: Direction) -> &'static str {
    DIRECTIONS.iter().find(|(_, known)| *known == direction).map_or("unknown", |(name, _)| name)
}

/// The profiles that come with the program, as (file, text).
pub const SHIPPED: [(&str, &str); 1] =
    [("profiles/residential.toml", include_str!("../../profiles/residential.toml"))];

/// The profiles that come with the program.
///
/// # Errors
///
/// Never in a released program: a test reads them all.
pub fn shipped() -> Result<Vec<Profile>, Mistakes> {
    let files = SHIPPED.iter().map(|(file, text)| read_profiles(file, text));
    Ok(files.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Reads the profiles of one `file`.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn read_profiles(file: &str, text: &str) -> Result<Vec<Profile>, Mistakes> {
    read_file(file, text, |report, mut file| {
        let tables = file.some_tables(report, "profile");
        let profiles: Vec<Profile> = tables.into_iter().filter_map(|table| profile(report, table)).collect();
        if let Err(conflict) = Profiles::new(profiles.clone()) {
            file.misfit(report, "profile", conflict.to_string());
        }
        file.finish(report);
        Some(profiles)
    })
}

fn profile(report: &mut Report<'_>, mut table: Section<'_>) -> Option<Profile> {
    let id: Option<Slug> = table.need(report, "id", &name());
    if let Some(id) = &id {
        table.rename(format!("profile[{id}]."));
    }
    let zh = table.need(report, "title_zh", &text(120));
    let en = table.need(report, "title_en", &text(60));
    let takes = table.need(report, "takes", &one_of(&TAKES));
    let directions = table.list(report, "directions", &one_of(&DIRECTIONS));
    if directions.is_empty() {
        table.misfit(report, "directions", "must name inbound, outbound or both");
    }
    let classes = table.list(report, "classes", &one_of(&CLASSES));
    let not_admitted = table.list(report, "not_admitted", &one_of(&CLASSES));
    let session_timeout = table.need(report, "session_timeout_s", &integer(10..=3_600u64));
    let idle_timeout = table.need(report, "idle_timeout_s", &integer(5..=600u64));
    if session_timeout.is_some_and(|session| idle_timeout.is_some_and(|idle| idle > session)) {
        table.misfit(report, "idle_timeout_s", "must be at most session_timeout_s");
    }
    let steps = table.some_tables(report, "step");
    let steps: Vec<StepRule> = steps.into_iter().filter_map(|table| step(report, table, takes)).collect();
    note_doubles(report, &table, &steps);
    let rules = takes.and_then(|takes| {
        rules::rules(report, &mut table, Of { takes, steps: &steps, not_admitted: &not_admitted })
    });
    table.finish(report);
    Some(Profile {
        id: id?,
        title: Title { zh: zh?, en: en? },
        takes: takes?,
        directions,
        classes,
        not_admitted,
        session_timeout: Duration::from_secs(session_timeout?),
        idle_timeout: Duration::from_secs(idle_timeout?),
        steps,
        rules: rules?,
    })
}

/// Records and commands name a step by its kind, so a kind stands for one step.
fn note_doubles(report: &mut Report<'_>, table: &Section<'_>, steps: &[StepRule]) {
    let same = |one: &StepRule, other: &StepRule| match (&one.ask, &other.ask) {
        (Ask::Attest { what: one }, Ask::Attest { what: other }) => one == other,
        _ => one.kind() == other.kind(),
    };
    for (index, step) in steps.iter().enumerate() {
        if steps[..index].iter().any(|earlier| same(earlier, step)) {
            table.misfit(report, "step", format!("must not ask for {:?} twice", step.kind()));
        }
    }
}

fn step(report: &mut Report<'_>, mut table: Section<'_>, takes: Option<Takes>) -> Option<StepRule> {
    let ask = ask(report, &mut table, takes);
    let when = when(report, &mut table);
    let waivers = table.list(report, "waivers", &name());
    let timeout = table.need(report, "timeout_s", &integer(3..=1_800u64));
    let attempts = table.get_or(report, "attempts", &integer(1..=10u8), 1);
    table.finish(report);
    Some(StepRule { ask: ask?, when, waivers, timeout: Duration::from_secs(timeout?), attempts })
}

fn when(report: &mut Report<'_>, table: &mut Section<'_>) -> When {
    let Some(mut table) = table.table(report, "when") else { return When::default() };
    let classes = table.list(report, "classes", &one_of(&CLASSES));
    let directions = table.list(report, "directions", &one_of(&DIRECTIONS));
    table.finish(report);
    When { classes, directions }
}

type Read = fn(&mut Report<'_>, &mut Section<'_>) -> Option<Ask>;

/// A kind of step: whom it can be asked of, and how its settings are read.
type KindRule = (&'static [Takes], Read);

const EVERYBODY: &[Takes] = &[Takes::Person, Takes::Vehicle, Takes::Occupant];

pub(super) const KINDS: [(&str, KindRule); 7] = [
    ("credential", (EVERYBODY, credential)),
    ("temperature", (&[Takes::Person, Takes::Occupant], |_, _| Some(Ask::Temperature))),
    ("registration", (EVERYBODY, registration)),
    ("attest", (EVERYBODY, attest)),
    ("plate", (&[Takes::Vehicle], plate)),
    ("occupants", (&[Takes::Vehicle], occupants)),
    ("disinfection", (&[Takes::Vehicle], disinfection)),
];

fn ask(report: &mut Report<'_>, table: &mut Section<'_>, takes: Option<Takes>) -> Option<Ask> {
    let (fits, read) = table.need(report, "kind", &one_of(&KINDS))?;
    if let Some(takes) = takes.filter(|takes| !fits.contains(takes)) {
        table.misfit(report, "kind", format!("must be a step that a {takes:?} can take").to_lowercase());
    }
    read(report, table)
}

fn credential(report: &mut Report<'_>, table: &mut Section<'_>) -> Option<Ask> {
    let unverified = [("attendant", Unverified::Attendant), ("refuse", Unverified::Refuse)];
    let misses = [
        ("register", RosterMiss::Register),
        ("attendant", RosterMiss::Attendant),
        ("refuse", RosterMiss::Refuse),
    ];
    let unverified = table.need(report, "unverified", &one_of(&unverified));
    let roster_miss = table.need(report, "roster_miss", &one_of(&misses));
    Some(Ask::Credential { unverified: unverified?, roster_miss: roster_miss? })
}

fn registration(report: &mut Report<'_>, table: &mut Section<'_>) -> Option<Ask> {
    let required = table.list(report, "required", &one_of(&FIELDS));
    let optional = table.list(report, "optional", &one_of(&FIELDS));
    if required.is_empty() && optional.is_empty() {
        table.misfit(report, "required", "must name a field here or under optional");
    }
    if optional.iter().any(|field| required.contains(field)) {
        table.misfit(report, "optional", "must name no field that is required");
    }
    let rule = |need| move |field| FieldRule { field, need };
    let mut fields: Vec<FieldRule> = required.into_iter().map(rule(Need::Required)).collect();
    fields.extend(optional.into_iter().map(rule(Need::Optional)));
    Some(Ask::Registration { fields })
}

fn attest(report: &mut Report<'_>, table: &mut Section<'_>) -> Option<Ask> {
    Some(Ask::Attest { what: table.need(report, "what", &one_of(&ATTESTATIONS))? })
}

fn plate(report: &mut Report<'_>, table: &mut Section<'_>) -> Option<Ask> {
    let choices = [("record", NoPlate::Record), ("attendant", NoPlate::Attendant)];
    Some(Ask::Plate { no_plate: table.need(report, "no_plate", &one_of(&choices))? })
}

fn occupants(report: &mut Report<'_>, table: &mut Section<'_>) -> Option<Ask> {
    Some(Ask::Occupants { max: table.need(report, "max", &integer(1..=99u8))? })
}

fn disinfection(report: &mut Report<'_>, table: &mut Section<'_>) -> Option<Ask> {
    let agents = table.list(report, "agents", &name::<Slug>());
    if agents.is_empty() {
        table.misfit(report, "agents", "must name at least one agent");
    }
    let shortest = table.need(report, "seconds_min", &integer(1..=600u16));
    let longest = table.need(report, "seconds_max", &integer(1..=600u16));
    if shortest.is_some_and(|shortest| longest.is_some_and(|longest| shortest > longest)) {
        table.misfit(report, "seconds_max", "must be at least seconds_min");
    }
    Some(Ask::Disinfection { agents, seconds_min: shortest?, seconds_max: longest? })
}
