//! Reads profiles from TOML, and holds those that come with the program.
//!
//! `profiles/README.md` lists every key.

use std::time::Duration;

use super::error::Mistakes;
use super::profile::{
    Ask, Field, FieldRule, Need, NoPlate, Profile, Profiles, RosterMiss, StepRule, Takes, Title, Unverified,
    When,
};
use super::table::{Table, read_file};
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

const DIRECTIONS: [(&str, Direction); 2] =
    [("inbound", Direction::Inbound), ("outbound", Direction::Outbound)];

const TAKES: [(&str, Takes); 3] =
    [("person", Takes::Person), ("vehicle", Takes::Vehicle), ("occupant", Takes::Occupant)];

const FIELDS: [(&str, Field); 5] = [
    ("name", Field::Name),
    ("phone", Field::Phone),
    ("origin", Field::Origin),
    ("destination", Field::Destination),
    ("host", Field::Host),
];

const ATTESTATIONS: [(&str, Attestation); 4] = [
    ("mask", Attestation::Mask),
    ("unverified-credential", Attestation::UnverifiedCredential),
    ("travel-record", Attestation::TravelRecord),
    ("papers", Attestation::Papers),
];

/// What a name must look like, for messages.
pub const NAME: &str = "must be 1 to 32 characters of a-z, 0-9 and -";

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
    read_file(file, text, |table| {
        let profiles = table.some_tables("profile", profile);
        if let Err(conflict) = Profiles::new(profiles.clone()) {
            table.misfit("profile", conflict.to_string());
        }
        Some(profiles)
    })
}

fn profile(table: &mut Table<'_, '_>) -> Option<Profile> {
    let id: Option<Slug> = table.parsed("id", NAME);
    if let Some(id) = &id {
        table.called(id);
    }
    let zh = table.text("title_zh", 1..=40);
    let en = table.text("title_en", 1..=60);
    let takes = table.choice("takes", &TAKES);
    let directions = table.choice_list("directions", &DIRECTIONS);
    if directions.is_empty() {
        table.misfit("directions", "must name inbound, outbound or both");
    }
    let classes = table.choice_list("classes", &CLASSES);
    let not_admitted = table.choice_list("not_admitted", &CLASSES);
    let session_timeout = seconds(table, "session_timeout_s", 10, 3_600);
    let idle_timeout = seconds(table, "idle_timeout_s", 5, 600);
    if let (Some(session), Some(idle)) = (session_timeout, idle_timeout)
        && idle > session
    {
        table.misfit("idle_timeout_s", "must be at most session_timeout_s");
    }
    let steps = table.some_tables("step", |table| step(table, takes));
    note_doubles(table, &steps);
    Some(Profile {
        id: id?,
        title: Title { zh: zh?, en: en? },
        takes: takes?,
        directions,
        classes,
        not_admitted,
        session_timeout: session_timeout?,
        idle_timeout: idle_timeout?,
        steps,
    })
}

/// Records and commands name a step by its kind, so a kind stands for one step.
fn note_doubles(table: &Table<'_, '_>, steps: &[StepRule]) {
    let same = |one: &StepRule, other: &StepRule| match (&one.ask, &other.ask) {
        (Ask::Attest { what: one }, Ask::Attest { what: other }) => one == other,
        _ => one.kind() == other.kind(),
    };
    for (index, step) in steps.iter().enumerate() {
        if steps[..index].iter().any(|earlier| same(earlier, step)) {
            table.misfit("step", format!("must not ask for {:?} twice", step.kind()));
        }
    }
}

fn step(table: &Table<'_, '_>, takes: Option<Takes>) -> Option<StepRule> {
    let ask = ask(table, takes);
    let when = table.table("when", |table| {
        let classes = table.choice_list("classes", &CLASSES);
        Some(When { classes, directions: table.choice_list("directions", &DIRECTIONS) })
    });
    let waivers = table.parsed_list("waivers", NAME);
    let timeout = seconds(table, "timeout_s", 3, 1_800);
    let attempts = table.number_or("attempts", 1..=10, 1);
    Some(StepRule { ask: ask?, when: when.unwrap_or_default(), waivers, timeout: timeout?, attempts })
}

type Read = fn(&Table<'_, '_>) -> Option<Ask>;

/// Step kinds: name, whom they can be asked of, and how their settings are read.
const KINDS: [(&str, &[Takes], Read); 7] = [
    ("credential", &[Takes::Person, Takes::Vehicle, Takes::Occupant], credential),
    ("temperature", &[Takes::Person, Takes::Occupant], |_| Some(Ask::Temperature)),
    ("registration", &[Takes::Person, Takes::Vehicle, Takes::Occupant], registration),
    ("attest", &[Takes::Person, Takes::Vehicle, Takes::Occupant], attest),
    ("plate", &[Takes::Vehicle], plate),
    ("occupants", &[Takes::Vehicle], occupants),
    ("disinfection", &[Takes::Vehicle], disinfection),
];

fn ask(table: &Table<'_, '_>, takes: Option<Takes>) -> Option<Ask> {
    let names: Vec<(&str, usize)> = KINDS.iter().enumerate().map(|(index, kind)| (kind.0, index)).collect();
    let (_, fits, read) = KINDS[table.choice("kind", &names)?];
    if let Some(takes) = takes.filter(|takes| !fits.contains(takes)) {
        table.misfit("kind", format!("must be a step that a {takes:?} can take").to_lowercase());
    }
    read(table)
}

fn credential(table: &Table<'_, '_>) -> Option<Ask> {
    let unverified = [("attendant", Unverified::Attendant), ("refuse", Unverified::Refuse)];
    let misses = [
        ("register", RosterMiss::Register),
        ("attendant", RosterMiss::Attendant),
        ("refuse", RosterMiss::Refuse),
    ];
    let unverified = table.choice("unverified", &unverified);
    let roster_miss = table.choice("roster_miss", &misses);
    Some(Ask::Credential { unverified: unverified?, roster_miss: roster_miss? })
}

fn registration(table: &Table<'_, '_>) -> Option<Ask> {
    let required = table.choice_list("required", &FIELDS);
    let optional = table.choice_list("optional", &FIELDS);
    if required.is_empty() && optional.is_empty() {
        table.misfit("required", "must name a field here or under optional");
    }
    if optional.iter().any(|field| required.contains(field)) {
        table.misfit("optional", "must name no field that is required");
    }
    let rule = |need| move |field| FieldRule { field, need };
    let mut fields: Vec<FieldRule> = required.into_iter().map(rule(Need::Required)).collect();
    fields.extend(optional.into_iter().map(rule(Need::Optional)));
    Some(Ask::Registration { fields })
}

fn attest(table: &Table<'_, '_>) -> Option<Ask> {
    Some(Ask::Attest { what: table.choice("what", &ATTESTATIONS)? })
}

fn plate(table: &Table<'_, '_>) -> Option<Ask> {
    let choices = [("record", NoPlate::Record), ("attendant", NoPlate::Attendant)];
    Some(Ask::Plate { no_plate: table.choice("no_plate", &choices)? })
}

fn occupants(table: &Table<'_, '_>) -> Option<Ask> {
    Some(Ask::Occupants { max: table.number("max", 1..=99)? })
}

fn disinfection(table: &Table<'_, '_>) -> Option<Ask> {
    let agents: Vec<Slug> = table.parsed_list("agents", NAME);
    if agents.is_empty() {
        table.misfit("agents", "must name at least one agent");
    }
    let shortest = table.number("seconds_min", 1..=600);
    let longest = table.number("seconds_max", 1..=600);
    if let (Some(shortest), Some(longest)) = (shortest, longest)
        && shortest > longest
    {
        table.misfit("seconds_max", "must be at least seconds_min");
    }
    Some(Ask::Disinfection { agents, seconds_min: shortest?, seconds_max: longest? })
}

fn seconds(table: &Table<'_, '_>, key: &'static str, low: u64, high: u64) -> Option<Duration> {
    table.number(key, low..=high).map(Duration::from_secs)
}
